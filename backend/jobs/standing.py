"""Where languages stand: computed from the markers of their stages, kept nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.pipeline import states
from backend.pipeline.plan import Place
from backend.pipeline.stages import ALL_LANGUAGES, FAN_IN, PER_LANGUAGE, STAGES, LanguageStatus
from backend.pipeline.states import StageState

Markers = Mapping[Place, Any]


@dataclass(frozen=True)
class Standing:
    """Of the markers of a job, for each stage and language that of the latest run that has it."""

    markers: Markers

    def languages(self) -> list[str]:
        """The target languages of all runs, in the order of their first one."""
        return list(dict.fromkeys(tag for _, tag in self.markers if tag != ALL_LANGUAGES))

    def once(self) -> list[Any]:
        """The markers of what is done once for all languages."""
        return [row for (_, tag), row in self.markers.items() if tag == ALL_LANGUAGES]

    def chain(self, language: str) -> list[Any]:
        """The markers of a language's own stages, in order."""
        places = ((stage, language) for stage in PER_LANGUAGE)
        return [self.markers[place] for place in places if place in self.markers]

    def language_status(self, language: str) -> LanguageStatus:
        """Where a language stands."""
        return states.compute_language_status(*self._read(language))

    def language_progress(self, language: str) -> float:
        """The share (0..1) of a language's work that is done."""
        if self.language_status(language) is LanguageStatus.COMPLETE:
            return 1.0
        return states.compute_language_progress(*self._read(language))

    def job_progress(self) -> float:
        """The share (0..1) of all work that is done."""
        languages = self.languages() or [ALL_LANGUAGES]
        done = sum(map(self.language_progress, languages)) / len(languages)
        share = sum(
            STAGES[stage].share for stage in FAN_IN if (stage, ALL_LANGUAGES) in self.markers
        )
        ended = not any(state in states.UNFINISHED for state in self._fan_in())
        return done * (1 - share) + (share if ended else 0.0)

    def _read(self, language: str) -> tuple[dict[Any, StageState], float]:
        """The states of a language's stages, and how far the one is that runs at present."""
        rows = [row for row in self.once() if row.stage not in FAN_IN] + self.chain(language)
        running = [row.progress for row in rows if row.state is StageState.RUNNING]
        return {row.stage: row.state for row in rows}, running[0] if running else 0.0

    def _fan_in(self) -> list[StageState]:
        return [row.state for row in self.once() if row.stage in FAN_IN]
