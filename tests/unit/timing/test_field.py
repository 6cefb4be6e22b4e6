"""The harness's policies do what their tools were seen to do with one line too long."""

import pytest

from tests.benchmarks.timing_policies import FIELD, Row

# In a slot of 3.0 s with 0.3 s of gap, before a line that fits. (tool, natural length) to the rate
# and what comes of it: seconds cut, of the next line covered, or that it is pushed, or an error.
SEEN = {
    ("VoiceStudio", 5.0): (1.54, {}),
    ("VoiceStudio", 8.0): (1.8, {"cut": 1.2}),
    ("KrillinAI", 5.0): (1.3, {"failed": True}),
    ("KrillinAI", 8.0): (1.3, {"failed": True}),
    ("VideoLingo", 5.0): (1.56, {}),
    ("VideoLingo", 8.0): (2.5, {}),
    ("pyvideotrans", 5.0): (1.52, {}),
    ("pyvideotrans", 8.0): (2.42, {}),
    ("open-dubbing", 5.0): (1.3, {"covers": 0.55}),
    ("open-dubbing", 8.0): (1.3, {"covers": 2.85}),
    ("SoniTranslate", 5.0): (1.7, {}),
    ("SoniTranslate", 8.0): (2.1, {"covers": 0.51}),
    ("Linly-Dubbing", 5.0): (1.67, {}),
    ("Linly-Dubbing", 8.0): (1.67, {"pushes": 1.5}),
}


@pytest.mark.parametrize(("tool", "natural"), SEEN)
def test_a_line_too_long_for_its_slot(tool, natural):
    expected, outcome = SEEN[tool, natural]
    # A tool that merges lines gets the line alone, up to the end of the recording.
    merges = tool in {"VideoLingo", "KrillinAI"}
    after = [] if merges else [Row(3.3, 6.3, 3.0)]
    said = FIELD[tool]([Row(0.0, 3.0, natural), *after], 3.3 if merges else 20.0)
    first, second = said[0], said[-1]
    assert first.rate == pytest.approx(expected, abs=0.005)
    assert first.cut == pytest.approx(outcome.get("cut", 0.0), abs=0.01)
    assert first.failed is outcome.get("failed", False)
    if not merges:
        assert second.start - 3.3 == pytest.approx(outcome.get("pushes", 0.0), abs=0.001)
        covers = first.start + first.duration - second.start
        assert max(0.0, covers) == pytest.approx(outcome.get("covers", 0.0), abs=0.01)
