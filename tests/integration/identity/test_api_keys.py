"""API keys: shown once, for what they may do, until they are revoked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend.database.engine import from_now
from backend.database.models.accounts import ApiKey
from backend.identity import api_keys, users
from tests.integration.identity.conftest import EMAIL


@pytest.fixture
def headers(pair: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['accessToken']}"}


def create_key(client, headers, **change: object):
    request = {"name": "ci", "scopes": ["jobs:read"], **change}
    return client.post("/v1/api-keys", json=request, headers=headers)


def use_key(client, secret: str, path: str = "/v1/jobs"):
    return client.get(path, headers={"Authorization": f"Bearer {secret}"})


def test_a_key_from_its_making_to_its_end(client, headers, parts):
    made = create_key(client, headers)
    assert made.status_code == 201
    secret = made.json["secret"]
    assert secret.startswith("dub_")
    [before] = client.get("/v1/api-keys", headers=headers).json
    assert before["lastUsedAt"] is None
    assert use_key(client, secret).status_code == 200
    listed = client.get("/v1/api-keys", headers=headers)
    [key] = listed.json
    assert secret.startswith(key["prefix"])
    assert secret not in listed.text
    assert key["lastUsedAt"]
    assert client.delete(f"/v1/api-keys/{key['id']}", headers=headers).status_code == 204
    assert use_key(client, secret).status_code == 401
    [revoked] = client.get("/v1/api-keys", headers=headers).json
    assert revoked["revokedAt"]
    with parts.db.read() as connection:
        assert secret not in str(connection.execute(select(ApiKey.__table__)).all())


def test_last_use_is_written_once_a_minute(client, headers, parts):
    secret = create_key(client, headers).json["secret"]
    seen = []
    for _ in range(2):
        use_key(client, secret)
        seen.append(client.get("/v1/api-keys", headers=headers).json[0]["lastUsedAt"])
    assert seen[0] == seen[1]
    with parts.db.write() as connection:
        connection.execute(update(ApiKey).values(last_used_at=from_now(-61)))
    use_key(client, secret)
    assert client.get("/v1/api-keys", headers=headers).json[0]["lastUsedAt"] >= seen[0]


def test_a_key_that_expires(client, headers, parts):
    then = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    secret = create_key(client, headers, expiresAt=then).json["secret"]
    assert use_key(client, secret).status_code == 200
    with parts.db.write() as connection:
        connection.execute(update(ApiKey).values(expires_at=from_now(-1)))
    assert use_key(client, secret).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["jobs"]}, "scopes.0"),
        ({"name": ""}, "name"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2020-01-01T00:00:00"}, "expiresAt"),
    ],
)
def test_a_key_that_makes_no_sense(client, headers, change, field):
    answer = create_key(client, headers, **change)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_nobody_gives_what_they_have_not(client, headers):
    answer = create_key(client, headers, scopes=["jobs:read", "admin"])
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient-scope")


def test_a_key_makes_no_keys_and_changes_no_account(client, headers):
    secret = create_key(client, headers, scopes=["jobs:read", "jobs:write"]).json["secret"]
    mine = {"Authorization": f"Bearer {secret}"}
    assert create_key(client, mine).json["code"] == "session-needed"
    assert use_key(client, secret, "/v1/me").json["code"] == "session-needed"


def test_a_key_loses_what_its_owner_loses(client, headers, parts):
    user = users.find_user(parts.db, EMAIL)
    users.set_role(parts.db, user.id, users.Role.ADMIN)
    secret = create_key(client, headers, scopes=["admin"]).json["secret"]
    assert api_keys.authenticate_key(parts.db, secret).scopes == {"admin"}
    users.set_role(parts.db, user.id, users.Role.USER)
    assert api_keys.authenticate_key(parts.db, secret).scopes == set()


def test_there_is_an_end_to_keys(client, headers, monkeypatch):
    monkeypatch.setattr(api_keys, "MOST", 2)
    assert [create_key(client, headers).status_code for _ in range(3)] == [201, 201, 409]
