"""The captions and transcripts that stages hand out, as files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backend.documents.speech import Placement
from backend.documents.transcripts import Line, Segment, Transcript, Translation
from backend.errors import Permanent
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.params import SpeakerMode
from workers.captions.bilingual import build_bilingual_cues
from workers.captions.cues import CaptionText, Cue, build_cues
from workers.captions.formats import format_srt, format_ttml, format_vtt
from workers.captions.rules import Rules, build_rules
from workers.captions.transcripts import build_docx, format_txt
from workers.interfaces.stages import OutputFile, StageInput, describe_output
from workers.media import burn

NO_FONT = (
    "The captions in the picture have boxes in place of letters, because no font here has them: "
    "apt-get install fonts-noto-core fonts-noto-cjk, and run the job again from mix"
)


def write_transcript(
    inputs: StageInput, folder: Path, transcript: Transcript, fps: float | None
) -> Iterator[OutputFile]:
    """`transcript_txt`, `_srt`, `_vtt` and `_docx`; `fps` is the picture's, if there is one."""
    said, speakers = transcript.segments, inputs.params.mode is SpeakerMode.DIALOGUE
    timed = build_cues(
        (CaptionText(one.start, one.end, one.text, one.words) for one in said),
        build_rules(transcript.language, fps),
        transcript.duration,
    )
    meta = {"language": transcript.language}
    yield from _write_caption_files(folder, "transcript", timed, meta)
    yield from _write_transcript_files(inputs, folder, said, meta, speakers=speakers)


class CaptionedDub(NamedTuple):
    """What is said, each with its source text; the cues for it, and the rules they are to keep."""

    said: Sequence[tuple[CaptionText, str]]
    rules: Rules
    cues: Sequence[Cue]


def build_captions(
    translation: Translation, placed: Sequence[Placement], fps: float | None
) -> CaptionedDub:
    """Each line while it sounds; `fps` is the picture's, if there is one."""
    lines = {line.id: line for line in translation.lines}
    said = [
        (CaptionText(one.start, one.start + one.duration, lines[one.id].text), lines[one.id].source)
        for one in placed
    ]
    rules = build_rules(translation.language, fps)
    return CaptionedDub(
        said, rules, build_cues((spoken for spoken, _ in said), rules, translation.duration)
    )


def write_captions(
    inputs: StageInput, folder: Path, translation: Translation, captioned: CaptionedDub
) -> Iterator[OutputFile]:
    """`captions_srt`, `_vtt`, `_ttml`, `captions_bilingual_...` if asked for, `transcript_...`."""
    said, rules, timed = captioned
    meta = {"language": translation.language, "duration": translation.duration}
    yield from _write_caption_files(folder, "captions", timed, meta)
    yield _write_file(
        folder, "captions", "ttml", format_ttml(timed, translation.language).encode(), meta
    )
    if inputs.params.captions.bilingual:
        source = build_rules(translation.source_language, rules.frame_rate)
        both = build_bilingual_cues(said, source, rules, translation.duration)
        yield from _write_caption_files(folder, "captions_bilingual", both, meta)
    several = len({line.speaker for line in translation.lines}) > 1
    lines = [line for line in translation.lines if line.text]
    yield from _write_transcript_files(inputs, folder, lines, meta, speakers=several)


def burn_captions(
    inputs: StageInput, folder: Path, made: Sequence[OutputFile], progress: Callable[[float], None]
) -> tuple[list[OutputFile], list[str]]:
    """`video_captioned` if it is asked for, from the `video` and `captions_vtt` made; warnings.

    `progress` is told the seconds done.
    """
    files = {one.kind: one for one in made}
    if not inputs.params.captions.burn_in or ArtifactKind.VIDEO not in files:
        return [], []
    if not burn.is_available():
        return [], ["No video with captions in its picture: apt-get install ffmpeg"]
    video = files[ArtifactKind.VIDEO]
    # WebM takes no H.264.
    out = folder / f"dub.captioned{video.path.suffix.replace('.webm', '.mkv')}"
    try:
        legible = burn.burn_captions(
            video.path, files[ArtifactKind.CAPTIONS_VTT].path, out, progress
        )
    except Permanent as error:
        return [], [f"No video with captions in its picture. {error}"]
    meta = {**video.meta, "codec": "h264"}
    captioned = describe_output(ArtifactKind.VIDEO_CAPTIONED, out, meta)
    return [captioned], [] if legible else [NO_FONT]


def _write_transcript_files(
    inputs: StageInput,
    folder: Path,
    said: Sequence[Segment | Line],
    meta: Mapping[str, Any],
    *,
    speakers: bool,
) -> Iterator[OutputFile]:
    title = Path(inputs.files["media"].filename).stem
    document = build_docx(said, title, meta["language"], speakers=speakers)
    yield _write_file(
        folder, "transcript", "txt", format_txt(said, speakers=speakers).encode(), meta
    )
    yield _write_file(folder, "transcript", "docx", document, meta)


def _write_caption_files(
    folder: Path, kind: str, timed: Sequence[Cue], meta: Mapping[str, Any]
) -> Iterator[OutputFile]:
    for suffix, write in (("srt", format_srt), ("vtt", format_vtt)):
        yield _write_file(folder, kind, suffix, write(timed).encode(), meta)


def _write_file(
    folder: Path, kind: str, suffix: str, content: bytes, meta: Mapping[str, Any]
) -> OutputFile:
    path = folder / f"{kind}.{suffix}"
    path.write_bytes(content)
    return describe_output(ArtifactKind(f"{kind}_{suffix}"), path, meta)
