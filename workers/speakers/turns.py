"""Who says what: sentences as recognised, parted where the speaker changes and labelled."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import structlog

from backend.documents.transcripts import Word
from backend.errors import DublineError
from workers.interfaces.providers import Call
from workers.speakers import clusters
from workers.speakers.encoder import Floats, voiceprints
from workers.speakers.sound import excerpts

Words = Sequence[Word]

# Between two speakers is a pause, however short; what is shorter than this tells no voice.
TURN_PAUSE_S = 0.03
SHORTEST_S = 0.8

log = structlog.get_logger()


class Turn(NamedTuple):
    """Words that one speaker says without a break; None where speakers are not told apart."""

    speaker: str | None
    words: Words


class Told(NamedTuple):
    """Turns in time order, and what went wrong in telling their speakers apart."""

    turns: list[Turn]
    warnings: list[str]


def tell_apart(wav: Path, sentences: Sequence[Words], call: Call) -> Told:
    """Turns by speakers A, B, C in order of appearance; all by one when that cannot be done.

    `wav` is 16 kHz mono; a sentence has at least one word. Raises only what `call` raises.
    """
    if not any(_length(words) >= SHORTEST_S for words in sentences):
        return _degraded(sentences, "too little is said")
    try:
        return Told(list(_turns(wav, sentences, call)), [])
    except DublineError:
        raise
    except Exception as error:
        log.exception("speakers not told apart")
        return _degraded(sentences, f"unexpected {type(error).__name__}, see the worker's log")


def alone(sentences: Sequence[Words]) -> Told:
    """All sentences as turns of the one speaker."""
    return Told([Turn(None, words) for words in sentences], [])


def _degraded(sentences: Sequence[Words], reason: str) -> Told:
    warning = f"Speakers were not told apart, one voice speaks all lines: {reason}"
    return alone(sentences)._replace(warnings=[warning] if sentences else [])


def _turns(wav: Path, sentences: Sequence[Words], call: Call) -> Iterator[Turn]:
    parted = [parts(words) for words in sentences]
    pieces = [piece for sentence in parted for piece in sentence]
    prints = _voiceprints(wav, pieces, call)
    seconds = np.array([_length(piece) for piece in pieces])
    known = clusters.speakers(prints, seconds)
    labels: dict[int, str] = {}
    ends = np.cumsum([len(sentence) for sentence in parted])[:-1]
    for sentence, own in zip(parted, np.split(prints, ends), strict=True):
        said_by = clusters.whose(known, own, [_length(piece) for piece in sentence])
        for speaker, said in groupby(zip(said_by, sentence, strict=True), key=itemgetter(0)):
            label = labels.setdefault(speaker, chr(ord("A") + len(labels)))
            yield Turn(label, [word for _, piece in said for word in piece])


def _voiceprints(wav: Path, pieces: Sequence[Words], call: Call) -> Floats:
    spans = [(piece[0].start, piece[-1].end) for piece in pieces]
    prints = []
    for found in voiceprints(excerpts(wav, spans)):
        call.progress(1.0)  # recognition is done; what is left must be stoppable
        prints.append(found)
    return np.stack(prints)


def parts(words: Words) -> list[Words]:
    """The sentence cut at pauses, as long as both sides are long enough to tell a voice."""
    cuts = [0]
    for at, (before, after) in enumerate(pairwise(words), 1):
        pause = after.start - before.end
        shorter = min(before.end - words[cuts[-1]].start, words[-1].end - after.start)
        if pause >= TURN_PAUSE_S and shorter >= SHORTEST_S:
            cuts.append(at)
    return [words[first:last] for first, last in pairwise([*cuts, len(words)])]


def _length(words: Words) -> float:
    return words[-1].end - words[0].start
