import numpy as np
import pytest

from siamese_core.collection import validation_positions
from siamese_core.errors import ItemError


def test_a_split_is_read_once(fashion):
    assert fashion.split("test") is fashion.split("test")


@pytest.mark.parametrize(
    "reference",
    ["test", "test:", "test:-1", "test:1.5", "test:10000", "valid:3", "test:" + "9" * 40, "test:²", "../x:1"],
)
def test_unknown_item_is_refused_in_one_sentence(fashion, reference):
    with pytest.raises(ItemError) as refusal:
        fashion.image(reference)
    assert "\n" not in str(refusal.value)


def test_validation_split_is_stratified_fixed_and_apart(fashion):
    labels = fashion.split("train").labels
    fit, validation = validation_positions(labels)
    assert np.bincount(labels[validation]).tolist() == [500] * 10
    assert not np.intersect1d(fit, validation).size
    assert len(fit) + len(validation) == 60_000
    assert validation[:5].tolist() == validation_positions(labels)[1][:5].tolist()


def test_held_out_classes_are_in_neither_part_and_the_others_stay(fashion):
    labels = fashion.split("train").labels
    for rows, all_rows in zip(validation_positions(labels, held_out=[3, 7]), validation_positions(labels), strict=True):
        np.testing.assert_array_equal(rows, all_rows[(labels[all_rows] != 3) & (labels[all_rows] != 7)])
