"""Translation by Firefox's own models (fxtranslate, MPL-2.0), offline, maybe by way of English."""

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import local

from fxtranslate import Translator as Engine

from backend.errors import Permanent
from backend.settings import Settings
from workers.interfaces.providers import (
    ProviderCall,
    TranslationBatch,
    TranslationResult,
    Translator,
)
from workers.models.pairs import find_route, list_targets
from workers.providers.plain_text import translate_texts

NAME = "firefox"


def build_translator(settings: Settings) -> Translator:
    """See `workers.providers.registry`."""
    if not any(settings.models_folder.glob(f"{NAME}-*-*")):
        raise Permanent(
            "firefox has no model: run dubline models install firefox-FROM-TO, as in firefox-en-pt"
        )
    return Firefox(settings.models_folder)


class Firefox:
    """Small models, one for each pair of languages: some milliseconds a sentence."""

    name = NAME
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
        return list_targets(self._folder, NAME, source)

    def translate(self, batch: TranslationBatch, *, call: ProviderCall) -> TranslationResult:
        """Translate; raises `Permanent` as `check` does."""
        route = self._find_route(batch.source, batch.target)
        steps = [partial(_translate, self._get_engine(folder)) for folder in route]
        return TranslationResult(translate_texts(batch.texts, steps))

    def _find_route(self, source: str, target: str) -> list[Path]:
        return find_route(self._folder, NAME, source, target, "run dubline models install {name}")

    def _get_engine(self, folder: Path) -> Engine:
        known = vars(self._of_thread)
        if folder.name not in known:
            known[folder.name] = _load_engine(folder)
        engine: Engine = known[folder.name]
        return engine


def _translate(engine: Engine, sentences: Sequence[str]) -> list[str]:
    return [engine.translate_long(sentence) for sentence in sentences]


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
