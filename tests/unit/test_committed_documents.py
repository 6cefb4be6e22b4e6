"""Documents that must follow the code."""

import re
from pathlib import Path

from backend.api.openapi import build_document
from backend.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_openapi_document_is_that_of_the_api():
    written = (ROOT / "docs" / "openapi.yaml").read_text()
    assert written == build_document(), "run `make openapi`"


def test_every_setting_is_documented():
    names = {name.upper() for name in Settings.model_fields}
    table = (ROOT / "docs" / "settings.md").read_text()
    example = (ROOT / ".env.example").read_text()
    assert {name for name in names if f"| `{name}` |" not in table} == set()
    assert {name for name in names if f"#{name}=" not in example} == set()


RAISES_CODE = r'(?:Conflict|Forbidden|TooManyRequests)\(\s*"([a-z-]+)"'


def test_every_code_of_a_problem_is_documented():
    raised = {"internal", "storage-full", "unavailable", "invalid-request", "not-found"}
    for path in (ROOT / "backend").rglob("*.py"):
        raised |= set(re.findall(RAISES_CODE, path.read_text()))
    table = (ROOT / "docs" / "problems.md").read_text()
    assert {code for code in raised if f"| `{code}` |" not in table} == set()
