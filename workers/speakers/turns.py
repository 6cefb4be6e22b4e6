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
from workers.interfaces.providers import ProviderCall
from workers.speakers import clusters
from workers.speakers.encoder import Floats, compute_voiceprints
from workers.speakers.sound import read_excerpts

Words = Sequence[Word]

# Between two speakers is a pause, however short; what is shorter than this tells no voice.
TURN_PAUSE_S = 0.03
SHORTEST_S = 0.8

log = structlog.get_logger()


class SpeakerTurn(NamedTuple):
    """Words that one speaker says without a break; None where speakers are not told apart."""

    speaker: str | None
    words: Words


class Diarization(NamedTuple):
    """Turns in time order, and what went wrong in telling their speakers apart."""

    turns: list[SpeakerTurn]
    warnings: list[str]


def diarize(wav: Path, sentences: Sequence[Words], call: ProviderCall) -> Diarization:
    """Turns by speakers A, B, C in order of appearance; all by one when that cannot be done.

    `wav` is 16 kHz mono; a sentence has at least one word. Raises only what `call` raises.
    """
    if not any(_measure_length(words) >= SHORTEST_S for words in sentences):
        return _fall_back(sentences, "too little is said")
    try:
        return Diarization(list(_build_turns(wav, sentences, call)), [])
    except DublineError:
        raise
    except Exception as error:
        log.exception("speakers not told apart")
        return _fall_back(sentences, f"unexpected {type(error).__name__}, see the worker's log")


def assign_one_speaker(sentences: Sequence[Words]) -> Diarization:
    """All sentences as turns of the one speaker."""
    return Diarization([SpeakerTurn(None, words) for words in sentences], [])


def _fall_back(sentences: Sequence[Words], reason: str) -> Diarization:
    warning = f"Speakers were not told apart, one voice speaks all lines: {reason}"
    return assign_one_speaker(sentences)._replace(warnings=[warning] if sentences else [])


def _build_turns(
    wav: Path, sentences: Sequence[Words], call: ProviderCall
) -> Iterator[SpeakerTurn]:
    parted = [split_at_pauses(words) for words in sentences]
    pieces = [piece for sentence in parted for piece in sentence]
    prints = _compute_voiceprints(wav, pieces, call)
    seconds = np.array([_measure_length(piece) for piece in pieces])
    known = clusters.cluster_speakers(prints, seconds)
    labels: dict[int, str] = {}
    ends = np.cumsum([len(sentence) for sentence in parted])[:-1]
    for sentence, own in zip(parted, np.split(prints, ends), strict=True):
        said_by = clusters.assign_pieces(known, own, [_measure_length(piece) for piece in sentence])
        for speaker, said in groupby(zip(said_by, sentence, strict=True), key=itemgetter(0)):
            label = labels.setdefault(speaker, chr(ord("A") + len(labels)))
            yield SpeakerTurn(label, [word for _, piece in said for word in piece])


def _compute_voiceprints(wav: Path, pieces: Sequence[Words], call: ProviderCall) -> Floats:
    spans = [(piece[0].start, piece[-1].end) for piece in pieces]
    prints = []
    for found in compute_voiceprints(read_excerpts(wav, spans)):
        call.progress(1.0)  # recognition is done; what is left must be stoppable
        prints.append(found)
    return np.stack(prints)


def split_at_pauses(words: Words) -> list[Words]:
    """The sentence cut at pauses, as long as both sides are long enough to tell a voice."""
    cuts = [0]
    for at, (before, after) in enumerate(pairwise(words), 1):
        pause = after.start - before.end
        shorter = min(before.end - words[cuts[-1]].start, words[-1].end - after.start)
        if pause >= TURN_PAUSE_S and shorter >= SHORTEST_S:
            cuts.append(at)
    return [words[first:last] for first, last in pairwise([*cuts, len(words)])]


def _measure_length(words: Words) -> float:
    return words[-1].end - words[0].start
