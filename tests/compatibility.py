"""What becomes of each kind of recording and subtitle file: one of each is made and dubbed.

`python -m tests.compatibility` writes docs/compatibility.md, which a test compares.
"""

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av

from backend.documents.subtitles import parse_transcript
from backend.errors import Invalid, Permanent
from backend.media.tracks import ANY
from tests.media_samples import tone
from tests.stage_context import LocalContext, build_input
from workers.captions.cues import Cue
from workers.captions.formats import format_vtt
from workers.exports.dub import FinishedMix
from workers.exports.video import write_video
from workers.media.encode import encode_m4a
from workers.mixing.recording import decode_fitted, fetch_recording

DOCUMENT = Path(__file__).parents[1] / "docs" / "compatibility.md"
SECONDS = 0.4
RATE = 48_000
HEAD = """# What is taken, and what becomes of it

Made by `make compatibility`: one of each is made by FFmpeg and dubbed, and this is what came of it;
a test compares. What FFmpeg reads besides is treated the same way. **Copied** is bit for bit.
Whether a container takes a picture is tried with its beginning; MP4 and WebM get what players
expect there, all else Matroska (MKV) or QuickTime (MOV).
"""


class Kind(NamedTuple):
    """How FFmpeg makes a file of this kind: its codecs and options, by suffix."""

    name: str
    suffix: str
    shown: str = ""
    heard: str = ""
    options: str = ""
    size: str = "64x48"


CONTAINERS = (
    Kind("MP4", "mp4", "libx264", "aac"),
    Kind("MP4, fragmented", "mp4", "libx264", "aac", "-movflags frag_keyframe+empty_moov"),
    Kind("QuickTime", "mov", "libx264", "aac"),
    Kind("3GP", "3gp", "h263", "aac", "-ar 8000 -ac 1", "176x144"),
    Kind("Matroska", "mkv", "libx264", "aac"),
    Kind("WebM", "webm", "libvpx", "libopus"),
    Kind("AVI", "avi", "mpeg4", "libmp3lame"),
    Kind("Flash video", "flv", "flv", "libmp3lame"),
    Kind("ASF (WMV)", "asf", "wmv2", "wmav2"),
    Kind("MPEG transport stream", "ts", "mpeg2video", "mp2"),
    Kind("MPEG program stream", "mpg", "mpeg2video", "mp2"),
    Kind("MXF", "mxf", "mpeg2video", "pcm_s16le"),
    Kind("Ogg", "ogv", "libtheora", "libvorbis"),
)
PICTURES = (
    Kind("H.264", "mp4", "libx264"),
    Kind("HEVC", "mp4", "libx265", options="-x265-params log-level=none"),
    Kind("VP8", "webm", "libvpx", "libopus"),
    Kind("VP9", "webm", "libvpx-vp9", "libopus", "-cpu-used 8"),
    Kind("AV1", "mp4", "libaom-av1", options="-cpu-used 8"),
    Kind("MPEG-4", "avi", "mpeg4"),
    Kind("MPEG-1", "mpg", "mpeg1video", "mp2"),
    Kind("MPEG-2", "mpg", "mpeg2video", "mp2"),
    Kind("MPEG-4 v2 of Microsoft", "avi", "msmpeg4v2"),
    Kind("MPEG-4 v3 of Microsoft (DivX 3)", "avi", "msmpeg4"),
    Kind("WMV 1 (7)", "asf", "wmv1", "wmav2"),
    Kind("WMV 2 (8)", "asf", "wmv2", "wmav2"),
    Kind("Sorenson H.263 (Flash)", "flv", "flv", "libmp3lame"),
    Kind("H.263", "avi", "h263", size="176x144"),
    Kind("DV", "avi", "dvvideo", options="-pix_fmt yuv420p", size="720x576"),
    Kind("Motion JPEG", "avi", "mjpeg", options="-pix_fmt yuvj420p"),
    Kind("JPEG 2000", "mov", "jpeg2000"),
    Kind("ProRes", "mov", "prores_ks", "pcm_s16le"),
    Kind("DNxHD", "mov", "dnxhd", "pcm_s16le", "-b:v 60M -pix_fmt yuv422p", "1280x720"),
    Kind("Theora", "ogv", "libtheora", "libvorbis"),
    Kind("FFV1", "mkv", "ffv1", "flac"),
    Kind("HuffYUV", "avi", "huffyuv"),
    Kind("Ut Video", "avi", "utvideo"),
    Kind("Cinepak", "mov", "cinepak"),
    Kind("Sorenson Video 1", "mov", "svq1"),
    Kind("QuickTime Animation", "mov", "qtrle", "pcm_s16le"),
    Kind("PNG", "mov", "png"),
    Kind("no compression", "avi", "rawvideo", options="-pix_fmt yuv420p"),
)
SOUNDS = (
    Kind("AAC", "mp4", "libx264", "aac"),
    Kind("MP3", "mp4", "libx264", "libmp3lame"),
    Kind("MP2", "ts", "libx264", "mp2"),
    Kind("AC-3", "mp4", "libx264", "ac3"),
    Kind("E-AC-3", "mp4", "libx264", "eac3"),
    Kind("DTS", "mkv", "libx264", "dca", "-strict -2"),
    Kind("TrueHD", "mkv", "libx264", "truehd", "-strict -2"),
    Kind("Opus", "mkv", "libx264", "libopus"),
    Kind("Vorbis", "mkv", "libx264", "libvorbis"),
    Kind("FLAC", "mkv", "libx264", "flac"),
    Kind("Apple Lossless", "mov", "libx264", "alac"),
    Kind("WavPack", "mkv", "libx264", "wavpack"),
    Kind("PCM in QuickTime", "mov", "libx264", "pcm_s16le"),
    Kind("PCM in Matroska", "mkv", "libx264", "pcm_s16le"),
    Kind("PCM of 24 bits, big-endian", "mov", "prores_ks", "pcm_s24be"),
    Kind("mu-law", "mov", "prores_ks", "pcm_mulaw"),
    Kind("A-law", "avi", "mjpeg", "pcm_alaw", "-pix_fmt yuvj420p"),
    Kind("ADPCM (IMA)", "avi", "mjpeg", "adpcm_ima_wav", "-pix_fmt yuvj420p"),
    Kind("ADPCM (Microsoft)", "avi", "mjpeg", "adpcm_ms", "-pix_fmt yuvj420p"),
    Kind("WMA 1", "asf", "wmv2", "wmav1"),
    Kind("WMA 2", "asf", "wmv2", "wmav2"),
)
ALONE = (
    Kind("WAV", "wav", heard="pcm_s16le"),
    Kind("WAV, floating", "wav", heard="pcm_f32le"),
    Kind("Wave64", "w64", heard="pcm_s16le"),
    Kind("AIFF", "aiff", heard="pcm_s16be"),
    Kind("AU", "au", heard="pcm_s16be"),
    Kind("CAF", "caf", heard="pcm_s16le"),
    Kind("FLAC", "flac", heard="flac"),
    Kind("MP3", "mp3", heard="libmp3lame"),
    Kind("M4A (AAC)", "m4a", heard="aac"),
    Kind("M4A (Apple Lossless)", "m4a", heard="alac"),
    Kind("AAC (ADTS)", "aac", heard="aac"),
    Kind("Ogg Vorbis", "ogg", heard="libvorbis"),
    Kind("Opus", "opus", heard="libopus"),
    Kind("WMA", "wma", heard="wmav2"),
    Kind("AC-3", "ac3", heard="ac3"),
    Kind("DTS", "dts", heard="dca", options="-strict -2"),
    Kind("WavPack", "wv", heard="wavpack"),
    Kind("True Audio", "tta", heard="tta"),
)
# Of a film's own subtitle tracks: codec, container, and the pictures' codec.
TRACKS = (
    Kind("SubRip", "mkv", "libx264", "aac", "-c:s srt"),
    Kind("ASS", "mkv", "libx264", "aac", "-c:s ass"),
    Kind("WebVTT in Matroska", "mkv", "libx264", "aac", "-c:s webvtt"),
    Kind("WebVTT in WebM", "webm", "libvpx", "libopus", "-c:s webvtt"),
    Kind("ASS beside VP8", "mkv", "libvpx", "libopus", "-c:s ass"),
    Kind("timed text in MP4", "mp4", "libx264", "aac", "-c:s mov_text"),
    Kind("timed text in QuickTime", "mov", "libx264", "aac", "-c:s mov_text"),
    Kind("timed text beside old pictures", "mov", "prores_ks", "aac", "-c:s mov_text"),
)
TEXT = "Good morning, everyone here.", "The old painting hangs in the hall."
SRT = (
    f"1\n00:00:00,500 --> 00:00:02,000\n{TEXT[0]}\n\n2\n00:00:02,500 --> 00:00:04,000\n{TEXT[1]}\n"
)
ASS = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.50,0:00:02.00,Default,,0,0,0,,Good morning, everyone here.
Dialogue: 0,0:00:02.50,0:00:04.00,Default,,0,0,0,,The old painting hangs in the hall.
"""
FILES = {
    "SRT": SRT,
    "WebVTT": "WEBVTT\n\n" + SRT.replace(",500", ".500").replace(",000", ".000"),
    "ASS": ASS,
    "SBV": f"0:00:00.500,0:00:02.000\n{TEXT[0]}\n\n0:00:02.500,0:00:04.000\n{TEXT[1]}\n",
    "MicroDVD": f"{{12}}{{50}}{TEXT[0]}\n{{62}}{{100}}{TEXT[1]}\n",
    "LRC": f"[00:00.50]{TEXT[0]}\n[00:02.50]{TEXT[1]}\n",
    "plain text": f"{TEXT[0]}\n{TEXT[1]}\n",
}
SPANISH = SRT.replace(TEXT[0], "Mañana será otro día, señor Núñez.")
RUSSIAN = SRT.replace(TEXT[0], "Доброе утро, дорогие друзья.")
JAPANESE = SRT.replace(TEXT[0], "おはようございます、皆さん。")
ENCODINGS = {
    "UTF-8": (SPANISH, "utf-8", "es"),
    "UTF-8 with a mark": (SPANISH, "utf-8-sig", "es"),
    "UTF-16 with a mark": (SPANISH, "utf-16", "es"),
    "UTF-16 without a mark, little-endian": (SPANISH, "utf-16-le", "es"),
    "UTF-16 without a mark, big-endian": (SPANISH, "utf-16-be", "es"),
    "UTF-32 with a mark": (SPANISH, "utf-32", "es"),
    "Windows-1252": (SPANISH, "cp1252", "es"),
    "Windows-1252, called Georgian": (SPANISH, "cp1252", "ka"),
    "Windows-1251": (RUSSIAN, "cp1251", "ru"),
    "Shift JIS": (JAPANESE, "shift_jis", "ja"),
}
DAMAGED = {
    "an empty file": ("a.mp4", b""),
    "a text": ("a.mp4", b"This is no film. " * 100),
    "a playlist": ("a.m3u8", b"#EXTM3U\n#EXTINF:2,\nfilm.ts\n"),
    "an MP4 without its index": ("a.mp4", b"\0\0\0\x18ftypisom\0\0\0\1isomavc1" + bytes(5000)),
}


def build_document(folder: Path) -> str:
    """The text of docs/compatibility.md; files are made in the folder."""
    return "\n".join((HEAD, *_build_sections(_Bench(folder))))


def _build_sections(bench: "_Bench") -> Iterator[str]:
    film = ("dubbed film", "picture", "original sound", "told")
    yield from _format_table("Containers", ("container", *film), map(bench.dub, CONTAINERS))
    yield from _format_table("Picture codecs", ("picture", *film), map(bench.dub, PICTURES))
    yield from _format_table("Sound codecs in films", ("sound", *film), map(bench.dub, SOUNDS))
    yield from _format_table("Sound alone", ("file", "what happens"), map(bench.hear, ALONE))
    yield from _format_table(
        "Subtitle tracks of films",
        ("track", "dubbed film", "what happens"),
        map(bench.carry, TRACKS),
    )
    yield from _format_table(
        "Subtitle files as transcripts",
        ("file", "what happens"),
        ((name, _read(text.encode())) for name, text in FILES.items()),
    )
    yield from _format_table(
        "Encodings of subtitle files",
        ("encoding", "what happens"),
        (
            (name, _read(text.encode(code), language))
            for name, (text, code, language) in ENCODINGS.items()
        ),
    )
    yield from _format_table(
        "What is no recording",
        ("file", "what happens"),
        ((name, bench.refuse(*file)) for name, file in DAMAGED.items()),
    )


def _format_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


class _Bench:
    """Makes one of each kind, and dubs it with a hum."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._captions = folder / "captions.vtt"
        self._captions.write_text(format_vtt([Cue(0.1, 0.3, "Hola")]), encoding="utf-8")
        self._dub = folder / "dub.m4a"
        encode_m4a([tone(SECONDS)], "spa", self._dub)
        (folder / "own.srt").write_text("1\n00:00:00,100 --> 00:00:00,300\nHello\n")
        self._count = 0

    def dub(self, kind: Kind) -> Sequence[str]:
        """What becomes of a film's picture and sound."""
        source = self._make(kind)
        made, told = self._write(source)
        with av.open(source) as before, av.open(made) as after:
            shown = before.streams.video[0].codec_context.codec.id
            same = after.streams.video[0].codec_context.codec.id == shown
            heard = [one.codec_context.codec.id for one in before.streams.audio]
            kept = heard and after.streams.audio[1].codec_context.codec.id == heard[0]
        sound = "none" if not heard else "copied" if kept else "converted to AAC"
        return (
            f"{kind.name} (`{kind.suffix}`)",
            made.suffix[1:].upper(),
            "copied" if same else "encoded as H.264",
            sound,
            "; ".join(told) or "-",
        )

    def hear(self, kind: Kind) -> Sequence[str]:
        """Whether sound alone is heard to its end."""
        context = self._enter()
        media = context.store_file(self._make(kind), "audio/any")
        recording = fetch_recording(media, context, SECONDS, ANY)
        length = sum(map(len, decode_fitted(recording))) / RATE
        assert abs(length - SECONDS) < 0.1, kind
        return f"{kind.name} (`{kind.suffix}`)", "heard, dubbed as M4A"

    def carry(self, kind: Kind) -> Sequence[str]:
        """What becomes of a film's own subtitles."""
        source = self._make(kind, subtitles=True)
        made, told = self._write(source)
        with av.open(source) as before, av.open(made) as after:
            texts = after.streams.subtitles
            own = before.streams.subtitles[0].codec_context.codec
            carried = texts[1].codec_context.codec if len(texts) > 1 else None
        what = "left out: " + "; ".join(told)
        if carried:
            what = "copied" if carried.id == own.id else f"converted to {carried.canonical_name}"
        return kind.name, made.suffix[1:].upper(), what

    def refuse(self, name: str, content: bytes) -> str:
        """The words with which it is refused."""
        context = self._enter()
        path = context.workdir / name
        path.write_bytes(content)
        try:
            fetch_recording(context.store_file(path, "video/mp4"), context, SECONDS, ANY)
        except Permanent as error:
            return f"refused: {error}"
        raise AssertionError(name)

    def _write(self, source: Path) -> tuple[Path, Sequence[str]]:
        context = self._enter()
        files = {"media": context.store_file(source, "video/any")}
        recording = fetch_recording(files["media"], context, SECONDS, ANY)
        mix = FinishedMix(
            *(build_input(files, "es"), context, recording, recording),
            source_language="en",
            dub=self._dub,
            captions=self._captions,
        )
        made = write_video(mix, context.progress)
        [film] = made.files
        return film.path, made.warnings

    def _enter(self) -> LocalContext:
        self._count += 1
        return LocalContext(self._folder / str(self._count))

    def _make(self, kind: Kind, *, subtitles: bool = False) -> Path:
        path = self._enter().workdir / f"source.{kind.suffix}"
        picture = f"testsrc=s={kind.size}:r=25:d={SECONDS}"
        inputs = ["-f", "lavfi", "-i", picture] if kind.shown else []
        inputs += ["-f", "lavfi", "-i", f"sine=r={RATE}:d={SECONDS}"]
        inputs += ["-i", str(self._folder / "own.srt")] if subtitles else []
        codecs = ["-c:v", kind.shown] if kind.shown else []
        codecs += [
            "-c:a",
            kind.heard or "aac" if kind.suffix != "avi" else kind.heard or "pcm_s16le",
        ]
        if "pix_fmt" not in kind.options and kind.shown in ("libx264", "libx265", "libvpx-vp9"):
            codecs += ["-pix_fmt", "yuv420p"]
        command = ("ffmpeg", "-v", "error", *inputs, *codecs, *kind.options.split(), str(path))
        subprocess.run(command, check=True, capture_output=True)
        return path


def _read(content: bytes, language: str = "en") -> str:
    try:
        found = parse_transcript(content, "lines.srt", language)
    except Invalid as error:
        return f"refused: {error}".replace("|", "\\|")
    return "read: " + " / ".join(one.text for one in getattr(found, "segments", ()))


def main() -> None:
    """Write the document anew."""
    with TemporaryDirectory() as folder:
        DOCUMENT.write_text(build_document(Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
