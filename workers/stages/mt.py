"""run_mt: `segments_src.json` to `segments_<lang>.json`, a line for each segment."""

from collections.abc import Iterator, Sequence

from backend.core.errors import Transient
from backend.core.segments import Line, Segment, Transcript, Translation
from workers.providers.base import Cost, Translated, Translator
from workers.stages.base import Desk, Made, Outcome, Work


def run(work: Work, desk: Desk) -> Outcome:
    """Translate batch by batch."""
    translator = desk.translator(work.params.providers.translation)
    source = Transcript.model_validate_json(desk.fetch(work.files["segments_src"]).read_bytes())
    answers = list(_translated(translator, source, work.language, desk))
    texts = [text for answer in answers for text in answer.texts]
    lines = [_line(one, text) for one, text in zip(source.segments, texts, strict=True)]
    translation = Translation(
        source_language=source.language,
        language=work.language,
        duration=source.duration,
        lines=tuple(lines),
    )
    path = desk.workdir / f"segments_{work.language}.json"
    path.write_bytes(translation.to_bytes())
    return Outcome(
        made=(Made("segments", path, "application/json", path.name),),
        provider=translator.name,
        model=translator.model,
        cost=Cost.total(answer.cost for answer in answers),
    )


def _translated(
    translator: Translator, source: Transcript, target: str, desk: Desk
) -> Iterator[Translated]:
    texts = [segment.text for segment in source.segments]
    for first in range(0, len(texts), translator.batch_size):
        desk.progress(first / len(texts))
        batch = texts[first : first + translator.batch_size]
        with desk.paced(translator):
            answer = translator.translate(batch, source.language, target, call=desk)
        yield _complete(answer, batch, translator)


def _complete(answer: Translated, batch: Sequence[str], translator: Translator) -> Translated:
    """The answer, if it has a text for each it was given; a merged line must not shift the rest."""
    if len(answer.texts) != len(batch):
        raise Transient(f"{translator.name} gave {len(answer.texts)} texts for {len(batch)}")
    for given, got in zip(batch, answer.texts, strict=True):
        if given.strip() and not got.strip():
            raise Transient(f"{translator.name} gave nothing for '{given[:40]}'")
    return answer


def _line(segment: Segment, text: str) -> Line:
    return Line(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        source=segment.text,
        text=text,
        speaker=segment.speaker,
    )
