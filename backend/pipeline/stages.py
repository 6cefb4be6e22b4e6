"""The four stages: their order, their task names, and what part of a job each depends on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from backend.pipeline.params import JobParams, Kind


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

# The kind of the one artifact of a job that holds all of its languages (see joint.py).
JOINT = "video_all"

# Raised when a stage's code makes something else of the same inputs, so that `auto` runs it again.
CODE_VERSION: Mapping[Stage, int] = {Stage.ASR: 1, Stage.MT: 1, Stage.TTS: 1, Stage.MIX: 1}


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


def relevant_params(stage: Stage, language: str, params: JobParams) -> dict[str, Any]:
    """The parameters that change what the stage makes; all others may change freely."""
    match stage:
        case Stage.ASR:
            return {
                "kind": params.kind,
                "source_language": params.source_language,
                "mode": params.mode,
                "provider": params.providers.transcription,
            }
        case Stage.MT:
            return {"language": language, "provider": params.providers.translation}
        case Stage.TTS:
            return {
                "language": language,
                "provider": params.providers.tts,
                "voices": dict(params.voices),
                "shortener": params.providers.translation,
                "timing": params.timing.model_dump(mode="json"),
            }
        case Stage.MIX:
            names = {
                *("bed", "captions", "ducking", "loudness", "flac", "stems", "segment_audio"),
            }
            listener = {"provider": params.providers.transcription} if params.transcribe_dub else {}
            return {"language": language, **params.model_dump(include=names), **listener}


def input_key(stage: Stage, language: str, params: JobParams, inputs: Mapping[str, str]) -> str:
    """The hash of everything that decides what a stage makes.

    `inputs` maps each role or kind of file that the stage reads to its sha256. Equal keys mean
    that what was made before can be used again.
    """
    canonical = json.dumps(
        {
            "stage": stage,
            "code": CODE_VERSION[stage],
            "params": relevant_params(stage, language, params),
            "inputs": dict(inputs),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def object_key(job_id: str, stage: Stage, language: str, sha256: str, filename: str) -> str:
    """Where an artifact is stored: by content, so that a late write can never replace another."""
    return "/".join(filter(None, ("jobs", job_id, stage, language, sha256[:16], filename)))
