"""Pictures of anything but items, as `preprocessing` hands them on: what a familiarity learns to tell apart.

Noise, gradients, stripes, writing, scribbles, compositions of plain shapes, and items cut up and put together wrongly.
They stand for everything that is no item, so they are made as unlike each other as can be.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from siamese_core.errors import ImageRejectedError
from siamese_core.preprocessing import preprocess

SIDE = 80
"""Of the pictures before they are made like the data."""
TURNS = 3
"""Quarter turns that each picture is used in: strange either way, and quicker than drawing another."""
CUT_UP = 0.1
"""Share of strangers that are items cut up."""
SHARES = {
    "shapes": 0.5,
    "writing": 0.15,
    "scribble": 0.1,
    "clouds": 0.1,
    "noise": 0.05,
    "stripes": 0.05,
    "gradient": 0.05,
}
"""Of each kind among the others. Plain shapes have most in common with items, so there is most to learn from them."""
LETTERS = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,;?!")

Generator = np.random.Generator


def draw_strangers(count: int, images: np.ndarray, rng: Generator) -> np.ndarray:
    """Strangers, uint8 (count, 28, 28), in no order; `images` (n, 28, 28) are the items that some are cut from."""
    drawn = -(-round(count * (1.0 - CUT_UP)) // TURNS)
    names = rng.choice(list(SHARES), drawn, p=list(SHARES.values()))
    pictures = np.stack([draw_stranger(name, rng) for name in names])
    turned = [np.rot90(pictures, turn, axes=(1, 2)) for turn in range(TURNS)]
    cut_up = [cut_up_item(images, rng) for _ in range(count - TURNS * drawn)]
    return rng.permutation(np.concatenate([*turned, cut_up]) if cut_up else np.concatenate(turned)[:count])


def draw_stranger(kind: str, rng: Generator) -> np.ndarray:
    """A picture, uint8 (28, 28), of a kind named in `SHARES`."""
    while True:
        try:
            return preprocess(_KINDS[kind](rng)).image
        except ImageRejectedError:  # a blank one: shapes may cover each other
            continue


def cut_up_item(images: np.ndarray, rng: Generator) -> np.ndarray:
    """Quarters or sixteenths, uint8 (28, 28), of items of (n, 28, 28), each from another item and another place."""
    side = int(rng.choice([7, 14]))
    many = 28 // side
    donors, places = rng.integers(0, len(images), many * many), rng.permutation(many * many)
    parts = [
        images[donor, side * (place // many) :, side * (place % many) :][:side, :side]
        for donor, place in zip(donors, places, strict=True)
    ]
    return np.block([parts[row * many : (row + 1) * many] for row in range(many)])


def to_picture(values: np.ndarray) -> np.ndarray:
    """Any array (h, w) stretched to the range of a grey picture, uint8."""
    values = np.asarray(values, float)
    return np.rint((values - values.min()) * (255.0 / (np.ptp(values) or 1.0))).astype(np.uint8)


def sheet_of_paper(side: int, rng: Generator) -> tuple[Image.Image, ImageDraw.ImageDraw, int, int]:
    """A blank sheet, its pen, its ground and its ink: dark on light or light on dark."""
    dark, light = int(rng.integers(0, 60)), int(rng.integers(200, 256))
    ground, ink = (light, dark) if rng.random() < 0.5 else (dark, light)
    sheet = Image.new("L", (side, side), ground)
    return sheet, ImageDraw.Draw(sheet), ground, ink


def _noise(rng: Generator) -> np.ndarray:
    coarse = rng.random((int(rng.integers(6, SIDE)),) * 2)
    return to_picture(coarse if rng.random() < 0.5 else coarse < rng.uniform(0.1, 0.9))


def _clouds(rng: Generator) -> np.ndarray:
    """Noise whose power falls with frequency, as in photographs."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.normal(size=(SIDE, SIDE))) / frequency ** rng.uniform(0.7, 2.2)
    return to_picture(np.fft.irfft2(spectrum, (SIDE, SIDE)))


def _stripes(rng: Generator) -> np.ndarray:
    angle, period = rng.uniform(0.0, np.pi), rng.uniform(4.0, 30.0)
    y, x = np.mgrid[:SIDE, :SIDE]
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * (2.0 * np.pi / period))
    return to_picture(wave if rng.random() < 0.5 else wave > 0.0)


def _gradient(rng: Generator) -> np.ndarray:
    across, down, bend = rng.normal(size=3)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    return to_picture(across * x + down * y + bend * np.hypot(x, y))


def _writing(rng: Generator) -> np.ndarray:
    """One letter, a word or a page."""
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    lines, columns = [(1, 1), (1, int(rng.integers(2, 7))), (int(rng.integers(2, 10)), 30)][int(rng.integers(0, 3))]
    size = SIDE * 0.9 / max(lines * 1.2, 0.6 * min(columns, lines * 2 + 6))
    text = "\n".join("".join(rng.choice(LETTERS, columns)) for _ in range(lines))
    pen.multiline_text((SIDE / 2, SIDE / 2), text, ink, ImageFont.load_default(size), anchor="mm")
    return np.asarray(sheet)


def _scribble(rng: Generator) -> np.ndarray:
    """A pen moved about at random."""
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    steps = np.cumsum(rng.normal(size=(int(rng.integers(4, 60)), 2)), axis=0)
    points = SIDE * (0.1 + 0.8 * (steps - steps.min(axis=0)) / np.maximum(np.ptp(steps, axis=0), 1.0))
    pen.line([tuple(point) for point in points], fill=ink, width=int(rng.integers(1, 5)), joint="curve")
    return np.asarray(sheet)


def _shapes(rng: Generator) -> np.ndarray:
    """One to seven plain shapes over each other, filled or in outline, in half of the cases mirrored like clothes."""
    sheet, pen, ground, ink = sheet_of_paper(SIDE, rng)
    for number in range(int(rng.integers(1, 8))):
        level = ink if number == 0 else int(rng.choice(np.array([ink, ground, rng.integers(0, 256)])))
        width = None if rng.random() < 0.6 else int(rng.integers(1, 5))
        _add_shape(pen, level, width, rng)
    picture = np.asarray(sheet)
    half = picture[:, : SIDE // 2]
    return np.hstack([half, half[:, ::-1]]) if rng.random() < 0.5 else picture


def _add_shape(pen: ImageDraw.ImageDraw, level: int, width: int | None, rng: Generator) -> None:
    """An ellipse, a rectangle, a polygon or a line; filled where `width` is None."""
    x, y = SIDE * rng.uniform(0.15, 0.85, 2)
    reach_x, reach_y = SIDE * rng.uniform(0.05, 0.4, 2)
    box = (x - reach_x, y - reach_y, x + reach_x, y + reach_y)
    look = {"fill": level} if width is None else {"outline": level, "width": width}
    match rng.integers(0, 4):
        case 0:
            pen.ellipse(box, **look)
        case 1:
            pen.rectangle(box, **look)
        case 2:
            corners = rng.normal(size=(int(rng.integers(3, 7)), 2)) * (reach_x, reach_y) + (x, y)
            pen.polygon([tuple(corner) for corner in corners], **look)
        case _:
            ends = SIDE * rng.uniform(0.05, 0.95, (int(rng.integers(2, 4)), 2))
            pen.line([tuple(end) for end in ends], fill=level, width=width or 3)


_KINDS: dict[str, Callable[[Generator], np.ndarray]] = {
    "shapes": _shapes,
    "writing": _writing,
    "scribble": _scribble,
    "clouds": _clouds,
    "noise": _noise,
    "stripes": _stripes,
    "gradient": _gradient,
}
