"""How every stage is run: claim, heartbeat, work, store, finish; all failure policy is here."""

import random
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import structlog

from backend.artifacts import multilingual
from backend.artifacts.multilingual import Dub, Files
from backend.errors import (
    Cancelled,
    DublineError,
    KeptBack,
    LeaseLost,
    Outdated,
    Permanent,
    RateLimited,
    Stopping,
    Transient,
)
from backend.pipeline.files import FileRef
from backend.pipeline.keys import input_key, object_key
from backend.pipeline.retry import decide
from backend.pipeline.stages import Stage
from backend.runs import leases, transitions
from backend.runs.leases import Claim
from backend.runs.transitions import NewArtifact, Success
from backend.wiring import Parts
from workers.interfaces.providers import Cost
from workers.interfaces.stages import Kept, Made, Outcome, StageFunction, StoredFile, Work
from workers.runtime.content_store import PATIENCE_S, file_sha256
from workers.runtime.context import WorkDesk
from workers.runtime.failpoints import failpoint
from workers.runtime.heartbeat import Heart
from workers.runtime.outages import outlasting
from workers.runtime.shutdown import Flag

log = structlog.get_logger()


class Runner:
    """Runs stages for one worker process; `owner` names it in the markers."""

    def __init__(
        self,
        parts: Parts,
        stages: Mapping[Stage, StageFunction],
        *,
        owner: str,
        stopping: Flag,
    ) -> None:
        self._parts = parts
        self._stages = stages
        self._owner = owner
        self._stopping = stopping

    def run(self, run_id: UUID, stage: Stage, language: str) -> bool:
        """Do the stage if it is there to be done; returns whether the chain is to go on.

        Where there is nothing to do another message was first, and its chain goes on.
        """
        claim = leases.claim(
            self._parts.db,
            run_id,
            stage,
            language,
            owner=self._owner,
            lease_s=self._parts.settings.lease_s,
        )
        if not isinstance(claim, Claim):
            log.info("nothing to do", run=str(run_id), stage=stage, language=language, state=claim)
            return False
        failpoint("after-claim", stage)
        with structlog.contextvars.bound_contextvars(
            job=str(claim.job_id), run=claim.run_number, stage=stage, language=language
        ):
            return self._attempt(claim)

    def _attempt(self, claim: Claim) -> bool:
        log.info("stage started", attempt=claim.attempt)
        bill: list[Cost] = []
        try:
            self._do(claim, bill)
        except Exception as error:
            return self._ended(replace(claim, spent=Cost.total(bill).usd), error)
        log.info("stage succeeded")
        return True

    def _do(self, claim: Claim, bill: list[Cost]) -> None:
        settings = self._parts.settings
        with (
            TemporaryDirectory(dir=self._parts.scratch) as folder,
            Heart(
                self._parts.db,
                claim,
                heartbeat_s=settings.heartbeat_s,
                limit_s=settings.stage_limit_s,
                stopping=self._stopping,
            ) as heart,
        ):
            desk = WorkDesk(self._parts, claim, heart, Path(folder), bill)
            heart.check()
            outcome = self._stages[claim.stage](_work(claim), desk)
            failpoint("mid-work", claim.stage)
            heart.storing()
            if claim.stage is Stage.MIX:
                outlasting(lambda: transitions.exporting(self._parts.db, claim), claim.lease_s)
            artifacts = [self._stored(claim, made, heart) for made in outcome.made]
            artifacts += [_listed(kept) for kept in outcome.kept]
            failpoint("after-upload", claim.stage)
            success = _success(claim, outcome, artifacts, Cost.total(bill))
            # Within the heart, so that the lease outlives the wait for a database that restarts.
            while not self._succeeded(claim, self._joined(claim, outcome, success, heart)):
                log.info("another language was completed: joined again")
        failpoint("after-commit", claim.stage)

    def _joined(self, claim: Claim, outcome: Outcome, success: Success, heart: Heart) -> Success:
        """With the file of all languages that are complete by now, unless there is one."""
        if outcome.joint is None:
            return success
        missing = outlasting(partial(self._missing, claim, success), claim.lease_s)
        if not missing:
            return replace(success, joins=True)
        try:
            made = outcome.joint({language: _files(dub) for language, dub in missing.items()})
        except Permanent as problem:
            warning = f"No video with all languages: {problem}"
            return replace(success, warnings=(*success.warnings, warning))
        made = replace(made, meta={**made.meta, "made_of": multilingual.made_of(missing)})
        more = replace(self._stored(claim, made, heart), joint=True)
        return replace(success, artifacts=[*success.artifacts, more], joins=True)

    def _missing(self, claim: Claim, success: Success) -> Mapping[str, Files]:
        own = Dub()
        for one in success.artifacts:
            own.add(one.kind, one.file, one.meta)
        with self._parts.db.read() as connection:
            return multilingual.missing(connection, claim.job_id, claim.language, own)

    def _succeeded(self, claim: Claim, success: Success) -> bool:
        """Write the success, unless it is outdated.

        Should the first commit have landed after all, the second finds its fence gone.
        """
        try:
            outlasting(lambda: transitions.succeed(self._parts.db, claim, success), claim.lease_s)
        except Outdated:
            return False
        return True

    def _stored(self, claim: Claim, made: Made, heart: Heart) -> NewArtifact:
        heart.check()
        sha256 = file_sha256(made.path)
        key = object_key(str(claim.job_id), claim.stage, claim.language, sha256, made.filename)
        put = partial(self._parts.store.put, key, made.path, mime=made.mime, sha256=sha256)
        outlasting(put, PATIENCE_S)
        file = FileRef(key, sha256, made.path.stat().st_size, made.mime, made.filename)
        return NewArtifact(made.kind, file, made.meta)

    def _ended(self, claim: Claim, error: Exception) -> bool:
        try:
            outlasting(lambda: self._write_end(claim, error), claim.lease_s)
        except LeaseLost:
            log.warning("lease lost: the result is discarded")
        return False

    def _write_end(self, claim: Claim, error: Exception) -> None:
        db = self._parts.db
        match error:
            case LeaseLost():
                raise error
            case Cancelled():
                transitions.cancelled(db, claim)
                log.info("stage cancelled")
            case Stopping():
                transitions.hand_back(db, claim)
                log.info("stage handed back")
            case _:
                policy = self._parts.retry_policy(claim.stage)
                decision = decide(error, claim, policy, random.random)
                transitions.fail(db, claim, explain(error), decision)
                log.warning(
                    "stage failed",
                    error=str(error),
                    decision=decision,
                    exc_info=None if isinstance(error, DublineError) else error,
                )


def _listed(kept: Kept) -> NewArtifact:
    file = FileRef(**{**vars(kept.file), "filename": kept.filename})
    return NewArtifact(kept.kind, file, kept.meta)


def explain(error: Exception) -> dict[str, Any]:
    """What a user is shown of an error; the details of unexpected ones stay in the log."""
    if not isinstance(error, DublineError):
        message = f"Unexpected {type(error).__name__}; the worker's log has the details"
        return {"kind": "internal", "message": message}
    kinds = {RateLimited: "rate_limited", KeptBack: "rate_limited", Transient: "transient"}
    kind = next((name for type_, name in kinds.items() if isinstance(error, type_)), "permanent")
    return {"kind": kind, "message": str(error)}


def _work(claim: Claim) -> Work:
    return Work(
        job_id=str(claim.job_id),
        run_number=claim.run_number,
        language=claim.language,
        params=claim.params,
        files=_files(claim.files),
        before=_files(claim.before),
        upstream=claim.upstream,
    )


def _files(files: Mapping[str, FileRef]) -> dict[str, StoredFile]:
    return {kind: StoredFile(**asdict(file)) for kind, file in files.items()}


def _success(claim: Claim, outcome: Outcome, artifacts: list[NewArtifact], cost: Cost) -> Success:
    hashes = {kind: file.sha256 for kind, file in claim.files.items()}
    return Success(
        artifacts=artifacts,
        input_key=input_key(claim.stage, claim.language, claim.params, hashes),
        provider=outcome.provider,
        model=outcome.model,
        units=cost.units,
        unit=cost.unit,
        cost_usd=cost.usd,
        warnings=outcome.warnings,
    )
