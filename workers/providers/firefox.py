"""Translation by Firefox's own models (fxtranslate, MPL-2.0), offline, maybe by way of English."""

import re
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from textwrap import wrap
from threading import local

from fxtranslate import Translator as Engine

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Permanent
from backend.settings import Settings
from workers.interfaces.providers import (
    ProviderCall,
    TranslationBatch,
    TranslationResult,
    Translator,
)
from workers.models.catalogue import find_model

MODEL = "firefox-{}-{}"
BRIDGE = "en"
# What a model that was trained on web pages takes for text: marks of songs, tags of subtitles.
AROUND = re.compile(r"^((?:[♪♫#*\s]|<[^>]*>)*)(.*?)((?:[♪♫#*\s]|<[^>]*>)*)$", re.DOTALL)
# What is the same in every language; the models break it, or read it out of order.
KEPT = re.compile(r"((?:https?://|www\.)\S*[^\s.,;:!?)]|\S+@\S+\.\w+)")
ENDS = re.compile(r"(?<=[.!?…])\s+")
INSIDE = re.compile(r"<[^>]*>|[♪♫]")
QUOTES = str.maketrans("“”„«»‘’", '"""""\'\'')  # noqa: RUF001 - those of many languages
MOST_CHARACTERS = 500  # in one go: a run of nonsense of 900 took three seconds


def build_translator(settings: Settings) -> Translator:
    """See `workers.providers.registry`."""
    if not any(settings.models_folder.glob(MODEL.format("*", "*"))):
        raise Permanent("firefox has no model: run dubline models install firefox-en-pt")
    return Firefox(settings.models_folder)


class Firefox:
    """Small models, one for each pair of languages: some milliseconds a sentence."""

    name = "firefox"
    remote = False
    batch_size = 100
    instructable = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._of_thread = local()  # an engine belongs to the thread that made it

    @property
    def model(self) -> str:
        """The library's version; the models' own names tell the pair."""
        return f"fxtranslate-{version('fxtranslate')}"

    def check(self, source: str, target: str) -> None:
        """Raise `Permanent` when no installed models lead to the target."""
        self._find_route(source, target)

    def list_targets(self, source: str) -> Sequence[str]:
        """Whatever installed models lead to, by way of English or without."""
        models = self._folder.glob(MODEL.format("*", "*"))
        codes = sorted({path.name.rpartition("-")[2] for path in models} - {source})
        return [code for code in codes if self._leads(source, code)]

    def _leads(self, source: str, target: str) -> bool:
        try:
            return bool(self._find_route(source, target))
        except Permanent:
            return False

    def translate(self, batch: TranslationBatch, *, call: ProviderCall) -> TranslationResult:
        """Translate; raises `Permanent` as `check` does."""
        route = self._find_route(batch.source, batch.target)
        return TranslationResult([self._translate_text(text, route) for text in batch.texts])

    def _translate_text(self, text: str, route: Sequence[Path]) -> str:
        before, plain, after = split_marks(collapse_lines(text))
        if not plain:
            return text
        shouted = plain.isupper() and " " in plain
        said = plain.capitalize() if shouted else plain
        for folder in route:
            said = self._translate_step(said, self._get_engine(folder))
        return f"{before}{said.upper() if shouted else said}{after}"

    @staticmethod
    def _translate_step(text: str, engine: Engine) -> str:
        """Addresses stay as they are; what is between them goes through the engine."""
        parts: list[str] = []
        for number, part in enumerate(KEPT.split(text)):
            translate = str if number % 2 else engine.translate_long
            parts += [collapse_lines(translate(piece)) for piece in cut_text(part)]
        return " ".join(parts)

    def _find_route(self, source: str, target: str) -> list[Path]:
        find = partial(_find_pair, self._folder)
        own, wanted = languages.get_base_language(source), languages.get_base_language(target)
        for steps in ([(own, wanted)], [(own, BRIDGE), (BRIDGE, wanted)]):
            folders = [find(*step) for step in steps]
            if all(folders):
                return [folder for folder in folders if folder]
        pair = f"{languages.get_name(source)} to {languages.get_name(target)}"
        name = MODEL.format(own, wanted)
        raise Permanent(f"firefox has no model for {pair}: run dubline models install {name}")

    def _get_engine(self, folder: Path) -> Engine:
        known = vars(self._of_thread)
        if folder.name not in known:
            known[folder.name] = _load_engine(folder)
        engine: Engine = known[folder.name]
        return engine


def cut_text(text: str) -> list[str]:
    """Sentences; one that is too long to bear is cut at a space."""
    return [piece for sentence in ENDS.split(text) for piece in wrap(sentence, MOST_CHARACTERS)]


def split_marks(text: str) -> tuple[str, str, str]:
    """What stands around a text and is no word, and the text in plain letters."""
    found = AROUND.match(text)
    assert found  # noqa: S101 - it matches everything
    before, plain, after = found.groups()
    return before, INSIDE.sub("", plain).translate(QUOTES), after


def _find_pair(folder: Path, source: str, target: str) -> Path | None:
    return find_model(folder, MODEL.format(source, target))


def _load_engine(folder: Path) -> Engine:
    def read(pattern: str) -> bytes:
        return next(folder.glob(pattern)).read_bytes()

    # Pairs of two scripts have a vocabulary each.
    shared = any(folder.glob("vocab.*.spm"))
    return Engine(
        model=read("model.*.bin"),
        src_vocab=read("vocab.*.spm" if shared else "srcvocab.*.spm"),
        trg_vocab=read("vocab.*.spm" if shared else "trgvocab.*.spm"),
        shortlist=read("lex.*.bin"),
    )
