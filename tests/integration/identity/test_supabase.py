"""Supabase's tokens, verified by keys that a server of ours publishes as a project does."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from backend.database import schema
from backend.identity import users
from backend.wiring import Parts
from tests import factories
from tests.servers import free_port

SUBJECT = str(uuid4())
LEGACY = "l" * 40


class Project:
    """A project's server with its keys; `keys` are what it publishes."""

    def __init__(self) -> None:
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.keys = [
            {**json.loads(ECAlgorithm.to_jwk(self.ec.public_key())), "kid": "e", "alg": "ES256"},
            {**json.loads(RSAAlgorithm.to_jwk(self.rsa.public_key())), "kid": "r", "alg": "RS256"},
        ]
        self.asked = 0
        project = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/auth/v1/.well-known/jwks.json"
                project.asked += 1
                body = json.dumps({"keys": project.keys}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing is told of requests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}/auth/v1"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def claims(self, **change: Any) -> dict[str, Any]:
        known = {
            "iss": self.issuer,
            "aud": "authenticated",
            "sub": SUBJECT,
            "role": "authenticated",
            "email": "ana@example.org",
            "is_anonymous": False,
            "exp": datetime.now(UTC) + timedelta(hours=1),
            "iat": datetime.now(UTC),
        }
        return {name: value for name, value in {**known, **change}.items() if value is not None}

    def sign(self, kind: str = "ES256", **change: Any) -> str:
        key, kid = (self.ec, "e") if kind == "ES256" else (self.rsa, "r")
        return jwt.encode(self.claims(**change), key, kind, headers={"kid": kid})


@pytest.fixture
def project() -> Iterator[Project]:
    found = Project()
    yield found
    found.stop()


def build_parts(tmp_path: Path, issuer: str, **more: object) -> Parts:
    known = {"identity": "supabase", "supabase_issuer": issuer, "secret_key": "s" * 32}
    parts = Parts(factories.stub_settings(tmp_path / "home", **known, **more))
    schema.migrate(parts.db)
    return parts


@pytest.fixture
def parts(tmp_path: Path, project: Project) -> Iterator[Parts]:
    found = build_parts(tmp_path, project.issuer)
    yield found
    found.db.engine.dispose()


@pytest.fixture
def client(parts: Parts):
    return factories.api_client(parts)


def ask(client, token: str, path: str = "/v1/me"):
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("kind", ["ES256", "RS256"])
def test_a_user_is_known_from_first_sight_on(client, project, parts, kind):
    first, second = (ask(client, project.sign(kind)) for _ in range(2))
    assert (first.status_code, first.json["name"]) == (200, "ana@example.org")
    assert first.json["id"] == second.json["id"] != SUBJECT
    assert project.asked == 1, "keys are kept"
    other = ask(client, project.sign(kind, sub=str(uuid4()), email=None))
    assert other.json["id"] != first.json["id"]
    users.set_disabled(parts.db, users.find_user(parts.db, first.json["id"]).id, disabled=True)
    assert ask(client, project.sign(kind)).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"exp": datetime.now(UTC) - timedelta(minutes=1)},
        {"exp": None},
        {"iss": "https://other.supabase.co/auth/v1"},
        {"iss": None},
        {"aud": "anon"},
        {"aud": None},
        {"sub": None},
        {"role": "anon"},
        {"role": "service_role"},
        {"role": None},
        {"is_anonymous": True},
    ],
)
def test_a_token_for_others_or_for_nobody(client, project, change):
    assert ask(client, project.sign(**change)).status_code == 401


def test_forged_tokens(client, project):
    """A key of one's own, the public key taken for a secret, no signature, an unknown key."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    pem = project.rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = {"kty": "oct", "k": "", "kid": "r", "alg": "HS256"}
    forged = [
        jwt.encode(project.claims(), stranger, "ES256", headers={"kid": "e"}),
        jwt.encode(project.claims(), stranger, "ES256", headers={"kid": "unknown"}),
        jwt.encode(project.claims(), stranger, "ES256", headers={"jwk": secret, "kid": "e"}),
        jwt.encode(project.claims(), "k" * 40, "HS256", headers={"kid": "r"}),
        jwt.encode(project.claims(), None, "none", headers={"kid": "e"}),
        _sign_by_text(project, pem),
        "a.b.c",
    ]
    for token in forged:
        assert ask(client, token).status_code == 401, jwt.get_unverified_header(token)


def _sign_by_text(project: Project, pem: bytes) -> str:
    """What PyJWT refuses to make: HS256 with the text of the public key as its secret."""
    import base64
    import hmac

    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    head = encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "r"}).encode())
    claims = {**project.claims(), "exp": 4_000_000_000, "iat": 1}
    body = head + b"." + encode(json.dumps(claims).encode())
    return (body + b"." + encode(hmac.digest(pem, body, "sha256"))).decode()


def test_an_older_project_signs_by_a_secret(tmp_path, project):
    parts = build_parts(tmp_path, project.issuer, supabase_jwt_secret=LEGACY)
    client = factories.api_client(parts)
    assert ask(client, jwt.encode(project.claims(), LEGACY, "HS256")).status_code == 200
    assert ask(client, jwt.encode(project.claims(), "x" * 40, "HS256")).status_code == 401
    assert ask(client, jwt.encode(project.claims(role="anon"), LEGACY, "HS256")).status_code == 401
    assert ask(client, project.sign()).status_code == 401, "only what the setting says"
    assert project.asked == 0
    parts.db.engine.dispose()


def test_keys_that_cannot_be_asked_for(tmp_path, project):
    parts = build_parts(tmp_path, f"http://127.0.0.1:{free_port()}/auth/v1")
    answer = ask(factories.api_client(parts), project.sign())
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    parts.db.engine.dispose()


def test_there_are_no_passwords_here(client):
    answer = client.post("/v1/auth/login", json={"email": "a@b.c", "password": "x"})
    assert answer.status_code == 404
