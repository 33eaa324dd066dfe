"""You against the network: ten hard pairs, the same question for both."""

import re
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import address, cache
from app.cache import PairTable
from app.chosen import chosen_threshold
from app.refusals import told_to_visitor
from app.words import say, write_number
from siamese_core.bundle import Bundle
from siamese_core.pairs import hard_pairs

QUESTIONS = 10
ENLARGED = 9  # 28 px become 252
CLEAR = np.zeros((28, 1, 4), np.uint8)  # between both images
HIGHEST_GAME = 9_999
_GAME = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True)
class Score:
    """How many of the answered questions each side has right."""

    asked: int
    yours: int
    networks: int

    @property
    def outcome(self) -> str:
        """Who has won."""
        if self.yours == self.networks:
            return say("quiz.draw")
        return say("quiz.won" if self.yours > self.networks else "quiz.lost")


def count_score(answers: list[bool], said: np.ndarray, truth: np.ndarray) -> Score:
    """The score after these answers, True meaning same; `said` and `truth` are the network's word and the labels'."""
    given = np.array(answers, bool)
    asked = len(given)
    return Score(asked, int((given == truth[:asked]).sum()), int((said[:asked] == truth[:asked]).sum()))


@st.fragment
@told_to_visitor()
def show_quiz(model: Bundle) -> None:
    """One question after another, the score, and at the end who has won."""
    threshold = chosen_threshold(model)
    if st.session_state.get("quiz_of") != (model.fingerprint, threshold):  # other pairs are hard for another one
        st.session_state["quiz_of"] = (model.fingerprint, threshold)
        st.session_state["quiz_answers"], st.session_state["quiz_revealed"] = [], False
    game = st.session_state.setdefault("quiz_game", asked_game())
    address.keep("game", str(game))
    answers: list[bool] = st.session_state["quiz_answers"]
    table = cache.pair_table(model, "test")
    rows = hard_pairs(table.distances, table.pairs.is_same, threshold, QUESTIONS, np.random.default_rng(game))
    said, truth = table.distances[rows] <= threshold, table.pairs.is_same[rows]
    revealed = st.session_state["quiz_revealed"]
    score = count_score(answers, said, truth)
    with st.container(horizontal=True, key="score"):
        st.metric(say("quiz.you"), score.yours, width="content")
        st.metric(say("quiz.network"), score.networks, width="content")
        at = min(len(answers) + (not revealed), len(rows))
        st.metric(say("quiz.question"), say("quiz.count", at=at, all=len(rows)), width="content")
    if score.asked == len(rows) and not revealed:
        st.header(score.outcome, anchor=False)
        st.button(say("quiz.again"), key="again", shortcut="N", on_click=play_again)
        return
    at = len(answers) - 1 if revealed else len(answers)
    show_question(table, int(rows[at]))
    if revealed:
        show_answer(answers[at], bool(said[at]), bool(truth[at]), float(table.distances[rows[at]]))
        st.button(say("quiz.next"), key="next", shortcut="N", on_click=go_on)
    else:
        st.markdown(say("quiz.ask"))
        with st.container(horizontal=True):
            st.button(say("quiz.same"), key="say_same", shortcut=say("quiz.same_key"), on_click=answer, args=(True,))
            st.button(say("quiz.different"), key="say_different", shortcut="D", on_click=answer, args=(False,))


def asked_game() -> int:
    """The game that the address asks for, so that two people can play the same one; any where it asks for none."""
    asked = st.query_params.get("game", "")
    return int(asked) if _GAME.fullmatch(asked) else int(np.random.default_rng().integers(HIGHEST_GAME))


def show_question(table: PairTable, row: int) -> None:
    """Both images of a pair, without names."""
    left, right = (table.split.images[rows[row]] for rows in (table.pairs.left, table.pairs.right))
    solid = np.full_like(left, 255)
    both = np.hstack([np.dstack([left, left, left, solid]), CLEAR, np.dstack([right, right, right, solid])])
    st.image(both.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1), alt=say("quiz.items"), output_format="PNG")


def show_answer(given: bool, said: bool, truth: bool, distance: float) -> None:
    """What was true, and who knew."""
    words = {True: say("quiz.word_same"), False: say("quiz.word_different")}
    mark = {True: ":green[✓]", False: ":orange[✗]"}
    st.markdown(
        say(
            "quiz.answer",
            truth=words[truth],
            your_mark=mark[given == truth],
            yours=words[given],
            their_mark=mark[said == truth],
            theirs=words[said],
            distance=write_number(distance, 2),
        )
    )


def answer(is_same: bool) -> None:
    """Take the visitor's answer and show the truth."""
    if not st.session_state.get("quiz_revealed") and len(st.session_state["quiz_answers"]) < QUESTIONS:
        st.session_state["quiz_answers"] = [*st.session_state["quiz_answers"], is_same]
        st.session_state["quiz_revealed"] = True


def go_on() -> None:
    """To the next question."""
    st.session_state["quiz_revealed"] = False


def play_again() -> None:
    """Another ten pairs."""
    st.session_state["quiz_game"] = (st.session_state["quiz_game"] + 1) % HIGHEST_GAME
    st.session_state["quiz_answers"] = []
    st.session_state["quiz_revealed"] = False
