"""From English speech to Portuguese, by the engines that `auto` takes."""

import subprocess
from pathlib import Path

import pytest

from backend.documents.speech import Speech
from backend.documents.transcripts import Transcript, Translation
from backend.errors import Permanent
from backend.settings import Settings
from tests.neural_models import require_models
from tests.stage_context import LocalContext, build_input
from workers.providers.registry import ProviderRegistry
from workers.stages import asr, mt, tts

AUTO = {"transcription": "auto", "translation": "auto", "tts": "auto"}


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    models = require_models("whisper-base", "firefox-en-pt", "kokoro")
    registry = ProviderRegistry(Settings(models_dir=models))
    found = LocalContext(tmp_path)
    found.get_transcriber = registry.get_transcriber
    found.get_translator = registry.get_translator
    found.get_synthesizer = registry.get_synthesizer
    return found


def test_speech_is_heard_translated_and_spoken(context, tmp_path):
    wav, said = tmp_path / "talk.wav", "Good morning. Did you sleep well in the new house?"
    subprocess.run(["flite", "-voice", "rms", "-t", said, "-o", str(wav)], check=True)
    files = {"media": context.store_file(wav, "audio/wav")}

    def run(stage, language=""):
        asked = build_input(files, language, source_language="auto", providers=AUTO)
        outcome = stage.run(asked, context)
        files.update(context.store_result(outcome))
        return outcome

    heard = run(asr)
    transcript = Transcript.model_validate_json(heard.files[0].path.read_bytes())
    assert (heard.provider, transcript.language) == ("faster_whisper", "en")
    assert "sleep well in the new house" in transcript.segments[-1].text
    translated = run(mt, "pt")
    translation = Translation.model_validate_json(translated.files[0].path.read_bytes())
    assert translated.provider == "firefox"
    assert "dormiu bem na nova casa" in translation.lines[-1].text
    spoken = run(tts, "pt")
    speech = Speech.model_validate_json(spoken.files[0].path.read_bytes())
    assert spoken.provider == "kokoro"
    assert {clip.voice[:1] for clip in speech.clips} == {"p"}
    assert heard.warnings == translated.warnings == spoken.warnings == ()


def test_a_language_without_a_model_is_translated_by_rules_and_told_so(context):
    document = Transcript(language="en", duration=1.0, segments=())
    path = context.workdir / "segments_src.json"
    path.write_bytes(document.to_bytes())
    files = {"segments_src": context.store_file(path, "application/json")}
    outcome = mt.run(build_input(files, "es", providers=AUTO), context)
    assert outcome.provider == "apertium"
    [warning] = outcome.warnings
    assert warning.startswith("Not done by firefox: firefox has no model for English to Spanish")
    assert warning.endswith("run dubline models install firefox-en-es")


def test_whisper_knows_languages_by_codes_that_are_out_of_use(context):
    whisper = context.get_transcriber("faster_whisper")
    assert {"jv", "fil", "en"} <= {*whisper.list_languages()}
    for language in whisper.list_languages():
        whisper.check(language)
    with pytest.raises(Permanent, match=r"Whisper does not know Sicilian \(scn\)"):
        whisper.check("scn")
