"""Files as stages see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.pipeline.keys import name_dub_file
from backend.pipeline.stages import Provenance


@dataclass(frozen=True)
class StoredFile:
    """An object in storage, immutable.

    `filename` is the user's name for it, empty for what only stages use; `meta` says what else is
    known of it (duration, codec, ...).
    """

    key: str
    sha256: str
    size: int
    mime: str
    filename: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class StageFiles:
    """What a stage is given.

    `files` by role or kind, `dubs` by language and kind where it reads those of all languages;
    `before` is what it made when it last succeeded in an earlier run of the job, by kind, and
    `upstream` how what it builds on was made, for those that look back.
    """

    files: Mapping[str, StoredFile]
    dubs: Mapping[str, Mapping[str, StoredFile]] = field(default_factory=dict)
    before: Mapping[str, StoredFile] = field(default_factory=dict)
    upstream: tuple[Provenance, ...] = ()

    def compute_hashes(self) -> dict[str, str]:
        """The sha256 of all that its results depend on, by name."""
        own = {kind: file.sha256 for kind, file in self.files.items()}
        return own | hash_dubs(self.dubs)


def hash_dubs(dubs: Mapping[str, Mapping[str, StoredFile]]) -> dict[str, str]:
    """The sha256 of the files of languages, by language and kind as one name."""
    return {
        name_dub_file(language, kind): file.sha256
        for language, files in dubs.items()
        for kind, file in files.items()
    }
