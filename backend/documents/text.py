"""Text as one row."""

import re

# What XML cannot hold is among them (W3C, XML 1.0, 2.2).
CONTROLS = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")


def collapse_lines(text: str) -> str:
    """The text without line breaks and control characters.

    Engines take those for commands, caption files for their structure.
    """
    return " ".join(CONTROLS.sub(" ", text).split())
