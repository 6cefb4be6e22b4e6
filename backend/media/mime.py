"""The MIME types of the files that Dubline makes, by their suffixes."""

from pathlib import Path

MIME_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".flac": "audio/flac",
    ".html": "text/html",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".srt": "application/x-subrip",
    ".ttml": "application/ttml+xml",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".webm": "video/webm",
    ".zip": "application/zip",
}


def find_mime(path: Path) -> str:
    """The MIME type of a file that Dubline makes."""
    return MIME_TYPES[path.suffix]
