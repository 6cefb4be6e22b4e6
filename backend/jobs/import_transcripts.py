"""Takes in what users bring in place of stages: stored before the job is accepted."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from backend.database.engine import Database
from backend.documents import subtitles
from backend.documents.limits import TextLimits
from backend.jobs import fit_transcripts
from backend.jobs.fit_transcripts import AnyTranscript, JobStart
from backend.media.mime import MIME_TYPES
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.params import JobParams, normalize_params
from backend.pipeline.plan import GivenFiles, Place
from backend.pipeline.stages import ALL_LANGUAGES, Stage
from backend.storage.base import BlobStore
from backend.storage.hashing import compute_sha256
from backend.uploads import access


def import_uploads(
    db: Database,
    store: BlobStore,
    user_id: UUID,
    params: JobParams,
    *,
    media_id: UUID,
    start: JobStart,
    limits: TextLimits,
    scratch: Path,
) -> dict[Place, GivenFiles]:
    """Make of the uploads what the stages would have made; the files of each by kind.

    Raises `Invalid`, and `LimitExceeded` for what is beyond the `limits`.
    """
    params = normalize_params(params)
    named = fit_transcripts.choose_uploads(params, start)
    if not named:
        return {}
    with db.read() as connection:
        media = access.require_upload(connection, user_id, media_id, access.MEDIA, "mediaId")
        found = {
            place: access.require_upload(
                connection, user_id, one.upload_id, ("transcript",), one.field
            )
            for place, one in named.items()
        }
    made: dict[Place, GivenFiles] = {(Stage.ASR, ALL_LANGUAGES): {}}
    for place, upload in found.items():
        with TemporaryDirectory(dir=scratch) as folder:
            content = _load_upload(store, upload, Path(folder))
            language = place[1] or params.source_language
            said = subtitles.parse_transcript(content, upload.filename, language, limits=limits)
            document = _fit_document(said, place, params, media.duration, named[place].field)
            made[place] = {
                KINDS[place[0]]: _store_document(store, upload, place, document, Path(folder))
            }
    return made


KINDS = {Stage.ASR: ArtifactKind.SEGMENTS_SRC, Stage.MT: ArtifactKind.SEGMENTS}


def _load_upload(store: BlobStore, upload: Row[Any], folder: Path) -> bytes:
    path = folder / "upload"
    store.fetch(upload.object_key, path)
    return path.read_bytes()


def _fit_document(
    said: AnyTranscript, place: Place, params: JobParams, duration: float | None, name: str
) -> AnyTranscript:
    source = params.source_language
    if place[0] is Stage.ASR:
        return fit_transcripts.fit_transcript(said, source, duration, name)
    return fit_transcripts.fit_translation(said, source, place[1], duration, name)


def _store_document(
    store: BlobStore, upload: Row[Any], place: Place, document: AnyTranscript, folder: Path
) -> StoredFile:
    content = document.to_bytes()
    sha256 = compute_sha256(content)
    path = folder / f"segments_{place[1] or 'src'}.json"
    path.write_bytes(content)
    key = f"uploads/{upload.id}/{sha256[:16]}/{path.name}"
    store.put(key, path, mime=MIME_TYPES[".json"], sha256=sha256)
    return StoredFile(key, sha256, len(content), MIME_TYPES[".json"], path.name)
