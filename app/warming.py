"""What the server does before anybody has to wait for it: data, the first model, and the code of the first page."""

import ast
import gc
import inspect
import logging
from importlib import import_module
from pathlib import Path
from threading import Event

from app import cache
from app.operator import limits
from app.words import catalogue
from siamese_core import artifacts, jobs
from siamese_core.errors import SiameseError

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_FIRST_SCRIPTS = ("main.py", "pages/compare.py")

is_warm = Event()
"""Set once the first visitor would wait for nothing."""


def warm_up() -> None:
    """Do what the first visitor would wait for, then take it all out of the garbage collector's rounds.

    Streamlit goes round after every run of a script, over everything that has not been frozen.
    """
    _take_up_runs()
    _open_first_model()
    for module in _imports():
        import_module(module)
    catalogue()
    inspect.stack()  # maps all files to modules, which Streamlit would do at its first element: 0.1 s
    gc.collect()
    gc.freeze()
    is_warm.set()


def _take_up_runs() -> None:
    """Let a run that another server has left know that somebody is there again, or go on if it has ended by then."""
    try:
        jobs.attend()
        jobs.take_up(limits=limits())
    except (SiameseError, OSError) as error:
        _LOG.warning("a run that another server has left cannot be taken up", exc_info=error)


def _open_first_model() -> None:
    """Open the data and the first model and let them answer once; remove what a process has half saved that died.

    What cannot be opened is for the log here; a visitor reads of it on the page that needs it.
    """
    try:
        artifacts.tidy()
        test = cache.collection().split("test")
        if model := cache.first_usable(cache.model_names()):
            cache.gallery(model).nearest(model.encoder.embed(test.images[:1]), 1)
    except (SiameseError, OSError) as error:
        _LOG.warning("data and first model cannot be opened before the first visitor comes", exc_info=error)


def _imports() -> list[str]:
    """The modules of this app that the first page imports."""
    found = []
    for script in _FIRST_SCRIPTS:
        for node in ast.parse((_HERE / script).read_text(encoding="utf-8")).body:
            match node:
                case ast.ImportFrom(module="app", names=names):
                    found += [f"app.{alias.name}" for alias in names]
                case ast.ImportFrom(module=str(module)) if module.startswith("app."):
                    found.append(module)
    return found
