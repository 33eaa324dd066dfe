"""Real odd pictures, which others collected: fetched once into a cache outside the repository.

Pillow's source distribution carries the pictures of its own tests, and pypng's a large part of PngSuite by Willem van
Schaik. Both come by `pip download`, as any package does.
"""

import ast
import binascii
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pooch

CACHE = pooch.os_cache("siamese-hostile")
PATIENCE_SECONDS = 180


def pillows_pictures(cache: Path = CACHE) -> Path:
    """The folder of the pictures of Pillow's tests.

    Raises:
        OSError: They cannot be had.
    """

    def unpack(archive: tarfile.TarFile, folder: Path) -> None:
        for member in archive:
            if "/Tests/images/" in member.name and member.isfile():
                member.name = member.name.split("/Tests/images/")[1].replace("/", " ")
                archive.extract(member, folder, filter="data")

    return _fetched("pillow", "13.0.0", unpack, cache)


def png_suite(cache: Path = CACHE) -> Path:
    """The folder of PngSuite's pictures.

    Raises:
        OSError: They cannot be had.
    """

    def unpack(archive: tarfile.TarFile, folder: Path) -> None:
        member = next(name for name in archive.getnames() if name.endswith("/code/pngsuite.py"))
        source = archive.extractfile(member)
        for name, data in _hexadecimal(source.read() if source else b""):
            (folder / f"{name}.png").write_bytes(data)

    return _fetched("pypng", "0.20220715.0", unpack, cache)


def _fetched(package: str, version: str, unpack, cache: Path) -> Path:
    """The folder that `unpack` filled from a package's source, now or before; it appears whole or not at all."""
    folder = cache / f"{package}-{version}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package]
        try:
            subprocess.run(
                [*command, "--dest", work, f"{package}=={version}"],
                check=True,
                timeout=PATIENCE_SECONDS,
                capture_output=True,
            )
        except subprocess.SubprocessError as error:
            raise OSError(f"pip cannot download the source of {package} {version}") from error
        pictures = Path(work) / "pictures"
        pictures.mkdir()
        with tarfile.open(next(Path(work).glob("*.tar.gz"))) as archive:
            unpack(archive, pictures)
        try:
            os.rename(pictures, folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker
                raise
    return folder


def _hexadecimal(source: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each picture in pypng's module, a dictionary of calls with digits; nothing of it is run."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Call):
                    digits = ast.literal_eval(value.args[0])
                    yield str(key.value), binascii.unhexlify(b"".join(digits.split()))
