"""How many words the engines hear wrong, and what they hear where nobody speaks.

    python -m tests.benchmarks.bench_words [FOLDER]

FOLDER holds recordings of English and `transcripts.txt`, whose lines are `what is said (name)`;
without it it is the demo's recording. Prints a Markdown table, for each engine that can be used.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import soundfile

from backend.errors import Permanent
from backend.media.probe import probe_media
from backend.media.tracks import ANY
from backend.pipeline.providers import ENGINES, ProviderKind
from backend.settings import load
from tests import demo_sample
from workers.interfaces.providers import Recording, Transcriber
from workers.media.decode import decode_speech, write_wav
from workers.media.survey import survey_sound
from workers.providers.registry import ProviderRegistry
from workers.report.error_rate import compute_error_rate

SAID = re.compile(r"(.*) \((\S+)\)$")
RATE, SECONDS = 16_000, 30.0


class Line:
    """The line back to the stage."""

    def progress(self, fraction: float) -> None:
        """Nobody is told."""


def main() -> None:
    """Measure and print."""
    print("| engine | word errors | seconds a second | words in silence, noise, music |")
    print("|---|---|---|---|")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        recordings = _find_recordings(Path(sys.argv[1])) if sys.argv[1:] else _make_demo(folder)
        registry = ProviderRegistry(load())
        for name in ENGINES[ProviderKind.TRANSCRIPTION]:
            try:
                engine = registry.get_transcriber(name)
            except Permanent as problem:
                print(problem, file=sys.stderr)
                continue
            rate, pace = measure_words(engine, recordings, folder)
            heard = ", ".join(str(count_words(engine, sound, folder)) for sound in make_noises())
            print(f"| {engine.model} | {rate:.3f} | {pace:.2f} | {heard} |", flush=True)


def _find_recordings(folder: Path) -> Mapping[Path, str]:
    lines = (folder / "transcripts.txt").read_text().splitlines()
    said = [found.groups() for line in lines if (found := SAID.match(line))]
    return {next(folder.glob(f"{name}.*")): text for text, name in said}


def _make_demo(folder: Path) -> Mapping[Path, str]:
    demo_sample.make(folder)
    return {folder / "talk.mp4": " ".join(text for _, text in demo_sample.DIALOGUE)}


def measure_words(
    engine: Transcriber, recordings: Mapping[Path, str], folder: Path
) -> tuple[float, float]:
    """The share of all words that are wrong, and the seconds it takes for one of sound."""
    heard, begin, length = [], perf_counter(), 0.0
    for path in recordings:
        seconds = probe_media(path, path.name).duration
        wav = folder / "words.wav"
        rate = engine.sample_rate
        weights = survey_sound(path, ANY).speech
        write_wav(decode_speech(path, rate, weights), wav, rate, seconds, lambda _: None)
        heard.append(transcribe_wav(engine, wav, seconds))
        length += seconds
    pace = (perf_counter() - begin) / length
    return compute_error_rate(" ".join(recordings.values()), " ".join(heard), "en"), pace


def transcribe_wav(engine: Transcriber, wav: Path, seconds: float) -> str:
    """What the engine hears."""
    answer = engine.transcribe(Recording(wav, seconds), "auto", diarize=False, call=Line())
    return " ".join(segment.text for segment in answer.segments)


def make_noises() -> list[np.ndarray]:
    """Silence, noise of -50 dB, and three chords."""
    time = np.arange(int(SECONDS * RATE)) / RATE
    noise = np.random.default_rng(1).normal(0, 10 ** (-50 / 20), len(time))
    chords = sum(
        0.1 * np.sin(2 * np.pi * hertz * (1 + (time // 2 % 3) / 4) * time)
        for hertz in (220.0, 277.2, 329.6)
    )
    return [np.zeros(len(time)), noise, chords]


def count_words(engine: Transcriber, sound: np.ndarray, folder: Path) -> int:
    """How many words the engine hears in it."""
    wav = folder / "noise.wav"
    soundfile.write(wav, sound, RATE, "PCM_16")
    return len(transcribe_wav(engine, wav, SECONDS).split())


if __name__ == "__main__":
    main()
