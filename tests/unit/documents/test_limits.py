"""How much a transcript may hold, in whatever format."""

import json

import pytest

from backend.documents.limits import TextLimits
from backend.documents.subtitles import parse_transcript
from backend.errors import Invalid, LimitExceeded

LIMITS = TextLimits(lines=3, line=10, total=20)


def write_srt(*texts: str) -> bytes:
    blocks = (f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{text}\n" for n, text in
              enumerate(texts, 1))  # fmt: skip
    return "\n".join(blocks).encode()


def write_json(*texts: str) -> bytes:
    segments = [{"id": n, "start": n, "end": n + 0.9, "text": t} for n, t in enumerate(texts)]
    return json.dumps({"language": "en", "duration": 99, "segments": segments}).encode()


@pytest.mark.parametrize("write", [write_srt, write_json])
@pytest.mark.parametrize(
    ("texts", "name", "allowed", "found"),
    [
        (("one", "two", "three", "four"), "MAX_LINES", 3, 4),
        (("one", "a line too long"), "MAX_LINE_CHARS", 10, 15),
        (("eight is", "more one", "seventy"), "MAX_TRANSCRIPT_CHARS", 20, 23),
    ],
)
def test_what_is_beyond_a_limit_is_told_with_it(write, texts, name, allowed, found):
    with pytest.raises(LimitExceeded, match=f"^talk.*{name} is {allowed}") as raised:
        parse_transcript(write(*texts), "talk", limits=LIMITS)
    assert (raised.value.limit, raised.value.found) == (name, found)
    assert parse_transcript(write(*texts), "talk").segments
    assert parse_transcript(write("one", "two"), "talk", limits=LIMITS).segments


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"segments": []}, "holds no line"),
        ({"duration": 1e999}, "duration: this is no number of seconds"),
        ({"segments": [{"id": 0, "start": 2, "end": 1, "text": "a"}]}, "line 1: it ends"),
        ({"segments": [{"id": 0, "start": 0, "end": 1e999, "text": "a"}]}, "line 1: it ends"),
    ],
)
def test_times_that_cannot_be_are_told(changed, told):
    document = {"language": "en", "duration": 9, "segments": [], **changed}
    text = json.dumps(document).replace("Infinity", "1e999")
    with pytest.raises(Invalid, match=f"^talk.json.*{told}"):
        parse_transcript(text.encode(), "talk.json")
