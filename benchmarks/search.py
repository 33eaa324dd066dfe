"""Libraries that search among many items, against looking at all of them: recall@10, building, memory, time of a query.

    pip install faiss-cpu usearch voyager
    python benchmarks/scaling.py --steps embed --folder FOLDER --largest 1000000
    python benchmarks/search.py --folder FOLDER

The items are the embeddings that `scaling.py` leaves in its folder, the queries those of test images. Each library
works in a process of its own, with two threads to build and one to answer one query at a time. Its effort is raised
step by step until the recall is .99; the line says with what. Of equally near items any counts as found.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.scaling import embeddings_of, memory, queries_of
from siamese_core.index import ExactIndex

K = 10
WANTED = 0.99
EFFORTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

Search = Callable[[np.ndarray], np.ndarray]
"""Rows (K,) of the items nearest to a query (d,)."""


def numpy_exact(items: np.ndarray) -> Iterator[Search]:
    index = ExactIndex(items)
    yield lambda query: index.candidates(query[None], K)[0]


def faiss_lists(items: np.ndarray) -> Iterator[Search]:
    from siamese_core.index import InvertedIndex

    index = InvertedIndex(items)
    for index._probes in EFFORTS:
        yield lambda query: index.candidates(query[None], K)[0]


def faiss_graph(items: np.ndarray) -> Iterator[Search]:
    import faiss

    faiss.omp_set_num_threads(2)
    index = faiss.IndexHNSWFlat(items.shape[1], 16)
    index.hnsw.efConstruction = 100
    index.add(items)
    faiss.omp_set_num_threads(1)
    for index.hnsw.efSearch in EFFORTS:
        yield lambda query: index.search(query[None], K)[1][0]


def usearch_graph(items: np.ndarray) -> Iterator[Search]:
    from usearch.index import Index

    index = Index(ndim=items.shape[1], metric="l2sq", dtype="f32", connectivity=16, expansion_add=100)
    index.add(np.arange(len(items)), items, threads=2)
    for index.expansion_search in EFFORTS:
        yield lambda query: index.search(query, K).keys


def voyager_graph(items: np.ndarray) -> Iterator[Search]:
    import voyager

    index = voyager.Index(voyager.Space.Euclidean, items.shape[1], M=16, ef_construction=100, max_elements=len(items))
    index.add_items(items, num_threads=2)
    for effort in EFFORTS:
        search = partial(index.query, k=K, query_ef=max(effort, K))
        yield lambda query, search=search: search(query)[0]


LIBRARIES = {
    "NumPy, all looked at": numpy_exact,
    "FAISS, inverted lists": faiss_lists,
    "FAISS, HNSW": faiss_graph,
    "USearch, HNSW": usearch_graph,
    "Voyager, HNSW": voyager_graph,
}


def farthest_wanted(items: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The distance (q,) of each query to its K-th nearest item."""
    exact = ExactIndex(items)
    return np.array([np.linalg.norm(items[exact.candidates(q[None], K)[0]] - q, axis=1).max() for q in queries])


def measure(name: str, count: int, folder: Path) -> dict[str, float]:
    """One library: bytes and seconds to build, then recall and milliseconds with the least effort that is enough."""
    items, queries = embeddings_of(count, folder), queries_of(folder, count)
    farthest = farthest_wanted(items, queries)
    before, began = memory("VmRSS"), time.perf_counter()
    found: dict[str, float] = {}
    for effort, search in zip(EFFORTS, LIBRARIES[name](items), strict=False):  # NumPy has one effort alone
        found = found or {"build": time.perf_counter() - began, "megabytes": (memory("VmRSS") - before) / 1e6}
        times, hits = [], 0
        for query, limit in zip(queries, farthest, strict=True):
            began = time.perf_counter()
            rows = search(query)
            times.append(time.perf_counter() - began)
            hits += int(np.sum(np.linalg.norm(items[rows] - query, axis=1) <= limit + 1e-6))
        found |= {
            "effort": effort,
            "recall": hits / K / len(queries),
            "median": 1e3 * statistics.median(times),
            "p95": 1e3 * sorted(times)[int(0.95 * len(times))],
        }
        if found["recall"] >= WANTED:
            break
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--libraries", nargs="+", choices=list(LIBRARIES), default=list(LIBRARIES))
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(arguments.only, arguments.count, arguments.folder)))
        return
    print(f"| {arguments.count:,} items | recall@{K} | effort | build, s | memory, MB | a query: median, p95, ms |")
    print("|---|---|---|---|---|---|")
    for name in arguments.libraries:
        command = [sys.executable, __file__, "--folder", str(arguments.folder), "--count", str(arguments.count)]
        ran = subprocess.run([*command, "--only", name], stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(ran.stdout.splitlines()[-1])
        print(
            f"| {name} | {found['recall']:.4f} | {found['effort']:.0f} | {found['build']:.1f} | "
            f"{found['megabytes']:,.0f} | {found['median']:.2f}, {found['p95']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
