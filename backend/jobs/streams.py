"""The streams of a dub that was made without: the first player orders them (docs/adr/0014)."""

from uuid import UUID

from sqlalchemy import select

from backend.artifacts import multilingual
from backend.database.engine import Database
from backend.database.models.runs import Run
from backend.errors import Conflict, NotFound
from backend.jobs import access, resume
from backend.jobs.resume import ResumeRequest
from backend.pipeline.stages import Stage
from backend.pipeline.states import RunState
from backend.storage.base import BlobStore


def order_streams(
    db: Database, store: BlobStore, user_id: UUID, job_id: UUID, language: str | None
) -> UUID | None:
    """Begin a run that makes the streams of all dubs; None while one that does goes on.

    It makes the mix again, out of what is there: to look at a dub buys nothing. Raises `NotFound`
    where there is no dub, and `Conflict` where a run cannot be begun for it: another one goes on,
    lines were edited since, or it was tried and ended without streams.
    """
    with db.read() as connection:
        access.read_job(connection, user_id, job_id)
        dubs = tuple(multilingual.read_dubs(connection, job_id))
    _require_dub(dubs, language)
    if _are_under_way(db, job_id):
        return None
    asked = ResumeRequest(resume_from=Stage.MIX, languages=dubs, overrides={"hls": True})
    try:
        return resume.start_run(db, store, user_id, job_id, asked)[0]
    except Conflict as conflict:
        if conflict.slug == resume.RUNNING and _are_under_way(db, job_id):
            return None  # another player was first
        raise


def _require_dub(dubs: tuple[str, ...], language: str | None) -> None:
    if not dubs:
        raise NotFound("This job has nothing to stream yet: wait until a language is complete")
    if language not in (None, *dubs):
        raise NotFound(f"There is nothing to stream in '{language}', but in {', '.join(dubs)}")


def _are_under_way(db: Database, job_id: UUID) -> bool:
    """Whether the last run is making streams; raises `Conflict` where it has ended without them."""
    with db.read() as connection:
        last = connection.execute(
            select(Run.params, Run.state)
            .where(Run.job_id == job_id)
            .order_by(Run.number.desc())
            .limit(1)
        ).one()
    wanted = bool(last.params.get("hls", True))  # runs older than the parameter made them
    if wanted and last.state is not RunState.RUNNING:
        raise Conflict(
            "streams-missing",
            "The last run was to make the streams and ended without them: run the job again",
            job=f"/v1/jobs/{job_id}",
        )
    return wanted
