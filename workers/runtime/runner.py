"""How every stage is run: claim, heartbeat, work, store, finish; all failure policy is here."""

import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import structlog

from backend.artifacts.kept import note_uses
from backend.errors import (
    Cancelled,
    DublineError,
    LeaseLost,
    Pending,
    RateLimited,
    Stopping,
    Throttled,
    Transient,
)
from backend.pipeline.retry import decide_retry
from backend.pipeline.stages import STAGES, Stage
from backend.process.disk_errors import explain_disk_error
from backend.process.interrupt import interruptible
from backend.runs import leases, transitions
from backend.runs.leases import Claim
from backend.wiring import Parts
from workers.interfaces.providers import Cost
from workers.interfaces.stages import StageFunction, StageInput, StageResult
from workers.providers.registry import ProviderRegistry
from workers.runtime.attempt import Attempt, Middleware, log_attempt
from workers.runtime.context import WorkerContext
from workers.runtime.failpoints import pass_failpoint
from workers.runtime.heartbeat import Heartbeat
from workers.runtime.outages import outlast_outage
from workers.runtime.outputs import build_success, store_outputs
from workers.runtime.shutdown import StopFlag

log = structlog.get_logger()


class Runner:
    """Runs stages for one worker process; `owner` names it in the jobs' history."""

    def __init__(
        self,
        parts: Parts,
        stages: Mapping[Stage, StageFunction],
        *,
        owner: str,
        stopping: StopFlag,
        middlewares: Sequence[Middleware] = (log_attempt,),
    ) -> None:
        self._parts = parts
        self._providers = ProviderRegistry(parts.settings)
        self._stages = stages
        self._owner = owner
        self._stopping = stopping
        self._middlewares = middlewares

    def run(self, run_id: UUID, stage: Stage, language: str) -> bool:
        """Do the stage if it is there to be done; returns whether the chain is to go on.

        Where there is nothing to do another message was first, and its chain goes on.
        """
        lease_s = self._parts.settings.lease_s
        claim = leases.claim(
            self._parts.db, run_id, stage, language, owner=self._owner, lease_s=lease_s
        )
        if not isinstance(claim, Claim):
            log.info("nothing to do", run=str(run_id), stage=stage, language=language, state=claim)
            return False
        pass_failpoint("after-claim", stage)
        attempt = Attempt(claim)
        with ExitStack() as seam:
            for middleware in self._middlewares:
                seam.enter_context(middleware(attempt))
            return self._try(attempt)

    def _try(self, attempt: Attempt) -> bool:
        try:
            self._do(attempt)
        except Exception as raised:
            error = self._find_cause(raised)
            attempt.error = error
            spent = Cost.total(attempt.bill).usd
            self._note_uses(attempt)
            self._end(replace(attempt.claim, spent=spent), error)
            return False
        return True

    def _find_cause(self, error: Exception) -> Exception:
        """A full or locked disk by its name; it is tried again, as somebody may make room."""
        told = (
            None
            if isinstance(error, DublineError)
            else explain_disk_error(error, self._parts.scratch)
        )
        return Transient(told) if told else error

    def _do(self, attempt: Attempt) -> None:
        claim, settings = attempt.claim, self._parts.settings
        with (
            TemporaryDirectory(dir=self._parts.scratch) as folder,
            Heartbeat(
                self._parts.db,
                claim,
                heartbeat_s=settings.heartbeat_s,
                limit_s=settings.stage_limit_s,
                stopping=self._stopping,
            ) as heartbeat,
        ):
            context = WorkerContext(
                *(self._parts, self._providers, claim, heartbeat),
                workdir=Path(folder),
                bill=attempt.bill,
                used=attempt.used,
            )
            heartbeat.check()
            with interruptible(heartbeat.check):
                outcome = self._stages[claim.stage](_build_input(claim), context)
            pass_failpoint("mid-work", claim.stage)
            heartbeat.note_storing()
            # Within the heartbeat: the lease must outlive the wait for a database that restarts.
            self._finish(attempt, outcome, heartbeat)
        pass_failpoint("after-commit", claim.stage)

    def _finish(self, attempt: Attempt, outcome: StageResult, heartbeat: Heartbeat) -> None:
        claim, db, store = attempt.claim, self._parts.db, self._parts.store
        if STAGES[claim.stage].storing:
            outlast_outage(lambda: transitions.show_storing(db, claim), claim.lease_s)
        artifacts = store_outputs(store, claim, outcome, heartbeat)
        pass_failpoint("after-upload", claim.stage)
        self._note_uses(attempt)
        success = build_success(claim, outcome, artifacts, attempt.bill)
        # Should the first commit have landed after all, the second finds its fence gone.
        unneeded = outlast_outage(lambda: transitions.succeed(db, claim, success), claim.lease_s)
        attempt.success = success
        for key in unneeded:
            outlast_outage(partial(store.delete, key), claim.lease_s)

    def _note_uses(self, attempt: Attempt) -> None:
        """Before the end is written: from then on the job's user may have its data deleted."""
        claim = attempt.claim
        outlast_outage(lambda: note_uses(self._parts.db, claim.job_id, attempt.used), claim.lease_s)

    def _end(self, claim: Claim, error: Exception) -> None:
        try:
            outlast_outage(lambda: self._write_end(claim, error), claim.lease_s)
        except LeaseLost:
            log.warning("lease lost: the result is discarded")

    def _write_end(self, claim: Claim, error: Exception) -> None:
        db = self._parts.db
        match error:
            case LeaseLost():
                raise error
            case Cancelled():
                transitions.cancel(db, claim)
                log.info("stage cancelled")
            case Stopping():
                transitions.hand_back(db, claim)
                log.info("stage handed back")
            case _:
                policy = self._parts.build_retry_policy(claim.stage)
                decision = decide_retry(error, claim, policy, random.random)
                transitions.fail(db, claim, explain_error(error), decision)
                log.warning(
                    "stage failed",
                    error=str(error),
                    decision=decision,
                    exc_info=None if isinstance(error, DublineError) else error,
                )


def explain_error(error: Exception) -> dict[str, Any]:
    """What a user is shown of an error; the details of unexpected ones stay in the log."""
    if not isinstance(error, DublineError):
        message = f"Unexpected {type(error).__name__}; the worker's log has the details"
        return {"kind": "internal", "message": message}
    kinds = {
        RateLimited: "rate_limited",
        Pending: "pending",
        Throttled: "rate_limited",
        Transient: "transient",
    }
    kind = next((name for type_, name in kinds.items() if isinstance(error, type_)), "permanent")
    return {"kind": kind, "message": str(error)}


def _build_input(claim: Claim) -> StageInput:
    return StageInput(
        job_id=str(claim.job_id),
        run_number=claim.run_number,
        language=claim.language,
        params=claim.params,
        **vars(claim.inputs),
    )
