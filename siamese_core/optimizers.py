"""The rates and optimizers that recipes name."""

from typing import Any

import keras
import tensorflow as tf

from siamese_core.config import Recipe

WARM_UP_SHARE = 0.2
"""Share of the steps in which the one-cycle rate rises."""
LONG = 4
"""How many times as long as broad a matrix is whose Gram matrix spares multiplications worth its errors."""
GATHERED = 3
"""Steps until the Gram matrix is made anew."""
UNDECAYED = ("gamma", "beta", "bias")


@keras.saving.register_keras_serializable(package="siamese_core")
class ConvolutionalMuon(keras.optimizers.Muon):
    """Keras's Muon, which moves dense kernels alone by orthogonal steps, for convolution kernels too.

    A kernel (h, w, i, o) is moved as the matrix (h * w * i, o) that it multiplies each window by. All that is no
    kernel, and the class weights, are moved by AdamW.

    References:
        K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; the scale of a step by
        J. Liu et al., "Muon is scalable for LLM training", 2025, eq. 4.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) < 2 or "classes" in variable.path

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign(m, self.momentum * m + gradient)
        ahead = gradient + self.momentum * m
        matrix = keras.ops.reshape(ahead, (-1, variable.shape[-1]))
        step = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, keras.ops.reshape(step, variable.shape))

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """The matrix x (m, n), its singular values all brought near to 1, as Keras does it, but sooner where x is long.

        Each step multiplies x by a polynomial in its Gram matrix. These commute: those of a few steps are gathered in
        one matrix that is as small as the shorter side of x, and a long x itself is multiplied only then. Meanwhile the
        Gram matrix is carried on from step to step, its errors growing: it needs float32 as it is, not rounded to TF32.
        """
        if max(x.shape) < LONG * min(x.shape):
            return super().zeropower_via_newtonschulz5(x, steps)
        is_tall = x.shape[0] > x.shape[1]
        x = x / (keras.ops.norm(x) + 1e-7)
        identity = keras.ops.eye(min(x.shape), dtype=x.dtype)
        for start in range(0, steps, GATHERED):
            across = keras.ops.transpose(x)
            gram = across @ x if is_tall else x @ across
            factor = polynomial = identity
            for step in range(start, min(start + GATHERED, steps)):
                if step > start:
                    gram = gram @ polynomial @ polynomial
                polynomial = self.muon_a * identity + self.muon_b * gram + self.muon_c * (gram @ gram)
                factor = factor @ polynomial if step > start else polynomial
            x = x @ factor if is_tall else factor @ x
        return x


@keras.saving.register_keras_serializable(package="siamese_core")
class FusedRMSprop(keras.optimizers.RMSprop):
    """Keras's RMSprop without momentum, whose step of a variable is one operation, where Keras's takes nine."""

    def __init__(self, learning_rate: Any = 0.001, **settings: Any) -> None:
        """As Keras's.

        Raises:
            ValueError: A momentum or centred gradients are asked for, which the step does not have.
        """
        if settings.get("momentum") or settings.get("centered"):
            raise ValueError("`momentum` and `centered` are not for FusedRMSprop; take keras.optimizers.RMSprop")
        super().__init__(learning_rate, **settings)

    def build(self, variables: list[Any]) -> None:
        """Make room for what the operation keeps: the mean square of each gradient, and a momentum of none."""
        if not self.built:
            super().build(variables)
            self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable."""
        place = self._get_variable_index(variable)
        own, mean_square, momentum = (
            (kept.value if isinstance(kept, keras.Variable) else kept).handle
            for kept in (variable, self._velocities[place], self._momentums[place])
        )
        tf.raw_ops.ResourceApplyRMSProp(
            var=own,
            ms=mean_square,
            mom=momentum,
            lr=learning_rate,
            rho=self.rho,
            momentum=0.0,
            epsilon=self.epsilon,
            grad=gradient,
        )


def build_optimizer(recipe: Recipe, *, steps: int) -> keras.optimizers.Optimizer:
    """The recipe's optimizer, with its rate laid out over so many steps."""
    rate: float | keras.optimizers.schedules.LearningRateSchedule = recipe.learning_rate
    if recipe.schedule == "one_cycle":
        rising = max(1, round(WARM_UP_SHARE * steps))
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(1, steps - rising), warmup_target=recipe.learning_rate, warmup_steps=rising
        )
    if recipe.optimizer == "rmsprop":
        return FusedRMSprop(rate)
    if recipe.optimizer == "muon":
        optimizer = ConvolutionalMuon(rate, weight_decay=recipe.weight_decay, adam_weight_decay=recipe.weight_decay)
    else:
        optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=list(UNDECAYED))
    return optimizer
