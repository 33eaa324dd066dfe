"""The door for pictures against bad and odd ones: crashes, leaks, worst time and memory.

    python benchmarks/hostile_images.py                     Pillow's test pictures, PngSuite and those that are made
    python benchmarks/hostile_images.py FOLDER...           and every file below these
    python benchmarks/hostile_images.py --made-only --damaged 300 --no-large

A child process opens one picture after the other and measures each: seconds by the clock and of the processor, and the
whole process's peak of resident memory (`VmHWM`, reset before each), so this runs on Linux. If it dies, that is a
crash, and another child goes on. Exit code 1 when a bar is missed: nothing but refusals raised, no crash, 300 MB, no
path in a message, and no picture refused that is known to be valid or that Pillow alone reads within the limits. Time
is printed and no bar: it depends on what else runs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from siamese_core import images
from siamese_core.errors import ImageRejectedError
from siamese_core.preprocessing import MIN_CONTRAST
from tests.hostile.found import pillows_pictures, png_suite
from tests.hostile.made import damaged, everything

MOST_MEGABYTES = 300
PATIENCE_SECONDS = 60
CHILD = "--child"


@dataclass
class Tally:
    """What was seen of all pictures."""

    count: int = 0
    taken: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    worst: dict[str, tuple[float, str]] = field(default_factory=dict)

    def add(self, name: str, valid: bool | None, seen: dict[str, Any] | None) -> None:
        """Count a picture; `valid` is None where only a plain reader can say it, `seen` None after a crash."""
        self.count += 1
        if seen is None:
            self.faults.append(f"crash or hang: {name}")
            return
        for what in ("seconds", "cpu", "megabytes"):
            self.worst[what] = max(self.worst.get(what, (0.0, "")), (seen[what], name))
        self.taken += seen["said"] is None
        self.refused += seen["said"] is not None
        if seen["leak"]:
            self.faults.append(f"{seen['leak']}: {name}")
        if seen["megabytes"] > MOST_MEGABYTES:
            self.faults.append(f"{seen['megabytes']:.0f} MB: {name}")
        if seen["said"] and ("/" in seen["said"] or "\\" in seen["said"]):
            self.faults.append(f"a path in “{seen['said']}”: {name}")
        if seen["said"] is not None and (seen["readable"] if valid is None else valid):
            self.faults.append(f"valid but refused, “{seen['said']}”: {name}")


def measure(path: Path, name: str) -> dict[str, Any]:
    """How the door takes one file: seconds, memory, what it said, and what leaked."""
    data = path.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    clock, cpu = time.perf_counter(), time.process_time()
    said = leak = None
    try:
        images.load_image(data, name)
    except ImageRejectedError as error:
        said = str(error)
    except Exception as error:
        said, leak = "", f"{type(error).__name__} {error}"
    status = Path("/proc/self/status").read_text()
    return {
        "seconds": time.perf_counter() - clock,
        "cpu": time.process_time() - cpu,
        "megabytes": int(status.split("VmHWM:")[1].split()[0]) / 1000,
        "said": said,
        "leak": leak,
        "readable": said is not None and is_readable(data),
    }


def is_readable(data: bytes) -> bool:
    """Whether Pillow alone reads it, within the door's limits, and sees more than one even colour."""
    if len(data) > images.MAX_BYTES:
        return False
    try:
        with Image.open(BytesIO(data), formats=images.FORMATS) as image:
            limit = {"JPEG": images.MAX_JPEG_PIXELS, "WEBP": images.MAX_WEBP_PIXELS}.get(
                image.format, images.MAX_PIXELS
            )
            if image.width * image.height > limit or max(image.size) > images.MAX_SIDE:
                return False
            deep = image.mode.startswith("I")  # Pillow would clip 16 bits to white
            levels = np.asarray(image) // 257 if deep else np.asarray(image.convert("RGB").resize((64, 64)))
    except Exception:
        return False
    return bool(np.ptp(levels, axis=(0, 1)).max() >= 2 * MIN_CONTRAST)


def answer() -> None:
    """A child's work: a path and a name a line in, what was measured a line out."""
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(measure(Path(asked["path"]), asked["name"])), flush=True)


class Children:
    """One child at a time, replaced when it dies."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def ask(self, path: Path, name: str) -> dict[str, Any] | None:
        """What the child measured, or None when it died of the picture or took longer than `PATIENCE_SECONDS`."""
        child = self._child or subprocess.Popen(
            [sys.executable, __file__, CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._child = child
        child.stdin.write(json.dumps({"path": str(path), "name": name}) + "\n")
        child.stdin.flush()
        patience = threading.Timer(PATIENCE_SECONDS, child.kill)
        patience.start()
        line = child.stdout.readline()
        patience.cancel()
        if not line:
            child.wait()
            self._child = None
            return None
        return json.loads(line)

    def close(self) -> None:
        """End the child."""
        if self._child:
            self._child.stdin.close()
            self._child.wait()


def pictures(arguments: argparse.Namespace, work: Path) -> Iterator[tuple[Path, str, bool | None]]:
    """(file, name, whether it is valid) of every picture asked for."""
    made = work / "picture"
    for name, make, valid in everything():
        if not (arguments.no_large and name.startswith("large")):
            made.write_bytes(make())
            yield made, name, valid
    for name, data in damaged(arguments.damaged):
        made.write_bytes(data)
        yield made, name, None
    folders = list(arguments.folder)
    if not arguments.made_only:
        folders += [pillows_pictures(), png_suite()]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, str(path.relative_to(folder)), None


def main() -> int:
    """Ask a child about every picture and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="*", type=Path)
    parser.add_argument("--damaged", type=int, default=1_000, help="how many small pictures to damage")
    parser.add_argument("--made-only", action="store_true", help="fetch nothing")
    parser.add_argument("--no-large", action="store_true", help="leave out the slow ones at the door's limits")
    arguments = parser.parse_args()
    tally, children = Tally(), Children()
    with tempfile.TemporaryDirectory() as work:
        for path, name, valid in pictures(arguments, Path(work)):
            tally.add(name, valid, children.ask(path, name))
    children.close()
    print(f"{tally.count} pictures: {tally.taken} taken, {tally.refused} refused, {len(tally.faults)} faults")
    for what, (value, name) in tally.worst.items():
        print(f"worst {what}: {value:.2f} ({name})")
    print(*tally.faults, sep="\n")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    if CHILD in sys.argv:
        answer()
    else:
        sys.exit(main())
