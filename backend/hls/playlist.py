"""HLS playlists as text; numbers such as 4.3.4.2 are sections of RFC 8216."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from backend.documents import languages
from backend.hls.index import Rendition, Role, Segment, Stream

MIME = "application/vnd.apple.mpegurl"

HEAD = (
    "#EXTM3U",
    "#EXT-X-VERSION:7",  # the one that brought fragmented MP4 (7)
    "#EXT-X-INDEPENDENT-SEGMENTS",
)
KINDS = {
    Role.VIDEO: "VIDEO",
    Role.DUB: "AUDIO",
    Role.ORIGINAL: "AUDIO",
    Role.SUBTITLES: "SUBTITLES",
}


def master(renditions: Sequence[Rendition], urls: Sequence[str]) -> str:
    """The master playlist; `urls` are those of the renditions' media playlists.

    `renditions` must be in the order of `index.renditions`. The first dub plays by default; where
    there is no picture, it is the variant stream as well.
    """
    default = next(one for one in renditions if one.role is Role.DUB)
    choices = [
        _choice(one, url, default=one is default)
        for one, url in zip(renditions, urls, strict=True)
        if one.role is not Role.VIDEO
    ]
    return _text(*HEAD, *choices, _variant(renditions), urls[0])


def media(stream: Stream, url: str, target: int) -> str:
    """The media playlist of a stream whose file is at `url`; `target` is in seconds."""
    lines = [*HEAD, "#EXT-X-PLAYLIST-TYPE:VOD", f"#EXT-X-TARGETDURATION:{target}"]
    if stream.header:
        lines.append(f'#EXT-X-MAP:URI="{url}",BYTERANGE="{stream.header}@0"')
    offset = stream.header
    for segment in stream.segments:
        lines.append(f"#EXTINF:{segment.duration:.6f},")
        if stream.header:  # a file without one is a segment by itself
            lines.append(f"#EXT-X-BYTERANGE:{segment.size}@{offset}")
        lines.append(url)
        offset += segment.size
    return _text(*lines, "#EXT-X-ENDLIST")


def target_duration(streams: Iterable[Stream]) -> int:
    """The longest segment, in whole seconds (4.3.3.1)."""
    longest = max(segment.duration for stream in streams for segment in stream.segments)
    return max(1, int(longest + 0.5))


def shared_target(renditions: Iterable[Rendition]) -> int:
    """The target duration of picture and sound, which have to agree on one (6.2.4)."""
    return target_duration(one.stream for one in renditions if one.role is not Role.SUBTITLES)


def peak_bit_rate(stream: Stream, target: int) -> float:
    """The highest bit rate of any run of segments of 0.5 to 1.5 target durations (4.1)."""
    return max(map(_bit_rate, _runs(stream.segments, target)), default=average_bit_rate(stream))


def average_bit_rate(stream: Stream) -> float:
    """Bits a second over all segments."""
    return _bit_rate(stream.segments)


def _runs(segments: Sequence[Segment], target: int) -> Iterator[Sequence[Segment]]:
    for first in range(len(segments)):
        duration = 0.0
        for last in range(first, len(segments)):
            duration += segments[last].duration
            if duration > 1.5 * target:
                break
            if duration >= 0.5 * target:
                yield segments[first : last + 1]


def _bit_rate(segments: Sequence[Segment]) -> float:
    bits = 8 * sum(segment.size for segment in segments)
    return bits / sum(segment.duration for segment in segments)


def _choice(one: Rendition, url: str, *, default: bool) -> str:
    channels = {"CHANNELS": _quoted(one.stream.channels)} if one.stream.channels else {}
    attributes = {
        "TYPE": KINDS[one.role],
        "GROUP-ID": _quoted(KINDS[one.role].lower()),
        "NAME": _quoted(languages.own_name(one.language)),
        "LANGUAGE": _quoted(one.language),
        "DEFAULT": "YES" if default else "NO",
        "AUTOSELECT": "YES",
        **channels,
        "URI": _quoted(url),
    }
    return _tag("EXT-X-MEDIA", attributes)


def _variant(renditions: Sequence[Rendition]) -> str:
    """What playing takes and shows, whichever sound and subtitles are chosen (4.3.4.2)."""
    target, main = shared_target(renditions), renditions[0].stream
    codecs = dict.fromkeys(one.stream.codecs for one in renditions if one.stream.codecs)
    attributes = {
        "BANDWIDTH": str(_most(renditions, lambda stream: peak_bit_rate(stream, target))),
        "AVERAGE-BANDWIDTH": str(_most(renditions, average_bit_rate)),
        "CODECS": _quoted(",".join(codecs)),
    }
    if main.width:
        attributes["RESOLUTION"] = f"{main.width}x{main.height}"
    if main.frame_rate:
        attributes["FRAME-RATE"] = f"{main.frame_rate:.3f}"
    groups = dict.fromkeys(KINDS[one.role] for one in renditions if one.role is not Role.VIDEO)
    attributes |= {kind: _quoted(kind.lower()) for kind in groups}
    return _tag("EXT-X-STREAM-INF", attributes)


def _most(renditions: Iterable[Rendition], rate: Callable[[Stream], float]) -> int:
    """The sum of the highest rates of each kind, of which a player takes one at a time."""
    highest: dict[str, float] = {}
    for one in renditions:
        kind = KINDS[one.role]
        highest[kind] = max(highest.get(kind, 0.0), rate(one.stream))
    return math.ceil(sum(highest.values()))


def _tag(name: str, attributes: dict[str, str]) -> str:
    return f"#{name}:" + ",".join(f"{key}={value}" for key, value in attributes.items())


def _quoted(value: object) -> str:
    return f'"{value}"'


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"
