import pytest

from siamese_core.config import RECIPES, Recipe
from siamese_core.errors import RunError


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_recipe_survives_json(recipe):
    assert Recipe.from_dict(recipe.to_dict()) == recipe


def test_classic_is_the_tutorials_recipe():
    classic = RECIPES["classic"]
    assert (classic.epochs, classic.batch_size, classic.margin) == (20, 128, 1.0)
    assert (classic.optimizer, classic.learning_rate, classic.batches) == ("rmsprop", 0.001, "pairs")


def test_none_leaves_a_setting_as_it_is():
    assert RECIPES["classic"].changed(epochs=None, margin=2.0).epochs == 20


@pytest.mark.parametrize(
    ("setting", "value"),
    [("epochs", 0), ("epochs", 100_000), ("margin", float("nan")), ("batch_size", 1), ("learning_rate", -1.0)],
)
def test_setting_out_of_bounds_is_refused_with_the_bounds(setting, value):
    with pytest.raises(RunError, match=rf"{setting.replace('_', ' ')} must be between .* and .*, not"):
        RECIPES["classic"].changed(**{setting: value})


def test_margin_of_a_recipe_without_one_is_refused():
    with pytest.raises(RunError, match="fast has no margin"):
        RECIPES["fast"].changed(margin=1.0)


def test_recipe_written_before_a_setting_existed_is_read_with_its_default():
    values = RECIPES["classic"].to_dict()
    del values["drawn"]
    assert Recipe.from_dict(values) == RECIPES["classic"]


@pytest.mark.parametrize("change", [{"surprise": 1}, {"epochs": None}])
def test_foreign_fields_are_refused(change):
    values = RECIPES["fast"].to_dict() | change
    if change.get("epochs", 1) is None:
        del values["epochs"]
    with pytest.raises(ValueError, match="a recipe has the fields"):
        Recipe.from_dict(values)


def test_a_recipe_that_was_written_is_held_to_the_bounds_too():
    with pytest.raises(RunError, match="epochs must be between"):
        Recipe.from_dict(RECIPES["fast"].to_dict() | {"epochs": 10_000})
