"""What vendors answer instead of what was asked for, in the words of the domain: one table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from backend.errors import DublineError, Permanent, RateLimited, Refused, Transient

# What a status means; others from 500 on, and those of success, are `Transient`, the rest
# `Permanent`. The text is what to do about it.
STATUSES: Mapping[int, tuple[type[DublineError], str]] = {
    401: (Refused, "check its key"),
    402: (Refused, "add credit with the vendor"),
    403: (Refused, "the key may not do this"),
    404: (Refused, "the vendor has no such model, voice or job"),
    408: (Transient, ""),
    409: (Transient, ""),
    410: (Refused, "the vendor has this no longer"),
    413: (Permanent, "it is too much for one call"),
    425: (Transient, ""),
    429: (RateLimited, ""),
}
# Words of the vendors' own, which count more than the status that they come with.
CODES: Mapping[str, tuple[type[DublineError], str]] = {
    **dict.fromkeys(
        (
            *("insufficient_quota", "credit_balance_exhausted", "quota_exceeded"),
            *("organization_spend_limit_exceeded", "project_spend_limit_exceeded"),
            *("organization_usage_limit_exceeded", "insufficient_credits"),
        ),
        (Refused, "add credit with the vendor"),
    ),
    **dict.fromkeys(
        ("too_many_concurrent_requests", "system_busy", "at_capacity"), (RateLimited, "")
    ),
    **dict.fromkeys(
        ("voice_not_found", "model_not_found", "unsupported_language", "model_deprecated"),
        (Refused, "the vendor does not offer this"),
    ),
}

URL = re.compile(r"\b\w+://\S+")
KEY = re.compile(r"\b(?:sk|Token|Bearer|xi)[-_ ][\w*.\-]{6,}|\b[0-9a-fA-F]{32,}\b")
LONGEST = 160  # characters of a vendor's message


@dataclass(frozen=True)
class VendorFailure:
    """What is known of a call that failed; `status` is None where nothing came back."""

    status: int | None = None
    code: str = ""
    message: str = ""
    request_id: str = ""
    retry_after: str = ""


def read_failure(
    status: int | None, body: Any, headers: Mapping[str, str] | None, request_id: str
) -> VendorFailure:
    """The failure that an answer with such a body tells; `request_id` is the header's name."""
    headers = headers or {}
    told = _find_told(body)
    return VendorFailure(
        status,
        _find_code(told),
        _find_text(told, "err_msg", "message", "msg", "error"),
        headers.get(request_id) or _find_text(told, "request_id"),
        headers.get("retry-after", ""),
    )


def _find_told(body: Any) -> Mapping[str, Any]:
    """The part of a body that tells the error: `detail` or `error` where it is in one of these."""
    while isinstance(body, Mapping):
        inner = body.get("detail") or body.get("error")
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if not isinstance(inner, Mapping):
            return {**body, "message": body.get("message") or inner or ""}
        body = inner
    return {"message": body if isinstance(body, str) else ""}


def _find_code(told: Mapping[str, Any]) -> str:
    """The word that is known, of those that a body may have; else the first."""
    names = ("err_code", "category", "code", "status", "type")
    found = [told[name] for name in names if isinstance(told.get(name), str) and told[name]]
    return next((word for word in found if word.lower() in CODES), "".join(found[:1]))


def _find_text(told: Mapping[str, Any], *names: str) -> str:
    return next(
        (told[name] for name in names if isinstance(told.get(name), str) and told[name]), ""
    )


def build_error(
    vendor: str, operation: str, failure: VendorFailure, secrets: Iterable[str] = ()
) -> DublineError:
    """The error to raise: its message has neither a key nor a URL nor one of the `secrets`."""
    kind, advice = classify_failure(failure)
    message = _format_failure(vendor, operation, failure, advice, secrets)
    if kind is RateLimited:
        return RateLimited(message, parse_retry_after(failure.retry_after, datetime.now(UTC)))
    return kind(message)


def classify_failure(failure: VendorFailure) -> tuple[type[DublineError], str]:
    """Which error it is, and what to do about it."""
    known = CODES.get(failure.code.lower()) or STATUSES.get(failure.status or 0)
    if known:
        return known
    status = failure.status or HTTPStatus.OK
    if status < HTTPStatus.MULTIPLE_CHOICES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Transient, ""
    return Permanent, ""


def parse_retry_after(text: str, now: datetime) -> float | None:
    """The seconds to wait that a header tells, as seconds or as a date; None when it tells none."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    return seconds if 0 <= seconds < float("inf") else (0.0 if seconds < 0 else None)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text in one line without secrets, URLs and what looks like a key, and not too long."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    text = KEY.sub("***", URL.sub("<url>", text))
    return " ".join(text.split())[:LONGEST]


def _format_failure(
    vendor: str, operation: str, failure: VendorFailure, advice: str, secrets: Iterable[str]
) -> str:
    status = f"HTTP {failure.status}" if failure.status else ""
    request = f"(request {failure.request_id})" if failure.request_id else ""
    said = redact(failure.message, secrets)
    what = " ".join(filter(None, (status, redact(failure.code), said, request)))
    return f"{vendor}: {operation} failed: {what}{f'; {advice}' if advice else ''}"
