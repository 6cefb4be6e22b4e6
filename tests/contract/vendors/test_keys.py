"""A vendor without a key, or with something that is none."""

from datetime import date

import pytest
from pydantic import SecretStr

from backend.errors import Refused
from backend.settings import Settings
from tests.contract.vendors.server import KEY
from workers.providers.registry import ProviderRegistry
from workers.providers.vendors import VENDORS, list_warnings

NAMES = sorted(VENDORS)
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize("kind", ["transcriber", "synthesizer"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "key", ["", "short", f'"{KEY}"', f"{KEY}\n", f"{KEY} {KEY}", "k" * 20 + "é"]
)
def test_a_vendor_refuses_without_its_key(name, kind, key):
    setting = VENDORS[name].key
    settings = Settings(**{setting: key, "premium_voices": True})
    with pytest.raises(Refused, match=setting.upper()) as refused:
        getattr(ProviderRegistry(settings), f"get_{kind}")(name)
    assert not key or key not in str(refused.value)


def test_at_the_start_only_vendors_that_are_named_are_looked_at():
    assert list(list_warnings(Settings(), TODAY)) == []
    settings = Settings(tts_backend="deepgram,local", transcription_backend="local")
    assert list(list_warnings(settings, TODAY)) == ["deepgram needs a key: set DEEPGRAM_API_KEY"]


def test_at_the_start_models_are_told_that_end():
    settings = Settings(tts_backend="local,openai_speech", openai_api_key=SecretStr(KEY))
    assert list(list_warnings(settings, TODAY)) == [
        "openai_speech: tts-1 ends on 2027-01-06; name another provider in TTS_BACKEND"
    ]
    assert "ended on" in next(list_warnings(settings, date(2027, 1, 7)))
    assert list(list_warnings(settings, date(2026, 1, 1))) == []
