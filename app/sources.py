"""The project's own code, to be shown: read from its files, so that no module is imported for it."""

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent


@dataclass(frozen=True)
class Excerpt:
    """One function as it stands in its file, without its docstring.

    Attributes:
        file: from the project's folder on.
        line: its first one.
    """

    file: str
    line: int
    code: str


@cache
def excerpt(module: str, name: str) -> Excerpt:
    """The function of a module, such as `("siamese_core.trainer", "Trainer.run_epoch")`.

    Raises:
        ValueError: There is no such function.
    """
    spec = find_spec(module)
    if spec is None or not spec.has_location or spec.origin is None:
        raise ValueError(f"`module` must name a module in a file, got {module!r}")
    path = Path(spec.origin)
    text = path.read_text(encoding="utf-8")
    node = _find(ast.parse(text), name)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    kept = set(range(first, (node.end_lineno or first) + 1)) - _docstring_lines(node)
    lines = text.splitlines()
    code = dedent("\n".join(lines[number - 1] for number in sorted(kept)))
    return Excerpt(str(Path(*module.split(".")).with_suffix(".py")), first, code)


def _find(tree: ast.Module, name: str) -> ast.FunctionDef:
    found: list[ast.AST] = [tree]
    for part in name.split("."):
        children = (child for node in found for child in ast.iter_child_nodes(node))
        found = [child for child in children if getattr(child, "name", None) == part]
    functions = [node for node in found if isinstance(node, ast.FunctionDef)]
    if not functions:
        raise ValueError(f"`name` must be a function of the module, got {name!r}")
    return functions[0]


def _docstring_lines(node: ast.FunctionDef) -> set[int]:
    if ast.get_docstring(node) is None:
        return set()
    docstring = node.body[0]
    return set(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
