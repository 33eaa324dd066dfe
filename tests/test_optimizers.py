import dataclasses

import keras
import numpy as np
import pytest

from siamese_core.config import RECIPES
from siamese_core.optimizers import ConvolutionalMuon, FusedRMSprop, build_optimizer


def moved(optimizer, kernel, gradient):
    variable = keras.Variable(kernel)
    optimizer.build([variable])
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return variable.numpy()


@pytest.fixture
def gradient():
    return np.random.default_rng(0).normal(size=(3, 3, 4, 16)).astype(np.float32)


def test_muon_moves_a_convolution_kernel_by_a_nearly_orthogonal_matrix(gradient):
    step = moved(ConvolutionalMuon(1.0, weight_decay=None, rms_rate=None), np.zeros_like(gradient), gradient)
    strengths = np.linalg.svd(-step.reshape(36, 16), compute_uv=False)
    assert strengths.max() < 1.3
    assert strengths.min() > 0.6
    left, _, right = np.linalg.svd(gradient.reshape(36, 16), full_matrices=False)
    assert np.sum(-step.reshape(36, 16) * (left @ right)) / np.sum(strengths) > 0.99  # in the gradient's own directions


@pytest.mark.parametrize("shape", [(784, 128), (9, 40), (16, 36), (5, 5)])
@pytest.mark.parametrize("spread", [1.0, 1e-4])
def test_muon_makes_a_matrix_orthogonal_as_keras_does(shape, spread):
    rng = np.random.default_rng(0)
    left, strengths, right = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
    matrix = ((left * np.geomspace(1.0, spread, len(strengths))) @ right).astype(np.float32)
    ours, keras_own = (
        muon.zeropower_via_newtonschulz5(keras.ops.convert_to_tensor(matrix), 5)
        for muon in (ConvolutionalMuon(), keras.optimizers.Muon())
    )
    np.testing.assert_allclose(ours, keras_own, atol=2e-4)


def test_muon_leaves_vectors_to_adam():
    step = moved(ConvolutionalMuon(0.01, weight_decay=None), np.zeros(3, np.float32), np.float32([5.0, -0.1, 2.0]))
    np.testing.assert_allclose(step, [-0.01, 0.01, -0.01], rtol=1e-4)


@pytest.mark.parametrize("setting", [{"momentum": 0.9}, {"centered": True}])
def test_rmsprop_in_one_operation_refuses_what_it_has_not(setting):
    with pytest.raises(ValueError, match="not for FusedRMSprop"):
        FusedRMSprop(0.01, **setting)


def test_rmsprop_in_one_operation_moves_as_keras_does():
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(20, 5, 3)).astype(np.float32)
    ends = []
    for optimizer in (FusedRMSprop(0.01), keras.optimizers.RMSprop(0.01)):
        variable = keras.Variable(start)
        optimizer.build([variable])
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        ends.append(variable.numpy())
    np.testing.assert_allclose(*ends, rtol=1e-5, atol=1e-6)
    assert np.abs(ends[0] - start).max() > 0.01


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_one_cycle_rises_over_a_fifth_of_the_steps_and_ends_at_nothing(kind):
    recipe = dataclasses.replace(RECIPES["best"], optimizer=kind, learning_rate=0.5)
    rate = build_optimizer(recipe, steps=100)._learning_rate
    rates = [float(rate(step)) for step in (0, 10, 20, 60, 100)]
    np.testing.assert_allclose(rates, [0.0, 0.25, 0.5, 0.25, 0.0], atol=1e-6)
