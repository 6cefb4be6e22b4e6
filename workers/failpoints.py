"""Named places where tests let a worker die; they do nothing unless a test asks for it."""

import os
import signal

import structlog

SETTING = "DUBLINE_FAILPOINT"


def failpoint(name: str, stage: str) -> None:
    """Send this process the signal that `DUBLINE_FAILPOINT=name:stage:SIGKILL` asks for here."""
    wanted = os.environ.get(SETTING)
    if not wanted:
        return
    wanted_name, wanted_stage, wanted_signal = wanted.split(":")
    if (wanted_name, wanted_stage) == (name, stage):
        structlog.get_logger().warning("failpoint", name=name, stage=stage)
        os.kill(os.getpid(), signal.Signals[wanted_signal])
