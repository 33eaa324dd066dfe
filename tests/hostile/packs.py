# ruff: noqa: E501 - a case a line
"""Hostile packs, made on the spot: a line each, none of which may be taken for a model.

Whoever unpickles, executes or unpacks one of them makes a folder `CANARY` or a file somewhere: there must be none.
"""

import functools
import gzip
import hashlib
import io
import json
import os
import pickle
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle
from siamese_core.bundle import FILES, MANIFEST, OPTIONAL_FILES
from siamese_core.packing import MAX_BYTES

Make = Callable[[], bytes]
CANARY = "canary"
ALL = (*FILES, *OPTIONAL_FILES, MANIFEST)
HTML = "<img src=x onerror=alert(1)>"
CONTROL = "\x1b[31m\x00\x07"
_PLACES = {  # of a member's fields in its local header and in the list: where, and how they are packed
    "flags": (6, 8, "<H"),
    "method": (8, 10, "<H"),
    "crc": (14, 16, "<L"),
    "packed": (18, 20, "<L"),
    "size": (22, 24, "<L"),
    "disk": (None, 34, "<H"),
    "offset": (None, 42, "<L"),
}


class Payload:
    """Makes the canary when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (CANARY,)


@functools.cache
def honest(name: str = "classic") -> bytes:
    """A pack with every file of a bundle, as earlier versions wrote it."""
    return zipped(load_bundle(name, PROJECT_ARTIFACTS).files, zipfile.ZIP_DEFLATED)


def unpacked(content: bytes | None = None) -> dict[str, bytes]:
    """The files of a pack."""
    return dict(_unpacked(content))


@functools.cache
def _unpacked(content: bytes | None) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content or honest())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(
    files: Mapping[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_STORED
) -> bytes:
    """These files as a ZIP, which may hold a name twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            entry = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            entry.compress_type = method
            archive.NameToInfo.pop(entry.filename, None)  # else a name that is there twice warns
            archive.writestr(entry, content)
    return buffer.getvalue()


def careful(files: Mapping[str, bytes], of: bytes | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    """The pack with these files in place of its own, and a manifest that names all truly."""
    return truly_named(unpacked(of) | files, method)


def truly_named(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """These files and a manifest that names all truly."""
    contents = {name: content for name, content in files.items() if name != MANIFEST}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return zipped(contents | {MANIFEST: json.dumps({"schema": 1, "files": hashes}).encode()}, method)


def careless(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """The pack with these files in place of its own, or more of them, and its old manifest."""
    return zipped(unpacked() | files, method)


def bomb(file: str) -> bytes:
    """The pack with 100 MB of nothing in a file, in 100 kB."""
    return careless({file: bytes(100_000_000)}, zipfile.ZIP_DEFLATED)


# The archive


def edited(content: bytes, file: str, *, in_list: bool = True, local: bool = True, **fields: int) -> bytes:
    """The archive with fields of a member changed, in its own header or in the list of members or both."""
    changed = bytearray(content)
    entry = content.index(file.encode(), _list(content)) - 46
    (header,) = struct.unpack_from("<L", content, entry + 42)
    for field, value in fields.items():
        here, there, form = _PLACES[field]
        if local and here is not None:
            struct.pack_into(form, changed, header + here, value)
        if in_list:
            struct.pack_into(form, changed, entry + there, value)
    return bytes(changed)


def _list(content: bytes) -> int:
    """Where the list of members begins."""
    return struct.unpack_from("<L", content, len(content) - 6)[0]


def end(count: int, length: int, start: int, comment: bytes = b"") -> bytes:
    """The end of an archive."""
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, length, start, len(comment)) + comment


def crowded(count: int, name: bytes = b"a") -> bytes:
    """An archive that lists so many members, of which there is one."""
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    return local + entry * count + end(count & 0xFFFF, len(entry) * count, len(local))


def crowded_in_zip64(count: int) -> bytes:
    """The same, hidden behind an honest end: readers of zip64 look before it."""
    body = crowded(count)
    start, length = _list(body), len(body) - 22 - _list(body)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body) - 22, 1)
    return body[:-22] + wide + locator + end(1, len(wide) + len(locator), len(body) - 22)


def with_gap(gap: bytes) -> bytes:
    """The pack with bytes between its members and the list of them."""
    content, start = honest(), _list(honest())
    return content[:start] + gap + content[start:-22] + end(len(ALL), len(content) - 22 - start, start + len(gap))


def behind(prefix: bytes) -> bytes:
    """The pack behind something else, with every place in it moved: both are whole files."""
    buffer = io.BytesIO(prefix)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in unpacked().items():
            archive.writestr(name, content)
    return buffer.getvalue()


def special(kind: int, content: bytes = b"/etc/passwd") -> bytes:
    """The pack with a map that is a link, a pipe, a device."""
    entry = zipfile.ZipInfo("map.npz")
    entry.external_attr = (kind | 0o777) << 16
    return zipped([*((name, body) for name, body in unpacked().items() if name != "map.npz"), (entry, content)])


def overlapping() -> bytes:
    """Two members that are one."""
    content = honest()
    start = _list(content)
    at = struct.unpack_from("<L", content, content.index(b"gallery.npz", start) - 4)[0]
    return edited(content, "map.npz", offset=at)


def flipped(file: str) -> bytes:
    """The pack with one bit of a member's compressed bytes turned."""
    content = bytearray(honest())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(file)
    content[entry.header_offset + 30 + len(file) + entry.compress_size // 2] ^= 0x10
    return bytes(content)


def flipped_within(file: str) -> bytes:
    """The pack with one bit of a file turned, packed again by somebody who leaves the manifest alone."""
    content = bytearray(unpacked()[file])
    content[len(content) // 2] ^= 1
    return careless({file: bytes(content)})


def tarred() -> bytes:
    """The pack's files in another kind of archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in unpacked().items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


# The settings


def settings(file: str, **changes: Any) -> bytes:
    """The pack with settings changed."""
    return careful({file: json.dumps(json.loads(unpacked()[file]) | changes).encode()})


def recipe(**changes: Any) -> bytes:
    """The pack with another recipe."""
    return settings("config.json", recipe=json.loads(unpacked()["config.json"])["recipe"] | changes)


def epoch(**changes: Any) -> bytes:
    """The pack with its last epoch's figures changed."""
    history = json.loads(unpacked()["history.json"])
    history[-1] |= changes
    return careful({"history.json": json.dumps(history).encode()})


def epochs(count: int) -> bytes:
    """The pack with its first epoch so often."""
    first = json.dumps(json.loads(unpacked()["history.json"])[0]).encode()
    return careful({"history.json": b"[" + b",".join([first] * count) + b"]"})


def figure(group: str, **changes: Any) -> bytes:
    """The pack with figures of a measurement changed."""
    return settings("metrics.json", **{group: json.loads(unpacked()["metrics.json"])[group] | changes})


def manifest(**changes: Any) -> bytes:
    """The pack with another manifest."""
    return careless({MANIFEST: json.dumps(json.loads(unpacked()[MANIFEST]) | changes).encode()})


def deep(opening: bytes, closing: bytes, count: int = 30_000) -> bytes:
    return opening * count + closing * count


# The arrays


def weights(**changes: np.ndarray | None) -> bytes:
    """The pack with weights changed, or left out; `__` stands for the slash in their names."""
    from safetensors.numpy import load, save

    own = load(unpacked()["weights.safetensors"]) | {name.replace("__", "/"): array for name, array in changes.items()}
    return careful({"weights.safetensors": save({name: array for name, array in own.items() if array is not None})})


def filled(value: float, dtype: type = np.float32) -> np.ndarray:
    """A bias of the network with one number that is odd."""
    array = np.zeros(128, dtype)
    array[77] = value
    return array


def bad_variance() -> bytes:
    """A pack of the other network, with a variance below zero."""
    from safetensors.numpy import load, save

    own = load(unpacked(honest("best"))["weights.safetensors"])
    changed = own | {"stem_norm/moving_variance": -own["stem_norm/moving_variance"]}
    return careful({"weights.safetensors": save(changed)}, of=honest("best"))


def header(**changes: Any) -> bytes:
    """The pack with the names and shapes before its weights changed."""
    content = unpacked()["weights.safetensors"]
    size = int.from_bytes(content[:8], "little")
    told = json.loads(content[8 : 8 + size])
    for name, entry in changes.items():
        key = name.replace("__", "/") if name != "__metadata__" else name
        told[key] = told.get(key, {}) | entry
    return raw_header(json.dumps(told).encode(), content[8 + size :])


def raw_header(told: bytes, rest: bytes = b"", size: int | None = None) -> bytes:
    """The pack with weights that begin with this."""
    return careful({"weights.safetensors": struct.pack("<Q", len(told) if size is None else size) + told + rest})


def npy(told: str, body: bytes = b"", version: int = 1) -> bytes:
    """An array whose header says what it likes."""
    line = told.encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<L", len(line)) + line + body


def plain(descr: str, shape: str) -> str:
    """A header as NumPy writes it."""
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


def npz(file: str, *more: tuple[str, bytes], **changes: Any) -> bytes:
    """The pack with arrays of a file changed, left out or, as bytes, brought in."""
    with np.load(io.BytesIO(unpacked()[file])) as arrays:
        own: dict[str, Any] = dict(arrays) | changes
    members = [
        (f"{name}.npy", array if isinstance(array, bytes) else saved(array))
        for name, array in own.items()
        if array is not None
    ]
    return careful({file: zipped([*members, *more], zipfile.ZIP_DEFLATED)})


def saved(array: Any) -> bytes:
    """An array by itself; one of objects is pickled."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


# The graph


def onnx(change: Callable[[Any], object]) -> bytes:
    """The pack with its graph changed."""
    import onnx as library

    model = library.load_model_from_string(unpacked()["encoder.onnx"])
    change(model)
    return careful({"encoder.onnx": model.SerializeToString()})


def refer(model: Any, location: str = "/etc/passwd") -> None:
    """Let the first constant lie in another file."""
    constant = model.graph.initializer[0]
    constant.ClearField("raw_data")
    constant.data_location = 1
    constant.external_data.add(key="location", value=location)


def branch(model: Any) -> None:
    """Bring a graph within the graph."""
    model.graph.node[0].attribute.add(name="then_branch", type=5).g.name = "within"


def bring_function(model: Any) -> None:
    """Bring a function."""
    model.functions.add(name="f", domain="evil")


def train(model: Any) -> None:
    """Bring a training, whose graph has a constant in another file."""
    model.training_info.add().algorithm.initializer.add(data_location=1).external_data.add(
        key="location", value="/etc/passwd"
    )


def thin_out(model: Any, *, many: bool) -> None:
    """Let an operator bring a sparse constant, or several, with values in another file."""
    attribute = model.graph.node[0].attribute.add(name="sparse_value", type=12 if many else 11)
    constant = attribute.sparse_tensors.add() if many else attribute.sparse_tensor
    constant.values.data_location = 1
    constant.values.external_data.add(key="location", value="/etc/passwd")


ODD_NAMES = (
    "../canary", "..\\canary", "../../../../tmp/canary", "/etc/passwd", "C:\\canary", "\\\\host\\share", "sub/config.json", "weights/", "./map.npz",
    "run.py", "__init__.py", "sitecustomize.py", "model.pkl", "encoder.onnx.data", "Config.json", "config.json ", "config.json\\", "con\u0444ig.json",
    "__MACOSX/._config.json", ".damaged", HTML, f"a{CONTROL[:5]}.json", "a" * 60_000, "\u202enosj.gifnoc", "😀.json", "",
)  # fmt: skip

ARCHIVES: dict[str, Make] = {
    "nothing": lambda: b"",
    "one byte": lambda: b"x",
    "an end and nothing before": lambda: end(0, 0, 0),
    "zeros": lambda: bytes(MAX_BYTES),
    "too large": lambda: honest().ljust(MAX_BYTES + 1, b"\0"),
    "noise": lambda: np.random.default_rng(0).bytes(MAX_BYTES),
    "HDF5": lambda: b"\x89HDF\r\n\x1a\n" + bytes(1_000),
    "a pickle": lambda: pickle.dumps(Payload()),
    "a tar": tarred,
    "gzip around it": lambda: gzip.compress(honest()),
    **{f"cut off at {share} %": functools.partial(lambda share: honest()[: len(honest()) * share // 100], share) for share in (1, 25, 50, 75, 99)},
    "its last byte cut off": lambda: honest()[:-1],
    "its first byte cut off": lambda: honest()[1:],
    "a byte behind it": lambda: honest() + b"x",
    "a comment": lambda: honest()[:-22] + end(9, len(honest()) - 22 - _list(honest()), _list(honest()), b"<script>"),
    "HTML and a pack": lambda: behind(b"<html><script>alert(1)</script>"),
    "a program and a pack": lambda: behind(b"\x7fELF" + bytes(500)),
    "a script and a pack": lambda: behind(b"#!/bin/sh\nmkdir canary\nexit\n"),
    "a PDF and a pack": lambda: behind(b"%PDF-1.4\n"),
    "something hidden between": lambda: with_gap(b"<script>alert(1)</script>"),
    "two packs, one behind the other": lambda: honest() + honest(),
    "300,000 members": lambda: crowded(300_000),
    "300,000 members behind an honest end": lambda: crowded_in_zip64(300_000),
    "65,536 members, said to be none": lambda: crowded(65_536),
    "long names": lambda: crowded(200, b"a" * 65_000),
    "members that are one": overlapping,
    "in parts": lambda: edited(honest(), "map.npz", disk=7),
    "a pack in a pack": lambda: careless({"inner.zip": honest()}),
    "a pack in place of a file": lambda: careful({"map.npz": honest()}),
    **{f"missing {file}": functools.partial(lambda file: zipped({name: content for name, content in unpacked().items() if name != file}), file) for file in (*FILES, MANIFEST)},
    **{f"also named {name[:30]!r}": functools.partial(lambda name: careless({name: b"import os; os.mkdir('canary')"}), name) for name in ODD_NAMES},
    "a map without a gallery": lambda: truly_named({name: content for name, content in unpacked().items() if name != "gallery.npz"}),
    "config.json twice": lambda: zipped([*unpacked().items(), ("config.json", b"{}")]),
    "CONFIG.JSON in its place": lambda: zipped({name.replace("config.json", "CONFIG.JSON"): content for name, content in unpacked().items()}),
    "a name that ends early": lambda: honest().replace(b"config.json", b"config\0json"),
    "a link": lambda: special(stat.S_IFLNK),
    "a pipe": lambda: special(stat.S_IFIFO),
    "a device": lambda: special(stat.S_IFBLK),
    "a folder": lambda: special(stat.S_IFDIR),
    "locked": lambda: edited(honest(), "map.npz", flags=1),
    "sizes that come later": lambda: edited(honest(), "map.npz", flags=8),
    **{f"compressed by {name}": functools.partial(lambda method: edited(honest(), "map.npz", method=method), method) for name, method in (("deflate64", 9), ("zstd", 93), ("AES", 99), ("nothing known", 65_535))},
    "compressed by bzip2": lambda: zipped(unpacked(), zipfile.ZIP_BZIP2),
    "compressed by LZMA": lambda: zipped(unpacked(), zipfile.ZIP_LZMA),
    "another checksum": lambda: edited(honest(), "map.npz", crc=1),
    "smaller than it says": lambda: edited(honest(), "map.npz", size=3_999_999),
    "larger than it says": lambda: edited(honest(), "map.npz", size=10),
    "sizes of zip64": lambda: edited(honest(), "map.npz", size=0xFFFFFFFF, packed=0xFFFFFFFF),
    "packed larger than the file": lambda: edited(honest(), "map.npz", packed=0x7FFFFFFF),
    "another size in its own header": lambda: edited(honest(), "map.npz", in_list=False, packed=1),
    "a place beyond the end": lambda: edited(honest(), "map.npz", offset=0x7FFFFFFF),
    **{f"a bomb as {file}": functools.partial(bomb, file) for file in ("config.json", "map.npz", MANIFEST)},
    "a bomb that says it is small": lambda: edited(bomb("map.npz"), "map.npz", size=1_000),
    "a bomb within bounds everywhere": lambda: careful({"encoder.onnx": bytes(8_000_000), "weights.safetensors": bytes(8_000_000), "gallery.npz": bytes(16_000_000), "map.npz": bytes(4_000_000)}, method=zipfile.ZIP_DEFLATED),
    **{f"a flipped bit in {file}": functools.partial(flipped, file) for file in ALL},
    **{f"a flipped bit within {file}": functools.partial(flipped_within, file) for file in ALL},
}  # fmt: skip

JSONS: dict[str, bytes] = {
    "deep lists": deep(b"[", b"]"),
    "deep dictionaries": deep(b'{"a":', b"}", 9_000) + b"1",
    "deep and unfinished": b"[" * 60_000,
    "NaN": b'{"schema": NaN}',
    "infinity": b"[Infinity]",
    "a number beyond all": b"[1e999]",
    "a number of 60,000 digits": b"[" + b"9" * 60_000 + b"]",
    "a number of 4,000 digits": b"[" + b"9" * 4_000 + b"]",
    "one long word": b'["' + b"a" * 60_000 + b'"]',
    "HTML": json.dumps({HTML: HTML}).encode(),
    "control characters": json.dumps([CONTROL]).encode(),
    "half a character": b'["\\ud800"]',
    "a key twice": b'{"schema": 1, "schema": 1}',
    "other letters": '{"a": "é"}'.encode("latin-1"),
    "UTF-16": "[1]".encode("utf-16"),
    "YAML": b"!!python/object/apply:os.mkdir [canary]",
    "nothing": b"",
}
JSON_FILES = ("config.json", "history.json", "metrics.json", MANIFEST)

SETTINGS: dict[str, Make] = {
    **{f"{what} as {file}": functools.partial(lambda file, content: careless({file: content}) if file == MANIFEST else careful({file: content}), file, content) for file in JSON_FILES for what, content in JSONS.items() if file != MANIFEST or len(content) < 4_000},
    "a crowd of lists as history": lambda: careful({"history.json": b"[" + b",".join([b"[]"] * 160_000) + b"]"}),
    "a million rows of history": lambda: careless({"history.json": b"[" + b",".join([b"{}"] * 1_000_000) + b"]"}, zipfile.ZIP_DEFLATED),
    "201 epochs": lambda: epochs(201),
    "no epochs": lambda: careful({"history.json": b"[]"}),
    **{f"schema {schema!r}": functools.partial(lambda schema: manifest(schema=schema), schema) for schema in (0, 2, "1", None, [1], HTML)},
    "a manifest of other files": lambda: manifest(files={"/etc/passwd": "0" * 64}),
    "a manifest without files": lambda: manifest(files={}),
    "a manifest of numbers": lambda: manifest(files=dict.fromkeys((*FILES, *OPTIONAL_FILES), 1)),
    "a manifest that names too few": lambda: manifest(files={name: value for name, value in json.loads(unpacked()[MANIFEST])["files"].items() if name != "weights.safetensors"}),
    "an unknown network": lambda: recipe(network="os.system"),
    "a network of lists": lambda: recipe(network=["classic"]),
    "a foreign network": lambda: recipe(network="residual"),
    "an unknown loss": lambda: recipe(loss="eval"),
    "an unknown optimizer": lambda: recipe(optimizer="sgd"),
    "an unknown recipe": lambda: recipe(name="../classic"),
    "a recipe's name in HTML": lambda: recipe(name=HTML),
    "an unknown setting": lambda: recipe(layers=[{"class_name": "Lambda", "config": {"function": "..."}}]),
    "a setting too few": lambda: settings("config.json", recipe={"name": "classic"}),
    "no recipe": lambda: settings("config.json", recipe=None),
    "endless epochs": lambda: recipe(epochs=10**9),
    "half an epoch": lambda: recipe(epochs=2.5),
    "a margin of nothing": lambda: recipe(margin=0),
    "far shifts": lambda: recipe(shift=10**9),
    "a batch of billions": lambda: recipe(batch_size=2**40),
    "a seed below zero": lambda: settings("config.json", seed=-1),
    "a seed of words": lambda: settings("config.json", seed="0"),
    "an epoch that never was": lambda: settings("config.json", kept_epoch=10**6),
    "all classes held out": lambda: settings("config.json", held_out=json.loads(unpacked()["config.json"])["class_names"]),
    "a class nobody knows": lambda: settings("config.json", held_out=["Hat", "Bag"]),
    "classes in HTML": lambda: settings("config.json", class_names=[HTML] * 10),
    "layers in HTML": lambda: settings("config.json", layers=[{"name": HTML}]),
    "data in HTML": lambda: settings("config.json", data={"name": HTML}),
    "a version with control characters": lambda: settings("config.json", versions={"python": CONTROL}),
    "an accuracy of 5": lambda: epoch(accuracy=5.0),
    "an AUC below zero": lambda: epoch(auc=-0.5),
    "a loss below zero": lambda: epoch(loss=-1.0),
    "a loss in words": lambda: epoch(loss="0.1"),
    "an endless histogram": lambda: epoch(histogram={"limit": 1.0, "same": [1] * 10_000, "different": [1]}),
    "a measured accuracy of 1.5": lambda: figure("tutorial_pairs", accuracy=1.5),
    "a recall below zero": lambda: figure("retrieval", recall_at_1=-0.1),
    "a threshold below zero": lambda: settings("metrics.json", threshold=-1.0),
    "a threshold in words": lambda: settings("metrics.json", threshold="1"),
    "no calibration": lambda: settings("metrics.json", calibration=None),
    "a calibration that rises": lambda: figure("calibration", knots=[[0.0, 0.1], [1.0, 0.9]]),
    "a probability of 2": lambda: figure("calibration", knots=[[0.0, 2.0], [1.0, 0.0]]),
    "figures in HTML": lambda: settings("metrics.json", **{HTML: 1.0}),
}  # fmt: skip

SHAPE = {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}

ARRAYS: dict[str, Make] = {
    **{f"weights that are {what}": functools.partial(lambda content: careful({"weights.safetensors": content()}), content) for what, content in {
        "nothing": lambda: b"",
        "zeros": lambda: bytes(1_000),
        "ones": lambda: b"\xff" * 1_000,
        "a pickle": lambda: pickle.dumps(Payload()),
        "HDF5": lambda: b"\x89HDF\r\n\x1a\n" + bytes(1_000),
        "ONNX": lambda: unpacked()["encoder.onnx"],
        "npz": lambda: unpacked()["gallery.npz"],
        "half of them": lambda: unpacked()["weights.safetensors"][:200_000],
        "all and a byte": lambda: unpacked()["weights.safetensors"] + b"x",
    }.items()},
    "weights of another network": lambda: careful({"weights.safetensors": unpacked(honest("best"))["weights.safetensors"]}),
    "a weight that is NaN": lambda: weights(dense_1__bias=filled(np.nan)),
    "a weight without end": lambda: weights(dense_1__bias=filled(np.inf)),
    "a weight of 1e30": lambda: weights(dense_1__bias=filled(1e30)),
    "a variance below zero": bad_variance,
    **{f"weights as {np.dtype(kind).name}": functools.partial(lambda kind: weights(dense_1__bias=filled(1, kind)), kind) for kind in (np.float64, np.float16, np.int32, np.bool_)},
    "a weight too few": lambda: weights(dense_3__bias=None),
    "a weight too many": lambda: weights(surprise=filled(1)),
    "a thousand weights too many": lambda: weights(**{f"w{number}": filled(1) for number in range(1_000)}),
    "a weight of another name": lambda: weights(dense_3__bias=None, Dense_3__bias=filled(1)),
    "a weight of another shape": lambda: weights(dense_1__kernel=np.zeros((128, 784), np.float32)),
    "a weight with a dimension more": lambda: weights(dense_1__bias=np.zeros((128, 1), np.float32)),
    "a weight of nothing": lambda: weights(dense_1__bias=np.zeros(0, np.float32)),
    "a header of 8 exabytes": lambda: raw_header(b"{}", size=2**63),
    "a header longer than the file": lambda: raw_header(b"{}", size=100_000_000),
    "a header of 7 MB": lambda: raw_header(json.dumps({f"w{number}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(100_000)}).encode()),
    "a deep header": lambda: raw_header(deep(b'{"a":', b"}", 9_000)),
    "a header that is a list": lambda: raw_header(b"[1, 2]"),
    "a header of words": lambda: raw_header(b'{"dense_1/bias": "x"}'),
    "a header with a word for the reader": lambda: header(__metadata__={"format": HTML}),
    "a header with 60 kB for the reader": lambda: header(__metadata__={f"k{n}": "a" * 90 for n in range(600)}),
    "a shape of terabytes": lambda: header(dense_1__bias=SHAPE),
    "a shape below zero": lambda: header(dense_1__bias={"shape": [-128]}),
    "a shape of fractions": lambda: header(dense_1__bias={"shape": [128.5]}),
    "bytes of two weights": lambda: header(dense_1__bias={"data_offsets": [4, 516]}),
    "bytes beyond the end": lambda: header(dense_1__bias={"data_offsets": [2**40, 2**40 + 512]}),
    "bytes backwards": lambda: header(dense_1__bias={"data_offsets": [512, 0]}),
    "a gallery of objects": lambda: npz("gallery.npz", embeddings=np.array([Payload()], object)),
    "a gallery with objects beside it": lambda: npz("gallery.npz", extra=np.array([Payload()], object)),
    "a gallery that is a pickle": lambda: careful({"gallery.npz": pickle.dumps(Payload())}),
    "a gallery in a member that is a pickle": lambda: npz("gallery.npz", embeddings=pickle.dumps(Payload())),
    "a gallery whose header is code": lambda: npz("gallery.npz", embeddings=npy("__import__('os').mkdir('canary')")),
    "a gallery whose header is deep": lambda: npz("gallery.npz", embeddings=npy("(" * 30_000)),
    "a gallery of exabytes": lambda: npz("gallery.npz", embeddings=npy(plain("'<f4'", "(1000000000, 1000000000)"))),
    "a gallery of gigabytes": lambda: npz("gallery.npz", embeddings=npy(plain("'<f4'", "(10000000, 128)"))),
    "a gallery below zero": lambda: npz("gallery.npz", embeddings=npy(plain("'<f4'", "(-1, 128)"))),
    "a gallery longer than its header": lambda: npz("gallery.npz", embeddings=npy(plain("'<f4'", "(1, 128)"), bytes(1_024))),
    "a gallery with a header of 10 MB": lambda: npz("gallery.npz", embeddings=npy(" " * 10_000_000 + plain("'<f4'", "(0, 128)"), version=2)),
    "a gallery of structures": lambda: npz("gallery.npz", embeddings=npy(plain("[('a', '|O'), ('b', '<f4')]", "(1,)"), bytes(12))),
    **{f"a gallery of {kind}": functools.partial(lambda kind: npz("gallery.npz", embeddings=np.zeros((10_000, 128), kind)), kind) for kind in ("float64", "int32", "complex64", "bool", "S4", "U1", "datetime64[s]", ">f4")},
    "a gallery with NaN": lambda: npz("gallery.npz", embeddings=np.full((10_000, 128), np.nan, np.float32)),
    "a gallery without end": lambda: npz("gallery.npz", embeddings=np.full((10_000, 128), np.inf, np.float32)),
    "a gallery of another network": lambda: npz("gallery.npz", embeddings=np.zeros((10_000, 3), np.float32)),
    "a gallery of one dimension": lambda: npz("gallery.npz", embeddings=np.zeros(10_000, np.float32)),
    "a gallery of one item": lambda: npz("gallery.npz", embeddings=np.zeros((1, 128), np.float32)),
    "a gallery without embeddings": lambda: npz("gallery.npz", embeddings=None),
    "a gallery with its embeddings twice": lambda: npz("gallery.npz", ("embeddings.npy", saved(np.zeros((10_000, 128), np.float32)))),
    "a gallery with a path": lambda: npz("gallery.npz", ("../canary.npy", saved(np.zeros(1)))),
    "a gallery that is a bomb": lambda: npz("gallery.npz", embeddings=npy(plain("'<f4'", "(200000, 128)"), bytes(102_400_000))),
    "a gallery of 300,000 members": lambda: careful({"gallery.npz": crowded(300_000)}),
    "a map of objects": lambda: npz("map.npz", kept=np.array([Payload()], object)),
    "a map of fewer items": lambda: npz("map.npz", principal=np.zeros((5, 10, 2), np.uint16), neighbourly=None),
    "a map of an epoch that never was": lambda: npz("map.npz", kept=np.array(99, np.int32)),
    "a map with NaN": lambda: npz("map.npz", axes=np.full((128, 2), np.nan, np.float32)),
    "a map of another network": lambda: npz("map.npz", axes=np.zeros((3, 2), np.float32), mean=np.zeros(3, np.float32)),
    "a map of floats": lambda: npz("map.npz", principal=np.zeros((5, 10_000, 2), np.float32)),
    "a map without axes": lambda: npz("map.npz", axes=None),
    "a familiarity of objects": lambda: npz("familiarity.npz", threshold=np.array(Payload(), object)),
    "a familiarity with NaN": lambda: npz("familiarity.npz", threshold=np.array(np.nan)),
    "a familiarity of another shape": lambda: npz("familiarity.npz", hidden=np.zeros((3, 64), np.float16)),
    "a familiarity of two thresholds": lambda: npz("familiarity.npz", threshold=np.zeros(2)),
}  # fmt: skip

GRAPHS: dict[str, Make] = {
    **{f"a graph that is {what}": functools.partial(lambda content: careful({"encoder.onnx": content()}), content) for what, content in {
        "nothing": lambda: b"",
        "a pickle": lambda: pickle.dumps(Payload()),
        "a program": lambda: b"\x7fELF" + bytes(1_000),
        "weights": lambda: unpacked()["weights.safetensors"],
        "half of one": lambda: unpacked()["encoder.onnx"][:-1_000],
        "there twice": lambda: unpacked()["encoder.onnx"] * 2,
        "millions of fields": lambda: b"\x08\x01" * 4_000_000,
        "a number without end": lambda: b"\xff" * 1_000,
        "longer than the file": lambda: b"\x3a\xff\xff\xff\xff\x7f",
    }.items()},
    "a constant in /etc/passwd": lambda: onnx(refer),
    "a constant in another folder": lambda: onnx(functools.partial(refer, location="../../canary")),
    "a graph within the graph": lambda: onnx(branch),
    "a function": lambda: onnx(bring_function),
    "a training": lambda: onnx(train),
    "an operator's sparse constant": lambda: onnx(functools.partial(thin_out, many=False)),
    "an operator's sparse constants": lambda: onnx(functools.partial(thin_out, many=True)),
    "an operator of another domain": lambda: onnx(lambda model: setattr(model.graph.node[0], "domain", "evil")),
    "words for the reader": lambda: onnx(lambda model: model.metadata_props.add(key="a", value=HTML)),
    "another input": lambda: onnx(lambda model: setattr(model.graph.input[0], "name", "x")),
    "a second output": lambda: onnx(lambda model: model.graph.output.add(name="more")),
    "no output": lambda: onnx(lambda model: model.graph.ClearField("output")),
}  # fmt: skip

HOSTILE: dict[str, Make] = ARCHIVES | SETTINGS | ARRAYS | GRAPHS
