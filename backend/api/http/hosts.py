"""By which names the API may be asked."""

from urllib.parse import urlsplit

from flask import Flask, abort, request

from backend.settings import Settings
from backend.settings.checks import LOOPBACK


def check_hosts(app: Flask, settings: Settings) -> None:
    """On a loopback address only its own names, or any web page could reach the API by DNS."""
    if settings.api_host.lower() not in LOOPBACK:
        return
    trusted = {*LOOPBACK, parse_host(urlsplit(settings.api_url).netloc)}

    @app.before_request
    def refuse_foreign_host() -> None:
        given = request.headers.get("Host", "")
        if parse_host(given) not in trusted:
            abort(400, f"Host {given!r} is not trusted")


def parse_host(netloc: str) -> str:
    """The name or address without a port, in small letters and without brackets; "" for none."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""
