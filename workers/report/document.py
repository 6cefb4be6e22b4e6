"""`report.json`: what a dub of one language is like, line by line and in sums.

Its names are in camelCase; docs/report.md tells what each means. Whoever changes the shape so that
its readers must change raises the number in `SCHEMA`.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from backend.documents.base import Document
from backend.documents.speech import Verdict
from workers.report import figures
from workers.report.error_rate import WordErrors
from workers.timing.weights import SOFT_SHIFT, WANTED

SCHEMA: Literal["dubline/report/1"] = "dubline/report/1"


class ReportPart(Document):
    """Base of what the report consists of."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class TimeSpan(ReportPart):
    """From `start` to `end`, in seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """In seconds."""
        return self.end - self.start


class ReportLine(ReportPart):
    """A line that has something to say.

    `slot` is its source line and the free time around it into which it may be moved; `dub` is where
    it sounds, None if it was left out. `natural` are the seconds that its text takes at the natural
    rate of its voice, `rate` is how many times as fast it is heard, of which the voice itself was
    asked for `spoken_at`; `shift` the seconds after its source line. `collides` tells that it
    begins while another is heard, `cut` the seconds of it that are not heard at all. `source_text`
    is what the recording says there; `edited` that a user changed the line, which otherwise
    `provider` and `model` translated (None: it was given).
    """

    id: int
    speaker: str | None
    voice: str
    text: str
    source_text: str
    edited: bool
    provider: str | None
    model: str | None
    source: TimeSpan
    slot: TimeSpan
    dub: TimeSpan | None
    natural: float
    spoken_at: float
    rate: float | None
    shift: float | None
    verdict: Verdict
    collides: bool
    cut: float

    @property
    def is_cut(self) -> bool:
        """Whether something of it is not heard."""
        return self.cut > figures.ROUNDING

    @property
    def is_off(self) -> bool:
        """Whether it starts early or late enough to be noticed."""
        return bool(figures.compute_share_off([self.shift or 0.0], SOFT_SHIFT))

    @property
    def fits(self) -> bool:
        """Whether there is nothing about it that deserves a look."""
        return self.verdict is Verdict.OK and not (self.is_off or self.collides or self.is_cut)


class StageCost(ReportPart):
    """Who did a stage, and what for in US dollars; `provider` is None for what was given."""

    stage: str
    provider: str | None
    model: str | None
    cost_usd: float


class ReportSource(ReportPart):
    """The recording that was dubbed; its length in seconds, with all that it is held."""

    filename: str
    sha256: str
    language: str
    duration: float


class ReportMeasures(ReportPart):
    """What was measured of the finished files; docs/report.md.

    Loudness in LUFS, None when all is silence; true peak in dBTP.
    """

    duration_error_ms: float
    loudness: float | None
    loudness_target: float
    true_peak: float


class ReportSums(ReportMeasures):
    """The report in a few figures; shares are 0..1, error rates may be above 1.

    `wer` or `cer` is None unless the dub was transcribed again.
    """

    lines: int
    left_out: int
    overlap: float | None
    off_share: float
    above12_share: float
    max_rate: float | None
    collisions: int
    cuts: int
    caption_violations: int
    wer: float | None
    cer: float | None
    cost_usd: float


class Report(ReportPart):
    """All of it; `caption_violations` are counted by rule."""

    schema_: Literal["dubline/report/1"] = Field(SCHEMA, alias="schema")
    dubline: str
    language: str
    source: ReportSource
    sums: ReportSums
    caption_violations: dict[str, int]
    heard: WordErrors | None
    stages: tuple[StageCost, ...]
    lines: tuple[ReportLine, ...]

    def to_bytes(self) -> bytes:
        """UTF-8 JSON, the same for the same report."""
        return (self.model_dump_json(indent=1, by_alias=True) + "\n").encode()


def sum_up(
    lines: Sequence[ReportLine],
    measured: ReportMeasures,
    violations: int,
    heard: WordErrors | None,
    stages: Sequence[StageCost],
) -> ReportSums:
    """The figures over all lines; a line left out overlaps with nothing."""
    rates = [line.rate for line in lines if line.rate is not None]
    shifts = [line.shift for line in lines if line.shift is not None]
    lengths = [(line.source.length, line.dub.length if line.dub else 0.0) for line in lines]
    errors = {heard.unit: heard.errors} if heard else {}
    return ReportSums(
        **dict(measured),
        lines=len(lines),
        left_out=sum(line.verdict is Verdict.LEFT_OUT for line in lines),
        overlap=figures.compute_speech_overlap(lengths),
        off_share=figures.compute_share_off(shifts, SOFT_SHIFT),
        above12_share=figures.compute_share_above(rates, WANTED),
        max_rate=max(rates, default=None),
        collisions=sum(line.collides for line in lines),
        cuts=sum(line.is_cut for line in lines),
        caption_violations=violations,
        wer=errors.get("word"),
        cer=errors.get("character"),
        cost_usd=round(sum(stage.cost_usd for stage in stages), 6),
    )
