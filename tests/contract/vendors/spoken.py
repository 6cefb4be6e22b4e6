"""What is said in the recording that the vendors' servers are sent: 6 s, by two people."""

from typing import NamedTuple


class Said(NamedTuple):
    """What one speaker says; `first` is the number of its first word."""

    speaker: int
    first: int
    words: list[tuple[str, float, float]]


SECONDS = 6.0
SPOKEN = [
    Said(1, 0, [("Buenos", 0.2, 0.6), ("días.", 0.6, 1.0), ("¿Qué", 1.2, 1.5), ("tal?", 1.5, 1.9)]),
    Said(1, 4, [("Adiós.", 5.5, 9.9)]),  # too early here, and longer than the recording
    # Begins before the last word of the other speaker ends, and goes on before it ends itself.
    Said(0, 5, [("Muy", 1.8, 2.4), ("bien.", 2.2, 2.9)]),
]
