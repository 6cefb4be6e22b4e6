"""Each vendor's server, and providers that call it by the vendor's real SDK."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from backend.settings import Settings
from tests.contract.vendors.server import KEY, VendorServer, speak
from tests.contract.vendors.spoken import SECONDS
from workers.interfaces.providers import Recording
from workers.providers import vendor_service

SERVERS = {
    "assemblyai": "AssemblyServer",
    "deepgram": "DeepgramServer",
    "elevenlabs": "ElevenServer",
    "openai_speech": "OpenAIServer",
}

pytest.register_assert_rewrite(*(f"tests.contract.vendors.{name}_server" for name in SERVERS))


@pytest.fixture(autouse=True)
def _close_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clients of vendors live as long as their process; here, as long as the test."""
    clients: list[httpx.Client] = []
    make = httpx.Client.__init__

    def make_noted(self: httpx.Client, *args: object, **options: object) -> None:
        clients.append(self)
        make(self, *args, **{"verify": False, **options})  # reading certificates takes a while

    monkeypatch.setattr(httpx.Client, "__init__", make_noted)
    yield
    for client in clients:
        client.close()


@pytest.fixture(params=SERVERS)
def vendor(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def server(vendor: str) -> Iterator[VendorServer]:
    module = import_module(f"tests.contract.vendors.{vendor}_server")
    with getattr(module, SERVERS[vendor])() as found:
        yield found
    assert found.problems == []


@pytest.fixture
def settings(server: VendorServer) -> Settings:
    url = server.url
    return Settings(
        **{f"{name}_api_key": KEY for name in ("assemblyai", "deepgram", "elevenlabs", "openai")},
        **{f"{name}_url": url for name in ("assemblyai", "assemblyai_tts", "deepgram")},
        elevenlabs_url=url,
        openai_url=f"{url}/v1",
        premium_voices=True,
    )


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    path = tmp_path / "speech.wav"
    hum = np.frombuffer(speak("x" * 86, 16_000), "<i2")  # a little more than six seconds
    soundfile.write(path, hum[: round(SECONDS * 16_000)], 16_000, subtype="PCM_16")
    return Recording(path, SECONDS)


@pytest.fixture
def half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline of calls."""
    for name in ("LISTENING_S", "SPEAKING_S"):
        monkeypatch.setattr(vendor_service, name, 0.5)
