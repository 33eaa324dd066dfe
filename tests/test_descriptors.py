import numpy as np
import pytest

from siamese_core.descriptors import EdgeDirections, Silhouette

LAYERS = [Silhouette(), EdgeDirections(7), EdgeDirections(14)]


@pytest.fixture(scope="module")
def images(fashion):
    return fashion.split("test").images[:3, ..., None].astype(np.float32) / 255


def test_silhouette_is_that_of_a_loop(images):
    for image, found in zip(images[..., 0], Silhouette()(images).numpy(), strict=True):
        covered = []
        for row in range(0, 28, 4):
            for column in range(0, 28, 4):
                cell = image[row : row + 4, column : column + 4]
                covered.append(np.mean([min(5 * pixel, 1) for pixel in cell.ravel()]))
        shares = np.array([*covered, *(1 - cover for cover in covered)]) / 49
        np.testing.assert_allclose(found, np.sqrt(shares), atol=1e-5)


@pytest.mark.parametrize("cell", [7, 14])
def test_edge_directions_are_those_of_a_loop(images, cell):
    padded = np.pad(images[..., 0], [[0, 0], [1, 1], [1, 1]])
    for image, found in zip(padded, EdgeDirections(cell)(images).numpy(), strict=True):
        amounts = np.zeros((28 // cell, 28 // cell, 8))
        for row in range(28):
            for column in range(28):
                across = image[row + 1, column + 2] - image[row + 1, column]
                down = image[row + 2, column + 1] - image[row, column + 1]
                strength, direction = np.hypot(across, down), np.arctan2(down, across)
                for turn in range(8):
                    nearness = np.cos(direction - turn * np.pi / 8) ** 8
                    amounts[row // cell, column // cell, turn] += strength * nearness
        np.testing.assert_allclose(found, np.sqrt(amounts / amounts.sum()).ravel(), atol=1e-4)


def test_a_step_from_left_to_right_counts_most_for_the_first_direction():
    image = np.zeros((1, 28, 28, 1), np.float32)
    image[:, :, 14:] = 1.0
    directions = EdgeDirections(7)(image).numpy().reshape(4, 4, 8)[1, 1:3].sum(axis=0)
    assert directions.argmax() == 0
    assert directions[4] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("layer", LAYERS)
def test_descriptions_have_length_one_and_nothing_below_zero(layer, images):
    described = layer(images).numpy()
    np.testing.assert_allclose(np.linalg.norm(described, axis=1), 1.0, rtol=1e-5)
    assert (described >= 0).all()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_black_image_has_a_finite_description(layer):
    assert np.isfinite(layer(np.zeros((1, 28, 28, 1), np.float32))).all()


@pytest.mark.parametrize("layer", LAYERS)
def test_shape_is_known_before_there_are_images(layer, images):
    assert layer.compute_output_shape((None, 28, 28, 1)) == (None, layer(images).shape[1])


def test_edge_directions_are_rebuilt_with_their_cells():
    assert EdgeDirections.from_config(EdgeDirections(14).get_config()).cell == 14
