"""AAC packets as an M4A file (ISO/IEC 14496-12, -14), and back.

FFmpeg's muxer would do, but it keeps near two hundred bytes for each packet: tens of megabytes for
a long recording, where this keeps eight.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, islice
from pathlib import Path
from shutil import copyfileobj
from struct import pack
from tempfile import TemporaryFile
from typing import NamedTuple

import av
import numpy as np

from workers.audio.samples import FRAME, RATE

BIT_RATE = 192_000
# AAC-LC, 48 kHz, stereo, nothing hidden in it (ISO/IEC 14496-3, AudioSpecificConfig).
CONFIG = bytes.fromhex("119056e500")

# Packets that lie together before the next entry of the table of places: about a second.
TOGETHER = 48

UNITY = pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


class AacPacket(NamedTuple):
    """An AAC packet; `length` is the number of samples it brings, which the last one cuts."""

    data: bytes
    length: int


@contextmanager
def open_m4a(path: Path, language: str) -> Iterator[Callable[[Iterable[AacPacket]], None]]:
    """Open an M4A file to write packets to, the first of which is the encoder's delay.

    An edit list tells to the sample where the sound begins and ends. The table of packets comes
    before them, so that the file plays while it arrives. `language` is an ISO 639-2/T code.
    """
    with TemporaryFile(dir=path.parent) as waiting:
        sizes, lengths = array("I"), array("I")

        def write(packets: Iterable[AacPacket]) -> None:
            for packet in packets:
                waiting.write(packet.data)
                sizes.append(len(packet.data))
                lengths.append(packet.length)

        yield write
        waiting.seek(0)
        with path.open("wb") as file:
            file.write(_build_head(sizes, sum(lengths), language))
            copyfileobj(waiting, file)


def read_packets(path: Path) -> Iterator[AacPacket]:
    """The packets of a file that `m4a` wrote."""
    with av.open(path) as file:
        for packet in file.demux(audio=0):
            if packet.size:
                yield AacPacket(bytes(packet), packet.duration or 0)


def _build_head(sizes: Sequence[int], samples: int, language: str) -> bytes:
    """Everything before the packets; `samples` counts the encoder's delay too.

    Times have 64 bits (version 1): at 48 kHz 32 would do for a day.
    """
    kind = _build_box("ftyp", b"M4A ", pack(">I", 0x200), b"M4A ", b"isom", b"iso2")
    moov = _build_moov(sizes, samples, language, 0)
    first = len(kind) + len(moov) + 16
    data = pack(">I4sQ", 1, b"mdat", 16 + sum(sizes))  # with a size of 64 bits
    return kind + _build_moov(sizes, samples, language, first) + data


def _build_moov(sizes: Sequence[int], samples: int, language: str, first: int) -> bytes:
    shown = samples - FRAME
    movie = pack(">QQIQIH10x", 0, 0, RATE, shown, 0x10000, 0x100) + UNITY + pack(">24xI", 2)
    track = pack(">QQIIQ8xHHHxx", 0, 0, 1, 0, shown, 0, 1, 0x100) + UNITY + bytes(8)
    edit = pack(">IQqI", 1, shown, FRAME, 0x10000)
    media = pack(">QQIQHH", 0, 0, RATE, samples, _pack_language(language), 0)
    handler = pack(">I4s12x", 0, b"soun") + b"SoundHandler\0"
    about = (_build_full_box("mdhd", media, version=1), _build_full_box("hdlr", handler))
    return _build_box(
        "moov",
        _build_full_box("mvhd", movie, version=1),
        _build_box(
            "trak",
            _build_full_box("tkhd", track, version=1, flags=3),  # enabled, in the movie
            _build_box("edts", _build_full_box("elst", edit, version=1)),
            _build_box("mdia", *about, _build_minf(sizes, samples, first)),
        ),
    )


def _pack_language(language: str) -> int:
    """Three letters in the five bits that each has, from a = 1."""
    one, two, three = (ord(letter) - ord("a") + 1 for letter in language)
    return one << 10 | two << 5 | three


def _build_minf(sizes: Sequence[int], samples: int, first: int) -> bytes:
    here = _build_full_box("url ", flags=1)  # the packets are in this file
    return _build_box(
        "minf",
        _build_full_box("smhd", bytes(4)),
        _build_box("dinf", _build_full_box("dref", pack(">I", 1), here)),
        _build_box("stbl", *_build_tables(sizes, samples, first)),
    )


def _build_tables(sizes: Sequence[int], samples: int, first: int) -> Iterator[bytes]:
    """What the packets are, how long, how large and where."""
    count = len(sizes)
    last = samples - FRAME * (count - 1)
    whole, rest = divmod(count, TOGETHER)
    runs = [(1, TOGETHER, 1)] * bool(whole) + [(whole + 1, rest, 1)] * bool(rest)
    places = list(islice(accumulate(sizes, initial=first), 0, count, TOGETHER))
    yield _build_full_box("stsd", pack(">I", 1), _build_mp4a())
    yield _build_full_box("stts", pack(">5I", 2, count - 1, FRAME, 1, last))
    yield _build_full_box("stsc", pack(">I", len(runs)), *(pack(">3I", *run) for run in runs))
    yield _build_full_box("stsz", pack(">2I", 0, count), np.array(sizes, ">u4").tobytes())
    yield _build_full_box("co64", pack(">I", len(places)), pack(f">{len(places)}Q", *places))
    # To play a packet, decode the one before it too.
    yield _build_full_box("sgpd", b"roll", pack(">2Ih", 2, 1, -1), version=1)
    yield _build_full_box("sbgp", b"roll", pack(">3I", 1, count, 1))


def _build_mp4a() -> bytes:
    aac, audio = 0x40, 0x15
    codec = pack(">BB3xII", aac, audio, BIT_RATE, BIT_RATE)
    decoder = _build_descriptor(4, codec, _build_descriptor(5, CONFIG))
    stream = _build_descriptor(3, pack(">HB", 1, 0), decoder, _build_descriptor(6, b"\2"))
    return _build_box(
        "mp4a", pack(">6xH8xHH4xI", 1, 2, 16, RATE << 16), _build_full_box("esds", stream)
    )


def _build_box(kind: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return pack(">I4s", 8 + len(body), kind.encode()) + body


def _build_full_box(kind: str, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _build_box(kind, pack(">I", version << 24 | flags), *content)


def _build_descriptor(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return pack(">BB", tag, len(body)) + body
