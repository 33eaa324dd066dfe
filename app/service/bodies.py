"""The body of a request -> images: files in a form, an array in NumPy's format, or JSON."""

import base64
import io
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from app import cache
from app.service.refusals import MediaTypeError, RequestError, TooLargeError
from siamese_core.images import MAX_BYTES, load_image

MAX_FILES = 100
"""Pictures a request: each is decoded, which takes some milliseconds and up to some hundred for a photograph."""
NPY, JSON, FORM = "application/x-npy", "application/json", "multipart/form-data"


@dataclass(frozen=True)
class Body:
    """A body as it came: nothing in it is decoded yet.

    Attributes:
        kind: one of `NPY`, `JSON`, `FORM`.
        content: the bytes; empty for a form.
        parts: of a form, each part's bytes with its file's name, or a text such as `test:123`.
    """

    kind: str
    content: bytes = b""
    parts: tuple[tuple[bytes, str] | str, ...] = ()


@dataclass(frozen=True)
class Images:
    """What a request is about.

    Attributes:
        pixels: (n, 28, 28) uint8, like the data.
        references: n names: `test:123` of an item, else the image's place in the request, from 1 on.
    """

    pixels: np.ndarray
    references: list[str]


async def read_body(request: Request) -> Body:
    """The body of a request, read no further than allowed.

    Raises:
        RequestError: It is too large, of an unknown kind, or no form at all.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = NPY if kind == "application/octet-stream" else kind
    if kind not in (NPY, JSON, FORM):
        raise MediaTypeError("Send {npy}, {json} or {form}, not {kind!r}.", npy=NPY, json=JSON, form=FORM, kind=kind)
    limited = _limited(request)
    try:
        if kind != FORM:
            return Body(kind, await limited.body())
        async with limited.form(max_files=MAX_FILES, max_fields=MAX_FILES) as form:
            parts = [await _read_part(value) for _, value in form.multi_items()]
    except (HTTPException, MultiPartException) as error:
        raise RequestError("The form cannot be read, or has more than {most} parts.", most=MAX_FILES) from error
    except ClientDisconnect as error:
        raise RequestError("The request was broken off.") from error
    return Body(kind, parts=tuple(parts))


def open_images(body: Body, *, most: int) -> Images:
    """The images of a body, at most so many.

    Raises:
        SiameseError: There are none or too many, or one of them cannot be used.
    """
    if body.kind == NPY:
        pixels = _read_npy(body.content)
        return Images(pixels, _numbered(_check_count(len(pixels), most)))
    given = list(body.parts) if body.kind == FORM else _read_json(body.content)
    _check_count(len(given), most)
    if sum(map(_is_picture, given)) > MAX_FILES:
        raise TooLargeError("Send at most {most} pictures in one request.", most=MAX_FILES)
    opened = [_open(one) for one in given]
    names = [one if isinstance(one, str) and not _is_picture(one) else str(at) for at, one in enumerate(given, 1)]
    return Images(np.stack(opened), names)


def _limited(request: Request) -> Request:
    """The request, its body refused as soon as it has grown too large."""
    left = MAX_BYTES

    async def receive() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLargeError("The request is larger than {megabytes} MB; send less at once.", megabytes=8)
        return message

    return Request(request.scope, receive)


async def _read_part(value: UploadFile | str) -> tuple[bytes, str] | str:
    return value if isinstance(value, str) else (await value.read(), value.filename or "")


def _read_npy(content: bytes) -> np.ndarray:
    """The array in a file of NumPy's: its header is checked against its length before anything is made of it."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, kind = read(stream)
    except Exception as error:  # ValueError, SyntaxError, TypeError and more, by what is wrong with the header
        raise RequestError("The body is no array in NumPy's npy format.") from error
    shape = (1, *shape) if len(shape) == 2 else shape
    count = len(content) - stream.tell()
    if kind != np.uint8 or shape[1:] != (28, 28) or math.prod(shape) != count:
        raise RequestError("The array must be uint8 of shape (n, 28, 28) and whole.")
    pixels = np.frombuffer(content, np.uint8, offset=stream.tell())
    return np.ascontiguousarray(pixels.reshape(shape, order="F" if is_fortran else "C"))


def _read_json(content: bytes) -> list[Any]:
    try:
        images = json.loads(content)["images"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RequestError("The body must be JSON such as {example}.", example='{"images": ["test:0"]}') from error
    if not isinstance(images, list):
        raise RequestError("In the JSON, `images` must be a list.")
    return images


def _is_picture(given: Any) -> bool:
    """Whether it has to be decoded: a file, or a picture as a data address."""
    return isinstance(given, tuple) or (isinstance(given, str) and given.startswith("data:"))


def _open(given: Any) -> np.ndarray:
    """One image (28, 28) uint8: of a file, an item's name, a picture as a data address, or rows of numbers."""
    match given:
        case (bytes(content), str(name)):
            return load_image(content, name)
        case str() if _is_picture(given):
            return load_image(_decoded(given))
        case str():
            return cache.collection().image(given)
        case list():
            return _from_rows(given)
    raise RequestError("An image is an item such as test:123, a picture as a data: address, or 28 rows of 28 numbers.")


def _decoded(address: str) -> bytes:
    _, separator, text = address.partition(";base64,")
    try:
        return base64.b64decode(text if separator else address, validate=True)
    except ValueError as error:
        raise RequestError("A picture as a data: address must be in valid base64.") from error


def _from_rows(rows: list[Any]) -> np.ndarray:
    try:
        numbers = np.asarray(rows)
    except (ValueError, OverflowError, RecursionError):  # rows of different length, numbers without end
        numbers = np.zeros(0)
    if numbers.shape != (28, 28) or numbers.dtype.kind not in "iu" or numbers.min() < 0 or numbers.max() > 255:
        raise RequestError("An image in numbers needs 28 rows of 28 whole numbers from 0 to 255.")
    return numbers.astype(np.uint8)


def _check_count(count: int, most: int) -> int:
    if not count:
        raise RequestError("The request holds no image.")
    if count > most:
        raise TooLargeError("Send at most {most} images here, not {count}.", most=most, count=count)
    return count


def _numbered(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]
