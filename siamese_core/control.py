"""What a training process is told from outside: pause, play, one epoch, stop.

    SIGINT, SIGTERM   stop, and keep the best epoch
    SIGUSR1           pause
    SIGCONT           play
    SIGUSR2           play until the epoch has ended, then pause

A clock stops it too: its time may run out.

While there is nothing to keep, or nothing to lose, a stop ends the process at once, whatever it is computing: it says a
last word and is gone. An exception would have to find its way out of libraries that do not expect one.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

from siamese_core.errors import RunError

Reason = Literal["asked", "time"]
_SECONDS_A_NAP = 0.05
_STOPS = (signal.SIGINT, signal.SIGTERM)
_EXIT_CODE = 2


class Control:
    """The ear of a training process; `should_stop` is for `training.train`.

    Attributes:
        reason: Why the training has to end: "asked" by a signal or out of "time"; None while it goes on.
    """

    def __init__(
        self,
        *,
        on_pause: Callable[[bool], None] = lambda _: None,
        last_word: Callable[[RunError], None] = lambda _: None,
        one_epoch: bool = False,
        max_seconds: float | None = None,
    ) -> None:
        """Listen from now on.

        Args:
            on_pause: Told True when the training pauses and False when it goes on.
            last_word: Told, in a thread of its own, why the process ends at once, before it does.
            one_epoch: Pause after the first epoch.
            max_seconds: Time from now to the end, pauses included.
        """
        self.reason: Reason | None = None
        self._on_pause, self._last_word = on_pause, last_word
        self._wanted: Literal["play", "pause", "one epoch"] = "one epoch" if one_epoch else "play"
        self._end: RunError | None = None
        self._lock = threading.Lock()
        self._deadline = time.monotonic() + (float("inf") if max_seconds is None else max_seconds)
        for number in _STOPS:
            signal.signal(number, self._stop)
        self._ear, mouth = os.pipe()
        for end in (self._ear, mouth):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        threading.Thread(target=self._listen, name="control", daemon=True).start()
        for number, wanted in (
            (signal.SIGUSR1, "pause"),
            (signal.SIGCONT, "play"),
            (signal.SIGUSR2, "one epoch"),
        ):
            signal.signal(number, lambda *_, wanted=wanted: setattr(self, "_wanted", wanted))

    def until_first_epoch(self) -> None:
        """From now until `epoch_ended`, a stop is the end: there is nothing to keep."""
        self._end_at_a_stop(
            RunError("Training was stopped before its first epoch ended, so there is no model to keep.")
        )

    def until_made(self) -> None:
        """From now until `saving`, a stop is the end, and leaves nothing."""
        self._end_at_a_stop(RunError("It was stopped before the model was made."))

    def until_measured(self) -> None:
        """From now until `saving`, a stop is the end: what has been learned lies in a checkpoint."""
        self._end_at_a_stop(
            RunError(
                "It was stopped while it was being measured; nothing learned is lost: let it go on to have its model."
            )
        )

    def epoch_ended(self) -> None:
        """An epoch is done and can be kept: a stop waits for the next step."""
        self._end_at_a_stop(None)
        if self._wanted == "one epoch":
            self._wanted = "pause"

    def saving(self) -> None:
        """From now on a stop waits: in a moment there is a model."""
        self._end_at_a_stop(None)

    def let_go(self) -> None:
        """From now on a stop ends the process at once: what there is to keep is kept."""
        for number in _STOPS:
            signal.signal(number, signal.SIG_DFL)

    def should_stop(self) -> bool:
        """Whether the training must end now. While it is paused, the answer waits: so does the training."""
        if self._wanted == "pause" and not self._must_end():
            self._on_pause(True)
            while self._wanted == "pause" and not self._must_end():
                time.sleep(_SECONDS_A_NAP)
            if not self.reason:
                self._on_pause(False)
        return self._must_end()

    def _must_end(self) -> bool:
        if not self.reason and time.monotonic() >= self._deadline:
            self.reason = "time"
        return self.reason is not None

    def _stop(self, *_: Any) -> None:
        self.reason = "asked"

    def _end_at_a_stop(self, error: RunError | None) -> None:
        """From now on, with an error, a stop is the end; one that came before is left to `should_stop`."""
        with self._lock:
            self._hear()
            self._end = error

    def _listen(self) -> None:
        """Hear every signal when it comes: the main thread hears it only when what it computes is done."""
        while True:
            select.select([self._ear], [], [])
            with self._lock:
                if self._hear() and self._end:
                    try:
                        self._last_word(self._end)
                    finally:
                        os._exit(_EXIT_CODE)

    def _hear(self) -> bool:
        """Whether there was a stop among the signals since the last time."""
        with suppress(BlockingIOError):
            return any(number in _STOPS for number in os.read(self._ear, 4096))
        return False
