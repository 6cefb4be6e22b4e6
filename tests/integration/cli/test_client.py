"""The command line's client against a real server."""

import json
from pathlib import Path
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result

from backend.cli.client import ApiError, Client
from backend.cli.command_line import cli
from backend.database.models.accounts import LOCAL_USER
from backend.documents.transcripts import Line, Speaker, Translation
from backend.jobs import views
from backend.pipeline.retry import GiveUp
from backend.pipeline.stages import Stage
from backend.runs import transitions
from backend.wiring import Parts
from tests import factories

TEXT = "Hello there.\n"


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / 'محاضرة "1".txt'
    path.write_text(TEXT)
    return path


def done(client: Client, parts: Parts, talk: Path, **content: str) -> dict:
    file = client.upload(talk, "video")
    job = client.submit({"mediaId": file["id"], "targetLanguages": ["es"]})
    [run] = views.read_runs(parts.db, LOCAL_USER, UUID(job["id"]))
    factories.do_all(parts.db, run["id"], store=parts.store, content=content)
    return client.read_job(job["id"])


def test_from_a_file_to_its_dub(client, parts, talk, tmp_path):
    job = done(client, parts, talk)
    assert job["status"] == "succeeded"
    for artifact in job["artifacts"]:
        client.download(job["id"], artifact, tmp_path / "out")
    assert (tmp_path / "out" / "es" / "audio.txt").read_text() == "mix es"
    assert list((tmp_path / "out").rglob("*.part")) == []


def test_a_file_keeps_its_name(client, talk):
    assert client.upload(talk, "video")["filename"] == talk.name


def test_what_was_damaged_on_its_way_leaves_no_file(client, parts, talk, tmp_path):
    job = done(client, parts, talk)
    artifact = {**job["artifacts"][0], "sha256": "00" * 32}
    with pytest.raises(click.ClickException, match="damaged on its way"):
        client.download(job["id"], artifact, tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_refusal_is_told_in_the_words_of_the_api(client, tmp_path):
    (tmp_path / "noise.bin").write_bytes(b"\x00\x01" * 400)
    with pytest.raises(ApiError, match=r"noise\.bin cannot be read") as refused:
        client.upload(tmp_path / "noise.bin", "video")
    assert refused.value.status == 422


def test_what_cannot_be_downloaded_leaves_no_file(client, parts, talk, tmp_path):
    job = done(client, parts, talk)
    with pytest.raises(ApiError, match="no artifact 'es/none'"):
        client.download(job["id"], {"name": "es/none", "sha256": ""}, tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["../stolen", "es/../../stolen", "/tmp/stolen"])
def test_a_server_cannot_write_outside_of_the_folder(client, tmp_path, name):
    (tmp_path / "out").mkdir()
    with pytest.raises(click.ClickException, match="outside of"):
        client.download("1", {"name": name, "sha256": ""}, tmp_path / "out")
    assert list(tmp_path.rglob("stolen*")) == []


LINES = tuple(
    Line(id=i, start=2 * i, end=2 * i + 1, source="", text=text)
    for i, text in enumerate(("# Uno", "Dos", "Tres"))
)


@pytest.fixture
def dub(client: Client, parts: Parts, talk: Path, tmp_path: Path, monkeypatch) -> dict:
    """A dub of three lines; files are written below `tmp_path / "here"`."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    document = Translation(
        source_language="en",
        language="es",
        duration=6,
        speakers=(Speaker(label=None),),
        lines=LINES,
    )
    return done(client, parts, talk, **{Stage.MT: document.to_bytes().decode()})


def segments(parts: Parts, job: dict, *options: str, **env: str) -> Result:
    command = ["segments", job["id"], "--language", "es", *options]
    return CliRunner().invoke(cli, command, env={"DUBLINE_URL": parts.settings.api_url, **env})


def edit(parts: Parts, job: dict, *changed: str) -> Result:
    editor = " ".join(["sed -i", *(f"-e s/{one}/" for one in changed)])
    return segments(parts, job, "--edit", EDITOR=editor)


def test_lines_that_are_only_shown_stay_as_they_are(client, parts, dub):
    assert "\n# Uno\n" in segments(parts, dub).output
    assert segments(parts, dub, "--edit", EDITOR="true").exit_code == 0
    assert client.read_segments(dub["id"], "es")["revision"] == 0


def test_lines_are_changed_in_an_editor(client, parts, dub):
    assert edit(parts, dub, "Dos/2", "Tres/3").output.startswith("Line 2 changed\nLine 3 changed\n")
    found = client.read_segments(dub["id"], "es")
    assert [line["text"] for line in found["segments"]] == ["# Uno", "2", "3"]


@pytest.mark.parametrize("wrong", ["00:00:05,000/half", "00:00:05,000/00:00:03,000"])
def test_what_was_edited_is_kept_when_a_line_of_it_is_refused(parts, dub, wrong):
    result = edit(parts, dub, "Dos/2", wrong)
    assert result.exit_code == 1
    [kept] = Path.cwd().iterdir()
    assert f"What you edited is kept in {kept}" in result.output
    assert "\n2\n" in kept.read_text()


def test_it_is_told_which_line_was_refused_and_which_were_changed_before(parts, dub):
    output = edit(parts, dub, "Dos/2", "00:00:05,000/00:00:03,000").output
    assert output.startswith("Line 2 changed\n")
    assert "Error: Line 3: " in output


def test_an_edit_without_a_change_says_so_and_runs_nothing(client, parts, dub, tmp_path):
    result = segments(parts, dub, "--edit", "--out", str(tmp_path / "out"), EDITOR="true")
    assert (result.exit_code, "Nothing was changed" in result.output) == (0, True)
    assert client.read_job(dub["id"])["run"] == 1
    assert (tmp_path / "out" / "es" / "audio.txt").exists()


def test_lines_are_told_as_json(parts, dub):
    found = json.loads(segments(parts, dub, "--json").stdout)
    assert [line["text"] for line in found["segments"]] == ["# Uno", "Dos", "Tres"]


def run(parts: Parts, *command: str) -> Result:
    return CliRunner().invoke(cli, [*command, "--server", parts.settings.api_url])


def test_jobs_are_listed_newest_first(client, parts, talk):
    before = done(client, parts, talk)
    media = client.upload(talk, "video")["id"]
    again = client.submit({"mediaId": media, "targetLanguages": ["pt"]})
    found = json.loads(run(parts, "jobs", "--json").stdout)
    assert [one["id"] for one in found] == [again["id"], before["id"]]
    shown = run(parts, "jobs").stdout
    assert all(one in shown for one in (again["id"], before["id"], talk.name, "dub es", "dub pt"))


def test_there_may_be_no_jobs(client, parts):
    assert run(parts, "jobs").stdout == "No jobs\n"
    assert json.loads(run(parts, "jobs", "--json").stdout) == []


def test_a_job_is_shown_by_the_end_of_its_id(client, parts, talk):
    job = done(client, parts, talk)
    shown = run(parts, "show", job["id"][-8:]).stdout
    assert f"Job {job['id']}: dub of {talk.name}, succeeded" in shown
    assert "es/audio.txt" in shown
    assert json.loads(run(parts, "show", job["id"], "--json").stdout) == job


def test_a_short_id_must_be_that_of_one_job(client, parts, talk):
    for _ in range(2):
        client.submit({"mediaId": client.upload(talk, "video")["id"], "targetLanguages": ["es"]})
    first = run(parts, "show", client.list_jobs()[0]["id"][:1])
    assert (first.exit_code, "is the id of 2 jobs" in first.output) == (1, True)
    assert "is the id of no job" in run(parts, "show", "xyz").output


def test_a_job_is_cancelled_once(client, parts, talk):
    job = client.submit({"mediaId": client.upload(talk, "video")["id"], "targetLanguages": ["es"]})
    assert "is being cancelled" in run(parts, "cancel", job["id"]).stdout
    assert client.read_job(job["id"])["status"] == "cancelled"
    assert "had ended before: cancelled" in run(parts, "cancel", job["id"]).stdout


def test_files_are_fetched_again(client, parts, talk, tmp_path):
    job = done(client, parts, talk)
    result = run(parts, "fetch", job["id"], "--out", str(tmp_path / "out"), "--json")
    told = json.loads(result.stdout)
    assert (told["id"], told["status"]) == (job["id"], "succeeded")
    assert [Path(file).exists() for file in told["files"]] == [True] * len(told["files"])
    assert (tmp_path / "out" / "es" / "audio.txt").read_text() == "mix es"


def test_what_was_cancelled_is_told_as_that(client, parts, talk, tmp_path):
    job = client.submit({"mediaId": client.upload(talk, "video")["id"], "targetLanguages": ["es"]})
    client.cancel(job["id"])
    result = run(parts, "fetch", job["id"], "--out", str(tmp_path / "out"), "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (1, "cancelled")
    assert "The job ended as cancelled" in result.stderr


def test_dead_letters_are_listed_and_start_again(client, parts, talk):
    job = client.submit({"mediaId": client.upload(talk, "video")["id"], "targetLanguages": ["es"]})
    [run] = views.read_runs(parts.db, LOCAL_USER, UUID(job["id"]))
    dying = factories.claim_stage(parts.db, run["id"], Stage.ASR)
    error = {"kind": "transient", "message": "no answer"}
    transitions.fail(parts.db, dying, error, GiveUp(dead=True))
    [letter] = client.list_dead_letters()
    assert (letter["stage"], letter["language"]) == ("asr", None)
    assert dead_letters(parts) == [f"{letter['id']}  asr  job {job['id']}: no answer"]
    *_, told = dead_letters(parts, "--retry", letter["id"])
    assert told == f"Run 1 of job {job['id']} starts again as run 2"
    assert dead_letters(parts) == ["No dead letters"]


def dead_letters(parts: Parts, *options: str) -> list[str]:
    command = ["dead-letters", "--server", parts.settings.api_url, *options]
    return CliRunner().invoke(cli, command).output.splitlines()
