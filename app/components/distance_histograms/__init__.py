"""The distances of same and of different pairs, two hills that training draws apart."""

from collections.abc import Mapping
from typing import Any

from app.components import register
from app.words import say, write_number, write_share

_MOUNT = register(
    "distance_histograms",
    html="""
<figure>
  <svg viewBox="0 0 600 190" preserveAspectRatio="none" role="img">
    <path class="hill different"/><path class="hill same"/>
    <line class="threshold" y1="0" y2="190" vector-effect="non-scaling-stroke"/>
  </svg>
  <div class="axis"><span>0</span><span class="limit"></span></div>
  <figcaption>
    <span class="same" data-word="same"></span><span class="different" data-word="different"></span>
    <span class="threshold" data-word="threshold"></span>
  </figcaption>
</figure>
""",
)


def distance_histograms(epoch: Mapping[str, Any], *, limit: float, key: str) -> None:
    """Mount the hills of an epoch, on a scale from 0 to `limit`."""
    histogram = epoch["histogram"]
    data = {
        "same": histogram["same"],
        "different": histogram["different"],
        "reach": histogram["limit"] / limit,
        "threshold": epoch["threshold"] / limit,
        "limit": write_number(limit, 1),
        "description": say(
            "live.hills",
            epoch=epoch["epoch"],
            accuracy=write_share(epoch["accuracy"]),
            threshold=write_number(epoch["threshold"], 3),
        ),
    }
    _MOUNT(key=key, data=data)
