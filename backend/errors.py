"""What can go wrong, in the words of the domain; the API and the runner each map these once."""

from datetime import datetime
from typing import Any


class DublineError(Exception):
    """Base of every error that Dubline raises on purpose; `str()` is fit to show a user."""


class Transient(DublineError):
    """Trying again later may help: a timeout, a dropped connection, a vendor's 5xx."""


class RateLimited(Transient):
    """The vendor asks to slow down; waiting does not use up an attempt."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """`retry_after` is in seconds, as the vendor asked, or None when it did not say."""
        super().__init__(message)
        self.retry_after = retry_after
        self.advanced = False  # whether it answered other calls of the same attempt


class OutOfService(RateLimited):
    """The provider has not answered for a while: it is asked again later, or another one is."""


class Throttled(Transient):
    """The turn to call a provider comes only later, at the rate agreed with it: no failure."""

    def __init__(self, message: str, wait: float) -> None:
        """`wait` is in seconds."""
        super().__init__(message)
        self.wait = wait


class Pending(Throttled):
    """The provider has taken the work in and is not done with it: no failure, ask again later."""


class Permanent(DublineError):
    """Trying again cannot help: bad input, a missing language, a refused key."""


class LimitExceeded(Permanent):
    """More than the settings allow: `limit` is the setting, `allowed` its value, `found` ours."""

    def __init__(self, message: str, limit: str, allowed: float, found: float) -> None:
        super().__init__(f"{message} ({limit} is {format(allowed, '.15g')})")
        self.limit = limit
        self.allowed = allowed
        self.found = found


class Refused(Permanent):
    """The provider refuses for a reason of its own (its key, its credit): another one may do it."""


class Damaged(Permanent):
    """Storage lost or changed an object: whatever made it has to be done again."""


class Cancelled(DublineError):
    """Somebody asked for the job to stop."""


class Stopping(DublineError):
    """The worker is told to stop: the stage is handed back and goes on elsewhere."""


class LeaseLost(DublineError):
    """Another worker owns this stage by now; whatever this one made is discarded."""


class Invalid(DublineError):
    """The request itself is wrong: `field` names the part, the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotFound(DublineError):
    """There is no such thing, or it belongs to somebody else."""


class Unauthenticated(DublineError):
    """Nobody is known to ask: no token, or one that does not work."""

    def __init__(self, message: str = "This access token does not work, or no longer") -> None:
        super().__init__(message)


class Forbidden(DublineError):
    """Whoever asks may not do this; `slug` names the problem type."""

    def __init__(self, slug: str, message: str, *, scope: str | None = None) -> None:
        """`scope` is the one that is missing."""
        super().__init__(message)
        self.slug = slug
        self.scope = scope


class TooManyRequests(DublineError):
    """This was tried too often; `slug` names the problem type."""

    def __init__(self, slug: str, message: str, *, retry_after: int) -> None:
        """`retry_after` is in seconds."""
        super().__init__(message)
        self.slug = slug
        self.retry_after = retry_after


class QuotaExceeded(DublineError):
    """A user has used up what they may: `quota` names it, `limit` and `used` are in its unit."""

    def __init__(
        self, quota: str, *, limit: float, used: float, resets_at: datetime | None = None
    ) -> None:
        """`resets_at` is when it begins anew, None for what only deleting or waiting frees."""
        what = f"{quota}: {format(used, '.6g')} of {format(limit, '.15g')} are used"
        when = f"; it begins anew at {resets_at.isoformat()}" if resets_at else ""
        super().__init__(f"This would go over your quota. {what}{when}")
        self.quota = quota
        self.limit = limit
        self.used = used
        self.resets_at = resets_at


class Conflict(DublineError):
    """The request is sound but the present state forbids it; `slug` names the problem type."""

    def __init__(self, slug: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.slug = slug
        self.details = details
