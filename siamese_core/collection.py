"""A collection: named classes of images in a training and a test split, whatever they show.

Everything above this module takes images, labels and class names from here, so that another collection can take the
place of Fashion-MNIST.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from siamese_core.errors import ItemError

VALIDATION_COUNT = 5_000
VALIDATION_SEED = 2006  # the year of the contrastive loss; any fixed number would do

_NO_SUCH_ITEM = "There is no item {item} in the {split} split: its numbers run from 0 to {last}."
_NOT_IN_SAMPLE = (
    "There is no item {item} in the {split} split: its numbers run from 0 to {last} and only a sample of them is here."
)


@dataclass(frozen=True)
class Split:
    """The images of one split, loaded once and shared read-only.

    Attributes:
        name: "train" or "test".
        images: (n, 28, 28) uint8, bright items on black.
        labels: (n,) uint8, positions in the collection's class names.
        ids: (n,) int32, increasing: each item's number in the original file. `ids[i] == i` when nothing is left out.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> "Split":
        """The first items alone, or all where there are fewer; nothing is copied."""
        return Split(self.name, self.images[:count], self.labels[:count], self.ids[:count])

    def position(self, item_id: int) -> int:
        """The row of the item with this number.

        Raises:
            ItemError: There is none.
        """
        at = int(np.searchsorted(self.ids, item_id))
        if at == len(self.ids) or self.ids[at] != item_id:
            if not len(self.ids):
                raise ItemError(
                    "There is no item {item} in the {split} split: it is empty.", item=item_id, split=self.name
                )
            raise ItemError(
                _NO_SUCH_ITEM if len(self.ids) > self.ids[-1] else _NOT_IN_SAMPLE,
                item=item_id,
                split=self.name,
                last=self.ids[-1],
            )
        return at


class Collection:
    """A data set of named classes with a training and a test split, each read when first asked for.

    Attributes:
        name: What people call it.
        class_names: Names, in the order of the labels.
        complete: False for the sample that ships with the project.
        source: Where the images came from, for people.
        fingerprint: SHA-256 that changes whenever an image or a label does.
    """

    def __init__(
        self,
        read_split: Callable[[str], Split],
        *,
        name: str,
        class_names: tuple[str, ...],
        complete: bool,
        source: str,
        fingerprint: str,
    ) -> None:
        self.name = name
        self.class_names = class_names
        self.complete = complete
        self.source = source
        self.fingerprint = fingerprint
        self._read_split = read_split
        self._splits: dict[str, Split] = {}
        self._lock = threading.Lock()

    def split(self, name: str) -> Split:
        """The split called "train" or "test".

        Raises:
            ItemError: There is no such split.
            DataError: Its files are missing or damaged.
        """
        if name not in ("train", "test"):
            raise ItemError("There is no split {name!r}; write train or test.", name=name)
        with self._lock:
            if name not in self._splits:
                self._splits[name] = self._read_split(name)
            return self._splits[name]

    def locate(self, reference: str) -> tuple[Split, int]:
        """The split and row that a reference such as `test:123` names.

        Raises:
            ItemError: It names nothing here.
        """
        split_name, separator, number = reference.partition(":")
        if not separator or not number.isascii() or not number.isdigit() or len(number) > 9:
            raise ItemError("{reference!r} is no item; write test:123 or train:45.", reference=reference[:40])
        split = self.split(split_name)
        return split, split.position(int(number))

    def image(self, reference: str) -> np.ndarray:
        """The image (28, 28) uint8 of an item such as `test:123`.

        Raises:
            ItemError: There is no such item.
        """
        split, position = self.locate(reference)
        return split.images[position]

    def label(self, reference: str) -> int:
        """The label of an item such as `test:123`.

        Raises:
            ItemError: There is no such item.
        """
        split, position = self.locate(reference)
        return int(split.labels[position])


def validation_positions(
    labels: np.ndarray, *, count: int = VALIDATION_COUNT, held_out: Sequence[int] | np.ndarray = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the training split to fit on and rows to validate on: stratified, the same on every machine.

    Args:
        labels: (n,) of the training split.
        count: Validation images wanted over all classes.
        held_out: Labels whose rows are in neither part; the other rows stay where they are.

    Returns:
        Two increasing int32 arrays that share no row and together hold all n but the held-out ones.
    """
    rng = np.random.default_rng(VALIDATION_SEED)
    share = count / len(labels)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen.append(rng.choice(rows, round(len(rows) * share), replace=False))
    validation = np.sort(np.concatenate(chosen)).astype(np.int32)
    fit = np.setdiff1d(np.arange(len(labels), dtype=np.int32), validation, assume_unique=True)
    fit, validation = (rows[~np.isin(labels[rows], held_out)] for rows in (fit, validation))
    return fit, validation
