"""Compare: two slots, their distance, and what stands near."""

from functools import partial

import numpy as np
import streamlit as st

from app import address, cache, slots
from app.chosen import chosen_model, chosen_threshold
from app.components.class_bars import class_bars
from app.components.distance_parts import distance_parts
from app.components.item_grid import Tile, item_grid, read_picks
from app.components.slot_card import slot_card
from app.components.step_strip import read_step, step_strip
from app.components.verdict_gauge import Doubt, verdict_gauge
from app.examples import show_examples
from app.filling import choose_items, choose_number, draw_item, is_drawn
from app.findings import Finding, nearest_items
from app.refusals import told_to_visitor
from app.slots import LETTERS, Slot
from app.sprites import sprite_url
from app.taking import offer_comparison
from app.words import name_class, say, write_number, write_share
from siamese_core.bundle import Bundle
from siamese_core.comparison import Comparison, compare

NEIGHBOURS = 5
LIKELIEST = 4


def pick_neighbour(letter: str) -> None:
    """A pick among one slot's neighbours compares the two: it goes into the other slot."""
    for pick in read_picks(slots.key("near", letter)):
        slots.put_item(slots.other(letter), pick.split, pick.id)


@st.fragment
@told_to_visitor()
def compare_room(model: Bundle) -> None:
    """Both slots, the verdict between them, and the ways to fill them."""
    with st.container(key="stage"):
        place_a, verdict, place_b = (
            st.container(key="place_a"),
            st.container(key="verdict"),
            st.container(key="place_b"),
        )
    places = dict(zip(LETTERS, (place_a, place_b), strict=True))
    cards = {letter: place.container() for letter, place in places.items()}
    pads = {letter: place.container() for letter, place in places.items()}
    for letter, place in places.items():
        with place:
            choose_number(letter)
    filled = {letter: slots.read_slot(letter) for letter in LETTERS}
    for letter, (slot, refusal) in filled.items():
        with cards[letter]:
            slot_card(
                letter,
                title=slot.title,
                caption=slot.caption,
                image=slot.image,
                given=slot.steps.steps[0][1] if slot.steps else None,
                active=letter == slots.active(),
                compact=is_drawn(letter),
                key=slots.key("card", letter),
                on_activate=partial(slots.activate, letter),
            )
            if not is_drawn(letter):
                tell_stranger(model, slot)
        if refusal:
            places[letter].warning(refusal)
    a, b = (filled[letter][0] for letter in LETTERS)
    with verdict:
        found = show_verdict(model, a, b)
        show_examples()
    show_steps(a, b)
    explain_distance(found)
    choose_items(a, b)
    for letter in LETTERS:
        if reason := address.write_drawing(letter):
            places[letter].caption(reason)
    for letter, place in pads.items():
        if is_drawn(letter):
            with place:
                pad = st.container()
                tell_stranger(model, filled[letter][0])  # below the pad, which must not move under the hand
                with pad:
                    draw_item(letter)  # last: the pad goes on when all of its answer is there


def tell_stranger(model: Bundle, slot: Slot) -> None:
    """Say so where a picture of the visitor's own is unlike the data; an item of the data never is."""
    if slot.item is None and model.familiarity and not model.familiarity.is_familiar(slot.image[None])[0]:
        st.caption(say("compare.unfamiliar"))


def show_verdict(model: Bundle, a: Slot, b: Slot) -> Finding:
    """The distance, how probable it is that both are the same, the gauge, and the nearest items of both slots."""
    embeddings = model.encoder.embed(np.stack([a.image, b.image]))
    comparison = compare(embeddings[0], embeddings[1], chosen_threshold(model))
    numbers = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="numbers")
    gauge = st.container()
    with numbers:
        with st.container(width="content", key="distance"):
            st.metric(say("compare.distance"), write_number(comparison.distance, 4), width="content")
        doubt = show_probability(model, comparison)
    is_same = None if a.label is None or b.label is None else a.label == b.label
    with gauge:
        word = verdict_gauge(comparison, margin=model.recipe.margin, is_same=is_same, doubt=doubt, key="gauge")
    left, right = st.columns(2, gap="medium")
    for column, slot, embedding in ((left, a, embeddings[:1]), (right, b, embeddings[1:])):
        with column:
            show_neighbours(model, slot, embedding)
            if slot.label is None:
                show_classes(model, slot, embedding)
    found = Finding(model, a, b, comparison, word, doubt.p_same, doubt.base_rate)
    with numbers:
        offer_comparison(found)
    return found


def show_probability(model: Bundle, comparison: Comparison) -> Doubt:
    """P(same) for the base rate the visitor expects; how sure one must be before the app decides is theirs too."""
    shown = st.container(width="content")
    with st.popover(say("compare.odds"), icon=":material/tune:", type="tertiary", key="odds"):
        base_rate = st.slider(say("compare.base_rate"), 1, 99, 50, format="%d %%", key="base_rate", bind="query-params")
        sureness = st.slider(say("compare.sureness"), 50, 99, 50, format="%d %%", key="sureness", bind="query-params")
    rate = base_rate / 100
    p_same = float(model.calibration.probability(comparison.distance, base_rate=rate))
    with shown:
        st.metric(say("compare.p_same"), write_probability(p_same), width="content")
    return Doubt(model.calibration.doubtful(sureness / 100, base_rate=rate), sureness / 100, p_same, rate)


def write_probability(p: float) -> str:
    """A probability with one decimal, never 0 or 100 %: no curve is that sure."""
    if p < 0.001:
        return f"< {write_share(0.001)}"
    return f"> {write_share(0.999)}" if p > 0.999 else write_share(p)


def show_steps(*filled: Slot) -> None:
    """How the visitor's own pictures became what the network sees; a click leaves a step out."""
    for slot in filled:
        if slot.steps is None:
            continue
        step_strip(
            say("compare.steps", slot=slot.letter),
            slot.steps,
            left_out=("polarity",) if slot.kind == "drawing" else (),
            skipped=slots.skipped(slot.letter),
            key=slots.key("steps", slot.letter),
            on_switch=partial(switch_step, slot.letter),
        )


def switch_step(letter: str) -> None:
    """A click on a step of a slot's picture switches it."""
    slots.switch_step(letter, read_step(slots.key("steps", letter)))


def explain_distance(found: Finding) -> None:
    """On demand: what the distance is made of."""
    room = st.expander(say("compare.why"), key="why", on_change="rerun", bind="query-params")
    if not room.open:
        return
    with room:
        distance_parts(found.explain(), distance=found.comparison.distance, key="parts")


def show_neighbours(model: Bundle, slot: Slot, embedding: np.ndarray) -> None:
    """The test items nearest to a slot, the slot's own item left out."""
    found = nearest_items(model, slot, NEIGHBOURS, embedding)
    class_names = cache.collection().class_names
    tiles = [
        Tile(int(item), name_class(class_names[label]), caption=write_number(distance, 3))
        for item, label, distance in zip(found.ids[0], found.labels[0], found.distances[0], strict=True)
    ]
    st.caption(say("compare.nearest", slot=slot.letter))
    item_grid(
        say("compare.nearest_items", slot=slot.letter),
        tiles,
        split="test",
        sprite=sprite_url("test", found.ids[0]),
        key=slots.key("near", slot.letter),
        on_pick=partial(pick_neighbour, slot.letter),
        strip=True,
    )


def show_classes(model: Bundle, slot: Slot, embedding: np.ndarray) -> None:
    """What a picture of the visitor's own looks like, the likeliest class first."""
    by_class = cache.gallery(model).class_distances(embedding)
    shares = model.calibration.shares(np.array([distances[0] for distances in by_class.values()]))
    class_names = cache.collection().class_names
    ranked = sorted(zip(by_class, shares.tolist(), strict=True), key=lambda one: -one[1])[:LIKELIEST]
    class_bars(
        say("compare.looks_like", slot=slot.letter),
        [(name_class(class_names[label]), share) for label, share in ranked],
        key=slots.key("classes", slot.letter),
    )


address.read_drawings()
slots.prepare()
compare_room(chosen_model())
