"""An upload or a drawing -> one picture like those of Fashion-MNIST: bright item on black, 28x28.

The door, `read_grey`, in this order: bytes counted, format and size read from the header, first frame decoded, 16-bit
grey scaled, transparency laid over a background, grey, turned upright by its EXIF orientation. The steps, `preprocess`,
each of which can be looked at and switched off, reproduce what the data went through (Xiao et al. 2017, section 2:
trim, longest side to 28, sharpen, extend, negate) and add what only drawings need:

1. `given`: grey, at a working size.
2. `polarity`: the distance from the background's grey, stretched: bright on black whichever way it came.
3. `cropped`: the background blackened, specks dropped, cut to the object.
4. `filled`: outlines become bodies with their lines on them, flat or faint bodies get the data's brightness.
5. `fitted`: longest side 28, sharpened, centred.

Nothing here keeps or returns a stranger's file, name or metadata: only pixels pass.

References:
    Xiao, Rasul, Vollgraf 2017, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms".
"""

import threading
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import PIL.WebPImagePlugin  # noqa: F401  (registers WebP; Pillow would else load every format it knows)
from PIL import Image, ImageChops, ImageFilter, JpegImagePlugin

from siamese_core.errors import ImageRejectedError

SIDE = 28
STEP_NAMES = ("given", "polarity", "cropped", "filled", "fitted")

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 4096 * 4096  # "16.7 megapixels": four bytes a pixel, and decoders hold up to four copies
MAX_JPEG_PIXELS = 50_000_000  # a phone's camera; libjpeg decodes it at an eighth of its size
# A progressive JPEG is gone through once a scan and kept whole, whatever size is asked for: a crafted 8 MB file of
# thousands of scans would run for minutes, one of full-size CMYK take 400 MB.
MAX_JPEG_SCAN_PIXELS = 1_000_000_000
MAX_JPEG_COEFFICIENT_BYTES = 200 * 1024 * 1024
FORMATS = ["PNG", "JPEG", "WEBP", "GIF"]

WORKING_SIDE = 256  # nine times the result: enough for thin lines, a few milliseconds for the pad
MIN_CONTRAST = 6  # grey levels at the working size: JPEG noise on a blank page stays below, a hairline above
ITEM_LEVEL = 24  # of 255 after stretching: what counts as drawn; a tenth, above JPEG ringing
BODY_LEVEL = 170  # median given to a filled body: that of what is not black in the data is 171
QUARTILE_LEVEL = 130  # lower quartile given to a faint body: the data's is 104, drawings want a little more

_decoding = threading.BoundedSemaphore(2)  # decodes at a time in a process: bounds memory however many sessions upload

# Once, at import, because warnings.catch_warnings is not thread-safe. The door checks sizes itself; these are the net.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
warnings.filterwarnings("ignore", module=r"PIL\.")

_UPRIGHT = {  # EXIF tag 0x0112 -> the turn that undoes it (CIPA DC-008, 4.6.4)
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Steps:
    """The way of one picture through `preprocess`.

    Attributes:
        steps: (name, picture) for each of `STEP_NAMES` in order; pictures are uint8 (h, w), the last one (28, 28).
    """

    steps: tuple[tuple[str, np.ndarray], ...]

    @property
    def image(self) -> np.ndarray:
        """The model-ready picture, uint8 (28, 28)."""
        return self.steps[-1][1]


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
    subject = _subject(name)
    if not data:
        raise ImageRejectedError(f"{subject} is empty; choose a PNG, JPEG, WebP or GIF picture.")
    if len(data) > MAX_BYTES:
        raise ImageRejectedError(f"{subject} is larger than 8 MB; save it smaller or as JPEG.")
    with _decoding:
        image = _open(data, subject)
        try:
            _check_size(image, data, subject)
            image.load()
            return np.asarray(_shrunk(_grey(image)))
        except ImageRejectedError:
            raise
        except Exception as error:  # Pillow leaks OSError, SyntaxError, ValueError, struct.error and more
            raise ImageRejectedError(f"{subject} is damaged or incomplete; save or export it again.") from error


def preprocess_sketch(canvas: np.ndarray, *, skip: Collection[str] = ()) -> Steps:
    """The steps of a drawing made with white strokes on black, uint8 (s, s); see `preprocess`."""
    return preprocess(canvas, skip={*skip, "polarity"})


def preprocess(grey: np.ndarray, *, skip: Collection[str] = ()) -> Steps:
    """The steps from a grey picture, uint8 (h, w) of any size, to uint8 (28, 28).

    A picture that is already like the data comes through unchanged, so that an exported item keeps its distances.

    Args:
        skip: Names of steps to leave out, of `STEP_NAMES` without "given" and "fitted"; they show their input.

    Raises:
        ValueError: `grey` is not uint8 (h, w), or `skip` holds another name.
        ImageRejectedError: Nothing is drawn: one even grey.
    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or not grey.size:
        raise ValueError(f"`grey` must be uint8 of shape (h, w), got {grey.dtype} {grey.shape}")
    stages = {"polarity": _bright_on_black, "cropped": _cropped, "filled": _filled}
    if unknown := set(skip) - set(stages):
        raise ValueError(f"`skip` may hold {', '.join(stages)}; got {', '.join(sorted(unknown))}")
    picture = np.asarray(_shrunk(Image.fromarray(grey)))
    if int(picture.max()) - int(picture.min()) < MIN_CONTRAST:
        raise ImageRejectedError("Nothing is drawn: the picture is one even colour; draw or choose one item.")
    if _is_like_the_data(picture):
        return Steps(tuple((name, picture) for name in STEP_NAMES))
    steps = [("given", picture)]
    for name, stage in stages.items():
        picture = picture if name in skip else stage(picture)
        steps.append((name, picture))
    return Steps((*steps, ("fitted", _fitted(picture))))


# --- the door ---------------------------------------------------------------------------------------------------------


def _subject(name: str | None) -> str:
    """How a message begins. The name is a stranger's text that a page may render: no path, no markup, no length."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if letter.isalnum() or letter in " .-")[:60].strip(" .-")
    return f"The picture “{plain}”" if plain else "The picture"


def _open(data: bytes, subject: str) -> Image.Image:
    """The undecoded image: format and header only."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRejectedError(_too_many_pixels(subject)) from error
    except Exception as error:  # any of a dozen types, by plugin
        raise ImageRejectedError(
            f"{subject} is not a picture that can be read, or is damaged; choose a PNG, JPEG, WebP or GIF."
        ) from error


def _too_many_pixels(subject: str) -> str:
    return f"{subject} has more than 16.7 megapixels (4096 × 4096; JPEG: 50 megapixels); make it smaller and try again."


def _check_size(image: Image.Image, data: bytes, subject: str) -> None:
    """Refuses by the header alone what would take too much memory or time, and asks libjpeg for a small decode."""
    pixels = image.width * image.height
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        if pixels > MAX_PIXELS:
            raise ImageRejectedError(_too_many_pixels(subject))
        return
    if pixels > MAX_JPEG_PIXELS:
        raise ImageRejectedError(_too_many_pixels(subject))
    scans = data.count(b"\xff\xda")  # in coded data 0xFF is always followed by 0x00 or a restart marker
    if scans > 1 and (scans * pixels > MAX_JPEG_SCAN_PIXELS or _coefficient_bytes(image) > MAX_JPEG_COEFFICIENT_BYTES):
        raise ImageRejectedError(
            f"{subject} is a progressive JPEG too large to decode; save it as an ordinary (baseline) JPEG or smaller."
        )
    image.draft(None, (WORKING_SIDE, WORKING_SIDE))


def _coefficient_bytes(image: JpegImagePlugin.JpegImageFile) -> int:
    """What libjpeg keeps of a JPEG in several scans: two bytes a coefficient of each, perhaps subsampled, component."""
    factors = [(h, v) for _, h, v, _ in image.layer]
    densest = max(h for h, _ in factors) * max(v for _, v in factors)
    return 2 * image.width * image.height * sum(h * v for h, v in factors) // densest


def _grey(image: Image.Image) -> Image.Image:
    """A decoded image as mode L, upright, transparency laid over the background.

    It is turned last, as one byte a pixel: a turned copy of a full-size colour image would cost 67 MB more.
    """
    turn = _orientation_turn(image)
    if image.mode.startswith("I"):  # convert("L") would clip 16 bits to white
        deep = np.asarray(image).astype(np.uint16)
        grey = Image.fromarray(((deep - (deep >> 8) + 128) >> 8).astype(np.uint8))  # deep / 257
    elif image.has_transparency_data:
        if image.mode != "RGBA":  # a palette, or one transparent colour
            image = image.convert("RGBA")
        grey = _over_background(_brightness(image), image.getchannel("A"))
    else:
        grey = _brightness(image)
    return grey if turn is None else grey.transpose(turn)


def _orientation_turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return _UPRIGHT.get(image.getexif().get(0x0112, 1))
    except Exception:  # damaged metadata does not make a picture unusable
        return None


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


# --- the steps --------------------------------------------------------------------------------------------------------


def _shrunk(grey: Image.Image) -> Image.Image:
    """No side longer than `WORKING_SIDE`; every pixel counted, so that thin lines fade and do not break."""
    scale = WORKING_SIDE / max(grey.size)
    if scale >= 1:
        return grey
    return grey.resize([max(1, round(side * scale)) for side in grey.size], Image.Resampling.BOX)


def _is_like_the_data(grey: np.ndarray) -> bool:
    """Whether this is an item of the data set's kind: 28x28, two corners black, the item as long as the frame.

    All 70,000 have two corners <= 12 and extend over 25 pixels or more above level 10; no negative of them passes.
    """
    if grey.shape != (SIDE, SIDE) or np.sort(grey[[0, 0, -1, -1], [0, -1, 0, -1]])[1] > 32:
        return False
    rows, columns = np.nonzero(grey > 10)
    return bool(rows.size and max(np.ptp(rows), np.ptp(columns)) >= 23)


def _bright_on_black(grey: np.ndarray) -> np.ndarray:
    """Each pixel's distance from the background, the border's median, stretched to 255: Xiao's negation on white.

    A distance has no wrong sign: light and dark parts both stand out from a grey background.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    distance = np.abs(grey - np.median(border).astype(np.float32))
    return np.rint(distance * (255 / distance.max())).astype(np.uint8)


def _cropped(bright: np.ndarray) -> np.ndarray:
    """The object alone: parts of at least a fiftieth of the largest one, on pure black, cut to their extent."""
    border = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    level = np.clip(6 * np.median(border), ITEM_LEVEL, 96)  # an uneven background raises what counts as drawn
    item = _without_specks(bright > level)
    if not item.any():
        return bright
    rows, columns = np.flatnonzero(item.any(axis=1)), np.flatnonzero(item.any(axis=0))
    picture = np.where(item, bright, 0).astype(np.uint8)
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """The mask without its small parts; what is less than a few pixels apart is one part.

    Parts are found on blocks of 4x4 pixels: quick, and the gaps in a dashed or scratchy line do not count.
    """
    height, width = mask.shape
    blocks = np.pad(mask, ((0, -height % 4), (0, -width % 4)))
    blocks = blocks.reshape(blocks.shape[0] // 4, 4, -1, 4).sum(axis=(1, 3))
    near = _dilated(blocks > 0, 1)
    parts = _flooded(np.arange(1, near.size + 1).reshape(near.shape) * near, near)
    areas = np.bincount(parts.ravel(), weights=blocks.ravel())
    keep = areas[parts] >= max(1, areas.max() / 50)
    return mask & keep.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]


def _filled(bright: np.ndarray) -> np.ndarray:
    """Bodies as bright as the data's: line drawings filled, their lines and shading kept on top; solid ones lifted."""
    item = bright > ITEM_LEVEL
    if not item.any():
        return bright
    if _is_line_drawing(item):
        item = _silhouette(item)
        inside = bright[item & (bright < 128)]
        level, wanted = (np.median(inside) if inside.size else 255), BODY_LEVEL
    else:
        level, wanted = np.quantile(bright[item], 0.25), QUARTILE_LEVEL
    if level >= wanted:
        return bright
    lift = (wanted - level) / (255 - level)  # black goes to 255 * lift, white stays: the order of levels is kept
    return np.where(item, np.rint(bright + lift * (255.0 - bright)), bright).astype(np.uint8)


def _is_line_drawing(item: np.ndarray) -> bool:
    """Whether strokes make up the item: a mask that is gone once an eighth of its length wears off its thickness."""
    radius = max(1, round(0.06 * max(item.shape)))
    core = ~_dilated(~np.pad(item, radius), radius)
    return bool(core.sum() < 0.15 * item.sum())


def _silhouette(item: np.ndarray) -> np.ndarray:
    """A line drawing with what it encloses, gaps bridged: by a fiftieth of its length, or more where that leaks."""
    for share in (0.01, 0.02, 0.04, 0.08):
        body = _closed(item, max(1, round(share * max(item.shape))))
        if body.sum() >= 1.25 * item.sum():
            return body
    return item


def _closed(item: np.ndarray, radius: int) -> np.ndarray:
    """The mask and its holes, after gaps of up to twice the radius are bridged (a morphological closing)."""
    around = radius + 1
    padded = np.pad(item, around)
    free = ~_dilated(padded, radius)
    seed = np.zeros(free.shape, np.int64)
    seed[0] = seed[-1] = seed[:, 0] = seed[:, -1] = 1
    outside = _dilated(_flooded(seed, free) > 0, radius)
    return (~outside | padded)[around:-around, around:-around]


def _dilated(mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask grown by a square of 2 * radius + 1."""
    image = Image.fromarray(mask.astype(np.uint8))
    for _ in range(radius):
        image = image.filter(ImageFilter.MaxFilter(3))
    return np.asarray(image) > 0


def _flooded(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Each connected part of the mask filled with the largest of its values, int (h, w) >= 0, zero off the mask.

    Rows and columns in turn, as often as the way bends; a maze that bends more often than 256 times stays unfinished,
    which bounds the time a crafted picture can take.
    """
    for _ in range(256):
        before = values
        values = _spread(_spread(values, mask).T, mask.T).T
        if np.array_equal(values, before):
            break
    return values


def _spread(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Each horizontal run of the mask filled with its largest value."""
    flat = np.ascontiguousarray(mask).ravel()
    starts = np.append(True, flat[1:] != flat[:-1])
    starts[:: mask.shape[1]] = True  # a run ends with its row
    starts = np.flatnonzero(starts)
    largest = np.maximum.reduceat(np.ascontiguousarray(values).ravel(), starts)
    return largest.repeat(np.diff(starts, append=flat.size)).reshape(mask.shape)


def _fitted(picture: np.ndarray) -> np.ndarray:
    """Longest side to 28, sharpened as the data were, centred on black: uint8 (28, 28)."""
    height, width = picture.shape
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.LANCZOS)
    small = small.filter(ImageFilter.UnsharpMask(radius=1, percent=50, threshold=0))
    canvas = Image.new("L", (SIDE, SIDE))
    canvas.paste(small, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(canvas)
