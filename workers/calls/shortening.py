"""Asks the translator for shorter texts, each of which is bought once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from backend.errors import OutOfService, Refused, Transient
from backend.pipeline.stages import Stage
from workers.calls.paid_calls import PaidCalls
from workers.interfaces.providers import Cost, OverlongText, Shortener, TranslationResult
from workers.interfaces.stages import StageContext

TEXT = TypeAdapter(str)


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
            try:
                known |= self._buy_texts(batch)
            except (Refused, OutOfService):
                break  # shorter is better, but what is there can be spoken
        return [known.get(one, one.text) for one in long]

    @property
    def _calls(self) -> PaidCalls:
        return PaidCalls(self.translator, Stage.TTS, self.context.batches, self.context)

    def _find_text(self, one: OverlongText) -> str | None:
        return self._calls.find(self._compute_key(one), TEXT)

    def _buy_texts(self, batch: Sequence[OverlongText]) -> Mapping[OverlongText, str]:
        answer = self._calls.buy(lambda: self._ask(batch))
        if len(answer.texts) != len(batch):
            name, got = self.translator.name, len(answer.texts)
            raise Transient(f"{name} gave {got} shorter texts for {len(batch)}")
        texts = dict(zip(batch, answer.texts, strict=True))
        for one, text in texts.items():
            self._calls.keep(self._compute_key(one), TEXT, text)
        return texts

    def _ask(self, batch: Sequence[OverlongText]) -> TranslationResult:
        answer = self.translator.shorten(batch, self.source, self.target, call=self.context)
        # Without its units: those of the stage's cost are the voice's.
        return replace(answer, cost=Cost(usd=answer.cost.usd))

    def _compute_key(self, one: OverlongText) -> str:
        return self._calls.compute_key(["shorten", asdict(one), self.source, self.target])
