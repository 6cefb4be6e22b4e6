"""What a resume executes and what it takes over."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Conflict
from backend.pipeline.keys import compute_input_key
from backend.pipeline.params import Bed, JobKind, JobParams, Providers
from backend.pipeline.plan import EarlierResult, Place, Step, list_places, plan
from backend.pipeline.stages import ALL_LANGUAGES, ORDER, PER_LANGUAGE, RESUMABLE, STAGES, Stage
from tests.factories import MAKES, dub_params

UPLOADS = {"media": "5a" * 32}
ES_PT = dub_params("es", "pt")


def made_with(params: JobParams, *languages: str) -> dict[Place, EarlierResult]:
    """What a run with these parameters leaves behind when all of it succeeds."""
    priors: dict[Place, EarlierResult] = {}
    asr = _prior(Stage.ASR, ALL_LANGUAGES, params, UPLOADS)
    priors[Stage.ASR, ALL_LANGUAGES] = asr
    for language in languages or params.target_languages:
        known = {**UPLOADS, **asr.outputs}
        for stage, reads in _chain_reads():
            inputs = {kind: known[kind] for kind in reads if kind in known}
            priors[stage, language] = _prior(stage, language, params, inputs)
            known |= priors[stage, language].outputs
    dubs = {
        f"{tag}/audio": made.outputs["audio"] for (s, tag), made in priors.items() if s is Stage.MIX
    }
    if len(params.target_languages) > 1:
        join = _prior(Stage.JOIN, ALL_LANGUAGES, params, {**UPLOADS, **dubs})
        priors[Stage.JOIN, ALL_LANGUAGES] = join
    return priors


def each(priors: dict[Place, EarlierResult]) -> dict[Place, list[EarlierResult]]:
    """One prior at each place."""
    return {place: [prior] for place, prior in priors.items()}


def _chain_reads() -> list[tuple[Stage, tuple[str, ...]]]:
    # Written out rather than taken from the code: what each stage reads is part of the contract.
    return [
        (Stage.MT, ("segments_src",)),
        (Stage.TTS, ("segments",)),
        (Stage.MIX, ("media", "background", "segments", "speech")),
    ]


def _prior(stage: Stage, language: str, params: JobParams, inputs: dict[str, str]) -> EarlierResult:
    key = compute_input_key(stage, language, params, inputs)
    number = ORDER.index(stage) * 100 + sum(map(ord, language))
    return EarlierResult(UUID(int=number), 1, key, {MAKES[stage]: f"made:{key}"})


def list_executed(steps: list[Step]) -> list[str]:
    return [f"{s.stage} {s.language}".strip() for s in steps if s.reuse is None]


def test_a_first_run_executes_everything_in_order():
    assert list_executed(plan(ES_PT, ES_PT.target_languages, None, {}, UPLOADS)) == [
        "asr",
        *("mt es", "tts es", "mix es"),
        *("mt pt", "tts pt", "mix pt"),
        "join",
    ]


def test_a_transcription_has_one_stage():
    assert list_places(dub_params(kind=JobKind.TRANSCRIBE), ()) == [(Stage.ASR, ALL_LANGUAGES)]


def test_auto_reuses_all_that_is_unchanged():
    steps = plan(ES_PT, ("es", "pt"), None, each(made_with(ES_PT)), UPLOADS)
    assert list_executed(steps) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"bed": Bed.NONE}, ["mix es"]),
        ({"flac": True}, ["mix es"]),
        ({"mode": "dialogue"}, ["asr", "mt es", "tts es", "mix es"]),
        ({"providers": Providers(transcription="stub", translation="stub")}, ["tts es", "mix es"]),
    ],
)
def test_auto_executes_from_the_first_stage_whose_inputs_changed(change, expected):
    steps = plan(
        dub_params("es", **change), ("es",), None, each(made_with(dub_params("es"))), UPLOADS
    )
    assert list_executed(steps) == expected


def test_auto_looks_at_each_language_by_itself():
    priors = made_with(ES_PT)
    del priors[Stage.TTS, "pt"]
    assert list_executed(plan(ES_PT, ("es", "pt"), None, each(priors), UPLOADS)) == [
        "tts pt",
        "mix pt",
        "join",
    ]


def test_auto_makes_anew_what_storage_has_lost():
    priors = made_with(ES_PT)
    priors[Stage.MT, "es"] = replace(priors[Stage.MT, "es"], look=lambda: ("jobs/1/mt",))
    steps = plan(ES_PT, ("es", "pt"), None, each(priors), UPLOADS)
    assert list_executed(steps) == ["mt es", "tts es", "mix es", "join"]


@pytest.mark.parametrize("stage", RESUMABLE)
def test_a_named_stage_executes_with_all_that_follow_and_pins_all_before(stage):
    priors = made_with(dub_params("es"))
    steps = plan(dub_params("es"), ("es",), stage, each(priors), UPLOADS)
    assert [s.stage for s in steps if s.reuse is None] == [*RESUMABLE[RESUMABLE.index(stage) :]]
    pinned = [s for s in steps if s.reuse]
    assert [s.reuse for s in pinned] == [priors[s.stage, s.language] for s in pinned]


@pytest.mark.parametrize(
    ("lost", "stage", "earliest"),
    [
        ((Stage.ASR, ALL_LANGUAGES), Stage.MIX, "asr"),
        ((Stage.MT, "es"), Stage.TTS, "mt"),
        ((Stage.TTS, "es"), Stage.MIX, "tts"),
    ],
)
def test_a_named_stage_is_refused_when_something_before_it_is_missing(lost, stage, earliest):
    priors = made_with(dub_params("es"))
    priors[lost] = replace(priors[lost], look=lambda: ("jobs/1/lost",))
    with pytest.raises(Conflict) as refused:
        plan(dub_params("es"), ("es",), stage, each(priors), UPLOADS)
    assert refused.value.slug == "upstream-artifact-missing"
    assert refused.value.details == {
        "earliestValidStage": earliest,
        "missing": ["jobs/1/lost"],
    }


def test_a_stage_that_never_ran_is_missing_by_name():
    with pytest.raises(
        Conflict, match=r"mt \(es\) has nothing to take over.*Start at mt"
    ) as refused:
        plan(dub_params("es"), ("es",), Stage.TTS, each(made_with(dub_params("fr"))), UPLOADS)
    assert refused.value.details["missing"] == ["mt (es)"]


def test_a_named_stage_is_refused_when_an_override_touches_something_before_it():
    changed = dub_params("es", mode="dialogue")
    with pytest.raises(Conflict) as refused:
        plan(changed, ("es",), Stage.TTS, each(made_with(dub_params("es"))), UPLOADS)
    assert refused.value.slug == "upstream-inputs-changed"
    assert refused.value.details["earliestValidStage"] == "asr"


def test_stale_work_is_taken_over_only_when_that_is_accepted():
    priors = made_with(dub_params("es"))
    changed = dub_params("es", mode="dialogue")
    steps = plan(changed, ("es",), Stage.TTS, each(priors), UPLOADS, accept_stale=True)
    assert list_executed(steps) == ["tts es", "mix es"]


def test_of_stale_work_the_newest_is_taken_over():
    """Turns red when the oldest is, or when that one is asked whether it is there."""
    older, newer = made_with(dub_params("es")), made_with(dub_params("es"))
    older = {place: replace(one, look=lambda: ("jobs/1/old",)) for place, one in older.items()}
    newer = {
        place: replace(one, marker_id=UUID(int=n), run_number=2)
        for n, (place, one) in enumerate(newer.items())
    }
    changed = dub_params("es", mode="dialogue")
    both = {place: [newer[place], older[place]] for place in newer}
    first, second, *_ = plan(changed, ("es",), Stage.TTS, both, UPLOADS, accept_stale=True)
    assert [first.reuse, second.reuse] == [newer[Stage.ASR, ""], newer[Stage.MT, "es"]]
    assert first.stale


def test_what_is_missing_is_not_taken_over_even_if_stale_work_is_accepted():
    priors = made_with(dub_params("es"))
    priors[Stage.MT, "es"] = replace(priors[Stage.MT, "es"], look=lambda: ("jobs/1/mt",))
    with pytest.raises(Conflict) as refused:
        plan(dub_params("es"), ("es",), Stage.MIX, each(priors), UPLOADS, accept_stale=True)
    assert refused.value.slug == "upstream-artifact-missing"


def brought(place: Place, outputs: dict[str, str]) -> dict[Place, EarlierResult]:
    """What the user brought in place of a stage."""
    return {place: EarlierResult(UUID(int=1), 1, None, outputs)}


def test_what_was_given_holds_whatever_else_changes():
    priors = made_with(ES_PT) | brought((Stage.MT, "es"), {"segments": "es"})
    changed = dub_params("es", "pt", mode="dialogue")
    assert list_executed(plan(changed, ("es", "pt"), None, each(priors), UPLOADS)) == [
        *("asr", "tts es", "mix es"),
        *("mt pt", "tts pt", "mix pt"),
        "join",
    ]


def test_what_was_made_of_what_was_given_is_not_made_again_for_another_language():
    priors = made_with(dub_params("es"))
    priors |= brought((Stage.MT, "es"), dict(priors[Stage.MT, "es"].outputs))
    priors |= brought((Stage.ASR, ""), {})
    assert list_executed(plan(ES_PT, ("es", "pt"), None, each(priors), UPLOADS)) == [
        "asr",
        *("mt pt", "tts pt", "mix pt"),
        "join",
    ]


def test_what_was_given_is_made_when_its_stage_is_named():
    priors = made_with(dub_params("es")) | brought((Stage.ASR, ""), {"segments_src": "en"})
    assert (
        list_executed(plan(dub_params("es"), ("es",), Stage.ASR, each(priors), UPLOADS))[0] == "asr"
    )


@pytest.mark.parametrize("named", [Stage.MT, Stage.TTS, Stage.MIX])
def test_a_job_that_began_with_translations_needs_recognition_for_any_other(named):
    priors = brought((Stage.ASR, ""), {}) | brought((Stage.MT, "es"), {"segments": "es"})
    assert list_executed(plan(dub_params("es"), ("es",), None, each(priors), UPLOADS)) == [
        "tts es",
        "mix es",
    ]
    with pytest.raises(Conflict) as refused:
        plan(dub_params("es", "pt"), ("es", "pt"), named, each(priors), UPLOADS)
    assert refused.value.details["earliestValidStage"] == "asr"


def test_a_new_code_version_makes_auto_execute_again(monkeypatch):
    priors = made_with(dub_params("es"))
    newer = replace(STAGES[Stage.TTS], code_version=99)
    monkeypatch.setattr("backend.pipeline.keys.STAGES", {**STAGES, Stage.TTS: newer})
    assert list_executed(plan(dub_params("es"), ("es",), None, each(priors), UPLOADS)) == [
        "tts es",
        "mix es",
    ]


def test_a_subset_of_the_languages_leaves_the_others_out():
    steps = plan(ES_PT, ("pt",), Stage.MIX, each(made_with(ES_PT)), UPLOADS)
    assert {s.language for s in steps} == {ALL_LANGUAGES, "pt"}


@given(lost=st.sets(st.sampled_from([(Stage.ASR, ""), *((s, "es") for s in PER_LANGUAGE)])))
def test_nothing_is_reused_after_something_that_executes(lost):
    """Whatever is gone, a chain never takes over a stage behind one that is made anew."""
    priors = {place: p for place, p in made_with(dub_params("es")).items() if place not in lost}
    steps = plan(dub_params("es"), ("es",), None, each(priors), UPLOADS)
    reused = [s.reuse is not None for s in steps]
    assert reused == sorted(reused, reverse=True)
    assert all((s.stage, s.language) not in lost for s in steps if s.reuse)


def test_going_back_to_earlier_parameters_finds_what_was_made_for_them():
    first, second = dub_params("es"), dub_params("es", bed=Bed.NONE)
    newer, older = made_with(second), made_with(first)
    both = {place: [newer[place], older[place]] for place in newer}
    assert list_executed(plan(first, ("es",), None, both, UPLOADS)) == []
    steps = {step.stage: step.reuse for step in plan(first, ("es",), None, both, UPLOADS)}
    assert steps[Stage.MIX] == older[Stage.MIX, "es"]
