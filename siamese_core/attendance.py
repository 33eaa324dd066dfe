"""Whether somebody is there who could give a training process orders: whoever is holds a shared lock on one file."""

import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

LONELY_SECONDS = 10.0
"""A server that restarts is back after three; without one, no process is left after fifteen."""
_SECONDS_A_LOOK = 0.5
_EXIT_CODE = 3


def attend(place: Path) -> IO[bytes]:
    """A lock that says so until it is closed, or its process has gone, however it went."""
    lock = place.open("ab")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def end_when_alone(place: Path, last_word: Callable[[], None], *, seconds: float = LONELY_SECONDS) -> None:
    """Let this process say a last word and end, whatever it is doing, once nobody has been there for so long.

    It ends as if it were killed, which every file that is saved here survives.

    Args:
        place: the file that `attend` locks.
        last_word: called in a thread of its own.
        seconds: how long is too long.
    """
    lock = os.open(place, os.O_RDWR | os.O_CREAT)
    threading.Thread(target=_watch, args=(lock, last_word, seconds), name="attendance", daemon=True).start()


def _watch(lock: int, last_word: Callable[[], None], seconds: float) -> None:
    last_attended = time.monotonic()
    while True:
        now = time.monotonic()
        if _is_attended(lock):
            last_attended = now
        elif now - last_attended >= seconds:
            break
        time.sleep(_SECONDS_A_LOOK)
    try:
        last_word()
    finally:
        os._exit(_EXIT_CODE)


def _is_attended(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False
