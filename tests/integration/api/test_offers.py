"""What an installation can do is told by its workers and asked of the API."""

import socket

import pytest
from sqlalchemy import select, update

from backend.database.engine import from_now
from backend.database.models.offers import WorkerOffer
from backend.jobs.offers import FORGET_S, read_offer, tell_offer
from backend.pipeline.offers import Offer
from backend.pipeline.providers import ProviderKind
from tests import factories
from workers import offers
from workers.providers.registry import ProviderRegistry

LOCAL = {"transcription": ["pocketsphinx"], "translation": ["apertium"], "tts": ["espeak"]}


@pytest.fixture
def local_parts(new_parts):
    """A house with the engines that need no model."""
    from backend.database import schema

    backends = ("transcription_backend", "translation_backend", "tts_backend")
    found = new_parts(**dict.fromkeys(backends, "local"))
    schema.migrate(found.db)
    return found


def tell(parts, machine: str = "one") -> Offer:
    offer = offers.build_offer(ProviderRegistry(parts.settings), parts.settings)
    tell_offer(parts.db, machine, offer)
    return offer


def test_a_worker_tells_what_its_machine_can_do(local_parts, monkeypatch):
    monkeypatch.setenv("DUBLINE_HOME", str(local_parts.settings.dubline_home))
    for kind in ProviderKind:
        name = {"transcription": "TRANSCRIPTION", "translation": "TRANSLATION", "tts": "TTS"}[kind]
        monkeypatch.setenv(f"{name}_BACKEND", "local")
    monkeypatch.setattr("os.nice", lambda _: 0)
    assert read_offer(local_parts.db) == Offer()
    offers.main()
    told = read_offer(local_parts.db)
    assert [one.name for one in told.engines] == ["pocketsphinx", "apertium", "espeak"]
    assert told == tell(local_parts, socket.gethostname())


def test_engines_languages_and_voices(local_parts):
    client = factories.api_client(local_parts)
    for path in ("engines", "languages", "voices"):
        assert client.get(f"/v1/{path}").json == []
    tell(local_parts)
    engines = {one["name"]: one for one in client.get("/v1/engines").json}
    assert engines["pocketsphinx"]["languages"] == ["en"]
    assert engines["espeak"] == {
        **engines["espeak"],
        "kind": "tts",
        "works": True,
        "problem": None,
        "remote": False,
    }
    languages = {one["language"]: one for one in client.get("/v1/languages").json}
    assert (languages["en"]["source"], languages["en"]["target"]) == (True, False)
    assert languages["es"] == {
        "language": "es",
        "name": "Spanish",
        "ownName": "español",
        "transcription": [],
        "translation": ["apertium"],
        "tts": ["espeak"],
        "source": False,
        "target": True,
    }
    voices = client.get("/v1/voices?language=es").json
    assert {one["provider"] for one in voices} == {"espeak"}
    assert {one["pitch"] for one in voices} == {"low", "middle", "high"}
    assert len(client.get("/v1/voices").json) > len(voices)
    assert client.get("/v1/voices?language=klingonish").status_code == 422


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"targetLanguages": ["de"]}, "targetLanguages", "into German (de)"),
        ({"targetLanguages": ["x-abc"]}, "targetLanguages", "x-abc"),
        ({"sourceLanguage": "ja"}, "sourceLanguage", "there is: en"),
        ({"voices": {"A": "../../../../etc/passwd"}}, "voices", "etc/passwd"),
    ],
)
def test_what_cannot_work_is_refused_at_once(local_parts, change, field, told):
    """Red without `_check_offer`: it was accepted, and failed in a stage."""
    tell(local_parts)
    client = factories.api_client(local_parts)
    media = str(factories.upload(local_parts.db))
    request = {"mediaId": media, "sourceLanguage": "en", "targetLanguages": ["es"]}
    for path in ("/v1/jobs", "/v1/jobs/translate", "/v1/jobs/estimate"):
        answer = client.post(path, json={**request, **change})
        assert answer.status_code == 422, path
        assert answer.json["errors"][0]["field"] == field
        assert told in answer.json["detail"]
    assert client.get("/v1/jobs").json["jobs"] == []
    assert client.post("/v1/jobs", json=request).status_code == 202


def test_a_line_gets_no_voice_that_nobody_has(local_parts):
    tell(local_parts)
    client = factories.api_client(local_parts)
    job_id, _ = factories.create_dub(local_parts.db)
    url = f"/v1/jobs/{job_id}/segments/0?language=es"
    answer = client.patch(url, json={"revision": 0, "voice": "nobody"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "voice")


@pytest.mark.parametrize(
    ("asked", "field", "told"),
    [
        ({"languages": ["de"]}, "languages", "into German (de)"),
        ({"overrides": {"voices": {"A": "nobody"}}}, "overrides.voices", "as nobody"),
    ],
)
def test_a_run_that_cannot_work_is_refused_at_once(local_parts, asked, field, told):
    job_id, run_id = factories.create_dub(local_parts.db, "es", providers=LOCAL)
    factories.do_all(local_parts.db, run_id, store=local_parts.store)
    tell(local_parts)
    client = factories.api_client(local_parts)
    for dry in (True, False):
        answer = client.post(f"/v1/jobs/{job_id}/retry", json={**asked, "dryRun": dry})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
        assert told in answer.json["detail"]
    again = client.post(f"/v1/jobs/{job_id}/retry", json={"resumeFrom": "tts"})
    assert again.status_code == 202, again.json


def test_a_machine_that_is_gone_is_forgotten(local_parts):
    tell(local_parts, "gone")
    day_old = {"told_at": from_now(-FORGET_S - 1)}
    with local_parts.db.write() as connection:
        connection.execute(update(WorkerOffer).values(day_old))
    assert read_offer(local_parts.db) == Offer()
    told = tell(local_parts, "here")
    assert read_offer(local_parts.db) == told
    with local_parts.db.read() as connection:
        assert connection.execute(select(WorkerOffer.machine)).scalars().all() == ["here"]
