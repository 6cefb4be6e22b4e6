"""Keeps a claim alive while its stage works, and tells the stage when to stop."""

import threading
import time
from types import TracebackType
from typing import Self

import structlog

from backend.database.engine import Database
from backend.errors import Cancelled, LeaseLost, Stopping, Transient
from backend.runs import leases
from backend.runs.leases import Claim
from workers.runtime.shutdown import StopFlag

log = structlog.get_logger()

# Progress is shown at most this often, in seconds, between the regular heartbeats.
SHOW_EVERY_S = 1.0
LOOK_EVERY_S = 0.5
# A stage that runs is not done, whatever it says of itself: what it made is still to be stored.
ALMOST = 0.99


class Heartbeat:
    """A thread that renews the lease; `check` raises in the stage's thread when it must stop."""

    def __init__(
        self,
        db: Database,
        claim: Claim,
        *,
        heartbeat_s: float,
        limit_s: float,
        stopping: StopFlag,
    ) -> None:
        self._db = db
        self._claim = claim
        self._heartbeat_s = heartbeat_s
        self._stopping = stopping
        self._progress = 0.0
        self._storing = False
        self._verdict: Exception | None = None
        self._beat_at = self._renewed_at = time.monotonic()
        self._limit_s = limit_s
        self._ends_at = self._beat_at + limit_s
        self._wake = threading.Event()
        self._decided = threading.Event()
        self._done = False
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._done = True
        self._wake.set()
        self._thread.join()

    def check(self, progress: float | None = None) -> None:
        """Note the progress (0..1); raises `Cancelled`, `LeaseLost` or `Stopping`."""
        if self._verdict is not None:
            raise self._verdict
        # The thread may hang in a heartbeat that is never answered.
        if self._check_deadline():
            raise LeaseLost("The lease could not be renewed in time")
        if self._stopping.is_set() and not self._storing:
            raise Stopping("The worker is stopping")
        if progress is not None:
            self._progress = min(ALMOST, max(0.0, progress))
            if time.monotonic() - self._beat_at > SHOW_EVERY_S:
                self._wake.set()

    def pause(self, seconds: float) -> None:
        """Wait; raises as `check` does as soon as the stage must stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            # In steps, because the flag of a worker that stops cannot be waited for.
            self._decided.wait(min(left, LOOK_EVERY_S))
        self.check()

    def note_storing(self) -> None:
        """Note that the work is done, and only storing what it made is left.

        A worker that stops stores it still: to hand it back would be to pay for it again.
        """
        self._progress = 1.0
        self._storing = True

    def _beat(self) -> None:
        while self._verdict is None:
            told = self._wake.wait(min(LOOK_EVERY_S, self._heartbeat_s))
            self._wake.clear()
            if self._done:
                return
            due = time.monotonic() - self._renewed_at >= self._heartbeat_s
            if told or due:
                self._verdict = self._renew()
                self._renewed_at = time.monotonic()
            else:
                self._verdict = self._look()
        self._decided.set()

    def _renew(self) -> Exception | None:
        if time.monotonic() > self._ends_at:
            # Whoever hangs does not ask: then the lease runs out, and another worker tries.
            return Transient(f"The attempt took longer than STAGE_LIMIT_S ({self._limit_s:g} s)")
        began = time.monotonic()
        try:
            cancel = leases.heartbeat(self._db, self._claim, self._progress)
        except LeaseLost as lost:
            return lost
        except Exception as error:
            # Whatever it was: without this thread the stage would work on with no lease.
            log.warning("heartbeat failed", error=type(error).__name__)
            # The database cannot be asked: once the lease has run out, assume it was taken.
            unreachable = LeaseLost("The database was out of reach for a whole lease")
            return unreachable if self._check_deadline() else None
        self._beat_at = began  # when the database renewed it at the earliest
        return Cancelled("The job was cancelled") if cancel else None

    def _look(self) -> Exception | None:
        """Between heartbeats only whether to stop, so that nobody waits long for that."""
        try:
            cancel = leases.is_cancelled(self._db, self._claim)
        except Exception as error:
            log.debug("whether to stop cannot be asked", error=type(error).__name__)
            return None  # the heartbeat decides
        return Cancelled("The job was cancelled") if cancel else None

    def _check_deadline(self) -> bool:
        return time.monotonic() - self._beat_at > self._claim.lease_s
