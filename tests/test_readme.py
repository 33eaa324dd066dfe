"""What the README promises a reader can be done as it stands there."""

import re
import shutil
from pathlib import Path

from siamese_core.artifacts import PROJECT_ARTIFACTS, load_bundle

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()


def test_python_example_runs(fashion, tmp_path, monkeypatch, capsys):
    from PIL import Image

    Image.fromarray(fashion.image("test:3")).save(tmp_path / "drawing.png")
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", README, re.S)[1]
    names: dict = {}
    exec(code, names)  # noqa: S102 - the README is ours
    assert "Comparison(distance=" in capsys.readouterr().out
    assert (names["drawing"] == fashion.image("test:3")).all()


def test_every_file_named_in_the_map_is_there():
    tree = re.search(r"## Where things are\n\n```\n(.*?)```", README, re.S)[1]
    for name in re.findall(r"[\w/]+\.py|^[\w]+/", tree, re.M):
        root = Path(PROJECT_ARTIFACTS).parent
        assert (root / name).exists() or (root / "siamese_core" / name).exists(), name


def test_every_module_of_the_core_is_named_in_the_map():
    named = set(re.findall(r"[\w/]+\.py", README))
    modules = {path.name for path in (Path(PROJECT_ARTIFACTS).parent / "siamese_core").glob("[!_]*.py")}
    assert not modules - named


def test_figures_of_the_shipped_models_are_those_in_their_bundles():
    for name in ("classic", "best"):
        row = next(line for line in README.splitlines() if line.startswith(f"| `{name}`, shipped"))
        metrics = load_bundle(name, PROJECT_ARTIFACTS).metrics
        assert f"{metrics['tutorial_pairs']['accuracy']:.2%}".replace("%", " %") in row
        assert f"{metrics['all_pairs']['balanced_accuracy']:.2%}".replace("%", " %") in row
        assert f"{metrics['all_pairs']['auc']:.4f}" in row


def test_make_targets_exist():
    makefile = (Path(PROJECT_ARTIFACTS).parent / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in ("run", "test", "check"))
    assert shutil.which("make")
