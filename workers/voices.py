"""The voices that a job may name for a language.

    python -m workers.voices LANGUAGE [--json]

ends with 1 and says why when there are none.
"""

import json
import sys

from rich.console import Console
from rich.table import Table

from backend.documents import languages
from backend.errors import DublineError, Permanent
from backend.pipeline.providers import ProviderKind, expand_names
from backend.settings import load
from workers.providers.registry import ProviderRegistry

COLUMNS = ("voice", "pitch", "of")


def main(language: str, *, as_json: bool = False) -> int:
    """Print the voices of the synthesiser that is set; returns the exit code."""
    try:
        tag = languages.normalize(language)
        settings = load()
    except DublineError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    registry, found = ProviderRegistry(settings), []
    for name in expand_names(ProviderKind.TTS, settings.tts_backend):
        try:
            known = registry.get_synthesizer(name).list_voices(tag)
            found += [(voice.name, voice.pitch.name.lower(), name) for voice in known]
        except Permanent as problem:
            print(problem, file=sys.stderr)  # noqa: T201
    if as_json:
        told = [dict(zip(COLUMNS, one, strict=True)) for one in found]
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201
    elif found:
        table = Table(*COLUMNS)
        for one in found:
            table.add_row(*one)
        Console().print(table)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], as_json="--json" in sys.argv))
