"""Speech to text by PocketSphinx and its US-English model, offline, on all cores.

PocketSphinx holds the interpreter's lock, so stretches of speech are decoded by processes of
their own (pocketsphinx_decoder.py). Results do not depend on how many there are.
"""

import os
import wave
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from pocketsphinx import Endpointer

from backend.documents import languages
from backend.documents.transcripts import Segment, Word
from backend.errors import Permanent
from backend.process.interrupt import check_interrupt
from backend.settings import Settings
from workers.interfaces.progress import await_result
from workers.interfaces.providers import (
    ProviderCall,
    Recording,
    Transcriber,
    TranscriptionResult,
)
from workers.providers.decoders import Decoder
from workers.speakers import turns
from workers.speakers.sentences import split_at_long_pauses

SAMPLE_RATE = 16_000
BYTES_PER_SECOND = 2 * SAMPLE_RATE
# A stretch without any pause is cut, so that memory stays flat; at its quietest tenth of a second.
LONGEST_STRETCH_S = 30.0
# Speech or silence this long makes a stretch begin or end. The library's own 0.3 s parts words
# from the context that helps to recognise them: 0.306 of all words wrong instead of 0.293.
WINDOW_S = 0.5
# Longer than a caption may stand (7 s, Netflix timed text) a segment is split at its pauses.
LONGEST_SEGMENT_S = 7.0
SENTENCE_PAUSE_S = 0.45
READ_AHEAD = 2  # stretches for each decoder
FRAMES_BETWEEN_CHECKS = 33  # of 30 ms each
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class SpeechStretch:
    """Speech between two pauses: 16-bit mono samples that begin at `start` seconds."""

    start: float
    pcm: bytes


def build_transcriber(_: Settings) -> Transcriber:
    """See `workers.providers.registry`."""
    return PocketSphinx()


class PocketSphinx:
    """Understands US English read or spoken clearly; expect every fourth word to be wrong."""

    name = "pocketsphinx"
    remote = False
    sample_rate = SAMPLE_RATE

    @property
    def model(self) -> str:
        """PocketSphinx, its version and its model."""
        return f"pocketsphinx-{version('pocketsphinx')}-en-us"

    def check(self, language: str) -> None:
        """Raise `Permanent` for any language but English."""
        if language != languages.DETECT and languages.get_base_language(language) != "en":
            name = languages.get_name(language)
            raise Permanent(
                f"PocketSphinx understands English only, not {name} ({language}): run "
                "dubline models install whisper-base"
            )

    def transcribe(
        self, recording: Recording, language: str, *, diarize: bool, call: ProviderCall
    ) -> TranscriptionResult:
        """Transcribe; raises `Permanent` for any language but English, and for text."""
        self.check(language)
        if recording.text is not None:
            raise Permanent("The local transcriber needs sound to listen to: this is a text file")
        words: list[list[Word]] = []
        done = 0.0

        def check() -> None:
            call.progress(done)

        for stretch, heard in decode_stretches(split_stretches(recording.path, check), CORES):
            words.append(heard)
            done = min(1.0, stretch.start / recording.duration)
            call.progress(done)
        sentences = [sentence for heard in words for sentence in split_sentences(heard)]
        told = (
            turns.diarize(recording.path, sentences, call)
            if diarize
            else turns.assign_one_speaker(sentences)
        )
        return TranscriptionResult(
            [_build_segment(number, turn) for number, turn in enumerate(told.turns)],
            language="en" if language == languages.DETECT else language,
            warnings=told.warnings,
        )


def split_stretches(wav: Path, check: Callable[[], None]) -> Iterator[SpeechStretch]:
    """The stretches of speech in a 16 kHz mono WAV file, read as a stream.

    `check` is called for about every second of it: silence goes on for hours without a stretch.
    """
    endpointer = Endpointer(window=WINDOW_S, sample_rate=SAMPLE_RATE)
    held, start = bytearray(), 0.0
    for number, frame in enumerate(_read_frames(wav, endpointer.frame_bytes)):
        if number % FRAMES_BETWEEN_CHECKS == 0:
            check()
        speech = _detect_speech(endpointer, frame)
        if speech is None:
            continue
        if not held:
            start = endpointer.speech_start
        held += speech
        if len(held) >= LONGEST_STRETCH_S * BYTES_PER_SECOND:
            cut = _find_quietest(held)
            yield SpeechStretch(start, bytes(held[:cut]))
            start += cut / BYTES_PER_SECOND
            del held[:cut]
        if not endpointer.in_speech:
            yield SpeechStretch(start, bytes(held))
            held.clear()
    if held:
        yield SpeechStretch(start, bytes(held))


def _read_frames(wav: Path, size: int) -> Iterator[bytes]:
    with wave.open(str(wav), "rb") as file:
        while frame := file.readframes(size // 2):
            yield frame


def _detect_speech(endpointer: Endpointer, frame: bytes) -> bytes | None:
    if len(frame) == endpointer.frame_bytes:
        speech: bytes | None = endpointer.process(frame)
        return speech
    # The rest of the file, shorter than a frame.
    return endpointer.end_stream(frame) if endpointer.in_speech else None


def _find_quietest(pcm: bytearray) -> int:
    """Where to cut, in bytes: the quietest tenth of a second of the last third."""
    window = SAMPLE_RATE // 10
    samples = np.frombuffer(bytes(pcm), np.int16).astype(np.float32)
    tail = len(samples) * 2 // 3
    windows = samples[tail : tail + (len(samples) - tail) // window * window].reshape(-1, window)
    quietest = int(np.argmin((windows**2).mean(axis=1)))
    return 2 * (tail + quietest * window + window // 2)


def decode_stretches(
    speech: Iterable[SpeechStretch], processes: int
) -> Iterator[tuple[SpeechStretch, list[Word]]]:
    """Each stretch with its words, in order; a bounded number is read ahead."""
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(processes)
        # Left in the opposite order: first the processes end, then nobody waits for them.
        stack.callback(pool.shutdown, cancel_futures=True)
        free: SimpleQueue[Decoder] = SimpleQueue()
        for _ in range(processes):
            free.put(stack.enter_context(Decoder()))

        def decode(stretch: SpeechStretch) -> list[Word]:
            decoder = free.get()
            try:
                return decoder.decode(stretch.pcm, stretch.start)
            finally:
                free.put(decoder)

        waiting: deque[tuple[SpeechStretch, Future[list[Word]]]] = deque()
        for stretch in speech:
            waiting.append((stretch, pool.submit(decode, stretch)))
            if len(waiting) > READ_AHEAD * processes:
                first, future = waiting.popleft()
                yield first, await_result(future, check_interrupt)
        for first, future in waiting:
            yield first, await_result(future, check_interrupt)


def split_sentences(words: Sequence[Word]) -> list[Sequence[Word]]:
    """Sentences of a stretch, by pauses alone: PocketSphinx hears no marks."""
    return split_at_long_pauses(words, SENTENCE_PAUSE_S, LONGEST_SEGMENT_S)


def _build_segment(number: int, turn: turns.SpeakerTurn) -> Segment:
    return Segment(
        id=number,
        start=turn.words[0].start,
        end=turn.words[-1].end,
        text=format_sentence([word.text for word in turn.words]),
        speaker=turn.speaker,
        words=tuple(turn.words),
    )


def format_sentence(words: Sequence[str]) -> str:
    """As one writes it: PocketSphinx knows neither capitals nor full stops."""
    spelled = ["I" + word[1:] if word == "i" or word.startswith("i'") else word for word in words]
    text = " ".join(spelled)
    return f"{text[:1].upper()}{text[1:]}."
