import numpy as np
import pytest

from siamese_core.embedding_files import write_npz, write_parquet


@pytest.fixture
def embeddings():
    return np.random.default_rng(0).normal(size=(100, 7)).astype(np.float32)


def test_npz_opens_without_pickle_and_holds_every_item(tiny, tmp_path, embeddings):
    test = tiny.split("test")
    write_npz(tmp_path / "items.npz", embeddings, test, tiny.class_names)
    with np.load(tmp_path / "items.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["embeddings"], embeddings)
        np.testing.assert_array_equal(arrays["labels"], test.labels)
        np.testing.assert_array_equal(arrays["ids"], test.ids)
        assert arrays["class_names"].tolist() == list(tiny.class_names)


def test_parquet_has_a_row_an_item(tiny, tmp_path, embeddings):
    from pyarrow import parquet

    test = tiny.split("test")
    write_parquet(tmp_path / "items.parquet", embeddings, test, tiny.class_names)
    table = parquet.read_table(tmp_path / "items.parquet")
    assert table.column_names == ["id", "label", "class", "embedding"]
    assert str(table.schema.field("embedding").type) == "fixed_size_list<element: float>[7]"
    assert table["class"][3].as_py() == tiny.class_names[test.labels[3]]
    np.testing.assert_array_equal(table["id"].to_numpy(), test.ids)
    np.testing.assert_array_equal(np.array(table["embedding"].to_pylist(), np.float32), embeddings)
