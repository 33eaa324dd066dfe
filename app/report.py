"""A comparison as a report: one HTML file that needs nothing else and asks nobody for anything."""

from datetime import UTC, datetime
from html import escape

from app.components import png_address
from app.findings import Finding
from app.slots import Slot
from app.snippet import write_snippet
from app.words import language, say, write_number, write_share

_STYLE = """
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif }
:root { color-scheme: light dark }
h1 { font-size: 1.5rem }
.pair { display: flex; gap: 1rem }
figure { flex: 1; margin: 0 }
figure img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #000; image-rendering: pixelated }
figure img.given { width: 30%; image-rendering: auto }
th { padding-right: 1rem; text-align: left; font-weight: 400 }
td { font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
pre { overflow-x: auto }
"""


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
    table = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items())
    return f"""<!doctype html>
<html lang="{language()}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(f"{found.a.title} · {found.b.title} · {found.verdict}")}</title>
<style>{_STYLE}</style>
<h1>{escape(found.verdict)} · {distance}</h1>
<div class="pair">{_figure(found.a)}{_figure(found.b)}</div>
<table>{table}</table>
<p>{escape(say("taking.snippet"))}</p>
<pre><code>{escape(write_snippet(found))}</code></pre>
</html>
"""


def _figure(slot: Slot) -> str:
    words, as_given = escape(f"{slot.letter} · {slot.title} · {slot.caption}"), escape(say("slot_card.given"))
    given = f'<img class="given" alt="{as_given}" src="{png_address(slot.steps.steps[0][1])}">' if slot.steps else ""
    return (
        f'<figure><img alt="{words}" src="{png_address(slot.image)}"><figcaption>{words} {given}</figcaption></figure>'
    )
