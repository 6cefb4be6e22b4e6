"""A soak: hundreds of mixed jobs through one embedded worker, and the memory that it keeps.

    python -m tests.benchmarks.bench_soak [JOBS]

Stub providers. Most jobs are texts of two lines; the others are talks, texts of two hundred lines,
and films whose pictures are copied or encoded, up to 5900x5900. Four are under way at a time. The
same seed gives the same jobs. Prints a Markdown table; memory is what the worker has resident with
nothing to do, and the most that it had since the row before.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from backend.cli.client import Client
from tests.benchmarks.house import House
from tests.chaos.house import wait_for

SEED = 20261128
ROWS = 10
AT_ONCE = 4
DEADLINE_S = 900  # for the oldest of these
COLUMNS = ("jobs", "failed", "idle, MiB", "times a fresh one", "peak since, MiB", "seconds")
ENDED = ("succeeded", "partial", "failed", "cancelled")
KIBIBYTES = 1024  # a MiB, of what /proc tells


@dataclass(frozen=True)
class Kind:
    """Jobs of one kind: how often they come, of what file, with what parameters."""

    weight: int
    file: Path
    params: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    """Do the jobs, and print a row for each tenth of them."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    with TemporaryDirectory() as folder:
        kinds = list(_prepare(Path(folder)))
        house = House(Path(folder))
        with house.running("embedded"):
            _soak(house, kinds, total)


def _soak(house: House, kinds: list[Kind], total: int) -> None:
    client, worker = Client(house.settings.api_url), _find_worker(house)
    chosen = random.Random(SEED).choices(kinds, [one.weight for one in kinds], k=total)
    fresh, failed, began = _rest(worker), 0, time.monotonic()
    _print(0, 0, f"{fresh:.0f}", "1.00", "", 0)
    for first in range(0, total, total // ROWS):
        _forget_peak(worker)
        failed += _do(client, chosen[first : first + total // ROWS])
        idle, peak = _rest(worker), _read(worker, "VmHWM")
        told = (f"{idle:.0f}", f"{idle / fresh:.2f}", f"{peak:.0f}")
        done = min(total, first + total // ROWS)
        _print(done, failed, *told, round(time.monotonic() - began))


def _do(client: Client, kinds: list[Kind]) -> int:
    """Do these jobs; returns how many did not succeed."""
    waiting, states = list(kinds), []
    under_way: list[str] = []
    while waiting or under_way:
        while waiting and len(under_way) < AT_ONCE:
            under_way.append(_submit(client, waiting.pop(0)))
        state = wait_for(lambda: _find_end(client, under_way[0]), f"job {under_way[0]}", DEADLINE_S)
        states.append(state)
        under_way.pop(0)
    return sum(state != "succeeded" for state in states)


def _submit(client: Client, kind: Kind) -> str:
    media = client.upload(kind.file, "video")["id"]
    asked = {"kind": "dub", "mediaId": media, "sourceLanguage": "en", "targetLanguages": ["es"]}
    return str(client.submit({**asked, **kind.params})["id"])


def _find_end(client: Client, job_id: str) -> str | None:
    status = client.read_job(job_id)["status"]
    return status if status in ENDED else None


def _find_worker(house: House) -> psutil.Process:
    """The embedded worker, once it has loaded all that it needs."""
    wait_for(lambda: " ready." in house.log.read_text() or None, "the worker to be ready")
    children = psutil.Process().children(recursive=True)
    return next(one for one in children if one.cmdline()[-1:] == ["worker"])


def _rest(worker: psutil.Process) -> float:
    """MiB, once it has nothing to do: a job is told as done a moment before its stage has ended."""
    time.sleep(3)
    return _read(worker, "VmRSS")


def _read(worker: psutil.Process, name: str) -> float:
    status = Path(f"/proc/{worker.pid}/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) / KIBIBYTES


def _forget_peak(worker: psutil.Process) -> None:
    Path(f"/proc/{worker.pid}/clear_refs").write_text("5")


def _prepare(folder: Path) -> Iterator[Kind]:
    yield Kind(75, _write_text(folder / "two.txt", 2))
    yield Kind(3, _write_text(folder / "many.txt", 200))
    yield Kind(10, _film(folder / "talk.m4a", "64x48", 20, "-vn"), {"flac": True, "stems": True})
    yield Kind(5, _film(folder / "h264.mp4", "1280x720", 5, "-c:v", "libx264"))
    yield Kind(4, _film(folder / "vp9.webm", "640x360", 5, "-deadline", "realtime"))
    wide = _film(folder / "hevc.mkv", "1920x1080", 1, "-c:v", "libx265")
    yield Kind(2, wide, {"hlsH264": True})
    yield Kind(1, _film(folder / "png.mov", "5900x5900", 0.2, "-c:v", "png"))


def _write_text(path: Path, lines: int) -> Path:
    path.write_text("".join(f"This is what line {number} says.\n" for number in range(lines)))
    return path


def _film(path: Path, size: str, seconds: float, *coding: str) -> Path:
    picture = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate=25:duration={seconds}"]
    sound = ["-f", "lavfi", "-i", f"anoisesrc=a=0.1:duration={seconds}:r=48000"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *sound, *coding, str(path)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return path


def _print(*row: object) -> None:
    print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
