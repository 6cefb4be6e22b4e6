"""Translates lines in batches, each of which is bought once.

What comes back is checked, line by line. A translator that can be told what was wrong is asked
again for just the lines that fail, at last for each by itself, so that one line that it refuses
spoils no other; any other translator answers the same each time. What then still fails is told of
as a warning. A text with a fault is kept, for it is nearer to what was said than any other. A line
without any keeps its source's text: so captions still tell it, nobody is mute on the screen, and
who reads the warning changes that one line; to fail the language would throw away all others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from backend.documents.glossary import (
    Glossary,
    Terms,
    choose_terms,
    find_missed_terms,
    find_terms,
)
from backend.documents.spoken import has_words
from backend.documents.text import format_lines, number_line
from backend.documents.transcripts import Transcript
from backend.documents.translation_checks import find_faults, is_unchanged
from backend.errors import Refused, Transient
from backend.pipeline.stages import Stage
from workers.calls.paid_calls import PaidCalls
from workers.captions.rules import build_rules
from workers.interfaces.providers import (
    SourceLine,
    TranslationBatch,
    TranslationResult,
    Translator,
)
from workers.interfaces.stages import StageContext

TEXTS = TypeAdapter(list[str])
AGAIN = (8, 1)  # lines a call, when those that fail are asked for again and again
BEFORE, AFTER = 5, 3  # lines of context
# What is wrong with lines of a translator that cannot be told so.
NOTHING = "{name} gave nothing for {lines}: what stands there is the source's text; change it"
UNCHANGED = "{name} left {lines} as in the source; change what has to be translated"
TERMS = "{name} knows no glossary: terms of it are missing in {lines}"
PAUSE_S = 1.0  # of the silence after it, what a line may take


@dataclass(frozen=True)
class TranslatedLine:
    """The best text that was given, what is wrong with it, and why there is none."""

    text: str
    fault: str = ""
    reason: str = ""


def translate_lines(
    translator: Translator,
    source: Transcript,
    target: str,
    context: StageContext,
    glossary: Glossary = (),
) -> Mapping[int, TranslatedLine]:
    """The translations of all segments by id; raises `Refused` when there is none at all."""
    calls = PaidCalls(translator, Stage.MT, context.batches, context)
    translate = _translate_carefully if translator.instructable else _translate_once
    done: dict[int, TranslatedLine] = {}
    terms = choose_terms(glossary, source.language, target)
    for plain in _build_batches(source, target, translator.batch_size):
        batch = replace(plain, terms=tuple(find_terms(terms, "\n".join(plain.texts))))
        context.progress(len(done) / len(source.segments))
        done |= translate(batch, translator, calls)
    _require_any(source, done, translator)
    return done


def list_warnings(done: Mapping[int, TranslatedLine], translator: Translator) -> Iterator[str]:
    """What is wrong, and what to do about it: of whom can mend it line by line, else in one."""
    if not translator.instructable:
        for fault in (NOTHING, UNCHANGED, TERMS):
            faulty = [id_ for id_, line in done.items() if line.fault == fault]
            if faulty:
                yield fault.format(name=translator.name, lines=format_lines(faulty))
        return
    for id_, line in done.items():
        told = f"Line {number_line(id_)}"
        if line.fault and line.text:
            yield f"{told}: {line.fault}; change it if that is wrong"
        elif line.fault:
            why = line.reason or line.fault
            yield f"{told} has no translation and keeps its source's text: {why}; change it"


def _build_batches(source: Transcript, target: str, size: int) -> Iterator[TranslationBatch]:
    lines = _build_lines(source, target)
    texts = [line.text for line in lines]
    for first in range(0, len(lines), size):
        end = first + size
        yield TranslationBatch(
            tuple(lines[first:end]),
            source.language,
            target,
            tuple(texts[max(0, first - BEFORE) : first]),
            tuple(texts[end : end + AFTER]),
        )


def _build_lines(source: Transcript, target: str) -> list[SourceLine]:
    speed = build_rules(target).limits.speed
    starts = [*(segment.start for segment in source.segments[1:]), source.duration]
    lines = []
    for segment, following in zip(source.segments, starts, strict=False):
        own = segment.end - segment.start
        seconds = round(max(own, min(following - segment.start, own + PAUSE_S)), 2)
        lines.append(
            SourceLine(segment.id, segment.text, segment.speaker, seconds, int(seconds * speed))
        )
    return lines


def _translate_once(
    batch: TranslationBatch, translator: Translator, calls: PaidCalls
) -> Mapping[int, TranslatedLine]:
    answer = _buy_batch(batch, translator, calls)
    return {
        line.id: TranslatedLine(text.strip() and text, _find_fault(line.text, text, batch.terms))
        for line, text in zip(batch.lines, answer.texts, strict=True)
    }


def _find_fault(source: str, text: str, terms: Terms) -> str:
    """The worst of what may be wrong with a text that is not asked for again."""
    if source.strip() and not text.strip():
        return NOTHING
    if is_unchanged(source, text, terms):
        return UNCHANGED
    return TERMS if any(find_missed_terms(terms, source, text)) else ""


def _translate_carefully(
    batch: TranslationBatch, translator: Translator, calls: PaidCalls
) -> Mapping[int, TranslatedLine]:
    # What has no words needs nobody who could get it wrong.
    done = {line.id: TranslatedLine(line.text) for line in batch.lines}
    lines = [line for line in batch.lines if has_words(line.text)]
    for size in (translator.batch_size, *AGAIN):
        for first in range(0, len(lines), size):
            part = replace(batch, lines=tuple(lines[first : first + size]))
            for line, found in _judge_batch(part, _buy_batch(part, translator, calls)):
                # After an answer without a text an earlier one still stands.
                done[line.id] = found if found.text or not line.fault else done[line.id]
        lines = [replace(line, fault=done[line.id].fault) for line in lines if done[line.id].fault]
    return done


def _judge_batch(
    batch: TranslationBatch, answer: TranslationResult
) -> Iterator[tuple[SourceLine, TranslatedLine]]:
    for line, text in zip(batch.lines, answer.texts, strict=True):
        fault = "; ".join(find_faults(line.text, text, batch.terms))
        yield line, TranslatedLine(text, fault, answer.reason)


def _buy_batch(
    batch: TranslationBatch, translator: Translator, calls: PaidCalls
) -> TranslationResult:
    """The answer to this very question; one that lacks a text is not kept, but asked for anew."""
    key = calls.compute_key([asdict(batch)])
    found = calls.find(key, TEXTS)
    if found is not None:
        return TranslationResult(found)
    answer = calls.buy(lambda: translator.translate(batch, call=calls.context))
    if len(answer.texts) != len(batch.lines):
        # A merged line must not shift the rest.
        raise Transient(f"{translator.name} gave {len(answer.texts)} texts for {len(batch.lines)}")
    if not _list_missing(answer.texts, batch):
        calls.keep(key, TEXTS, list(answer.texts))
    return answer


def _list_missing(texts: Sequence[str], batch: TranslationBatch) -> list[str]:
    pairs = zip(batch.texts, texts, strict=True)
    return [given for given, got in pairs if given.strip() and not got.strip()]


def _require_any(
    source: Transcript, done: Mapping[int, TranslatedLine], translator: Translator
) -> None:
    """A dub in which everybody still speaks the source's language is none."""
    asked = [done[one.id] for one in source.segments if has_words(one.text)]
    if asked and not any(line.text for line in asked):
        told = asked[0].reason or asked[0].fault
        why = "nothing was given" if told == NOTHING else told
        raise Refused(f"{translator.name} translated none of {len(asked)} lines: {why}")
