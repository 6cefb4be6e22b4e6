"""What makes two inputs of a stage the same, and where its results are stored."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from backend.pipeline.params import JobParams
from backend.pipeline.stages import Stage

# Raised when a stage's code makes something else of the same inputs, so that `auto` runs it again.
CODE_VERSION: Mapping[Stage, int] = {Stage.ASR: 1, Stage.MT: 1, Stage.TTS: 1, Stage.MIX: 2}


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
