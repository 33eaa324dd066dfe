"""Heavy work of several visitors at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from app import cache, findings, heavy
from app.findings import Finding
from app.heavy import one_at_a_time
from app.slots import Slot
from siamese_core.comparison import Comparison

VISITORS = 6


def test_one_piece_at_a_time_and_every_piece_is_done() -> None:
    present, most, done = 0, 0, []
    gate = threading.Barrier(VISITORS)

    def work(number: int) -> None:
        nonlocal present, most
        gate.wait()
        with one_at_a_time():
            present += 1
            most = max(most, present)
            np.linalg.svd(np.ones((60, 60)))  # lets other threads run
            present -= 1
        done.append(number)

    with ThreadPoolExecutor(VISITORS) as pool:
        list(pool.map(work, range(VISITORS)))
    assert (most, sorted(done)) == (1, list(range(VISITORS)))


def test_work_that_fails_lets_the_next_have_its_turn() -> None:
    with pytest.raises(ZeroDivisionError), one_at_a_time():
        _ = 1 / 0
    with one_at_a_time():
        pass


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[bool]]:
    """Notes of a function of a module, at each call of it, whether somebody has the turn."""

    def watch(module: ModuleType, name: str) -> list[bool]:
        notes: list[bool] = []
        real = getattr(module, name)

        def noting(*given: Any, **options: Any) -> Any:
            notes.append(heavy._TURN.locked())
            return real(*given, **options)

        monkeypatch.setattr(module, name, noting)
        return notes

    return watch


def test_heat_maps_wait_for_their_turn(held: Callable[..., list[bool]]) -> None:
    notes = held(findings, "explain")
    item = Slot("A", "item", "", "", cache.collection().image("test:0"))
    Finding(cache.bundle("classic"), item, item, Comparison(0.0, 0.5), "", 1.0, 0.5).explain()
    assert notes == [True]


@pytest.mark.usefixtures("sample_only")
def test_exact_evaluation_waits_for_its_turn_until_it_is_kept(held: Callable[..., list[bool]]) -> None:
    notes = [held(cache, name) for name in ("count_class_pairs", "nearest_others", "find_suspects", "pair_distances")]
    model, data = cache.bundle("classic"), cache.collection()
    first = cache._diagnosis(model, data), cache._pair_table(model, data, "test")
    assert notes == [[True]] * 4
    with one_at_a_time():  # by somebody else
        assert cache._diagnosis(model, data) is first[0]
        assert cache._pair_table(model, data, "test") is first[1]
    assert notes == [[True]] * 4
