"""How much a recording or a transcript may demand."""

from pydantic import Field
from pydantic_settings import BaseSettings

from backend.documents.limits import TextLimits
from backend.media.limits import MediaLimits


class LimitSettings(BaseSettings):
    """How much a recording or a transcript may demand."""

    max_upload_bytes: int = Field(default=20 * 2**30, gt=0, description="Largest upload accepted")
    quota_minutes_per_month: float = Field(
        default=0,
        ge=0,
        description="Minutes of recordings, times languages, that a user may have dubbed in a "
        "calendar month (UTC); 0: any",
    )
    quota_concurrent_jobs: int = Field(
        default=0, ge=0, description="Jobs of a user that may run at a time; 0: any"
    )
    quota_storage_bytes: int = Field(
        default=0,
        ge=0,
        description="Bytes that a user's files and their jobs' may take in storage; 0: any",
    )
    max_duration_s: float = Field(
        default=12 * 3600, gt=0, description="Longest recording accepted, seconds"
    )
    max_pixels: int = Field(
        default=8192 * 4320, gt=0, description="Largest picture accepted, pixels (8K by default)"
    )
    min_sample_rate: int = Field(
        default=4000, ge=1000, description="Lowest sample rate of sound accepted, Hz"
    )
    max_streams: int = Field(
        default=256, gt=0, description="Most streams of a recording, attachments among them"
    )
    max_lines: int = Field(default=30_000, gt=0, description="Most lines of a transcript")
    max_line_chars: int = Field(default=5000, gt=0, description="Most characters of one line")
    max_transcript_chars: int = Field(
        default=3_000_000, gt=0, description="Most characters of all lines of a transcript"
    )

    @property
    def media_limits(self) -> MediaLimits:
        """How much a recording may demand."""
        return MediaLimits(
            self.max_duration_s, self.max_pixels, self.min_sample_rate, self.max_streams
        )

    @property
    def text_limits(self) -> TextLimits:
        """How much a transcript may hold."""
        return TextLimits(self.max_lines, self.max_line_chars, self.max_transcript_chars)
