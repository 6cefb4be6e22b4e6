"""The HTTP API as a Flask app."""

from flask import Flask
from flask_smorest import Api
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, IntegerConverter, UUIDConverter

from backend.api import (
    account,
    admin,
    auth,
    blobs,
    dead_letters,
    events,
    files,
    health,
    hls,
    jobs,
    multipart,
    offers,
    segments,
    shares,
    usage,
    webhooks,
)
from backend.api.http import access, contract, hosts, problems, rate_limits, request_ids
from backend.api.http.requests import MOST_JSON_BYTES
from backend.settings import Settings
from backend.settings.checks import check_identity
from backend.wiring import Parts

VERSION = "v1"


class SecretConverter(BaseConverter):
    """A secret in a path, as identity/secrets.py builds them; nothing else gets there."""

    regex = contract.LINK_TEXT


class ContractApi(Api):
    """Documents what api/http/contract.py says of all operations."""

    DEFAULT_ERROR_RESPONSE_NAME = contract.ANY_PROBLEM

    def __init__(self, app: Flask) -> None:
        more = {"info": contract.INFO, "servers": contract.SERVERS}
        super().__init__(app, spec_kwargs={"extra_plugins": [contract.ContractPlugin()], **more})
        self.register_converter(SecretConverter, lambda _: dict(contract.SECRET))
        self.register_converter(UUIDConverter, lambda _: dict(contract.ID))
        self.register_converter(IntegerConverter, lambda _: dict(contract.WHOLE))

    def _register_responses(self) -> None:
        """None of flask-smorest's own: `ContractPlugin` has them."""

    def _register_pagination_header(self) -> None:
        """Pages are told in bodies."""


def create_app(settings: Settings) -> Flask:
    """Build the app; it reaches for nothing until the first request.

    Raises `SettingsError` when it would be open to more than its own machine.
    """
    check_identity(settings)
    app = Flask("dubline", static_folder=None)
    app.config.update(
        API_TITLE="Dubline",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/v1",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=MOST_JSON_BYTES,
    )
    app.extensions["dubline"] = Parts(settings)
    app.url_map.converters["secret"] = SecretConverter
    api = ContractApi(app)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies)  # type: ignore[method-assign]
    request_ids.register_request_ids(app)
    hosts.check_hosts(app, settings)
    access.register_access(app)
    rate_limits.limit_rates(app, settings)
    problems.register_error_handlers(app)
    for module in (
        *(files, multipart, jobs, events, segments, hls, shares, offers, dead_letters),
        *(auth, account, admin, health, usage),
    ):
        api.register_blueprint(module.blueprint)
    api.register_blueprint(account.keys)
    api.register_blueprint(shares.shared)
    api.register_blueprint(events.tickets)
    app.register_blueprint(hls.playlists)
    app.register_blueprint(webhooks.blueprint)
    if settings.storage_backend == "local":
        app.register_blueprint(blobs.blueprint)
    return app
