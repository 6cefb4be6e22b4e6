"""Which of the providers that a job names does a stage: the first that can.

A stage is done by one provider from its first line to its last: a voice that changes between two
lines is heard, and a word that is translated in two ways is read.
"""

from collections.abc import Callable, Iterator, Sequence
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

    `find` gives the provider of a name, `check` raises `Permanent` for what it cannot do, and
    `require_budget` raises `Refused` for what the job may not spend.
    """

    names: Sequence[str]
    find: Callable[[str], Kind]
    check: Callable[[Kind], object]
    require_budget: Callable[[str], None] = lambda _: None
    problems: dict[str, Permanent | OutOfService] = field(default_factory=dict)

    def get_first(self) -> Kind:
        """The first that can; raises `Permanent` with all reasons where none can."""
        for _, provider in self._list_able():
            return provider
        raise self._summarize()

    def do(self, work: Callable[[Kind], Made]) -> Made:
        """What the first makes that can, and that neither refuses nor is out of service.

        Raises as `get_first` does; `OutOfService` where one may do it later.
        """
        for name, provider in self._list_able():
            if not self._allows(name):
                continue
            try:
                return work(provider)
            except (Refused, OutOfService) as problem:
                self.problems[name] = problem
        raise self._summarize()

    def _list_able(self) -> Iterator[tuple[str, Kind]]:
        for name in self.names:
            try:
                provider = self.find(name)
                self.check(provider)
            except Permanent as problem:
                self.problems[name] = problem
            else:
                yield name, provider

    def _allows(self, name: str) -> bool:
        """Whether it may be paid for; of the first choice that is left to the user to decide."""
        try:
            self.require_budget(name)
        except Refused as problem:
            if not self.problems:
                raise
            self.problems[name] = problem
            return False
        return True

    @property
    def warnings(self) -> list[str]:
        """Why it was not the first, and why not each of those that could have but would not."""
        told = {
            name: problem
            for name, problem in self.problems.items()
            if name == self.names[0] or isinstance(problem, Refused | OutOfService)
        }
        return [f"Not done by {name}: {problem}" for name, problem in told.items()]

    def _summarize(self) -> Permanent | OutOfService:
        problems = list(self.problems.values())
        later = [one for one in problems if isinstance(one, OutOfService)]
        if later or len(problems) == 1:
            return [*later, *problems][0]
        return Permanent("; ".join(map(str, problems)))


def choose_translator(
    params: JobParams, context: StageContext, source: str, target: str
) -> ProviderChoice[Translator]:
    """Of the job's translators the first that knows both languages."""
    return ProviderChoice(
        params.providers.translation,
        context.get_translator,
        lambda translator: translator.check(source, target),
        context.require_budget,
    )


def choose_synthesizer(
    params: JobParams, context: StageContext, language: str
) -> ProviderChoice[Synthesizer]:
    """Of the job's synthesisers the first that has voices for the language, also those named."""
    return ProviderChoice(
        params.providers.tts,
        context.get_synthesizer,
        lambda synthesizer: choose_voices([], synthesizer.list_voices(language), params.voices),
        context.require_budget,
    )
