"""`make test-live` against the servers for tests: it asks, it skips, it tells what it cost."""

import os
import subprocess
import sys
from pathlib import Path

from backend.settings import Settings
from tests.contract.vendors.deepgram_server import DeepgramServer
from tests.contract.vendors.server import KEY

ROOT = Path(__file__).parents[3]


def run_live(**settings: str) -> str:
    """What the suite says."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in Settings.model_fields
    }
    told = {name.upper(): value for name, value in settings.items()}
    command = [sys.executable, "-m", "pytest", "tests/live", "--live", "-v", "-rs", "--color=no"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**clean, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_vendors_with_a_key_are_asked_and_others_skipped_by_name():
    with DeepgramServer() as deepgram:
        told = run_live(deepgram_api_key=KEY, deepgram_url=deepgram.url)
    assert deepgram.problems == []
    assert "3 passed, 10 skipped" in told
    for name in ("ASSEMBLYAI", "ELEVENLABS", "OPENAI"):
        assert f"set {name}_API_KEY" in told
    assert "USD  deepgram (nova-3): 6 s heard as es, 6 seconds" in told
    assert "USD in all" in told
    assert KEY not in told
