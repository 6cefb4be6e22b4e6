"""What AssemblyAI answers, as of 2026-11 (its reference and the SDK's models)."""

from typing import Any

from tests.contract.vendors.server import (
    KEY,
    Asked,
    Reply,
    VendorServer,
    require_length,
    require_wav,
    speak,
)
from tests.contract.vendors.spoken import SPOKEN, Said

UPLOADED = "https://cdn.assemblyai.com/upload/hush"


class AssemblyServer(VendorServer):
    """A job is done when it is looked at for the second time; `failure` is what it fails by."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, Any] = {}
        self.looks = 0
        self.failure = ""
        self.webhook: dict[str, str] = {}  # of the job that was handed in last

    def build_error(self, message: str) -> Any:
        return {"error": message}

    def answer(self, asked: Asked) -> Reply:
        assert asked.headers["authorization"] == KEY
        assert asked.query == {}
        if asked.method == "GET":
            return self._tell_job(asked.path.removeprefix("/v2/transcript/"))
        require_length(asked)
        routes = {
            "/v2/upload": self._upload,
            "/v2/transcript": self._take_job,
            "/v1/speech": self._speak,
        }
        return routes[asked.path](asked)

    def _upload(self, asked: Asked) -> Reply:
        require_wav(asked.body)
        return Reply.of_json({"upload_url": UPLOADED})

    def _take_job(self, asked: Asked) -> Reply:
        question = asked.json
        job = f"job-{len(self.jobs) + 1}"
        self.jobs[job] = dict(question)
        assert question.pop("audio_url") == UPLOADED
        assert question.pop("speech_models") == ["assemblyai-stt-3-7", "universal-2"]
        language, detect = (
            question.pop("language_code", None),
            question.pop("language_detection", 0),
        )
        assert (language, detect) in (("es", 0), ("pt", 0), (None, True))
        assert question.pop("speaker_labels", True) is True
        assert question.pop("keyterms_prompt", ["Dubline", "Aura"]) == ["Dubline", "Aura"]
        self.webhook = {name: question.pop(name) for name in list(question) if "webhook" in name}
        assert question == {}
        return Reply.of_json({"id": job, "status": "queued", "audio_url": UPLOADED})

    def _tell_job(self, job: str) -> Reply:
        question = self.jobs[job]
        told = {"id": job, "audio_url": UPLOADED}
        self.looks += 1
        if self.looks == 1:
            return Reply.of_json({**told, "status": "processing"})
        detected = question.get("language_detection", False)
        if self.silence and detected:
            self.failure = "language_detection cannot be performed on files with no spoken audio."
        if self.failure:
            return Reply.of_json({**told, "status": "error", "error": self.failure})
        said = [] if self.silence else SPOKEN
        diarize = question.get("speaker_labels", False)
        return Reply.of_json({**told, **build_transcript(said, diarize=diarize)})

    def _speak(self, asked: Asked) -> Reply:
        question = asked.json
        text = question.pop("text")
        assert question.pop("voice_id").startswith("aai-")
        assert question == {
            "model_id": "assemblyai-tts-1",
            "language": "spanish",
            "sample_rate": 24_000,
            "encoding": "pcm_s16le",
            "container": "raw",
            "stream": False,
        }
        if len(text) > 5000:
            return Reply.of_json(self.build_error("too long"), 413)
        audio = speak(text, 24_000)
        headers = {
            "content-type": "audio/pcm;rate=24000;channels=1",
            "x-request-id": "r-1",
            "x-tts-billed-characters": str(len(text)),
            "x-tts-audio-duration-ms": str(len(audio) // 48),
        }
        return Reply(200, audio, headers)


def build_transcript(said: list[Said], *, diarize: bool) -> Any:
    def build_word(one: Said, word: str, start: float, end: float) -> Any:
        speaker = "AB"[one.speaker] if diarize else None
        times = {"start": round(start * 1000), "end": round(end * 1000)}
        return {"text": word, **times, "confidence": 0.98, "speaker": speaker}

    turns = [(one, [build_word(one, *word) for word in one.words]) for one in said]
    words = [word for _, own in turns for word in own]
    utterances = [
        {
            "speaker": own[0]["speaker"],
            "text": " ".join(word["text"] for word in own),
            "start": own[0]["start"],
            "end": own[-1]["end"],
            "confidence": 0.97,
            "words": own,
        }
        for _, own in turns
    ]
    return {
        "status": "completed",
        "language_code": "es",
        "audio_duration": 6,
        "text": " ".join(word["text"] for word in words),
        "speech_model_used": "assemblyai-stt-3-7",
        "confidence": 0.97,
        "words": words,
        "utterances": utterances if diarize else None,
    }
