"""The embedded broker: kombu's messages as files, but each appears whole or not at all."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem

LOOK_S = 0.1  # Celery itself would have a worker see it every 2 s


class Channel(filesystem.Channel):
    """kombu's own writes in place, and a reader that comes meanwhile dies of half a message."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        # Sorted by name, messages are in the order in which they were sent.
        name = f"{time.time_ns()}_{uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        aside = folder / f".{name}"
        try:
            aside.write_text(json.dumps(payload))
            aside.replace(folder / name)
        except OSError:
            aside.unlink(missing_ok=True)  # on a full disk its name is there already
            raise


class Transport(filesystem.Transport):
    """Named in celeryconfig.py."""

    Channel = Channel

    def drain_events(  # type: ignore[override]
        self, connection: Any, timeout: float | None = None
    ) -> Any:
        """Deliver a message, or soon time out: between calls a worker sees that it is to end."""
        sooner = timeout and min(timeout, LOOK_S)
        return super().drain_events(connection, sooner)  # type: ignore[no-untyped-call]
