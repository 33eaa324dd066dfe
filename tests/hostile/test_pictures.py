"""Odd, damaged and malicious pictures: the door takes or refuses them, whatever they are."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from siamese_core.errors import ImageRejectedError
from siamese_core.images import load_image
from tests.hostile.found import pillows_pictures, png_suite
from tests.hostile.made import NAUGHTY_NAMES, REFUSED, STORED, TAKEN, damaged, oriented

PROJECT = Path(__file__).resolve().parents[2]


def refusal(data, name=None):
    """What the door says, None when it takes the picture; any other error than its own fails the test."""
    try:
        picture = load_image(data, name)
    except ImageRejectedError as error:
        said = str(error)
        if "/" in said or "\\" in said:
            pytest.fail(f"a path in “{said}”")
        return said
    assert picture.shape == (28, 28)
    assert picture.dtype == np.uint8
    return None


@pytest.mark.parametrize("name", TAKEN)
def test_valid_picture_is_taken_however_odd(name):
    assert refusal(TAKEN[name](), name) is None


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_or_a_bomb_is_refused_in_a_sentence(name):
    said = refusal(REFUSED[name](), name)
    assert said is not None
    assert said.endswith(".")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_any_orientation_comes_upright_to_one_grey_level(kind):
    upright = load_image(oriented(kind, 1)).astype(int)
    for orientation in STORED:
        assert np.abs(load_image(oriented(kind, orientation)) - upright).max() <= 1


@pytest.mark.parametrize("name", NAUGHTY_NAMES)
def test_naughty_name_says_no_more_than_letters(name):
    said = refusal(b"no picture", name)
    assert said is not None
    assert len(said) < 250
    assert not set("<>`$%{}[]!\n\0\u202e\ud800") & set(said)


def test_damaged_pictures_are_taken_or_refused():
    said = [refusal(data, name) for name, data in damaged(400)]
    assert None in said
    assert len(set(said)) > 1


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's words on damaged files; silenced outside pytest
@pytest.mark.parametrize("fetch", [pillows_pictures, png_suite])
def test_collected_pictures_are_taken_or_refused(fetch):
    try:
        folder = fetch()
    except OSError as error:
        pytest.skip(f"the pictures cannot be had: {error}")
    said = [refusal(path.read_bytes(), path.name) for path in sorted(folder.iterdir())]
    assert said.count(None) > len(said) / 4


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux")
def test_benchmark_finds_no_fault_in_what_is_made():
    command = [sys.executable, "benchmarks/hostile_images.py", "--made-only", "--no-large", "--damaged=20"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 faults" in run.stdout
