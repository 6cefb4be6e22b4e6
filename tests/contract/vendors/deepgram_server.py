"""What Deepgram answers, as of 2026-11 (its reference and the SDK's models)."""

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


class DeepgramServer(VendorServer):
    def build_error(self, message: str) -> Any:
        return {"err_code": "SOME_CODE", "err_msg": message, "request_id": "r-1"}

    def answer(self, asked: Asked) -> Reply:
        assert asked.method == "POST"
        assert asked.headers["authorization"] == f"Token {KEY}"
        require_length(asked)
        routes = {
            "/v1/listen": self._listen,
            "/v1/speak": self._speak,
            "/v2/speak": self._speak,
        }
        return routes[asked.path](asked)

    def _listen(self, asked: Asked) -> Reply:
        query = dict(asked.query)
        require_wav(asked.body)
        assert asked.headers["content-type"] == "audio/wav"
        assert query.pop("model") == ["nova-3"]
        assert query.pop("smart_format") == query.pop("utterances") == ["true"]
        diarize = query.pop("diarize_model", None)
        assert diarize in (None, ["latest"])
        assert query.pop("keyterm", []) in ([], ["Dubline", "Aura"])
        detect, language = query.pop("detect_language", None), query.pop("language", None)
        assert (detect, language) in ((["true"], None), (None, ["es"]), (None, ["pt-BR"]))
        assert query == {}
        said = [] if self.silence else SPOKEN
        return Reply.of_json(build_transcript(said, told=bool(diarize), detected=bool(detect)))

    def _speak(self, asked: Asked) -> Reply:
        query = dict(asked.query)
        [model] = query.pop("model")
        assert model.startswith("aura-2-" if asked.path.startswith("/v1") else "flux-")
        assert query.pop("encoding") == ["linear16"]
        assert query.pop("container") == ["none"]
        assert query.pop("sample_rate") == ["24000"]
        [speed] = query.pop("speed", ["1.0"])
        assert query == {}
        assert set(asked.json) == {"text"}
        text = asked.json["text"]
        if len(text) > 2000:
            return Reply.of_json(self.build_error("too long"), 413)
        headers = {
            "content-type": "audio/l16",
            "dg-char-count": str(len(text)),
            "dg-request-id": "r-1",
        }
        return Reply(200, speak(text, 24_000, float(speed)), headers)


def build_transcript(said: list[Said], *, told: bool, detected: bool) -> Any:
    words = [
        {
            "word": word.strip(".,?").lower(),
            "punctuated_word": word,
            "start": start,
            "end": end,
            "confidence": 0.98,
            **({"speaker": one.speaker, "speaker_confidence": 0.9} if told else {}),
        }
        for one in said
        for word, start, end in one.words
    ]
    channel: dict[str, Any] = {
        "alternatives": [{"transcript": "x", "confidence": 1, "words": words}]
    }
    if detected:
        channel |= {"detected_language": "es", "language_confidence": 0.9}
    return {
        "metadata": {
            "request_id": "r-1",
            "sha256": "x",
            "created": "2026-11-21T00:00:00Z",
            "duration": 6.0,
            "channels": 1,
            "models": ["m"],
            "model_info": {},
        },
        "results": {
            "channels": [channel],
            "utterances": [
                {
                    "id": f"u{number}",
                    "start": one.words[0][1],
                    "end": one.words[-1][2],
                    "confidence": 0.99,
                    "channel": 0,
                    "transcript": " ".join(word for word, _, _ in one.words),
                    "words": words[one.first : one.first + len(one.words)],
                    **({"speaker": one.speaker} if told else {}),
                }
                for number, one in enumerate(said)
            ],
        },
    }
