"""Who hears, translates and speaks, and how vendors are reached."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, SecretStr
from pydantic_settings import BaseSettings, NoDecode

from backend.pipeline.providers import ProviderKind, ProviderNames

WEBHOOK_HEADER = "X-Dubline-Webhook-Secret"  # in which vendors send it back


class ProviderSettings(BaseSettings):
    """Who hears, translates and speaks, and how vendors are reached."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="What the engines compute with; auto: a GPU where there is one"
    )
    transcription_backend: Annotated[ProviderNames, NoDecode] = Field(
        default=("auto",),
        description="Who transcribes, in the order in which they are asked; auto: the best engine",
    )
    translation_backend: Annotated[ProviderNames, NoDecode] = Field(
        default=("auto",), description="Who translates, likewise"
    )
    tts_backend: Annotated[ProviderNames, NoDecode] = Field(
        default=("auto",), description="Who speaks, likewise"
    )
    openai_api_key: SecretStr = Field(default=SecretStr(""), description="OpenAI key")
    openai_url: str = Field(
        default="https://api.openai.com/v1",
        description="Base URL of OpenAI or of what speaks alike",
    )
    openai_model: str = Field(default="gpt-6-luna", description="OpenAI model that translates")
    prices_file: Path | None = Field(
        default=None, description="Prices of providers, TOML; empty: those Dubline knows"
    )
    assemblyai_api_key: SecretStr = Field(
        default=SecretStr(""), description="AssemblyAI's key; empty: assemblyai refuses"
    )
    assemblyai_url: str = Field(
        default="https://api.assemblyai.com",
        description="AssemblyAI's transcription; https://api.eu.assemblyai.com is in the EU",
    )
    assemblyai_tts_url: str = Field(
        default="https://tts.us.assemblyai.com",
        description="AssemblyAI's speech; https://tts.eu.assemblyai.com is in the EU",
    )
    assemblyai_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="What AssemblyAI proves itself by when it calls back; empty: it is polled",
    )
    deepgram_api_key: SecretStr = Field(
        default=SecretStr(""), description="Deepgram's key; empty: deepgram refuses"
    )
    deepgram_url: str = Field(
        default="https://api.deepgram.com", description="Deepgram, or its self-hosted server"
    )
    elevenlabs_api_key: SecretStr = Field(
        default=SecretStr(""), description="ElevenLabs' key; empty: elevenlabs refuses"
    )
    elevenlabs_url: str = Field(
        default="https://api.elevenlabs.io", description="ElevenLabs, or a residency of its own"
    )
    premium_voices: bool = Field(
        default=False, description="Let elevenlabs speak, at several times the others' price"
    )
    provider_rates: dict[str, PositiveFloat] = Field(
        default_factory=dict,
        description='Calls a minute that a vendor allows, as JSON: {"deepgram": 300}; others: any',
    )

    @property
    def providers(self) -> Mapping[ProviderKind, tuple[str, ...]]:
        """The providers that jobs may name, in the order in which they are asked."""
        return {
            ProviderKind.TRANSCRIPTION: self.transcription_backend,
            ProviderKind.TRANSLATION: self.translation_backend,
            ProviderKind.TTS: self.tts_backend,
        }
