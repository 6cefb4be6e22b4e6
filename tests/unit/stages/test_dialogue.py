"""A dialogue from its sound to its voices, by the offline transcriber and three stages."""

from pathlib import Path

import numpy as np
import soundfile

from backend.documents.speech import Speech
from backend.documents.transcripts import Transcript
from backend.pipeline.params import SpeakerMode
from tests.demo_sample import speak
from tests.stage_context import LocalContext, build_input
from workers.stages import asr, mt, tts

RATE = 16_000
PAUSE = np.zeros(RATE // 4, np.float32)
TALK = (
    ("rms", "What do you want to do today? The market opens at nine."),
    ("slt", "I would like to visit the old city and see the market and the river."),
    ("rms", "The house is quiet and the garden is beautiful."),
)


def test_each_speaker_is_dubbed_by_one_voice_as_high_as_theirs(tmp_path: Path):
    context = LocalContext(tmp_path)
    wav = context.workdir / "talk.wav"
    spoken = [part for voice, text in TALK for part in (PAUSE, speak(voice, text, RATE))]
    soundfile.write(wav, np.concatenate([*spoken, PAUSE]), RATE)
    providers = {"transcription": "local", "translation": "stub", "tts": "stub"}
    files = {"media": context.store_file(wav, "audio/wav")}
    for stage, language in ((asr, ""), (mt, "es"), (tts, "es")):
        asked = build_input(files, language, mode=SpeakerMode.DIALOGUE, providers=providers)
        outcome = stage.run(asked, context)
        assert not outcome.warnings
        files |= context.store_result(outcome)
    said = Transcript.model_validate_json(context.fetch(files["segments_src"]).read_bytes())
    assert [segment.speaker for segment in said.segments] == ["A", "B", "A"]
    assert [segment.id for segment in said.segments] == [0, 1, 2]
    assert "visit the old city" in said.segments[1].text
    speech = Speech.model_validate_json(context.fetch(files["speech"]).read_bytes())
    assert [clip.voice for clip in speech.clips] == ["bass", "tenor", "bass"]
