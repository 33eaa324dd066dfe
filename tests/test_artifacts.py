import errno
import json
import os
import shutil
import stat

import numpy as np
import pytest

from siamese_core import artifacts, durable
from siamese_core.artifacts import (
    check_name,
    delete_bundle,
    list_names,
    load_bundle,
    load_weights,
    rename_bundle,
    save_bundle,
    save_familiarity,
    save_map,
    save_twin,
    set_aside,
    tidy,
)
from siamese_core.bundle import FILES, OPTIONAL_FILES, SHIPPED, make_files
from siamese_core.errors import BundleError
from siamese_core.projection import draw_map


@pytest.fixture
def root(tmp_path):
    """A folder with a copy of the shipped `classic`, under the name `mine`."""
    shutil.copytree(artifacts.PROJECT_ARTIFACTS / "classic", tmp_path / "mine")
    return tmp_path


def save_again(root, name="mine", **changes):
    bundle = load_bundle("classic", artifacts.PROJECT_ARTIFACTS)
    parts = {
        "onnx": (artifacts.PROJECT_ARTIFACTS / "classic" / "encoder.onnx").read_bytes(),
        "weights": load_weights("classic", artifacts.PROJECT_ARTIFACTS),
        "config": bundle.config,
        "metrics": bundle.metrics,
        "history": bundle.history,
        "gallery_embeddings": bundle.gallery_embeddings,
        "familiarity": bundle.familiarity,
    }
    return save_bundle(name, make_files(**(parts | changes)), root)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_bundle_is_sound_and_small(name):
    bundle = load_bundle(name, artifacts.PROJECT_ARTIFACTS)
    assert bundle.recipe.name == name
    assert bundle.gallery_embeddings.shape == (10_000, bundle.encoder.size)
    assert bundle.history
    assert load_weights(name, artifacts.PROJECT_ARTIFACTS)


def test_shipped_bundles_weigh_less_than_eight_megabytes_together():
    assert sum(load_bundle(name, artifacts.PROJECT_ARTIFACTS).size for name in SHIPPED) < 8_000_000


def test_shipped_gallery_is_what_the_shipped_encoder_makes_of_the_test_images(fashion):
    for name in SHIPPED:
        bundle = load_bundle(name, artifacts.PROJECT_ARTIFACTS)
        embeddings = bundle.encoder.embed(fashion.split("test").images[:500])
        np.testing.assert_allclose(embeddings, bundle.gallery_embeddings[:500], atol=1e-5)


def test_saved_bundle_is_loaded_as_it_was(root):
    saved, original = save_again(root, "again"), load_bundle("mine", root)
    assert (saved.recipe, saved.threshold, saved.seed) == (original.recipe, original.threshold, original.seed)
    np.testing.assert_array_equal(saved.gallery_embeddings, original.gallery_embeddings)
    assert sorted(os.listdir(root / "again")) == sorted((*FILES, "familiarity.npz", "manifest.json"))  # no map given


def test_weights_take_half_the_room_where_that_changes_none_of_them(root):
    weights = load_weights("mine", root)
    rounded = {name: weight.astype(np.float16).astype(np.float32) for name, weight in weights.items()}
    halved = save_again(root, "halved", weights=rounded)
    assert len(halved.files["weights.safetensors"]) < 0.51 * len(load_bundle("mine", root).files["weights.safetensors"])
    for name, weight in halved.weights.items():
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, rounded[name])


def test_familiarity_is_added_and_all_else_stays_as_it_is(root):
    known = load_bundle("mine", root).familiarity
    assert save_again(root, familiarity=None).familiarity is None
    before = {file: (root / "mine" / file).read_bytes() for file in FILES}
    assert save_familiarity("mine", known, root).familiarity.threshold == known.threshold
    assert {file: (root / "mine" / file).read_bytes() for file in FILES} == before
    assert os.listdir(root) == ["mine"]


UNSEEN = {"seen_balanced_accuracy": 0.9, "unseen_balanced_accuracy": 0.7, "one_shot_accuracy": 0.6, "one_shot_ways": 2}


def save_trained_without(root, name, *held_out, **changes):
    bundle = load_bundle("mine", root)
    config = {**bundle.config, "held_out": list(held_out), **changes}
    return save_again(root, name, config=config, metrics={**bundle.metrics, "unseen": UNSEEN})


def test_model_tells_what_its_twins_make_of_classes_they_never_saw(root):
    assert load_bundle("mine", root).unseen == {}
    assert save_trained_without(root, "first", "Bag", "Dress").unseen == {("Bag", "Dress"): UNSEEN}
    save_trained_without(root, "second", "Coat", "Shirt", "Trouser")
    save_twin("mine", "first", root)
    twins = {("Bag", "Dress"): UNSEEN, ("Coat", "Shirt", "Trouser"): UNSEEN}
    assert save_twin("mine", "second", root).twins == twins
    told = load_bundle("mine", root)
    assert told.unseen == twins
    assert told.metrics["all_pairs"] == load_bundle("classic", artifacts.PROJECT_ARTIFACTS).metrics["all_pairs"]


def test_twin_must_be_trained_alike_and_without_classes(root):
    save_again(root, "saw-all")
    recipe = {**load_bundle("mine", root).config["recipe"], "epochs": 3}
    save_trained_without(root, "shorter", "Bag", "Dress", recipe=recipe)
    save_trained_without(root, "stopped", "Bag", "Dress", stopped=True)
    save_trained_without(root, "elsewhere", "Bag", "Dress", data={"name": "other", "fingerprint": "0"})
    save_trained_without(root, "twin", "Bag", "Dress")
    save_again(root, "halted", config={**load_bundle("mine", root).config, "stopped": True})
    no_twins = [("mine", "saw-all"), ("mine", "shorter"), ("mine", "stopped"), ("mine", "elsewhere")]
    for name, twin in (*no_twins, ("twin", "twin"), ("halted", "twin")):
        with pytest.raises(BundleError, match="no twin"):
            save_twin(name, twin, root)


def test_familiarity_of_another_kind_is_refused(root):
    class Strange:
        def to_arrays(self):
            return {"hidden": np.zeros(3)}

    with pytest.raises(BundleError, match=r"damaged familiarity\.npz"):
        save_again(root, familiarity=Strange())


def test_saving_replaces_the_old_bundle_and_leaves_nothing_behind(root):
    before = load_bundle("mine", root).fingerprint
    config = load_bundle("mine", root).config | {"seed": 7}
    assert save_again(root, config=config).fingerprint != before
    assert load_bundle("mine", root).seed == 7
    assert os.listdir(root) == ["mine"]


def test_saved_map_is_loaded_as_it_was(root):
    drawn = draw_map(load_bundle("mine", root).gallery_embeddings, kept=14)
    loaded = save_again(root, embedding_map=drawn).embedding_map
    np.testing.assert_array_equal(loaded.principal, drawn.principal)


def test_a_bundle_without_a_map_says_so(root):
    assert save_again(root).embedding_map is None


def test_a_map_is_added_and_all_else_stays_as_it_is(root):
    before = {file: (root / "mine" / file).read_bytes() for file in FILES}
    drawn = draw_map(load_bundle("mine", root).gallery_embeddings, kept=3)
    assert save_map("mine", drawn, root).embedding_map.kept == 3
    assert {file: (root / "mine" / file).read_bytes() for file in FILES} == before
    assert os.listdir(root) == ["mine"]


def test_a_map_of_other_items_is_refused(root):
    drawn = draw_map(load_bundle("mine", root).gallery_embeddings[:50], kept=14)
    with pytest.raises(BundleError, match=r"damaged map\.npz"):
        save_again(root, embedding_map=drawn)


def test_failed_save_leaves_the_old_bundle_and_nothing_else(root, monkeypatch):
    before = load_bundle("mine", root).fingerprint

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match="could not be saved or changed: No space left on device; what was there is"):
        save_again(root)
    monkeypatch.undo()
    assert load_bundle("mine", root).fingerprint == before
    assert os.listdir(root) == ["mine"]


@pytest.mark.parametrize("file", [*FILES, *OPTIONAL_FILES])
def test_a_flipped_bit_is_found_and_the_file_named(root, file):
    path = root / "mine" / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match=rf"damaged {file}"):
        load_bundle("mine", root)


@pytest.mark.parametrize("file", [*FILES, *OPTIONAL_FILES])
def test_a_missing_file_is_named(root, file):
    (root / "mine" / file).unlink()
    with pytest.raises(BundleError, match=rf"no readable {file}"):
        load_bundle("mine", root)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (b"", "damaged manifest"),
        (b"[]", "damaged manifest"),
        (b'{"schema": 2, "files": {}}', "schema 2"),
        (b'{"schema": 1, "files": {"../other": "0"}}', "does not name its files"),
        (b'{"schema": 1, "files": 3}', "does not name its files"),
    ],
)
def test_foreign_manifest_is_refused(root, manifest, reason):
    (root / "mine" / "manifest.json").write_bytes(manifest)
    with pytest.raises(BundleError, match=reason):
        load_bundle("mine", root)


@pytest.mark.parametrize("change", [{"surprise": 1}, {"epochs": 10**9}, {"margin": "wide"}])
def test_bundle_of_an_unknown_recipe_is_refused(root, change):
    recipe = load_bundle("mine", root).config["recipe"] | change
    with pytest.raises(BundleError, match="written by other code"):
        save_again(root, config=load_bundle("mine", root).config | {"recipe": recipe})


def test_threshold_that_is_no_distance_is_refused(root):
    with pytest.raises(BundleError, match="threshold -1"):
        save_again(root, metrics=load_bundle("mine", root).metrics | {"threshold": -1.0})


def test_calibration_that_rises_with_distance_is_refused(root):
    rising = {"kind": "isotonic", "knots": [[0.0, 0.1], [1.0, 0.9]]}
    with pytest.raises(BundleError, match="a calibration falls"):
        save_again(root, metrics=load_bundle("mine", root).metrics | {"calibration": rising})


def test_weight_that_is_not_finite_is_refused(root):
    weights = load_weights("mine", root)
    weights["dense_1/bias"] = np.full(128, np.nan, np.float32)
    before = load_bundle("mine", root).fingerprint
    with pytest.raises(BundleError, match="not a finite number"):
        save_again(root, weights=weights)
    assert load_bundle("mine", root).fingerprint == before


def test_onnx_that_is_no_encoder_is_refused(root):
    with pytest.raises(BundleError, match=r"encoder\.onnx is damaged"):
        save_again(root, onnx=b"not onnx").encoder  # noqa: B018 - opening it is what fails


@pytest.mark.parametrize("name", ["", "Best", "a/b", "..", "-x", "x" * 65, "sample", ".runs", "a\n", None])
def test_name_that_is_no_name_is_refused(name):
    with pytest.raises(BundleError, match="small letters"):
        check_name(name)


def test_absent_bundle_says_what_there_is(root):
    with pytest.raises(BundleError, match="no model 'other'; there are: mine"):
        load_bundle("other", root)


def test_list_shows_bundles_only_and_shipped_ones_first(root):
    for name in ("classic", "aaa"):
        shutil.copytree(root / "mine", root / name)
    (root / ".runs").mkdir()
    (root / "empty").mkdir()
    assert list_names(root) == ["classic", "aaa", "mine"]
    assert list_names(root / "absent") == []


def test_own_bundle_can_be_deleted_and_a_shipped_one_not(root):
    delete_bundle("mine", root)
    assert os.listdir(root) == []
    for name, reason in (("mine", "no model"), ("best", "comes with the project")):
        with pytest.raises(BundleError, match=reason):
            delete_bundle(name, root)


def test_config_holds_what_a_reader_needs(root):
    config = load_bundle("mine", root).config
    assert {"recipe", "seed", "versions", "data", "layers", "class_names"} <= config.keys()
    assert json.loads(json.dumps(config)) == config


def test_files_are_not_executable(root):
    assert not any(stat.S_IXUSR & (root / "mine" / file).stat().st_mode for file in FILES)


def test_a_damaged_bundle_is_set_aside_and_its_name_is_free(root):
    (root / "mine" / "history.json").write_text("[]")
    assert set_aside("mine", root) == root / ".damaged" / "mine-1"
    assert list_names(root) == []
    save_again(root)
    assert set_aside("mine", root) is None
    (root / "mine" / "config.json").unlink()
    assert set_aside("mine", root) == root / ".damaged" / "mine-2"


def test_a_bundle_of_another_schema_is_no_damage_and_stays(root):
    (root / "mine" / "manifest.json").write_text('{"schema": 0, "files": {}}')
    with pytest.raises(BundleError, match="schema 0, not 1"):
        set_aside("mine", root)
    assert list_names(root) == ["mine"]


def test_a_file_that_is_a_link_is_not_read(root):
    moved = root / "elsewhere"
    os.rename(root / "mine" / "config.json", moved)
    (root / "mine" / "config.json").symlink_to(moved)
    with pytest.raises(BundleError, match=r"no readable config\.json"):
        load_bundle("mine", root)


@pytest.mark.parametrize("change", [lambda root: save_again(root, "link"), lambda root: delete_bundle("link", root)])
def test_a_linked_bundle_is_replaced_or_deleted_without_what_it_leads_to(root, change):
    (root / "link").symlink_to(root / "mine")
    assert load_bundle("link", root).fingerprint == load_bundle("mine", root).fingerprint
    change(root)
    assert load_bundle("mine", root)
    assert not (root / "link").is_symlink()


def test_what_a_killed_process_left_is_gone_after_the_next_start(root):
    (root / ".saving" / "mine").mkdir(parents=True)
    (root / ".saving" / "mine" / "encoder.onnx").write_bytes(b"half")
    tidy(root)
    assert os.listdir(root) == ["mine"]


def test_a_bundle_put_aside_by_a_killed_process_comes_back(root):
    before = load_bundle("mine", root).fingerprint
    (root / ".saving").mkdir()
    os.rename(root / "mine", root / ".saving" / "mine.aside")
    tidy(root)
    assert load_bundle("mine", root).fingerprint == before
    assert os.listdir(root) == ["mine"]


def test_a_file_system_that_cannot_exchange_is_helped(root, monkeypatch):
    def cannot(*_):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(durable, "_exchange_at_once", cannot)
    save_again(root, config=load_bundle("mine", root).config | {"seed": 7})
    assert load_bundle("mine", root).seed == 7
    assert os.listdir(root) == ["mine"]
    rename_bundle("mine", "yours", root)
    assert load_bundle("yours", root).seed == 7
    assert os.listdir(root) == ["yours"]
    save_again(root)
    (root / "mine" / "history.json").write_text("[]")
    assert set_aside("mine", root) == root / ".damaged" / "mine-1"
    assert (root / ".damaged" / "mine-1" / "config.json").is_file()
    delete_bundle("yours", root)
    assert os.listdir(root) == [".damaged"]


def test_both_are_as_they_were_when_the_last_step_fails(root, monkeypatch):
    before = load_bundle("mine", root).fingerprint
    sync = durable._sync

    def fail_on_the_root(folder):
        if folder == root:
            raise OSError(errno.EIO, "Input/output error")
        sync(folder)

    monkeypatch.setattr(durable, "_sync", fail_on_the_root)
    for name in ("mine", "new"):
        with pytest.raises(BundleError, match="Input/output error; what was there is untouched"):
            save_again(root, name, config=load_bundle("mine", root).config | {"seed": 7})
    assert load_bundle("mine", root).fingerprint == before
    assert os.listdir(root) == ["mine"]


def test_a_bundle_cannot_take_a_name_that_is_taken(root):
    save_again(root, "other")
    for name in ("other", "best"):
        with pytest.raises(BundleError, match="already"):
            rename_bundle("mine", name, root)
    rename_bundle("mine", "free", root)
    assert list_names(root) == ["free", "other"]
    with pytest.raises(BundleError, match="to rename"):
        rename_bundle("mine", "again", root)
