"""run_mt: one line for each segment, whatever the translator does."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.documents.transcripts import Segment, Speaker, Transcript, Translation
from backend.errors import Stopping, Transient
from tests.desk import LoneDesk, work
from workers.interfaces.providers import Call, Cost, Translated
from workers.stages import mt


class Forgetful:
    """A translator in small batches that answers as the test wants."""

    name, model, batch_size = "forgetful", "1", 2

    def __init__(self, answer) -> None:
        self.answer = answer
        self.batches: list[Sequence[str]] = []

    def translate(self, texts: Sequence[str], source: str, target: str, *, call: Call):
        self.batches.append(texts)
        return Translated(self.answer(texts), Cost(len(texts), "texts", 0.25))


@pytest.fixture
def desk(tmp_path: Path) -> LoneDesk:
    return LoneDesk(tmp_path)


def translated(desk: LoneDesk, texts: Sequence[str]):
    segments = [
        Segment(id=i, start=i, end=i + 0.9, text=text, speaker="AB"[i % 2])
        for i, text in enumerate(texts)
    ]
    path = desk.workdir / "segments_src.json"
    document = Transcript(
        language="en",
        duration=len(texts) + 1,
        speakers=(Speaker(label="A", pitch_hz=110.5), Speaker(label="B")),
        segments=tuple(segments),
    )
    path.write_bytes(document.to_bytes())
    return mt.run(work({"segments_src": desk.keep(path, "application/json")}, "pt-BR"), desk)


def test_lines_keep_times_speakers_and_order(desk):
    outcome = translated(desk, ["One.", "Two.", "Three."])
    found = Translation.model_validate_json(outcome.made[0].path.read_bytes())
    assert outcome.made[0].filename == "segments_pt-BR.json"
    assert [line.text for line in found.lines] == [
        "[pt-BR] One.",
        "[pt-BR] Two.",
        "[pt-BR] Three.",
    ]
    assert [(line.start, line.end, line.speaker) for line in found.lines] == [
        (0, 0.9, "A"),
        (1, 1.9, "B"),
        (2, 2.9, "A"),
    ]
    assert found.duration == 4
    assert found.speakers == (Speaker(label="A", pitch_hz=110.5), Speaker(label="B"))


def test_batches_and_their_cost_add_up(desk, monkeypatch):
    translator = Forgetful(lambda texts: [text.upper() for text in texts])
    monkeypatch.setattr(desk, "translator", lambda _name: translator)
    translated(desk, ["a", "b", "c"])
    assert translator.batches == [("a", "b"), ("c",)]
    assert desk.spent() == Cost(3, "texts", 0.5)


@pytest.mark.parametrize("answer", [lambda texts: texts[:-1], lambda texts: [*texts, "more"]])
def test_a_wrong_number_of_lines_is_tried_again(desk, monkeypatch, answer):
    monkeypatch.setattr(desk, "translator", lambda _name: Forgetful(answer))
    with pytest.raises(Transient, match="texts for 2"):
        translated(desk, ["a", "b"])


def test_an_empty_line_is_tried_again(desk, monkeypatch):
    monkeypatch.setattr(desk, "translator", lambda _name: Forgetful(lambda texts: ["", *texts[1:]]))
    with pytest.raises(Transient, match="nothing for 'a'"):
        translated(desk, ["a", "b"])


def test_nothing_said_nothing_translated(desk):
    outcome = translated(desk, [])
    assert Translation.model_validate_json(outcome.made[0].path.read_bytes()).lines == ()


def test_a_batch_is_bought_once_whatever_happens_to_the_stage(desk, monkeypatch):
    translator = Forgetful(lambda texts: [text.upper() for text in texts])
    monkeypatch.setattr(desk, "translator", lambda _: translator)
    desk.stop = (0.5, Stopping("a deploy"))
    with pytest.raises(Stopping):
        translated(desk, ["one", "two", "three", "four"])
    assert desk.spent().usd == 0.25, "what the attempt bought that was stopped"
    desk.stop = None
    outcome = translated(desk, ["one", "two", "three", "four"])
    assert translator.batches == [("one", "two"), ("three", "four")]
    found = Translation.model_validate_json(outcome.made[0].path.read_bytes())
    assert [line.text for line in found.lines] == ["ONE", "TWO", "THREE", "FOUR"]
    assert desk.spent().usd == 0.25, "only what this attempt bought"


def test_a_batch_that_storage_damaged_is_bought_again(desk, monkeypatch):
    translator = Forgetful(lambda texts: [text.upper() for text in texts])
    monkeypatch.setattr(desk, "translator", lambda _: translator)
    translated(desk, ["one"])
    (kept,) = desk.store.objects("batches/")
    desk.store.path(kept.key).write_bytes(b'["EINS"]')
    outcome = translated(desk, ["one"])
    found = Translation.model_validate_json(outcome.made[0].path.read_bytes())
    assert [line.text for line in found.lines] == ["ONE"]
    assert translator.batches == [("one",), ("one",)]


def test_a_bad_answer_is_not_kept(desk, monkeypatch):
    answers = iter([[], ["ONE"]])
    translator = Forgetful(lambda _: next(answers))
    monkeypatch.setattr(desk, "translator", lambda _: translator)
    with pytest.raises(Transient):
        translated(desk, ["one"])
    translated(desk, ["one"])
    assert len(translator.batches) == 2
