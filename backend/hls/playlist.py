"""HLS playlists as text; numbers such as 4.3.4.2 are sections of RFC 8216."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from backend.documents import languages
from backend.hls.index import MediaSegment, Rendition, Role, Stream

MIME = "application/vnd.apple.mpegurl"

HEAD = (
    "#EXTM3U",
    "#EXT-X-VERSION:7",  # the one that brought fragmented MP4 (7)
)
INDEPENDENT = "#EXT-X-INDEPENDENT-SEGMENTS"
KINDS = {
    Role.VIDEO: "VIDEO",
    Role.DUB: "AUDIO",
    Role.ORIGINAL: "AUDIO",
    Role.SUBTITLES: "SUBTITLES",
}


def format_master_playlist(renditions: Sequence[Rendition], urls: Sequence[str]) -> str:
    """The master playlist; `urls` are those of the renditions' media playlists.

    `renditions` must be in the order of `index.list_renditions`. The first dub plays by default;
    where there is no picture, it is the variant stream as well.
    """
    default = next(one for one in renditions if one.role is Role.DUB)
    choices = [
        _format_choice(one, url, default=one is default)
        for one, url in zip(renditions, urls, strict=True)
        if one.role is not Role.VIDEO
    ]
    head = _list_head(one.stream for one in renditions)
    return _join_lines(*head, *choices, _format_variant(renditions), urls[0])


def format_media_playlist(stream: Stream, url: str, target: int) -> str:
    """The media playlist of a stream whose file is at `url`; `target` is in seconds."""
    lines = [*_list_head([stream]), "#EXT-X-PLAYLIST-TYPE:VOD", f"#EXT-X-TARGETDURATION:{target}"]
    if stream.header:
        lines.append(f'#EXT-X-MAP:URI="{url}",BYTERANGE="{stream.header}@0"')
    offset = stream.header
    for segment in stream.segments:
        lines.append(f"#EXTINF:{segment.duration:.6f},")
        if stream.header:  # a file without one is a segment by itself
            lines.append(f"#EXT-X-BYTERANGE:{segment.size}@{offset}")
        lines.append(url)
        offset += segment.size
    return _join_lines(*lines, "#EXT-X-ENDLIST")


def _list_head(streams: Iterable[Stream]) -> tuple[str, ...]:
    """What a playlist of these begins with."""
    return (*HEAD, INDEPENDENT) if all(one.independent for one in streams) else HEAD


def compute_target_duration(streams: Iterable[Stream]) -> int:
    """The longest segment, in whole seconds (4.3.3.1)."""
    longest = max(segment.duration for stream in streams for segment in stream.segments)
    return max(1, int(longest + 0.5))


def compute_shared_target(renditions: Iterable[Rendition]) -> int:
    """The target duration of picture and sound, which have to agree on one (6.2.4)."""
    return compute_target_duration(
        one.stream for one in renditions if one.role is not Role.SUBTITLES
    )


def compute_peak_bit_rate(stream: Stream, target: int) -> float:
    """The highest bit rate of any run of segments of 0.5 to 1.5 target durations (4.1)."""
    return max(
        map(_compute_bit_rate, _list_runs(stream.segments, target)),
        default=compute_average_bit_rate(stream),
    )


def compute_average_bit_rate(stream: Stream) -> float:
    """Bits a second over all segments."""
    return _compute_bit_rate(stream.segments)


def _list_runs(segments: Sequence[MediaSegment], target: int) -> Iterator[Sequence[MediaSegment]]:
    for first in range(len(segments)):
        duration = 0.0
        for last in range(first, len(segments)):
            duration += segments[last].duration
            if duration > 1.5 * target:
                break
            if duration >= 0.5 * target:
                yield segments[first : last + 1]


def _compute_bit_rate(segments: Sequence[MediaSegment]) -> float:
    bits = 8 * sum(segment.size for segment in segments)
    return bits / sum(segment.duration for segment in segments)


def _format_choice(one: Rendition, url: str, *, default: bool) -> str:
    channels = {"CHANNELS": _quote(one.stream.channels)} if one.stream.channels else {}
    attributes = {
        "TYPE": KINDS[one.role],
        "GROUP-ID": _quote(KINDS[one.role].lower()),
        "NAME": _quote(languages.get_own_name(one.language)),
        "LANGUAGE": _quote(one.language),
        "DEFAULT": "YES" if default else "NO",
        "AUTOSELECT": "YES",
        **channels,
        "URI": _quote(url),
    }
    return _format_tag("EXT-X-MEDIA", attributes)


def _format_variant(renditions: Sequence[Rendition]) -> str:
    """What playing takes and shows, whichever sound and subtitles are chosen (4.3.4.2)."""
    target, main = compute_shared_target(renditions), renditions[0].stream
    codecs = dict.fromkeys(one.stream.codecs for one in renditions if one.stream.codecs)
    attributes = {
        "BANDWIDTH": str(
            _sum_highest_rates(renditions, lambda stream: compute_peak_bit_rate(stream, target))
        ),
        "AVERAGE-BANDWIDTH": str(_sum_highest_rates(renditions, compute_average_bit_rate)),
        "CODECS": _quote(",".join(codecs)),
    }
    if main.width:
        attributes["RESOLUTION"] = f"{main.width}x{main.height}"
    if main.frame_rate:
        attributes["FRAME-RATE"] = f"{main.frame_rate:.3f}"
    if main.video_range:  # the standard range where it is not told
        attributes["VIDEO-RANGE"] = main.video_range
    groups = dict.fromkeys(KINDS[one.role] for one in renditions if one.role is not Role.VIDEO)
    attributes |= {kind: _quote(kind.lower()) for kind in groups}
    return _format_tag("EXT-X-STREAM-INF", attributes)


def _sum_highest_rates(renditions: Iterable[Rendition], rate: Callable[[Stream], float]) -> int:
    """The sum of the highest rates of each kind, of which a player takes one at a time."""
    highest: dict[str, float] = {}
    for one in renditions:
        kind = KINDS[one.role]
        highest[kind] = max(highest.get(kind, 0.0), rate(one.stream))
    return math.ceil(sum(highest.values()))


def _format_tag(name: str, attributes: dict[str, str]) -> str:
    return f"#{name}:" + ",".join(f"{key}={value}" for key, value in attributes.items())


def _quote(value: object) -> str:
    return f'"{value}"'


def _join_lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
