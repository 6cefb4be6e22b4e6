"""Where a packet or frame belongs when its time stamp can be trusted only so far."""

# FFmpeg's default dts_delta_threshold: stepping back further is a clock that started anew.
MAX_OVERLAP = 10.0
# A pause this long within one recording is a broken clock, not a pause.
MAX_GAP = 3600.0


class Timeline:
    """Maps the time stamps of one stream to seconds from the start of the recording.

    A clock that restarts or leaps, as in joined MPEG-TS files, goes on where it left off, or
    at `end` where nothing was placed yet. Only a stream's start may be before zero: an edit list
    hides it, however long it is.
    """

    def __init__(self, origin: float, end: float = 0.0) -> None:
        self.offset, self.end = -origin, end
        self._begun = end > 0

    def place(self, stamp: float | None, length: float) -> float:
        """The start of something `length` seconds long; without a stamp it follows the last."""
        start = self.end if stamp is None else stamp + self.offset
        if not self._begun:
            self.end, self._begun = min(start, self.end), True
        if not -MAX_OVERLAP <= start - self.end <= MAX_GAP:
            self.offset += self.end - start
            start = self.end
        self.end = max(self.end, start + length)
        return start
