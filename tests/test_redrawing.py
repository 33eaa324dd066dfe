import numpy as np
import pytest

from siamese_core.redrawing import redraw


def drawings(photograph, count=40):
    return [redraw(photograph, np.random.default_rng(seed)) for seed in range(count)]


@pytest.fixture
def photograph():
    """A shaded upright bar."""
    image = np.zeros((28, 28), np.uint8)
    image[:, 10:18] = np.linspace(90, 200, 28 * 8).reshape(28, 8)
    return image


def test_drawing_fills_the_frame_and_keeps_the_item_whole(photograph):
    for drawing in drawings(photograph):
        rows, columns = np.nonzero(drawing > 24)
        assert (drawing.shape, drawing.dtype) == ((28, 28), np.uint8)
        assert max(np.ptp(rows), np.ptp(columns)) >= 26
        assert drawing[12:16, 12:16].max() > 24


def test_proportions_change_towards_a_square_and_bodies_are_mostly_flat(photograph):
    drawn = drawings(photograph)
    widths = [np.ptp(np.nonzero(drawing > 24)[1]) + 1 for drawing in drawn]
    assert min(widths) < 12
    assert max(widths) > 16
    flat = [np.ptp(drawing[10:18, 13:15].astype(int)) < 8 for drawing in drawn]
    assert 0.4 < np.mean(flat) < 0.95


def test_black_picture_comes_back_as_it_is():
    black = np.zeros((28, 28), np.uint8)
    np.testing.assert_array_equal(redraw(black, np.random.default_rng(0)), black)
