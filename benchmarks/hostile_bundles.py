"""Hostile bundles at the door: is any taken or executed, what does each cost, what is said?

    python benchmarks/hostile_bundles.py                 all, then the distances that honest ones give
    python benchmarks/hostile_bundles.py bomb gallery    those with such words in their names, and no distances

Every pack of `tests/hostile/packs.py` is opened by a fresh process of its own, in an empty folder, with address space
for 300 MB more than it has, and is watched from within: whatever starts a program, opens a connection, a pickle's class
or a file to write is noted. Measured are seconds by the clock and of the processor, and the peak of resident memory
above what the process had before (`VmHWM`, reset), so this runs on Linux. Exit code 1 when a bar is missed: none taken,
nothing run or written, one sentence without a path, a second of the processor, 100 MB more than an honest pack takes,
honest packs taken with the distances of the models they are of. Seconds by the clock are printed and no bar: they
depend on what else runs.
"""

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from siamese_core.artifacts import load_bundle
from siamese_core.bundle import SHIPPED
from siamese_core.data import load_collection
from siamese_core.errors import BundleError
from siamese_core.packing import pack_bundle, read_pack
from tests.hostile.packs import HOSTILE, Make, honest

MOST_SECONDS = 1.0
MOST_MEGABYTES = 100
ROOM = 300_000_000
PATIENCE_SECONDS = 60
SENTENCE_LENGTH = 200
TOLERANCE = 1e-5
PAIRS = 1_000
WATCHED = ("os.", "subprocess.", "socket.", "pickle.", "ctypes.", "shutil.", "tempfile.", "webbrowser.")
HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.putenv", "os.unsetenv")


@dataclass(frozen=True)
class Seen:
    """What became of one pack.

    Attributes:
        seconds: By the clock.
        cpu: Seconds of the processor.
        megabytes: Resident, above what was there before.
        said: The refusal; None when it was taken.
        faults: What must not happen and did.
    """

    seconds: float
    cpu: float
    megabytes: float
    said: str | None
    faults: tuple[str, ...]


def megabytes(field: str) -> float:
    """A figure of this process's memory."""
    return int(Path("/proc/self/status").read_text().split(f"{field}:")[1].split()[0]) / 1_000


def open_pack(path: str, folder: str, answer: Connection) -> None:
    """A fresh process's work: open one pack and tell what was seen."""
    content = Path(path).read_bytes()
    os.chdir(folder)
    faults: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        is_writing = event == "open" and isinstance(arguments[1], str) and bool(set(arguments[1]) & set("wax+"))
        if is_writing or (event.startswith(WATCHED) and event not in HARMLESS):
            faults.append(f"{event}{arguments}"[:SENTENCE_LENGTH])

    Path("/proc/self/clear_refs").write_text("5")
    before = megabytes("VmRSS")
    space = int(megabytes("VmSize") * 1_000_000) + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    sys.addaudithook(watch)
    clock, cpu = time.perf_counter(), time.process_time()
    said = None
    try:
        read_pack(content)
    except BundleError as error:
        said = str(error)
    except BaseException as error:
        said = ""
        faults.append(repr(error)[:SENTENCE_LENGTH])
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    found = list(faults)  # before what follows is noted too
    answer.send(Seen(clock, cpu, megabytes("VmHWM") - before, said, tuple(found)))


def try_pack(make: Make, work: Path) -> Seen:
    """What a fresh process sees of a pack, and what it leaves behind."""
    folder = work / "deep" / "deeper"
    folder.mkdir(parents=True, exist_ok=True)
    path = work / "pack"
    path.write_bytes(make())
    fresh = multiprocessing.get_context("forkserver")
    listening, answering = fresh.Pipe(duplex=False)
    process = fresh.Process(target=open_pack, args=(str(path), str(folder), answering))
    process.start()
    answering.close()
    try:
        seen = listening.recv() if listening.poll(PATIENCE_SECONDS) else None
    except EOFError:
        seen = None
    process.kill()
    process.join()
    if seen is None:
        return Seen(0.0, 0.0, 0.0, "", ("crash or hang",))
    left = sorted(str(found.relative_to(work)) for found in work.rglob("*"))
    return (
        seen if left == ["deep", "deep/deeper", "pack"] else Seen(**vars(seen) | {"faults": (*seen.faults, str(left))})
    )


def faults_of(seen: Seen, usual: float) -> list[str]:
    """Which bars a hostile pack has missed; an honest one takes `usual` megabytes."""
    faults = list(seen.faults)
    if seen.said is None:
        faults.append("taken")
    elif not 0 < len(seen.said) <= SENTENCE_LENGTH or seen.said.count(". ") or set(seen.said) & set("/\\\n<"):
        faults.append(f"no sentence: {seen.said!r}")
    if seen.cpu > MOST_SECONDS:
        faults.append(f"{seen.cpu:.1f} s")
    if seen.megabytes > usual + MOST_MEGABYTES:
        faults.append(f"{seen.megabytes:.0f} MB")
    return faults


def difference(name: str) -> float:
    """The largest difference between a distance by the model and one by the network made anew from its pack."""
    from siamese_core.networks import NETWORKS, embedder_of, load_weights

    pack = read_pack(pack_bundle(name))
    encoder = NETWORKS[pack.recipe.network]()
    load_weights(encoder, pack.weights)
    embedder = embedder_of(encoder, pack.recipe)
    images = load_collection().split("test").images[: 2 * PAIRS]
    theirs, ours = embedder.predict(images, verbose=0), load_bundle(name).encoder.embed(images)
    apart = [np.linalg.norm(each[::2].astype(float) - each[1::2], axis=1) for each in (theirs, ours)]
    return float(np.abs(apart[0] - apart[1]).max())


def main() -> int:
    """Open every pack, print a row for each, and say which bars were missed."""
    words = sys.argv[1:]
    multiprocessing.set_forkserver_preload(["siamese_core.packing", "safetensors.numpy"])
    missed: list[str] = []
    worst: dict[str, tuple[float, str]] = {}
    asked = {name: make for name, make in HOSTILE.items() if not words or any(word in name for word in words)}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        usual = {name: try_pack(lambda name=name: honest(name), work) for name in SHIPPED}
        usual |= {f"{name} as packed now": try_pack(lambda name=name: pack_bundle(name), work) for name in SHIPPED}
        missed += [f"{name}: {seen}" for name, seen in usual.items() if seen.said is not None or seen.faults]
        most = max(seen.megabytes for seen in usual.values())
        print("| pack | s | s of the processor | MB | said |\n|---|---|---|---|---|")
        for name, seen in usual.items():
            print(f"| honest: {name} | {seen.seconds:.2f} | {seen.cpu:.2f} | {seen.megabytes:.0f} | taken |")
        for name, make in asked.items():
            seen = try_pack(make, work)
            shown = json.dumps(name, ensure_ascii=True)[1:-1]
            said = "taken" if seen.said is None else seen.said
            print(f"| {shown} | {seen.seconds:.2f} | {seen.cpu:.2f} | {seen.megabytes:.0f} | {said} |", flush=True)
            missed += [f"{shown}: {fault}" for fault in faults_of(seen, most)]
            for what in ("seconds", "cpu", "megabytes"):
                worst[what] = max(worst.get(what, (0.0, "")), (getattr(seen, what), shown))
    print(f"\n{len(asked)} hostile packs, {len(missed)} faults; an honest one takes up to {most:.0f} MB")
    for what, (value, name) in worst.items():
        print(f"worst {what}: {value:.2f} ({name})")
    for name in () if words else SHIPPED:
        apart = difference(name)
        print(f"{name}: distances of {PAIRS:,} pairs by the network made anew differ by {apart:.1e} at most")
        missed += [f"{name}: {apart}"] if not apart <= TOLERANCE else []
    print(*missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
