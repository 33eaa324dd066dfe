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
