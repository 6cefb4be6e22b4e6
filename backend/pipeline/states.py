"""The states that markers, languages and runs may be in, and what follows from them."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from backend.pipeline.stages import ORDER, STAGES, LanguageStatus, Stage


class StageState(StrEnum):
    """The state of one stage of one run for one language."""

    WAITING = "waiting"  # for its upstream, for a worker, or until `retry_at`
    RUNNING = "running"  # a worker holds its lease
    SUCCEEDED = "succeeded"  # made, or reused from an earlier run
    FAILED = "failed"  # an error that trying again cannot mend
    DEAD = "dead"  # out of attempts: listed for an operator
    CANCELLED = "cancelled"
    SKIPPED = "skipped"  # a stage before it failed


UNFINISHED = (StageState.WAITING, StageState.RUNNING)
LOST = {StageState.FAILED, StageState.DEAD}
LOST_OR_CANCELLED = LOST | {StageState.CANCELLED}


class RunState(StrEnum):
    """The state of a run, and so of its job."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  # some languages are complete, others are not
    FAILED = "failed"
    CANCELLED = "cancelled"


def compute_language_status(
    stages: Mapping[Stage, StageState], running: float = 0.0
) -> LanguageStatus:
    """Where a language stands whose stages (`asr` included) are in these states.

    `running` is how far the stage is that runs at present: at 1.0 what it made is being stored.
    What is translated already, as the user's own translation is, does not wait for `asr`.
    """
    if stages.get(Stage.MT) is StageState.SUCCEEDED:
        stages = {stage: state for stage, state in stages.items() if stage is not Stage.ASR}
    states = stages.values()
    if LOST & set(states):
        return LanguageStatus.FAILED
    current = next((stage for stage in ORDER if stages.get(stage) in UNFINISHED), None)
    if current is None:
        cancelled = StageState.CANCELLED in states
        return LanguageStatus.CANCELLED if cancelled else LanguageStatus.COMPLETE
    if current is ORDER[0] and stages[current] is StageState.WAITING:
        return LanguageStatus.QUEUED
    row = STAGES[current]
    storing = stages[current] is StageState.RUNNING and running == 1.0
    return (row.storing if storing else None) or row.status or LanguageStatus.COMPLETE


def compute_language_progress(stages: Mapping[Stage, StageState], running: float = 0.0) -> float:
    """The share (0..1) of a language's work that is done.

    `running` is how far the stage is that runs at present.
    """
    share = {stage: STAGES[stage].share for stage in stages}
    done = sum(share[stage] for stage, state in stages.items() if state is StageState.SUCCEEDED)
    active = sum(share[stage] for stage, state in stages.items() if state is StageState.RUNNING)
    return min(1.0, (done + active * running) / sum(share.values()))


def compute_run_end(
    languages: Collection[LanguageStatus], fan_in: Collection[StageState] = ()
) -> RunState:
    """How a run ends whose languages have ended like this, and so how a job stands.

    `fan_in` are the states of what comes after all languages: without it the run is not whole.
    """
    if all(status is LanguageStatus.COMPLETE for status in languages):
        whole = not LOST_OR_CANCELLED & set(fan_in)
        return RunState.SUCCEEDED if whole else RunState.PARTIAL
    if LanguageStatus.COMPLETE in languages:
        return RunState.PARTIAL
    if LanguageStatus.CANCELLED in languages:
        return RunState.CANCELLED
    return RunState.FAILED
