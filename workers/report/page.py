"""`report.html`: the report as one page that needs nothing else, no script either."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.documents import languages
from workers.report.document import Report
from workers.report.drawing import AXIS, DUB, SLOTS, SOURCE, WIDTH, draw_rows

HERE = Path(__file__).parent
NONE, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
LEAST = 0.005  # a share of less is rounded to nothing
# Where the name of each lane stands.
LANES = {
    "before": AXIS - 12,
    "after": AXIS + 20,
    "source": SOURCE.top + 8,
    "slots": SLOTS[0].top + 8,
    "dub": DUB.top + 13,
}
PAGES = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(report: Report, before: Sequence[float], after: Sequence[float]) -> bytes:
    """The page, in UTF-8; `before` and `after` are those of `drawing.draw_rows`.

    Its policy lets browsers run nothing and load nothing, and apply no style but its own: what
    users wrote is escaped, and would do nothing if it were not.
    """
    style = (HERE / "page.css").read_text()
    text = PAGES.get_template("page.html").render(
        report=report,
        sums=report.sums,
        rows=list(draw_rows(report.lines, report.source.duration, before, after)),
        lanes=LANES,
        dub=DUB,
        width=WIDTH,
        style=style,
        style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    return text.encode()


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
}
