"""Tables to take away, as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np

from app import cache
from app.cache import Diagnosis, PairTable
from app.findings import Finding, nearest_items


def to_csv(columns: Mapping[str, Sequence | np.ndarray]) -> str:
    """Columns of one length under their names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def suspects_table(found: Diagnosis) -> str:
    """Every suspect, with what its neighbours say."""
    test, class_names, suspects = cache.collection().split("test"), cache.collection().class_names, found.suspects
    return to_csv(
        {
            "item": test.ids[suspects.rows],
            "label": [class_names[label] for label in test.labels[suspects.rows]],
            "proposed": [class_names[label] for label in suspects.proposed],
            "agreement": suspects.agreement.round(3),
            "own": suspects.own.round(3),
        }
    )


def rates_table(found: Diagnosis) -> str:
    """What every threshold does to all pairs."""
    counts = found.counts
    return to_csv(
        {
            "threshold": counts.thresholds.round(6),
            "same_accepted": counts.same,
            "different_accepted": counts.different,
            "far": counts.far,
            "frr": counts.frr,
        }
    )


def classes_table(found: Diagnosis, threshold: float) -> str:
    """Of every two classes the pairs, those decided wrongly, and their share."""
    names, counts = cache.collection().class_names, found.counts
    errors = counts.errors(counts.nearest(threshold))
    one, other = np.tril_indices(len(names))
    pairs = counts.within[one, other, -1]
    return to_csv(
        {
            "class": np.array(names)[one],
            "other_class": np.array(names)[other],
            "pairs": pairs,
            "wrong": np.nan_to_num(errors[one, other] * pairs).round().astype(int),
            "share": errors[one, other],
        }
    )


def trust_table(found: Diagnosis) -> str:
    """What P(same) said and what was true."""
    trust = found.trust
    return to_csv({"predicted": trust.predicted, "observed": trust.observed, "share_of_pairs": trust.weight})


def pairs_table(table: PairTable, rows: np.ndarray, threshold: float) -> str:
    """These rows' pairs: items, classes, truth, distance, verdict."""
    split, pairs, class_names = table.split, table.pairs.take(rows), cache.collection().class_names
    sides = {"left": pairs.left, "right": pairs.right}
    return to_csv(
        {
            "split": [split.name] * len(rows),
            **{side: split.ids[of_side] for side, of_side in sides.items()},
            **{f"{side}_class": np.array(class_names)[split.labels[of_side]] for side, of_side in sides.items()},
            "truth": np.where(pairs.is_same, "same", "different"),
            "distance": table.distances[rows].round(6),
            "verdict": np.where(table.distances[rows] <= threshold, "same", "different"),
        }
    )


def parts_table(found: Finding) -> str:
    """Both embeddings and what each dimension adds to the squared distance."""
    parts = found.explain()
    a, b = parts.embeddings
    return to_csv({"dimension": np.arange(1, len(a) + 1), "a": a, "b": b, "square": parts.squares})


def neighbours_table(found: Finding, count: int) -> str:
    """The test items nearest to each slot, with their classes and distances."""
    class_names = np.array(cache.collection().class_names)
    near = [nearest_items(found.model, slot, count) for slot in (found.a, found.b)]
    return to_csv(
        {
            "slot": np.repeat(["A", "B"], [of_slot.ids.shape[1] for of_slot in near]),
            "item": np.concatenate([of_slot.ids[0] for of_slot in near]),
            "class": np.concatenate([class_names[of_slot.labels[0]] for of_slot in near]),
            "distance": np.concatenate([of_slot.distances[0] for of_slot in near]).round(6),
        }
    )
