"""Taking files in, where two requests do so at once."""

import hashlib
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest

from backend.database.models.accounts import LOCAL_USER
from backend.errors import Invalid, NotFound
from backend.storage.local import LocalStore
from backend.uploads import access, files, receive
from backend.uploads.receive import TakenFile, UploadContent
from tests import factories


def describe(content: bytes) -> TakenFile:
    sha256 = hashlib.sha256(content).hexdigest()
    kind = UploadContent("text/plain", None, None)
    return TakenFile(f"uploads/{sha256}", len(content), sha256, kind)


@pytest.fixture
def store(tmp_path) -> LocalStore:
    return LocalStore(tmp_path / "files", "http://localhost", "secret")


@pytest.fixture
def upload(database, store):
    about = {"role": "video", "filename": "talk.txt", "ttl_s": 60}
    upload_id, _ = receive.announce_upload(database, store, LOCAL_USER, **about)
    return access.read_upload(database, LOCAL_USER, upload_id)


def test_of_two_that_complete_a_file_at_once_the_first_decides_what_it_is(database, upload):
    """Red without `completed_at IS NULL` in `receive.accept_upload`."""
    first = describe(b"what was sent")
    receive.accept_upload(database, upload, first)
    with pytest.raises(Invalid, match="complete already, and is another"):
        receive.accept_upload(database, upload, describe(b"what was sent meanwhile"))
    receive.accept_upload(database, upload, first)
    assert access.read_upload(database, LOCAL_USER, upload.id).sha256 == first.sha256


def test_a_file_that_was_deleted_meanwhile_is_not_taken_in(database, store, upload):
    files.delete_file(database, store, LOCAL_USER, upload.id)
    with pytest.raises(NotFound):
        receive.accept_upload(database, upload, describe(b"what was sent"))


class SlowBody:
    """A body that ends when the other one does."""

    def __init__(self, content: bytes, both: Barrier) -> None:
        self._blocks = self._come(content, both)
        self._at, self._size = 0, len(content)

    def read(self, _size: int = -1) -> bytes:
        return next(self._blocks, b"")

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = self._size if whence else offset
        return self._at

    def tell(self) -> int:
        return self._at

    def _come(self, content: bytes, both: Barrier) -> Iterator[bytes]:
        yield content[:-1]
        both.wait(10)
        yield content[-1:]


def test_of_two_that_send_to_one_url_at_once_one_is_told_so(client, parts):
    """Red without `once` in `api/blobs.py`: both were told 204, and the last one won."""
    url = client.post("/v1/files/presign", json={"filename": "talk.txt"}).json["url"]
    both = Barrier(2)
    statuses: dict[bytes, int] = {}

    def send(content: bytes) -> None:
        body = SlowBody(content, both)
        answer = factories.api_client(parts).put(
            url, input_stream=body, content_length=len(content)
        )
        statuses[content] = answer.status_code

    threads = [Thread(target=send, args=(content,)) for content in (b"first.", b"second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses.values()) == [204, 409]
    [kept] = [content for content, status in statuses.items() if status == 204]
    [found] = parts.local_store.list_objects("incoming/")
    assert parts.local_store.resolve_path(found.key).read_bytes() == kept
