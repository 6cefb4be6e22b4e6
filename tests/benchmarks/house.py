"""A Dubline with stub providers for benchmarks: two processes that work, on servers or embedded."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from redis import Redis

from backend.cli.processes import WORKER_OPTIONS
from backend.pipeline.stages import Stage
from backend.settings.checks import is_open
from backend.wiring import Parts
from tests import factories
from tests.benchmarks.processes import Side, running
from tests.chaos.house import environment, wait_for
from tests.servers import free_port

MODULES = {
    "worker": ("celery", "-A", "workers.app", "worker", *WORKER_OPTIONS),
    # The same, but that its stages do nothing.
    "empty worker": ("celery", "-A", "tests.benchmarks.empty_stages", "worker", *WORKER_OPTIONS),
    "reconciler": ("workers.reconciler",),
    "api": ("backend.cli.main", "api"),
    "embedded": ("backend.cli.main", "up"),
}


class House:
    """Starts the roles of one Dubline, and reaches them."""

    def __init__(self, folder: Path, **urls: str) -> None:
        self.settings = factories.stub_settings(
            folder / "home", worker_concurrency=2, api_port=free_port(), **urls
        )
        self.parts = Parts(self.settings)
        self.api = httpx.Client(base_url=f"{self.settings.api_url}/v1/", timeout=60)
        self.log = folder / "log"
        self.environment = environment(self.settings)

    @contextmanager
    def running(self, *roles: str) -> Iterator[None]:
        """Run these until the end of the context."""
        with ExitStack() as stack:
            for role in roles:
                stack.enter_context(running(self.log, self.environment, *MODULES[role]))
            if {"api", "embedded"} & set(roles):
                wait_for(self._answers, f"the API to answer; its log is {self.log}")
                self._log_in()
            yield

    def _log_in(self) -> None:
        if not is_open(self.settings):
            self.api.headers["Authorization"] = f"Bearer {factories.api_key(self.parts.db)}"

    def _answers(self) -> bool | None:
        try:
            return httpx.get(f"{self.settings.api_url}/healthz").is_success or None
        except httpx.TransportError:
            return None

    @contextmanager
    def driven(self) -> Iterator[Side]:
        """What accepts jobs for this house as its API does, without HTTP."""
        with running(self.log, self.environment, "tests.benchmarks.dubline_jobs") as driver:
            yield Side(driver)

    def rest(self) -> None:
        """Wait until its workers have nothing more to do: messages may have been sent twice."""
        with Redis.from_url(self.settings.broker_url.get_secret_value()) as redis:
            wait_for(lambda: not any(map(redis.llen, Stage)) or None, "the queues to be empty", 300)
