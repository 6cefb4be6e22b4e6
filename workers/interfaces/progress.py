"""How far something is that is a part of something longer."""

from collections.abc import Callable

Progress = Callable[[float], None]  # is told 0..1; raises when the work must stop


def tell_part(progress: Progress, begin: float, end: float, fraction: float) -> None:
    """Tell the whole, of which this part goes from `begin` to `end`, that the part is so far."""
    progress(begin + (end - begin) * min(1.0, fraction))
