"""Several lines at once: whoever is cancelled waits for none of them."""

import threading
import time

import pytest

from backend.errors import Cancelled
from tests.stage_context import LocalContext
from workers.calls.synthesis import LineSpeaker
from workers.interfaces.providers import Utterance


class Hanging:
    """Speaks until it is told to end."""

    name, model, remote, concurrency = "hanging", "hanging-1", False, 2

    def __init__(self) -> None:
        self.end = threading.Event()

    def synthesize(self, utterance, *, call):
        self.end.wait(30)
        raise RuntimeError("too late")


def test_who_is_cancelled_does_not_wait_for_a_voice(tmp_path):
    """Turns red when the lines that are being spoken are waited for."""
    context, voice = LocalContext(tmp_path), Hanging()
    context.stop = (0.0, Cancelled("stop"))
    began = time.monotonic()
    with pytest.raises(Cancelled):
        LineSpeaker(voice, context).speak_lines([Utterance("Hola.", "es", "v")] * 3, 0.0, 1.0)
    assert time.monotonic() - began < 2
    voice.end.set()
