"""Anchors with two partners each: one of their own class and one of another; a click turns to the other one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from app.components import register

_MOUNT = register(
    "pair_flip",
    html="""
<div class="root">
  <div class="all" role="group">
    <button type="button" class="same" data-word="all_same"></button>
    <button type="button" class="different" data-word="all_different"></button>
  </div>
  <div class="cards"></div>
</div>
""",
)


@dataclass(frozen=True)
class Trio:
    """An anchor's class, the class of its partner in the different pair, and both distances."""

    anchor: str
    other: str
    same: float
    different: float


def pair_flip(trios: Sequence[Trio], *, sprite: str, key: str) -> None:
    """Mount the cards.

    Args:
        sprite: address of a sheet with the tiles anchor, positive, negative of each trio in turn.
    """
    _MOUNT(key=key, data={"trios": [asdict(trio) for trio in trios], "sprite": sprite})
