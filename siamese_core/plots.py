"""Arrays -> matplotlib Figures, to show or to save by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from siamese_core.evaluation import Roc
from siamese_core.explanation import Explanation
from siamese_core.pairs import Pairs

TUTORIAL_PAIRS = 10
COLUMNS = 5
SPREAD_BARS = 110
SAME_COLOUR, DIFFERENT_COLOUR = "#2a6f97", "#c8553d"  # apart for every kind of colour vision, and in grey


@dataclass(frozen=True)
class PlotWords:
    """What stands on the figures, for those who read another language."""

    same: str = "same"
    different: str = "different"
    distance: str = "distance"
    threshold: str = "threshold"
    margin: str = "margin"
    guessing: str = "guessing"
    share_of_kind: str = "share of the pairs of a kind"
    far: str = "different pairs accepted (FAR)"
    frr: str = "same pairs rejected (FRR)"
    accepted: str = "same pairs accepted (1 − FRR)"
    predicted: str = "P(same) as predicted"
    observed: str = "share of same pairs"
    dimension: str = "dimension"
    together: str = "together"
    hidden: str = "change of the distance when hidden"


ENGLISH = PlotWords()


def ten_pairs(
    images: np.ndarray,
    pairs: Pairs,
    *,
    title: str = "",
    distances: np.ndarray | None = None,
    words: PlotWords = ENGLISH,
) -> Figure:
    """The tutorial's figure: the first ten pairs in two rows of five, both images side by side, labelled.

    Args:
        images: (n, 28, 28) uint8 that the pairs' rows point to.
        pairs: At least one pair; those after the tenth are not shown.
        title: Above the figure.
        distances: (p,) to write under the pairs; none when None.
        words: What stands on it.
    """
    shown = min(TUTORIAL_PAIRS, len(pairs))
    rows = -(-shown // COLUMNS)
    figure = Figure(figsize=(2.2 * COLUMNS, 1.75 * rows + 0.5), layout="constrained")
    figure.suptitle(title)
    axes = np.atleast_1d(figure.subplots(rows, COLUMNS)).ravel()
    for axis in axes:
        axis.set_axis_off()
    for number, axis in enumerate(axes[:shown]):
        both = np.hstack([images[pairs.left[number]], np.zeros((28, 2), np.uint8), images[pairs.right[number]]])
        axis.imshow(both, cmap="gray", vmin=0, vmax=255)
        same = bool(pairs.is_same[number])
        label = words.same if same else words.different
        if distances is not None:
            label += f" · {distances[number]:.2f}"
        axis.set_title(f"{number + 1}. {label}", fontsize=10, color=SAME_COLOUR if same else DIFFERENT_COLOUR)
    return figure


def roc_curve(curve: Roc, *, title: str = "", words: PlotWords = ENGLISH) -> Figure:
    """Accepted same pairs against accepted different pairs, with the area under the curve."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color="0.7", linestyle=":", label=words.guessing)
    axis.plot(curve.far, 1.0 - curve.frr, color=SAME_COLOUR, label=f"AUC {curve.auc:.4f}")
    axis.set(xlabel=words.far, ylabel=words.accepted, title=title, aspect=1)
    axis.legend(loc="lower right", frameon=False)
    return figure


def distance_histogram(distances: np.ndarray, is_same: np.ndarray, threshold: float, *, title: str = "") -> Figure:
    """How the distances (p,) of same and of different pairs are spread, with the threshold between them."""
    figure = Figure(figsize=(6.5, 3.5), layout="constrained")
    axis = figure.subplots()
    bins = np.linspace(0.0, float(distances.max()), 60).tolist()
    for of_kind, colour, label in ((is_same, SAME_COLOUR, "same"), (~is_same, DIFFERENT_COLOUR, "different")):
        axis.hist(distances[of_kind], bins, alpha=0.6, color=colour, label=label)
    axis.axvline(threshold, color="0.2", linestyle="--", label=f"threshold {threshold:.3f}")
    axis.set(xlabel="distance", ylabel="pairs", title=title)
    axis.legend(frameon=False)
    return figure


def distance_spread(
    thresholds: np.ndarray,
    same: np.ndarray,
    different: np.ndarray,
    threshold: float,
    *,
    title: str = "",
    words: PlotWords = ENGLISH,
) -> Figure:
    """How the distances of same and of different pairs are spread, each kind for itself, out of counts.

    Args:
        thresholds: (t,) increasing.
        same: (t,) same pairs within each of them.
        different: (t,) different pairs within each.
        threshold: Drawn between them.
        title: Above the figure.
        words: What stands on it.
    """
    figure = Figure(figsize=(6.5, 3.5), layout="constrained")
    axis = figure.subplots()
    edges = np.linspace(0.0, thresholds[-1], SPREAD_BARS + 1)
    for within, colour, label in ((same, SAME_COLOUR, words.same), (different, DIFFERENT_COLOUR, words.different)):
        axis.stairs(
            np.diff(np.interp(edges, thresholds, within)) / within[-1],
            edges,
            fill=True,
            alpha=0.6,
            color=colour,
            label=label,
        )
    axis.axvline(threshold, color="0.2", linestyle="--", label=f"{words.threshold} {threshold:.3f}")
    axis.set(xlabel=words.distance, ylabel=words.share_of_kind, title=title)
    axis.legend(frameon=False)
    return figure


def det_curve(curve: Roc, *, title: str = "", words: PlotWords = ENGLISH) -> Figure:
    """Rejected same pairs against accepted different pairs, both logarithmic."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axis = figure.subplots()
    drawn = (curve.far > 0) & (curve.frr > 0)
    axis.loglog(curve.far[drawn], curve.frr[drawn], color=SAME_COLOUR, label=f"EER {curve.eer:.2%}")
    axis.plot([1e-4, 1], [1e-4, 1], color="0.7", linestyle=":")
    axis.set(xlabel=words.far, ylabel=words.frr, title=title, aspect=1)
    axis.set(xlim=(1e-4, 1), ylim=(1e-4, 1))
    axis.legend(loc="lower left", frameon=False)
    return figure


def class_errors(errors: np.ndarray, class_names: Sequence[str], *, title: str = "") -> Figure:
    """The share of wrongly decided pairs of every two classes, (c, c) with NaN where there are none, as a heat map."""
    figure = Figure(figsize=(6.2, 5.6), layout="constrained")
    axis = figure.subplots()
    places = np.arange(len(class_names))
    lower = np.where(np.tri(len(places), dtype=bool), errors, np.nan)
    axis.imshow(np.sqrt(lower), cmap="Blues", vmin=0.0, vmax=1.0)  # the root shows small shares too
    for one, other in zip(*np.nonzero(np.isfinite(lower)), strict=True):
        share = lower[one, other]
        axis.text(other, one, f"{100 * share:.1f}", ha="center", va="center", fontsize=8, color="0.1")
    axis.set_xticks(places, class_names, rotation=90)
    axis.set_yticks(places, class_names)
    axis.set_title(title)
    axis.spines[:].set_visible(False)
    return figure


def reliability_diagram(
    predicted: np.ndarray, observed: np.ndarray, *, title: str = "", words: PlotWords = ENGLISH
) -> Figure:
    """The share of same pairs (b,) against the probability (b,) that was predicted for them."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color="0.7", linestyle=":")
    axis.plot(predicted, observed, color=SAME_COLOUR, marker="o", markersize=4)
    axis.set(xlabel=words.predicted, ylabel=words.observed, title=title, aspect=1)
    return figure


def distance_gauge(
    distance: float,
    threshold: float,
    *,
    margin: float | None = None,
    title: str = "",
    words: PlotWords = ENGLISH,
) -> Figure:
    """One distance on a scale with the threshold and, where there is one, the training's margin."""
    figure = Figure(figsize=(6.5, 1.6), layout="constrained")
    axis = figure.subplots()
    limit = 1.25 * max(distance, threshold, margin or 0.0)
    axis.axvspan(0.0, threshold, color=SAME_COLOUR, alpha=0.25, label=words.same)
    axis.axvspan(threshold, limit, color=DIFFERENT_COLOUR, alpha=0.25, label=words.different)
    axis.axvline(threshold, color="0.2", linestyle="--", label=f"{words.threshold} {threshold:.3f}")
    if margin is not None:
        axis.axvline(margin, color="0.5", linestyle=":", label=f"{words.margin} {margin:.2f}")
    same = distance <= threshold
    axis.plot([distance], [0.5], "o", markersize=11, color=SAME_COLOUR if same else DIFFERENT_COLOUR)
    axis.set(xlim=(0.0, limit), ylim=(0.0, 1.0), xlabel=f"{words.distance} {distance:.4f}", title=title)
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
    return figure


def distance_parts(parts: Explanation, *, title: str = "", words: PlotWords = ENGLISH) -> Figure:
    """Both images with what moves their distance when it is hidden, and between them each dimension's square."""
    figure = Figure(figsize=(10.5, 3.4), layout="constrained")
    figure.suptitle(title)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1.4, 1])
    reach = max(float(np.abs(parts.heats).max()), 1e-9)
    for axis, name, image, heat in zip((left, right), "AB", parts.images, parts.heats, strict=True):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        shown = axis.imshow(heat, cmap="PuOr", vmin=-reach, vmax=reach, alpha=np.sqrt(np.abs(heat) / reach))
        axis.set_title(name)
        axis.set_axis_off()
    figure.colorbar(shown, ax=right, label=words.hidden)
    middle.bar(np.arange(1, len(parts.squares) + 1), parts.squares, width=0.8, color=SAME_COLOUR)
    middle.set(xlabel=words.dimension, title=f"(a − b)², {words.together} {parts.squares.sum():.6f}")
    middle.margins(x=0.01)
    return figure


def training_curves(history: Sequence[dict[str, Any]], *, title: str = "") -> Figure:
    """Loss and validation accuracy, epoch after epoch, as bundles and runs record them."""
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    figure.suptitle(title)
    epochs = [event["epoch"] for event in history]
    for axis, key, label in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), ("training loss", "validation pair accuracy"), strict=True
    ):
        axis.plot(epochs, [event[key] for event in history], marker="o", markersize=3, color=SAME_COLOUR)
        axis.set(xlabel="epoch", title=label)
        axis.xaxis.get_major_locator().set_params(integer=True)
    return figure
