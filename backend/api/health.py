"""/healthz: the process lives. /readyz: it can accept jobs."""

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts
from backend.api.http.requests import Blueprint
from backend.database import schema
from backend.errors import Transient

blueprint = Blueprint("health", __name__, description="For load balancers and orchestrators")


@blueprint.route("/healthz")
class HealthResource(MethodView):
    """Liveness."""

    @blueprint.doc(operationId="checkHealth")
    @blueprint.response(200, schemas.HealthSchema)
    def get(self) -> dict[str, str]:
        """Answer as long as the process can.

        It looks at nothing else: what fails here is to be started anew.
        """
        return {"status": "ok"}


@blueprint.route("/readyz")
class ReadinessResource(MethodView):
    """Readiness."""

    @blueprint.doc(operationId="checkReadiness")
    @blueprint.response(200, schemas.HealthSchema)
    def get(self) -> dict[str, str]:
        """Answer 200 when a job would be accepted: that takes the database and the storage.

        Whether workers run is told by the progress of jobs.
        """
        if not schema.is_current(get_parts().db):
            raise Transient("The database's schema is not up to date: run 'dubline migrate'")
        get_parts().store.find_size("readyz")
        return {"status": "ready"}
