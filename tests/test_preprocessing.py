import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from siamese_core import preprocessing
from siamese_core.errors import ImageRejectedError
from siamese_core.images import load_image, read_grey
from siamese_core.preprocessing import preprocess, preprocess_sketch
from tests.pictures import boot, encoded, outline


def test_every_step_can_be_looked_at():
    result = preprocess(np.asarray(outline()))
    assert tuple(name for name, _ in result.steps) == preprocessing.STEP_NAMES
    given, polarity, cropped, filled, fitted = (picture for _, picture in result.steps)
    assert given[0, 0] == 255
    assert polarity[0, 0] == 0
    assert polarity[30, 30] == 255
    assert cropped.shape == (141, 141)
    assert cropped[70, 70] == 0
    assert filled[70, 70] == preprocessing.BODY_LEVEL
    assert fitted.shape == (28, 28)
    assert result.image is fitted


@pytest.mark.parametrize("name", preprocessing.SKIPPABLE)
def test_step_switched_off_shows_what_it_was_given(name):
    result = preprocess(np.asarray(outline()), skip=[name])
    pictures = dict(result.steps)
    before = preprocessing.STEP_NAMES[preprocessing.STEP_NAMES.index(name) - 1]
    np.testing.assert_array_equal(pictures[name], pictures[before])
    assert result.image.shape == (28, 28)


@pytest.mark.parametrize("name", ["given", "fitted", "sharpened"])
def test_step_that_cannot_be_switched_off_is_named(name):
    with pytest.raises(ValueError, match=f"`skip` may hold polarity, cropped, filled; got {name}"):
        preprocess(np.asarray(outline()), skip=[name])


@pytest.mark.parametrize("wrong", [np.zeros((4, 4)), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.uint8)])
def test_array_that_is_no_grey_picture_is_a_callers_mistake(wrong):
    with pytest.raises(ValueError, match=r"`grey` must be uint8 of shape \(h, w\)"):
        preprocess(wrong)


def test_sketch_and_its_negative_as_a_file_give_the_same_picture():
    sketch = outline(ink=255, paper=0)
    from_pad = preprocess_sketch(np.asarray(sketch)).image
    from_file = load_image(encoded(outline()))
    np.testing.assert_array_equal(from_pad, from_file)


@pytest.mark.parametrize("level", [0, 7, 128, 255])
@pytest.mark.parametrize("shape", [(28, 28), (200, 200), (1, 10_000)])
def test_blank_picture_is_refused(level, shape):
    blank = np.full(shape, level, np.uint8)
    with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
        load_image(encoded(Image.fromarray(blank)))
    with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
        preprocess_sketch(blank)


@pytest.mark.parametrize("shape", [(1, 1_000), (1_000, 1), (1, 1), (2, 3), (300, 200)])
def test_one_dot_gives_a_picture_in_any_canvas_that_has_room_for_it(shape):
    canvas = np.full(shape, 255, np.uint8)
    canvas[shape[0] // 2, shape[1] // 2] = 0
    if canvas.size == 1:
        with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
            preprocess(canvas)
    else:
        assert load_image(encoded(Image.fromarray(canvas))).max() > 100


def test_faint_drawing_of_a_few_grey_levels_shows():
    for size in (28, 200):
        canvas = np.zeros((size, size), np.uint8)
        canvas[size // 4 : -size // 4, size // 4 : -size // 4] = 8
        assert (preprocess(canvas).image[2:-2, 2:-2] > 200).all()


def test_outline_with_gaps_is_filled_like_a_closed_one():
    closed = preprocess(np.asarray(outline())).image
    for gap in (2, 6, 16):
        picture = preprocess(np.asarray(outline(gap))).image
        assert abs(int(picture[14, 14]) - int(closed[14, 14])) <= 1
        assert (picture > 100).mean() > 0.95


def test_open_stroke_is_not_made_a_body():
    canvas = np.zeros((200, 200), np.uint8)
    canvas[20:180, 98:102] = 255
    canvas[176:180, 20:180] = 255
    picture = preprocess_sketch(canvas).image
    assert picture[5, 3] == 0


def test_hole_in_a_solid_body_stays_open():
    image = Image.new("L", (200, 200), 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle([20, 20, 180, 180], fill=0)
    draw.rectangle([80, 40, 120, 60], fill=255)
    picture = preprocess(np.asarray(image)).image
    assert picture[5, 14] <= 30
    assert picture[20, 14] >= 250


def test_shading_of_a_solid_body_keeps_its_order():
    image = np.full((200, 200), 255, np.uint8)
    image[20:180, 20:180] = np.linspace(40, 200, 160).astype(np.uint8)
    row = preprocess(image).image[14].astype(int)
    assert (np.diff(row[2:-2]) < 0).all()


def test_item_keeps_its_proportions_and_stands_in_the_middle():
    canvas = np.zeros((300, 300), np.uint8)
    canvas[10:210, 5:105] = 255  # twice as high as wide, in a corner
    picture = preprocess_sketch(canvas).image
    np.testing.assert_array_equal(np.flatnonzero(picture.any(axis=1)), np.arange(28))
    np.testing.assert_array_equal(np.flatnonzero(picture.any(axis=0)), np.arange(7, 21))


def test_specks_and_jpeg_noise_do_not_widen_the_crop():
    rng = np.random.default_rng(0)
    clean = boot(200)
    noisy = np.asarray(clean).astype(int) + rng.normal(0, 4, (200, 200)).astype(int)
    noisy[3:5, 3:5] = noisy[190:192, 4:6] = 0
    data = encoded(Image.fromarray(noisy.clip(0, 255).astype(np.uint8)), "JPEG", quality=60)
    cropped, expected = (dict(preprocess(read_grey(file)).steps)["cropped"] for file in (data, encoded(clean)))
    assert np.abs(np.subtract(cropped.shape, expected.shape)).max() <= 6  # of 200


def test_grey_background_disappears_behind_lighter_and_darker_parts():
    canvas = np.full((200, 200), 128, np.uint8)
    canvas[40:160, 40:100] = 255
    canvas[40:160, 100:160] = 0
    picture = preprocess(canvas).image
    assert (picture[2:-2, 2:-2] > 200).mean() > 0.9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_canvas_gives_a_picture_or_says_that_nothing_is_drawn(height, width, seed):
    rng = np.random.default_rng(seed)
    canvas = rng.integers(0, rng.integers(1, 257), (height, width), dtype=np.uint8)
    for entry in (preprocess, preprocess_sketch):
        if np.ptp(canvas) < preprocessing.MIN_CONTRAST:
            with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
                entry(canvas)
        else:
            assert entry(canvas).image.shape == (28, 28)


def test_flood_agrees_with_one_pixel_at_a_time():
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = rng.random((12, 17)) < 0.6
        labels = np.arange(1, mask.size + 1).reshape(mask.shape) * mask
        np.testing.assert_array_equal(preprocessing._flooded(labels, mask), flooded_by_loops(labels, mask))


def flooded_by_loops(values, mask):
    result = values.copy()
    changed = True
    while changed:
        changed = False
        for row, column in np.argwhere(mask):
            for near in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                inside = 0 <= near[0] < mask.shape[0] and 0 <= near[1] < mask.shape[1]
                if inside and mask[near] and result[near] > result[row, column]:
                    result[row, column] = result[near]
                    changed = True
    return result
