"""What is known of a sound track when all of it was heard: how channels go together, damage."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from pydantic import BaseModel, ConfigDict

from backend.media.container import demux_packets, find_audio_stream, open_media
from backend.media.tracks import TrackWish
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import hash_json
from backend.process.interrupt import check_interrupt
from workers.audio.channels import (
    ChannelRepair,
    Covariance,
    choose_repairs,
    choose_speech_weights,
    measure_covariance,
)
from workers.audio.samples import Samples
from workers.interfaces.stages import StageContext, load_reusable
from workers.media.decode import is_sound

CODE = 1  # raised when the same sound is judged otherwise
# A first packet or two that needs what was before it is no damage.
NOTICED = 0.1


class SoundSurvey(BaseModel):
    """By the name of a layout, which may change within a file: what each channel counts in speech.

    `repairs` are what keeps its channels from cancelling in the mix, `damaged` are seconds that
    cannot be decoded.
    """

    model_config = ConfigDict(frozen=True)

    speech: Mapping[str, tuple[float, ...]] = {}
    repairs: Mapping[str, tuple[ChannelRepair, ...]] = {}
    damaged: float = 0.0

    def list_warnings(self) -> list[str]:
        """What a user ought to know."""
        if self.damaged < NOTICED:
            return []
        return [
            f"{self.damaged:.2f} s of the sound are damaged and cannot be decoded: that is silence."
        ]


class _Listener:
    """What frames and damaged packets add up to."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[list[str], Covariance]] = {}
        self.damaged = 0.0

    def hear(self, frame: AudioFrame) -> None:
        channels = frame.layout.nb_channels
        _, sum_ = self.found.get(frame.layout.name) or ([], np.zeros((channels, channels)))
        names = [channel.name for channel in frame.layout.channels]
        self.found[frame.layout.name] = names, sum_ + measure_covariance(_convert_to_floats(frame))

    def judge(self) -> SoundSurvey:
        found = self.found.items()
        return SoundSurvey(
            speech={name: choose_speech_weights(sum_, names) for name, (names, sum_) in found},
            repairs={name: choose_repairs(sum_, names) for name, (names, sum_) in found},
            damaged=self.damaged,
        )


def survey_sound(path: Path, track: TrackWish) -> SoundSurvey:
    """Listen to all of it."""
    listener = _Listener()
    for frame in _decode_frames(path, track, listener):
        listener.hear(frame)
    return listener.judge()


def fetch_survey(
    media: StoredFile, path: Path, track: TrackWish, context: StageContext
) -> SoundSurvey:
    """The survey of a file's track, made once for all stages, languages and runs."""
    key = hash_json({"survey": media.sha256, "track": track.number, "code": CODE})
    with context.hold_alone(f"survey-{key[:2]}"):
        there = load_reusable(context.streams, key, context)
        if there:
            return SoundSurvey.model_validate_json(there[1].read_bytes())
        made = survey_sound(path, track)
        out = context.workdir / "survey.json"
        out.write_text(made.model_dump_json(), encoding="utf-8")
        context.streams.put(key, out)
        return made


def _decode_frames(path: Path, track: TrackWish, listener: _Listener) -> Iterator[AudioFrame]:
    with open_media(path) as container:
        stream = find_audio_stream(container, track)
        for packet in demux_packets(container, stream) if stream else ():
            check_interrupt()
            try:
                yield from filter(is_sound, packet.decode())
            except av.FFmpegError:
                listener.damaged += float((packet.duration or 0) * packet.time_base)


def _convert_to_floats(frame: AudioFrame) -> Samples:
    """The frame's samples, shape (n, channels), in one scale for all formats of a file."""
    raw = frame.to_ndarray()
    samples = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    whole = frame.format.name[:3] not in ("flt", "dbl")
    return np.asarray(samples / 2.0 ** (frame.format.bits - 1 if whole else 0), np.float32)
