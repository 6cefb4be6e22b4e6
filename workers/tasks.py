"""The Celery tasks: each runs one stage, and lets the chain go on when the stage is done."""

from uuid import UUID

from celery.exceptions import Ignore

from backend.pipeline.stages import Stage
from workers.app import app, runner


@app.task(name=Stage.ASR.task)
def run_asr(run_id: str, language: str) -> None:
    """Transcribe the source, for all languages of the run."""
    _run(run_id, Stage.ASR, language)


@app.task(name=Stage.MT.task)
def run_mt(run_id: str, language: str) -> None:
    """Translate the segments."""
    _run(run_id, Stage.MT, language)


@app.task(name=Stage.TTS.task)
def run_tts(run_id: str, language: str) -> None:
    """Speak the translated lines."""
    _run(run_id, Stage.TTS, language)


@app.task(name=Stage.MIX.task)
def run_mix(run_id: str, language: str) -> None:
    """Fit the speech to the picture, mix it with its bed, and export."""
    _run(run_id, Stage.MIX, language)


def _run(run_id: str, stage: Stage, language: str) -> None:
    if not runner().run(UUID(run_id), stage, language):
        raise Ignore  # the chain ends here; the reconciler starts it again where it stopped
