"""Work that takes longer than a click: one piece at a time, so that it can never keep all processors from clicks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TURN = threading.Lock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other visitor's heavy work is going on.

    Whoever holds the turn may not ask for a result that `cache` keeps: another one, who computes it, may wait for the
    turn.
    """
    with _TURN:
        yield
