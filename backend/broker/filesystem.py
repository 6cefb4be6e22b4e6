"""The embedded broker: kombu's messages as files, but each appears whole or not at all."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem


class Channel(filesystem.Channel):
    """kombu's own writes in place, and a reader that comes meanwhile dies of half a message."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        # Sorted by name, messages are in the order in which they were sent.
        name = f"{time.time_ns()}_{uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        aside = folder / f".{name}"
        aside.write_text(json.dumps(payload))
        aside.replace(folder / name)


class Transport(filesystem.Transport):
    """Named in celeryconfig.py."""

    Channel = Channel
