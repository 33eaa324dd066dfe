"""Embedded items as one file of numbers, for NumPy or for programs that read tables."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from siamese_core.collection import Split


def write_npz(path: Path, embeddings: np.ndarray, items: Split, class_names: Sequence[str]) -> None:
    """Write a NumPy archive: `embeddings` (n, d) float32, `labels` (n,), `ids` (n,) and `class_names`."""
    np.savez_compressed(
        path, embeddings=embeddings, labels=items.labels, ids=items.ids, class_names=np.array(class_names)
    )


def write_parquet(path: Path, embeddings: np.ndarray, items: Split, class_names: Sequence[str]) -> None:
    """Write a Parquet table of n rows: `id`, `label`, `class` and `embedding`, a list of d float32."""
    import pyarrow as pa  # 0.1 s: only where a table is written
    from pyarrow import parquet

    columns = {
        "id": items.ids,
        "label": items.labels,
        "class": [class_names[label] for label in items.labels],
        "embedding": pa.FixedSizeListArray.from_arrays(embeddings.ravel(), embeddings.shape[1]),
    }
    parquet.write_table(pa.table(columns), path)
