"""Drawings as strokes: painted, and packed into a few letters that fit into a link."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from siamese_core.errors import ImageRejectedError

CANVAS = 280
"""Side of the canvas, in the strokes' own coordinates."""
MAX_POINTS = 6_000  # painted in 0.1 s; an hour's patience with a mouse
MAX_STROKES = 1_000
MAX_WIDTH = 80
MAX_PACKED = 3_000  # letters: two drawings and the rest of an address stay below the 8 KB that servers read
_SMOOTH = 2  # painted this many times larger and then averaged: grey edges
_LIFTED = CANVAS  # how far beyond the canvas a stroke may run
_DAMAGED = "The drawing in this link is damaged; ask for the link again."


@dataclass(frozen=True)
class Stroke:
    """One line of a brush.

    Attributes:
        width: of the brush.
        points: (x, y), x to the right and y downwards; at least one, a lone one is a dot.
    """

    width: int
    points: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse what no pad draws.

        Raises:
            ValueError: The width or a point is out of bounds, or there is no point.
        """
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"`width` must lie between 1 and {MAX_WIDTH}, got {self.width}")
        if not self.points:
            raise ValueError("`points` must not be empty")
        if not all(-_LIFTED <= value <= CANVAS + _LIFTED for point in self.points for value in point):
            raise ValueError(f"`points` must lie between {-_LIFTED} and {CANVAS + _LIFTED}")


def paint(strokes: Sequence[Stroke]) -> np.ndarray:
    """The drawing, white with round ends on black: uint8 (CANVAS, CANVAS), the same on every machine.

    Raises:
        ImageRejectedError: It has too many points.
    """
    if len(strokes) > MAX_STROKES or sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise ImageRejectedError(f"The drawing has more than {MAX_POINTS:,} points; undo some strokes.")
    picture = Image.new("L", (_SMOOTH * CANVAS, _SMOOTH * CANVAS))
    draw = ImageDraw.Draw(picture)
    for stroke in strokes:
        points = [(_SMOOTH * x, _SMOOTH * y) for x, y in stroke.points]
        radius = _SMOOTH * stroke.width / 2
        draw.line(points, fill=255, width=_SMOOTH * stroke.width)
        for x, y in points:
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return np.asarray(picture.reduce(_SMOOTH))


def pack(strokes: Sequence[Stroke]) -> str:
    """The strokes as letters, digits, - and _; nothing is lost.

    Each stroke is its width, its number of points, its first point, and the steps from point to point: numbers of
    seven bits a byte, small steps one byte.

    Raises:
        ImageRejectedError: They would take more than `MAX_PACKED` letters.
    """
    packed = bytearray()
    for stroke in strokes:
        packed += _number(stroke.width) + _number(len(stroke.points))
        before = (0, 0)
        for point in stroke.points:
            for value, last in zip(point, before, strict=True):
                packed += _number(_unsigned(value - last))
            before = point
    text = base64.urlsafe_b64encode(bytes(packed)).decode("ascii").rstrip("=")
    if len(text) > MAX_PACKED:
        raise ImageRejectedError("This drawing is too long for a link.")
    return text


def unpack(text: str) -> list[Stroke]:
    """The strokes that `pack` packed.

    Args:
        text: A stranger's: it may be anything.

    Raises:
        ImageRejectedError: It is no drawing, or a longer one than `pack` packs.
    """
    if len(text) > MAX_PACKED or not text.isascii():
        raise ImageRejectedError(_DAMAGED)
    try:
        numbers = _numbers(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        strokes = list(_strokes(numbers))
    except (binascii.Error, ValueError) as error:
        raise ImageRejectedError(_DAMAGED) from error
    if not strokes:
        raise ImageRejectedError(_DAMAGED)
    return strokes


def _strokes(numbers: list[int]) -> Iterator[Stroke]:
    """The strokes that these numbers tell of.

    Raises:
        ValueError: Some number is missing or out of bounds.
    """
    at = 0
    while at < len(numbers):
        if len(numbers) < at + 2 or len(numbers) < (end := at + 2 + 2 * numbers[at + 1]):
            raise ValueError("the last stroke is cut off")
        steps = np.array([_signed(number) for number in numbers[at + 2 : end]], np.int64).reshape(-1, 2)
        yield Stroke(numbers[at], tuple((int(x), int(y)) for x, y in steps.cumsum(axis=0)))
        at = end


def _number(value: int) -> bytes:
    """A number >= 0, seven bits a byte, the lowest first; the eighth bit says that more follow."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _numbers(encoded: bytes) -> list[int]:
    """The numbers in these bytes.

    Raises:
        ValueError: The last one is cut off, or one is larger than any that `pack` writes.
    """
    numbers, value, shift = [], 0, 0
    for byte in encoded:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte & 0x80:
            if shift > 14:
                raise ValueError("a number is too large")
        else:
            numbers.append(value)
            value, shift = 0, 0
    if shift:
        raise ValueError("the last number is cut off")
    return numbers


def _unsigned(value: int) -> int:
    """0, -1, 1, -2, 2 … as 0, 1, 2, 3, 4 …: small either way stays small."""
    return 2 * value if value >= 0 else -2 * value - 1


def _signed(value: int) -> int:
    """The inverse of `_unsigned`."""
    return -(value + 1) // 2 if value & 1 else value // 2
