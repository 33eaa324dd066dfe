import dataclasses
import shutil

import numpy as np
import pytest

from siamese_core import building, familiarity
from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle
from siamese_core.familiarity import Familiarity, _gradients, describe, learn_familiarity
from siamese_core.strangers import SHARES, draw_stranger

SIZE = describe(np.zeros((1, 28, 28), np.uint8)).shape[1]
BRIGHT = Familiarity(  # seems as strange as the sum of its brightnesses, each a block of two by two pixels
    np.eye(SIZE, 196, k=-(SIZE - 196), dtype=np.float32),
    np.zeros(196, np.float32),
    np.ones(196, np.float32),
    -10.0,
    threshold=40.0,
)


def squares(side):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, :side, :side] = 255
    return image


def test_picture_exactly_at_the_threshold_is_familiar():
    np.testing.assert_allclose(BRIGHT.strangeness(squares(14)), [49 - 10])
    at_threshold = dataclasses.replace(BRIGHT, threshold=39.0)
    assert at_threshold.is_familiar(squares(14)).tolist() == [True]
    assert at_threshold.is_familiar(squares(16)).tolist() == [False]


def test_description_says_which_way_edges_run():
    upright, level = np.zeros((2, 1, 28, 28), np.uint8)
    upright[0, :, 14:], level[0, 14:] = 255, 255
    by_cell = [describe(image)[0, : 7 * 7 * 6].reshape(7, 7, 6) for image in (upright, level)]
    assert (by_cell[0][:, 3].argmax(axis=-1) == 0).all()  # brightness changes across
    assert (by_cell[1][3, 1:-1].argmax(axis=-1) == 3).all()  # a quarter turn further
    assert by_cell[0][1:-1, 5].max() == 0.0  # inside and off the frame nothing changes


def test_description_of_a_picture_does_not_depend_on_its_company():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    np.testing.assert_allclose(describe(images)[2], describe(images[2:3])[0], rtol=1e-6)


def test_gradients_are_the_slopes_of_the_loss():
    rng = np.random.default_rng(0)
    batch, truth = rng.normal(size=(6, 4)), np.array([0, 0, 0, 1, 1, 1.0])
    weights = [rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=1)]

    def loss():
        answer = np.maximum(batch @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
        return np.mean(np.log1p(np.exp(answer)) - truth * answer)

    for part, gradient in zip(weights, _gradients(weights, batch, truth), strict=True):
        for place in np.ndindex(part.shape):
            kept = part[place]
            ends = []
            for step in (1e-5, -1e-5):
                part[place] = kept + step
                ends.append(loss())
            part[place] = kept
            assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)


def test_learned_familiarity_flags_as_many_validation_images_as_wanted(tiny, monkeypatch):
    for name, value in {"PHOTOGRAPHS": 200, "REDRAWN": 50, "STRANGERS": 200, "STEPS": 150}.items():
        monkeypatch.setattr(familiarity, name, value)
    images = tiny.split("train").images
    learned = learn_familiarity(images[100:], images[:100])
    assert learned.is_familiar(images[:100]).mean() == pytest.approx(1.0 - familiarity.FLAGGED, abs=0.011)
    assert learn_familiarity(images[100:], images[:100]).threshold == learned.threshold
    assert not learned.is_familiar(np.full((1, 28, 28), 255, np.uint8))[0]


@pytest.mark.parametrize("damaged", [[], ["best"], ["best", "classic"]])
def test_a_damaged_shipped_bundle_costs_a_training_nothing_but_a_minute(tiny, tmp_path, monkeypatch, damaged):
    for name in ("best", "classic"):
        shutil.copytree(PROJECT_ARTIFACTS / name, tmp_path / name)
    for name in damaged:
        (tmp_path / name / "history.json").write_text("[]")
    monkeypatch.setattr(building, "PROJECT_ARTIFACTS", tmp_path)
    monkeypatch.setattr(building, "validation_positions", lambda _: (slice(100, None), slice(100)))
    monkeypatch.setattr(building, "learn_familiarity", lambda *_: BRIGHT)
    monkeypatch.setattr(tiny, "fingerprint", load_bundle("classic", PROJECT_ARTIFACTS).config["data"]["fingerprint"])
    assert (building.find_familiarity(tiny) is BRIGHT) == (damaged == ["best", "classic"])


def test_familiarity_survives_being_stored():
    again = Familiarity.from_arrays(BRIGHT.to_arrays())
    np.testing.assert_allclose(again.strangeness(squares(14)), BRIGHT.strangeness(squares(14)))
    assert again.threshold == BRIGHT.threshold


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hidden": np.zeros((3, 196))}, "another shape"),
        ({"output": np.zeros(5)}, "another shape"),
        ({"threshold": np.array(np.nan)}, "not finite"),
    ],
)
def test_arrays_that_are_no_familiarity_are_refused(change, reason):
    with pytest.raises(ValueError, match=reason):
        Familiarity.from_arrays(BRIGHT.to_arrays() | change)


@pytest.mark.parametrize("name", ["best", "classic"])
def test_shipped_familiarity_knows_test_items_and_flags_strangers(fashion, name):
    known = load_bundle(name, PROJECT_ARTIFACTS).familiarity
    rng = np.random.default_rng(3)
    strangers = np.stack([draw_stranger(kind, rng) for kind in SHARES for _ in range(10)])
    assert known.is_familiar(fashion.split("test").images[:2_000]).mean() > 0.94
    assert known.is_familiar(strangers).mean() < 0.1
