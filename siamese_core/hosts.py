"""Who trains together: the hosts that `TF_CONFIG` names, else the GPUs of this machine, else one device by itself.

Every host of a training runs the same program over the same data. What it says to the others goes through
TensorFlow's collective operations, so all have to ask the same questions in the same order.
"""

import functools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from siamese_core.errors import RunError

GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.DeadlineExceededError)
"""What a collective operation ends with when one of its hosts has died."""


def strategy() -> tf.distribute.Strategy:
    """What shares a step among all devices there are; the strategy in scope, where there is one.

    With hosts to wait for it has to be asked for before TensorFlow does anything else, and returns when all are there.

    Raises:
        RunError: `TF_CONFIG` makes no sense.
    """
    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else _strategy_of_all()


def count() -> int:
    """Hosts of this training, this one included.

    Raises:
        RunError: `TF_CONFIG` makes no sense.
    """
    return sum(len(addresses) for addresses in _cluster()[0].values()) or 1


def is_first() -> bool:
    """Whether this host is the one that writes files and speaks for all.

    Raises:
        RunError: `TF_CONFIG` makes no sense.
    """
    cluster, kind, index = _cluster()
    return kind == "chief" or ("chief" not in cluster and kind == "worker" and index == 0)


def largest(value: float) -> float:
    """The largest of the values that the hosts ask this with.

    Raises:
        RunError: One of them is gone.
    """
    if count() == 1:
        return value
    with missed():
        return float(_largest(value))


def of_all_replicas(own: tf.Tensor) -> tf.Tensor:
    """The rows of every replica, in their order, where each brings its `own` (n, d).

    The gradient reaches the own rows alone. A replica that takes it of a loss over all rows gets its own part of that
    loss's gradient, and the parts sum to the whole.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return own
    rows = context.all_gather(tf.stop_gradient(own), axis=0)
    sizes = context.all_gather(tf.shape(own)[:1], axis=0)
    start = tf.reduce_sum(sizes[: context.replica_id_in_sync_group])
    return tf.concat([rows[:start], own, rows[start + tf.shape(own)[0] :]], axis=0)


@contextmanager
def missed() -> Iterator[None]:
    """Says in one sentence that a host is gone, whatever TensorFlow makes of it.

    Raises:
        RunError: One is.
    """
    try:
        yield
    except GONE as error:
        raise RunError(
            "Another host of this training no longer answers; start the training again on every host, and it goes on "
            "from its last whole epoch."
        ) from error


@functools.cache
def _strategy_of_all() -> tf.distribute.Strategy:
    if count() > 1:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


@tf.function(input_signature=[tf.TensorSpec((), tf.float64)], autograph=False)
def _largest(value: tf.Tensor) -> tf.Tensor:
    together = _strategy_of_all()
    said = together.run(lambda: tf.distribute.get_replica_context().all_gather(value[None], axis=0))
    return tf.reduce_max(together.experimental_local_results(said)[0])


def _cluster() -> tuple[dict[str, list[str]], str, int]:
    """The addresses of `TF_CONFIG` by kind, and which of them is this host's: its kind and its place in the list."""
    try:
        config = json.loads(os.environ.get("TF_CONFIG", "{}"))
        cluster = config.get("cluster", {})
        if not cluster:
            return {}, "worker", 0
        kind, index = config["task"]["type"], int(config["task"]["index"])
        cluster[kind][index]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise RunError(
            "TF_CONFIG must name the hosts of the training and which of them this is; docs/scaling.md shows how."
        ) from error
    return cluster, kind, index
