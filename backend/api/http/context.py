"""What a request works with: the parts of this app, and who asks."""

from uuid import UUID

from flask import current_app

from backend.database.models.accounts import LOCAL_USER
from backend.wiring import Parts


def get_parts() -> Parts:
    """The parts that `create_app` put in place."""
    found: Parts = current_app.extensions["dubline"]
    return found


def get_user_id() -> UUID:
    """Whose request this is; without accounts there is one user."""
    return LOCAL_USER
