"""Hashes of what is stored."""

import hashlib
from pathlib import Path


def compute_file_sha256(path: Path) -> str:
    """The hash of a file, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compute_sha256(content: bytes) -> str:
    """The hash of bytes, as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()
