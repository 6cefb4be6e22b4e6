"""The fast path: what an accepted run is sent with, and how its job is answered."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from flask import url_for

from backend.api.http.context import get_parts, get_user_id
from backend.broker.errors import list_broker_errors
from backend.database.errors import DatabaseFailure
from backend.jobs import views
from backend.runs import outbox

log = structlog.get_logger()


def dispatch_and_answer(job_id: UUID, run_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Send the run's first messages; the answer is 202 with the job and its address."""
    send_first_messages(run_id)
    return answer_accepted(job_id)


def answer_accepted(job_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
    """202 with the job as it stands and its address."""
    location = {"Location": url_for("jobs.JobResource", job_id=job_id)}
    return views.read_job_view(get_parts().db, get_user_id(), job_id), 202, location


def send_first_messages(run_id: UUID) -> None:
    """The run is accepted already: when this fails the relay sends it instead."""
    try:
        for message in outbox.read_first_messages(get_parts().db, run_id):
            get_parts().dispatcher.send(message)
    except list_broker_errors() as error:
        log.warning("broker out of reach: the reconciler will send it", error=type(error).__name__)
        # Without this the relay looks a little later.
        with suppress(DatabaseFailure), get_parts().db.write() as connection:
            outbox.wake(connection, run_id)
