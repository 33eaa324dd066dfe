import numpy as np
import pytest

from siamese_core.projection import (
    CELLS,
    EmbeddingMap,
    EpochPlanes,
    add_neighbours,
    best_rotation,
    draw_map,
    keep_neighbours,
    neighbour_shares,
    principal_plane,
    spread_epochs,
)

QUARTER_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


@pytest.fixture
def embeddings():
    """(200, 6) float32, spread most along the third direction, then along the first."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(200, 6)) * [3, 1, 9, 1, 1, 1] + 5).astype(np.float32)


@pytest.fixture
def drawn(embeddings):
    planes = EpochPlanes()
    for epoch in range(3):
        planes.add(epoch, embeddings * (epoch + 1))
    return add_neighbours(draw_map(embeddings * 2, kept=1, earlier=planes), embeddings * 2, seed=0)


def test_the_plane_lies_along_the_two_widest_directions(embeddings):
    plane = principal_plane(embeddings)
    assert np.abs(plane.axes).argmax(axis=0).tolist() == [2, 0]
    np.testing.assert_allclose(plane.axes.T @ plane.axes, np.eye(2), atol=1e-6)


def test_the_plane_holds_as_much_variance_as_a_singular_value_decomposition_finds(embeddings):
    values = np.linalg.svd(embeddings - embeddings.mean(axis=0), compute_uv=False)
    places = principal_plane(embeddings).project(embeddings)
    np.testing.assert_allclose(np.square(places).sum(axis=0), np.square(values[:2]), rtol=1e-4)


def test_the_rotation_undoes_a_turn_and_a_mirror(embeddings):
    places = embeddings[:, :2]
    for turn in (QUARTER_TURN, np.diag([1.0, -1.0])):
        np.testing.assert_allclose(best_rotation(places @ turn, places), turn.T, atol=1e-6)


def test_a_turned_network_leaves_the_map_where_it_was(embeddings):
    planes = EpochPlanes()
    planes.add(0, embeddings)
    planes.add(1, embeddings[:, ::-1] * [1, 1, 1, -1, 1, -1])  # the same cloud seen from elsewhere
    np.testing.assert_allclose(planes.places[1], planes.places[0], atol=1e-3)


def test_every_epoch_has_a_map_of_one_radius(drawn):
    assert drawn.epochs.tolist() == [0, 1, 2]
    assert drawn.principal.shape == (3, 200, 2)
    for cloud in (*drawn.principal, drawn.neighbourly):
        radius = np.sqrt(np.square(cloud - CELLS / 2).sum(axis=1).mean())
        assert radius == pytest.approx(np.sqrt(np.square(drawn.principal[0] - CELLS / 2).sum(axis=1).mean()), rel=0.02)


def test_an_epochs_map_takes_four_bytes_an_item(drawn):
    assert drawn.principal[0].nbytes == 4 * 200


def test_the_farthest_item_of_all_maps_lies_on_the_edge(drawn):
    assert np.abs(drawn.principal - CELLS / 2).max() == CELLS / 2
    assert np.abs(drawn.neighbourly - CELLS / 2).max() <= CELLS / 2


def test_an_item_placed_anew_lands_on_its_place(drawn, embeddings):
    np.testing.assert_allclose(drawn.place(embeddings * 2), drawn.principal[1], atol=2)


def test_without_a_training_there_is_the_kept_epoch_alone(embeddings):
    drawn = draw_map(embeddings, kept=14)
    assert drawn.epochs.tolist() == [14]
    assert drawn.neighbourly is None
    np.testing.assert_allclose(drawn.place(embeddings), drawn.principal[0], atol=2)


def test_neighbours_stay_together_where_the_plane_cannot_keep_them():
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 8
    embeddings = (8 * np.eye(8)[labels] + rng.normal(size=(240, 8))).astype(np.float32)  # eight corners: no plane does
    principal = principal_plane(embeddings).project(embeddings)
    kept = keep_neighbours(embeddings, principal, seed=0)
    assert nearest_share(kept, labels) > 0.95 > nearest_share(principal, labels)


def nearest_share(places, labels):
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return (labels[distances.argmin(axis=1)] == labels).mean()


def test_the_same_seed_draws_the_same_map(embeddings):
    start = principal_plane(embeddings).project(embeddings)
    once, again = (keep_neighbours(embeddings, start, seed=3) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_a_map_comes_back_from_its_arrays(drawn):
    back = EmbeddingMap.from_arrays(drawn.to_arrays())
    np.testing.assert_array_equal(back.principal, drawn.principal)
    np.testing.assert_array_equal(back.neighbourly, drawn.neighbourly)
    assert back.kept == drawn.kept


@pytest.mark.parametrize("change", [
    {"kept": np.int32(9)},
    {"epochs": np.arange(2)},
    {"mean": np.full(6, np.nan)},
    {"axes": np.zeros((6, 3))},
    {"principal": np.zeros((3, 200, 2))},
    {"neighbourly": np.zeros((199, 2), np.uint16)},
])  # fmt: skip
def test_arrays_that_do_not_fit_together_are_refused(drawn, change):
    with pytest.raises(ValueError, match="not those of a map"):
        EmbeddingMap.from_arrays(drawn.to_arrays() | change)


def test_some_items_keep_their_places(drawn):
    some = drawn.take(np.array([5, 3]))
    assert len(some) == 2
    np.testing.assert_array_equal(some.principal[2, 1], drawn.principal[2, 3])
    np.testing.assert_array_equal(some.neighbourly[0], drawn.neighbourly[5])


def test_equal_embeddings_make_a_map_of_one_point():
    drawn = draw_map(np.ones((10, 4), np.float32), kept=1)
    assert (drawn.principal == drawn.principal[0, 0]).all()


def test_nearer_neighbours_pull_more_and_an_equal_one_pulls_all():
    np.testing.assert_allclose(neighbour_shares(np.array([1.0, 2.0, 2.0])), [4 / 6, 1 / 6, 1 / 6])
    np.testing.assert_allclose(neighbour_shares(np.array([0.0, 0.5])), [1, 0], atol=1e-6)


def test_map_of_a_long_training_tells_of_a_dozen_epochs_the_kept_one_among_them():
    embeddings = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    seen = EpochPlanes()
    for epoch in range(41):
        seen.add(epoch, embeddings)
    epochs = draw_map(embeddings, kept=37, earlier=seen).epochs
    assert len(epochs) <= 12
    assert {0, 37, 40} <= set(epochs.tolist())


@pytest.mark.parametrize(("epochs", "spread"), [(2, [0, 1, 2]), (10, list(range(11))), (20, list(range(0, 21, 2)))])
def test_the_epochs_of_a_map_are_known_before_the_training(epochs, spread):
    assert spread_epochs(range(epochs + 1)) == spread


@pytest.mark.parametrize("epochs", [11, 24, 199, 200])
def test_the_first_and_the_last_epoch_are_among_those_of_a_map(epochs):
    spread = spread_epochs(range(epochs + 1))
    assert (len(spread), spread[0], spread[-1]) == (11, 0, epochs)
    assert np.ptp(np.diff(spread)) <= 1


def test_an_epoch_that_is_added_late_is_turned_to_the_one_before_it(embeddings):
    seen = EpochPlanes()
    seen.add(0, embeddings)
    seen.add(4, embeddings[:, ::-1])
    seen.add(1, embeddings[:, ::-1] * [1, 1, 1, -1, 1, -1])
    np.testing.assert_allclose(seen.places[1], seen.places[0], atol=1e-3)


def test_planes_come_back_from_their_file(embeddings, tmp_path):
    seen = EpochPlanes()
    seen.add(0, embeddings)
    seen.add(3, embeddings * 2)
    seen.save(tmp_path / "planes.npz")
    back = EpochPlanes.load(tmp_path / "planes.npz")
    assert set(back.planes) == {0, 3}
    np.testing.assert_array_equal(back.planes[3].axes, seen.planes[3].axes)
    np.testing.assert_array_equal(back.places[3], seen.places[3])


@pytest.mark.parametrize("content", [None, b"", b"PK", b"x" * 99])
def test_planes_that_cannot_be_read_are_none(content, tmp_path):
    if content is not None:
        (tmp_path / "planes.npz").write_bytes(content)
    assert EpochPlanes.load(tmp_path / "planes.npz").planes == {}
