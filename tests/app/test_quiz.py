"""You against the network, in AppTest."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import cache
from app.quiz import QUESTIONS, Score, count_score
from siamese_core.pairs import hard_pairs
from tests.app.conftest import OpenApp


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def truths(app: AppTest) -> list[bool]:
    model = cache.bundle("best")
    table = cache.pair_table(model, "test")
    rng = np.random.default_rng(app.session_state["quiz_game"])
    rows = hard_pairs(table.distances, table.pairs.is_same, model.threshold, QUESTIONS, rng)
    return table.pairs.is_same[rows].tolist()


def say(app: AppTest, is_same: bool) -> None:
    app.button(key="say_same" if is_same else "say_different").click().run()


def test_who_answers_as_the_labels_do_beats_the_network(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_mode="quiz")
    assert not app.exception
    assert figures(app) == {"You": "0", "Network": "0", "Question": "1 of 10"}
    for is_same in truths(app):
        say(app, is_same)
        assert any(f"say **{'same' if is_same else 'different'}**" in text.value for text in app.markdown)
        app.button(key="next").click().run()
    assert figures(app)["You"] == "10"
    assert app.header[0].value in ("You win", "A draw")
    app.button(key="again").click().run()
    assert figures(app) == {"You": "0", "Network": "0", "Question": "1 of 10"}


def test_a_wrong_answer_scores_nothing(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_mode="quiz")
    say(app, not truths(app)[0])
    assert figures(app)["You"] == "0"
    assert figures(app)["Question"] == "1 of 10"


def test_the_answer_is_not_given_away(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_mode="quiz")
    assert not any("labels say" in text.value for text in app.markdown)
    assert not app.get("bidi_component")


def test_another_threshold_begins_anew(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_mode="quiz")
    say(app, True)
    app.button(key="next").click().run()
    app.number_input(key="threshold").set_value(0.6).run()
    assert figures(app)["Question"] == "1 of 10"


def test_two_who_follow_one_address_play_the_same_game(open_app: OpenApp) -> None:
    app = open_app("pairs", pairs_mode="quiz", game="77")
    assert app.session_state["quiz_game"] == 77
    assert app.query_params["game"] == "77"
    app.get_by_key("pairs_mode_shown").set_value("browse").run()
    assert "game" not in app.query_params


@pytest.mark.parametrize("game", ["", "-1", "12345", "x", "1.5", "٣", "9" * 5000])
def test_a_strangers_game_is_any_game(open_app: OpenApp, game: str) -> None:
    app = open_app("pairs", pairs_mode="quiz", game=game)
    assert not app.exception
    assert 0 <= app.session_state["quiz_game"] <= 9_999


def test_scores_can_be_checked_by_hand() -> None:
    said, truth = np.array([True, False, True]), np.array([True, True, False])
    assert count_score([True, False], said, truth) == Score(2, 1, 1)
    assert count_score([], said, truth) == Score(0, 0, 0)


@pytest.mark.parametrize(
    ("yours", "networks", "wanted"), [(6, 5, "You win"), (5, 5, "A draw"), (4, 5, "The network wins")]
)
def test_the_outcome_is_said(yours: int, networks: int, wanted: str) -> None:
    assert Score(10, yours, networks).outcome == wanted
