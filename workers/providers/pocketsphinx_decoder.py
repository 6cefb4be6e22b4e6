"""The process behind `Decoder`: length and samples in, a line of JSON out, until input ends.

When its parent dies the pipe closes, and so this ends too.
"""

import json
import re
import signal
import sys

from pocketsphinx import Decoder

FRAMES_PER_SECOND = 100
NOISE = re.compile(r"[<\[+]")
VARIANT = re.compile(r"\(\d+\)$")


def main() -> None:
    """Decode until there is nothing more to read."""
    # Ctrl-C in a terminal reaches the whole group; the parent decides what ends when.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nobody is there to read a traceback when the parent died in the middle of a stretch.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    decoder = Decoder(loglevel="FATAL")
    while header := sys.stdin.buffer.read(4):
        pcm = sys.stdin.buffer.read(int.from_bytes(header, "little"))
        sys.stdout.write(json.dumps(decode_samples(decoder, pcm)) + "\n")
        sys.stdout.flush()


def decode_samples(decoder: Decoder, pcm: bytes) -> list[tuple[str, float, float, float]]:
    """Text, start and end in seconds, and confidence of each word."""
    # What the front end learnt from one stretch must not colour the next: which process gets
    # which is chance.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    exp = decoder.get_logmath().exp
    return [
        (
            VARIANT.sub("", segment.word),
            segment.start_frame / FRAMES_PER_SECOND,
            (segment.end_frame + 1) / FRAMES_PER_SECOND,
            exp(segment.prob),
        )
        for segment in decoder.seg() or ()
        if not NOISE.match(segment.word)
    ]


if __name__ == "__main__":
    main()
