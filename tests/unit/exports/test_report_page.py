"""The report's page in a real browser: it plays lines, breaks no policy, and fits a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import open_browser
from tests.media_samples import tone, write
from tests.mix_scene import Scene, paths
from workers.exports import report_sound

LINES = [(0.5, 1.3, "Hola, mundo.", 0.8), (3.0, 4.0, "שלום! מה שלומך?", 1.0)]
WIDTH = 390


@pytest.fixture(params=["embedded", "beside"])
def report(request, tmp_path: Path, monkeypatch) -> Path:
    """The page of a dub as the mix stage makes it, with its sounds in it or beside it."""
    if request.param == "beside":
        monkeypatch.setattr(report_sound, "EMBEDDED", 1.0)
    scene = Scene(tmp_path)
    scene.store("media", write(tmp_path / "in.wav", tone(6.0)), filename="talk.wav")
    scene.say(LINES, 6.0, source="Hello.")
    outcome = scene.run()
    for kept in outcome.reused:
        if kept.kind == "report_sound":
            content = scene.context.fetch(kept.file).read_bytes()
            (tmp_path / kept.filename).write_bytes(content)
    page = paths(outcome)["report_html"]
    assert ("base64" in page.read_text()) is (request.param == "embedded")
    return page


def wait_until(page: Page, condition: str) -> None:
    """As `Page.wait_for_function` does, but without `eval`, which the page's policy forbids."""
    look = f"const look = () => ({condition}) ? done() : setTimeout(look, 10); look()"
    page.evaluate(f"new Promise(done => {{ {look} }})")


def test_a_line_is_played_from_its_second_to_its_end(report):
    with open_browser() as browser:
        page = browser.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(report.as_uri())
        for track, start, end in (("dub", 3.0, 4.0), ("source", 3.0, 4.0)):
            page.click(f'[aria-label="Play {track} of line 2"]')
            player = f"document.getElementById('{track}')"
            wait_until(page, f"{player}.currentTime > {start + 0.05}")
            assert page.evaluate(f"{player}.currentTime") < end
            assert page.text_content("#heard") == f"{track} of line 2"
            wait_until(page, f"{player}.paused")
            assert end <= page.evaluate(f"{player}.currentTime") < end + 0.6
            assert page.evaluate(f"{player}.error") is None
        assert told == []


def test_only_one_of_source_and_dub_is_heard(report):
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(report.as_uri())
        page.evaluate("document.getElementById('source').play()")
        page.click('[aria-label="Play dub of line 1"]')
        wait_until(page, "document.getElementById('source').paused")
        wait_until(page, "!document.getElementById('dub').paused")


def test_a_phone_shows_the_words_without_scrolling_sideways(report):
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 844})
        page.goto(report.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        for line in (1, 2):
            for words in page.query_selector_all(f"#line-{line} .text span"):
                box = words.bounding_box()
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= WIDTH


def test_words_run_in_their_own_direction(report):
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(report.as_uri())
        direction = "getComputedStyle(document.querySelector('#line-{} td:nth-of-type(3) span'))"
        shown = [page.evaluate(f"{direction.format(line)}.direction") for line in (1, 2)]
        assert shown == ["ltr", "rtl"]
