import dataclasses

import pytest

from siamese_core.config import RECIPES
from siamese_core.errors import RunError
from siamese_core.limits import Limits


def test_without_settings_the_recipes_bounds_hold():
    limits = Limits.from_settings({})
    assert limits == Limits()
    for recipe in RECIPES.values():
        limits.check_run(recipe)


def test_settings_are_text_or_numbers():
    asked = {"SIAMESE_MAX_EPOCHS": "3", "SIAMESE_MAX_MINUTES": 0.5, "SIAMESE_READ_ONLY": "true", "HOME": "/"}
    assert Limits.from_settings(asked) == Limits(max_epochs=3, max_minutes=0.5, read_only=True)
    assert not Limits.from_settings({"SIAMESE_READ_ONLY": False}).read_only


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SIAMESE_MAX_EPOCHS", "many", "a number above 0, not 'many'"),
        ("SIAMESE_MAX_MINUTES", -1, "a number above 0"),
        ("SIAMESE_MAX_MEGABYTES", "nan", "a number above 0"),
        ("SIAMESE_READ_ONLY", "perhaps", "true or false, not 'perhaps'"),
    ],
)
def test_settings_that_cannot_be_understood_allow_nothing(name, value, reason):
    with pytest.raises(RunError, match=reason):
        Limits.from_settings({name: value})


@pytest.mark.parametrize(("setting", "limit"), [("epochs", "max_epochs"), ("batch_size", "max_batch_size")])
def test_a_larger_run_than_allowed_is_refused(setting, limit):
    limits = dataclasses.replace(Limits(), **{limit: 100})
    limits.check_run(RECIPES["fast"].changed(epochs=1, batch_size=100))
    with pytest.raises(RunError, match="may be 100 at most on this server, not 101"):
        limits.check_run(RECIPES["fast"].changed(**{"epochs": 1, "batch_size": 100, setting: 101}))


def test_read_only_allows_no_run():
    with pytest.raises(RunError, match="looking only"):
        Limits(read_only=True).check_run(RECIPES["fast"])


def test_a_full_folder_takes_no_more(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(b"x" * 600_000)
    limits = Limits(max_megabytes=1)
    limits.check_room(tmp_path)
    with pytest.raises(RunError, match="may take 1 MB"):
        limits.check_room(tmp_path, coming=500_000)
