"""What several test modules share: real data where it is, tiny collections where size does not matter."""

import numpy as np
import pytest

from siamese_core.collection import Collection, Split
from siamese_core.data import CLASS_NAMES, load_collection


@pytest.fixture(scope="session")
def fashion() -> Collection:
    """The real data set; the tests' set-up puts it on the machine."""
    return load_collection()


@pytest.fixture(scope="session")
def tiny() -> Collection:
    """600 training and 100 test images of ten classes that any encoder can tell apart: a bright row a class."""
    rng = np.random.default_rng(0)

    def split(name: str, count: int) -> Split:
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = rng.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        images[np.arange(count), 2 + 2 * labels] = 255
        return Split(name, images, labels, np.arange(count, dtype=np.int32))

    splits = {"train": split("train", 600), "test": split("test", 100)}
    return Collection(
        splits.__getitem__,
        name="Stripes",
        class_names=CLASS_NAMES,
        complete=True,
        source="a test",
        fingerprint="0" * 64,
    )
