"""How much a recording may demand of the machine, whatever it says about itself."""

from typing import NamedTuple

from backend.errors import LimitExceeded

# Hertz; what says less or more is no sound, and to resample it would take gigabytes.
LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
# Of one picture; 16K, which nobody's camera makes yet.
MOST_PIXELS = 1 << 27
# Bytes that are read before a file has told what is in it: the index of a day of film is smaller.
MOST_HEADER_BYTES = 1 << 28


class MediaLimits(NamedTuple):
    """The largest `duration` (seconds), `pixels` of a picture and number of `streams`.

    And the lowest sample `rate`, in Hz.
    """

    duration: float
    pixels: int
    rate: int
    streams: int


def check_streams(limits: MediaLimits, count: int, name: str) -> None:
    """Raise `LimitExceeded` for a file with too many streams."""
    if count > limits.streams:
        told = f"{name} has {count} streams, and at most {limits.streams} are taken"
        raise LimitExceeded(told, "MAX_STREAMS", limits.streams, count)


def check_duration(limits: MediaLimits, seconds: float, name: str) -> None:
    """Raise `LimitExceeded` for what lasts too long."""
    if seconds > limits.duration:
        told = f"{name} lasts {seconds:.0f} s, and at most {limits.duration:.0f} s are taken"
        raise LimitExceeded(told, "MAX_DURATION_S", limits.duration, seconds)


def check_picture(limits: MediaLimits, width: int, height: int, name: str) -> None:
    """Raise `LimitExceeded` for a picture that is too large."""
    if width * height > limits.pixels:
        told = (
            f"The picture of {name} has {width}x{height} = {width * height} pixels, and at most "
            f"{limits.pixels} are taken"
        )
        raise LimitExceeded(told, "MAX_PIXELS", limits.pixels, width * height)


def check_rate(limits: MediaLimits, rate: int, name: str) -> None:
    """Raise `LimitExceeded` for sound that is sampled too seldom, or says to be too often."""
    if rate < limits.rate:
        told = f"{name} has {rate} samples of sound a second, and needs {limits.rate} at least"
        raise LimitExceeded(told, "MIN_SAMPLE_RATE", limits.rate, rate)
    if rate > HIGHEST_RATE:
        told = f"The sound of {name} says to have {rate} samples a second"
        raise LimitExceeded(told, "the highest", HIGHEST_RATE, rate)
