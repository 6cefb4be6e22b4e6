"""run_asr, with the stub transcriber and with a transcriber made for the test."""

import json
from pathlib import Path

import pytest
from docx import Document

from backend.documents.transcripts import Segment, Speaker, Transcript, Word
from backend.errors import LimitExceeded, Pending, Permanent, Transient
from backend.pipeline.files import StoredFile
from backend.pipeline.params import JobKind, SpeakerMode
from tests.media_samples import tone, write
from tests.stage_context import LocalContext, build_input
from workers.interfaces.providers import Cost, TranscriptionResult
from workers.providers.stub import StubTranscriber
from workers.stages import asr


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    return LocalContext(tmp_path)


def text(context: LocalContext, content: str) -> StoredFile:
    path = context.workdir / "talk.txt"
    path.write_text(content, encoding="utf-8")
    return context.store_file(path, "text/plain")


def transcript(context: LocalContext, media: StoredFile, **params: object) -> Transcript:
    outcome = asr.run(build_input({"media": media}, **params), context)
    return Transcript.model_validate_json(outcome.files[0].path.read_bytes())


def test_text_is_its_own_transcript(context):
    said = transcript(context, text(context, "Hello there.\n\nWie geht's, Ärger?\n"))
    assert [one.text for one in said.segments] == ["Hello there.", "Wie geht's, Ärger?"]
    assert [one.id for one in said.segments] == [0, 1]
    assert said.segments[0].end < said.segments[1].start
    assert said.duration == said.segments[-1].end


def test_a_transcription_is_exported_in_five_formats(context):
    media = text(context, "Ann: Hello & <b>welcome</b>.\nBob: Thanks.\n")
    outcome = asr.run(
        build_input(
            {"media": media},
            kind=JobKind.TRANSCRIBE,
            target_languages=(),
            mode=SpeakerMode.DIALOGUE,
        ),
        context,
    )
    paths = {made.kind: made.path for made in outcome.files}
    document = Document(paths.pop("transcript_docx"))
    assert [one.text for one in document.paragraphs][1] == "0:00:00  Ann\nHello & <b>welcome</b>."
    files = {kind: path.read_text() for kind, path in paths.items()}
    assert set(files) == {"segments_src", "transcript_txt", "transcript_srt", "transcript_vtt"}
    assert files["transcript_txt"] == "Ann: Hello & <b>welcome</b>.\nBob: Thanks.\n"
    assert "Hello & <b>welcome</b>." in files["transcript_srt"]
    assert "Hello &amp; &lt;b&gt;welcome&lt;/b&gt;." in files["transcript_vtt"]
    assert json.loads(files["segments_src"])["segments"][0]["speaker"] == "Ann"


def test_sound_is_decoded_for_the_transcriber(context):
    media = context.store_file(
        write(context.workdir / "in.wav", tone(2.0, 8_000, 1), 8_000), "audio/wav"
    )
    said = transcript(context, media)
    assert said.duration == pytest.approx(2.0, abs=0.001)
    assert "2.000 s of sound" in said.segments[0].text


def test_progress_moves_while_the_recording_is_decoded_and_while_it_is_heard(context):
    media = context.store_file(
        write(context.workdir / "in.wav", tone(20.0, 8_000, 1), 8_000), "audio/wav"
    )
    transcript(context, media)
    decoding = [told for told in context.told if told <= asr.DECODED]
    assert len(set(decoding)) > 1
    assert context.told == sorted(context.told)
    # The stub tells that it has heard one half.
    assert context.told[-1] == pytest.approx((1 + asr.DECODED) / 2)


def test_speakers_are_listed_with_their_pitch(context):
    hum = write(context.workdir / "in.wav", tone(2.0, 16_000, 1, hertz=220), 16_000)
    said = transcript(context, context.store_file(hum, "audio/wav"))
    assert [one.label for one in said.speakers] == [None]
    assert said.speakers[0].pitch_hz == pytest.approx(220, rel=0.02)


def test_speakers_of_a_text_have_no_pitch(context):
    said = transcript(
        context, text(context, "Bob: Hello.\nAnn: Hi.\nBob: Bye.\n"), mode=SpeakerMode.DIALOGUE
    )
    assert said.speakers == (Speaker(label="Bob"), Speaker(label="Ann"))


def test_a_name_that_a_recogniser_wrote_tells_the_speaker(context):
    said = transcript(context, text(context, "ANN: Hello.\n[laughs] Hi.\n"))
    assert [one.speaker for one in said.segments] == ["ANN", None]
    assert said.speakers == (Speaker(label="ANN"), Speaker(label=None))


def test_nobody_is_heard_after_the_end_of_the_recording(context, monkeypatch):
    """Sound may outlast its picture."""
    words = tuple(Word(text=f"w{n}", start=n, end=n + 0.9) for n in range(4))
    late = (
        Segment(id=0, start=0, end=2.5, text="until after the end", words=words),
        Segment(id=1, start=2.1, end=2.4, text="after it", speaker="B"),
    )
    stub = context.get_transcriber("stub")
    monkeypatch.setattr(stub, "transcribe", lambda *_, **__: TranscriptionResult(late, "en"))
    monkeypatch.setattr(context, "get_transcriber", lambda _name: stub)
    media = context.store_file(
        write(context.workdir / "in.wav", tone(1.5, 8_000, 1), 8_000), "audio/wav"
    )
    said = transcript(context, media)
    assert [(one.text, one.end) for one in said.segments] == [("until after the end", 1.5)]
    assert [(word.text, word.end) for word in said.segments[0].words] == [("w0", 0.9), ("w1", 1.5)]
    assert [one.label for one in said.speakers] == [None]


def test_a_voice_that_no_language_offers_is_refused_before_anybody_listens(context, monkeypatch):
    monkeypatch.setattr(context, "get_transcriber", lambda _name: None)
    asked = build_input({"media": text(context, "Hello.")}, voices={"B": "growl"})
    with pytest.raises(Permanent, match=r"no voice 'growl' for speaker B; choose one of bass"):
        asr.run(asked, context)


def test_nobody_speaks(context):
    media = text(context, "\n  \n")
    outcome = asr.run(build_input({"media": media}), context)
    assert Transcript.model_validate_json(outcome.files[0].path.read_bytes()).segments == ()
    assert outcome.warnings == ("Nobody was heard to speak in this recording",)


def test_text_in_another_encoding_is_refused(context):
    path = context.workdir / "talk.txt"
    path.write_bytes("Ärger".encode("latin-1"))
    with pytest.raises(Permanent, match=r"talk\.txt is not UTF-8 text from byte 0 on"):
        transcript(context, context.store_file(path, "text/plain"))


def test_what_is_no_media_is_refused_by_name(context):
    path = context.workdir / "noise"
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(Permanent, match=r"holiday\.mp3"):
        transcript(context, context.store_file(path, "audio/mpeg", "holiday.mp3"))


def test_without_any_language_that_can_be_dubbed_nobody_listens_for_hours(context, monkeypatch):
    monkeypatch.setattr(context, "get_transcriber", lambda _name: None)
    local = {"transcription": "stub", "translation": "local", "tts": "local"}
    asked = build_input(
        {"media": text(context, "Hello.")}, target_languages=("de", "pl"), providers=local
    )
    with pytest.raises(Permanent, match=r"German \(de\).*Polish \(pl\)"):
        asr.run(asked, context)


def test_one_language_that_can_be_dubbed_is_enough(context):
    local = {"transcription": "stub", "translation": "local", "tts": "local"}
    asked = build_input(
        {"media": text(context, "Hello.")}, target_languages=("de", "es"), providers=local
    )
    assert asr.run(asked, context).files


class Vendor(StubTranscriber):
    """Takes a job and is asked for its result later; counts the jobs it takes."""

    def __init__(self) -> None:
        self.jobs = 0
        self.away = False

    def transcribe(self, recording, language, *, diarize, call) -> TranscriptionResult:
        if call.recall("job") is None:
            self.jobs += 1
            call.remember("job", str(self.jobs))
        if self.away:
            raise Transient("The vendor does not answer")
        heard = super().transcribe(recording, language, diarize=diarize, call=call)
        return TranscriptionResult(
            heard.segments, heard.language, Cost(1.0, "seconds", usd=0.01), ["Hm"]
        )


@pytest.fixture
def vendor(monkeypatch) -> Vendor:
    found = Vendor()
    monkeypatch.setattr(LocalContext, "get_transcriber", lambda _self, _name: found)
    return found


def test_an_answer_that_was_never_committed_is_not_bought_again(context, vendor):
    asked = build_input({"media": text(context, "Ann: Hello.")})
    first = asr.run(asked, context)
    assert context.take_spent().usd == 0.01
    context.memo.clear()
    second = asr.run(asked, context)
    assert (vendor.jobs, context.take_spent().usd) == (1, 0)
    assert first.warnings == second.warnings == ("Hm",)
    assert first.files[0].path.read_bytes() == second.files[0].path.read_bytes()


def test_a_vendors_job_is_asked_for_again_but_not_for_another_question(context, vendor):
    """Turns red when what is remembered is not kept apart by what was asked."""
    media, vendor.away = text(context, "Ann: Hello."), True
    for mode in (SpeakerMode.MONO, SpeakerMode.MONO, SpeakerMode.DIALOGUE):
        with pytest.raises(Transient):
            asr.run(build_input({"media": media}, mode=mode), context)
    assert vendor.jobs == 2


class Working(StubTranscriber):
    """Takes in a job and answers when it is looked at for the second time."""

    looks = 0

    def transcribe(self, recording, language, *, diarize, call):
        call.remember("job", recording.path.read_text())
        raise Pending("at work", 5)

    def has_job(self, call):
        return bool(call.recall("job"))

    def fetch(self, language, *, call):
        self.looks += 1
        if self.looks == 1:
            raise Pending("at work", 5)
        segment = Segment(id=0, start=0.0, end=1.0, text=call.recall("job"))
        return TranscriptionResult([segment], "en", Cost(1, "seconds", 0.1))


def test_a_job_is_looked_at_without_the_recording_until_it_is_done(context, monkeypatch):
    transcriber, fetched = Working(), []
    media = text(context, "Said.")
    fetch = context.fetch
    monkeypatch.setattr(context, "get_transcriber", lambda _: transcriber)
    monkeypatch.setattr(context, "fetch", lambda file: fetched.append(file) or fetch(file))
    for expected in (1, 1):
        with pytest.raises(Pending):
            transcript(context, media)
        assert fetched.count(media) == expected
    assert [one.text for one in transcript(context, media).segments] == ["Said."]
    assert context.take_spent().usd == 0.1


def test_a_transcriber_that_costs_too_much_is_not_asked(context):
    """Turns red when the stage goes by no budget."""
    context.dear = {"stub"}
    with pytest.raises(Permanent, match="maxCost: stub is too much"):
        transcript(context, text(context, "Hello."))


def test_a_recording_beyond_the_limits_is_not_decoded(context, tmp_path):
    """Turns red when only the upload is looked at: the limits may be lower by now."""
    media = context.store_file(write(tmp_path / "talk.wav", tone(2.0)), "audio/wav")
    context.media_limits = context.media_limits._replace(duration=1.0)
    with pytest.raises(LimitExceeded, match="MAX_DURATION_S is 1"):
        asr.run(build_input({"media": media}), context)
