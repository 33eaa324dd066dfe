"""What a model says of images, as plain values: one and the same on the command line and from the service."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from siamese_core.bundle import Bundle
from siamese_core.calibration import is_unsure
from siamese_core.comparison import compare
from siamese_core.gallery import Gallery


def distance_answer(bundle: Bundle, images: np.ndarray, *, base_rate: float, sureness: float) -> dict[str, Any]:
    """How far apart two images (2, 28, 28) uint8 are, whether they are the same, and how sure that is.

    Args:
        bundle: The model that decides.
        images: A and B.
        base_rate: The share of same pairs one expects.
        sureness: The verdict is "not sure" where neither answer is as probable as this.
    """
    a, b = (bundle.encoder.embed(image[None])[0] for image in images)  # in one batch a last bit may hang on the place
    comparison = compare(a, b, bundle.threshold)
    p_same = float(bundle.calibration.probability(comparison.distance, base_rate=base_rate))
    familiar = _familiar(bundle, images)
    return {
        "model": bundle.name,
        "distance": comparison.distance,
        "threshold": comparison.threshold,
        "same": comparison.same,
        "p_same": p_same,
        "verdict": "not sure" if is_unsure(p_same, sureness) else "same" if comparison.same else "different",
        "familiar": None if None in familiar else all(familiar),
        "familiar_a": familiar[0],
        "familiar_b": familiar[1],
    }


def search_answer(
    bundle: Bundle,
    gallery: Gallery,
    class_names: Sequence[str],
    images: np.ndarray,
    references: Sequence[str],
    *,
    k: int,
) -> list[dict[str, Any]]:
    """The nearest items and classes of each image (n, 28, 28) uint8, nearest first.

    Args:
        bundle: The model that measures.
        gallery: The test items to search.
        class_names: By label.
        images: What to look for.
        references: What each is called; one like `test:123` is not found as its own neighbour.
        k: Neighbours of each.
    """
    answers = []
    embeddings = bundle.encoder.embed(images)
    for reference, query, familiar in zip(references, embeddings[:, None], _familiar(bundle, images), strict=True):
        itself = int(reference.removeprefix("test:")) if reference.startswith("test:") else None
        found = gallery.nearest(query, k, exclude=itself)
        ranked = sorted(gallery.class_distances(query, exclude=itself).items(), key=lambda entry: entry[1][0])
        answers.append(
            {
                "image": reference,
                "familiar": familiar,
                "neighbours": [
                    {"item": f"test:{item}", "class": class_names[label], "distance": float(distance)}
                    for item, label, distance in zip(found.ids[0], found.labels[0], found.distances[0], strict=True)
                ],
                "classes": [
                    {"class": class_names[label], "distance": float(distances[0])} for label, distances in ranked
                ],
            }
        )
    return answers


def _familiar(bundle: Bundle, images: np.ndarray) -> list[bool | None]:
    """Whether each of the images (n, 28, 28) is like the data; None where the model cannot tell."""
    known = bundle.familiarity
    return known.is_familiar(images).tolist() if known else [None] * len(images)
