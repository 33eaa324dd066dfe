import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siamese_core.errors import ImageRejectedError
from siamese_core.sketch import CANVAS, MAX_PACKED, MAX_POINTS, Stroke, pack, paint, unpack

places = st.integers(-CANVAS, 2 * CANVAS)
some_strokes = st.builds(
    Stroke, st.integers(1, 80), st.lists(st.tuples(places, places), min_size=1, max_size=40).map(tuple)
)


def test_a_dot_is_round_and_as_wide_as_its_brush():
    picture = paint([Stroke(20, ((100, 50),))])
    assert picture.shape == (CANVAS, CANVAS)
    assert picture.dtype == np.uint8
    assert picture[50, 100] == 255
    assert picture[50, 111] == picture[50 + 8, 100 + 8] == picture[39, 100] == 0
    assert picture[50 + 6, 100 + 6] == 255
    assert (picture > 127).sum() == pytest.approx(np.pi * 10**2, rel=0.1)


def test_a_line_joins_its_points_and_edges_are_grey():
    picture = paint([Stroke(10, ((50, 50), (150, 90)))])
    assert picture[70, 100] == 255
    assert picture[100, 50] == 0
    assert ((picture > 0) & (picture < 255)).any()


def test_what_runs_off_the_canvas_is_cut():
    assert paint([Stroke(4, ((-100, -100), (-50, 500)))]).max() == 0


@given(st.lists(some_strokes, min_size=1, max_size=4))
def test_packed_strokes_come_back_as_they_were(strokes):
    text = pack(strokes)
    assert unpack(text) == strokes
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_small_steps_take_under_three_letters_a_point():
    points = tuple((20 + x, 40 + (x % 7)) for x in range(0, 200, 4))
    assert len(pack([Stroke(18, points)])) < 3 * len(points) + 8


def test_what_is_too_long_for_a_link_is_said_to_be_so():
    with pytest.raises(ImageRejectedError, match="too long for a link"):
        pack([Stroke(18, ((0, 0), (200, 200)) * 700)])


def test_too_many_points_are_not_painted():
    with pytest.raises(ImageRejectedError, match="more than 6,000 points"):
        paint([Stroke(4, ((0, 0),) * (MAX_POINTS + 1))])


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda noise: noise.hex()))
def test_a_strangers_letters_are_a_drawing_or_refused(text):
    try:
        strokes = unpack(text)
    except ImageRejectedError:
        return
    assert unpack(pack(strokes)) == strokes


@pytest.mark.parametrize(
    "text", ["", "A", "AA", "!!!!", "EgE", "A" * (MAX_PACKED + 1), "_" * 200, "ÄÄÄÄ", "EgH_____Dw"]
)
def test_what_is_no_drawing_is_refused(text):
    with pytest.raises(ImageRejectedError, match="damaged"):
        unpack(text)


@pytest.mark.parametrize(
    ("width", "points"), [(0, ((1, 1),)), (81, ((1, 1),)), (9, ()), (9, ((1, 561),)), (9, ((-281, 0),))]
)
def test_what_no_pad_draws_is_no_stroke(width, points):
    with pytest.raises(ValueError, match="must"):
        Stroke(width, points)
