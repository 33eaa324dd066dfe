"""Batched embedding: through the encoder and through the service, against the bare ONNX session.

    python benchmarks/embed.py --rounds 10

A batch of test images goes through the session as ONNX Runtime runs it, in its quickest number of images a call;
through `Encoder.embed`; and through `POST /api/embed`, npy in and out, on a running server of its own. The three take
turns, so that other work on the machine hits all alike. Then single images follow each other over one connection, as a
program that asks now and then would send them. Prints medians and shares of the session's rate as Markdown.
"""

import argparse
import http.client
import io
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.app import running_server
from siamese_core import load_bundle, open_collection

SINGLE = 50
BATCHES = (16, 32, 64, 128, 256, 1_000)


def session_embedder(model: str, images: np.ndarray) -> tuple[int, Callable[[], object]]:
    """The bare session in its quickest number of images a call, and that number."""
    session = load_bundle(model).encoder._session

    def embed(batch: int) -> None:
        for start in range(0, len(images), batch):
            session.run(["embeddings"], {"images": images[start : start + batch]})

    quickest = min(BATCHES, key=lambda batch: min(seconds(lambda: embed(batch)) for _ in range(3)))
    return quickest, lambda: embed(quickest)


def service_embedder(url: str, model: str, images: np.ndarray) -> Callable[[], object]:
    """The service on a connection of its own for each batch: the server closes one that is idle for a few seconds."""

    def embed() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        ask(connection, model, images)
        connection.close()

    return embed


def ask(connection: http.client.HTTPConnection, model: str, images: np.ndarray) -> np.ndarray:
    """The embeddings that the service gives for images."""
    buffer = io.BytesIO()
    np.save(buffer, images)
    headers = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
    connection.request("POST", f"/api/embed?model={model}", buffer.getvalue(), headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(content.decode())
    return np.load(io.BytesIO(content))


def time_single_images(url: str, model: str, images: np.ndarray) -> list[float]:
    """Seconds for each image by itself, one after the other over one connection."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    taken = [seconds(lambda image=image: ask(connection, model, image)) for image in images[:, None]]
    connection.close()
    return taken[1:]  # the first one also connects


def wait_for(url: str) -> None:
    """Return when the server is ready."""
    while True:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000, help="images a batch")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--models", nargs="+", default=["best", "classic"])
    arguments = parser.parse_args()
    images = open_collection().split("test").images[: arguments.count]
    print(f"| {os.cpu_count()} cores, {len(images):,} images | images a second | share of the session's rate |")
    print("|---|---|---|")
    with running_server() as (url, _, _):
        wait_for(url)
        for model in arguments.models:
            batch, session = session_embedder(model, images)
            encoder = load_bundle(model).encoder
            ways = {
                f"`{model}`: ONNX session, {batch} images a call": session,
                f"`{model}`: `Encoder.embed`": lambda encoder=encoder: encoder.embed(images),
                f"`{model}`: `/api/embed`, npy in and out": service_embedder(url, model, images),
            }
            taken: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(arguments.rounds):
                for way, embed in ways.items():
                    taken[way].append(seconds(embed))
            rates = {way: len(images) / statistics.median(times) for way, times in taken.items()}
            fastest = next(iter(rates.values()))
            for way, rate in rates.items():
                print(f"| {way} | {rate:,.0f} | {rate / fastest:.0%} |")
            singly = statistics.median(time_single_images(url, model, images[:SINGLE]))
            print(f"| `{model}`: `/api/embed`, one image at a time, connection kept: {1e3 * singly:.1f} ms | | |")


if __name__ == "__main__":
    main()
