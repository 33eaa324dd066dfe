"""The package as `help(siamese_core)` shows it: what it names is there, and the example in it runs."""

import contextlib
import io
import pydoc
import re
import textwrap

import siamese_core


def test_help_opens_with_the_idea_and_shows_everything_public():
    text = pydoc.render_doc(siamese_core, renderer=pydoc.plaintext)
    assert "A model is a *bundle*" in text[:600]
    for name in siamese_core.__all__:
        assert re.search(rf"^    (class )?{name}\b", text, re.M), name


def test_everything_public_says_what_it_is():
    undocumented = [
        name for name in siamese_core.__all__ if name != "RECIPES" and not getattr(siamese_core, name).__doc__
    ]
    assert undocumented == []


def test_overview_names_only_what_is_public():
    overview = siamese_core.__doc__.split("take along:")[1].split("`siamese_core.plots`")[0]
    named = {
        name for line in overview.strip().splitlines() for name in re.split(r"\s{2,}", line.strip())[0].split(", ")
    }
    assert named <= set(siamese_core.__all__)


def test_the_example_runs():
    example = re.search(r"\n\n(    import.*?)\n\nWhat there is", siamese_core.__doc__, re.S)[1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(textwrap.dedent(example), {})  # noqa: S102 - the example is ours
    assert "Comparison(distance=" in printed.getvalue()
