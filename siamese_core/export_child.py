"""An export as a child process, for a server: what it needs of memory goes when it goes, one at a time.

The child is `python -m siamese_core export … --json`; its one line of output says what it made or why it did not.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siamese_core.artifacts import PROJECT_ARTIFACTS, artifacts_root
from siamese_core.errors import ExportError
from siamese_core.exporting import ENDINGS

SECONDS_ALLOWED = 600.0
_SLOT = threading.Lock()


@dataclass(frozen=True)
class Download:
    """An export as one file.

    Attributes:
        file_name: What to call it.
        content: Its bytes; of a format that is a folder, a zip archive of that folder.
        difference: See `exporting.Exported`.
    """

    file_name: str
    content: bytes
    difference: float | None


def export_in_child(name: str, format_name: str) -> Download:
    """Export a model in a process of its own and bring the result here.

    Args:
        name: The model's, in the folder of bundles that this process uses.
        format_name: A key of `exporting.ENDINGS`.

    Raises:
        ExportError: What the child says; or another export is going on, or this one died or took too long.
    """
    if not _SLOT.acquire(blocking=False):
        raise ExportError("Another model is being exported; try again in a minute.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / (name + ENDINGS[format_name])
            difference = _run(name, format_name, path)["difference"]
            if path.is_dir():
                path = Path(shutil.make_archive(str(path), "zip", root_dir=folder, base_dir=path.name))
            return Download(path.name, path.read_bytes(), difference)
    finally:
        _SLOT.release()


def _run(name: str, format_name: str, path: Path) -> dict[str, Any]:
    """What the child says it made."""
    command = [
        sys.executable,
        "-m",
        "siamese_core",
        "export",
        name,
        f"--format={format_name}",
        f"--to={path}",
        "--json",
    ]
    try:
        ran = subprocess.run(
            command,
            cwd=PROJECT_ARTIFACTS.parent,
            env={**os.environ, "SIAMESE_ARTIFACTS": str(artifacts_root().resolve())},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_ALLOWED,
            check=False,
        )
        said = json.loads(ran.stdout)
    except subprocess.TimeoutExpired as error:
        raise ExportError(
            "The export took more than {seconds:g} seconds and was ended.", seconds=SECONDS_ALLOWED
        ) from error
    except ValueError as error:
        raise ExportError("The export ended without a word; it may have been killed or run out of memory.") from error
    if "sentence" in said:
        raise ExportError.from_dict(said)
    return said
