"""Speaks utterances, several at once, each of which is bought once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from threading import Lock
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import soundfile

from backend.documents.glossary import write_for_voice
from backend.errors import Cancelled
from backend.pipeline.files import StoredFile
from backend.pipeline.stages import Stage
from workers.audio.silence import trim_silence
from workers.calls.paid_calls import PaidCalls
from workers.interfaces.progress import await_result, tell_part
from workers.interfaces.providers import Synthesizer, Utterance
from workers.interfaces.stages import StageContext

CONTEXT = ("before", "after")


@dataclass(frozen=True)
class SpokenTake:
    """An utterance's speech, `duration` seconds of it without the silence around it."""

    utterance: Utterance
    file: StoredFile
    duration: float


Takes = Mapping[int, SpokenTake]  # by line id


class LineSpeaker:
    """One synthesiser's voices; only they get to see how words are to be pronounced."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        context: StageContext,
        pronunciations: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._synthesizer = synthesizer
        self._context = context
        self._calls = PaidCalls(synthesizer, Stage.TTS, context.clips, context)
        self._pronunciations = pronunciations
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def speak_lines(
        self, asked: Sequence[Utterance], begin: float, end: float
    ) -> list[SpokenTake | None]:
        """A take of each, in order, while the stage's progress goes from `begin` to `end`.

        None where the synthesiser gave silence, which is not kept: next time it may be speech.
        """
        takes: list[SpokenTake | None] = []
        pool = ThreadPoolExecutor(self._synthesizer.concurrency)
        tell = partial(tell_part, self._context.progress, begin, end)
        kept = True
        try:
            for future in [pool.submit(self._take_line, one) for one in asked]:
                takes.append(await_result(future, lambda: tell(len(takes) / len(asked))))
                tell(len(takes) / len(asked))
        except Cancelled:
            kept = False  # nobody waits for what nobody wants
            raise
        finally:
            # What is asked for already is kept, nothing more is bought.
            pool.shutdown(wait=kept, cancel_futures=True)
        return takes

    def _take_line(self, utterance: Utterance) -> SpokenTake | None:
        written = write_for_voice(utterance.text, self._pronunciations)
        spoken = replace(utterance, text=written)
        key = self._calls.compute_key([_describe_utterance(spoken)])
        # Two lines of the same text wait for each other, so that it is bought once.
        with self._locks[key]:
            found = self._calls.find_file(key)
            if found is None:
                take = self._synthesize_line(key, spoken)
                return take and replace(take, utterance=utterance)
        file, path = found
        return SpokenTake(utterance, file, soundfile.info(path).duration)

    def _synthesize_line(self, key: str, utterance: Utterance) -> SpokenTake | None:
        spoken = self._calls.buy(
            lambda: self._synthesizer.synthesize(utterance, call=self._context)
        )
        if not spoken.samples.any():
            return None
        path = self._context.workdir / f"{uuid4().hex}.flac"
        speech = trim_silence(spoken.samples, spoken.sample_rate)
        soundfile.write(path, speech, spoken.sample_rate)
        file = self._calls.keep_file(key, path)
        return SpokenTake(utterance, file, len(speech) / spoken.sample_rate)


def _describe_utterance(utterance: Utterance) -> Mapping[str, Any]:
    """What the answer depends on; a context that is not given is none of it."""
    said = asdict(utterance)
    return {name: value for name, value in said.items() if value or name not in CONTEXT}
