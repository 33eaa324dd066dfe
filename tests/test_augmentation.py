import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from siamese_core.augmentation import Places, augmented
from siamese_core.config import RECIPES

PLAIN = dataclasses.replace(RECIPES["best"], flip=False, shift=0, drawn=0.0, erased=0.0)
SEED = tf.constant([3, 7])


@pytest.fixture(scope="module")
def images(fashion):
    return fashion.split("train").images[:200]


def change(images, seed=SEED, **settings):
    return augmented(tf.constant(images), dataclasses.replace(PLAIN, **settings), seed).numpy()


def test_recipe_without_augmentation_changes_nothing(images):
    np.testing.assert_array_equal(change(images), images)


def test_half_of_the_images_are_mirrored_and_the_others_stay(images):
    changed = change(images, flip=True)
    mirrored = [np.array_equal(one, other[:, ::-1]) for one, other in zip(changed, images, strict=True)]
    stayed = [np.array_equal(one, other) for one, other in zip(changed, images, strict=True)]
    assert all(np.logical_or(mirrored, stayed))
    assert 0.3 < np.mean(mirrored) < 0.7


def test_shifted_image_is_the_image_moved_with_black_coming_in(images):
    changed = change(images, shift=2)
    for one, other in zip(changed, images, strict=True):
        padded = np.pad(other, 2)
        windows = [padded[row : row + 28, column : column + 28] for row in range(5) for column in range(5)]
        assert any(np.array_equal(one, window) for window in windows)


def test_the_first_images_are_drawn_as_many_as_asked_for_and_the_rest_stays(images):
    changed = change(images, drawn=0.3)
    assert not any(np.array_equal(one, other) for one, other in zip(changed[:60], images[:60], strict=True))
    np.testing.assert_array_equal(changed[60:], images[60:])


def test_drawings_keep_the_place_and_lose_the_texture(images):
    drawings = change(images, drawn=1.0)
    assert drawings.dtype == np.uint8
    assert drawings.shape == images.shape
    overlap = np.mean((drawings > 30) & (images > 30)) / np.mean(images > 30)
    assert overlap > 0.6
    levels = [len(np.unique(image)) for image in images]
    drawn_levels = [len(np.unique(image)) for image in drawings]
    assert np.median(drawn_levels) < np.median(levels)


def test_drawings_fill_their_frame_as_preprocessed_ones_do(images):
    items = change(images, drawn=1.0) > 30
    lengths = [max(np.ptp(np.flatnonzero(item.any(axis=axis))) for axis in (0, 1)) + 1 for item in items if item.any()]
    assert np.mean(np.array(lengths) >= 26) > 0.9


def sides_of(images):
    """Heights and widths (n, 2) of the items on the pictures."""
    return np.array([np.ptp(np.argwhere(image > 30), axis=0) + 1 for image in images if (image > 30).any()])


def test_drawings_of_long_items_come_nearer_to_a_square(fashion):
    training = fashion.split("train")
    trousers = training.images[training.labels == 1][:100]
    ratios, drawn_ratios = (
        sides.min(axis=1) / sides.max(axis=1) for sides in map(sides_of, (trousers, change(trousers, drawn=1.0)))
    )
    assert np.mean(drawn_ratios) > np.mean(ratios) + 0.1


def test_no_drawing_is_all_dark_lines(images):
    drawings = change(images, drawn=1.0)
    items = [image[image > 0] for image in drawings]
    assert np.mean([item.size and np.quantile(item, 0.75) >= 90 for item in items]) > 0.98


def test_a_share_of_the_images_loses_one_rectangle_and_the_others_stay(images):
    whole = np.full_like(images, 200)
    changed = change(whole, erased=0.3)
    hidden = [np.argwhere(image == 0) for image in changed if (image == 0).any()]
    assert 0.2 < len(hidden) / len(images) < 0.4
    for places in hidden:
        sides = np.ptp(places, axis=0) + 1
        assert len(places) == sides.prod()
        assert (sides <= 12).all()
    assert set(np.unique(changed)) == {0, 200}


def test_same_seed_same_change_another_seed_another(images):
    settings = {"flip": True, "shift": 2, "drawn": 0.5, "erased": 0.5}
    first, again = change(images, **settings), change(images, **settings)
    np.testing.assert_array_equal(first, again)
    assert (first != change(images, seed=tf.constant([3, 8]), **settings)).any()


@pytest.mark.parametrize("share", [slice(0, None, 2), slice(1, None, 3), slice(150, None), slice(0, 20)])
def test_a_replicas_share_of_a_batch_is_changed_as_in_the_whole(images, share):
    recipe = dataclasses.replace(PLAIN, flip=True, shift=2, drawn=0.3, erased=0.5)
    whole = augmented(tf.constant(images), recipe, SEED).numpy()
    places = Places(tf.range(len(images))[share], tf.constant(len(images)))
    np.testing.assert_array_equal(augmented(tf.constant(images[share]), recipe, SEED, places), whole[share])
