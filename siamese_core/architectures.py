"""What weights each network has: names and shapes, known without building it, which would bring TensorFlow in."""

from collections.abc import Mapping

from siamese_core.config import Recipe

CLASSES = 10
HEDGING = ("residual",)
"""Networks that give roots of class posteriors, which may be hedged."""
OWN_DIRECTIONS = 38
"""Numbers of a hedged embedding that are an item's own: with the classes they make 48."""
Shapes = Mapping[str, tuple[int, ...]]


def _dense(name: str, inputs: int, outputs: int, *, bias: bool = True) -> Shapes:
    return {f"{name}/kernel": (inputs, outputs), **({f"{name}/bias": (outputs,)} if bias else {})}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}/{weight}": (width,) for weight in ("gamma", "beta", "moving_mean", "moving_variance")}


def _convolution(name: str, inputs: int, width: int, *, size: int = 3) -> Shapes:
    return {f"{name}_conv/kernel": (size, size, inputs, width), **_norm(f"{name}_norm", width)}


def _residual_block(name: str, inputs: int, width: int) -> Shapes:
    wider = {f"{name}_widen/kernel": (1, 1, inputs, width), **_norm(f"{name}_widen_norm", width)}
    return {
        **_convolution(f"{name}_1", inputs, width),
        **_convolution(f"{name}_2", width, width),
        **(wider if inputs != width else {}),
    }


SHAPES: Mapping[str, Shapes] = {
    "classic": {**_dense("dense_1", 784, 128), **_dense("dense_2", 128, 128), **_dense("dense_3", 128, 128)},
    "perceptron": {
        **_dense("dense_1", 784, 128, bias=False),
        **_norm("norm_1", 128),
        **_dense("dense_2", 128, 128, bias=False),
        **_norm("norm_2", 128),
        **_dense("embedding", 128, 64),
    },
    "residual": {
        **_convolution("stem", 1, 64, size=5),
        **_residual_block("block_1", 64, 64),
        **_residual_block("block_2", 64, 64),
        **_residual_block("block_3", 64, 128),
        **_residual_block("block_4", 128, 128),
        **_dense("embedding", 128, 64),
        **_dense("classes", 64, CLASSES, bias=False),
    },
    "transfer": {
        **_convolution("stem", 1, 32, size=5),
        **_residual_block("block", 32, 64),
        **_dense("embedding", 7 * 7 * 64, 64),
    },
}
"""By the network's name, a key of `networks.NETWORKS`."""
_OUTPUTS: Mapping[str, int] = {"classic": 128, "perceptron": 64, "residual": CLASSES, "transfer": 64 + 98 + 128 + 32}


def embedding_size(recipe: Recipe) -> int:
    """Numbers of an embedding by a model of this recipe."""
    size = _OUTPUTS[recipe.network]
    return size + OWN_DIRECTIONS if recipe.hedged else size
