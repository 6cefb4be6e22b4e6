"""What a run would cost."""

import pytest

from backend.jobs.cost_estimates import Estimator, PastCost
from backend.pipeline.prices import load_prices
from backend.pipeline.providers import Providers
from backend.pipeline.stages import Stage
from tests.factories import dub_params

HISTORY = [
    PastCost(Stage.TTS, "es", "vendor", 0.5),
    PastCost(Stage.TTS, "es", "vendor", 0.1),  # most of it was kept from the run before
    PastCost(Stage.TTS, "pt", "vendor", 0.9),
    PastCost(Stage.MT, "es", "vendor", 7.0),
]


PARAMS = dub_params("es", providers=Providers(translation="openai", tts="vendor"))
PRICES = load_prices(None)


def estimate(stage: Stage, language: str, seconds: float | None = None) -> float | None:
    return Estimator(HISTORY, PRICES, seconds).estimate_stage(stage, language, PARAMS)


def test_a_stage_is_expected_to_cost_the_most_that_it_has_cost():
    assert estimate(Stage.TTS, "es") == 0.5


def test_a_new_language_is_expected_to_cost_what_the_others_did():
    assert estimate(Stage.TTS, "fr") == pytest.approx(0.5)


def test_what_was_never_done_is_expected_to_cost_its_list_price():
    dearest = 60 * (15 * 2.0 + 8 * 10.0) / 1e6  # by gpt-6-sol
    assert estimate(Stage.MT, "es", seconds=60) == pytest.approx(dearest)


@pytest.mark.parametrize("provider", ["openai", "nobody"])
def test_without_a_length_or_a_price_nobody_knows(provider):
    assert PRICES.estimate_usd(Stage.MT, provider, 60 if provider == "nobody" else None) is None


def test_what_runs_at_home_costs_nothing():
    assert estimate(Stage.ASR, "") == 0.0
    assert estimate(Stage.MIX, "es") == 0.0, "nobody is asked"
