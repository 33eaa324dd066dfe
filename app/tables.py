"""Tables to take away."""

import numpy as np
import pandas as pd

from app import cache
from app.cache import Diagnosis, PairTable


def suspects_table(found: Diagnosis) -> pd.DataFrame:
    """Every suspect, with what its neighbours say."""
    test, class_names, suspects = cache.collection().split("test"), cache.collection().class_names, found.suspects
    return pd.DataFrame(
        {
            "item": test.ids[suspects.rows],
            "label": [class_names[label] for label in test.labels[suspects.rows]],
            "proposed": [class_names[label] for label in suspects.proposed],
            "agreement": suspects.agreement.round(3),
            "own": suspects.own.round(3),
        }
    )


def rates_table(found: Diagnosis) -> pd.DataFrame:
    """What every threshold does to all pairs."""
    counts = found.counts
    return pd.DataFrame(
        {
            "threshold": counts.thresholds.round(6),
            "same_accepted": counts.same,
            "different_accepted": counts.different,
            "far": counts.far,
            "frr": counts.frr,
        }
    )


def classes_table(found: Diagnosis, threshold: float) -> pd.DataFrame:
    """Of every two classes the pairs, those decided wrongly, and their share."""
    names, counts = cache.collection().class_names, found.counts
    errors = counts.errors(counts.nearest(threshold))
    one, other = np.tril_indices(len(names))
    pairs = counts.within[one, other, -1]
    return pd.DataFrame(
        {
            "class": np.array(names)[one],
            "other_class": np.array(names)[other],
            "pairs": pairs,
            "wrong": np.nan_to_num(errors[one, other] * pairs).round().astype(int),
            "share": errors[one, other],
        }
    )


def trust_table(found: Diagnosis) -> pd.DataFrame:
    """What P(same) said and what was true."""
    trust = found.trust
    return pd.DataFrame({"predicted": trust.predicted, "observed": trust.observed, "share_of_pairs": trust.weight})


def pairs_table(table: PairTable, rows: np.ndarray, threshold: float) -> pd.DataFrame:
    """These rows' pairs: items, classes, truth, distance, verdict."""
    split, pairs, class_names = table.split, table.pairs.take(rows), cache.collection().class_names
    sides = {"left": pairs.left, "right": pairs.right}
    return pd.DataFrame(
        {
            "split": split.name,
            **{side: split.ids[of_side] for side, of_side in sides.items()},
            **{f"{side}_class": np.array(class_names)[split.labels[of_side]] for side, of_side in sides.items()},
            "truth": np.where(pairs.is_same, "same", "different"),
            "distance": table.distances[rows].round(6),
            "verdict": np.where(table.distances[rows] <= threshold, "same", "different"),
        }
    )
