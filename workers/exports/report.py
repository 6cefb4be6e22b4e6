"""What a dub is like: `report.json` and `report.html`, from what was planned and measured."""

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import numpy as np

from backend.documents.spoken import find_spoken_text
from backend.documents.transcripts import Translation
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.stages import Stage
from workers.audio.samples import RATE
from workers.captions.check import find_violations
from workers.exports.dub import Export, MixedDub
from workers.exports.report_sound import build_page_sound
from workers.interfaces.progress import Progress
from workers.interfaces.stages import OutputFile, StageInput, describe_output
from workers.mixing.index import MixIndex, decibels_to_power
from workers.mixing.tracks import measure_length
from workers.report import document
from workers.report.back_transcription import AudibleDub, BackTranscription, transcribe_dub
from workers.report.document import Report, ReportMeasures, ReportSource
from workers.report.lines import build_lines
from workers.report.page import PageSounds, render_page


def export(dub: MixedDub, _progress: Progress) -> Export:
    """`report`, whose `meta` are its sums, and `report_html`."""
    hearing = transcribe_dub(dub.inputs, dub.context, _build_audible(dub))
    found = _build_report(dub, hearing)
    sound = build_page_sound(dub)
    files = list(_write_report(dub, found, sound.urls))
    return Export(files, sound.reused, warnings=hearing.warnings)


def _build_audible(dub: MixedDub) -> AudibleDub:
    texts = {line.id: find_spoken_text(line.text) for line in dub.translation.lines}
    said = " ".join(texts[placed.id] for placed in dub.placements)
    return AudibleDub(dub.order.takes, dub.order.clips, said)


def _build_report(dub: MixedDub, hearing: BackTranscription) -> Report:
    takes = zip(dub.placements, dub.order.takes, strict=True)
    mixed = {placed.id: take for placed, take in takes}
    said = _name_translator(dub)
    lines = build_lines(said, dub.speech, mixed, dub.inputs.params.timing.max_shift)
    broken = Counter(one.rule for one in find_violations(dub.captions.cues, dub.captions.rules))
    stages = tuple(_describe_stages(dub.inputs, said, hearing))
    heard = hearing.heard
    return Report(
        dubline=version("dubline"),
        language=dub.inputs.language,
        source=_describe_source(dub.inputs, dub.said),
        sums=document.sum_up(lines, _measure_files(dub), broken.total(), heard, stages),
        caption_violations=dict(sorted(broken.items())),
        heard=heard,
        stages=stages,
        lines=lines,
    )


def _name_translator(dub: MixedDub) -> Translation:
    """The lines; documents from before they told who translated them are told by their stage."""
    made = next((one for one in dub.inputs.upstream if one.stage is Stage.MT), None)
    if dub.said.provider or made is None:
        return dub.said
    return dub.said.model_copy(update={"provider": made.provider, "model": made.model})


def _write_report(dub: MixedDub, found: Report, sounds: PageSounds) -> Iterator[OutputFile]:
    index = dub.mixed.contents
    before = _compute_amplitudes(_list_loudness(index, dub.source.sha256))
    after = _compute_amplitudes([tenth for chunk in index.chunks for tenth in chunk.tenths])
    folder, language = dub.context.workdir, dub.inputs.language
    json, html = folder / "report.json", folder / "report.html"
    json.write_bytes(found.to_bytes())
    html.write_bytes(render_page(found, before, after, sounds))
    meta = {"language": language, **found.sums.model_dump()}
    yield describe_output(ArtifactKind.REPORT, json, meta)
    yield describe_output(ArtifactKind.REPORT_HTML, html, {"language": language})


def _measure_files(dub: MixedDub) -> ReportMeasures:
    measured = dub.mixed.measured
    off = measure_length(dub.mixed.paths[ArtifactKind.AUDIO]) - dub.samples
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
    inputs: StageInput, said: Translation, hearing: BackTranscription
) -> Iterator[document.StageCost]:
    for one in inputs.upstream:
        told = {"provider": said.provider, "model": said.model} if one.stage is Stage.MT else {}
        yield document.StageCost(**{**vars(one), **told})
    yield document.StageCost(
        stage=Stage.MIX, provider="dubline", model=version("dubline"), cost_usd=hearing.cost.usd
    )


def _list_loudness(index: MixIndex, sha256: str) -> Sequence[float]:
    """The loudness of a recording's tenths; nothing for one without sound."""
    return next((one.tenths for one in index.listened if one.sha256 == sha256), ())


def _compute_amplitudes(tenths: Sequence[float]) -> list[float]:
    """Of loudnesses in LUFS."""
    return [float(one) for one in np.sqrt(decibels_to_power(tenths))]
