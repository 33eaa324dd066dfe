"""A comparison as a report: one HTML file that needs nothing else and asks nobody for anything."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from app import slots
from app.components import png_address
from app.findings import Finding
from app.slots import Slot
from app.snippet import write_snippet
from app.words import language, say, write_number, write_share

_PAGE = Path(__file__).with_name("report.html")
_NO_PICTURE = "data:,"


def write_report(found: Finding, *, now: datetime | None = None) -> str:
    """The report as HTML: both pictures, the figures, the model by its fingerprint, the date, the snippet."""
    distance = write_number(found.comparison.distance, 4)
    rows = {
        say("compare.distance"): distance,
        say("app.threshold"): write_number(found.comparison.threshold, 4),
        say("report.verdict"): found.verdict,
        say("compare.p_same"): write_share(found.p_same),
        say("compare.base_rate"): write_share(found.base_rate, 0),
        say("app.model"): found.model.name,
        say("report.fingerprint"): found.model.fingerprint,
        say("report.date"): (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
    }
    words = {
        "language": language(),
        "title": f"{found.a.title} · {found.b.title} · {found.verdict}",
        "verdict": found.verdict,
        "distance": distance,
        "as_given": say("slot_card.given"),
        "about_snippet": say("taking.snippet"),
        "snippet": write_snippet(found),
        **_describe(found.a),
        **_describe(found.b),
    }
    table = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items())
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return page.substitute({name: escape(value) for name, value in words.items()}, rows=table)


def _describe(slot: Slot) -> dict[str, str]:
    """The name and the pictures of a slot, under the names they have in the page."""
    values = {
        "name": f"{slot.letter} · {slot.title} · {slot.caption}",
        "picture": png_address(slot.image),
        "given": png_address(slot.steps.steps[0][1]) if slot.steps else _NO_PICTURE,
        "hidden": "" if slot.steps else "hidden",
    }
    return {slots.key(name, slot.letter): value for name, value in values.items()}
