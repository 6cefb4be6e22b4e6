"""What a user ought to know of a recording that is not whole: what is there is used."""

from collections.abc import Iterator, Sequence

from backend.media.extent import Gap
from backend.media.probe import Probe

# Less is an encoder's padding or a header that rounds.
NOTICED = 0.5
NAMED = 3  # gaps


def list_damage_warnings(found: Probe) -> list[str]:
    """That a file is shorter than it says, that sound or picture ends first, and gaps."""
    return [*_warn_of_length(found), *_warn_of_ends(found), *_warn_of_gaps(found.gaps)]


def _warn_of_length(found: Probe) -> Iterator[str]:
    there = max(found.ends.values(), default=found.duration)
    if found.declared and found.declared - there > NOTICED:
        yield (
            f"The recording says that it lasts {found.declared:.2f} s, but {there:.2f} s of it are "
            "there: it was cut off or is damaged. What is there is used; upload all of it for more."
        )


def _warn_of_ends(found: Probe) -> Iterator[str]:
    sound, picture = found.ends.get("audio"), found.ends.get("video")
    if sound and picture and abs(sound - picture) > NOTICED:
        yield f"The sound ends at {sound:.2f} s, the picture at {picture:.2f} s."


def _warn_of_gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    if gaps:
        told = ", ".join(f"{gap.start:.2f} to {gap.end:.2f} s" for gap in gaps[:NAMED])
        more = f" and {len(gaps) - NAMED} times more" if len(gaps) > NAMED else ""
        yield f"The recording has no sound from {told}{more}: that is silence in the dub too."
