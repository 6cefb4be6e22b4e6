"""What a stage made, put into storage."""

from dataclasses import replace
from functools import partial

from backend.pipeline.files import StoredFile
from backend.pipeline.keys import input_key, object_key
from backend.runs.leases import Claim
from backend.runs.transitions import NewArtifact, Success
from backend.storage.base import BlobStore
from workers.interfaces.providers import Cost
from workers.interfaces.stages import Kept, Made, Outcome
from workers.runtime.content_store import PATIENCE_S, file_sha256
from workers.runtime.heartbeat import Heart
from workers.runtime.outages import outlasting


def store_outputs(
    store: BlobStore, claim: Claim, outcome: Outcome, heart: Heart
) -> list[NewArtifact]:
    """Store what was made; raises as `Heart.check` does when that is of no use any more."""
    made = [_store_file(store, claim, one, heart) for one in outcome.made]
    return [*made, *map(_take_over, outcome.kept)]


def build_success(
    claim: Claim, outcome: Outcome, artifacts: list[NewArtifact], bill: list[Cost]
) -> Success:
    """The success to be written."""
    cost = Cost.total(bill)
    return Success(
        artifacts=artifacts,
        input_key=input_key(claim.stage, claim.language, claim.params, claim.inputs.hashes()),
        provider=outcome.provider,
        model=outcome.model,
        units=cost.units,
        unit=cost.unit,
        cost_usd=cost.usd,
        warnings=outcome.warnings,
    )


def _store_file(store: BlobStore, claim: Claim, made: Made, heart: Heart) -> NewArtifact:
    heart.check()
    sha256 = file_sha256(made.path)
    key = object_key(str(claim.job_id), claim.stage, claim.language, sha256, made.filename)
    outlasting(partial(store.put, key, made.path, mime=made.mime, sha256=sha256), PATIENCE_S)
    size = made.path.stat().st_size
    file = StoredFile(key, sha256, size, made.mime, made.filename, meta=made.meta)
    return NewArtifact(made.kind, file)


def _take_over(kept: Kept) -> NewArtifact:
    return NewArtifact(kept.kind, replace(kept.file, filename=kept.filename, meta=kept.meta))
