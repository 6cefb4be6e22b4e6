"""Asks the translator for shorter texts; each answer is kept under the hash of the question."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from backend.errors import Transient
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.interfaces.providers import Cost, OverlongText, Shortener
from workers.interfaces.stages import StageContext, load_reusable


@dataclass(frozen=True)
class TextShortener:
    """Between two languages, by one translator."""

    translator: Shortener
    source: str
    target: str
    context: StageContext

    def shorten_texts(self, long: Sequence[OverlongText]) -> list[str]:
        """A text for each, in order."""
        known = {one: text for one in long if (text := self._find_text(one)) is not None}
        new = [one for one in dict.fromkeys(long) if one not in known]
        size = self.translator.batch_size
        for batch in (new[first : first + size] for first in range(0, len(new), size)):
            known |= self._buy_texts(batch)
        return [known[one] for one in long]

    def _find_text(self, one: OverlongText) -> str | None:
        found = load_reusable(self.context.batches, self._compute_key(one), self.context)
        return str(json.loads(found[1].read_bytes())) if found else None

    def _buy_texts(self, batch: Sequence[OverlongText]) -> Mapping[OverlongText, str]:
        with self.context.pace_call(self.translator):
            answer = self.translator.shorten(batch, self.source, self.target, call=self.context)
        # Without its units: those of the stage's cost are the voice's.
        self.context.add_cost(Cost(usd=answer.cost.usd))
        if len(answer.texts) != len(batch):
            name, got = self.translator.name, len(answer.texts)
            raise Transient(f"{name} gave {got} shorter texts for {len(batch)}")
        texts = dict(zip(batch, answer.texts, strict=True))
        for one, text in texts.items():
            path = self.context.workdir / "shorter.json"
            path.write_text(json.dumps(text))
            self.context.batches.put(self._compute_key(one), path)
        return texts

    def _compute_key(self, one: OverlongText) -> str:
        by = (self.translator.name, self.translator.model, STAGES[Stage.TTS].code_version)
        asked = ["shorten", asdict(one), self.source, self.target, by]
        return hash_json(asked)
