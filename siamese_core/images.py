"""The door for pictures from strangers: any upload -> grey pixels, or one clear refusal.

In this order: bytes counted, metadata taken out, format and size read from the header, first frame decoded, 16-bit grey
scaled, transparency laid over a background, grey, turned upright by its EXIF orientation. Nothing here keeps or returns
a stranger's file, name or metadata: only pixels pass. No picture takes more than a second or 300 MB.
"""

import threading
import warnings
from io import BytesIO

import numpy as np
import PIL.WebPImagePlugin  # noqa: F401  (registers WebP; Pillow would else load every format it knows)
from PIL import Image, ImageChops, JpegImagePlugin

from siamese_core.containers import Bare, bare
from siamese_core.errors import ImageRejectedError
from siamese_core.preprocessing import MIN_CONTRAST, WORKING_SIDE, preprocess, shrunk

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 4096 * 4096  # "16.7 megapixels": four bytes a pixel, and Pillow holds up to three copies
MAX_WEBP_PIXELS = 12_500_000  # a phone's 4032 × 3024; libwebp holds two copies besides Pillow's two
MAX_JPEG_PIXELS = 50_000_000  # a phone's camera; libjpeg decodes it at an eighth of its size
MAX_SIDE = 65_535  # pixels: the longest that JPEG and GIF can say; Pillow spends 12 bytes more on each row
# A progressive JPEG is gone through once a scan and kept whole, whatever size is asked for: a crafted 8 MB file of
# thousands of scans would run for minutes, one of full-size CMYK take 400 MB.
MAX_JPEG_SCAN_PIXELS = 1_000_000_000
MAX_JPEG_COEFFICIENT_BYTES = 160 * 1024 * 1024
FORMATS = ["PNG", "JPEG", "WEBP", "GIF"]

_decoding = threading.BoundedSemaphore(2)  # decodes at a time in a process: bounds memory however many sessions upload

# Once, at import, because warnings.catch_warnings is not thread-safe. The door checks sizes itself; these are the net.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
warnings.filterwarnings("ignore", module=r"PIL\.")

_TOO_MANY_PIXELS = (
    "The picture{name} has more than 16.7 megapixels (4096 × 4096; JPEG: 50 megapixels; WebP: 12.5 megapixels)"
    " or a side longer than 65,535 pixels; make it smaller and try again."
)
_UPRIGHT = {  # EXIF tag 0x0112 -> the turn that undoes it (CIPA DC-008, 4.6.4)
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load_image(data: bytes, name: str | None = None) -> np.ndarray:
    """The model-ready picture of an uploaded file: uint8 (28, 28), bright item on black.

    Args:
        data: The whole file: PNG, JPEG, WebP or GIF (first frame); its content decides, not its name.
        name: What to call it in a refusal; anything like a path or markup is taken out.

    Raises:
        ImageRejectedError: The only error, whatever the bytes are; says the limit and what to do.
    """
    return preprocess(read_grey(data, name)).image


def read_grey(data: bytes, name: str | None = None) -> np.ndarray:
    """The upright grey picture in a file, uint8 (h, w), no side longer than `WORKING_SIDE`.

    Raises:
        ImageRejectedError: As for `load_image`, except that a blank picture passes.
    """
    check_bytes(len(data), name)
    called = _called(name)
    with _decoding:
        image, file = _open(data, called)
        try:
            _check_size(image, file.data, called)
            image.load()
            return np.asarray(shrunk(_upright(_grey(image), file.orientation)))
        except ImageRejectedError:
            raise
        except Exception as error:  # Pillow leaks OSError, SyntaxError, ValueError, struct.error and more
            raise ImageRejectedError(
                "The picture{name} is damaged or incomplete; save or export it again.", name=called
            ) from error


def check_bytes(count: int, name: str | None = None) -> None:
    """Refuse a file by its size alone, before it is sent or read.

    Raises:
        ImageRejectedError: It is empty or larger than `MAX_BYTES`.
    """
    called = _called(name)
    if not count:
        raise ImageRejectedError("The picture{name} is empty; choose a PNG, JPEG, WebP or GIF picture.", name=called)
    if count > MAX_BYTES:
        raise ImageRejectedError("The picture{name} is larger than 8 MB; save it smaller or as JPEG.", name=called)


def _called(name: str | None) -> str:
    """A picture's name as a message says it: a stranger's text that a page may render, so no path, markup or length."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if letter.isalnum() or letter in " .-")[:60].strip(" .-")
    return f" “{plain}”" if plain else ""


def _open(data: bytes, called: str) -> tuple[Image.Image, Bare]:
    """The undecoded image, format and header only, and the file it is decoded from."""
    try:
        file = bare(data)
        return Image.open(BytesIO(file.data), formats=FORMATS), file
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRejectedError(_TOO_MANY_PIXELS, name=called) from error
    except Exception as error:  # any of a dozen types, by plugin
        raise ImageRejectedError(
            "The picture{name} is not a picture that can be read, or is damaged; choose a PNG, JPEG, WebP or GIF.",
            name=called,
        ) from error


def _check_size(image: Image.Image, data: bytes, called: str) -> None:
    """Refuses by the header alone what would take too much memory or time, and asks libjpeg for a small decode."""
    pixels = image.width * image.height
    limit = {"JPEG": MAX_JPEG_PIXELS, "WEBP": MAX_WEBP_PIXELS}.get(str(image.format), MAX_PIXELS)
    if pixels > limit or max(image.size) > MAX_SIDE:
        raise ImageRejectedError(_TOO_MANY_PIXELS, name=called)
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return
    scans = data.count(b"\xff\xda")  # in coded data 0xFF is always followed by 0x00 or a restart marker
    if scans > 1 and (scans * pixels > MAX_JPEG_SCAN_PIXELS or _coefficient_bytes(image) > MAX_JPEG_COEFFICIENT_BYTES):
        raise ImageRejectedError(
            "The picture{name} is a progressive JPEG too large to decode;"
            " save it as an ordinary (baseline) JPEG or smaller.",
            name=called,
        )
    share = WORKING_SIDE / max(image.size)
    image.draft(None, (max(1, int(image.width * share)), max(1, int(image.height * share))))


def _coefficient_bytes(image: JpegImagePlugin.JpegImageFile) -> int:
    """What libjpeg keeps of a JPEG in several scans: two bytes a coefficient of each, perhaps subsampled, component."""
    factors = [(h, v) for _, h, v, _ in image.layer]
    densest = max(h for h, _ in factors) * max(v for _, v in factors)
    return 2 * image.width * image.height * sum(h * v for h, v in factors) // densest


def _grey(image: Image.Image) -> Image.Image:
    """A decoded image as mode L, transparency laid over the background."""
    if image.mode.startswith("I"):  # convert("L") would clip 16 bits to white
        deep = np.asarray(image).astype(np.uint16)
        return Image.fromarray(((deep - (deep >> 8) + 128) >> 8).astype(np.uint8))  # deep / 257
    if image.has_transparency_data:
        if image.mode != "RGBA":  # a palette, or one transparent colour
            image = image.convert("RGBA")
        return _over_background(_brightness(image), image.getchannel("A"))
    return _brightness(image)


def _upright(grey: Image.Image, orientation: int) -> Image.Image:
    """Turned last, as one byte a pixel: a turned copy of a full-size colour image would cost 67 MB more."""
    turn = _UPRIGHT.get(orientation)
    return grey if turn is None else grey.transpose(turn)


def _brightness(image: Image.Image) -> Image.Image:
    """Mode L; where all colours are equally bright, the band of red, green and blue that tells them apart best."""
    grey = image.convert("L")
    if np.ptp(grey.getextrema()) >= MIN_CONTRAST or image.mode in ("1", "L", "LA"):
        return grey
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGB")
    spans = [int(np.ptp(extrema)) for extrema in image.getextrema()[:3]]
    return image.getchannel(spans.index(max(spans))) if max(spans) >= MIN_CONTRAST else grey


def _over_background(grey: Image.Image, alpha: Image.Image) -> Image.Image:
    """Laid over white, or over black where what is drawn is light: the side on which it shows more."""
    counts = grey.histogram(mask=alpha)  # of every pixel that is not wholly transparent
    drawn = max(1, sum(counts))
    mean = sum(level * count for level, count in enumerate(counts)) / drawn
    grey.paste(255 if mean < 128 else 0, mask=ImageChops.invert(alpha))
    return grey
