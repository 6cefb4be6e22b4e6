"""How much users may have: counted, refused with what is used, changed by admins."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from backend.cli.command_line import cli
from backend.database.engine import from_now
from backend.database.models.jobs import Job
from backend.database.models.uploads import Upload
from backend.errors import QuotaExceeded
from backend.identity import quotas
from backend.identity.quotas import Quotas
from backend.jobs import submit
from tests import factories
from tests.media_samples import tone, write

ANY = Quotas(max_upload_bytes=1 << 30, minutes_per_month=0, concurrent_jobs=0, storage_bytes=0)


def allow(**more: float) -> Quotas:
    return Quotas(**{**vars(ANY), **more})


def ask_job(db, user: UUID, allowed: Quotas, *languages: str, duration: float = 60) -> UUID:
    """A job of a minute."""
    media = factories.upload(db, user_id=user, duration=duration)
    params = factories.dub_params(*languages)
    return submit.create_job(db, user, params, media_id=media, quotas=allowed)[1]


def usage(db, user: UUID) -> quotas.Usage:
    with db.read() as connection:
        return quotas.read_usage(connection, user)


def test_minutes_count_once_for_each_language(database):
    user = factories.user(database)
    allowed = allow(minutes_per_month=4)
    ask_job(database, user, allowed, "es", "pt", "fr")
    assert usage(database, user).minutes_per_month == 3
    with pytest.raises(QuotaExceeded, match=r"minutesPerMonth: 3 of 4 are used; it begins anew at"):
        ask_job(database, user, allowed, "es", "pt")
    ask_job(database, user, allowed, "es")
    assert usage(database, user).minutes_per_month == 4
    ask_job(database, factories.user(database), allowed, "es", "pt", "fr", "it")


def test_minutes_of_an_earlier_month_do_not_count(database):
    user = factories.user(database)
    ask_job(database, user, ANY, duration=6000)
    begun = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with database.write() as connection:
        connection.execute(update(Job).values(created_at=begun))
    assert usage(database, user).minutes_per_month == 100
    with database.write() as connection:
        connection.execute(update(Job).values(created_at=from_now(-32 * 86400)))
    found = usage(database, user)
    assert found.minutes_per_month == 0
    assert found.resets_at.day == 1
    assert 0 < (found.resets_at - datetime.now(UTC)).total_seconds() <= 31 * 86400


def test_jobs_that_have_ended_make_room(database):
    user = factories.user(database)
    allowed = allow(concurrent_jobs=1)
    run_id = ask_job(database, user, allowed)
    with pytest.raises(QuotaExceeded, match="concurrentJobs: 1 of 1 are used"):
        ask_job(database, user, allowed)
    factories.do_all(database, run_id)
    ask_job(database, user, allowed)


def test_of_many_that_ask_at_once_no_more_are_admitted_than_may(database):
    """Red without the lock in `quotas.admit_run`, on Postgres."""
    user = factories.user(database)
    allowed = allow(concurrent_jobs=2)

    def ask(_: int) -> bool:
        try:
            ask_job(database, user, allowed)
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(16))) == 2
    assert usage(database, user).concurrent_jobs == 2


def test_bytes_of_files_and_of_what_jobs_made(database):
    user = factories.user(database)
    factories.upload(database, user_id=user, size=1000)
    factories.upload(database, user_id=user, size=500, deleted_at=from_now(0))
    coming = {"completed_at": None, "size": None, "expected_size": 70}
    factories.upload(database, user_id=user, **coming, multipart_id="x")
    factories.upload(database, user_id=user, **coming)
    assert usage(database, user).storage_bytes == 1070
    factories.do_all(database, ask_job(database, user, ANY))
    made = usage(database, user).storage_bytes - 1071
    assert made > 0
    allowed = allow(storage_bytes=made + 1071 + 10)
    assert quotas.allow_upload(database, user, allowed, 10).bytes == 10
    with pytest.raises(QuotaExceeded, match="storageBytes"):
        quotas.allow_upload(database, user, allowed, 11)


@pytest.fixture
def headers(parts) -> dict[str, str]:
    return {"Authorization": f"Bearer {factories.api_key(parts.db)}"}


def set_own(client, user: UUID, headers: dict[str, str], own: dict) -> dict:
    answer = client.put(f"/v1/admin/users/{user}/quotas", json=own, headers=headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_an_admin_says_what_a_user_may_have(client, parts, headers, tmp_path):
    user = factories.user(parts.db)
    mine = {"Authorization": f"Bearer {factories.api_key(parts.db, user)}"}
    assert client.get("/v1/me/usage", headers=mine).json["concurrentJobs"]["limit"] is None
    told = set_own(client, user, headers, {"minutesPerMonth": 0.01, "maxUploadBytes": 400_000})
    assert client.get("/v1/me/usage", headers=mine).json == told
    assert told["minutesPerMonth"]["limit"] == 0.01
    large = {"filename": "talk.wav", "size": 400_001}
    answer = client.post("/v1/files/presign", json=large, headers=mine)
    assert (answer.status_code, answer.json["allowed"]) == (422, 400_000)
    file = client.post("/v1/files/presign", json={"filename": "talk.wav"}, headers=mine).json
    client.put(file["url"], data=write(tmp_path / "talk.wav", tone(1.5)).read_bytes())
    answer = client.post("/v1/files/complete", json={"fileId": file["fileId"]}, headers=mine)
    assert answer.status_code == 200, answer.json
    job = {"mediaId": file["fileId"], "targetLanguages": ["es"]}
    answer = client.post("/v1/jobs", json=job, headers=mine)
    assert (answer.status_code, answer.json["code"]) == (403, "quota-exceeded")
    assert (answer.json["limit"], answer.json["allowed"]) == ("minutesPerMonth", 0.01)
    assert answer.json["used"] == 0
    assert answer.json["resetsAt"] == told["minutesPerMonth"]["resetsAt"]
    set_own(client, user, headers, {})
    assert client.post("/v1/jobs", json=job, headers=mine).status_code == 202


def test_a_file_whose_size_nobody_said_gets_what_room_there_is(client, parts, headers):
    user = factories.user(parts.db)
    mine = {"Authorization": f"Bearer {factories.api_key(parts.db, user)}"}
    file = client.post("/v1/files/presign", json={"filename": "talk.txt"}, headers=mine).json
    client.put(file["url"], data=b"Hello there.")
    set_own(client, user, headers, {"storageBytes": 11})
    answer = client.post("/v1/files/complete", json={"fileId": file["fileId"]}, headers=mine)
    assert (answer.status_code, answer.json["limit"]) == (422, "storageBytes")
    with parts.db.write() as connection:
        row = {"size": 11, "completed_at": from_now(0)}
        connection.execute(update(Upload).where(Upload.user_id == user).values(**row))
    answer = client.post("/v1/files/multipart", json={"filename": "a", "size": 1}, headers=mine)
    assert (answer.status_code, answer.json["code"]) == (403, "quota-exceeded")
    assert (answer.json["used"], answer.json["resetsAt"]) == (11, None)


def test_a_run_with_further_languages_takes_their_minutes(client, parts):
    """Red without `admit_minutes` in `resume._create_run`."""
    user = factories.user(parts.db)
    mine = {"Authorization": f"Bearer {factories.api_key(parts.db, user)}"}
    run_id = ask_job(parts.db, user, ANY, "es")
    factories.do_all(parts.db, run_id, store=parts.store)
    [job] = client.get("/v1/jobs", headers=mine).json["jobs"]
    quotas.set_quotas(parts.db, user, {"minutes_per_month": 2})

    def ask(*languages: str) -> tuple[int, str | None]:
        more = {"resumeFrom": "auto", "languages": languages}
        answer = client.post(f"/v1/jobs/{job['id']}/retry", json=more, headers=mine)
        return answer.status_code, answer.json.get("code")

    assert ask("es", "pt", "fr") == (403, "quota-exceeded")
    assert ask("es", "pt") == (202, None)
    assert usage(parts.db, user).minutes_per_month == 2


@pytest.mark.parametrize("own", [{"concurrentJobs": -1}, {"storageBytes": "x"}, {"any": 1}])
def test_quotas_that_make_no_sense(client, parts, headers, own):
    path = f"/v1/admin/users/{factories.user(parts.db)}/quotas"
    assert client.put(path, json=own, headers=headers).status_code == 422


def test_the_command_line_says_and_changes_them(parts, monkeypatch):
    for name in ("dubline_home", "identity", "secret_key"):
        value = getattr(parts.settings, name)
        shown = value.get_secret_value() if name == "secret_key" else str(value)
        monkeypatch.setenv(name.upper(), shown)
    user = str(factories.user(parts.db))

    def run(*options: str) -> str:
        done = CliRunner().invoke(cli, ["users", "quota", user, *options], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "concurrent jobs: 0 of any" in run()
    assert "concurrent jobs: 0 of 3" in run("--concurrent-jobs", "3")
    both = run("--minutes-per-month", "1.5")
    assert "concurrent jobs: 0 of 3" in both
    assert "minutes per month: 0 of 1.5" in both
    assert "concurrent jobs: 0 of any" in run("--reset")
