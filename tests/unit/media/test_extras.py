"""What else a recording holds is in the film made of it, where the container has a place for it."""

import subprocess
from pathlib import Path
from struct import pack
from typing import Any

import av
import pytest
from av.stream import Disposition

from tests.media_samples import tone
from workers.media.encode import encode_m4a
from workers.media.mux import Origin, Track, mux_film
from workers.timing.holds import DubClock, Hold

SECONDS = 4
STEADY = DubClock(())
STYLED = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Sans,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,{\\i1}One{\\i0} & a\\Nhalf
Dialogue: 0,0:00:02.50,0:00:03.50,Default,,0,0,0,,Two
"""
CHAPTERS = """;FFMETADATA1
title=Museum
artist=Ana
purpose=a test
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2000
title=Welcome
[CHAPTER]
TIMEBASE=1/1000
START=2000
END=4000
title=Garden
"""


def run_ffmpeg(*arguments: str, folder: Path) -> None:
    subprocess.run(("ffmpeg", "-v", "error", "-y", *arguments), cwd=folder, check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extras")
    (folder / "s.ass").write_text(STYLED)
    (folder / "about.txt").write_text(CHAPTERS)
    (folder / "font.ttf").write_bytes(b"a font")
    encode_m4a([tone(float(SECONDS))], "spa", folder / "dub.m4a")
    run_ffmpeg(
        "-f", "lavfi", "-i", "color=red:s=32x32:d=1", "-frames:v", "1", "c.png", folder=folder
    )
    source = ("-f", "lavfi", "-i", f"testsrc=s=64x48:r=25:d={SECONDS}")
    run_ffmpeg(*source, "-c:v", "libx264", "picture.mp4", folder=folder)
    picture = ("-i", "picture.mp4", "-i", "s.ass", "-i", "about.txt", "-i", "c.png")
    maps = ("-map", "0:v", "-map", "1:s", "-map_metadata", "2", "-map_chapters", "2")
    named = ("-metadata:s:s:0", "language=fre", "-metadata:s:s:0", "title=Sous-titres")
    shown = ("-disposition:s:0", "default+hearing_impaired")
    font = ("-attach", "font.ttf", "-metadata:s:t", "mimetype=font/ttf")
    cover = ("-attach", "c.png", "-metadata:s:t:1", "mimetype=image/png")
    run_ffmpeg(
        *(*picture, *maps, "-c", "copy", *named, *shown, *font, *cover, "a.mkv"), folder=folder
    )
    run_ffmpeg(
        *(*picture, *maps, "-map", "3:v", "-c:v", "copy", "-c:s", "mov_text", *named),
        *("-disposition:v:1", "attached_pic", "a.mp4"),
        folder=folder,
    )
    return folder


def mux(folder: Path, source: str, out: str, clock: DubClock = STEADY) -> tuple[Path, list[str]]:
    path = folder / f"out-{source}.{out}"
    dub = Track(folder / "dub.m4a", "spa", "español", place=Disposition.default)
    left = mux_film(
        folder / source,
        path,
        sounds=[dub],
        captions=[],
        origin=Origin(folder / source, clock),
        progress=lambda _: None,
    )
    return path, left


def list_chapters(path: Path) -> list[tuple[str, float, float]]:
    with av.open(path) as film:
        return [
            (
                one["metadata"]["title"],
                *(float(one[at] * one["time_base"]) for at in ("start", "end")),
            )
            for one in film.chapters()
        ]


def read_texts(path: Path) -> list[tuple[float, float, str]]:
    """As a player shows them: from, until, text."""
    run_ffmpeg("-i", path.name, "-map", "0:s:0", "-c:s", "text", "texts.srt", folder=path.parent)
    found = []
    for cue in (path.parent / "texts.srt").read_text().strip().split("\n\n"):
        _, times, *lines = cue.splitlines()
        start, end = (
            sum(float(part) * 60**place for place, part in enumerate(reversed(time.split(":"))))
            for time in times.replace(",", ".").split(" --> ")
        )
        found.append((start, end, "\n".join(lines)))
    return found


@pytest.mark.parametrize("source", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("out", ["mkv", "mp4", "mov"])
def test_tags_chapters_and_subtitles_are_carried_over(folder, source, out):
    made, _ = mux(folder, source, out)
    assert list_chapters(made) == [("Welcome", 0, 2), ("Garden", 2, 4)]
    texts = read_texts(made)
    # Matroska begins when the dub's priming does.
    times = [time for cue in texts for time in cue[:2]]
    assert times == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.03)
    assert [text for *_, text in texts] == ["One & a\nhalf", "Two"]
    with av.open(made) as film:
        tags = {name.lower(): text for name, text in film.metadata.items()}
        assert (tags["title"], tags["artist"]) == ("Museum", "Ana")
        text = film.streams.subtitles[0]
        assert text.language == "fra"
        if source == "a.mkv":
            assert text.metadata.get("title", text.metadata.get("handler_name")) == "Sous-titres"


def test_matroska_keeps_styles_fonts_cover_and_what_a_track_is_for(folder):
    made, left = mux(folder, "a.mkv", "mkv")
    assert left == []
    with av.open(made) as film:
        text = film.streams.subtitles[0]
        assert text.codec_context.name == "ssa"  # in short for ASS
        assert text.disposition == Disposition.hearing_impaired
        assert film.metadata["PURPOSE"] == "a test"
        [font] = film.streams.attachments
        assert (font.name, font.mimetype, font.data) == ("font.ttf", "font/ttf", b"a font")
        cover = film.streams.video[1]
        assert cover.disposition & Disposition.attached_pic
        assert bytes(next(film.demux(cover))) == (folder / "c.png").read_bytes()


def test_mp4_keeps_the_cover_and_what_it_has_no_place_for_is_told(folder):
    made, left = mux(folder, "a.mkv", "mp4")
    assert left == ["stream 2 (attachment, font.ttf)", "the tag PURPOSE"]
    with av.open(made) as film:
        assert film.streams.video[1].disposition & Disposition.attached_pic
        assert film.streams.video[1].codec_context.name == "png"


@pytest.mark.parametrize(
    ("out", "left"), [("mkv", []), ("mp4", ["stream 1 (subtitle, pgssub, fre)"])]
)
def test_subtitles_that_are_pictures_are_copied_or_told(folder, out, left):
    segments = ((0x16, pack(">HHBHBBBB", 64, 48, 16, 0, 0x80, 0, 0, 0)), (0x80, b""))
    drawn = (pack(">2sIIBH", b"PG", 45_000, 0, kind, len(text)) + text for kind, text in segments)
    (folder / "a.sup").write_bytes(b"".join(drawn))
    inputs = ("-i", "picture.mp4", "-i", "a.sup", "-map", "0:v", "-map", "1:s", "-c", "copy")
    run_ffmpeg(*inputs, "-metadata:s:s:0", "language=fre", "pgs.mkv", folder=folder)
    made, told = mux(folder, "pgs.mkv", out)
    assert told == left
    with av.open(made) as film:
        codecs = [one.codec_context.name for one in film.streams.subtitles]
        assert codecs == ([] if left else ["pgssub"])


def test_a_film_that_stands_still_moves_them(folder):
    clock = DubClock([Hold(1.0, 2.0), Hold(2.2, 1.0)])
    made, _ = mux(folder, "a.mkv", "mkv", clock)
    assert list_chapters(made) == [("Welcome", 0, 4), ("Garden", 4, 7)]
    times: list[Any] = [time for cue in read_texts(made) for time in cue[:2]]
    assert times == pytest.approx([0.5, 3.5, 5.5, 6.5], abs=0.03)


def test_webm_gets_texts_as_webvtt(folder):
    (folder / "less.ass").write_text(STYLED.replace("Two", "Two <tal>"))
    source = ("-i", "a.mkv", "-i", "less.ass", "-map", "0:v:0", "-map", "1:s", "-c:v", "libvpx")
    run_ffmpeg(*source, "v.mkv", folder=folder)
    run_ffmpeg("-i", "dub.m4a", "-c:a", "libopus", "dub.ogg", folder=folder)
    left = mux_film(
        folder / "v.mkv",
        folder / "v.webm",
        sounds=[Track(folder / "dub.ogg", "spa")],
        captions=[],
        origin=Origin(folder / "v.mkv", STEADY),
        progress=lambda _: None,
    )
    with av.open(folder / "v.webm") as film:
        assert film.streams.subtitles[0].codec_context.name == "webvtt"
    assert [text for *_, text in read_texts(folder / "v.webm")] == ["One & a\nhalf", "Two <tal>"]
    assert left == []
