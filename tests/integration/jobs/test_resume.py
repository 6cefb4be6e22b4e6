"""Running a job again: what is executed, what is taken over, what is refused."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import Artifact, StageRun
from backend.documents.speech import Clip, Speech
from backend.errors import Conflict, Invalid, NotFound
from backend.jobs import resume, submit, views
from backend.jobs.resume import ResumeRequest
from backend.pipeline.params import Ducking
from backend.pipeline.retry import GiveUp
from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.runs import leases, transitions
from backend.storage.local import LocalStore
from tests import factories


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "files", "http://localhost", "secret")


@pytest.fixture
def job_id(database, store):
    """A dub into es and pt that has succeeded."""
    job_id, run_id = factories.create_dub(database, "es", "pt")
    factories.do_all(database, run_id, "es", "pt", store=store)
    return job_id


def resume_job(database, store, job_id, **wanted):
    run_id, _ = resume.start_run(database, store, LOCAL_USER, job_id, ResumeRequest(**wanted))
    return run_id


def list_planned(database, store, job_id, **wanted) -> list[str]:
    """What a resume would execute."""
    steps = resume.prepare_run(database, store, LOCAL_USER, job_id, ResumeRequest(**wanted)).steps
    return [f"{s.stage} {s.language}".strip() for s in steps if s.reuse is None]


def lose(database, store, stage: Stage, language: str = "") -> str:
    """Remove a stage's object from storage."""
    with database.read() as connection:
        key = connection.execute(
            select(Artifact.object_key)
            .join(StageRun, StageRun.id == Artifact.stage_run_id)
            .where(StageRun.stage == stage, StageRun.language == language)
        ).scalar_one()
    store.delete(key)
    return key


def test_a_named_stage_and_what_follows_is_done_again(database, store, job_id):
    run_id = resume_job(database, store, job_id, resume_from=Stage.TTS)
    for language in ("es", "pt"):
        for stage in (Stage.TTS, Stage.MIX):
            factories.do_stage(database, run_id, stage, language, store)
    factories.do_stage(database, run_id, Stage.JOIN, store=store)
    runs = views.read_runs(database, LOCAL_USER, job_id)
    assert [(run["number"], run["state"]) for run in runs] == [(1, "succeeded"), (2, "succeeded")]
    assert runs[1]["resume_from"] == "tts"
    assert runs[1]["reused"] == ["asr", "mt:es", "mt:pt"]
    assert runs[1]["executed"] == ["tts:es", "mix:es", "tts:pt", "mix:pt", "join"]


def test_the_new_run_reads_what_the_old_one_made(database, store, job_id):
    run_id = resume_job(database, store, job_id, resume_from=Stage.MIX, languages=("es",))
    files = factories.claim_stage(database, run_id, Stage.MIX, "es").inputs.files
    assert files.keys() == {"media", "segments", "speech"}
    assert all(
        store.has_object(f.key, size=f.size, sha256=f.sha256)
        for k, f in files.items()
        if k != "media"
    )


def test_auto_finds_nothing_to_do_in_a_job_with_a_background(database, store):
    """Turns red when the plan does not know of it, and would mix every such job again."""
    job_id, run_id = submit.create_job(
        *(database, LOCAL_USER, factories.dub_params("es")),
        media_id=factories.upload(database),
        background_id=factories.upload(database, "background", sha256="ba" * 32),
    )
    factories.do_all(database, run_id, store=store)
    assert list_planned(database, store, job_id) == []


def test_attempts_start_afresh(database, store, job_id):
    run_id = resume_job(database, store, job_id, resume_from=Stage.MIX, languages=("es",))
    assert factories.claim_stage(database, run_id, Stage.MIX, "es").attempt == 1


def test_a_reuse_of_a_reuse_still_finds_the_files(database, store, job_id):
    for _ in range(2):
        run_id = resume_job(database, store, job_id, resume_from=Stage.MIX)
        for language in ("es", "pt"):
            factories.do_stage(database, run_id, Stage.MIX, language, store)
        factories.do_stage(database, run_id, Stage.JOIN, store=store)
    names = [
        artifact["name"]
        for artifact in views.read_job_view(database, LOCAL_USER, job_id)["artifacts"]
    ]
    assert sorted(names) == [
        *(f"{tag}/{kind}.txt" for tag in ("es", "pt") for kind in ("audio", "segments", "speech")),
        "segments_src.txt",
        "video_all.txt",
    ]


def test_auto_with_nothing_to_do_succeeds_at_once(database, store, job_id):
    resume_job(database, store, job_id)
    job = views.read_job_view(database, LOCAL_USER, job_id)
    assert (job["run"], job["status"]) == (2, "succeeded")
    assert [event["type"] for event in views.read_events(database, LOCAL_USER, job_id)][-1] == (
        "run.succeeded"
    )


def test_auto_goes_on_where_a_language_failed(database, store):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    factories.do_stage(database, run_id, Stage.ASR, store=store)
    for stage in PER_LANGUAGE:
        factories.do_stage(database, run_id, stage, "es", store)
    failed = factories.claim_stage(database, run_id, Stage.MT, "pt")
    transitions.fail(database, failed, {"kind": "permanent", "message": "no"}, GiveUp(dead=False))
    assert list_planned(database, store, job_id) == ["mt pt", "tts pt", "mix pt", "join"]


def test_what_a_cancelled_run_paid_for_is_remembered(database, store):
    """A vendor that was polled as the job was cancelled is asked for its result, not anew."""
    job_id, run_id = factories.create_dub(database)
    listening = factories.claim_stage(database, run_id, Stage.ASR)
    leases.write_memo(database, listening, {"vendor_job": "j-1"})
    submit.cancel_job(database, LOCAL_USER, job_id)
    transitions.cancel(database, listening)
    again = resume_job(database, store, job_id)
    assert factories.claim_stage(database, again, Stage.ASR).memo == {"vendor_job": "j-1"}


def test_auto_goes_on_where_a_job_was_cancelled(database, store):
    job_id, run_id = factories.create_dub(database)
    factories.do_stage(database, run_id, Stage.ASR, store=store)
    submit.cancel_job(database, LOCAL_USER, job_id)
    assert list_planned(database, store, job_id) == ["mt es", "tts es", "mix es"]


@pytest.mark.parametrize("harm", ["none", "gone", "unreadable"])
def test_speech_is_made_again_when_a_clip_of_it_is_gone(database, store, tmp_path, harm):
    clip = tmp_path / "clip.flac"
    clip.write_bytes(b"speech")
    sha256 = hashlib.sha256(b"speech").hexdigest()
    store.put("clips/1", clip, mime="audio/flac", sha256=sha256)
    spoken = Clip(
        id=0,
        text="x",
        object_key="clips/1",
        sha256=sha256,
        size=6,
        duration=1,
        natural=1,
        rate=1,
        voice="v",
    )
    speech = Speech(language="es", clips=(spoken,), placements=()).to_bytes().decode()
    job_id, run_id = factories.create_dub(database, "es")
    factories.do_stage(database, run_id, Stage.ASR, store=store)
    factories.do_stage(database, run_id, Stage.MT, "es", store)
    claim = factories.claim_stage(database, run_id, Stage.TTS, "es")
    content = speech if harm != "unreadable" else "{}"
    transitions.succeed(database, claim, factories.build_success(claim, store, content))
    factories.do_stage(database, run_id, Stage.MIX, "es", store)
    if harm == "gone":
        store.delete("clips/1")
    expected = ["mix es"] if harm == "none" else ["tts es", "mix es"]
    assert list_planned(database, store, job_id, overrides={"flac": True}) == expected


def test_a_new_language_uses_the_transcript_that_is_there(database, store, job_id):
    wanted = {"languages": ("FR",), "resume_from": Stage.MT}
    assert list_planned(database, store, job_id, **wanted) == ["mt fr", "tts fr", "mix fr", "join"]
    run_id = resume_job(database, store, job_id, **wanted)
    for stage in PER_LANGUAGE:
        factories.do_stage(database, run_id, stage, "fr", store)
    job = views.read_job_view(database, LOCAL_USER, job_id)
    assert {one["language"]: one["status"] for one in job["languages"]} == dict.fromkeys(
        ("es", "pt", "fr"), "complete"
    )


def test_a_language_is_planned_once_however_it_is_written(database, store, job_id):
    wanted = {"languages": ("pt", "PT", "por"), "resume_from": Stage.MIX}
    assert list_planned(database, store, job_id, **wanted) == ["mix pt", "join"]


def test_an_override_changes_what_depends_on_it(database, store, job_id):
    assert list_planned(database, store, job_id, overrides={"flac": True}) == [
        "mix es",
        "mix pt",
        "join",
    ]
    run_id = resume_job(database, store, job_id, overrides={"flac": True})
    assert factories.claim_stage(database, run_id, Stage.MIX, "es").params.flac is True


def test_going_back_to_an_earlier_override_does_nothing_again(database, store, job_id):
    run_id = resume_job(database, store, job_id, overrides={"bed": "none"})
    for language in ("es", "pt"):
        factories.do_stage(database, run_id, Stage.MIX, language, store)
    assert list_planned(database, store, job_id, overrides={"bed": "auto"}) == []


def test_a_provider_that_is_not_overridden_stays(database, store, job_id):
    wanted = {"overrides": {"providers": {"tts": "local"}}, "languages": ("es",)}
    assert list_planned(database, store, job_id, **wanted) == ["tts es", "mix es", "join"]


def test_overrides_have_their_names_in_json_and_change_no_more_than_they_say(
    database, store, job_id
):
    changes = {"ducking": {"depthDb": 6}, "segmentAudio": True}
    run_id = resume_job(database, store, job_id, overrides=changes)
    params = factories.claim_stage(database, run_id, Stage.MIX, "es").params
    assert params.segment_audio is True
    assert params.ducking == Ducking(depth_db=6)


def test_the_mix_finds_what_it_made_before(database, store, job_id):
    run_id = resume_job(database, store, job_id, resume_from=Stage.TTS)
    factories.do_stage(database, run_id, Stage.TTS, "es", store)
    claim = factories.claim_stage(database, run_id, Stage.MIX, "es")
    made = {one.key for one in store.list_objects(f"jobs/{job_id}/mix/es/")}
    assert {file.key for file in claim.inputs.before.values()} == made
    assert claim.inputs.before.keys() == {"audio"}
    assert claim.inputs.before.keys().isdisjoint(claim.inputs.files)


def test_a_first_run_finds_nothing(database):
    _, run_id = factories.create_dub(database)
    for stage in (Stage.ASR, Stage.MT, Stage.TTS):
        factories.do_stage(database, run_id, stage, "" if stage is Stage.ASR else "es")
    assert factories.claim_stage(database, run_id, Stage.MIX, "es").inputs.before == {}


def test_a_later_run_keeps_an_earlier_runs_override(database, store, job_id):
    run_id = resume_job(database, store, job_id, overrides={"flac": True})
    for language in ("es", "pt"):
        factories.do_stage(database, run_id, Stage.MIX, language, store)
    assert list_planned(database, store, job_id) == []


def test_planning_changes_nothing(database, store, job_id):
    before = views.read_job_view(database, LOCAL_USER, job_id)
    list_planned(database, store, job_id, resume_from=Stage.ASR)
    assert views.read_job_view(database, LOCAL_USER, job_id) == before


def test_a_lost_object_is_told_with_where_to_start(database, store, job_id):
    key = lose(database, store, Stage.MT, "es")
    with pytest.raises(Conflict) as refused:
        list_planned(database, store, job_id, resume_from=Stage.MIX)
    assert refused.value.slug == "upstream-artifact-missing"
    assert refused.value.details == {"earliestValidStage": "mt", "missing": [key]}
    assert list_planned(database, store, job_id, resume_from=Stage.MT)
    assert list_planned(database, store, job_id) == ["mt es", "tts es", "mix es", "join"]


def test_a_changed_object_counts_as_lost(database, store, job_id):
    store.resolve_path(lose(database, store, Stage.ASR)).write_text("changed!")
    with pytest.raises(Conflict) as refused:
        list_planned(database, store, job_id, resume_from=Stage.MT)
    assert refused.value.details["earliestValidStage"] == "asr"


def test_an_override_before_the_named_stage_is_refused_unless_accepted(database, store, job_id):
    wanted = {"resume_from": Stage.TTS, "overrides": {"mode": "dialogue"}}
    with pytest.raises(Conflict) as refused:
        list_planned(database, store, job_id, **wanted)
    assert refused.value.slug == "upstream-inputs-changed"
    assert refused.value.details["earliestValidStage"] == "asr"
    accepted = list_planned(database, store, job_id, **wanted, accept_stale=True)
    assert accepted == ["tts es", "mix es", "tts pt", "mix pt", "join"]
    resume_job(database, store, job_id, **wanted, accept_stale=True)
    created = views.read_events(database, LOCAL_USER, job_id)[-1]
    assert created["data"]["stale"] == ["asr"]


def test_while_a_run_goes_on_there_is_no_other(database, store):
    job_id, run_id = factories.create_dub(database)
    with pytest.raises(Conflict) as refused:
        resume_job(database, store, job_id)
    assert refused.value.slug == "job-running"
    assert refused.value.details == {"runId": str(run_id), "job": f"/v1/jobs/{job_id}"}


def test_of_two_resumes_at_once_one_wins(database, store, job_id):
    barrier = Barrier(2)

    def race(_: int) -> str:
        barrier.wait()
        try:
            resume_job(database, store, job_id, resume_from=Stage.ASR)
        except Conflict as refused:
            return refused.slug
        return "started"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(race, range(2))) == ["job-running", "started"]
    assert len(views.read_runs(database, LOCAL_USER, job_id)) == 2


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"overrides": {"source_language": "de"}}, "overrides.source_language"),
        ({"overrides": {"bed": "loud"}}, "overrides.bed"),
        ({"overrides": {"providers": "mine"}}, "overrides.providers"),
        ({"overrides": {"bed": "background"}}, "overrides.bed"),
        ({"overrides": {"ducking": {"depthDb": -1}}}, "overrides.ducking.depthDb"),
        ({"overrides": {"ducking": None}}, "overrides.ducking"),
        ({"overrides": {"providers": {"speech": "mine"}}}, "overrides.providers.speech"),
        ({"overrides": {"providers": {"tts": "Eleven Labs"}}}, "overrides.providers.tts.0"),
        ({"languages": ("klingonish",)}, "targetLanguages"),
        ({"languages": ("en",)}, "targetLanguages"),
        ({"from_run": uuid4()}, "fromRunId"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_field(database, store, job_id, wanted, field):
    with pytest.raises(Invalid) as refused:
        list_planned(database, store, job_id, **wanted)
    assert refused.value.field == field


def test_what_a_given_run_made_is_taken_over(database, store, job_id):
    [first] = views.read_runs(database, LOCAL_USER, job_id)
    run_id = resume_job(database, store, job_id, resume_from=Stage.ASR)
    claim = factories.claim_stage(database, run_id, Stage.ASR)
    transitions.succeed(
        database, claim, factories.build_success(claim, store, "another transcript")
    )
    for language in ("es", "pt"):
        for stage in PER_LANGUAGE:
            factories.do_stage(database, run_id, stage, language, store)
    factories.do_stage(database, run_id, Stage.JOIN, store=store)
    run_id = resume_job(database, store, job_id, resume_from=Stage.MT, from_run=first["id"])
    read = factories.claim_stage(database, run_id, Stage.MT, "es").inputs.files["segments_src"]
    assert store.resolve_path(read.key).read_text() == "asr "


def test_a_given_run_is_gone_on_from_with_its_own_parameters(database, store, job_id):
    """Whatever the runs after it were asked for; turns red when the last run's are taken."""
    [first] = views.read_runs(database, LOCAL_USER, job_id)
    resume_job(database, store, job_id, resume_from=Stage.ASR, overrides={"mode": "dialogue"})
    submit.cancel_job(database, LOCAL_USER, job_id)
    wanted = {"resume_from": Stage.TTS, "from_run": first["id"]}
    assert list_planned(database, store, job_id, **wanted)[0] == "tts es"


def test_a_run_of_another_job_is_no_run_to_go_on_from(database, store, job_id):
    _, other = factories.create_dub(database)
    with pytest.raises(Invalid, match=f"this job has no run {other}"):
        list_planned(database, store, job_id, from_run=other)


def test_somebody_elses_job_does_not_exist(database, store, job_id):
    with pytest.raises(NotFound):
        resume.start_run(database, store, factories.user(database), job_id, ResumeRequest())
