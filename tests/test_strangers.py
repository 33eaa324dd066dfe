import numpy as np
import pytest

from siamese_core.strangers import SHARES, cut_up_item, draw_stranger, draw_strangers, to_picture


@pytest.mark.parametrize("kind", SHARES)
def test_every_kind_gives_pictures_like_the_data_in_form_that_differ(kind):
    rng = np.random.default_rng(0)
    one, other = draw_stranger(kind, rng), draw_stranger(kind, rng)
    assert (one.shape, one.dtype) == ((28, 28), np.uint8)
    assert one.max() > 100
    assert (one != other).any()


def test_as_many_strangers_as_wanted_the_same_for_the_same_seed(tiny):
    images = tiny.split("test").images
    for count in (1, 7, 30):
        strangers = draw_strangers(count, images, np.random.default_rng(count))
        assert strangers.shape == (count, 28, 28)
        np.testing.assert_array_equal(strangers, draw_strangers(count, images, np.random.default_rng(count)))


def test_item_cut_up_has_parts_of_items_and_is_none():
    items = np.repeat(np.arange(1, 4, dtype=np.uint8), 784).reshape(3, 28, 28)
    pieces = cut_up_item(items, np.random.default_rng(0))
    assert set(np.unique(pieces)) <= {1, 2, 3}
    assert all(np.ptp(block) == 0 for row in np.split(pieces, 4) for block in np.split(row, 4, axis=1))


def test_picture_of_any_numbers_reaches_from_black_to_white():
    np.testing.assert_array_equal(to_picture([[-1.0, 0.0, 1.0]]), [[0, 128, 255]])
    np.testing.assert_array_equal(to_picture([[3.0, 3.0]]), [[0, 0]])
