"""Figures of a run as tiles, each with its course so far where it has one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from app.components import register

_MOUNT = register("figure_tiles", shares=("plot",), html='<dl class="root"></dl>')


@dataclass(frozen=True)
class FigureTile:
    """One figure.

    Attributes:
        label: what it is.
        value: how it stands, in the visitor's writing.
        course: its values so far, the newest last; drawn where there are two or more.
    """

    label: str
    value: str
    course: tuple[float, ...] = ()


def figure_tiles(tiles: Sequence[FigureTile], *, key: str) -> None:
    """Mount the tiles; new values come into the tiles that are there."""
    _MOUNT(key=key, data={"tiles": [asdict(tile) for tile in tiles]})
