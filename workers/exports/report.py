"""What a dub is like: `report.json` and `report.html`, from what was planned and measured."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from backend.documents.speech import Speech
from backend.documents.transcripts import Translation
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.stages import Stage
from workers.audio.samples import RATE
from workers.captions.check import find_violations
from workers.exports.captions import CaptionedDub
from workers.interfaces.stages import OutputFile, StageInput, describe_output
from workers.mixing.index import MixIndex, decibels_to_power
from workers.mixing.mixdown import Mixdown
from workers.mixing.score import PlacedTake
from workers.mixing.tracks import measure_length
from workers.report import document
from workers.report.back_transcription import BackTranscription
from workers.report.document import Report, ReportMeasures, ReportSource
from workers.report.lines import build_lines
from workers.report.page import render_page


@dataclass(frozen=True)
class FinishedDub:
    """A dub that is to be reported on; `takes` are what was mixed, by line id.

    All is on the dub's clock: the recording, `source` by its SHA-256, is the one that is held.
    """

    translation: Translation
    speech: Speech
    takes: Mapping[int, PlacedTake]
    source: str
    total: int  # samples
    mixed: Mixdown
    captioned: CaptionedDub
    hearing: BackTranscription


def build_report(inputs: StageInput, dub: FinishedDub) -> Report:
    """The report; reads the dubbed audio's length from its file."""
    shift = inputs.params.timing.max_shift
    lines = build_lines(dub.translation, dub.speech, dub.takes, shift)
    captioned = dub.captioned
    broken = Counter(one.rule for one in find_violations(captioned.cues, captioned.rules))
    stages = tuple(_describe_stages(inputs, dub.hearing))
    heard = dub.hearing.heard
    return Report(
        dubline=version("dubline"),
        language=inputs.language,
        source=_describe_source(inputs, dub.translation),
        sums=document.sum_up(lines, _measure_files(dub), broken.total(), heard, stages),
        caption_violations=dict(sorted(broken.items())),
        heard=heard,
        stages=stages,
        lines=lines,
    )


def write_report(
    inputs: StageInput, folder: Path, dub: FinishedDub, found: Report
) -> Iterator[OutputFile]:
    """`report` and `report_html`; the sums are the former's `meta`."""
    index = dub.mixed.contents
    before = _compute_amplitudes(_list_loudness(index, dub.source))
    after = _compute_amplitudes([tenth for chunk in index.chunks for tenth in chunk.tenths])
    json, html = folder / "report.json", folder / "report.html"
    json.write_bytes(found.to_bytes())
    html.write_bytes(render_page(found, before, after))
    meta = {"language": inputs.language, **found.sums.model_dump()}
    yield describe_output(ArtifactKind.REPORT, json, meta)
    yield describe_output(ArtifactKind.REPORT_HTML, html, {"language": inputs.language})


def _measure_files(dub: FinishedDub) -> ReportMeasures:
    measured = dub.mixed.measured
    off = measure_length(dub.mixed.paths[ArtifactKind.AUDIO]) - dub.total
    return ReportMeasures(
        duration_error_ms=round(1000 * off / RATE, 3),
        loudness=measured.integrated,
        loudness_target=measured.target,
        true_peak=measured.true_peak,
    )


def _describe_source(inputs: StageInput, translation: Translation) -> ReportSource:
    media = inputs.files["media"]
    return ReportSource(
        filename=media.filename,
        sha256=media.sha256,
        language=translation.source_language,
        duration=translation.duration,
    )


def _describe_stages(
    inputs: StageInput, hearing: BackTranscription
) -> Iterator[document.StageCost]:
    for one in inputs.upstream:
        yield document.StageCost(**vars(one))
    yield document.StageCost(
        stage=Stage.MIX, provider="dubline", model=version("dubline"), cost_usd=hearing.cost.usd
    )


def _list_loudness(index: MixIndex, sha256: str) -> Sequence[float]:
    """The loudness of a recording's tenths; nothing for one without sound."""
    return next((one.tenths for one in index.listened if one.sha256 == sha256), ())


def _compute_amplitudes(tenths: Sequence[float]) -> list[float]:
    """Of loudnesses in LUFS."""
    return [float(one) for one in np.sqrt(decibels_to_power(tenths))]
