"""Providers by name."""

import pytest

from backend.errors import Permanent
from backend.settings import Settings
from workers.providers.registry import ProviderRegistry


def test_a_provider_that_cannot_be_loaded_is_told_with_its_remedy(tmp_path, monkeypatch):
    (tmp_path / "lame.py").write_text("import no_such_module\n")
    monkeypatch.setattr("workers.providers.__path__", [str(tmp_path)])
    with pytest.raises(Permanent, match=r"TRANSCRIPTION_BACKEND: .*no_such_module.*pip install"):
        ProviderRegistry(Settings()).get_transcriber("lame")
