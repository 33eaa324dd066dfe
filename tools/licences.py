"""Writes docs/licences.md: what every locked package is, and under which licence, as its own metadata say.

python tools/licences.py
"""

import re
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
_LINE = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>\S+?)(?: ; (?P<marker>[^\\]+?))?(?: \\)?$", re.M)
_LONGEST = 60
HEAD = """# Licences

Every package that `requirements.lock` brings onto Linux, and its licence as its own metadata name it. Made by
`python tools/licences.py`. This project itself is MIT, and so is Fashion-MNIST.

| package | version | licence |
|---|---|---|
"""


def locked() -> dict[str, str]:
    """The versions of the packages that belong onto this machine, by their names."""
    found = _LINE.finditer(LOCK.read_text(encoding="utf-8"))
    return {
        str(canonicalize_name(line["name"])): line["version"]
        for line in found
        if line["marker"] is None or Marker(line["marker"]).evaluate()
    }


def licence(about: Message) -> str:
    """The licence in one line: the expression, else the classifiers, else the first words of the text."""
    if expression := about.get("License-Expression"):
        return expression
    named = [value.split(" :: ")[-1] for value in about.get_all("Classifier", []) if value.startswith("License ::")]
    text = (about.get("License") or "").strip().splitlines()
    return ", ".join(name for name in named if name != "OSI Approved") or (text[0][:_LONGEST] if text else "not named")


def main() -> None:
    rows = []
    for name, version in sorted(locked().items()):
        try:
            rows.append(f"| {name} | {version} | {licence(metadata(name))} |\n")
        except PackageNotFoundError:
            rows.append(f"| {name} | {version} | not installed here |\n")
    (ROOT / "docs" / "licences.md").write_text(HEAD + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
