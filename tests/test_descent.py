"""Points that follow the contrastive loss."""

import numpy as np
import pytest

from siamese_core.descent import descend
from siamese_core.pairs import Pairs

ORIGIN = np.zeros((2, 2))
APART = np.array([[0.0, 0.0], [0.6, 0.0]])


def pair(is_same: bool) -> Pairs:
    return Pairs(np.array([0]), np.array([1]), np.array([is_same]))


def test_a_step_at_an_eighth_brings_a_same_pair_to_half_its_distance() -> None:
    way = descend(APART, pair(is_same=True), margin=1.0, rate=1 / 8, steps=1)  # both ends move: 2 · 2d / 8
    np.testing.assert_allclose(way.points[1], [[0.15, 0.0], [0.45, 0.0]])
    np.testing.assert_allclose(way.losses, [0.36, 0.09])


def test_a_different_pair_comes_to_rest_at_the_margin() -> None:
    way = descend(APART, pair(is_same=False), margin=1.0, rate=1 / 8, steps=40)
    assert np.linalg.norm(way.points[-1, 0] - way.points[-1, 1]) == pytest.approx(1.0)
    assert (np.diff(way.losses) <= 0.0).all()


def test_a_different_pair_beyond_the_margin_stays_where_it_is() -> None:
    way = descend(APART, pair(is_same=False), margin=0.5, rate=1 / 8, steps=3)
    np.testing.assert_array_equal(way.points[-1], APART)
    assert not way.losses.any()


def test_points_in_one_place_never_part() -> None:
    way = descend(ORIGIN, pair(is_same=False), margin=1.0, rate=1 / 8, steps=3)
    np.testing.assert_array_equal(way.points[-1], ORIGIN)
    np.testing.assert_array_equal(way.losses, 1.0)
