"""Caption files, read back by parsers that are not ours."""

from pathlib import Path
from xml.etree import ElementTree

import av
import pytest
from ttconv.imsc import reader
from ttconv.srt import writer

from tests.caption_samples import SENTENCES, said
from workers.captions.cues import Cue, build_cues
from workers.captions.formats import format_srt, format_ttml, format_vtt
from workers.captions.rules import build_rules

MARKUP = 'a <b> & "c" --> {\\i1}d'


def demux_cues(path: Path) -> list[Cue]:
    """What FFmpeg reads."""
    with av.open(path) as container:
        return [
            Cue(
                float(packet.pts * packet.time_base),
                float((packet.pts + packet.duration) * packet.time_base),
                bytes(packet).decode(),
            )
            for packet in container.demux()
            if packet.size
        ]


@pytest.mark.parametrize("language", SENTENCES)
def test_ffmpeg_reads_back_what_was_written_as_srt_and_vtt(tmp_path, language):
    rules = build_rules(language)
    made = build_cues([said(SENTENCES[language], rules)], rules)
    for suffix, write in (("srt", format_srt), ("vtt", format_vtt)):
        path = tmp_path / f"captions.{suffix}"
        path.write_text(write(made), encoding="utf-8")
        assert demux_cues(path) == [pytest.approx(cue) for cue in made]


def test_srt_counts_cues_and_hours():
    assert format_srt([Cue(3600.0, 3661.25, "Uno"), Cue(3700, 3701, "Dos\ntres")]) == (
        "1\n01:00:00,000 --> 01:01:01,250\nUno\n\n2\n01:01:40,000 --> 01:01:41,000\nDos\ntres\n\n"
    )


def test_vtt_escapes_what_would_be_markup():
    assert format_vtt([Cue(0, 1.5, MARKUP)]) == (
        'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\na &lt;b&gt; &amp; "c" --&gt; {\\i1}d\n'
    )


def read(document: str) -> tuple[str, str, set[str]]:
    """What ttconv reads: the language, the cues as SRT, the profiles."""
    tree = ElementTree.ElementTree(ElementTree.fromstring(document))  # noqa: S314 - our own
    found = reader.to_model(tree)
    return found.get_lang(), writer.from_model(found), found.get_content_profiles()


@pytest.mark.parametrize("language", SENTENCES)
def test_ttml_is_imsc_text_that_says_the_same_at_the_same_time(language):
    rules = build_rules(language)
    made = build_cues([said(SENTENCES[language], rules)], rules)
    lang, blocks, profiles = read(format_ttml(made, language))
    assert lang == language
    assert blocks.strip() == format_srt(made).strip()
    assert profiles == {"http://www.w3.org/ns/ttml/profile/imsc1.1/text"}


def test_ttml_escapes_what_would_be_markup():
    assert MARKUP in read(format_ttml([Cue(0, 1.5, MARKUP)], "en"))[1]


def test_ttml_tells_the_direction_of_its_text():
    assert 'tts:direction="rtl"' in format_ttml([], "he")
    assert 'tts:direction="ltr"' in format_ttml([], "en")
