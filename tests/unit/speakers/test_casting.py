"""Who speaks with which voice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.transcripts import Speaker
from backend.errors import Permanent
from workers.interfaces.providers import Pitch, Voice
from workers.providers.espeak import Espeak
from workers.speakers.casting import choose_voices, classify_pitch

OFFERED = Espeak().list_voices("es")

pitches = st.none() | st.floats(60, 400)
speakers = st.lists(pitches, max_size=12).map(
    lambda found: [Speaker(label=chr(ord("A") + i), pitch_hz=p) for i, p in enumerate(found)]
)
names = st.sampled_from([voice.name for voice in OFFERED])


@pytest.mark.parametrize(
    ("hertz", "pitch"), [(119, Pitch.LOW), (170, Pitch.MIDDLE), (207, Pitch.HIGH)]
)
def test_pitch_classes(hertz, pitch):
    assert classify_pitch(hertz) is pitch


def test_a_voice_is_as_high_as_its_speaker():
    heard = [Speaker(label="A", pitch_hz=205), Speaker(label="B", pitch_hz=110)]
    assert choose_voices(heard, OFFERED, {}) == {"A": "f2", "B": "plain"}


def test_the_nearest_pitch_is_taken_when_its_own_is_used_up():
    heard = [Speaker(label=label, pitch_hz=230) for label in "ABC"]
    assert choose_voices(heard, OFFERED, {}) == {"A": "f2", "B": "f3", "C": "f4"}


def test_one_speaker_without_a_label_gets_a_voice_too():
    only = Speaker(label=None, pitch_hz=200)
    assert choose_voices([only], OFFERED, {}) == {None: "f2"}
    assert choose_voices([only], OFFERED, {"A": "m3"}) == {None: "m3"}


def test_a_name_that_is_not_offered_is_answered_with_those_that_are():
    with pytest.raises(Permanent, match=r"no voice 'x' for speaker B; choose one of plain, m7"):
        choose_voices([], OFFERED, {"B": "x"})


@given(speakers)
def test_no_voice_is_shared_while_there_are_enough(heard):
    chosen = choose_voices(heard, OFFERED, {})
    assert len(set(chosen.values())) == min(len(heard), len(OFFERED))


@given(speakers, st.dictionaries(st.sampled_from("ABCDEFGHIJKL"), names, max_size=3))
def test_a_named_voice_is_kept_to_and_left_to_its_speaker(heard, named):
    chosen = choose_voices(heard, OFFERED, named)
    for label, voice in chosen.items():
        assert voice == named.get(label, voice)
    if len(heard) + len(named) <= len(OFFERED):
        others = [voice for label, voice in chosen.items() if label not in named]
        assert not set(others) & set(named.values())


@given(speakers, pitches)
def test_a_speaker_added_later_changes_nobody_elses_voice(heard, pitch):
    later = [*heard, Speaker(label="Z", pitch_hz=pitch)]
    assert choose_voices(later, OFFERED, {}).items() >= choose_voices(heard, OFFERED, {}).items()


def test_a_single_voice_serves_all():
    heard = [Speaker(label="A", pitch_hz=90), Speaker(label="B", pitch_hz=250)]
    assert choose_voices(heard, [Voice("only", Pitch.LOW)], {}) == {"A": "only", "B": "only"}
