"""The names of those who transcribe, translate and speak: text, so that each is known by one file.

What such a name stands for is found by the workers (`workers.providers.registry`); a job may name
those that the settings list.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.errors import Invalid


class ProviderKind(StrEnum):
    """What a provider does, by its name in a job's parameters."""

    TRANSCRIPTION = "transcription"
    TRANSLATION = "translation"
    TTS = "tts"


# What `local` means: the engines that need nothing but Debian's packages.
LOCAL: Mapping[ProviderKind, str] = {
    ProviderKind.TRANSCRIPTION: "pocketsphinx",
    ProviderKind.TRANSLATION: "apertium",
    ProviderKind.TTS: "espeak",
}


def resolve_name(kind: ProviderKind, name: str) -> str:
    """The name itself, or what it is an alias of."""
    return LOCAL[kind] if name == "local" else name


ProviderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class Providers(BaseModel):
    """Which provider does each stage; pinned in the run so that a retry cannot change them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transcription: Annotated[
        ProviderName, AfterValidator(lambda name: resolve_name(ProviderKind.TRANSCRIPTION, name))
    ] = LOCAL[ProviderKind.TRANSCRIPTION]
    translation: Annotated[
        ProviderName, AfterValidator(lambda name: resolve_name(ProviderKind.TRANSLATION, name))
    ] = LOCAL[ProviderKind.TRANSLATION]
    tts: Annotated[
        ProviderName, AfterValidator(lambda name: resolve_name(ProviderKind.TTS, name))
    ] = LOCAL[ProviderKind.TTS]


def choose_providers(
    named: Mapping[str, str], enabled: Mapping[ProviderKind, Sequence[str]]
) -> Providers:
    """For each kind the provider that is named, or else the first that is enabled."""
    check_providers(named, enabled)
    return Providers(**{str(kind): named.get(kind, names[0]) for kind, names in enabled.items()})


def check_providers(
    named: Mapping[str, object], enabled: Mapping[ProviderKind, Sequence[str]]
) -> None:
    """Raise `Invalid` for a provider that is not enabled, with the list of those that are."""
    for kind, names in enabled.items():
        name = named.get(kind)
        known = {resolve_name(kind, one) for one in names}
        if isinstance(name, str) and resolve_name(kind, name) not in known:
            there_is = ", ".join(sorted(known))
            raise Invalid(
                f"providers.{kind}", f"'{name}' is not enabled here; there is: {there_is}"
            )
