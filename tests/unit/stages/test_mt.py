"""run_mt: one line for each segment, whatever the translator does."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.documents.glossary import GlossaryEntry
from backend.documents.transcripts import Segment, Speaker, Transcript, Translation
from backend.errors import Permanent, Refused, Stopping, Transient
from tests.stage_context import LocalContext, build_input
from workers.interfaces.providers import Cost, ProviderCall, TranslationBatch, TranslationResult
from workers.stages import mt


class Forgetful:
    """A translator in small batches that answers as the test wants."""

    name, model, batch_size, instructable = "forgetful", "1", 2, False

    def __init__(self, answer) -> None:
        self.answer = answer
        self.batches: list[Sequence[str]] = []

    def check(self, source: str, target: str) -> None:
        """Every pair will do."""

    def translate(self, batch: TranslationBatch, *, call: ProviderCall):
        self.batches.append(batch.texts)
        return TranslationResult(self.answer(batch.texts), Cost(len(batch.texts), "texts", 0.25))


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    return LocalContext(tmp_path)


def translate_texts(context: LocalContext, texts: Sequence[str], **params: object):
    segments = [
        Segment(id=i, start=i, end=i + 0.9, text=text, speaker="AB"[i % 2])
        for i, text in enumerate(texts)
    ]
    path = context.workdir / "segments_src.json"
    document = Transcript(
        language="en",
        duration=len(texts) + 1,
        speakers=(Speaker(label="A", pitch_hz=110.5), Speaker(label="B")),
        segments=tuple(segments),
    )
    path.write_bytes(document.to_bytes())
    return mt.run(
        build_input(
            {"segments_src": context.store_file(path, "application/json")}, "pt-BR", **params
        ),
        context,
    )


def test_lines_keep_times_speakers_and_order(context):
    outcome = translate_texts(context, ["One.", "Two.", "Three."])
    found = Translation.model_validate_json(outcome.files[0].path.read_bytes())
    assert outcome.files[0].filename == "segments_pt-BR.json"
    assert [line.text for line in found.lines] == [
        "{pt-BR} One.",
        "{pt-BR} Two.",
        "{pt-BR} Three.",
    ]
    assert [(line.start, line.end, line.speaker) for line in found.lines] == [
        (0, 0.9, "A"),
        (1, 1.9, "B"),
        (2, 2.9, "A"),
    ]
    assert found.duration == 4
    assert found.speakers == (Speaker(label="A", pitch_hz=110.5), Speaker(label="B"))


def test_batches_and_their_cost_add_up(context, monkeypatch):
    translator = Forgetful(lambda texts: [text.upper() for text in texts])
    monkeypatch.setattr(context, "get_translator", lambda _name: translator)
    translate_texts(context, ["a", "b", "c"])
    assert translator.batches == [["a", "b"], ["c"]]
    assert context.take_spent() == Cost(3, "texts", 0.5)


def test_only_what_is_said_is_translated_and_what_is_shown_stays(context, monkeypatch):
    translator = Forgetful(lambda texts: [text.upper() for text in texts])
    monkeypatch.setattr(context, "get_translator", lambda _name: translator)
    shown = ["[Music]", "MARY: good (sighs) morning", "...", ">> bye. \u266a"]
    outcome = translate_texts(context, shown)
    assert translator.batches == [["good morning", "bye."]]
    found = Translation.model_validate_json(outcome.files[0].path.read_bytes())
    assert [line.source for line in found.lines] == shown
    assert [line.text for line in found.lines] == [
        "[Music]",
        "MARY: GOOD MORNING (sighs)",
        "...",
        ">> BYE. \u266a",
    ]


@pytest.mark.parametrize("answer", [lambda texts: texts[:-1], lambda texts: [*texts, "more"]])
def test_a_wrong_number_of_lines_is_tried_again(context, monkeypatch, answer):
    monkeypatch.setattr(context, "get_translator", lambda _name: Forgetful(answer))
    with pytest.raises(Transient, match="texts for 2"):
        translate_texts(context, ["a", "b"])


def test_an_empty_line_keeps_its_source_and_is_told_of(context, monkeypatch):
    """Of an engine that would answer the same each time; turns red when nothing is noticed."""
    translator = Forgetful(lambda texts: [f"{text}x" * (text != "b") for text in texts])
    monkeypatch.setattr(context, "get_translator", lambda _name: translator)
    outcome = translate_texts(context, ["a", "b", "c"])
    found = Translation.model_validate_json(outcome.files[0].path.read_bytes())
    assert [line.text for line in found.lines] == ["ax", "b", "cx"]
    [warning] = outcome.warnings
    assert warning.startswith("forgetful gave nothing for line 2: ")


def test_without_any_text_the_next_translator_is_asked(context, monkeypatch):
    mute = Forgetful(lambda texts: ["" for _ in texts])
    monkeypatch.setattr(context, "get_translator", lambda _name: mute)
    with pytest.raises(Refused, match="forgetful translated none of 2 lines: nothing was given"):
        translate_texts(context, ["a", "b"])


def test_lines_that_come_back_as_they_were_are_told_of(context, monkeypatch):
    monkeypatch.setattr(context, "get_translator", lambda _name: Forgetful(lambda texts: texts))
    outcome = translate_texts(context, ["Thank you.", "Mary!", "1984", "I see."])
    [warning] = outcome.warnings
    assert warning == (
        "forgetful left lines 1, 4 as in the source; change what has to be translated"
    )


def test_nothing_said_nothing_translated(context):
    outcome = translate_texts(context, [])
    assert Translation.model_validate_json(outcome.files[0].path.read_bytes()).lines == ()


def test_a_batch_is_bought_once_whatever_happens_to_the_stage(context, monkeypatch):
    translator = Forgetful(lambda texts: [text.upper() for text in texts])
    monkeypatch.setattr(context, "get_translator", lambda _: translator)
    context.stop = (0.5, Stopping("a deploy"))
    with pytest.raises(Stopping):
        translate_texts(context, ["one", "two", "three", "four"])
    assert context.take_spent().usd == 0.25, "what the attempt bought that was stopped"
    context.stop = None
    outcome = translate_texts(context, ["one", "two", "three", "four"])
    assert translator.batches == [["one", "two"], ["three", "four"]]
    found = Translation.model_validate_json(outcome.files[0].path.read_bytes())
    assert [line.text for line in found.lines] == ["ONE", "TWO", "THREE", "FOUR"]
    assert context.take_spent().usd == 0.25, "only what this attempt bought"


def test_a_batch_that_storage_damaged_is_bought_again(context, monkeypatch):
    translator = Forgetful(lambda texts: [text.upper() for text in texts])
    monkeypatch.setattr(context, "get_translator", lambda _: translator)
    translate_texts(context, ["one"])
    (kept,) = context.store.list_objects("batches/")
    context.store.resolve_path(kept.key).write_bytes(b'["EINS"]')
    outcome = translate_texts(context, ["one"])
    found = Translation.model_validate_json(outcome.files[0].path.read_bytes())
    assert [line.text for line in found.lines] == ["ONE"]
    assert translator.batches == [["one"], ["one"]]


def test_a_bad_answer_is_not_kept(context, monkeypatch):
    answers = iter([[], ["ONE"]])
    translator = Forgetful(lambda _: next(answers))
    monkeypatch.setattr(context, "get_translator", lambda _: translator)
    with pytest.raises(Transient):
        translate_texts(context, ["one"])
    translate_texts(context, ["one"])
    assert len(translator.batches) == 2


def test_what_is_in_the_target_language_already_is_not_translated(context):
    document = Transcript(language="pt", duration=1.0, segments=())
    path = context.workdir / "segments_src.json"
    path.write_bytes(document.to_bytes())
    files = {"segments_src": context.store_file(path, "application/json")}
    with pytest.raises(Permanent, match="in Portuguese already: leave it out"):
        mt.run(build_input(files, "pt-BR", source_language="auto"), context)


GLOSSARY = (
    GlossaryEntry(term="battery", language="pt", translation="bateria"),
    GlossaryEntry(term="Dubline"),
)


def test_who_knows_no_glossary_is_told_of_once(context):
    """The stub keeps words as they are."""
    texts = ["The battery.", "Dubline.", "A battery!", "None."]
    outcome = translate_texts(context, texts, glossary=GLOSSARY)
    assert outcome.warnings == ("stub knows no glossary: terms of it are missing in lines 1, 3",)
    assert translate_texts(context, texts).warnings == ()


def test_a_translator_that_costs_too_much_is_not_asked(context, monkeypatch):
    """Turns red when the stage goes by no budget."""
    translator = Forgetful(lambda texts: texts)
    monkeypatch.setattr(context, "get_translator", lambda _name: translator)
    context.dear = {"stub"}
    with pytest.raises(Permanent, match="maxCost: stub is too much"):
        translate_texts(context, ["One."])
    assert translator.batches == []
