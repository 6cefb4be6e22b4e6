"""run_tts: `segments_<lang>.json` to a clip of speech for each line, and `speech_<lang>.json`."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from uuid import uuid4

import soundfile

from backend.core.errors import Transient
from backend.core.segments import Clip, Line, Speech, Translation
from backend.core.stages import CODE_VERSION, Stage
from workers.media.fit import slots, speaking_rate
from workers.media.silence import trimmed
from workers.providers.base import Cost, Synthesizer, Utterance
from workers.speakers.casting import choose, everyone
from workers.stages.base import Desk, Made, Outcome, StoredFile, Work


@dataclass(frozen=True)
class Spoken:
    """A line's clip and what making it cost this time: nothing when it was kept from before."""

    clip: Clip
    cost: Cost


def run(work: Work, desk: Desk) -> Outcome:
    """Speak every line that has something to say, several at once."""
    synthesizer = desk.synthesizer(work.params.providers.tts)
    text = desk.fetch(work.files["segments"]).read_bytes()
    translation = Translation.model_validate_json(text)
    offered = synthesizer.voices(work.language)
    voices = choose(everyone(translation), offered, work.params.voices)
    spoken = _all(translation, Speaker(synthesizer, work.language, voices, desk), desk)
    speech = Speech(language=work.language, clips=tuple(one.clip for one in spoken))
    path = desk.workdir / f"speech_{work.language}.json"
    path.write_bytes(speech.to_bytes())
    return Outcome(
        made=(Made("speech", path, "application/json", path.name),),
        provider=synthesizer.name,
        model=synthesizer.model,
        cost=Cost.total(one.cost for one in spoken),
    )


def _all(translation: Translation, speaker: "Speaker", desk: Desk) -> list[Spoken]:
    room = slots(translation.lines, translation.duration)
    said = [
        (line, slot)
        for line, slot in zip(translation.lines, room, strict=True)
        if any(character.isalnum() for character in line.text)
    ]
    spoken = []
    # An error lets go of the map's iterator, and that cancels the lines that still wait: what is
    # asked for already is kept, nothing more is bought.
    with ThreadPoolExecutor(speaker.concurrency) as pool:
        for one in pool.map(speaker.speak, *zip(*said, strict=True)) if said else ():
            spoken.append(one)
            desk.progress(len(spoken) / len(said))
    return spoken


class Speaker:
    """Speaks lines, each kept under the hash of everything that makes it what it is."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        language: str,
        voices: Mapping[str | None, str],
        desk: Desk,
    ) -> None:
        self.concurrency = synthesizer.concurrency
        self._synthesizer = synthesizer
        self._language = language
        self._voices = voices
        self._desk = desk
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def speak(self, line: Line, slot: float) -> Spoken:
        """At the natural rate; once more, faster, when that does not fit the slot (seconds)."""
        voice = self._voices[line.speaker]
        natural = self._kept(line, Utterance(line.text, self._language, voice))
        rate = speaking_rate(natural.clip.duration, slot, self._synthesizer.max_rate)
        if rate == 1.0:
            return natural
        faster = self._kept(line, Utterance(line.text, self._language, voice, round(rate, 2)))
        return replace(faster, cost=Cost.total([natural.cost, faster.cost]))

    def _kept(self, line: Line, utterance: Utterance) -> Spoken:
        key = content_key(utterance, self._synthesizer.name, self._synthesizer.model)
        # Two lines of the same text wait for each other, so that it is bought once.
        with self._locks[key]:
            file, cost = self._desk.clips.get(key), Cost()
            if file is None:
                file, cost = self._made(key, utterance)
        clip = Clip(
            id=line.id,
            object_key=file.key,
            sha256=file.sha256,
            size=file.size,
            duration=soundfile.info(self._desk.fetch(file)).duration,
            rate=utterance.rate,
            voice=utterance.voice,
        )
        return Spoken(clip, cost)

    def _made(self, key: str, utterance: Utterance) -> tuple[StoredFile, Cost]:
        with self._desk.paced(self._synthesizer):
            spoken = self._synthesizer.synthesize(utterance, call=self._desk)
        if not spoken.samples.any():
            raise Transient(f"{self._synthesizer.name} gave no sound for '{utterance.text[:40]}'")
        path: Path = self._desk.workdir / f"{uuid4().hex}.flac"
        soundfile.write(path, trimmed(spoken.samples, spoken.sample_rate), spoken.sample_rate)
        try:
            return self._desk.clips.put(key, path), spoken.cost
        finally:
            path.unlink()


def content_key(utterance: Utterance, provider: str, model: str) -> str:
    """The hash of everything that makes a clip what it is."""
    made_of = {
        **asdict(utterance),
        "provider": provider,
        "model": model,
        "code": CODE_VERSION[Stage.TTS],
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
