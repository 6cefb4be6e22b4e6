"""run_tts: every line spoken once, paid once, as fast as its slot asks and no faster."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.documents.glossary import GlossaryEntry
from backend.documents.speech import Speech, Verdict
from backend.documents.transcripts import Line, Speaker, Translation
from backend.errors import Cancelled, Permanent, Transient
from backend.pipeline.params import Timing, TimingPolicy
from tests.stage_context import LocalContext, build_input
from workers.interfaces.providers import Cost, SpeechResult, TranslationResult, Utterance
from workers.providers.apertium import Apertium
from workers.providers.stub import StubSynthesizer, StubTranslator
from workers.stages import tts


class Counting(StubSynthesizer):
    """The stub, but it counts and charges."""

    def __init__(self) -> None:
        self.said: Counter[tuple[str, float]] = Counter()

    def synthesize(self, utterance, *, call):
        self.said[utterance.text, utterance.rate] += 1
        spoken = super().synthesize(utterance, call=call)
        return SpeechResult(
            spoken.samples, spoken.sample_rate, Cost(len(utterance.text), "chars", 0.5)
        )


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalContext:
    context = LocalContext(tmp_path)
    context.synth = Counting()
    monkeypatch.setattr(context, "get_synthesizer", lambda _name: context.synth)
    return context


def speak_lines(
    context: LocalContext, lines: Sequence[tuple[float, str]], duration: float, **params: object
):
    timed = [
        Line(id=i, start=start, end=start + 0.5, source="", text=text)
        for i, (start, text) in enumerate(lines)
    ]
    return done(context, timed, duration, **params)


def done(context: LocalContext, lines: Sequence[Line], duration: float, **params: object):
    translation = Translation(
        source_language="en",
        language="es",
        duration=duration,
        speakers=(Speaker(label=None),),
        lines=tuple(lines),
    )
    path = context.workdir / "segments_es.json"
    path.write_bytes(translation.to_bytes())
    outcome = tts.run(
        build_input({"segments": context.store_file(path, "application/json")}, "es", **params),
        context,
    )
    return outcome, Speech.model_validate_json(outcome.files[0].path.read_bytes())


TEN = "0123456789"  # 0.6 s of the stub's speech
CROWDED = [(0, TEN * 3), (0.5, TEN * 3)]  # 3.6 s of speech for two seconds


def test_with_extend_the_picture_waits_for_what_is_too_fast_even_in_fewer_words(context):
    timing = Timing(policy=TimingPolicy.EXTEND)
    outcome, speech = speak_lines(context, CROWDED, 2, timing=timing)
    assert {place.verdict for place in speech.placements} == {Verdict.OK}
    assert max(place.rate for place in speech.placements) <= 1.2
    held = sum(place.hold for place in speech.placements)
    last = speech.placements[-1]
    assert last.start + last.duration == pytest.approx(2 + held, abs=0.001)
    assert outcome.warnings[-1].startswith(f"The dub is {held:.1f} s longer than the source")
    assert context.synth.said == {(TEN * 3, 1.0): 1}


def test_with_extend_a_shorter_text_goes_before_a_picture_that_waits(context):
    long = " ".join(["word"] * 20)
    _, speech = speak_lines(
        context, [(0, "one two"), (2, long), (4, "three four")], 5, timing=Timing(policy="extend")
    )
    assert len(speech.clips[1].text) < len(long)
    assert [place.hold for place in speech.placements] == [0, 0, 0]


def test_each_clip_is_kept_with_its_true_length(context):
    _, speech = speak_lines(context, [(0, TEN), (2, TEN * 2)], 10)
    assert [clip.id for clip in speech.clips] == [0, 1]
    for clip in speech.clips:
        assert clip.duration == soundfile.info(context.store.resolve_path(clip.object_key)).duration
        assert clip.duration == pytest.approx(0.6 * (clip.id + 1), abs=0.01)


def test_each_line_has_its_place(context):
    _, speech = speak_lines(context, [(0, TEN), (2, TEN)], 10)
    first, second = speech.placements
    assert (first.start, first.duration, first.rate, first.verdict) == (0, 0.5, 1.2, Verdict.OK)
    assert (second.start, second.shift) == (2, 0)


def test_a_line_too_long_for_its_place_is_asked_for_faster(context):
    _, speech = speak_lines(context, CROWDED, 2)
    assert {place.verdict for place in speech.placements} == {Verdict.RUSHED}
    rate = speech.placements[0].rate
    assert 1.5 < rate == pytest.approx(3.6 / 1.95, abs=0.01)
    for clip in speech.clips:
        assert (clip.rate, clip.natural) == (context.synth.max_rate, pytest.approx(1.8, abs=0.01))
        assert clip.duration == pytest.approx(1.8 / 1.3, abs=0.01)
    # The same text, voice and rate is bought once, also within a job.
    assert context.synth.said == {(TEN * 3, 1.0): 1, (TEN * 3, 1.3): 1}
    assert context.take_spent().usd == 0.5 * context.synth.said.total()


def test_what_fits_at_the_rate_wanted_is_not_bought_again(context):
    speak_lines(context, [(0, TEN), (0.55, TEN)], 10)
    assert context.synth.said == {(TEN, 1.0): 1}


def test_a_faster_take_that_is_farther_off_is_not_taken(context, monkeypatch):
    monkeypatch.setattr(context.synth, "max_rate", 9.0)
    monkeypatch.setattr(
        context.synth,
        "synthesize",
        lambda utterance, *, call: StubSynthesizer().synthesize(
            replace(utterance, rate=1.0 if utterance.rate == 1.0 else 9.0), call=call
        ),
    )
    _, speech = speak_lines(context, CROWDED, 2)
    assert [clip.rate for clip in speech.clips] == [1.0, 1.0]


def test_lines_that_are_too_long_are_said_in_fewer_words(context):
    long = " ".join(["word"] * 20)  # 99 characters, 5.94 s
    lines = [(0, "one two"), (2, long), (4, "three four")]
    outcome, speech = speak_lines(context, lines, 5)
    texts = [clip.text for clip in speech.clips]
    assert (texts[0], texts[2]) == (lines[0][1], lines[2][1])
    assert long.startswith(texts[1]) and len(texts[1]) < len(long)
    assert max(place.rate for place in speech.placements) <= 1.2
    assert outcome.warnings == ("Said in fewer words, to fit: line 2",)
    before, _ = context.synth.said.total(), context.take_spent()
    _, same = speak_lines(context, lines, 5)
    assert (context.take_spent().usd, same) == (0, speech)
    assert context.synth.said.total() == before


class Halving(StubTranslator):
    """Leaves the second half of the words out, however few may stay."""

    def shorten(self, texts, source, target, *, call):
        words = [one.text.split() for one in texts]
        return TranslationResult([" ".join(each[: (len(each) + 1) // 2]) for each in words])


def test_a_text_that_is_too_long_even_in_fewer_words_is_shortened_once_more(context, monkeypatch):
    monkeypatch.setattr(context, "get_translator", lambda _name: Halving())
    long = " ".join(["word"] * 40)  # 12 s
    _, speech = speak_lines(context, [(0, "one two"), (2, long), (4, "three four")], 5)
    assert len(speech.clips[1].text.split()) == 10
    assert {place.verdict for place in speech.placements} == {Verdict.OK}


def test_progress_never_falls_whatever_a_line_needs(context, monkeypatch):
    """Here lines are spoken, said in fewer words, twice, and then faster."""
    monkeypatch.setattr(context, "get_translator", lambda _name: Halving())
    long = " ".join(["word"] * 80)
    _, speech = speak_lines(context, [(0, "one two"), (2, long), (4, "three four")], 4.5)
    assert len(speech.clips[1].text.split()) == 20
    assert speech.clips[1].rate > 1
    assert context.told == sorted(context.told)
    assert 0 <= context.told[0] < context.told[-1] == 1


def test_where_the_translator_cannot_shorten_lines_are_only_hurried(context, monkeypatch):
    """As the one of the offline default cannot."""
    monkeypatch.setattr(context, "get_translator", lambda _name: Apertium())
    _, speech = speak_lines(context, CROWDED, 2)
    assert {(clip.text, clip.rate) for clip in speech.clips} == {(TEN * 3, 1.3)}


def test_a_shorter_text_that_takes_longer_is_not_taken(context, monkeypatch):
    class Verbose(StubTranslator):
        def shorten(self, texts, source, target, *, call):
            return TranslationResult([f"{one.text} and so on" for one in texts], Cost(usd=0.25))

    monkeypatch.setattr(context, "get_translator", lambda _name: Verbose())
    _, speech = speak_lines(context, CROWDED, 2)
    assert {clip.text for clip in speech.clips} == {TEN * 3}
    assert context.take_spent().usd == 0.5 * context.synth.said.total() + 0.25


def test_a_translator_that_drops_a_text_is_an_error(context, monkeypatch):
    class Lazy(StubTranslator):
        def shorten(self, texts, source, target, *, call):
            return TranslationResult([])

    monkeypatch.setattr(context, "get_translator", lambda _name: Lazy())
    with pytest.raises(Transient, match="stub gave 0 shorter texts for 2"):
        speak_lines(context, CROWDED, 2)


def test_with_the_policy_report_a_rushed_line_is_left_out(context):
    timing = Timing(policy=TimingPolicy.REPORT)
    outcome, speech = speak_lines(context, CROWDED, 2, timing=timing)
    verdicts = [place.verdict for place in speech.placements]
    assert sorted(verdicts) == [Verdict.LEFT_OUT, Verdict.OK]
    (heard,) = speech.list_heard_placements()
    assert len(speech.clips) == 2
    assert outcome.warnings == (
        f"Left out of the mix, as asked for lines that would be rushed: line {2 - heard.id}",
    )


@pytest.mark.parametrize("harm", [bytes.upper, None], ids=["damaged", "gone"])
def test_a_clip_that_storage_damaged_is_spoken_again(context, harm):
    _, speech = speak_lines(context, [(0, TEN)], 10)
    (clip,) = speech.clips
    path = context.store.resolve_path(clip.object_key)
    content = path.read_bytes()
    path.unlink()
    if harm:
        path.write_bytes(harm(content))
    _, again = speak_lines(context, [(0, TEN)], 10)
    assert again == speech
    assert path.read_bytes() == content
    assert context.synth.said[TEN, 1.0] == 2


def test_a_second_run_pays_nothing(context):
    lines = [(0, "one two"), (3, "three four")]
    speak_lines(context, lines, 10)
    before, _ = context.synth.said.total(), context.take_spent()
    speak_lines(context, lines, 10)
    assert context.synth.said.total() == before == 2
    assert context.take_spent().usd == 0


def test_stopped_between_lines_what_was_made_is_kept(context):
    lines = [(i * 3, f"line number {i}") for i in range(20)]
    context.stop = (0.2, Cancelled("enough"))
    with pytest.raises(Cancelled):
        speak_lines(context, lines, 100)
    made = context.synth.said.total()
    assert 4 <= made < 20
    context.stop = None
    speak_lines(context, lines, 100)
    assert context.synth.said.total() == 20, "nothing was bought twice"


def voices(
    context: LocalContext, lines: Sequence[tuple[str, str]], **params: object
) -> dict[str, str]:
    """The voice that says each text, lines being speakers and texts."""
    translation = Translation(
        source_language="en",
        language="es",
        duration=100.0,
        speakers=(
            Speaker(label="A", pitch_hz=205.0),
            Speaker(label="B", pitch_hz=110.0),
            Speaker(label="C"),
        ),
        lines=tuple(
            Line(id=i, start=3.0 * i, end=3.0 * i + 2, source="", text=text, speaker=speaker)
            for i, (speaker, text) in enumerate(lines)
        ),
    )
    path = context.workdir / "segments_es.json"
    path.write_bytes(translation.to_bytes())
    files = {"segments": context.store_file(path, "application/json")}
    outcome = tts.run(build_input(files, "es", **params), context)
    speech = Speech.model_validate_json(outcome.files[0].path.read_bytes())
    return {lines[clip.id][1]: clip.voice for clip in speech.clips}


def test_each_speaker_has_one_voice_of_their_pitch_whoever_speaks_first(context):
    lines = [("B", "one"), ("A", "two"), ("B", "three"), ("C", "four")]
    expected = {"one": "bass", "two": "alto", "three": "bass", "four": "tenor"}
    assert voices(context, lines) == expected
    for line in lines:
        assert voices(context, [line]).items() <= expected.items(), "a line said again by itself"


def test_a_voice_named_in_the_job_is_used(context):
    assert voices(context, [("A", "one"), ("B", "two")], voices={"B": "soprano"}) == {
        "one": "alto",
        "two": "soprano",
    }


def test_a_named_voice_that_is_not_offered_is_refused(context):
    with pytest.raises(Permanent, match="choose one of bass, tenor, alto, soprano"):
        voices(context, [("A", "one")], voices={"A": "growl"})


def test_a_line_without_a_word_stays_silent(context):
    _, speech = speak_lines(context, [(0, "..."), (1, "so"), (2, "")], 10)
    assert [clip.id for clip in speech.clips] == [1]


def test_what_is_only_shown_is_not_said_but_told(context):
    shown = ["[M\u00fasica]", "MARY: so (laughs)", ">> go", "\u266a la \u266a"]
    outcome, speech = speak_lines(context, list(enumerate(shown)), 10)
    assert [(clip.id, clip.text) for clip in speech.clips] == [(1, "so"), (2, "go")]
    assert context.synth.said.keys() == {("so", 1.0), ("go", 1.0)}
    [told] = outcome.warnings
    assert told == (
        "Shown in captions and not spoken: '[M\u00fasica]' (line 1), 'MARY:' (line 2), "
        "'(laughs)' (line 2), '>>' (line 3), '\u266a la \u266a' (line 4)"
    )


def test_of_many_that_are_only_shown_the_first_are_told(context):
    outcome, _ = speak_lines(context, [(n, "[x]") for n in range(12)], 20)
    assert outcome.warnings[0].endswith("'[x]' (line 10) and 2 more")


def test_a_translator_is_asked_for_fewer_words_of_what_is_said_only(context, monkeypatch):
    asked = []

    class Asked(StubTranslator):
        def shorten(self, texts, source, target, *, call):
            asked.extend(texts)
            return TranslationResult([one.text[:10] for one in texts])

    monkeypatch.setattr(context, "get_translator", lambda _name: Asked())
    line = Line(id=0, start=0, end=0.5, source="[x] why", text=f"[x] {TEN * 3}")
    _, speech = done(context, [line], 0.6)
    assert {(one.text, one.source) for one in asked} == {(TEN * 3, "why")}
    translation = Translation(source_language="en", language="es", duration=1, lines=(line,))
    assert speech.apply_spoken_texts(translation).lines[0].text == f"[x] {TEN}"


class Mute(Counting):
    """Gives silence, or nothing, for some utterances, but charges for them."""

    def __init__(self, mute: Callable[[Utterance], bool], length: int = 8_000) -> None:
        super().__init__()
        self.mute, self.length = mute, length

    def synthesize(self, utterance, *, call):
        spoken = super().synthesize(utterance, call=call)
        if self.mute(utterance):
            return replace(spoken, samples=np.zeros(self.length, np.float32))
        return spoken


@pytest.mark.parametrize("length", [0, 8_000])
def test_a_line_for_which_the_voice_gives_silence_is_left_out_and_told(context, length):
    context.synth = Mute(lambda utterance: utterance.text == "mu", length)
    outcome, speech = speak_lines(context, [(0, "so"), (1, "mu")], 10)
    assert [clip.id for clip in speech.clips] == [place.id for place in speech.placements] == [0]
    assert outcome.warnings == ("Nothing is heard of line 2, for which stub gives silence",)
    assert context.take_spent().usd == 1.0
    context.synth = Counting()
    _, again = speak_lines(context, [(0, "so"), (1, "mu")], 10)
    assert [clip.id for clip in again.clips] == [0, 1], "silence is not kept"


def test_a_take_is_kept_to_where_a_faster_one_is_silent(context):
    context.synth = Mute(lambda utterance: utterance.rate > 1)
    _, speech = speak_lines(context, CROWDED, 2)
    assert [clip.rate for clip in speech.clips] == [1.0, 1.0]


def test_a_text_is_kept_to_where_a_shorter_one_is_silent(context):
    long = " ".join(["word"] * 20)
    context.synth = Mute(lambda utterance: utterance.text not in {"one two", long, "three four"})
    _, speech = speak_lines(context, [(0, "one two"), (2, long), (4, "three four")], 5)
    assert speech.clips[1].text == long


def test_nothing_to_say(context):
    _, speech = speak_lines(context, [], 10)
    assert speech.clips == ()


def test_a_line_whose_voice_a_user_chose_keeps_it(context):
    lines = [
        Line(id=0, start=0, end=2, source="", text="Uno.", voice="soprano"),
        Line(id=1, start=3, end=5, source="", text="Dos."),
    ]
    _, speech = done(context, lines, 6)
    assert [clip.voice for clip in speech.clips] == ["soprano", "bass"]


def test_a_line_whose_voice_is_not_offered_is_spoken_by_its_speakers_voice(context):
    lines = [
        Line(id=i, start=3 * i, end=3 * i + 2, source="", text="Uno.", voice=voice)
        for i, voice in enumerate(["growl", "growl", None])
    ]
    outcome, speech = done(context, lines, 9)
    assert [clip.voice for clip in speech.clips] == ["bass"] * 3
    [warning] = outcome.warnings
    assert warning.startswith("There is no voice 'growl': in lines 1, 2 the speaker's own is heard")
    assert warning.endswith("choose one of bass, tenor, alto, soprano")


def test_a_voice_for_somebody_who_is_not_there_is_told(context):
    outcome, _ = speak_lines(context, [(0, "so")], 2, voices={"A": "alto", "B": "bass"})
    assert outcome.warnings == ("voices: nobody is called B; the speakers are A",)


def test_a_pronunciation_is_for_the_voice_only(context):
    glossary = (GlossaryEntry(term="SQL", pronunciation="sequel"),)
    _, speech = speak_lines(context, [(0, "Use SQL.")], 10, glossary=glossary)
    assert context.synth.said == {("Use sequel.", 1.0): 1}
    assert [clip.text for clip in speech.clips] == ["Use SQL."]
    assert speech.clips[0].duration == pytest.approx(11 * 0.06, abs=0.01)


def test_a_line_that_is_shortened_knows_its_terms(context, monkeypatch):
    asked = []

    class Noting(StubTranslator):
        def shorten(self, texts, source, target, *, call):
            asked.extend(texts)
            return super().shorten(texts, source, target, call=call)

    monkeypatch.setattr(context, "get_translator", lambda _name: Noting())
    glossary = (GlossaryEntry(term="cat", translation="gato"), GlossaryEntry(term="dog"))
    long = Line(id=0, start=0, end=1, source="The cat", text="el gato " * 20)
    done(context, [long], 1.5, glossary=glossary)
    assert asked[0].terms == (("cat", "gato"),)


def test_a_reader_of_context_is_told_what_its_voice_says_around_a_line(context, monkeypatch):
    asked = []
    really = context.synth.synthesize

    def synthesize(utterance, *, call):
        asked.append(utterance)
        return really(utterance, call=call)

    monkeypatch.setattr(context.synth, "synthesize", synthesize)
    context.synth.reads_context = True
    lines = [
        Line(id=i, start=3.0 * i, end=3.0 * i + 1, source="", text=one, voice=voice)
        for i, (one, voice) in enumerate(
            [("One.", "bass"), ("Two.", "alto"), ("Three.", "bass"), ("Four.", "bass")]
        )
    ]
    done(context, lines, 15.0)
    around = {one.text: (one.before, one.after) for one in asked}
    assert around == {
        "One.": ("", "Three."),
        "Two.": ("", ""),
        "Three.": ("One.", "Four."),
        "Four.": ("Three.", ""),
    }


def test_a_voice_that_costs_too_much_is_not_asked(context):
    """Turns red when the stage goes by no budget."""
    context.dear = {"stub"}
    with pytest.raises(Permanent, match="maxCost: stub is too much"):
        speak_lines(context, [(0.0, "Hello.")], 5.0)
    assert not context.synth.said
