"""Which models there are, and which of them are installed in a folder."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from backend.pipeline.providers import ProviderKind


@dataclass(frozen=True)
class ModelFile:
    """A file of a model: `size` bytes with this hash, from `parts` or else from `official`."""

    name: str
    size: int
    sha256: str
    parts: tuple[str, ...] = ()
    official: str | None = None


@dataclass(frozen=True)
class Model:
    """What an engine works with; of a translation's languages the first is the source."""

    name: str
    engine: str
    kind: ProviderKind
    languages: tuple[str, ...]
    licence: str
    about: str
    upstream: str
    files: tuple[ModelFile, ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(file.size for file in self.files)


@cache
def load_catalogue() -> Mapping[str, Model]:
    """The models by name, as `catalogue.toml` has them."""
    document = tomllib.loads((files(__package__) / "catalogue.toml").read_text())
    return {name: _build_model(name, entry) for name, entry in document.items()}


def _build_model(name: str, entry: dict[str, object]) -> Model:
    values = {**entry, "kind": ProviderKind(str(entry["kind"]))}
    listed = values.pop("files")
    assert isinstance(listed, dict)  # noqa: S101 - the catalogue is ours
    found = tuple(
        ModelFile(name=file, **{**of, "parts": tuple(of["parts"])}) for file, of in listed.items()
    )
    languages = values.pop("languages")
    assert isinstance(languages, list)  # noqa: S101
    return Model(name=name, languages=tuple(languages), files=found, **values)  # type: ignore[arg-type]


def find_model(folder: Path, name: str) -> Path | None:
    """The folder of an installed model: what is there is whole, for it came by one rename."""
    path = folder / name
    return path if path.is_dir() else None
