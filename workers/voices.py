"""The voices that a job may name for a language.

    python -m workers.voices LANGUAGE

ends with 1 and says why when there are none.
"""

import sys

from rich.console import Console
from rich.table import Table

from backend.documents import languages
from backend.errors import DublineError, Permanent
from backend.pipeline.providers import ProviderKind, expand_names
from backend.settings import load
from workers.providers.registry import ProviderRegistry


def main(language: str) -> int:
    """Print the voices of the synthesiser that is set; returns the exit code."""
    try:
        tag = languages.normalize(language)
        settings = load()
    except DublineError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    registry, table = ProviderRegistry(settings), Table("voice", "pitch", "of")
    for name in expand_names(ProviderKind.TTS, settings.tts_backend):
        try:
            for voice in registry.get_synthesizer(name).list_voices(tag):
                table.add_row(voice.name, voice.pitch.name.lower(), name)
        except Permanent as problem:
            print(problem, file=sys.stderr)  # noqa: T201
    if not table.row_count:
        return 1
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
