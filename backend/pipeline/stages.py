"""The four stages: their order, their task names, and what part of a job each depends on."""

from dataclasses import dataclass
from enum import StrEnum

from backend.pipeline.params import Kind


class Stage(StrEnum):
    """The stages in the order in which a job meets them."""

    ASR = "asr"
    MT = "mt"
    TTS = "tts"
    MIX = "mix"

    @property
    def task(self) -> str:
        """The name of the Celery task, and of its queue's stage."""
        return f"run_{self}"


ORDER = tuple(Stage)
PER_LANGUAGE = (Stage.MT, Stage.TTS, Stage.MIX)

# `asr` serves all languages of a run; its markers carry this in place of a language.
ALL_LANGUAGES = ""


@dataclass(frozen=True)
class Making:
    """How a stage's results came about: by which provider and model, for how many US dollars.

    `provider` is None for what the user gave.
    """

    stage: Stage
    provider: str | None
    model: str | None
    cost_usd: float


def stages_of(kind: Kind) -> tuple[Stage, ...]:
    """The stages that a job of this kind goes through."""
    return ORDER if kind is Kind.DUB else (Stage.ASR,)
