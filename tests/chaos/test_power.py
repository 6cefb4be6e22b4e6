"""The power fails: every process of the machine dies at once, and at the next start all goes on.

What turns it red, and was tried: docs/adr/0003.
"""

import signal

import pytest

from backend.pipeline.stages import Stage
from tests.chaos.house import House, check_invariants
from tests.servers import Server

ROLES = {True: ["up"], False: ["worker", "reconciler"]}


def test_after_a_power_cut_unfinished_work_goes_on_by_itself(
    house: House, request: pytest.FixtureRequest
) -> None:
    embedded = house.parts.settings.embedded
    running = [house.start(role) for role in ROLES[embedded]]
    with house.gate("mid-work", Stage.TTS) as reached:
        job_id, waiting = house.submit(), house.submit("Another one.\n")
        reached()
        for process in running:
            house.kill_all(process)
        if not embedded:
            _servers_crash(request)
    for role in ROLES[embedded]:
        house.start(role)
    for one in (job_id, waiting):
        assert house.wait_for_end(one)["status"] == "succeeded"
        check_invariants(house.parts, one)


def _servers_crash(request: pytest.FixtureRequest) -> None:
    for name, signum in (("redis_server", signal.SIGKILL), ("postgres_server", signal.SIGQUIT)):
        server: Server = request.getfixturevalue(name)
        server.stop(signum)
        server.start()
