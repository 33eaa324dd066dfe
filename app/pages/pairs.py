"""Pairs: what the network is trained and tested on, with truth, distance and verdict."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from app import address, cache
from app.choices import choose, select
from app.chosen import HIGHEST_THRESHOLD, chosen_model, chosen_threshold
from app.components.pair_grid import PairCard, pair_grid, read_turn
from app.figures import ten_pairs_png
from app.opening import go_where_opened, open_pair
from app.pair_filter import ORDERS, PairFilter
from app.quiz import show_quiz
from app.slots import name_splits
from app.sprites import sprite_url
from app.tables import pairs_table
from app.words import name_class, say, write_number, write_share
from siamese_core.bundle import Bundle

PAIRS_A_PAGE = 24
TRUTHS = ("all", "same", "different")
VERDICTS = ("all", "right", "wrong")
MODES = ("browse", "quiz")
ANY_CLASS = "any"


def name_all(options: Sequence[str]) -> dict[str, str]:
    """Options by the visitor's words for them."""
    return {option: say(f"pairs.{option}") for option in options}


def choose_class(label: str, *, key: str) -> int | None:
    """The label of the chosen class; None for any."""
    class_names = cache.collection().class_names
    options = {ANY_CLASS: say("pairs.any_class")} | {name: name_class(name) for name in class_names}
    name = select(label, options, key=key, width=140)
    return class_names.index(name) if name in class_names else None


def choose_distance(label: str, words: str, *, key: str) -> float | None:
    """A limit of the distances shown; None where there is none."""
    value = st.number_input(
        label, 0.0, HIGHEST_THRESHOLD, None, step=0.05, format="%.3f", placeholder=words, key=key,
        bind="query-params", width=130,
    )  # fmt: skip
    return value if isinstance(value, float) and math.isfinite(value) else None


def choose_filter(order: str) -> PairFilter:
    """Every filter, all of them in the address."""
    with st.container(horizontal=True, key="filters"):
        truth = choose(say("pairs.truth"), name_all(TRUTHS), key="pairs_truth")
        verdict = choose(say("pairs.verdict"), name_all(VERDICTS), key="pairs_verdict")
        one = choose_class(say("pairs.class"), key="pairs_class")
        other = choose_class(say("pairs.and"), key="pairs_with")
        least = choose_distance(say("pairs.from"), "0", key="pairs_from")
        most = choose_distance(say("pairs.to"), say("pairs.any"), key="pairs_to")
    return PairFilter(truth, verdict, one, other, least, most, order)


def make_cards(table: cache.PairTable, same: np.ndarray, rows: np.ndarray) -> list[PairCard]:
    """The cards of these rows."""
    split = table.split
    class_names = cache.collection().class_names
    cards = []
    for row in rows:
        left, right = table.pairs.left[row], table.pairs.right[row]
        cards.append(
            PairCard(
                left=int(split.ids[left]),
                right=int(split.ids[right]),
                left_class=name_class(class_names[split.labels[left]]),
                right_class=name_class(class_names[split.labels[right]]),
                distance=float(table.distances[row]),
                same=bool(same[row]),
                is_same=bool(table.pairs.is_same[row]),
            )
        )
    return cards


def turn_page(key: str, count: int) -> None:
    """J after the last pair of a page, or K before the first one."""
    page, step = st.session_state.get(key) or 1, read_turn("pair_grid")
    st.session_state[key] = min(max(page + step, 1), count)


def show_pairs(model: Bundle, split_name: str, order: str) -> None:
    """Filters, figures and one page of pairs."""
    wanted = choose_filter(order)
    table = cache.pair_table(model, split_name)
    threshold = chosen_threshold(model)
    same = table.distances <= threshold
    rows = wanted.rows(table, threshold)

    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        right = np.mean(same == table.pairs.is_same)
        st.markdown(
            say(
                f"pairs.count_{split_name}",
                shown=write_number(len(rows)),
                all=write_number(len(table.pairs)),
                right=write_share(float(right)),
                threshold=write_number(threshold, 2),
            ),
            width="content",
        )
        if len(rows):
            st.download_button(
                say("pairs.ten"),
                lambda: ten_pairs_png(table, rows),
                file_name=f"ten-pairs-{split_name}.png",
                mime="image/png",
                on_click="ignore",
                key="ten_pairs",
                icon=":material/download:",
                help=say("pairs.ten_help"),
            )
            st.download_button(
                "CSV",
                lambda: pairs_table(table, rows, threshold),
                file_name=f"pairs-{split_name}.csv",
                mime="text/csv",
                on_click="ignore",
                key="pairs_csv",
                icon=":material/download:",
                help=say("pairs.csv_help"),
            )
    if not len(rows):
        st.info(say("pairs.none"))
        return
    count = -(-len(rows) // PAIRS_A_PAGE)
    grid = st.container()
    page_key = f"pairs_page_{split_name}_{wanted}"
    page = st.pagination(count, key=page_key)
    page = page if isinstance(page, int) and 1 <= page <= count else 1
    cards = make_cards(table, same, rows[(page - 1) * PAIRS_A_PAGE : page * PAIRS_A_PAGE])
    with grid:
        pair_grid(
            say("pairs.grid", split=say(f"split.{split_name}")),
            cards,
            split=split_name,
            sprite=sprite_url(split_name, [item for card in cards for item in (card.left, card.right)]),
            key="pair_grid",
            on_open=partial(open_pair, "pair_grid", split_name),
            on_turn=partial(turn_page, page_key, count),
            turns=[step for step in (-1, 1) if 1 <= page + step <= count],
        )


go_where_opened()
model = chosen_model()
with st.container(horizontal=True):
    mode = choose(say("pairs.mode"), name_all(MODES), key="pairs_mode")
    if mode == "browse":
        split_name = choose(say("pairs.split"), name_all(list(name_splits())), key="pairs_split")
        orders = {order: say(f"pairs.order_{order}") for order in ORDERS}
        order = select(say("pairs.order"), orders, key="pairs_order", width=190)
if mode == "browse":
    address.keep("game", None)
    show_pairs(model, split_name, order)
else:
    show_quiz(model)
