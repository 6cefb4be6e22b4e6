"""Whole dubs, made by the command line and measured from outside, by ffmpeg and a voice detector.

    python -m tests.benchmarks.bench_dubs [FILE ...]

Without files it is the demo's recording. Needs the system's ffmpeg. Speech overlap is the time in
which source and dub both speak, by the time of that which speaks longer, as WebRTC's voice-activity
detector hears them. Prints a Markdown table.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from tests import demo_sample

LANGUAGES = ("es", "fr", "pt")
VAD_RATE, VAD_FRAME, STRICTEST = 16_000, 480, 3  # 30 ms
COLUMNS = (
    "recording",
    "dub",
    "speech overlap",
    "lines",
    "fastest",
    "longer by, samples",
    "and by, frames",
    "LUFS, and its target",
    "true peak, dBTP",
    "engines",
    "words wrong, read back",
)


def main() -> None:
    """Measure and print."""
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    with TemporaryDirectory() as folder:
        home = Path(folder)
        demo_sample.make(home)
        for recording in map(Path, sys.argv[1:] or [home / "talk.mp4"]):
            for language, made in dub_recording(recording, home / "out", home / "home").items():
                cells = (recording.name, language, *figures(recording, made))
                print(f"| {' | '.join(cells)} |", flush=True)


def dub_recording(recording: Path, out: Path, home: Path) -> dict[str, Path]:
    """The folder of each language's files."""
    command = [
        sys.executable,
        "-m",
        "backend.cli.main",
        "dub",
        recording,
        "--stems",
        "--transcribe-dub",
    ]
    command += ["--to", ",".join(LANGUAGES), "--out", out / recording.stem]
    environment = {**os.environ, "DUBLINE_HOME": str(home)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return {language: out / recording.stem / language for language in LANGUAGES}


def figures(recording: Path, made: Path) -> tuple[str, ...]:
    """The row of a dub."""
    manifest = json.loads((made / "manifest.json").read_text())
    loudness, peak = measure_speech(made / "dub.m4a")
    rates = [line["rate"] for line in manifest["lines"]]
    target = manifest["loudness"]["target"]
    return (
        f"{overlap(speech(recording), speech(made / 'stem-dub.flac')):.0%}",
        str(len(rates)),
        f"{max(rates, default=1.0):.2f}x",
        str(samples(made / "dub.m4a") - samples(recording)),
        str(frames(made / "dub.mp4") - frames(recording)),
        f"{loudness:.1f}, {target:.1f}",
        f"{peak:.1f}",
        ", ".join(filter(None, manifest["providers"].values())),
        _format_share(manifest["report"]["wer"]),
    )


def _format_share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def overlap(source: NDArray[np.bool_], dub: NDArray[np.bool_]) -> float:
    """Of two recordings' frames with speech."""
    size = min(len(source), len(dub))
    both = np.count_nonzero(source[:size] & dub[:size])
    return both / max(np.count_nonzero(source), np.count_nonzero(dub))


def speech(path: Path) -> NDArray[np.bool_]:
    """Which frames of 30 ms have speech."""
    vad = webrtcvad.Vad(STRICTEST)
    command = ["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", str(VAD_RATE)]
    sound = subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True).stdout
    starts = range(0, len(sound) - 2 * VAD_FRAME + 1, 2 * VAD_FRAME)
    return np.array([vad.is_speech(sound[at : at + 2 * VAD_FRAME], VAD_RATE) for at in starts])


def measure_speech(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak."""
    meter = ["-af", "ebur128=peak=true", "-f", "null", "-"]
    command = ["ffmpeg", "-nostats", "-i", path, *meter]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    loudness, peak = re.findall(r"I: +(\S+) LUFS", told)[-1], re.findall(r"Peak: +(\S+)", told)[-1]
    return float(loudness), float(peak)


def samples(path: Path) -> int:
    """How long the recording is, sound and picture, in samples of 48 kHz."""
    return round(float(probe_entry(path, "format", "duration")) * 48_000)


def frames(path: Path) -> int:
    """How many pictures there are; 0 without any."""
    picture = ("-select_streams", "v:0", "-count_packets")
    return int(probe_entry(path, "stream", "nb_read_packets", *picture))


def probe_entry(path: Path, section: str, entry: str, *more: str) -> str:
    """What ffprobe tells of a file; 0 without a file or such a stream."""
    if not path.exists():
        return "0"
    command = ["ffprobe", "-v", "error", *more, "-of", "default=nw=1:nk=1"]
    command += ["-show_entries", f"{section}={entry}", path]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return told.strip() or "0"


if __name__ == "__main__":
    main()
