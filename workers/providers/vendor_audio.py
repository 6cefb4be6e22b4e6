"""Speech as vendors send it, and texts as they take them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.errors import Transient
from workers.interfaces.providers import Cost, SpeechResult, Utterance

FULL_SCALE = 32768.0
FASTEST = 40.0  # characters a second: nobody speaks as fast, so more than that was cut off
AUDIO = re.compile(r"audio/|application/octet-stream|binary/octet-stream", re.IGNORECASE)

AFTER_SENTENCE = re.compile(r"(?<=[.!?…。！？।])[\"'”’»)\]]*\s*")  # noqa: RUF001 - all scripts


@dataclass(frozen=True)
class SentSpeech:
    """What a vendor sent as 16-bit mono PCM, and what it counts as characters if it tells that.

    `model` is the one that spoke, where there are several.
    """

    data: bytes
    content_type: str
    characters: float | None = None
    model: str = ""


def decode_pcm(
    vendor: str, sent: SentSpeech, sample_rate: int, said: Utterance
) -> NDArray[np.float32]:
    """The samples; raises `Transient` for what is no speech, or not all that is `said`."""
    if not AUDIO.match(sent.content_type) or _is_text(sent.data):
        kind = sent.content_type.partition(";")[0] or "no type"
        raise Transient(f"{vendor}: sent something else than audio, as {kind}")
    if not sent.data:
        raise Transient(f"{vendor}: sent no audio")
    if len(sent.data) % 2:
        raise Transient(f"{vendor}: the audio is cut off in the middle of a sample")
    seconds = len(sent.data) / 2 / sample_rate
    if seconds < len(said.text) / (FASTEST * said.rate):
        raise Transient(f"{vendor}: the audio ends after {seconds:.2f} s, before its text")
    return np.frombuffer(sent.data, "<i2").astype(np.float32) / FULL_SCALE


def _is_text(audio: bytes) -> bool:
    """Whether it is JSON or HTML, which vendors have sent as audio; samples are never all ASCII."""
    return audio[:1] in {b"{", b"[", b"<"} and audio.isascii()


def split_text(text: str, most: int) -> list[str]:
    """The text in pieces of at most `most` characters, cut after sentences where that can be."""
    pieces: list[str] = []
    for part in _cut_parts(text, most):
        if pieces and len(pieces[-1]) + 1 + len(part) <= most:
            pieces[-1] += f" {part}"
        else:
            pieces.append(part)
    return pieces


def _cut_parts(text: str, most: int) -> Iterator[str]:
    """Sentences; of one that is too long its words; of such a word as much as may be."""
    if len(text) <= most:
        yield text
        return
    for sentence in filter(None, AFTER_SENTENCE.split(text)):
        for word in [sentence] if len(sentence) <= most else sentence.split():
            yield from (word[first : first + most] for first in range(0, len(word), most))


def join_speech(parts: Sequence[SpeechResult]) -> SpeechResult:
    """The parts of one text, said one after the other."""
    samples = np.concatenate([part.samples for part in parts])
    return SpeechResult(samples, parts[0].sample_rate, Cost.total(part.cost for part in parts))
