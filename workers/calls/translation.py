"""Translates lines in batches, each of which is bought once."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from backend.documents.transcripts import Transcript
from backend.errors import Transient
from backend.pipeline.stages import Stage
from workers.calls.paid_calls import PaidCalls
from workers.interfaces.providers import Translator
from workers.interfaces.stages import StageContext

TEXTS = TypeAdapter(list[str])


@dataclass(frozen=True)
class TranslationBatch:
    """Texts to be translated in one call."""

    texts: tuple[str, ...]
    source: str
    target: str


def translate_lines(
    translator: Translator, source: Transcript, target: str, context: StageContext
) -> Iterator[Sequence[str]]:
    """The translations of all segments, batch by batch."""
    calls = PaidCalls(translator, Stage.MT, context.batches, context)
    texts = [segment.text for segment in source.segments]
    for first in range(0, len(texts), translator.batch_size):
        context.progress(first / len(texts))
        batch = tuple(texts[first : first + translator.batch_size])
        yield _translate_batch(TranslationBatch(batch, source.language, target), translator, calls)


def _translate_batch(
    batch: TranslationBatch, translator: Translator, calls: PaidCalls
) -> Sequence[str]:
    key = calls.compute_key([asdict(batch)])
    found = calls.find(key, TEXTS)
    if found is not None:
        return found
    answer = calls.buy(
        lambda: translator.translate(batch.texts, batch.source, batch.target, call=calls.context)
    )
    _check_batch(answer.texts, batch.texts, translator)
    calls.keep(key, TEXTS, list(answer.texts))
    return answer.texts


def _check_batch(texts: Sequence[str], batch: Sequence[str], translator: Translator) -> None:
    """There must be a text for each that was given: a merged line must not shift the rest."""
    if len(texts) != len(batch):
        raise Transient(f"{translator.name} gave {len(texts)} texts for {len(batch)}")
    for given, got in zip(batch, texts, strict=True):
        if given.strip() and not got.strip():
            raise Transient(f"{translator.name} gave nothing for '{given[:40]}'")
