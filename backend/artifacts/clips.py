"""Speech documents, read back from storage for the clips that they list.

Clips are kept for all jobs and are no artifacts of any; only these documents tell who needs them.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from backend.documents.speech import Clip, Speech
from backend.storage.base import BlobStore


def load_clips(store: BlobStore, key: str, scratch: Path | None = None) -> tuple[Clip, ...]:
    """The clips that the document under this key lists.

    Raises `NotFound` when it is gone and `ValidationError` when it is none of this release.
    """
    with TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "speech.json"
        store.fetch(key, path)
        return Speech.model_validate_json(path.read_bytes()).clips
