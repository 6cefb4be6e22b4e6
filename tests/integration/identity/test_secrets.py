"""What secrets leave behind: nothing in the log, and no header takes lines along."""

import io
import logging

import pytest
from flask import request

from backend.api.app import create_app
from backend.identity.mail import LogMailer
from backend.settings import Settings
from backend.telemetry import logs
from backend.wiring import Parts
from tests import factories
from tests.integration.identity.conftest import EMAIL, PASSWORD


@pytest.fixture
def log(parts):
    """All that is written to the log."""
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    logs.configure_logs(parts.settings)
    written = io.StringIO()
    logging.getLogger().handlers[0].setStream(written)
    logging.getLogger().setLevel(logging.DEBUG)
    yield written
    logging.getLogger().handlers, logging.getLogger().level = handlers, level


def test_no_secret_reaches_the_log(client, parts, mails, log, monkeypatch):
    """Red with a line that logs a header or a body."""
    account = {"email": EMAIL, "password": PASSWORD}
    client.post("/v1/auth/register", json=account)
    confirm = mails.last_token()
    client.post("/v1/auth/confirm-email", json={"token": confirm})
    pair = client.post("/v1/auth/login", json=account).json
    headers = {"Authorization": f"Bearer {pair['accessToken']}"}
    body = {"name": "ci", "scopes": ["jobs:read"]}
    key = client.post("/v1/api-keys", json=body, headers=headers).json["secret"]
    client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"})
    newer = client.post("/v1/auth/refresh", json={"refreshToken": pair["refreshToken"]}).json
    for used in (newer, pair):  # the older one is told of in the log
        client.post("/v1/auth/refresh", json={"refreshToken": used["refreshToken"]})

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr("backend.jobs.listing.read_job_page", broken)
    client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"})
    told = log.getvalue()
    assert "a refresh token came again" in told
    assert "nobody expected this" in told
    for secret in (PASSWORD, confirm, key, *pair["accessToken"].split("."), "s" * 32):
        assert secret not in told
    assert pair["refreshToken"].partition(".")[2] not in told


@pytest.mark.parametrize("shown", [True, False])
def test_mails_are_shown_in_development_only(log, shown):
    LogMailer(show_text=shown).send(EMAIL, "Subject", "token:\n\nsecret-token")
    assert "Subject" in log.getvalue()
    assert ("secret-token" in log.getvalue()) is shown
    assert (EMAIL in log.getvalue()) is shown


SERVERS = {"broker_url": "redis://r", "database_url": "postgresql://d"}


@pytest.mark.parametrize("settings", [{}, SERVERS])
def test_servers_show_no_mails(tmp_path, settings):
    found = Parts(factories.stub_settings(tmp_path, **settings)).mailer
    assert found._show_text is (not settings)


def test_who_asks_is_told_by_as_many_proxies_as_are_trusted(parts):
    """Red when the header is believed by default: everybody could choose their address."""
    told = []
    for trusted, expected in ((0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")):
        settings: Settings = parts.settings.model_copy(update={"trusted_proxies": trusted})
        app = create_app(settings)
        app.extensions["dubline"] = parts
        app.add_url_rule("/healthz/address", "health.address", lambda: request.remote_addr)
        forged = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        told.append(app.test_client().get("/healthz/address", headers=forged).text == expected)
    assert told == [True] * 3
