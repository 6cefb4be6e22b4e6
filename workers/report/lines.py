"""The lines of a report, from what was planned and what was really put into the mix."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from backend.documents.speech import Clip, Placement, Speech
from backend.documents.transcripts import Line, Translation
from workers.audio.samples import RATE
from workers.mixing.score import PlacedTake
from workers.report.document import ReportLine as Reported
from workers.report.document import TimeSpan
from workers.report.figures import RATE_DIGITS, TIME_DIGITS, compute_unheard, find_collisions
from workers.timing.holds import DubClock, build_clock


def build_lines(
    translation: Translation, speech: Speech, takes: Mapping[int, PlacedTake], max_shift: float
) -> tuple[Reported, ...]:
    """Every line that was spoken, in order of time.

    `takes` are what was mixed, by line id: what is told of a line's place and rate is measured from
    those, whatever was planned. `max_shift` is the limit of the plan, in seconds.
    """
    total = translation.duration
    spans = {id_: (take.start / RATE, take.end / RATE) for id_, take in takes.items()}
    order = sorted(spans, key=lambda id_: spans[id_])
    colliding = {order[index] for index in find_collisions([spans[id_] for id_ in order])}
    clips = {clip.id: clip for clip in speech.clips}
    lines = {line.id: line for line in translation.lines}
    time = build_clock(speech.placements)
    slots = dict(_compute_slots(translation.lines, max_shift, total))
    return tuple(
        _build_line(
            _PlannedLine(
                *(translation, lines[placed.id], clips[placed.id], placed, slots[placed.id], time)
            ),
            spans.get(placed.id),
            total,
            collides=placed.id in colliding,
        )
        for placed in speech.placements
    )


class _PlannedLine(NamedTuple):
    translation: Translation
    line: Line
    clip: Clip
    placed: Placement
    slot: TimeSpan
    time: DubClock

    def late(self, start: float) -> float:
        """The seconds by which it starts late; a picture that is held makes nobody late."""
        return self.time.find_source_time(start) - self.time.find_source_time(self.line.start)


def _build_line(
    planned: _PlannedLine, span: tuple[float, float] | None, total: float, *, collides: bool
) -> Reported:
    translation, line, clip, placed, slot, _ = planned
    length = span[1] - span[0] if span else 0.0
    return Reported(
        id=line.id,
        speaker=line.speaker,
        voice=clip.voice,
        text=clip.text,
        source_text=line.source,
        edited=line.edited,
        provider=translation.provider,
        model=translation.model,
        source=_build_span(line.start, line.end),
        slot=slot,
        dub=_build_span(*span) if span else None,
        natural=round(clip.natural, TIME_DIGITS),
        spoken_at=clip.rate,
        rate=round(clip.natural / length, RATE_DIGITS) if length > 0 else None,
        shift=round(planned.late(span[0]), TIME_DIGITS) if span else None,
        verdict=placed.verdict,
        collides=collides,
        cut=round(compute_unheard(span, total), TIME_DIGITS) if span else 0.0,
    )


def _compute_slots(
    lines: Sequence[Line], max_shift: float, total: float
) -> Iterator[tuple[int, TimeSpan]]:
    """Each line's own time, grown on both sides into what is free there, as far as it may move."""
    order = sorted(lines, key=lambda line: (line.start, line.id))
    ended = [0.0, *accumulate((line.end for line in order), max)]
    begins = [*(line.start for line in order[1:]), total]
    for line, before, after in zip(order, ended, begins, strict=False):
        earliest = min(line.start, max(before, line.start - max_shift))
        yield line.id, _build_span(earliest, max(line.end, min(after, line.end + max_shift)))


def _build_span(start: float, end: float) -> TimeSpan:
    return TimeSpan(start=round(start, TIME_DIGITS), end=round(end, TIME_DIGITS))
