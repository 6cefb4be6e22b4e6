"""What a stage made, put into storage."""

from dataclasses import replace
from functools import partial

from backend.pipeline.files import StoredFile
from backend.pipeline.keys import build_object_key, compute_input_key
from backend.runs.leases import Claim
from backend.runs.transitions import NewArtifact, Success
from backend.storage.base import BlobStore
from workers.interfaces.providers import Cost
from workers.interfaces.stages import OutputFile, ReusedFile, StageResult
from workers.runtime.content_store import PATIENCE_S
from workers.runtime.heartbeat import Heartbeat
from workers.runtime.outages import outlast_outage


def store_outputs(
    store: BlobStore, claim: Claim, outcome: StageResult, heartbeat: Heartbeat
) -> list[NewArtifact]:
    """Store what was made; raises as `Heartbeat.check` does when that is of no use any more."""
    made = [_store_file(store, claim, one, heartbeat) for one in outcome.files]
    return [*made, *map(_reuse_file, outcome.reused)]


def build_success(
    claim: Claim, outcome: StageResult, artifacts: list[NewArtifact], bill: list[Cost]
) -> Success:
    """The success to be written."""
    cost = Cost.total(bill)
    return Success(
        artifacts=artifacts,
        input_key=compute_input_key(
            claim.stage, claim.language, claim.params, claim.inputs.compute_hashes()
        ),
        provider=outcome.provider,
        model=outcome.model,
        units=cost.units,
        unit=cost.unit,
        cost_usd=cost.usd,
        warnings=outcome.warnings,
    )


def _store_file(
    store: BlobStore, claim: Claim, made: OutputFile, heartbeat: Heartbeat
) -> NewArtifact:
    heartbeat.check()
    sha256 = made.sha256
    key = build_object_key(str(claim.job_id), claim.stage, claim.language, sha256, made.filename)
    outlast_outage(partial(store.put, key, made.path, mime=made.mime, sha256=sha256), PATIENCE_S)
    size = made.path.stat().st_size
    file = StoredFile(key, sha256, size, made.mime, made.filename, meta=made.meta)
    return NewArtifact(made.kind, file)


def _reuse_file(kept: ReusedFile) -> NewArtifact:
    return NewArtifact(kept.kind, replace(kept.file, filename=kept.filename, meta=kept.meta))
