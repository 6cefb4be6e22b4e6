"""The stack of docker-compose.yml, up for the session; what it wrote is kept in build/smoke."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from backend.cli.client import Client
from tests import demo_sample
from tests.smoke.stack import ROOT, ComposeStack

OUT = ROOT / "build" / "smoke"


@pytest.fixture(scope="session")
def out() -> Path:
    """Where logs and results are kept."""
    OUT.mkdir(parents=True, exist_ok=True)
    return OUT


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, out: Path) -> Iterator[ComposeStack]:
    """A stack that was started by what README.md says."""
    found = ComposeStack(tmp_path_factory.mktemp("clone"))
    try:
        found.run("up", "--detach", "--build")
        yield found
    finally:
        found.save_logs(out / "stack.log")
        found.run("down", "--volumes", "--timeout", "20")


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people who talk for most of a minute."""
    folder = tmp_path_factory.mktemp("recording")
    demo_sample.make(folder)
    return folder / "talk.mp4"


@pytest.fixture
def client(stack: ComposeStack) -> Iterator[Client]:
    """A client of the stack's API, with a key of a user of its own."""
    create = ("exec", "-T", "api", "dubline", "users")
    user = stack.run(
        *create, "create", "smoke@example.org", "--password", "S3cret and long enough!"
    )
    key = stack.run(*create, "create-key", user.strip())
    found = Client(stack.api_url, key=SecretStr(key.strip()))
    yield found
    found.close()
