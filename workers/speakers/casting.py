"""Who speaks with which voice: a pure function of speakers, of what is offered, of the job."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from backend.documents.transcripts import Speaker
from backend.errors import Permanent
from workers.interfaces.providers import Pitch, Voice

# Men speak at 119 Hz on average, women at 207 (Traunmüller and Eriksson, The frequency range of the
# voice fundamental in the speech of male and female adults, 1995); between these is the middle.
MIDDLE_HZ, HIGH_HZ = 150.0, 185.0
ONLY = "A"  # what the one speaker of a recording is called where none are told apart


def classify_pitch(hertz: float) -> Pitch:
    """Low, middle or high."""
    if hertz < MIDDLE_HZ:
        return Pitch.LOW
    return Pitch.MIDDLE if hertz < HIGH_HZ else Pitch.HIGH


def choose_voices(
    speakers: Iterable[Speaker], offered: Sequence[Voice], named: Mapping[str, str]
) -> dict[str | None, str]:
    """The name of each speaker's voice, by label; a later speaker never changes an earlier one's.

    The voice named in the job; otherwise the one least used by others, of these the nearest in
    pitch, of these the first offered. Raises `Permanent` when a named voice is not offered.
    """
    _check_names(named, offered)
    used = Counter(named.values())
    chosen: dict[str | None, str] = {}
    for speaker in speakers:
        name = named.get(speaker.label or ONLY)
        if name is None:
            name = min(
                offered, key=lambda voice: (used[voice.name], _compute_distance(speaker, voice))
            ).name
            used[name] += 1
        chosen[speaker.label] = name
    return chosen


def _compute_distance(speaker: Speaker, voice: Voice) -> int:
    """How many classes of pitch lie between; none for a speaker whose pitch is not known."""
    if speaker.pitch_hz is None:
        return 0
    return abs(classify_pitch(speaker.pitch_hz) - voice.pitch)


def _check_names(named: Mapping[str, str], offered: Sequence[Voice]) -> None:
    names = [voice.name for voice in offered]
    for label, name in named.items():
        if name not in names:
            raise Permanent(
                f"voices: there is no voice '{name}' for speaker {label}; choose one of "
                f"{', '.join(names)}"
            )
