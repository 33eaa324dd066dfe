"""Pairs: what the network is trained and tested on, with truth, distance and verdict."""

from functools import partial

import numpy as np
import streamlit as st

from app import cache
from app.chosen import chosen_model, chosen_threshold
from app.components.pair_grid import PairCard, pair_grid
from app.figures import ten_pairs_png
from app.opening import go_where_opened, open_pair
from app.sprites import sprite_url
from siamese_core.artifacts import Bundle

PAIRS_A_PAGE = 24
SPLITS = {"test": "Test", "train": "Training"}
TRUTHS = {"all": "All", "same": "Same", "different": "Different"}
VERDICTS = {"all": "All", "right": "Right", "wrong": "Wrong"}
ORDERS = {"made": "As made", "near": "Nearest first", "far": "Farthest first"}
ANY_CLASS = "Any class"


def choose(label: str, options: dict[str, str], *, key: str) -> str:
    """The key of the chosen option; the first one when the browser sends none of them."""
    chosen = st.segmented_control(
        label, list(options), format_func=options.__getitem__, default=next(iter(options)), required=True, key=key,
        bind="query-params",
    )  # fmt: skip
    return chosen if chosen in options else next(iter(options))


def selected_rows(table: cache.PairTable, same: np.ndarray, wanted: dict[str, str]) -> np.ndarray:
    """Rows of the pairs that pass every filter, in the wanted order."""
    pairs, distances, labels = table.pairs, table.distances, table.split.labels
    keep = np.ones(len(pairs), bool)
    if wanted["truth"] != "all":
        keep &= pairs.is_same == (wanted["truth"] == "same")
    if wanted["verdict"] != "all":
        keep &= (same == pairs.is_same) == (wanted["verdict"] == "right")
    class_names = cache.collection().class_names
    if wanted["class"] in class_names:
        label = class_names.index(wanted["class"])
        keep &= (labels[pairs.left] == label) | (labels[pairs.right] == label)
    rows = np.flatnonzero(keep)
    if wanted["order"] == "near":
        return rows[np.argsort(distances[rows], kind="stable")]
    if wanted["order"] == "far":
        return rows[np.argsort(-distances[rows], kind="stable")]
    return rows


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
                left_class=class_names[split.labels[left]],
                right_class=class_names[split.labels[right]],
                distance=float(table.distances[row]),
                same=bool(same[row]),
                is_same=bool(table.pairs.is_same[row]),
            )
        )
    return cards


def show_pairs(model: Bundle) -> None:
    """Filters, figures and one page of pairs."""
    data = cache.collection()
    with st.container(horizontal=True, key="filters"):
        splits = SPLITS if data.complete else {"test": "Test"}
        split_name = choose("Split", splits, key="pairs_split")
        wanted = {
            "truth": choose("Truth", TRUTHS, key="pairs_truth"),
            "verdict": choose("Verdict", VERDICTS, key="pairs_verdict"),
            "class": st.selectbox(
                "Class", [ANY_CLASS, *data.class_names], key="pairs_class", bind="query-params", width=160
            ),
            "order": choose("Order", ORDERS, key="pairs_order"),
        }
    table = cache.pair_table(model, split_name)
    threshold = chosen_threshold(model)
    same = table.distances <= threshold
    rows = selected_rows(table, same, wanted)

    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        right = np.mean(same == table.pairs.is_same)
        st.markdown(
            f"**{len(rows):,}** of {len(table.pairs):,} {SPLITS[split_name].lower()} pairs"
            f" · {right:.1%} of all right at threshold {threshold:.2f}",
            width="content",
        )
        if len(rows):
            st.download_button(
                "Ten pairs as PNG",
                lambda: ten_pairs_png(table, rows),
                file_name=f"ten-pairs-{split_name}.png",
                mime="image/png",
                on_click="ignore",
                key="ten_pairs",
                icon=":material/download:",
                help="The tutorial's figure: the first ten of the pairs below.",
            )
    if not len(rows):
        st.info("No pair passes these filters.")
        return
    count = -(-len(rows) // PAIRS_A_PAGE)
    grid = st.container()
    page = st.pagination(count, key="pairs_page_" + "_".join(map(str, [split_name, *wanted.values()])))
    page = page if isinstance(page, int) and 1 <= page <= count else 1
    cards = make_cards(table, same, rows[(page - 1) * PAIRS_A_PAGE : page * PAIRS_A_PAGE])
    with grid:
        pair_grid(
            f"Pairs of the {split_name} split",
            cards,
            split=split_name,
            sprite=sprite_url(split_name, [item for card in cards for item in (card.left, card.right)]),
            key="pair_grid",
            on_open=partial(open_pair, "pair_grid", split_name),
        )


go_where_opened()
show_pairs(chosen_model())
