"""Layers that describe an image without having learned anything: what covers each part of it, how its edges run.

Nothing in them depends on classes, so they say as much of classes never trained on as of others. Each gives a point of
the unit sphere; the distance between two of them is a Hellinger distance, times the root of 2.
"""

from typing import Any

import keras
import numpy as np

SATURATION = 5.0
"""Pixels from a fifth of full brightness on belong to the item entirely, darker ones in part."""
SILHOUETTE_CELL = 4
"""Side of a cell in pixels: 7×7 cells in an image of 28×28."""
DIRECTIONS = 8

Shape = tuple[int | None, int, int, int]


@keras.saving.register_keras_serializable(package="siamese_core")
class Silhouette(keras.layers.Layer):
    """From (n, h, w, 1), 0-1, the roots of how far each cell is covered by the item, and of how far it is not."""

    def call(self, images: Any) -> Any:
        covered = _cells(keras.ops.minimum(SATURATION * images, 1.0), SILHOUETTE_CELL)
        return _roots_of_shares(keras.ops.concatenate([covered, 1.0 - covered], axis=-1))

    def compute_output_shape(self, input_shape: Shape) -> tuple[int | None, int]:
        return input_shape[0], 2 * _count_cells(input_shape, SILHOUETTE_CELL)


@keras.saving.register_keras_serializable(package="siamese_core")
class EdgeDirections(keras.layers.Layer):
    """From (n, h, w, 1), the roots of the shares that each cell and each of eight directions has in all the edges.

    References:
        N. Dalal, B. Triggs, "Histograms of Oriented Gradients for Human Detection", 2005; here an edge counts for the
        directions near its own by the eighth power of a cosine, and the whole image is normalised at once.
    """

    def __init__(self, cell: int, **settings: Any) -> None:
        """Cells of `cell` × `cell` pixels."""
        super().__init__(**settings)
        self.cell = cell

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cell": self.cell}

    def call(self, images: Any) -> Any:
        padded = keras.ops.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
        across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
        down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
        turns = np.arange(DIRECTIONS, dtype=np.float32) * np.pi / DIRECTIONS
        along = across * np.cos(turns) + down * np.sin(turns)  # (n, h, w, directions)
        strength = keras.ops.sqrt(across * across + down * down + 1e-12)
        return _roots_of_shares(_cells((along / strength) ** 8 * strength, self.cell))

    def compute_output_shape(self, input_shape: Shape) -> tuple[int | None, int]:
        return input_shape[0], DIRECTIONS * _count_cells(input_shape, self.cell)


def _cells(maps: Any, side: int) -> Any:
    """The means (n, h / side * w / side * c) of the cells of (n, h, w, c) maps."""
    means = keras.ops.average_pool(maps, side, side)
    return keras.ops.reshape(means, (-1, means.shape[1] * means.shape[2] * means.shape[3]))


def _count_cells(input_shape: Shape, side: int) -> int:
    _, height, width, _ = input_shape
    return (height // side) * (width // side)


def _roots_of_shares(amounts: Any) -> Any:
    """The roots of the shares of (n, d) amounts in their sum: length one, or 0 where there is nothing at all."""
    total = keras.ops.sum(amounts, axis=-1, keepdims=True)
    return keras.ops.sqrt(amounts / keras.ops.maximum(total, 1e-6))
