"""What the report's page plays: in the page itself where that is short, else files beside it."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backend.media.mime import MIME_TYPES
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import hash_json
from workers.exports.dub import MixedDub
from workers.interfaces.stages import ReusedFile, load_reusable
from workers.media.listening import BIT_RATE, write_listening_copy
from workers.report.page import PageSounds

# Seconds; both sounds of a longer one would make a page of more than 4 MB.
EMBEDDED = 300
SOURCE_NAME = "report_source.m4a"


@dataclass(frozen=True)
class PageSound:
    """Where the page finds its sounds, and the file beside it where there is one."""

    urls: PageSounds
    reused: Sequence[ReusedFile] = ()


def build_page_sound(dub: MixedDub) -> PageSound:
    """Of source and dub; a text that stands for a recording has no sound."""
    source = _keep_source_copy(dub) if dub.source.sounds else None
    if dub.source.duration > EMBEDDED:
        reused = [ReusedFile(ArtifactKind.REPORT_SOUND, source[0], SOURCE_NAME)] if source else []
        name = dub.mixed.paths[ArtifactKind.AUDIO].name
        return PageSound(PageSounds(SOURCE_NAME if source else None, name), reused)
    check = partial(dub.context.progress, 1.0)
    copy = dub.context.workdir / "report_dub.m4a"
    write_listening_copy(dub.mixed.paths[ArtifactKind.AUDIO], copy, check)
    return PageSound(PageSounds(_embed(source[1]) if source else None, _embed(copy)))


def _keep_source_copy(dub: MixedDub) -> tuple[StoredFile, Path]:
    """The copy of the source, which is the same for all languages and runs."""
    context, source = dub.context, dub.source
    heard = source.found.track if source.found else None
    key = hash_json({"listening": source.sha256, "track": heard, "bit_rate": BIT_RATE})
    found = load_reusable(context.streams, key, context)
    if found is None:
        path = context.workdir / SOURCE_NAME
        write_listening_copy(source.path, path, partial(context.progress, 1.0), source.track)
        found = context.streams.put(key, path), path
    return found


def _embed(path: Path) -> str:
    return f"data:{MIME_TYPES['.m4a']};base64,{b64encode(path.read_bytes()).decode()}"
