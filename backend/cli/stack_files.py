"""What the embedded stack and those who use it agree on, as files in DUBLINE_HOME.

`users.lock` is shared by everybody who uses the stack; whoever has it alone knows that nobody does.
`start.lock` is held by who starts or ends a stack. `dubline.lock` is held by a stack that lives,
and tells its process id. The system frees all three however their holders end.
"""

from dataclasses import dataclass
from pathlib import Path

from backend.process.locks import SharedLock


@dataclass(frozen=True)
class StackFiles:
    """The files of the stack on this home."""

    home: Path

    def open_users_lock(self) -> SharedLock:
        """Shared by whoever uses the stack."""
        return SharedLock(self.home / "users.lock")

    def open_start_lock(self) -> SharedLock:
        """Held by whoever starts or ends a stack."""
        return SharedLock(self.home / "start.lock")

    def open_life_lock(self) -> SharedLock:
        """Held by the stack as long as it lives."""
        return SharedLock(self._life)

    def write_process_id(self, process_id: int) -> None:
        """Tell who has the lock of the living."""
        self._life.write_text(str(process_id))

    def read_process_id(self) -> int:
        """Whose stack it is that lives."""
        return int(self._life.read_text())

    @property
    def url(self) -> Path:
        """Holds the URL of a stack that is ready."""
        return self.home / "url"

    @property
    def failure(self) -> Path:
        """Holds why the last stack gave up, if it did."""
        return self.home / "failure"

    @property
    def logs(self) -> Path:
        """The folder for the logs of a stack that has no terminal."""
        return self.home / "logs"

    @property
    def log(self) -> Path:
        """The log of the stack itself, among them."""
        return self.logs / "stack.log"

    @property
    def _life(self) -> Path:
        return self.home / "dubline.lock"
