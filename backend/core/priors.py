"""What earlier runs of a job made, and whether storage still has it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, select

from backend.core.artifacts import made_by
from backend.core.models import Artifact, Run, StageRun
from backend.core.plan import Place, Prior
from backend.core.states import StageState
from backend.storage.base import BlobStore


@dataclass(frozen=True)
class Found:
    """A prior and the objects that it consists of, not yet looked for in storage."""

    prior: Prior
    objects: tuple[tuple[str, int, str], ...]  # key, size, sha256


def find(connection: Connection, job_id: UUID, from_run: UUID | None) -> dict[Place, Found]:
    """For each place the latest run in which it succeeded or was reused, or that of `from_run`."""
    query = (
        select(
            *(StageRun.stage, StageRun.language, StageRun.input_key, Run.number),
            *(made_by().label("marker_id"), Artifact.kind, Artifact.object_key),
            *(Artifact.size, Artifact.sha256),
        )
        .join(Run, Run.id == StageRun.run_id)
        .outerjoin(Artifact, Artifact.stage_run_id == made_by())
        .where(StageRun.job_id == job_id, StageRun.state == StageState.SUCCEEDED)
        .order_by(Run.number)
    )
    if from_run is not None:
        query = query.where(Run.id == from_run)
    found: dict[Place, Found] = {}
    for row in connection.execute(query):
        place = (row.stage, row.language)
        before = found.get(place)
        if before is None or before.prior.run_number != row.number:
            before = Found(Prior(row.marker_id, row.number, row.input_key, {}), ())
        if row.kind is None:
            found[place] = before
            continue
        outputs = {**before.prior.outputs, row.kind: row.sha256}
        found[place] = Found(
            replace(before.prior, outputs=outputs),
            (*before.objects, (row.object_key, row.size, row.sha256)),
        )
    return found


def check(store: BlobStore, found: Mapping[Place, Found]) -> dict[Place, Prior]:
    """Look each object up in storage; what is gone or changed is listed in `Prior.missing`."""
    return {
        place: replace(item.prior, missing=_missing(store, item)) for place, item in found.items()
    }


def _missing(store: BlobStore, item: Found) -> tuple[str, ...]:
    return tuple(
        key for key, size, sha256 in item.objects if not store.holds(key, size=size, sha256=sha256)
    )
