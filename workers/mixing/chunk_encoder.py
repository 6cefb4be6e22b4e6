"""A chunk of the mix as AAC, so that it may stand beside chunks encoded before."""

from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.fifo import AudioFifo

from workers.audio.samples import FRAME, Samples
from workers.media.encode import _build_frames, _find_encoder, _pack_planes
from workers.media.m4a import AacPacket
from workers.mixing.score import POST_ROLL, PRE_ROLL, Chunk


class EncodedChunk(NamedTuple):
    """A chunk's packets, and what a player makes of them within the chunk, shape (n, 2)."""

    packets: list[AacPacket]
    heard: Samples


def encode_chunk(sound: Samples, chunk: Chunk) -> EncodedChunk:
    """Encode the chunk out of the sound around it, shape (chunk.last - chunk.first, 2)."""
    first = max(0, chunk.start - PRE_ROLL * FRAME)
    last = min(chunk.last, chunk.end + POST_ROLL * FRAME)
    encoder = _find_encoder()
    frames = _build_frames(sound[first - chunk.first : last - chunk.first], first)
    made = [packet for frame in chain(frames, [None]) for packet in encoder.encode(frame)]
    # A packet is stamped with the start of what it completes, one frame behind what it takes in.
    own = [p for p in made if (p.pts or 0) >= chunk.start - FRAME][: chunk.packets]
    heard = _decode_lead(made, encoder.extradata)
    begin = FRAME + chunk.start - first
    return EncodedChunk(
        list(_pack_planes(own)),
        heard[begin : begin + chunk.end - chunk.start],
    )


def _decode_lead(packets: Iterable["av.Packet[Any]"], extradata: bytes | None) -> Samples:
    decoder = AudioCodecContext.create("aac", "r")
    decoder.extradata = extradata
    fifo = AudioFifo()
    for packet in packets:
        for frame in decoder.decode(av.Packet(bytes(packet))):
            fifo.write(frame)
    whole = fifo.read()
    return np.asarray(whole.to_ndarray(), np.float32).T if whole else np.empty((0, 2), np.float32)
