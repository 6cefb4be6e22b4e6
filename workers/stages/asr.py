"""run_asr: the recording to `segments_src.json`; a transcription also to TXT, SRT, VTT and DOCX."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from backend.documents.languages import DETECT
from backend.documents.spoken import name_speakers
from backend.documents.transcripts import Segment, Speaker, Transcript, merge_speakers, trim_to_end
from backend.errors import Permanent
from backend.media.probe import require_audio
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.params import JobKind, SpeakerMode
from workers.calls.choice import ProviderChoice, choose_synthesizer, choose_translator
from workers.calls.transcription import TranscriptionRequest, transcribe_recording
from workers.exports import captions
from workers.interfaces.progress import tell_part
from workers.interfaces.providers import Recording, Transcriber, TranscriptionResult
from workers.interfaces.stages import (
    OutputFile,
    StageContext,
    StageInput,
    StageResult,
    describe_output,
)
from workers.media.decode import decode_speech, write_wav
from workers.mixing.recording import SourceRecording, fetch_recording, list_recording_warnings
from workers.speakers.pitch import measure_speakers

DECODED = 0.05  # of the stage's progress: decoding is quick beside recognition


def run(inputs: StageInput, context: StageContext) -> StageResult:
    """Transcribe; a recording in which nobody speaks gives an empty transcript and a warning."""
    _check_targets(inputs, context)
    choice = ProviderChoice(
        inputs.params.providers.transcription,
        context.get_transcriber,
        lambda transcriber: transcriber.check(inputs.params.source_language),
        context.require_budget,
    )
    outcome = choice.do(lambda transcriber: _transcribe(inputs, context, transcriber))
    return replace(outcome, warnings=(*choice.warnings, *outcome.warnings))


def _transcribe(inputs: StageInput, context: StageContext, transcriber: Transcriber) -> StageResult:
    # Only once, and not at all as long as the transcriber's vendor is at work on a job.
    prepare = cache(lambda: _prepare_recording(inputs, context, transcriber))
    dialogue = inputs.params.mode is SpeakerMode.DIALOGUE
    language = inputs.params.source_language
    question = TranscriptionRequest(_list_contents(inputs), language, dialogue)
    listened = partial(tell_part, context.progress, DECODED, 1.0)
    heard = transcribe_recording(transcriber, question, lambda: prepare()[0], context, listened)
    recording, source = prepare()
    transcript = _build_transcript(recording, heard)
    silent = [] if transcript.segments else ["Nobody was heard to speak in this recording"]
    return StageResult(
        files=tuple(_write_outputs(inputs, context.workdir, transcript, source.fps)),
        provider=transcriber.name,
        model=transcriber.model,
        warnings=(
            *list_recording_warnings(source, language),
            *heard.warnings,
            *silent,
        ),
    )


def _build_transcript(recording: Recording, heard: TranscriptionResult) -> Transcript:
    """What was heard until the recording ends: sound may outlast its picture."""
    duration = recording.duration or max((one.end for one in heard.segments), default=0.0)
    segments = tuple(name_speakers(trim_to_end(heard.segments, duration)))
    return Transcript(
        language=heard.language,
        duration=duration,
        speakers=_measure_speakers(recording, segments),
        segments=segments,
    )


def _check_targets(inputs: StageInput, context: StageContext) -> None:
    """Listen for hours only if some language can be dubbed into afterwards."""
    problems = [
        _find_problem(inputs, context, language) for language in inputs.params.target_languages
    ]
    if problems and all(problems):
        raise Permanent("; ".join(str(problem) for problem in problems))


def _find_problem(inputs: StageInput, context: StageContext, language: str) -> Permanent | None:
    params = inputs.params
    try:
        # What is yet to be heard can be translated or not: that will be seen then.
        if params.source_language != DETECT:
            choose_translator(params, context, params.source_language, language).get_first()
        choose_synthesizer(params, context, language).get_first()
    except Permanent as problem:
        return problem
    return None


def _prepare_recording(
    inputs: StageInput, context: StageContext, transcriber: Transcriber
) -> tuple[Recording, SourceRecording]:
    """The media as its transcriber wants it, and what it is; a text file stands for itself."""
    media = inputs.files["media"]
    source = fetch_recording(media, context, 0.0, inputs.params.track_wish)
    if source.found is None:
        return Recording(source.path, 0.0, text=_read_text(source.path, media.filename)), source
    require_audio(source.found, media.filename)
    wav = context.workdir / "speech.wav"
    write_wav(
        decode_speech(source.path, transcriber.sample_rate, source.survey.speech, source.track),
        *(wav, transcriber.sample_rate, source.duration),
        partial(tell_part, context.progress, 0.0, DECODED),
    )
    return Recording(wav, source.duration, keyterms=inputs.params.key_terms), source


def _list_contents(inputs: StageInput) -> list[Any]:
    """What is listened to: the media, its track, and for what."""
    return [inputs.files["media"].sha256, inputs.params.source_track, *inputs.params.key_terms]


def _measure_speakers(recording: Recording, segments: Sequence[Segment]) -> tuple[Speaker, ...]:
    if recording.text is None:
        return measure_speakers(recording.path, segments)
    return merge_speakers((), segments)


def _read_text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Permanent(
            f"{name} is not UTF-8 text from byte {error.start} on: save it as UTF-8 and try again"
        ) from None


def _write_outputs(
    inputs: StageInput, workdir: Path, transcript: Transcript, fps: float | None
) -> Iterator[OutputFile]:
    path = workdir / "segments_src.json"
    path.write_bytes(transcript.to_bytes())
    yield describe_output(ArtifactKind.SEGMENTS_SRC, path, {"language": transcript.language})
    if inputs.params.kind is JobKind.TRANSCRIBE:
        yield from captions.write_transcript(inputs, workdir, transcript, fps)
