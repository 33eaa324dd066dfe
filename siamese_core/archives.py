"""A ZIP file read by the letter: expected members, each once, plain, within bounds, with nothing around them.

`zipfile` takes what it can make sense of: files before or behind the archive, members that share bytes or that no list
names, a list of a million of them. Two readers may then see two different files in one. Here one reading is left.
What no reader unpacks may still lie in a member: in the extra fields of its headers, behind the end of its own stream.

References:
    D. Fifield, "A better zip bomb", WOOT 2019: members that overlap.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping
from itertools import pairwise

from siamese_core.errors import BundleError

_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<6x2H4x3L2H")
_ELSEWHERE = 0xFFFFFFFF  # zip64's word for a size; NumPy writes it into local headers, whatever the size
_MAX_MEMBERS, _MAX_LIST = 100, 30_000
"""Members and bytes of a list that is looked at at all: so many can cost nothing."""
_LOCKED, _HARMLESS = 0x1, 0x806  # flags; the latter say how hard was compressed, and that the name is UTF-8
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)


def read_members(content: bytes, limits: Mapping[str, int], *, optional: Collection[str] = ()) -> dict[str, bytes]:
    """The members by name.

    Args:
        content: The file.
        limits: The most bytes that each member may unpack to, by its name; there may be no others.
        optional: Those that may be missing.

    Raises:
        ValueError: It is no ZIP, a damaged one, or one with anything besides its members.
        BundleError: It has other members than these, a link, a locked or a larger one.
    """
    _check_end(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries, limits, optional)
            _check_nothing_besides(content, entries, archive.start_dir)
            return {entry.filename: _read(archive, entry) for entry in entries}
    except _UNREADABLE as error:
        raise ValueError("not a sound ZIP file") from error


def _check_end(content: bytes) -> None:
    """Accept a file that ends with a ZIP's end, without a comment, right after a short list of members.

    Raises:
        ValueError: It does not; zip64 and archives in parts do not either.
    """
    size = len(content)
    if size < _END.size:
        raise ValueError("too short")
    mark, disk, first_disk, here, count, length, start, comment = _END.unpack_from(content, size - _END.size)
    is_whole = mark == b"PK\5\6" and not disk and not first_disk and not comment and here == count <= _MAX_MEMBERS
    is_at_end = length <= _MAX_LIST and start + length + _END.size == size
    if not (is_whole and is_at_end) or content[-42:-38] == b"PK\6\7":  # where zip64's end would be looked for
        raise ValueError("no end of a ZIP")


def _check_entries(entries: list[zipfile.ZipInfo], limits: Mapping[str, int], optional: Collection[str]) -> None:
    """Accept plain members of the right names and sizes.

    Raises:
        BundleError: They are others.
    """
    names = [entry.orig_filename for entry in entries]
    if len(names) != len(set(names)) or not limits.keys() - set(optional) <= set(names) <= limits.keys():
        raise BundleError("This file does not hold the files of a model, each once and nothing else.")
    for entry in entries:
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG) or entry.flag_bits & _LOCKED:
            raise BundleError("This file holds links or locked files; a model has neither.")
        if entry.flag_bits & ~_HARMLESS or entry.volume or entry.compress_type not in _METHODS:
            raise ValueError("sizes that come later, parts, or compressed otherwise")
        limit = limits[entry.orig_filename]
        if entry.file_size > limit:
            raise BundleError(
                "The {file} in this file would unpack to more than {high:g} MB.",
                file=entry.orig_filename,
                high=limit / 1_000_000,
            )


def _check_nothing_besides(content: bytes, entries: list[zipfile.ZipInfo], start_of_list: int) -> None:
    """Accept members that lie one behind the other from the first byte to the list of members.

    Raises:
        ValueError: They overlap, or something else lies there too.
    """
    entries = sorted(entries, key=lambda entry: entry.header_offset)
    starts = [*(entry.header_offset for entry in entries), start_of_list]
    for entry, (start, end) in zip(entries, pairwise(starts), strict=True):
        flags, method, checksum, packed, size, name, extra = _LOCAL.unpack_from(content, start)
        if (flags, method, checksum) != (entry.flag_bits, entry.compress_type, entry.CRC):
            raise ValueError("a member of two kinds")
        if (packed, size) not in ((entry.compress_size, entry.file_size), (_ELSEWHERE, _ELSEWHERE)):
            raise ValueError("a member of two sizes")
        if start + _LOCAL.size + name + extra + entry.compress_size != end:
            raise ValueError("bytes that no member has")
    if starts[0] != 0:
        raise ValueError("bytes before the first member")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A member, of which nothing is unpacked beyond the size it says; its checksum is `zipfile`'s business.

    Raises:
        ValueError: It is smaller.
    """
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise ValueError("a member smaller than it says")
    return content
