"""Documents that must follow the code."""

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
