import errno
import gzip
import os
import shutil
import tracemalloc

import numpy as np
import pytest

from siamese_core import data
from siamese_core.data import FILES, find_folder, load_collection, load_sample, open_collection
from siamese_core.errors import DataError, ItemError


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine on which the data set is in none of the places that are looked at."""
    monkeypatch.delenv("FASHION_MNIST_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(data, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(data, "_cache_folder", lambda: tmp_path / "cache")
    return tmp_path


@pytest.fixture
def copy_of_data(fashion, tmp_path):
    """A function that copies the four files into a folder."""

    def copy(folder):
        folder.mkdir(parents=True)
        for file in FILES.values():
            shutil.copy(f"{fashion.source}/{file.name}", folder)
        return folder

    return copy


def test_real_data_have_the_published_sizes_and_classes(fashion):
    train, test = fashion.split("train"), fashion.split("test")
    assert train.images.shape == (60_000, 28, 28)
    assert test.images.shape == (10_000, 28, 28)
    assert train.images.dtype == np.uint8
    assert np.bincount(train.labels).tolist() == [6_000] * 10
    assert np.bincount(test.labels).tolist() == [1_000] * 10


def test_first_items_are_the_known_ones(fashion):
    assert fashion.class_names[fashion.label("train:0")] == "Ankle boot"
    assert fashion.class_names[fashion.label("test:1")] == "Pullover"


def test_images_cannot_be_changed_by_accident(fashion):
    with pytest.raises(ValueError, match="read-only"):
        fashion.image("test:0")[0, 0] = 1


def test_chosen_folder_comes_first(nowhere, copy_of_data, monkeypatch):
    copy_of_data(nowhere / "debian")
    chosen = copy_of_data(nowhere / "chosen")
    monkeypatch.setenv("FASHION_MNIST_DIR", str(chosen))
    assert find_folder() == chosen


def test_keras_cache_comes_before_debian_before_own_cache(nowhere, copy_of_data):
    cache = copy_of_data(nowhere / "cache")
    assert find_folder() == cache
    debian = copy_of_data(nowhere / "debian")
    assert find_folder() == debian
    keras = copy_of_data(nowhere / "keras" / "datasets" / "fashion-mnist")
    assert find_folder() == keras


def test_chosen_folder_without_a_file_is_said_and_not_passed_over(nowhere, copy_of_data, monkeypatch):
    copy_of_data(nowhere / "debian")
    chosen = copy_of_data(nowhere / "chosen")
    (chosen / "t10k-labels-idx1-ubyte.gz").unlink()
    monkeypatch.setenv("FASHION_MNIST_DIR", str(chosen))
    with pytest.raises(DataError, match=r"no file t10k-labels-idx1-ubyte\.gz.*siamese_core data"):
        open_collection()


def test_truncated_file_is_named(nowhere, copy_of_data):
    path = copy_of_data(nowhere / "cache") / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz cannot be read"):
        open_collection().split("test")


def test_changed_pixel_is_found_by_the_checksum(nowhere, copy_of_data):
    path = copy_of_data(nowhere / "cache") / "t10k-images-idx3-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[5_000] ^= 1
    path.write_bytes(gzip.compress(bytes(content), 1))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz is damaged"):
        open_collection().split("test")


def test_images_are_the_same_where_there_is_no_room_for_temporary_files(nowhere, copy_of_data, monkeypatch, fashion):
    copy_of_data(nowhere / "cache")

    def refuse():
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("siamese_core.data.tempfile.TemporaryFile", refuse)
    test = open_collection().split("test")
    np.testing.assert_array_equal(test.images, fashion.split("test").images)


def test_nobody_can_change_the_images(fashion):
    with pytest.raises(ValueError, match="read-only"):
        fashion.split("test").images[0, 0, 0] = 1


LABELS = FILES["test", "labels"]


@pytest.fixture
def labels_file(fashion, tmp_path):
    """A copy of the smallest file, and what it holds."""
    path = tmp_path / LABELS.name
    shutil.copy(f"{fashion.source}/{LABELS.name}", path)
    return path, path.read_bytes()


def places(size):
    """Every byte at both ends of so many, and every 41st between."""
    return [*range(64), *range(64, size - 64, 41), *range(size - 64, size)]


def test_a_file_truncated_at_any_point_is_refused(labels_file):
    path, whole = labels_file
    for size in places(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=LABELS.name):
            data._read_idx(path.parent, LABELS, ())


def test_a_file_with_any_byte_changed_is_refused_or_holds_the_same(labels_file, fashion):
    path, whole = labels_file
    refused = 0
    for at in places(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            labels = data._read_idx(path.parent, LABELS, ())
        except DataError:
            refused += 1
        else:
            np.testing.assert_array_equal(labels, fashion.split("test").labels)
    assert refused >= len(places(len(whole))) - 40  # of the archive's header and file name little matters


@pytest.mark.parametrize("header", [(2049, 60_000), (2051, 10_000), (2049, 2**31 - 1), (0, 0)])
def test_a_header_that_says_something_else_is_refused(labels_file, header):
    path, whole = labels_file
    content = np.array(header, ">i4").tobytes() + gzip.decompress(whole)[8:]
    path.write_bytes(gzip.compress(content, 1))
    with pytest.raises(DataError, match="damaged"):
        data._read_idx(path.parent, LABELS, ())


def test_no_more_is_unpacked_than_the_file_may_hold(labels_file, monkeypatch):
    path, _ = labels_file
    path.write_bytes(gzip.compress(bytes(50_000_000), 1))
    tracemalloc.start()
    with pytest.raises(DataError, match="damaged"):
        data._read_idx(path.parent, LABELS, ())
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_process_without_a_home_finds_the_data_elsewhere(nowhere, copy_of_data, monkeypatch):
    debian = copy_of_data(nowhere / "debian")
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as where no user of this number is known
    assert find_folder() == debian


def test_sample_opens_when_nothing_else_is_there(nowhere):
    sample = open_collection()
    assert not sample.complete
    assert len(sample.split("train")) == 0
    assert np.bincount(sample.split("test").labels).tolist() == [100] * 10


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[: len(content) // 2] + bytes(100) + content[len(content) // 2 + 100 :],
    ],
    ids=["empty", "cut short", "another middle"],
)
def test_a_damaged_sample_is_named(tmp_path, monkeypatch, damage):
    content = (data.SAMPLE_FOLDER / "sample.npz").read_bytes()
    (tmp_path / "sample.npz").write_bytes(damage(content))
    monkeypatch.setattr(data, "SAMPLE_FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"sample\.npz is missing or damaged"):
        load_sample()


def test_sample_items_are_the_test_items_of_the_same_numbers(fashion):
    sample, test = load_sample().split("test"), fashion.split("test")
    np.testing.assert_array_equal(sample.images, test.images[sample.ids])
    np.testing.assert_array_equal(sample.labels, test.labels[sample.ids])


def test_item_outside_the_sample_says_that_only_a_sample_is_here():
    sample = load_sample()
    absent = int(np.setdiff1d(np.arange(1_000), sample.split("test").ids)[0])
    with pytest.raises(ItemError, match="only a sample"):
        sample.image(f"test:{absent}")


def test_without_download_missing_data_say_how_to_get_them(nowhere):
    with pytest.raises(DataError, match="dataset-fashion-mnist"):
        load_collection(download=False)


def test_failed_download_names_the_file(nowhere, monkeypatch):
    monkeypatch.setattr(data, "DOWNLOAD_URL", "http://127.0.0.1:9/")
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz could not be downloaded"):
        load_collection()
