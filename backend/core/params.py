"""The parameters of a job as its run pins them: what was asked for, and which providers do it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """What a job makes."""

    DUB = "dub"  # all four stages, a chain for each language
    TRANSCRIBE = "transcribe"  # the first stage only


class Mode(StrEnum):
    """How many people speak."""

    MONO = "mono"
    DIALOGUE = "dialogue"  # speakers are told apart where the provider can


class Bed(StrEnum):
    """What sounds under the dubbed speech."""

    AUTO = "auto"  # the background track if one was given, otherwise the source
    BACKGROUND = "background"
    SOURCE = "source"  # the source's own audio, lowered under the speech
    NONE = "none"


class Providers(BaseModel):
    """Which provider does each stage; pinned in the run so that a retry cannot change them."""

    model_config = ConfigDict(frozen=True)

    transcription: str = "local"
    translation: str = "local"
    tts: str = "local"


class JobParams(BaseModel):
    """Everything that decides what a run makes, besides the uploaded files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    source_language: str
    target_languages: tuple[str, ...] = ()
    mode: Mode = Mode.MONO
    bed: Bed = Bed.AUTO
    flac: bool = False
    providers: Providers = Providers()
