"""Words cut into what a person says in one go."""

import pytest

from backend.documents.transcripts import Word
from workers.speakers.sentences import LONGEST_SENTENCE_S, cut_sentences

GAP_S = 0.1


def words(text: str, seconds: float = 0.3) -> list[Word]:
    """One after the other; a `|` is a pause of a second."""
    found: list[Word] = []
    at = 0.0
    for one in text.split():
        if one == "|":
            at += 1.0
            continue
        found.append(Word(text=one, start=at, end=at + seconds))
        at += seconds + GAP_S
    return found


def cut(text: str, seconds: float = 0.3) -> list[str]:
    return [" ".join(word.text for word in one) for one in cut_sentences(words(text, seconds))]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("I saw it. You did not.", ["I saw it.", "You did not."]),
        ("Where? Here!", ["Where?", "Here!"]),
        ('"No." she said.', ['"No."', "she said."]),
        ("Mr. Smith met J. R. Jones.", ["Mr. Smith met J. R. Jones."]),
        ("Wait | for me.", ["Wait", "for me."]),
        ("行こう。 だめ。", ["行こう。", "だめ。"]),
        ("no mark at all", ["no mark at all"]),
        ("", []),
    ],
)
def test_sentences_end_at_their_marks_and_at_long_pauses(text, sentences):
    assert cut(text) == sentences


def test_a_sentence_that_is_too_long_is_cut():
    pieces = cut_sentences(words("one " * 40 + "end."))
    assert len(pieces) > 1
    assert all(one[-1].end - one[0].start <= LONGEST_SENTENCE_S for one in pieces)


def test_every_word_is_said_once_and_in_order():
    said = words("A b c. D e | f g! " * 5)
    assert [word for one in cut_sentences(said) for word in one] == said
