"""What is in a media file, by looking at all of it: headers lie, and files are cut short."""

from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any, Literal

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from pydantic import BaseModel, ConfigDict

from backend.documents.languages import get_name, is_same_language
from backend.errors import Permanent
from backend.media.container import compute_origin, find_audio_stream, find_video_stream, open_media
from backend.media.limits import (
    MediaLimits,
    check_duration,
    check_picture,
    check_rate,
    check_streams,
)
from backend.media.timeline import Timeline
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
        ends = _compute_ends(container, [stream for stream in (video, audio) if stream])
        if not any(ends.values()) or (audio and not _can_decode(container, audio)):
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
            track=container.streams.audio.index(audio) + 1 if audio else None,
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


def _compute_ends(
    container: InputContainer, streams: list[AudioStream | VideoStream]
) -> dict[str, float]:
    """When each stream's last packet ends, in seconds; 0.0 for a stream without packets."""
    lines = {stream.type: Timeline(float(compute_origin(container))) for stream in streams}
    longest = dict.fromkeys(lines, 0.0)
    for packet in _read_packets(container, streams):
        kind, length = packet.stream.type, _compute_length(packet)
        longest[kind] = max(longest[kind], length)
        stamp = packet.dts if packet.pts is None else packet.pts
        start = None if stamp is None else float(stamp * packet.time_base)
        # Some muxers have taken the padding off the last packet's length, some have not.
        lines[kind].place(start, min(length, longest[kind] - _read_padding(packet)))
    return {kind: max(0.0, line.end) for kind, line in lines.items()}


def _read_packets(
    container: InputContainer, streams: list[AudioStream | VideoStream]
) -> Iterator[Packet]:
    """The packets there are; an error ends a file that was cut short."""
    try:
        for packet in container.demux(*streams):
            if packet.size:
                yield packet
    except av.InvalidDataError:
        return


def _compute_length(packet: Packet) -> float:
    """Seconds that the packet says it lasts, or a frame of a picture."""
    if not packet.duration and isinstance(packet.stream, VideoStream):
        return float(1 / packet.stream.average_rate) if packet.stream.average_rate else 0.0
    return float((packet.duration or 0) * packet.time_base)


def _read_padding(packet: Packet) -> float:
    """Seconds of encoder padding at the packet's end (FFmpeg's AV_PKT_DATA_SKIP_SAMPLES)."""
    if not packet.has_sidedata("skip_samples"):
        return 0.0
    _skipped, padding = unpack_from("<II", bytes(packet.get_sidedata("skip_samples")))
    return float(padding / packet.stream.codec_context.sample_rate)


def _can_decode(container: InputContainer, audio: AudioStream) -> bool:
    """Whether most of the first packets are what they seem."""
    container.seek(0)
    good = bad = 0
    for packet in container.demux(audio):
        try:
            good += bool(packet.decode())
        except av.InvalidDataError:
            bad += 1
        if good + bad >= TRIAL_PACKETS:
            break
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
