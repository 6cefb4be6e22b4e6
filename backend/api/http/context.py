"""What a request works with: the parts of this app, and who asks."""

from uuid import UUID

from flask import current_app, g

from backend.identity.principal import Principal
from backend.wiring import Parts


def get_parts() -> Parts:
    """The parts that `create_app` put in place."""
    found: Parts = current_app.extensions["dubline"]
    return found


def get_principal() -> Principal:
    """Who asks; there is nobody on routes that demand no identity."""
    found: Principal = g.principal
    return found


def get_user_id() -> UUID:
    """Whose request this is."""
    return get_principal().user_id
