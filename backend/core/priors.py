"""What earlier runs of a job made, and whether storage still has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from backend.core.artifacts import made_by
from backend.core.models import Artifact, Run, StageRun
from backend.core.plan import Place, Prior
from backend.core.stages import Stage
from backend.core.states import StageState
from backend.storage.base import BlobStore


@dataclass(frozen=True)
class Found:
    """A prior and the objects that it consists of, not yet looked for in storage."""

    prior: Prior
    objects: tuple[tuple[str, int, str], ...]  # key, size, sha256


def find(
    connection: Connection, job_id: UUID, from_run: UUID | None
) -> dict[Place, Sequence[Found]]:
    """All that the job's runs, or `from_run` alone, made at each place, the newest use first.

    So that a run which goes back to earlier parameters finds what was made for them.
    """
    query = (
        select(
            *(StageRun.stage, StageRun.language, StageRun.input_key, Run.number),
            *(made_by().label("marker_id"), Artifact.kind, Artifact.object_key),
            *(Artifact.size, Artifact.sha256),
        )
        .join(Run, Run.id == StageRun.run_id)
        .outerjoin(Artifact, Artifact.stage_run_id == made_by())
        .where(StageRun.job_id == job_id, StageRun.state == StageState.SUCCEEDED)
        .order_by(Run.number.desc(), StageRun.id)
    )
    if from_run is not None:
        query = query.where(Run.id == from_run)
    uses = groupby(connection.execute(query), key=_use)
    found: dict[Place, dict[UUID, Found]] = {}
    for (stage, language, _, marker_id), rows in uses:
        found.setdefault((stage, language), {}).setdefault(marker_id, _found(list(rows)))
    return {place: tuple(made.values()) for place, made in found.items()}


def _use(row: Any) -> tuple[Stage, str, int, UUID]:
    return row.stage, row.language, row.number, row.marker_id


def _found(rows: Sequence[Any]) -> Found:
    first = rows[0]
    made = [row for row in rows if row.kind is not None]
    outputs = {row.kind: row.sha256 for row in made}
    prior = Prior(first.marker_id, first.number, first.input_key, outputs)
    return Found(prior, tuple((row.object_key, row.size, row.sha256) for row in made))


def check(store: BlobStore, found: Mapping[Place, Sequence[Found]]) -> dict[Place, Sequence[Prior]]:
    """Look each object up in storage; what is gone or changed is listed in `Prior.missing`."""
    return {
        place: [replace(item.prior, missing=_missing(store, item)) for item in items]
        for place, items in found.items()
    }


def _missing(store: BlobStore, item: Found) -> tuple[str, ...]:
    return tuple(
        key for key, size, sha256 in item.objects if not store.holds(key, size=size, sha256=sha256)
    )
