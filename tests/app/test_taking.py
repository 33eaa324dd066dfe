"""What can be taken away from Compare."""

import csv
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import cache
from app.examples import T_SHIRT
from app.figures import COMPARISON_FIGURES, comparison_figure, drawn
from app.findings import Finding, nearest_items
from app.report import write_report
from app.slots import Slot
from app.snippet import picture_name, write_snippet
from app.tables import neighbours_table, parts_table
from siamese_core.comparison import compare
from siamese_core.preprocessing import preprocess_sketch
from siamese_core.sketch import paint
from tests.app.conftest import PROJECT, OpenApp


def item_slot(letter: str, number: int) -> Slot:
    test = cache.collection().split("test")
    row = test.position(number)
    title = cache.collection().class_names[test.labels[row]]
    return Slot(
        letter, "item", title, f"test {number}", test.images[row], item=("test", number), label=test.labels[row]
    )


def drawn_slot(letter: str, **skip: object) -> Slot:
    steps = preprocess_sketch(paint(T_SHIRT.strokes), **skip)
    return Slot(letter, "drawing", "Your drawing <b>", "from the pad", steps.image, steps)


def find(a: Slot, b: Slot, model: str = "best") -> Finding:
    bundle = cache.bundle(model)
    embeddings = bundle.encoder.embed(np.stack([a.image, b.image]))
    comparison = compare(embeddings[0], embeddings[1], bundle.threshold)
    return Finding(bundle, a, b, comparison, "Same", 0.93, 0.5)


PAIRS = {
    "two items": lambda: find(item_slot("A", 945), item_slot("B", 7993)),
    "a drawing": lambda: find(drawn_slot("A", skip=["cropped"]), item_slot("B", 35), "classic"),
    "two drawings": lambda: find(drawn_slot("A"), drawn_slot("B", skip=["filled"])),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_snippet_prints_the_number_in_a_fresh_interpreter(pair: str, tmp_path: Path) -> None:
    found = PAIRS[pair]()
    for slot in (found.a, found.b):
        Image.fromarray(slot.image).save(tmp_path / picture_name(slot))
    snippet = write_snippet(found)
    assert len([line for line in snippet.splitlines() if line]) <= 10
    printed = subprocess.run(
        [sys.executable, "-c", snippet], cwd=tmp_path, env={"PYTHONPATH": str(PROJECT), "PATH": ""},
        capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    assert printed.strip() == f"{found.comparison.distance:.4f}"


def test_the_report_says_all_and_asks_nobody() -> None:
    found = PAIRS["a drawing"]()
    report = write_report(found, now=datetime(2026, 11, 25, 8, 30, tzinfo=UTC))
    for said in (
        f"{found.comparison.distance:.4f}", f"{found.comparison.threshold:.4f}", "Same", "93.0 %", "50 %", "classic",
        found.model.fingerprint, "2026-11-25 08:30 UTC",
    ):  # fmt: skip
        assert said in report
    assert report.count('src="data:image/png;base64,') == 3  # both as seen, the drawing as given too
    assert report.count('src="data:," hidden') == 1
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import|<script", report)
    assert "Your drawing &lt;b&gt;" in report


@pytest.mark.parametrize("wanted", COMPARISON_FIGURES)
def test_every_figure_comes_as_png_and_svg(wanted: str) -> None:
    found = PAIRS["two items"]()
    assert drawn(comparison_figure(wanted, found), "png").startswith(b"\x89PNG")
    assert b"<svg" in drawn(comparison_figure(wanted, found), "svg")


def test_a_figure_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of"):
        comparison_figure("Pie", PAIRS["two items"]())


def test_the_parts_as_a_table_sum_to_the_distance_squared() -> None:
    found = PAIRS["two items"]()
    rows = list(csv.DictReader(parts_table(found).splitlines()))
    assert len(rows) == found.model.encoder.size
    assert sum(float(row["square"]) for row in rows) == pytest.approx(found.comparison.distance**2, abs=1e-6)
    assert float(rows[0]["square"]) == pytest.approx((float(rows[0]["a"]) - float(rows[0]["b"])) ** 2, abs=1e-6)


def test_the_neighbours_as_a_table_are_those_on_the_page() -> None:
    found = PAIRS["a drawing"]()
    rows = list(csv.DictReader(neighbours_table(found, 7).splitlines()))
    assert [row["slot"] for row in rows] == ["A"] * 7 + ["B"] * 7
    assert [int(row["item"]) for row in rows[7:]] == nearest_items(found.model, found.b, 7).ids[0].tolist()
    assert 35 not in [int(row["item"]) for row in rows[7:]]
    assert {row["class"] for row in rows} <= set(cache.collection().class_names)


def test_nothing_is_offered_before_the_door_is_open(open_app: OpenApp) -> None:
    app = open_app()
    assert not app.exception
    assert not app.get("download_button")
    assert not app.code
