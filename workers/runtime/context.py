"""What a stage may use of its worker: scratch folder, storage, providers, heartbeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from backend.errors import (
    DublineError,
    OutOfService,
    Pending,
    Permanent,
    RateLimited,
    Throttled,
    Transient,
)
from backend.jobs.budget import require_budget
from backend.limits import throttle
from backend.limits.throttle import ThrottleAnswer
from backend.pipeline.files import StoredFile
from backend.runs import leases
from backend.runs.leases import Claim
from backend.wiring import Parts
from workers.interfaces.providers import Cost, Provider
from workers.interfaces.stages import ContentStore
from workers.providers.registry import ProviderRegistry
from workers.runtime.content_store import PATIENCE_S, BlobContentStore, fetch_file
from workers.runtime.heartbeat import Heartbeat
from workers.runtime.outages import outlast_outage

LOCKED_S = 0.2  # between two looks at a lock that somebody else has


class WorkerContext:
    """See `workers.interfaces.stages.StageContext`."""

    def __init__(
        self,
        parts: Parts,
        providers: ProviderRegistry,
        claim: Claim,
        heartbeat: Heartbeat,
        *,
        workdir: Path,
        bill: list[Cost],
        used: set[str],
    ) -> None:
        # Which looks for its bucket at first.
        store = outlast_outage(lambda: parts.store, PATIENCE_S)
        self.workdir = workdir
        self.clips: ContentStore = BlobContentStore(store, "clips", used)
        self.batches: ContentStore = BlobContentStore(store, "batches", used)
        self.transcripts: ContentStore = BlobContentStore(store, "transcripts", used)
        self.streams: ContentStore = BlobContentStore(store, "streams", used)
        self.media_limits = parts.settings.media_limits
        self.text_limits = parts.settings.text_limits
        self.get_transcriber = providers.get_transcriber
        self.get_translator = providers.get_translator
        self.get_synthesizer = providers.get_synthesizer
        self.require_budget = partial(require_budget, parts.db, parts.prices, claim)
        self._db = parts.db
        self._store = store
        self._locks = parts.settings.dubline_home / "locks"
        self._throttles = parts.throttles
        self._claim = claim
        self._heartbeat = heartbeat
        self.pause = heartbeat.pause
        self._bill = bill
        self._memo = dict(claim.memo)
        self._answered = False

    def progress(self, fraction: float) -> None:
        """Tell how far the work is; raises when it must stop."""
        self._heartbeat.check(fraction)

    def recall(self, key: str) -> str | None:
        """What this or an earlier attempt remembered."""
        value = self._memo.get(key)
        return None if value is None else str(value)

    def remember(self, key: str, value: str) -> None:
        """Store it in the stage's marker before going on."""
        self._memo[key] = value
        write = partial(leases.write_memo, self._db, self._claim, self._memo)
        outlast_outage(write, self._claim.lease_s)

    def fetch(self, file: StoredFile) -> Path:
        """A local copy; raises `Damaged` when storage lost or changed the object."""
        return fetch_file(self._store, file, self.workdir)

    def add_cost(self, cost: Cost) -> None:
        """Put it on the attempt's bill."""
        self._bill.append(cost)

    @contextmanager
    def pace_call(self, provider: Provider) -> Iterator[None]:
        """Wait for the turn to call a provider, and let all workers know how the call ended."""
        if not provider.remote:
            yield
            return
        answer = self._wait_for_turn(provider.name)
        try:
            yield
        except DublineError as error:
            self._record_end(provider.name, answer, error)
            raise
        self._record_end(provider.name, answer, None)

    def _record_end(self, name: str, answer: ThrottleAnswer, error: DublineError | None) -> None:
        match error:
            case RateLimited():
                error.advanced = self._answered
                limit = partial(throttle.record_rate_limit, retry_after=error.retry_after)
                self._throttles.record_outcome(name, limit)
            case None | Permanent() | Pending():  # to refuse is to answer, so is to be at work
                self._answered = True
                if answer.troubled:
                    self._throttles.record_outcome(name, throttle.record_success)
            case Transient():
                failure = partial(throttle.record_failure, trial=answer.trial)
                self._throttles.record_outcome(name, failure)

    def _wait_for_turn(self, name: str) -> ThrottleAnswer:
        answer = self._throttles.request_call(name)
        while not answer.granted:
            if answer.wait > throttle.PATIENCE_S:
                raise _tell_late(name, answer)
            self._heartbeat.pause(answer.wait)
            answer = self._throttles.request_call(name)
        self._heartbeat.pause(answer.wait)
        return answer

    @contextmanager
    def hold_alone(self, name: str) -> Iterator[None]:
        """Wait until nobody else on this machine does what has this name."""
        self._locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._locks / name)
        while not lock.is_locked:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                self._heartbeat.pause(LOCKED_S)
        try:
            yield
        finally:
            lock.release()


def _tell_late(name: str, answer: ThrottleAnswer) -> RateLimited | Throttled:
    if answer.broken:
        return OutOfService(f"{name} does not answer; it is to be called again later", answer.wait)
    late = RateLimited if answer.shut else Throttled
    return late(f"{name} is to be called again later", answer.wait)
