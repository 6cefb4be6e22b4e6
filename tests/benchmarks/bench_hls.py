"""Packaging for HLS without encoding: time and peak memory, for the first language and the next.

Run with `python -m tests.benchmarks.bench_hls [minutes ...]`; needs the system's ffmpeg. The film
is 1280x720 in H.264 at 2.5 Mbit/s with AAC. Prints a Markdown table.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.media.tracks import ANY
from backend.pipeline.files import StoredFile
from tests.stage_context import LocalContext, build_input
from workers.captions import formats
from workers.captions.cues import Cue
from workers.exports import hls
from workers.exports.dub import FinishedMix
from workers.mixing.recording import fetch_recording

MEBIBYTE = 1024  # of VmHWM, which counts KiB


def main() -> None:
    """Print a Markdown table."""
    print("| film | language | seconds | of processor | times real time | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for minutes in map(int, sys.argv[1:] or ["10", "60"]):
        with TemporaryDirectory() as folder:
            files = prepare(Path(folder), minutes)
            for language in ("es", "pt"):
                _measure(Path(folder), minutes, language, files)


def prepare(folder: Path, minutes: int) -> dict[str, str]:
    """A minute of film and dub, repeated, and a caption every six seconds."""
    minute = folder / "minute.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=60"]
    sound = ["-f", "lavfi", "-i", "anoisesrc=a=0.1:duration=60:r=48000"]
    h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "2500k", "-g", "50"]
    _ffmpeg(*picture, *sound, *h264, "-c:a", "aac", "-b:a", "192k", "-ac", "2", str(minute))
    loop = ["-stream_loop", str(minutes - 1), "-i", str(minute), "-c", "copy"]
    _ffmpeg(*loop, str(folder / "film.mp4"))
    _ffmpeg(*loop, "-vn", str(folder / "dub.m4a"))
    cues = [Cue(6.0 * number, 6.0 * number + 4, "Hola, mundo.") for number in range(10 * minutes)]
    (folder / "captions.vtt").write_text(formats.format_vtt(cues), encoding="utf-8")
    return vars(LocalContext(folder / "context").store_file(folder / "film.mp4", "video/mp4"))


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def _measure(folder: Path, minutes: int, language: str, media: dict[str, str]) -> None:
    order = json.dumps({"folder": str(folder), "language": language, "media": media})
    command = [sys.executable, "-m", "tests.benchmarks.bench_hls", "--one"]
    done = subprocess.run(command, input=order, capture_output=True, text=True, check=True)
    took, busy, peak = json.loads(done.stdout)
    factor = 60 * minutes / took
    print(
        f"| {minutes} min | {language} | {took:.1f} | {busy:.1f} | {factor:.0f} | {peak:.0f} |",
        flush=True,
    )


def one() -> None:
    """Package the one language that standard input tells; print seconds (two kinds) and MiB."""
    order = json.load(sys.stdin)
    folder = Path(order["folder"])
    context, media = LocalContext(folder / "context"), StoredFile(**order["media"])
    recording = fetch_recording(media, context, 0.0, ANY)
    mix = FinishedMix(
        *(build_input({"media": media}, order["language"]), context, recording, recording),
        source_language="en",
        dub=folder / "dub.m4a",
        captions=folder / "captions.vtt",
    )
    started, before = time.perf_counter(), time.process_time()
    hls.write_package(mix, lambda _: None)
    seconds, busy = time.perf_counter() - started, time.process_time() - before
    # Not ru_maxrss, which a process takes over from the one that started it.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / MEBIBYTE
    print(json.dumps([seconds, busy, peak]))


if __name__ == "__main__":
    one() if "--one" in sys.argv else main()
