"""The mix of a language against one ffmpeg command line that does the same of the same inputs.

    python -m tests.benchmarks.bench_mix [MINUTES ...]

Needs the system's ffmpeg. Inputs are a stereo FLAC source and ten clips a minute, of which one in
five has to be stretched; the output is AAC. `redub` is the same again with one clip changed. Prints
a Markdown table.
"""

import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile as sf

from backend.pipeline.files import StoredFile
from backend.pipeline.params import Bed, JobKind, JobParams, Loudness
from backend.storage.hashing import compute_file_sha256
from workers.mixing.mixdown import render_mixdown
from workers.mixing.order import MixOrder, SoundFile
from workers.mixing.score import PlacedTake

RATE, CLIP_RATE = 48_000, 24_000
EVERY, LENGTH = 6.0, 4.0  # seconds from clip to clip, and of each
LONG, STRETCHED = 6.7, 5  # seconds of each fifth clip, which is too long for its place
SLOT = EVERY - 0.05
TARGET = -16.0  # LUFS


class FileContext:
    def __init__(self, folder: Path) -> None:
        self.workdir = folder / "made"
        self.workdir.mkdir(exist_ok=True)

    def fetch(self, file: StoredFile) -> Path:
        return Path(file.key)


def voice(seconds: float, rate: int, seed: int) -> np.ndarray:
    """Noise under an envelope of syllables: as hard to encode as speech, and as uneven."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate)
    syllables = np.abs(np.sin(np.arange(count) * 2 * np.pi * 2.5 / rate))
    smooth = np.convolve(rng.standard_normal(count), np.ones(8) / 8, "same")
    return (0.2 * syllables * smooth).astype(np.float32)


def seconds_of(number: int) -> float:
    return LENGTH if number % STRETCHED else LONG


def prepare(folder: Path, minutes: int) -> int:
    """Write the inputs and return how many clips there are."""
    with sf.SoundFile(folder / "media", "w", RATE, 2, "PCM_16", format="FLAC") as out:
        minute = np.stack([voice(60, RATE, 1), voice(60, RATE, 2)], axis=1)
        for _ in range(minutes):
            out.write(minute)
    count = round(minutes * 60 / EVERY)
    for number in range(count):
        clip = voice(seconds_of(number), CLIP_RATE, number)
        sf.write(folder / f"clip-{number}.flac", clip, CLIP_RATE, format="FLAC")
    return count


def order(folder: Path, count: int, before: Mapping[str, StoredFile]) -> MixOrder:
    """Clips where they belong; what is too long for its place is stretched to fit."""
    paths = [folder / f"clip-{number}.flac" for number in range(count)]
    hashes = [compute_file_sha256(path) for path in paths]
    lengths = [round(min(seconds_of(number), SLOT) * RATE) for number in range(count)]
    starts = [round(number * EVERY * RATE) for number in range(count)]
    params = JobParams(
        kind=JobKind.DUB, source_language="en", target_languages=("es",), loudness=Loudness.WEB
    )
    return MixOrder(
        params=params,
        language="spa",
        total=round(count * EVERY * RATE),
        bed=Bed.SOURCE,
        media=SoundFile("source", folder / "media"),
        background=None,
        takes=tuple(map(PlacedTake, hashes, starts, lengths)),
        clips={sha256: partial(Path, path) for sha256, path in zip(hashes, paths, strict=True)},
        spans=[(number * EVERY, number * EVERY + LENGTH) for number in range(count)],
        before=before,
    )


def dubline(folder: Path, count: int) -> None:
    """Mix, and keep what was made for a re-dub."""
    made = render_mixdown(order(folder, count, {}), FileContext(folder), lambda _: None)
    for kind, path in made.paths.items():
        path.rename(folder / kind)


def redub(folder: Path, count: int) -> None:
    """One line in the middle says something else."""
    number = count // 2
    path = folder / f"clip-{number}.flac"
    sf.write(path, voice(seconds_of(number), CLIP_RATE, count + 1), CLIP_RATE, format="FLAC")
    before = {kind: StoredFile(str(folder / kind), "", 0, "") for kind in ("audio", "mix_index")}
    render_mixdown(order(folder, count, before), FileContext(folder), lambda _: None)


def ffmpeg(folder: Path, count: int) -> None:
    """The mix alone, as loud as it comes."""
    subprocess.run([*command(folder, count, "anull"), *encode_command(folder)], check=True)


def ffmpeg_twice(folder: Path, count: int) -> None:
    """The mix measured, and the mix again at the target."""
    null = ("-f", "null", "-")
    heard = subprocess.run(
        [*command(folder, count, "ebur128=framelog=verbose", "info"), *null],
        check=True,
        capture_output=True,
        text=True,
    )
    found = float(re.findall(r"I:\s+(-?[\d.]+) LUFS", heard.stderr)[-1])
    gain = f"volume={TARGET - found}dB"
    subprocess.run([*command(folder, count, gain), *encode_command(folder)], check=True)


def encode_command(folder: Path) -> tuple[str, ...]:
    coder = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "192k")
    return (*coder, str(folder / "reference.m4a"))


def command(folder: Path, count: int, end: str, log: str = "error") -> Iterator[str]:
    """The clips are joined with pauses, for an adelay each and one amix over all takes gigabytes.

    That is the best that ffmpeg can do: clips that overlap could not be mixed so.
    """
    yield from ("ffmpeg", "-nostats", "-v", log, "-y", "-i", str(folder / "media"))
    for number in range(count):
        yield from ("-i", str(folder / f"clip-{number}.flac"))
    padded = "".join(
        f"[{i + 1}]{tempo(i)}aresample={RATE},apad=whole_dur={EVERY}[c{i}];" for i in range(count)
    )
    inputs = "".join(f"[c{i}]" for i in range(count))
    graph = (
        f"{padded}{inputs}concat=n={count}:v=0:a=1,"
        "aformat=channel_layouts=stereo,asplit[key][dub];"
        "[0][key]sidechaincompress=threshold=0.02:ratio=8:attack=20:release=300[bed];"
        f"[bed][dub]amix=inputs=2:normalize=0:duration=first,{end},alimiter=limit=0.84:level=0"
    )
    yield from ("-filter_complex", graph)


def tempo(number: int) -> str:
    return "" if seconds_of(number) <= SLOT else f"atempo={seconds_of(number) / SLOT},"


def measure(job, folder: Path, count: int, results) -> None:
    """Run in a process of its own, so that the peak memory is this work's alone."""
    start = time.perf_counter()
    job(folder, count)
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    busy = sum(one.ru_utime + one.ru_stime for one in used)
    results.put((seconds, busy, max(one.ru_maxrss for one in used) / 1024))


def measure_job(job, folder: Path, count: int) -> tuple[float, float, float]:
    context = get_context("spawn")
    results = context.Queue()
    process = context.Process(target=measure, args=(job, folder, count, results))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{job.__name__} failed")
    return results.get()


def main() -> None:
    print("| source | mixed by | time | processor time | real-time factor | peak memory |")
    print("|---|---|---|---|---|---|")
    for minutes in [int(word) for word in sys.argv[1:]] or [10]:
        with tempfile.TemporaryDirectory() as folder:
            count = prepare(Path(folder), minutes)
            for job in (dubline, redub, ffmpeg, ffmpeg_twice):
                seconds, busy, megabytes = measure_job(job, Path(folder), count)
                print(
                    f"| {minutes} min, {count} clips | {job.__name__} | {seconds:.1f} s "
                    f"| {busy:.1f} s "
                    f"| {seconds / minutes / 60:.4f} | {megabytes:.0f} MiB |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
