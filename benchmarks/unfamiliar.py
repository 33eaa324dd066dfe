"""How many inputs that are unlike the data are said to be so.

    python benchmarks/unfamiliar.py --model best --drawings FOLDER

Pictures of many kinds go the way of any upload and are judged as `search` judges them. Some kinds are those that a
familiarity learns to tell apart, drawn anew; of the others it has never seen any. Prints the share flagged of each kind
and of the test items, and, for a FOLDER as `drawings.py` takes it, of people's drawings of clothing, which should not
be flagged. `--shares` goes through other thresholds too, each the one that flags so much of the test items.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from drawings import read_drawings

from siamese_core.artifacts import DEFAULT_NAME, load_bundle
from siamese_core.collection import Split
from siamese_core.data import load_collection
from siamese_core.preprocessing import preprocess
from siamese_core.strangers import SHARES, cut_up_item, draw_stranger, sheet_of_paper, to_picture

SIDE = 160
"""Of the pictures made here, in pixels."""
WORDS = ["quick", "brown", "fox", "jumps", "over", "lazy", "dog", "packs", "five", "dozen", "jugs", "liquor"]
SEED = 1

Generator = np.random.Generator


def rectangle(rng: Generator) -> np.ndarray:
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    width, height = rng.integers(25, 75, 2)
    pen.rectangle([80 - width, 80 - height, 80 + width, 80 + height], fill=ink)
    return np.asarray(sheet)


def text_page(rng: Generator) -> np.ndarray:
    sheet, pen, ground, ink = sheet_of_paper(SIDE, rng)
    size = rng.uniform(7, 16)
    for top in np.arange(8, SIDE - size, 1.4 * size):
        pen.text((8, top), " ".join(rng.choice(WORDS, 12)), ink, ImageFont.load_default(size))
    pen.rectangle([SIDE - 8, 0, SIDE, SIDE], fill=ground)
    return np.asarray(sheet)


def face(rng: Generator) -> np.ndarray:
    """A shaded head with hair, eyes, nose and mouth, out of focus like a photograph."""
    sheet = Image.new("L", (SIDE, SIDE), int(rng.integers(0, 256)))
    pen = ImageDraw.Draw(sheet)
    skin, hair, dark = int(rng.integers(120, 230)), int(rng.integers(10, 90)), int(rng.integers(10, 60))
    width, height = int(rng.integers(36, 52)), int(rng.integers(48, 64))
    pen.ellipse([80 - width - 8, 76 - height - 10, 88 + width, 80 + height // 2], fill=hair)
    pen.ellipse([80 - width, 84 - height, 80 + width, 84 + height], fill=skin)
    for side in (-1, 1):
        eye = 80 + side * width * 0.42
        pen.ellipse([eye - 9, 68, eye + 9, 78], fill=240)
        pen.ellipse([eye - 4, 69, eye + 4, 77], fill=dark)
        pen.line([eye - 10, 62, eye + 10, 60], fill=dark, width=3)
    pen.line([80, 78, 76, 98, 84, 100], fill=skin - 50, width=3)
    pen.chord([80 - width * 0.4, 104, 80 + width * 0.4, 122], 0, 180, fill=dark + 40)
    pen.rectangle([80 - width // 2, 84 + height, 80 + width // 2, SIDE], fill=skin - 20)
    return np.asarray(sheet.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2))))


def smiley(rng: Generator) -> np.ndarray:
    sheet, pen, ground, ink = sheet_of_paper(SIDE, rng)
    is_filled = rng.random() < 0.5
    pen.ellipse([20, 20, 140, 140], outline=ink, fill=ink if is_filled else None, width=int(rng.integers(2, 8)))
    mark = ground if is_filled else ink
    for x in (60, 100):
        pen.ellipse([x - 7, 58, x + 7, 72], fill=mark)
    start, end = (20, 160) if rng.random() < 0.7 else (200, 340)
    pen.arc(
        [50, 60 if start == 20 else 95, 110, 120 if start == 20 else 155], start, end, mark, int(rng.integers(3, 8))
    )
    return np.asarray(sheet)


def star(rng: Generator) -> np.ndarray:
    """A star of three to seven points."""
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    corners, is_star = int(rng.integers(3, 8)), rng.random() < 0.5
    angles = rng.uniform(0, 2 * np.pi) + np.arange(2 * corners) * np.pi / corners
    radii = np.where(np.arange(2 * corners) % 2, 70 * (0.45 if is_star else np.cos(np.pi / corners)), 70)
    pen.polygon([(80 + r * np.cos(a), 80 + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)], fill=ink)
    return np.asarray(sheet)


def digits(rng: Generator) -> np.ndarray:
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    text = "".join(str(digit) for digit in rng.integers(0, 10, int(rng.integers(1, 4))))
    pen.text((80, 80), text, ink, ImageFont.load_default(rng.uniform(50, 120)), anchor="mm")
    return np.asarray(sheet)


def checkers(rng: Generator) -> np.ndarray:
    tile = int(rng.integers(8, 40))
    y, x = np.mgrid[:SIDE, :SIDE] // tile
    return to_picture((x + y) % 2)


def chart(rng: Generator) -> np.ndarray:
    """Axes with bars or a curve."""
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    pen.line([20, 10, 20, 140, 150, 140], fill=ink, width=2)
    heights = rng.uniform(10, 120, int(rng.integers(4, 9)))
    places = np.linspace(30, 140, len(heights))
    if rng.random() < 0.5:
        for x, height in zip(places, heights, strict=True):
            pen.rectangle([x - 5, 140 - height, x + 5, 140], fill=128)
    else:
        pen.line([(x, 140 - height) for x, height in zip(places, heights, strict=True)], fill=ink, width=3)
    return np.asarray(sheet)


def window(rng: Generator) -> np.ndarray:
    """A screenshot: a bar, a column of buttons, lines of text."""
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    bar = int(rng.integers(8, 20))
    pen.rectangle([0, 0, SIDE, bar], fill=128)
    for top in range(bar + 8, SIDE - 12, int(rng.integers(14, 26))):
        pen.rectangle([6, top, int(rng.integers(20, 46)), top + 8], fill=int(rng.integers(90, 170)))
        pen.text((56, top), " ".join(rng.choice(WORDS, 4)), ink, ImageFont.load_default(9))
    return np.asarray(sheet)


def landscape(rng: Generator) -> np.ndarray:
    """Sky, sun, hills and ground, with grain."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    ridge = 0.5 + 0.15 * np.sin(x * rng.uniform(3, 12) + rng.uniform(0, 6)) + 0.05 * np.sin(x * rng.uniform(20, 40))
    scene = np.where(y < ridge, 200 - 60 * y, rng.uniform(40, 110) + 40 * y)
    scene[np.hypot(x - rng.uniform(0.2, 0.8), y - 0.2) < 0.08] = 255
    return to_picture(scene + rng.normal(0, 12, (SIDE, SIDE)))


def house(rng: Generator) -> np.ndarray:
    sheet, pen, _, ink = sheet_of_paper(SIDE, rng)
    width = int(rng.integers(2, 6))
    left, top = int(rng.integers(25, 45)), int(rng.integers(65, 85))
    pen.rectangle([left, top, 160 - left, 145], outline=ink, width=width)
    pen.line([left - 8, top, 80, 20, 168 - left, top, left - 8, top], fill=ink, width=width)
    pen.rectangle([70, 110, 92, 145], outline=ink, width=width)
    pen.rectangle([left + 10, top + 12, left + 28, top + 28], outline=ink, width=width)
    return np.asarray(sheet)


LIKE_LEARNED: dict[str, Callable[[Generator], np.ndarray]] = {"plain rectangle": rectangle, "page of text": text_page}
NEVER_LEARNED: dict[str, Callable[[Generator], np.ndarray]] = {
    "face": face,
    "smiley": smiley,
    "star": star,
    "digits": digits,
    "checkers": checkers,
    "chart": chart,
    "window of a program": window,
    "landscape": landscape,
    "house": house,
}


def make(kind: Callable[[Generator], np.ndarray], count: int) -> np.ndarray:
    """Model-ready pictures (count, 28, 28) uint8 of one kind."""
    rng = np.random.default_rng(SEED)
    return np.stack([preprocess(kind(rng)).image for _ in range(count)])


def learned_kinds(count: int, test: Split) -> dict[str, np.ndarray]:
    """Pictures (count, 28, 28) of each kind that a familiarity learns to tell apart."""
    rng = np.random.default_rng(SEED)
    kinds = {f"{name}, as learned": partial(draw_stranger, name) for name in SHARES}
    kinds["items cut up, as learned"] = partial(cut_up_item, test.images)
    drawn = {name: np.stack([draw(rng) for _ in range(count)]) for name, draw in kinds.items()}
    return drawn | {name: make(kind, count) for name, kind in LIKE_LEARNED.items()}


def real_pictures(count: int) -> dict[str, np.ndarray]:
    """Handwritten digits, and parts of two photographs, (count, 28, 28): those that come with scikit-learn."""
    from sklearn.datasets import load_digits, load_sample_images

    rng = np.random.default_rng(SEED)
    photographs = [np.asarray(Image.fromarray(one).convert("L")) for one in load_sample_images().images]

    def part(rng: Generator) -> np.ndarray:
        photograph, side = photographs[rng.integers(0, 2)], int(rng.integers(60, 400))
        top, left = (int(rng.integers(0, length - side)) for length in photograph.shape)
        return photograph[top : top + side, left : left + side]

    rows = rng.permutation(load_digits().images)[:count]
    handwritten = [Image.fromarray(to_picture(row)).resize((112, 112), Image.Resampling.BICUBIC) for row in rows]
    return {
        "handwritten digit": np.stack([preprocess(np.asarray(one)).image for one in handwritten]),
        "part of a photograph": make(part, count),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT_NAME)
    parser.add_argument("--drawings", type=Path, help="A folder of people's drawings of clothing with a labels.csv.")
    parser.add_argument("--count", type=int, default=200, help="Pictures of each kind.")
    parser.add_argument(
        "--shares", type=float, nargs="*", default=[], help="Shares of test items flagged, such as 0.02."
    )
    arguments = parser.parse_args()

    familiarity, test = load_bundle(arguments.model).familiarity, load_collection().split("test")
    if familiarity is None:
        parser.error(f"the model {arguments.model} cannot tell what is familiar; train it again")
    of_test = familiarity.strangeness(test.images)
    thresholds = [familiarity.threshold, *(float(np.quantile(of_test, 1.0 - share)) for share in arguments.shares)]

    def print_row(name: str, strangeness: np.ndarray) -> None:
        print(f"| {name} | {' | '.join(f'{(strangeness > threshold).mean():.1%}' for threshold in thresholds)} |")

    print("| flagged | as shipped |" + "".join(f" at {share:.0%} of test items |" for share in arguments.shares))
    print("|---|" + "---|" * len(thresholds))
    print_row("test items", of_test)
    groups = {
        "kinds it has learned": learned_kinds(arguments.count, test),
        "other kinds": {name: make(kind, arguments.count) for name, kind in NEVER_LEARNED.items()}
        | real_pictures(arguments.count),
    }
    for group, kinds in groups.items():
        strangeness = {name: familiarity.strangeness(pictures) for name, pictures in kinds.items()}
        print_row(f"**{group}**", np.concatenate(list(strangeness.values())))
        for name, of_kind in strangeness.items():
            print_row(name, of_kind)
    if arguments.drawings:
        print_row("people's drawings of clothing", familiarity.strangeness(read_drawings(arguments.drawings)[0]))


if __name__ == "__main__":
    main()
