"""A job's events as a stream (Server-Sent Events, HTML Living Standard, 9.2), without end or gap.

An event's `id` is its `seq`, so that a client that comes back with `Last-Event-ID` goes on behind
it. Progress is no event: it is told as it is, without an id.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from backend.api import schemas
from backend.database import row_security
from backend.database.engine import Database
from backend.database.errors import DatabaseFailure
from backend.jobs import views
from backend.jobs.watch import JobNews, JobWatch

PING_S = 15.0  # proxies close what is silent for longer
OLDEST_S = 600.0  # then the client comes back, and who it is is looked at again
RETRY_MS = 1000
PING = b": ping\n\n"
START = f"retry: {RETRY_MS}\n\n".encode()

EVENT = schemas.EventViewSchema()


async def stream_events(
    watch: JobWatch, db: Database, user_id: UUID, job_id: UUID, after: int
) -> AsyncGenerator[bytes]:
    """What happens to a job after an event, as it happens, in blocks for a client.

    It ends when the database is away: the client comes back, and loses nothing by that.
    """
    ends = asyncio.get_running_loop().time() + OLDEST_S
    told: Mapping[Any, float] = {}
    with watch.follow(job_id) as follower:
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            news = await follower.wait(min(PING_S, left))
            if news is None:
                yield PING
                continue
            if news.seq > after:
                try:
                    events = await watch.ask(partial(_read_events, db, user_id, job_id, after))
                except DatabaseFailure:
                    return
                for event in events:
                    yield format_event(event)
                    after = event["seq"]
            for block in list_progress(news, told):
                yield block
            told = news.progress


def _read_events(db: Database, user_id: UUID, job_id: UUID, after: int) -> list[dict[str, Any]]:
    with row_security.as_user(user_id):
        return views.read_events(db, user_id, job_id, after=after)


def format_event(event: Mapping[str, Any]) -> bytes:
    """An event, as `GET .../events` tells it as JSON."""
    data = json.dumps(EVENT.dump(event), ensure_ascii=False)
    return f"id: {event['seq']}\nevent: {event['type']}\ndata: {data}\n\n".encode()


def list_progress(news: JobNews, told: Mapping[Any, float]) -> list[bytes]:
    """How far stages are of which that was not told yet."""
    return [
        _format_progress(place, done)
        for place, done in news.progress.items()
        if told.get(place) != done
    ]


def _format_progress(place: tuple[str, str], done: float) -> bytes:
    stage, language = place
    data = {"stage": stage, "language": language or None, "progress": done}
    return f"event: stage.progress\ndata: {json.dumps(data)}\n\n".encode()
