"""What a vendor cannot do, told before anything is sent to it."""

from collections.abc import Collection

from backend.documents import languages
from backend.errors import Permanent, Refused
from workers.interfaces.providers import Recording


def require_sound(vendor: str, recording: Recording) -> None:
    """Raise `Permanent` for a file that is text."""
    if recording.text is not None:
        raise Permanent(f"{vendor} needs sound to listen to: this is a text file")


def require_language(vendor: str, language: str, known: Collection[str]) -> None:
    """Raise `Refused` for a language that is not among those known."""
    if languages.get_base_language(language) not in known:
        raise Refused(f"{vendor} does not know {languages.get_name(language)} ({language})")


def require_voice(vendor: str, voice: str, offered: Collection[str]) -> None:
    """Raise `Permanent` for a voice that is not offered."""
    if voice not in offered:
        raise Permanent(f"{vendor} speaks as {', '.join(offered)}, not as '{voice}'")
