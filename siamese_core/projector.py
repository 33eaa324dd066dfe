"""Embedded items as a folder that the Embedding Projector opens, in TensorBoard or by itself.

    tensors.tsv            a row an item, a column a dimension, no header
    metadata.tsv           item, class and label, with a header
    sprite.png             all images in one square sheet, row after row
    projector_config.pbtxt what TensorBoard looks for
    projector_config.json  the same for a copy of the Projector that is served beside it

References: tensorboard/plugins/projector/projector_config.proto, and `data-provider.ts` for its limits.
"""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from siamese_core.collection import Split

TENSORS_FILE, METADATA_FILE, SPRITE_FILE = "tensors.tsv", "metadata.tsv", "sprite.png"
CONFIG_FILE = "projector_config.pbtxt"
MAX_SPRITE_PIXELS = 8_192
"""The Projector refuses a sheet that is wider or higher."""


def write_projector(folder: Path, name: str, embeddings: np.ndarray, items: Split, class_names: Sequence[str]) -> None:
    """Write the files of n items into a folder.

    Args:
        folder: There, and empty.
        name: What the Projector calls the embedding.
        embeddings: (n, d) float32, d at least 2: the Projector takes a single column for a mistake.
        items: The n items that were embedded.
        class_names: In the order of the labels; no tab or line break in any of them.

    Raises:
        ValueError: The shapes are not these, or the images do not fit on one sheet.
    """
    if embeddings.ndim != 2 or len(embeddings) != len(items) or embeddings.shape[1] < 2:
        raise ValueError(f"`embeddings` must have shape ({len(items)}, d) with d >= 2, got {embeddings.shape}")
    draw_sheet(items.images).save(folder / SPRITE_FILE)
    rows = ("\t".join(f"{value:.9g}" for value in row) for row in embeddings.tolist())  # 9 digits keep a float32 whole
    _write_lines(folder / TENSORS_FILE, rows)
    labelled = zip(items.ids.tolist(), items.labels.tolist(), strict=True)
    descriptions = (f"{item}\t{class_names[label]}\t{label}" for item, label in labelled)
    _write_lines(folder / METADATA_FILE, ("item\tclass\tlabel", *descriptions))
    config = _describe(name, embeddings.shape, items.images.shape[1:])
    (folder / "projector_config.json").write_text(json.dumps({"embeddings": [config]}, indent=1) + "\n")
    (folder / CONFIG_FILE).write_text(_to_text_proto(config))


def draw_sheet(images: np.ndarray) -> Image.Image:
    """A square grey sheet of images (n, height, width), as many in a row as there are rows, empty places black.

    Raises:
        ValueError: It would be larger than the Projector allows.
    """
    count, height, width = images.shape
    across = math.ceil(math.sqrt(count))
    if across * max(height, width) > MAX_SPRITE_PIXELS:
        raise ValueError(f"`images` must fit on a sheet of {MAX_SPRITE_PIXELS} pixels a side, got {images.shape}")
    tiles = np.zeros((across * across, height, width), np.uint8)
    tiles[:count] = images
    sheet = tiles.reshape(across, across, height, width).swapaxes(1, 2)  # (rows, height, columns, width)
    return Image.fromarray(sheet.reshape(across * height, across * width))


def _describe(name: str, shape: tuple[int, ...], image_shape: tuple[int, ...]) -> dict:
    """The embedding in the fields of the Projector's own configuration, as its JSON writes them."""
    height, width = image_shape
    return {
        "tensorName": name,
        "tensorShape": list(shape),
        "tensorPath": TENSORS_FILE,
        "metadataPath": METADATA_FILE,
        "sprite": {"imagePath": SPRITE_FILE, "singleImageDim": [width, height]},
    }


def _to_text_proto(config: dict) -> str:
    """The same in the protocol buffers' text format."""
    (count, size), sprite = config["tensorShape"], config["sprite"]
    width, height = sprite["singleImageDim"]
    return f"""embeddings {{
  tensor_name: {json.dumps(config["tensorName"])}
  tensor_shape: {count}
  tensor_shape: {size}
  tensor_path: "{config["tensorPath"]}"
  metadata_path: "{config["metadataPath"]}"
  sprite {{
    image_path: "{sprite["imagePath"]}"
    single_image_dim: {width}
    single_image_dim: {height}
  }}
}}
"""


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
