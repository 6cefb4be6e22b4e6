"""Which dubs one file with all languages is to hold, and what tells it from any other."""

from collections.abc import Mapping

from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile

# What the latest mix of each language made, by language and kind, in the order asked for.
Dubs = Mapping[str, Mapping[str, StoredFile]]


def choose_joinable(dubs: Dubs) -> Dubs:
    """The languages that one file is to hold; none if that is only one.

    A dub whose picture is held would not be in sync with the others.
    """
    joinable = {
        language: files
        for language, files in dubs.items()
        if ArtifactKind.VIDEO in files and not files[ArtifactKind.VIDEO].meta["held"]
    }
    return joinable if len(joinable) > 1 else {}


def identify_film(dubs: Dubs) -> dict[str, str]:
    """What tells a file of these from any other one: the sha256 of each dub's own video."""
    return {language: files[ArtifactKind.VIDEO].sha256 for language, files in dubs.items()}
