"""Translation by OPUS-MT or Argos models in CTranslate2 (MIT), offline, maybe by way of English.

Nobody ships these models for us: whoever has some puts their folders where the others are.
"""

import json
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from ctranslate2 import Translator as Engine
from sentencepiece import SentencePieceProcessor

from backend.errors import Permanent
from backend.settings import Settings
from workers.interfaces.providers import (
    ProviderCall,
    TranslationBatch,
    TranslationResult,
    Translator,
)
from workers.models.memory import LoadedModel
from workers.models.pairs import find_route, list_targets
from workers.providers.plain_text import Step, translate_texts

NAME = "ctranslate2"
BEAM = 4
REMEDY = "put one into {folder} (docs/models.md)"
MOST_TOKENS = 256  # of an answer to a sentence: an end to one that never ends


def build_translator(settings: Settings) -> Translator:
    """See `workers.providers.registry`."""
    folder = settings.models_folder
    if not any(folder.glob(f"{NAME}-*-*")):
        raise Permanent(
            f"ctranslate2 has no model: {REMEDY.format(folder=f'{folder}/{NAME}-en-es')}"
        )
    return CTranslate2(folder, settings.device, threads=settings.threads_per_stage)


class CTranslate2:
    """A model for each pair of languages, for all threads of a process."""

    name = NAME
    remote = False
    batch_size = 100
    instructable = False

    def __init__(self, folder: Path, device: str, *, threads: int) -> None:
        self._folder = folder
        self._load = partial(PairModel, device=device, threads=threads)
        self._pairs: dict[str, LoadedModel[PairModel]] = {}
        self._lock = Lock()

    @property
    def model(self) -> str:
        """The library's version; the models' own names tell the pair."""
        return f"ctranslate2-{version('ctranslate2')}-int8"

    def check(self, source: str, target: str) -> None:
        """Raise `Permanent` when no models that are there lead to the target."""
        self._find_route(source, target)

    def list_targets(self, source: str) -> Sequence[str]:
        """Whatever models that are there lead to, by way of English or without."""
        return list_targets(self._folder, NAME, source)

    def translate(self, batch: TranslationBatch, *, call: ProviderCall) -> TranslationResult:
        """Translate; raises `Permanent` as `check` does, and for a folder that is no model."""
        route = self._find_route(batch.source, batch.target)
        steps = [self._build_step(folder) for folder in route]
        return TranslationResult(translate_texts(batch.texts, steps))

    def _find_route(self, source: str, target: str) -> list[Path]:
        return find_route(self._folder, NAME, source, target, REMEDY)

    def _build_step(self, folder: Path) -> Step:
        def translate(sentences: Sequence[str]) -> Sequence[str]:
            with self._get_pair(folder).use() as pair:
                return pair.translate(sentences)

        return translate

    def _get_pair(self, folder: Path) -> LoadedModel["PairModel"]:
        with self._lock:
            if folder.name not in self._pairs:
                self._pairs[folder.name] = LoadedModel(partial(self._load, folder))
            return self._pairs[folder.name]


class PairModel:
    """One model as OPUS-MT's converter writes it, or as Argos packs it; raises `Permanent`."""

    def __init__(self, folder: Path, *, device: str, threads: int) -> None:
        weights = _find_file(folder, "model.bin").parent
        options = {"device": device, "compute_type": "int8", "intra_threads": threads}
        self._engine = Engine(str(weights), inter_threads=1, **options)
        self._source = _load_pieces(folder, "source.spm")
        self._target = _load_pieces(folder, "target.spm")
        self._prefix = _read_prefix(folder)

    def translate(self, sentences: Sequence[str]) -> list[str]:
        """A translation of each."""
        pieces = self._source.encode(list(sentences), out_type=str)
        prefix = [[self._prefix]] * len(pieces) if self._prefix else None
        found = self._engine.translate_batch(
            pieces,
            target_prefix=prefix,
            beam_size=BEAM,
            replace_unknowns=True,
            max_decoding_length=MOST_TOKENS,
        )
        said = (one.hypotheses[0][1 if self._prefix else 0 :] for one in found)
        return [self._target.decode(tokens) for tokens in said]


def _find_file(folder: Path, name: str) -> Path:
    found = next(folder.rglob(name), None)
    if found is None:
        raise Permanent(f"{folder} is no model of OPUS-MT's or Argos': it has no {name}")
    return found


def _load_pieces(folder: Path, name: str) -> SentencePieceProcessor:
    """OPUS-MT has a vocabulary for each language, Argos one for both."""
    own = next(folder.rglob(name), None)
    file = own or _find_file(folder, "sentencepiece.model")
    return SentencePieceProcessor(model_file=str(file))


def _read_prefix(folder: Path) -> str:
    """What an answer has to begin with, of Argos' models that know several languages."""
    described = folder / "metadata.json"
    if not described.exists():
        return ""
    return str(json.loads(described.read_text()).get("target_prefix") or "")
