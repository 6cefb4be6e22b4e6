"""Objects that nothing refers to: left by attempts that lost their lease, by uploads given up.

An object is in storage before the row that names it, so only age tells what was left from what
is on its way: each folder has an age far above the longest attempt. What is kept for further runs
is written anew when one uses it (`REFRESH_AFTER`), so that none in use ever gets that old.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, select

from backend.artifacts import clips
from backend.database.engine import Database
from backend.database.models.jobs import SegmentEdit
from backend.database.models.runs import Artifact
from backend.database.models.uploads import Upload
from backend.errors import NotFound, Permanent
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.storage.base import MULTIPART, PARTS, BlobStore, StoredObject
from backend.uploads import multipart
from backend.uploads.receive import INCOMING

MADE = (INCOMING, PARTS, "uploads", "jobs")
KEPT = ("clips", "batches", "transcripts", "streams")
REFRESH_AFTER = timedelta(days=7)
BATCH = 500


def compute_ages(stage_limit_s: float, keep_days: float) -> dict[str, timedelta]:
    """How old an object in each folder must be before it may go."""
    made = max(timedelta(days=1), timedelta(seconds=2 * stage_limit_s))
    parts = {MULTIPART: made + multipart.ABANDONED_AFTER}
    return dict.fromkeys(MADE, made) | parts | dict.fromkeys(KEPT, timedelta(days=keep_days))


def choose_garbage(
    objects: Iterable[StoredObject], referenced: Collection[str], now: datetime, keep: timedelta
) -> list[StoredObject]:
    """Those that nothing refers to and that were last written longer than `keep` ago."""
    return [one for one in objects if one.key not in referenced and now - one.modified > keep]


def collect_garbage(
    db: Database, store: BlobStore, scratch: Path, keep: Mapping[str, timedelta], *, delete: bool
) -> Iterator[StoredObject]:
    """Find the garbage of each folder, and remove it if asked to; yields what goes."""
    now = datetime.now(UTC)
    yield from multipart.end_abandoned(db, store, delete=delete)
    with _collect_clip_keys(db, store, scratch) as spoken:
        for folder, age in keep.items():
            for batch in _split_batches(store.list_objects(f"{folder}/")):
                keys = [one.key for one in batch]
                for found in choose_garbage(
                    batch, _read_named_keys(db, keys) | spoken.find_among(keys), now, age
                ):
                    if not delete or _remove_unless_renewed(store, found, now - age):
                        yield found


def _remove_unless_renewed(store: BlobStore, found: StoredObject, before: datetime) -> bool:
    modified = store.find_modified_time(found.key)
    if modified is None or modified >= before:
        return False  # somebody has just written it anew
    store.delete(found.key)
    return True


def _split_batches(objects: Iterator[StoredObject]) -> Iterator[list[StoredObject]]:
    while batch := list(islice(objects, BATCH)):
        yield batch


def _read_named_keys(db: Database, keys: Collection[str]) -> set[str]:
    """Which of the keys a row of the database names; an upload not yet complete names none."""
    artifacts = select(Artifact.object_key).where(Artifact.object_key.in_(keys))
    uploads = select(Upload.object_key).where(
        Upload.object_key.in_(keys), Upload.completed_at.is_not(None)
    )
    edits = select(SegmentEdit.object_key).where(SegmentEdit.object_key.in_(keys))
    with db.read() as connection:
        return set(connection.execute(artifacts.union_all(uploads, edits)).scalars())


class _KeySet:
    """A set of keys that may not fit into memory."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        file.execute("CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, keys: Iterable[str]) -> None:
        self._file.executemany("INSERT OR IGNORE INTO keys VALUES (?)", ((key,) for key in keys))

    def find_among(self, keys: Collection[str]) -> set[str]:
        marks = ", ".join("?" * len(keys))
        rows = self._file.execute(f"SELECT key FROM keys WHERE key IN ({marks})", [*keys])  # noqa: S608 - marks only
        return {key for (key,) in rows}


@contextmanager
def _collect_clip_keys(db: Database, store: BlobStore, scratch: Path) -> Iterator[_KeySet]:
    """The clips that speech documents refer to."""
    # Without a name it is a temporary file, never committed and gone when closed.
    with closing(sqlite3.connect("")) as file:
        keys = _KeySet(file)
        for document in _read_speech_keys(db):
            keys.add(_load_clip_keys(store, document, scratch))
        yield keys


def _load_clip_keys(store: BlobStore, document: str, scratch: Path) -> list[str]:
    try:
        return [clip.object_key for clip in clips.load_clips(store, document, scratch)]
    except NotFound:
        return []
    except ValidationError:
        raise Permanent(f"{document} cannot be read: nobody knows which clips it needs") from None


def _read_speech_keys(db: Database) -> Iterator[str]:
    """Their keys, read page by page so that no transaction stays open meanwhile."""
    last = UUID(int=0)
    while True:
        with db.read() as connection:
            page = _read_page(connection, last)
        if not page:
            return
        last = page[-1][0]
        yield from (key for _, key in page)


def _read_page(connection: Connection, last: UUID) -> list[tuple[UUID, str]]:
    rows = connection.execute(
        select(Artifact.id, Artifact.object_key)
        .where(Artifact.kind == ArtifactKind.SPEECH, Artifact.id > last)
        .order_by(Artifact.id)
        .limit(BATCH)
    )
    return [(row.id, row.object_key) for row in rows]
