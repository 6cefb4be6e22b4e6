"""Captions are legible, keep the rules, and say all that was said."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.transcripts import Word
from tests.caption_samples import SENTENCES, characters, lines, said
from workers.captions.check import find_violations
from workers.captions.cues import CaptionText, Cue, build_cues
from workers.captions.rules import build_rules

EN, JA = build_rules("en"), build_rules("ja")


def texts(text: str, language: str) -> list[str]:
    rules = build_rules(language)
    return [cue.text for cue in build_cues([said(text, rules)], rules)]


@pytest.mark.parametrize("language", SENTENCES)
def test_a_long_sentence_keeps_every_rule_of_its_language(language):
    rules = build_rules(language)
    made = build_cues([said(SENTENCES[language], rules)], rules)
    assert find_violations(made, rules) == []
    assert characters("".join(lines(made))) == characters(SENTENCES[language])


def test_lines_end_at_phrases_and_cues_at_clauses():
    assert texts(SENTENCES["es"], "es") == [
        "En un lugar de la Mancha,\nde cuyo nombre no quiero acordarme,",
        "no ha mucho tiempo que vivía un hidalgo\nde los de lanza en astillero,",
        "adarga antigua,\nrocín flaco y galgo corredor.",
    ]


def test_japanese_lines_end_between_phrases():
    assert texts(SENTENCES["ja"], "ja") == [
        "吾輩は猫である。\n名前はまだ無い。",
        "どこで生れたかとんと\n見当がつかぬ。",
        "何でも薄暗いじめじめした\n所でニャーニャー泣いていた",
        "事だけは記憶している。",
    ]


@pytest.mark.parametrize(
    ("text", "upper"),
    [
        ("We were all waiting for an answer from the other side", "an answer"),
        ("Das ganze Dorf hat gewusst dass der Lehrer fort ist", "der Lehrer"),
        ("They had been travelling for weeks with Anna Karenina", "Anna Karenina"),
        ("I never thought that you would have not understood it", "not understood"),
        ("The whole of the village had long known old Dr. Schulz", "Dr. Schulz"),
    ],
)
def test_a_line_never_parts_what_belongs_together(text, upper):
    language = "de" if "Dorf" in text else "en"
    assert upper in texts(text, language)[0]


def test_text_that_fits_one_line_stays_on_it():
    assert texts("Say it, or do not say it at all.", "en") == ["Say it, or do not say it at all."]


def test_a_sentence_that_one_cue_can_hold_is_not_split():
    """Here a cue that ended at its comma would spare the short one."""
    text = "He came home. If you ask me, we should leave now, before it gets dark. Why?"
    assert texts(text, "en") == [
        "He came home.",
        "If you ask me, we should leave now,\nbefore it gets dark. Why?",
    ]


def test_a_short_cue_is_better_than_a_line_that_ends_within_a_phrase():
    """All of it would fit into one, with a line that ends at `never`."""
    text = "Why? They had it all along, and they never told us, not once. I do not know."
    assert texts(text, "en") == [
        "Why? They had it all along,\nand they never told us, not once.",
        "I do not know.",
    ]


def test_two_sentences_share_a_cue_that_holds_them():
    assert texts("They had it all along. She said that she would come.", "en") == [
        "They had it all along.\nShe said that she would come."
    ]


def test_the_lower_line_is_the_longer_where_nothing_else_speaks():
    upper, lower = texts("lala " * 11, "en")[0].split("\n")
    assert (len(upper.split()), len(lower.split())) == (5, 6)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("あいうえおかきくけこさしすせそ、たちつてと。「なにぬねの」", "ja"),
        ("スーパーファミコンソフトウェアー" * 3, "ja"),
        ("她说“我不知道”（真的）。" * 4, "zh"),
        ("เพื่อนๆ" * 12, "th"),
    ],
)
def test_no_line_begins_with_closing_punctuation_or_ends_with_an_opening_one(text, language):
    for line in lines(build_cues([said(text, build_rules(language))], build_rules(language))):
        assert line[0] not in "、。」）”？！ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョๆ"
        assert line[-1] not in "「（“"


def test_a_word_wider_than_a_line_is_cut_between_whole_letters():
    made = lines(build_cues([said("கா" * 40, build_rules("ta"))], build_rules("ta")))
    assert len(made) > 1
    assert all(line.startswith("க") for line in made)


def test_an_address_is_cut_at_its_punctuation():
    address = "https://example.org/a/rather/long/path/that/fits/no/line/at/all"
    assert (
        lines(build_cues([said(address, EN)], EN))[0] == "https://example.org/a/rather/long/path/"
    )


def test_text_from_right_to_left_is_in_logical_order_and_marked_only_where_players_go_wrong():
    made = texts("قالت BBC إن الخبر صحيح.", "ar") + texts("BBC قالت إن الخبر صحيح.", "ar")
    assert made == ["قالت BBC إن الخبر صحيح.", "\u200fBBC قالت إن الخبر صحيح."]


def test_long_text_goes_on_in_further_cues_while_it_is_spoken():
    text = " ".join(f"palabra{number}" for number in range(40))
    made = build_cues([CaptionText(10.0, 40.0, text)], build_rules("es"))
    assert made[0].start == 10.0
    assert made[-1].end == pytest.approx(40.0)
    for before, after in pairwise(made):
        assert 0.083 < after.start - before.end < 0.085


def test_cues_begin_when_their_first_word_is_spoken():
    spoken = ["Well.", "It", "took", "a", "good", "long", "while", "until", "somebody", "spoke."]
    spoken += ["Then", "everybody", "began", "to", "talk", "at", "the", "same", "time."]
    times = [0.0, *(4.0 + 0.3 * number for number in range(9)), *(9 + 0.3 * n for n in range(9))]
    words = tuple(Word(text=w, start=t, end=t + 0.25) for w, t in zip(spoken, times, strict=True))
    made = build_cues([CaptionText(0.0, 12.0, " ".join(spoken), words)], EN)
    assert [(cue.start, cue.text.split()[0]) for cue in made] == [
        (0.0, "Well."),
        (4.0, "It"),
        (9.0, "Then"),
    ]


def test_words_without_the_punctuation_of_the_text_still_tell_the_time():
    words = tuple(
        Word(text=text, start=start, end=start + 1.0)
        for text, start in (("yes", 0.0), ("i", 5.0), ("think", 6.0), ("so", 7.0), ("too", 8.0))
    )
    made = build_cues([CaptionText(0.0, 9.0, "Yes! I think so, too.", words)], EN)
    assert [(cue.start, cue.text) for cue in made] == [(0.0, "Yes!"), (5.0, "I think so, too.")]


def test_two_people_at_once_get_one_cue_after_the_other():
    made = build_cues([CaptionText(1, 4, "I was first."), CaptionText(1.1, 4, "No, I was.")], EN)
    assert [cue.text for cue in made] == ["I was first.", "No, I was."]
    assert find_violations(made, EN) == []


@pytest.mark.parametrize(
    ("language", "pace"), [("en", 14.5), ("es", 14.0), ("ja", 5.5), ("ar", 12)]
)
def test_talk_at_a_natural_pace_breaks_no_rule(language, pace):
    """`pace` is in characters a second; pauses have a median of 0.4 s, as in conversation."""
    chance, rules = random.Random(4), build_rules(language)
    words = SENTENCES[language].split() if language != "ja" else SENTENCES[language].split("。")
    talk, now = [], 0.0
    for _ in range(150):
        first = chance.randrange(len(words) - 1)
        text = " ".join(words[first : first + chance.randint(1, 15)])
        length = rules.measure_width(text) / (pace * chance.lognormvariate(0, 0.1))
        talk.append(CaptionText(now, now + length, text))
        now += length + chance.lognormvariate(-0.9, 0.9)
    assert find_violations(build_cues(talk, rules), rules) == []


@pytest.mark.parametrize("fps", [0.1, 1.0, 10.0])
def test_a_picture_of_few_frames_a_second_takes_no_time_from_captions(fps):
    said = [
        CaptionText(3 * n, 3 * n + 2.8, "Una frase que dura casi tres segundos.") for n in range(6)
    ]
    assert build_cues(said, build_rules("es", fps)) == build_cues(said, build_rules("es"))
    assert build_cues(said, build_rules("es", 25.0)) != build_cues(said, build_rules("es"))


def test_nothing_said_makes_no_cues():
    assert build_cues([], EN) == []
    assert build_cues([CaptionText(0, 1, " \n\x00")], EN) == []


def utterances() -> st.SearchStrategy[list[CaptionText]]:
    words = st.text(st.sampled_from("abcÄéßяあ漢字ーゃ。、「」“”한กาคำعب!?.,;:-  "), max_size=200)
    any_text = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=120)
    spans = st.tuples(st.floats(0, 60), st.floats(0, 20), words | any_text)
    return st.lists(spans.map(lambda one: CaptionText(one[0], one[0] + one[1], one[2])), max_size=5)


@given(utterances(), st.sampled_from(["en", "de", "ja", "zh", "ko", "th", "ar", "km"]))
def test_whatever_is_said_no_text_is_lost_no_cue_overlaps_and_no_line_is_too_long(said, language):
    rules = build_rules(language)
    made = build_cues(said, rules)
    assert sorted(characters("".join(cue.text for cue in made))) == sorted(
        characters("".join(one.text for one in said))
    )
    assert all(cue.end > cue.start for cue in made)
    assert all(after.start >= before.end for before, after in pairwise(made))
    broken = {one.rule for one in find_violations(made, rules)}
    assert not broken & {"line_length", "lines", "too_long", "gap"}


@given(utterances())
def test_an_utterance_keeps_the_order_of_its_text(said):
    for one in said:
        made = build_cues([one], JA)
        assert characters("".join(cue.text for cue in made)) == characters(one.text)


def test_cues_are_tuples_in_seconds():
    assert build_cues([CaptionText(3599.9996, 3661.25, "Uno")], EN) == [Cue(3600.0, 3607.0, "Uno")]
