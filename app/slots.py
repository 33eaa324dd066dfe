"""The two slots of the comparison: what a visitor has put into them."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from app import cache
from app.components.sketch_pad import Drawing, read_drawing
from app.words import name_class, say, tell
from siamese_core.errors import SiameseError
from siamese_core.images import read_grey
from siamese_core.preprocessing import SKIPPABLE, Steps, preprocess, preprocess_sketch
from siamese_core.sketch import paint

Letter = Literal["A", "B"]
Source = Literal["upload", "camera", "clipboard"]
LETTERS: tuple[Letter, Letter] = ("A", "B")
SPLITS = ("test", "train")
MAX_ITEM = 59_999  # the last number of the larger split; what the chosen split holds is checked on every run
DEFAULT_ITEMS = {"A": 945, "B": 7993}  # two sandals that share hardly a pixel, in the sample too
_ITEM = re.compile(r"[0-9]{1,5}")
_HELD = ("kind", "item", "split", "good", "drawing", "picture", "skipped")


@dataclass(frozen=True)
class Slot:
    """What one slot holds.

    Attributes:
        image: uint8 (28, 28), what the network sees.
        steps: how the image came out of the visitor's own picture; None for a real item.
        item: split and number of a real item; None for a drawing or an upload.
        label: the real item's label.
    """

    letter: str
    kind: Literal["item", "drawing", "upload"]
    title: str
    caption: str
    image: np.ndarray
    steps: Steps | None = None
    item: tuple[str, int] | None = None
    label: int | None = None


@dataclass(frozen=True)
class Picture:
    """A visitor's picture.

    Attributes:
        source: the way it came.
        name: the file's; None where it came without one.
        grey: its pixels, uint8 (h, w).
    """

    source: Source
    name: str | None
    grey: np.ndarray


def key(name: str, letter: str) -> str:
    """The session key of a slot's value: `key("item", "A")` is `item_a`."""
    return f"{name}_{letter.lower()}"


def other(letter: str) -> Letter:
    """The letter of the other slot."""
    return "B" if letter == "A" else "A"


def name_splits() -> dict[str, str]:
    """The splits of the data at hand, by the visitor's names for them."""
    splits = SPLITS if cache.collection().complete else SPLITS[:1]
    return {split: say(f"split.{split}") for split in splits}


def prepare() -> None:
    """Give the session its first pair, unless the address names items.

    What is no item number is taken out of the address first: Streamlit's own reading of it falls over some of it.
    """
    for letter in LETTERS:
        name = key("item", letter)
        if name in st.session_state:
            continue
        if not _ITEM.fullmatch(st.query_params.get(name, str(MAX_ITEM))):
            del st.query_params[name]
            st.rerun()
        if name not in st.query_params:
            is_own = st.session_state.get(key("kind", letter), "item") != "item"
            st.session_state[name] = None if is_own else DEFAULT_ITEMS[letter]


def active() -> Letter:
    """The letter of the slot that the next pick fills."""
    return "B" if st.session_state.get("active") == "B" else "A"


def activate(letter: str) -> None:
    """Let the next pick come to this slot."""
    st.session_state["active"] = letter


def put_item(letter: str, split: object, item: object) -> str | None:
    """Put a real item into a slot; what is no item is left alone.

    A pick comes from the browser, so it is checked like any other stranger's input.

    Returns:
        A sentence for the visitor where the number is none of an item at hand; else None.
    """
    if split not in SPLITS or isinstance(item, bool) or not isinstance(item, (int, float)) or not math.isfinite(item):
        return None
    try:
        cache.collection().split(split).position(int(item))
    except SiameseError as error:
        return tell(error)
    st.session_state[key("item", letter)] = int(item)
    st.session_state[key("split", letter)] = split
    show_item(letter)
    return None


def show_item(letter: str) -> None:
    """Let the slot show its item again, not a drawing or an upload."""
    st.session_state[key("kind", letter)] = "item"
    refuse(letter, None)


def refuse(letter: str, reason: str | None) -> None:
    """Keep why the last picture for the slot was refused; None where it was not."""
    st.session_state[key("refusal", letter)] = reason


def refusal(letter: str) -> str | None:
    """Why the last picture for the slot was refused, in words."""
    return st.session_state.get(key("refusal", letter))


def take_drawing(letter: str) -> None:
    """Put what stands on the slot's pad into the slot; an empty pad gives the item back."""
    drawing = read_drawing(key("pad", letter))
    st.session_state[key("drawing", letter)] = drawing
    if drawing:
        _show_own(letter, "drawing")
    else:
        take_back(letter)


def put_drawing(letter: str, drawing: Drawing) -> None:
    """Put a drawing into a slot that its pad has not drawn; the pad takes it over."""
    st.session_state[key("drawing", letter)] = drawing
    _renew_pad(letter)
    _show_own(letter, "drawing")


def drawing(letter: str) -> Drawing | None:
    """The slot's drawing, whether or not the slot shows it now."""
    return st.session_state.get(key("drawing", letter))


def shown_drawing(letter: str) -> Drawing | None:
    """The drawing that the slot shows."""
    return drawing(letter) if st.session_state.get(key("kind", letter)) == "drawing" else None


def shows_picture(letter: str) -> bool:
    """Whether the slot shows a picture of the visitor's that is no drawing."""
    return st.session_state.get(key("kind", letter)) == "upload"


def pad_version(letter: str) -> int:
    """Another number each time the slot's drawing comes from elsewhere than its pad."""
    return st.session_state.get(key("pad_version", letter), 0)


def _renew_pad(letter: str) -> None:
    st.session_state[key("pad_version", letter)] = pad_version(letter) + 1


def skipped(letter: str) -> Collection[str]:
    """The steps that are switched off for the visitor's own picture in this slot."""
    return st.session_state.get(key("skipped", letter), ())


def skip(letter: str, steps: Collection[str]) -> None:
    """Switch these steps off for the visitor's own picture in this slot, and all others on."""
    st.session_state[key("skipped", letter)] = tuple(steps)


def switch_step(letter: str, step: object) -> None:
    """Switch a step on or off; what is none is left alone."""
    if step in SKIPPABLE:
        skip(letter, [name for name in SKIPPABLE if (name in skipped(letter)) != (name == step)])


def swap() -> None:
    """What A holds goes into B, and what B holds into A."""
    for name in _HELD:
        names = [key(name, letter) for letter in LETTERS]
        held = [st.session_state.get(one) for one in names]
        for one, value in zip(names, reversed(held), strict=True):
            if value is not None or name == "item":  # a slot without an item's number holds a picture of one's own
                st.session_state[one] = value
            else:
                st.session_state.pop(one, None)
    for letter in LETTERS:
        _renew_pad(letter)


def take_picture(letter: str, source: Source, data: bytes, *, name: str | None = None) -> None:
    """Put a picture of the visitor's, in whichever way it came, into the slot.

    Raises:
        ImageRejectedError: It cannot be used; the slot keeps what it held.
    """
    grey = read_grey(data, name)
    preprocess(grey)  # which refuses a blank one
    st.session_state[key("picture", letter)] = Picture(source, name, grey)
    _show_own(letter, "upload")


def take_back(letter: str) -> None:
    """Let the slot hold the item again that it held before the visitor's own picture."""
    if good := st.session_state.get(key("good", letter)):
        st.session_state[key("split", letter)], st.session_state[key("item", letter)] = good
    show_item(letter)


def _show_own(letter: str, kind: Literal["drawing", "upload"]) -> None:
    """Let the slot show the visitor's own picture; no item's number stands beside it or in the address."""
    st.session_state[key("kind", letter)] = kind
    refuse(letter, None)
    st.session_state[key("item", letter)] = None


def read_slot(letter: str) -> tuple[Slot, str | None]:
    """What the slot holds, and a sentence for the visitor when it could not be what was asked for."""
    kind = st.session_state.get(key("kind", letter), "item")
    try:
        if kind == "drawing":
            return _drawing_slot(letter), None
        if kind == "upload":
            return _upload_slot(letter), None
        item = _asked_item(letter)
        return (_last_good_item(letter) if item is None else _item_slot(letter, _asked_split(letter), item)), None
    except SiameseError as error:
        return _last_good_item(letter), tell(error)


def _asked_split(letter: str) -> str:
    split = st.session_state.get(key("split", letter))
    return split if split in SPLITS else "test"


def _asked_item(letter: str) -> int | None:
    item = st.session_state.get(key("item", letter))
    return int(item) if isinstance(item, (int, float)) and math.isfinite(item) else None


def _item_slot(letter: str, split_name: str, item: int) -> Slot:
    data = cache.collection()
    split = data.split(split_name)
    position = split.position(item)
    label = int(split.labels[position])
    st.session_state[key("good", letter)] = (split_name, item)
    return Slot(
        letter,
        "item",
        title=name_class(data.class_names[label]),
        caption=say("slot.item", split=say(f"split.{split_name}"), item=item),
        image=split.images[position],
        item=(split_name, item),
        label=label,
    )


def _last_good_item(letter: str) -> Slot:
    first = ("test", int(cache.collection().split("test").ids[0]))
    return _item_slot(letter, *st.session_state.get(key("good", letter), first))


def _drawing_slot(letter: str) -> Slot:
    drawn: Drawing = st.session_state[key("drawing", letter)]
    steps = preprocess_sketch(paint(drawn.strokes), skip=skipped(letter))
    return Slot(letter, "drawing", say("slot.drawing"), say("slot.from_pad"), steps.image, steps)


def _upload_slot(letter: str) -> Slot:
    picture: Picture = st.session_state[key("picture", letter)]
    steps = preprocess(picture.grey, skip=skipped(letter))
    caption = picture.name or say(f"slot.from_{picture.source}")
    return Slot(letter, "upload", say("slot.upload"), caption, steps.image, steps)
