"""A picture's file without what is no pixel: a decoder sees nothing of a stranger's metadata.

Pillow reads metadata in Python and believes them. Eight megabytes of colour profiles that unpack to a megabyte each, of
empty segments or of fill bytes keep it busy for minutes, and nothing of them is wanted here but the orientation. So
each format's chunks are walked once, the few that pixels need are kept, and the orientation is read on the way.

References: PNG third edition, 5; ITU T.81, B; GIF89a; RFC 9649 (WebP); CIPA DC-008 (EXIF), 4.6.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PARTS = 100_000  # chunks, segments or blocks gone through; a file of 8 MB in chunks of 100 bytes stays below
MAX_TABLES = 1_000  # segments of a JPEG before its pixels; ordinary ones have ten
UPRIGHT = 1
"""The EXIF orientation of a picture that is stored as it is seen."""

_PNG = b"\x89PNG\r\n\x1a\n"
_XMP_IN_PNG = b"XML:com.adobe.xmp\0\0"  # the second zero: not compressed
_XMP_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])")
_JPEG_MARKER = re.compile(rb"\xff([^\xff])")
_JPEG_WITHOUT_BODY = {0x00, 0x01, *range(0xD0, 0xD9)}  # stuffing, TEM, restarts and the start of the picture
_JPEG_KEPT = {*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD, 0xEE}  # frames, tables, restart intervals, Adobe's colours
_SOS, _EOI, _APP0, _APP1 = 0xDA, 0xD9, 0xE0, 0xE1


@dataclass(frozen=True)
class Bare:
    """A picture's file, bare.

    Attributes:
        data: The file, with little but what its pixels need.
        orientation: How the picture is turned, 1 to 8 as EXIF counts.
    """

    data: bytes
    orientation: int = UPRIGHT


def bare(data: bytes) -> Bare:
    """The file without its metadata; what is neither PNG, JPEG, GIF nor WebP comes back as it is.

    Raises:
        ValueError: It is made of more parts than any picture needs, or of impossible ones.
    """
    if data.startswith(_PNG):
        return _bare_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _bare_jpeg(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Bare(_bare_gif(data))
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Bare(data, _webp_orientation(data))  # libwebp reads it, and is not slowed down by metadata
    return Bare(data)


def _bare_png(data: bytes) -> Bare:
    """Header, palette, transparent colour, all pixels in one chunk: Pillow takes a step in Python for each chunk."""
    kept: dict[bytes, bytes] = {}
    pixels = []
    exif = xmp = b""
    for kind, start, body in _png_chunks(data):
        if kind == b"IDAT":
            pixels.append(body)
        elif kind in (b"IHDR", b"PLTE", b"tRNS"):
            kept.setdefault(kind, data[start : start + 12 + len(body)])
        elif kind == b"eXIf":
            exif = exif or body
        elif kind == b"iTXt" and body.startswith(_XMP_IN_PNG):
            xmp = xmp or body
    whole = b"IDAT" + b"".join(pixels)
    end = [struct.pack(">I", len(whole) - 4), whole, struct.pack(">I", zlib.crc32(whole)), b"\0\0\0\0IEND\xaeB`\x82"]
    parts = [kept.get(kind, b"") for kind in (b"IHDR", b"PLTE", b"tRNS")]
    return Bare(b"".join([_PNG, *parts, *end]), _orientation(exif, xmp))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """(kind, where it starts, body) of each chunk up to IEND; the last body may be cut off."""
    at = len(_PNG)
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            return
        yield kind, at, data[at + 8 : at + 8 + length]
        at += 12 + length
    raise ValueError("a PNG of too many chunks")


def _bare_jpeg(data: bytes) -> Bare:
    """Frames and tables up to the first scan, and everything from there on, which libjpeg reads."""
    parts = [data[:2]]
    exif = xmp = b""
    at = 2
    for _ in range(MAX_PARTS):
        found = _JPEG_MARKER.search(data, at)  # before a marker there may be any number of fill bytes
        if found is None:
            break
        start, at, marker = found.start(), found.end(), found[1][0]
        if marker in (_SOS, _EOI):
            return Bare(b"".join([*parts, data[start:]]), _orientation(exif, xmp))
        if marker in _JPEG_WITHOUT_BODY:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or len(parts) > MAX_TABLES:
            break
        body = data[at + 2 : at + length]
        at += length
        if marker in _JPEG_KEPT or (marker == _APP0 and len(parts) == 1):
            parts.append(data[start:at])
        elif marker == _APP1 and body.startswith(b"Exif\0"):
            exif = exif or body
        elif marker == _APP1 and body.startswith(_XMP_IN_JPEG):
            xmp = xmp or body
    raise ValueError("a JPEG of too many or impossible segments, or without a scan")


def _bare_gif(data: bytes) -> bytes:
    """The first frame and what follows, without extensions before it but the one that says what is transparent."""
    flags = data[10] if len(data) > 10 else 0
    head = at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    control = b""
    for _ in range(MAX_PARTS):
        if data[at : at + 1] != b"!":
            if data[at : at + 1] in (b",", b";", b""):
                return data[:head] + control + data[at:]
            at += 1
            continue
        start, at = at, at + 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
        if data[start + 1 : start + 2] == b"\xf9":
            control = data[start:at]
    raise ValueError("a GIF of too many blocks")


def _webp_orientation(data: bytes) -> int:
    found = {b"EXIF": b"", b"XMP ": b""}
    at = 12
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return _orientation(found[b"EXIF"], found[b"XMP "])
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in found and not found[kind]:
            found[kind] = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise ValueError("a WebP of too many chunks")


def _orientation(exif: bytes, xmp: bytes) -> int:
    """What EXIF says, else what XMP says, else upright; damaged metadata say nothing."""
    said = _exif_orientation(exif.removeprefix(b"Exif\0\0"))
    if said is None and (found := _XMP_ORIENTATION.search(xmp)):
        said = int(found[1])
    return said if said in range(1, 9) else UPRIGHT  # type: ignore[return-value]


def _exif_orientation(tiff: bytes) -> int | None:
    """The tag 0x0112 of the first directory; None where there is none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", tiff, entry)
            if tag == 0x0112:
                return int(struct.unpack_from(order + {1: "B", 4: "I"}.get(kind, "H"), tiff, entry + 8)[0])
    except struct.error:
        pass
    return None
