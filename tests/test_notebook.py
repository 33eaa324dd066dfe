"""`notebooks/tour.ipynb`, run cell after cell as a kernel would, without one."""

import ast
import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure

NOTEBOOK = Path(__file__).resolve().parent.parent / "notebooks" / "tour.ipynb"


def run(source: str, names: dict) -> object:
    """Run a cell; what its last expression gives is what the notebook would show."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NOTEBOOK.name, "exec"), names)  # noqa: S102 - the notebook is ours
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names) if last else None  # noqa: S307


def test_notebook_is_kept_without_output():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)


@pytest.mark.slow
def test_every_cell_runs_and_shows_something(fashion, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Ten seconds for a map that this notebook does not show and `test_projection.py` tests.
    monkeypatch.setattr("siamese_core.projection.keep_neighbours", lambda _, start, **__: start)
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    names: dict = {}
    shown = [run("".join(cell["source"]), names) for cell in cells]
    assert all(one is not None for one in shown)
    assert [isinstance(one, Figure) for one in shown] == [False, True, False, True, False]
    assert names["mine"].metrics["tutorial_pairs"]["accuracy"] > 0.92
    assert shown[-1].path.is_dir()
