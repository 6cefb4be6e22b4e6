"""When work is tried again, taken over or given up."""

import os

from pydantic import Field, PositiveInt
from pydantic_settings import BaseSettings

from backend.pipeline.stages import Stage


def count_cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class DurabilitySettings(BaseSettings):
    """When work is tried again, taken over or given up."""

    lease_s: float = Field(
        default=90, gt=0, description="A stage unheard of for this long is taken over, seconds"
    )
    heartbeat_s: float = Field(
        default=15, gt=0, description="How often a running stage renews its lease, seconds"
    )
    reconcile_s: float = Field(
        default=1, gt=0, description="How often the reconciler looks for work, seconds"
    )
    redispatch_s: float = Field(
        default=30, gt=0, description="A stage not claimed for this long is sent again, seconds"
    )
    max_attempts: int = Field(default=5, ge=1, description="Attempts at a stage before it is dead")
    stage_max_attempts: dict[Stage, PositiveInt] = Field(
        default_factory=dict,
        description='The same for single stages, as JSON: {"asr": 2}; others keep MAX_ATTEMPTS',
    )
    stage_limit_s: float = Field(
        default=12 * 3600, gt=0, description="Longest one attempt at a stage may take, seconds"
    )
    retry_base_s: float = Field(default=2, gt=0, description="First backoff, seconds")
    retry_max_s: float = Field(default=300, gt=0, description="Longest backoff, seconds")
    rate_limit_deadline_s: float = Field(
        default=3600, gt=0, description="Longest a stage waits for rate limits in a row, seconds"
    )
    worker_concurrency: int = Field(
        default_factory=count_cores,
        ge=1,
        description="Stages that one worker runs at a time; default: the number of cores",
    )

    @property
    def threads_per_stage(self) -> int:
        """How many threads a stage may compute with, so that all of a worker's share the cores."""
        return max(1, count_cores() // self.worker_concurrency)
