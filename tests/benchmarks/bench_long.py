"""A long recording, none of whose lines comes twice, dubbed by the command line.

    python -m tests.benchmarks.bench_long [MINUTES [LANGUAGES]]

The recording is flite's; the engines are the best for which MODELS_DIR has models. Prints a
Markdown table: how long the dub and each stage took by the recording's length, and the most memory
of all processes.
"""

import os
import sqlite3
import subprocess
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic

import numpy as np
import psutil
import soundfile

from tests.demo_sample import DIALOGUE, speak

RATE, PAUSE_S, MIB = 16_000, 0.9, 2**20
TIMES = "SELECT stage, language, started_at, finished_at FROM stage_runs WHERE started_at NOT NULL"


def main(minutes: float = 30, languages: str = "pt") -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        length = make_recording(home / "long.wav", 60 * float(minutes))
        began, peak = monotonic(), dub_recording(home / "long.wav", languages, home)
        took = monotonic() - began
        print("| step | by the recording's length |\n|---|---|")
        print(f"| whole dub into {languages} of {length / 60:.0f} min | {took / length:.2f} |")
        for stage, seconds in list_times(home / "home" / "dubline.db"):
            print(f"| {stage} | {seconds / length:.2f} |")
        print(f"\nMost memory of all processes: {peak / MIB:.0f} MiB")


def make_recording(path: Path, seconds: float) -> float:
    """Lines of the demo, each told apart by a number; returns the length in seconds."""
    written = 0.0
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as wav:
        for number in count(1):
            voice, text = DIALOGUE[number % len(DIALOGUE)]
            clip = speak(voice, f"This is line {number}. {text}", RATE)
            wav.write(np.pad(clip, (0, round(PAUSE_S * RATE))))
            written = wav.tell() / RATE
            if written >= seconds:
                return written
    raise AssertionError


def dub_recording(recording: Path, languages: str, home: Path) -> int:
    """The most memory that all processes together had, in bytes."""
    command = [sys.executable, "-m", "backend.cli.main", "dub", str(recording)]
    command += ["--from", "en", "--to", languages, "--out", str(home / "out")]
    environment = {**os.environ, "DUBLINE_HOME": str(home / "home")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        ended, peaks = Event(), [0]
        Thread(target=_watch, args=(environment["DUBLINE_HOME"], ended, peaks)).start()
        code = process.wait()
        ended.set()
    assert code == 0
    return peaks[0]


def _watch(home: str, ended: Event, peaks: list[int]) -> None:
    while not ended.wait(0.5):
        peaks[0] = max(peaks[0], sum(map(_read_memory, list_processes(home))))


def list_processes(home: str) -> list[psutil.Process]:
    """All that work on this home: the stack that commands share is no child of any of them."""
    return [one for one in psutil.process_iter() if _read_home(one) == home]


def _read_home(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("DUBLINE_HOME")
    except psutil.Error:
        return None


def _read_memory(process: psutil.Process) -> int:
    """Its own pages, and its share of those that it shares with others (PSS)."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def list_times(database: Path) -> list[tuple[str, float]]:
    """The seconds of each stage and language."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(TIMES).fetchall()
    return [
        (f"{stage} {language}".strip(), (_read_time(end) - _read_time(start)).total_seconds())
        for stage, language, start, end in rows
        if end
    ]


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]
