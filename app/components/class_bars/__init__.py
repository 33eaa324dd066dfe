"""What a picture without a label looks like: classes with soft bars, the likeliest first."""

from collections.abc import Sequence

from app.components import register
from app.words import write_share

_MOUNT = register("class_bars", html='<ol class="classes"></ol>')


def class_bars(label: str, classes: Sequence[tuple[str, float]], *, key: str) -> None:
    """Mount the bars.

    Args:
        classes: name and share of each, shares of 1.
    """
    data = {
        "label": label,
        "classes": [{"name": name, "share": round(share, 4), "text": write_share(share, 0)} for name, share in classes],
    }
    _MOUNT(key=key, data=data)
