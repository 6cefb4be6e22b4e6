"""/healthz: the process lives. /readyz: it can accept jobs."""

from flask.views import MethodView

from backend.api.http.context import get_parts
from backend.api.http.requests import Blueprint
from backend.database import schema
from backend.errors import Transient

blueprint = Blueprint("health", __name__, description="For load balancers and orchestrators")


@blueprint.route("/healthz")
class HealthResource(MethodView):
    """Liveness."""

    @blueprint.response(200)
    def get(self) -> dict[str, str]:
        """Answer as long as the process can."""
        return {"status": "ok"}


@blueprint.route("/readyz")
class ReadinessResource(MethodView):
    """Readiness."""

    @blueprint.response(200)
    def get(self) -> dict[str, str]:
        """Answer 200 when a job would be accepted: that takes the database and the storage."""
        if not schema.is_current(get_parts().db):
            raise Transient("The database's schema is not up to date: run 'dubline migrate'")
        get_parts().store.find_size("readyz")
        return {"status": "ready"}
