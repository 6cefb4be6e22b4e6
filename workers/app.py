"""The Celery app of the workers: `celery -A workers.app worker`."""

import os
import socket
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from celery import Celery, signals
from filelock import FileLock, Timeout

from backend.pipeline.stages import Stage
from backend.process import lifeline, memory
from backend.process.start_errors import explain_error
from backend.settings import load
from backend.telemetry import logs
from backend.wiring import Parts, make_broker_folders
from workers.offer_process import start_process, tell_regularly
from workers.providers.vendors import list_warnings
from workers.runtime.runner import Runner
from workers.runtime.shutdown import SharedFlag

log = structlog.get_logger()

app = Celery("dubline", include=["workers.tasks"])
app.config_from_object("celeryconfig")

# Imported at the start, not at the first task: a worker that cannot do its work ends at once.
STAGES = {stage: import_module(f"workers.stages.{stage}").run for stage in Stage}

# Made before the pool forks, so that the main process can tell its children to hand back.
stopping = SharedFlag()


@cache
def get_parts() -> Parts:
    """What this process works with."""
    return Parts(load())


@cache
def get_runner() -> Runner:
    """This process's runner, made at its first task: after the fork."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    return Runner(get_parts(), STAGES, owner=owner, stopping=stopping)


@signals.setup_logging.connect
def _configure_logs(**_: Any) -> None:
    logs.configure_logs(load())


@signals.celeryd_init.connect
def _prepare_worker(**_: Any) -> None:
    settings = load()
    lifeline.follow_parent()
    memory.share_pool()  # while there are no threads that have theirs
    if settings.embedded:
        try:
            make_broker_folders(settings)
        except OSError as error:  # which Celery would log, to go on without the folders
            told = explain_error(str(error), settings.dubline_home) or str(error)
            raise SystemExit(f"Error: {told}") from None
        _hold_worker_lock(lifeline.build_worker_lock(settings.dubline_home))


@cache  # which keeps the lock from being freed before the process ends
def _hold_worker_lock(lock: FileLock) -> None:
    """The next start waits for this lock before it takes over our work."""
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise SystemExit(f"A worker runs already on {Path(lock.lock_file).parent}") from None


@signals.worker_ready.connect
def _tell_offer(**_: Any) -> None:
    start_process()
    tell_regularly()


@signals.worker_ready.connect
def _warn_of_vendors(**_: Any) -> None:
    for warning in list_warnings(load(), date.today()):
        log.warning(warning)


@signals.task_postrun.connect
def _give_back_memory(**_: Any) -> None:
    """After the stage, when nothing holds what it made any more."""
    memory.give_back_memory()


@signals.worker_shutting_down.connect
def _ask_to_hand_back(**_: Any) -> None:
    stopping.set()


@signals.worker_process_init.connect
def _prepare_child(**_: Any) -> None:
    get_parts().db.dispose()
