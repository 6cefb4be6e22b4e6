"""The input key of a stage changes with what it depends on, and with nothing else."""

from dataclasses import replace

import pytest

from backend.documents.glossary import GlossaryEntry
from backend.pipeline.keys import compute_input_key
from backend.pipeline.params import (
    Bed,
    Captions,
    Ducking,
    JobKind,
    Loudness,
    Providers,
    SpeakerMode,
    Timing,
    TimingPolicy,
)
from backend.pipeline.stages import ORDER, STAGES, Stage, list_stages
from tests.factories import dub_params

BASE = dub_params("es")
INPUTS = {"media": "aa", "segments": "bb"}


def key(stage: Stage, params=BASE, language: str = "es", inputs=INPUTS) -> str:
    return compute_input_key(stage, language, params, inputs)


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        ({"kind": JobKind.TRANSCRIBE}, {"asr"}),
        ({"source_language": "de"}, {"asr", "mix", "join"}),
        ({"source_track": 2}, {"asr", "mix", "join"}),
        ({"mode": SpeakerMode.DIALOGUE}, {"asr"}),
        ({"providers": Providers(transcription="local", translation="stub", tts="stub")}, {"asr"}),
        (
            {"providers": Providers(transcription="stub", translation="local", tts="stub")},
            {"mt", "tts"},
        ),
        ({"providers": Providers(transcription="stub", translation="stub", tts="local")}, {"tts"}),
        ({"timing": Timing(policy=TimingPolicy.REPORT)}, {"tts"}),
        ({"timing": Timing(max_shift=1)}, {"tts"}),
        ({"bed": Bed.NONE}, {"mix"}),
        ({"flac": True}, {"mix"}),
        ({"voices": {"A": "f2"}}, {"tts"}),
        ({"captions": Captions(bilingual=True)}, {"mix"}),
        ({"stems": True}, {"mix"}),
        ({"segment_audio": True}, {"mix"}),
        ({"transcribe_dub": True}, {"mix"}),
        ({"hls": False}, {"mix"}),
        ({"hls_h264": True}, {"mix"}),
        ({"loudness": Loudness.EBU}, {"mix"}),
        ({"ducking": Ducking(depth_db=6)}, {"mix"}),
        ({"glossary": (GlossaryEntry(term="Dubline"),)}, {"asr", "mt"}),
        ({"glossary": (GlossaryEntry(term="SQL", pronunciation="sequel"),)}, {"asr", "mt", "tts"}),
        ({"target_languages": ("es", "pt")}, set()),
        ({"max_cost": 1.0}, set()),
    ],
)
def test_the_key_changes_with_exactly_the_parameters_that_matter(change, stages):
    changed = dub_params("es").model_copy(update=change)
    assert {str(stage) for stage in ORDER if key(stage, changed) != key(stage)} == stages


def test_every_parameter_is_covered_above():
    listed = {
        *("kind", "source_language", "mode", "providers", "bed", "ducking", "loudness", "flac"),
        *("stems", "segment_audio", "transcribe_dub", "target_languages", "captions", "timing"),
        *("voices", "glossary", "max_cost", "source_track", "hls", "hls_h264"),
    }
    assert set(type(BASE).model_fields) == listed, "decide which stages a new parameter changes"


@pytest.mark.parametrize("stage", [Stage.MT, Stage.TTS, Stage.MIX])
def test_the_key_changes_with_the_language(stage):
    assert key(stage, language="es") != key(stage, language="pt")


@pytest.mark.parametrize("stage", list(Stage))
def test_the_key_changes_with_any_input(stage):
    assert key(stage) != key(stage, inputs={**INPUTS, "media": "cc"})
    assert key(stage) != key(stage, inputs={"media": "aa"})


@pytest.mark.parametrize("stage", list(Stage))
def test_the_key_changes_with_the_code(stage, monkeypatch):
    before = key(stage)
    newer = {each: replace(row, code_version=99) for each, row in STAGES.items()}
    monkeypatch.setattr("backend.pipeline.keys.STAGES", newer)
    assert key(stage) != before


def test_the_key_does_not_depend_on_the_order_of_inputs():
    assert key(Stage.MIX) == key(Stage.MIX, inputs=dict(reversed(INPUTS.items())))


def test_a_pronunciation_matters_to_voices_only():
    said = [
        BASE.model_copy(update={"glossary": (GlossaryEntry(term="SQL", pronunciation=spoken),)})
        for spoken in ("sequel", "ess queue ell")
    ]
    changed = {str(stage) for stage in ORDER if key(stage, said[0]) != key(stage, said[1])}
    assert changed == {"tts"}


def test_keys_stay_the_same_from_release_to_release():
    """A changed key makes every job's `auto` do all work again: raise `code_version` on purpose."""
    release_1 = "a133bddbc4bff0f07c2fa098ea75730af19eb937351e45e4b96b412917ec7e1a"
    assert key(Stage.MT, inputs={"segments_src": "00"}) == release_1


def test_what_each_kind_goes_through():
    assert list_stages(JobKind.DUB) == ORDER
    assert list_stages(JobKind.TRANSCRIBE) == (Stage.ASR,)
    assert [stage.task for stage in ORDER] == [
        *("run_asr", "run_mt", "run_tts", "run_mix", "run_join")
    ]
