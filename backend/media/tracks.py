"""Which sound track of a recording is heard: the one in the language that the user names."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.documents.languages import is_same_language
from backend.errors import Permanent


class TrackWish(NamedTuple):
    """What is known of the track: the language spoken in it (BCP 47), or its number, from 1."""

    language: str = ""
    number: int | None = None


class SoundTrack(NamedTuple):
    """What a file tells of a track; `main` is none with comments, a dub or the like.

    `original` is what was spoken when it was recorded, as some files tell.
    """

    language: str | None
    main: bool
    original: bool
    default: bool
    sounds: bool


ANY = TrackWish()


def choose_track(tracks: Sequence[SoundTrack], wish: TrackWish) -> int | None:
    """The number of the track, from 1: by its tag, the original, the default, the first with sound.

    None where there is no sound. Raises `Permanent` when the file has no track of this number.
    """
    heard = [number for number, track in enumerate(tracks, 1) if track.sounds]
    if wish.number is not None:
        if wish.number not in heard:
            raise Permanent(
                f"There is no sound track {wish.number}: the recording has "
                f"{', '.join(map(str, heard)) or 'none'}. Name one of these with --track."
            )
        return wish.number
    return max(heard, key=lambda number: _rate_track(tracks[number - 1], wish), default=None)


def _rate_track(track: SoundTrack, wish: TrackWish) -> tuple[bool, ...]:
    same = bool(wish.language and track.language) and is_same_language(
        track.language or "", wish.language
    )
    return same, track.main, track.original, track.default
