"""Every route of the app, asked by those who may not: nobody gets in by forgetting a route."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
from flask import Flask

from backend.api.app import create_app
from backend.api.http.access import ADMIN, OWN_ACCOUNT, PUBLIC, READING
from backend.identity import access_tokens, api_keys
from backend.identity.principal import Principal, Scope
from backend.jobs import shares, submit
from backend.pipeline.retry import GiveUp
from backend.pipeline.stages import Stage
from backend.runs import transitions
from backend.settings import Settings
from backend.wiring import Parts
from tests import factories
from tests.integration.identity.conftest import EMAIL

# What anybody may ask for: named one by one, so that a new one is added knowingly.
KNOWN_PUBLIC = {
    *("/healthz", "/readyz", "/v1/openapi.json"),
    *("/v1/blobs/<token>/<_name>", "/v1/playlists/<token>/<_name>.m3u8"),
    "/v1/webhooks/assemblyai",
    "/v1/events/<secret:ticket>",
    *("/v1/shared/<secret:link>", "/v1/shared/<secret:link>/download"),
    "/v1/shared/<secret:link>/master.m3u8",
    *("/v1/auth/register", "/v1/auth/confirm-email", "/v1/auth/login", "/v1/auth/refresh"),
    *("/v1/auth/logout", "/v1/auth/forgot-password", "/v1/auth/reset-password"),
}


def list_routes() -> Iterator[tuple[str, str, str]]:
    """Method, rule and blueprint of every route there is."""
    app: Flask = create_app(Settings(_env_file=None))
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            yield method, rule.rule, rule.endpoint.partition(".")[0]


ROUTES = list(list_routes())
GUARDED = [(method, rule) for method, rule, blueprint in ROUTES if blueprint not in PUBLIC]


def ask(client, method: str, rule: str, token: str | None, ids: dict[str, object] | None = None):
    """Send a request to a route; ids that are not given are nobody's."""
    known = ids or {}
    names = re.findall(r"<(?:(\w+):)?(\w+)>", rule)
    url = rule
    for kind, name in names:
        value = known.get(name, 1 if kind == "int" else UUID(int=7))
        url = url.replace(f"<{kind}:{name}>" if kind else f"<{name}>", str(value))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {} if method == "GET" else {"json": {}}
    return client.open(url, method=method, headers=headers, **body)


def test_only_known_routes_are_public():
    assert {rule for _, rule, blueprint in ROUTES if blueprint in PUBLIC} == KNOWN_PUBLIC
    assert len(GUARDED) > 20


@pytest.mark.parametrize(("method", "rule"), GUARDED)
def test_without_a_token(client, method, rule):
    answer = ask(client, method, rule, None)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="dubline"'


def build_expired(parts: Parts, pair: dict) -> str:
    tokens = parts.access_tokens
    claims = jwt.decode(pair["accessToken"], options={"verify_signature": False})
    then = datetime.now(UTC) - timedelta(minutes=1)
    return jwt.encode({**claims, "exp": then}, tokens._key, access_tokens.ALGORITHM)


@pytest.fixture
def useless(parts: Parts, pair: dict) -> list[str]:
    """An expired token, one that is none, and keys that were made up, revoked, or expired."""
    owner = Principal(factories.user(parts.db), frozenset(Scope))
    revoked = api_keys.create_key(parts.db, owner, name="", scopes=frozenset(Scope))
    api_keys.revoke_key(parts.db, owner.user_id, revoked.id)
    return [build_expired(parts, pair), "x", "dub_x", revoked.secret]


def test_with_a_token_that_does_not_work(client, useless):
    for method, rule in GUARDED:
        for token in useless:
            answer = ask(client, method, rule, token)
            assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated"), rule
            assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_key_without_the_scope(client, parts):
    """Each route with a key that has all scopes but the one that it takes."""
    user = factories.user(parts.db)
    for method, rule, blueprint in ROUTES:
        if blueprint in PUBLIC:
            continue
        reads = method == "GET" or blueprint in READING
        needed = Scope.JOBS_READ if reads else Scope.JOBS_WRITE
        if blueprint in ADMIN:
            needed = Scope.ADMIN
        key = factories.api_key(parts.db, user, *(set(Scope) - {needed}))
        answer = ask(client, method, rule, key)
        assert answer.status_code == 403, (method, rule)
        if blueprint in OWN_ACCOUNT:
            assert answer.json["code"] == "session-needed"
        else:
            assert answer.json["code"] == "insufficient-scope"
            challenge = answer.headers["WWW-Authenticate"]
            assert f'error="insufficient_scope", scope="{needed}"' in challenge


def test_no_user_is_an_admin_by_asking_for_it(client, parts):
    """A key's scope counts only while its owner has the role."""
    key = factories.api_key(parts.db, factories.user(parts.db))
    for method, rule, blueprint in ROUTES:
        if blueprint in ADMIN:
            assert ask(client, method, rule, key).status_code == 403


@pytest.fixture
def of_another(parts: Parts) -> dict[str, object]:
    """The ids of what another user has: a job with a dead letter, a file, a key."""
    other = factories.user(parts.db)
    media_id = factories.upload(parts.db, user_id=other, expected_size=1, part_size=1)
    job_id, run_id = submit.create_job(parts.db, other, factories.dub_params(), media_id=media_id)
    claim = factories.claim_stage(parts.db, run_id, Stage.ASR)
    transitions.fail(parts.db, claim, {"kind": "transient", "message": ""}, GiveUp(dead=True))
    owner = Principal(other, frozenset(Scope))
    key = api_keys.create_key(parts.db, owner, name="", scopes=frozenset(Scope))
    link = shares.create_link(parts.db, other, job_id, timedelta(days=1))
    return {
        "job_id": job_id,
        "letter_id": claim.id,
        "key_id": key.id,
        "segment_id": 1,
        "file_id": media_id,
        "link_id": link.id,
    }


BODIES = {
    "/v1/jobs/<uuid:job_id>/segments/<int:segment_id>": {"revision": 0, "text": "x"},
    "/v1/files/multipart/<uuid:file_id>/parts": {"numbers": [1]},
}
QUERIES = {
    "/v1/jobs/<uuid:job_id>/segments": {"language": "es"},
    "/v1/jobs/<uuid:job_id>/segments/<int:segment_id>": {"language": "es"},
    "/v1/jobs/<uuid:job_id>/download": {"artifact": "segments_src.txt"},
}


def test_what_is_anothers_is_not_there(client, pair, of_another):
    """Every route with an id in it; red where one forgets whose it is."""
    headers = {"Authorization": f"Bearer {pair['accessToken']}"}
    asked = 0
    for method, rule, blueprint in ROUTES:
        names = re.findall(r"<\w+:(\w+)>", rule)
        if not names or blueprint in (PUBLIC | ADMIN):
            continue
        url = re.sub(r"<\w+:(\w+)>", lambda found: str(of_another[found[1]]), rule)
        body = {} if method == "GET" else {"json": BODIES.get(rule, {})}
        answer = client.open(
            url, method=method, headers=headers, query_string=QUERIES.get(rule), **body
        )
        assert (answer.status_code, answer.json["code"]) == (404, "not-found"), (method, rule)
        asked += 1
    assert asked >= 10


def test_ids_of_others_in_a_body_are_not_there(client, parts, pair, of_another):
    headers = {"Authorization": f"Bearer {pair['accessToken']}"}
    theirs = str(factories.upload(parts.db, user_id=factories.user(parts.db)))
    job = {"mediaId": theirs, "targetLanguages": ["es"]}
    answer = client.post("/v1/jobs", json=job, headers=headers)
    assert answer.json["errors"] == [{"field": "mediaId", "message": f"there is no file {theirs}"}]
    answer = client.post("/v1/files/complete", json={"fileId": theirs}, headers=headers)
    assert answer.status_code == 404
    again = {"jobId": str(of_another["job_id"])}
    assert client.post("/v1/jobs/translate", json=again, headers=headers).status_code == 404
    for path in ("/v1/jobs", "/v1/dead-letters", "/v1/api-keys"):
        found = client.get(path, headers=headers).json
        assert (found["jobs"] if path == "/v1/jobs" else found) == []


def test_who_has_logged_in_uses_what_is_their_own(client, pair, parts):
    headers = {"Authorization": f"bearer {pair['accessToken']}"}
    assert client.get("/v1/jobs", headers=headers).json == {"jobs": [], "next": None}
    answer = client.post("/v1/files/presign", json={"filename": "talk.txt"}, headers=headers)
    assert answer.status_code == 201
    assert client.put(answer.json["url"], data=b"Hello.").status_code == 204


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "Token x", "dub_x", "\xff"])
def test_what_is_no_bearer_token(client, header):
    answer = client.get("/v1/jobs", headers={"Authorization": header})
    assert answer.status_code == 401


def test_an_open_house_takes_no_account(tmp_path, parts, registered):
    """An embedded house on its own machine has one user, who may do all."""
    settings = parts.settings.model_copy(update={"identity": "none"})
    client = factories.api_client(Parts(settings))
    assert client.get("/v1/jobs").status_code == 200
    assert client.get("/v1/me").json["name"] == "local"
    assert EMAIL not in client.get("/v1/me").text
