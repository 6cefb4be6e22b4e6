"""What a new run executes and what it takes over from earlier runs: a pure decision.

A named stage runs again with all that follow it, and what comes before is pinned as it was made.
`auto` takes over whatever was made of the very same inputs, up to the first thing that was not.
What the user gave in place of a stage holds until a run is asked to start at that stage or before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from backend.errors import Conflict
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import compute_input_key, name_dub_file
from backend.pipeline.params import JobParams
from backend.pipeline.stages import (
    ALL_LANGUAGES,
    FAN_IN,
    ORDER,
    PER_LANGUAGE,
    STAGES,
    Stage,
    list_stages,
)

Place = tuple[Stage, str]
# What was made at each place, the newest first.
EarlierResults = Mapping[Place, Sequence["EarlierResult"]]
GivenFiles = Mapping[str, StoredFile]  # files by kind


@dataclass(frozen=True)
class EarlierResult:
    """What an earlier run made in a stage, or was given; that has no `input_key`.

    `outputs` maps kind to sha256; `look` asks storage what it no longer holds of it.
    """

    marker_id: UUID  # of the stage run that executed it
    run_number: int
    input_key: str | None
    outputs: Mapping[str, str]
    look: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False, repr=False)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The object keys that are gone; asked for only of what a plan would take over."""
        return self.look()


@dataclass(frozen=True)
class Step:
    """One stage of the new run: executed, taken over from `reuse`, or `given` by the user.

    `stale` is what was taken over although it was made of other inputs.
    """

    stage: Stage
    language: str
    reuse: EarlierResult | None = None
    given: GivenFiles | None = None
    stale: bool = False

    @property
    def executed(self) -> bool:
        """Whether a worker has to do it."""
        return self.reuse is None and self.given is None

    @property
    def outputs(self) -> Mapping[str, str]:
        """What is there already, kind to sha256."""
        if self.reuse is not None:
            return self.reuse.outputs
        return {kind: file.sha256 for kind, file in (self.given or {}).items()}


def list_places(params: JobParams, languages: Sequence[str]) -> list[Place]:
    """Every stage of a run in order: what is once, each language's chain, what waits for all.

    The latter only in jobs of several languages, whether or not the run has them all.
    """
    stages = list_stages(params.kind)
    once = [stage for stage in stages if stage not in (*PER_LANGUAGE, *FAN_IN)]
    chain = [stage for stage in stages if stage in PER_LANGUAGE]
    last = [stage for stage in stages if stage in FAN_IN]
    return [
        *((stage, ALL_LANGUAGES) for stage in once),
        *((stage, language) for language in languages for stage in chain),
        *((stage, ALL_LANGUAGES) for stage in last if len(params.target_languages) > 1),
    ]


def plan(
    params: JobParams,
    languages: Sequence[str],
    resume_from: Stage | None,
    priors: EarlierResults,
    uploads: Mapping[str, str],
    *,
    edited: Mapping[Place, GivenFiles] | None = None,
    accept_stale: bool = False,
) -> list[Step]:
    """Decide for every stage of the new run; `resume_from` None means `auto`.

    `uploads` maps role to sha256; `edited` is what the user has changed since the last run, in
    place of what a stage made. Raises `Conflict` when a named stage cannot start there:
    something before it is missing or was made of other inputs than the run would have. With
    `accept_stale` the latter is taken over all the same.
    """
    steps: dict[Place, Step] = {}
    for place in list_places(params, languages):
        made = priors.get(place, ())
        latest = made[0] if made else None
        if resume_from is not None and not _is_before(place[0], resume_from):
            steps[place] = Step(*place)
            continue
        if edited and place in edited:
            steps[place] = Step(*place, given=edited[place])
            continue
        usable = _find_usable(place[0], made, _compute_key(params, place, steps, priors, uploads))
        if usable or not resume_from:
            steps[place] = Step(*place, reuse=usable)
        elif accept_stale and latest and not latest.missing:
            steps[place] = Step(*place, reuse=latest, stale=True)
        else:
            automatic = plan(params, languages, None, priors, uploads, edited=edited)
            raise _build_conflict(resume_from, place, latest, automatic)
    if not _lacks_transcript(steps):
        return list(steps.values())
    known = {place: made for place, made in priors.items() if place[0] is not Stage.ASR}
    rest = (params, languages, resume_from, known, uploads)
    return plan(*rest, edited=edited, accept_stale=accept_stale)


def _lacks_transcript(steps: Mapping[Place, Step]) -> bool:
    """Whether there is something to translate in a job that began with translations only."""
    heard = steps[Stage.ASR, ALL_LANGUAGES].reuse
    translating = any(step.executed for step in steps.values() if step.stage is Stage.MT)
    return translating and heard is not None and not heard.outputs


def _is_before(stage: Stage, other: Stage) -> bool:
    return ORDER.index(stage) < ORDER.index(other)


def _find_usable(
    stage: Stage, made: Sequence[EarlierResult], key: str | None
) -> EarlierResult | None:
    """The newest that storage still has, and that was made of the same inputs or given."""
    there = made[:1] if STAGES[stage].only_latest else made
    return next((one for one in there if one.input_key in (None, key) and not one.missing), None)


def _compute_key(
    params: JobParams,
    place: Place,
    steps: Mapping[Place, Step],
    priors: EarlierResults,
    uploads: Mapping[str, str],
) -> str | None:
    """The input key the stage would have, or None when something it reads is yet to be made."""
    stage, language = place
    row = STAGES[stage]
    # `asr` is for `mt` alone: what the user gave in its place does not depend on it.
    read = (language, ALL_LANGUAGES) if stage is Stage.MT else (language,)
    own = _collect_outputs(step for step in steps.values() if step.language in read)
    dubs = _collect_dubs(row.reads_of_all, steps, priors)
    if own is None or dubs is None:
        return None
    known = {**uploads, **own}
    inputs = {kind: known[kind] for kind in row.reads if kind in known}
    return compute_input_key(stage, language, params, inputs | dubs)


def _collect_outputs(steps: Iterable[Step]) -> dict[str, str] | None:
    """What these steps leave behind, kind to sha256; None if one is yet to be executed."""
    known: dict[str, str] = {}
    for step in steps:
        if step.executed:
            return None
        known |= step.outputs
    return known


def _collect_dubs(
    kinds: Sequence[str], steps: Mapping[Place, Step], priors: EarlierResults
) -> dict[str, str] | None:
    """Files of these kinds of all languages of the job, those that the run leaves out included."""
    known: dict[str, str] = {}
    for language in _list_languages(steps, priors) if kinds else ():
        place = (PER_LANGUAGE[-1], language)
        if place in steps and steps[place].executed:
            return None
        made = steps[place].outputs if place in steps else priors[place][0].outputs
        known |= {name_dub_file(language, kind): made[kind] for kind in kinds if kind in made}
    return known


def _list_languages(steps: Mapping[Place, Step], priors: EarlierResults) -> list[str]:
    every = (*steps, *(place for place, made in priors.items() if made))
    return list(dict.fromkeys(tag for stage, tag in every if stage is PER_LANGUAGE[-1]))


def _build_conflict(
    resume_from: Stage, place: Place, prior: EarlierResult | None, automatic: Sequence[Step]
) -> Conflict:
    executed = [step.stage for step in automatic if step.executed]
    earliest = min(executed, key=ORDER.index)
    stage, language = place
    of = f"{stage} ({language})" if language else str(stage)
    if prior is None or prior.missing:
        slug, reason = "upstream-artifact-missing", f"{of} has nothing to take over"
    else:
        slug, reason = "upstream-inputs-changed", f"{of} was made of other inputs or by other code"
    return Conflict(
        slug,
        f"The run cannot start at {resume_from}: {reason}. Start at {earliest} or with auto.",
        earliestValidStage=str(earliest),
        missing=list(prior.missing) if prior else [of],
    )
