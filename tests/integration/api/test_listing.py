"""Jobs are found by what they are, shown in a few words, and called what their users like."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from backend.database.models.accounts import LOCAL_USER
from backend.jobs import listing
from backend.jobs.listing import JobFilter
from backend.pipeline.retry import GiveUp
from backend.pipeline.stages import Stage
from backend.runs import transitions
from tests import factories


def ask(client, parts, **more) -> dict:
    media = str(factories.upload(parts.db, duration=12.5))
    request = {"mediaId": media, "targetLanguages": ["es"], **more}
    answer = client.post("/v1/jobs", json=request)
    assert answer.status_code == 202, answer.json
    return answer.json


def find(client, **query) -> list[str]:
    answer = client.get("/v1/jobs", query_string=query)
    assert answer.status_code == 200, answer.json
    return [job["id"] for job in answer.json["jobs"]]


def test_jobs_are_found_by_what_they_are(client, parts):
    dub = ask(client, parts, targetLanguages=["es", "pt-BR"], labels=["course", "draft", "draft"])
    text = ask(client, parts, kind="transcribe", targetLanguages=[], labels=["course"])
    other = ask(client, parts, targetLanguages=["pt"])
    client.delete(f"/v1/jobs/{other['id']}")
    for query, found in (
        ({}, [other, text, dub]),
        ({"status": "running"}, [text, dub]),
        ({"status": "cancelled"}, [other]),
        ({"kind": "transcribe"}, [text]),
        ({"language": "pt_br"}, [dub]),
        ({"language": "pt"}, [other]),
        ({"label": "course"}, [text, dub]),
        ({"label": "course", "kind": "dub", "status": "running", "language": "es"}, [dub]),
        ({"label": "nothing"}, []),
        ({"label": "course", "limit": 1}, [text]),
        ({"label": "course", "before": text["id"]}, [dub]),
    ):
        assert find(client, **query) == [job["id"] for job in found], query


def test_jobs_are_found_by_their_time(client, parts):
    job = ask(client, parts)
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert find(client, createdFrom=(now - hour).isoformat()) == [job["id"]]
    assert find(client, createdFrom=(now + hour).isoformat()) == []
    assert find(client, createdTo=(now + hour).isoformat()) == [job["id"]]
    assert find(client, createdTo=(now - hour).isoformat()) == []
    assert client.get("/v1/jobs?createdTo=2026-11-28T10:00:00").status_code == 422  # no zone


def test_the_first_id_of_a_time_comes_before_all_others(client, parts):
    job_id, _ = factories.create_dub(parts.db)
    milliseconds = job_id.int >> 80
    time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    assert (
        listing.build_first_id(time)
        <= job_id
        < listing.build_first_id(time + timedelta(milliseconds=2))
    )


def test_a_row_tells_what_it_is_about(client, parts):
    job = ask(client, parts, name="Lecture 7", labels=["course"])
    [row] = client.get("/v1/jobs").json["jobs"]
    assert (row["name"], row["labels"], row["duration"]) == ("Lecture 7", ["course"], 12.5)
    assert (row["progress"], row["error"], row["finishedAt"]) == (0, None, None)
    [run] = client.get(f"/v1/jobs/{job['id']}/runs").json
    factories.do_stage(parts.db, UUID(run["id"]), Stage.ASR)
    claim = factories.claim_stage(parts.db, UUID(run["id"]), Stage.MT, "es")
    told = {"kind": "permanent", "message": "No way"}
    transitions.fail(parts.db, claim, told, GiveUp(dead=False))
    [row] = client.get("/v1/jobs").json["jobs"]
    assert row["error"] == {**told, "stage": "mt", "language": "es"}
    assert (row["status"], row["finishedAt"] is None) == ("failed", False)
    assert find(client, status="failed") == [job["id"]]


def test_a_job_is_called_something_else(client, parts):
    job = ask(client, parts, name="a", labels=["x", "y"])
    url = f"/v1/jobs/{job['id']}"
    changed = client.patch(url, json={"name": None, "labels": ["y", "z"]}).json
    assert (changed["name"], changed["labels"]) == (None, ["y", "z"])
    assert (find(client, label="x"), find(client, label="z")) == ([], [job["id"]])
    assert client.patch(url, json={"name": "b"}).json["labels"] == ["y", "z"]
    assert client.patch(url, json={}).json["name"] == "b"
    for wrong in ({"name": ""}, {"name": "x" * 201}, {"labels": [""]}, {"labels": ["x"] * 21}):
        assert client.patch(url, json=wrong).status_code == 422
    assert client.patch(f"/v1/jobs/{UUID(int=0)}", json={"name": "b"}).status_code == 404


def test_a_new_language_is_found(client, parts):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    assert find(client, language="fr") == []
    client.post(f"/v1/jobs/{job_id}/retry", json={"languages": ["fr"]})
    assert find(client, language="fr") == [str(job_id)]
    assert find(client, language="es") == [str(job_id)]


def test_the_status_is_that_of_all_languages(database):
    """Red where a job ends as its last run ended, which need not have had all languages."""
    _, run_id = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run_id, Stage.ASR)
    for stage in (Stage.MT, Stage.TTS, Stage.MIX):
        factories.do_stage(database, run_id, stage, "es")
    claim = factories.claim_stage(database, run_id, Stage.MT, "pt")
    transitions.fail(database, claim, {"kind": "permanent", "message": "x"}, GiveUp(dead=False))

    def read_status() -> str:
        page = listing.read_job_page(database, LOCAL_USER, JobFilter(), limit=1, before=None)
        return page["jobs"][0]["status"]

    assert read_status() == "partial"


def test_what_has_not_changed_is_not_sent_again(client, parts):
    job_id, _ = factories.create_dub(parts.db)
    url = f"/v1/jobs/{job_id}"
    first = client.get(url)
    headers = {"If-None-Match": first.headers["ETag"]}
    again = client.get(url, headers=headers)
    assert (again.status_code, again.data) == (304, b"")
    client.delete(url)
    changed = client.get(url, headers=headers)
    assert (changed.status_code, changed.json["status"]) == (200, "cancelled")


def test_a_job_tells_what_was_asked_for_and_of_what_it_is_made(client, parts):
    job = ask(client, parts, loudness="web", timing={"maxShift": 1}, voices={"A": "f2"})
    told = job["parameters"]
    assert (told["loudness"], told["timing"]["maxShift"], told["voices"]) == ("web", 1, {"A": "f2"})
    assert (told["timing"]["policy"], told["providers"]["tts"][0]) == ("fit", "stub")
    assert (job["media"]["filename"], job["media"]["duration"]) == ("talk.mp4", 12.5)
    assert job["background"] is None
    [language] = job["languages"]
    assert (language["stage"], language["attempt"], language["retryAt"]) == ("mt", 0, None)
    assert language["finishedAt"] is None


def test_an_artifact_has_a_url(client, parts):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id, store=parts.store)
    job = client.get(f"/v1/jobs/{job_id}").json
    assert all(client.get(one["url"]).status_code == 302 for one in job["artifacts"])
    [language] = job["languages"]
    assert (language["stage"], language["finishedAt"] is None) == ("mix", False)


def test_what_a_job_would_cost(client, parts):
    media = str(factories.upload(parts.db, duration=60.0))
    request = {"mediaId": media, "targetLanguages": ["es", "pt"]}
    answer = client.post("/v1/jobs/estimate", json=request)
    assert answer.status_code == 200, answer.json
    places = [(one["stage"], one["language"], one["action"]) for one in answer.json["plan"]]
    assert places[:2] == [("asr", None, "execute"), ("mt", "es", "execute")]
    assert {language for _, language, _ in places} == {None, "es", "pt"}
    assert client.get("/v1/jobs").json["jobs"] == []
    transcript = str(factories.upload(parts.db, role="transcript"))
    given = {**request, "sourceLanguage": "en", "startFrom": "mt", "transcriptId": transcript}
    answer = client.post("/v1/jobs/estimate", json=given)
    assert "asr" not in [one["stage"] for one in answer.json["plan"]]
    assert client.post("/v1/jobs/estimate", json={**request, "bed": "loud"}).status_code == 422
    unknown = {**request, "mediaId": str(UUID(int=1))}
    assert client.post("/v1/jobs/estimate", json=unknown).status_code == 422
