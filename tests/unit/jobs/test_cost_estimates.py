"""What a run would cost."""

from uuid import UUID

import pytest

from backend.jobs.cost_estimates import PastCost, estimate_step
from backend.pipeline.plan import EarlierResult, Step
from backend.pipeline.stages import Stage

TTS_ES = Step(Stage.TTS, "es")
HISTORY = [
    PastCost(Stage.TTS, "es", "vendor", 0.5),
    PastCost(Stage.TTS, "es", "vendor", 0.1),  # most of it was kept from the run before
    PastCost(Stage.TTS, "pt", "vendor", 0.9),
    PastCost(Stage.MT, "es", "vendor", 7.0),
]


def test_a_stage_is_expected_to_cost_the_most_that_it_has_cost():
    assert estimate_step(TTS_ES, "vendor", HISTORY) == 0.5


def test_a_new_language_is_expected_to_cost_what_the_others_did():
    assert estimate_step(Step(Stage.TTS, "fr"), "vendor", HISTORY) == pytest.approx(0.5)


@pytest.mark.parametrize(("stage", "provider"), [(Stage.TTS, "another"), (Stage.MIX, "vendor")])
def test_what_was_never_done_has_a_cost_that_nobody_knows(stage, provider):
    assert estimate_step(Step(stage, "es"), provider, HISTORY) is None


def test_what_is_taken_over_costs_nothing():
    prior = EarlierResult(UUID(int=1), 1, "key", {})
    assert estimate_step(Step(Stage.TTS, "es", reuse=prior), "another", HISTORY) == 0.0
