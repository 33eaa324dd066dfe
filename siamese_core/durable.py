"""Folders of plain files that change whole or not at all, whoever is killed and whoever reads meanwhile.

A folder is written in `.saving/` beside its place, made durable, and exchanged with what is there in one call of the
system; it is never changed afterwards. Whoever changes anything holds the parent's lock alone, so what lies in
`.saving/` when the lock has been taken was left by a process that died.
"""

import ctypes
import errno
import fcntl
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

SAVING = ".saving"
_ASIDE = ".aside"
_HERE = -100 if sys.platform == "linux" else -2
"""AT_FDCWD: paths are meant as they are written."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS."""
_NOT_HERE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
"""What a system or file system answers that cannot exchange."""


@contextmanager
def changing(parent: Path) -> Iterator[Path]:
    """Nobody else changes the folders in `parent` meanwhile; gives an empty folder in it to work in, gone afterwards.

    Raises:
        OSError: The disk refuses.
    """
    with _locked(parent, fcntl.LOCK_EX):
        _clear(parent)
        workplace = parent / SAVING
        workplace.mkdir(exist_ok=True)
        try:
            yield workplace
        finally:
            with suppress(OSError):  # what has been changed is changed; what is left here, the next one clears away
                _clear(parent)


@contextmanager
def unchanging(parent: Path) -> Iterator[None]:
    """Nobody at all changes the folders in `parent` meanwhile.

    Raises:
        OSError: There is no such folder.
    """
    with _locked(parent, fcntl.LOCK_SH):
        yield


def tidy(parent: Path) -> None:
    """Remove what processes have left that died while they changed something; wait for those that live."""
    if (parent / SAVING).is_dir():
        with _locked(parent, fcntl.LOCK_EX):
            _clear(parent)


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """A new folder of files that survive a power cut.

    Raises:
        OSError: The disk refuses.
    """
    folder.mkdir()
    for file, content in contents.items():
        with (folder / file).open("xb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    _sync(folder)


def put(fresh: Path, target: Path) -> None:
    """Move a folder to its place, durably, and what was there to where it came from; or leave both as they were.

    Raises:
        OSError: The disk refuses.
    """
    move: Callable[[Path, Path], None] = _exchange if os.path.lexists(target) else os.rename
    move(fresh, target)
    try:
        _sync(target.parent)
    except OSError:
        move(target, fresh)
        raise


@contextmanager
def reading(folder: Path) -> Iterator[Callable[[str], bytes]]:
    """Gives what reads a file of this folder by name: always of this very one, whatever is put in its place meanwhile.

    No file may be a link; the folder may.

    Raises:
        OSError: There is no such folder; or, where a file is read, no such plain file.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield partial(_read, descriptor)
    finally:
        os.close(descriptor)


def _read(folder: int, file: str) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), file)
        return opened.read()


@contextmanager
def _locked(parent: Path, kind: int) -> Iterator[None]:
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        with suppress(OSError):  # the lock is gone even so
            os.close(descriptor)


def _clear(parent: Path) -> None:
    """Remove the workplace; a folder that was put aside and whose place is empty goes back to it."""
    workplace = parent / SAVING
    for aside in workplace.glob(f"*{_ASIDE}"):
        if not (parent / aside.stem).exists():
            os.rename(aside, parent / aside.stem)
    shutil.rmtree(workplace, ignore_errors=True)


def _exchange(one: Path, other: Path) -> None:
    """Let two folders take each other's places; where the system cannot, in steps that `_clear` takes back."""
    try:
        _exchange_at_once(one, other)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        place, workplace = sorted((one, other), key=lambda path: path.parent.name == SAVING)
        aside = workplace.with_name(place.name + _ASIDE)
        os.rename(place, aside)
        os.rename(workplace, place)
        os.rename(aside, workplace)


def _exchange_at_once(one: Path, other: Path) -> None:
    system = ctypes.CDLL(None, use_errno=True)
    call = getattr(system, "renameat2" if sys.platform == "linux" else "renameatx_np", None)
    paths = _HERE, os.fsencode(one), _HERE, os.fsencode(other)
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if call(*paths, ctypes.c_uint(_EXCHANGE)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(one), None, str(other))


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
