"""What every provider must do, stub or real."""

import subprocess
from pathlib import Path

import pytest
import soundfile

from backend.errors import Permanent
from backend.settings import Settings
from tests.neural_models import CACHE, require_models
from tests.provider_checks import check_synthesizer, check_transcriber, check_translator
from tests.stage_context import build_batch
from workers import offers
from workers.interfaces.providers import OverlongText, Recording, Shortener, TargetLister
from workers.media.decode import decode_blocks, write_wav
from workers.providers.registry import ProviderRegistry

# Each with the models that it needs.
TRANSCRIBERS = {"stub": (), "pocketsphinx": (), "faster_whisper": ("whisper-base",)}
TRANSLATORS = {"stub": (), "apertium": (), "firefox": ("firefox-en-pt",)}
SYNTHESIZERS = {
    "stub": (),
    "espeak": (),
    "kokoro": ("kokoro",),
    "piper": ("piper-en-us-joe",),
}
PROVIDERS = ProviderRegistry(Settings(models_dir=CACHE))


class Line:
    """The line back to the stage."""

    def progress(self, fraction: float) -> None:
        assert 0 <= fraction <= 1


@pytest.mark.parametrize("name", TRANSCRIBERS)
def test_transcriber(name: str, tmp_path: Path) -> None:
    require_models(*TRANSCRIBERS[name])
    transcriber = PROVIDERS.get_transcriber(name)
    spoken, wav = tmp_path / "flite.wav", tmp_path / "in.wav"
    subprocess.run(["flite", "-t", "Good morning to you all.", "-o", str(spoken)], check=True)
    seconds = soundfile.info(spoken).duration
    rate = transcriber.sample_rate
    write_wav(decode_blocks(spoken, rate, 1), wav, rate, seconds, lambda _: None)
    check_transcriber(transcriber, Recording(wav, seconds), "en", Line())


@pytest.mark.parametrize("name", TRANSLATORS)
def test_translator(name: str) -> None:
    require_models(*TRANSLATORS[name])
    translator = PROVIDERS.get_translator(name)
    answer = check_translator(translator, "pt", Line())
    assert answer.texts[0] == answer.texts[2]


@pytest.mark.parametrize("name", TRANSLATORS)
@pytest.mark.parametrize("texts", [[], [""], ["...", "", "^ [ \\ <b>", "a\nb", "🎉", "Yes."]])
def test_translator_never_merges_nor_drops(name: str, texts: list[str]) -> None:
    require_models(*TRANSLATORS[name])
    answer = PROVIDERS.get_translator(name).translate(build_batch(texts, "pt"), call=Line())
    assert len(answer.texts) == len(texts)
    assert all(got for given, got in zip(texts, answer.texts, strict=True) if given)


@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_translator_tells_its_targets_or_takes_any(name: str) -> None:
    """Red for one that refuses pairs and does not tell which: jobs would be refused by nobody."""
    require_models(*TRANSLATORS[name])
    translator = PROVIDERS.get_translator(name)
    if not isinstance(translator, TargetLister):
        translator.check("qaa", "qab")
        return
    targets = translator.list_targets("en")
    assert targets
    for target in targets:
        translator.check("en", target)
    with pytest.raises(Permanent):
        translator.check("en", "qaa")


@pytest.mark.parametrize("name", TRANSCRIBERS)
def test_a_transcriber_knows_the_languages_that_it_lists(name: str) -> None:
    require_models(*TRANSCRIBERS[name])
    transcriber = PROVIDERS.get_transcriber(name)
    for language in offers._list_heard(transcriber) or ["qaa"]:
        transcriber.check(language)


def test_a_shortener_gives_each_text_in_fewer_characters_or_as_it_was() -> None:
    shortener = PROVIDERS.get_translator("stub")
    assert isinstance(shortener, Shortener)
    texts = ["one two three four", "unbreakable", "short"]
    long = [OverlongText(text, "source", seconds=0.5, characters=8) for text in texts]
    answer = shortener.shorten(long, "en", "es", call=Line())
    assert answer.texts == ["one two", "unbreakable", "short"]


def test_apertium_shortens_nothing() -> None:
    assert not isinstance(PROVIDERS.get_translator("apertium"), Shortener)


@pytest.mark.parametrize("name", SYNTHESIZERS)
def test_synthesizer(name: str) -> None:
    require_models(*SYNTHESIZERS[name])
    synthesizer = PROVIDERS.get_synthesizer(name)
    check_synthesizer(synthesizer, "en", "Hello to all of you.", Line())


@pytest.mark.parametrize("kind", ["transcriber", "translator", "synthesizer"])
def test_an_unknown_name_is_answered_with_the_enabled_ones(kind: str) -> None:
    with pytest.raises(Permanent, match=r"no provider 'nosuch' for .*_BACKEND names: auto$"):
        getattr(PROVIDERS, f"get_{kind}")("nosuch")
