"""Files under the hash of all that made them, kept across runs and jobs."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from backend.errors import Damaged, NotFound
from backend.media.mime import MIME_TYPES, find_mime
from backend.pipeline.files import StoredFile
from backend.retention import garbage
from backend.storage.base import BlobStore, StoredObject
from backend.storage.hashing import compute_file_sha256
from workers.runtime.outages import outlast_outage

# A storage that is away is waited for: to give up an attempt would be to pay for it again.
PATIENCE_S = 60


class BlobContentStore:
    """Files by content key, kept in a folder of the storage across runs and jobs.

    The object's name is its sha256, so that a look-up tells all that is known of the file.
    """

    def __init__(self, store: BlobStore, folder: str, used: set[str]) -> None:
        """`used` is where the keys are put of what was found or kept."""
        self._store = store
        self._folder = folder
        self._used = used

    def get(self, content_key: str) -> StoredFile | None:
        """The file, if it was ever made."""
        return outlast_outage(partial(self._get, content_key), PATIENCE_S)

    def _get(self, content_key: str) -> StoredFile | None:
        found = next(self._store.list_objects(self._build_prefix(content_key)), None)
        if found is None or not self._mark_in_use(found):
            return None
        self._used.add(found.key)
        name = Path(found.key)
        return StoredFile(found.key, name.stem, found.size, MIME_TYPES[name.suffix])

    def _mark_in_use(self, found: StoredObject) -> bool:
        """Save it from being collected before this stage has written that it uses it."""
        if datetime.now(UTC) - found.modified > garbage.REFRESH_AFTER:
            try:
                self._store.refresh(found.key)
            except NotFound:
                return False
        return True

    def put(self, content_key: str, path: Path) -> StoredFile:
        """Keep a file; its suffix tells what it is."""
        sha256, mime = compute_file_sha256(path), find_mime(path)
        key = f"{self._build_prefix(content_key)}{sha256}{path.suffix}"
        self._used.add(key)
        outlast_outage(partial(self._store.put, key, path, mime=mime, sha256=sha256), PATIENCE_S)
        return StoredFile(key, sha256, path.stat().st_size, mime)

    def drop(self, file: StoredFile) -> None:
        """Forget a file, so that it is made again."""
        self._store.delete(file.key)

    def _build_prefix(self, content_key: str) -> str:
        return f"{self._folder}/{content_key[:2]}/{content_key}/"


def fetch_file(store: BlobStore, file: StoredFile, folder: Path) -> Path:
    """A copy of an object in the folder; raises `Damaged` when storage lost or changed it."""
    path = folder / f"in-{uuid4().hex}"
    try:
        outlast_outage(partial(store.fetch, file.key, path), PATIENCE_S)
    except NotFound as error:
        raise Damaged(f"{error}: start the job again from the stage that made it") from None
    if compute_file_sha256(path) != file.sha256:
        raise Damaged(
            f"Storage changed {file.key}: start the job again from the stage that made it"
        )
    return path
