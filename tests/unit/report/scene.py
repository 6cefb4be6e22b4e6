"""Lines for reports: a source line each, and where it sounds."""

from collections.abc import Mapping, Sequence

from backend.documents.speech import Clip, Placement, Speech, Verdict
from backend.documents.transcripts import Line, Translation
from workers.audio.samples import RATE
from workers.mixing.score import PlacedTake
from workers.report import document
from workers.report.document import Report, ReportMeasures, ReportSource, StageCost
from workers.report.document import ReportLine as Reported
from workers.report.lines import build_lines

MEASURED = ReportMeasures(
    duration_error_ms=0.0, loudness=-16.0, loudness_target=-16.0, true_peak=-1.2
)
STAGES = (StageCost(stage="tts", provider="stub", model="stub-1", cost_usd=0.25),)


def lines(
    said: Sequence[tuple[float, float, float, float]],
    total: float,
    left_out: Sequence[int] = (),
    texts: Mapping[int, str] | None = None,
) -> tuple[Reported, ...]:
    """The report's lines for (start, end, start of the dub, end of the dub), 1 s each by nature."""
    texts = texts or {}
    source = tuple(
        Line(id=id_, start=start, end=end, source="", text=texts.get(id_, "Hola"))
        for id_, (start, end, *_) in enumerate(said)
    )
    translation = Translation(source_language="en", language="es", duration=total, lines=source)
    placements = tuple(
        Placement(
            id=id_,
            start=onset,
            duration=stop - onset,
            rate=1.0,
            shift=0.0,
            verdict=Verdict.LEFT_OUT if id_ in left_out else Verdict.OK,
        )
        for id_, (_, _, onset, stop) in enumerate(said)
    )
    speech = Speech(language="es", clips=tuple(map(_clip, source)), placements=placements)
    takes = {
        one.id: PlacedTake("clip", round(one.start * RATE), round(one.duration * RATE))
        for one in speech.list_heard_placements()
    }
    return build_lines(translation, speech, takes, 2.0)


def _clip(line: Line) -> Clip:
    return Clip(
        id=line.id,
        text=line.text,
        object_key="clip",
        sha256="clip",
        size=1,
        duration=1.0,
        natural=1.0,
        rate=1.0,
        voice="v",
    )


def report(found: Sequence[Reported], total: float, filename: str = "talk.mp4") -> Report:
    """A whole report of these lines."""
    return Report(
        dubline="0.1.0",
        language="es",
        source=ReportSource(filename=filename, sha256="5a", language="en", duration=total),
        sums=document.sum_up(found, MEASURED, 3, None, STAGES),
        caption_violations={"reading_speed": 3},
        heard=None,
        stages=STAGES,
        lines=tuple(found),
    )
