"""Map: every test item on a plane, what lies near what, and how training has put it there."""

from functools import partial

import numpy as np
import streamlit as st

from app import address, cache, slots
from app.choices import choose
from app.chosen import chosen_model, chosen_threshold
from app.components.embedding_map import Landed, Layout, embedding_map, read_lasso
from app.components.item_grid import Tile, item_grid, read_picks
from app.components.pair_grid import PairCard, pair_grid
from app.filling import choose_number
from app.findings import nearest_items
from app.map_files import NEIGHBOURS, items_url, layout_url
from app.opening import go_where_opened, open_pair
from app.refusals import told_to_visitor
from app.slots import LETTERS, Slot
from app.sprites import atlas_url, sprite_url
from app.tables import to_csv
from app.words import name_class, name_classes, say, write_number
from siamese_core.bundle import Bundle
from siamese_core.comparison import compare
from siamese_core.confusion import hardest_mistakes, hardest_pairs
from siamese_core.gallery import Neighbours
from siamese_core.projection import EmbeddingMap, neighbour_shares

NEAREST = 7
TILES_A_PAGE = 48
MOST_PAIRED = 2_000
"""Items whose pairs are looked through at once: two millions, a fifth of a second."""
PAIRS = 12
VIEWS = ("items", "pairs")


@st.fragment
@told_to_visitor()
def map_room(model: Bundle) -> None:
    """The map with both slots on it, what lies near them, and what the lasso holds."""
    go_where_opened()
    drawn = cache.embedding_map(model)
    plane, beside = st.columns([11, 4], gap="medium")
    with beside:
        places = [st.container() for _ in LETTERS]
        for letter, place in zip(LETTERS, places, strict=True):
            with place:
                choose_number(letter)  # before the slots are read: an address is read where its input is
    filled = [slots.read_slot(letter) for letter in LETTERS]
    embeddings = model.encoder.embed(np.stack([slot.image for slot, _ in filled]))
    landed = []
    for place, (slot, refusal), embedding in zip(places, filled, embeddings[:, None], strict=True):
        near = nearest_items(model, slot, NEAREST, embedding)
        landed.append(land(slot, near, drawn, embedding))
        with place:
            show_nearest(slot, near)
            if refusal:
                st.warning(refusal)
    with beside:
        show_verdict(model, embeddings)
    with plane:
        show_map(model, drawn, landed)
    show_chosen(model)
    for letter in LETTERS:
        address.write_drawing(letter)


def test_item(slot: Slot) -> int | None:
    """The number of the test item that the slot holds; None for anything else."""
    return slot.item[1] if slot.item and slot.item[0] == "test" else None


def land(slot: Slot, found: Neighbours, drawn: EmbeddingMap, embedding: np.ndarray) -> Landed:
    """Where the slot's content comes to lie."""
    return Landed(
        slot.letter,
        test_item(slot),
        place=drawn.place(embedding)[0],
        neighbours=found.ids[0],
        shares=neighbour_shares(found.distances[0]),
    )


def show_map(model: Bundle, drawn: EmbeddingMap, landed: list[Landed]) -> None:
    """The map itself, and what a hand can do on it."""
    names = [f"epoch-{epoch}" for epoch in drawn.epochs]
    if drawn.neighbourly is not None:
        names.insert(0, NEIGHBOURS)
    embedding_map(
        say("map.label", count=write_number(len(drawn))),
        items=items_url(),
        atlas=atlas_url(),
        layouts=[Layout(name, layout_url(model, name)) for name in names],
        kept=drawn.kept,
        class_names=name_classes(cache.collection().class_names),
        landed=landed,
        active=slots.active(),
        chosen=st.session_state.get("lassoed"),
        key="map",
        on_pick=take_picks,
        on_lasso=take_lasso,
    )
    st.caption(say("map.hint", slot=slots.active()))
    for one in landed:
        if one.item is None:
            st.caption(say("map.star", slot=one.slot))
    if model.embedding_map is None:
        st.caption(say("map.plain"))


def take_picks(key: str = "map") -> None:
    """A pick fills the slot that was active where it was made; then the other one is active."""
    for pick in read_picks(key):
        letter = pick.slot if pick.slot in LETTERS else slots.active()
        slots.put_item(letter, pick.split, pick.id)
        slots.activate(slots.other(letter))


def take_lasso() -> None:
    """Keep which items the lasso holds."""
    st.session_state["lassoed"] = read_lasso("map", len(cache.collection().split("test")))


def let_go() -> None:
    """Forget the lasso."""
    st.session_state["lassoed"] = None


def show_nearest(slot: Slot, found: Neighbours) -> None:
    """A slot's item and those nearest to it; a pick among these goes into the other slot."""
    tiles = [*own_tile(slot), *make_tiles(found)]
    item_grid(
        say("compare.nearest_items", slot=slot.letter),
        tiles,
        split="test",
        sprite=sprite_url("test", [tile.id for tile in tiles]),
        key=slots.key("map_near", slot.letter),
        on_pick=partial(pick_neighbour, slot.letter),
    )


def own_tile(slot: Slot) -> list[Tile]:
    """The tile of the test item that the slot holds; none for anything else."""
    item = test_item(slot)
    return [] if item is None else [Tile(item, slot.title, badge=slot.letter, caption=write_number(0, 3))]


def make_tiles(found: Neighbours) -> list[Tile]:
    """The tiles of one query's neighbours, with their distances."""
    class_names = cache.collection().class_names
    return [
        Tile(int(item), name_class(class_names[label]), caption=write_number(distance, 3))
        for item, label, distance in zip(found.ids[0], found.labels[0], found.distances[0], strict=True)
    ]


def pick_neighbour(letter: str) -> None:
    """A pick among one slot's neighbours goes into the other slot."""
    for pick in read_picks(slots.key("map_near", letter)):
        slots.put_item(slots.other(letter), pick.split, pick.id)


def show_verdict(model: Bundle, embeddings: np.ndarray) -> None:
    """How far both slots are apart, and the way to Compare."""
    found = compare(embeddings[0], embeddings[1], chosen_threshold(model))
    verdict = say("map.same" if found.same else "map.different")
    st.markdown(say("map.apart", distance=write_number(found.distance, 4), verdict=verdict))
    st.page_link("pages/compare.py", label=say("map.compare"), icon=":material/arrow_forward:")


def show_chosen(model: Bundle) -> None:
    """What the lasso holds, as items or as pairs."""
    chosen = st.session_state.get("lassoed")
    test = cache.collection().split("test")
    if chosen is None or len(chosen) != len(test):
        return
    rows = np.flatnonzero(chosen)
    st.subheader(say("map.chosen", count=write_number(len(rows))), anchor=False)
    st.caption(count_classes(test.labels[rows]))
    with st.container(horizontal=True, vertical_alignment="center"):
        names = {view: say(f"map.{view}") for view in VIEWS}
        view = choose(say("map.show"), names, key="map_view", label_visibility="collapsed")
        table = to_csv({"item": test.ids[rows], "class": np.array(cache.collection().class_names)[test.labels[rows]]})
        st.download_button("CSV", table, "lasso.csv", "text/csv", key="map_csv", on_click="ignore", type="tertiary")
        st.button(say("map.let_go"), key="let_go", type="tertiary", on_click=let_go)
    if view == "items":
        show_items(rows)
    else:
        show_pairs(model, rows)


def count_classes(labels: np.ndarray) -> str:
    """How many there are of each class, the most frequent first."""
    class_names = cache.collection().class_names
    present, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return " · ".join(f"{name_class(class_names[present[at]])} {write_number(counts[at])}" for at in order)


def show_items(rows: np.ndarray) -> None:
    """One page of these rows of the test items; a pick fills the active slot."""
    test, class_names = cache.collection().split("test"), cache.collection().class_names
    wall = st.container()
    count = -(-len(rows) // TILES_A_PAGE)
    page = st.pagination(count, key=f"map_page_{count}") if count > 1 else 1
    page = page if isinstance(page, int) and 1 <= page <= count else 1
    shown = rows[(page - 1) * TILES_A_PAGE : page * TILES_A_PAGE]
    with wall:
        item_grid(
            say("map.chosen_items"),
            [Tile(int(test.ids[row]), name_class(class_names[test.labels[row]])) for row in shown],
            split="test",
            sprite=sprite_url("test", test.ids[shown]),
            key="map_wall",
            on_pick=partial(take_picks, "map_wall"),
            slot=slots.active(),
        )


def show_pairs(model: Bundle, rows: np.ndarray) -> None:
    """The pairs of these rows that are decided wrongly, the worst first; a click opens one in Compare."""
    if len(rows) > MOST_PAIRED:
        st.info(say("map.too_many", limit=write_number(MOST_PAIRED)))
        return
    test, class_names = cache.collection().split("test"), cache.collection().class_names
    threshold = chosen_threshold(model)
    pairs, distances = hardest_pairs(cache.gallery(model).embeddings[rows], test.labels[rows])
    worst = hardest_mistakes(pairs, distances, threshold, count=PAIRS)
    if not len(worst):
        st.info(say("map.none_wrong"))
        return
    cards = [
        PairCard(
            left=int(test.ids[left]),
            right=int(test.ids[right]),
            left_class=name_class(class_names[test.labels[left]]),
            right_class=name_class(class_names[test.labels[right]]),
            distance=float(distances[pair]),
            same=bool(distances[pair] <= threshold),
            is_same=bool(pairs.is_same[pair]),
        )
        for pair, left, right in zip(worst, rows[pairs.left[worst]], rows[pairs.right[worst]], strict=True)
    ]
    pair_grid(
        say("map.pairs"),
        cards,
        split="test",
        sprite=sprite_url("test", [item for card in cards for item in (card.left, card.right)]),
        key="map_pairs",
        on_open=partial(open_pair, "map_pairs", "test"),
    )


address.read_drawings()
slots.prepare()
map_room(chosen_model())
