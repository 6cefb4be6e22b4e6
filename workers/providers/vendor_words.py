"""What vendors heard, as segments: words in order, speakers by letters, sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from backend.documents import languages
from backend.documents.transcripts import Segment, Word
from backend.errors import Invalid, Transient
from workers.speakers.sentences import cut_sentences
from workers.speakers.turns import SpeakerTurn

UNSPACED = frozenset(("zh", "yue", "ja", "th", "lo", "km", "my"))
SHORTEST_S = 0.01
# Vendors tell durations in whole seconds, or leave out silence at the end.
TOLERATED, TOLERATED_S = 0.9, 2.0


@dataclass(frozen=True)
class HeardWord:
    """A word as a vendor tells it; `turn` is the same for all words of an utterance."""

    word: Word
    speaker: str | None = None
    turn: int = 0


def check_length(vendor: str, heard_s: float | None, duration: float) -> float:
    """The seconds that were heard; raises `Transient` where that is much less than there is."""
    if heard_s is None:
        raise Transient(f"{vendor}: the answer does not say how much was heard")
    if heard_s < duration * TOLERATED - TOLERATED_S:
        raise Transient(f"{vendor}: heard only {heard_s:.1f} s of {duration:.1f} s")
    return heard_s


def read_language(vendor: str, told: str | None) -> str:
    """The tag of the language that a vendor detected."""
    try:
        return languages.normalize(told or "")
    except Invalid:
        raise Transient(f"{vendor}: the answer does not tell the language") from None


def read_word(
    vendor: str, text: str | None, start: float | None, end: float | None, sure: float | None
) -> Word:
    """A word of an answer; raises `Transient` where it has no text or no time."""
    if text is None or start is None or end is None:
        raise Transient(f"{vendor}: the answer has a word without text or time")
    return Word(text=text, start=start, end=end, confidence=sure)


def build_segments(heard: Iterable[HeardWord], duration: float, language: str) -> list[Segment]:
    """A segment for each sentence of each utterance, in the order of time."""
    words = straighten_words(heard, duration)
    labels = label_speakers(words)
    glue = "" if languages.get_base_language(language) in UNSPACED else " "
    said = [
        SpeakerTurn(labels[speaker], sentence)
        for (speaker, _), group in groupby(words, key=lambda one: (one.speaker, one.turn))
        for sentence in cut_sentences([one.word for one in group])
    ]
    return [_build_segment(number, turn, glue) for number, turn in enumerate(said)]


def straighten_words(heard: Iterable[HeardWord], duration: float) -> list[HeardWord]:
    """The words in order of time, none of which reaches into the next or out of the recording."""
    words = sorted(heard, key=lambda one: one.word.start)
    starts = [min(max(one.word.start, 0.0), max(duration - SHORTEST_S, 0.0)) for one in words]
    limits = [*starts[1:], duration][: len(starts)]
    return [
        _move_word(one, start, max(start, min(one.word.end, limit)))
        for one, start, limit in zip(words, starts, limits, strict=True)
    ]


def _move_word(one: HeardWord, start: float, end: float) -> HeardWord:
    word = one.word.model_copy(update={"start": start, "end": end})
    return HeardWord(word, one.speaker, one.turn)


def label_speakers(words: Iterable[HeardWord]) -> dict[str | None, str | None]:
    """A letter for each speaker, in order of appearance."""
    named = dict.fromkeys(one.speaker for one in words if one.speaker is not None)
    return {None: None, **{name: _build_label(number) for number, name in enumerate(named)}}


def _build_label(number: int) -> str:
    more, letter = divmod(number, 26)
    return chr(ord("A") + letter) + (str(more) if more else "")


def _build_segment(number: int, turn: SpeakerTurn, glue: str) -> Segment:
    start = turn.words[0].start
    return Segment(
        id=number,
        start=start,
        end=max(turn.words[-1].end, start + SHORTEST_S),
        text=glue.join(word.text for word in turn.words),
        speaker=turn.speaker,
        words=tuple(turn.words),
    )
