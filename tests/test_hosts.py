"""Hosts that train together, here as processes of this machine, against one process that trains alone."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hosts import free_addresses
from siamese_core import hosts
from siamese_core.errors import RunError

PROGRAM = Path(__file__).with_name("one_host.py")
PATIENCE = 600  # s: a busy machine wakes TensorFlow slowly, a hung one never


def start(folder: Path, *arguments: str, config: dict | None = None) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    env = {**os.environ, "PYTHONPATH": ".", "TF_CONFIG": json.dumps(config or {})}
    command = [sys.executable, str(PROGRAM), str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)


def start_two(folder: Path, *arguments: str, to_other: tuple[str, ...] = ()) -> list[subprocess.Popen]:
    cluster = {"worker": free_addresses(2)}
    return [
        start(
            folder, *arguments, *(to_other if index else ()),
            config={"cluster": cluster, "task": {"type": "worker", "index": index}},
        )
        for index in range(2)
    ]  # fmt: skip


def ends(processes: list[subprocess.Popen]) -> list[tuple[int, str]]:
    """Exit code and last line on standard error of each; none is left running."""
    try:
        said = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [
        (process.returncode, (text.strip().splitlines() or [""])[-1])
        for process, text in zip(processes, said, strict=True)
    ]


def assert_equal_to_one(ended: Path, recipe: str, alone: Path) -> None:
    with np.load(alone / f"{recipe}-first.npz") as wanted:
        for host in ("first", "other"):
            with np.load(ended / f"{recipe}-{host}.npz") as found:
                assert found.files == wanted.files
                for name in wanted.files:
                    np.testing.assert_allclose(found[name], wanted[name], atol=1e-5, err_msg=f"{host} {name}")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where one process left what it had learned of the same batches."""
    folder = tmp_path_factory.mktemp("alone")
    assert [code for code, _ in ends([start(folder, "pairs", "in_batch")])] == [0]
    return folder


def test_two_hosts_learn_what_one_process_does(alone, tmp_path):
    assert [code for code, _ in ends(start_two(tmp_path, "pairs", "in_batch"))] == [0, 0]
    for recipe in ("pairs", "in_batch"):
        assert_equal_to_one(tmp_path, recipe, alone)


def test_a_killed_host_is_missed_in_one_sentence_and_the_training_goes_on_from_its_last_epoch(alone, tmp_path):
    (first_code, said), (other_code, _) = ends(start_two(tmp_path, "pairs", to_other=("--dies-in-epoch", "3")))
    assert other_code < 0
    assert first_code == 1
    assert said == (
        "Another host of this training no longer answers; start the training again on every host, and it goes on from "
        "its last whole epoch."
    )
    assert not list(tmp_path.glob("pairs-*"))
    assert [code for code, _ in ends(start_two(tmp_path, "pairs", "--resume"))] == [0, 0]
    assert_equal_to_one(tmp_path, "pairs", alone)


@pytest.mark.parametrize(
    ("kinds", "kind", "index", "first"),
    [
        ({"worker": 2}, "worker", 0, True),
        ({"worker": 2}, "worker", 1, False),
        ({"chief": 1, "worker": 1}, "chief", 0, True),
        ({"chief": 1, "worker": 1}, "worker", 0, False),
    ],
)
def test_the_chief_or_else_the_first_worker_speaks_for_all(monkeypatch, kinds, kind, index, first):
    cluster = {name: [f"{name}-{at}:2222" for at in range(count)] for name, count in kinds.items()}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))
    assert hosts.count() == 2
    assert hosts.is_first() is first


def test_one_machine_is_first_and_has_the_last_word(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert hosts.count() == 1
    assert hosts.is_first()
    assert hosts.largest(-3.0) == -3.0
    assert hosts.strategy().num_replicas_in_sync == 1


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "chief", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker"}}',
    ],
)
def test_a_config_that_names_no_host_of_the_training_is_refused(monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(RunError, match="TF_CONFIG must name the hosts"):
        hosts.count()


def test_the_documented_config_can_be_read(monkeypatch):
    text = (PROGRAM.parents[1] / "docs" / "scaling.md").read_text(encoding="utf-8")
    monkeypatch.setenv("TF_CONFIG", re.search(r"TF_CONFIG='(.*)'", text)[1])
    assert hosts.count() == 2
    assert hosts.is_first()
