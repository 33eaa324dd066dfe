"""What the page Compare has found out about a pair: what it shows, and what can be taken away."""

from dataclasses import dataclass

import numpy as np

from app import cache
from app.heavy import one_at_a_time
from app.slots import Slot
from siamese_core.bundle import Bundle
from siamese_core.comparison import Comparison
from siamese_core.explanation import Explanation, explain
from siamese_core.gallery import Neighbours


@dataclass(frozen=True)
class Finding:
    """One comparison, with all it was made of.

    Attributes:
        verdict: in words.
        p_same: P(same) at the base rate.
        base_rate: the share of same pairs that the visitor expects.
    """

    model: Bundle
    a: Slot
    b: Slot
    comparison: Comparison
    verdict: str
    p_same: float
    base_rate: float

    @property
    def images(self) -> np.ndarray:
        """What the network sees: uint8 (2, 28, 28)."""
        return np.stack([self.a.image, self.b.image])

    def explain(self) -> Explanation:
        """What the distance is made of; takes some tenths of a second."""
        with one_at_a_time():
            return explain(self.model.encoder.embed, self.images)


def nearest_items(model: Bundle, slot: Slot, count: int, embedding: np.ndarray | None = None) -> Neighbours:
    """The test items nearest to a slot, its own item left out.

    Args:
        embedding: (1, d), the slot's, where it is known already.
    """
    own = slot.item[1] if slot.item and slot.item[0] == "test" else None
    query = model.encoder.embed(slot.image[None]) if embedding is None else embedding
    return cache.gallery(model).nearest(query, count, exclude=own)
