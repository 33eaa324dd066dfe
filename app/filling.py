"""The ways to fill a slot: a number, the wall, the pad, an upload, the camera, the clipboard."""

from functools import partial

import numpy as np
import streamlit as st

from app import cache, slots
from app.choices import choose, select
from app.components.clipboard import clipboard, read_pasted
from app.components.item_grid import Tile, item_grid, read_picks
from app.components.sketch_pad import sketch_pad
from app.slots import LETTERS, Slot, Source, name_splits
from app.sprites import sprite_url
from app.words import name_class, name_classes, say, tell
from siamese_core.errors import SiameseError
from siamese_core.images import check_bytes

SOURCES = ("wall", "draw", "upload", "camera")
SOURCES_IN_A_FRAME = ("wall", "draw")  # another site's frame has no cookies, without which Streamlit takes no file
ALL_CLASSES = "all"
TILES_A_PAGE = 96
UPLOAD_TYPES = [".png", ".jpg", ".jpeg", ".webp", ".gif"]


def choose_number(letter: str) -> None:
    """The native way: the item's number and split, both in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.number_input(
            say("compare.item", slot=letter),
            min_value=0,
            max_value=slots.MAX_ITEM,
            value=None,  # so that every number stands in the address, 0 too
            step=1,
            placeholder=say("compare.yours"),
            key=slots.key("item", letter),
            bind="query-params",
            on_change=slots.show_item,
            args=(letter,),
        )
        select(
            say("compare.split", slot=letter),
            name_splits(),
            key=slots.key("split", letter),
            on_change=partial(slots.show_item, letter),
            label_visibility="collapsed",
            width=84,
        )


def choose_items(a: Slot, b: Slot) -> None:
    """Whichever way the visitor fills the active slot; the pad stands in the slot's own place."""
    letter, other = slots.active(), slots.other(slots.active())
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        st.markdown(say("filling.fill", slot=letter), width="content")
        source = choose(
            say("filling.source"),
            {name: say(f"filling.{name}") for name in (SOURCES_IN_A_FRAME if st.context.is_embedded else SOURCES)},
            key="source",
            label_visibility="collapsed",
        )
        filters = st.container(horizontal=True, width="content")
        label = say("filling.switch", slot=other)
        st.button(label, key="switch_slot", type="tertiary", on_click=slots.activate, args=(other,))
    clipboard(key="clipboard", on_paste=receive_pasted)
    for refusal in filter(None, map(slots.refusal, LETTERS)):
        st.error(refusal, icon=":material/error:")
    if source == "upload":
        upload_item(letter)
    elif source == "camera":
        photograph_item(letter)
    elif source == "wall":
        with filters:
            split, class_name = choose_filter()
        show_wall(split, class_name, a, b)


def is_drawn(letter: str) -> bool:
    """Whether the slot is the one that is filled from the pad, which then stands in its place."""
    return st.session_state.get("source") == "draw" and letter == slots.active()


def choose_filter() -> tuple[str, str]:
    """The split and class the wall shows."""
    classes = {ALL_CLASSES: say("filling.all_classes")}
    classes |= {name: name_class(name) for name in cache.collection().class_names}
    split = select(say("filling.split"), name_splits(), key="wall_split", width=110, label_visibility="collapsed")
    class_name = select(say("filling.class"), classes, key="wall_class", width=170, label_visibility="collapsed")
    return split, class_name


def show_wall(split_name: str, class_name: str, a: Slot, b: Slot) -> None:
    """One page of the real items of a split and class."""
    data = cache.collection()
    split = data.split(split_name)
    rows = np.arange(len(split))
    if class_name in data.class_names:
        rows = np.flatnonzero(split.labels == data.class_names.index(class_name))
    count = max(1, -(-len(rows) // TILES_A_PAGE))
    wall = st.container()
    page = st.pagination(count, key=f"wall_page_{split_name}_{class_name}")
    page = page if isinstance(page, int) and 1 <= page <= count else 1
    rows = rows[(page - 1) * TILES_A_PAGE : page * TILES_A_PAGE]
    class_names = name_classes(data.class_names)  # once, not for each of a hundred tiles
    tiles = []
    for row in rows:
        item = int(split.ids[row])
        badge = "".join(slot.letter for slot in (a, b) if slot.item == (split_name, item))
        tiles.append(Tile(item, class_names[split.labels[row]], badge=badge))
    with wall:
        item_grid(
            say("filling.items", split=say(f"split.{split_name}")),
            tiles,
            split=split_name,
            sprite=sprite_url(split_name, split.ids[rows]),
            key="wall",
            on_pick=pick_from_wall,
            slot=slots.active(),
        )


def pick_from_wall() -> None:
    """A pick in the wall fills the active slot; then the other one is active."""
    for pick in read_picks("wall"):
        letter = pick.slot if pick.slot in LETTERS else slots.active()
        slots.put_item(letter, pick.split, pick.id)
        slots.activate(slots.other(letter))


def draw_item(letter: str) -> None:
    """A pad whose drawing fills the slot while it is drawn."""
    sketch_pad(
        say("filling.pad", slot=letter),
        key=slots.key("pad", letter),
        drawing=slots.drawing(letter),
        version=slots.pad_version(letter),
        on_draw=partial(slots.take_drawing, letter),
    )


def upload_item(letter: str) -> None:
    """An upload that fills the slot, or says why it cannot."""
    st.file_uploader(
        say("filling.picture", slot=letter),
        type=UPLOAD_TYPES,
        key=slots.key("upload", letter),
        on_change=receive_file,
        args=(letter, "upload"),
        help=say("filling.picture_help"),
    )


def photograph_item(letter: str) -> None:
    """The camera, whose photograph fills the slot."""
    st.camera_input(
        say("filling.photograph", slot=letter),
        key=slots.key("camera", letter),
        on_change=receive_file,
        args=(letter, "camera"),
        width=480,
    )


def receive_file(letter: str, source: Source) -> None:
    """Take a new upload or photograph into the slot; one that is taken away gives the item back."""
    file = st.session_state[slots.key(source, letter)]
    if file is None:
        slots.take_back(letter)
    else:
        receive_picture(letter, source, file.getvalue(), name=file.name if source == "upload" else None)


def receive_pasted() -> None:
    """Take a pasted picture into the active slot, in whose place a pad may stand."""
    pasted = read_pasted("clipboard")
    if pasted is None:
        return
    letter = slots.active()
    if is_drawn(letter):
        st.session_state["source"] = "wall"
    receive_picture(letter, "clipboard", pasted.data, size=pasted.size)


def receive_picture(
    letter: str, source: Source, data: bytes, *, name: str | None = None, size: int | None = None
) -> None:
    """Take a picture into the slot; keep the reason when it is refused."""
    try:
        check_bytes(len(data) if size is None else size, name)
        slots.take_picture(letter, source, data, name=name)
    except SiameseError as error:
        slots.refuse(letter, tell(error))
