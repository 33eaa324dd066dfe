"""How a model reads drawings that people made.

    python benchmarks/drawings.py FOLDER --model best

FOLDER holds pictures and a `labels.csv` with the columns `file` and `label` (a Fashion-MNIST label, 0-9). A drawing's
class is the one that `search` ranks first. Prints class accuracy and accuracy over groups, each as a mean over classes
and over drawings, the AUC of drawing-against-test-item pairs, and the confusion. Drawings are for measuring: none may
reach a training batch.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from siamese_core.artifacts import DEFAULT_NAME, load_bundle
from siamese_core.comparison import euclidean_distances
from siamese_core.data import CLASS_NAMES, load_collection
from siamese_core.evaluation import roc
from siamese_core.gallery import Gallery
from siamese_core.images import load_image

GROUPS = {
    "tops": ("T-shirt/top", "Pullover", "Coat", "Shirt"),
    "trousers": ("Trouser",),
    "dresses": ("Dress",),
    "shoes": ("Sandal", "Sneaker", "Ankle boot"),
    "bags": ("Bag",),
}


def read_drawings(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Model-ready drawings (n, 28, 28) uint8 and their labels (n,)."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = [load_image((folder / row["file"]).read_bytes(), row["file"]) for row in rows]
    return np.stack(images), np.array([int(row["label"]) for row in rows])


def mean_over_classes(right: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the classes of the share of drawings read rightly."""
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default=DEFAULT_NAME)
    arguments = parser.parse_args()

    bundle, test = load_bundle(arguments.model), load_collection().split("test")
    images, labels = read_drawings(arguments.folder)
    embeddings = bundle.encoder.embed(images)
    by_class = Gallery(bundle.gallery_embeddings, test.labels, test.ids).class_distances(embeddings)
    read = np.array(list(by_class))[np.argmin(list(by_class.values()), axis=0)]

    group_of = np.array([next(i for i, names in enumerate(GROUPS.values()) if name in names) for name in CLASS_NAMES])
    right, right_group = read == labels, group_of[read] == group_of[labels]
    distances = euclidean_distances(embeddings[:, None], bundle.gallery_embeddings)
    curve = roc(distances.ravel(), (labels[:, None] == test.labels).ravel())

    print(f"{len(labels)} drawings, model {arguments.model}\n")
    print("| | mean over classes | over drawings |\n|---|---|---|")
    print(f"| class | {mean_over_classes(right, labels):.1%} | {right.mean():.1%} |")
    print(f"| group | {mean_over_classes(right_group, labels):.1%} | {right_group.mean():.1%} |")
    print(f"\nAUC of drawing-against-test-item pairs: {curve.auc:.4f}\n")
    print("| drawn | n | read as |\n|---|---|---|")
    for label in np.unique(labels):
        counts = np.bincount(read[labels == label], minlength=len(CLASS_NAMES))
        order = [i for i in np.argsort(-counts) if counts[i]]
        print(
            f"| {CLASS_NAMES[label]} | {counts.sum()} | {', '.join(f'{CLASS_NAMES[i]} {counts[i]}' for i in order)} |"
        )


if __name__ == "__main__":
    main()
