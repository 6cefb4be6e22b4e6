"""Each stage by itself, each in a process of its own: time, real-time factor, peak memory.

    python -m tests.benchmarks.bench_stages [MINUTES ...]

The recording is the demo's, repeated to the wanted length; without a length it is taken as it is.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.pipeline.files import StoredFile
from backend.pipeline.params import Providers, SpeakerMode
from tests import demo_sample
from tests.stage_context import LocalContext, build_input
from workers.stages import asr, mix, mt, tts

STAGES = {"asr": asr.run, "mt": mt.run, "tts": tts.run, "mix": mix.run}
MEBIBYTE = 1024  # of ru_maxrss, which counts KiB


def main() -> None:
    """Print a Markdown table."""
    print("| recording | stage | seconds | real-time factor | peak memory, MiB |")
    print("|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        demo_sample.make(Path(folder))
        for minutes in [0, *map(int, sys.argv[1:] or ["30"])]:
            _bench(Path(folder), minutes)


def _bench(folder: Path, minutes: int) -> None:
    media = _repeat_media(folder / "talk.mp4", minutes) if minutes else folder / "talk.mp4"
    context = LocalContext(folder / f"context-{minutes}")
    files = {"media": vars(context.store_file(media, "video/mp4"))}
    duration = 0.0
    for stage in STAGES:
        done = _in_a_process(context, stage, files)
        files |= done["files"]
        duration = duration or done["duration"]
        factor = done["seconds"] / duration
        name = f"{duration:.0f} s"
        print(f"| {name} | {stage} | {done['seconds']:.1f} | {factor:.3f} | {done['peak']:.0f} |")


def _repeat_media(media: Path, minutes: int) -> Path:
    out = media.with_name(f"talk-{minutes}.mp4")
    loop = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", media, "-t", str(minutes * 60)]
    subprocess.run([*loop, "-c", "copy", out], check=True)
    return out


def _in_a_process(context: LocalContext, stage: str, files: dict) -> dict:
    order = json.dumps({"folder": str(context.workdir.parent), "stage": stage, "files": files})
    command = [sys.executable, "-m", "tests.benchmarks.bench_stages", "--one"]
    done = subprocess.run(command, input=order, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def one() -> None:
    """Run the one stage that standard input tells; print what it made and took."""
    order = json.load(sys.stdin)
    context = LocalContext(Path(order["folder"]))
    files = {kind: StoredFile(**file) for kind, file in order["files"].items()}
    local = Providers()
    started = time.perf_counter()
    outcome = STAGES[order["stage"]](
        build_input(
            files, "" if order["stage"] == "asr" else "es", mode=SpeakerMode.MONO, providers=local
        ),
        context,
    )
    seconds = time.perf_counter() - started
    # The children's figure is that of the largest one: the decoders run side by side.
    peak = max(_own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    made = {kind: vars(file) for kind, file in context.store_result(outcome).items()}
    duration = (
        json.loads(outcome.files[0].path.read_text()).get("duration", 0.0)
        if (order["stage"] == "asr")
        else 0.0
    )
    print(
        json.dumps(
            {"seconds": seconds, "peak": peak / MEBIBYTE, "files": made, "duration": duration}
        )
    )


def _own_peak() -> int:
    # Not ru_maxrss, which a process takes over from the one that started it.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    one() if "--one" in sys.argv else main()
