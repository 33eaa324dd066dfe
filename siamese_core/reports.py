"""How a training on the command line tells what it does: to a program, or to a person."""

import json
import sys
import time
from dataclasses import asdict
from typing import Any

import click

from siamese_core.building import MeasuringEvent, SavingEvent
from siamese_core.bundle import Bundle
from siamese_core.errors import SiameseError

SECONDS_BETWEEN_PROGRESS = 0.5


class JsonReport:
    """A training told as one JSON object a line; progress at most twice a second."""

    _last_progress = 0.0

    def started(self, name: str, recipe: dict[str, Any], seed: int) -> None:
        self._say("started", name=name, recipe=recipe, seed=seed)

    def event(self, event: Any) -> None:
        kind = type(event).__name__.removesuffix("Event").lower()
        if kind == "progress":
            now = time.monotonic()
            if now - self._last_progress < SECONDS_BETWEEN_PROGRESS:
                return
            self._last_progress = now
        self._say(kind, **asdict(event))

    def paused(self, resting: bool) -> None:
        self._say("paused" if resting else "playing")

    def finished(self, bundle: Bundle, stopped_by: str | None) -> None:
        kept = {key: bundle.config[key] for key in ("kept_epoch", "stopped")}
        if not bundle.config["stopped"]:
            stopped_by = None  # asked too late
        self._say(
            "finished",
            name=bundle.name,
            **kept,
            stopped_by=stopped_by,
            fingerprint=bundle.fingerprint,
            metrics=bundle.metrics,
        )

    def drawing(self) -> None:
        """Nothing: a run that has finished and goes on is drawing."""

    def drawn(self, bundle: Bundle) -> None:
        self._say("drawn", fingerprint=bundle.fingerprint)

    def failed(self, message: str) -> None:
        self._say("failed", message=message)

    def ended(self, error: SiameseError) -> None:
        self.failed(str(error))

    def left_alone(self) -> None:
        self._say("alone")

    def _say(self, kind: str, **values: Any) -> None:
        line = json.dumps({"event": kind, "time": round(time.time(), 2), **values})
        print(f"{line}\n", end="", flush=True)  # one write: more than one thread may have something to say


class TextReport:
    """A training told to a person: a progress bar an epoch, then its figures."""

    _bar: Any = None

    def started(self, name: str, recipe: dict[str, Any], seed: int) -> None:
        click.echo(f"Training {name} by the recipe {recipe['name']}, seed {seed}: {recipe['epochs']} epochs")

    def event(self, event: Any) -> None:
        from siamese_core.training import ProgressEvent

        if isinstance(event, MeasuringEvent | SavingEvent):
            return
        if isinstance(event, ProgressEvent):
            if self._bar is None:
                self._bar = click.progressbar(length=event.steps, label=f"epoch {event.epoch:>3}", file=sys.stderr)
            self._bar.update(event.step - self._bar.pos)
            return
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None
        click.echo(
            f"epoch {event.epoch:>3}/{event.epochs}  loss {event.loss:.4f}  accuracy {event.accuracy:.4f}  "
            f"AUC {event.auc:.4f}  {event.seconds:.2f} s  {event.images_per_second:,.0f} images/s"
        )

    def paused(self, resting: bool) -> None:
        click.echo("paused" if resting else "going on")

    def finished(self, bundle: Bundle, _: str | None) -> None:
        pairs = bundle.metrics["tutorial_pairs"]
        click.echo(
            f"Saved {bundle.name}: epoch {bundle.config['kept_epoch']}, {pairs['accuracy']:.2%} of the tutorial's "
            f"test pairs right at the threshold {bundle.threshold:.4f}"
        )

    def drawing(self) -> None:
        click.echo("Drawing its map; Ctrl-C leaves it out")

    def drawn(self, bundle: Bundle) -> None:
        click.echo(f"Saved {bundle.name} with its map")

    def failed(self, message: str) -> None:
        """Nothing: the command's one line on standard error says it."""

    def ended(self, error: SiameseError) -> None:
        click.echo(f"siamese_core: {error}", err=True)

    def left_alone(self) -> None:
        click.echo("Nobody is there to whom this training belongs.", err=True)
