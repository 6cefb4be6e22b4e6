"""The captions and transcripts that stages hand out, as files."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.documents.transcripts import Line, Segment, Transcript
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.params import SpeakerMode
from workers.captions.bilingual import build_bilingual_cues
from workers.captions.cues import CaptionText, Cue, build_cues
from workers.captions.formats import format_srt, format_ttml, format_vtt
from workers.captions.rules import build_rules
from workers.captions.transcripts import build_docx, format_txt
from workers.exports.dub import Export, MixedDub
from workers.interfaces.progress import Progress
from workers.interfaces.stages import OutputFile, StageInput, describe_output


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


def export(dub: MixedDub, _progress: Progress) -> Export:
    """`captions_srt`, `_vtt`, `_ttml`, `captions_bilingual_...` if asked for, `transcript_...`."""
    return Export(list(_write_captions(dub, dub.context.workdir)))


def _write_captions(dub: MixedDub, folder: Path) -> Iterator[OutputFile]:
    translation = dub.said
    said, rules, timed = dub.captions
    meta = {"language": translation.language, "duration": translation.duration}
    yield from _write_caption_files(folder, "captions", timed, meta)
    yield _write_file(
        folder, "captions", "ttml", format_ttml(timed, translation.language).encode(), meta
    )
    if dub.inputs.params.captions.bilingual:
        source = build_rules(translation.source_language, rules.frame_rate)
        both = build_bilingual_cues(said, source, rules, translation.duration)
        yield from _write_caption_files(folder, "captions_bilingual", both, meta)
    several = len({line.speaker for line in translation.lines}) > 1
    lines = [line for line in translation.lines if line.text]
    yield from _write_transcript_files(dub.inputs, folder, lines, meta, speakers=several)


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
