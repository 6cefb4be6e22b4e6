"""What a dub is like: `report.json` and `report.html`, from what was planned and measured."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from backend.documents.speech import Speech
from backend.documents.transcripts import Translation
from backend.pipeline.stages import Stage
from workers.audio.samples import RATE
from workers.captions.check import violations
from workers.exports.captions import Captioned
from workers.interfaces.stages import Made, Work
from workers.mixing.index import MixIndex, powers
from workers.mixing.mixdown import Mixdown
from workers.mixing.score import Take
from workers.mixing.tracks import AUDIO, length
from workers.report import document
from workers.report.back_transcription import Hearing
from workers.report.document import Measures, Report, Source
from workers.report.lines import reported
from workers.report.page import page

KIND = "report"


@dataclass(frozen=True)
class Finished:
    """A dub that is to be reported on; `takes` are what was mixed, by line id.

    All is on the dub's clock: the recording, `source` by its SHA-256, is the one that is held.
    """

    translation: Translation
    speech: Speech
    takes: Mapping[int, Take]
    source: str
    total: int  # samples
    mixed: Mixdown
    captioned: Captioned
    hearing: Hearing


def report(work: Work, dub: Finished) -> Report:
    """The report; reads the dubbed audio's length from its file."""
    shift = work.params.timing.max_shift
    lines = reported(dub.translation, dub.speech, dub.takes, shift)
    captioned = dub.captioned
    broken = Counter(one.rule for one in violations(captioned.cues, captioned.rules))
    stages = tuple(_stages(work, dub.hearing))
    heard = dub.hearing.heard
    return Report(
        dubline=version("dubline"),
        language=work.language,
        source=_source(work, dub.translation),
        sums=document.sums(lines, _measured(dub), broken.total(), heard, stages),
        caption_violations=dict(sorted(broken.items())),
        heard=heard,
        stages=stages,
        lines=lines,
    )


def written(work: Work, folder: Path, dub: Finished, found: Report) -> Iterator[Made]:
    """`report` and `report_html`; the sums are the former's `meta`."""
    index = dub.mixed.contents
    before = _amplitudes(_listened(index, dub.source))
    after = _amplitudes([tenth for chunk in index.chunks for tenth in chunk.tenths])
    json, html = folder / "report.json", folder / "report.html"
    json.write_bytes(found.to_bytes())
    html.write_bytes(page(found, before, after))
    meta = {"language": work.language, **found.sums.model_dump()}
    yield Made(KIND, json, "application/json", json.name, meta)
    yield Made(f"{KIND}_html", html, "text/html", html.name, {"language": work.language})


def _measured(dub: Finished) -> Measures:
    measured = dub.mixed.measured
    off = length(dub.mixed.paths[AUDIO]) - dub.total
    return Measures(
        duration_error_ms=round(1000 * off / RATE, 3),
        loudness=measured.integrated,
        loudness_target=measured.target,
        true_peak=measured.true_peak,
    )


def _source(work: Work, translation: Translation) -> Source:
    media = work.files["media"]
    return Source(
        filename=media.filename,
        sha256=media.sha256,
        language=translation.source_language,
        duration=translation.duration,
    )


def _stages(work: Work, hearing: Hearing) -> Iterator[document.Stage]:
    for one in work.upstream:
        yield document.Stage(**vars(one))
    yield document.Stage(
        stage=Stage.MIX, provider="dubline", model=version("dubline"), cost_usd=hearing.cost.usd
    )


def _listened(index: MixIndex, sha256: str) -> Sequence[float]:
    """The loudness of a recording's tenths; nothing for one without sound."""
    return next((one.tenths for one in index.listened if one.sha256 == sha256), ())


def _amplitudes(tenths: Sequence[float]) -> list[float]:
    """Of loudnesses in LUFS."""
    return [float(one) for one in np.sqrt(powers(tenths))]
