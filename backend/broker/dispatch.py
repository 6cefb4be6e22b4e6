"""Sends stages to the workers as Celery chains, by task name.

Messages carry ids only; the database decides what is to be done.
"""

from typing import Any

from celery import Celery, Signature, chain, group

from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.runs.outbox import Message


class Dispatcher:
    """Publishes to the broker; a broker that cannot be reached is an error within a second."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, message: Message) -> None:
        """Publish the stage, with the chain that follows it."""
        self.signature(message).apply_async()

    def signature(self, message: Message) -> Any:
        """The chain from this stage on: `asr`, then a chain for each language side by side."""
        run_id = str(message.run_id)
        if message.stage is not Stage.ASR:
            return self._chain(run_id, message.stage, message.language)
        asr = self._task(run_id, Stage.ASR, message.language)
        if not message.languages:
            return asr
        chains = [self._chain(run_id, Stage.MT, language) for language in message.languages]
        return chain(asr, chains[0] if len(chains) == 1 else group(chains), app=self._app)

    def _chain(self, run_id: str, first: Stage, language: str) -> Any:
        stages = PER_LANGUAGE[PER_LANGUAGE.index(first) :]
        return chain(*(self._task(run_id, stage, language) for stage in stages), app=self._app)

    def _task(self, run_id: str, stage: Stage, language: str) -> Signature:
        return self._app.signature(
            stage.task, args=(run_id, language), immutable=True, queue=str(stage)
        )
