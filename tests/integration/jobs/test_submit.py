"""Accepting jobs: all in one commit, or an error that names the field."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from backend.database.models.accounts import LOCAL_USER
from backend.database.models.jobs import Job, JobEvent
from backend.database.models.runs import Outbox, Run, StageRun
from backend.errors import Invalid, NotFound
from backend.jobs import submit, views
from backend.pipeline.params import Bed, JobKind
from backend.pipeline.stages import Stage
from backend.runs import outbox
from tests import factories


def test_a_dub_gets_its_run_its_markers_and_its_promise(database):
    _, run_id = factories.create_dub(database, "es", "pt")
    with database.read() as connection:
        markers = connection.execute(
            select(StageRun.stage, StageRun.language, StageRun.state).order_by(StageRun.id)
        ).all()
        assert [(m.stage, m.language) for m in markers] == [
            ("asr", ""),
            *(("mt", "es"), ("tts", "es"), ("mix", "es")),
            *(("mt", "pt"), ("tts", "pt"), ("mix", "pt")),
            ("join", ""),
        ]
        assert {m.state for m in markers} == {"waiting"}
        assert connection.execute(select(Run.number, Run.state)).one() == (1, "running")
        assert connection.execute(select(Outbox.run_id)).scalar_one() == run_id
        events = connection.execute(select(JobEvent.seq, JobEvent.type).order_by(JobEvent.seq))
        assert events.all() == [(1, "job.created"), (2, "run.created")]


def test_each_stage_waits_for_the_one_before(database):
    factories.create_dub(database, "es", "pt")
    with database.read() as connection:
        rows = connection.execute(select(StageRun.__table__)).all()
    by_id = {row.id: row for row in rows}
    upstream = {
        (row.stage, row.language): row.upstream_id
        and (by_id[row.upstream_id].stage, by_id[row.upstream_id].language)
        for row in rows
    }
    assert upstream[Stage.ASR, ""] is None
    for language in ("es", "pt"):
        assert upstream[Stage.MT, language] == (Stage.ASR, "")
        assert upstream[Stage.TTS, language] == (Stage.MT, language)
        assert upstream[Stage.MIX, language] == (Stage.TTS, language)


def test_the_first_message_carries_all_languages(database):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    messages = outbox.read_first_messages(database, run_id)
    assert messages == [outbox.Message(job_id, run_id, Stage.ASR, "", ("es", "pt"), True)]


def test_a_transcription_has_no_language_tasks(database):
    job_id, run_id = factories.transcription(database)
    factories.do_stage(database, run_id, Stage.ASR)
    assert views.read_job_view(database, LOCAL_USER, job_id)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("params", "field", "message"),
    [
        ({"target_languages": ()}, "targetLanguages", "at least one"),
        ({"target_languages": ("en-x",)}, "targetLanguages", "'en-x' is no language tag"),
        ({"target_languages": ("EN",)}, "targetLanguages", "'en' is the source language"),
        ({"target_languages": ("es",) * 51}, "targetLanguages", "at most 50"),
        ({"source_language": "klingonish"}, "sourceLanguage", "'klingonish'"),
        ({"kind": JobKind.TRANSCRIBE}, "targetLanguages", "a transcription has none"),
        ({"bed": Bed.BACKGROUND}, "backgroundId", "needs an upload of that role"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(database, params, field, message):
    with pytest.raises(Invalid, match=message) as refused:
        factories.create_dub(database, **params)
    assert refused.value.field == field
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(Job)).scalar_one() == 0


def test_languages_are_kept_in_standard_form_and_once(database):
    job_id, _ = factories.create_dub(database, "PT_br", "es", "pt-BR")
    assert views.read_job_view(database, LOCAL_USER, job_id)["target_languages"] == ["pt-BR", "es"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"completed_at": None}, "is not complete"),
        ({"role": "background"}, "has role background, not voice or video"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(database, more, message):
    media_id = factories.upload(database, **more)
    with pytest.raises(Invalid, match=message) as refused:
        submit.create_job(database, LOCAL_USER, factories.dub_params(), media_id=media_id)
    assert refused.value.field == "mediaId"


def test_somebody_elses_file_does_not_exist(database):
    media_id = factories.upload(database)
    with pytest.raises(Invalid, match="there is no file"):
        submit.create_job(
            database, factories.user(database), factories.dub_params(), media_id=media_id
        )


def test_somebody_elses_job_does_not_exist(database):
    job_id, _ = factories.create_dub(database)
    somebody = factories.user(database)
    for ask in (submit.cancel_job, views.read_job_view, views.read_runs, views.read_events):
        with pytest.raises(NotFound):
            ask(database, somebody, job_id)


def test_cancelling_what_does_not_exist(database):
    with pytest.raises(NotFound):
        submit.cancel_job(database, LOCAL_USER, uuid4())


def test_a_background_is_read_by_the_mix(database):
    media_id = factories.upload(database)
    background_id = factories.upload(database, "background", "bb" * 32)
    params = factories.dub_params(bed=Bed.BACKGROUND)
    _, run_id = submit.create_job(
        database, LOCAL_USER, params, media_id=media_id, background_id=background_id
    )
    for stage, language in ((Stage.ASR, ""), (Stage.MT, "es"), (Stage.TTS, "es")):
        factories.do_stage(database, run_id, stage, language)
    files = factories.claim_stage(database, run_id, Stage.MIX, "es").inputs.files
    assert {kind: file.sha256[:2] for kind, file in files.items()}.items() >= {
        ("media", "5a"),
        ("background", "bb"),
    }
    assert files.keys() == {"media", "background", "segments", "speech"}
