import io

import numpy as np
import pytest

from siamese_core.evaluation import roc
from siamese_core.pairs import Pairs, tutorial_pairs
from siamese_core.plots import distance_histogram, roc_curve, ten_pairs, training_curves


@pytest.fixture(scope="module")
def pairs(tiny):
    return tutorial_pairs(tiny.split("test").labels, np.random.default_rng(0))


def png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def test_tutorials_figure_shows_ten_labelled_pairs(tiny, pairs):
    figure = ten_pairs(tiny.split("test").images, pairs, title="Test pairs", distances=np.linspace(0, 1, len(pairs)))
    titles = [axis.get_title() for axis in figure.axes]
    assert len(titles) == 10
    assert titles[0] == "1. same · 0.00"
    assert titles[1].startswith("2. different")
    assert png(figure).startswith(b"\x89PNG")


def test_fewer_than_ten_pairs_are_shown_as_they_are(tiny):
    three = Pairs(np.arange(3), np.arange(3) + 1, np.array([True, False, True]))
    figure = ten_pairs(tiny.split("test").images, three)
    assert sum(bool(axis.get_title()) for axis in figure.axes) == 3


def test_curves_draw_what_they_are_given(pairs):
    distances = np.random.default_rng(0).random(len(pairs))
    curve = roc(distances, pairs.is_same)
    assert f"{curve.auc:.4f}" in roc_curve(curve).axes[0].get_legend().get_texts()[1].get_text()
    assert png(distance_histogram(distances, pairs.is_same, 0.5))
    history = [{"epoch": epoch, "loss": 1 / epoch, "accuracy": 0.9} for epoch in (1, 2, 3)]
    line = training_curves(history).axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), [1, 1 / 2, 1 / 3])
