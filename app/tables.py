"""Tables to take away."""

import pandas as pd

from app import cache
from app.cache import Diagnosis


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
