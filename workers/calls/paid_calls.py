"""What every paid call has in common: made in its turn, put on the bill, bought once.

An answer is kept under the hash of everything that makes it what it is, across runs and jobs. So
an attempt that ends between an answer and its commit pays nothing again, nor does a later run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from pydantic import TypeAdapter

from backend.pipeline.files import StoredFile
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.interfaces.providers import Cost, Provider
from workers.interfaces.stages import ContentStore, StageContext, load_reusable


class PaidAnswer(Protocol):
    """What a provider answers, and what that cost."""

    @property
    def cost(self) -> Cost:
        """What the call cost."""


Answer = TypeVar("Answer", bound=PaidAnswer)
Value = TypeVar("Value")


@dataclass(frozen=True)
class PaidCalls:
    """The calls of one provider in one stage; answers are kept in `store`."""

    provider: Provider
    stage: Stage
    store: ContentStore
    context: StageContext

    def compute_key(self, question: Sequence[Any]) -> str:
        """The hash of the question, of who is asked, and of the code that makes use of it."""
        code = STAGES[self.stage].code_version
        return hash_json([*question, self.provider.name, self.provider.model, code])

    def find_file(self, key: str) -> tuple[StoredFile, Path] | None:
        """The answer that is kept, and a local copy."""
        return load_reusable(self.store, key, self.context)

    def find(self, key: str, kind: TypeAdapter[Value]) -> Value | None:
        """The answer that is kept as JSON."""
        found = self.find_file(key)
        return kind.validate_json(found[1].read_bytes()) if found else None

    def buy(self, ask: Callable[[], Answer]) -> Answer:
        """Make the call when it is its turn; what it cost counts whatever becomes of the answer."""
        with self.context.pace_call(self.provider):
            answer = ask()
        self.context.add_cost(answer.cost)
        return answer

    def keep_file(self, key: str, path: Path) -> StoredFile:
        """Keep a file, which goes from the disk."""
        try:
            return self.store.put(key, path)
        finally:
            path.unlink()

    def keep(self, key: str, kind: TypeAdapter[Value], value: Value) -> None:
        """Keep an answer as JSON."""
        path = self.context.workdir / f"{uuid4().hex}.json"
        path.write_bytes(kind.dump_json(value))
        self.keep_file(key, path)
