"""A server that was installed to serve only: TensorFlow and what trains beside it cannot be imported there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from siamese_core import exporting, jobs, training_library, warm_up
from siamese_core.building import build_bundle
from siamese_core.collection import Collection
from siamese_core.config import RECIPES
from siamese_core.data import load_sample
from siamese_core.errors import RunError
from siamese_core.packing import pack_bundle
from tests.app.conftest import PROJECT, OpenApp

LEFT_OUT = ("tensorflow", "keras", "onnx", "tf2onnx", "openTSNE", "sklearn", "scipy", "h5py")
VISIT = """
import runpy, sys
from importlib.machinery import PathFinder

class Installed(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in sys.argv[2:] else super().find_spec(name, path, target)

sys.meta_path[:] = [Installed if finder is PathFinder else finder for finder in sys.meta_path]
import streamlit.runtime.scriptrunner.script_runner as runner
from streamlit.testing.v1 import AppTest
import streamlit_app
runner._mpa_v1 = lambda main: runpy.run_path(main, run_name="__main__")  # see conftest
app = AppTest.from_file(f"{sys.argv[1]}/app/main.py", default_timeout=180).run()
for page in ("map", "pairs", "evaluate", "train", "explain", "compare"):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception, (page, app.exception)
    print(page, len(app.error))
try:
    import tensorflow
except ModuleNotFoundError:
    print("nothing trains")
"""


@pytest.fixture
def nothing_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the library that trains not be found."""
    monkeypatch.setattr(training_library, "LIBRARIES", ("a-library-that-nobody-has",))


def test_every_page_opens_where_nothing_that_trains_is_installed() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", VISIT, str(PROJECT), *LEFT_OUT],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert ran.returncode == 0, ran.stderr[-3_000:]
    rooms = ("map", "pairs", "evaluate", "train", "explain", "compare")
    assert ran.stdout.splitlines() == [*(f"{room} 0" for room in rooms), "nothing trains"]


@pytest.mark.usefixtures("nothing_trains")
def test_training_is_switched_off_and_the_page_says_why(open_app: OpenApp) -> None:
    app = open_app("train")
    assert app.button(key="start").disabled
    assert app.button(key="start_step").disabled
    assert any("TensorFlow, which trains, is not installed" in caption.value for caption in app.caption)
    assert not [button for button in app.button if button.key in ("measure", "upload_now")]


def test_training_is_offered_where_the_library_is(open_app: OpenApp) -> None:
    app = open_app("train")
    assert not app.button(key="start").disabled
    assert not any("is not installed" in caption.value for caption in app.caption)


@pytest.mark.usefixtures("nothing_trains")
def test_who_asks_all_the_same_is_told(tmp_path: Path, fashion: Collection) -> None:
    for ask in (
        lambda: jobs.start("fast", "mine", root=tmp_path),
        lambda: jobs.install(pack_bundle("classic"), "mine", root=tmp_path),
        lambda: warm_up.measure_pace(RECIPES["fast"], root=tmp_path),
        lambda: exporting.export("classic", "keras", fashion, to=tmp_path / "classic.keras"),
    ):
        with pytest.raises(RunError, match="no TensorFlow"):
            ask()
    assert exporting.export("classic", "npz", fashion, to=tmp_path / "classic.npz").size > 0


def test_half_of_the_library_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert training_library.can_train()
    monkeypatch.setattr(training_library, "LIBRARIES", (*training_library.LIBRARIES, "a-library-that-nobody-has"))
    assert not training_library.can_train()


@pytest.mark.usefixtures("nothing_trains")
def test_the_command_line_says_so_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no TensorFlow"):
        build_bundle(RECIPES["fast"], "mine", load_sample(), seed=0, root=tmp_path)
