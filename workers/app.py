"""The Celery app of the workers: `celery -A workers.app worker`."""

import multiprocessing
import os
import socket
from functools import cache
from typing import Any

from celery import Celery, signals

from backend import lifeline, logs
from backend.core.stages import Stage
from backend.settings import load
from backend.wiring import Parts, make_broker_folders
from workers.runner import Runner
from workers.stages import asr, mix, mt, tts

app = Celery("dubline", include=["workers.tasks"])
app.config_from_object("celeryconfig")

# Made before the pool forks, so that the main process can tell its children to hand back.
stopping = multiprocessing.Event()


@cache
def parts() -> Parts:
    """What this process works with."""
    return Parts(load())


@cache
def runner() -> Runner:
    """This process's runner, made at its first task: after the fork."""
    stages = {Stage.ASR: asr.run, Stage.MT: mt.run, Stage.TTS: tts.run, Stage.MIX: mix.run}
    owner = f"{socket.gethostname()}:{os.getpid()}"
    return Runner(parts(), stages, owner=owner, stopping=stopping)


@signals.setup_logging.connect
def _log(**_: Any) -> None:
    logs.configure(load())


@signals.celeryd_init.connect
def _prepare(**_: Any) -> None:
    lifeline.follow_parent()
    make_broker_folders(load())


@signals.worker_shutting_down.connect
def _hand_back(**_: Any) -> None:
    stopping.set()


@signals.worker_process_init.connect
def _forked(**_: Any) -> None:
    parts().db.dispose()
