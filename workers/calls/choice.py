"""Which of the providers that a job names does a stage: the first that can.

A stage is done by one provider from its first line to its last: a voice that changes between two
lines is heard, and a word that is translated in two ways is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from backend.errors import OutOfService, Permanent, Refused
from backend.pipeline.params import JobParams
from workers.interfaces.providers import Provider, Synthesizer, Translator
from workers.interfaces.stages import StageContext
from workers.speakers.casting import choose_voices

Kind = TypeVar("Kind", bound=Provider)
Made = TypeVar("Made")


@dataclass
class ProviderChoice(Generic[Kind]):
    """Goes through the providers in the order of their `names`.

    `find` gives the provider of a name, `check` raises `Permanent` for what it cannot do.
    """

    names: Sequence[str]
    find: Callable[[str], Kind]
    check: Callable[[Kind], object]
    problems: list[Permanent | OutOfService] = field(default_factory=list)

    def get_first(self) -> Kind:
        """The first that can; raises `Permanent` with all reasons where none can."""
        return self.do(lambda provider: provider)

    def do(self, work: Callable[[Kind], Made]) -> Made:
        """What the first makes that can, and that neither refuses nor is out of service.

        Raises as `get_first` does; `OutOfService` where one may do it later.
        """
        for name in self.names:
            try:
                provider = self.find(name)
                self.check(provider)
            except Permanent as problem:
                self.problems.append(problem)
                continue
            try:
                return work(provider)
            except (Refused, OutOfService) as problem:
                self.problems.append(problem)
        raise self._summarize()

    @property
    def warnings(self) -> list[str]:
        """Why it was not the first, if it was not."""
        return [f"Not done by {self.names[0]}: {self.problems[0]}"] if self.problems else []

    def _summarize(self) -> Permanent | OutOfService:
        later = [one for one in self.problems if isinstance(one, OutOfService)]
        if later or len(self.problems) == 1:
            return [*later, *self.problems][0]
        return Permanent("; ".join(str(one) for one in self.problems))


def choose_translator(
    params: JobParams, context: StageContext, source: str, target: str
) -> ProviderChoice[Translator]:
    """Of the job's translators the first that knows both languages."""
    return ProviderChoice(
        params.providers.translation,
        context.get_translator,
        lambda translator: translator.check(source, target),
    )


def choose_synthesizer(
    params: JobParams, context: StageContext, language: str
) -> ProviderChoice[Synthesizer]:
    """Of the job's synthesisers the first that has voices for the language, also those named."""
    return ProviderChoice(
        params.providers.tts,
        context.get_synthesizer,
        lambda synthesizer: choose_voices([], synthesizer.list_voices(language), params.voices),
    )
