"""What a job has cost is told, and what it may cost is kept to."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.database.models.accounts import LOCAL_USER
from backend.errors import Permanent
from backend.jobs import budget, costs, resume
from backend.jobs.resume import ResumeRequest
from backend.pipeline.prices import PriceList, load_prices
from backend.pipeline.providers import Providers
from backend.pipeline.retry import TryAgain
from backend.pipeline.stages import Stage
from backend.runs import transitions
from backend.storage.local import LocalStore
from tests import factories

PRICES = load_prices(None)
VENDOR = {"providers": Providers(transcription="stub", translation="openai", tts="stub")}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "files", "http://test", "secret")


def succeed(database, run_id, stage, language="", *, usd: float, store=None) -> None:
    claim = factories.claim_stage(database, run_id, stage, language)
    success = replace(factories.build_success(claim, store), cost_usd=usd, units=10, unit="tokens")
    transitions.succeed(database, claim, success)


def test_costs_are_summed_up_and_reuse_is_told(database, store):
    job_id, run_id = factories.create_dub(database, "es", "pt")
    succeed(database, run_id, Stage.ASR, usd=1.0, store=store)
    failed = factories.claim_stage(database, run_id, Stage.MT, "es")
    spent = replace(failed, spent=0.25)
    transitions.fail(database, spent, {"kind": "transient", "message": "no"}, TryAgain(0))
    for language in ("es", "pt"):
        succeed(database, run_id, Stage.MT, language, usd=0.5, store=store)
        for stage in (Stage.TTS, Stage.MIX):
            factories.do_stage(database, run_id, stage, language, store)
    factories.do_stage(database, run_id, Stage.JOIN, store=store)
    asked = ResumeRequest(resume_from=Stage.TTS, languages=("es",))
    resume.start_run(database, store, LOCAL_USER, job_id, asked)

    told = costs.read_costs(database, LOCAL_USER, job_id)
    assert (told["usd"], told["saved_usd"]) == (2.25, 1.75)
    assert told["by_run"] == {"1": 2.25, "2": 0.0}
    assert told["by_stage"] == {"asr": 1.0, "mt": 1.25, "tts": 0.0, "mix": 0.0, "join": 0.0}
    assert told["by_language"] == {"all": 1.0, "es": 0.75, "pt": 0.5}
    [mt] = [one for one in told["stages"] if (one.stage, one.language) == ("mt", "es")][:1]
    assert (mt.usd, mt.units, mt.unit, mt.provider) == (0.75, 10, "tokens", "stub")


def claim_translation(database, most: float | None, *languages: str, spent: float = 0.0):
    """A claim of `mt` in the first language, with `spent` for what came before."""
    _, run_id = factories.create_dub(database, *languages, max_cost=most, **VENDOR)
    succeed(database, run_id, Stage.ASR, usd=spent)
    return [factories.claim_stage(database, run_id, Stage.MT, language) for language in languages]


ESTIMATE = PRICES.estimate_usd(Stage.MT, "openai", 3600)


@pytest.fixture(autouse=True)
def hour(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = factories.upload
    monkeypatch.setattr(factories, "upload", lambda db: upload(db, duration=3600.0))


@pytest.mark.parametrize(("most", "spent"), [(None, 9.0), (ESTIMATE + 0.01, 0.0), (2.0, 1.0)])
def test_a_stage_within_its_budget_begins(database, most, spent):
    [claim] = claim_translation(database, most, "es", spent=spent)
    budget.require_budget(database, PRICES, claim, "openai")


@pytest.mark.parametrize(("most", "spent"), [(0.0, 0.0), (ESTIMATE - 0.01, 0.0), (1.0, 0.9)])
def test_a_stage_that_would_cost_too_much_does_not(database, most, spent):
    [claim] = claim_translation(database, most, "es", spent=spent)
    with pytest.raises(Permanent, match=f"^maxCost: .*{spent:.4f} is spent .*{most:.4f} USD"):
        budget.require_budget(database, PRICES, claim, "openai")


def test_what_counts_is_who_is_to_do_it_not_whom_the_job_names_first(database):
    [claim] = claim_translation(database, 0.0, "es")
    budget.require_budget(database, PRICES, claim, "apertium")
    with pytest.raises(Permanent, match="maxCost"):
        budget.require_budget(database, PRICES, claim, "openai")


def test_an_estimate_goes_by_who_did_it_before(database):
    _, run_id = factories.create_dub(database, "es", "pt", max_cost=1.5, **VENDOR)
    succeed(database, run_id, Stage.ASR, usd=0.0)
    succeed(database, run_id, Stage.MT, "es", usd=1.0)  # by `stub`, though `openai` was asked first
    claim = factories.claim_stage(database, run_id, Stage.MT, "pt")
    with pytest.raises(Permanent, match=r"about 1\.0000"):
        budget.require_budget(database, PRICES, claim, "stub")


def test_of_two_languages_at_once_only_as_many_begin_as_the_budget_pays_for(database):
    first, second = claim_translation(database, ESTIMATE * 1.5, "es", "pt")
    budget.require_budget(database, PRICES, first, "openai")
    with pytest.raises(Permanent, match="maxCost"):
        budget.require_budget(database, PRICES, second, "openai")


def test_what_costs_nothing_goes_on_and_what_nobody_knows_until_all_is_spent():
    budget.refuse_above(1.0, spent=2.0, expected=0.0)
    budget.refuse_above(1.0, spent=0.9, expected=None)
    for most in (0.0, 1.0):
        with pytest.raises(Permanent, match="nobody knows"):
            budget.refuse_above(most, spent=most, expected=None)


def test_a_table_of_ones_own_takes_the_place(tmp_path):
    own = tmp_path / "prices.toml"
    own.write_text(
        'price = [{provider = "shout", model = "x", unit = "characters", usd = 2, per = 1000,'
        ' date = 2026-11-25, source = "our contract"}]'
    )
    found = load_prices(own)
    assert isinstance(found, PriceList)
    assert found.compute_usd("shout", "x", {"characters": 500}) == 1.0
    assert found.compute_usd("openai", "gpt-6-luna", {"input_tokens": 500}) == 0.0
    own.write_text("price = [{}]")
    with pytest.raises(Permanent, match=r"PRICES_FILE: .*prices\.toml"):
        load_prices(own)
