"""Ten visitors at once, each with pictures that nobody else has: does one ever see another's?

    python benchmarks/isolation.py --visitors 10 --steps 200

Starts the server and opens so many sessions. In each step every visitor uploads a new picture of their own or picks
another item to compare it with, in turns that chance decides; whatever the server then sends must hold the visitor's
picture, the distance that the core computes for it, and none of the pictures that the others have shown so far.
"""

import argparse
import base64
import io
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from serving import running_server
from visitor import Visitor

from siamese_core import compare, load_bundle, load_image, open_collection
from siamese_core.artifacts import PROJECT_ARTIFACTS

MODEL = "classic"


@dataclass
class Person:
    """A visitor, what they have put in, and what went wrong."""

    number: int
    rng: np.random.Generator
    page: Visitor
    item: int = 0
    picture: np.ndarray | None = None
    seen: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def draw_picture(number: int, rng: np.random.Generator) -> bytes:
    """A PNG of bars at random places, and the visitor's number in its corner as bits."""
    grey = np.zeros((28, 28), np.uint8)
    for _ in range(4):
        row, column = rng.integers(2, 20, 2)
        grey[row : row + 6, column : column + 6] = rng.integers(60, 255, (6, 6))
    grey[0, :8] = 255 * (number >> np.arange(8) & 1)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(image: np.ndarray) -> str:
    """How the page is told what the network sees."""
    return base64.b64encode(image.tobytes()).decode()


def take_step(person: Person) -> None:
    """Upload a new picture or choose another item; the first step must upload."""
    if person.picture is None or person.rng.random() < 0.5:
        data = draw_picture(person.number, person.rng)
        person.picture = load_image(data)
        person.seen.append(pixels(person.picture))
        person.page.upload("upload_a", data)
    else:
        person.item = int(person.rng.integers(0, 1_000))
        person.page.run(item_b=person.item)


def check(person: Person, people: list[Person], expected: float) -> None:
    """Note what a step showed that it must not, or did not show that it must."""
    answer = person.page.answer
    if not answer.holds(person.seen[-1]):
        person.faults.append("own picture missing")
    if answer.metrics.get("Distance") != f"{expected:.4f}":
        person.faults.append(f"distance {answer.metrics.get('Distance')}, not {expected:.4f}")
    person.faults += answer.errors
    person.faults += [
        f"saw a picture of visitor {other.number}"
        for other in people
        if other is not person and any(answer.holds(picture) for picture in other.seen)
    ]


def visit(url: str, *, visitors: int, steps: int, seed: int = 0) -> list[Person]:
    """Let all visitors take all their steps, several at a time."""
    model, data = load_bundle(MODEL, PROJECT_ARTIFACTS), open_collection()
    rng = np.random.default_rng(seed)
    people = [
        Person(number, np.random.default_rng([seed, number]), Visitor(url, f"source=upload&model={MODEL}&item_b=0"))
        for number in range(visitors)
    ]
    with ThreadPoolExecutor(visitors) as pool:
        for _ in range(steps):
            order = [people[number] for number in rng.permutation(visitors)]
            list(pool.map(take_step, order))
            for person in people:
                assert person.picture is not None  # noqa: S101  (the first step uploads)
                pair = np.stack([person.picture, data.image(f"test:{person.item}")])
                check(person, people, compare(*model.encoder.embed(pair), model.threshold).distance)
    for person in people:
        person.page.close()
    return people


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    began = time.monotonic()
    with running_server() as server:
        people = visit(server.url, visitors=arguments.visitors, steps=arguments.steps, seed=arguments.seed)
    faults = [f"visitor {person.number}: {fault}" for person in people for fault in person.faults]
    pictures = sum(len(person.seen) for person in people)
    print("| visitors | steps each | pictures | faults | minutes |\n|---|---|---|---|---|")
    print(
        f"| {arguments.visitors} | {arguments.steps} | {pictures} | {len(faults)} "
        f"| {(time.monotonic() - began) / 60:.1f} |"
    )
    print("\n".join(faults[:20]))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
