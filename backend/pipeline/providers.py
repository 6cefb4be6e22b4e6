"""The names of those who transcribe, translate and speak: text, so that each is known by one file.

What such a name stands for is found by the workers (`workers.providers.registry`); a job may name
those that the settings list.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from backend.errors import Invalid


class ProviderKind(StrEnum):
    """What a provider does, by its name in a job's parameters."""

    TRANSCRIPTION = "transcription"
    TRANSLATION = "translation"
    TTS = "tts"


# The engines of one's own machine, the best first. The last needs nothing but Debian's packages.
ENGINES: Mapping[ProviderKind, tuple[str, ...]] = {
    ProviderKind.TRANSCRIPTION: ("faster_whisper", "pocketsphinx"),
    ProviderKind.TRANSLATION: ("firefox", "ctranslate2", "apertium"),
    ProviderKind.TTS: ("kokoro", "piper", "espeak"),
}
AUTO = "auto"  # every engine in this order: the first that can does the work
LOCAL = "local"  # the last of them

ProviderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


def split_names(value: object) -> object:
    """`deepgram, auto` as a list; anything else as it is."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


# Providers in the order in which they are wanted: the next one is for what those before cannot do.
ProviderNames = Annotated[
    tuple[ProviderName, ...], BeforeValidator(split_names), Field(min_length=1, max_length=10)
]


class Providers(BaseModel):
    """Who does each kind of work; pinned in the run so that a retry cannot change them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transcription: ProviderNames = (ENGINES[ProviderKind.TRANSCRIPTION][-1],)
    translation: ProviderNames = (ENGINES[ProviderKind.TRANSLATION][-1],)
    tts: ProviderNames = (ENGINES[ProviderKind.TTS][-1],)

    @field_validator("transcription", "translation", "tts")
    @classmethod
    def _expand(cls, names: tuple[str, ...], field: ValidationInfo) -> tuple[str, ...]:
        return expand_names(ProviderKind(str(field.field_name)), names)


def expand_names(kind: ProviderKind, names: Iterable[str]) -> tuple[str, ...]:
    """The providers that such names stand for, each once."""
    meant = {AUTO: ENGINES[kind], LOCAL: ENGINES[kind][-1:]}
    return tuple(dict.fromkeys(one for name in names for one in meant.get(name, (name,))))


def choose_providers(
    named: Mapping[str, Sequence[str]], enabled: Mapping[ProviderKind, Sequence[str]]
) -> Providers:
    """For each kind those that are named, or else all that are enabled."""
    check_providers(named, enabled)
    return Providers(**{str(kind): named.get(kind, names) for kind, names in enabled.items()})


def check_providers(
    named: Mapping[str, object], enabled: Mapping[ProviderKind, Sequence[str]]
) -> None:
    """Raise `Invalid` for a provider that is not enabled, with the list of those that are."""
    for kind, names in enabled.items():
        known = expand_names(kind, names)
        for name in _list_texts(split_names(named.get(kind, ()))):
            if not {*expand_names(kind, [name])} <= {*known}:
                there_is = ", ".join(sorted(known))
                raise Invalid(
                    f"providers.{kind}", f"'{name}' is not enabled here; there is: {there_is}"
                )


def _list_texts(names: object) -> list[str]:
    """What is no list of texts is refused with the other parameters."""
    listed = names if isinstance(names, list | tuple) else ()
    return [name for name in listed if isinstance(name, str)]
