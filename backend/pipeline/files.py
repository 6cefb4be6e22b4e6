"""Files as stages see them: what each reads, and what kinds there are."""

from dataclasses import dataclass

from backend.pipeline.stages import Stage


@dataclass(frozen=True)
class FileRef:
    """An object in storage, immutable."""

    key: str
    sha256: str
    size: int
    mime: str
    filename: str


# What each stage reads, by role of upload or kind of artifact.
READS = {
    Stage.ASR: ("media",),
    Stage.MT: ("segments_src",),
    Stage.TTS: ("segments",),
    Stage.MIX: ("media", "background", "segments", "speech"),
}


# The kind of the one artifact that holds all languages of a job (artifacts/multilingual.py).
JOINT = "video_all"
