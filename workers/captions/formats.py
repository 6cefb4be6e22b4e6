"""Cues as files: SubRip, WebVTT and TTML."""

from collections.abc import Iterable
from html import escape

from workers.captions.cues import Cue
from workers.captions.direction import is_right_to_left

# W3C, TTML Profiles for Internet Media Subtitles and Captions 1.1 (IMSC 1.1), text profile: white,
# centred, at the bottom of the picture.
IMSC = """\
<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
    xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang="{language}"
    ttp:contentProfiles="http://www.w3.org/ns/ttml/profile/imsc1.1/text">
<head><layout>
<region xml:id="bottom" tts:origin="10% 10%" tts:extent="80% 80%" tts:displayAlign="after"/>
</layout></head>
<body region="bottom" tts:textAlign="center" tts:color="white"
      tts:fontFamily="proportionalSansSerif" tts:direction="{direction}">
<div>
{paragraphs}</div>
</body>
</tt>
"""


def format_srt(cues: Iterable[Cue]) -> str:
    """The cues as SubRip."""
    blocks = (
        f"{number}\n{_format_times(cue, ',')}\n{cue.text}\n\n" for number, cue in enumerate(cues, 1)
    )
    return "".join(blocks)


def format_vtt(cues: Iterable[Cue]) -> str:
    """The cues as WebVTT, in which `&`, `<` and `>` are escaped (W3C, WebVTT, 4.2.2)."""
    blocks = (f"\n{_format_times(cue, '.')}\n{escape(cue.text, quote=False)}\n" for cue in cues)
    return "WEBVTT\n" + "".join(blocks)


def format_ttml(cues: Iterable[Cue], language: str) -> str:
    """The cues as TTML (IMSC 1.1 text profile) in the language of the BCP 47 tag."""
    paragraphs = (
        f'<p begin="{_format_clock(cue.start, ".")}" end="{_format_clock(cue.end, ".")}">'
        f"{'<br/>'.join(escape(line, quote=False) for line in cue.text.splitlines())}</p>\n"
        for cue in cues
    )
    direction = "rtl" if is_right_to_left(language) else "ltr"
    return IMSC.format(language=language, direction=direction, paragraphs="".join(paragraphs))


def _format_times(cue: Cue, mark: str) -> str:
    return f"{_format_clock(cue.start, mark)} --> {_format_clock(cue.end, mark)}"


def _format_clock(seconds: float, mark: str) -> str:
    """`01:02:03,004`, or with another mark before the milliseconds."""
    rest, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{mark}{milliseconds:03}"
