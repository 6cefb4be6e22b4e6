"""Taking files in, where two requests do so at once."""

import hashlib
from pathlib import Path

import pytest

from backend.database.models.accounts import LOCAL_USER
from backend.errors import Invalid
from backend.storage.local import LocalStore
from backend.uploads import access, receive
from backend.uploads.receive import UploadContent

TEXT = UploadContent("text/plain", None, None)


def accept(database, store, upload, path: Path, content: bytes) -> str:
    """Take in what one request has found; returns its hash."""
    path.write_bytes(content)
    receive.accept_upload(
        database, store, upload, path, TEXT, expected_sha256=None, expected_size=None
    )
    return hashlib.sha256(content).hexdigest()


def test_of_two_that_complete_a_file_at_once_the_first_decides_what_it_is(database, tmp_path):
    """Red without `completed_at IS NULL` in `receive.accept_upload`."""
    store = LocalStore(tmp_path / "files", "http://localhost", "secret")
    upload_id, _ = receive.announce_upload(
        database, store, LOCAL_USER, role="video", filename="talk.txt", ttl_s=60
    )
    upload = access.read_upload(database, LOCAL_USER, upload_id)
    first = accept(database, store, upload, tmp_path / "a", b"what was sent")
    with pytest.raises(Invalid, match="complete already, and is another"):
        accept(database, store, upload, tmp_path / "b", b"what was sent meanwhile")
    assert accept(database, store, upload, tmp_path / "c", b"what was sent") == first
    assert access.read_upload(database, LOCAL_USER, upload_id).sha256 == first
