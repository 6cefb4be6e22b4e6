"""What kind of file an upload is, and whether it is of any use in its role."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from backend.documents import subtitles
from backend.documents.encodings import UncertainEncoding, decode_text
from backend.documents.limits import TextLimits
from backend.errors import Invalid, LimitExceeded, Permanent
from backend.media.limits import MediaLimits
from backend.media.mime import MIME_TYPES
from backend.media.probe import Probe, probe_media, require_audio
from backend.uploads.receive import UploadContent

TEXT = MIME_TYPES[".txt"]
SNIFF = 1 << 16
# Ten hours of speech, each word with its times, make about 10 MB of JSON.
MOST_TRANSCRIPT_BYTES = 1 << 25
MOST_HINTED_BYTES = 1 << 22  # of what is no recording, looked into to tell what it is
SUBTYPES = {"mov": "mp4", "matroska": "x-matroska", "mp3": "mpeg"}


class UploadLimits(NamedTuple):
    """How much a file may demand, as media or as a transcript."""

    media: MediaLimits
    text: TextLimits


def probe_upload(
    path: Path, role: str, name: str, limits: UploadLimits, *, text_allowed: bool
) -> UploadContent:
    """Probe the file that its user calls `name`.

    Raises `Permanent` for what is no media or has no sound, `Invalid` for a transcript that
    cannot be read, `LimitExceeded` for what is beyond the limits. With `text_allowed` a text file
    may stand for media: it is its own transcript.
    """
    if role == "transcript":
        return _check_transcript(path, name, limits.text)
    if text_allowed and _is_text(path):
        return UploadContent(TEXT, None, None)
    try:
        found = probe_media(path, name, limits=limits.media)
    except LimitExceeded:
        raise
    except Permanent:
        _refuse_transcript(path, name)
        raise
    require_audio(found, name)
    return UploadContent(_format_mime(found), found.duration, found.model_dump(mode="json"))


def _refuse_transcript(path: Path, name: str) -> None:
    """Tell whoever sent subtitles in place of a recording what they are for."""
    if path.stat().st_size > MOST_HINTED_BYTES:
        return
    with suppress(Invalid):
        subtitles.parse_transcript(path.read_bytes(), name)
        raise Permanent(
            f"{name} is a transcript, not a recording: dub the recording itself, and bring this "
            "along (--transcript, or role 'transcript' in the API)"
        )


def _check_transcript(path: Path, name: str, limits: TextLimits) -> UploadContent:
    if path.stat().st_size > MOST_TRANSCRIPT_BYTES:
        raise Invalid("fileId", f"{name} is too large: {MOST_TRANSCRIPT_BYTES} bytes at most")
    content = path.read_bytes()
    try:
        subtitles.parse_transcript(content, name, limits=limits)
    except UncertainEncoding:
        return UploadContent(TEXT, None, None)  # the language that a job names may tell
    # What had to be told from the bytes is told to the user too, who may know better.
    return UploadContent(f"{TEXT}; charset={decode_text(content, name).encoding}", None, None)


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(SNIFF)
    try:
        # A character may be cut in two at the end of what was read.
        return bool(head) and "\0" not in head[: len(head) - 4 * (len(head) == SNIFF)].decode()
    except UnicodeDecodeError:
        return False


def _format_mime(found: Probe) -> str:
    kind = "video" if found.video else "audio"
    first = found.format.split(",")[0]
    return f"{kind}/{SUBTYPES.get(first, first)}"
