"""Writes the OpenAPI document: `python -m backend.api.openapi`."""

import sys

import yaml

from backend.api.app import create_app
from backend.settings import Settings


def build_document() -> str:
    """The API's OpenAPI 3.1 document as YAML, the same under every Python."""
    app = create_app(Settings(_env_file=None))
    with app.app_context():
        spec = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec
    return str(yaml.safe_dump(spec.to_dict(), sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    sys.stdout.write(build_document())
