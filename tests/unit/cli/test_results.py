"""What a folder of results holds: one job's files, and nothing that could be taken for them."""

import json
from hashlib import sha256
from pathlib import Path

import click
import pytest

from backend.cli import results
from backend.cli.results import INDEX, choose_folder, open_results, read_index


def hash_text(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def fetch(out: Path, job: str, files: dict[str, str], media: str = "talk.mp4") -> list[str]:
    """Put a job's files there as the command does; returns what it tells."""
    folder = open_results(out)
    before = folder.index
    changes = folder.make_room(job, media, {name: hash_text(text) for name, text in files.items()})
    told = list(folder.tell_changes(before, changes))
    for name in changes.missing:
        results.write_whole(out / name, [files[name].encode()])
        folder.note_file(name, hash_text(files[name]))
    return told


def read_files(out: Path) -> dict[str, str]:
    files = (path for path in out.rglob("*") if path.is_file() and path.name != INDEX)
    return {str(path.relative_to(out)): path.read_text() for path in files}


def test_another_jobs_files_are_set_aside_whole(tmp_path):
    old = {"es/dub.mp4": "old es", "pt/dub.mp4": "old pt", "all.mkv": "old film"}
    assert fetch(tmp_path, "1", old) == []
    told = fetch(tmp_path, "2", {"es/dub.mp4": "new es"}, "other.mp4")
    assert read_files(tmp_path) == {
        "es/dub.mp4": "new es",
        **{f"set-aside/1/{name}": text for name, text in old.items()},
    }
    assert not (tmp_path / "pt").exists()
    [line] = told
    assert f"{tmp_path / 'set-aside' / '1'}, as job 1 of talk.mp4 made it" in line
    assert "all.mkv, es/dub.mp4, pt/dub.mp4" in line


def test_what_an_earlier_run_of_the_job_made_goes(tmp_path):
    fetch(tmp_path, "1", {"es/dub.mp4": "first", "es/dub.srt": "first"})
    told = fetch(tmp_path, "1", {"es/dub.mkv": "second", "es/dub.srt": "second"})
    assert read_files(tmp_path) == {"es/dub.mkv": "second", "es/dub.srt": "second"}
    assert told == ["Removed, as the run before made it: es/dub.mp4"]


@pytest.mark.parametrize("job", ["1", "2"])
def test_what_its_user_changed_or_put_there_is_never_lost(tmp_path, job):
    fetch(tmp_path, "1", {"es/dub.srt": "made", "es/dub.mp4": "made"})
    (tmp_path / "es" / "dub.srt").write_text("edited")
    (tmp_path / "es" / "notes.txt").write_text("mine")
    (tmp_path / "es" / "dub.vtt").write_text("mine too")
    told = fetch(tmp_path, job, {"es/dub.srt": "new", "es/dub.vtt": "new", "es/dub.mp4": "made"})
    assert read_files(tmp_path) == {
        "es/dub.srt": "new",
        "es/dub.vtt": "new",
        "es/dub.mp4": "made",
        "es/notes.txt": "mine",
        "set-aside/yours/es/dub.srt": "edited",
        "set-aside/yours/es/dub.vtt": "mine too",
    }
    assert any(
        "set-aside/yours, as Dubline did not make it so: es/dub.srt, es/dub.vtt" in line
        for line in told
    )


def test_what_was_set_aside_before_stays(tmp_path):
    for text in ("first", "second"):
        (tmp_path / "dub.srt").write_text(text)
        fetch(tmp_path, "1", {"dub.srt": "made"})
    assert read_files(tmp_path / "set-aside" / "yours") == {
        "dub.srt": "first",
        "dub-2.srt": "second",
    }


def test_what_is_there_already_is_not_fetched_again(tmp_path):
    fetch(tmp_path, "1", {"dub.mp4": "made"})
    changes = open_results(tmp_path).make_room("1", "", {"dub.mp4": hash_text("made")})
    assert not any(changes)
    assert read_index(tmp_path).input == "talk.mp4"


def test_one_that_was_interrupted_goes_on(tmp_path):
    fetch(tmp_path, "1", {"a": "old a", "b": "old b"})
    new = {name: hash_text(f"new {name}") for name in ("a", "b")}
    folder = open_results(tmp_path)
    folder.make_room("1", "", new)
    results.write_whole(tmp_path / "a", [b"new a"])
    folder.note_file("a", new["a"])
    changes = open_results(tmp_path).make_room("1", "", new)
    assert (changes.own, changes.missing) == ([], ["b"])


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"files": {"a": 1}})])
def test_an_index_that_cannot_be_read_makes_nothing_the_users_loss(tmp_path, text):
    fetch(tmp_path, "1", {"a": "old"})
    (tmp_path / INDEX).write_text(text)
    fetch(tmp_path, "2", {"a": "new"})
    assert read_files(tmp_path) == {"a": "new", "set-aside/yours/a": "old"}


def test_an_index_leads_nowhere_else(tmp_path):
    out = tmp_path / "out"
    fetch(out, "1", {"a": "made"})
    (tmp_path / "b").write_text("mine")
    index = {"job": "1", "files": {"../b": hash_text("mine")}}
    (out / INDEX).write_text(json.dumps(index))
    with pytest.raises(click.ClickException, match="outside of"):
        fetch(out, "1", {"a": "made"})
    assert (tmp_path / "b").read_text() == "mine"


def test_recordings_of_one_stem_have_a_folder_each(tmp_path):
    film, copy = tmp_path / "talk.mp4", tmp_path / "talk.mov"
    assert choose_folder(film, "dub") == tmp_path / "talk-dub"
    fetch(choose_folder(film, "dub"), "1", {"a": "made"}, film.name)
    assert choose_folder(film, "dub") == tmp_path / "talk-dub"
    assert choose_folder(copy, "dub") == tmp_path / "talk.mov-dub"
    assert choose_folder(copy, "transcribe") == tmp_path / "talk-transcribe"


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt(), click.Abort()])
def test_whatever_ends_a_write_leaves_no_part(tmp_path, error):
    def break_off():
        yield b"half"
        raise error

    with pytest.raises(type(error)) as raised:
        results.write_whole(tmp_path / "es" / "dub.mp4", break_off())
    assert read_files(tmp_path) == {}
    if isinstance(error, OSError):
        assert raised.value.filename == str(tmp_path / "es" / "dub.mp4")
