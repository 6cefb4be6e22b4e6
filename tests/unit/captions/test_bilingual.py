"""Two languages on the screen at once, a line of each."""

from hypothesis import given
from hypothesis import strategies as st

from tests.caption_samples import characters
from workers.captions.bilingual import build_bilingual_cues
from workers.captions.cues import CaptionText, Cue
from workers.captions.rules import build_rules

EN, ES, JA = build_rules("en"), build_rules("es"), build_rules("ja")


def test_the_source_stands_above_the_translation():
    made = build_bilingual_cues([(CaptionText(1.0, 3.0, "Hola, mundo."), "Hello, world.")], EN, ES)
    assert made == [Cue(1.0, 3.0, "Hello, world.\nHola, mundo.")]


def test_long_lines_go_on_together():
    source = "Nobody had told them that the road was closed, so they went on in the rain."
    target = "Nadie les había dicho que la carretera estaba cortada, y siguieron bajo la lluvia."
    assert [
        one.text for one in build_bilingual_cues([(CaptionText(0, 8, target), source)], EN, ES)
    ] == [
        "Nobody had told them\nNadie les había dicho",
        "that the road was closed,\nque la carretera estaba cortada,",
        "so they went on in the rain.\ny siguieron bajo la lluvia.",
    ]


def test_one_word_for_many_is_not_repeated():
    texts = [
        one.text for one in build_bilingual_cues([(CaptionText(0, 9, "Sí."), "Yes " * 20)], EN, ES)
    ]
    assert "\n".join(texts).count("Sí.") == 1


TEXTS = st.text(st.sampled_from("abc de, f.漢字か 。"), max_size=150)


@given(TEXTS, TEXTS)
def test_nothing_of_either_language_is_lost(source, target):
    made = build_bilingual_cues([(CaptionText(0, 10, target), source)], EN, JA)
    shown = sorted(characters("".join(cue.text for cue in made)))
    assert shown == sorted(characters(source + target))
    assert all(len(cue.text.split("\n")) <= 2 for cue in made)
