"""Bundles that are damaged, killed, refused by the disk, crowded upon: is anything lost, torn or left unsaid?

    python benchmarks/durability.py                       everything, as in RESULTS.md
    python benchmarks/durability.py kills --count 20      one campaign, smaller

Every case is saved and loaded by the core's own code on small bundles in a folder of its own. `faults` needs strace
(`apt-get install strace`), a full disk and a read-only one need root: where they are missing the row says so. The
exit code is 1 when anything did not survive.
"""

import argparse
import errno
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np
import safetensors.numpy  # noqa: F401 - before children are forked, which then find it

from siamese_core import durable
from siamese_core.artifacts import (
    PROJECT_ARTIFACTS,
    delete_bundle,
    list_names,
    load_bundle,
    save_bundle,
    set_aside,
    tidy,
)
from siamese_core.bundle import MANIFEST, Bundle, make_files
from siamese_core.errors import BundleError

NAME = "mine"
PAGE = 4_096
CROWD = 4
STRACE, MOUNT, UMOUNT = (shutil.which(tool) or "" for tool in ("strace", "mount", "umount"))
FAULTS = ("ENOSPC", "EACCES", "EIO", "SIGKILL")
CALLS = (
    *("open", "openat", "close", "read", "write", "lseek", "ioctl", "fsync", "flock", "fcntl", "mkdir", "mkdirat"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "getdents64"),
    *("stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2"),
)
"""System calls that reach for files; strace passes over those that a machine has not."""
SAID = re.compile(rf"The model {NAME} could not be saved or changed: [^;]+; what was there is untouched\.")


@dataclass(frozen=True)
class Row:
    """What one campaign found.

    Attributes:
        what: Was tried.
        tried: How often.
        survived: How often all was as promised.
        note: What else there is to say.
    """

    what: str
    tried: int
    survived: int
    note: str = ""

    def __str__(self) -> str:
        return f"| {self.what} | {self.survived:,} of {self.tried:,} | {self.note} |"


@cache
def sound() -> Bundle:
    """A real bundle, whose settings and figures the small ones borrow."""
    return load_bundle("classic", PROJECT_ARTIFACTS)


def save(number: int, root: Path, name: str = NAME) -> None:
    """A small bundle in which everything says `number`."""
    files = make_files(
        onnx=number.to_bytes(4, "little") * 10_000,
        weights={"dense_1/kernel": np.full((64, 64), number, np.float32)},
        config=sound().config | {"seed": number},
        metrics=sound().metrics,
        history=sound().history,
        gallery_embeddings=np.full((100, 8), number, np.float32),
    )
    save_bundle(name, files, root)


def saved_number(root: Path) -> int:
    """The number that everything in the small bundle says.

    Raises:
        BundleError: It cannot be loaded.
        ValueError: Its parts say different numbers: it is torn.
    """
    bundle = load_bundle(NAME, root)
    onnx = int.from_bytes(bundle.files["encoder.onnx"][:4], "little")
    said = {bundle.seed, onnx, int(bundle.gallery_embeddings[0, 0]), int(bundle.weights["dense_1/kernel"][0, 0])}
    if len(said) != 1:
        raise ValueError(f"torn: {said}")
    return said.pop()


def holds(root: Path, *numbers: int) -> bool:
    """Whether the small bundle is whole and says one of these numbers."""
    try:
        return saved_number(root) in numbers
    except (BundleError, ValueError):
        return False


def in_child(work: Callable[[], object]) -> int:
    """Start a process of this very code that does a piece of work; its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:  # never back into the parent's code
            os._exit(1)
    return child


# Damage

Spoil = Callable[[bytearray, np.random.Generator], bytearray]


def flip(content: bytearray, rng: np.random.Generator) -> bytearray:
    """One bit turned."""
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return content


def truncate(content: bytearray, rng: np.random.Generator) -> bytearray:
    """The end cut off."""
    return content[: rng.integers(len(content))]


def zero_page(content: bytearray, rng: np.random.Generator) -> bytearray:
    """One page of the disk zeroed, as after a power cut."""
    start = PAGE * int(rng.integers(-(-len(content) // PAGE)))
    content[start : start + PAGE] = bytes(len(content[start : start + PAGE]))
    return content


DAMAGES = {"flipped bits": (flip, 3), "truncations": (truncate, 1), "zeroed pages": (zero_page, 1)}
"""With the share of each, of five."""


def damage(root: Path, count: int) -> Iterator[Row]:
    """A bundle that was damaged on disk must be found out and named, with the file."""
    rng = np.random.default_rng(0)
    shutil.copytree(PROJECT_ARTIFACTS / "classic", root / NAME)
    files = sorted(path.name for path in (root / NAME).iterdir())
    for what, (spoil, share) in DAMAGES.items():
        tried = max(1, count * share // 5)
        survived = sum(is_named(root / NAME / files[rng.integers(len(files))], spoil, rng) for _ in range(tried))
        yield Row(what, tried, survived, "found, the model and the file named")


def is_named(path: Path, spoil: Spoil, rng: np.random.Generator) -> bool:
    """Whether a file, spoiled, is named by the error of a load; it is mended afterwards.

    A manifest that still reads accuses the file whose checksum it has wrong.
    """
    content = path.read_bytes()
    spoiled = content
    while spoiled == content:
        spoiled = bytes(spoil(bytearray(content), rng))
    path.write_bytes(spoiled)
    try:
        load_bundle(path.parent.name, path.parent.parent)
    except BundleError as error:
        said = str(error)
        is_file_named = path.name in said or (path.name == MANIFEST and re.search("manifest|checksum|schema", said))
        return bool(is_file_named) and f"The model {NAME} " in said
    finally:
        path.write_bytes(content)
    return False


# Death


def kills(root: Path, count: int) -> Iterator[Row]:
    """A saving process killed at any moment must leave the old bundle or the new one, and nothing after a start."""
    yield kill(root, count, "kill -9 at random points of saving", ready=lambda: None)
    yield kill(root, count, "the same where a file system cannot exchange folders", ready=refuse_to_exchange)


def kill(root: Path, count: int, what: str, ready: Callable[[], None]) -> Row:
    """See `kills`; `ready` prepares each child."""
    rng, old = np.random.default_rng(0), 0
    save(old, root)
    seconds = statistics.median(seconds_of_a_save(root) for _ in range(5))
    survived = halfway = stale = 0
    for number in range(1, count + 1):
        child = in_child(lambda number=number: (ready(), save(number, root)))
        time.sleep(rng.uniform(0.0, 1.2 * seconds))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        halfway += os.WIFSIGNALED(status)
        stale += (root / durable.SAVING).exists()
        tidy(root)
        survived += holds(root, old, number) and os.listdir(root) == [NAME]
        old = saved_number(root)
    return Row(what, count, survived, f"killed before its end {halfway}, half-written files then cleared away {stale}")


def seconds_of_a_save(root: Path) -> float:
    started = time.perf_counter()
    save(0, root)
    return time.perf_counter() - started


def refuse_to_exchange() -> None:
    """Make this process believe that its file system cannot exchange folders."""

    def refuse(*_: Path) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    durable._exchange_at_once = refuse


# A disk that refuses


def faults(root: Path, count: int) -> Iterator[Row]:
    """Each system call of a save in turn fails: the old bundle stays and a sentence says why, or all is saved."""
    if not STRACE:
        yield Row("failing system calls", 0, 0, "not tried: needs strace")
        return
    calls = calls_of_a_save(root)
    for fault in FAULTS:
        outcomes = Counter(save_with_fault(root, fault, calls[: at + 1]) for at in range(min(count, len(calls))))
        tried = outcomes.total()
        note = ", ".join(f"{outcome} {times}" for outcome, times in sorted(outcomes.items()))
        what = f"{fault} at each of the first {tried} of a save's {len(calls)} system calls"
        yield Row(what, tried, tried - outcomes["lost"], note)


def calls_of_a_save(root: Path) -> list[str]:
    """The system calls on files that a save makes, in order."""
    before, _, _ = save_traced(root, []).partition(f'"{root.with_name("result")}"')
    return re.findall(r"^(\w+)\(", before, re.MULTILINE)[:-1]


def save_with_fault(root: Path, fault: str, calls: list[str]) -> str:
    """How a save comes out whose last one of these system calls fails."""
    inject = f"signal={fault}" if fault.startswith("SIG") else f"error={fault}"
    save_traced(root, ["-e", f"inject={calls[-1]}:{inject}:when={calls.count(calls[-1])}"])
    result = root.with_name("result")
    said = result.read_text() if result.exists() else "killed"
    if said == "killed":
        tidy(root)
    whole = {"saved": (2,), "killed": (1, 2)}.get(said, (1,) if SAID.fullmatch(said) else ())
    is_whole = holds(root, *whole)
    tidy(root)
    if not is_whole or os.listdir(root) != [NAME]:
        print(f"{fault} at {calls[-1]}, call {len(calls)}: {said}", file=sys.stderr)
        return "lost"
    return said if said in ("saved", "killed") else "refused in a sentence"


def save_traced(root: Path, options: list[str]) -> str:
    """What strace writes of a process that replaces bundle 1 by bundle 2."""
    save(1, root)
    root.with_name("result").unlink(missing_ok=True)
    log = root.with_name("strace")
    log.touch()  # where strace may not trace, it writes none
    child = in_child(lambda: save_and_tell(root))
    os.waitpid(child, os.WUNTRACED)
    command = [STRACE, "-p", str(child), "-o", log, "-e", f"trace={','.join(f'?{name}' for name in CALLS)}", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        tracer.stderr.readline()  # attached
        os.kill(child, signal.SIGCONT)
        os.waitpid(child, 0)
    return log.read_text()


def save_and_tell(root: Path) -> None:
    """Stop until a tracer lets this process go on, save, and write what came of it beside the folder."""
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        save(2, root)
        said = "saved"
    except BundleError as error:
        said = str(error)
    root.with_name("result").write_text(said)


# Odd places


def places(root: Path, count: int) -> Iterator[Row]:  # noqa: ARG001 - each is tried once
    """A full disk, a read-only one, links, other schemas, what vanishes."""
    try:
        with small_disk(root) as disk:
            yield Row("a full disk", 1, survives_full_disk(disk))
            save(1, disk)
            remount(disk, "ro")
            yield Row("a read-only disk", 1, holds(disk, 1) and refuses(disk) and list_names(disk) == [NAME])
    except (subprocess.CalledProcessError, OSError):
        yield Row("a full and a read-only disk", 0, 0, "not tried: needs root")
    yield Row("a file larger than allowed", 1, survives_small_files(root))
    for what, spoil in ODDITIES.items():
        save(1, root)
        spoil(root)
        try:
            load_bundle(NAME, root)
            said = ""
        except BundleError as error:
            said = str(error)
        shutil.rmtree(root / NAME, ignore_errors=True)
        yield Row(what, 1, said.startswith(("The model mine ", "There is no model 'mine'")), said)


@contextmanager
def small_disk(root: Path) -> Iterator[Path]:
    """A disk of a megabyte.

    Raises:
        CalledProcessError: This process may not mount one.
    """
    disk = root.with_name("disk")
    disk.mkdir()
    subprocess.run([MOUNT, "-t", "tmpfs", "-o", "size=1m", "siamese", disk], check=True, stderr=subprocess.DEVNULL)
    try:
        yield disk
    finally:
        subprocess.run([UMOUNT, disk], check=True)


def remount(disk: Path, how: str) -> None:
    subprocess.run([MOUNT, "-o", f"remount,{how}", disk], check=True)


def survives_full_disk(disk: Path) -> bool:
    """Whether a save is refused while there is no room, leaves the old bundle, and succeeds when there is."""
    save(1, disk)
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(PAGE)):
            pass
    refused = refuses(disk) and holds(disk, 1)
    filler.unlink()
    save(2, disk)
    return refused and holds(disk, 2) and os.listdir(disk) == [NAME]


def survives_small_files(root: Path) -> bool:
    """Whether a save is refused that needs larger files than the process may write."""
    import resource

    save(1, root)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, limits[1]))
    try:
        return refuses(root) and holds(root, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def refuses(root: Path) -> bool:
    """Whether a save fails with a clear sentence."""
    try:
        save(2, root)
    except BundleError as error:
        return bool(SAID.fullmatch(str(error)))
    return False


def replace(file: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    """What puts something else in a file's place."""

    def spoil(root: Path) -> None:
        path = root / NAME / file
        path.unlink()
        make(path)

    return spoil


def loop(root: Path) -> None:
    shutil.rmtree(root / NAME)
    (root / NAME).symlink_to(root / NAME)


ODDITIES: dict[str, Callable[[Path], object]] = {
    "a newer schema": replace(MANIFEST, lambda path: path.write_text('{"schema": 2, "files": {}}')),
    "an older schema": replace(MANIFEST, lambda path: path.write_text('{"schema": 0, "files": {}}')),
    "a file that is a link": replace("config.json", lambda path: path.symlink_to("/etc/passwd")),
    "a manifest that is a link": replace(MANIFEST, lambda path: path.symlink_to("/etc/passwd")),
    "a file that is a pipe": replace("config.json", os.mkfifo),
    "a file that is a folder": replace("config.json", Path.mkdir),
    "a folder that links to itself": loop,
    "a bundle deleted between list and load": lambda root: delete_bundle(NAME, root),
    "a bundle set aside between list and load": lambda root: (
        (root / NAME / "config.json").unlink(),
        set_aside(NAME, root),
    ),
}


# Crowds


def many(root: Path, count: int) -> Iterator[Row]:
    """So many bundles in one folder: how long the list takes."""
    save(0, root)
    for number in range(1, count):
        os.makedirs(root / f"b{number}")  # noqa: PTH103 - ten thousand times
        os.link(root / NAME / MANIFEST, root / f"b{number}" / MANIFEST)
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        names = list_names(root)
        taken.append(time.perf_counter() - started)
    yield Row("bundles in one folder", count, len(names), f"listed in {1_000 * statistics.median(taken):.0f} ms")


def crowd(root: Path, count: int) -> Iterator[Row]:
    """Four writers and four readers of one name: no read may fail or see two saves at once."""
    save(0, root)
    stop = root.with_name("stop")
    results = [root.with_name(f"reads-{reader}") for reader in range(CROWD)]
    shares = [range(first, count, CROWD) for first in range(CROWD)]
    reading = [in_child(lambda result=result: read_until(stop, root, count, result)) for result in results]
    writing = [in_child(lambda share=share: [save(number, root) for number in share]) for share in shares]
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in writing)
    stop.touch()
    failed += sum(os.waitpid(child, 0)[1] != 0 for child in reading)
    reads = [tuple(map(int, result.read_text().split())) for result in results]
    tried, whole = (sum(column) for column in zip(*reads, strict=True))
    note = f"{CROWD} writers with {count} saves, {CROWD} readers; processes that failed {failed}"
    yield Row("reads of one name meanwhile", tried, whole if not failed else 0, note)


def read_until(stop: Path, root: Path, count: int, result: Path) -> None:
    """Load until a file appears; write how often, and how often all was whole."""
    tried = whole = 0
    while not stop.exists():
        tried += 1
        whole += holds(root, *range(count))
    result.write_text(f"{tried} {whole}")


CAMPAIGNS = {
    "damage": (damage, 500),
    "kills": (kills, 200),
    "faults": (faults, 50),
    "places": (places, 1),
    "many": (many, 10_000),
    "crowd": (crowd, 200),
}
"""With how many cases each has."""


def main() -> None:
    """Run the campaigns and print a row for each of their findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaigns", nargs="*", choices=[*CAMPAIGNS, []], help="all when none is named")
    parser.add_argument("--count", type=int, help="cases of each campaign")
    arguments = parser.parse_args()
    print("| | survived | |\n|---|---|---|")
    rows = []
    for name in arguments.campaigns or CAMPAIGNS:
        campaign, count = CAMPAIGNS[name]
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "artifacts"
            root.mkdir()
            for row in campaign(root, arguments.count or count):
                print(row, flush=True)
                rows.append(row)
    sys.exit(any(row.survived < row.tried for row in rows))


if __name__ == "__main__":
    main()
