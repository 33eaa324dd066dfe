"""The app's server for a benchmark: on a free port, with the shipped models in a folder of its own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: its address.
        pid: its process.
        folder: its models and runs.
        log: what it writes down.
    """

    url: str
    pid: int
    folder: Path
    log: Path


@contextmanager
def running_server(folder: Path | None = None, **environment: str) -> Iterator[Server]:
    """Start it, wait until it answers, and end it.

    Args:
        folder: of models and runs; a new one when it is left out.
        **environment: more variables of its environment.
    """
    with socket.socket() as probe, tempfile.TemporaryDirectory() as fresh:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        folder = folder or Path(fresh) / "artifacts"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("best", "classic"):
            if not (folder / name).exists():
                shutil.copytree(ROOT / "artifacts" / name, folder / name)
        log = Path(fresh) / "server.log"
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [*command, "--server.address=127.0.0.1"],
                cwd=ROOT,
                env={**os.environ, "SIAMESE_ARTIFACTS": str(folder), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                _wait_for_health(f"http://127.0.0.1:{port}", process)
                yield Server(f"http://127.0.0.1:{port}", process.pid, folder, log)
            finally:
                process.terminate()


def _wait_for_health(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):  # noqa: S310  (our own address)
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer within {START_SECONDS:g} s")
