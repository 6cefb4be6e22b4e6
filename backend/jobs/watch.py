"""News of jobs that somebody follows: one look a moment for all of them, however many follow.

Any database can be looked into; notifications of Postgres would get lost behind a pooler that
shares connections between transactions, and SQLite has none.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.database.engine import Database
from backend.database.models.jobs import Job
from backend.database.models.runs import StageRun
from backend.pipeline.stages import Stage
from backend.pipeline.states import StageState

Result = TypeVar("Result")

LOOK_S = 0.5
THREADS = 2

log = structlog.get_logger()


class JobNews(NamedTuple):
    """The number of a job's latest event, and how far its running stages are, 0 to 1."""

    seq: int
    progress: Mapping[tuple[Stage, str], float]


class Follower:
    """One who follows a job."""

    def __init__(self) -> None:
        self._news: JobNews | None = None
        self._changed = asyncio.Event()

    def tell(self, news: JobNews) -> None:
        """Wake whoever waits, if anything has changed."""
        if news != self._news:
            self._news = news
            self._changed.set()

    async def wait(self, seconds: float) -> JobNews | None:
        """What is new; None when nothing is for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return None
        self._changed.clear()
        return self._news


class JobWatch:
    """Looks at the jobs that are followed; it belongs to one event loop."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._followers: dict[UUID, set[Follower]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "events")
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def follow(self, job_id: UUID) -> Iterator[Follower]:
        """Within it, the follower is told of this job."""
        follower = Follower()
        self._followers.setdefault(job_id, set()).add(follower)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        try:
            yield follower
        finally:
            self._followers[job_id].remove(follower)
            if not self._followers[job_id]:
                del self._followers[job_id]

    async def ask(self, question: Callable[[], Result]) -> Result:
        """Ask the database while the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, question)

    async def _look(self) -> None:
        while self._followers:
            try:
                news = await self.ask(partial(read_news, self._db, list(self._followers)))
            except SQLAlchemyError as error:
                # It is away, or gives no connection: whoever follows waits until it is back.
                log.warning("cannot look at jobs", error=type(error).__name__)
                news = {}
            for job_id, one in news.items():
                for follower in self._followers.get(job_id, ()):
                    follower.tell(one)
            await asyncio.sleep(LOOK_S)
        self._looking = None


def read_news(db: Database, job_ids: Collection[UUID]) -> dict[UUID, JobNews]:
    """How these jobs are now; of those that are no more nothing is told."""
    running = select(StageRun.job_id, StageRun.stage, StageRun.language, StageRun.progress).where(
        StageRun.job_id.in_(job_ids), StageRun.state == StageState.RUNNING
    )
    with db.read() as connection:
        numbers = connection.execute(select(Job.id, Job.event_seq).where(Job.id.in_(job_ids))).all()
        stages = connection.execute(running).all()
    progress: dict[UUID, dict[tuple[Stage, str], float]] = {row.id: {} for row in numbers}
    for row in stages:
        progress.get(row.job_id, {})[row.stage, row.language] = row.progress
    return {row.id: JobNews(row.event_seq, progress[row.id]) for row in numbers}
