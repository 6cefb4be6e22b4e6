"""The table of what is taken follows the code."""

from pathlib import Path

import pytest

from tests.compatibility import DOCUMENT, build_document


@pytest.mark.timeout(900)  # it takes half a minute on an idle machine
def test_the_table_is_what_becomes_of_each(tmp_path: Path):
    assert build_document(tmp_path) == DOCUMENT.read_text(), "run `make compatibility`"
