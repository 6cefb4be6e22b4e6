"""How well speech fits its time: Dubline's plan and the policies of seven other tools.

    python -m tests.benchmarks.bench_timing

prints a Markdown table for each set of lines, the same lines for all:

- measured: real lines (`real_lines.csv`), one recording after the other;
- generated like those: 2,000 lines with the same spread of lengths, and
- generated, long: 2,000 lines of a translation that takes longer and varies more.

Speech overlap is that of the IWSLT dubbing track: the shorter length by the longer one, of a
source line and its dub, on average over the lines.
"""

import csv
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backend.documents.speech import Placement
from backend.documents.transcripts import Line
from backend.pipeline.params import Timing
from tests.benchmarks.timing_policies import FIELD, Policy, Row, Said
from workers.report import figures
from workers.stages.tts import ROUNDS
from workers.timing.policy import compute_budgets, place_lines

COUNT, SEED = 2000, 20261121
REAL = Path(__file__).with_name("real_lines.csv")
PAUSE = 1.0  # seconds between two recordings
HEADER = (
    *("policy", "overlaps", "cut", "errors", "too long by", "above 1.2x", "above 1.5x"),
    *("fastest", "speech overlap", "off by > 0.3 s"),
)
Table = tuple[Sequence[Row], float]


def main() -> None:
    """Score all policies on all sets of lines."""
    tables = {
        "Measured": measure_table(),
        "Generated, like the measured ones": generate_table(0.0, 0.15),
        "Generated, long": generate_table(0.05, 0.25),
    }
    policies: dict[str, Policy] = {**FIELD, "**Dubline**": ours, "**... shortening**": shortening}
    for title, (rows, total) in tables.items():
        print(f"\n{title}: {len(rows)} lines, {total / 60:.0f} minutes\n")
        print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
        for name, policy in policies.items():
            print(f"| {name} | {' | '.join(score_rows(rows, policy(rows, total), total))} |")
    started = time.process_time()
    ours(*tables["Generated, long"])
    print(f"\nDubline plans {COUNT} lines in {time.process_time() - started:.2f} s")


def measure_table() -> Table:
    """The real lines of all recordings and languages, one after the other."""
    with REAL.open() as file:
        lines = [line for line in csv.reader(file) if not line[0].startswith("#")]
    rows: list[Row] = []
    offset, before = 0.0, None
    for recording, language, *times in lines:
        start, end, natural = map(float, times)
        if (recording, language) != before:
            offset, before = (rows[-1].end + PAUSE if rows else 0.0), (recording, language)
        rows.append(Row(offset + start, offset + end, natural))
    return rows, rows[-1].end + PAUSE


def generate_table(longer: float, spread: float) -> Table:
    """Lines of 0.5 to 15 s, 3.5 on average (gamma), with exponential pauses of 0.5 s on average.

    The dub's natural length is the source line's times exp(normal(`longer`, `spread`)).
    """
    random = np.random.default_rng(SEED)
    lengths = np.clip(random.gamma(3.0, 3.5 / 3.0, COUNT), 0.5, 15.0)
    starts = PAUSE + np.cumsum(lengths + random.exponential(0.5, COUNT)) - lengths
    natural = lengths * np.exp(random.normal(longer, spread, COUNT))
    table = np.stack([starts, starts + lengths, natural], axis=1).tolist()
    rows = [Row(*row) for row in table]
    return rows, rows[-1].end + PAUSE


def ours(rows: Sequence[Row], total: float) -> list[Said]:
    """Dubline's plan."""
    return _said(place_lines(_lines(rows), _natural(rows), total, Timing()))


def shortening(rows: Sequence[Row], total: float) -> list[Said]:
    """The same with a translator that hits a budget to about 10 % but halves no text."""
    random = np.random.default_rng(SEED)
    lines, natural = _lines(rows), _natural(rows)
    least = {id_: length / 2 for id_, length in natural.items()}
    for part in range(ROUNDS):
        found = place_lines(lines, natural, total, Timing())
        for id_, budget in compute_budgets(lines, natural, found, by_themselves=part == 0).items():
            spoken = max(least[id_], budget * random.lognormal(0.0, 0.1))
            natural[id_] = min(natural[id_], spoken)
    return _said(place_lines(lines, natural, total, Timing()))


def _lines(rows: Sequence[Row]) -> list[Line]:
    return [
        Line(id=number, start=row.start, end=row.end, source="", text="")
        for number, row in enumerate(rows)
    ]


def _natural(rows: Sequence[Row]) -> dict[int, float]:
    return {number: row.natural for number, row in enumerate(rows)}


def _said(placements: Sequence[Placement]) -> list[Said]:
    return [Said(one.start, one.duration, one.rate) for one in placements]


def score_rows(rows: Sequence[Row], said: Sequence[Said], total: float) -> list[str]:
    """The figures of `HEADER`."""
    onsets, ends, _ = np.array(rows).T
    start, length, rate, cut, failed = np.array(said, dtype=float).T
    lengths = zip(ends - onsets, length, strict=True)
    overlap = figures.compute_speech_overlap(lengths)
    spans = list(zip(start, start + length, strict=True))
    scores = {
        "overlaps": str(len(figures.find_collisions(spans))),
        "cut": f"{np.sum(cut > 0)}",
        "errors": f"{np.sum(failed):.0f}",
        "too long by": f"{max(0.0, start[-1] + length[-1] - total) * 1000:.0f} ms",
        "above 1.2x": f"{figures.compute_share_above(rate.tolist(), 1.2):.1%}",
        "above 1.5x": f"{figures.compute_share_above(rate.tolist(), 1.5):.1%}",
        "fastest": f"{rate.max():.2f}x",
        "speech overlap": f"{overlap:.1%}",
        "off by > 0.3 s": f"{figures.compute_share_off((start - onsets).tolist(), 0.3):.1%}",
    }
    return [scores[name] for name in HEADER[1:]]


if __name__ == "__main__":
    main()
