"""Writes the OpenAPI document: `python -m backend.api.openapi`."""

import sys

import yaml

from backend.api.app import create_app
from backend.settings import Settings

# Python 3.13 calls some statuses by their newer names, and flask-smorest the answers by these.
NAMES = {
    "UNPROCESSABLE_CONTENT": "UNPROCESSABLE_ENTITY",
    "Unprocessable Content": "Unprocessable Entity",
}


def build_document() -> str:
    """The API's OpenAPI 3.1 document as YAML, the same under every Python."""
    app = create_app(Settings(_env_file=None))
    with app.app_context():
        spec = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec
    text = yaml.safe_dump(spec.to_dict(), sort_keys=False, allow_unicode=True)
    for newer, older in NAMES.items():
        text = text.replace(newer, older)
    return str(text)


if __name__ == "__main__":
    sys.stdout.write(build_document())
