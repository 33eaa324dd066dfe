"""Errors written for the person who meets them: what is wrong, the limit, what to do."""

from collections.abc import Mapping
from typing import Any, Self


class SiameseError(Exception):
    """Base of every error a visitor or a command-line user may see; its text is one clear sentence.

    Attributes:
        sentence: it in English, the places of values in braces: what a catalogue of another language knows it by.
        values: what stands in these places.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence, self.values = sentence, values

    def to_dict(self) -> dict[str, Any]:
        """What it says, for JSON and another process."""
        return {"sentence": self.sentence, "values": self.values}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """An error that says what another one wrote by `to_dict`."""
        return cls(said["sentence"], **said["values"])


class DataError(SiameseError):
    """The data set is missing, damaged or could not be downloaded."""


class ItemError(SiameseError):
    """An item such as `test:123` does not exist in the data at hand."""


class ImageRejectedError(SiameseError):
    """An uploaded or drawn picture cannot be used."""


class BundleError(SiameseError):
    """A model bundle is missing, damaged, protected or wrongly named."""


class DamagedBundleError(BundleError):
    """A model bundle on this machine is not what was saved: it may be set aside."""


class RunError(SiameseError):
    """A training run cannot be started, found or stopped, or its settings are out of bounds."""


class ExportError(SiameseError):
    """A model cannot be exported, or what was made differs from it."""
