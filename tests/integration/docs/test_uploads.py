"""The examples of docs/uploads.md, as they stand there, against a server and its storage."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from backend.database import schema
from backend.storage.hashing import compute_file_sha256
from backend.uploads.access import read_upload
from backend.wiring import Parts
from tests import factories
from tests.api_server import serve_api
from tests.servers import free_port

DOCUMENT = Path(__file__).parents[3] / "docs" / "uploads.md"
EXAMPLES = re.findall(r"^```(sh|js|python)\n(.*?)^```", DOCUMENT.read_text(), re.M | re.S)
BIN = Path(sys.executable).parent  # Node is there too
COMMANDS = {
    "sh": ["bash", "-eu"],
    "js": [BIN / "node", "--input-type=module"],
    "python": [sys.executable, "-"],
}


@pytest.fixture(params=["local", "minio"])
def parts(request, new_parts) -> Parts:
    more = {"storage_backend": request.param}
    if request.param != "local":
        more |= request.getfixturevalue("s3_settings") | {"minio_bucket": f"test-{uuid4()}"}
    demand = {"identity": "accounts", "secret_key": "s" * 32}
    parts = new_parts(api_port=free_port(), **more, **demand)
    schema.migrate(parts.db)
    return parts


@pytest.fixture
def environment(parts: Parts, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server, and what the examples take from the environment."""
    (tmp_path / "talk.txt").write_bytes(os.urandom(6 << 20).hex().encode())  # 12 MiB
    with serve_api(parts):
        yield {
            "API": f"{parts.settings.api_url}/v1",
            "DUBLINE_API_KEY": factories.api_key(parts.db, factories.user(parts.db)),
            "FILE": str(tmp_path / "talk.txt"),
        }


def run(language: str, code: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        COMMANDS[language],
        input=code,
        cwd=Path(environment["FILE"]).parent,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_there_is_an_example_in_each_language():
    assert [language for language, _ in EXAMPLES] == ["sh", "sh", "js", "python"]


@pytest.mark.parametrize(("language", "code"), EXAMPLES, ids=["whole", "curl", "js", "python"])
def test_an_example_sends_a_file(language, code, environment, parts):
    done = run(language, code, environment)
    assert done.returncode == 0, done.stderr
    with parts.db.read() as connection:
        owner = connection.exec_driver_sql("SELECT user_id FROM uploads").scalar_one()
    upload = read_upload(parts.db, UUID(str(owner)), UUID(done.stdout.strip()))
    assert upload.sha256 == compute_file_sha256(Path(environment["FILE"]))


@pytest.mark.parametrize("language", ["sh", "python"])
def test_an_example_goes_on_with_what_was_begun(language, environment):
    code = next(code for one, code in EXAMPLES[1:] if one == language)
    ending = "until" if language == "sh" else "    while True:"
    before, after = code.split(ending, 1)
    stop = "exit 9" if language == "sh" else "    raise SystemExit(9)"
    assert run(language, f"{before}{stop}\n{ending}{after}", environment).returncode == 9
    begun = (Path(environment["FILE"]).parent / "upload.id").read_text().strip()
    done = run(language, code, environment)
    assert done.stdout.strip() == begun, done.stderr
