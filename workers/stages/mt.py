"""run_mt: `segments_src.json` to `segments_<lang>.json`, a line for each segment."""

from backend.documents.transcripts import Line, Segment, Transcript, Translation
from workers.calls.translation import translate_lines
from workers.interfaces.stages import Desk, Made, Outcome, Work


def run(work: Work, desk: Desk) -> Outcome:
    """Translate batch by batch."""
    translator = desk.translator(work.params.providers.translation)
    source = Transcript.model_validate_json(desk.fetch(work.files["segments_src"]).read_bytes())
    answers = translate_lines(translator, source, work.language, desk)
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


def _line(segment: Segment, text: str) -> Line:
    return Line(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        source=segment.text,
        text=text,
        speaker=segment.speaker,
    )
