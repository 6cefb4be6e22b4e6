"""A worker like `dubline worker`, all of it real except that its four stages do nothing."""

from functools import cache

from backend.pipeline.stages import Stage
from workers import app as workers
from workers.interfaces.stages import StageContext, StageInput, StageResult
from workers.runtime.runner import Runner


def _nothing(_work: StageInput, _context: StageContext) -> StageResult:
    return StageResult(files=(), provider="stub", model="stub-1")


@cache
def _runner() -> Runner:
    stages = dict.fromkeys(Stage, _nothing)
    return Runner(workers.get_parts(), stages, owner="benchmark", stopping=workers.stopping)


# Before the tasks are imported, which take it from there.
workers.get_runner = _runner
app = workers.app
