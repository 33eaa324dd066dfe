"""Drawings nobody would make on purpose."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from siamese_core.errors import ImageRejectedError
from siamese_core.preprocessing import preprocess, preprocess_sketch
from siamese_core.sketch import CANVAS, MAX_WIDTH, Stroke, paint

places = st.integers(-CANVAS, 2 * CANVAS)
strokes = st.builds(
    Stroke, st.integers(1, MAX_WIDTH), st.lists(st.tuples(places, places), min_size=1, max_size=20).map(tuple)
)


def assert_image_or_nothing_drawn(canvas, entry=preprocess_sketch):
    try:
        image = entry(canvas).image
    except ImageRejectedError as error:
        if "Nothing is drawn" not in str(error):
            raise
        return
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.any()


def test_no_stroke_is_nothing_drawn():
    with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
        preprocess_sketch(paint([]))


@pytest.mark.parametrize("width", [1, 20, MAX_WIDTH])
def test_one_dot_is_an_image(width):
    assert preprocess_sketch(paint([Stroke(width, ((140, 140),))])).image.max() > 100


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("shape", [(280, 280), (1, 10_000), (10_000, 1), (1, 1)])
@pytest.mark.parametrize("entry", [preprocess, preprocess_sketch])
def test_one_even_colour_is_nothing_drawn(level, shape, entry):
    with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
        entry(np.full(shape, level, np.uint8))


def test_a_canvas_painted_all_over_is_nothing_drawn():
    with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
        preprocess_sketch(paint([Stroke(MAX_WIDTH, tuple((x, y) for y in range(0, 281, 40) for x in (0, 280)))]))


@settings(max_examples=60, deadline=None)
@given(st.lists(strokes, max_size=6))
def test_random_strokes_are_an_image_or_nothing_drawn(drawn):
    assert_image_or_nothing_drawn(paint(drawn))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9_999), st.integers(1, 3_000), st.booleans())
@example(1_055, 1, False)
def test_a_mark_on_a_canvas_of_one_row_is_an_image_or_nothing_drawn(start, length, upright):
    canvas = np.zeros((1, 10_000), np.uint8)
    canvas[0, start : start + length] = 255
    for entry in (preprocess, preprocess_sketch):
        assert_image_or_nothing_drawn(canvas.T if upright else canvas, entry)
