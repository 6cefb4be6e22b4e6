"""A model in memory: loaded at its first use, given back when nobody has used it for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock, Timer
from typing import Generic, TypeVar

from backend.process.memory import give_back_memory

Model = TypeVar("Model")

IDLE_S = 120.0  # longer than a stage pauses between two lines, shorter than a user's next job


class LoadedModel(Generic[Model]):
    """One for all threads of a process, which use it at the same time."""

    def __init__(self, load: Callable[[], Model], idle_s: float = IDLE_S) -> None:
        self._load = load
        self._idle_s = idle_s
        self._lock = RLock()
        self._model: Model | None = None
        self._users = 0
        self._timer: Timer | None = None

    @contextmanager
    def use(self) -> Iterator[Model]:
        """Within it the model stays in memory."""
        model = self._take()
        try:
            yield model
        finally:
            self._let_go()

    def _take(self) -> Model:
        with self._lock:
            if self._timer:
                self._timer.cancel()
            if self._model is None:
                self._model = self._load()
            self._users += 1
            return self._model

    def _let_go(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._timer = Timer(self._idle_s, self._unload)
                self._timer.daemon = True
                self._timer.start()

    def _unload(self) -> None:
        with self._lock:
            if not self._users:
                self._model = None
                give_back_memory()
