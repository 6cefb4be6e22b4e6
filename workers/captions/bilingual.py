"""Captions in two languages at once: a line of the source above a line of the translation."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from workers.captions.cues import (
    CaptionText,
    Cue,
    CueDraft,
    build_draft,
    build_flow,
    lay_out_text,
    schedule_drafts,
)
from workers.captions.layout import Flow, Span, choose_cue_spans
from workers.captions.rules import Rules


def build_bilingual_cues(
    said: Iterable[tuple[CaptionText, str]], upper: Rules, lower: Rules, until: float | None = None
) -> list[Cue]:
    """Cues for utterances and what they are translations of, whose rules are `upper`.

    Both texts are cut into the same number of lines, one of each a cue.
    """
    one_line = replace(upper, lines=1), replace(lower, lines=1)
    drafts = [one for pair in said for one in _build_drafts(*pair, *one_line)]
    return schedule_drafts(drafts, lower, until)


def _build_drafts(said: CaptionText, source: str, upper: Rules, lower: Rules) -> list[CueDraft]:
    above = build_flow(said._replace(text=source, words=()), upper)
    below = build_flow(said, lower)
    highest, lowest = _match_spans(above, below)
    timing, spans = (below, lowest) if len(lowest) >= len(highest) else (above, highest)
    texts = zip_longest(_list_texts(above, highest), _list_texts(below, lowest), fillvalue="")
    return [
        build_draft(timing, span, "\n".join(filter(None, pair)))
        for span, pair in zip(spans, texts, strict=True)
    ]


def _match_spans(above: Flow, below: Flow) -> tuple[Sequence[Span], Sequence[Span]]:
    """The cues of both, as many of one as of the other where its text allows it."""
    flows = above, below
    free = [choose_cue_spans(flow) or () for flow in flows]
    parts = max(map(len, free))
    upper, lower = (
        spans if len(spans) == parts else choose_cue_spans(flow, parts) or spans
        for flow, spans in zip(flows, free, strict=True)
    )
    return upper, lower


def _list_texts(flow: Flow, spans: Sequence[Span]) -> list[str]:
    return [lay_out_text(flow, span) for span in spans]
