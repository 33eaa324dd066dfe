"""Is a picture like the data at all? A small network's answer, whichever encoder measures distances.

An encoder cannot tell: it was taught to put every picture near some class, and a face lands among the bags as surely as
a bag. So a network of one hidden layer learns, from edges and brightness, to tell the training images and drawings made
of them from pictures of other things. A picture is unfamiliar when it seems stranger than nearly all validation images.

References:
    D. Hendrycks, M. Mazeika, T. Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019.
    N. Dalal, B. Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005: the description of edges.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siamese_core.redrawing import redraw
from siamese_core.strangers import draw_strangers

BLOCK = 1_000
"""Images described together: an edge map for each direction takes memory."""
CELL, ORIENTATIONS, SPOT = 4, 6, 2
"""Pixels that share a histogram of edges, its bins over half a turn, and pixels that share a brightness."""
EDGE_WEIGHT = 4.0
"""Brings mean edge strengths to the range of brightnesses."""
PHOTOGRAPHS, REDRAWN, STRANGERS = 8_000, 4_000, 9_000
HIDDEN, STEPS, BATCH = 64, 2_500, 256
RATE, DECAY = 2e-3, 0.02
FLAGGED = 0.015
"""Share of validation images that count as unfamiliar: few, so that drawings, which seem a little strange, may pass."""
SEED = 1989  # of pictures, weights and order; any fixed number would do


@dataclass(frozen=True)
class Familiarity:
    """The network and where it draws the line.

    Attributes:
        hidden: (f, h) float32 weights from a description to the hidden layer.
        hidden_bias: (h,) float32.
        output: (h,) float32 weights from the hidden layer to the answer.
        output_bias: Added to the answer.
        threshold: The strangest that a familiar picture may seem.
    """

    hidden: np.ndarray
    hidden_bias: np.ndarray
    output: np.ndarray
    output_bias: float
    threshold: float

    def strangeness(self, images: np.ndarray) -> np.ndarray:
        """How strange images (n, 28, 28) uint8 seem, float32 (n,): a logarithm of odds, larger is stranger."""
        return _hidden(describe(images), self.hidden, self.hidden_bias) @ self.output + self.output_bias

    def is_familiar(self, images: np.ndarray) -> np.ndarray:
        """Whether each of the images (n, 28, 28) uint8 is like the data, bool (n,)."""
        return self.strangeness(images) <= self.threshold

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The numbers by name; weights in half precision, which moves no answer that matters."""
        return {
            "hidden": self.hidden.astype(np.float16),
            "hidden_bias": self.hidden_bias,
            "output": self.output,
            "output_bias": np.array(self.output_bias),
            "threshold": np.array(self.threshold),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Familiarity":
        """What `to_arrays` wrote.

        Raises:
            ValueError: It is nothing of the kind.
        """
        hidden, bias, output = (np.asarray(arrays[name], np.float32) for name in ("hidden", "hidden_bias", "output"))
        numbers = float(arrays["output_bias"]), float(arrays["threshold"])
        if (
            hidden.shape != (describe(np.zeros((1, 28, 28), np.uint8)).shape[1], *bias.shape)
            or bias.shape != output.shape
        ):
            raise ValueError("the weights of the familiarity have another shape")
        if not all(np.isfinite(part).all() for part in (hidden, bias, output, numbers)):
            raise ValueError("the familiarity holds a number that is not finite")
        return cls(hidden, bias, output, *numbers)


def describe(images: np.ndarray) -> np.ndarray:
    """Edges by direction and brightness, both coarse, of images (n, 28, 28) uint8: float32 (n, f)."""
    return np.concatenate([_describe(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK)])


def _describe(images: np.ndarray) -> np.ndarray:
    brightness = np.sqrt(images / np.float32(255))
    edge = np.pad(brightness, ((0, 0), (1, 1), (1, 1)))
    across, down = edge[:, 1:-1, 2:] - edge[:, 1:-1, :-2], edge[:, 2:, 1:-1] - edge[:, :-2, 1:-1]
    direction = (np.arctan2(down, across) % np.pi * (ORIENTATIONS / np.pi)).astype(int) % ORIENTATIONS
    strength = np.hypot(across, down) * (direction == np.arange(ORIENTATIONS)[:, None, None, None])  # (o, n, 28, 28)
    edges = np.moveaxis(_pooled(strength, CELL), 0, -1).reshape(len(images), -1)
    return np.hstack([EDGE_WEIGHT * edges, _pooled(brightness, SPOT).reshape(len(images), -1)])


def learn_familiarity(images: np.ndarray, validation: np.ndarray) -> Familiarity:
    """The familiarity of a collection, by its training images; the same ones give the same.

    Args:
        images: (n, 28, 28) uint8 to learn from.
        validation: (m, 28, 28) uint8 that the threshold is chosen on: `FLAGGED` of them are unfamiliar.
    """
    rng = np.random.default_rng(SEED)
    photographs = images[rng.choice(len(images), min(PHOTOGRAPHS, len(images)), replace=False)]
    photographs[::2] = photographs[::2, :, ::-1]  # shoes of the data face left, people's either way
    redrawn = np.stack(
        [redraw(images[i], rng) for i in rng.choice(len(images), min(REDRAWN, len(images)), replace=False)]
    )
    strangers = draw_strangers(STRANGERS, images, rng)
    hidden, hidden_bias, output, output_bias = _train(
        [describe(photographs), describe(redrawn)], describe(strangers), np.random.default_rng(SEED)
    )
    learned = Familiarity(hidden, hidden_bias, output, output_bias, threshold=0.0)
    threshold = float(np.quantile(learned.strangeness(validation), 1.0 - FLAGGED))
    return Familiarity(hidden, hidden_bias, output, output_bias, threshold)


def _pooled(pictures: np.ndarray, side: int) -> np.ndarray:
    """Means over blocks of `side` by `side` pixels of pictures (..., h, w)."""
    *rest, height, width = pictures.shape
    return pictures.reshape(*rest, height // side, side, width // side, side).mean(axis=(-3, -1))


def _hidden(descriptions: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return np.maximum(descriptions @ weights + bias, 0.0)


def _train(
    familiar: list[np.ndarray], strange: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The network's numbers, learned from kinds of familiar descriptions and from strange ones.

    Half of each batch is strange; the kinds of familiar ones share the other half evenly. Logistic loss, AdamW, a
    falling cosine rate.
    """
    everything = np.concatenate([*familiar, strange])
    middle, spread = everything.mean(axis=0), everything.std(axis=0) + 0.05
    sources = [(part - middle) / spread for part in (*familiar, strange)]
    counts = [BATCH // 2 // len(familiar)] * len(familiar) + [BATCH // 2]
    truth = np.repeat([0.0] * len(familiar) + [1.0], counts).astype(np.float32)

    size = everything.shape[1]
    weights = [
        rng.normal(0.0, np.sqrt(2.0 / size), (size, HIDDEN)),
        np.zeros(HIDDEN),
        rng.normal(0.0, np.sqrt(1.0 / HIDDEN), HIDDEN),
        np.zeros(1),
    ]
    weights = [part.astype(np.float32) for part in weights]
    means, squares = ([np.zeros_like(part) for part in weights] for _ in range(2))
    for step in range(1, STEPS + 1):
        batch = np.concatenate(
            [source[rng.integers(0, len(source), count)] for source, count in zip(sources, counts, strict=True)]
        )
        rate = RATE * 0.5 * (1.0 + np.cos(np.pi * step / STEPS))
        for part, gradient, mean, square in zip(
            weights, _gradients(weights, batch, truth), means, squares, strict=True
        ):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient * gradient - square)
            update = (mean / (1.0 - 0.9**step)) / (np.sqrt(square / (1.0 - 0.999**step)) + 1e-8)
            part -= rate * (update + DECAY * part)
    hidden = weights[0] / spread[:, None]
    return hidden, weights[1] - middle @ hidden, weights[2], float(weights[3][0])


def _gradients(weights: list[np.ndarray], batch: np.ndarray, truth: np.ndarray) -> list[np.ndarray]:
    """Of the mean logistic loss over a batch (b, f), by each of the weights."""
    hidden, hidden_bias, output, output_bias = weights
    active = _hidden(batch, hidden, hidden_bias)
    answer = active @ output + output_bias
    error = (1.0 / (1.0 + np.exp(-answer.clip(-30.0, 30.0))) - truth) / len(truth)
    behind = np.outer(error, output) * (active > 0)
    return [batch.T @ behind, behind.sum(axis=0), active.T @ error, error.sum(keepdims=True)]
