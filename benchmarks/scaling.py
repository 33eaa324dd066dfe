"""How time and memory grow with the number of items: pairs, embedding, search, evaluation, maps.

    python benchmarks/scaling.py --largest 10000000 --max-seconds 60 --max-bytes 8e9

The items are the 70,000 images of the data, moved, mirrored and partly hidden, embedded by a `fast` encoder (d = 64)
that is trained first. Every step runs at every size in a process of its own; its memory is the most that it held beyond
data, encoder and libraries, by Linux's /proc. A size is left out where the one before says that it would take longer or
more memory than is allowed; what such a size would take is then calculated from the last one, by the power of n that
the step is known to need, and marked with ~. The last column is the power that fits the last three sizes that took 10
ms or more.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from siamese_core.comparison import pair_distances
from siamese_core.data import load_collection
from siamese_core.encoder import Encoder
from siamese_core.estimation import estimate_all_pairs
from siamese_core.evaluation import best_threshold
from siamese_core.exhaustive import all_pair_distances, evaluate_all_pairs, retrieval
from siamese_core.index import ExactIndex, InvertedIndex
from siamese_core.pairs import tutorial_pairs, validation_pairs
from siamese_core.projection import keep_neighbours, principal_plane

CHUNK = 10_000
QUERIES = 200
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000, 10_000_000)
K = 10
SHORTEST = 0.01
"""Seconds below which a time says more about calls than about growth."""


@dataclass(frozen=True)
class Step:
    """What is measured: a function of n and the folder that gives seconds and remarks, and the power of n to expect."""

    title: str
    run: Callable[[int, Path], tuple[float, str]]
    power: float
    smallest: int = 1_000


collection = cache(load_collection)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def made_images(count: int) -> Iterator[np.ndarray]:
    """Images (CHUNK, 28, 28) uint8, `count` in all: the real ones in turn, each chunk changed in its own way."""
    rng = np.random.default_rng(0)
    real = np.concatenate([collection().split(name).images for name in ("train", "test")])
    for start in range(0, count, CHUNK):
        images = real[np.arange(start, min(start + CHUNK, count)) % len(real)]
        images = np.roll(images, rng.integers(-2, 3, 2), axis=(1, 2))
        if rng.random() < 0.5:
            images = images[:, :, ::-1]
        images = np.ascontiguousarray(images)
        top, left = rng.integers(0, 24, 2)
        images[:, top : top + 5, left : left + 5] = 0
        yield images


def labels_of(count: int) -> np.ndarray:
    real = np.concatenate([collection().split(name).labels for name in ("train", "test")])
    return real[np.arange(count) % len(real)]


def embeddings_of(count: int, folder: Path) -> np.ndarray:
    embeddings = np.load(folder / "embeddings.npy", mmap_mode="r")
    if len(embeddings) < count:
        raise ValueError(f"{folder} holds {len(embeddings)} embeddings, not {count}; take the step embed first")
    return np.array(embeddings[:count])


def make_encoder(folder: Path) -> None:
    """Train `fast` on the training images and leave it as ONNX."""
    from siamese_core.config import RECIPES
    from siamese_core.networks import to_onnx
    from siamese_core.trainer import Trainer

    train = collection().split("train")
    trainer = Trainer(RECIPES["fast"], train.images, train.labels, seed=0)
    for _ in range(trainer.recipe.epochs):
        trainer.run_epoch()
    (folder / "encoder.onnx").write_bytes(to_onnx(trainer.embedder))


def make_pairs(count: int, _: Path) -> tuple[float, str]:
    labels, rng = labels_of(count), np.random.default_rng(0)
    return seconds(lambda: tutorial_pairs(labels, rng)), ""


def embed(count: int, folder: Path) -> tuple[float, str]:
    """Leaves the embeddings to the steps that come after."""
    encoder = Encoder((folder / "encoder.onnx").read_bytes())
    shape = (count, encoder.size)
    kept = np.lib.format.open_memmap(folder / "embeddings.npy", "w+", np.float32, shape)
    total, start = 0.0, 0
    for images in made_images(count):
        began = time.perf_counter()
        embeddings = encoder.embed(images)
        total += time.perf_counter() - began
        kept[start : start + len(images)] = embeddings
        start += len(images)
    return total, f"{count / total:,.0f} a second"


def queries_of(folder: Path, count: int) -> np.ndarray:
    """Test images as they are, fewer where there are many items to look at."""
    images = collection().split("test").images[: min(QUERIES, max(20, 10**8 // count))]
    return Encoder((folder / "encoder.onnx").read_bytes()).embed(images)


def time_queries(index: ExactIndex | InvertedIndex, queries: np.ndarray) -> float:
    """The median time of one query by itself."""
    index.candidates(queries[:1], K)
    return statistics.median(seconds(lambda query=query: index.candidates(query[None], K)) for query in queries)


def search_exactly(count: int, folder: Path) -> tuple[float, str]:
    return time_queries(ExactIndex(embeddings_of(count, folder)), queries_of(folder, count)), ""


def build_lists(count: int, folder: Path) -> tuple[float, str]:
    embeddings, queries, built = embeddings_of(count, folder), queries_of(folder, count), []
    taken = seconds(lambda: built.append(InvertedIndex(embeddings)))
    index, exact, found = built[0], ExactIndex(embeddings), 0
    a_query = time_queries(index, queries)
    for query in queries:  # the k-th distance decides: of equally near items any will do
        wanted, got = (
            np.linalg.norm(embeddings[one.candidates(query[None], K)[0]] - query, axis=1) for one in (exact, index)
        )
        found += int(np.sum(got <= wanted.max() + 1e-6))
    return taken, f"then {write_time(a_query)} a search, recall@{K} {found / K / len(queries):.4f}"


def threshold_of(embeddings: np.ndarray, labels: np.ndarray) -> float:
    pairs = validation_pairs(labels[:1_000])
    return best_threshold(pair_distances(embeddings, pairs), pairs.is_same)


def evaluate_exactly(count: int, folder: Path) -> tuple[float, str]:
    embeddings, labels = embeddings_of(count, folder), labels_of(count)
    threshold, found = threshold_of(embeddings, labels), []

    def work() -> None:
        found.append(evaluate_all_pairs(*all_pair_distances(embeddings, labels), threshold))

    return seconds(work), f"AUC {found[0].auc:.4f}"


def estimate(count: int, folder: Path) -> tuple[float, str]:
    embeddings, labels = embeddings_of(count, folder), labels_of(count)
    threshold, found = threshold_of(embeddings, labels), []

    def work() -> None:
        found.append(estimate_all_pairs(embeddings, labels, threshold, np.random.default_rng(0)))

    taken = seconds(work)
    return taken, f"AUC {found[0].auc.low:.4f}-{found[0].auc.high:.4f}"


def rank(count: int, folder: Path) -> tuple[float, str]:
    embeddings, labels, found = embeddings_of(count, folder), labels_of(count), []
    taken = seconds(lambda: found.append(retrieval(embeddings, labels)))
    return taken, f"mAP {found[0].map:.3f}"


def draw_plane(count: int, folder: Path) -> tuple[float, str]:
    embeddings = embeddings_of(count, folder)
    return seconds(lambda: principal_plane(embeddings).project(embeddings)), ""


def draw_neighbours(count: int, folder: Path) -> tuple[float, str]:
    embeddings = embeddings_of(count, folder)
    start = principal_plane(embeddings).project(embeddings)
    return seconds(lambda: keep_neighbours(embeddings, start, seed=0)), ""


STEPS = {
    "embed": Step("embedding", embed, 1),
    "pairs": Step("the tutorial's pairs", make_pairs, 1),
    "exact": Step("one search, all items looked at", search_exactly, 1),
    "build": Step("building the index of lists", build_lists, 1.5),
    "evaluate": Step("figures over all pairs", evaluate_exactly, 2),
    "estimate": Step("estimate over 40 million pairs", estimate, 0, smallest=100_000),
    "rank": Step("every item searched, whole rankings", rank, 2),
    "plane": Step("principal map", draw_plane, 1),
    "neighbours": Step("map that keeps neighbours", draw_neighbours, 2),
}


def measure(name: str, count: int, folder: Path) -> dict[str, float | str]:
    """One step at one size, in a process of its own: seconds, bytes, remark."""
    command = [sys.executable, __file__, "--folder", str(folder), "--only", name, "--count", str(count)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2_000:])
    return json.loads(ran.stdout.splitlines()[-1])


def measure_here(name: str, count: int, folder: Path) -> dict[str, float | str]:
    """See `measure`; data, encoder and libraries are woken before."""
    labels_of(1)
    queries_of(folder, CHUNK)
    InvertedIndex(np.eye(CHUNK, 2, dtype=np.float32))
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
    taken, remark = STEPS[name].run(count, folder)
    return {"seconds": taken, "bytes": memory("VmHWM") - before, "remark": remark}


def memory(kind: str) -> int:
    """Bytes of this process in memory: now (VmRSS) or at most (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split(f"{kind}:")[1].split()[0])


def power_of(sizes: list[int], values: list[float]) -> float | None:
    """The power of n that fits the last three values of those that are long enough, if there are two."""
    long = [(size, value) for size, value in zip(sizes, values, strict=True) if value >= SHORTEST][-3:]
    if len(long) < 2:
        return None
    return float(np.polyfit(*np.log(np.array(long)).T, 1)[0])


def write_time(value: float) -> str:
    if value < 1.0:
        return f"{value * 1e3:.3g} ms"
    if value < 3_600.0:
        return f"{value:.3g} s"
    return f"{value / 3_600:.3g} h" if value < 360_000.0 else f"{value / 86_400:.3g} days"


def write_row(step: Step, sizes: list[int], measured: dict[int, dict]) -> str:
    done = sorted(measured)
    power = power_of(done, [measured[size]["seconds"] for size in done])
    cells = []
    for size in sizes:
        if found := measured.get(size):
            memory = f"{max(0, found['bytes']) / 1e6:,.0f} MB"
            cells.append(", ".join(filter(None, (write_time(found["seconds"]), memory, found["remark"]))))
        elif done and size > done[-1]:
            cells.append(f"~{write_time(measured[done[-1]]['seconds'] * (size / done[-1]) ** step.power)}")
        else:
            cells.append("")
    return f"| {step.title} | {' | '.join(cells)} | {'' if power is None else f'{power:.2f}'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=10_000_000, help="items")
    parser.add_argument("--max-seconds", type=float, default=60.0, help="for one step at one size")
    parser.add_argument("--max-bytes", type=float, default=8e9)
    parser.add_argument(
        "--folder", type=Path, help="where encoder and embeddings are kept; a temporary one if left out"
    )
    parser.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only == "encoder":
        make_encoder(arguments.folder)
        print("{}")
        return
    if arguments.only:
        print(json.dumps(measure_here(arguments.only, arguments.count, arguments.folder)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "encoder.onnx").exists():
            measure("encoder", 0, folder)
        sizes = [size for size in SIZES if size <= arguments.largest]
        print(f"| n = | {' | '.join(f'{size:,}' for size in sizes)} | fitted power of n |")
        print(f"|---|{'---|' * (len(sizes) + 1)}")
        kept = folder / "embeddings.npy"
        anew = "embed" in arguments.steps
        embedded = len(np.load(kept, mmap_mode="r")) if kept.exists() and not anew else 0
        for name in arguments.steps:
            step, measured = STEPS[name], {}
            for size in sizes:
                if size < step.smallest:
                    continue
                if name != "embed" and size > embedded:
                    break
                if measured:
                    last = max(measured)
                    growth = (size / last) ** step.power
                    if (
                        measured[last]["seconds"] * growth > arguments.max_seconds
                        or measured[last]["bytes"] * growth > arguments.max_bytes
                    ):
                        break
                measured[size] = measure(name, size, folder)
                embedded = size if name == "embed" else embedded
            print(write_row(step, sizes, measured), flush=True)


if __name__ == "__main__":
    main()
