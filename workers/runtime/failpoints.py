"""Named places at which tests stop a worker, to see what happens when it dies just there."""

import os
from pathlib import Path

SETTING = "DUBLINE_FAILPOINTS"


def pass_failpoint(name: str, stage: str) -> None:
    """Wait at the gate (a FIFO called `name.stage`) until the test opens and closes it.

    A no-op unless `DUBLINE_FAILPOINTS` names a folder and the test has put a gate there.
    """
    folder = os.environ.get(SETTING)
    if not folder:
        return
    try:
        with (Path(folder) / f"{name}.{stage}").open() as gate:
            gate.read()
    except FileNotFoundError:
        return
