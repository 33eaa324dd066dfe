import itertools

import numpy as np
import pytest

from siamese_core.artifacts import load_bundle
from siamese_core.comparison import compare
from siamese_core.explanation import PATCH, STRIDE, contributions, explain, occlusion


def brightness(images):
    """An encoder of two numbers: how bright the upper and the lower half are."""
    halves = images.reshape(len(images), 2, -1).astype(np.float32)
    return halves.mean(axis=2) / 255


def test_contributions_can_be_checked_by_hand():
    found = contributions(np.array([1.0, 0.0, 3.0], np.float32), np.array([0.5, 0.0, 1.0], np.float32))
    assert found.tolist() == [0.25, 0.0, 4.0]


@pytest.mark.parametrize("name", ["best", "classic"])
def test_contributions_sum_to_the_distance_squared(name):
    embeddings = load_bundle(name).gallery_embeddings
    for a, b in itertools.pairwise(embeddings[:200]):
        assert contributions(a, b).sum() == pytest.approx(compare(a, b, 1.0).distance ** 2, abs=1e-6)


def test_vectors_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="both have shape"):
        contributions(np.zeros(3), np.zeros(4))


def test_hiding_what_is_alike_moves_apart_and_hiding_what_is_not_moves_closer():
    image = np.zeros((28, 28), np.uint8)
    image[:14] = 200  # as bright above as the other one
    image[14:, :10] = 250  # below there is something that the other one lacks
    other = brightness(np.vstack([image[:14], np.zeros((14, 28), np.uint8)])[None])[0]
    heat = occlusion(brightness, image, other)
    assert heat[20, 4] < 0
    assert heat[20, 24] == 0.0  # black already


def test_values_are_those_of_one_square_after_another():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (28, 28), dtype=np.uint8)
    other = np.array([0.1, 0.9], np.float32)
    changes = [[[] for _ in range(28)] for _ in range(28)]
    whole = np.linalg.norm(brightness(image[None])[0] - other)
    for top in range(0, 28 - PATCH + 1, STRIDE):
        for left in range(0, 28 - PATCH + 1, STRIDE):
            hidden = image.copy()
            hidden[top : top + PATCH, left : left + PATCH] = 0
            for y in range(top, top + PATCH):
                for x in range(left, left + PATCH):
                    changes[y][x].append(np.linalg.norm(brightness(hidden[None])[0] - other) - whole)
    wanted = [[np.mean(of_pixel) for of_pixel in row] for row in changes]
    np.testing.assert_allclose(occlusion(brightness, image, other), wanted, atol=1e-6)


def test_the_image_given_stays_as_it_was():
    image = np.full((28, 28), 9, np.uint8)
    occlusion(brightness, image, np.zeros(2, np.float32))
    assert (image == 9).all()


def test_an_explanation_holds_what_its_parts_hold():
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28), dtype=np.uint8)
    found = explain(brightness, images)
    np.testing.assert_array_equal(found.embeddings, brightness(images))
    np.testing.assert_array_equal(found.squares, contributions(*found.embeddings))
    np.testing.assert_array_equal(found.heats[0], occlusion(brightness, images[0], found.embeddings[1]))
    np.testing.assert_array_equal(found.heats[1], occlusion(brightness, images[1], found.embeddings[0]))
