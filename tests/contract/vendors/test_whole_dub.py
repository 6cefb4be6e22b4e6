"""A dub by Deepgram, OpenAI and ElevenLabs, which fail now and then: nothing is bought twice."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from backend.database import schema
from backend.jobs import submit
from backend.pipeline.stages import Stage
from backend.storage.hashing import compute_file_sha256
from backend.wiring import Parts
from tests import factories, openai_server
from tests.contract.vendors.deepgram_server import DeepgramServer
from tests.contract.vendors.elevenlabs_server import ElevenServer
from tests.contract.vendors.server import KEY, Asked, Reply, VendorServer
from workers.interfaces.providers import Recording
from workers.runtime.runner import Runner
from workers.stages import asr, mix, mt, tts

STAGES = {Stage.ASR: asr.run, Stage.MT: mt.run, Stage.TTS: tts.run, Stage.MIX: mix.run}
PROVIDERS = {"transcription": "deepgram", "translation": "openai", "tts": "elevenlabs"}
FAULTS, TRIES_S = 0.5, 60.0


class Till:
    """Notes what was sold, and has the first answer fail and some of the others."""

    def __init__(self, server: VendorServer, chance: random.Random) -> None:
        self.sold: Counter[tuple[str, bytes]] = Counter()
        self._failed = False
        self._server = server
        self._answer = server.reply
        self._chance = chance

    def reply(self, asked: Asked) -> Reply:
        reply = self._answer(asked)
        if not self._failed or self._chance.random() < FAULTS:
            self._failed = True
            broken = Reply.of_json(self._server.build_error("busy"), 503)
            return self._chance.choice([broken, replace(reply, cut=True)])
        self.sold[asked.path, asked.body] += 1
        return reply


@pytest.fixture
def vendors() -> Iterator[tuple[DeepgramServer, ElevenServer, openai_server.Server]]:
    with (
        DeepgramServer() as ears,
        ElevenServer() as voice,
        openai_server.run_server() as words,
    ):
        yield ears, voice, words
    assert ears.problems == voice.problems == []


@pytest.fixture
def house(vendors, tmp_path: Path) -> Iterator[Parts]:
    ears, voice, words = vendors
    backends = {f"{kind}_backend": name for kind, name in PROVIDERS.items()}
    found = Parts(
        factories.stub_settings(
            tmp_path / "home",
            **backends,
            deepgram_api_key=KEY,
            deepgram_url=ears.url,
            elevenlabs_api_key=KEY,
            elevenlabs_url=voice.url,
            premium_voices=True,
            openai_api_key=openai_server.KEY,
            openai_url=words.url,
            retry_base_s=0.001,
            retry_max_s=0.002,
            max_attempts=100,
        )
    )
    schema.migrate(found.db)
    yield found
    found.db.engine.dispose()


@pytest.fixture
def work(house: Parts) -> Callable[[UUID, Stage, str], None]:
    """Does a stage, as often as it takes."""
    runner = Runner(house, STAGES, owner="test", stopping=threading.Event())

    def do(run_id: UUID, stage: Stage, language: str) -> None:
        end = time.monotonic() + TRIES_S
        while not runner.run(run_id, stage, language):
            assert time.monotonic() < end, f"{stage} does not come to an end"

    return do


def submit_recording(house: Parts, recording: Recording) -> UUID:
    sha256 = compute_file_sha256(recording.path)
    house.store.put("uploads/talk.wav", recording.path, mime="audio/wav", sha256=sha256)
    media = {"sha256": sha256, "object_key": "uploads/talk.wav", "mime": "audio/wav"}
    size = recording.path.stat().st_size
    media_id = factories.upload(house.db, **media, size=size, filename="talk.wav")
    params = factories.dub_params("pt", source_language="es", providers=PROVIDERS)
    return submit.create_job(house.db, factories.LOCAL_USER, params, media_id=media_id)[1]


def test_a_dub_by_vendors_that_fail_now_and_then(vendors, house, work, recording):
    ears, voice, words = vendors
    chance = random.Random(3)
    hear, say = Till(ears, chance), Till(voice, chance)
    ears.reply, voice.reply = hear.reply, say.reply
    words.acts = [openai_server.fail(500, "server_error"), openai_server.fail(503, "overloaded")]
    run_id = submit_recording(house, recording)
    for stage in STAGES:
        work(run_id, stage, "" if stage is Stage.ASR else "pt")
    assert len(hear.sold) == 1
    assert len(say.sold) > 1
    assert set(hear.sold.values()) == set(say.sold.values()) == {1}
    assert len(words.requests) == 3
