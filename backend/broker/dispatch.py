"""Sends stages to the workers as Celery chains, by task name.

Messages carry ids only; the database decides what is to be done.
"""

from typing import Any

from celery import Celery, Signature, chain, group

from backend.pipeline.stages import ALL_LANGUAGES, FAN_IN, PER_LANGUAGE, STAGES, Stage
from backend.runs.outbox import Message


class Dispatcher:
    """Publishes to the broker; a broker that cannot be reached is an error within a second."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, message: Message) -> None:
        """Publish the stage, with the chain that follows it."""
        self.build_signature(message).apply_async()

    def build_signature(self, message: Message) -> Any:
        """The chain from this stage on: what is once, then a chain a language side by side."""
        first = self._build_task(message, message.stage, message.language)
        if STAGES[message.stage].waits_for_all:
            return first
        if STAGES[message.stage].per_language:
            return self._build_chain(message, message.stage, message.language)
        if not message.languages:
            return first
        chains = [
            self._build_chain(message, PER_LANGUAGE[0], language) for language in message.languages
        ]
        return chain(first, chains[0] if len(chains) == 1 else group(chains), app=self._app)

    def _build_chain(self, message: Message, first: Stage, language: str) -> Any:
        """A language's stages, and what waits for all languages: the last to end starts that."""
        stages = PER_LANGUAGE[PER_LANGUAGE.index(first) :]
        tasks = [self._build_task(message, stage, language) for stage in stages]
        if message.joins:
            tasks += [self._build_task(message, stage, ALL_LANGUAGES) for stage in FAN_IN]
        return chain(*tasks, app=self._app)

    def _build_task(self, message: Message, stage: Stage, language: str) -> Signature:
        shown = f"job {message.job_id}, {stage} {language}".rstrip()  # to who watches tasks
        return self._app.signature(
            stage.task,
            args=(str(message.run_id), language),
            immutable=True,
            queue=stage.queue,
            argsrepr=shown,
        )
