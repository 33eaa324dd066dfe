"""What a distance is made of: its share in each dimension of the embeddings, and in each part of the images."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siamese_core.comparison import euclidean_distances

PATCH = 7
"""Side of the hidden square, px: about a collar, a heel, a sleeve."""
STRIDE = 3


@dataclass(frozen=True)
class Explanation:
    """What the distance of two images is made of.

    Attributes:
        images: uint8 (2, 28, 28).
        embeddings: (2, d).
        squares: (d,), see `contributions`.
        heats: (2, 28, 28), see `occlusion`.
    """

    images: np.ndarray
    embeddings: np.ndarray
    squares: np.ndarray
    heats: np.ndarray


def explain(embed: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> Explanation:
    """What the distance of two images uint8 (2, 28, 28) is made of."""
    embeddings = embed(images)
    heats = np.stack([occlusion(embed, images[own], embeddings[1 - own]) for own in (0, 1)])
    return Explanation(images, embeddings, contributions(*embeddings), heats)


def contributions(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What each dimension adds to the squared distance of two embeddings (d,): (a - b)² as float64 (d,).

    Raises:
        ValueError: They are not two vectors of one length.
    """
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"`a` and `b` must both have shape (d,), got {a.shape} and {b.shape}")
    return np.square((a - b).astype(np.float64))


def occlusion(embed: Callable[[np.ndarray], np.ndarray], image: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How hiding each part of an image moves its distance to another embedding, (28, 28) float32.

    A black square is laid over the image at every `STRIDE` pixels; a pixel's value is the mean change of the distance
    over the squares that cover it. Above zero: without this part the two are farther apart, it makes them alike. Below
    zero: it sets them apart. Where the image is black already nothing changes.

    Args:
        embed: Embeddings (n, d) of images uint8 (n, 28, 28).
        image: uint8 (28, 28).
        other: (d,), the embedding of what it is compared with.

    References:
        M. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section 4.2; there the
        square is grey, here black, which is what surrounds the items.
    """
    corners = list(itertools.product(*(range(0, side - PATCH + 1, STRIDE) for side in image.shape)))
    images = np.repeat(image[None], len(corners), axis=0)
    for hidden, (top, left) in zip(images, corners, strict=True):
        hidden[top : top + PATCH, left : left + PATCH] = 0
    changed = (images != image).any(axis=(1, 2))  # of the others the change is known: none
    distances = euclidean_distances(embed(np.concatenate([image[None], images[changed]])), other)
    changes = np.zeros(len(corners))
    changes[changed] = distances[1:] - distances[0]
    total, covered = np.zeros(image.shape), np.zeros(image.shape)
    for (top, left), change in zip(corners, changes, strict=True):
        total[top : top + PATCH, left : left + PATCH] += change
        covered[top : top + PATCH, left : left + PATCH] += 1
    return (total / covered).astype(np.float32)
