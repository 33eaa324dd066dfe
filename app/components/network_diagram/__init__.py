"""The network drawn as boxes: layers, shapes, parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.components import register
from app.words import say, write_number

_MOUNT = register(
    "network_diagram", shares=("element",), html='<ol class="flow"></ol><p class="sum" role="status"></p>'
)

Layer = Mapping[str, Any]


Shapes = Mapping[str, Sequence[tuple[int, ...]]]


def network_diagram(layers: Sequence[Layer], *, key: str, weights: Shapes | None = None) -> None:
    """Mount the diagram of an encoder between its two images and the distance.

    Args:
        layers: in order, each with `name`, `type`, `output_shape` (without the batch) and `parameters`, and with
            `inputs`, the names of the layers it reads, where the network branches.
        weights: the shapes of each layer's weights, by its name. With them a click on a layer counts its parameters.
    """
    layers = [layer for layer in layers if layer["type"] != "InputLayer"]  # the images' own box stands for it
    total = sum(int(layer["parameters"]) for layer in layers)
    columns = [
        [_box(say("network.images"), say("network.images_shape"), say("network.images_note"), end=True)],
        *([_describe(layer, weights or {}) for layer in column] for column in arrange(layers)),
        [_box(say("network.distance"), say("network.distance_shape"), say("network.distance_note"), end=True)],
    ]
    data = {
        "label": say("network.described", layers=len(layers), parameters=write_number(total)),
        "columns": columns,
        "arrows": not _merges(layers) or all("inputs" in layer for layer in layers),
    }
    _MOUNT(key=key, data=data)


def arrange(layers: Sequence[Layer]) -> list[list[Layer]]:
    """The layers as columns in the data's order: the longest way in the first row, shortcuts beside it below.

    Without `inputs` every layer is a column of its own.
    """
    if not all("inputs" in layer for layer in layers):
        return [[layer] for layer in layers]
    depths: dict[str, int] = {}
    for layer in layers:
        depths[layer["name"]] = 1 + max((depths.get(name, -1) for name in layer["inputs"]), default=-1)
    main = _longest_way(layers, depths)
    columns: list[list[Layer]] = [[] for _ in range(1 + max(depths.values(), default=-1))]
    for layer in layers:
        column = columns[depths[layer["name"]]]
        column.insert(0 if layer["name"] in main else len(column), layer)
    return columns


def _longest_way(layers: Sequence[Layer], depths: Mapping[str, int]) -> set[str]:
    """Names of the layers on the longest way through the network, walked from its end."""
    by_name = {layer["name"]: layer for layer in layers}
    way, at = set(), max(depths, key=depths.__getitem__, default=None)
    while at is not None:
        way.add(at)
        known = [name for name in by_name[at]["inputs"] if name in depths]
        at = max(known, key=depths.__getitem__, default=None)
    return way


def _merges(layers: Sequence[Layer]) -> bool:
    """Whether the order of the layers alone would not tell who reads whom."""
    return any(layer["type"] in ("Add", "Concatenate") for layer in layers)


def _describe(layer: Layer, weights: Shapes) -> dict[str, Any]:
    count = int(layer["parameters"])
    parameters = say("network.parameters", count=write_number(count)) if count else ""
    box = _box(str(layer["type"]), _multiply(layer["output_shape"]), parameters)
    if layer["name"] in weights:
        terms = " + ".join(_multiply(shape) for shape in weights[layer["name"]])
        box["sum"] = f"{layer['name']}: {terms} = {write_number(count)}"
    return box


def _multiply(shape: Sequence[int]) -> str:
    return " × ".join(str(side) for side in shape)


def _box(kind: str, shape: str, parameters: str, *, end: bool = False) -> dict[str, Any]:
    return {"type": kind, "shape": shape, "parameters": parameters, "end": end, "sum": ""}
