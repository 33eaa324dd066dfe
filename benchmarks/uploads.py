"""One visitor uploads 500 files of 8 MB to ids of their own invention: what does it cost the server, and the others?

python benchmarks/uploads.py --uploads 500
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from isolation import draw_picture
from serving import running_server
from visitor import Visitor

MEGABYTE = 1_000_000
MEGABYTES = 8


def resident_megabytes(pid: int, what: str) -> float:
    """`VmRSS`, resident memory now, or `VmHWM`, the most there ever was."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def upload_all(visitor: Visitor, count: int) -> Counter[str]:
    """What the server says to each upload; "taken" when it says nothing."""
    data = bytes(MEGABYTES * MEGABYTE)
    said: Counter[str] = Counter()
    for _ in range(count):
        try:
            visitor.put(data)
            said["taken"] += 1
        except PermissionError as refusal:
            said[str(refusal)] += 1
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=500)
    arguments = parser.parse_args()
    query, rng = "source=upload&model=classic&item_b=0", np.random.default_rng(0)
    with running_server() as server, Visitor(server.url, query) as greedy, Visitor(server.url, query) as other:
        before = other.upload("upload_a", draw_picture(1, rng)).metrics["Distance"]
        resident = resident_megabytes(server.pid, "VmRSS")
        began = time.monotonic()
        said = upload_all(greedy, arguments.uploads)
        seconds = time.monotonic() - began
        grown = resident_megabytes(server.pid, "VmRSS") - resident
        peak = resident_megabytes(server.pid, "VmHWM") - resident
        after = other.upload("upload_a", draw_picture(2, rng)).metrics["Distance"]
    print(f"{arguments.uploads} uploads of {MEGABYTES} MB in {seconds:.0f} s: {dict(said)}")
    print(f"the server holds {grown:+.0f} MB more, {peak:+.0f} MB at its most")
    print(f"another visitor uploads before and after: distances {before} and {after}")


if __name__ == "__main__":
    main()
