import struct
import threading
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from siamese_core import images
from siamese_core.errors import ImageRejectedError
from siamese_core.images import load_image, read_grey
from tests.hostile.made import chunk, gif, jpeg, png, webp
from tests.pictures import boot, encoded, item_like_the_data

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


def test_orientation_is_read_from_xmp_where_exif_says_nothing():
    upright = encoded(boot())
    turned = encoded(boot().transpose(Image.Transpose.ROTATE_90))
    xmp = chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<rdf:Description tiff:Orientation="6"/>')
    np.testing.assert_array_equal(load_image(turned[:33] + xmp + turned[33:]), load_image(upright))


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


@pytest.mark.parametrize("header", [png, webp, gif])
@pytest.mark.parametrize("side", [4097, 9400, 13000])
def test_tiny_file_that_claims_too_many_pixels_is_refused_by_its_header(header, side, monkeypatch):
    def never(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", never)
    with pytest.raises(ImageRejectedError, match=r"16\.7 megapixels \(4096 × 4096; JPEG: 50 megapixels; WebP"):
        load_image(header(side, side))


def test_jpeg_over_50_megapixels_is_refused():
    with pytest.raises(ImageRejectedError, match="JPEG: 50 megapixels"):
        load_image(jpeg(7100, 7100))


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
