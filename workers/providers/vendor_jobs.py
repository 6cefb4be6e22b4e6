"""A job that a vendor works on meanwhile: kept durably, looked at now and then, forgotten."""

import json
import time
from dataclasses import asdict, dataclass

from backend.errors import Pending, Transient
from workers.interfaces.providers import ProviderCall

KEY = "job"
SOONEST_S, LATEST_S = 3.0, 30.0  # between two looks
CALLED_S = 300.0  # where the vendor calls when it is done, and might fail to
LOST_S = 2 * 3600  # a job that is at work for longer is given up


@dataclass(frozen=True)
class VendorJob:
    """Since when the vendor works on it, on how many seconds of sound, and whether by speakers."""

    id: str
    since: float
    duration: float
    diarize: bool


def keep_job(call: ProviderCall, job: VendorJob) -> None:
    """Store it before anything else is done, so that it is not bought again."""
    call.remember(KEY, json.dumps(asdict(job)))


def find_job(call: ProviderCall) -> VendorJob | None:
    """The job that an earlier attempt has kept."""
    kept = call.recall(KEY)
    return VendorJob(**json.loads(kept)) if kept else None


def forget_job(call: ProviderCall) -> None:
    """The next attempt is to hand in another one."""
    call.remember(KEY, "")


def build_pending(vendor: str, job: VendorJob, *, called: bool) -> Pending:
    """To be looked at again: a quarter of the time that it has taken is not too long to wait.

    `called`: the vendor calls when it is done. Raises `Transient` when it has taken too long.
    """
    taken = time.time() - job.since
    if taken > LOST_S:
        raise Transient(f"{vendor}: job {job.id} is at work for more than {LOST_S} s")
    wait = CALLED_S if called else min(LATEST_S, max(SOONEST_S, taken / 4))
    return Pending(f"{vendor} is at work on job {job.id}", wait)
