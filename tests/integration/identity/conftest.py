"""Houses that keep accounts, and the mails that they send."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from backend.api.app import create_app
from backend.database import schema
from backend.wiring import Parts
from tests import factories

EMAIL, PASSWORD = "ana@example.org", "correct horse battery"


@dataclass
class Mails:
    """What was sent: address, subject, text."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str) -> None:
        self.sent.append((to, subject, text))

    def last_token(self) -> str:
        return re.search(r"token:\n\n(\S+)", self.sent[-1][2])[1]


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    settings = factories.stub_settings(
        tmp_path / "home", identity="accounts", registration="open", secret_key="s" * 32
    )
    found = Parts(settings)
    schema.migrate(found.db)
    found.__dict__["mailer"] = Mails()
    yield found
    found.db.engine.dispose()


@pytest.fixture
def mails(parts: Parts) -> Mails:
    return parts.mailer


@pytest.fixture
def client(parts: Parts) -> FlaskClient:
    """Somebody who has not logged in."""
    app = create_app(parts.settings)
    app.extensions["dubline"] = parts
    return app.test_client()


@pytest.fixture
def registered(client: FlaskClient, mails: Mails) -> str:
    """The mail address of an account that was confirmed."""
    answer = client.post("/v1/auth/register", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 204, answer.json
    answer = client.post("/v1/auth/confirm-email", json={"token": mails.last_token()})
    assert answer.status_code == 204, answer.json
    return EMAIL


@pytest.fixture
def pair(client: FlaskClient, registered: str) -> dict:
    """The tokens of a session."""
    answer = client.post("/v1/auth/login", json={"email": registered, "password": PASSWORD})
    assert answer.status_code == 200, answer.json
    return answer.json
