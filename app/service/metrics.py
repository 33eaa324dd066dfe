"""What the server has done and what it takes, in Prometheus's text format.

Streamlit's own figures, its sessions and caches, are at `/_stcore/metrics`.

References:
    Prometheus, "Exposition formats", text-based format, version 0.0.4.
"""

import os
import shutil
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from app import cache
from app.service.health import reasons_not_to_be_ready
from siamese_core import runs
from siamese_core.artifacts import artifacts_root

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, as Prometheus's own clients have them."""

_lock = threading.Lock()
_requests: Counter[tuple[str, int]] = Counter()
_in_bucket: Counter[tuple[str, int]] = Counter()
_seconds: Counter[str] = Counter()


def count_request(name: str, status: int, seconds: float) -> None:
    """Count an answer of the service, such as `("embed", 200, 0.1)`."""
    with _lock:
        _requests[name, status] += 1
        _in_bucket[name, bisect_left(BOUNDS, seconds)] += 1
        _seconds[name] += seconds  # type: ignore[assignment]


def serve_metrics(_: Request) -> Response:
    """All figures there are."""
    return Response("\n".join([*_of_requests(), *_of_server()]) + "\n", media_type=MEDIA_TYPE)


def _of_requests() -> Iterator[str]:
    with _lock:
        requests, in_bucket, seconds = dict(_requests), Counter(_in_bucket), dict(_seconds)
    yield from _head("siamese_requests_total", "counter", "Answers of the service by endpoint and status.")
    for (name, status), count in sorted(requests.items()):
        yield f'siamese_requests_total{{endpoint="{name}",status="{status}"}} {count}'
    yield from _head("siamese_request_seconds", "histogram", "Seconds from a request to its answer.")
    for name in sorted(seconds):
        so_far = 0
        for at, bound in enumerate((*BOUNDS, "+Inf")):
            so_far += in_bucket[name, at]
            yield f'siamese_request_seconds_bucket{{endpoint="{name}",le="{bound}"}} {so_far}'
        yield f'siamese_request_seconds_sum{{endpoint="{name}"}} {seconds[name]:.6f}'
        yield f'siamese_request_seconds_count{{endpoint="{name}"}} {so_far}'


def _of_server() -> Iterator[str]:
    current = runs.current()
    gauges = {
        "siamese_ready": ("Whether the server can answer.", int(not reasons_not_to_be_ready())),
        "siamese_models": ("Models in the folder of models.", len(cache.model_names())),
        "siamese_training": ("Whether a training is running.", int(current is not None)),
        "siamese_free_bytes": ("Room where models are kept.", shutil.disk_usage(artifacts_root()).free),
    }
    if (resident := _resident_bytes()) is not None:
        gauges["process_resident_memory_bytes"] = ("Resident memory of the server.", resident)
    for name, (words, value) in gauges.items():
        yield from _head(name, "gauge", words)
        yield f"{name} {value}"
    yield from _head("process_cpu_seconds_total", "counter", "Processor time of the server.")
    yield f"process_cpu_seconds_total {time.process_time():.2f}"


def _resident_bytes() -> int | None:
    """The server's resident memory; None where the system does not tell it in this way."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if told.exists() else None


def _head(name: str, kind: str, words: str) -> tuple[str, str]:
    return f"# HELP {name} {words}", f"# TYPE {name} {kind}"
