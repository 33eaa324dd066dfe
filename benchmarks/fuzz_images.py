"""Atheris at the door for pictures: any exception but a refusal is a finding, and ends it.

    pip install atheris      # not a dependency of this project
    python benchmarks/fuzz_images.py FOLDER -runs=1000000 -max_len=1024

FOLDER keeps what was found to reach new code, between runs too; it is filled with small pictures first. All options
are libFuzzer's. Pillow's Python and this project's modules are watched for coverage; half of all changed PNGs get right
checksums, so that damage comes past them.
"""

import struct
import sys
import zlib
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
with atheris.instrument_imports(include=["PIL", "siamese_core.containers", "siamese_core.images"]):
    from siamese_core.errors import ImageRejectedError
    from siamese_core.images import load_image
from tests.hostile.made import MODES, TAKEN, encoded, oriented, sized

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SEED_BYTES = 1_000
SEED_SIDE = 12
"""Pixels: what a run takes, it takes for decoding and fitting them."""


def one_picture(data: bytes) -> None:
    """Load it, or be refused."""
    try:
        picture = load_image(data)
    except ImageRejectedError:
        return
    if picture.shape != (28, 28) or picture.dtype != "uint8":
        raise AssertionError(f"{picture.dtype} {picture.shape}")


def changed(data: bytes, max_size: int, seed: int) -> bytes:
    """The file changed as libFuzzer likes; every other PNG with right checksums."""
    data = atheris.Mutate(data, max_size)
    return with_checksums(data)[:max_size] if seed % 2 and data.startswith(SIGNATURE) else data


def with_checksums(data: bytes) -> bytes:
    """The PNG with the checksum of each of its chunks made right."""
    parts, at = [SIGNATURE], len(SIGNATURE)
    while at + 12 <= len(data):
        length = min(int.from_bytes(data[at : at + 4], "big"), len(data) - at - 12)
        body = data[at + 4 : at + 8 + length]
        parts += [struct.pack(">I", length), body, struct.pack(">I", zlib.crc32(body))]
        at += 12 + length
    return b"".join(parts)


def write_seeds(folder: Path) -> None:
    """Tiny pictures of all kinds, and what is small among the odd ones that the door takes."""
    folder.mkdir(parents=True, exist_ok=True)
    tiny = [encoded(sized(mode, SEED_SIDE), kind) for kind, modes in MODES.items() for mode in modes]
    turned = [oriented(kind, 6, sized("L", SEED_SIDE)) for kind in ("PNG", "JPEG", "WEBP")]
    odd = [data for data in (make() for make in TAKEN.values()) if len(data) <= SEED_BYTES]
    for number, data in enumerate(tiny + turned + odd):
        (folder / f"seed-{number}").write_bytes(data)


def main() -> None:
    """Fill the first folder named, and let libFuzzer run."""
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    if folders:
        write_seeds(folders[0])
    atheris.Setup(sys.argv, one_picture, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
