"""The page: escaped, closed to everything from outside, small, the same for the same report."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from backend.documents.speech import Verdict
from tests.unit.report.scene import lines, report
from workers.report.page import (
    PageSounds,
    format_clock,
    format_figure,
    format_percent,
    format_rate,
    list_reasons,
    render_page,
)

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


def test_nothing_is_loaded_but_sounds_and_nothing_runs_but_its_own_script():
    found = lines([(1.0, 2.0, 1.0, 2.0)], 10.0)
    sounds = PageSounds("data:audio/mp4;base64,AA", "dub.m4a")
    text = render_page(report(found, 10.0), [], [], sounds).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    told = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert told.pop("script-src") == f"'sha256-{digest}'"
    assert told.pop("style-src").startswith("'sha256-")
    assert told.pop("media-src") == "'self' data: file:"
    assert set(told.values()) == {"'none'"}
    assert {"default-src", "base-uri", "form-action"} == set(told)
    assert re.findall(r' src="([^"]+)"', text) == list(sounds)
    assert set(re.findall(r'href="(.)', text)) <= {"#"}
    assert not re.search(r"https?://|url\(|@import", text)


def test_a_page_without_sounds_has_no_player_and_no_script():
    text = render_found(lines([(1.0, 2.0, 1.0, 2.0)], 10.0))
    assert {"script", "audio", "button"}.isdisjoint(Tags(text).names)


def test_texts_of_either_direction_find_their_own():
    text = render_found(lines([(1.0, 2.0, 1.0, 2.0)], 10.0, texts={0: "שלום!"}))
    assert '<span lang="es" dir="auto">שלום!</span>' in text


def test_every_picture_and_table_has_a_name():
    text = render_found(lines([(1.0, 2.0, 1.0, 2.0), (70.0, 71.0, 70.5, 71.1)], 90.0), 90.0)
    rows = re.findall(r'<svg class="row" role="img" [^>]*>\n<title>([^<]+)</title>', text)
    assert rows == [
        "0:00 to 0:30. Lines: 1. To be looked at: 0.",
        "0:30 to 1:00. Lines: 0. To be looked at: 0.",
        "1:00 to 1:30. Lines: 1. To be looked at: 1.",
    ]
    tables = re.findall(r"<table[^>]*>", text)
    assert tables
    assert all("aria-labelledby" in table for table in tables)
    assert '<th scope="row" class="number">1</th>' in text


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


def judge(found) -> str:
    text = render_found(found)
    return re.search(r'<h2 id="verdict">(.*?)</h2>(.*?)</section>', text, re.DOTALL)[0]


def test_the_verdict_comes_first():
    fine = lines([(1.0, 2.0, 1.0, 2.0), (3.0, 4.0, 3.0, 4.0)], 10.0)
    assert 'id="verdict">Fine</h2>' in judge(fine)
    assert "All 2 lines are heard whole" in judge(fine)
    late = lines([(1.0, 2.0, 1.0, 2.0), (3.0, 4.0, 3.5, 4.5)], 10.0)
    assert 'id="verdict">1 line to look at' in judge(late)
    assert '<a href="#line-2">Line 2</a> at 0:03: 0.5 s late' in judge(late)
    assert 'id="line-2" class="look"' in render_found(late)
    assert 'id="verdict">Nothing to judge</h2>' in judge([])


def test_of_many_lines_to_look_at_the_first_are_named():
    said = [(2.0 * i, 2.0 * i + 1, 2.0 * i + 0.5, 2.0 * i + 1.5) for i in range(30)]
    told = judge(lines(said, 100.0))
    assert told.count("<li>") == 21
    assert "and 10 more" in told


def test_why_a_line_deserves_a_look_is_told():
    [one] = lines([(1.0, 2.0, 1.0, 2.0)], 10.0)
    changed = {"rate": 1.62, "verdict": Verdict.RUSHED, "shift": -0.4, "collides": True, "cut": 0.2}
    assert list_reasons(one) == []
    assert list_reasons(one.model_copy(update=changed)) == [
        *("fast (1.62x)", "0.4 s early", "over another line", "0.2 s cut off"),
    ]
    assert list_reasons(one.model_copy(update={"verdict": Verdict.LEFT_OUT})) == ["left out"]


def test_a_rate_at_the_limit_is_not_told_as_one_above_it():
    told = [format_rate(rate) for rate in (1.2, 1.204, 1.1999, 1.21, 1.502, None)]
    assert told == ["1.20x", "1.204x", "1.20x", "1.21x", "1.502x", "\N{EN DASH}"]


def test_who_is_answerable_for_each_line_is_told_where_that_differs():
    found = lines([(1.0, 2.0, 1.0, 2.0), (3.0, 4.0, 3.0, 4.0)], 10.0)
    made = [one.model_copy(update={"provider": "apertium", "model": "a-1"}) for one in found]
    assert "Words by" not in render_found(made)
    text = render_found([made[0], made[1].model_copy(update={"edited": True})])
    assert '<td class="maker" title="a-1">apertium</td>' in text
    assert '<td class="maker">edited by hand</td>' in text
    given = [made[0], found[1]]
    assert '<td class="maker">given</td>' in render_found(given)


def test_the_sources_words_stand_beside_the_dubs():
    [one] = lines([(1.0, 2.0, 1.0, 2.0)], 10.0)
    text = render_found([one.model_copy(update={"source_text": "Hello & bye"})])
    assert '<span lang="en" dir="auto">Hello &amp; bye</span>' in text
