"""run_mt: `segments_src.json` to `segments_<lang>.json`, a line for each segment."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from backend.documents.transcripts import Line, Segment, Transcript, Translation
from backend.errors import Transient
from backend.pipeline.stages import CODE_VERSION, Stage
from workers.interfaces.providers import Translator
from workers.interfaces.stages import Desk, Made, Outcome, Work, kept


def run(work: Work, desk: Desk) -> Outcome:
    """Translate batch by batch."""
    translator = desk.translator(work.params.providers.translation)
    source = Transcript.model_validate_json(desk.fetch(work.files["segments_src"]).read_bytes())
    answers = _translated(translator, source, work.language, desk)
    texts = [text for answer in answers for text in answer]
    lines = [_line(one, text) for one, text in zip(source.segments, texts, strict=True)]
    translation = Translation(
        source_language=source.language,
        language=work.language,
        duration=source.duration,
        speakers=source.speakers,
        lines=tuple(lines),
    )
    path = desk.workdir / f"segments_{work.language}.json"
    path.write_bytes(translation.to_bytes())
    return Outcome(
        made=(Made("segments", path, "application/json", path.name),),
        provider=translator.name,
        model=translator.model,
    )


def _translated(
    translator: Translator, source: Transcript, target: str, desk: Desk
) -> Iterator[Sequence[str]]:
    texts = [segment.text for segment in source.segments]
    for first in range(0, len(texts), translator.batch_size):
        desk.progress(first / len(texts))
        batch = Batch(tuple(texts[first : first + translator.batch_size]), source.language, target)
        yield _kept(batch, translator, desk) or _bought(batch, translator, desk)


@dataclass(frozen=True)
class Batch:
    """Texts to be translated in one call."""

    texts: tuple[str, ...]
    source: str
    target: str

    def content_key(self, translator: Translator) -> str:
        """The hash of everything that makes its translation what it is."""
        by = (translator.name, translator.model, CODE_VERSION[Stage.MT])
        return hashlib.sha256(json.dumps([asdict(self), by]).encode()).hexdigest()


def _kept(batch: Batch, translator: Translator, desk: Desk) -> Sequence[str]:
    """What an earlier attempt or run was given for the same batch costs nothing."""
    found = kept(desk.batches, batch.content_key(translator), desk)
    return list(json.loads(found[1].read_bytes())) if found else []


def _bought(batch: Batch, translator: Translator, desk: Desk) -> Sequence[str]:
    with desk.paced(translator):
        answer = translator.translate(batch.texts, batch.source, batch.target, call=desk)
    desk.paid(answer.cost)
    _check(answer.texts, batch.texts, translator)
    path = desk.workdir / "batch.json"
    path.write_text(json.dumps(list(answer.texts)))
    desk.batches.put(batch.content_key(translator), path)
    return answer.texts


def _check(texts: Sequence[str], batch: Sequence[str], translator: Translator) -> None:
    """There must be a text for each that was given: a merged line must not shift the rest."""
    if len(texts) != len(batch):
        raise Transient(f"{translator.name} gave {len(texts)} texts for {len(batch)}")
    for given, got in zip(batch, texts, strict=True):
        if given.strip() and not got.strip():
            raise Transient(f"{translator.name} gave nothing for '{given[:40]}'")


def _line(segment: Segment, text: str) -> Line:
    return Line(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        source=segment.text,
        text=text,
        speaker=segment.speaker,
    )
