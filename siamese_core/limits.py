"""What an operator allows the visitors of a server."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siamese_core.config import BOUNDS, Recipe
from siamese_core.errors import RunError

PREFIX = "SIAMESE_"
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Bounds of every run; each is set as `SIAMESE_MAX_EPOCHS` and so on.

    Attributes:
        max_epochs: Epochs of a run.
        max_batch_size: Pairs or images a step.
        max_minutes: From a run's start to its end, pauses included; it then keeps its best epoch.
        max_megabytes: All models and runs together, shipped ones included: beyond it, none is added.
        read_only: Nobody trains, uploads, renames or deletes.
    """

    max_epochs: int = int(BOUNDS["epochs"][1])
    max_batch_size: int = int(BOUNDS["batch_size"][1])
    max_minutes: float = 240.0
    max_megabytes: float = 2_000.0
    read_only: bool = False

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> "Limits":
        """The limits that the environment, or settings like it, ask for.

        Raises:
            RunError: One of them cannot be understood: then it would be a mistake to allow anything.
        """
        asked: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            name = PREFIX + field.name.upper()
            if name in settings:
                asked[field.name] = _read(name, settings[name], type(field.default))
        return cls(**asked)

    def check_writable(self) -> None:
        """Accept a change of any kind.

        Raises:
            RunError: The server is read-only.
        """
        if self.read_only:
            raise RunError("This server is for looking only: its operator lets nobody train or change models.")

    def check_run(self, recipe: Recipe) -> None:
        """Accept a recipe of this size.

        Raises:
            RunError: It is larger than allowed here, or nothing is.
        """
        self.check_writable()
        for setting, highest in (("epochs", self.max_epochs), ("batch_size", self.max_batch_size)):
            value = getattr(recipe, setting)
            if value > highest:
                raise RunError(
                    "The {setting} may be {high} at most on this server, not {value}.",
                    setting=setting.replace("_", " "),
                    high=highest,
                    value=value,
                )

    def check_room(self, root: Path, *, coming: int = 0) -> None:
        """Accept so many bytes more in the folder of models and runs.

        Raises:
            RunError: It would hold more than allowed.
        """
        used = coming + sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        if used > self.max_megabytes * _MEGABYTE:
            raise RunError(
                "Models and runs may take {high:g} MB on this server and would take {used:.0f} MB; delete one first.",
                high=self.max_megabytes,
                used=used / _MEGABYTE,
            )


def _read(name: str, value: object, kind: type) -> bool | int | float:
    """A setting as its kind; an operator writes it as text or as a number."""
    text = str(value).strip().lower()
    if kind is bool:
        if text in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            return text in ("1", "true", "yes", "on")
        raise RunError("{name} must be true or false, not {value!r}.", name=name, value=str(value)[:40])
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise RunError("{name} must be a number above 0, not {value!r}.", name=name, value=str(value)[:40])
    return kind(number)  # type: ignore[no-any-return]
