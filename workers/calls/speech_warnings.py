"""What users are told of speech that is not just what stands in the lines."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from backend.documents.speech import Placement, Verdict
from backend.documents.spoken import find_marks, find_spoken_text
from backend.documents.text import LISTED, format_lines, number_line
from backend.documents.transcripts import Translation
from workers.calls.synthesis import Takes
from workers.speakers.casting import ONLY


def warn_of_strangers(translation: Translation, voices: Mapping[str, str]) -> Iterator[str]:
    """Of whom a voice was chosen for and who does not speak."""
    speakers = {speaker.label or ONLY for speaker in translation.speakers}
    strangers = voices.keys() - speakers
    if strangers and speakers:
        known = ", ".join(sorted(speakers))
        yield f"voices: nobody is called {', '.join(sorted(strangers))}; the speakers are {known}"


def warn_of_miscast(translation: Translation, offered: Sequence[str]) -> Iterator[str]:
    """Of lines with a voice that is not offered."""
    unknown = defaultdict(list)
    for line in translation.lines:
        if line.voice and line.voice not in offered:
            unknown[line.voice].append(line.id)
    for voice, ids in unknown.items():
        yield (
            f"There is no voice '{voice}': in {format_lines(ids)} the speaker's own is heard; "
            f"choose one of {', '.join(offered)}"
        )


def warn_of_silence(translation: Translation, takes: Takes, name: str) -> Iterator[str]:
    """Of lines that the synthesiser of that name says nothing for."""
    lines = translation.lines
    silent = [line.id for line in lines if find_spoken_text(line.text) and line.id not in takes]
    if silent:
        yield f"Nothing is heard of {format_lines(silent)}, for which {name} gives silence"


def warn_of_marks(translation: Translation) -> Iterator[str]:
    """Which sounds, songs and names of speakers are only shown."""
    marks = [(line.id, mark) for line in translation.lines for mark in find_marks(line.text)]
    if marks:
        listed = ", ".join(f"'{mark}' (line {number_line(id_)})" for id_, mark in marks[:LISTED])
        more = f" and {len(marks) - LISTED} more" if len(marks) > LISTED else ""
        yield f"Shown in captions and not spoken: {listed}{more}"


def warn_of_misfits(natural: Takes, takes: Takes, placements: Sequence[Placement]) -> Iterator[str]:
    """Of lines that are said in fewer words, left out, or longer than there is time."""
    shortened = [id_ for id_ in takes if takes[id_].utterance != natural[id_].utterance]
    if shortened:
        yield f"Said in fewer words, to fit: {format_lines(shortened)}"
    left_out = [one.id for one in placements if one.verdict is Verdict.LEFT_OUT]
    if left_out:
        lines = format_lines(left_out)
        yield f"Left out of the mix, as asked for lines that would be rushed: {lines}"
    held = {one.id: one.hold for one in placements if one.hold}
    if held:
        longer = f"{sum(held.values()):.1f} s longer than the source"
        yield f"The dub is {longer}, as the picture is held for {format_lines(list(held))}"
