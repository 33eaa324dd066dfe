"""What the project stands on: locked by hash, licensed for this use, and no way to run what a stranger wrote."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENTRY = re.compile(r"^([a-z0-9._-]+)==([^\s;]+)(.*?)(?=^\S|\Z)", re.M | re.S)
ROW = re.compile(r"^\| (\S+) \| (\S+) \| (.+) \|$", re.M)
ELSEWHERE = re.compile(r"win32|Windows|Darwin|emscripten|python_full_version >= ")
"""Marks of packages for other systems and newer Pythons than the list of licences is made on."""
SOURCES = [
    ROOT / "streamlit_app.py",
    *(
        path
        for folder in ("app", "siamese_core", "benchmarks", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ),
]
RUNS_CODE = {"eval", "exec", "__import__", "system", "popen"}
UNPICKLES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
OPENS_THE_DOOR = {"shell", "allow_pickle"}
"""Arguments that may never be true."""


LINES = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
REQUIREMENTS = [Requirement(words) for line in LINES if (words := line.partition("#")[0].strip())]
LOCKED = ENTRY.findall(LOCK)
"""Name, version and the rest of each entry; some packages have one for newer Pythons and one for older ones."""


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_what_is_required_is_locked(requirement: Requirement) -> None:
    versions = [version for name, version, _ in LOCKED if name == requirement.name]
    assert versions
    assert all(version in requirement.specifier for version in versions)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_what_is_required_has_an_upper_bound(requirement: Requirement) -> None:
    assert any(part.operator in ("<", "==") for part in requirement.specifier)


def test_every_locked_package_has_its_hashes_and_no_address() -> None:
    assert len(LOCKED) > 50
    assert [name for name, _, rest in LOCKED if "--hash=sha256:" not in rest] == []
    assert "://" not in LOCK


def test_every_licence_is_known_and_asks_for_no_more_than_a_notice() -> None:
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    listed = {(name, version): licence for name, version, licence in ROW.findall(text)}
    needed = {(name, version) for name, version, rest in LOCKED if not ELSEWHERE.search(rest)}
    assert needed <= set(listed)
    assert [name for (name, _), licence in listed.items() if re.search(r"\bA?GPL|not installed", licence)] == []


def doors(tree: ast.AST) -> Iterator[str]:
    """Everything in a source by which a stranger's data could become code."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.split(".")[0] in UNPICKLES)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in UNPICKLES:
                yield module
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in RUNS_CODE:
                yield name
            case ast.keyword(arg=str(name), value=value) if name in OPENS_THE_DOOR:
                yield from () if isinstance(value, ast.Constant) and value.value is False else (name,)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_turns_data_into_code(path: Path) -> None:
    assert list(doors(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from marshal import loads",
        "eval('1')",
        "exec(code)",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "numpy.load(path, allow_pickle=wanted)",
    ],
)
def test_every_such_door_is_found(line: str) -> None:
    assert len(list(doors(ast.parse(line)))) == 1
