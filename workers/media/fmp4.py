"""Fragmented MP4: one file whose fragments a player fetches one by one, by their bytes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from struct import unpack
from typing import Any, BinaryIO, NamedTuple

import av
from av.container import InputContainer, OutputContainer

from backend.hls.index import MediaSegment, Stream
from backend.media.container import find_audio_stream, find_video_stream, open_media
from workers.audio.samples import RATE
from workers.media.codec_strings import read_codec_string

# How players are told that a picture's brightness goes beyond the usual, by its transfer
# characteristics (ITU-T H.273, table 3; draft-pantos-hls-rfc8216bis, 4.4.6.2).
VIDEO_RANGES = {16: "PQ", 18: "HLG"}

FLAGS = (
    "dash",  # before each fragment a box (sidx) tells its time, duration and size
    # Edit lists tell where the sound begins after the codec's priming, and the picture after the
    # reordering of its frames. FFmpeg shows the alternative, composition offsets below 0, late.
    "delay_moov",
    "default_base_moof",
    "skip_trailer",
)
SOUND = {"movflags": "+".join(FLAGS), "frag_duration": "6000000"}  # microseconds
# At the first keyframe after so long; keyframes are rarely further apart than ten seconds. Those
# that are four apart may be decoded a few pictures sooner.
PICTURE = {"movflags": "+".join((*FLAGS, "frag_keyframe")), "min_frag_duration": "3700000"}


@contextmanager
def open_fragmented(out: Path, ends: Mapping[str, str]) -> Iterator[OutputContainer]:
    """A file for one stream, whose fragments end as `SOUND` or `PICTURE` say."""
    options = {**ends, "movie_timescale": str(RATE)}
    with av.open(out, "w", format="mp4", options=options) as target:
        yield target


def describe_stream(path: Path) -> Stream:
    """What playlists have to say of such a file."""
    with path.open("rb") as file:
        fragments = list(_read_fragments(file))
        file.seek(0)
        header = file.read(fragments[0].offset)
    with open_media(path) as container:
        looks = _describe_looks(container, header)
    return Stream(header=fragments[0].offset, segments=_list_segments(fragments), **looks)


class _Fragment(NamedTuple):
    """Where in the file, and when (seconds)."""

    offset: int
    size: int
    time: Fraction
    duration: Fraction


# Version and flags, stream, time scale, earliest time, offset, count, then one reference.
SIDX = ">I4xIQQIIII"


def _read_fragments(file: BinaryIO) -> Iterator[_Fragment]:
    """ISO/IEC 14496-12, 4.2 (boxes) and 8.16.3 (sidx), with one reference each as FFmpeg does."""
    offset = 0
    while head := file.read(8):
        size, kind = unpack(">I4s", head)
        if kind == b"sidx":
            _, scale, time, _, _, media, duration, _ = unpack(SIDX, file.read(size - 8))
            size += media
            yield _Fragment(offset, size, Fraction(time, scale), Fraction(duration, scale))
        offset += size
        file.seek(offset)


def _list_segments(fragments: Sequence[_Fragment]) -> tuple[MediaSegment, ...]:
    """Each lasts until the next begins, so that their sum never drifts from the media's clock."""
    last = fragments[-1]
    starts = [fragment.time for fragment in fragments] + [last.time + last.duration]
    return tuple(
        MediaSegment(duration=float(end - start), size=fragment.size)
        for fragment, (start, end) in zip(fragments, pairwise(starts), strict=True)
    )


def _describe_looks(container: InputContainer, header: bytes) -> dict[str, Any]:
    """What players are told before they fetch anything; codecs are as in RFC 6381."""
    shown, heard = find_video_stream(container), find_audio_stream(container)
    if shown:
        return {
            "codecs": read_codec_string(header),
            "width": shown.width,
            "height": shown.height,
            "frame_rate": float(shown.average_rate) if shown.average_rate else None,
            "video_range": VIDEO_RANGES.get(shown.codec_context.color_trc),
        }
    if heard:
        # The object type is in the first five bits (ISO/IEC 14496-3, 1.6.2.1).
        object_type = (heard.codec_context.extradata or b"\0")[0] >> 3
        return {"codecs": f"mp4a.40.{object_type}", "channels": heard.channels}
    return {}
