"""A journey through the page that explains: what the browser reckons while a slider moves is what the core says."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from app.experiment import CASES, run_experiment
from app.slots import DEFAULT_ITEMS
from siamese_core.artifacts import load_bundle
from siamese_core.collection import Collection
from siamese_core.comparison import compare, pair_distances
from siamese_core.contrastive import contrastive_losses, contrastive_slopes
from siamese_core.evaluation import accuracy
from siamese_core.explanation import contributions
from siamese_core.pairs import tutorial_pairs

pytestmark = pytest.mark.browser

CLASSIC = load_bundle("classic")
MINUTE = 60_000  # ms; all seven steps, on a machine that trains at the same time
NARROW = "Margin too small"


def toy(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}")


def number(place: Locator, name: str) -> float:
    return float(place.locator(f"[data-value={name}]").inner_text().replace(",", ""))


def near(value: float):
    return pytest.approx(value, abs=1e-6)


@pytest.fixture
def room(page: Page) -> Page:
    page.goto("/explain?model=classic")
    expect(toy(page, "accuracy_plot").locator("[data-value=right]")).to_have_text(
        re.compile("of 19,980"), timeout=MINUTE
    )
    return page


def test_a_pixel_is_read_with_the_arrow_keys(room: Page, fashion: Collection) -> None:
    view = toy(room, "pixel_view")
    view.get_by_role("button", name="Bag").click()
    view.locator(".large").focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
        room.keyboard.press(key)
    test = fashion.split("test")
    pixel = test.images[np.argmax(test.labels == 8)][13, 12]
    expect(view.locator(".reading")).to_have_text(
        re.compile(f"row 14, column 13.*{pixel} / 255 = {pixel / 255:.6f}", re.S)
    )


def test_a_card_turns_from_its_same_partner_to_its_different_one(room: Page, fashion: Collection) -> None:
    test = fashion.split("test")
    pairs = tutorial_pairs(test.labels, np.random.default_rng(0))
    distances = pair_distances(CLASSIC.gallery_embeddings, pairs)
    card = toy(room, "pair_flip").locator(".cards button").first
    expect(card.locator(".distance")).to_have_text(f"d = {distances[0]:.6f}")
    card.click()
    expect(card.locator(".kind")).to_have_text("different")
    expect(card.locator(".distance")).to_have_text(f"d = {distances[1]:.6f}")
    toy(room, "pair_flip").get_by_role("button", name="All same").click()
    expect(toy(room, "pair_flip").locator(".cards .different")).to_have_count(0)


def test_a_layer_counts_its_parameters(room: Page) -> None:
    diagram = toy(room, "explain_diagram")
    diagram.get_by_role("button", name="16,512").first.click()
    expect(diagram.locator(".sum")).to_have_text("dense_2: 128 × 128 + 128 = 16,512")


def test_the_squares_add_up_dimension_by_dimension(room: Page, fashion: Collection) -> None:
    walk = toy(room, "distance_walk")
    a, b = CLASSIC.encoder.embed(fashion.split("test").images[list(DEFAULT_ITEMS.values())])
    squares = contributions(a, b)
    assert number(walk, "root") == near(compare(a, b, 1.0).distance)
    for dimension in (1, 40, 97, 128):
        walk.get_by_role("slider").fill(str(dimension))
        at = dimension - 1
        shown = [number(walk, name) for name in ("a", "b", "gap", "square", "sum")]
        assert shown == near([a[at], b[at], a[at] - b[at], squares[at], squares[:dimension].sum()])
        assert number(walk, "root") == near(np.sqrt(squares[:dimension].sum()))


def test_two_picked_items_are_walked_through(room: Page, fashion: Collection) -> None:
    tiles = toy(room, "explain_items").get_by_role("option")
    test, picked = fashion.split("test"), []
    for at, label, input_name in ((1, 0, "Item A"), (18, 9, "Item B")):
        tiles.nth(at).click()
        item = np.flatnonzero(test.labels == label)[at % 2]
        picked.append(item)
        expect(room.get_by_label(input_name)).to_have_value(str(item))
    a, b = CLASSIC.encoder.embed(test.images[picked])
    wanted = compare(a, b, 1.0).distance
    expect(toy(room, "distance_walk").locator("[data-value=root]")).to_have_text(f"{wanted:.6f}")
    expect(toy(room, "loss_plot").locator("[data-value=distance]")).to_have_text(f"{wanted:.6f}")


def test_dragging_a_distance_gives_the_cores_loss_and_slope(room: Page) -> None:
    plot = toy(room, "loss_plot")
    distance, margin = plot.get_by_role("slider").all()
    for m in (0.05, 0.6, 1.0, 1.37):
        margin.fill(str(m))
        for d in (0.0, 0.123, 0.6, 0.999999, 1.9):
            distance.fill(str(d))
            for kind, is_same in (("same", True), ("different", False)):
                slope = contrastive_slopes(np.array([is_same]), np.array([d]), m)[0]
                assert number(plot, f"{kind}_loss") == near(
                    contrastive_losses(np.array([is_same]), np.array([d]), m)[0]
                )
                assert number(plot, f"{kind}_slope") == near(slope)
                assert number(plot, f"{kind}_after") == near(d - slope / 4)
    expect(plot.locator(".lane.different .arrow")).to_be_hidden()
    expect(plot.locator(".lane.same .arrow")).to_be_visible()


def test_the_experiment_plays_steps_and_starts_again(room: Page, fashion: Collection) -> None:
    play = toy(room, "point_play")
    run = run_experiment(CASES["narrow"], fashion.split("test"))

    def agrees(step: int) -> None:
        expect(play.locator("[data-value=at]")).to_have_text(f"{step} / 60")
        shown = [number(play, name) for name in ("loss", "same", "different", "right")]
        assert shown == near([run.way.losses[step], run.same[step], run.different[step], run.accuracy[step]])

    room.get_by_role("radio", name=NARROW).click()
    expect(play.locator("[data-value=loss]")).to_have_text(f"{run.way.losses[0]:.6f}")
    agrees(0)
    play.get_by_role("button", name="Step").click()
    agrees(1)
    play.get_by_role("button", name="Play").click()
    expect(play.get_by_role("button", name="Pause")).to_be_visible()
    expect(play.locator("[data-value=at]")).to_have_text("60 / 60")
    expect(play.get_by_role("button", name="Play")).to_be_visible()
    agrees(60)
    play.get_by_role("button", name="Reset").click()
    agrees(0)


def test_the_history_is_read_epoch_by_epoch(room: Page) -> None:
    curve = toy(room, "history_curve")
    for epoch in (1, 7, 20):
        curve.get_by_role("slider").fill(str(epoch))
        entry = CLASSIC.history[epoch - 1]
        for figure in ("loss", "accuracy", "threshold"):
            assert number(curve, figure) == near(entry[figure])


def test_a_dragged_threshold_counts_every_pair_as_the_core_does(room: Page, fashion: Collection) -> None:
    plot = toy(room, "accuracy_plot")
    pairs = tutorial_pairs(fashion.split("test").labels, np.random.default_rng(0))
    distances = pair_distances(CLASSIC.gallery_embeddings, pairs)
    for threshold in (0.0, 0.31, 0.5, 0.627, 1.2):
        plot.get_by_role("slider").fill(str(threshold))
        assert number(plot, "accuracy") == near(accuracy(distances, pairs.is_same, threshold))
        assert number(plot, "too_far") == ((distances > threshold) & pairs.is_same).sum()
        assert number(plot, "too_near") == ((distances <= threshold) & ~pairs.is_same).sum()


def test_on_a_phone_nothing_is_wider_than_the_screen(phone: Page) -> None:
    phone.goto("/explain")
    expect(toy(phone, "accuracy_plot").locator("[data-value=right]")).to_be_visible(timeout=MINUTE)
    assert phone.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth")
