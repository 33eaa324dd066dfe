"""The campaigns of benchmarks/durability.py, each with a few cases."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "benchmarks" / "durability.py"
ANYWHERE = {"damage": 10, "kills": 5, "places": 1, "many": 50, "crowd": 12}


def run(campaign: str, count: int) -> list[tuple[int, int]]:
    """How many of how many cases survived, a pair for each finding."""
    ran = subprocess.run([sys.executable, SCRIPT, campaign, f"--count={count}"], capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stderr
    findings = re.findall(r"\| ([\d,]+) of ([\d,]+) \|", ran.stdout)
    return [(int(survived.replace(",", "")), int(tried.replace(",", ""))) for survived, tried in findings]


@pytest.mark.parametrize("campaign", ANYWHERE)
def test_bundles_survive(campaign):
    findings = run(campaign, ANYWHERE[campaign])
    assert all(survived == tried for survived, tried in findings)
    assert sum(tried for _, tried in findings) >= ANYWHERE[campaign]


def test_bundles_survive_failing_system_calls_where_they_can_be_made_to_fail():
    assert all(survived == tried for survived, tried in run("faults", 6))
