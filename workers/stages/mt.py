"""run_mt: `segments_src.json` to `segments_<lang>.json`, a line for each segment."""

from dataclasses import replace

from backend.documents.languages import get_base_language, get_name
from backend.documents.limits import check_texts
from backend.documents.spoken import find_spoken_text, replace_spoken_text
from backend.documents.transcripts import Line, Segment, Transcript, Translation
from backend.errors import Permanent
from backend.pipeline.artifact_kinds import ArtifactKind
from workers.calls.choice import choose_translator
from workers.calls.translation import list_warnings, translate_lines
from workers.interfaces.providers import Translator
from workers.interfaces.stages import (
    StageContext,
    StageInput,
    StageResult,
    describe_output,
)


def run(inputs: StageInput, context: StageContext) -> StageResult:
    """Translate batch by batch."""
    source = Transcript.model_validate_json(
        context.fetch(inputs.files[ArtifactKind.SEGMENTS_SRC]).read_bytes()
    )
    check_texts(context.text_limits, source.segments, "The transcript")
    if get_base_language(source.language) == get_base_language(inputs.language):
        raise Permanent(f"The recording is in {get_name(source.language)} already: leave it out")
    choice = choose_translator(inputs.params, context, source.language, inputs.language)
    outcome = choice.do(lambda translator: _translate(inputs, context, translator, source))
    return replace(outcome, warnings=(*choice.warnings, *outcome.warnings))


def _translate(
    inputs: StageInput, context: StageContext, translator: Translator, source: Transcript
) -> StageResult:
    spoken = _keep_spoken(source)
    done = translate_lines(translator, spoken, inputs.language, context, inputs.params.glossary)
    texts = {one.id: done[one.id].text or one.text for one in spoken.segments}
    lines = [_build_line(one, texts.get(one.id)) for one in source.segments]
    translation = Translation(
        source_language=source.language,
        language=inputs.language,
        duration=source.duration,
        speakers=source.speakers,
        lines=tuple(lines),
        provider=translator.name,
        model=translator.model,
    )
    path = context.workdir / f"segments_{inputs.language}.json"
    path.write_bytes(translation.to_bytes())
    return StageResult(
        files=(describe_output(ArtifactKind.SEGMENTS, path),),
        provider=translator.name,
        model=translator.model,
        warnings=tuple(list_warnings(done, translator)),
    )


def _keep_spoken(source: Transcript) -> Transcript:
    """What is said of it; what only stands in captions stays as it is."""
    said = [
        segment.model_copy(update={"text": words})
        for segment in source.segments
        if (words := find_spoken_text(segment.text))
    ]
    return source.model_copy(update={"segments": tuple(said)})


def _build_line(segment: Segment, text: str | None) -> Line:
    return Line(
        id=segment.id,
        start=segment.start,
        end=segment.end,
        source=segment.text,
        text=segment.text if text is None else replace_spoken_text(segment.text, text),
        speaker=segment.speaker,
    )
