"""Collecting what nothing refers to, from a folder and from an S3 service."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner

from backend.cli.command_line import cli
from backend.database import schema
from backend.database.models.accounts import LOCAL_USER
from backend.documents.speech import Clip, Speech
from backend.errors import Permanent
from backend.pipeline.files import StoredFile
from backend.pipeline.stages import Stage
from backend.retention import garbage
from backend.runs import transitions
from backend.runs.transitions import NewArtifact, Success
from backend.storage.base import BlobStore, StoredObject
from backend.uploads import access, receive
from backend.wiring import Parts
from tests import factories
from workers.runtime.content_store import BlobContentStore

NOTHING = timedelta(seconds=-5)  # of age: whatever is there is old enough
EVERYTHING = dict.fromkeys((*garbage.MADE, *garbage.KEPT), NOTHING)


@pytest.fixture(params=["local", "minio"])
def parts(request: pytest.FixtureRequest, new_parts) -> Parts:
    s3 = {"storage_backend": "minio", "minio_bucket": f"test-{uuid4()}"}
    s3 = s3 | request.getfixturevalue("s3_settings") if request.param == "minio" else {}
    parts = new_parts(**s3)
    schema.migrate(parts.db)
    return parts


@pytest.fixture
def store(parts) -> BlobStore:
    return parts.store


@pytest.fixture
def put(store, tmp_path):
    def write(key: str, content: bytes = b"left") -> StoredFile:
        path = tmp_path / "object"
        path.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        store.put(key, path, mime="text/plain", sha256=sha256)
        return StoredFile(key, sha256, len(content), "text/plain", "object")

    return write


def collect_keys(parts: Parts, *, delete: bool = True, keep=EVERYTHING) -> list[str]:
    found = garbage.collect_garbage(parts.db, parts.store, parts.scratch, keep, delete=delete)
    return sorted(one.key for one in found)


def keys(store: BlobStore) -> list[str]:
    return sorted(one.key for folder in EVERYTHING for one in store.list_objects(f"{folder}/"))


def store_speech(parts: Parts, put, clip: StoredFile) -> str:
    """A job whose speech consists of one clip; returns the key of the speech document."""
    _, run_id = factories.create_dub(parts.db)
    factories.do_stage(parts.db, run_id, Stage.ASR, store=parts.store)
    factories.do_stage(parts.db, run_id, Stage.MT, "es", store=parts.store)
    claim = factories.claim_stage(parts.db, run_id, Stage.TTS, "es")
    about = {"id": 0, "text": "x", "duration": 1, "natural": 1, "rate": 1, "voice": "v"}
    stored = Clip(object_key=clip.key, sha256=clip.sha256, size=clip.size, **about)
    speech = Speech(language="es", clips=(stored,), placements=())
    file = put(f"jobs/{claim.job_id}/tts/es/speech_es.json", speech.to_bytes())
    transitions.succeed(parts.db, claim, Success([NewArtifact("speech", file)], "key", "stub", "1"))
    return file.key


def test_what_something_refers_to_stays_and_the_rest_goes(parts, store, put):
    clip = put("clips/ab/key/used.flac")
    store_speech(parts, put, clip)
    media = put("uploads/1/talk.mp4")
    factories.upload(parts.db, object_key=media.key)
    used = keys(store)
    left = ["clips/ab/key/left.flac", "batches/ab/key/left.json", "jobs/1/mix/es/dub.mp4"]
    for key in left:
        put(key)
    assert collect_keys(parts, delete=False) == sorted(left)
    assert keys(store) == sorted([*used, *left]), "a dry run removes nothing"
    assert collect_keys(parts) == sorted(left)
    assert keys(store) == used
    assert collect_keys(parts) == []


def test_what_may_be_about_to_be_committed_stays(parts, store, put):
    put("jobs/1/mix/es/dub.mp4")
    put("clips/ab/key/new.flac")
    assert collect_keys(parts, keep=garbage.compute_ages(3600, 30)) == []


def test_an_upload_that_was_given_up_goes(parts, store, put):
    about = {"role": "video", "filename": "talk.mp4", "ttl_s": 60}
    upload_id, _ = receive.announce_upload(parts.db, store, LOCAL_USER, **about)
    put(f"incoming/{upload_id}")
    assert collect_keys(parts) == [f"incoming/{upload_id}"]
    assert access.read_upload(parts.db, LOCAL_USER, upload_id).completed_at is None


def test_what_is_written_anew_while_it_is_collected_stays(parts, store, put):
    """Red without the second look at its time in `garbage._remove_unless_renewed`."""
    old = StoredObject("jobs/1/mix/es/dub.mp4", 4, datetime.fromisoformat("2020-01-01T00:00:00Z"))

    class Listed:
        """The store, as it was when it was listed."""

        def list_objects(self, prefix: str) -> Iterator[StoredObject]:
            yield from [old] if old.key.startswith(prefix) else []

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

    put(old.key)
    found = garbage.collect_garbage(
        parts.db, Listed(), parts.scratch, {"jobs": timedelta(days=1)}, delete=True
    )
    assert list(found) == []
    assert store.find_size(old.key) == 4


def test_more_than_one_batch(parts, store, put, monkeypatch):
    monkeypatch.setattr(garbage, "BATCH", 2)
    made = [put(f"jobs/{number}/x").key for number in range(5)]
    for key in ("a", "b", "c"):
        store_speech(parts, put, put(f"clips/ab/{key}/x.flac"))
    assert collect_keys(parts) == made


def test_a_speech_document_that_cannot_be_read_ends_it_all(parts, store, put):
    key = store_speech(parts, put, put("clips/ab/key/used.flac"))
    put(key, b'{"of": "a newer version"}')
    with pytest.raises(Permanent, match="nobody knows which clips"):
        collect_keys(parts)
    assert store.find_size("clips/ab/key/used.flac")


@pytest.mark.parametrize(("after", "times"), [(garbage.REFRESH_AFTER, 0), (NOTHING, 1)])
def test_an_old_clip_that_is_used_again_counts_as_new(store, tmp_path, monkeypatch, after, times):
    """Before a stage has committed that it uses an old clip, only its age can save it."""
    path = tmp_path / "clip.flac"
    path.write_bytes(b"speech")
    keep = BlobContentStore(store, "clips", set())
    kept = keep.put("key", path)
    refreshed: list[str] = []
    monkeypatch.setattr(store, "refresh", refreshed.append)
    monkeypatch.setattr(garbage, "REFRESH_AFTER", after)
    assert keep.get("key") == kept
    assert refreshed == [kept.key] * times


def test_the_command_lists_and_with_delete_removes(parts, store, put, monkeypatch):
    monkeypatch.setattr(garbage, "compute_ages", lambda *_: EVERYTHING)
    monkeypatch.setattr("backend.wiring.Parts", lambda _: parts)
    put("jobs/1/mix/es/dub.mp4")
    for options, told in (([], "to be removed with --delete"), (["--delete"], "removed")):
        result = CliRunner().invoke(cli, ["collect", *options])
        assert result.stdout == "jobs/1/mix/es/dub.mp4\n"
        assert f"Objects {told}: 1, 4 bytes" in result.stderr
    assert keys(store) == []
