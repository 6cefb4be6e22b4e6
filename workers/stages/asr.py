"""run_asr: the recording to `segments_src.json`; a transcription also to TXT, SRT, VTT and DOCX."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.documents.transcripts import Segment, Speaker, Transcript, everyone, within
from backend.errors import Permanent
from backend.media.probe import probe, require_audio
from backend.pipeline.params import Kind, Mode
from workers.calls.transcription import Question, transcribed
from workers.exports import captions
from workers.interfaces.providers import Recording, Transcribed, Transcriber
from workers.interfaces.stages import Desk, Made, Outcome, Work
from workers.media.decode import write_wav
from workers.speakers.casting import choose
from workers.speakers.pitch import measured

TEXT = "text/plain"


def run(work: Work, desk: Desk) -> Outcome:
    """Transcribe; a recording in which nobody speaks gives an empty transcript and a warning."""
    transcriber = desk.transcriber(work.params.providers.transcription)
    _check_targets(work, desk)
    recording, fps = _recording(work, desk, transcriber)
    dialogue = work.params.mode is Mode.DIALOGUE
    question = Question([work.files["media"].sha256], work.params.source_language, dialogue)
    heard = transcribed(transcriber, question, lambda: recording, desk, desk.progress)
    transcript = _transcript(recording, heard)
    silent = [] if transcript.segments else ["Nobody was heard to speak in this recording"]
    return Outcome(
        made=tuple(_made(work, desk.workdir, transcript, fps)),
        provider=transcriber.name,
        model=transcriber.model,
        warnings=(*heard.warnings, *silent),
    )


def _transcript(recording: Recording, heard: Transcribed) -> Transcript:
    """What was heard until the recording ends: sound may outlast its picture."""
    duration = recording.duration or max((one.end for one in heard.segments), default=0.0)
    segments = tuple(within(heard.segments, duration))
    return Transcript(
        language=heard.language,
        duration=duration,
        speakers=_speakers(recording, segments),
        segments=segments,
    )


def _check_targets(work: Work, desk: Desk) -> None:
    """Listen for hours only if some language can be dubbed into afterwards."""
    problems = [_problem(work, desk, language) for language in work.params.target_languages]
    if problems and all(problems):
        raise Permanent("; ".join(str(problem) for problem in problems))


def _problem(work: Work, desk: Desk, language: str) -> Permanent | None:
    try:
        translator = desk.translator(work.params.providers.translation)
        translator.check(work.params.source_language, language)
        offered = desk.synthesizer(work.params.providers.tts).voices(language)
        choose([], offered, work.params.voices)
    except Permanent as problem:
        return problem
    return None


def _recording(work: Work, desk: Desk, transcriber: Transcriber) -> tuple[Recording, float | None]:
    """The media as its transcriber wants it, and its frame rate; a text file stands for itself."""
    media = work.files["media"]
    path = desk.fetch(media)
    if media.mime == TEXT:
        return Recording(path, 0.0, text=_text(path, media.filename)), None
    found = probe(path, media.filename)
    require_audio(found, media.filename)
    wav = desk.workdir / "speech.wav"
    # Decoding is quick beside recognition: it checks whether to stop but shows no progress.
    write_wav(path, wav, transcriber.sample_rate, found.duration, lambda _: desk.progress(0.0))
    return Recording(wav, found.duration), found.video.fps if found.video else None


def _speakers(recording: Recording, segments: Sequence[Segment]) -> tuple[Speaker, ...]:
    if recording.text is None:
        return measured(recording.path, segments)
    return everyone((), segments)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Permanent(
            f"{name} is not UTF-8 text from byte {error.start} on: save it as UTF-8 and try again"
        ) from None


def _made(work: Work, workdir: Path, transcript: Transcript, fps: float | None) -> Iterator[Made]:
    path = workdir / "segments_src.json"
    path.write_bytes(transcript.to_bytes())
    yield Made("segments_src", path, "application/json", path.name)
    if work.params.kind is Kind.TRANSCRIBE:
        yield from captions.of_transcript(work, workdir, transcript, fps)
