"""/v1/me/usage: how much whoever asks may have, and has."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts, get_user_id
from backend.api.http.requests import Blueprint
from backend.identity import quotas
from backend.identity.quotas import Quotas

blueprint = Blueprint("usage", __name__, url_prefix="/v1/me/usage", description="One's own quotas")


@blueprint.route("")
class UsageResource(MethodView):
    """What one may have."""

    @blueprint.doc(operationId="getUsage")
    @blueprint.response(200, schemas.UsageSchema)
    def get(self) -> dict[str, Any]:
        """Tell the limits, how much of each is used, and when it begins anew.

        What would go over one is refused with `quota-exceeded`.
        """
        return describe_usage(get_user_id())


def read_own_quotas() -> Quotas:
    """What whoever asks may have."""
    return quotas.read_quotas(get_parts().db, get_user_id(), get_parts().settings)


def describe_usage(user_id: UUID) -> dict[str, Any]:
    """What a user may have and has; a limit of 0 is told as null."""
    allowed = quotas.read_quotas(get_parts().db, user_id, get_parts().settings)
    with get_parts().db.read() as connection:
        usage = quotas.read_usage(connection, user_id)
    return {
        "max_upload_bytes": allowed.max_upload_bytes,
        **{
            name: {
                "limit": getattr(allowed, name) or None,
                "used": getattr(usage, name),
                "resets_at": usage.resets_at if name == "minutes_per_month" else None,
            }
            for name in ("minutes_per_month", "concurrent_jobs", "storage_bytes")
        },
    }
