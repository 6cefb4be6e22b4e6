"""What users bring in place of stages, made to fit the job."""

from uuid import UUID

import pytest

from backend.documents.subtitles import UNKNOWN
from backend.documents.transcripts import Line, Segment, Speaker, Transcript, Translation
from backend.errors import Invalid
from backend.jobs import fit_transcripts
from backend.jobs.fit_transcripts import JobStart
from backend.pipeline.params import JobKind
from backend.pipeline.stages import Stage
from tests.factories import dub_params

FILE, OTHER = UUID(int=1), UUID(int=2)


def build_transcript(*spans: tuple[float, float], language: str = UNKNOWN) -> Transcript:
    segments = tuple(Segment(id=9, start=a, end=b, text=f"at {a}") for a, b in spans)
    return Transcript(language=language, duration=99, segments=segments)


def test_a_transcript_stands_for_asr():
    start = JobStart(Stage.MT, transcript_id=FILE)
    assert fit_transcripts.choose_uploads(dub_params("es"), start) == {
        (Stage.ASR, ""): (FILE, "transcriptId")
    }


def test_translations_stand_for_mt_of_their_languages_however_these_are_written():
    start = JobStart(Stage.TTS, FILE, {"PT_br": OTHER})
    assert fit_transcripts.choose_uploads(dub_params("pt-BR"), start) == {
        (Stage.ASR, ""): (FILE, "transcriptId"),
        (Stage.MT, "pt-BR"): (OTHER, "translations"),
    }


@pytest.mark.parametrize(
    ("start", "field"),
    [
        (JobStart(Stage.MT), "transcriptId"),
        (JobStart(Stage.ASR, FILE), "transcriptId"),
        (JobStart(Stage.MT, FILE, {"es": OTHER}), "translations"),
        (JobStart(Stage.TTS), "translations"),
        (JobStart(Stage.TTS, FILE), "translations"),
        (JobStart(Stage.TTS, None, {"es": FILE, "fr": OTHER}), "translations"),
        (JobStart(Stage.TTS, None, {"klingonish": FILE}), "translations"),
    ],
)
def test_what_does_not_go_together_is_refused_by_field(start, field):
    with pytest.raises(Invalid) as refused:
        fit_transcripts.choose_uploads(dub_params("es"), start)
    assert refused.value.field == field


def test_a_transcription_starts_at_its_beginning():
    params = dub_params(kind=JobKind.TRANSCRIBE, target_languages=())
    with pytest.raises(Invalid, match="a transcription starts at asr"):
        fit_transcripts.choose_uploads(params, JobStart(Stage.MT, FILE))


def test_segments_are_put_in_order_numbered_and_end_with_the_recording():
    made = fit_transcripts.fit_transcript(
        build_transcript((3, 5.9), (1, 2)), "en", 5.0, "transcriptId"
    )
    assert (made.language, made.duration) == ("en", 5.0)
    assert [(one.id, one.start, one.end) for one in made.segments] == [(0, 1, 2), (1, 3, 5.0)]


@pytest.mark.parametrize("span", [(5.0, 5.5), (4.0, 6.1), (1.0, float("inf")), (2.0, 1.0)])
def test_times_that_cannot_be_are_refused_with_the_line_that_has_them(span):
    with pytest.raises(Invalid, match=rf"'at {span[0]}' \(.*(past the end|does not end)"):
        fit_transcripts.fit_transcript(build_transcript((0, 1), span), "en", 5.0, "transcriptId")


def test_what_text_stands_for_lasts_as_long_as_its_transcript():
    assert (
        fit_transcripts.fit_transcript(
            build_transcript((1, 2)), "en", None, "transcriptId"
        ).duration
        == 99
    )


def test_whoever_is_named_in_a_line_is_among_the_speakers():
    segments = tuple(
        Segment(id=0, start=start, end=start + 1, text="x", speaker=speaker)
        for start, speaker in ((2, "C"), (1, None), (3, "B"), (4, "C"))
    )
    known = Speaker(label="B", pitch_hz=100.0)
    said = Transcript(language=UNKNOWN, duration=9, speakers=(known,), segments=segments)
    expected = (known, Speaker(label=None), Speaker(label="C"))
    assert fit_transcripts.fit_transcript(said, "en", 9.0, "transcriptId").speakers == expected
    assert (
        fit_transcripts.fit_translation(said, "en", "es", 9.0, "translations").speakers == expected
    )


def test_subtitles_become_lines_without_a_source():
    made = fit_transcripts.fit_translation(
        build_transcript((1, 2)), "en", "es", 5.0, "translations"
    )
    assert made.lines == (Line(id=0, start=1, end=2, source="", text="at 1"),)
    assert (made.source_language, made.language, made.duration) == ("en", "es", 5)


def test_our_own_translation_keeps_what_it_translates():
    line = Line(id=4, start=1, end=2, source="Hello", text="Hola", speaker="A")
    said = Translation(source_language="en", language="es-ES", duration=9, lines=(line,))
    made = fit_transcripts.fit_translation(said, "en", "es", 5.0, "translations")
    assert made.lines == (line.model_copy(update={"id": 0}),)
    assert (made.language, made.duration) == ("es", 5)


@pytest.mark.parametrize(
    ("language", "problem"), [("fr", "is in French, not English"), ("?", "no language tag")]
)
def test_another_language_is_refused(language, problem):
    with pytest.raises(Invalid, match=problem):
        fit_transcripts.fit_transcript(
            build_transcript((1, 2), language=language), "en-GB", 5.0, "transcriptId"
        )


def test_a_translation_is_no_transcript():
    said = Translation(source_language="en", language="es", duration=9, lines=())
    with pytest.raises(Invalid, match="give the transcript"):
        fit_transcripts.fit_transcript(said, "es", 5.0, "transcriptId")
