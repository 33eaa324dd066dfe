"""A grey picture -> one like those of Fashion-MNIST: bright item on black, 28x28.

The steps can each be looked at and switched off. They reproduce what the data went through (trim, longest side to 28,
sharpen, extend, negate) and add what only drawings need:

1. `given`: grey, at a working size.
2. `polarity`: the distance from the background's grey, stretched: bright on black whichever way it came.
3. `cropped`: the background blackened, specks dropped, cut to the object.
4. `filled`: outlines become bodies with their lines on them, flat or faint bodies get the data's brightness.
5. `fitted`: longest side 28, sharpened, centred.

References:
    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms", 2017, section 2.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from siamese_core.errors import ImageRejectedError

SIDE = 28
STEP_NAMES = ("given", "polarity", "cropped", "filled", "fitted")
SKIPPABLE = STEP_NAMES[1:-1]
_NOTHING_DRAWN = "Nothing is drawn: the picture is one even colour; draw or choose one item."

WORKING_SIDE = 256  # nine times the result: enough for thin lines, a few milliseconds for the pad
MIN_CONTRAST = 6  # grey levels at the working size: JPEG noise on a blank page stays below, a hairline above
ITEM_LEVEL = 24  # of 255 after stretching: what counts as drawn; a tenth, above JPEG ringing
BODY_LEVEL = 170  # median given to a filled body: that of what is not black in the data is 171
QUARTILE_LEVEL = 130  # lower quartile given to a faint body: the data's is 104, drawings want a little more


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

    @property
    def untouched(self) -> bool:
        """Whether the picture was like the data already and came through every step as it was."""
        return self.steps[0][1] is self.steps[-1][1]


def preprocess_sketch(canvas: np.ndarray, *, skip: Collection[str] = ()) -> Steps:
    """The steps of a drawing made with white strokes on black, uint8 (s, s); see `preprocess`."""
    return preprocess(canvas, skip={*skip, "polarity"})


def preprocess(grey: np.ndarray, *, skip: Collection[str] = ()) -> Steps:
    """The steps from a grey picture, uint8 (h, w) of any size, to uint8 (28, 28).

    A picture that is already like the data comes through unchanged, so that an exported item keeps its distances.

    Args:
        skip: Names of steps to leave out, of `SKIPPABLE`; they show their input.

    Raises:
        ValueError: `grey` is not uint8 (h, w), or `skip` holds another name.
        ImageRejectedError: Nothing is drawn: one even grey, or a mark too faint for 28x28 pixels.
    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or not grey.size:
        raise ValueError(f"`grey` must be uint8 of shape (h, w), got {grey.dtype} {grey.shape}")
    stages = dict(zip(SKIPPABLE, (_bright_on_black, _cropped, _filled), strict=True))
    if unknown := set(skip) - set(SKIPPABLE):
        raise ValueError(f"`skip` may hold {', '.join(SKIPPABLE)}; got {', '.join(sorted(unknown))}")
    picture = np.asarray(shrunk(Image.fromarray(grey)))
    if int(picture.max()) - int(picture.min()) < MIN_CONTRAST:
        raise ImageRejectedError(_NOTHING_DRAWN)
    if _is_like_the_data(picture):
        return Steps(tuple((name, picture) for name in STEP_NAMES))
    steps = [("given", picture)]
    for name, stage in stages.items():
        picture = picture if name in skip else stage(picture)
        steps.append((name, picture))
    image = fitted(picture)
    if not image.any():
        raise ImageRejectedError(_NOTHING_DRAWN)
    return Steps((*steps, ("fitted", image)))


def shrunk(grey: Image.Image) -> Image.Image:
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


def fitted(picture: np.ndarray) -> np.ndarray:
    """Longest side to 28, sharpened as the data were, centred on black: uint8 (28, 28)."""
    height, width = picture.shape
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.LANCZOS)
    small = small.filter(ImageFilter.UnsharpMask(radius=1, percent=50, threshold=0))
    canvas = Image.new("L", (SIDE, SIDE))
    canvas.paste(small, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(canvas)
