"""What every store must do, against a folder and against an S3 service."""

import base64
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_ISDIR
from uuid import uuid4

import httpx
import pytest
from werkzeug.http import parse_options_header

from backend.api.app import create_app
from backend.database import schema
from backend.errors import NotFound, Permanent, Transient
from backend.settings import Settings
from backend.storage.base import MULTIPART, PARTS, BlobStore, SignedUrl
from backend.storage.hashing import compute_file_sha256
from backend.storage.local import LocalStore
from backend.storage.minio import MinioStore
from backend.storage.s3 import S3Account, S3Store
from backend.uploads.receive import INCOMING
from backend.wiring import Parts, build_remote_store, build_s3_options
from tests import factories
from tests.path_proxy import path_proxy
from tests.servers import free_port

CONTENT = b"what was said\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
OUTSIDE = ("../secret", "a/../../secret", "/etc/passwd", "jobs/../../../etc/passwd")


@pytest.fixture(params=["local", "minio", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    more: dict[str, str] = {"storage_backend": request.param}
    if request.param != "local":
        more |= request.getfixturevalue("s3_settings") | {"minio_bucket": f"test-{uuid4()}"}
    if request.param == "s3":
        more |= build_s3_settings(more, request.getfixturevalue("s3_url"))
    return factories.stub_settings(tmp_path / "home", **more)


@pytest.fixture
def s3_url(s3_settings: dict[str, str]) -> Iterator[str]:
    with path_proxy(s3_settings["minio_endpoint"]) as url:
        yield url


def build_s3_settings(minio: dict[str, str], url: str) -> dict[str, str]:
    """The same service and bucket, by the settings of the other client."""
    same = ("access_key", "secret_key", "bucket")
    return {"s3_endpoint_url": url, **{f"s3_{name}": minio[f"minio_{name}"] for name in same}}


@pytest.fixture
def store(settings: Settings) -> BlobStore:
    return Parts(settings).store


@pytest.fixture
def client(settings: Settings) -> Callable[..., httpx.Response]:
    """A client of the store's signed URLs: the API serves those of a folder itself."""
    if settings.storage_backend != "local":
        with httpx.Client() as http:
            yield http.request
        return
    app = create_app(settings)
    schema.migrate(app.extensions["dubline"].db)
    with httpx.Client(transport=httpx.WSGITransport(app)) as http:
        yield http.request
    app.extensions["dubline"].db.engine.dispose()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


def put(store: BlobStore, source: Path, key: str = "jobs/1/speech") -> str:
    store.put(key, source, mime="text/plain", sha256=SHA256)
    return key


def send(client: Callable[..., httpx.Response], signed: SignedUrl, content: bytes = CONTENT) -> int:
    answer = client(signed.method, signed.url, content=content, headers=dict(signed.headers))
    return answer.status_code


def test_what_is_put_is_fetched(store, source, tmp_path):
    store.fetch(put(store, source), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT


@pytest.mark.parametrize("settings", ["local"], indirect=True)
def test_where_no_link_is_possible_the_content_is_copied(store, source, tmp_path, monkeypatch):
    """As between two volumes, one with the files and one with the scratch folder."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    key = put(store, source)
    monkeypatch.setattr(os, "link", refuse)
    store.fetch(key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_an_empty_file_is_a_file(store, tmp_path):
    (tmp_path / "empty").touch()
    empty = hashlib.sha256(b"").hexdigest()
    store.put("jobs/empty", tmp_path / "empty", mime="text/plain", sha256=empty)
    assert store.find_size("jobs/empty") == 0
    assert store.has_object("jobs/empty", size=0, sha256=empty)


def test_what_is_not_there(store, tmp_path):
    assert store.find_size("jobs/none") is None
    assert not store.has_object("jobs/none", size=1, sha256=SHA256)
    with pytest.raises(NotFound, match="jobs/none"):
        store.fetch("jobs/none", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    store.delete("jobs/none")


def test_size_and_hash_are_compared(store, source):
    key = put(store, source)
    assert store.find_size(key) == len(CONTENT)
    assert store.has_object(key, size=len(CONTENT), sha256=SHA256)
    assert not store.has_object(key, size=len(CONTENT) - 1, sha256=SHA256)
    assert not store.has_object(key, size=len(CONTENT), sha256="00" * 32)


def test_what_is_deleted_is_gone(store, source):
    key = put(store, source)
    store.delete(key)
    assert store.find_size(key) is None


def test_putting_the_same_again_changes_nothing(store, source):
    assert put(store, source) == put(store, source)
    assert store.find_size("jobs/1/speech") == len(CONTENT)


def keys(store: BlobStore, prefix: str) -> list[str]:
    return sorted(found.key for found in store.list_objects(prefix))


def test_keys_by_prefix(store, source):
    for key in ("jobs/1/a", "jobs/1/b/c", "jobs/10/a", "uploads/1"):
        put(store, source, key)
    assert keys(store, "jobs/1/") == ["jobs/1/a", "jobs/1/b/c"]
    assert keys(store, "jobs/1") == ["jobs/1/a", "jobs/1/b/c", "jobs/10/a"]
    assert keys(store, "clips/") == []


def test_a_listing_tells_size_and_time(store, source):
    before = datetime.now(UTC) - SECOND
    key = put(store, source)
    [found] = store.list_objects("jobs/")
    assert (found.key, found.size) == (key, len(CONTENT))
    modified = store.find_modified_time(key)
    assert before <= modified <= datetime.now(UTC) + SECOND
    assert abs(modified - found.modified) < SECOND, "a service's answers differ in precision"
    assert store.find_modified_time("jobs/none") is None


def test_what_is_refreshed_is_the_same_but_written_now(store, source):
    key = put(store, source)
    stored = store.find_modified_time(key)
    if isinstance(store, LocalStore):
        os.utime(store.resolve_path(key), (0, 0))
        stored = datetime.fromtimestamp(0, UTC)
    store.refresh(key)
    assert store.find_modified_time(key) >= stored
    assert datetime.now(UTC) - store.find_modified_time(key) < MINUTE
    assert store.has_object(key, size=len(CONTENT), sha256=SHA256)
    with pytest.raises(NotFound):
        store.refresh("jobs/none")


@pytest.mark.parametrize("settings", ["local"], indirect=True)
@pytest.mark.parametrize("key", OUTSIDE)
def test_a_key_that_leads_out_of_the_store_is_refused(store, source, tmp_path, key):
    for act in (
        lambda: put(store, source, key),
        lambda: store.fetch(key, tmp_path / "copy"),
        lambda: store.find_size(key),
        lambda: store.delete(key),
        lambda: list(store.list_objects(key)),
    ):
        with pytest.raises(NotFound):
            act()


@pytest.mark.parametrize("settings", ["local"], indirect=True)
def test_half_a_file_is_never_visible(store):
    with pytest.raises(OSError, match="torn"), store.open_writer("jobs/half") as file:
        file.write(CONTENT)
        file.flush()
        assert store.find_size("jobs/half") is None
        assert keys(store, "jobs/") == []
        assert len(keys(store, f"{PARTS}/")) == 1
        raise OSError("torn")
    assert not any(path.is_file() for path in store.root.rglob("*")), "the half stayed on disk"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What is written to disk: files with their size, folders by number; and what gets a name."""
    steps: list[tuple[str, int]] = []
    fsync, replace = os.fsync, Path.replace

    def write_to_disk(opened: int) -> None:
        stat = os.fstat(opened)
        folder = S_ISDIR(stat.st_mode)
        steps.append(("folder", stat.st_ino) if folder else ("file", stat.st_size))
        fsync(opened)

    def name_file(path: Path, target: Path) -> Path:
        steps.append(("named", path.stat().st_size))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", write_to_disk)
    monkeypatch.setattr(Path, "replace", name_file)
    return steps


def write_short(store: LocalStore, key: str) -> Path:
    with store.open_writer(key) as file:
        file.write(b"less than a buffer holds")
    return store.resolve_path(key)


@pytest.mark.parametrize("settings", ["local"], indirect=True)
def test_a_file_is_whole_on_disk_before_it_has_its_name(store, steps):
    """Or a power cut would leave a name with half a file, or with none, behind it."""
    write_short(store, "jobs/1/short")
    assert steps[:2] == [("file", 24), ("named", 24)]


@pytest.mark.parametrize("settings", ["local"], indirect=True)
def test_the_names_that_lead_to_a_file_are_on_disk_too(store, steps):
    """Or a power cut would take a file that the database knows of."""
    path = write_short(store, "jobs/1/short")
    above = [("folder", folder.stat().st_ino) for folder in path.parents]
    assert set(above[:3]) <= set(steps[2:]), "up to the store's root"
    steps.clear()
    write_short(store, "jobs/1/other")
    assert steps[2:] == above[:1], "the folders above have their names already"


def test_a_client_sends_a_file_by_url(store, client, tmp_path):
    key = f"{INCOMING}/{uuid4()}"
    assert send(client, store.sign_upload_url(key, MINUTE)) in (200, 204)
    store.fetch(key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_a_copy_is_an_object_of_its_own(store, source, tmp_path):
    key = put(store, source)
    store.copy(key, "uploads/1/copy")
    store.delete(key)
    store.fetch("uploads/1/copy", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    with pytest.raises(NotFound):
        store.copy("jobs/none", "uploads/2/copy")


LARGE = os.urandom(5 << 20)  # S3 takes no part but the last that has less


def send_part(store, client, multipart: tuple[str, str], number: int, content: bytes) -> None:
    signed = store.sign_part_url(*multipart, number, len(content), MINUTE)
    assert send(client, signed, content) in (200, 204)


def compute_md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


@pytest.fixture
def multipart(store) -> tuple[str, str]:
    """The key of an object that comes in parts, and the id of that upload."""
    key = f"uploads/{uuid4()}/whole"
    return key, store.begin_multipart(key)


def test_parts_come_in_any_order_and_again(store, client, multipart, tmp_path):
    send_part(store, client, multipart, 2, CONTENT)
    send_part(store, client, multipart, 1, b"x" * len(LARGE))
    send_part(store, client, multipart, 1, LARGE)
    parts = store.list_parts(*multipart)
    assert [(one.number, one.size) for one in parts] == [(1, len(LARGE)), (2, len(CONTENT))]
    assert parts[0].etag == compute_md5(LARGE).hex()
    assert store.find_size(multipart[0]) is None
    store.finish_multipart(*multipart, parts)
    store.fetch(multipart[0], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == LARGE + CONTENT


def test_an_upload_of_parts_that_was_ended_is_gone(store, client, multipart):
    send_part(store, client, multipart, 1, CONTENT)
    late = store.sign_part_url(*multipart, 2, len(CONTENT), MINUTE)
    store.abort_multipart(*multipart)
    assert send(client, late) >= 400
    with pytest.raises(NotFound):
        store.list_parts(*multipart)
    store.abort_multipart(*multipart)
    assert [*keys(store, "uploads/"), *keys(store, f"{MULTIPART}/")] == []


@pytest.mark.parametrize("settings", ["minio", "s3"], indirect=True)
def test_more_parts_than_the_service_lists_at_once(store, client, multipart):
    """It lists 1,000 of them in one page."""
    for number in range(1, 1004):
        send_part(store, client, multipart, number, b"x")
    assert [one.number for one in store.list_parts(*multipart)] == list(range(1, 1004))


@pytest.mark.parametrize("settings", ["local"], indirect=True)
def test_a_part_is_looked_at_before_it_is_taken(store, client, multipart):
    signed = store.sign_part_url(*multipart, 1, len(CONTENT), MINUTE)
    assert send(client, signed, CONTENT + b"x") == 422, "longer than that part is"
    assert client("PUT", signed.url, content=iter([CONTENT])).status_code == 411
    wrong = {"Content-MD5": base64.b64encode(compute_md5(b"other")).decode()}
    answer = client("PUT", signed.url, content=CONTENT, headers=wrong)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Content-MD5")
    assert store.list_parts(*multipart) == []
    right = {"Content-MD5": base64.b64encode(compute_md5(CONTENT)).decode()}
    answer = client("PUT", signed.url, content=CONTENT, headers=right)
    assert answer.headers["ETag"] == f'"{compute_md5(CONTENT).hex()}"'
    assert not any((store.root / PARTS).iterdir()), "what was refused stayed on disk"


@pytest.mark.parametrize(
    "filename",
    ["talk.mp4", "محاضرة.mp4", 'say "hi".mp4', "a/b\\c.mp4", "Ünïcode 100%; x=1.mp4", "夜.mp4"],
)
def test_a_client_gets_a_file_under_its_own_name(store, client, source, filename):
    url = store.sign_download_url(put(store, source), filename, "video/mp4", MINUTE)
    answer = client("GET", url)
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "video/mp4"
    assert _name_of(answer) == filename


def _name_of(answer: httpx.Response) -> str:
    """As a browser reads it: `filename*` before `filename` (RFC 6266)."""
    kind, options = parse_options_header(answer.headers["content-disposition"])
    assert kind == "attachment"
    return options["filename"]


def test_a_client_gets_a_range(store, client, source):
    url = store.sign_download_url(put(store, source), "talk.txt", "text/plain", MINUTE)
    answer = client("GET", url, headers={"Range": "bytes=5-9"})
    assert (answer.status_code, answer.content) == (206, CONTENT[5:10])


@pytest.mark.parametrize("settings", ["local"], indirect=True)
def test_urls_go_no_further_than_they_say(store, client, source):
    up, down = (
        store.sign_upload_url("incoming/1", MINUTE),
        store.sign_download_url(put(store, source), "x", "text/plain", MINUTE),
    )
    assert client("GET", up.url).status_code == 404
    assert client("PUT", down, content=b"x").status_code == 404
    assert client("GET", down.replace("/blobs/", "/blobs/x")).status_code == 404
    late = store.sign_download_url("jobs/1/speech", "x", "text/plain", -MINUTE)
    assert client("GET", late).status_code == 404


@pytest.mark.parametrize("settings", ["minio"], indirect=True)
def test_urls_are_signed_for_the_host_that_clients_use(settings):
    public = settings.model_copy(update={"minio_public_endpoint": "files.example:9000"})
    url = MinioStore(build_s3_options(public)).sign_upload_url("incoming/1", MINUTE).url
    assert url.startswith("http://files.example:9000/")
    assert "X-Amz-Signature" in url


@pytest.mark.parametrize("kind", ["minio", "s3"])
def test_a_store_out_of_reach_is_transient_and_shows_no_url(tmp_path, source, kind):
    host = f"127.0.0.1:{free_port()}"
    keys = {f"{kind}_access_key": "key", f"{kind}_secret_key": "hunter2"}
    where = {"minio_endpoint": host, "s3_endpoint_url": f"http://{host}/s3"}
    gone = factories.stub_settings(tmp_path, storage_backend=kind, **keys, **where)
    store = build_remote_store(gone)
    for act in (
        lambda: put(store, source),
        lambda: store.find_size("jobs/1/speech"),
        lambda: store.fetch("jobs/1/speech", tmp_path / "copy"),
    ):
        with pytest.raises(Transient, match=r"^Storage failed at jobs/1/speech: \w+$"):
            act()


@pytest.mark.parametrize("settings", ["minio", "s3"], indirect=True)
def test_a_missing_bucket_is_no_reason_to_try_again(settings, source):
    missing = dict.fromkeys(("minio_bucket", "s3_bucket"), "nobody-made-this")
    with pytest.raises(Permanent, match="NoSuchBucket"):
        put(build_remote_store(settings.model_copy(update=missing)), source)


@pytest.mark.parametrize("settings", ["minio", "s3"], indirect=True)
def test_a_bucket_is_made_once(settings, source):
    other = {name: f"test-{uuid4()}" for name in ("minio_bucket", "s3_bucket")}
    store = build_remote_store(settings.model_copy(update=other))
    store.ensure_bucket()
    put(store, source)
    store.ensure_bucket()
    assert store.find_size("jobs/1/speech") == len(CONTENT)


@pytest.mark.parametrize("settings", ["s3"], indirect=True)
def test_a_large_file_goes_in_parts(store, tmp_path):
    (tmp_path / "large").write_bytes(os.urandom(20 * 2**20))
    sha256 = compute_file_sha256(tmp_path / "large")
    store.put("jobs/large", tmp_path / "large", mime="video/mp4", sha256=sha256)
    assert store.has_object("jobs/large", size=20 * 2**20, sha256=sha256)
    store.fetch("jobs/large", tmp_path / "copy")
    assert compute_file_sha256(tmp_path / "copy") == sha256


@pytest.mark.parametrize(
    ("url", "begin"),
    [
        (
            "https://x.storage.supabase.co/storage/v1/s3",
            "https://x.storage.supabase.co/storage/v1/s3/",
        ),
        ("https://a.r2.cloudflarestorage.com", "https://a.r2.cloudflarestorage.com/"),
        ("", "https://s3.eu-central-1.amazonaws.com/"),
    ],
)
def test_urls_keep_the_path_of_the_service(url, begin):
    store = S3Store(S3Account(url, "key", "hunter2", "bucket", "eu-central-1"))
    signed = store.sign_upload_url("incoming/1", MINUTE).url
    assert signed.startswith(f"{begin}bucket/incoming/1?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in signed
    assert "X-Amz-Expires=60" in signed


@pytest.mark.parametrize("settings", ["local"], indirect=True)
@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_the_key_that_signs_urls_is_for_its_owner_only(settings, store):
    assert (settings.dubline_home / "secret_key").stat().st_mode & 0o777 == 0o600
