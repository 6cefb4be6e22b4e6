"""Share links: a job's watch files for whoever has one, and nothing else."""

from uuid import uuid4

import pytest
from sqlalchemy import select, update

from backend.database.engine import from_now
from backend.database.models.jobs import ShareLink
from backend.identity import users
from backend.jobs import shares, submit
from tests import factories
from tests.integration.identity.conftest import EMAIL


@pytest.fixture
def headers(pair: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['accessToken']}"}


@pytest.fixture
def job_id(parts, registered) -> str:
    """A dub that is done."""
    user = users.find_user(parts.db, EMAIL).id
    media = factories.upload(parts.db, user_id=user)
    found, run_id = submit.create_job(parts.db, user, factories.dub_params(), media_id=media)
    factories.do_all(parts.db, run_id, store=parts.store)
    return str(found)


def share(client, headers, job_id: str, **request: object):
    return client.post(f"/v1/jobs/{job_id}/shares", json=request, headers=headers)


def test_whoever_has_the_link_sees_what_is_to_be_watched(client, parts, headers, job_id):
    link = share(client, headers, job_id).json
    shown = client.get(link["url"])
    assert shown.status_code == 200
    assert (shown.json["id"], shown.json["targetLanguages"]) == (job_id, ["es"])
    assert [one["name"] for one in shown.json["artifacts"]] == ["es/audio.txt"]
    file = client.get(f"{link['url']}/download?artifact=es/audio.txt")
    assert client.get(file.headers["Location"], buffered=True).data == b"mix es"
    for hidden in ("segments_src.txt", "es/segments.txt", "es/speech.txt"):
        answer = client.get(f"{link['url']}/download?artifact={hidden}")
        assert (answer.status_code, answer.json["code"]) == (404, "not-found")
    assert client.get(f"{link['url']}/master.m3u8").status_code == 404, "nothing to stream here"
    token = link["url"].rpartition("/")[2]
    with parts.db.read() as connection:
        assert token not in str(connection.execute(select(ShareLink.__table__)).all())
    assert token not in client.get(f"/v1/jobs/{job_id}/shares", headers=headers).text


def test_a_link_ends_by_revocation_and_by_time(client, parts, headers, job_id):
    first, second = (share(client, headers, job_id).json for _ in range(2))
    url = f"/v1/jobs/{job_id}/shares"
    assert client.delete(f"{url}/{first['id']}", headers=headers).status_code == 204
    assert client.get(first["url"]).status_code == 404
    assert client.get(second["url"]).status_code == 200
    [newer, older] = client.get(url, headers=headers).json
    assert (newer["revokedAt"], bool(older["revokedAt"])) == (None, True)
    with parts.db.write() as connection:
        connection.execute(update(ShareLink).values(expires_at=from_now(-1)))
    for path in ("", "/download?artifact=es/audio.txt", "/master.m3u8"):
        assert client.get(second["url"] + path).status_code == 404


def test_only_its_owner_shares_a_job(client, parts, headers, job_id):
    link = share(client, headers, job_id).json
    stranger = {"Authorization": f"Bearer {factories.api_key(parts.db, factories.user(parts.db))}"}
    url = f"/v1/jobs/{job_id}/shares"
    assert share(client, stranger, job_id).status_code == 404
    assert client.get(url, headers=stranger).status_code == 404
    assert client.delete(f"{url}/{link['id']}", headers=stranger).status_code == 404
    assert client.delete(f"{url}/{uuid4()}", headers=headers).status_code == 404
    assert client.get(link["url"]).status_code == 200


@pytest.mark.parametrize("life", [0, 59, 366 * 86400, "long"])
def test_a_life_that_makes_no_sense(client, headers, job_id, life):
    answer = share(client, headers, job_id, expiresIn=life)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "expiresIn")


@pytest.mark.parametrize("token", ["x", "a" * 43, "..%2f..", "a" * 5000, "%00", "' OR 1=1 --"])
def test_what_is_no_link(client, token):
    assert client.get(f"/v1/shared/{token}").status_code == 404


def test_there_is_an_end_to_links(client, headers, job_id, monkeypatch):
    monkeypatch.setattr(shares, "MOST", 2)
    assert [share(client, headers, job_id).status_code for _ in range(3)] == [201, 201, 409]
