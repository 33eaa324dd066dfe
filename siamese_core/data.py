"""Fashion-MNIST as a collection: found on this machine or downloaded, and verified.

Reference: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", 2017. MIT licence.
"""

import gzip
import hashlib
import io
import math
import mmap
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siamese_core.collection import Collection, Split
from siamese_core.errors import DataError

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
IMAGE_SHAPE = (28, 28)
_PIECE = 1 << 20  # bytes: unpacking takes no more memory than this

SAMPLE_FOLDER = Path(__file__).resolve().parent.parent / "artifacts" / "sample"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
DOWNLOAD_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"  # from the data set's README
CONNECT_SECONDS = 2.0
"""Who is offline is told so at once; a server on the other side of the world answers in a third of a second."""
STALL_SECONDS = 15.0
"""The longest silence in the middle of a file."""
HOW_TO_GET_IT = (
    "Run `python -m siamese_core data` to download it, install Debian's package dataset-fashion-mnist, "
    "or set FASHION_MNIST_DIR to a folder with the four .gz files."
)


@dataclass(frozen=True)
class _IdxFile:
    """One file of the data set.

    Attributes:
        name: Its name everywhere.
        count: Items in it.
        content: SHA-256 of the decompressed bytes: Debian's files were compressed anew, their content is the same.
        archive: SHA-256 of the published .gz file, whose MD5 stands in the data set's README.
    """

    name: str
    count: int
    content: str
    archive: str


FILES = {
    ("train", "images"): _IdxFile(
        "train-images-idx3-ubyte.gz",
        60_000,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    ("train", "labels"): _IdxFile(
        "train-labels-idx1-ubyte.gz",
        60_000,
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    ("test", "images"): _IdxFile(
        "t10k-images-idx3-ubyte.gz",
        10_000,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    ("test", "labels"): _IdxFile(
        "t10k-labels-idx1-ubyte.gz",
        10_000,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}
"""SHA-256 of the published archives (as in TensorFlow Datasets' checksums) and of what they hold."""


def open_collection() -> Collection:
    """What this machine has without asking the network: the whole data set, else the sample of 1,000 test images.

    Raises:
        DataError: `$FASHION_MNIST_DIR` is set and incomplete, or not even the sample is there.
    """
    folder = find_folder()
    return _collection_in(folder) if folder else load_sample()


def load_collection(*, download: bool = True) -> Collection:
    """The whole data set, downloaded into the user's cache when it is nowhere on this machine, or damaged there.

    Raises:
        DataError: It is not here and must not or cannot be downloaded.
    """
    folder = find_folder()
    if download and (folder is None or folder == _cache_folder()):
        folder = _download()
    if folder is None:
        raise DataError("Fashion-MNIST is not on this machine. " + HOW_TO_GET_IT)
    return _collection_in(folder)


def load_sample() -> Collection:
    """The 1,000 stratified test images that ship with the project; its training split is empty.

    Raises:
        DataError: The sample is missing or damaged.
    """
    path = SAMPLE_FOLDER / "sample.npz"
    try:
        content = path.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            test = Split("test", arrays["images"], arrays["labels"], arrays["ids"])
    except (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError("The sample {file} is missing or damaged. " + HOW_TO_GET_IT, file=path.name) from error
    nothing = np.zeros(0, np.int32)
    train = Split("train", np.zeros((0, *IMAGE_SHAPE), np.uint8), nothing.astype(np.uint8), nothing)
    return Collection(
        {"train": train, "test": test}.__getitem__,
        name="Fashion-MNIST (sample)",
        class_names=CLASS_NAMES,
        complete=False,
        source="the 1,000 test images that come with this project",
        fingerprint=hashlib.sha256(content).hexdigest(),
    )


def find_folder() -> Path | None:
    """The first folder on this machine that holds the four files, or None.

    Raises:
        DataError: `$FASHION_MNIST_DIR` is set and a file is missing there.
    """
    chosen = os.environ.get("FASHION_MNIST_DIR")
    if chosen:
        missing = [file.name for file in FILES.values() if not (Path(chosen) / file.name).is_file()]
        if missing:
            raise DataError("FASHION_MNIST_DIR has no file {file}. " + HOW_TO_GET_IT, file=missing[0])
        return Path(chosen)
    keras_home = Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras"))  # noqa: PTH111  (may be homeless)
    for folder in (keras_home / "datasets" / "fashion-mnist", DEBIAN_FOLDER, _cache_folder()):
        if all((folder / file.name).is_file() for file in FILES.values()):
            return folder
    return None


def _collection_in(folder: Path) -> Collection:
    contents = "".join(file.content for file in FILES.values())
    return Collection(
        lambda name: _read_split(folder, name),
        name="Fashion-MNIST",
        class_names=CLASS_NAMES,
        complete=True,
        source=str(folder),
        fingerprint=hashlib.sha256(contents.encode()).hexdigest(),
    )


def _read_split(folder: Path, name: str) -> Split:
    images = _read_idx(folder, FILES[name, "images"], IMAGE_SHAPE)
    labels = _read_idx(folder, FILES[name, "labels"], ())
    return Split(name, images, labels, np.arange(len(labels), dtype=np.int32))


def _read_idx(folder: Path, file: _IdxFile, item_shape: tuple[int, ...]) -> np.ndarray:
    """The array in an idx file; the header is not believed but covered by the hash of the whole content."""
    path = folder / file.name
    header_bytes = 4 + 4 * (1 + len(item_shape))
    size = header_bytes + file.count * math.prod(item_shape)
    try:
        content: mmap.mmap | bytes = _map(_unpack(path, file.content, size))
    except OSError:  # there is no room, or no place at all, for temporary files
        content = b"".join(_unpack(path, file.content, size))
    return np.frombuffer(content, np.uint8, offset=header_bytes).reshape(file.count, *item_shape)


def _unpack(path: Path, sha256: str, size: int) -> Iterator[bytes]:
    """What an archive holds, piece by piece; none of it is to be used before the last piece has come.

    Raises:
        DataError: It cannot be read, or its content has another hash or more bytes than this.
    """
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as archive:
            while size >= 0 and (piece := archive.read(_PIECE)):
                size -= len(piece)
                digest.update(piece)
                yield piece
    except (OSError, EOFError, zlib.error) as error:
        raise DataError("The data file {file} cannot be read. " + HOW_TO_GET_IT, file=path.name) from error
    if digest.hexdigest() != sha256:
        raise DataError(
            "The data file {file} is damaged: its checksum is wrong; delete it. " + HOW_TO_GET_IT, file=path.name
        )


def _map(pieces: Iterator[bytes]) -> mmap.mmap:
    """The pieces as one content to read, in a file without a name that goes with the process.

    Only what is looked at takes memory, and the system may take that back.
    """
    with tempfile.TemporaryFile() as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _cache_folder() -> Path:
    import pooch  # 0.2 s: only where the earlier places had nothing

    return Path(pooch.os_cache("siamese-fashion-mnist"))


def _download() -> Path:
    """The cache, with every file in it that was missing or damaged; each appears there whole, or not at all."""
    import pooch
    from requests import RequestException

    folder = _cache_folder()
    fetch = pooch.HTTPDownloader(progressbar=True, timeout=(CONNECT_SECONDS, STALL_SECONDS))
    for file in FILES.values():
        try:
            pooch.retrieve(DOWNLOAD_URL + file.name, f"sha256:{file.archive}", file.name, folder, downloader=fetch)
        except RequestException as error:  # which is an OSError
            raise DataError("The data file {file} could not be downloaded. " + HOW_TO_GET_IT, file=file.name) from error
        except ValueError as error:
            raise DataError(
                "What was sent in place of the data file {file} is another one; try again later. " + HOW_TO_GET_IT,
                file=file.name,
            ) from error
        except OSError as error:
            raise DataError(
                "The data file {file} cannot be kept on this machine: {why}. " + HOW_TO_GET_IT,
                file=file.name,
                why=error.strerror or type(error).__name__,
            ) from error
    return folder
