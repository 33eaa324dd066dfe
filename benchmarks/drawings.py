"""How a model reads drawings that people made.

    python benchmarks/drawings.py FOLDER --model best

FOLDER holds pictures and a `labels.csv` with the columns `file` and `label` (a Fashion-MNIST label, 0-9). A drawing's
class is the one that `search` ranks first. Prints class accuracy and accuracy over groups, each as a mean over classes
and over drawings, the AUC of drawing-against-test-item pairs, whether P(same) is true of them, what saying "not sure"
is worth, and the confusion. Drawings are for measuring: none may reach a training batch.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from siamese_core.artifacts import DEFAULT_NAME, load_bundle
from siamese_core.calibration import Calibration, is_unsure, reliability
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
SURENESSES = (0.5, 0.8, 0.95)
"""At 0.5 there is always an answer."""


def read_drawings(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Model-ready drawings (n, 28, 28) uint8 and their labels (n,)."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = [load_image((folder / row["file"]).read_bytes(), row["file"]) for row in rows]
    return np.stack(images), np.array([int(row["label"]) for row in rows])


def mean_over_classes(right: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the classes of the share of drawings read rightly."""
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def sure_answers(
    curve: Calibration, same: np.ndarray, different: np.ndarray, sureness: float
) -> tuple[float, float, float]:
    """Of pairs at these distances, both kinds weighing alike: share sure, and share right among the sure and unsure.

    What is right is judged by the likelier answer, whether or not it would have been given.
    """
    p_same, p_different = curve.probability(same), curve.probability(different)
    sure = [~is_unsure(p, sureness) for p in (p_same, p_different)]
    right = [p_same >= 0.5, p_different < 0.5]
    share = np.mean([part.mean() for part in sure])
    right_and_sure = np.mean([(a & b).mean() for a, b in zip(right, sure, strict=True)])
    right_and_unsure = np.mean([(a & ~b).mean() for a, b in zip(right, sure, strict=True)])
    return float(share), float(right_and_sure / share), float(right_and_unsure / (1 - share)) if share < 1 else np.nan


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
    is_same = labels[:, None] == test.labels
    curve = roc(distances.ravel(), is_same.ravel())
    same, different = distances[is_same], distances[~is_same]
    trust = reliability(bundle.calibration, same, different)

    print(f"{len(labels)} drawings, model {arguments.model}\n")
    print("| | mean over classes | over drawings |\n|---|---|---|")
    print(f"| class | {mean_over_classes(right, labels):.1%} | {right.mean():.1%} |")
    print(f"| group | {mean_over_classes(right_group, labels):.1%} | {right_group.mean():.1%} |")
    print(f"\nAUC of drawing-against-test-item pairs: {curve.auc:.4f}")
    print(f"P(same) of these pairs: expected calibration error {trust.ece:.4f}, Brier score {trust.brier:.4f}\n")
    print(
        "| an answer only when at least | answered | right of these | would be right of the others |\n|---|---|---|---|"
    )
    for sureness in SURENESSES:
        share, right_sure, right_unsure = sure_answers(bundle.calibration, same, different, sureness)
        others = "" if np.isnan(right_unsure) else f"{right_unsure:.1%}"
        print(f"| {sureness:.0%} probable | {share:.1%} | {right_sure:.1%} | {others} |")
    print()
    print("| drawn | n | read as |\n|---|---|---|")
    for label in np.unique(labels):
        counts = np.bincount(read[labels == label], minlength=len(CLASS_NAMES))
        order = [i for i in np.argsort(-counts) if counts[i]]
        print(
            f"| {CLASS_NAMES[label]} | {counts.sum()} | {', '.join(f'{CLASS_NAMES[i]} {counts[i]}' for i in order)} |"
        )


if __name__ == "__main__":
    main()
