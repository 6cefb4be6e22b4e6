"""A job's events as they happen, over sockets, without gap or repeat."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text, update

from backend.api import event_stream
from backend.database.engine import from_now
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.jobs import EventTicket
from backend.jobs import submit, views, watch
from backend.pipeline.stages import Stage
from backend.runs import leases
from tests import factories
from tests.api_server import run_server

Stream = Iterator[tuple[str | None, str, Any]]
Follow = Callable[..., AbstractContextManager[Stream]]
DEADLINE_S = 30


@pytest.fixture
def url(parts) -> Iterator[str]:
    with run_server(parts) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def follow(url) -> Follow:
    """The events of a stream: id, type and data of each, or a comment's text."""

    @contextmanager
    def open_stream(path: str, **headers: str) -> Iterator[Stream]:
        wanted = {"Accept": "text/event-stream", **headers}
        with httpx.stream("GET", url + path, headers=wanted, timeout=DEADLINE_S) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store, no-transform"
            assert answer.headers["x-accel-buffering"] == "no"
            yield parse_events(answer.iter_lines())

    return open_stream


def parse_events(lines: Iterator[str]) -> Stream:
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield None, "comment", line
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields.get("id"), fields["event"], json.loads(fields["data"])
            fields = {}


def take(stream: Stream, last: str) -> list[tuple[str | None, str, Any]]:
    """What comes until an event of this type."""
    found = []
    for one in stream:
        found.append(one)
        if one[1] == last:
            return found
    raise AssertionError(f"the stream ended after {found}")


def test_what_happened_and_what_happens(parts, url, follow):
    job_id, run_id = factories.create_dub(parts.db)
    with follow(f"/v1/jobs/{job_id}/events") as stream:
        take(stream, "run.created")
        factories.do_all(parts.db, run_id)
        rest = take(stream, "run.succeeded")
    assert {"stage.started", "stage.succeeded"} <= {kind for _, kind, _ in rest}
    with follow(f"/v1/jobs/{job_id}/events") as stream:
        told = take(stream, "run.succeeded")
    listed = views.read_events(parts.db, LOCAL_USER, job_id)
    assert [int(number) for number, _, _ in told] == [event["seq"] for event in listed]
    assert [kind for _, kind, _ in told] == [event["type"] for event in listed]
    as_json = httpx.get(f"{url}/v1/jobs/{job_id}/events").json()
    assert [data for *_, data in told] == as_json


def test_a_client_that_comes_back_goes_on_where_it_was(parts, follow):
    job_id, run_id = factories.create_dub(parts.db)
    with follow(f"/v1/jobs/{job_id}/events", **{"Last-Event-ID": "1"}) as stream:
        assert next(stream)[0] == "2"
    with follow(f"/v1/jobs/{job_id}/events?after=2") as stream:
        factories.do_stage(parts.db, run_id, Stage.ASR)
        assert [number for number, *_ in take(stream, "stage.succeeded")] == ["3", "4"]


def test_progress_is_told_without_an_id(parts, follow):
    job_id, run_id = factories.create_dub(parts.db)
    claim = factories.claim_stage(parts.db, run_id, Stage.ASR)
    with follow(f"/v1/jobs/{job_id}/events") as stream:
        for done in (0.25, 0.5):
            leases.heartbeat(parts.db, claim, done)
            while (told := take(stream, "stage.progress")[-1])[2]["progress"] != done:
                pass
            data = {"stage": "asr", "language": None, "progress": done}
            assert told == (None, "stage.progress", data)


def test_a_cancelled_job_tells_what_was_cancelled(parts, follow):
    job_id, _ = factories.create_dub(parts.db)
    with follow(f"/v1/jobs/{job_id}/events") as stream:
        take(stream, "run.created")
        submit.cancel_job(parts.db, LOCAL_USER, job_id)
        kinds = [kind for _, kind, _ in take(stream, "run.cancelled")]
    assert "run.cancel_requested" in kinds


def test_silence_is_broken_and_no_stream_gets_old(parts, follow, monkeypatch):
    monkeypatch.setattr(event_stream, "PING_S", 0.05)
    monkeypatch.setattr(event_stream, "OLDEST_S", 2.0)
    job_id, _ = factories.create_dub(parts.db)
    with follow(f"/v1/jobs/{job_id}/events") as stream:
        told = [kind for _, kind, _ in stream]  # it ends by itself
    assert told[:2] == ["job.created", "run.created"]
    assert told.count("comment") > 3


def test_as_json_it_comes_in_pages(parts, url):
    job_id, run_id = factories.create_dub(parts.db)
    factories.do_all(parts.db, run_id)
    path = f"{url}/v1/jobs/{job_id}/events"
    events = httpx.get(path).json()
    pages, after = [], 0
    while page := httpx.get(f"{path}?after={after}&limit=3").json():
        assert len(page) <= 3
        pages += page
        after = page[-1]["seq"]
    assert pages == events
    assert httpx.get(f"{path}?limit=0").status_code == 422


def test_a_ticket_opens_one_stream(parts, url, follow):
    job_id, _ = factories.create_dub(parts.db)
    made = httpx.post(f"{url}/v1/jobs/{job_id}/events/tickets")
    assert made.status_code == 201
    path = made.json()["url"].removeprefix(parts.settings.api_url)
    with follow(f"{path}?after=1") as stream:
        assert next(stream)[:2] == ("2", "run.created")
    assert httpx.get(url + path).status_code == 404
    assert httpx.post(f"{url}/v1/jobs/{UUID(int=7)}/events/tickets").status_code == 404


def test_a_ticket_works_for_half_a_minute(parts, url):
    job_id, _ = factories.create_dub(parts.db)
    made = httpx.post(f"{url}/v1/jobs/{job_id}/events/tickets").json()
    with parts.db.write() as connection:
        connection.execute(update(EventTicket).values(expires_at=from_now(0)))
    path = made["url"].removeprefix(parts.settings.api_url)
    assert httpx.get(url + path).status_code == 404


def test_there_is_nothing_to_follow_of_no_job(url):
    answer = httpx.get(
        f"{url}/v1/jobs/{UUID(int=7)}/events", headers={"Accept": "text/event-stream"}
    )
    assert answer.status_code == 404


def test_a_server_ends_while_it_streams(parts):
    """Red when it waits for streams to end: a stream lasts ten minutes."""
    job_id, _ = factories.create_dub(parts.db)
    with run_server(parts) as (host, port):
        stream = httpx.stream(
            "GET",
            f"http://{host}:{port}/v1/jobs/{job_id}/events",
            headers={"Accept": "text/event-stream"},
        )
        answer = stream.__enter__()
        assert next(answer.iter_lines()).startswith("retry: ")


def test_streams_outlive_a_database_that_is_away(parts, follow):
    """Red when the look ends with the first error: nobody would ever be told anything."""
    job_id, run_id = factories.create_dub(parts.db)
    with follow(f"/v1/jobs/{job_id}/events") as stream:
        take(stream, "run.created")
        with parts.db.write() as connection:
            connection.execute(text("ALTER TABLE stage_runs RENAME TO away"))
        time.sleep(3 * watch.LOOK_S)  # it looks meanwhile
        with parts.db.write() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO stage_runs"))
        factories.do_stage(parts.db, run_id, Stage.ASR)
        take(stream, "stage.succeeded")
