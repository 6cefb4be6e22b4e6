"""Captions in two languages at once: a line of the source above a line of the translation."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from workers.captions.cues import Cue, Draft, Utterance, draft, flowed, laid_out, timed
from workers.captions.layout import Flow, Span, cue_spans
from workers.captions.rules import Rules


def bilingual(
    said: Iterable[tuple[Utterance, str]], upper: Rules, lower: Rules, until: float | None = None
) -> list[Cue]:
    """Cues for utterances and what they are translations of, whose rules are `upper`.

    Both texts are cut into the same number of lines, one of each a cue.
    """
    one_line = replace(upper, lines=1), replace(lower, lines=1)
    drafts = [one for pair in said for one in _drafts(*pair, *one_line)]
    return timed(drafts, lower, until)


def _drafts(said: Utterance, source: str, upper: Rules, lower: Rules) -> list[Draft]:
    above = flowed(said._replace(text=source, words=()), upper)
    below = flowed(said, lower)
    highest, lowest = _matched(above, below)
    timing, spans = (below, lowest) if len(lowest) >= len(highest) else (above, highest)
    texts = zip_longest(_texts(above, highest), _texts(below, lowest), fillvalue="")
    return [
        draft(timing, span, "\n".join(filter(None, pair)))
        for span, pair in zip(spans, texts, strict=True)
    ]


def _matched(above: Flow, below: Flow) -> tuple[Sequence[Span], Sequence[Span]]:
    """The cues of both, as many of one as of the other where its text allows it."""
    flows = above, below
    free = [cue_spans(flow) or () for flow in flows]
    parts = max(map(len, free))
    upper, lower = (
        spans if len(spans) == parts else cue_spans(flow, parts) or spans
        for flow, spans in zip(flows, free, strict=True)
    )
    return upper, lower


def _texts(flow: Flow, spans: Sequence[Span]) -> list[str]:
    return [laid_out(flow, span) for span in spans]
