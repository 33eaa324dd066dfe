# ruff: noqa: E501 - a case a line
"""Odd, damaged and malicious pictures, made on the spot: a line each.

`TAKEN` are valid pictures, `LARGE` valid ones at the door's limits, `REFUSED` what is no picture, broken or a bomb.
Names are what a visitor's file is called, often wrongly.
"""

import functools
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from siamese_core.images import MAX_BYTES
from tests.pictures import boot, encoded

Make = Callable[[], bytes]

MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK", "YCbCr"),
    "WEBP": ("L", "LA", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
}
FORMATS = tuple(MODES)
STORED = {  # EXIF orientation -> how upright pixels have to be stored
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
EXACT = {"PNG": {}, "JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}, "GIF": {}}
NAUGHTY_NAMES = (
    "", ".", "..", "/", "\\", "../../etc/passwd", "C:\\Windows\\win.ini", "/etc/passwd\0.png", "con.png", "a" * 5_000,
    "<script>alert(1)</script>.png", "![](http://a/b).png", "`rm -rf`.png", "$(id).png", "{0.__class__}{name}.png",
    "%s%n.png", "\u202egnp.exe", "\u0000\u001b[31m.png", "\ud800.png", "😀.png", "圖.png", "a\nb.png", "'; DROP TABLE--.png",
)  # fmt: skip


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, kind: int = 0, depth: int = 8, pixels: bytes = b"\0" * 64) -> bytes:
    """A PNG whose header says what it likes."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def webp(width: int, height: int) -> bytes:
    """A lossless WebP that ends after its header."""
    body = b"\x2f" + struct.pack("<I", (width - 1) & 0x3FFF | (height - 1) << 14 & 0xFFFC000) + b"\0" * 7
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body


def gif(width: int, height: int) -> bytes:
    """A GIF that ends after its first code."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame + b"\x3b"


def jpeg(width: int, height: int) -> bytes:
    """A JPEG whose header says what it likes."""
    data = bytearray(encoded(boot(64), "JPEG"))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(data)


HEADERS = {"png": png, "webp": webp, "gif": gif, "jpg": jpeg}


def sized(mode: str, size: int = 112) -> Image.Image:
    """The boot in any mode; where there is transparency, its paper is transparent."""
    if mode == "I;16":
        return Image.fromarray(np.asarray(boot(size)).astype(np.uint16) * 257)
    image = boot(size)
    if mode in ("LA", "RGBA"):
        image = image.convert(mode)
        image.putalpha(boot(size, ink=255, paper=0))
        return image
    return image.convert("RGB").convert(mode) if mode in ("P", "CMYK", "YCbCr") else image.convert(mode)


def oriented(kind: str, orientation: int, image: Image.Image | None = None) -> bytes:
    """The boot, or another picture, stored turned, with the EXIF orientation that undoes it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = STORED[orientation]
    upright = image or boot(112)
    return encoded(upright if turn is None else upright.transpose(turn), kind, exif=exif, **EXACT[kind])


def with_chunks(*chunks: bytes, times: int = 1) -> bytes:
    """The boot as a PNG, with these chunks after its header."""
    data = encoded(boot())
    return (data[:33] + b"".join(chunks) * times + data[33:])[:MAX_BYTES]


def with_segments(segment: bytes, times: int = 1) -> bytes:
    """The boot as a JPEG, with these segments at its start."""
    data = encoded(boot(), "JPEG")
    return data[:2] + segment * times + data[2:]


def with_blocks(block: bytes, times: int = 1) -> bytes:
    """The boot as a GIF, with these blocks before its frame."""
    data = encoded(boot(), "GIF")
    head = 13 + (3 << (data[10] & 7) + 1)
    return data[:head] + block * times + data[head:]


def in_tiny_chunks() -> bytes:
    """The boot as a PNG, with one byte of its pixels a chunk."""
    data = encoded(boot())
    start = data.index(b"IDAT")
    pixels = data[start + 4 : start + 4 + int.from_bytes(data[start - 4 : start], "big")]
    return data[: start - 4] + b"".join(chunk(b"IDAT", bytes([byte])) for byte in pixels) + chunk(b"IEND", b"")


def animated(kind: str) -> bytes:
    """The boot, followed by others."""
    frames = [boot().rotate(turn) for turn in range(0, 120, 20)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, **EXACT[kind])


def thousands_of_scans() -> bytes:
    """A progressive JPEG with its last scan a thousand times."""
    data = encoded(boot(2000), "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 1_000 + data[-2:]


def exif_of_one_blob() -> bytes:
    """Two thousand tags that all point to the same 400 KB: a reader that copies each takes 800 MB."""
    tags = b"".join(struct.pack(">HHII", 0x9000 + tag, 7, 400_000, 8) for tag in range(2_000))
    return b"MM\0*" + struct.pack(">IH", 8, 2_000) + tags + b"\0" * 400_004


@functools.cache
def colours(side: int) -> Image.Image:
    """Blocks of all colours, (side, side): compresses to a few MB and has no even part."""
    blocks = np.random.default_rng(0).integers(0, 256, (-(-side // 8), -(-side // 8), 3), dtype=np.uint8)
    return Image.fromarray(blocks.repeat(8, 0).repeat(8, 1)[:side, :side])


def clear(side: int) -> Image.Image:
    """The same, half transparent here and there."""
    image = colours(side).convert("RGBA")
    image.putalpha(image.getchannel("R"))
    return image


def strip(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A narrow picture, dark at one end."""
    image = Image.new("RGB", (width, height), (200, 220, 240))
    image.paste((10, 20, 30), (0, 0, max(1, width // 3), max(1, height // 3)))
    return image.convert(mode)


BIG_ICC = zlib.compress(b"\0" * 1_000_000, 9)
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="1"/></x:xmpmeta>'

TAKEN: dict[str, Make] = {
    **{f"{mode}.{kind}": functools.partial(lambda k, m: encoded(sized(m), k), kind, mode) for kind in FORMATS for mode in MODES[kind]},
    **{f"turned {turn}.{kind}": functools.partial(oriented, kind, turn) for kind in ("PNG", "JPEG", "WEBP") for turn in STORED},
    **{f"animated.{kind}": functools.partial(animated, kind) for kind in ("PNG", "WEBP", "GIF")},
    "interlaced.gif": lambda: encoded(boot(), "GIF", interlace=1),
    "progressive.jpg": lambda: encoded(boot(), "JPEG", progressive=True),
    "tiny thumbnail in EXIF.jpg": lambda: with_segments(b"\xff\xe1\0\x40Exif\0\0" + b"\xff\xda" * 28),
    "two-colour palette.png": lambda: encoded(boot().quantize(2)),
    "palette with a transparent entry.png": lambda: encoded(boot().convert("P"), transparency=255),
    "palette with alphas.png": lambda: encoded(boot().convert("P"), transparency=bytes(range(256))),
    "grey with a transparent level.png": lambda: encoded(boot(), transparency=255),
    "transparent colour.png": lambda: encoded(boot().convert("RGB"), transparency=(255, 255, 255)),
    "photo.jpg": lambda: encoded(boot()),
    "no extension": lambda: encoded(boot(), "WEBP"),
    "invoice.pdf": lambda: encoded(boot(), "GIF"),
    "page.html": lambda: encoded(boot(), "JPEG", comment=b"<html><script>alert(1)</script>"),
    "shell.php": lambda: with_chunks(chunk(b"tEXt", b"Comment\0<?php system($_GET[0]); ?>")),
    "archive.zip": lambda: encoded(boot()) + b"PK\x03\x04" + b"\0" * 200 + b"PK\x05\x06" + b"\0" * 18,
    "script.js": lambda: with_blocks(b"\x21\xfe\x0d*/=1;alert(1)\0"),
    "trailing noise.jpg": lambda: encoded(boot(), "JPEG") + np.random.default_rng(0).bytes(10_000),
    "huge colour profile.png": lambda: with_chunks(chunk(b"iCCP", b"a\0\0" + BIG_ICC)),
    "eight thousand colour profiles.png": lambda: with_chunks(chunk(b"iCCP", b"a\0\0" + BIG_ICC), times=7_900),
    "unpacking text.png": lambda: with_chunks(chunk(b"zTXt", b"a\0\0" + zlib.compress(b" " * 60_000_000)), times=20),
    "private chunks.png": lambda: with_chunks(chunk(b"abCd", b"x"), times=50_000),
    "a byte a chunk.png": in_tiny_chunks,
    "EXIF of one blob.png": lambda: with_chunks(chunk(b"eXIf", exif_of_one_blob())),
    "damaged EXIF.jpg": lambda: with_segments(b"\xff\xe1\0\x14Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12"),
    "orientation 9.jpg": lambda: with_segments(b"\xff\xe1\0\x20Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0\0\0\0\0"),
    "orientation in XMP.png": lambda: with_chunks(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
    "fill bytes.jpg": lambda: with_segments(b"\xff", 8_000_000),
    "comments.jpg": lambda: with_segments(b"\xff\xfe\0\x04hi", 50_000),
    "EXIF in pieces.jpg": lambda: with_segments(b"\xff\xe1\0\x09Exif\0\0x", 50_000),
    "comments.gif": lambda: with_blocks(b"\x21\xfe" + (b"\xff" + b"c" * 255) * 30_000 + b"\0"),
    "one dot.png": lambda: encoded(strip(2, 3)),
    "wide.png": lambda: encoded(strip(10_000, 1)),
    "tall.png": lambda: encoded(strip(1, 10_000)),
}  # fmt: skip

LARGE: dict[str, Make] = {
    "L.png": lambda: encoded(colours(4096).convert("L")),
    "RGB.png": lambda: encoded(colours(4096)),
    "RGBA.png": lambda: encoded(clear(4096)),
    "P.png": lambda: encoded(colours(4096).convert("L").convert("P"), transparency=0),
    "transparent colour.png": lambda: encoded(colours(4096), transparency=(0, 0, 0)),
    "16 bits.png": lambda: encoded(Image.fromarray(np.asarray(colours(4096).convert("L")).astype(np.uint16) * 257)),
    "L.gif": lambda: encoded(colours(4096).convert("L"), "GIF"),
    "transparent.gif": lambda: encoded(colours(4096).convert("L"), "GIF", transparency=0),
    "lossless.webp": lambda: encoded(clear(3535), "WEBP", lossless=True, quality=0, method=0),
    "lossy.webp": lambda: encoded(clear(3535), "WEBP", quality=30, method=0),
    "animated.webp": lambda: encoded(clear(3535), "WEBP", save_all=True, append_images=[clear(3535).rotate(90)], quality=1, method=0),
    "baseline.jpg": lambda: encoded(colours(7071), "JPEG", quality=20),
    "CMYK.jpg": lambda: encoded(colours(4000).convert("CMYK"), "JPEG", quality=20),
    "progressive.jpg": lambda: encoded(colours(7000), "JPEG", progressive=True, quality=5),
    "wide.png": lambda: encoded(strip(65_535, 256)),
    "tall.png": lambda: encoded(strip(256, 65_535, "RGBA")),
    "wide.jpg": lambda: encoded(strip(65_500, 763, "CMYK"), "JPEG", quality=30),
    "tall.jpg": lambda: encoded(strip(511, 65_500), "JPEG", progressive=True, quality=30),
}  # fmt: skip

REFUSED: dict[str, Make] = {
    **{f"bomb of {side}.{kind}": functools.partial(HEADERS[kind], side, side) for kind in ("png", "webp", "gif") for side in (4_097, 9_400, 16_383)},
    **{f"wide {side}.{kind}": functools.partial(HEADERS[kind], side, 1) for kind in ("png", "webp", "gif") for side in (0, 1, 16_384, 65_535)},
    "bomb.jpg": lambda: jpeg(65_500, 65_500),
    "bomb of rows.png": lambda: png(1, 16_000_000, pixels=b"\0\1" * 16_000_000),
    "bomb of columns.png": lambda: png(16_000_000, 1, kind=6, pixels=b"\0" + b"\1\2\3\4" * 16_000_000),
    "bomb of four billion.png": lambda: png(2**32 - 1, 2**32 - 1),
    "pixels that never end.png": lambda: png(64, 64, pixels=b"")[:33] + chunk(b"IDAT", zlib.compress(b"\0" * 10)),
    "thousands of scans.jpg": thousands_of_scans,
    "empty segments.jpg": lambda: with_segments(b"\xff\xe5\0\2", 1_900_000),
    "tables.jpg": lambda: with_segments(b"\xff\xdb\0\x43\0" + b"\1" * 64, 100_000),
    "empty chunks.png": lambda: with_chunks(chunk(b"abCd", b""), times=650_000),
    "empty comments.gif": lambda: with_blocks(b"\x21\xfe\0", 2_500_000),
    "empty.png": lambda: b"",
    "too large.png": lambda: encoded(boot()).ljust(MAX_BYTES + 1, b"\0"),
    "noise.png": lambda: np.random.default_rng(0).bytes(MAX_BYTES),
    "zeros.jpg": lambda: b"\0" * MAX_BYTES,
    "only magic.png": lambda: b"\x89PNG\r\n\x1a\n",
    "only magic.jpg": lambda: b"\xff\xd8\xff",
    "only magic.gif": lambda: b"GIF89a",
    "only magic.webp": lambda: b"RIFF\0\0\0\0WEBP",
    "fill bytes without end.jpg": lambda: b"\xff\xd8" + b"\xff" * 8_000_000,
    "drawing.svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "entities.svg": lambda: b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
    "push.mvg": lambda: b"push graphic-context\nfill 'url(https://a/|id)'\npop graphic-context",
    "shell.eps": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file",
    **{f"boot.{kind}": functools.partial(lambda k: encoded(boot(), k), kind) for kind in ("BMP", "TIFF", "ICO", "PPM", "TGA", "PDF", "PCX", "JPEG2000")},
    **{f"blank {level}.png": functools.partial(lambda level: encoded(Image.new("L", (99, 99), level)), level) for level in (0, 128, 255)},
    "nothing but transparent.png": lambda: encoded(Image.new("RGBA", (99, 99), (9, 200, 9, 0))),
    **{f"half.{kind}": functools.partial(lambda k: encoded(colours(64), k)[: len(encoded(colours(64), k)) // 2], kind) for kind in FORMATS},
}  # fmt: skip


def damaged(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of small pictures with some bytes changed, cut out or put in: taken or refused, never a crash."""
    rng = np.random.default_rng(seed)
    whole = [(kind, encoded(colours(48).convert("L" if kind == "GIF" else "RGB"), kind)) for kind in FORMATS]
    for number in range(count):
        kind, data = whole[number % len(whole)]
        changed = bytearray(data)
        for at in rng.integers(0, len(data), rng.integers(1, 6)):
            changed[at] = rng.integers(256)
        if number % 3 == 1:
            del changed[rng.integers(len(data)) :]
        elif number % 3 == 2:
            at = rng.integers(len(data))
            changed[at:at] = rng.bytes(rng.integers(1, 40))
        yield f"damaged {number}.{kind.lower()}", bytes(changed)


def everything() -> Iterator[tuple[str, Make, bool]]:
    """(name, its bytes, whether it is valid) of all above."""
    for group, cases, valid in (("taken", TAKEN, True), ("large", LARGE, True), ("refused", REFUSED, False)):
        for name, make in cases.items():
            yield f"{group}: {name}", make, valid
