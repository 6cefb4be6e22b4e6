"""What is in a media file, by looking at all of it: headers lie, and files are cut short."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream
from pydantic import BaseModel, ConfigDict

from backend.documents.languages import DETECT, get_name, is_same_language
from backend.errors import Permanent
from backend.media.container import (
    demux_packets,
    find_audio_stream,
    find_video_stream,
    open_media,
)
from backend.media.extent import Gap, measure_extent, read_declared_length
from backend.media.limits import (
    MediaLimits,
    check_duration,
    check_picture,
    check_rate,
    check_streams,
)
from backend.media.tracks import ANY, TrackWish

# Sound that outlasts the picture by less is the encoder filling up its last frames.
ENCODER_PADDING = 0.5
# Enough to tell speech codecs from noise that happens to hold their sync words.
TRIAL_PACKETS = 50


class ProbedStream(BaseModel):
    """One stream: `language` as the file tells it; rates in Hz, `fps` in frames a second."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["audio", "video"]
    codec: str
    language: str | None = None
    title: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None


class Probe(BaseModel):
    """A media file: its container `format`, its streams, its `duration` in seconds.

    `audio` and `video` are the streams that Dubline uses. The duration is counted from the start
    of whichever begins first: to the last sample of a sound file, to the end of the last frame of
    a video, unless its sound goes on after the picture.
    """

    model_config = ConfigDict(frozen=True)

    format: str
    duration: float
    audio: ProbedStream | None
    video: ProbedStream | None
    streams: tuple[ProbedStream, ...]
    track: int | None = None  # the number of `audio` among the sound tracks, from 1
    declared: float | None = None  # seconds that the file says it lasts
    ends: Mapping[str, float] = {}  # of `audio` and `video`, in seconds
    gaps: tuple[Gap, ...] = ()  # in the sound's times


def probe_media(
    path: Path, name: str = "", wish: TrackWish = ANY, limits: MediaLimits | None = None
) -> Probe:
    """Probe the file, which the user calls `name`; it is read through, but not decoded.

    Of several sound tracks `audio` is the one that is wished for.

    Raises `Permanent` when it holds no audio and no video that can be played, `LimitExceeded` for
    what demands more than the `limits`.
    """
    with open_media(path, name) as container:
        audio, video = find_audio_stream(container, wish), find_video_stream(container)
        if limits:
            _check_streams(container, audio, video, limits=limits, name=name or path.name)
        track = container.streams.audio.index(audio) if audio else 0
        extent = measure_extent(container, [stream for stream in (video, audio) if stream])
        ends = extent.ends
        if not any(ends.values()) or (audio and not _can_decode(path, track)):
            raise Permanent(
                f"{name or path.name} holds nothing that can be played: it is damaged or cut "
                "short. Check that it plays and upload it again."
            )
        duration = compute_duration(ends.get("audio"), ends.get("video"))
        if limits:
            check_duration(limits, duration, name or path.name)
        return Probe(
            format=container.format.name,
            duration=duration,
            audio=_describe_stream(audio) if audio else None,
            video=_describe_stream(video) if video else None,
            streams=tuple(
                _describe_stream(s)
                for s in container.streams
                if isinstance(s, AudioStream | VideoStream)
            ),
            track=track + 1 if audio else None,
            declared=read_declared_length(path, container),
            ends=ends,
            gaps=extent.gaps,
        )


def _check_streams(
    container: InputContainer,
    audio: AudioStream | None,
    video: VideoStream | None,
    *,
    limits: MediaLimits,
    name: str,
) -> None:
    """Before anything is decoded: what the file says of itself may be too much."""
    check_streams(limits, len(container.streams), name)
    if audio:
        check_rate(limits, audio.sample_rate, name)
    if video:
        check_picture(limits, video.width, video.height, name)


def list_track_warnings(found: Probe, language: str) -> list[str]:
    """Which of several tracks is heard, and whether it says to be in another language."""
    tracks = [one for one in found.streams if one.kind == "audio"]
    if found.audio is None or len(tracks) < 2:  # noqa: PLR2004
        return []
    own = found.audio.language
    told = ", ".join(filter(None, (own, found.audio.title))) or "without a language"
    heard = f"Sound track {found.track} of {len(tracks)} is heard ({told})"
    if language == DETECT:
        return [f"{heard}. Name another with --track, or the language that is spoken with --from."]
    if own and is_same_language(own, language):
        return [heard]
    return [f"{heard}: none says to be in {get_name(language)}. Name another with --track."]


def require_audio(found: Probe, name: str) -> ProbedStream:
    """The audio stream; raises `Permanent` when the file has none."""
    if found.audio is None:
        raise Permanent(
            f"{name} has a picture but no sound: there is no speech to dub. "
            "Upload a file with an audio track."
        )
    return found.audio


def compute_duration(audio_end: float | None, video_end: float | None) -> float:
    """How long a recording lasts whose sound and picture end at these seconds, if it has them."""
    if not video_end:
        return audio_end or 0.0
    overhang = (audio_end or 0.0) - video_end
    return video_end + overhang if overhang > ENCODER_PADDING else video_end


def _can_decode(path: Path, track: int) -> bool:
    """Whether most of the first packets of this sound track are what they seem."""
    good = bad = 0
    # Opened anew: not every file can be wound back.
    with open_media(path) as container:
        audio = container.streams.audio[track]
        for packet in islice(demux_packets(container, audio), TRIAL_PACKETS):
            try:
                good += bool(packet.decode())
            except av.FFmpegError:
                bad += 1
    return good > bad


def _describe_stream(stream: AudioStream | VideoStream) -> ProbedStream:
    told: dict[str, Any] = {"kind": stream.type, "codec": "unknown", "language": stream.language}
    told["title"] = stream.metadata.get("title")
    if stream.codec_context:
        told["codec"] = stream.codec_context.codec.canonical_name
    if stream.codec_context and isinstance(stream, AudioStream):
        told |= {"sample_rate": stream.sample_rate, "channels": stream.channels}
    elif stream.codec_context and isinstance(stream, VideoStream):
        rate = stream.average_rate
        told |= {
            "width": stream.width,
            "height": stream.height,
            "fps": float(rate) if rate else None,
        }
    return ProbedStream(**told)
