"""run_mt: `segments_src.json` to `segments_<lang>.json`, a line for each segment."""

from backend.documents.transcripts import Line, Segment, Transcript, Translation
from backend.pipeline.artifact_kinds import ArtifactKind
from workers.calls.translation import translate_lines
from workers.interfaces.stages import (
    StageContext,
    StageInput,
    StageResult,
    describe_output,
)


def run(inputs: StageInput, context: StageContext) -> StageResult:
    """Translate batch by batch."""
    translator = context.get_translator(inputs.params.providers.translation)
    source = Transcript.model_validate_json(
        context.fetch(inputs.files[ArtifactKind.SEGMENTS_SRC]).read_bytes()
    )
    answers = translate_lines(translator, source, inputs.language, context)
    texts = [text for answer in answers for text in answer]
    lines = [_build_line(one, text) for one, text in zip(source.segments, texts, strict=True)]
    translation = Translation(
        source_language=source.language,
        language=inputs.language,
        duration=source.duration,
        speakers=source.speakers,
        lines=tuple(lines),
    )
    path = context.workdir / f"segments_{inputs.language}.json"
    path.write_bytes(translation.to_bytes())
    return StageResult(
        files=(describe_output(ArtifactKind.SEGMENTS, path),),
        provider=translator.name,
        model=translator.model,
    )


def _build_line(segment: Segment, text: str) -> Line:
    return Line(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        source=segment.text,
        text=text,
        speaker=segment.speaker,
    )
