"""How it works: from pictures to a verdict in seven steps, each with its code and something to play with."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import streamlit as st

from app import address, cache, slots
from app.choices import choose
from app.chosen import chosen_model, chosen_threshold
from app.components.accuracy_plot import accuracy_plot
from app.components.distance_walk import distance_walk
from app.components.history_curve import history_curve
from app.components.item_grid import Tile, item_grid, read_picks
from app.components.loss_plot import loss_plot
from app.components.network_diagram import network_diagram
from app.components.pair_flip import Trio, pair_flip
from app.components.pixel_view import pixel_view
from app.components.point_play import point_play
from app.experiment import CASES, ITEMS_A_CLASS, LABELS, TUTORIAL_THRESHOLD, run_experiment
from app.refusals import told_to_visitor
from app.slots import LETTERS, Slot
from app.sources import excerpt
from app.sprites import sprite_url
from app.words import name_classes, say, write_number
from siamese_core.building import TEST_PAIRS_SEED
from siamese_core.bundle import Bundle
from siamese_core.comparison import compare, pair_distances
from siamese_core.config import BOUNDS
from siamese_core.explanation import contributions
from siamese_core.pairs import tutorial_pairs

STEPS = ("data", "pairs", "network", "distance", "loss", "training", "accuracy")
WIDE = ("network",)
"""What stands below its words, not beside them."""
CHOICES_A_CLASS = 2
TUTORIAL_MARGIN = 1.0
LOSS = r"L = y\,d^2 + (1-y)\,\max(0,\;m-d)^2"


@contextmanager
def step(name: str, *sources: tuple[str, str], **values: object) -> Iterator[None]:
    """A step's heading and words, what stands in the block beside them, and the functions that do it."""
    st.header(f"{STEPS.index(name) + 1} · {say(f'explain.{name}')}", anchor=name)
    words, toy = (st.container(), st.container()) if name in WIDE else st.columns([2, 3], gap="medium")
    words.markdown(say(f"explain.{name}_text", **values))
    if name == "loss":
        words.latex(LOSS)
    with toy:
        yield
    with st.expander(say("explain.code")):
        for module, function in sources:
            found = excerpt(f"siamese_core.{module}", function)
            st.caption(say("explain.place", file=found.file, line=found.line))
            st.code(found.code, language=None)  # highlighted words are too pale to read


@st.fragment
@told_to_visitor()
def show_data() -> None:
    """Images as numbers, one of each class."""
    data = cache.collection()
    train, test = data.split("train"), data.split("test")
    counts = {"count": len(train) + len(test), "train": len(train), "test": len(test)}
    written = {name: write_number(count) for name, count in counts.items()}
    with step("data", ("data", "_read_idx"), ("networks", "_pixels"), classes=len(data.class_names), **written):
        rows = [int(np.argmax(test.labels == label)) for label in range(len(data.class_names))]
        pixel_view(test.images[rows], name_classes(data.class_names), key="pixel_view")


@st.fragment
@told_to_visitor()
def show_pairs(model: Bundle) -> None:
    """The tutorial's first two pairs of each class, from a seed of one's own."""
    with step("pairs", ("pairs", "tutorial_pairs")):
        low, high = (int(bound) for bound in BOUNDS["seed"])
        seed = st.number_input(say("explain.seed"), low, high, TEST_PAIRS_SEED, key="explain_seed", width=160)
        items, trios = make_trios(model, seed)
        pair_flip(trios, sprite=sprite_url("test", items), key="pair_flip")


def make_trios(model: Bundle, seed: int) -> tuple[list[int], list[Trio]]:
    """Anchor, positive and negative of each class's first two pairs: their items, and what is to be said of them."""
    data = cache.collection()
    test, names = data.split("test"), name_classes(data.class_names)
    pairs = tutorial_pairs(test.labels, np.random.default_rng(seed))
    same = np.arange(0, len(pairs), len(pairs) // len(names))  # the different pair of the same anchor comes next
    different = same + 1
    distances = pair_distances(model.gallery_embeddings[test.ids], pairs)
    rows = np.stack([pairs.left[same], pairs.right[same], pairs.right[different]], axis=1)  # (classes, 3)
    trios = [
        Trio(names[test.labels[anchor]], names[test.labels[negative]], float(distances[one]), float(distances[other]))
        for (anchor, _, negative), one, other in zip(rows, same, different, strict=True)
    ]
    return test.ids[rows.ravel()].tolist(), trios


@st.fragment
@told_to_visitor()
def show_network(model: Bundle) -> None:
    """The layers of the model, and their parameters."""
    layers = model.config["layers"]
    values = {
        "pixels": write_number(28 * 28),
        "size": model.encoder.size,
        "parameters": write_number(sum(int(layer["parameters"]) for layer in layers)),
    }
    sources = [("networks", model.recipe.network), ("networks", "siamese")]
    if model.recipe.hedged:
        sources.insert(1, ("layers", "HedgedPosterior.call"))
    with step("network", *sources, **values):
        network_diagram(layers, weights=cache.weight_shapes(model), key="explain_diagram")
        if model.recipe.hedged:
            st.caption(say("explain.hedge"))


@st.fragment
@told_to_visitor()
def show_distance_and_loss(model: Bundle) -> None:
    """How far apart A and B are, and what that costs in training."""
    a, b = (slots.read_slot(letter)[0] for letter in LETTERS)
    embeddings = model.encoder.embed(np.stack([a.image, b.image]))
    distance = compare(embeddings[0], embeddings[1], model.threshold).distance
    sources = (("comparison", "euclidean_distances"), ("losses", "euclidean_distance"), ("losses", "_safe_sqrt"))
    with step("distance", *sources, size=model.encoder.size):
        choose_items(a, b)
        squares = contributions(embeddings[0], embeddings[1])
        distance_walk(np.stack([a.image, b.image]), embeddings, squares, distance=distance, key="distance_walk")
    with step("loss", ("losses", "contrastive_loss"), ("contrastive", "contrastive_slopes")):
        loss_plot(distance=distance, margin=model.recipe.margin or TUTORIAL_MARGIN, key="loss_plot")


def choose_items(a: Slot, b: Slot) -> None:
    """A few items of each class to click, and every test item by its number."""
    data = cache.collection()
    test, names = data.split("test"), name_classes(data.class_names)
    with st.container(horizontal=True):
        for slot in (a, b):
            input_item(slot)
    rows = np.concatenate([np.flatnonzero(test.labels == label)[:CHOICES_A_CLASS] for label in range(len(names))])
    tiles = [
        Tile(
            int(test.ids[row]),
            names[test.labels[row]],
            badge="".join(slot.letter for slot in (a, b) if slot.item == ("test", int(test.ids[row]))),
        )
        for row in rows
    ]
    item_grid(
        say("explain.items"),
        tiles,
        split="test",
        sprite=sprite_url("test", test.ids[rows]),
        key="explain_items",
        on_pick=pick_item,
        slot=slots.active(),
    )


def input_item(slot: Slot) -> None:
    """The number of the test item in a slot, to be changed; empty where the slot holds something else."""
    key = slots.key("explain_item", slot.letter)
    st.session_state[key] = slot.item[1] if slot.item and slot.item[0] == "test" else None
    st.number_input(
        say("explain.item", slot=slot.letter),
        0,
        slots.MAX_ITEM,
        None,
        step=1,
        placeholder=slot.caption,
        key=key,
        on_change=put_item,
        args=(slot.letter, key),
        width=150,
    )


def put_item(letter: str, key: str) -> None:
    """What was typed goes into the slot; what is no item at hand is refused in a sentence."""
    if refusal := slots.put_item(letter, "test", st.session_state[key]):
        st.toast(refusal, icon=":material/error:")


def pick_item() -> None:
    """A pick fills the active slot; then the other one is active."""
    for pick in read_picks("explain_items"):
        letter = pick.slot if pick.slot in LETTERS else slots.active()
        slots.put_item(letter, pick.split, pick.id)
        slots.activate(slots.other(letter))


@st.fragment
@told_to_visitor()
def show_training(model: Bundle) -> None:
    """What the loss does to a few items, and how the model itself learned."""
    test = cache.collection().split("test")
    names = {case: say(f"explain.case_{case}") for case in CASES}
    sources = (("trainer", "Trainer._replica_step"), ("contrastive", "contrastive_gradient"), ("descent", "descend"))
    with step("training", *sources, count=len(LABELS) * ITEMS_A_CLASS):
        case = choose(say("explain.case"), names, key="explain_case", label_visibility="collapsed")
        experiment = run_experiment(CASES[case], test)
        st.caption(say(f"explain.about_{case}", margin=write_number(experiment.case.margin, 1)))
        point_play(case, experiment, test.images[experiment.rows], key="point_play")
        show_history(model)


def show_history(model: Bundle) -> None:
    """The loss of the model's own training."""
    if not model.history:
        return
    recipe = model.recipe
    values = {"name": model.name, "recipe": recipe.name}
    if recipe.loss == "contrastive":
        st.caption(say("explain.history", **values))
    else:
        loss = recipe.loss.replace("_", " ")
        st.caption(say("explain.history_other", **values, loss=loss, batch=recipe.batch_size))
    kept = int(model.config.get("kept_epoch", len(model.history)))
    history_curve(model.history, kept=kept, name=model.fingerprint, key="history_curve")


@st.fragment
@told_to_visitor()
def show_accuracy(model: Bundle) -> None:
    """What a threshold makes of the tutorial's test pairs."""
    table = cache.pair_table(model, "test")
    values = {
        "count": write_number(len(table.pairs)),
        "half": write_number(TUTORIAL_THRESHOLD, 1),
        "own": write_number(model.threshold, 3),
    }
    with step("accuracy", ("evaluation", "accuracy"), ("evaluation", "best_threshold"), **values):
        accuracy_plot(
            table.distances,
            table.pairs.is_same,
            threshold=chosen_threshold(model),
            own=model.threshold,
            half=TUTORIAL_THRESHOLD,
            key="accuracy_plot",
        )


address.read_drawings()
slots.prepare()
model = chosen_model()
st.markdown(say("explain.intro", name=model.name))
with st.container(key="contents"):
    st.markdown(" · ".join(f"[{say(f'explain.{name}')}](#{name})" for name in STEPS))
show_data()
show_pairs(model)
show_network(model)
show_distance_and_loss(model)
show_training(model)
show_accuracy(model)
