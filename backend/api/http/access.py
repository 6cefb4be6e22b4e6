"""Who may use which route: one table, and whatever is not in it demands identity."""

from flask import Flask, g, request

from backend.api.http.context import get_parts
from backend.database import row_security
from backend.identity.principal import LOCAL, Principal, Scope
from backend.settings.checks import is_open

# Blueprints that anybody may use: what is signed, what leads to a login, what only machines ask,
# and what vendors call, who show a secret of their own.
PUBLIC = {"api-docs", "auth", "blobs", "event-tickets", "health", "playlists", "shared", "webhooks"}
# Those about the account itself, which take a session: no API key may make others.
OWN_ACCOUNT = {"account", "api-keys"}
ADMIN = {"admin"}
READING = {"events"}  # whatever the method: a ticket lets its owner read
SESSION = "session"
READ = ("GET", "HEAD", "OPTIONS")


def register_access(app: Flask) -> None:
    """Look at who asks, before any route is begun."""
    app.before_request(_let_in)
    app.teardown_request(_leave)


def find_demand(blueprint: str | None, method: str) -> Scope | str | None:
    """What a route takes: a scope, `SESSION`, or nothing."""
    if blueprint in PUBLIC:
        return None
    if blueprint in OWN_ACCOUNT:
        return SESSION
    if blueprint in ADMIN:
        return Scope.ADMIN
    return Scope.JOBS_READ if method in READ or blueprint in READING else Scope.JOBS_WRITE


def _let_in() -> None:
    row_security.act_as_system()
    demand = find_demand(request.blueprint, request.method)
    if request.url_rule is None or demand is None:
        return
    g.principal = _identify()
    if isinstance(demand, Scope):
        g.principal.require_scope(demand)
    else:
        g.principal.require_session()
    if request.blueprint not in OWN_ACCOUNT | ADMIN:
        row_security.act_as_user(g.principal.user_id)


def _leave(_error: BaseException | None) -> None:
    """Whatever this thread does next is not done for the user."""
    row_security.act_as_system()


def _identify() -> Principal:
    parts = get_parts()
    if is_open(parts.settings):
        return LOCAL
    return parts.authenticator.identify(request.headers.get("Authorization", ""))
