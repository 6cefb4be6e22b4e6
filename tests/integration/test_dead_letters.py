"""Stages out of attempts are listed, started again by an operator, and then listed no longer."""

from pathlib import Path

import pytest

from backend.core import dead_letters, settle, views
from backend.core.errors import NotFound
from backend.core.models import LOCAL_USER
from backend.core.retry import GiveUp
from backend.core.stages import Stage
from backend.storage.local import LocalStore
from tests import factories


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "files", "http://test", "secret")


def died(db, run_id, stage: Stage, language: str = "", *, dead: bool = True) -> None:
    claim = factories.claimed(db, run_id, stage, language)
    settle.fail(db, claim, {"kind": "transient", "message": "no answer"}, GiveUp(dead=dead))


def test_a_dead_stage_is_listed_and_starts_again(database, store):
    job_id, run_id = factories.dub(database, "es", "pt")
    factories.do(database, run_id, Stage.ASR, store=store)
    for stage in (Stage.MT, Stage.TTS, Stage.MIX):
        factories.do(database, run_id, stage, "pt", store)
    died(database, run_id, Stage.MT, "es")
    (letter,) = dead_letters.listed(database, LOCAL_USER)
    assert (letter["job_id"], letter["stage"], letter["language"]) == (job_id, Stage.MT, "es")
    assert letter["error"]["message"] == "no answer"
    assert views.job(database, LOCAL_USER, job_id)["status"] == "partial"

    again_job, again_run = dead_letters.requeue(database, store, LOCAL_USER, letter["id"])
    assert again_job == job_id
    assert dead_letters.listed(database, LOCAL_USER) == []
    for stage in (Stage.MT, Stage.TTS, Stage.MIX):
        factories.do(database, again_run, stage, "es", store)
    runs = views.runs(database, LOCAL_USER, job_id)
    assert runs[1]["executed"] == ["mt:es", "tts:es", "mix:es"]
    assert runs[1]["reused"] == ["asr"]
    languages = views.job(database, LOCAL_USER, job_id)["languages"]
    assert {one["language"]: one["status"] for one in languages} == {
        "es": "complete",
        "pt": "complete",
    }


def test_a_dead_transcription_holds_up_all_languages(database, store):
    _, run_id = factories.dub(database, "es", "pt")
    died(database, run_id, Stage.ASR)
    (letter,) = dead_letters.listed(database, LOCAL_USER)
    _, again = dead_letters.requeue(database, store, LOCAL_USER, letter["id"])
    factories.do_all(database, again, "es", "pt", store=store)


def test_what_failed_for_good_is_no_dead_letter(database):
    _, run_id = factories.dub(database)
    died(database, run_id, Stage.ASR, dead=False)
    assert dead_letters.listed(database, LOCAL_USER) == []


def test_somebody_elses_are_not_to_be_seen(database, store):
    _, run_id = factories.dub(database)
    died(database, run_id, Stage.ASR)
    (letter,) = dead_letters.listed(database, LOCAL_USER)
    other = factories.user(database)
    assert dead_letters.listed(database, other) == []
    with pytest.raises(NotFound):
        dead_letters.requeue(database, store, other, letter["id"])
