"""The captions and transcripts of a dub."""

from pathlib import Path

import pytest
from docx import Document

from backend.media.probe import probe_media
from backend.pipeline.params import Captions
from tests.media_samples import tone, write, write_av
from tests.mix_scene import LINES, Scene, paths
from workers.media import burn


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_captions_say_what_is_said_while_it_is_said(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    scene.say(LINES, 4.0)
    made = paths(scene.run())
    assert made["captions_srt"].read_text(encoding="utf-8") == (
        "1\n00:00:00,500 --> 00:00:01,334\nHola, mundo.\n\n"
        "2\n00:00:02,000 --> 00:00:03,059\n¿Qué <tal> & cuál?\n\n"
    )
    assert made["captions_vtt"].read_text(encoding="utf-8") == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.334\nHola, mundo.\n\n"
        "00:00:02.000 --> 00:00:03.059\n¿Qué &lt;tal&gt; &amp; cuál?\n"
    )


def test_captions_show_what_is_not_said_too(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    lines = [(0.2, 1.4, "[Música]", 0.0), (2.0, 3.0, "MARY: Adiós.", 1.0), (3.2, 3.9, "...", 0.0)]
    scene.say(lines, 4.0)
    text = paths(scene.run())["captions_srt"].read_text(encoding="utf-8")
    assert text.startswith("1\n00:00:00,200 --> 00:00:01,400\n[Música]\n\n2\n00:00:02,000 --> ")
    assert text.endswith("MARY: Adiós.\n\n")


def test_captions_come_as_ttml_too_and_the_translation_as_text(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    scene.say(LINES, 4.0)
    made = paths(scene.run())
    assert 'begin="00:00:02.000" end="00:00:03.' in made["captions_ttml"].read_text(
        encoding="utf-8"
    )
    text = made["transcript_txt"].read_text(encoding="utf-8")
    assert text == "Hola, mundo.\n¿Qué <tal> & cuál?\n"


def test_the_translation_comes_as_a_word_document_named_as_its_source(scene):
    media = write(scene.folder / "in.wav", tone(4.0))
    scene.store("media", media, filename="talk.wav")
    scene.say([*LINES, (3.0, 3.2, "", 0.0)], 4.0)
    document = Document(paths(scene.run())["transcript_docx"])
    assert [one.text for one in document.paragraphs] == [
        "talk",
        "0:00:00\nHola, mundo.",
        "0:00:02\n¿Qué <tal> & cuál?",
    ]


def test_bilingual_captions_are_made_where_they_are_asked_for(scene):
    scene.store("media", write(scene.folder / "in.wav", tone(4.0)))
    scene.say(LINES[:1], 4.0, source="Hallo, Welt.")
    made = paths(scene.run(captions=Captions(bilingual=True)))
    assert "Hallo, Welt.\nHola, mundo.\n" in made["captions_bilingual_srt"].read_text()
    assert "Hallo, Welt.\nHola, mundo.\n" in made["captions_bilingual_vtt"].read_text()
    assert "captions_bilingual_srt" not in paths(scene.run())


@pytest.mark.skipif(not burn.is_available(), reason="no ffmpeg with libass: apt-get install ffmpeg")
def test_captions_are_drawn_into_a_further_video_where_that_is_asked_for(scene):
    scene.store("media", film(scene))
    scene.say(LINES[:1], 2.0)
    outcome = scene.run(captions=Captions(burn_in=True))
    made = paths(outcome)
    assert probe_media(made["video_captioned"]).duration == probe_media(made["video"]).duration
    assert "video_captioned" in made["manifest"].read_text(encoding="utf-8")
    assert not outcome.warnings


def test_a_dub_is_complete_without_the_video_that_ffmpeg_cannot_draw_into(scene, monkeypatch):
    refusing = scene.folder / "bin" / "ffmpeg"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho ' subtitles '\necho out of luck\ntest $1 = -filters")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(refusing.parent))
    burn.is_available.cache_clear()
    scene.store("media", film(scene))
    scene.say(LINES[:1], 2.0)
    outcome = scene.run(captions=Captions(burn_in=True))
    burn.is_available.cache_clear()
    assert "video" in paths(outcome)
    assert "video_captioned" not in paths(outcome)
    assert any("out of luck" in warning for warning in outcome.warnings)


def test_without_ffmpeg_there_is_no_such_video_but_a_hint(scene, monkeypatch):
    monkeypatch.setenv("PATH", "")
    burn.is_available.cache_clear()
    scene.store("media", film(scene))
    scene.say(LINES[:1], 2.0)
    outcome = scene.run(captions=Captions(burn_in=True))
    burn.is_available.cache_clear()
    assert "video" in paths(outcome)
    assert "video_captioned" not in paths(outcome)
    assert any("apt-get install ffmpeg" in warning for warning in outcome.warnings)


def film(scene: Scene) -> Path:
    path = scene.folder / "film.mp4"
    return write_av(path, tone(2.0), "aac", video=2.0, video_codec="libx264")
