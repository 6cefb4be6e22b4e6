"""How stages end, and with them languages and runs."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from backend.database.models.accounts import LOCAL_USER
from backend.database.models.jobs import JobEvent
from backend.database.models.runs import Artifact, Outbox, Run, StageRun
from backend.jobs import submit, views
from backend.pipeline.files import StoredFile
from backend.pipeline.retry import GiveUp, TryAgain
from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.runs import completion, leases, transitions
from backend.runs import events as job_events
from tests import factories

ERROR = {"kind": "permanent", "message": "no voice"}


def states(database, run_id) -> dict[str, str]:
    with database.read() as connection:
        rows = connection.execute(
            select(StageRun.stage, StageRun.language, StageRun.state).where(
                StageRun.run_id == run_id
            )
        )
        return {f"{row.stage} {row.language}".strip(): str(row.state) for row in rows}


def run_state(database, run_id) -> str:
    with database.read() as connection:
        return connection.execute(select(Run.state).where(Run.id == run_id)).scalar_one()


def standing(database, run_id) -> dict[str, str]:
    with database.read() as connection:
        job_id = connection.execute(select(Run.job_id).where(Run.id == run_id)).scalar_one()
    languages = views.read_job_view(database, LOCAL_USER, job_id)["languages"]
    return {one["language"]: str(one["status"]) for one in languages}


def promises(database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(Outbox)).scalar_one()


def events(database, job_id) -> list[str]:
    """The types of the job's events, which must have no gaps."""
    found = views.read_events(database, LOCAL_USER, job_id)
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    return [event["type"] for event in found]


def fail(database, run_id, stage, language="", decision=GiveUp(dead=False)):  # noqa: B008 - frozen
    transitions.fail(
        database, factories.claim_stage(database, run_id, stage, language), ERROR, decision
    )


def test_a_run_ends_with_its_last_stage(database):
    job_id, run_id = factories.create_dub(database)
    factories.do_all(database, run_id)
    assert run_state(database, run_id) == "succeeded"
    assert promises(database) == 0
    assert events(database, job_id)[-2:] == ["stage.succeeded", "run.succeeded"]
    job = views.read_job_view(database, LOCAL_USER, job_id)
    assert job["progress"] == 1
    assert job["finished_at"] is not None
    assert [artifact["name"] for artifact in job["artifacts"]] == [
        "segments_src.txt",
        *("es/segments.txt", "es/speech.txt", "es/audio.txt"),
    ]


def test_a_success_is_written_with_its_artifacts_or_not_at_all(database):
    """The second artifact breaks a constraint: then the marker must not say succeeded either."""
    _, run_id = factories.create_dub(database)
    claim = factories.claim_stage(database, run_id, Stage.ASR)
    success = factories.build_success(claim)
    twice = transitions.Success(**{**vars(success), "artifacts": [*success.artifacts] * 2})
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        transitions.succeed(database, claim, twice)
    assert states(database, run_id)["asr"] == "running"
    with database.read() as connection:
        assert connection.execute(select(Artifact.id)).all() == []


@pytest.mark.parametrize("stage", PER_LANGUAGE)
def test_one_languages_failure_leaves_the_others(database, stage):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run_id, Stage.ASR)
    for before in PER_LANGUAGE[: PER_LANGUAGE.index(stage)]:
        factories.do_stage(database, run_id, before, "es")
    fail(database, run_id, stage, "es")
    assert run_state(database, run_id) == "running"
    for each in PER_LANGUAGE:
        factories.do_stage(database, run_id, each, "pt")
    assert run_state(database, run_id) == "partial"
    after = PER_LANGUAGE[PER_LANGUAGE.index(stage) + 1 :]
    assert {states(database, run_id)[f"{each} es"] for each in after} <= {"skipped"}
    job = views.read_job_view(database, LOCAL_USER, job_id)
    assert {one["language"]: one["status"] for one in job["languages"]} == {
        "es": "failed",
        "pt": "complete",
    }


@pytest.mark.parametrize(("dead", "state"), [(False, "failed"), (True, "dead")])
def test_when_asr_fails_all_languages_fail_and_the_run_ends(database, dead, state):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    fail(database, run_id, Stage.ASR, decision=GiveUp(dead))
    assert run_state(database, run_id) == "failed"
    assert states(database, run_id)["asr"] == state
    assert set(states(database, run_id).values()) == {state, "skipped"}
    history = events(database, job_id)
    assert history[-1] == "run.failed"
    assert (history.count(f"stage.{state}"), history.count("stage.skipped")) == (1, 7)
    assert promises(database) == 0


def partly_given(database, *others) -> tuple[UUID, UUID]:
    """A dub into Spanish, for which the user brought the translation, and into others."""
    file = StoredFile("uploads/es", "5e" * 32, 1, "application/json", "segments_es.json")
    given = {(Stage.MT, "es"): {"segments": file}}
    params, media_id = factories.dub_params("es", *others), factories.upload(database)
    return submit.create_job(database, LOCAL_USER, params, media_id=media_id, given=given)


def test_what_was_given_goes_on_when_asr_fails(database):
    """Turns red when all stages are skipped after `asr`, or the run ends with it."""
    job_id, run_id = partly_given(database, "pt")
    speaking = factories.claim_stage(database, run_id, Stage.TTS, "es")
    fail(database, run_id, Stage.ASR)
    assert run_state(database, run_id) == "running"
    transitions.succeed(database, speaking, factories.build_success(speaking))
    factories.do_stage(database, run_id, Stage.MIX, "es")
    assert run_state(database, run_id) == "partial"
    assert events(database, job_id).count("run.partial") == 1


def test_no_run_ends_while_asr_is_at_work(database):
    """Turns red when only the languages tell whether a run has ended."""
    _, run_id = partly_given(database)
    hearing = factories.claim_stage(database, run_id, Stage.ASR)
    for stage in (Stage.TTS, Stage.MIX):
        factories.do_stage(database, run_id, stage, "es")
    assert run_state(database, run_id) == "running"
    transitions.succeed(database, hearing, factories.build_success(hearing))
    assert run_state(database, run_id) == "succeeded"


def test_what_was_given_stands_as_it_did_when_asr_is_done(database):
    _, run_id = partly_given(database, "pt")
    hearing = factories.claim_stage(database, run_id, Stage.ASR)
    for stage in (Stage.TTS, Stage.MIX):
        factories.do_stage(database, run_id, stage, "es")
    transitions.succeed(database, hearing, factories.build_success(hearing))
    assert standing(database, run_id) == {"es": "complete", "pt": "translating"}


def test_a_failure_that_is_tried_again_shows_its_error_and_time(database):
    job_id, run_id = factories.create_dub(database)
    fail(database, run_id, Stage.ASR, decision=TryAgain(60))
    [stage] = views.read_job_view(database, LOCAL_USER, job_id)["stages"]
    assert (stage["state"], stage["error"], stage["attempt"]) == ("waiting", ERROR, 1)
    assert stage["retry_at"] is not None
    assert events(database, job_id)[-1] == "stage.retrying"


def test_a_success_after_a_failure_shows_no_error(database):
    job_id, run_id = factories.create_dub(database)
    fail(database, run_id, Stage.ASR, decision=TryAgain(0))
    factories.do_stage(database, run_id, Stage.ASR)
    [stage] = views.read_job_view(database, LOCAL_USER, job_id)["stages"]
    assert (stage["error"], stage["retry_at"]) == (None, None)


def test_cancelling_before_anything_runs_ends_the_run_at_once(database):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    assert submit.cancel_job(database, LOCAL_USER, job_id) is True
    assert run_state(database, run_id) == "cancelled"
    assert set(states(database, run_id).values()) == {"cancelled"}
    assert submit.cancel_job(database, LOCAL_USER, job_id) is False
    assert promises(database) == 0


def test_cancelling_in_the_middle_of_a_stage(database):
    job_id, run_id = factories.create_dub(database)
    factories.do_stage(database, run_id, Stage.ASR)
    claim = factories.claim_stage(database, run_id, Stage.MT, "es")
    submit.cancel_job(database, LOCAL_USER, job_id)
    submit.cancel_job(database, LOCAL_USER, job_id)
    assert run_state(database, run_id) == "running"
    assert states(database, run_id)["tts es"] == "cancelled"
    transitions.cancel(database, claim)
    assert run_state(database, run_id) == "cancelled"
    history = events(database, job_id)
    assert history.count("run.cancel_requested") == 1
    assert history[-2:] == ["stage.cancelled", "run.cancelled"]
    assert views.read_job_view(database, LOCAL_USER, job_id)["stages"][0]["state"] == "succeeded"


@pytest.mark.parametrize(
    "end",
    [
        lambda db, claim: transitions.fail(db, claim, ERROR, TryAgain(60)),
        transitions.hand_back,
        lambda db, claim: transitions.succeed(db, claim, factories.build_success(claim)),
    ],
    ids=["transient failure", "handed back", "succeeded after all"],
)
def test_a_cancelled_run_ends_however_its_stage_ends(database, end):
    job_id, run_id = factories.create_dub(database)
    claim = factories.claim_stage(database, run_id, Stage.ASR)
    submit.cancel_job(database, LOCAL_USER, job_id)
    end(database, claim)
    assert run_state(database, run_id) == "cancelled"
    assert not {"waiting", "running"} & set(states(database, run_id).values())
    assert events(database, job_id)[-1] == "run.cancelled"


def test_a_cancelled_runs_stage_cannot_be_claimed(database):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run_id, Stage.ASR)
    factories.claim_stage(database, run_id, Stage.MT, "es")
    submit.cancel_job(database, LOCAL_USER, job_id)
    assert leases.claim(database, run_id, Stage.MT, "pt", owner="test", lease_s=90) == "cancelled"


@pytest.mark.timeout(60)
def test_a_cancel_waits_for_the_job_before_it_takes_the_run(postgres_database):
    """Turns red when it takes the run first: the end of a last stage takes them the other way."""
    job_id, run_id = factories.create_dub(postgres_database)
    with ThreadPoolExecutor(1) as pool, postgres_database.write() as ending:
        job_events.lock_job(ending, job_id)
        cancel = pool.submit(completion.cancel_run, postgres_database, job_id, run_id)
        waiting = select(func.count()).where(text("NOT granted")).select_from(text("pg_locks"))
        while not cancel.done() and not ending.execute(waiting).scalar_one():
            continue
        of_run = select(Run.id).where(Run.id == run_id)
        assert ending.execute(of_run.with_for_update(skip_locked=True)).all() == [(run_id,)]
    cancel.result()
    assert run_state(postgres_database, run_id) == "cancelled"


def test_exporting_is_shown(database):
    job_id, run_id = factories.create_dub(database)
    for stage, language in ((Stage.ASR, ""), (Stage.MT, "es"), (Stage.TTS, "es")):
        factories.do_stage(database, run_id, stage, language)
    transitions.show_storing(database, factories.claim_stage(database, run_id, Stage.MIX, "es"))
    (shown,) = views.read_job_view(database, LOCAL_USER, job_id)["languages"]
    assert shown["status"] == "exporting"


@pytest.mark.parametrize("_again", range(3))
def test_languages_that_finish_at_the_same_time_end_the_run_once(database, _again):
    languages = ("es", "pt", "ca", "fr")
    job_id, run_id = factories.create_dub(database, *languages)
    factories.do_stage(database, run_id, Stage.ASR)
    for language in languages:
        for stage in (Stage.MT, Stage.TTS):
            factories.do_stage(database, run_id, stage, language)
    claims = [factories.claim_stage(database, run_id, Stage.MIX, tag) for tag in languages]
    barrier = Barrier(len(claims))

    def finish(claim):
        barrier.wait()
        transitions.succeed(database, claim, factories.build_success(claim))

    with ThreadPoolExecutor(len(claims)) as pool:
        list(pool.map(finish, claims))
    assert run_state(database, run_id) == "running"
    factories.do_stage(database, run_id, Stage.JOIN)
    assert run_state(database, run_id) == "succeeded"
    assert events(database, job_id).count("run.succeeded") == 1


def test_what_a_provider_was_paid_is_in_the_history(database):
    job_id, run_id = factories.create_dub(database)
    claim = factories.claim_stage(database, run_id, Stage.ASR)
    paid = {"units": 1.5, "unit": "minute", "cost_usd": 0.009}
    transitions.succeed(
        database, claim, transitions.Success(**{**vars(factories.build_success(claim)), **paid})
    )
    with database.read() as connection:
        row = connection.execute(
            select(JobEvent.provider, JobEvent.units, JobEvent.unit, JobEvent.cost_usd).where(
                JobEvent.type == "stage.succeeded"
            )
        ).one()
    assert tuple(row) == ("stub", 1.5, "minute", 0.009)
    [stage] = views.read_job_view(database, LOCAL_USER, job_id)["stages"]
    assert stage["cost"] == {"provider": "stub", "model": "stub-1", "usd": 0.009}
