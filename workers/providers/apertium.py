"""Translation by Apertium's rules, offline; by way of a third language where no pair is direct."""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

import langcodes

from backend.documents import languages
from backend.documents.text import collapse_lines
from backend.errors import Permanent
from backend.settings import Settings
from workers.interfaces.providers import (
    ProviderCall,
    TranslationBatch,
    TranslationResult,
    Translator,
)
from workers.providers.tools import run_tool

PACKAGE = "apertium"
# The Debian packages behind the languages we know the way to.
PACKAGES = {
    "es": "apertium-eng-spa",
    "ca": "apertium-eng-cat",
    "pt": "apertium-eng-spa apertium-es-pt",
    "fr": "apertium-eng-spa apertium-fr-es",
}
FINAL_MARKS = re.compile(r"[\s.!?…]*$")
# To Apertium `no.` is short for "number", which an answer never is.
NO = re.compile(r"\b(no)\.(?!\w)", re.IGNORECASE)

Modes = dict[tuple[str, str], str]


def build_translator(_: Settings) -> Translator:
    """See `workers.providers.registry`."""
    return Apertium()


class Apertium:
    """Texts go through one process a step, a line each, so a batch costs what a text costs."""

    name = "apertium"
    remote = False
    batch_size = 500
    instructable = False

    @property
    def model(self) -> str:
        """Apertium and its version."""
        return f"apertium-{read_version()}"

    def check(self, source: str, target: str) -> None:
        """Raise `Permanent` when no chain of installed pairs leads to the target."""
        _find_way(source, target)

    def list_targets(self, source: str) -> Sequence[str]:
        """Whatever a chain of installed pairs leads to."""
        return list_reachable(list_modes(), source)

    def translate(self, batch: TranslationBatch, *, call: ProviderCall) -> TranslationResult:
        """Translate; raises `Permanent` when no chain of installed pairs leads to the target."""
        lines = [collapse_lines(text) for text in batch.texts]
        for mode in _find_way(batch.source, batch.target):
            lines = _run_step(mode, lines)
        return TranslationResult(
            [_restore_end_marks(line, text) for line, text in zip(lines, batch.texts, strict=True)]
        )


@cache
def list_modes() -> Modes:
    """What is installed: the name of the mode for each pair of language tags."""
    listed = run_tool(["apertium", "-l"], b"", package=PACKAGE).decode().split()
    found: Modes = {}
    for mode in listed:
        # With a third part it is a variant for tests, such as `eco-es-fr`.
        source, target, *variant = (_parse_tag(code) for code in mode.split("-"))
        if source and target and not variant:
            found.setdefault((source, target), mode)
    return found


@cache
def read_version() -> str:
    """Apertium's version."""
    words = run_tool(["apertium", "-V"], b"", package=PACKAGE).decode().split()
    return words[-1] if words else "unknown"


def _find_way(source: str, target: str) -> list[str]:
    steps = find_route(list_modes(), source, target)
    if steps is None:
        raise Permanent(_build_no_way(source, target))
    return steps


def find_route(known: Modes, source: str, target: str) -> list[str] | None:
    """The fewest modes that lead from source to target; None when there is no way.

    A region that Apertium does not know (`en-GB`, `es-MX`) counts as its language.
    """
    for goal in dict.fromkeys((target, languages.get_base_language(target))):
        for start in dict.fromkeys((source, languages.get_base_language(source))):
            path = _find_shortest(known, start, goal)
            if path is not None:
                return [known[step] for step in pairwise(path)]
    return None


def list_reachable(known: Modes, source: str) -> list[str]:
    """All tags that can be translated into, from this one."""
    goals = sorted({target for _, target in known})
    others = [
        tag
        for tag in goals
        if languages.get_base_language(tag) != languages.get_base_language(source)
    ]
    return [tag for tag in others if _find_shortest(known, source, tag)]


def _find_shortest(known: Iterable[tuple[str, str]], start: str, goal: str) -> list[str] | None:
    paths = deque([[start]])
    seen = {start}
    while paths:
        path = paths.popleft()
        if path[-1] == goal:
            return path
        for source, target in known:
            if source == path[-1] and target not in seen:
                seen.add(target)
                paths.append([*path, target])
    return None


def _parse_tag(code: str) -> str:
    """The tag of an Apertium code (`spa`, `pt_BR`); empty for variants without one."""
    try:
        return langcodes.Language.get(code).to_tag() if code.count("_") < 2 else ""  # noqa: PLR2004
    except langcodes.LanguageTagError:
        return ""


def _run_step(mode: str, lines: Sequence[str]) -> list[str]:
    """A line for each line: should a rule join two of them, ever smaller batches part them."""
    # The line format takes the last full stop for its own.
    text = "".join(NO.sub(r"\1!", f"{line}.") + "\n" for line in lines)
    command = ["apertium", "-u", "-f", "line", mode]
    out = run_tool(command, text.encode(), package=PACKAGE).decode().removesuffix("\n").split("\n")
    if len(lines) <= 1:
        return [collapse_lines(" ".join(out))][: len(lines)]
    if len(out) != len(lines):
        half = len(lines) // 2
        return _run_step(mode, lines[:half]) + _run_step(mode, lines[half:])
    return [collapse_lines(line) for line in out]


def _restore_end_marks(translated: str, source: str) -> str:
    """With the marks at the end that the source has; what could not be translated stays."""
    text = FINAL_MARKS.sub("", translated) + (FINAL_MARKS.search(source.strip()) or [""])[0]
    return text or source


def _build_no_way(source: str, target: str) -> str:
    package = (
        PACKAGES.get(languages.get_base_language(target))
        if languages.get_base_language(source) == "en"
        else None
    )
    hint = f"apt-get install {package}" if package else "Apertium may have no such pair"
    known = ", ".join(list_reachable(list_modes(), source)) or "none"
    return (
        f"Apertium cannot translate from {languages.get_name(source)} ({source}) to "
        f"{languages.get_name(target)} ({target}): {hint}. From {source} it can at present: {known}"
    )
