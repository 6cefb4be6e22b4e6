"""What the states of stages say about a language and a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipeline.stages import PER_LANGUAGE, STAGES, Stage
from backend.pipeline.states import (
    UNFINISHED,
    LanguageStatus,
    RunState,
    StageState,
    compute_language_progress,
    compute_language_status,
    compute_run_end,
)

ORDER = (Stage.ASR, *PER_LANGUAGE)
ENDED = ("complete", "failed", "cancelled")
LETTERS = {state.value[0]: state for state in StageState if state is not StageState.SKIPPED}
LETTERS |= {"-": StageState.SKIPPED}


def stages(letters: str) -> dict[Stage, StageState]:
    """`srww`: asr succeeded, mt runs, tts and mix wait."""
    return dict(zip(ORDER, (LETTERS[letter] for letter in letters), strict=True))


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ("wwww", "queued"),
        ("rwww", "stt"),
        ("swww", "translating"),
        ("srww", "translating"),
        ("ssww", "dubbing"),
        ("sssw", "mixing"),
        ("sssr", "mixing"),
        ("ssss", "complete"),
        ("f---", "failed"),
        ("d---", "failed"),
        ("ssf-", "failed"),
        ("sccc", "cancelled"),
        ("sfcc", "failed"),
        ("rccc", "stt"),
        ("rsww", "dubbing"),
        ("wsss", "complete"),
        ("fsrw", "dubbing"),
        ("dsss", "complete"),
    ],
)
def test_where_a_language_stands(states, status):
    assert compute_language_status(stages(states)) == status


@given(st.tuples(*[st.sampled_from(StageState)] * 4))
def test_a_language_has_ended_when_nothing_is_to_be_done(states):
    ended = compute_language_status(dict(zip(ORDER, states, strict=True))) in ENDED
    if states[1] is StageState.SUCCEEDED:  # what is translated needs no recognition
        states = states[1:]
    gave_up = {StageState.FAILED, StageState.DEAD} & set(states)
    assert ended == bool(gave_up or not set(UNFINISHED) & set(states))


def test_the_shares_add_up():
    assert sum(STAGES[stage].share for stage in ORDER) == pytest.approx(1)


@pytest.mark.parametrize(
    ("states", "running", "progress"),
    [("wwww", 0, 0), ("rwww", 0.5, 0.25), ("srww", 0.5, 0.55), ("ssss", 0, 1), ("ssf-", 0, 0.6)],
)
def test_progress(states, running, progress):
    assert compute_language_progress(stages(states), running) == pytest.approx(progress)


def test_a_transcription_is_done_when_its_one_stage_is():
    assert compute_language_progress({Stage.ASR: StageState.SUCCEEDED}) == 1


@pytest.mark.parametrize(
    ("languages", "end"),
    [
        (["complete", "complete"], RunState.SUCCEEDED),
        (["complete", "failed"], RunState.PARTIAL),
        (["complete", "cancelled"], RunState.PARTIAL),
        (["failed", "cancelled"], RunState.CANCELLED),
        (["failed", "failed"], RunState.FAILED),
    ],
)
def test_how_a_run_ends(languages, end):
    assert compute_run_end([LanguageStatus(status) for status in languages]) is end


@pytest.mark.parametrize(
    ("fan_in", "end"),
    [
        (StageState.SUCCEEDED, RunState.SUCCEEDED),
        (StageState.SKIPPED, RunState.SUCCEEDED),
        (StageState.FAILED, RunState.PARTIAL),
        (StageState.DEAD, RunState.PARTIAL),
        (StageState.CANCELLED, RunState.PARTIAL),
    ],
)
def test_a_run_is_not_whole_without_what_follows_its_languages(fan_in, end):
    assert compute_run_end([LanguageStatus.COMPLETE], [fan_in]) is end


def test_what_a_stage_made_is_shown_as_exported_while_it_is_stored():
    assert compute_language_status(stages("sssr"), 1.0) is LanguageStatus.EXPORTING
    assert compute_language_status(stages("ssrw"), 1.0) is LanguageStatus.DUBBING


def test_a_stage_that_told_nothing_yet_counts_as_not_begun():
    assert compute_language_progress(stages("rwww")) == 0
