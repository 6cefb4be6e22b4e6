"""How servers fail, and what has to become of it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from backend.errors import Permanent, RateLimited, Refused, Transient

STATUSES = {
    400: Permanent,
    401: Refused,
    402: Refused,
    403: Refused,
    404: Refused,
    408: Transient,
    413: Permanent,
    422: Permanent,
    429: RateLimited,
    500: Transient,
    502: Transient,
    503: Transient,
    504: Transient,
}


def format_later(seconds: float) -> str:
    """An HTTP date."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
