"""Speech by Piper's voices, one model each, in the many languages that people trained one for.

Piper is under the GPL: its command runs in a process of its own, and whoever wants it installs it
(`pip install piper-tts`). A process costs a second a line for loading the voice.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Permanent
from backend.settings import Settings
from backend.settings.durability import count_cores
from workers.interfaces.providers import (
    Pitch,
    ProviderCall,
    SpeechResult,
    Synthesizer,
    Utterance,
    Voice,
)
from workers.providers.spoken_text import write_out
from workers.providers.tools import run_tool

PREFIX = "piper-"  # of the folders of its voices


def build_synthesizer(settings: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    beside = Path(sys.executable).with_name("piper")
    command = shutil.which("piper") or shutil.which(beside)
    if command is None:
        raise Permanent("piper is not installed: run pip install piper-tts")
    return Piper(settings.models_folder, command)


class Piper:
    """One line at a time; the same line sounds a little different each time."""

    name = "piper"
    remote = False
    concurrency = count_cores()
    max_rate = 1.5

    def __init__(self, folder: Path, command: str) -> None:
        self._folder = folder
        self._command = command

    @property
    def model(self) -> str:
        """The voices tell the models."""
        return "piper"

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The voices for a language, those of its region first; raises `Permanent` without any."""
        base = languages.get_base_language(language)
        found = [
            name for name, tag in self._tongues.items() if languages.get_base_language(tag) == base
        ]
        if not found:
            name = languages.get_name(language)
            raise Permanent(f"piper has no voice for {name} ({language}) in {self._folder}")
        found.sort(key=lambda name: self._tongues[name] != language)
        return [Voice(name, Pitch.MIDDLE) for name in found]

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line; raises `Permanent` for a voice that is not there."""
        if utterance.voice not in self._tongues:
            known = ", ".join(self._tongues)
            raise Permanent(f"piper speaks as {known}, not as '{utterance.voice}'")
        [model] = (self._folder / f"{PREFIX}{utterance.voice}").glob("*.onnx")
        text = write_out(collapse_lines(utterance.text), utterance.language)
        with TemporaryDirectory() as folder:
            out = Path(folder) / "line.wav"
            pace = f"{1 / utterance.rate:.3f}"
            command = [self._command, "-m", str(model), "--length-scale", pace, "-f", str(out)]
            run_tool(command, text.encode(), package="piper-tts")
            samples, rate = soundfile.read(out, dtype="float32")
        return SpeechResult(samples, rate)

    @cached_property
    def _tongues(self) -> Mapping[str, str]:
        """The language of each voice."""
        configs = sorted(self._folder.glob(f"{PREFIX}*/*.onnx.json"))
        return {path.parent.name.removeprefix(PREFIX): _read_language(path) for path in configs}


def _read_language(config: Path) -> str:
    """As its configuration tells it; older ones have the name of espeak-ng's voice only."""
    document = json.loads(config.read_text())
    tag = document.get("language", {}).get("code") or document["espeak"]["voice"]
    return languages.normalize(tag)
