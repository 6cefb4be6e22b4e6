"""`hls.json`: what a language's streams consist of, for playlists to be written at any time."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from backend.documents.base import Document


class Role(StrEnum):
    """What a stream is for; its file is the artifact of the kind `hls_<role>`."""

    VIDEO = "video"
    DUB = "dub"
    ORIGINAL = "original"  # the source's own sound
    SUBTITLES = "subtitles"

    @property
    def kind(self) -> str:
        """The artifact's kind."""
        return f"hls_{self}"


# These are the source's, and thus the same in every language's package.
SHARED = (Role.VIDEO, Role.ORIGINAL)


class MediaSegment(Document):
    """A part of a stream that can be decoded by itself: seconds and bytes."""

    duration: float = Field(gt=0)
    size: int


class Stream(Document):
    """One file: `header` bytes that every segment needs, then the segments without a gap.

    `codecs` is as in RFC 6381, for example `avc1.64001f`; subtitles have none. `video_range` is
    that of a picture of high dynamic range, PQ or HLG. `independent` says that each segment can be
    decoded by itself to its last picture; otherwise a few at its start need the segment before.
    """

    segments: tuple[MediaSegment, ...] = Field(min_length=1)
    header: int = 0
    codecs: str = ""
    channels: int | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    video_range: str | None = None
    independent: bool = True

    @property
    def duration(self) -> float:
        """Seconds."""
        return sum(segment.duration for segment in self.segments)


class Package(Document):
    """`hls.json`: the streams of one dubbed language.

    `source` is the SHA-256 of the recording that they go with: not the one that was sent when its
    picture is held for this language. Only streams of one source can be played together.
    """

    source: str
    language: str
    source_language: str
    streams: dict[Role, Stream]


class Rendition(NamedTuple):
    """A stream as players see it: `package` is the language whose files it is one of."""

    role: Role
    package: str
    language: str
    stream: Stream


def list_renditions(packages: Iterable[Package]) -> list[Rendition]:
    """All streams of a job by role, then in the order of the packages; shared ones once."""
    found: dict[tuple[Role, str], Rendition] = {}
    for package in packages:
        for role, stream in package.streams.items():
            language = package.source_language if role is Role.ORIGINAL else package.language
            once = (role, "" if role in SHARED else package.language)
            found.setdefault(once, Rendition(role, package.language, language, stream))
    order = list(Role)
    return sorted(found.values(), key=lambda rendition: order.index(rendition.role))
