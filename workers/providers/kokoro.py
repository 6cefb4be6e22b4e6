"""Speech by Kokoro (82 million parameters, Apache-2.0) in onnxruntime, offline, in six languages.

Phonemes come from the `espeak-ng` command, so that no library under the GPL is in this process.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import onnxruntime

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Permanent
from backend.settings import Settings
from backend.settings.durability import count_cores
from workers.interfaces.providers import (
    ProviderCall,
    SpeechResult,
    Synthesizer,
    Utterance,
    Voice,
)
from workers.models.catalogue import find_model
from workers.models.memory import LoadedModel
from workers.providers import kokoro_voices
from workers.providers.spoken_text import write_out
from workers.providers.tools import run_tool

SAMPLE_RATE = 24_000
MODEL = "kokoro"
MOST_TOKENS = 510  # what the model takes in one go, its padding left out
SLOWEST, FASTEST = 0.5, 2.0  # what it takes for a speed

# The first letter of its voices' names and the name of espeak-ng's voice, by language; a language
# that is spoken in several ways is listed by region.
TONGUES = {
    "en": ("a", "en-us"),
    "en-gb": ("b", "en-gb"),
    "es": ("e", "es"),
    "fr": ("f", "fr-fr"),
    "hi": ("h", "hi"),
    "it": ("i", "it"),
    "pt": ("p", "pt-br"),
    "pt-br": ("p", "pt-br"),
}
# Marks that Kokoro reads as pauses and tunes; espeak-ng drops them.
MARKS = re.compile(r"([;:,.!?—…\"()“”¿¡]+)")
# espeak-ng tells the language of foreign words, which Kokoro would say aloud.
FLAGS = re.compile(r"\([a-z-]+\)")


def build_synthesizer(settings: Settings) -> Synthesizer:
    """See `workers.providers.registry`."""
    folder = find_model(settings.models_folder, MODEL)
    if folder is None:
        raise Permanent(f"kokoro has no model: run dubline models install {MODEL}")
    return Kokoro(folder, settings.device)


class Kokoro:
    """One line at a time; the same line gives the same samples."""

    name = "kokoro"
    remote = False
    concurrency = count_cores()  # a line a core is quicker than a line by all of them
    max_rate = 1.3  # above that words run into each other

    def __init__(self, folder: Path, device: str) -> None:
        self._folder = folder
        [weights] = folder.glob("*.onnx")
        self._session = LoadedModel(partial(load_session, weights, device))

    @property
    def model(self) -> str:
        """The file of its weights."""
        return "kokoro-v1.0-int8"

    def list_voices(self, language: str) -> Sequence[Voice]:
        """The voices for a language; raises `Permanent` where there is none."""
        letter, _ = self._find_tongue(language)
        return kokoro_voices.list_voices(letter)

    def synthesize(self, utterance: Utterance, *, call: ProviderCall) -> SpeechResult:
        """Speak one line; raises `Permanent` for a voice that is not offered."""
        offered = [voice.name for voice in self.list_voices(utterance.language)]
        if utterance.voice not in offered:
            raise Permanent(f"kokoro speaks as {', '.join(offered)}, not as '{utterance.voice}'")
        _, tongue = self._find_tongue(utterance.language)
        styles = np.fromfile(self._folder / f"voices/{utterance.voice}.bin", "<f4")
        tokens = self._tokenize(
            write_out(collapse_lines(utterance.text), utterance.language), tongue
        )
        spoken = [
            self._speak(piece, styles.reshape(-1, 1, 256), utterance.rate)
            for piece in split_tokens(tokens, self._pauses)
        ]
        return SpeechResult(np.concatenate(spoken or [np.zeros(0, np.float32)]), SAMPLE_RATE)

    def _find_tongue(self, language: str) -> tuple[str, str]:
        base = languages.get_base_language(language)
        found = TONGUES.get(language.lower()) or TONGUES.get(base)
        if found is None:
            name = languages.get_name(language)
            raise Permanent(f"kokoro has no voice for {name} ({language})")
        return found

    def _tokenize(self, text: str, tongue: str) -> list[int]:
        phonemes = "".join(list_phonemes(text, tongue)).strip()
        return [self._vocabulary[one] for one in phonemes if one in self._vocabulary]

    def _speak(self, tokens: Sequence[int], styles: np.ndarray, rate: float) -> np.ndarray:
        """The samples; a style depends on how much is said."""
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": styles[min(len(tokens), len(styles)) - 1],
            "speed": np.array([min(FASTEST, max(SLOWEST, rate))], np.float32),
        }
        with self._session.use() as session:
            [samples] = session.run(None, given)
        return np.asarray(samples, np.float32).ravel()

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        document = json.loads((self._folder / "vocabulary.json").read_text())
        return dict(document["vocab"])

    @cached_property
    def _pauses(self) -> frozenset[int]:
        return frozenset(self._vocabulary[mark] for mark in ",;:.!?… ")


def load_session(weights: Path, device: str) -> onnxruntime.InferenceSession:
    """On a GPU where onnxruntime finds one; one thread, which does not spin while it waits.

    Spinning threads cost as much again as the work itself. Every line has a length of its own, so
    that a plan of memory kept for each would grow and save nothing (docs/quality.md).
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wanted = ["CPUExecutionProvider"]
    if device != "cpu":
        wanted.insert(0, "CUDAExecutionProvider")
    there_is = onnxruntime.get_available_providers()
    return onnxruntime.InferenceSession(
        weights, options, providers=[one for one in wanted if one in there_is]
    )


def list_phonemes(text: str, tongue: str) -> Iterator[str]:
    """The phonemes between marks, and the marks."""
    for number, piece in enumerate(MARKS.split(text)):
        if number % 2:
            yield f"{piece} "
        elif piece.strip():
            command = ["espeak-ng", "-q", "--ipa", "-v", tongue, "--stdin"]
            said = run_tool(command, piece.encode(), package="espeak-ng").decode()
            yield FLAGS.sub("", " ".join(said.split()))


def split_tokens(tokens: Sequence[int], pauses: frozenset[int]) -> Iterator[Sequence[int]]:
    """What the model takes in one go, cut at the last pause that fits."""
    while len(tokens) > MOST_TOKENS:
        fits = range(MOST_TOKENS - 1, 0, -1)
        at = next((end for end in fits if tokens[end] in pauses), MOST_TOKENS - 1) + 1
        yield tokens[:at]
        tokens = tokens[at:]
    if tokens:
        yield tokens
