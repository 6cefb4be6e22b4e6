"""The states that markers, languages and runs may be in, and what follows from them."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from backend.pipeline.stages import Stage


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


class LanguageStatus(StrEnum):
    """Where a target language stands."""

    QUEUED = "queued"
    STT = "stt"
    TRANSLATING = "translating"
    DUBBING = "dubbing"
    MIXING = "mixing"
    EXPORTING = "exporting"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    """The state of a run, and so of its job."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  # some languages are complete, others are not
    FAILED = "failed"
    CANCELLED = "cancelled"


DURING = {
    Stage.ASR: LanguageStatus.STT,
    Stage.MT: LanguageStatus.TRANSLATING,
    Stage.TTS: LanguageStatus.DUBBING,
    Stage.MIX: LanguageStatus.MIXING,
}
# A stage's share of a language's progress, after what the stages of the demo took.
SHARE = {Stage.ASR: 0.5, Stage.MT: 0.1, Stage.TTS: 0.2, Stage.MIX: 0.2}


def language_status(stages: Mapping[Stage, StageState], running: float = 0.0) -> LanguageStatus:
    """Where a language stands whose stages (`asr` included) are in these states.

    `running` is how far the stage is that runs at present: a mix that is done is being stored.
    What is translated already, as the user's own translation is, does not wait for `asr`.
    """
    if stages.get(Stage.MT) is StageState.SUCCEEDED:
        stages = {stage: state for stage, state in stages.items() if stage is not Stage.ASR}
    states = stages.values()
    if StageState.FAILED in states or StageState.DEAD in states:
        return LanguageStatus.FAILED
    current = next((stage for stage in Stage if stages.get(stage) in UNFINISHED), None)
    if current is None:
        cancelled = StageState.CANCELLED in states
        return LanguageStatus.CANCELLED if cancelled else LanguageStatus.COMPLETE
    if current is Stage.ASR and stages[current] is StageState.WAITING:
        return LanguageStatus.QUEUED
    if current is Stage.MIX and stages[current] is StageState.RUNNING and running == 1.0:
        return LanguageStatus.EXPORTING
    return DURING[current]


def language_progress(stages: Mapping[Stage, StageState], running: float = 0.0) -> float:
    """The share (0..1) of a language's work that is done.

    `running` is how far the stage is that runs at present.
    """
    done = sum(SHARE[stage] for stage, state in stages.items() if state is StageState.SUCCEEDED)
    active = sum(SHARE[stage] for stage, state in stages.items() if state is StageState.RUNNING)
    return min(1.0, (done + active * running) / sum(SHARE[stage] for stage in stages))


def run_end(languages: Collection[LanguageStatus]) -> RunState:
    """How a run ends whose languages have ended like this, and so how a job stands."""
    if all(status is LanguageStatus.COMPLETE for status in languages):
        return RunState.SUCCEEDED
    if LanguageStatus.COMPLETE in languages:
        return RunState.PARTIAL
    if LanguageStatus.CANCELLED in languages:
        return RunState.CANCELLED
    return RunState.FAILED
