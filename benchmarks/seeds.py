"""A recipe trained from several seeds: every figure, their mean and spread, and the seed that validation chooses.

    python benchmarks/seeds.py best --seeds 3 --folder FOLDER
    python benchmarks/seeds.py best --seeds 1 --folder FOLDER --change drawn=0 epochs=6

Bundles are kept in the folder and trained only where they are missing, so that a run that was cut short goes on. The
milliseconds are those of one image at a time on one core.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import onnxruntime

from siamese_core.artifacts import exists, load_bundle
from siamese_core.building import build_bundle
from siamese_core.bundle import Bundle
from siamese_core.config import RECIPES, Recipe
from siamese_core.data import load_collection

FIGURES = {
    "all validation pairs, balanced": ("validation", "balanced_accuracy"),
    "all test pairs, balanced": ("all_pairs", "balanced_accuracy"),
    "AUC": ("all_pairs", "auc"),
    "EER": ("all_pairs", "eer"),
    "recall@1": ("retrieval", "recall_at_1"),
    "mAP": ("retrieval", "map"),
    "MAP@10": ("retrieval", "map_at_10"),
    "ECE": ("probability", "ece"),
    "tutorial's pairs right": ("tutorial_pairs", "accuracy"),
}
"""Names of figures and where a bundle's metrics hold them."""


def trained(recipe: Recipe, seed: int, changes: dict[str, float], folder: Path) -> Bundle:
    """The recipe's bundle for a seed, trained if the folder does not hold it yet."""
    parts = [recipe.name, *(f"{name}-{value:g}" for name, value in changes.items()), f"seed-{seed}"]
    name = "-".join(parts).replace("_", "-").replace(".", "-")
    if not exists(name, folder):
        build_bundle(recipe.changed(**changes), name, load_collection(), seed=seed, root=folder)
    return load_bundle(name, folder)


def milliseconds_an_image(onnx: Path, *, times: int = 200) -> float:
    """The median time in which an encoder embeds one image on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    image = {"images": load_collection().split("test").images[:1]}
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        session.run(None, image)
        taken.append(time.perf_counter() - started)
    return 1e3 * statistics.median(taken)


def setting(text: str) -> tuple[str, float]:
    """`drawn=0` as a name and a number."""
    name, _, value = text.partition("=")
    return name, int(value) if value.isdigit() else float(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", type=Path, required=True, help="where the bundles are kept")
    parser.add_argument("--change", nargs="*", type=setting, default=[], metavar="SETTING=NUMBER")
    arguments = parser.parse_args()
    bundles = [
        trained(RECIPES[arguments.recipe], seed, dict(arguments.change), arguments.folder)
        for seed in range(arguments.seeds)
    ]
    print(f"| | {' | '.join(f'seed {seed}' for seed in range(len(bundles)))} | mean | spread |")
    print("|---" * (len(bundles) + 3) + "|")
    for title, (group, name) in FIGURES.items():
        values = [bundle.metrics[group][name] for bundle in bundles]
        print(
            f"| {title} | {' | '.join(f'{value:.4f}' for value in values)} "
            f"| {np.mean(values):.4f} | {np.std(values, ddof=1) if len(values) > 1 else 0:.4f} |"
        )
    chosen = max(range(len(bundles)), key=lambda seed: bundles[seed].metrics["validation"]["balanced_accuracy"])
    milliseconds = milliseconds_an_image(arguments.folder / bundles[0].name / "encoder.onnx")
    seconds = ", ".join(f"{bundle.metrics['seconds']:,.0f}" for bundle in bundles)
    print(
        f"\nValidation chooses seed {chosen}. {bundles[0].metrics['parameters']:,} parameters, "
        f"{milliseconds:.2f} ms an image on one core, {seconds} s of training."
    )


if __name__ == "__main__":
    main()
