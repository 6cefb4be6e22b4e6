"""The voices that a job may name for a language.

    python -m workers.voices LANGUAGE

ends with 1 and says why when there are none.
"""

import sys

from rich.console import Console
from rich.table import Table

from backend.documents import languages
from backend.errors import DublineError
from backend.settings import load
from workers.providers.registry import ProviderRegistry


def main(language: str) -> int:
    """Print the voices of the synthesiser that is set; returns the exit code."""
    try:
        tag = languages.normalize(language)
        settings = load()
        synthesizer = ProviderRegistry(settings).get_synthesizer(settings.tts_backend[0])
        offered = synthesizer.list_voices(tag)
    except DublineError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    table = Table("voice", "pitch")
    for voice in offered:
        table.add_row(voice.name, voice.pitch.name.lower())
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
