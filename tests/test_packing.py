"""Bundles as one file, and what strangers might send instead."""

import io
import json
import stat
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from siamese_core import packing
from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle, load_weights
from siamese_core.bundle import FILES, MANIFEST
from siamese_core.errors import BundleError
from siamese_core.packing import MADE_ANEW, pack_bundle, read_pack
from tests.hostile.packs import careful, honest, unpacked, zipped


@pytest.fixture(scope="module")
def packed():
    return honest("classic")


def with_files(packed, **changes):
    """The pack with files replaced and a manifest that names them truly: what a careful stranger sends."""
    return careful({name.replace("__", "."): content for name, content in changes.items()}, of=packed)


def with_config(packed, **changes):
    config = json.loads(unpacked(packed)["config.json"])
    return with_files(packed, config__json=json.dumps(config | changes).encode())


def test_what_was_packed_is_read_back():
    packed = pack_bundle("classic")
    assert unpacked(packed).keys() == {*FILES, MANIFEST} - set(MADE_ANEW)
    pack, bundle = read_pack(packed), load_bundle("classic")
    assert (pack.recipe, pack.seed, pack.kept_epoch) == (bundle.recipe, bundle.seed, bundle.config["kept_epoch"])
    assert [epoch["loss"] for epoch in pack.history] == [epoch["loss"] for epoch in bundle.history]
    for name, weight in load_weights("classic", PROJECT_ARTIFACTS).items():
        np.testing.assert_array_equal(pack.weights[name], weight)
    assert pack_bundle("classic") == packed


@pytest.mark.parametrize("name", ["best", "classic"])
def test_a_pack_fits_through_the_apps_upload(name):
    assert len(pack_bundle(name)) < 8_000_000


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x05\x06" + bytes(18), b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_what_is_no_zip_of_a_model_is_refused(content):
    with pytest.raises(BundleError):
        read_pack(content)


def test_a_file_too_large_is_not_even_opened(packed, monkeypatch):
    monkeypatch.setattr(packing, "MAX_BYTES", len(packed) - 1)
    with pytest.raises(BundleError, match="has up to"):
        read_pack(packed)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "sub/config.json", "run.py", "config.json\\", "weights/"])
def test_other_names_than_a_models_are_refused(packed, name):
    with pytest.raises(BundleError, match="each once and nothing else"):
        read_pack(zipped(unpacked(packed) | {name: b"x"}))


@pytest.mark.parametrize("file", sorted({*FILES, MANIFEST} - set(MADE_ANEW)))
def test_a_missing_file_is_refused(packed, file):
    files = unpacked(packed)
    del files[file]
    with pytest.raises(BundleError, match="each once and nothing else"):
        read_pack(zipped(files))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_refused(packed):
    buffer = io.BytesIO(packed)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("config.json", b"{}")
    with pytest.raises(BundleError, match="each once and nothing else"):
        read_pack(buffer.getvalue())


def test_a_link_is_refused(packed):
    files = unpacked(packed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            if name == "map.npz":
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
                content = b"/etc/passwd"
            archive.writestr(entry, content)
    with pytest.raises(BundleError, match="links or locked"):
        read_pack(buffer.getvalue())


def test_a_bomb_is_refused_by_what_it_says_and_by_what_it_is(packed):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (unpacked(packed) | {"map.npz": bytes(9_000_000)}).items():
            archive.writestr(name, content)
    bomb = buffer.getvalue()
    with pytest.raises(BundleError, match=r"The map\.npz in this file would unpack to more than 4 MB"):
        read_pack(bomb)
    lying = bomb.replace((9_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != bomb
    with pytest.raises(BundleError, match="damaged"):
        read_pack(lying)


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_not_the_manifests_is_refused(packed, file):
    files = unpacked(packed)
    with pytest.raises(BundleError, match=rf"{file} in this file is not what"):
        read_pack(zipped(files | {file: files[file] + b" "}))


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": {"name": "classic", "network": "os.system"}},
        {"recipe": None},
        {"seed": -1},
        {"seed": 1e400},
        {"seed": "0"},
        {"kept_epoch": 0},
        {"kept_epoch": 10**9},
        {"kept_epoch": [1]},
        {"held_out": ["Hat"]},
        {"held_out": 3},
    ],
)
def test_settings_that_no_model_has_are_refused(packed, changes):
    with pytest.raises(BundleError, match="settings that no model"):
        read_pack(with_config(packed, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "unknown"},
        {"network": ["classic"]},
        {"loss": "eval"},
        {"name": "../classic"},
        {"optimizer": "sgd"},
        {"shift": 10**9},
        {"shift": "2"},
        {"flip": "yes"},
        {"mirror": 7},
        {"hedged": "yes"},
        {"hedged": True},  # the network gives no posteriors
        {"precision": "float8"},
        {"epochs": 10**9},
        {"surprise": 1},
    ],
)
def test_a_recipe_of_other_kinds_is_refused(packed, changes):
    recipe = load_bundle("classic").recipe.to_dict() | changes
    with pytest.raises(BundleError, match="settings that no model"):
        read_pack(with_config(packed, recipe=recipe))


@pytest.mark.parametrize(
    "history",
    [b"{}", b"[]", b"[1]", b"[" * 100_000, b'[{"epochs": 1}]', b"null", b"\xff", b'[{"epochs": 1, "loss": NaN}]'],
)
def test_a_history_that_is_none_is_refused(packed, history):
    with pytest.raises(BundleError, match="settings that no model"):
        read_pack(with_files(packed, history__json=history))


def test_histograms_are_kept_when_they_are_histograms(packed):
    history = [dict(epoch) for epoch in load_bundle("classic").history]
    histogram = {"limit": 2.0, "same": [1, 2], "different": [3, 4]}
    sound = [epoch | {"histogram": histogram, "learning_rate": 0.1, "surprise": "x"} for epoch in history]
    told = read_pack(with_files(packed, history__json=json.dumps(sound).encode())).history
    assert told[0]["histogram"] == histogram
    assert "surprise" not in told[0]
    for wrong in ({"limit": -1.0}, {"same": []}, {"same": "12"}, {"different": ["x"]}):
        damaged = [epoch | {"histogram": histogram | wrong} for epoch in history]
        with pytest.raises(BundleError, match="settings that no model"):
            read_pack(with_files(packed, history__json=json.dumps(damaged).encode()))


def test_figures_that_this_version_does_not_know_are_taken_as_long_as_they_are_figures(packed):
    metrics = json.loads(unpacked(packed)["metrics.json"])
    read_pack(with_files(packed, metrics__json=json.dumps(metrics | {"interval": [0.4, 0.6]}).encode()))
    for wrong in ({"interval": [0.4, -0.6]}, {"interval": ["0.4"]}, {"new": {"auc_of_pairs": [1.5]}}):
        with pytest.raises(BundleError, match=r"metrics\.json in this file is not as"):
            read_pack(with_files(packed, metrics__json=json.dumps(metrics | wrong).encode()))


def test_weights_may_be_stored_as_float16(packed):
    weights = load(unpacked(packed)["weights.safetensors"])
    halved = {name: weight.astype(np.float16) for name, weight in weights.items()}
    for name, weight in read_pack(with_files(packed, weights__safetensors=save(halved))).weights.items():
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, halved[name])


def test_weights_must_be_finite_numbers(packed):
    weights = load(unpacked(packed)["weights.safetensors"])
    for bad, reason in ((np.nan, "not a finite"), (np.inf, "not a finite")):
        changed = weights | {"dense_1/bias": np.full(128, bad, np.float32)}
        with pytest.raises(BundleError, match=reason):
            read_pack(with_files(packed, weights__safetensors=save(changed)))
    with pytest.raises(BundleError, match="no training gives"):
        read_pack(with_files(packed, weights__safetensors=save(weights | {"dense_1/bias": np.full(128, 2e6, "f4")})))


@pytest.mark.parametrize(
    "changes",
    [
        {"dense_1/bias": np.zeros(128)},
        {"dense_1/bias": np.zeros(127, np.float32)},
        {"dense_1/bias": np.zeros((128, 1), np.float32)},
        {"dense_1/surprise": np.zeros(1, np.float32)},
    ],
)
def test_weights_of_another_network_are_refused(packed, changes):
    weights = load(unpacked(packed)["weights.safetensors"])
    with pytest.raises(BundleError, match="do not fit the network classic"):
        read_pack(with_files(packed, weights__safetensors=save(weights | changes)))


def test_weights_that_lack_one_are_refused(packed):
    weights = load(unpacked(packed)["weights.safetensors"])
    del weights["dense_3/bias"]
    with pytest.raises(BundleError, match="do not fit the network classic"):
        read_pack(with_files(packed, weights__safetensors=save(weights)))


@pytest.mark.parametrize("content", [b"", bytes(8), b"\xff" * 64, b"\x80\x04\x95cos\nsystem\n(S'id'\ntR."])
def test_weights_that_are_no_safetensors_are_refused(packed, content):
    with pytest.raises(BundleError, match="damaged"):
        read_pack(with_files(packed, weights__safetensors=content))


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_whatever_byte_is_changed_it_is_the_same_model_or_a_refusal(packed, place, value):
    content = bytearray(packed)
    content[int(place * len(content))] = value
    try:
        pack = read_pack(bytes(content))
    except BundleError:
        return
    assert zlib.crc32(pack.weights["dense_1/kernel"].tobytes()) == zlib.crc32(
        read_pack(packed).weights["dense_1/kernel"].tobytes()
    )
