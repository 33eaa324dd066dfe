import dataclasses

import numpy as np
import pytest

from siamese_core.config import RECIPES
from siamese_core.errors import RunError
from siamese_core.training import EpochEvent, ProgressEvent, train

TINY = {
    "classic": dataclasses.replace(RECIPES["classic"], epochs=2, batch_size=32),
    "fast": dataclasses.replace(RECIPES["fast"], epochs=2, batch_size=64),
    "augmented": dataclasses.replace(RECIPES["fast"], epochs=2, batch_size=64, flip=True, shift=2, drawn=0.2),
    "in_batch": dataclasses.replace(
        RECIPES["fast"], epochs=2, batch_size=64, loss="contrastive", margin=1.0, temperature=None
    ),
}


def run(recipe, collection, **options):
    split = collection.split("train")
    images, labels = split.images, split.labels
    return train(recipe, images[100:], labels[100:], validation=(images[:100], labels[:100]), seed=0, **options)


@pytest.mark.parametrize("name", TINY)
def test_every_kind_of_recipe_learns(name, tiny):
    trained = run(dataclasses.replace(TINY[name], epochs=8), tiny)
    assert trained.history[-1].loss < trained.history[0].loss
    assert trained.kept.auc > 0.8


def test_network_trained_in_bfloat16_ends_in_float32_with_weights_that_float16_holds(tiny):
    recipe = dataclasses.replace(TINY["fast"], epochs=1, precision="bfloat16")
    trained = run(recipe, tiny)
    assert {layer.compute_dtype for layer in trained.encoder.layers} == {"float32"}
    for weight in trained.encoder.get_weights():
        np.testing.assert_array_equal(weight, weight.astype(np.float16).astype(np.float32))
    images = tiny.split("test").images
    np.testing.assert_array_equal(trained.embedder(images), trained.encoder(images))


def test_events_come_in_order_and_tell_the_whole_epoch(tiny):
    events = []
    trained = run(TINY["classic"], tiny, on_event=events.append)
    epochs = [event for event in events if isinstance(event, EpochEvent)]
    steps = -(-980 // 32)  # 49 positives and 49 negatives of each of ten classes
    assert [event.epoch for event in epochs] == [1, 2]
    assert tuple(epochs) == trained.history
    assert isinstance(events[-2], ProgressEvent)
    assert (events[-2].epoch, events[-2].step, events[-2].steps) == (2, steps, steps)
    assert (events[-2].seconds, events[-2].loss) == (epochs[-1].seconds, epochs[-1].loss)
    assert all(event.learning_rate == pytest.approx(0.001) for event in events)
    assert all(sum(event.histogram.same) == sum(event.histogram.different) for event in epochs)
    assert all(event.seconds > 0 and event.images_per_second > 0 for event in epochs)


def test_the_last_steps_draw_and_erase_nothing(tiny):
    def losses(**changes):
        recipe = dataclasses.replace(TINY["augmented"], drawn=1.0, **changes)
        return [event.loss for event in run(recipe, tiny).history]

    always, half, never = losses(), losses(clear=0.5), losses(clear=1.0)
    assert half[0] == always[0]
    assert half[1] != always[1]
    assert never == [event.loss for event in run(dataclasses.replace(TINY["augmented"], drawn=0.0), tiny).history]


def test_weights_are_seen_untrained_and_after_each_epoch(tiny):
    seen = {}
    test = tiny.split("test").images
    trained = run(TINY["fast"], tiny, on_weights=lambda epoch, embed: seen.update({epoch: embed(test)}))
    assert list(seen) == [0, *(event.epoch for event in trained.history)]
    np.testing.assert_allclose(seen[trained.kept.epoch], trained.embedder.predict(test, verbose=0), atol=1e-5)
    assert not np.array_equal(seen[0], seen[1])


def test_best_epoch_is_kept(tiny):
    trained = run(dataclasses.replace(TINY["fast"], epochs=4), tiny)
    assert trained.kept.accuracy == max(event.accuracy for event in trained.history)
    assert not trained.stopped


def test_stopped_run_keeps_the_best_epoch_so_far(tiny):
    events = []
    recipe = dataclasses.replace(TINY["fast"], epochs=50)

    def should_stop():
        return sum(isinstance(event, EpochEvent) for event in events) == 2

    trained = run(recipe, tiny, on_event=events.append, should_stop=should_stop)
    assert trained.stopped
    assert len(trained.history) == 2
    assert trained.kept in trained.history


def test_a_stop_is_heard_while_an_epoch_is_tried_and_that_epoch_does_not_count(tiny):
    progress = []
    seen = {}
    recipe = dataclasses.replace(TINY["fast"], epochs=50)

    def should_stop():
        """After the last step of the third epoch, when only trying it is left."""
        return bool(progress) and (progress[-1].epoch, progress[-1].step) == (3, progress[-1].steps)

    trained = run(
        recipe,
        tiny,
        on_event=lambda event: progress.append(event) if isinstance(event, ProgressEvent) else None,
        should_stop=should_stop,
        on_weights=lambda epoch, embed: seen.update({epoch: embed(tiny.split("test").images)}),
    )
    assert progress[-1].epoch == 3
    assert [event.epoch for event in trained.history] == [1, 2]
    assert list(seen) == [0, 1, 2]
    assert trained.stopped


def test_run_stopped_before_its_first_epoch_says_that_nothing_is_kept(tiny):
    with pytest.raises(RunError, match="before its first epoch"):
        run(TINY["fast"], tiny, should_stop=lambda: True)
