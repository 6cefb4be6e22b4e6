"""Translated lines, bought once for each question and kept."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from backend.documents.transcripts import Transcript
from backend.errors import Transient
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.interfaces.providers import Translator
from workers.interfaces.stages import StageContext, load_reusable


def translate_lines(
    translator: Translator, source: Transcript, target: str, context: StageContext
) -> Iterator[Sequence[str]]:
    """The translations of all segments, batch by batch; none is bought twice."""
    texts = [segment.text for segment in source.segments]
    for first in range(0, len(texts), translator.batch_size):
        context.progress(first / len(texts))
        batch = TranslationBatch(
            tuple(texts[first : first + translator.batch_size]), source.language, target
        )
        yield _load_batch(batch, translator, context) or _buy_batch(batch, translator, context)


@dataclass(frozen=True)
class TranslationBatch:
    """Texts to be translated in one call."""

    texts: tuple[str, ...]
    source: str
    target: str

    def compute_content_key(self, translator: Translator) -> str:
        """The hash of everything that makes its translation what it is."""
        by = (translator.name, translator.model, STAGES[Stage.MT].code_version)
        return hash_json([asdict(self), by])


def _load_batch(
    batch: TranslationBatch, translator: Translator, context: StageContext
) -> Sequence[str]:
    """What an earlier attempt or run was given for the same batch costs nothing."""
    found = load_reusable(context.batches, batch.compute_content_key(translator), context)
    return list(json.loads(found[1].read_bytes())) if found else []


def _buy_batch(
    batch: TranslationBatch, translator: Translator, context: StageContext
) -> Sequence[str]:
    with context.pace_call(translator):
        answer = translator.translate(batch.texts, batch.source, batch.target, call=context)
    context.add_cost(answer.cost)
    _check_batch(answer.texts, batch.texts, translator)
    path = context.workdir / "batch.json"
    path.write_text(json.dumps(list(answer.texts)))
    context.batches.put(batch.compute_content_key(translator), path)
    return answer.texts


def _check_batch(texts: Sequence[str], batch: Sequence[str], translator: Translator) -> None:
    """There must be a text for each that was given: a merged line must not shift the rest."""
    if len(texts) != len(batch):
        raise Transient(f"{translator.name} gave {len(texts)} texts for {len(batch)}")
    for given, got in zip(batch, texts, strict=True):
        if given.strip() and not got.strip():
            raise Transient(f"{translator.name} gave nothing for '{given[:40]}'")
