"""The code that the app shows is the code that runs."""

import inspect
import subprocess
import sys
from textwrap import dedent

import pytest

from app.sources import excerpt
from siamese_core import comparison, evaluation, pairs
from tests.app.conftest import PROJECT


@pytest.mark.parametrize("function", [pairs.tutorial_pairs, evaluation.accuracy, comparison.euclidean_distances])
def test_an_excerpt_is_what_python_runs_but_for_the_docstring(function) -> None:
    found = excerpt(function.__module__, function.__name__)
    source, line = inspect.getsourcelines(function)
    assert found.line == line
    assert function.__doc__.splitlines()[0] not in found.code
    code, whole = found.code.splitlines(), [text.rstrip("\n") for text in source]
    assert code[0] == whole[0]
    assert code[-1] == whole[-1]
    assert [text for text in whole if text in code] == code


def test_a_method_stands_at_the_edge_and_keeps_its_decorators() -> None:
    assert excerpt("siamese_core.trainer", "Trainer._replica_step").code.startswith("def _replica_step(self")
    assert excerpt("siamese_core.trainer", "Trainer._run_steps").code.startswith("@tf.function(")


@pytest.mark.parametrize(("module", "name"), [
    ("siamese_core.losses", "nothing"),
    ("siamese_core.trainer", "Trainer.nothing"),
    ("siamese_core.trainer", "Trainer"),
    ("sys", "exit"),
])  # fmt: skip
def test_what_is_no_function_of_a_file_is_refused(module: str, name: str) -> None:
    with pytest.raises(ValueError, match="must"):
        excerpt(module, name)


def test_code_of_tensorflow_is_shown_without_tensorflow() -> None:
    code = dedent("""
        import sys
        from app.sources import excerpt
        print(excerpt("siamese_core.losses", "contrastive_loss").code)
        print("tensorflow" in sys.modules, "siamese_core.losses" in sys.modules)
    """)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert "too_near = tf.maximum" in ran.stdout
    assert ran.stdout.endswith("False False\n")
