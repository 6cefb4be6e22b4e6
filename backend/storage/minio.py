"""Files in an S3 service, through the minio client."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import urllib3
from minio import Minio
from minio.commonconfig import REPLACE, ComposeSource, CopySource
from minio.datatypes import Object, Part
from minio.error import InvalidResponseError, S3Error, ServerError

from backend.errors import NotFound, Permanent, Transient
from backend.storage.base import SignedUrl, StoredObject, StoredPart, format_disposition

GONE = {"NoSuchKey", "NoSuchObject", "NoSuchUpload"}
REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket"}


@dataclass(frozen=True)
class S3Options:
    """Where an S3 service is, and how it is used; clients may reach it by another host."""

    endpoint: str
    public_endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str
    region: str
    secure: bool


class MinioStore:
    """Two clients: one to reach the service, one to sign URLs for the host that clients use.

    The host is part of the signature, so a signed URL's host cannot be changed afterwards.
    """

    def __init__(self, options: S3Options) -> None:
        self.bucket = options.bucket
        self._client = _build_client(options, options.endpoint)
        self._signer = _build_client(options, options.public_endpoint or options.endpoint)

    def ensure_bucket(self) -> None:
        """Make the bucket if it is not there yet."""
        with _translate_errors(self.bucket):
            if not self._client.bucket_exists(bucket_name=self.bucket):
                self._client.make_bucket(bucket_name=self.bucket)

    def put(self, key: str, path: Path, *, mime: str, sha256: str) -> None:
        """Upload, in parts when large; the hash is kept as metadata for `has_object`."""
        with _translate_errors(key):
            self._client.fput_object(
                bucket_name=self.bucket,
                object_name=key,
                file_path=str(path),
                content_type=mime,
                metadata={"sha256": sha256},
            )

    def copy(self, key: str, target: str) -> None:
        """Let the service copy, in parts when large."""
        with _translate_errors(key):
            self._client.compose_object(
                bucket_name=self.bucket,
                object_name=target,
                sources=[ComposeSource(bucket_name=self.bucket, object_name=key)],
            )

    def fetch(self, key: str, path: Path) -> None:
        """Download; the client writes beside the target and renames."""
        with _translate_errors(key):
            self._client.fget_object(bucket_name=self.bucket, object_name=key, file_path=str(path))

    def find_size(self, key: str) -> int | None:
        """Its size in bytes, or None."""
        stat = self._find_stat(key)
        return stat.size if stat else None

    def has_object(self, key: str, *, size: int, sha256: str) -> bool:
        """Compare size, and the hash that was stored with the object."""
        stat = self._find_stat(key)
        if stat is None:
            return False
        kept = (stat.metadata or {}).get("x-amz-meta-sha256", sha256)
        return stat.size == size and kept == sha256

    def delete(self, key: str) -> None:
        """Remove; the service says nothing of objects that are not there."""
        with _translate_errors(key):
            self._client.remove_object(bucket_name=self.bucket, object_name=key)

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """List page by page."""
        with _translate_errors(prefix):
            for item in self._client.list_objects(
                bucket_name=self.bucket, prefix=prefix, recursive=True
            ):
                yield StoredObject(item.object_name, item.size, item.last_modified)

    def find_modified_time(self, key: str) -> datetime | None:
        """As the service tells it, to the second."""
        stat = self._find_stat(key)
        return stat.last_modified if stat else None

    def refresh(self, key: str) -> None:
        """Copy the object onto itself, which the service allows when metadata is given anew."""
        with _translate_errors(key):
            stat = self._client.stat_object(bucket_name=self.bucket, object_name=key)
            known = {name.lower(): value for name, value in (stat.metadata or {}).items()}
            self._client.copy_object(
                bucket_name=self.bucket,
                object_name=key,
                source=CopySource(bucket_name=self.bucket, object_name=key),
                metadata={name: known[name] for name in ("content-type", "x-amz-meta-sha256")},
                metadata_directive=REPLACE,
            )

    def _find_stat(self, key: str) -> Object | None:
        try:
            with _translate_errors(key):
                return self._client.stat_object(bucket_name=self.bucket, object_name=key)
        except NotFound:
            return None

    def sign_upload_url(self, key: str, expires: timedelta, size: int | None = None) -> SignedUrl:
        """A presigned PUT to the service itself; its size is looked at when it is taken in."""
        url = self._signer.presigned_put_object(
            bucket_name=self.bucket, object_name=key, expires=expires
        )
        return SignedUrl(url, "PUT", {})

    # The client's own calls for parts are private: what it is pinned for in requirements.txt.

    def begin_multipart(self, key: str) -> str:
        """As the service calls it."""
        with _translate_errors(key):
            return str(self._client._create_multipart_upload(self.bucket, key, {}))

    def sign_part_url(
        self, key: str, multipart_id: str, number: int, size: int, expires: timedelta
    ) -> SignedUrl:
        """A presigned PUT; how large a part is, is looked at when they are joined."""
        url = self._signer.get_presigned_url(
            "PUT",
            bucket_name=self.bucket,
            object_name=key,
            expires=expires,
            extra_query_params={"uploadId": multipart_id, "partNumber": str(number)},
        )
        return SignedUrl(url, "PUT", {})

    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart]:
        """List page by page."""
        found: list[StoredPart] = []
        after, more = None, True
        with _translate_errors(key):
            while more:
                page = self._client._list_parts(
                    self.bucket, key, multipart_id, part_number_marker=after
                )
                found += [
                    StoredPart(one.part_number, one.size or 0, one.etag) for one in page.parts
                ]
                after, more = page.next_part_number_marker, page.is_truncated
        return found

    def finish_multipart(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> None:
        """The service joins what these parts were when they were listed."""
        named = [Part(part.number, part.etag) for part in parts]
        with _translate_errors(key):
            self._client._complete_multipart_upload(self.bucket, key, multipart_id, named)

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        """End it."""
        with suppress(NotFound), _translate_errors(key):
            self._client._abort_multipart_upload(self.bucket, key, multipart_id)

    def sign_download_url(self, key: str, filename: str, mime: str, expires: timedelta) -> str:
        """A presigned GET that makes the service name the file as its user did."""
        return str(
            self._signer.presigned_get_object(
                bucket_name=self.bucket,
                object_name=key,
                expires=expires,
                response_headers={
                    "response-content-disposition": format_disposition(filename),
                    "response-content-type": mime,
                },
            )
        )


def _build_client(options: S3Options, endpoint: str) -> Minio:
    return Minio(
        endpoint=endpoint,
        access_key=options.access_key,
        secret_key=options.secret_key,
        secure=options.secure,
        region=options.region,  # known, so that signing needs no request
        # No retries here: the database owns them.
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=60), retries=False, maxsize=16
        ),
    )


@contextmanager
def _translate_errors(key: str) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in GONE:
            raise NotFound(f"Storage has no object {key}") from None
        if error.code in REFUSED:
            raise Permanent(f"Storage refused {key}: {error.code}") from None
        raise Transient(f"Storage failed at {key}: {error.code}") from None
    except (ServerError, InvalidResponseError, urllib3.exceptions.HTTPError) as error:
        # The message may hold a signed URL: name the kind of error only.
        raise Transient(f"Storage failed at {key}: {type(error).__name__}") from None
