"""Arrays as an npz file: written by NumPy, read without it, since a header may promise more than memory holds.

A header is one of the few that NumPy writes for plain numbers, or none; the array is the bytes that are there.
"""

import io
import math
import re
import zipfile
import zlib
from collections.abc import Collection, Mapping

import numpy as np

from siamese_core.archives import read_members
from siamese_core.errors import BundleError

MAX_BYTES = 16_000_000
"""Of an array: 10,000 embeddings of 322 float32 numbers, the longest here, take 13 MB."""
DAMAGE = (OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What `numpy.load`, and what it looks into, may raise of a file of ours that has been damaged."""
_SUFFIX = ".npy"
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f[248]|<u2|<i[48])', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,9}, )*(?:\d{1,9},?)?)\), \} *\n",
    re.DOTALL,
)


def to_npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An npz file with these arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def from_npz(content: bytes, names: Collection[str]) -> dict[str, np.ndarray]:
    """The arrays by name, of those names at most.

    Raises:
        ValueError: It is no such file, has others, or one that is not what `to_npz` writes.
    """
    members = [name + _SUFFIX for name in names]
    try:
        found = read_members(content, dict.fromkeys(members, MAX_BYTES), optional=members)
    except BundleError as error:
        raise ValueError(str(error)) from error
    return {name.removesuffix(_SUFFIX): _parse(array) for name, array in found.items()}


def _parse(content: bytes) -> np.ndarray:
    header = _HEADER.match(content)
    if header is None:
        raise ValueError("not the header of an array of plain numbers")
    dtype, order = np.dtype(header[1].decode()), "F" if header[2] == b"True" else "C"
    shape = tuple(map(int, header[3].replace(b",", b" ").split()))
    if len(content) - header.end() != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array of another size than its header says")
    return np.frombuffer(content, dtype, offset=header.end()).reshape(shape, order=order)  # type: ignore[call-overload,no-any-return]
