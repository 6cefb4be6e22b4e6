"""What makes two inputs of a stage the same, and where its results are stored."""

import hashlib
import json
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from pydantic_core import to_jsonable_python

from backend.pipeline.params import JobParams
from backend.pipeline.stages import STAGES, Stage


def choose_relevant_params(stage: Stage, params: JobParams) -> dict[str, Any]:
    """The parameters that change what the stage makes; all others may change freely."""
    row = STAGES[stage]
    added = [path for path in row.added_params if attrgetter(path)(params)]
    return {
        path: to_jsonable_python(attrgetter(path)(params), by_alias=False)
        for path in (*row.params, *added)
    }


def find_provider(stage: Stage, params: JobParams) -> str | None:
    """Whom these parameters name first for the stage."""
    path = STAGES[stage].provider
    names: tuple[str, ...] | None = attrgetter(path)(params) if path else None
    return names[0] if names else None


def compute_input_key(
    stage: Stage, language: str, params: JobParams, inputs: Mapping[str, str]
) -> str:
    """The hash of everything that decides what a stage makes.

    `inputs` maps each role or kind of file that the stage reads to its sha256. Equal keys mean
    that what was made before can be used again.
    """
    return hash_json(
        {
            "stage": stage,
            "language": language,
            "code": STAGES[stage].code_version,
            "params": choose_relevant_params(stage, params),
            "inputs": dict(inputs),
        }
    )


def name_dub_file(language: str, kind: str) -> str:
    """How a language's file is called among the inputs of a stage that reads those of all."""
    return f"{language}/{kind}"


def hash_json(value: Any) -> str:
    """The sha256 of a JSON value in canonical form, as hexadecimal text."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def build_object_key(job_id: str, stage: Stage, language: str, sha256: str, filename: str) -> str:
    """Where an artifact is stored: by content, so that a late write can never replace another."""
    return "/".join(filter(None, ("jobs", job_id, stage, language, sha256[:16], filename)))
