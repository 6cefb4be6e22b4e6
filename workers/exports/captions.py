"""The captions and transcripts that stages hand out, as files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backend.documents.speech import Placement
from backend.documents.transcripts import Line, Segment, Transcript, Translation
from backend.errors import Permanent
from backend.pipeline.params import Mode
from workers.captions.bilingual import bilingual
from workers.captions.cues import Cue, Utterance, cues
from workers.captions.formats import srt, ttml, vtt
from workers.captions.rules import Rules, rules_for
from workers.captions.transcripts import docx, txt
from workers.interfaces.stages import Made, Work
from workers.media import burn

NO_FONT = (
    "The captions in the picture have boxes in place of letters, because no font here has them: "
    "apt-get install fonts-noto-core fonts-noto-cjk, and run the job again from mix"
)

MIMES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "srt": "application/x-subrip",
    "ttml": "application/ttml+xml",
    "txt": "text/plain",
    "vtt": "text/vtt",
}


def of_transcript(
    work: Work, folder: Path, transcript: Transcript, fps: float | None
) -> Iterator[Made]:
    """`transcript_txt`, `_srt`, `_vtt` and `_docx`; `fps` is the picture's, if there is one."""
    said, speakers = transcript.segments, work.params.mode is Mode.DIALOGUE
    timed = cues(
        (Utterance(one.start, one.end, one.text, one.words) for one in said),
        rules_for(transcript.language, fps),
        transcript.duration,
    )
    meta = {"language": transcript.language}
    yield from _captions(folder, "transcript", timed, meta)
    yield from _transcript(work, folder, said, meta, speakers=speakers)


class Captioned(NamedTuple):
    """What is said, each with its source text; the cues for it, and the rules they are to keep."""

    said: Sequence[tuple[Utterance, str]]
    rules: Rules
    cues: Sequence[Cue]


def captioned(
    translation: Translation, placed: Sequence[Placement], fps: float | None
) -> Captioned:
    """Each line while it sounds; `fps` is the picture's, if there is one."""
    lines = {line.id: line for line in translation.lines}
    said = [
        (Utterance(one.start, one.start + one.duration, lines[one.id].text), lines[one.id].source)
        for one in placed
    ]
    rules = rules_for(translation.language, fps)
    return Captioned(said, rules, cues((spoken for spoken, _ in said), rules, translation.duration))


def of_dub(
    work: Work, folder: Path, translation: Translation, captioned: Captioned
) -> Iterator[Made]:
    """`captions_srt`, `_vtt`, `_ttml`, `captions_bilingual_...` if asked for, `transcript_...`."""
    said, rules, timed = captioned
    meta = {"language": translation.language, "duration": translation.duration}
    yield from _captions(folder, "captions", timed, meta)
    yield _made(folder, "captions", "ttml", ttml(timed, translation.language).encode(), meta)
    if work.params.captions.bilingual:
        source = rules_for(translation.source_language, rules.frame_rate)
        both = bilingual(said, source, rules, translation.duration)
        yield from _captions(folder, "captions_bilingual", both, meta)
    several = len({line.speaker for line in translation.lines}) > 1
    lines = [line for line in translation.lines if line.text]
    yield from _transcript(work, folder, lines, meta, speakers=several)


def burned_in(
    work: Work, folder: Path, made: Sequence[Made], progress: Callable[[float], None]
) -> tuple[list[Made], list[str]]:
    """`video_captioned` if it is asked for, from the `video` and `captions_vtt` made; warnings.

    `progress` is told the seconds done.
    """
    files = {one.kind: one for one in made}
    if not work.params.captions.burn_in or "video" not in files:
        return [], []
    if not burn.available():
        return [], ["No video with captions in its picture: apt-get install ffmpeg"]
    video = files["video"]
    # WebM takes no H.264.
    out = folder / f"dub.captioned{video.path.suffix.replace('.webm', '.mkv')}"
    try:
        legible = burn.burn(video.path, files["captions_vtt"].path, out, progress)
    except Permanent as error:
        return [], [f"No video with captions in its picture. {error}"]
    mime = "video/mp4" if out.suffix == ".mp4" else "video/x-matroska"
    captioned = Made("video_captioned", out, mime, out.name, {**video.meta, "codec": "h264"})
    return [captioned], [] if legible else [NO_FONT]


def _transcript(
    work: Work,
    folder: Path,
    said: Sequence[Segment | Line],
    meta: Mapping[str, Any],
    *,
    speakers: bool,
) -> Iterator[Made]:
    title = Path(work.files["media"].filename).stem
    document = docx(said, title, meta["language"], speakers=speakers)
    yield _made(folder, "transcript", "txt", txt(said, speakers=speakers).encode(), meta)
    yield _made(folder, "transcript", "docx", document, meta)


def _captions(
    folder: Path, kind: str, timed: Sequence[Cue], meta: Mapping[str, Any]
) -> Iterator[Made]:
    for suffix, write in (("srt", srt), ("vtt", vtt)):
        yield _made(folder, kind, suffix, write(timed).encode(), meta)


def _made(folder: Path, kind: str, suffix: str, content: bytes, meta: Mapping[str, Any]) -> Made:
    path = folder / f"{kind}.{suffix}"
    path.write_bytes(content)
    return Made(f"{kind}_{suffix}", path, MIMES[suffix], path.name, meta)
