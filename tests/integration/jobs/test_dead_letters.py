"""Stages out of attempts are listed, started again by an operator, and then listed no longer."""

from pathlib import Path

import pytest

from backend.database.models.accounts import LOCAL_USER
from backend.errors import NotFound
from backend.jobs import dead_letters, listing, resume, submit, views
from backend.jobs.listing import JobFilter
from backend.jobs.resume import ResumeRequest
from backend.pipeline.retry import GiveUp
from backend.pipeline.stages import Stage
from backend.runs import transitions
from backend.storage.local import LocalStore
from tests import factories


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "files", "http://test", "secret")


def let_die(db, run_id, stage: Stage, language: str = "", *, dead: bool = True) -> None:
    claim = factories.claim_stage(db, run_id, stage, language)
    transitions.fail(db, claim, {"kind": "transient", "message": "no answer"}, GiveUp(dead=dead))


def test_a_dead_stage_is_listed_and_starts_again(database, store):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run_id, Stage.ASR, store=store)
    for stage in (Stage.MT, Stage.TTS, Stage.MIX):
        factories.do_stage(database, run_id, stage, "pt", store)
    let_die(database, run_id, Stage.MT, "es")
    (letter,) = dead_letters.list_dead_letters(database, LOCAL_USER)
    assert (letter["job_id"], letter["stage"], letter["language"]) == (job_id, Stage.MT, "es")
    assert letter["error"]["message"] == "no answer"
    assert views.read_job_view(database, LOCAL_USER, job_id)["status"] == "partial"

    again_job, again_run = dead_letters.retry_dead_letter(database, store, LOCAL_USER, letter["id"])
    assert again_job == job_id
    assert dead_letters.list_dead_letters(database, LOCAL_USER) == []
    for stage in (Stage.MT, Stage.TTS, Stage.MIX):
        factories.do_stage(database, again_run, stage, "es", store)
    runs = views.read_runs(database, LOCAL_USER, job_id)
    assert runs[1]["executed"] == ["mt:es", "tts:es", "mix:es", "join"]
    assert runs[1]["reused"] == ["asr"]
    languages = views.read_job_view(database, LOCAL_USER, job_id)["languages"]
    assert {one["language"]: one["status"] for one in languages} == {
        "es": "complete",
        "pt": "complete",
    }


def test_a_dead_transcription_holds_up_all_languages(database, store):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    let_die(database, run_id, Stage.ASR)
    assert statuses(database, job_id) == ("failed", {"es": "failed", "pt": "failed"})
    (letter,) = dead_letters.list_dead_letters(database, LOCAL_USER)
    assert (letter["stage"], letter["language"]) == (Stage.ASR, None)
    _, again = dead_letters.retry_dead_letter(database, store, LOCAL_USER, letter["id"])
    assert statuses(database, job_id) == ("running", {"es": "queued", "pt": "queued"})
    factories.do_all(database, again, "es", "pt", store=store)
    assert statuses(database, job_id) == ("succeeded", {"es": "complete", "pt": "complete"})


def statuses(database, job_id) -> tuple[str, dict[str, str]]:
    """Of the job, and of each language."""
    job = views.read_job_view(database, LOCAL_USER, job_id)
    return job["status"], {one["language"]: one["status"] for one in job["languages"]}


def test_what_failed_for_good_is_no_dead_letter(database):
    _, run_id = factories.create_dub(database)
    let_die(database, run_id, Stage.ASR, dead=False)
    assert dead_letters.list_dead_letters(database, LOCAL_USER) == []


def test_somebody_elses_are_not_to_be_seen(database, store):
    _, run_id = factories.create_dub(database)
    let_die(database, run_id, Stage.ASR)
    (letter,) = dead_letters.list_dead_letters(database, LOCAL_USER)
    other = factories.user(database)
    assert dead_letters.list_dead_letters(database, other) == []
    with pytest.raises(NotFound):
        dead_letters.retry_dead_letter(database, store, other, letter["id"])


def test_one_retry_takes_up_all_that_is_dead_in_a_run_and_no_other_language(database, store):
    """Turns red when the second of two has to wait for the run that the first one started."""
    job_id, run_id = factories.create_dub(database, "es", "fr", "pt")
    factories.do_stage(database, run_id, Stage.ASR, store=store)
    for stage in (Stage.MT, Stage.TTS, Stage.MIX):
        factories.do_stage(database, run_id, stage, "pt", store)
    let_die(database, run_id, Stage.MT, "es")
    factories.do_stage(database, run_id, Stage.MT, "fr", store)
    let_die(database, run_id, Stage.TTS, "fr")
    letter, _ = dead_letters.list_dead_letters(database, LOCAL_USER)
    dead_letters.retry_dead_letter(database, store, LOCAL_USER, letter["id"])
    assert dead_letters.list_dead_letters(database, LOCAL_USER) == []
    assert views.read_runs(database, LOCAL_USER, job_id)[1]["executed"] == [
        *("mt:es", "tts:es", "mix:es"),
        *("tts:fr", "mix:fr"),
        "join",
    ]


def test_a_dead_transcription_takes_up_the_languages_of_its_run_alone(database, store):
    job_id, first = factories.create_dub(database)
    factories.do_all(database, first, store=store)
    again = ResumeRequest(Stage.ASR, languages=("fr",))
    second, _ = resume.start_run(database, store, LOCAL_USER, job_id, again)
    let_die(database, second, Stage.ASR)
    (letter,) = dead_letters.list_dead_letters(database, LOCAL_USER)
    dead_letters.retry_dead_letter(database, store, LOCAL_USER, letter["id"])
    executed = views.read_runs(database, LOCAL_USER, job_id)[2]["executed"]
    assert executed == ["mt:fr", "tts:fr", "mix:fr", "join"]


def test_a_retry_that_is_cancelled_leaves_the_letter_there(database, store):
    job_id, run_id = factories.create_dub(database)
    let_die(database, run_id, Stage.ASR)
    (letter,) = dead_letters.list_dead_letters(database, LOCAL_USER)
    dead_letters.retry_dead_letter(database, store, LOCAL_USER, letter["id"])
    assert dead_letters.list_dead_letters(database, LOCAL_USER) == []
    submit.cancel_job(database, LOCAL_USER, job_id)
    assert dead_letters.list_dead_letters(database, LOCAL_USER) == [letter]


def test_a_job_stands_by_all_its_languages_not_only_those_of_its_last_run(database, store):
    job_id, first = factories.create_dub(database)
    factories.do_stage(database, first, Stage.ASR, store=store)
    let_die(database, first, Stage.MT, "es")
    again, _ = resume.start_run(
        database, store, LOCAL_USER, job_id, ResumeRequest(languages=("pt",))
    )
    for stage in (Stage.MT, Stage.TTS, Stage.MIX):
        factories.do_stage(database, again, stage, "pt", store)
    (listed,) = listing.read_job_page(database, LOCAL_USER, JobFilter(), limit=10, before=None)[
        "jobs"
    ]
    for view in (listed, views.read_job_view(database, LOCAL_USER, job_id)):
        assert (view["status"], view["target_languages"]) == ("partial", ["es", "pt"])
