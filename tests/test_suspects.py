import numpy as np

from siamese_core.suspects import find_suspects


def test_an_item_whose_neighbours_agree_on_another_class_is_suspected():
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    neighbours = np.array([[1, 2], [0, 2], [3, 4], [4, 5], [3, 5], [3, 4], [0, 3]])
    found = find_suspects(labels, neighbours, np.ones((7, 2)))
    assert found.rows.tolist() == [2]  # item 6 has one neighbour of each class
    assert found.proposed.tolist() == [1]
    assert (found.agreement[0], found.own[0]) == (1.0, 0.0)


def test_the_clearest_case_comes_first_and_of_equal_ones_the_nearer():
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 2])
    neighbours = np.tile([3, 4, 5], (8, 1))
    neighbours[0] = [3, 4, 1]
    distances = np.ones((8, 3))
    distances[2] = 0.5
    found = find_suspects(labels, neighbours, distances)
    assert found.rows.tolist() == [2, 1, 7, 0]


def test_shares_are_those_counted_one_by_one():
    rng = np.random.default_rng(0)
    labels, neighbours = rng.integers(0, 3, 50), rng.integers(0, 50, (50, 7))
    found = find_suspects(labels, neighbours, rng.random((50, 7)))
    for row, proposed, agreement, own in zip(found.rows, found.proposed, found.agreement, found.own, strict=True):
        votes = [int(labels[other]) for other in neighbours[row]]
        assert agreement == votes.count(proposed) / 7
        assert own == votes.count(labels[row]) / 7
    assert set(found.rows) == {
        row
        for row in range(50)
        for label in range(3)
        if label != labels[row] and (labels[neighbours[row]] == label).sum() > 3.5
    }
