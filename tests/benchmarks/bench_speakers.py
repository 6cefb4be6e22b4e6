"""How well the local transcriber tells speakers apart, and how long that takes.

Run with `python -m tests.benchmarks.bench_speakers [FOLDER]`. Dialogues of one to three voices are
joined of flite's sentences, or, with FOLDER, of the recordings in its folders, one for each voice.
Prints a Markdown table.
"""

import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import soundfile
from scipy.optimize import linear_sum_assignment

from tests.demo_sample import DIALOGUE, speak
from workers.interfaces.providers import Recording
from workers.media.decode import decode_blocks, write_wav
from workers.providers.pocketsphinx import PocketSphinx
from workers.speakers.turns import SpeakerTurn, diarize

RATE = 16_000
VOICES = ("rms", "slt", "awb", "kal16")
SAMPLES = {1: 4, 2: 4, 3: 4}  # dialogues by how many voices speak in them
TURNS = 14
PAUSES_S = (0.1, 0.2, 0.3, 0.5, 0.8, 1.0)
NOISE = 0.0005  # no recording is as silent as zeros
FRAME_S = 0.01
COLLAR_S = 0.25  # around each change that is not counted, as in NIST's evaluations

Clips = Mapping[str, Sequence[np.ndarray]]
Said = list[tuple[str, float, float]]


class Line:
    def progress(self, fraction: float) -> None:
        pass


class Score(NamedTuple):
    heard: int
    error: float  # diarization error rate: missed, false and mistaken speech by all speech
    mistaken: float  # the part of it that was given to another speaker
    listening_s: float
    telling_s: float


def generate_clips() -> Clips:
    return {voice: [speak(voice, text, RATE) for _, text in DIALOGUE] for voice in VOICES}


def read_clips(folder: Path) -> Clips:
    voices = sorted(path for path in folder.iterdir() if path.is_dir())
    return {
        voice.name: [_decode_file(file) for file in sorted(voice.iterdir())] for voice in voices
    }


def _decode_file(file: Path) -> np.ndarray:
    with TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        length = soundfile.info(file).duration
        write_wav(decode_blocks(file, RATE, 1), wav, RATE, length, lambda _: None)
        return soundfile.read(wav, dtype="float32")[0]


def dialogue(clips: Clips, count: int, rng: random.Random) -> tuple[np.ndarray, Said]:
    """Sound and truth; mostly another voice each time, every voice at least twice."""
    voices = rng.sample(sorted(clips), count)
    left = {voice: rng.sample(clips[voice], len(clips[voice])) for voice in voices}
    parts, said, at = [np.zeros(RATE // 2, np.float32)], [], 0.5
    for voice in [*voices * 2, *rng.choices(voices, k=TURNS - 2 * count)]:
        if left[voice]:
            clip = left[voice].pop()
            pause = rng.choice(PAUSES_S)
            said.append((voice, at, at + len(clip) / RATE))
            parts += [clip, np.zeros(round(pause * RATE), np.float32)]
            at += (len(clip) + len(parts[-1])) / RATE
    sound = np.concatenate(parts)
    return sound + np.random.default_rng(1).normal(0, NOISE, len(sound)).astype(np.float32), said


def score_sound(sound: np.ndarray, said: Said, folder: Path) -> Score:
    wav = folder / "dialogue.wav"
    soundfile.write(wav, sound, RATE)
    began = time.perf_counter()
    recording = Recording(wav, len(sound) / RATE)
    heard = PocketSphinx().transcribe(recording, "en", diarize=False, call=Line())
    listened = time.perf_counter()
    told = diarize(wav, [segment.words for segment in heard.segments], Line())
    done = time.perf_counter()
    error, mistaken = errors(said, told.turns, len(sound) / RATE)
    labels = {turn.speaker for turn in told.turns}
    return Score(len(labels), error, mistaken, listened - began, done - listened)


def errors(said: Said, turns: Sequence[SpeakerTurn], seconds: float) -> tuple[float, float]:
    """Diarization error rate and its part of mistaken speakers, the labels matched at best."""
    truth = frames(said, seconds)
    found = frames([(t.speaker or "", t.words[0].start, t.words[-1].end) for t in turns], seconds)
    counted = np.ones(truth.shape[1], bool)
    for edge in (edge for _, start, end in said for edge in (start, end)):
        counted[max(0, round((edge - COLLAR_S) / FRAME_S)) : round((edge + COLLAR_S) / FRAME_S)] = 0
    truth, found = truth[:, counted], found[:, counted]
    together = truth.astype(int) @ found.T.astype(int)
    right = together[linear_sum_assignment(-together)].sum()
    spoken, heard = truth.any(axis=0), found.any(axis=0)
    mistaken = (spoken & heard).sum() - right
    return ((spoken ^ heard).sum() + mistaken) / spoken.sum(), mistaken / spoken.sum()


def frames(said: Said, seconds: float) -> np.ndarray:
    """Who speaks when, (speakers, frames)."""
    speakers = sorted({speaker for speaker, _, _ in said})
    table = np.zeros((len(speakers), round(seconds / FRAME_S) + 1), bool)
    for speaker, start, end in said:
        table[speakers.index(speaker), round(start / FRAME_S) : round(end / FRAME_S)] = True
    return table


def rows(clips: Clips) -> Iterator[str]:
    rng = random.Random(2026)
    with TemporaryDirectory() as folder:
        for count, samples in SAMPLES.items():
            made = [dialogue(clips, count, rng) for _ in range(samples)]
            scores = [score_sound(sound, said, Path(folder)) for sound, said in made]
            right = sum(score.heard == count for score in scores)
            error, mistaken = (np.mean([score[i] for score in scores]) for i in (1, 2))
            share = sum(s.telling_s for s in scores) / sum(s.listening_s for s in scores)
            yield (
                f"| {count} | {samples} | {sum(len(s) for s, _ in made) / RATE:.0f} "
                f"| {right} of {samples} | {error:.1%} | {mistaken:.1%} | {share:.1%} |"
            )


def main() -> None:
    clips = read_clips(Path(sys.argv[1])) if len(sys.argv) > 1 else generate_clips()
    print("| voices | dialogues | seconds | count right | DER | of it mistaken | share of time |")
    print("|---|---|---|---|---|---|---|")
    for row in rows(clips):
        print(row, flush=True)


if __name__ == "__main__":
    main()
