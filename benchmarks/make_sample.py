"""Write `artifacts/sample/`: 1,000 stratified test images, so that the app opens with neither data nor network."""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from siamese_core.data import SAMPLE_FOLDER, load_collection

PER_CLASS = 100
SEED = 0


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    test = load_collection().split("test")
    rng = np.random.default_rng(SEED)
    chosen = [rng.choice(np.flatnonzero(test.labels == label), PER_CLASS, replace=False) for label in range(10)]
    ids = np.sort(np.concatenate(chosen)).astype(np.int32)
    SAMPLE_FOLDER.mkdir(parents=True, exist_ok=True)
    path = SAMPLE_FOLDER / "sample.npz"
    np.savez_compressed(path, images=test.images[ids], labels=test.labels[ids], ids=ids)
    print(f"{path.name}: {len(ids)} images, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
