"""The number that Compare shows, as ten lines of Python that print it."""

from app.findings import Finding
from app.slots import Slot


def write_snippet(found: Finding) -> str:
    """A program that prints the distance to four decimals; an own picture is read from its downloaded file."""
    slots = (found.a, found.b)
    imports = ["import numpy as np", "", "from siamese_core.artifacts import load_bundle"]
    imports.append("from siamese_core.comparison import compare")
    if any(slot.item for slot in slots):
        imports.append("from siamese_core.data import open_collection")
    if not all(slot.item for slot in slots):
        imports.insert(1, "from PIL import Image")
    return "\n".join(
        [
            *imports,
            "",
            f'model = load_bundle("{found.model.name}")  # {found.model.fingerprint[:12]}',
            f"images = [{', '.join(map(_open, slots))}]",
            "a, b = model.encoder.embed(np.stack(images))",
            f'print(f"{{compare(a, b, {found.comparison.threshold!r}).distance:.4f}}")'
            f"  # {found.comparison.distance:.4f}",
        ]
    )


def picture_name(slot: Slot) -> str:
    """The file's name of a slot's picture, 28 by 28."""
    return f"slot-{slot.letter.lower()}.png"


def _open(slot: Slot) -> str:
    if slot.item:
        split, number = slot.item
        return f'open_collection().image("{split}:{number}")'
    return f'np.asarray(Image.open("{picture_name(slot)}"))'
