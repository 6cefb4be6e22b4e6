"""What ElevenLabs answers, as of 2026-11 (its reference and the SDK's models)."""

from math import log
from typing import Any

from tests.contract.vendors.multipart import read_form
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


class ElevenServer(VendorServer):
    def build_error(self, message: str) -> Any:
        return {"detail": {"status": "some_code", "message": message}}

    def answer(self, asked: Asked) -> Reply:
        assert asked.method == "POST"
        assert asked.headers["xi-api-key"] == KEY
        require_length(asked)
        if asked.path == "/v1/speech-to-text":
            return self._listen(asked)
        assert asked.path.startswith("/v1/text-to-speech/")
        assert len(asked.path.rpartition("/")[2]) == 20
        return self._speak(asked)

    def _listen(self, asked: Asked) -> Reply:
        assert asked.query == {}
        fields, wav = read_form(asked)
        require_wav(wav)
        assert fields.pop("model_id") == ["scribe_v2"]
        assert fields.pop("timestamps_granularity") == ["word"]
        assert fields.pop("tag_audio_events") == ["false"]
        diarize = fields.pop("diarize")
        assert diarize in (["true"], ["false"])
        assert fields.pop("language_code", None) in (None, ["es"], ["pt"])
        assert fields.pop("keyterms", []) in ([], ["Dubline", "Aura"])
        # What the SDK sends of what it is not given.
        unset = {"webhook_metadata", "entity_detection", "entity_redaction"}
        assert fields == {name: ["null"] for name in unset}
        return Reply.of_json(build_transcript([] if self.silence else SPOKEN))

    def _speak(self, asked: Asked) -> Reply:
        question = asked.json
        assert asked.query == {"output_format": ["pcm_24000"]}
        text = question.pop("text")
        speed = question.pop("voice_settings", {"speed": 1.0})
        assert set(speed) == {"speed"}
        assert question.pop("model_id") == "eleven_multilingual_v2"
        assert set(question) <= {"previous_text", "next_text"}
        assert all(question.values())
        if len(text) > 10_000:
            return Reply.of_json(self.build_error("too long"), 400)
        headers = {
            "content-type": "audio/pcm",
            "request-id": "r-1",
            "character-cost": str(len(text)),
        }
        return Reply(200, speak(text, 24_000, speed["speed"]), headers)


def build_transcript(said: list[Said]) -> Any:
    words = [
        {
            "text": text,
            "start": start,
            "end": end,
            "type": kind,
            "speaker_id": f"speaker_{one.speaker}",
            "logprob": log(0.98),
        }
        for one in said
        for word, start, end in one.words
        for text, kind in ((word, "word"), (" ", "spacing"))
    ]
    return {
        "language_code": "spa",
        "language_probability": 0.98,
        "text": " ".join(word["text"] for word in words),
        "words": words,
        "transcription_id": "t-1",
        "audio_duration_secs": 6.0,
    }
