"""Siamese networks with contrastive loss on Fashion-MNIST: train, compare, search, evaluate, export.

A model is a *bundle*: an encoder that maps images to embeddings, the threshold up to which the distance of two
embeddings means "same", and the figures that say how good both are. Two come with the project, `best` and `classic`.

    import numpy as np
    from siamese_core import Gallery, compare, load_bundle, open_collection

    model, data = load_bundle("best"), open_collection()
    boot, shoe = model.encoder.embed(np.stack([data.image("test:0"), data.image("test:9")]))
    print(compare(boot, shoe, model.threshold))

    test = data.split("test")
    gallery = Gallery(model.gallery_embeddings[test.ids], test.labels, test.ids)
    print(gallery.nearest(boot[None], 5, exclude=0).ids)

What there is, from the data to the file to take along:

    open_collection, load_collection   Fashion-MNIST as arrays: what is here, or downloaded
    load_image                         the bytes of a picture -> one image like the data's
    list_names, load_bundle            the models; a `Bundle` embeds by its `encoder`
    compare, Gallery                   two embeddings -> a verdict; one among many -> its neighbours
    tutorial_pairs, pair_distances     positive and negative pairs, and how far apart a model puts them
    RECIPES, build_bundle              train: a recipe, a collection and a seed -> a new bundle
    measure                            every figure of a model over the test images
    export                             ONNX, LiteRT, Keras, SavedModel, the Embedding Projector, npz, Parquet

`siamese_core.plots` draws figures, `siamese_core.explanation` says what a distance is made of; each other module says
in its first line what it is for. Only training and the export of networks bring TensorFlow in, when they are called.
Everything that a person can mend is a `SiameseError` with one clear sentence.
"""

from siamese_core.artifacts import list_names, load_bundle
from siamese_core.building import build_bundle, measure
from siamese_core.bundle import Bundle
from siamese_core.collection import Collection, Split
from siamese_core.comparison import Comparison, compare, pair_distances
from siamese_core.config import RECIPES, Recipe
from siamese_core.data import load_collection, open_collection
from siamese_core.errors import SiameseError
from siamese_core.exporting import Exported, export
from siamese_core.gallery import Gallery, Neighbours
from siamese_core.images import load_image
from siamese_core.pairs import Pairs, tutorial_pairs

__all__ = [
    "RECIPES",
    "Bundle",
    "Collection",
    "Comparison",
    "Exported",
    "Gallery",
    "Neighbours",
    "Pairs",
    "Recipe",
    "SiameseError",
    "Split",
    "build_bundle",
    "compare",
    "export",
    "list_names",
    "load_bundle",
    "load_collection",
    "load_image",
    "measure",
    "open_collection",
    "pair_distances",
    "tutorial_pairs",
]
