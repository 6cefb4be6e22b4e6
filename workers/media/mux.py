"""The dubbed video as one file: the picture as it is, dubs, the sounds that it had, captions."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer, OutputContainer
from av.stream import Disposition

from backend.documents.languages import find_iso639_2
from backend.errors import Permanent
from backend.media.container import find_audio_stream, find_video_stream, open_media
from backend.media.tracks import ANY, TrackWish
from backend.process.disk_errors import REMEDIES
from workers.media.containers import CONTAINERS, ContainerFormat
from workers.media.decode import TOLERANCE
from workers.media.extras import add_extras, list_lost_tags
from workers.media.packets import Timed, add_copy, copy_packets, name_stream, read_title
from workers.media.texts import CaptionsCodec, encode_texts
from workers.timing.holds import DubClock

UNTOLD = "und"


class Track(NamedTuple):
    """Sound or captions (WebVTT); `language` is an ISO 639-2/T code, `title` for people.

    `chosen` tells which of the file's sound tracks is meant, `place` what players do with it.
    """

    path: Path
    language: str
    title: str = ""
    chosen: TrackWish = ANY
    place: Disposition = Disposition(0)


class Origin(NamedTuple):
    """The recording as it was sent, and when the film made of it gets to each of its moments."""

    path: Path
    clock: DubClock


def list_sounds(recording: Path) -> list[tuple[Track, str]]:
    """The sound tracks of a recording, as they say of themselves, each with its codec."""
    with open_media(recording) as container:
        return [
            (
                Track(
                    recording,
                    find_iso639_2(stream.language) or UNTOLD,
                    read_title(stream),
                    TrackWish(number=number),
                    stream.disposition & ~(Disposition.default | Disposition.original),
                ),
                stream.codec_context.codec.canonical_name if stream.codec_context else "unknown",
            )
            for number, stream in enumerate(container.streams.audio, 1)
        ]


def mux_film(
    film: Path,
    out: Path,
    *,
    sounds: Sequence[Track],
    captions: Sequence[Track],
    origin: Origin | None = None,
    progress: Callable[[float], None],
) -> list[str]:
    """Write the picture of `film` and these tracks to `out`, whose suffix is in `CONTAINERS`.

    The first sound is the default track. What the `origin` holds besides its picture and sound is
    carried over; returned is what cannot be. `progress` gets seconds. Raises `Permanent` when
    there is no picture or the packets cannot be copied.
    """
    kind = CONTAINERS[out.suffix[1:]]
    with ExitStack() as files:
        shown = files.enter_context(open_media(film))
        heard = [(files.enter_context(open_media(track.path)), track) for track in sounds]
        written = [
            (files.enter_context(av.open(text.path, format="webvtt")), text) for text in captions
        ]
        before = files.enter_context(open_media(origin.path)) if origin else None
        with _open_target(out, kind) as target:
            # The order of the tracks is that in which they are added here.
            feeds = [_copy_picture(target, shown)]
            feeds += [_copy_sound(target, file, track) for file, track in heard]
            feeds += [_add_captions(target, file, text, kind.captions) for file, text in written]
            left = []
            if origin and before:
                extras = add_extras(origin.path, before, target, kind.captions, origin.clock)
                feeds, left = [*feeds, extras.feed], extras.left
            for time, packet in merge(*feeds, key=itemgetter(0)):
                target.mux(packet)
                progress(time)
        return left + (list_lost_tags(before, out) if before else [])


@contextmanager
def _open_target(out: Path, kind: ContainerFormat) -> Iterator[OutputContainer]:
    try:
        with av.open(out, "w", format=kind.format, options=kind.options) as target:
            yield target
    except av.FFmpegError as error:
        if error.errno in REMEDIES:
            raise
        raise Permanent(
            f"The picture cannot be copied into {out.name} ({error.strerror}): the source is "
            "damaged or unusual. Convert it to H.264 in MP4 and try again."
        ) from error


def _copy_picture(target: OutputContainer, film: InputContainer) -> Iterator[Timed]:
    shown = find_video_stream(film)
    if shown is None:
        raise Permanent("A dubbed video needs a picture.")
    copy = add_copy(target, shown, Disposition.default)
    if "timecode" in shown.metadata:
        copy.metadata["timecode"] = shown.metadata["timecode"]
    return copy_packets(film, shown, copy)


def _copy_sound(target: OutputContainer, file: InputContainer, track: Track) -> Iterator[Timed]:
    stream = find_audio_stream(file, track.chosen)
    if stream is None:
        raise Permanent(f"{track.path.name} has no sound.")
    copy = add_copy(target, stream, track.place)
    name_stream(copy, track.language, track.title)
    # All that an edit list hides but the last packet or two, which decoders start up with: Matroska
    # has no such lists.
    return (timed for timed in copy_packets(file, stream, copy) if timed[0] > -TOLERANCE)


def _add_captions(
    target: OutputContainer, file: InputContainer, text: Track, codec: CaptionsCodec
) -> Iterator[Timed]:
    stream = file.streams.subtitles[0]
    copy, write = encode_texts(target, stream, codec)
    name_stream(copy, text.language, text.title)
    packets = (write(packet) for packet in file.demux(stream) if packet.size)
    return ((float((packet.pts or 0) * packet.time_base), packet) for packet in packets if packet)
