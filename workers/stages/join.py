"""run_join: one file with all languages that are complete, over the recording as it was sent."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version

from backend.errors import Permanent
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.multilingual import Dubs, choose_joinable, identify_film
from workers.exports.dub import Export
from workers.exports.video import DubTracks, write_film
from workers.interfaces.stages import StageContext, StageInput, StageResult
from workers.mixing.recording import fetch_recording


def run(inputs: StageInput, context: StageContext) -> StageResult:
    """Make `video_all`; nothing where fewer than two dubs have a picture of the same length.

    The dubs are complete without it, so that what keeps it from being made is a warning.
    """
    dubs = choose_joinable(inputs.dubs)
    made = Export()
    if dubs:
        try:
            made = _write_film(inputs, dubs, context)
        except Permanent as problem:
            made = Export(warnings=[f"No video with all languages: {problem}"])
    return StageResult(
        tuple(made.files),
        provider="dubline",
        model=version("dubline"),
        warnings=tuple(made.warnings),
    )


def _write_film(inputs: StageInput, dubs: Dubs, context: StageContext) -> Export:
    recording = fetch_recording(inputs.files["media"], context, 0.0, inputs.params.track_wish)
    parts = [_fetch_dub(language, files, context) for language, files in dubs.items()]
    spoken = next(iter(dubs.values()))[ArtifactKind.VIDEO].meta["source_language"]
    made = write_film(recording, spoken, parts, context)
    told = {"made_of": identify_film(dubs)}
    return replace(made, files=[replace(one, meta={**one.meta, **told}) for one in made.files])


def _fetch_dub(language: str, files: Mapping[str, StoredFile], context: StageContext) -> DubTracks:
    return DubTracks(
        language,
        context.fetch(files[ArtifactKind.AUDIO]),
        context.fetch(files[ArtifactKind.CAPTIONS_VTT]),
    )
