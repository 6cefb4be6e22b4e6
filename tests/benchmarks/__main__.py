"""All benchmarks, as Markdown tables: `python -m tests.benchmarks` (`make bench`)."""

import subprocess
import sys

BENCHMARKS = (
    ("How speech fits its time", "bench_timing"),
    ("Whole dubs, measured from outside", "bench_dubs"),
    ("Words", "bench_words"),
    ("Half an hour", "bench_long"),
    ("Stage by stage", "bench_stages", "30"),
    ("Telling speakers apart", "bench_speakers"),
    ("The mix against one ffmpeg command", "bench_mix", "10", "60"),
    ("Jobs a second", "bench_throughput"),
    ("Latency, and many finished jobs", "bench_latency"),
    ("Requests a second", "bench_requests"),
    ("Memory, through 500 jobs", "bench_soak"),
    ("HLS packaging without encoding", "bench_hls", "10", "60"),
)

for title, module, *arguments in BENCHMARKS:
    print(f"\n## {title}\n", flush=True)
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}", *arguments], check=True)
