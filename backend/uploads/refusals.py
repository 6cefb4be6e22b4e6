"""Why a file was refused, kept in its row until its user asks."""

from typing import Any

from backend.errors import Invalid, LimitExceeded, Permanent

KINDS = {kind.__name__: kind for kind in (Invalid, LimitExceeded, Permanent)}


def pack_refusal(error: Invalid | Permanent) -> dict[str, Any]:
    """The error as JSON."""
    kind = next(kind for kind in type(error).__mro__ if kind.__name__ in KINDS)
    return {"kind": kind.__name__, "message": str(error), "details": vars(error)}


def unpack_refusal(packed: dict[str, Any]) -> Invalid | Permanent:
    """The error again; it may be raised."""
    kind: Any = KINDS[packed["kind"]]
    error: Invalid | Permanent = kind.__new__(kind, packed["message"])
    vars(error).update(packed["details"])
    return error
