"""Which of many items may be nearest to a query: all looked at while that is quick, above only those around it."""

from importlib.util import find_spec
from typing import Protocol

import numpy as np

EXACT_UP_TO = 50_000
"""Items up to which looking at all of them takes a few milliseconds, and no index has to be built; see RESULTS.md."""
PROBES = 32
"""Lists looked into: at a million items twice what it takes to miss none of the ten nearest, see RESULTS.md."""
LEARNED_FROM = 64
"""Items a list that its centre is learned from; FAISS asks for at least 39."""


class Index(Protocol):
    """Finds candidates, which whoever asks puts in order by their exact distances."""

    def candidates(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Rows (q, k) of the items that are nearest to each of (q, d) finite queries, in any order; k is at most n."""


class ExactIndex:
    """Looks at every item."""

    def __init__(self, embeddings: np.ndarray) -> None:
        """Keep (n, d) float32 embeddings as they are."""
        self._embeddings = embeddings
        self._squares = np.einsum("nd,nd->n", embeddings, embeddings)

    def candidates(self, queries: np.ndarray, k: int) -> np.ndarray:
        """See `Index`."""
        return np.argpartition(self.distances(queries), max(k - 1, 0), axis=1)[:, :k]

    def distances(self, queries: np.ndarray) -> np.ndarray:
        """Distances (q, n) good to about 1e-3 near zero, which is enough to rank by."""
        squares = np.einsum("qd,qd->q", queries, queries)[:, None] + self._squares - 2.0 * queries @ self._embeddings.T
        return np.sqrt(np.maximum(squares, 0.0))


class InvertedIndex:
    """Looks at the lists whose centres are nearest, of about √n lists that items are sorted into (FAISS, IVF-Flat).

    References:
        J. Sivic, A. Zisserman, "Video Google", 2003; M. Douze et al., "The Faiss library", 2024.
    """

    def __init__(self, embeddings: np.ndarray, *, probes: int = PROBES) -> None:
        """Learn the centres and sort in (n, d) float32 embeddings, of which it keeps a copy.

        Args:
            embeddings: (n, d).
            probes: Lists that a query looks into.

        Raises:
            ImportError: FAISS is not installed.
        """
        import faiss

        count, size = embeddings.shape
        lists = max(1, round(count**0.5))
        self._index = faiss.IndexIVFFlat(faiss.IndexFlatL2(size), size, lists)
        self._index.cp.min_points_per_centroid = 1  # few items make poor centres, which is no reason to print
        learned = np.random.default_rng(0).permutation(count)[: LEARNED_FROM * lists]
        self._index.train(np.ascontiguousarray(embeddings[learned]))
        self._index.add(np.ascontiguousarray(embeddings))
        self._probes = probes

    def candidates(self, queries: np.ndarray, k: int) -> np.ndarray:
        """See `Index`; where the lists hold fewer than k items, more of them are looked into.

        Raises:
            ValueError: All lists together hold fewer than k, or a query is not finite and so near to none.
        """
        import faiss

        probes, wanted = self._probes, faiss.SearchParametersIVF()
        while True:
            wanted.nprobe = min(probes, self._index.nlist)
            rows = self._index.search(np.ascontiguousarray(queries), k, params=wanted)[1]
            if rows.min(initial=0) >= 0:
                return rows
            if wanted.nprobe == self._index.nlist:
                raise ValueError(f"`queries` must be finite and `k` at most {self._index.ntotal}, got k = {k}")
            probes *= 2


def build_index(embeddings: np.ndarray) -> Index:
    """What finds the nearest of (n, d) float32 embeddings soonest; without FAISS, every item is looked at."""
    if len(embeddings) > EXACT_UP_TO and find_spec("faiss"):
        return InvertedIndex(embeddings)
    return ExactIndex(embeddings)
