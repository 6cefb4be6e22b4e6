"""A worker like `dubline worker`, all of it real except that its four stages do nothing."""

from functools import cache

from backend.core.stages import Stage
from workers import app as workers
from workers.runner import Runner
from workers.stages.base import Desk, Outcome, Work


def _nothing(_work: Work, _desk: Desk) -> Outcome:
    return Outcome(made=(), provider="stub", model="stub-1")


@cache
def _runner() -> Runner:
    stages = dict.fromkeys(Stage, _nothing)
    return Runner(workers.parts(), stages, owner="benchmark", stopping=workers.stopping)


# Before the tasks are imported, which take it from there.
workers.runner = _runner
app = workers.app
