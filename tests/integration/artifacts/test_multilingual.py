"""The file with all languages of a job, whatever order they end in."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import av
import pytest

from backend.database.models.accounts import LOCAL_USER
from backend.errors import NotFound, Permanent
from backend.jobs import submit, views
from backend.jobs.resume import ResumeRequest, start_run
from backend.pipeline.params import Timing, TimingPolicy
from backend.pipeline.stages import Stage
from backend.runs import outbox
from backend.runs.outbox import Message
from backend.storage.hashing import compute_file_sha256
from backend.wiring import Parts
from tests import factories
from tests.integration.jobs.test_import_transcripts import STAGES
from tests.media_samples import tone, write_av
from workers.interfaces.stages import StageResult
from workers.runtime.runner import Runner

NAME = "dub.mp4"


@pytest.fixture
def runner(parts: Parts) -> Runner:
    return Runner(parts, dict(STAGES), owner="test", stopping=threading.Event())


@pytest.fixture
def film(parts: Parts, tmp_path: Path) -> Callable[..., tuple[UUID, UUID]]:
    """Makes a job with a film of two seconds."""
    path = write_av(tmp_path / "a.mp4", tone(2.0), "aac", video=2.0, video_codec="libx264")
    sha256 = compute_file_sha256(path)
    parts.store.put("uploads/film", path, mime="video/mp4", sha256=sha256)
    size = path.stat().st_size

    def job(*languages: str, **params: object) -> tuple[UUID, UUID]:
        media = {"object_key": "uploads/film", "sha256": sha256, "size": size}
        media_id = factories.upload(parts.db, **media)
        params_ = factories.dub_params(*languages, **params)
        return submit.create_job(parts.db, LOCAL_USER, params_, media_id=media_id)

    return job


def prepare_languages(runner: Runner, run_id: UUID, *languages: str) -> None:
    """Everything before the mix."""
    runner.run(run_id, Stage.ASR, "")
    for language in languages:
        for stage in (Stage.MT, Stage.TTS):
            assert runner.run(run_id, stage, language)


def dub(runner: Runner, run_id: UUID, *languages: str) -> None:
    prepare_languages(runner, run_id, *languages)
    for language in languages:
        assert runner.run(run_id, Stage.MIX, language)
    runner.run(run_id, Stage.JOIN, "")


def refuse(*_: object) -> StageResult:
    raise Permanent("not today")


def dubs(parts: Parts, job_id: UUID, tmp_path: Path) -> list[str]:
    """The languages of the joint file's sound."""
    file = views.read_artifact_file(parts.db, LOCAL_USER, job_id, NAME)
    parts.store.fetch(file.key, tmp_path / "joint.mp4")
    with av.open(tmp_path / "joint.mp4") as container:
        assert len(container.streams.subtitles) == len(container.streams.audio) - 1
        return [stream.language for stream in container.streams.audio]


def names(parts: Parts, job_id: UUID) -> list[str]:
    return [one["name"] for one in views.read_job_view(parts.db, LOCAL_USER, job_id)["artifacts"]]


def test_one_language_is_one_file(parts, runner, film):
    job_id, run_id = film("es")
    dub(runner, run_id, "es")
    assert [name for name in names(parts, job_id) if name.endswith(".mp4")] == [
        *("es/dub.mp4", "es/hls.dub.mp4", "es/hls.video.mp4", "es/hls.original.mp4")
    ]


def test_languages_are_in_the_order_asked_for_not_that_of_their_end(parts, runner, film, tmp_path):
    job_id, run_id = film("es", "pt")
    prepare_languages(runner, run_id, "es", "pt")
    assert runner.run(run_id, Stage.MIX, "pt")
    assert not runner.run(run_id, Stage.JOIN, "")
    assert runner.run(run_id, Stage.MIX, "es")
    with pytest.raises(NotFound):
        views.read_artifact_file(parts.db, LOCAL_USER, job_id, NAME)
    assert views.read_job_view(parts.db, LOCAL_USER, job_id)["status"] == "running"
    assert runner.run(run_id, Stage.JOIN, "")
    assert dubs(parts, job_id, tmp_path) == ["spa", "por", "eng"]
    [found] = [one for one in names(parts, job_id) if one == NAME]
    job = views.read_job_view(parts.db, LOCAL_USER, job_id)
    [joint] = [one for one in job["artifacts"] if one["name"] == found]
    assert (joint["kind"], joint["language"]) == ("video_all", None)


def test_a_language_that_fails_is_left_out(parts, runner, film, tmp_path):
    job_id, run_id = film("es", "pt", "fr")
    dub(runner, run_id, "es", "pt")

    prepare_languages(runner, run_id, "fr")
    failing = Runner(parts, {Stage.MIX: refuse}, owner="test", stopping=threading.Event())
    assert not failing.run(run_id, Stage.MIX, "fr")
    assert runner.run(run_id, Stage.JOIN, "")
    assert views.read_job_view(parts.db, LOCAL_USER, job_id)["status"] == "partial"
    assert dubs(parts, job_id, tmp_path) == ["spa", "por", "eng"]


def test_of_those_that_end_at_once_one_puts_them_together(parts, runner, film, tmp_path):
    job_id, run_id = film("es", "pt", "fr")
    prepare_languages(runner, run_id, "es", "pt", "fr")

    def chain(language: str) -> list[bool]:
        places = ((Stage.MIX, language), (Stage.JOIN, ""))
        return [runner.run(run_id, *place) for place in places]

    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(chain, ("es", "pt", "fr")))
    assert [mixed for mixed, _ in ran] == [True] * 3
    assert [joined for _, joined in ran].count(True) == 1
    assert dubs(parts, job_id, tmp_path) == ["spa", "por", "fra", "eng"]
    assert views.read_job_view(parts.db, LOCAL_USER, job_id)["status"] == "succeeded"


def test_where_less_than_two_are_complete_it_is_skipped(parts, runner, film):
    job_id, run_id = film("es", "pt")
    prepare_languages(runner, run_id, "es", "pt")
    assert runner.run(run_id, Stage.MIX, "es")
    failing = Runner(parts, {Stage.MIX: refuse}, owner="test", stopping=threading.Event())
    assert not failing.run(run_id, Stage.MIX, "pt")
    job = views.read_job_view(parts.db, LOCAL_USER, job_id)
    assert job["status"] == "partial"
    assert job["stages"][-1]["state"] == "skipped"


def test_when_the_last_language_fails_the_others_are_sent_for(parts, runner, film):
    """The chain of a stage that fails ends with it; turns red without the wake."""
    _, run_id = film("es", "pt", "fr")
    prepare_languages(runner, run_id, "es", "pt", "fr")
    for language in ("es", "pt"):
        assert runner.run(run_id, Stage.MIX, language)
    failing = Runner(parts, {Stage.MIX: refuse}, owner="test", stopping=threading.Event())
    assert not failing.run(run_id, Stage.MIX, "fr")
    sent: list[Message] = []
    outbox.relay(parts.db, sent.append, 60)
    assert [(one.stage, one.language) for one in sent] == [(Stage.JOIN, "")]


def test_a_file_that_cannot_be_made_leaves_the_job_partial(parts, runner, film):
    job_id, run_id = film("es", "pt")
    prepare_languages(runner, run_id, "es", "pt")
    for language in ("es", "pt"):
        assert runner.run(run_id, Stage.MIX, language)
    failing = Runner(parts, {Stage.JOIN: refuse}, owner="test", stopping=threading.Event())
    assert not failing.run(run_id, Stage.JOIN, "")
    job = views.read_job_view(parts.db, LOCAL_USER, job_id)
    assert (job["status"], job["stages"][-1]["error"]["message"]) == ("partial", "not today")
    assert [one["status"] for one in job["languages"]] == ["complete"] * 2


def test_a_language_that_is_mixed_again_renews_it(parts, runner, film, tmp_path):
    job_id, run_id = film("es", "pt")
    dub(runner, run_id, "es", "pt")
    before = views.read_artifact_file(parts.db, LOCAL_USER, job_id, NAME)
    asked = ResumeRequest(Stage.MIX, languages=("es",), overrides={"loudness": "web"})
    run_id, _ = start_run(parts.db, parts.store, LOCAL_USER, job_id, asked)
    assert views.read_artifact_file(parts.db, LOCAL_USER, job_id, NAME) == before
    assert runner.run(run_id, Stage.MIX, "es")
    assert NAME not in names(parts, job_id)  # it would not hold what is the latest
    assert runner.run(run_id, Stage.JOIN, "")
    assert views.read_artifact_file(parts.db, LOCAL_USER, job_id, NAME) != before
    assert dubs(parts, job_id, tmp_path) == ["spa", "por", "eng"]
    assert parts.store.find_size(before.key) is None


def test_languages_with_held_pictures_stay_apart(parts, runner, film, monkeypatch):
    monkeypatch.delattr("workers.providers.stub.StubTranslator.shorten")
    monkeypatch.setattr("workers.providers.stub.SECONDS_PER_CHARACTER", 0.2)
    # The longer tag makes the stub's translation longer, and so the hold.
    job_id, run_id = film("es", "pt-BR", timing=Timing(policy=TimingPolicy.EXTEND))
    dub(runner, run_id, "es", "pt-BR")
    files = {
        one["name"]: one["meta"]
        for one in views.read_job_view(parts.db, LOCAL_USER, job_id)["artifacts"]
    }
    assert NAME not in files
    assert files["es/dub.mp4"]["duration"] == files["es/dub.m4a"]["duration"] > 4.0
    streams = views.read_streamable_files(parts.db, LOCAL_USER, job_id)
    assert len({files["hls_video"] for files in streams.values()}) == len(streams)


def test_a_language_whose_picture_is_held_leaves_the_others_together(
    parts, runner, film, tmp_path, monkeypatch
):
    monkeypatch.delattr("workers.providers.stub.StubTranslator.shorten")
    monkeypatch.setattr("workers.providers.stub.SECONDS_PER_CHARACTER", 0.03)
    job_id, run_id = film("es", "pt", "fr", timing=Timing(policy=TimingPolicy.EXTEND))
    dub(runner, run_id, "es", "pt")  # which waits for the third
    monkeypatch.setattr("workers.providers.stub.SECONDS_PER_CHARACTER", 0.4)
    prepare_languages(runner, run_id, "fr")
    assert runner.run(run_id, Stage.MIX, "fr")
    assert runner.run(run_id, Stage.JOIN, "")
    files = {
        one["name"]: one for one in views.read_job_view(parts.db, LOCAL_USER, job_id)["artifacts"]
    }
    assert [files[f"{tag}/dub.mp4"]["meta"]["held"] for tag in ("es", "pt", "fr")] == [
        *(False, False, True)
    ]
    assert dubs(parts, job_id, tmp_path) == ["spa", "por", "eng"]


def test_going_back_to_an_earlier_mix_makes_it_anew(parts, runner, film, tmp_path):
    job_id, run_id = film("es", "pt")
    dub(runner, run_id, "es", "pt")
    before = views.read_artifact_file(parts.db, LOCAL_USER, job_id, NAME)
    for loudness in ("web", "source"):
        asked = ResumeRequest(None, languages=("es",), overrides={"loudness": loudness})
        run_id, _ = start_run(parts.db, parts.store, LOCAL_USER, job_id, asked)
        runner.run(run_id, Stage.MIX, "es")
        assert runner.run(run_id, Stage.JOIN, "")
        now = views.read_artifact_file(parts.db, LOCAL_USER, job_id, NAME)
        assert (now.key == before.key) == (loudness == "source")
    assert dubs(parts, job_id, tmp_path) == ["spa", "por", "eng"]


def test_it_is_taken_over_while_nothing_that_it_holds_changes(parts, runner, film):
    job_id, run_id = film("es", "pt")
    dub(runner, run_id, "es", "pt")
    _, steps = start_run(parts.db, parts.store, LOCAL_USER, job_id, ResumeRequest())
    assert [step.stage for step in steps if step.executed] == []
    assert NAME in names(parts, job_id)


def test_a_dub_that_cannot_be_joined_is_complete_with_a_warning(parts, runner, film):
    job_id, run_id = film("es", "pt")
    prepare_languages(runner, run_id, "es", "pt")
    for language in ("es", "pt"):
        assert runner.run(run_id, Stage.MIX, language)
    parts.store.delete(views.read_artifact_file(parts.db, LOCAL_USER, job_id, "es/dub.m4a").key)
    assert runner.run(run_id, Stage.JOIN, "")
    job = views.read_job_view(parts.db, LOCAL_USER, job_id)
    assert job["status"] == "succeeded"
    assert NAME not in {one["name"] for one in job["artifacts"]}
    [warning] = job["stages"][-1]["warnings"]
    assert warning.startswith("No video with all languages: ")
