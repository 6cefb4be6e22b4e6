"""What OpenAI answers, as of 2026-11 (its reference and the SDK's models)."""

from typing import Any

from tests.contract.vendors.multipart import read_form
from tests.contract.vendors.server import KEY, Asked, Reply, VendorServer, require_length, speak
from tests.contract.vendors.spoken import SPOKEN, Said


class OpenAIServer(VendorServer):
    def build_error(self, message: str) -> Any:
        return {"error": {"message": message, "type": "some_type", "param": None, "code": None}}

    def answer(self, asked: Asked) -> Reply:
        assert asked.method == "POST"
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        assert asked.query == {}
        require_length(asked)
        routes = {
            "/v1/audio/transcriptions": self._listen,
            "/v1/audio/speech": self._speak,
        }
        return routes[asked.path](asked)

    def _listen(self, asked: Asked) -> Reply:
        fields, file = read_form(asked)
        assert file[:4] == b"OggS"
        assert b"OpusHead" in file[:100]
        assert fields.pop("model") == ["whisper-1"]
        assert fields.pop("response_format") == ["verbose_json"]
        assert fields.pop("timestamp_granularities[]") == ["word"]
        assert fields.pop("language", None) in (None, ["es"], ["pt"])
        assert fields.pop("prompt", None) in (None, ["Dubline, Aura"])
        assert fields == {}
        return Reply.of_json(build_transcript([] if self.silence else SPOKEN))

    def _speak(self, asked: Asked) -> Reply:
        question = asked.json
        text, speed = question.pop("input"), question.pop("speed")
        assert question.pop("voice").isalpha()
        assert question == {"model": "tts-1", "response_format": "pcm"}
        if len(text) > 4096:
            return Reply.of_json(self.build_error("too long"), 400)
        headers = {"content-type": "audio/pcm", "x-request-id": "r-1"}
        return Reply(200, speak(text, 24_000, speed), headers)


def build_transcript(said: list[Said]) -> Any:
    """Its words have no marks."""
    words = [word for one in said for word in one.words]
    return {
        "task": "transcribe",
        "language": "spanish",
        "duration": 6.0,
        "text": " ".join(word for word, _, _ in words),
        "words": [
            {"word": word.strip(".?¿"), "start": start, "end": end} for word, start, end in words
        ],
        "usage": {"type": "duration", "seconds": 6},
    }
