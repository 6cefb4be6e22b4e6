"""Asks the translator for shorter texts; each answer is kept under the hash of the question."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from backend.errors import Transient
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.interfaces.providers import Cost, Shortener, TooLong
from workers.interfaces.stages import Desk, kept


@dataclass(frozen=True)
class Shortening:
    """Between two languages, by one translator."""

    translator: Shortener
    source: str
    target: str
    desk: Desk

    def shortened(self, long: Sequence[TooLong]) -> list[str]:
        """A text for each, in order."""
        known = {one: text for one in long if (text := self._kept(one)) is not None}
        new = [one for one in dict.fromkeys(long) if one not in known]
        size = self.translator.batch_size
        for batch in (new[first : first + size] for first in range(0, len(new), size)):
            known |= self._bought(batch)
        return [known[one] for one in long]

    def _kept(self, one: TooLong) -> str | None:
        found = kept(self.desk.batches, self._key(one), self.desk)
        return str(json.loads(found[1].read_bytes())) if found else None

    def _bought(self, batch: Sequence[TooLong]) -> Mapping[TooLong, str]:
        with self.desk.paced(self.translator):
            answer = self.translator.shorten(batch, self.source, self.target, call=self.desk)
        # Without its units: those of the stage's cost are the voice's.
        self.desk.paid(Cost(usd=answer.cost.usd))
        if len(answer.texts) != len(batch):
            name, got = self.translator.name, len(answer.texts)
            raise Transient(f"{name} gave {got} shorter texts for {len(batch)}")
        texts = dict(zip(batch, answer.texts, strict=True))
        for one, text in texts.items():
            path = self.desk.workdir / "shorter.json"
            path.write_text(json.dumps(text))
            self.desk.batches.put(self._key(one), path)
        return texts

    def _key(self, one: TooLong) -> str:
        by = (self.translator.name, self.translator.model, STAGES[Stage.TTS].code_version)
        asked = ["shorten", asdict(one), self.source, self.target, by]
        return hash_json(asked)
