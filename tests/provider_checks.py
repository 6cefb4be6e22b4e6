"""What every provider must do, be it an engine, a vendor's server for tests or a live vendor."""

from collections.abc import Sequence

import numpy as np

from tests.stage_context import build_batch
from workers.interfaces.providers import (
    ProviderCall,
    Recording,
    SpeechResult,
    Synthesizer,
    Transcriber,
    TranscriptionResult,
    TranslationResult,
    Translator,
    Utterance,
)

TEXTS = ("One.", "Two dogs.", "One.")


def check_transcript(heard: TranscriptionResult, recording: Recording) -> None:
    """Segments in order of time, all within the recording."""
    assert [segment.id for segment in heard.segments] == list(range(len(heard.segments)))
    assert all(0 <= one.start < one.end <= recording.duration + 0.1 for one in heard.segments)
    starts = [one.start for one in heard.segments]
    assert starts == sorted(starts)
    assert all(one.text.strip() for one in heard.segments)


def check_transcriber(
    transcriber: Transcriber, recording: Recording, language: str, call: ProviderCall
) -> TranscriptionResult:
    """For who answers at once."""
    transcriber.check(language)
    heard = transcriber.transcribe(recording, language, diarize=False, call=call)
    assert heard.language == language
    check_transcript(heard, recording)
    return heard


def check_translator(
    translator: Translator, target: str, call: ProviderCall, texts: Sequence[str] = TEXTS
) -> TranslationResult:
    """A text for each, and different ones for what differs."""
    translator.check("en", target)
    answer = translator.translate(build_batch(texts, target), call=call)
    assert len(answer.texts) == len(texts)
    assert all(answer.texts)
    assert answer.texts[0] != answer.texts[1]
    assert translator.batch_size >= 1
    return answer


def check_synthesizer(
    synthesizer: Synthesizer, language: str, said: str, call: ProviderCall
) -> list[SpeechResult]:
    """Sound of about the right length, which is shorter where a voice can be hurried."""
    voices = synthesizer.list_voices(language)
    assert len({one.name for one in voices}) == len(voices) >= 1
    line = Utterance(said, language, voices[-1].name)
    spoken = synthesizer.synthesize(line, call=call)
    assert spoken.samples.ndim == 1
    assert np.abs(spoken.samples).max() > 0.01
    assert 0.2 < len(spoken.samples) / spoken.sample_rate < 10
    assert synthesizer.max_rate >= 1.0
    if synthesizer.max_rate == 1.0:
        return [spoken]
    hurried = Utterance(said, language, line.voice, synthesizer.max_rate)
    faster = synthesizer.synthesize(hurried, call=call)
    assert len(faster.samples) < len(spoken.samples)
    return [spoken, faster]
