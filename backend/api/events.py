"""/v1/jobs/{id}/events: what happened to a job, and what happens, as it happens."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask.views import MethodView

from backend.api import schemas
from backend.api.event_stream import START, stream_events
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.contract import EVENT_STREAM, STREAMED
from backend.api.http.requests import Blueprint
from backend.api.http.wsgi_bridge import STREAM
from backend.jobs import event_tickets, views

JSON = "application/json"
STREAM_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}

blueprint = Blueprint("events", __name__, url_prefix="/v1/jobs", description="Jobs, event by event")
tickets = Blueprint(
    "event-tickets", __name__, url_prefix="/v1/events", description="For who can send no header"
)


@blueprint.route("/<uuid:job_id>/events")
class EventsResource(MethodView):
    """A job's history, event by event."""

    @blueprint.doc(operationId="listJobEvents", **STREAMED)
    @blueprint.arguments(schemas.EventQuerySchema, location="query")
    @blueprint.response(200, schemas.EventViewSchema(many=True))
    def get(self, query: dict[str, Any], job_id: UUID) -> Any:
        """Tell what happened, or with `Accept: text/event-stream` what happens.

        In the order of `seq`, which counts from 1 without gaps; attempts and their errors included.
        The stream goes on behind `Last-Event-ID` or `after`, tells progress too
        (`stage.progress`, without an id), and is ended after ten minutes: come back then.
        """
        found = views.read_events(get_parts().db, get_user_id(), job_id, **query)
        if request.accept_mimetypes.best_match([JSON, EVENT_STREAM]) == EVENT_STREAM:
            return start_stream(get_user_id(), job_id, query["after"])
        return found


@blueprint.route("/<uuid:job_id>/events/tickets")
class EventTicketsResource(MethodView):
    """Tickets to a job's stream."""

    @blueprint.doc(operationId="createEventTicket")
    @blueprint.response(201, schemas.EventTicketSchema)
    def post(self, job_id: UUID) -> Any:
        """Make a ticket for the stream, for clients that can send no header.

        As browsers' EventSource. It works once, within 30 seconds.
        """
        made = event_tickets.create_ticket(get_parts().db, get_user_id(), job_id)
        path = url_for("event-tickets.TicketStreamResource", ticket=made.ticket)
        url = f"{get_parts().settings.api_url}{path}"
        return {"url": url, "expires_at": made.expires_at}


@tickets.route("/<secret:ticket>")
class TicketStreamResource(MethodView):
    """A stream that was asked for by a ticket."""

    @tickets.doc(operationId="streamJobEvents", **STREAMED)
    @tickets.arguments(schemas.AfterQuerySchema, location="query")
    @tickets.response(200)
    def get(self, query: dict[str, Any], ticket: str) -> Response:
        """Tell what happens to the job that the ticket is for.

        As `listJobEvents` does as a stream.
        """
        found = event_tickets.use_ticket(get_parts().db, ticket)
        return start_stream(found.user_id, found.job_id, query["after"])


def start_stream(user_id: UUID, job_id: UUID, after: int) -> Response:
    """The head of the answer; the server goes on with what happens (`http/wsgi_bridge.py`)."""
    parts = get_parts()
    if request.method == "GET":
        position = request.headers.get("Last-Event-ID", after, type=int)
        request.environ[STREAM] = stream_events(
            parts.job_watch, parts.db, user_id, job_id, position
        )
    return Response(iter([START]), mimetype=EVENT_STREAM, headers=STREAM_HEADERS)
