"""Everything the app keeps between two runs of a script: the only place in the app that opens data or models."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from siamese_core import artifacts
from siamese_core.artifacts import Bundle
from siamese_core.building import TEST_PAIRS_SEED
from siamese_core.collection import Collection, Split
from siamese_core.comparison import pair_distances
from siamese_core.data import open_collection
from siamese_core.errors import SiameseError
from siamese_core.gallery import Gallery
from siamese_core.pairs import Pairs, tutorial_pairs

_LOG = logging.getLogger(__name__)

MODELS_KEPT = 8
_BY_CONTENT: dict[str | type[Any], Callable[[Any], str]] = {
    Bundle: lambda model: model.fingerprint,
    Collection: lambda data: data.fingerprint,
}
"""How models and data are told apart: by what they hold, never by where they lie."""


@dataclass(frozen=True)
class PairTable:
    """The pairs of one split, and how far apart one model puts them.

    Attributes:
        split: what the pairs' rows point to.
        pairs: p pairs.
        distances: float32 (p,).
    """

    split: Split
    pairs: Pairs
    distances: np.ndarray


@st.cache_resource(show_spinner=False)
def collection() -> Collection:
    """The data on this machine."""
    return open_collection()


def model_names() -> list[str]:
    """Every model there is, the shipped ones first; the first one is the app's default."""
    return artifacts.list_names()


def bundle(name: str) -> Bundle:
    """The model called `name`, verified once for each of its versions.

    Raises:
        BundleError: There is no such model, or it is damaged.
    """
    manifest = artifacts.artifacts_root() / artifacts.check_name(name) / "manifest.json"
    version = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""
    return _bundle(name, version)


@st.cache_resource(show_spinner=False, max_entries=MODELS_KEPT)
def _bundle(name: str, version: str) -> Bundle:  # noqa: ARG001  (a part of the key)
    return artifacts.load_bundle(name)


def gallery(model: Bundle) -> Gallery:
    """The test images as `model` sees them, to search in."""
    return _gallery(model, collection())


@st.cache_resource(show_spinner=False, max_entries=MODELS_KEPT, hash_funcs=_BY_CONTENT)
def _gallery(model: Bundle, data: Collection) -> Gallery:
    test = data.split("test")
    return Gallery(model.gallery_embeddings[test.ids], test.labels, test.ids)


def pair_table(model: Bundle, split: str) -> PairTable:
    """The tutorial's pairs of a split with their distances; the first call for training pairs takes a while."""
    return _pair_table(model, collection(), split)


@st.cache_resource(
    show_spinner="Embedding the images of these pairs, once for this model…",
    max_entries=MODELS_KEPT,
    hash_funcs=_BY_CONTENT,
)
def _pair_table(model: Bundle, data: Collection, split_name: str) -> PairTable:
    split = data.split(split_name)
    pairs = _pairs(data, split_name)
    is_embedded = split_name == "test"
    embeddings = model.gallery_embeddings[split.ids] if is_embedded else model.encoder.embed(split.images)
    return PairTable(split, pairs, pair_distances(embeddings, pairs))


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=_BY_CONTENT)
def _pairs(data: Collection, split_name: str) -> Pairs:
    """The very pairs that the models are judged on."""
    return tutorial_pairs(data.split(split_name).labels, np.random.default_rng(TEST_PAIRS_SEED))


def warm_up() -> None:
    """Open the data and the first model and let them answer once, so that the first visitor waits for nothing.

    What cannot be opened is for the log here; a visitor reads of it on the page that needs it.
    """
    try:
        test = collection().split("test")
        for name in model_names()[:1]:
            model = bundle(name)
            gallery(model).nearest(model.encoder.embed(test.images[:1]), 1)
    except SiameseError as error:
        _LOG.warning("%s", error)
