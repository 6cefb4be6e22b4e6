"""The desk at which a stage works: its scratch folder, the storage, the providers, the heart."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from backend.errors import Damaged, KeptBack, NotFound, RateLimited, Transient
from backend.limits import throttle
from backend.limits.throttle import Answer
from backend.retention import garbage
from backend.runs import leases
from backend.runs.leases import Claim
from backend.storage.base import BlobStore, StoredObject
from backend.wiring import Parts
from workers.interfaces.providers import Cost, Provider, Synthesizer, Transcriber, Translator
from workers.interfaces.stages import ContentStore, StoredFile
from workers.providers import registry
from workers.runtime.heartbeat import Heart
from workers.runtime.outages import outlasting

MIMES = {".flac": "audio/flac", ".mp4": "video/mp4", ".json": "application/json"}
# A storage that is away is waited for: to give up an attempt would be to pay for it again.
PATIENCE_S = 60
LOCKED_S = 0.2  # between two looks at a lock that somebody else has


class Keep:
    """Files by content key, kept in a folder of the storage across runs and jobs.

    The object's name is its sha256, so that a look-up tells all that is known of the file.
    """

    def __init__(self, store: BlobStore, folder: str) -> None:
        self._store = store
        self._folder = folder

    def get(self, content_key: str) -> StoredFile | None:
        """The file, if it was ever made."""
        return outlasting(partial(self._get, content_key), PATIENCE_S)

    def _get(self, content_key: str) -> StoredFile | None:
        found = next(self._store.objects(self._prefix(content_key)), None)
        if found is None or not self._in_use_again(found):
            return None
        name = Path(found.key)
        return StoredFile(found.key, name.stem, found.size, MIMES[name.suffix])

    def _in_use_again(self, found: StoredObject) -> bool:
        """Save it from being collected before this stage has written that it uses it."""
        if datetime.now(UTC) - found.modified > garbage.REFRESH_AFTER:
            try:
                self._store.refresh(found.key)
            except NotFound:
                return False
        return True

    def put(self, content_key: str, path: Path) -> StoredFile:
        """Keep a file; its suffix tells what it is."""
        sha256, mime = file_sha256(path), MIMES[path.suffix]
        key = f"{self._prefix(content_key)}{sha256}{path.suffix}"
        outlasting(partial(self._store.put, key, path, mime=mime, sha256=sha256), PATIENCE_S)
        return StoredFile(key, sha256, path.stat().st_size, mime)

    def drop(self, file: StoredFile) -> None:
        """Forget a file, so that it is made again."""
        self._store.delete(file.key)

    def _prefix(self, content_key: str) -> str:
        return f"{self._folder}/{content_key[:2]}/{content_key}/"


class WorkDesk:
    """See `workers.interfaces.stages.Desk`."""

    def __init__(
        self, parts: Parts, claim: Claim, heart: Heart, workdir: Path, bill: list[Cost]
    ) -> None:
        store = outlasting(lambda: parts.store, PATIENCE_S)  # which looks for its bucket at first
        self.workdir = workdir
        self.clips: ContentStore = Keep(store, "clips")
        self.batches: ContentStore = Keep(store, "batches")
        self.transcripts: ContentStore = Keep(store, "transcripts")
        self.streams: ContentStore = Keep(store, "streams")
        self._db = parts.db
        self._store = store
        self._locks = parts.settings.dubline_home / "locks"
        self._gates = parts.gates
        self._claim = claim
        self._heart = heart
        self._bill = bill
        self._memo = dict(claim.memo)
        self._answered = False

    def progress(self, fraction: float) -> None:
        """Tell how far the work is; raises when it must stop."""
        self._heart.check(fraction)

    def recall(self, key: str) -> str | None:
        """What this or an earlier attempt remembered."""
        value = self._memo.get(key)
        return None if value is None else str(value)

    def remember(self, key: str, value: str) -> None:
        """Store it in the stage's marker before going on."""
        self._memo[key] = value
        write = partial(leases.remember, self._db, self._claim, self._memo)
        outlasting(write, self._claim.lease_s)

    def fetch(self, file: StoredFile) -> Path:
        """A local copy; raises `Damaged` when storage lost or changed the object."""
        return fetch(self._store, file, self.workdir)

    def paid(self, cost: Cost) -> None:
        """Put it on the attempt's bill."""
        self._bill.append(cost)

    @contextmanager
    def paced(self, provider: Provider) -> Iterator[None]:
        """Wait for the turn to call a provider, and let all workers know how the call ended."""
        if not provider.remote:
            yield
            return
        name = provider.name
        answer = self._turn(name)
        try:
            yield
        except RateLimited as error:
            error.advanced = self._answered
            self._gates.tell(name, partial(throttle.limited, retry_after=error.retry_after))
            raise
        except Transient:
            self._gates.tell(name, partial(throttle.failed, trial=answer.trial))
            raise
        self._answered = True
        if answer.troubled:
            self._gates.tell(name, throttle.worked)

    def _turn(self, name: str) -> Answer:
        answer = self._gates.ask(name)
        while not answer.granted:
            if answer.wait > throttle.PATIENCE_S:
                late = RateLimited if answer.shut else KeptBack
                raise late(f"{name} is to be called again later", answer.wait)
            self._heart.pause(answer.wait)
            answer = self._gates.ask(name)
        self._heart.pause(answer.wait)
        return answer

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Wait until nobody else on this machine does what has this name."""
        self._locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._locks / name)
        while not lock.is_locked:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                self._heart.pause(LOCKED_S)
        try:
            yield
        finally:
            lock.release()

    def transcriber(self, name: str) -> Transcriber:
        """The named transcriber."""
        return registry.transcriber(name)

    def translator(self, name: str) -> Translator:
        """The named translator."""
        return registry.translator(name)

    def synthesizer(self, name: str) -> Synthesizer:
        """The named synthesiser."""
        return registry.synthesizer(name)


def fetch(store: BlobStore, file: StoredFile, folder: Path) -> Path:
    """A copy of an object in the folder; raises `Damaged` when storage lost or changed it."""
    path = folder / f"in-{uuid4().hex}"
    try:
        outlasting(partial(store.fetch, file.key, path), PATIENCE_S)
    except NotFound as error:
        raise Damaged(f"{error}: start the job again from the stage that made it") from None
    if file_sha256(path) != file.sha256:
        raise Damaged(
            f"Storage changed {file.key}: start the job again from the stage that made it"
        )
    return path


def file_sha256(path: Path) -> str:
    """The hash of a file, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
