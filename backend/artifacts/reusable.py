"""What earlier runs of a job made, and whether storage still has it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, select

from backend.artifacts import clips
from backend.artifacts.rows import select_maker_id
from backend.database.models.runs import Artifact, Run, StageRun
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.plan import EarlierResult, Place
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState
from backend.storage.base import BlobStore

LOOK_UPS = 16  # at once: speech is made of hundreds of clips, each a question to a server


class ExpectedObject(NamedTuple):
    """What storage has to have."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ReuseCandidate:
    """A prior and the objects that it consists of, not yet looked for in storage.

    `speech` is the key of the document that lists its clips, where it has one.
    """

    result: EarlierResult
    objects: tuple[ExpectedObject, ...]
    speech: str | None


def find_candidates(
    connection: Connection, job_id: UUID, from_run: UUID | None
) -> dict[Place, Sequence[ReuseCandidate]]:
    """All that the job's runs, or `from_run` alone, made at each place, the newest use first.

    So that a run which goes back to earlier parameters finds what was made for them.
    """
    query = (
        select(
            *(StageRun.stage, StageRun.language, StageRun.input_key, Run.number),
            *(select_maker_id().label("marker_id"), Artifact.kind, Artifact.object_key),
            *(Artifact.size, Artifact.sha256),
        )
        .join(Run, Run.id == StageRun.run_id)
        .outerjoin(Artifact, Artifact.stage_run_id == select_maker_id())
        .where(Run.job_id == job_id, StageRun.state == StageState.SUCCEEDED)
        .order_by(Run.number.desc(), StageRun.id)
    )
    if from_run is not None:
        query = query.where(Run.id == from_run)
    uses = groupby(connection.execute(query), key=_build_use_key)
    found: dict[Place, dict[UUID, ReuseCandidate]] = {}
    for (stage, language, _, marker_id), rows in uses:
        found.setdefault((stage, language), {}).setdefault(marker_id, _build_candidate(list(rows)))
    return {place: tuple(made.values()) for place, made in found.items()}


def _build_use_key(row: Any) -> tuple[Stage, str, int, UUID]:
    return row.stage, row.language, row.number, row.marker_id


def _build_candidate(rows: Sequence[Any]) -> ReuseCandidate:
    first = rows[0]
    made = [row for row in rows if row.kind is not None]
    outputs = {row.kind: row.sha256 for row in made}
    prior = EarlierResult(first.marker_id, first.number, first.input_key, outputs)
    objects = tuple(ExpectedObject(row.object_key, row.size, row.sha256) for row in made)
    document = next((row.object_key for row in made if row.kind == ArtifactKind.SPEECH), None)
    return ReuseCandidate(prior, objects, document)


def look_up(
    store: BlobStore, found: Mapping[Place, Sequence[ReuseCandidate]]
) -> dict[Place, list[EarlierResult]]:
    """The priors, each of which asks storage for its objects when a plan wants to know."""
    shelf = _StorageLookup(store)
    return {
        place: [replace(item.result, look=partial(shelf.find_missing_keys, item)) for item in items]
        for place, items in found.items()
    }


class _StorageLookup:
    """Storage, asked once for each object: the runs of a job share most of their clips."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._held: dict[ExpectedObject, bool] = {}

    def find_missing_keys(self, item: ReuseCandidate) -> tuple[str, ...]:
        """The keys of what storage does not have of it."""
        lost = self._find_lost(item.objects)
        if lost or item.speech is None:
            return lost
        try:
            listed = clips.load_clips(self._store, item.speech)
        except ValidationError:
            return (item.speech,)
        return self._find_lost(
            [ExpectedObject(one.object_key, one.size, one.sha256) for one in listed]
        )

    def _find_lost(self, objects: Sequence[ExpectedObject]) -> tuple[str, ...]:
        new = [one for one in objects if one not in self._held]
        with ThreadPoolExecutor(LOOK_UPS) as pool:
            self._held |= zip(new, pool.map(self._has_object, new), strict=True)
        return tuple(one.key for one in objects if not self._held[one])

    def _has_object(self, one: ExpectedObject) -> bool:
        return self._store.has_object(one.key, size=one.size, sha256=one.sha256)
