"""JSON from strangers: short words, finite numbers, little depth, each key once."""

import json
import math
from typing import Any

MAX_DEPTH = 6
MAX_WORD = 100
_HIGHEST = 2**53
"""Up to here whole numbers survive as JavaScript's."""


def read_json(content: bytes) -> Any:
    """What a JSON file says.

    Raises:
        ValueError: It is none, or says what no file of this project would.
    """
    try:
        value = json.loads(content.decode(), parse_constant=_refuse, object_pairs_hook=_each_once)
    except RecursionError as error:
        raise ValueError("too deep") from error
    _check(value, MAX_DEPTH)
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key twice")
    return made


def _check(value: Any, depth: int) -> None:
    """Accept a plain value.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, (list, dict)):
        if not depth:
            raise ValueError("too deep")
        for part in value:
            _check(part, depth - 1)
        for part in value.values() if isinstance(value, dict) else ():
            _check(part, depth - 1)
    elif isinstance(value, str):
        if len(value) > MAX_WORD or not value.isprintable() or set(value) & set("<>&"):
            raise ValueError("no word")
    elif isinstance(value, (int, float)) and not (math.isfinite(value) and abs(value) <= _HIGHEST):
        raise ValueError("no number")
