import io

import numpy as np
import pytest

from siamese_core.npz import from_npz, to_npz

ARRAYS = {
    "line": np.arange(7, dtype=np.float32),
    "table": np.arange(6, dtype=np.uint16).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float16).reshape(2, 3)),
    "block": np.arange(24, dtype=np.int64).reshape(2, 3, 4),
    "number": np.array(2.5),
    "nothing": np.zeros((0, 4), np.int32),
}


def test_arrays_come_back_as_numpy_itself_reads_them():
    content = to_npz(ARRAYS)
    read = from_npz(content, list(ARRAYS))
    with np.load(io.BytesIO(content)) as expected:
        assert read.keys() == set(expected)
        for name, array in expected.items():
            assert read[name].dtype == array.dtype
            np.testing.assert_array_equal(read[name], array)


def test_arrays_may_be_missing_but_not_be_others():
    assert from_npz(to_npz({"line": ARRAYS["line"]}), ["line", "table"]).keys() == {"line"}
    with pytest.raises(ValueError, match="nothing else"):
        from_npz(to_npz(ARRAYS), ["line", "table", "surprise"])


@pytest.mark.parametrize("array", [np.zeros(2, complex), np.zeros(2, ">f4"), np.array(["a"]), np.zeros(2, bool)])
def test_arrays_of_other_kinds_are_refused(array):
    with pytest.raises(ValueError, match="plain numbers"):
        from_npz(to_npz({"odd": array}), ["odd"])
