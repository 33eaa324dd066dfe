import io

import numpy as np
import pytest

from siamese_core.evaluation import roc
from siamese_core.pairs import Pairs, tutorial_pairs
from siamese_core.plots import (
    class_errors,
    det_curve,
    distance_gauge,
    distance_histogram,
    distance_spread,
    reliability_diagram,
    roc_curve,
    ten_pairs,
    training_curves,
)


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


def test_spread_of_counts_is_that_of_every_pair():
    thresholds = np.linspace(0, 2, 201)
    distances = np.random.default_rng(0).random(5_000) * 2
    within = np.searchsorted(np.sort(distances), thresholds, "right")
    figure = distance_spread(thresholds, within, within[::1], 0.5)
    heights = figure.axes[0].patches[0].get_data().values
    assert heights.sum() == pytest.approx(1.0, abs=1e-3)
    assert np.ptp(heights) < 0.01  # drawn evenly, so about level
    assert png(figure)


def test_det_curve_names_its_equal_error_rate(pairs):
    curve = roc(np.random.default_rng(0).random(len(pairs)), pairs.is_same)
    axis = det_curve(curve).axes[0]
    assert axis.get_xscale() == axis.get_yscale() == "log"
    assert f"{curve.eer:.2%}" in axis.get_legend().get_texts()[0].get_text()


def test_errors_of_classes_stand_once_each_and_nowhere_without_pairs():
    figure = class_errors(np.array([[0.1, 0.25], [0.25, np.nan]]), ["a", "b"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["10.0", "25.0"]
    assert png(figure)


def test_reliability_is_drawn_as_given():
    line = reliability_diagram(np.array([0.2, 0.8]), np.array([0.3, 0.7])).axes[0].lines[1]
    np.testing.assert_array_equal(line.get_xydata(), [[0.2, 0.3], [0.8, 0.7]])


@pytest.mark.parametrize("margin", [None, 1.0])
def test_gauge_shows_distance_threshold_and_the_margin_where_there_is_one(margin):
    axis = distance_gauge(0.5, 0.8, margin=margin, title="a pair").axes[0]
    assert axis.get_xlabel() == "distance 0.5000"
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == ["same", "different", "threshold 0.800"] + (["margin 1.00"] if margin else [])
    assert axis.get_xlim()[1] > max(0.8, margin or 0)
