"""How many requests somebody may send a minute, told as RateLimit headers have it.

By user where one is known, whatever they log in with, otherwise by address. Redis counts for all
processes; one of an embedded house counts for itself, and so does each while Redis is away. What
somebody is let in by has limits of its own (identity/attempts.py), and what is signed or asked by
machines of the house has none. draft-ietf-httpapi-ratelimit-headers has the headers.
"""

import math
import time
from contextlib import suppress
from typing import Any

from flask import Flask, Response, g, request
from flask_limiter import Limiter, RequestLimit

from backend.api.http.problems import build_problem
from backend.broker.errors import list_broker_errors
from backend.settings import Settings
from backend.settings.checks import is_open

UNLIMITED = {"auth", "blobs", "health", "playlists", "webhooks"}
STORAGE_TIMEOUT_S = 0.5
POLICY = '"minute"'
WINDOW_S = 60


def limit_rates(app: Flask, settings: Settings) -> None:
    """Look at how much was asked, once it is known by whom."""
    if is_open(settings) or not settings.rate_limit_per_minute:
        return
    limiter = Limiter(
        _name_asker,
        app=app,
        application_limits=[f"{settings.rate_limit_per_minute} per minute"],
        strategy="fixed-window",
        key_prefix="dubline",
        on_breach=_refuse,
        **_choose_storage(settings),
    )
    limiter.request_filter(_is_unlimited)

    @app.after_request
    def tell_rate(response: Response) -> Response:
        limit = limiter.current_limit
        # Without what counts, which may have gone just now, nothing is told.
        with suppress(*list_broker_errors()):
            if limit is not None:
                _add_headers(response, limit)
        return response


def _choose_storage(settings: Settings) -> dict[str, Any]:
    if settings.embedded:
        return {"storage_uri": "memory://"}
    timeouts = ("socket_timeout", "socket_connect_timeout")
    return {
        "storage_uri": settings.broker_url.get_secret_value(),
        "storage_options": dict.fromkeys(timeouts, STORAGE_TIMEOUT_S),
        "in_memory_fallback_enabled": True,
    }


def _name_asker() -> str:
    if "principal" in g:
        return f"user:{g.principal.user_id}"
    return f"address:{request.remote_addr}"


def _is_unlimited() -> bool:
    return request.blueprint in UNLIMITED or request.method == "OPTIONS"


def _refuse(limit: RequestLimit) -> Response:
    told = f"{limit.limit.amount} requests a minute are allowed: go on in {_count_wait(limit)} s"
    response = build_problem(429, "rate-limited", "Too many requests", told)
    response.headers["Retry-After"] = str(_count_wait(limit))
    return response


def _count_wait(limit: RequestLimit) -> int:
    """Seconds until requests are counted anew."""
    return max(1, math.ceil(limit.window.reset_time - time.time()))


def _add_headers(response: Response, limit: RequestLimit) -> None:
    window = f"{POLICY};r={limit.remaining};t={_count_wait(limit)}"
    response.headers["RateLimit-Policy"] = f"{POLICY};q={limit.limit.amount};w={WINDOW_S}"
    response.headers["RateLimit"] = window
