"""The Celery tasks: one for each stage, which lets the chain go on when the stage is done."""

from uuid import UUID

from celery.exceptions import Ignore

from backend.pipeline.stages import Stage
from workers.app import app, get_runner


def _register_task(stage: Stage) -> None:
    @app.task(name=stage.task)
    def run_stage(run_id: str, language: str) -> None:
        if not get_runner().run(UUID(run_id), stage, language):
            raise Ignore  # the chain ends here; the reconciler starts it again where it stopped


for each in Stage:
    _register_task(each)
