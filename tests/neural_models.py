"""The models that tests of the neural engines need, kept between runs."""

import os
from functools import cache
from pathlib import Path

import pytest

from backend.errors import DublineError
from workers.models.catalogue import load_catalogue
from workers.models.install import install_model

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dubline" / "models"


def require_models(*names: str) -> Path:
    """The folder with these models; the test is skipped where they cannot be fetched."""
    problems = [problem for name in names if (problem := _install(name))]
    if problems:
        pytest.skip("; ".join(problems))
    return CACHE


@cache
def _install(name: str) -> str | None:
    try:
        install_model(load_catalogue()[name], CACHE, lambda _: None)
    except DublineError as error:
        return f"the model {name} cannot be fetched: {error}"
    return None
