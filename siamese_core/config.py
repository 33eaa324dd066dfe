"""Recipes: everything that decides how a network is built and trained, as frozen values."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from siamese_core.errors import RunError

BOUNDS: Mapping[str, tuple[float, float]] = {
    "epochs": (1, 200),
    "margin": (0.05, 10.0),
    "temperature": (0.01, 10.0),
    "label_smoothing": (0.0, 0.5),
    "drawn": (0.0, 1.0),
    "erased": (0.0, 1.0),
    "clear": (0.0, 1.0),
    "batch_size": (8, 2048),
    "learning_rate": (1e-6, 1.0),
    "weight_decay": (0.0, 1.0),
    "seed": (0, 2**31 - 1),
}
"""Lowest and highest value a person may ask for; a run outside them would fail late or never end."""


@dataclass(frozen=True)
class Recipe:
    """One way to train an encoder.

    Attributes:
        name: What the command line and the app call it.
        network: The architecture, a key of `networks.NETWORKS`.
        batches: "pairs": a batch is `batch_size` of the tutorial's pairs, two images each. "images": a batch is
            `batch_size` images, each embedded once, and every pair among them counts.
        loss: A key of `trainer.LOSSES`.
        optimizer: "rmsprop" (Keras's defaults), "adamw" or "muon".
        schedule: "constant", or "one_cycle": up to `learning_rate` over the first fifth of the steps, then down to
            nothing along a cosine.
        epochs: How often every training pair or image is seen.
        batch_size: Pairs or images a step, see `batches`.
        learning_rate: The highest rate of the schedule.
        weight_decay: Decoupled weight decay, for "adamw" and "muon".
        margin: How far the contrastive loss pushes different items; None where the loss has no margin.
        temperature: Sharpness of the supervised contrastive loss; None where the loss has none.
        label_smoothing: Share of each target that the posterior loss spreads over all classes; None for other losses.
        flip: Whether training mirrors half of the images left to right.
        shift: Training moves each image by up to this many pixels a direction.
        drawn: Share of the images that training sees as somebody might draw them.
        erased: Share of the images of which training blackens a rectangle.
        clear: Share of the steps, the last ones, that neither draw nor erase anything: what a network has learned to
            bear it need not go on paying for.
        mirror: Whether the finished encoder embeds an image and its mirror image together.
        hedged: Whether it keeps what it doubts apart, see `layers.HedgedPosterior`; for networks that give roots of
            class posteriors.
        precision: Of the numbers that training multiplies in convolutions. bfloat16 counts where the processor has
            instructions for it and is float32 elsewhere; weights, and the finished encoder, are float32 always.
    """

    name: str
    network: str
    batches: Literal["pairs", "images"]
    loss: str
    optimizer: Literal["rmsprop", "adamw", "muon"]
    schedule: Literal["constant", "one_cycle"]
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    margin: float | None = None
    temperature: float | None = None
    label_smoothing: float | None = None
    flip: bool = False
    shift: int = 0
    drawn: float = 0.0
    erased: float = 0.0
    clear: float = 0.0
    mirror: bool = False
    hedged: bool = False
    precision: Literal["float32", "bfloat16"] = "float32"

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return dataclasses.asdict(self)

    @property
    def loss_settings(self) -> dict[str, float]:
        """What the loss takes beside targets and embeddings: margin, temperature, label smoothing."""
        settings = {name: getattr(self, name) for name in ("margin", "temperature", "label_smoothing")}
        return {name: value for name, value in settings.items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """The recipe that `to_dict` wrote, perhaps before a setting with a default was added.

        Raises:
            ValueError: A field is unknown, or missing without a default.
            RunError: One is out of bounds.
        """
        fields = {field.name: field.default for field in dataclasses.fields(cls)}
        needed = {name for name, default in fields.items() if default is dataclasses.MISSING}
        if not needed <= values.keys() <= fields.keys():
            raise ValueError(f"a recipe has the fields {sorted(fields)}, got {sorted(values)}")
        return cls(**values).changed()

    def changed(self, **changes: float | None) -> "Recipe":
        """This recipe with the given settings replaced; None leaves a setting as it is.

        Raises:
            RunError: A setting is unknown to this recipe or out of bounds.
        """
        wanted = {name: value for name, value in changes.items() if value is not None}
        for name in wanted:
            if getattr(self, name) is None:
                raise RunError(
                    "The recipe {recipe} has no {setting}; leave it out.",
                    recipe=self.name,
                    setting=name.replace("_", " "),
                )
        recipe = dataclasses.replace(self, **wanted)  # type: ignore[arg-type]
        for name in BOUNDS.keys() & {field.name for field in dataclasses.fields(self)}:
            value = getattr(recipe, name)
            if value is not None:
                check_bounds(name, value)
        return recipe


def check_bounds(name: str, value: float) -> None:
    """Accept a setting that lies within `BOUNDS`.

    Raises:
        RunError: It does not, or it is no number.
    """
    low, high = BOUNDS[name]
    if not isinstance(value, (int, float)) or not low <= value <= high:  # NaN fails the comparison too
        raise RunError(
            "The {setting} must be between {low:g} and {high:g}, not {value}.",
            setting=name.replace("_", " "),
            low=low,
            high=high,
            value=value,
        )


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="classic",
            network="classic",
            batches="pairs",
            loss="contrastive",
            optimizer="rmsprop",
            schedule="constant",
            epochs=20,
            batch_size=128,
            learning_rate=0.001,
            margin=1.0,
        ),
        Recipe(
            name="fast",
            network="perceptron",
            batches="images",
            loss="supervised_contrastive",
            optimizer="muon",
            schedule="one_cycle",
            epochs=2,
            batch_size=256,
            learning_rate=0.03,
            weight_decay=0.01,
            temperature=0.1,
        ),
        Recipe(
            name="best",
            network="residual",
            batches="images",
            loss="posterior",
            optimizer="muon",
            schedule="one_cycle",
            epochs=32,
            batch_size=256,
            learning_rate=0.006,
            weight_decay=0.05,
            temperature=0.3,
            label_smoothing=0.05,
            flip=True,
            shift=2,
            drawn=0.3,
            erased=0.3,
            clear=0.3,
            mirror=True,
            hedged=True,
            precision="bfloat16",
        ),
        Recipe(
            name="transfer",
            network="transfer",
            batches="images",
            loss="supervised_contrastive",
            optimizer="adamw",
            schedule="one_cycle",
            epochs=2,
            batch_size=256,
            learning_rate=0.006,
            weight_decay=0.02,
            temperature=0.05,
            flip=True,
            shift=2,
            drawn=0.5,
        ),
    )
}
