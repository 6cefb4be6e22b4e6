"""Every blow, at every place, in every stage: the job ends well, and nothing is bought twice.

`make test` runs a part, `make chaos` all. What turns it red, and was tried: docs/adr/0003.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from itertools import product

import pytest

from backend.pipeline.stages import RESUMABLE, Stage
from tests.chaos.house import House, check_invariants, stages_of
from tests.servers import S3, Server

pytestmark = pytest.mark.parametrize("house", ["servers"], indirect=True)

OUTAGE_S = 10
RESTART_S = 1  # less than the house's lease

Blow = Callable[["Scene"], None]


class Scene:
    """A worker stands at a gate, and everything around it may be broken."""

    def __init__(self, house: House, request: pytest.FixtureRequest) -> None:
        self.house = house
        self.redis: Server = request.getfixturevalue("redis_server")
        self.postgres: Server = request.getfixturevalue("postgres_server")
        self.s3: S3 = request.getfixturevalue("s3_server")
        self.victim: subprocess.Popen[bytes] | None = None
        self.afterwards: list[Callable[[], None]] = []

    def back_later(self, server: Server | S3, seconds: float) -> None:
        """Start a server again so long after the work has gone on without it."""

        def act() -> None:
            time.sleep(seconds)
            server.start()

        self.afterwards.append(act)


def kill_child(scene: Scene) -> None:
    """As the system does when memory is short."""
    scene.house.signal_children(scene.victim, signal.SIGKILL)


def kill_main(scene: Scene) -> None:
    """Its children go on until they see that nobody listens to them."""
    scene.victim.kill()
    scene.house.start(scene.house.role(scene.victim))


def tell_to_stop(scene: Scene) -> None:
    """A deploy."""
    scene.victim.terminate()
    scene.house.start(scene.house.role(scene.victim))


def quit_now(scene: Scene) -> None:
    """Celery's cold shutdown."""
    scene.victim.send_signal(signal.SIGQUIT)
    scene.house.start(scene.house.role(scene.victim))


def lose_redis(scene: Scene) -> None:
    """It comes back with nothing in it."""
    scene.redis.stop(signal.SIGKILL)
    scene.back_later(scene.redis, RESTART_S)


def restart_postgres(scene: Scene) -> None:
    """Without asking whoever is connected."""
    scene.postgres.stop(signal.SIGQUIT)
    scene.back_later(scene.postgres, RESTART_S)


def refuse_storage(scene: Scene) -> None:
    """For longer than a lease."""
    scene.s3.stop()
    scene.back_later(scene.s3, OUTAGE_S)


def pause(scene: Scene) -> None:
    """Until another worker has done the whole job: then the zombie wakes, and changes nothing."""
    scene.house.signal_all(scene.victim, signal.SIGSTOP)
    scene.house.start(scene.house.role(scene.victim))


AT_WORK: list[Blow] = [
    kill_child,
    kill_main,
    tell_to_stop,
    quit_now,
    lose_redis,
    restart_postgres,
    refuse_storage,
    pause,
]
# What is away for a moment is waited for: no attempt is used up, no work thrown away.
HURTS_NO_WORK = (lose_redis, restart_postgres, refuse_storage)
PURCHASES = 4  # a recording, its text, two lines
PLACES = ("after-claim", "mid-work", "after-upload", "after-commit")
AT_PUBLISHING: list[Blow] = [kill_main, tell_to_stop, lose_redis, restart_postgres, pause]

# One case of each blow, at different places: what `make test` runs.
SAMPLE = {
    ("mid-publish", Stage.TTS, pause),
    ("mid-work", Stage.TTS, kill_child),
    ("after-claim", Stage.ASR, kill_main),
    ("mid-work", Stage.MT, tell_to_stop),
    ("after-upload", Stage.TTS, quit_now),
    ("after-commit", Stage.ASR, lose_redis),
    ("after-claim", Stage.MIX, restart_postgres),
    ("after-claim", Stage.ASR, refuse_storage),
}


def _cases(places: Iterable[str], blows: Iterable[Blow]) -> list[object]:
    return [
        pytest.param(
            *case,
            id=f"{case[2].__name__}-{case[0]}-{case[1]}",
            marks=[] if case in SAMPLE else pytest.mark.chaos,
        )
        for case in product(places, RESUMABLE, blows)
    ]


@pytest.mark.parametrize(("place", "stage", "blow"), _cases(PLACES, AT_WORK))
def test_a_blow_while_a_stage_is_worked_on(
    house: House, request: pytest.FixtureRequest, place: str, stage: Stage, blow: Blow
) -> None:
    scene = Scene(house, request)
    scene.victim = house.start("worker")
    house.start("reconciler")
    with house.gate(place, stage) as reached:
        job_id = house.submit()
        reached()
        blow(scene)
    _ends_well(scene, job_id, blow)


@pytest.mark.parametrize(("place", "stage", "blow"), _cases(["mid-publish"], AT_PUBLISHING))
def test_a_blow_while_a_message_is_published(
    house: House, request: pytest.FixtureRequest, place: str, stage: Stage, blow: Blow
) -> None:
    """The chain is lost before the stage, so that the reconciler is who sends it."""
    scene = Scene(house, request)
    with house.gate(place, stage) as reached:
        job_id = _lost_before(house, stage)
        scene.victim = house.start("reconciler")
        reached()
        blow(scene)
        house.start("worker")
    _ends_well(scene, job_id, blow)


def _lost_before(house: House, stage: Stage) -> object:
    before = list(Stage)[: list(Stage).index(stage)]
    if not before:
        return house.submit(send=False)
    worker = house.start("worker")
    with house.gate("after-commit", before[-1]) as reached:
        job_id = house.submit()
        reached()
        house.kill_all(worker)
    return job_id


def _ends_well(scene: Scene, job_id: object, blow: Blow) -> None:
    for act in scene.afterwards:
        act()
    job = scene.house.wait_for_end(job_id)
    assert job["status"] == "succeeded", job
    if blow is pause:
        scene.house.signal_all(scene.victim, signal.SIGCONT)
        scene.victim.terminate()
        scene.victim.wait(60)
        assert scene.house.job(job_id) == job, "a zombie changed something"
    if blow in HURTS_NO_WORK:
        assert {one["attempt"] for one in stages_of(job)} == {1}
    check_invariants(scene.house.parts, job_id)
    bought = scene.house.purchases()
    assert len(bought) == PURCHASES, bought
    assert set(bought.values()) == {1}, f"bought more than once: {bought}"
