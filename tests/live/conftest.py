"""Live vendors, by the settings of whoever runs this; what that costs is told at the end."""

import gc
import warnings
from collections.abc import Callable, Iterator

import pytest

from backend.errors import Permanent
from backend.settings import Settings, load
from workers.interfaces.providers import Cost, Provider
from workers.providers.registry import ProviderRegistry

Spend = Callable[[Provider, str, Cost], None]

_bill: list[tuple[str, Cost]] = []


def pytest_configure(config: pytest.Config) -> None:
    """The clients of vendors live as long as their process, which is no error of any test."""
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


def pytest_sessionfinish() -> None:
    """Nor is it one when the session ends, where what pytest is told to ignore counts no more."""
    warnings.simplefilter("ignore", ResourceWarning)
    warnings.simplefilter("ignore", pytest.PytestUnraisableExceptionWarning)
    gc.collect()


@pytest.fixture(scope="session")
def live_settings() -> Settings:
    """As they are outside of tests, from the environment and from `.env`."""
    return load(premium_voices=True)


@pytest.fixture
def find(live_settings: Settings) -> Callable[[str, str], Provider]:
    """A provider by kind and name; the test is skipped where its key is missing."""

    def find_live(kind: str, name: str) -> Provider:
        try:
            found: Provider = getattr(ProviderRegistry(live_settings), f"get_{kind}")(name)
        except Permanent as problem:
            pytest.skip(str(problem))
        return found

    return find_live


@pytest.fixture
def spend() -> Iterator[Spend]:
    """Notes what a call has cost."""

    def note(provider: Provider, what: str, cost: Cost) -> None:
        _bill.append((f"{provider.name} ({provider.model}): {what}", cost))

    yield note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The bill."""
    if not _bill:
        return
    terminalreporter.section("what it cost, by list prices")
    for what, cost in _bill:
        terminalreporter.line(f"{cost.usd:.5f} USD  {what}, {cost.units:g} {cost.unit}")
    total = sum(cost.usd for _, cost in _bill)
    terminalreporter.line(f"{total:.5f} USD in all")
