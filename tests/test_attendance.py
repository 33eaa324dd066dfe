"""Processes that nobody attends any more end by themselves."""

import subprocess
import sys
from pathlib import Path

import pytest

from siamese_core.attendance import attend

CHILD = """
import sys, time
from pathlib import Path
from siamese_core.attendance import end_when_alone
print("waits", flush=True)
end_when_alone(Path(sys.argv[1]), lambda: print("alone", flush=True), seconds=float(sys.argv[2]))
time.sleep(60)
"""
ATTENDANT = """
import sys
from pathlib import Path
from siamese_core.attendance import attend
lock = attend(Path(sys.argv[1]))
print("there", flush=True)
sys.stdin.read()
"""
SECONDS = 60


def python(program: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that has said its first word."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() in ("waits", "there")
    return process


def last_words(process: subprocess.Popen[str]) -> str:
    """What a process says until it has ended."""
    assert process.stdout is not None
    assert process.stdin is not None
    with process.stdin, process.stdout:
        words = process.stdout.read()
    process.wait(timeout=SECONDS)
    return words


def test_who_is_alone_says_so_and_ends(tmp_path: Path) -> None:
    child = python(CHILD, tmp_path / "attended", 0)
    assert last_words(child) == "alone\n"
    assert child.returncode == 3


def test_who_is_attended_waits_until_the_attendant_is_killed(tmp_path: Path) -> None:
    attendant = python(ATTENDANT, tmp_path / "attended")
    child = python(CHILD, tmp_path / "attended", 0)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=1)
    attendant.kill()
    last_words(attendant)
    assert last_words(child) == "alone\n"


def test_an_attendant_who_comes_in_time_is_enough(tmp_path: Path) -> None:
    first = attend(tmp_path / "attended")
    child = python(CHILD, tmp_path / "attended", 600)
    first.close()
    with attend(tmp_path / "attended"), pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=1)
    child.kill()
    last_words(child)
