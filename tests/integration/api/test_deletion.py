"""A user's data is gone when they say so: objects, texts, and what is kept for nobody else."""

from uuid import UUID

import pytest
from sqlalchemy import func, select

from backend.artifacts.kept import note_uses
from backend.database.models.idempotency import IdempotencyKey
from backend.database.models.jobs import Job, JobEvent
from backend.database.models.kept import KeptObject
from backend.database.models.runs import Artifact, Run, StageRun
from backend.jobs import submit
from tests import factories

SECRET = "Xylophone"


def list_keys(parts) -> set[str]:
    return {
        one.key
        for folder in ("jobs", "clips", "batches", "uploads")
        for one in parts.store.list_objects(f"{folder}/")
    }


def put(parts, tmp_path, key: str) -> str:
    path = tmp_path / "object"
    path.write_text(key)
    parts.store.put(key, path, mime="text/plain", sha256="5a" * 32)
    return key


def make_job(client, parts, **more) -> tuple[str, UUID]:
    media = str(factories.text_upload(parts, "Hello.\n"))
    request = {"mediaId": media, "targetLanguages": ["es"], **more}
    answer = client.post("/v1/jobs", json=request, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202, answer.json
    [run] = client.get(f"/v1/jobs/{answer.json['id']}/runs").json
    return answer.json["id"], UUID(run["id"])


def test_all_that_a_job_made_and_was_told_is_gone(client, parts, tmp_path):
    job_id, run_id = make_job(
        client,
        parts,
        name=SECRET,
        labels=[SECRET],
        glossary=[{"term": SECRET}],
        voices={"A": SECRET},
    )
    factories.do_all(parts.db, run_id, store=parts.store)
    mine, shared = (put(parts, tmp_path, f"clips/aa/{name}.flac") for name in ("mine", "shared"))
    left = put(parts, tmp_path, f"jobs/{job_id}/tts/es/left-by-a-lost-lease")
    other_id, _ = factories.create_dub(parts.db)
    note_uses(parts.db, UUID(job_id), [mine, shared])
    note_uses(parts.db, UUID(job_id), [mine])  # what is known is no error
    note_uses(parts.db, other_id, [shared])
    before = client.get(f"/v1/jobs/{job_id}").json
    assert before["artifacts"]
    assert {mine, shared, left} <= list_keys(parts)

    answer = client.delete(f"/v1/jobs/{job_id}/data")
    assert answer.status_code == 200, answer.json
    job = answer.json
    assert {key for key in list_keys(parts) if not key.startswith("uploads/")} == {shared}
    assert (job["artifacts"], job["name"], job["labels"]) == ([], None, [])
    assert job["dataDeletedAt"] is not None
    assert job["status"] == "succeeded"
    for path in (f"/v1/jobs/{job_id}", "/v1/jobs", f"/v1/jobs/{job_id}/events"):
        assert SECRET not in client.get(path).text
    with parts.db.read() as connection:
        for table in (Job, Run, StageRun, JobEvent, IdempotencyKey, Artifact, KeptObject):
            rows = connection.execute(select(table.__table__)).all()
            assert SECRET not in str(rows), table
        mine = IdempotencyKey.job_id == UUID(job_id)
        kept = select(func.count()).select_from(IdempotencyKey).where(mine)
        assert connection.execute(kept).scalar_one() == 0
    assert client.get(f"/v1/jobs/{job_id}/events").json[-1]["type"] == "job.data_deleted"


def test_what_another_user_needs_stays(new_parts, migrated_postgres, redis_url, tmp_path):
    """Red where the second wall hides from a user what others have used."""
    parts = new_parts(database_url=migrated_postgres, broker_url=redis_url)
    mine, other = factories.user(parts.db), factories.user(parts.db)
    shared = put(parts, tmp_path, "clips/aa/shared.flac")
    jobs = []
    for user in (mine, other):
        media = factories.upload(parts.db, user_id=user)
        job_id, run_id = submit.create_job(parts.db, user, factories.dub_params(), media_id=media)
        factories.do_all(parts.db, run_id, store=parts.store)
        note_uses(parts.db, job_id, [shared])
        jobs.append(job_id)
    client = factories.api_client(parts)
    for user, job_id, left in ((mine, jobs[0], {shared}), (other, jobs[1], set())):
        headers = {"Authorization": f"Bearer {factories.api_key(parts.db, user)}"}
        answer = client.delete(f"/v1/jobs/{job_id}/data", headers=headers)
        assert answer.status_code == 200, answer.json
        assert {key for key in list_keys(parts) if key.startswith("clips/")} == left


def test_deleting_again_changes_nothing_and_nothing_runs_any_more(client, parts):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    url = f"/v1/jobs/{job_id}"
    first = client.delete(f"{url}/data").json
    assert client.delete(f"{url}/data").json == first
    again = client.post(f"{url}/retry", json={"resumeFrom": "mix"})
    assert (again.status_code, again.json["type"]) == (409, "urn:dubline:problem:data-deleted")
    assert client.get(f"{url}/segments?language=es").status_code == 404


def test_a_job_that_goes_on_is_to_be_cancelled_first(client, parts):
    job_id, _ = factories.create_dub(parts.db)
    url = f"/v1/jobs/{job_id}"
    refused = client.delete(f"{url}/data")
    assert (refused.status_code, refused.json["type"]) == (409, "urn:dubline:problem:job-running")
    client.delete(url)
    assert client.delete(f"{url}/data").status_code == 200
    assert client.delete(f"/v1/jobs/{UUID(int=0)}/data").status_code == 404


def test_files_are_listed_and_deleted(client, parts):
    files = [str(factories.upload(parts.db, role="voice")) for _ in range(3)]
    factories.upload(parts.db, completed_at=None)
    page = client.get("/v1/files?limit=2").json
    assert [one["id"] for one in page["files"]] == files[:0:-1]
    last = client.get(f"/v1/files?limit=2&before={page['next']}").json
    assert ([one["id"] for one in last["files"]], last["next"]) == (files[:1], None)
    assert client.get("/v1/files?role=video").json["files"] == []
    assert client.get(f"/v1/files/{files[0]}").json["id"] == files[0]
    assert client.delete(f"/v1/files/{files[0]}").status_code == 204
    for answer in (client.get(f"/v1/files/{files[0]}"), client.delete(f"/v1/files/{files[0]}")):
        assert answer.status_code == 404
    assert len(client.get("/v1/files").json["files"]) == 2
    request = {"mediaId": files[0], "targetLanguages": ["es"]}
    assert client.post("/v1/jobs", json=request).status_code == 422


def test_a_file_goes_when_no_job_needs_it_any_more(client, parts):
    job_id, run_id = make_job(client, parts)
    factories.do_all(parts.db, run_id, store=parts.store)
    media = client.get(f"/v1/jobs/{job_id}").json["media"]
    refused = client.delete(f"/v1/files/{media['id']}")
    assert (refused.status_code, refused.json["type"]) == (409, "urn:dubline:problem:file-in-use")
    client.delete(f"/v1/jobs/{job_id}/data")
    assert client.delete(f"/v1/files/{media['id']}").status_code == 204
    assert list_keys(parts) == set()
    told = client.get(f"/v1/jobs/{job_id}").json["media"]
    assert (told["filename"], told["deletedAt"] is None) == ("", False)


@pytest.mark.parametrize("role", ["background", "transcript"])
def test_files_of_any_role_are_found_by_it(client, parts, role):
    file_id = str(factories.upload(parts.db, role=role))
    assert [one["id"] for one in client.get(f"/v1/files?role={role}").json["files"]] == [file_id]
