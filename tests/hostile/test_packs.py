"""Hostile packs at the door: refused in a sentence, nothing executed, nothing written, little memory."""

import os
import re
import tracemalloc

import numpy as np
import pytest

from app.words import catalogue
from siamese_core.artifacts import load_bundle
from siamese_core.errors import BundleError
from siamese_core.packing import pack_bundle, read_pack
from tests.hostile.packs import HOSTILE, honest

MOST_BYTES = 100_000_000
COSTLY = re.compile("bomb|300,000|million|crowd|deep|header of|digits|zeros|noise|bytes")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pack_is_refused_in_one_sentence_of_either_language(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError) as refused:
        read_pack(HOSTILE[name]())
    said = str(refused.value)
    assert re.fullmatch(r"[^\n/\\<]{20,120}\.", said)
    assert refused.value.sentence in catalogue()["error"]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", [name for name in HOSTILE if COSTLY.search(name)])
def test_costly_pack_is_refused_before_it_costs(name):
    content = HOSTILE[name]()
    tracemalloc.start()
    try:
        with pytest.raises(BundleError):
            read_pack(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


@pytest.mark.parametrize("name", ["best", "classic"])
@pytest.mark.parametrize("packed", [honest, pack_bundle])
def test_honest_pack_is_taken_with_its_very_weights(packed, name):
    theirs, ours = read_pack(packed(name)).weights, load_bundle(name).weights
    assert theirs.keys() == ours.keys()
    for weight, array in ours.items():
        np.testing.assert_array_equal(theirs[weight], array)
