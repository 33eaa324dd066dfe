"""Evaluate: which threshold, which mistakes, how sure; over all pairs of the test images."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from app import address, cache
from app.cache import Diagnosis
from app.choices import select
from app.chosen import chosen_model, chosen_threshold, use_threshold
from app.components.item_grid import Tile, item_grid, read_picks
from app.components.pair_grid import PairCard, pair_grid
from app.components.reliability_diagram import reliability_diagram
from app.components.threshold_explorer import Beside, read_cell, read_threshold, threshold_explorer
from app.figures import FIGURES, diagnosis_figure, drawn
from app.opening import go_where_opened, open_items, open_pair
from app.sprites import sprite_url
from app.tables import classes_table, rates_table, suspects_table, trust_table
from app.words import name_classes, say, write_number, write_share
from siamese_core.bundle import Bundle
from siamese_core.confusion import ClassPairs, hardest_mistakes
from siamese_core.unseen import DRAWS

PLACES = 360  # thresholds the browser gets: about one a pixel and a half
MISTAKES = 6  # of each kind: a row
SUSPECTS = 48
EVIDENCE = 7
NO_MODEL = "none"


def show_toolbar(model: Bundle, counts: ClassPairs) -> tuple[tuple[float, float], Bundle | None]:
    """The named thresholds, the costs of both mistakes, and the second model."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="evaluate_tools"):
        named = st.container(horizontal=True, width="content", gap="xsmall")
        accept = cost_input(say("evaluate.cost_accept"), "cost_accept")
        reject = cost_input(say("evaluate.cost_reject"), "cost_reject")
        others = [name for name in cache.model_names() if name != model.name]
        models = {NO_MODEL: say("evaluate.no_model")} | {name: name for name in others}
        second = select(say("evaluate.beside"), models, key="beside", width=140, disabled=not others)
    places = {
        "validation": counts.nearest(model.threshold),
        "best_accuracy": counts.best(),
        "eer": counts.equal(),
        "far_1": counts.at_most(0.01),
        "far_01": counts.at_most(0.001),
        "lowest_cost": int(np.argmin(accept * counts.far + reject * counts.frr)),
    }
    with named:
        for name, place in places.items():
            st.button(
                say(f"evaluate.preset_{name}"),
                key=f"preset_{name}",
                on_click=use_threshold,
                args=(model, float(counts.thresholds[place])),
                icon=":material/check:" if counts.thresholds[place] == chosen_threshold(model) else None,
            )
    return (accept, reject), cache.bundle(second) if second in others else None


def cost_input(label: str, key: str) -> float:
    """The cost of one kind of mistake."""
    value = st.number_input(label, 0.0, 1000.0, 1.0, step=1.0, format="%g", key=key, bind="query-params", width=150)
    return float(value)


def places_to_show(counts: ClassPairs, *needed: float) -> np.ndarray:
    """Places of the thresholds the browser gets: evenly spread ones, the last, and those needed."""
    stride = max(1, len(counts.thresholds) // PLACES)
    even = np.arange(0, len(counts.thresholds), stride)
    return np.unique([*even, len(counts.thresholds) - 1, *(counts.nearest(threshold) for threshold in needed)])


def take_threshold(model: Bundle) -> None:
    """A drag has ended: the whole app decides by its threshold."""
    use_threshold(model, read_threshold("explorer"))


def take_cell() -> None:
    """A click on two classes chooses them; a second click lets them go."""
    sent, classes = read_cell("explorer"), len(cache.collection().class_names)
    if not isinstance(sent, list) or len(sent) != 2 or any(type(label) is not int for label in sent):
        return
    cell = (max(sent), min(sent))
    if cell[1] >= 0 and cell[0] < classes:
        st.session_state["cell"] = None if st.session_state.get("cell") == cell else cell


def read_cell_in_address() -> None:
    """Choose the two classes that the address names, once a session; what is none is left alone."""
    if "cell" in st.session_state:
        return
    numbers = st.query_params.get("cell", "").split("-")
    labels = [int(number) for number in numbers if number in map(str, range(len(cache.collection().class_names)))]
    st.session_state["cell"] = (max(labels), min(labels)) if len(labels) == len(numbers) == 2 else None


def keep_cell_in_address() -> None:
    """Let the address name the chosen two classes."""
    cell = st.session_state["cell"]
    address.keep("cell", None if cell is None else f"{cell[0]}-{cell[1]}")


def forget_cell() -> None:
    """Show the mistakes of all classes again."""
    st.session_state["cell"] = None


def show_explorer(model: Bundle, every: ClassPairs, costs: tuple[float, float], second: Bundle | None) -> None:
    """The histogram with its threshold, the figures, the curves and the classes."""
    threshold = chosen_threshold(model)
    counts = every.at(places_to_show(every, threshold, model.threshold))
    beside = None
    if second is not None:
        theirs = cache.class_pairs(second)
        theirs = theirs.at(places_to_show(theirs, second.threshold))
        beside = Beside(second.name, theirs.far, theirs.frr)
    threshold_explorer(
        counts,
        name_classes(cache.collection().class_names),
        name=model.name,
        threshold=float(counts.thresholds[counts.nearest(threshold)]),
        own=model.threshold,
        interval=model.threshold_interval,
        costs=costs,
        beside=beside,
        cell=st.session_state["cell"],
        key="explorer",
        on_threshold=partial(take_threshold, model),
        on_cell=take_cell,
    )


def show_downloads(model: Bundle, found: Diagnosis) -> None:
    """Every figure of this page as PNG and SVG, and the numbers behind it as CSV."""
    threshold = chosen_threshold(model)
    tables = {
        "classes": lambda: classes_table(found, threshold),
        "p_same": lambda: trust_table(found),
    }
    with st.popover(say("evaluate.take_away"), icon=":material/download:", type="tertiary", key="take_away"):
        figures = {name: say(f"evaluate.figure_{name}") for name in FIGURES}
        wanted = st.selectbox(say("evaluate.figure"), FIGURES, format_func=figures.__getitem__, key="figure")
        figure = partial(diagnosis_figure, wanted, found, threshold, model.name)
        table = tables.get(wanted, lambda: rates_table(found))
        stem = f"{model.name}-{wanted.replace('_', '-')}"
        with st.container(horizontal=True):
            download("PNG", lambda: drawn(figure(), "png"), f"{stem}.png", "image/png")
            download("SVG", lambda: drawn(figure(), "svg"), f"{stem}.svg", "image/svg+xml")
            download("CSV", table, f"{stem}.csv", "text/csv")


def download(label: str, make: Callable[[], bytes | str], name: str, mime: str) -> None:
    """A button for a file that is made when it is asked for."""
    st.download_button(label, make, file_name=name, mime=mime, on_click="ignore", key=f"figure_{label.lower()}")


def show_mistakes(model: Bundle, found: Diagnosis) -> None:
    """Different pairs taken for the same, then same ones taken for different, each kind worst first."""
    test, class_names = cache.collection().split("test"), name_classes(cache.collection().class_names)
    threshold, cell = chosen_threshold(model), st.session_state["cell"]
    pairs, distances = found.hardest, found.hardest_distances
    with st.container(horizontal=True, vertical_alignment="center", key="mistakes_head"):
        st.header(say("evaluate.mistakes"), anchor=False, width="content")
        if cell is not None:
            st.button(
                say("evaluate.both", one=class_names[cell[0]], other=class_names[cell[1]]),
                key="forget_cell",
                icon=":material/close:",
                on_click=forget_cell,
                help=say("evaluate.forget_cell"),
            )
    if cell is not None:
        of_both = np.sort(np.stack([test.labels[pairs.left], test.labels[pairs.right]]), axis=0)
        chosen = np.flatnonzero((of_both[1] == cell[0]) & (of_both[0] == cell[1]))
        pairs, distances = pairs.take(chosen), distances[chosen]
    rows = np.concatenate(
        [
            of_kind[hardest_mistakes(pairs.take(of_kind), distances[of_kind], threshold, count=MISTAKES)]
            for of_kind in (np.flatnonzero(~pairs.is_same), np.flatnonzero(pairs.is_same))
        ]
    )
    if not len(rows):
        st.info(say("evaluate.no_mistake"))
        return
    cards = [
        PairCard(
            left=int(test.ids[pairs.left[row]]),
            right=int(test.ids[pairs.right[row]]),
            left_class=class_names[test.labels[pairs.left[row]]],
            right_class=class_names[test.labels[pairs.right[row]]],
            distance=float(distances[row]),
            same=bool(distances[row] <= threshold),
            is_same=bool(pairs.is_same[row]),
        )
        for row in rows
    ]
    pair_grid(
        say("evaluate.mistakes"),
        cards,
        split="test",
        sprite=sprite_url("test", [item for card in cards for item in (card.left, card.right)]),
        key="mistakes",
        on_open=partial(open_pair, "mistakes", "test"),
    )


def pick_suspect() -> None:
    """A pick among the suspects shows its evidence."""
    for pick in read_picks("suspects"):
        st.session_state["suspect"] = pick.id


def open_evidence(suspect: int) -> None:
    """A pick among the neighbours compares it with the suspect."""
    for pick in read_picks("evidence"):
        open_items("test", suspect, pick.id)


def show_suspects(found: Diagnosis) -> None:
    """Items that are likely mislabelled, and for one of them the neighbours that say so."""
    test, suspects = cache.collection().split("test"), found.suspects
    class_names = name_classes(cache.collection().class_names)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header(say("evaluate.suspects"), anchor=False, width="content")
        if len(suspects.rows):
            st.download_button(
                "CSV",
                lambda: suspects_table(found),
                file_name="likely-mislabelled.csv",
                mime="text/csv",
                on_click="ignore",
                key="suspects_csv",
                icon=":material/download:",
                help=say("evaluate.suspects_help", count=write_number(len(suspects.rows))),
            )
    if not len(suspects.rows):
        st.info(say("evaluate.no_suspect"))
        return
    ids = test.ids[suspects.rows[:SUSPECTS]]
    chosen = st.session_state.get("suspect")
    at = int(np.flatnonzero(ids == chosen)[0]) if chosen in ids else 0
    row = suspects.rows[at]
    evidence, wall = st.columns([2, 3], gap="large")
    with wall:
        item_grid(
            say("evaluate.suspects_list"),
            [
                Tile(int(ids[place]), class_names[test.labels[suspects.rows[place]]], badge="✓" if place == at else "")
                for place in range(len(ids))
            ],
            split="test",
            sprite=sprite_url("test", ids),
            key="suspects",
            on_pick=pick_suspect,
        )
    with evidence:
        label, proposed = class_names[test.labels[row]], class_names[suspects.proposed[at]]
        st.markdown(say("evaluate.suspect", item=test.ids[row], label=label, proposed=proposed))
        votes = round(suspects.agreement[at] * cache.VOTERS)
        own = round(suspects.own[at] * cache.VOTERS)
        st.caption(say("evaluate.votes", count=cache.VOTERS, votes=votes, proposed=proposed, own=own, label=label))
        agree = np.flatnonzero(test.labels[found.neighbours[row]] == suspects.proposed[at])[:EVIDENCE]
        near = test.ids[found.neighbours[row][agree]]
        item_grid(
            say("evaluate.evidence", proposed=proposed),
            [
                Tile(int(item), proposed, caption=write_number(distance, 3))
                for item, distance in zip(near, found.neighbour_distances[row][agree], strict=True)
            ],
            split="test",
            sprite=sprite_url("test", near),
            key="evidence",
            on_pick=partial(open_evidence, int(test.ids[row])),
            strip=True,
        )


def show_trust(model: Bundle, found: Diagnosis) -> None:
    """Whether P(same) is true: what was said against what happened."""
    trust = found.trust
    st.header(say("evaluate.trust"), anchor=False)
    reliability_diagram(trust, name=model.name, key="reliability")
    st.caption(say("evaluate.trust_note", points=write_number(100 * trust.ece, 2)))


def show_ceiling(model: Bundle, found: Diagnosis) -> None:
    """How the model stands beside what the classes of its neighbours alone allow."""
    place = found.counts.nearest(chosen_threshold(model))
    here = 1.0 - (found.counts.far[place] + found.counts.frr[place]) / 2.0
    top = found.ceiling.balanced_accuracy
    st.header(say("evaluate.ceiling"), anchor=False)
    kind = "gap" if top >= here else "passed"
    gap = say(f"evaluate.ceiling_{kind}", points=write_number(100 * abs(top - here), 2))
    st.metric(say("evaluate.ceiling_most"), write_share(top, 2), gap, delta_color="off", delta_arrow="off")
    st.progress(min(1.0, max(0.0, (here - 0.5) / (top - 0.5))) if top > 0.5 else 0.0)
    st.caption(say("evaluate.ceiling_note", count=cache.WITNESSES, accuracy=write_share(found.ceiling.class_accuracy)))


def show_unseen(model: Bundle) -> None:
    """What becomes of classes that training never saw; of a model that saw them all, what its twins make of them."""
    if not model.unseen:
        return
    st.header(say("evaluate.never_seen"), anchor=False)
    if not model.held_out:
        st.caption(say("evaluate.twins"))
    for names, told in model.unseen.items():
        st.markdown(say("evaluate.held_out", classes=", ".join(name_classes(names))))
        with st.container(horizontal=True):
            st.metric(say("evaluate.seen"), write_share(told["seen_balanced_accuracy"], 2))
            st.metric(say("evaluate.unseen"), write_share(told["unseen_balanced_accuracy"], 2))
            st.metric(say("evaluate.one_shot"), write_share(told["one_shot_accuracy"], 2))
    st.caption(say("evaluate.one_shot_note", count=write_number(DRAWS)))


go_where_opened()
chosen = chosen_model()
read_cell_in_address()
keep_cell_in_address()
counts = cache.class_pairs(chosen)
costs, second = show_toolbar(chosen, counts)
show_explorer(chosen, counts, costs, second)
test_count = len(cache.collection().split("test"))
about = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
about.caption(
    say("evaluate.about", count=write_number(test_count * (test_count - 1) // 2)),
    width="content",
)
diagnosis = cache.diagnosis(chosen)
with about:
    show_downloads(chosen, diagnosis)
show_mistakes(chosen, diagnosis)
show_suspects(diagnosis)
left, right = st.columns(2, gap="large")
with left:
    show_trust(chosen, diagnosis)
with right:
    show_ceiling(chosen, diagnosis)
show_unseen(chosen)
