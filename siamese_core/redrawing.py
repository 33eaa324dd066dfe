"""A photograph of the data -> a drawing of the same item, as `preprocessing` would hand it on.

What drawings have in common: the item's outline in other proportions and simpler, a flat or hardly shaded body, lines
along its border and its strongest edges.
"""

import numpy as np
from PIL import Image, ImageFilter

from siamese_core.preprocessing import ITEM_LEVEL, fitted

SIDE = 84
"""Of the picture that is drawn on: three times the result, so that lines may be thinner than its pixels."""
BODY_LEVELS = (170.0, 255.0)
"""What `preprocessing` gives a filled outline, and what it gives ink."""
LINE_WIDTHS = (3, 5, 7)
"""Windows whose erosion leaves a line of a third to a whole pixel of the result."""


def redraw(photograph: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A drawing, uint8 (28, 28), of the item on a photograph (28, 28) uint8; how it is drawn is up to chance."""
    item = _stretched(photograph, rng)
    outline = _outline(item, rng)
    is_body = np.asarray(outline) > 0
    drawing = np.where(is_body, _body(np.asarray(item, np.float32), rng), 0.0)
    line_level = 255.0 if rng.random() < 0.7 else rng.uniform(0.0, 80.0)
    if rng.random() < 0.75:
        drawing[is_body & ~_inside(outline, int(rng.choice(LINE_WIDTHS)))] = 255.0
    if rng.random() < 0.6:
        drawing[_inside(outline, 7) & _edges(item, rng.uniform(40.0, 140.0))] = line_level
    return fitted(_cut(np.rint(drawing).astype(np.uint8))) if drawing.max() > ITEM_LEVEL else photograph


def _stretched(photograph: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """The item alone, enlarged, nearer to a square by chance, mirrored in half of the cases, hardly turned."""
    item = np.pad(_cut(photograph), 2)
    height, width = item.shape
    ratio = (width / height) ** (1.0 - rng.uniform(0.0, 0.8)) * np.exp(rng.normal(0.0, 0.12))
    size = [max(20, round(SIDE * min(1.0, side))) for side in (ratio, 1.0 / ratio)]
    picture = Image.fromarray(item[:, :: rng.choice([-1, 1])].copy()).resize(size, Image.Resampling.BICUBIC)
    return picture.rotate(rng.normal(0.0, 4.0), expand=True)


def _outline(item: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The silhouette, 255 inside: small gaps closed, in half of the cases rounded."""
    level = rng.uniform(20.0, 60.0)
    silhouette = item.point(lambda value: 255 * (value > level))
    for grow in (ImageFilter.MaxFilter, ImageFilter.MinFilter):
        silhouette = silhouette.filter(grow(5)).filter(grow(5))
    if rng.random() < 0.5:
        silhouette = silhouette.filter(ImageFilter.GaussianBlur(rng.uniform(1.0, 3.0))).point(
            lambda value: 255 * (value > 127)
        )
    return silhouette


def _body(shades: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mostly one level; else the photograph's shades, faint or inverted."""
    chance = rng.random()
    if chance < 0.6:
        return np.full_like(shades, rng.choice([*BODY_LEVELS, rng.uniform(120.0, 255.0)]))
    return 90.0 + 0.5 * shades if chance < 0.8 else 60.0 + 0.6 * (255.0 - shades)


def _edges(item: Image.Image, contrast: float) -> np.ndarray:
    """Where neighbouring pixels differ by more than `contrast`, bool (h, w)."""
    smooth = item.filter(ImageFilter.GaussianBlur(1.5))
    high, low = (
        np.asarray(smooth.filter(reach(5)), np.int16) for reach in (ImageFilter.MaxFilter, ImageFilter.MinFilter)
    )
    return high - low > contrast


def _inside(silhouette: Image.Image, window: int) -> np.ndarray:
    """The silhouette without its border, bool (h, w)."""
    return np.asarray(silhouette.filter(ImageFilter.MinFilter(window))) > 0


def _cut(picture: np.ndarray) -> np.ndarray:
    """The part of a picture (h, w) that is not black."""
    rows, columns = np.nonzero(picture > ITEM_LEVEL)
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] if rows.size else picture
