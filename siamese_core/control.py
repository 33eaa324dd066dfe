"""What a training process is told from outside: pause, play, one epoch, stop.

    SIGINT, SIGTERM   stop, and keep the best epoch
    SIGUSR1           pause
    SIGCONT           play
    SIGUSR2           play until the epoch has ended, then pause

A clock stops it too: its time may run out.
"""

import signal
import time
from collections.abc import Callable
from typing import Any, Literal

from siamese_core.errors import RunError

Reason = Literal["asked", "time"]
_SECONDS_A_NAP = 0.05


class Control:
    """The ear of a training process; `should_stop` is for `training.train`.

    Attributes:
        reason: Why the training has to end: "asked" by a signal or out of "time"; None while it goes on.
    """

    def __init__(
        self,
        *,
        on_pause: Callable[[bool], None] = lambda _: None,
        one_epoch: bool = False,
        max_seconds: float | None = None,
    ) -> None:
        """Listen from now on.

        Args:
            on_pause: Told True when the training pauses and False when it goes on.
            one_epoch: Pause after the first epoch.
            max_seconds: Time from now to the end, pauses included.
        """
        self.reason: Reason | None = None
        self._on_pause = on_pause
        self._wanted: Literal["play", "pause", "one epoch"] = "one epoch" if one_epoch else "play"
        self._nothing_yet: RunError | None = None
        self._deadline = time.monotonic() + (float("inf") if max_seconds is None else max_seconds)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        for number, wanted in (
            (signal.SIGUSR1, "pause"),
            (signal.SIGCONT, "play"),
            (signal.SIGUSR2, "one epoch"),
        ):
            signal.signal(number, lambda *_, wanted=wanted: setattr(self, "_wanted", wanted))

    def until_first_epoch(self) -> None:
        """From now until `epoch_ended`, a stop need not wait for the next step: there is nothing to keep."""
        self._nothing_yet = RunError("Training was stopped before its first epoch ended, so there is no model to keep.")

    def until_saved(self) -> None:
        """From now until `let_go`, a stop leaves nothing and waits for nothing."""
        self._nothing_yet = RunError("It was stopped before the model was made.")

    def epoch_ended(self) -> None:
        """An epoch is done and can be kept."""
        self._nothing_yet = None
        if self._wanted == "one epoch":
            self._wanted = "pause"

    def let_go(self) -> None:
        """From now on a stop ends the process at once: what there is to keep is kept."""
        for number in (signal.SIGINT, signal.SIGTERM):
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
        if self._nothing_yet:
            error, self._nothing_yet = self._nothing_yet, None
            raise error
