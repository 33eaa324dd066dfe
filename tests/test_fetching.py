"""The data set fetched from good servers and bad ones: tiny files stand in for the published ones."""

import gzip
import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from siamese_core import data
from siamese_core.data import load_collection
from siamese_core.errors import DataError

COUNTS = {"train": 6, "test": 4}
FETCH = """
import json, sys
from pathlib import Path
from siamese_core import data
files, url, cache = json.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
data.FILES = {tuple(key.split()): data._IdxFile(**file) for key, file in files.items()}
data.DOWNLOAD_URL, data.DEBIAN_FOLDER, data._cache_folder = url, cache / "none", lambda: cache
found = data.load_collection()
print(found.split("train").images.sum(), found.split("test").images.sum())
"""


def published_files():
    """Content of each file by its key, gzipped idx as the real ones, and what is known of it beforehand."""
    rng = np.random.default_rng(0)
    contents, known = {}, {}
    for (split, kind), file in data.FILES.items():
        count = COUNTS[split]
        shape = (count, 28, 28) if kind == "images" else (count,)
        header = np.array([2048 + len(shape), *shape], ">i4").tobytes()
        plain = header + rng.integers(0, 10, shape, np.uint8).tobytes()
        archive = gzip.compress(plain, mtime=0)
        contents[file.name] = archive
        hashes = [hashlib.sha256(each).hexdigest() for each in (plain, archive)]
        known[split, kind] = data._IdxFile(file.name, count, *hashes)
    return contents, known


CONTENTS, KNOWN = published_files()


class Server:
    """A server of the files, which can be told to be a bad one.

    Attributes:
        asked: the files that were asked for.
        misdeed: what to do instead of answering well, given the request's handler and the file.
    """

    def __init__(self):
        server = self
        self.asked = []
        self.misdeed = None
        self.over = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.rpartition("/")[2]
                server.asked.append(name)
                if server.misdeed:
                    server.misdeed(self, CONTENTS[name])
                else:
                    answer(self, CONTENTS[name])

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def close(self):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def answer(handler, content, *, size=None, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(content) if size is None else size))
    handler.end_headers()
    handler.wfile.write(content)


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture
def cache(tmp_path, monkeypatch, server):
    """The cache of a machine that has the data nowhere else, and whose only source is the server."""
    monkeypatch.delenv("FASHION_MNIST_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(data, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(data, "_cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(data, "DOWNLOAD_URL", server.url)
    monkeypatch.setattr(data, "FILES", KNOWN)
    return tmp_path / "cache"


def test_what_is_nowhere_is_fetched_and_then_stays(server, cache):
    assert len(load_collection().split("train")) == COUNTS["train"]
    assert len(load_collection().split("test")) == COUNTS["test"]
    assert server.asked == [file.name for file in KNOWN.values()]


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: whole[:0], lambda whole: whole + whole])
def test_a_damaged_file_in_the_cache_is_fetched_again_and_the_others_are_not(server, cache, damage):
    load_collection()
    name = KNOWN["test", "images"].name
    (cache / name).write_bytes(damage(CONTENTS[name]))
    server.asked.clear()
    assert len(load_collection().split("test")) == COUNTS["test"]
    assert server.asked == [name]


def test_who_may_not_fetch_is_told_which_file_is_damaged(server, cache):
    load_collection()
    name = KNOWN["test", "images"].name
    (cache / name).write_bytes(CONTENTS[name][:-9])
    with pytest.raises(DataError, match=name):
        load_collection(download=False).split("test")


def cut(handler, content):
    answer(handler, content[: len(content) // 2], size=len(content))
    handler.close_connection = True


def hang_up(handler, content):
    handler.close_connection = True


def refuse(handler, content):
    answer(handler, b"gone", status=404)


def send_a_page(handler, content):
    answer(handler, b"<html>Please log in</html>")


def send_a_changed_one(handler, content):
    answer(handler, content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize(
    ("misdeed", "words"),
    [
        (cut, "could not be downloaded"),
        (hang_up, "could not be downloaded"),
        (refuse, "could not be downloaded"),
        (send_a_page, "is another one; try again later"),
        (send_a_changed_one, "is another one; try again later"),
    ],
)
def test_a_bad_answer_is_said_in_one_sentence_and_leaves_nothing(server, cache, misdeed, words):
    server.misdeed = misdeed
    with pytest.raises(DataError, match=words):
        load_collection()
    assert list(cache.iterdir()) == []
    server.misdeed = None
    assert len(load_collection().split("train")) == COUNTS["train"]


@pytest.mark.parametrize("sent", [0, 10])
def test_a_server_that_stalls_is_not_waited_for(server, cache, monkeypatch, sent):
    monkeypatch.setattr(data, "STALL_SECONDS", 0.05)

    def stall(handler, content):
        if sent:
            answer(handler, content[:sent], size=len(content))
        server.over.wait()

    server.misdeed = stall
    with pytest.raises(DataError, match="could not be downloaded"):
        load_collection()
    assert list(cache.iterdir()) == []


def test_who_has_no_network_is_told_so(server, cache, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused
        monkeypatch.setattr(data, "DOWNLOAD_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        with pytest.raises(DataError, match=r"could not be downloaded.*dataset-fashion-mnist"):
            load_collection()


def test_a_home_that_keeps_nothing_is_said(server, cache):
    cache.write_text("a file where a folder would have to be")
    with pytest.raises(DataError, match=r"cannot be kept on this machine: .*FASHION_MNIST_DIR"):
        load_collection()
    assert server.asked == []


def test_two_processes_that_fetch_at_once_both_get_it_whole(server, cache):
    both_have_asked = threading.Barrier(2)

    def wait_for_the_other(handler, content):
        if len(server.asked) <= 2:
            both_have_asked.wait(60)
        answer(handler, content)

    server.misdeed = wait_for_the_other
    described = json.dumps({" ".join(key): vars(file) for key, file in KNOWN.items()})
    command = [sys.executable, "-c", FETCH, described, server.url, str(cache)]
    environment = {**os.environ, "KERAS_HOME": str(cache.parent / "keras")}
    processes = [
        subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert sorted(path.name for path in cache.iterdir()) == sorted(CONTENTS)
    assert server.asked[0] == server.asked[1]
