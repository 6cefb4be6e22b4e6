"""Jobs that start from a transcript or from translations: by the API, then by the real stages."""

import threading
from importlib import import_module
from uuid import UUID

import pytest

from backend.documents.speech import Speech
from backend.documents.transcripts import Line, Transcript, Translation
from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.runs import outbox
from tests.media_samples import tone, write
from workers.runtime.runner import Runner

SRT = b"1\n00:00:00,500 --> 00:00:01,500\nHello there.\n\n2\n00:00:02,000 --> 00:00:03,000\nBye.\n"
SRT_ES = b"1\n00:00:00,500 --> 00:00:02,500\nHola y adi\xc3\xb3s.\n"
STAGES = {stage: import_module(f"workers.stages.{stage}").run for stage in Stage}


@pytest.fixture
def upload(client):
    def send(content: bytes, role: str, name: str = "talk.srt") -> str:
        announced = client.post("/v1/files/presign", json={"filename": name, "role": role}).json
        assert client.put(announced["url"], data=content).status_code == 204
        answer = client.post("/v1/files/complete", json={"fileId": announced["fileId"]})
        assert answer.status_code == 200, answer.json
        return answer.json["id"]

    return send


@pytest.fixture
def media_id(upload, tmp_path) -> str:
    return upload(write(tmp_path / "talk.wav", tone(4.0)).read_bytes(), "voice", "talk.wav")


@pytest.fixture
def submit(client, media_id):
    def ask(status: int = 202, **request) -> dict:
        body = {"mediaId": media_id, "sourceLanguage": "en", "targetLanguages": ["es"], **request}
        answer = client.post("/v1/jobs", json=body)
        assert answer.status_code == status, answer.json
        return answer.json

    return ask


@pytest.fixture
def work(client, parts):
    """Does what waits in the latest run of a job."""
    runner = Runner(parts, STAGES, owner="test", stopping=threading.Event())

    def do(job: dict, *languages: str) -> dict:
        run_id = UUID(client.get(f"/v1/jobs/{job['id']}/runs").json[-1]["id"])
        runner.run(run_id, Stage.ASR, "")
        for language in languages or ("es",):
            for stage in PER_LANGUAGE:
                runner.run(run_id, stage, language)
        runner.run(run_id, Stage.JOIN, "")
        done = client.get(f"/v1/jobs/{job['id']}").json
        assert done["status"] == "succeeded"
        return done

    return do


@pytest.fixture
def fetch(client):
    """The content of a job's artifact."""

    def get(job: dict, name: str) -> bytes:
        query = {"artifact": name}
        answer = client.get(f"/v1/jobs/{job['id']}/download", query_string=query)
        return client.get(answer.headers["Location"], buffered=True).data

    return get


def runs(client, job: dict) -> list[dict]:
    return client.get(f"/v1/jobs/{job['id']}/runs").json


def test_a_transcript_stands_for_recognition(client, upload, submit, work, fetch):
    job = submit(startFrom="mt", transcriptId=upload(SRT, "transcript"))
    [asr_] = job["stages"]
    assert (asr_["state"], asr_["origin"]) == ("succeeded", "given")
    assert job["languages"][0]["status"] == "translating"
    [run] = runs(client, job)
    assert (run["given"], run["executed"]) == (["asr"], ["mt:es", "tts:es", "mix:es"])
    said = Transcript.model_validate_json(fetch(job, "segments_src.json"))
    assert (said.language, said.duration) == ("en", 4.0)
    assert [one.text for one in said.segments] == ["Hello there.", "Bye."]
    job = work(job)
    assert job["status"] == "succeeded"
    assert "{es} Hello there." in fetch(job, "es/captions.srt").decode()


def test_sounds_are_shown_and_neither_translated_nor_said(client, upload, submit, work, fetch):
    text = SRT.replace(b"Hello there.", b"[Music]").replace(b"Bye.", b"MARY: Bye.")
    job = work(submit(startFrom="mt", transcriptId=upload(text, "transcript")))
    captions = fetch(job, "es/captions.srt").decode()
    assert "[Music]\n" in captions
    assert "MARY: {es} Bye.\n" in captions
    speech = Speech.model_validate_json(fetch(job, "es/speech_es.json"))
    assert [clip.text for clip in speech.clips] == ["{es} Bye."]
    [line] = [one for one in job["languages"][0]["stages"] if one["stage"] == "tts"]
    assert line["warnings"] == [
        "Shown in captions and not spoken: '[Music]' (line 1), 'MARY:' (line 2)"
    ]


def test_a_second_language_is_told_by_that_of_the_job(client, upload, submit, fetch):
    text = SRT.replace(b"there.", b"there, my friend.\nHola, amigo m\xc3\xado.")
    text = text.replace(b"Bye.", b"The garden is open.\nEl jard\xc3\xadn est\xc3\xa1 abierto.")
    job = submit(startFrom="mt", transcriptId=upload(text, "transcript"))
    said = Transcript.model_validate_json(fetch(job, "segments_src.json"))
    assert said.segments[1].text == "The garden is open. [El jardín está abierto.]"


def test_what_cannot_be_read_is_refused_by_line(client):
    announced = client.post("/v1/files/presign", json={"filename": "a.srt", "role": "transcript"})
    content = SRT.replace(b"02,000 -->", b"02,000 ->")
    assert client.put(announced.json["url"], data=content).status_code == 204
    answer = client.post("/v1/files/complete", json={"fileId": announced.json["fileId"]})
    assert answer.status_code == 422
    assert "a.srt, line 6: '00:00:02,000 -> " in str(answer.json)


def test_the_encoding_of_a_transcript_is_told(client, upload):
    announced = client.post("/v1/files/presign", json={"filename": "a.srt", "role": "transcript"})
    said = "Доброе утро. Старая картина висит в зале."
    text = SRT.decode().replace("Bye.", said).encode("cp1251")
    assert client.put(announced.json["url"], data=text).status_code == 204
    answer = client.post("/v1/files/complete", json={"fileId": announced.json["fileId"]})
    assert answer.json["mime"] == "text/plain; charset=windows-1251"


def test_the_language_of_the_job_tells_the_encoding_where_the_letters_do_not(
    client, upload, submit, fetch
):
    """Of so few letters Hungarian in Windows-1250 is as likely."""
    text = SRT.decode().replace("Bye.", "Ça va? Il a été là.").encode("cp1252")
    job = submit(startFrom="mt", sourceLanguage="fr", transcriptId=upload(text, "transcript"))
    said = Transcript.model_validate_json(fetch(job, "segments_src.json"))
    assert said.segments[1].text == "Ça va? Il a été là."
    unsure = {"startFrom": "mt", "transcriptId": upload(text, "transcript")}
    assert "talk.srt, line 7: this may be" in str(submit(422, sourceLanguage="ja", **unsure))


def test_the_first_message_is_for_what_is_not_given(client, parts, upload, submit):
    [run] = runs(client, submit(startFrom="mt", transcriptId=upload(SRT, "transcript")))
    [message] = outbox.read_first_messages(parts.db, UUID(run["id"]))
    assert message.stage is Stage.MT


def test_translations_stand_for_translating(client, upload, submit, work, fetch):
    """Nothing is known of what they translate, and every stage after copes with that."""
    job = submit(startFrom="tts", translations={"ES": upload(SRT_ES, "transcript")})
    [run] = runs(client, job)
    assert (run["given"], run["executed"]) == (["asr", "mt:es"], ["tts:es", "mix:es"])
    assert [one["name"] for one in job["artifacts"]] == ["es/segments_es.json"]
    made = Translation.model_validate_json(fetch(job, "es/segments_es.json"))
    assert made.lines == (Line(id=0, start=0.5, end=2.5, source="", text="Hola y adiós."),)
    job = work(job)
    assert job["status"] == "succeeded"
    assert "Hola y adiós." in fetch(job, "es/captions.vtt").decode()
    assert {"es/dub.m4a", "es/manifest.json"} <= {one["name"] for one in job["artifacts"]}


def plan(client, job: dict, **request) -> dict:
    answer = client.post(f"/v1/jobs/{job['id']}/retry", json={**request, "dryRun": True})
    if answer.status_code != 200:
        return answer.json
    return [
        f"{one['stage']} {one['language'] or ''}".strip()
        for one in answer.json["plan"]
        if one["action"] == "execute"
    ]


@pytest.fixture
def transcribed(upload, submit, work) -> dict:
    """A dub that began with a transcript and has succeeded."""
    return work(submit(startFrom="mt", transcriptId=upload(SRT, "transcript")))


@pytest.fixture
def translated(upload, submit, work) -> dict:
    """A dub that began with a translation only and has succeeded."""
    return work(submit(startFrom="tts", translations={"es": upload(SRT_ES, "transcript")}))


def test_a_given_transcript_holds_until_recognition_is_asked_for(client, transcribed, work, fetch):
    assert plan(client, transcribed) == []
    assert plan(client, transcribed, resumeFrom="mt") == ["mt es", "tts es", "mix es"]
    assert plan(client, transcribed, languages=["fr"]) == ["mt fr", "tts fr", "mix fr", "join"]
    assert plan(client, transcribed, overrides={"mode": "dialogue"}) == []
    client.post(f"/v1/jobs/{transcribed['id']}/retry", json={"resumeFrom": "asr"})
    job = work(transcribed)
    assert job["stages"][0]["origin"] == "executed"
    assert b"stub transcript" in fetch(job, "segments_src.json")
    assert plan(client, job) == []


def test_a_given_translation_is_never_replaced_unasked(client, translated, work):
    assert plan(client, translated) == []
    assert plan(client, translated, resumeFrom="tts") == ["tts es", "mix es"]
    assert plan(client, translated, languages=["fr"]) == [
        "asr",
        "mt fr",
        "tts fr",
        "mix fr",
        "join",
    ]
    client.post(f"/v1/jobs/{translated['id']}/retry", json={"languages": ["fr"]})
    job = work(translated, "fr")
    assert job["status"] == "succeeded"
    assert plan(client, job, resumeFrom="mix") == ["mix es", "mix fr", "join"]
    assert plan(client, job) == []


def test_without_a_transcript_nothing_can_be_translated(client, translated):
    problem = plan(client, translated, resumeFrom="mt")
    assert problem["status"] == 409
    assert problem["type"] == "urn:dubline:problem:upstream-artifact-missing"
    assert problem["earliestValidStage"] == "asr"
    problem = plan(client, translated, resumeFrom="tts", languages=["es", "fr"])
    assert problem["earliestValidStage"] == "asr"


def test_a_transcript_beside_translations_serves_further_languages(client, upload, submit, work):
    transcript_id = upload(SRT, "transcript")
    translations = {"es": upload(SRT_ES, "transcript")}
    job = work(submit(startFrom="tts", transcriptId=transcript_id, translations=translations))
    assert plan(client, job, languages=["fr"]) == ["mt fr", "tts fr", "mix fr", "join"]


def test_times_past_the_end_name_the_line_and_no_job_is_made(client, upload, submit):
    late = upload(SRT.replace(b"00:00:03,000", b"00:00:05,500"), "transcript")
    problem = submit(422, startFrom="mt", transcriptId=late)
    assert problem["errors"][0]["field"] == "transcriptId"
    assert "'Bye.' (2.000 to 5.500 s) is past the end" in problem["detail"]
    assert client.get("/v1/jobs").json["jobs"] == []


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"startFrom": "mt"}, "transcriptId"),
        ({"startFrom": "mt", "transcriptId": "MEDIA"}, "transcriptId"),
        ({"startFrom": "mix"}, "startFrom"),
        ({"startFrom": "tts", "translations": {"es": "talk"}}, "translations.es"),
        ({"startFrom": "mt", "kind": "transcribe", "targetLanguages": []}, "startFrom"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(submit, media_id, request_, field):
    request = {key: media_id if value == "MEDIA" else value for key, value in request_.items()}
    assert submit(422, **request)["errors"][0]["field"] == field


def test_a_transcript_that_cannot_be_read_is_refused_when_it_is_complete(client):
    body = {"filename": "talk.srt", "role": "transcript"}
    announced = client.post("/v1/files/presign", json=body).json
    client.put(announced["url"], data=SRT.replace(b"00:00:02,000 -->", b"soon -->"))
    answer = client.post("/v1/files/complete", json={"fileId": announced["fileId"]})
    assert answer.status_code == 422
    assert "talk.srt, line 6: 'soon -->" in answer.json["detail"]


def test_a_transcript_that_does_not_tell_its_language_needs_to_be_told_it(submit, upload):
    problem = submit(
        422,
        sourceLanguage="auto",
        startFrom="mt",
        transcriptId=upload(SRT, "transcript"),
    )
    assert problem["errors"][0]["field"] == "sourceLanguage"


def test_the_language_that_is_heard_is_told(submit, work):
    job = submit(sourceLanguage="auto")
    assert (job["sourceLanguage"], job["detectedLanguage"]) == ("auto", None)
    assert work(job)["detectedLanguage"] == "en"
