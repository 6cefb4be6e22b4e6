"""One line of a finished dub is changed: what is spoken and mixed again, and what stays as it was.

All stages are real; the stub's voices are counted.
"""

import io
import threading
from collections.abc import Callable
from importlib import import_module
from uuid import UUID

import numpy as np
import pytest
import soundfile as sf
from flask.testing import FlaskClient

from backend.database.models.accounts import LOCAL_USER
from backend.jobs import submit
from backend.pipeline.params import SpeakerMode
from backend.pipeline.stages import Stage
from backend.wiring import Parts
from tests import factories
from workers.audio.samples import RATE
from workers.providers.stub import StubSynthesizer
from workers.runtime.runner import Runner

STAGES = {stage: import_module(f"workers.stages.{stage}").run for stage in Stage}
LINES, CHANGED = 18, 8
TEXT = "\n".join(f"{'AB'[i % 2]}: This is what line {i:02} says." for i in range(LINES))
NEAR_S = 12  # of the changed line: the chunk it lies in, and how far loudness and ducking reach


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Text and voice of each call of the synthesiser."""
    calls: list[tuple[str, str]] = []
    real = StubSynthesizer.synthesize

    def counted(self, utterance, *, call):
        calls.append((utterance.text, utterance.voice))
        return real(self, utterance, call=call)

    monkeypatch.setattr(StubSynthesizer, "synthesize", counted)
    return calls


@pytest.fixture
def work(parts: Parts) -> Callable[[UUID, str], None]:
    """Does what waits in a run, up to and with a stage."""
    runner = Runner(parts, STAGES, owner="test", stopping=threading.Event())

    def do(run_id: UUID, last: Stage = Stage.MIX) -> None:
        for stage in list(Stage)[: list(Stage).index(last) + 1]:
            runner.run(run_id, stage, "" if stage is Stage.ASR else "es")

    return do


@pytest.fixture
def job(parts: Parts, work, spoken) -> str:
    """A dialogue that was dubbed into es."""
    params = factories.dub_params(
        mode=SpeakerMode.DIALOGUE, voices={"A": "tenor", "B": "alto"}, flac=True
    )
    media_id = factories.text_upload(parts, TEXT)
    job_id, run_id = submit.create_job(parts.db, LOCAL_USER, params, media_id=media_id)
    work(run_id)
    assert len(spoken) == LINES
    spoken.clear()
    return str(job_id)


def change(client: FlaskClient, job: str, **values: object) -> UUID:
    """Change the line, and start a run; its id."""
    where = f"/v1/jobs/{job}/segments/{CHANGED}?language=es"
    answer = client.patch(where, json={"revision": 0, **values})
    assert answer.status_code == 200, answer.json
    assert client.post(f"/v1/jobs/{job}/retry", json={}).status_code == 202
    return UUID(client.get(f"/v1/jobs/{job}/runs").json[-1]["id"])


def line(client: FlaskClient, job: str) -> dict:
    return client.get(f"/v1/jobs/{job}/segments?language=es").json["segments"][CHANGED]


def sound(client: FlaskClient, job: str) -> np.ndarray:
    query = {"artifact": "es/dub.flac"}
    found = client.get(f"/v1/jobs/{job}/download", query_string=query)
    data = client.get(found.headers["Location"], buffered=True).data
    return sf.read(io.BytesIO(data), dtype="int32")[0]


@pytest.mark.parametrize(
    "case",
    [
        ({"text": "{es} Now that line reads so."}, [("{es} Now that line reads so.", "tenor")]),
        ({"voice": "bass"}, [("{es} This is what line 08 says.", "bass")]),
        ({"speaker": "B"}, [("{es} This is what line 08 says.", "alto")]),
        ({"start": 0.2, "end": 0.2}, []),
    ],
    ids=["text", "voice", "speaker", "time"],
)
def test_only_the_changed_line_is_spoken_again_and_the_rest_is_the_same_to_the_bit(
    client, job, work, spoken, case
):
    values, calls = case
    before, was = sound(client, job), line(client, job)
    shifted = {name: was[name] + by for name, by in values.items() if name in ("start", "end")}
    work(change(client, job, **{**values, **shifted}))
    assert spoken == calls

    after = sound(client, job)
    assert len(after) == len(before)
    differ = np.flatnonzero((after != before).any(axis=1)) / RATE
    assert len(differ), "the change is heard"
    assert differ.min() > was["start"] - NEAR_S
    assert differ.max() < was["end"] + NEAR_S


def test_the_old_output_is_served_until_the_new_one_is_complete(client, job, work):
    before = sound(client, job)
    run_id = change(client, job, voice="bass")
    work(run_id, Stage.TTS)
    assert np.array_equal(sound(client, job), before)
    revisions = client.get(f"/v1/jobs/{job}/segments?language=es").json
    assert (revisions["revision"], revisions["outputRevision"]) == (1, 0)
    work(run_id)
    assert not np.array_equal(sound(client, job), before)
    assert client.get(f"/v1/jobs/{job}/segments?language=es").json["outputRevision"] == 1
