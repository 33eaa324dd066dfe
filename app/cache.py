"""Everything the app keeps between two runs of a script: the only place in the app that opens data or models."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app.heavy import one_at_a_time
from app.words import say
from siamese_core import artifacts
from siamese_core.building import TEST_PAIRS_SEED
from siamese_core.bundle import Bundle
from siamese_core.calibration import Reliability, reliability
from siamese_core.ceiling import Ceiling, class_posteriors, find_ceiling
from siamese_core.collection import Collection, Split
from siamese_core.comparison import pair_distances
from siamese_core.confusion import ClassPairs, count_class_pairs, hardest_pairs
from siamese_core.data import open_collection
from siamese_core.errors import BundleError, DamagedBundleError
from siamese_core.exhaustive import nearest_others
from siamese_core.export_child import Download, export_in_child
from siamese_core.gallery import Gallery
from siamese_core.pairs import Pairs, tutorial_pairs
from siamese_core.projection import EmbeddingMap, draw_map
from siamese_core.suspects import Suspects, find_suspects

_LOG = logging.getLogger(__name__)

MODELS_KEPT = 8
EXPORTS_KEPT = 4
PAIRED_ITEMS = 10_000
"""Items of a split whose pairs are shown: the test split's all. To embed all training images takes half a minute."""
VOTERS = 20
"""Neighbours whose agreement makes an item suspect of a wrong label."""
WITNESSES = 50
"""Neighbours that say how likely each class is; of 10, 20 and 50 these allow the most."""
_BY_CONTENT: dict[str | type[Any], Callable[[Any], str]] = {
    Bundle: lambda model: model.fingerprint,
    Collection: lambda data: data.fingerprint,
}
"""How models and data are told apart: by what they hold, never by where they lie."""
_opened: dict[str, str] = {}
"""Of models that were opened last: the fingerprint."""
_unusable: dict[str, tuple[str, BundleError]] = {}
"""Of models that could not be used when they were last tried: the fingerprint, and why."""


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


@dataclass(frozen=True)
class Diagnosis:
    """What one model makes of all pairs of the test images.

    Attributes:
        counts: pairs of every two classes within every threshold.
        hardest: the pairs that are decided wrongly first, rows of the test split.
        hardest_distances: float32, one a pair.
        suspects: items that are likely mislabelled.
        neighbours: (n, VOTERS) rows of each item's nearest others; `neighbour_distances` how far they are.
        neighbour_distances: See `neighbours`.
        ceiling: what the classes of the neighbours alone allow.
        trust: whether P(same) is true.
    """

    counts: ClassPairs
    hardest: Pairs
    hardest_distances: np.ndarray
    suspects: Suspects
    neighbours: np.ndarray
    neighbour_distances: np.ndarray
    ceiling: Ceiling
    trust: Reliability


@st.cache_resource(show_spinner=False)
def collection() -> Collection:
    """The data on this machine."""
    return open_collection()


def model_names() -> list[str]:
    """Every model there is but the damaged ones, the shipped ones first; the first one is the app's default."""
    damaged = {name: found for name, (found, error) in _unusable.items() if isinstance(error, DamagedBundleError)}
    return [
        name for name in artifacts.list_names() if name not in damaged or artifacts.fingerprint(name) != damaged[name]
    ]


def bundle(name: str) -> Bundle:
    """The model called `name`, verified once for each of its versions, of which the newest is kept.

    A damaged one is set aside.

    Raises:
        BundleError: There is no such model, or it cannot be used.
    """
    version = artifacts.fingerprint(name)
    if (older := _opened.get(name, version)) != version:
        _bundle.clear(name, older)
    try:
        model = _bundle(name, version)
    except BundleError as error:
        if version:
            _take_note(name, version, error)
        raise
    _unusable.pop(name, None)
    _opened[name] = version
    return model


def first_usable(names: Iterable[str]) -> Bundle | None:
    """The first of these models that can be used, if there is one."""
    for name in names:
        with suppress(BundleError):
            return bundle(name)
    return None


def unusable_models() -> list[BundleError]:
    """Why each of the models that this server has found to be unusable is so."""
    return [error for _, error in list(_unusable.values())]


def _take_note(name: str, version: str, error: BundleError) -> None:
    _LOG.warning("%s", error)
    _unusable[name] = version, error
    if isinstance(error, DamagedBundleError):
        with suppress(BundleError):  # where the folder is read-only it stays, and is left out of the list all the same
            artifacts.set_aside(name)


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


@st.cache_resource(show_spinner=False, max_entries=MODELS_KEPT, hash_funcs=_BY_CONTENT)
def weight_shapes(model: Bundle) -> Mapping[str, list[tuple[int, ...]]]:
    """The shapes of each layer's weights by the layer's name, the largest first."""
    shapes: dict[str, list[tuple[int, ...]]] = {}
    for name, array in model.weights.items():
        shapes.setdefault(name.rsplit("/", 1)[0], []).append(array.shape)
    return {layer: sorted(of_layer, key=len, reverse=True) for layer, of_layer in shapes.items()}


def pair_table(model: Bundle, split: str) -> PairTable:
    """The tutorial's pairs among a split's first items; the first call for training pairs takes some seconds."""
    with st.spinner(say("busy.pairs")):
        return _pair_table(model, collection(), split)


@st.cache_resource(show_spinner=False, max_entries=MODELS_KEPT, hash_funcs=_BY_CONTENT)
def _pair_table(model: Bundle, data: Collection, split_name: str) -> PairTable:
    split = data.split(split_name).first(PAIRED_ITEMS)
    pairs = _pairs(data, split_name)
    is_embedded = split_name == "test"
    with one_at_a_time():
        embeddings = model.gallery_embeddings[split.ids] if is_embedded else model.encoder.embed(split.images)
        return PairTable(split, pairs, pair_distances(embeddings, pairs))


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=_BY_CONTENT)
def _pairs(data: Collection, split_name: str) -> Pairs:
    """The very pairs that the models are judged on."""
    return tutorial_pairs(data.split(split_name).first(PAIRED_ITEMS).labels, np.random.default_rng(TEST_PAIRS_SEED))


def class_pairs(model: Bundle) -> ClassPairs:
    """All pairs of the test images by classes and thresholds; the first call for a model takes a second or two."""
    with st.spinner(say("busy.counts")):
        return _class_pairs(model, collection())


@st.cache_resource(show_spinner=False, max_entries=MODELS_KEPT, hash_funcs=_BY_CONTENT)
def _class_pairs(model: Bundle, data: Collection) -> ClassPairs:
    test = data.split("test")
    embeddings = model.gallery_embeddings[test.ids]
    with one_at_a_time():
        return count_class_pairs(embeddings, test.labels, len(data.class_names), exactly_at=model.threshold)


def diagnosis(model: Bundle) -> Diagnosis:
    """What `model` makes of the test images; the first call for a model takes some seconds."""
    with st.spinner(say("busy.diagnosis")):
        return _diagnosis(model, collection())


@st.cache_resource(show_spinner=False, max_entries=MODELS_KEPT, hash_funcs=_BY_CONTENT)
def _diagnosis(model: Bundle, data: Collection) -> Diagnosis:
    counts = _class_pairs(model, data)  # before the turn is taken: another visitor may be computing them
    with one_at_a_time():
        return _diagnose(model, data, counts)


def _diagnose(model: Bundle, data: Collection, counts: ClassPairs) -> Diagnosis:
    test = data.split("test")
    embeddings = model.gallery_embeddings[test.ids]
    middles = counts.thresholds - np.diff(counts.thresholds, prepend=0.0) / 2.0
    neighbours, distances = nearest_others(embeddings, WITNESSES)
    voters = neighbours[:, :VOTERS]
    return Diagnosis(
        counts,
        *hardest_pairs(embeddings, test.labels),
        suspects=find_suspects(test.labels, voters, distances[:, :VOTERS]),
        neighbours=voters,
        neighbour_distances=distances[:, :VOTERS],
        ceiling=find_ceiling(class_posteriors(test.labels, neighbours, len(data.class_names)), test.labels),
        trust=reliability(
            model.calibration,
            middles,
            middles,
            counts=(np.diff(counts.same, prepend=0), np.diff(counts.different, prepend=0)),
        ),
    )


def embedding_map(model: Bundle) -> EmbeddingMap:
    """Where the test images at hand lie on a plane; of a model without a map, its principal plane alone."""
    return _embedding_map(model, collection())


@st.cache_resource(show_spinner=False, max_entries=MODELS_KEPT, hash_funcs=_BY_CONTENT)
def _embedding_map(model: Bundle, data: Collection) -> EmbeddingMap:
    drawn = model.embedding_map or draw_map(model.gallery_embeddings, kept=int(model.config["kept_epoch"]))
    return drawn.take(data.split("test").ids)


def exported(model: Bundle, format_name: str) -> Download:
    """A model in another format, made by a process of its own; the last few stay here for who asks again.

    Raises:
        SiameseError: It could not be made, or another one is being made.
    """
    with st.spinner(say("busy.export")):
        return _exported(model.name, model.fingerprint, format_name)


@st.cache_resource(show_spinner=False, max_entries=EXPORTS_KEPT)
def _exported(name: str, fingerprint: str, format_name: str) -> Download:  # noqa: ARG001  (a part of the key)
    return export_in_child(name, format_name)
