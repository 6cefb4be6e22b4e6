"""`report.html`: the report as one page, which a person can judge a dub by."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.documents import languages
from backend.documents.speech import Verdict
from backend.documents.text import number_line
from workers.report.document import Report, ReportLine
from workers.report.drawing import (
    AXIS,
    DUB,
    HEIGHT,
    SOURCE,
    WIDTH,
    choose_row_seconds,
    draw_rows,
)
from workers.timing.weights import FAST, SOFT_SHIFT, WANTED

HERE = Path(__file__).parent
NONE, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
MOST_LISTED = 20  # lines that the verdict names; all of them are in the table
LEAST = 0.005  # a share of less is rounded to nothing
# Where the name of each lane stands.
LANES = {
    "source": AXIS - 22,
    "dub": AXIS + 34,
    "lines": SOURCE.top + 13,
    "dubbed": DUB.top + 19,
}
PAGES = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class PageSounds(NamedTuple):
    """Where source and dub are to be heard: `data:` URLs, or names of files beside the page."""

    source: str | None = None
    dub: str | None = None


def render_page(
    report: Report,
    before: Sequence[float],
    after: Sequence[float],
    sounds: PageSounds = PageSounds(),  # noqa: B008 - immutable
) -> bytes:
    """The page, in UTF-8; `before` and `after` are those of `drawing.draw_rows`.

    Its policy lets browsers run no script and apply no style but its own, and load nothing but the
    two sounds: what users wrote is escaped, and would do nothing if it were not.
    """
    style, script = (HERE / "page.css").read_text(), (HERE / "page.js").read_text()
    looks = [line for line in report.lines if not line.fits]
    text = PAGES.get_template("page.html").render(
        report=report,
        sums=report.sums,
        rows=list(draw_rows(report.lines, report.source.duration, before, after)),
        lanes=LANES,
        dub=DUB,
        width=WIDTH,
        height=HEIGHT,
        edited=sum(line.edited for line in report.lines),
        row_seconds=choose_row_seconds(report.source.duration),
        looks=looks,
        most_listed=MOST_LISTED,
        limits={"wanted": WANTED, "fast": FAST, "off": SOFT_SHIFT},
        at_limit=sum(round(line.rate or 0.0, 2) == WANTED and line.fits for line in report.lines),
        makers=list(dict.fromkeys(map(format_maker, report.lines))),
        sounds=sounds,
        style=style,
        script=script,
        hashes={"style": _hash_text(style), "script": _hash_text(script)},
    )
    return text.encode()


def list_reasons(line: ReportLine) -> list[str]:
    """Why a line deserves a look, in words; none for one that is fine."""
    reasons = []
    if line.verdict is Verdict.LEFT_OUT:
        reasons.append("left out")
    elif line.verdict is not Verdict.OK and line.rate is not None:
        reasons.append(f"fast ({format_rate(line.rate)})")
    if line.is_off and line.shift is not None:
        reasons.append(f"{abs(line.shift):.1f} s {'late' if line.shift > 0 else 'early'}")
    if line.collides:
        reasons.append("over another line")
    if line.is_cut:
        reasons.append(f"{line.cut:.1f} s cut off")
    return reasons


def format_maker(line: ReportLine) -> str:
    """Who is answerable for its words."""
    if line.edited:
        return "edited by hand"
    return line.provider or "given"


def format_rate(rate: float | None) -> str:
    """`1.18x`, with a further digit where two would hide on which side of a limit it is."""
    if rate is None:
        return NONE
    near = any(round(rate, 2) == limit and round(rate, 3) > limit for limit in (WANTED, FAST))
    return f"{rate:.{3 if near else 2}f}x"


def _hash_text(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def format_clock(seconds: float, digits: int = 2) -> str:
    """`4:05.25`, with hours from the first one on."""
    whole, rest = divmod(round(seconds * 10**digits), 10**digits)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    start = f"{hours}:{minute:02}" if hours else f"{minute}"
    return f"{start}:{second:02}" + (f".{rest:0{digits}}" if digits else "")


def format_percent(share: float | None) -> str:
    """`93 %`, or a dash for what cannot be told; what is not nothing is not shown as nothing."""
    if share is None:
        return NONE
    return "< 1 %" if 0 < share < LEAST else f"{share:.0%}".replace("%", " %")


def format_figure(value: float | None, form: str) -> str:
    """A number formatted as `form` says (`.1f`), or a dash for None; with a true minus."""
    return NONE if value is None else format(value, form).replace("-", MINUS)


PAGES.filters |= {
    "clock": format_clock,
    "figure": format_figure,
    "language": languages.get_name,
    "percent": format_percent,
    "number_line": number_line,
    "rate": format_rate,
    "reasons": list_reasons,
    "maker": format_maker,
}
