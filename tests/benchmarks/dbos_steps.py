"""DBOS for comparison: a process that runs workflows of four steps that do nothing.

Workflows start in the process that does them, without a queue: DBOS's fastest way.
"""

import os

from dbos import DBOS

from tests.benchmarks.processes import obey

DATABASE = "DBOS_BENCHMARK_DATABASE"


@DBOS.step()
def step() -> None:
    """Nothing."""


@DBOS.workflow()
def workflow() -> None:
    """Four steps."""
    for _ in range(4):
        step()


def _do(jobs: int) -> None:
    for handle in [DBOS.start_workflow(workflow) for _ in range(jobs)]:
        handle.get_result()


if __name__ == "__main__":
    DBOS(
        config={
            "name": "benchmark",
            "system_database_url": os.environ[DATABASE],
            "executor_id": str(os.getpid()),
            "run_admin_server": False,
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    obey(_do)
    DBOS.destroy()
