"""What training shows instead of an image: mirrored, moved, as somebody might draw the item, or with a part hidden.

All of it runs on the device, a batch at a time, and is decided by a seed (2,) that differs from step to step. What
happens to an image hangs on its place in the batch, however many replicas share that out among themselves.
"""

from typing import NamedTuple

import tensorflow as tf

from siamese_core.config import Recipe

BODY_LEVELS = (100.0, 255.0)
"""Brightness of a flat body; `preprocessing` gives a filled outline 170."""
INKED = 0.2
"""Share of the flat bodies that are as bright as ink."""
EDGE_SHARES = (0.2, 0.7)
"""How strong an edge is drawn as a line, as a share of the item's strongest one."""
FAINTEST_EDGE = 12.0
"""Contrast below which nothing is an edge, however even the item."""
LINE_WIDTHS = (3, 5, 7)
"""Window sizes whose erosion leaves an outline of one, two or three pixels."""
MAX_TURN, MAX_STRETCH, MAX_SHEAR, MAX_FLARE = 0.2, 0.3, 0.15, 0.35
"""Radians, logarithm of a factor on each axis, shear, share by which the width grows or shrinks from top to bottom of a
picture with the room around it, of which the item takes a little more than half."""
SQUARED = 0.8
"""How far at most a drawing's shorter side comes to be as long as the other, as a power of what it lacks: who draws on
a square fills it."""
ROOM = 10
"""Pixels around an image into which it may be warped before it is fitted into its frame again."""
ERASED_SIDES = (4.0, 12.0)
"""Shortest and longest side of an erased rectangle, in pixels."""
ITEM_LEVEL = 15.0
"""Brightness above which a pixel belongs to the item and not to the ground."""


class Places(NamedTuple):
    """Where n images stand in a batch: `rows` (n,) int32, increasing, of `count`."""

    rows: tf.Tensor
    count: tf.Tensor

    def until(self, end: tf.Tensor) -> "Places":
        """Those before `end`, in the part of the batch that ends there."""
        return Places(self.rows[self.rows < end], end)

    def since(self, start: tf.Tensor) -> "Places":
        """Those from `start` on, in the part of the batch that begins there."""
        return Places(self.rows[self.rows >= start] - start, self.count - start)

    def chances(self, kinds: int, seed: tf.Tensor) -> tf.Tensor:
        """Chances (kinds, n) in [0, 1)."""
        return tf.gather(tf.random.stateless_uniform([kinds, self.count], seed), self.rows, axis=1)


def augmented(images: tf.Tensor, recipe: Recipe, seed: tf.Tensor, places: Places | None = None) -> tf.Tensor:
    """The (n, h, w) uint8 images, changed by chance as far as the recipe says.

    Which of them are drawn is not left to chance: the first of the batch, as many as the recipe's share asks for. Their
    order has to be random, as that of a batch is; drawing costs more than a small network's step, so no image is drawn
    in vain.

    Args:
        images: A batch, or a replica's share of it.
        recipe: What is done to them.
        seed: (2,) int32, the batch's.
        places: Where they stand in the batch; None when they are all of it.
    """
    if places is None:
        places = Places(tf.range(tf.shape(images)[0]), tf.shape(images)[0])
    if recipe.flip:
        images = _mirrored(images, places, seed)
    drawn_count = tf.cast(tf.round(recipe.drawn * tf.cast(places.count, tf.float32)), tf.int32)
    drawn_places, kept_places = places.until(drawn_count), places.since(drawn_count)
    to_draw, to_keep = tf.split(images, [tf.size(drawn_places.rows), tf.size(kept_places.rows)])
    shown = _shifted(to_keep, recipe.shift, kept_places, seed + 1) if recipe.shift else to_keep
    if recipe.drawn:
        warped = _warped(tf.cast(to_draw, tf.float32), drawn_places, seed + 4)
        fitted = _fitted(warped, images.shape[1], drawn_places, seed + 5)
        drawings = _drawn(fitted, drawn_places, seed + 3)
        shown = tf.concat([tf.cast(tf.clip_by_value(drawings, 0.0, 255.0), tf.uint8), shown], axis=0)
    return _erased(shown, recipe.erased, places, seed + 7) if recipe.erased else shown


def _mirrored(images: tf.Tensor, places: Places, seed: tf.Tensor) -> tf.Tensor:
    """Half of the images left to right."""
    return tf.where(places.chances(1, seed)[0][:, None, None] < 0.5, images[:, :, ::-1], images)


def _shifted(images: tf.Tensor, reach: int, places: Places, seed: tf.Tensor) -> tf.Tensor:
    """Each image moved by up to `reach` pixels along both axes, black coming in."""
    height, width = images.shape[1], images.shape[2]
    corners = tf.random.stateless_uniform([places.count, 2], seed, maxval=2 * reach + 1, dtype=tf.int32)
    corner = tf.gather(corners, places.rows)
    padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach]])
    rows = tf.gather(padded, corner[:, :1] + tf.range(height), axis=1, batch_dims=1)
    return tf.gather(rows, corner[:, 1:] + tf.range(width), axis=2, batch_dims=1)


def _erased(images: tf.Tensor, share: float, places: Places, seed: tf.Tensor) -> tf.Tensor:
    """A share of the (n, h, w) images, by chance, with a rectangle anywhere in them blackened.

    References:
        Z. Zhong et al., "Random erasing data augmentation", AAAI 2020.
    """
    chances = places.chances(5, seed)[:, :, None]
    rows = _within(chances[0], chances[1], images.shape[1])
    columns = _within(chances[2], chances[3], images.shape[2])
    is_hidden = (rows & (chances[4] < share))[:, :, None] & columns[:, None, :]
    return tf.where(is_hidden, tf.zeros_like(images), images)


def _within(middle: tf.Tensor, length: tf.Tensor, side: int) -> tf.Tensor:
    """Which of `side` places (n, side) lie in a stretch whose middle and length are (n, 1) chances in [0, 1)."""
    shortest, longest = ERASED_SIDES
    away = tf.abs(tf.range(side, dtype=tf.float32) + 0.5 - side * middle)
    return away < (shortest + (longest - shortest) * length) / 2.0


def _drawn(images: tf.Tensor, places: Places, seed: tf.Tensor) -> tf.Tensor:
    """Photographs (n, h, w), 0-255, as drawings that went through `preprocessing`.

    A silhouette becomes a body: mostly flat, sometimes faintly shaded or with its shading inverted. It may get lines
    where the photograph has its strongest edges, mostly bright, sometimes dark, and a bright outline of one to three
    pixels.
    """
    chances = places.chances(9, seed)[:, :, None, None]
    body_chance, shading, level, width, has_lines, edge_level, line_level, is_dark, is_soft = tf.unstack(chances)

    silhouette = _closed(tf.cast(images > ITEM_LEVEL + 40.0 * body_chance, tf.float32))
    low, high = BODY_LEVELS
    flat = tf.where(level < INKED, 255.0, low + (high - low) * level + tf.zeros_like(images))
    body = tf.where(shading < 0.25, 60.0 + 0.5 * (255.0 - images), tf.where(shading < 0.5, 90.0 + 0.4 * images, flat))

    smooth = _blurred(images)
    contrast = (_dilated(smooth, 3) - _eroded(smooth, 3)) * _eroded(silhouette, 3)
    faintest, plainest = EDGE_SHARES
    share = faintest + (plainest - faintest) * edge_level
    strongest = tf.reduce_max(contrast, axis=[1, 2], keepdims=True)
    lines = (contrast > tf.maximum(share * strongest, FAINTEST_EDGE)) & (has_lines < 0.7)
    thin, middle, thick = (silhouette - _eroded(silhouette, size) for size in LINE_WIDTHS)
    outline = tf.where(width < 0.3, thin, tf.where(width < 0.7, middle, thick)) * tf.cast(width < 0.9, tf.float32)

    drawing = tf.where(lines, tf.where(is_dark < 0.7, 255.0, 60.0 * line_level), body * silhouette)
    drawing = tf.maximum(drawing, 255.0 * outline)
    return tf.where(is_soft < 0.7, drawing, (drawing + _blurred(drawing)) / 2.0)


def _warped(images: tf.Tensor, places: Places, seed: tf.Tensor) -> tf.Tensor:
    """Each (s, s) image turned, stretched, sheared and flared by chance about its middle: nobody draws in proportion.

    They come back with `ROOM` around them, so that nothing is cut off.
    """
    images = tf.pad(images, [[0, 0], [ROOM, ROOM], [ROOM, ROOM]])
    turn, stretch_x, stretch_y, shear, flare = tf.unstack(2.0 * places.chances(5, seed) - 1.0)
    turn, shear, flare = MAX_TURN * turn, MAX_SHEAR * shear, MAX_FLARE * flare
    stretch_x, stretch_y = tf.exp(MAX_STRETCH * stretch_x), tf.exp(MAX_STRETCH * stretch_y)
    a, b = tf.cos(turn) * stretch_x, (shear - tf.sin(turn)) * stretch_y
    c, d = tf.sin(turn) * stretch_x, tf.cos(turn) * stretch_y
    middle = (images.shape[1] - 1) / 2.0
    flare /= images.shape[1]
    start = 1.0 - flare * middle  # the divisor at the top row
    across, down = middle * (start - a - b), middle * (start - c - d)
    rows = [a, b + middle * flare, across, c, d + middle * flare, down, tf.zeros_like(a), flare]
    return _transformed(images, [entry / start for entry in rows], images.shape[1])


def _fitted(images: tf.Tensor, side: int, places: Places, seed: tf.Tensor) -> tf.Tensor:
    """Each item in the middle of a picture (side, side) that its longest side fills, as `preprocessing` does it.

    Its other side comes nearer to that by chance, see `SQUARED`.
    """
    item = images > ITEM_LEVEL
    left, right = _ends(tf.reduce_any(item, axis=1))
    top, bottom = _ends(tf.reduce_any(item, axis=2))
    longest = tf.maximum(right - left, bottom - top) + 1.0
    squared = tf.cast(SQUARED * places.chances(1, seed)[0], tf.float64)
    scale_x, scale_y = (  # in float64: a power differs in its last bit by its place in a tensor
        longest / side * tf.cast(tf.cast((last - first + 1.0) / longest, tf.float64) ** squared, tf.float32)
        for first, last in ((left, right), (top, bottom))
    )
    nothing = tf.zeros_like(longest)
    middle = (side - 1) / 2.0
    across, down = (left + right) / 2.0 - scale_x * middle, (top + bottom) / 2.0 - scale_y * middle
    return _transformed(images, [scale_x, nothing, across, nothing, scale_y, down, nothing, nothing], side)


def _ends(taken: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The first and the last place (n,) of each row of (n, s) that is taken; the whole row where none is."""
    places = tf.range(taken.shape[1], dtype=tf.float32)
    first = tf.reduce_min(tf.where(taken, places, places[-1]), axis=1)
    last = tf.reduce_max(tf.where(taken, places, 0.0), axis=1)
    return tf.minimum(first, last), tf.maximum(first, last)


def _transformed(images: tf.Tensor, entries: list[tf.Tensor], side: int) -> tf.Tensor:
    """Pictures (n, side, side) whose places see the images through the projective map of eight (n,) entries."""
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images[..., None],
        transforms=tf.stack(entries, axis=1),
        output_shape=[side, side],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )[..., 0]


def _dilated(images: tf.Tensor, size: int) -> tf.Tensor:
    """The largest value in a square window around each pixel."""
    return tf.nn.max_pool2d(images[..., None], size, 1, "SAME")[..., 0]


def _eroded(images: tf.Tensor, size: int) -> tf.Tensor:
    """The smallest value in a square window around each pixel, the ground around the picture being black."""
    ground = [[0, 0], [size // 2, size // 2], [size // 2, size // 2]]
    return -tf.nn.max_pool2d(-tf.pad(images, ground)[..., None], size, 1, "VALID")[..., 0]


def _closed(masks: tf.Tensor) -> tf.Tensor:
    """Masks without holes and gaps of a pixel or two."""
    return -_dilated(-_dilated(masks, 3), 3)


def _blurred(images: tf.Tensor) -> tf.Tensor:
    """The mean of the nine pixels around each."""
    return tf.nn.avg_pool2d(images[..., None], 3, 1, "SAME")[..., 0]
