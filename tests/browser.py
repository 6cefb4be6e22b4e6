"""A real browser with hls.js in it, on a page of another origin than the API's."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PAGE = Path(__file__).with_name("player.html")
HLS_JS = Path(sys.prefix, "share", "hls.js", "hls.min.js")  # `make test` puts it there


@contextmanager
def player(folder: Path) -> Iterator[Page]:
    """player.html, served from a folder; skips the test where there is no browser."""
    if not HLS_JS.exists():
        pytest.skip("hls.js is missing: run 'make test'")
    shutil.copy(PAGE, folder)
    shutil.copy(HLS_JS, folder)
    with _serve_folder(folder) as url, open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{url}/{PAGE.name}")
        yield page


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium, which plays without being asked; skips the test where it is missing."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is missing: run 'make test'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _serve_folder(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
