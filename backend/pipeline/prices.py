"""What providers charge: one dated table (`prices.toml`), or a user's own in its place."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.errors import Permanent
from backend.pipeline.stages import Stage

# What a second of recording comes to for each stage: a person says about 15 characters or 4 tokens
# in it, to which prompts and keys come. Rather more than less; a stage that listens takes seconds.
UNITS_A_SECOND: Mapping[Stage, Mapping[str, float]] = {
    Stage.ASR: {"seconds": 1},
    Stage.MT: {"input_tokens": 15, "output_tokens": 8, "characters": 15},
    Stage.TTS: {"characters": 15},
    Stage.MIX: {"seconds": 1},
}
OWN = Path(__file__).with_name("prices.toml")


class Price(BaseModel):
    """US dollars for `per` units of what a model counts, as `source` said at `date`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    model: str
    unit: str
    usd: float = Field(ge=0)
    per: float = Field(gt=0)
    date: date
    source: str


class PriceList(BaseModel):
    """All prices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price: tuple[Price, ...]
    free: frozenset[str] = frozenset()

    def estimate_usd(self, stage: Stage, provider: str, seconds: float | None) -> float | None:
        """What a stage costs for so much recording, by the dearest model; None: nobody knows."""
        if provider in self.free:
            return 0.0
        if seconds is None or provider not in {one.provider for one in self.price}:
            return None
        units = {unit: count * seconds for unit, count in UNITS_A_SECOND.get(stage, {}).items()}
        return self.compute_usd(provider, "", units)

    def compute_usd(self, provider: str, model: str, units: Mapping[str, float]) -> float:
        """What so many of each unit cost."""
        return sum(
            count * self._find_rate(provider, model, unit) for unit, count in units.items() if count
        )

    def _find_rate(self, provider: str, model: str, unit: str) -> float:
        """For one unit; the model's own, or the dearest of the provider, so as not to tell less."""
        rows = [one for one in self.price if (one.provider, one.unit) == (provider, unit)]
        own = [one for one in rows if one.model == model]
        return max((one.usd / one.per for one in own or rows), default=0.0)


def load_prices(path: Path | None) -> PriceList:
    """The table of this file, or Dubline's own; raises `Permanent` that says what is wrong."""
    file = path or OWN
    try:
        return PriceList.model_validate(tomllib.loads(file.read_text()))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise Permanent(f"PRICES_FILE: {file} is no table of prices: {error}") from None
