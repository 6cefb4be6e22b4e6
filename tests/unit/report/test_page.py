"""The page: escaped, closed to everything from outside, small, the same for the same report."""

import re
from html.parser import HTMLParser

import pytest

from tests.unit.report.scene import lines, report
from workers.report.page import format_clock, format_figure, format_percent, render_page

ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


class Tags(HTMLParser):
    """The tags of a page, and those that are open at its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def render_found(found, total=10.0, **more):
    return render_page(report(found, total, **more), [0.1] * round(10 * total), [0.2] * 5).decode()


def test_what_users_wrote_stays_text():
    text = render_found(lines([(1.0, 2.0, 1.0, 2.0)], 10.0, texts={0: ATTACK}), filename=ATTACK)
    tags = Tags(text)
    assert {"script", "img"}.isdisjoint(tags.names)
    assert not any(name.startswith("on") or name == "style" for name in tags.attributes)
    assert tags.open == []
    assert text.count("&lt;script&gt;") == 3  # title, heading, line


def test_nothing_is_loaded_and_nothing_runs():
    text = render_found(lines([(1.0, 2.0, 1.0, 2.0)], 10.0))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"https?://|src=|href=|url\(|@import", text)


def test_texts_of_either_direction_find_their_own():
    text = render_found(lines([(1.0, 2.0, 1.0, 2.0)], 10.0, texts={0: "שלום!"}))
    assert '<td class="text" lang="es" dir="auto">שלום!</td>' in text


def test_every_picture_and_table_has_a_name():
    text = render_found(lines([(1.0, 2.0, 1.0, 2.0), (70.0, 71.0, 70.5, 71.1)], 90.0), 90.0)
    rows = re.findall(r'<svg class="row" role="img" [^>]*>\n<title>([^<]+)</title>', text)
    assert rows == [
        "0:00 to 1:00. Lines: 1. To be looked at: 0.",
        "1:00 to 1:30. Lines: 1. To be looked at: 1.",
    ]
    tables = re.findall(r"<table[^>]*>", text)
    assert tables
    assert all("aria-labelledby" in table for table in tables)
    assert '<th scope="row" class="number">0</th>' in text


@pytest.mark.parametrize("total", [0.0, 0.04, 10.0])
def test_a_recording_in_which_nobody_speaks_has_a_page_too(total):
    assert '<h2 id="lines">' in render_found([], total)


def test_three_hours_and_three_thousand_lines_stay_small():
    said = [(3.6 * i, 3.6 * i + 3.0, 3.6 * i, 3.6 * i + 2.5) for i in range(3000)]
    texts = dict.fromkeys(range(3000), "Una línea como cualquier otra.")
    found = lines(said, 10_800.0, texts=texts)
    loud = [(i * 7919 % 997) / 997 for i in range(108_000)]
    assert len(render_page(report(found, 10_800.0), loud, loud[::-1])) < 4_000_000


def test_figures_are_written_for_people():
    assert [format_clock(0), format_clock(65.5), format_clock(3725.125, 3)] == [
        "0:00.00",
        "1:05.50",
        "1:02:05.125",
    ]
    assert format_clock(59.999) == "1:00.00"
    assert [format_percent(0.925), format_percent(0.001), format_percent(0)] == [
        "92 %",
        "< 1 %",
        "0 %",
    ]
    assert [format_figure(None, ".1f"), format_figure(-16, ".1f")] == [
        "\N{EN DASH}",
        "\N{MINUS SIGN}16.0",
    ]
