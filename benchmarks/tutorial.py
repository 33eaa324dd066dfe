"""`classic` and the pair maker against the tutorial's plain program, alternating in one run.

    python benchmarks/tutorial.py --seeds 3

Each program trains in a process of its own. Prints, as Markdown, medians over the seeds and their ratios: fit time
(compilation counted, evaluation not), time and bytes of pair making, peak memory, and accuracy on the tutorial's test
pairs at 0.5.
The core keeps 5,000 training images for validation and so fits 109,980 pairs an epoch, the plain program 119,980; the
ratio of fit times is also given a pair.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from siamese_core.collection import validation_positions
from siamese_core.data import load_collection
from siamese_core.pairs import tutorial_pairs


def run_plain(seed: int) -> dict[str, float]:
    """The plain program's own report."""
    command = [sys.executable, "benchmarks/plain_tutorial.py", f"--seed={seed}"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def run_classic(seed: int) -> dict[str, float]:
    """`classic` by the command line that everyone uses, into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "siamese_core", "train", "--recipe=classic", "--name=run", "--json"]
        with subprocess.Popen(
            [*command, f"--seed={seed}"],
            cwd=ROOT,
            env={**os.environ, "SIAMESE_ARTIFACTS": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as child:
            events = [json.loads(line) for line in child.stdout]
            _, _, usage = os.wait4(child.pid, 0)
            child.returncode = 0
    [metrics] = [event["metrics"] for event in events if event["event"] == "finished"]
    return {
        "fit_seconds": metrics["seconds"],
        "accuracy_at_half": metrics["tutorial_pairs"]["accuracy_at_half"],
        "accuracy": metrics["tutorial_pairs"]["accuracy"],
        "balanced_accuracy": metrics["all_pairs"]["balanced_accuracy"],
        "peak_bytes": usage.ru_maxrss * 1024,
    }


def time_pairs(seed: int) -> dict[str, float]:
    """Making the tutorial's 119,980 training pairs as row numbers."""
    labels = load_collection().split("train").labels
    started = time.perf_counter()
    pairs = tutorial_pairs(labels, np.random.default_rng(seed))
    seconds = time.perf_counter() - started
    return {
        "pair_seconds": seconds,
        "pair_bytes": pairs.left.nbytes + pairs.right.nbytes + pairs.is_same.nbytes,
        "pairs": len(pairs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each program, with seeds 0, 1, …")
    seeds = range(parser.parse_args().seeds)

    plain, ours = [], []
    for seed in seeds:
        plain.append(run_plain(seed))
        ours.append({**run_classic(seed), **time_pairs(seed)})
        print(f"seed {seed}: plain {plain[-1]}\n        ours  {ours[-1]}", file=sys.stderr)

    print("| | plain program | this project | ratio |\n|---|---|---|---|")
    for key, label, form in (
        ("fit_seconds", "fit, s", ".1f"),
        ("pair_seconds", "pair making, s", ".4f"),
        ("pair_bytes", "pairs, bytes", ",.0f"),
        ("peak_bytes", "peak memory, bytes", ",.0f"),
    ):
        one, other = (statistics.median(run[key] for run in runs) for runs in (plain, ours))
        print(f"| {label} | {one:{form}} | {other:{form}} | {one / other:.2f} × less |")
    for key, label in (("accuracy_at_half", "accuracy at 0.5"), ("accuracy", "accuracy at the validation threshold")):
        cells = [
            f"{np.mean(values):.2%} ± {np.std(values):.2%}"
            if (values := [run[key] for run in runs if key in run])
            else ""
            for runs in (plain, ours)
        ]
        print(f"| {label} | {cells[0]} | {cells[1]} | |")
    fit_pairs = len(tutorial_pairs(load_labels_to_fit(), np.random.default_rng(0)))
    ratios = [b["fit_seconds"] / a["fit_seconds"] for a, b in zip(plain, ours, strict=True)]
    per_pair = statistics.median(ratios) * plain[0]["pairs"] / fit_pairs
    print(f"\nFit time, this project / plain: {statistics.median(ratios):.3f}; a pair: {per_pair:.3f}")
    print(f"Peak memory of this script: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def load_labels_to_fit() -> np.ndarray:
    """Labels of the training images that are fitted on."""
    labels = load_collection().split("train").labels
    return labels[validation_positions(labels)[0]]


if __name__ == "__main__":
    main()
