"""What a resume may change of a job's parameters."""

import pytest

from backend.errors import Invalid
from backend.pipeline.params import Captions, Providers, Timing, TimingPolicy, apply_overrides
from tests.factories import dub_params


def test_what_an_override_does_not_name_stays():
    before = dub_params("es", captions=Captions(bilingual=True))
    after = apply_overrides(before, {"providers": {"tts": "local"}, "captions": {"burnIn": True}})
    assert after.captions == Captions(bilingual=True, burn_in=True)
    assert after.providers == Providers(transcription="stub", translation="stub", tts="local")


def test_a_limit_that_an_override_does_not_name_stays():
    before = dub_params("es", timing=Timing(policy=TimingPolicy.REPORT))
    after = apply_overrides(before, {"timing": {"maxShift": 0.5}})
    assert after.timing == Timing(policy=TimingPolicy.REPORT, max_shift=0.5)


@pytest.mark.parametrize("timing", ["fit", {"policy": "stretch"}, {"maxShift": 11}])
def test_timing_that_does_not_exist_is_refused(timing):
    with pytest.raises(Invalid):
        apply_overrides(dub_params("es"), {"timing": timing})


def test_an_override_of_something_else_leaves_captions_as_they_are():
    before = dub_params("es", captions=Captions(burn_in=True))
    assert apply_overrides(before, {"flac": True}).captions == before.captions


@pytest.mark.parametrize("captions", ["all", {"trilingual": True}])
def test_captions_that_do_not_exist_are_refused(captions):
    with pytest.raises(Invalid):
        apply_overrides(dub_params("es"), {"captions": captions})
