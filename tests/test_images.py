import io
import struct
import threading
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from siamese_core import images
from siamese_core.errors import ImageRejectedError
from siamese_core.images import load_image, preprocess, preprocess_sketch, read_grey

ORIENTED = {  # EXIF orientation -> how upright pixels have to be stored
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def boot(size=120, ink=0, paper=255, mode="L"):
    """A solid drawing that differs from each of its turns and mirror images."""
    image = Image.new(mode, (size, size), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle([size * 0.3, size * 0.1, size * 0.55, size * 0.8], fill=ink)
    draw.rectangle([size * 0.3, size * 0.6, size * 0.9, size * 0.8], fill=ink)
    return image


def outline(gap=0, width=4, ink=0, paper=255):
    """A square outline of 140 pixels, open at the top over `gap` pixels."""
    image = Image.new("L", (200, 200), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle([30, 30, 170, 170], outline=ink, width=width)
    if gap:
        draw.rectangle([100 - gap // 2, 25, 100 + gap // 2 - 1, 45], fill=paper)
    return image


def item_like_the_data(rng):
    item = np.zeros((28, 28), np.uint8)
    item[:, 6:22] = rng.integers(60, 256, (28, 16))
    return item


def png_header(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64))


def webp_header(width, height):
    bits = struct.pack("<I", (width - 1) | (height - 1) << 14)
    body = b"\x2f" + bits + b"\0" * 7
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body


def gif_header(width, height):
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame + b"\x3b"


# --- files that are taken ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_promised_format_becomes_one_bright_item_on_black(kind):
    picture = load_image(encoded(boot(), kind))
    assert picture.shape == (28, 28)
    assert picture.dtype == np.uint8
    assert picture[0, 0] <= 2  # outside
    assert picture[14, 8] >= 250  # in the shaft


def test_item_of_the_data_saved_as_png_comes_back_bit_for_bit():
    item = item_like_the_data(np.random.default_rng(0))
    for mode in ("L", "RGB", "RGBA"):
        np.testing.assert_array_equal(load_image(encoded(Image.fromarray(item).convert(mode))), item)
    deep = Image.fromarray(item.astype(np.uint16) * 257)
    np.testing.assert_array_equal(load_image(encoded(deep)), item)


def test_item_that_reaches_into_two_corners_still_comes_back_bit_for_bit():
    item = item_like_the_data(np.random.default_rng(0))
    item[-1, -1] = item[-1, 0] = 130
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(item))), item)


def test_negated_item_of_the_data_is_turned_bright_on_black():
    item = item_like_the_data(np.random.default_rng(0))
    picture = load_image(encoded(Image.fromarray(255 - item)))
    assert picture[:, :5].max() <= 8
    assert picture[:, 8:20].mean() > 120


def test_small_drawing_on_a_28_pixel_canvas_is_fitted_like_any_other():
    canvas = np.zeros((28, 28), np.uint8)
    canvas[10:16, 10:16] = 255
    assert (load_image(encoded(Image.fromarray(canvas))) == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_gives_the_upright_picture_to_one_grey_level(kind, orientation):
    def saved(image, **options):
        extra = {"PNG": {}, "JPEG": {"quality": 95}, "WEBP": {"lossless": True}}[kind]
        return encoded(image, kind, **extra, **options)

    upright = boot(112)
    turn = ORIENTED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright if turn is None else upright.transpose(turn)
    difference = load_image(saved(stored, exif=exif)).astype(int) - load_image(saved(upright))
    assert np.abs(difference).max() <= 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow's word on it; silenced outside pytest
def test_damaged_exif_does_not_cost_the_picture():
    data = encoded(boot(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    assert load_image(data).max() == 255


@pytest.mark.parametrize(("ink", "hidden"), [(0, 0), (0, 255), (255, 255), (255, 0), (200, 0)])
def test_transparent_drawing_shows_whatever_its_ink_and_its_hidden_colour(ink, hidden):
    alpha = boot(ink=255, paper=0)
    grey = Image.composite(Image.new("L", alpha.size, ink), Image.new("L", alpha.size, hidden), alpha)
    picture = load_image(encoded(Image.merge("LA", [grey, alpha])))
    expected = load_image(encoded(boot()))
    assert np.abs(picture.astype(int) - expected).max() <= 1


def test_half_transparent_ink_is_weighed_by_its_alpha():
    alpha = Image.new("L", (60, 60), 0)
    alpha.paste(255, (10, 10, 30, 50))
    alpha.paste(128, (30, 10, 50, 50))
    grey = read_grey(encoded(Image.merge("LA", [Image.new("L", (60, 60), 0), alpha])))
    assert grey[5, 5] == 255
    assert grey[30, 20] == 0
    assert abs(int(grey[30, 40]) - 127) <= 1


def test_sixteen_bits_are_scaled_and_not_clipped():
    ramp = np.linspace(0, 65535, 200).astype(np.uint16)[None].repeat(50, axis=0)
    grey = read_grey(encoded(Image.fromarray(ramp)))
    assert np.abs(grey.astype(int) - np.rint(ramp / 257)).max() <= 1


def test_cmyk_is_read_as_what_it_looks_like():
    data = encoded(boot(mode="RGB", ink=(0, 0, 0), paper=(255, 255, 255)).convert("CMYK"), "JPEG", quality=95)
    grey = read_grey(data)
    assert grey[2, 2] >= 250
    assert grey[60, 50] <= 5


def test_palette_with_a_transparent_entry_lies_on_a_background():
    paletted = boot().convert("P")
    paper = paletted.getpixel((0, 0))
    picture = load_image(encoded(paletted, "PNG", transparency=paper))
    np.testing.assert_array_equal(picture, load_image(encoded(boot())))


def test_colours_of_equal_brightness_are_told_apart():
    image = boot(mode="RGB", ink=(200, 0, 0), paper=(0, 102, 0))
    assert np.ptp(image.convert("L").getextrema()) < 3
    picture = load_image(encoded(image))
    assert np.abs(picture.astype(int) - load_image(encoded(boot()))).max() <= 1


def test_one_bit_pictures_are_read():
    np.testing.assert_array_equal(load_image(encoded(boot().convert("1"))), load_image(encoded(boot())))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_gives_its_first_frame(kind):
    frames = [boot(), boot().transpose(Image.Transpose.ROTATE_180)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, **options)
    np.testing.assert_array_equal(load_image(data), load_image(encoded(boot())))


def test_content_decides_and_not_the_name():
    expected = load_image(encoded(boot()))
    np.testing.assert_array_equal(load_image(encoded(boot()), "boot.jpg"), expected)


def test_fifty_megapixel_jpeg_is_taken():
    data = encoded(boot(7000), "JPEG", quality=30)
    picture = load_image(data)
    assert np.abs(picture.astype(int) - load_image(encoded(boot(700)))).mean() < 3


def test_two_pictures_at_most_are_decoded_at_a_time(monkeypatch):
    running, most, lock = [0], [0], threading.Lock()
    original = images._grey
    two_are_in = threading.Barrier(2)

    def counted(image):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        two_are_in.wait(timeout=10)  # passes only if two are inside together
        with lock:
            running[0] -= 1
        return original(image)

    monkeypatch.setattr(images, "_grey", counted)
    threads = [threading.Thread(target=load_image, args=(encoded(boot()),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 2


# --- files that are refused -------------------------------------------------------------------------------------------


def test_empty_file_is_refused():
    with pytest.raises(ImageRejectedError, match="is empty; choose a PNG"):
        load_image(b"")


def test_file_over_8_mb_is_refused_and_one_at_the_limit_is_read():
    data = encoded(boot())
    with pytest.raises(ImageRejectedError, match="larger than 8 MB"):
        load_image(data.ljust(images.MAX_BYTES + 1, b"\0"))
    assert load_image(data.ljust(images.MAX_BYTES, b"\0")).shape == (28, 28)


@pytest.mark.parametrize("data", [b"hello", b"\0" * 1000, b"<svg></svg>", b"%PDF-1.4", b"GIF89a", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ImageRejectedError, match="not a picture that can be read"):
        load_image(data)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_formats_that_are_not_promised_are_refused(kind):
    with pytest.raises(ImageRejectedError, match="choose a PNG, JPEG, WebP or GIF"):
        load_image(encoded(boot(32), kind))


@pytest.mark.parametrize("header", [png_header, webp_header, gif_header])
@pytest.mark.parametrize("side", [4097, 9400, 13000])
def test_tiny_file_that_claims_too_many_pixels_is_refused_by_its_header(header, side, monkeypatch):
    def never(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", never)
    with pytest.raises(ImageRejectedError, match=r"more than 16\.7 megapixels \(4096 × 4096; JPEG: 50 megapixels\)"):
        load_image(header(side, side))


def test_jpeg_over_50_megapixels_is_refused():
    data = bytearray(encoded(boot(64), "JPEG"))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", 7100, 7100)
    with pytest.raises(ImageRejectedError, match="JPEG: 50 megapixels"):
        load_image(bytes(data))


def test_progressive_jpeg_of_thousands_of_scans_is_refused_before_decoding():
    data = encoded(boot(2000), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageRejectedError, match="progressive JPEG too large"):
        load_image(data[:-2] + scan * 1000 + data[-2:])


def test_progressive_jpeg_with_sampling_factors_of_zero_is_refused():
    data = bytearray(encoded(boot(mode="RGB", ink=(0, 0, 0), paper=(255, 255, 255)), "JPEG", progressive=True))
    start = data.index(b"\xff\xc2")
    for component in range(3):
        data[start + 11 + 3 * component] = 0
    with pytest.raises(ImageRejectedError, match="damaged or incomplete"):
        load_image(bytes(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_file_cut_off_anywhere_before_its_last_pixel_is_refused(kind):
    rng = np.random.default_rng(0)
    data = encoded(Image.fromarray(rng.integers(0, 256, (60, 60), dtype=np.uint8)), kind)
    for end in np.linspace(0, len(data) - 24, 50).astype(int):  # a PNG ends with 20 bytes of checksums and IEND
        with pytest.raises(ImageRejectedError, match=r"is empty|not a picture|damaged or incomplete"):
            load_image(data[:end])


def test_refusal_names_the_file_without_path_or_markup():
    with pytest.raises(ImageRejectedError, match=r"^The picture “my shoe\.png” is empty") as refusal:
        load_image(b"", "/home/someone/secret/my shoe.png")
    assert "secret" not in str(refusal.value)
    with pytest.raises(ImageRejectedError) as refusal:
        load_image(b"", "C:\\Users\\x\\![a](http://host/<b>*_`$\n.png" + "y" * 300)
    assert not set("\\/<>*_`$\n![]") & set(str(refusal.value))
    assert len(str(refusal.value)) < 150


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X"]),
)
def test_random_bytes_give_a_picture_or_a_refusal(body, start):
    assert_picture_or_refusal(start + body)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8), st.booleans())
def test_mutated_png_gives_a_picture_or_a_refusal(changes, checksums_repaired):
    data = bytearray(encoded(boot(40)))
    for position, value in changes:
        data[position % len(data)] = value
    assert_picture_or_refusal(with_checksums(bytes(data)) if checksums_repaired else bytes(data))


def assert_picture_or_refusal(data):
    try:
        picture = load_image(data)
    except ImageRejectedError:
        return
    assert picture.shape == (28, 28)
    assert picture.dtype == np.uint8


def with_checksums(data):
    """The PNG with its chunks' checksums made right, so that damage gets past them."""
    parts, position = [data[:8]], 8
    while position + 12 <= len(data):
        length = min(struct.unpack(">I", data[position : position + 4])[0], len(data) - position - 12)
        body = data[position + 4 : position + 8 + length]
        parts.append(struct.pack(">I", length) + body + struct.pack(">I", zlib.crc32(body)))
        position += 12 + length
    return b"".join(parts)


# --- the steps --------------------------------------------------------------------------------------------------------


def test_every_step_can_be_looked_at():
    result = preprocess(np.asarray(outline()))
    assert tuple(name for name, _ in result.steps) == images.STEP_NAMES
    given, polarity, cropped, filled, fitted = (picture for _, picture in result.steps)
    assert given[0, 0] == 255
    assert polarity[0, 0] == 0
    assert polarity[30, 30] == 255
    assert cropped.shape == (141, 141)
    assert cropped[70, 70] == 0
    assert filled[70, 70] == images.BODY_LEVEL
    assert fitted.shape == (28, 28)
    assert result.image is fitted


@pytest.mark.parametrize("name", ["polarity", "cropped", "filled"])
def test_step_switched_off_shows_what_it_was_given(name):
    result = preprocess(np.asarray(outline()), skip=[name])
    pictures = dict(result.steps)
    before = images.STEP_NAMES[images.STEP_NAMES.index(name) - 1]
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
        if np.ptp(canvas) < images.MIN_CONTRAST:
            with pytest.raises(ImageRejectedError, match="Nothing is drawn"):
                entry(canvas)
        else:
            assert entry(canvas).image.shape == (28, 28)


def test_flood_agrees_with_one_pixel_at_a_time():
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = rng.random((12, 17)) < 0.6
        labels = np.arange(1, mask.size + 1).reshape(mask.shape) * mask
        np.testing.assert_array_equal(images._flooded(labels, mask), flooded_by_loops(labels, mask))


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
