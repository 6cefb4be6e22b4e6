"""Looks into files that were sent, beside requests: that takes as long as the file is large.

The row tells by a lease that somebody is at it. Two at once would harm nothing, as the first one
decides (`accept_upload`); whoever asks after a lease has run out begins anew.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, or_, update

from backend.database.engine import Database, from_now
from backend.database.models.uploads import Upload
from backend.errors import Conflict, Invalid, NotFound, Permanent
from backend.storage.base import BlobStore
from backend.storage.hashing import compute_file_sha256
from backend.uploads import multipart, receive
from backend.uploads.access import is_named
from backend.uploads.content import UploadLimits, probe_upload
from backend.uploads.receive import SizeLimit, TakenFile, accept_upload
from backend.uploads.refusals import pack_refusal, unpack_refusal

THREADS = 2  # whoever comes then waits
LEASE_S = 60

log = structlog.get_logger()


@dataclass(frozen=True)
class ExpectedFile:
    """What a file should be, as far as its user has said, and how large it may be."""

    size: int | None
    sha256: str | None
    limit: SizeLimit

    def check(self, size: int, sha256: str) -> None:
        """Raise `Invalid` when another one has come."""
        if self.size not in (None, size):
            raise Invalid("size", f"{size} bytes arrived, {self.size} were meant: send it again")
        if self.sha256 not in (None, sha256):
            raise Invalid("sha256", f"what arrived has sha256 {sha256}: send it again")


class Verifier:
    """Verifies uploads in threads of its own."""

    def __init__(
        self,
        db: Database,
        store: BlobStore,
        scratch: Path,
        limits: UploadLimits,
        *,
        text_allowed: bool,
    ) -> None:
        """`text_allowed`: whether a text may stand for media (`probe_upload`)."""
        self._db = db
        self._store = store
        self._scratch = scratch
        self._limits = limits
        self._text_allowed = text_allowed
        self._pool = ThreadPoolExecutor(THREADS, "verify")
        self._ours: dict[UUID, Future[None]] = {}

    def start(self, upload: Row[Any], expected: ExpectedFile) -> Future[None] | None:
        """Begin to verify a file; returns what ends with that, None while another process does it.

        Raises `Conflict` when it has not come, and what it was refused for when it came no more.
        """
        ours = self._ours.get(upload.id)
        if ours is not None or not self._claim(upload.id):
            return ours
        try:
            self._check_arrival(upload)
        except BaseException:
            self._release(upload.id)
            raise
        begun = self._ours[upload.id] = self._pool.submit(self._verify, upload, expected)
        begun.add_done_callback(lambda _: self._ours.pop(upload.id, None))
        return begun

    def _check_arrival(self, upload: Row[Any]) -> None:
        try:
            if upload.part_size is not None:
                multipart.check_parts(self._store, upload)
            else:
                receive.check_arrival(self._store, upload)
        except (Conflict, NotFound):
            if upload.refusal is not None:
                raise unpack_refusal(upload.refusal) from None
            raise

    def _verify(self, upload: Row[Any], expected: ExpectedFile) -> None:
        with self._hold_lease(upload.id):
            try:
                self._take_in(upload, expected)
            except (Invalid, Permanent) as error:
                self._write(upload.id, refusal=pack_refusal(error))
                raise
            except Exception:
                log.exception("upload not verified", upload=str(upload.id))
                raise

    def _take_in(self, upload: Row[Any], expected: ExpectedFile) -> None:
        keys = {upload.object_key}
        try:
            if upload.part_size is None:
                receive.check_size(receive.check_arrival(self._store, upload), expected.limit)
                key = receive.freeze_upload(self._store, upload)
            else:
                key = multipart.join_parts(self._store, upload)
            keys.add(key)
            accept_upload(self._db, upload, self._look_into(upload, key, expected))
        except (Invalid, Permanent, NotFound):
            self._remove_unnamed(keys)  # another file may be sent to the same URL
            raise
        self._remove_unnamed(keys)

    def _look_into(self, upload: Row[Any], key: str, expected: ExpectedFile) -> TakenFile:
        with TemporaryDirectory(dir=self._scratch) as folder:
            path = Path(folder) / "upload"
            self._store.fetch(key, path)
            size, sha256 = path.stat().st_size, compute_file_sha256(path)
            expected.check(size, sha256)
            content = probe_upload(
                path,
                upload.role,
                upload.filename,
                self._limits,
                text_allowed=self._text_allowed,
            )
        return TakenFile(key, size, sha256, content)

    def _remove_unnamed(self, keys: set[str]) -> None:
        """Remove those that are not what a file was taken in as."""
        for key in keys:
            if not is_named(self._db, key):
                self._store.delete(key)

    def _claim(self, upload_id: UUID) -> bool:
        """Begin a lease, unless the file was taken in or another one has it."""
        free = or_(Upload.verifying_until.is_(None), Upload.verifying_until < from_now(0))
        return self._write(upload_id, free, verifying_until=from_now(LEASE_S))

    def _release(self, upload_id: UUID) -> None:
        self._write(upload_id, verifying_until=None)

    @contextmanager
    def _hold_lease(self, upload_id: UUID) -> Iterator[None]:
        """Renew the lease until the end, then give it up."""
        ended = Event()

        def renew() -> None:
            while not ended.wait(LEASE_S / 4):
                self._write(upload_id, verifying_until=from_now(LEASE_S))

        thread = Thread(target=renew, name="verify-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._release(upload_id)

    def _write(self, upload_id: UUID, *conditions: ColumnElement[bool], **values: Any) -> bool:
        """Change the row of a file that was not taken in; tells whether it was there."""
        open_ = (Upload.id == upload_id, Upload.completed_at.is_(None), *conditions)
        with self._db.write() as connection:
            return bool(connection.execute(update(Upload).where(*open_).values(**values)).rowcount)
