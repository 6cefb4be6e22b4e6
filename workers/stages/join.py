"""run_join: one file with all languages that are complete, over the recording as it was sent."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version

from backend.errors import Permanent
from backend.pipeline.files import StoredFile
from backend.pipeline.multilingual import Dubs, choose_joinable, identify_film
from workers.exports.video import Dub, write_joint
from workers.interfaces.stages import Desk, Made, Outcome, Work
from workers.mixing.recording import sent


def run(work: Work, desk: Desk) -> Outcome:
    """Make `video_all`; nothing where fewer than two dubs have a picture of the same length.

    The dubs are complete without it, so that what keeps it from being made is a warning.
    """
    dubs = choose_joinable(work.dubs)
    film, warnings = None, []
    if dubs:
        try:
            film = _write_film(work, dubs, desk)
        except Permanent as problem:
            warnings.append(f"No video with all languages: {problem}")
    return Outcome(
        (film,) if film else (),
        provider="dubline",
        model=version("dubline"),
        warnings=tuple(warnings),
    )


def _write_film(work: Work, dubs: Dubs, desk: Desk) -> Made | None:
    recording = sent(work.files["media"], desk, 0.0)
    parts = [_fetch_dub(language, files, desk) for language, files in dubs.items()]
    language = work.params.source_language
    film = write_joint(recording, language, parts, desk.workdir, desk.progress)
    return film and replace(film, meta={**film.meta, "made_of": identify_film(dubs)})


def _fetch_dub(language: str, files: Mapping[str, StoredFile], desk: Desk) -> Dub:
    return Dub(language, desk.fetch(files["audio"]), desk.fetch(files["captions_vtt"]))
