"""What a stranger's file claims of a model, believed as far as this project could have written it."""

import math
import re
from collections.abc import Mapping
from typing import Any

from siamese_core.architectures import HEDGING
from siamese_core.calibration import Calibration
from siamese_core.config import BOUNDS, RECIPES, Recipe, check_bounds
from siamese_core.data import CLASS_NAMES
from siamese_core.errors import RunError

WRONG = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RunError)
"""What reading a value of another kind raises."""
MAX_STEPS_TOLD = 200
MAX_SHIFT = 14
_WORDS = {
    "network": {recipe.network for recipe in RECIPES.values()},
    "loss": {recipe.loss for recipe in RECIPES.values()},
    "batches": {"pairs", "images"},
    "optimizer": {"rmsprop", "adamw", "muon"},
    "schedule": {"constant", "one_cycle"},
    "precision": {"float32", "bfloat16"},
}
_FIGURES = ("loss", "accuracy", "auc", "threshold", "seconds", "images_per_second")
_SHARE = re.compile("accuracy|auc|eer|ece|brier|recall|map")


def read_claims(config: Mapping[str, Any], history: list[Mapping[str, Any]]) -> dict[str, Any]:
    """What a `packing.Pack` holds besides weights.

    Raises:
        ValueError: Something is not as this project writes it; or another of `WRONG`.
    """
    check_bounds("seed", config["seed"])
    if config["class_names"] != list(CLASS_NAMES):
        raise ValueError("class_names")
    held_out = tuple(name for name in CLASS_NAMES if name in config["held_out"])
    epochs = [_read_epoch(epoch, number) for number, epoch in enumerate(history, start=1)]
    kept_epoch = int(config["kept_epoch"])
    if not 1 <= kept_epoch <= len(epochs) <= BOUNDS["epochs"][1]:
        raise ValueError("kept_epoch")
    if len(held_out) != len(config["held_out"]) or len(held_out) not in (0, *range(2, len(CLASS_NAMES) - 1)):
        raise ValueError("held_out")
    return {
        "recipe": _read_recipe(config["recipe"]),
        "seed": int(config["seed"]),
        "held_out": held_out,
        "history": epochs,
        "kept_epoch": kept_epoch,
        "stopped": bool(config["stopped"]),
    }


def check_metrics(metrics: Mapping[str, Any]) -> None:
    """Accept figures that a measurement can give.

    Raises:
        ValueError: One is none; or another of `WRONG`.
    """
    Calibration.from_dict(metrics["calibration"])
    _finite(metrics["threshold"])
    _check_figures("", {name: told for name, told in metrics.items() if name != "calibration"})


def _check_figures(name: str, told: Any) -> None:
    """Accept a figure of this name, or several: shares lie between 0 and 1, nothing below 0."""
    if isinstance(told, dict):
        for part, value in told.items():
            _check_figures(part, value)
    elif isinstance(told, list):
        for value in told:
            _check_figures(name, value)
    else:
        _finite(told, high=1.0 if _SHARE.search(name) else math.inf)


def _read_recipe(values: Mapping[str, Any]) -> Recipe:
    """A recipe of a known name whose words are known ones and whose numbers lie within bounds.

    Raises:
        ValueError: It is not such a recipe; or another of `WRONG`.
    """
    recipe = Recipe.from_dict(values)
    is_known = recipe.name in RECIPES and all(getattr(recipe, name) in words for name, words in _WORDS.items())
    if not all(isinstance(number, int) for number in (recipe.epochs, recipe.batch_size, recipe.shift)):
        raise ValueError("recipe")
    if not is_known or recipe.shift not in range(MAX_SHIFT + 1):
        raise ValueError("recipe")
    if {recipe.flip, recipe.mirror, recipe.hedged} - {True, False} or (recipe.hedged and recipe.network not in HEDGING):
        raise ValueError("recipe")
    return recipe


def _read_epoch(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """An epoch's figures, finite and of their kinds; what else is there is left out.

    Raises:
        ValueError: One is not; or another of `WRONG`.
    """
    check_bounds("epochs", values["epochs"])
    epoch: dict[str, Any] = {"epoch": number, "epochs": int(values["epochs"])}
    for figure in _FIGURES:
        _check_figures(figure, values[figure])
        epoch[figure] = _finite(values[figure])
    if "learning_rate" in values:
        epoch["learning_rate"] = _finite(values["learning_rate"])
    if "histogram" in values:
        told = values["histogram"]
        counts = {kind: _counts(told[kind]) for kind in ("same", "different")}
        epoch["histogram"] = {"limit": max(_finite(told["limit"]), 1e-9), **counts}
    return epoch


def _finite(value: Any, *, high: float = math.inf) -> float:
    number = float(value)
    if not isinstance(value, (int, float)) or not math.isfinite(number) or not 0 <= number <= high:
        raise ValueError("figure")
    return number


def _counts(values: Any) -> list[int]:
    if not isinstance(values, list) or not 0 < len(values) <= MAX_STEPS_TOLD:
        raise ValueError("histogram")
    return [int(_finite(value)) for value in values]
