"""Files in an S3 service, through boto3: AWS, R2, Supabase, and others that a URL leads to."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backend.errors import NotFound, Permanent, Transient
from backend.storage.base import SignedUrl, StoredObject, StoredPart, format_disposition

# A HEAD has no body, so that its code is its status.
GONE = {"NoSuchKey", "NoSuchUpload", "NotFound", "404"}
REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "403"}
OURS = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}  # as another process made it just now
HOME_REGION = "us-east-1"  # buckets of AWS are made there unless another place is named
# No retries here: the database owns them. Checksums only where S3 demands them: not all services
# know those that boto3 adds by itself.
CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    connect_timeout=5,
    read_timeout=60,
    retries={"total_max_attempts": 1},
    max_pool_connections=16,
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
TRANSFER = TransferConfig(max_concurrency=4, num_download_attempts=1)
# The service moves the bytes itself, each piece well within the time that its answer is waited for.
COPYING = TransferConfig(multipart_threshold=1 << 30, multipart_chunksize=1 << 30)


@dataclass(frozen=True)
class S3Account:
    """Which bucket of which service, and the keys to it; without a URL the service is AWS."""

    url: str
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str
    region: str


class S3Store:
    """One client, which clients' URLs are signed by too: they reach the service by the same URL."""

    def __init__(self, account: S3Account) -> None:
        self.bucket = account.bucket
        at_aws = not account.url and account.region != HOME_REGION
        place = {"CreateBucketConfiguration": {"LocationConstraint": account.region}}
        self._place = place if at_aws else {}
        self._client = Session().client(
            "s3",
            endpoint_url=account.url or None,
            region_name=account.region,
            aws_access_key_id=account.access_key,
            aws_secret_access_key=account.secret_key,
            config=CONFIG,
        )

    def ensure_bucket(self) -> None:
        """Make the bucket if it is not there yet."""
        try:
            with _translate_errors(self.bucket):
                self._client.head_bucket(Bucket=self.bucket)
        except NotFound:
            self._make_bucket()

    def _make_bucket(self) -> None:
        with _translate_errors(self.bucket):
            try:
                self._client.create_bucket(Bucket=self.bucket, **self._place)
            except ClientError as error:
                if _read_code(error) not in OURS:
                    raise

    def put(self, key: str, path: Path, *, mime: str, sha256: str) -> None:
        """Upload, in parts when large; the hash is kept as metadata for `has_object`."""
        extra = {"ContentType": mime, "Metadata": {"sha256": sha256}}
        with _translate_errors(key):
            self._client.upload_file(str(path), self.bucket, key, ExtraArgs=extra, Config=TRANSFER)

    def copy(self, key: str, target: str) -> None:
        """Let the service copy, in parts when large."""
        with _translate_errors(key):
            source = {"Bucket": self.bucket, "Key": key}
            self._client.copy(source, self.bucket, target, Config=COPYING)

    def fetch(self, key: str, path: Path) -> None:
        """Download; the client writes beside the target and renames."""
        with _translate_errors(key):
            self._client.download_file(self.bucket, key, str(path), Config=TRANSFER)

    def find_size(self, key: str) -> int | None:
        """Its size in bytes, or None."""
        head = self._find_head(key)
        return int(head["ContentLength"]) if head else None

    def has_object(self, key: str, *, size: int, sha256: str) -> bool:
        """Compare size, and the hash that was stored with the object."""
        head = self._find_head(key)
        if head is None:
            return False
        kept = head["Metadata"].get("sha256", sha256)
        return bool(head["ContentLength"] == size and kept == sha256)

    def delete(self, key: str) -> None:
        """Remove; the service says nothing of objects that are not there."""
        with _translate_errors(key):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """List page by page."""
        pages = self._client.get_paginator("list_objects_v2")
        with _translate_errors(prefix):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield StoredObject(item["Key"], item["Size"], item["LastModified"])

    def find_modified_time(self, key: str) -> datetime | None:
        """As the service tells it, to the second."""
        head = self._find_head(key)
        return head["LastModified"] if head else None

    def refresh(self, key: str) -> None:
        """Copy the object onto itself, which the service allows when metadata is given anew."""
        with _translate_errors(key):
            head = self._client.head_object(Bucket=self.bucket, Key=key)
            self._client.copy_object(
                Bucket=self.bucket,
                Key=key,
                CopySource={"Bucket": self.bucket, "Key": key},
                ContentType=head["ContentType"],
                Metadata=head["Metadata"],
                MetadataDirective="REPLACE",
            )

    def _find_head(self, key: str) -> Mapping[str, Any] | None:
        try:
            with _translate_errors(key):
                head: Mapping[str, Any] = self._client.head_object(Bucket=self.bucket, Key=key)
                return head
        except NotFound:
            return None

    def sign_upload_url(self, key: str, expires: timedelta, size: int | None = None) -> SignedUrl:
        """A presigned PUT to the service itself; its size is looked at when it is taken in."""
        return SignedUrl(self._sign_url("put_object", expires, Key=key), "PUT", {})

    def begin_multipart(self, key: str) -> str:
        """As the service calls it."""
        with _translate_errors(key):
            answer = self._client.create_multipart_upload(Bucket=self.bucket, Key=key)
        return str(answer["UploadId"])

    def sign_part_url(
        self, key: str, multipart_id: str, number: int, size: int, expires: timedelta
    ) -> SignedUrl:
        """A presigned PUT; how large a part is, is looked at when they are joined."""
        part: dict[str, Any] = {"UploadId": multipart_id, "PartNumber": number}
        return SignedUrl(self._sign_url("upload_part", expires, Key=key, **part), "PUT", {})

    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart]:
        """List page by page."""
        pages = self._client.get_paginator("list_parts")
        where = {"Bucket": self.bucket, "Key": key, "UploadId": multipart_id}
        with _translate_errors(key):
            return [
                StoredPart(part["PartNumber"], part["Size"], part["ETag"].strip('"'))
                for page in pages.paginate(**where)
                for part in page.get("Parts", ())
            ]

    def finish_multipart(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> None:
        """The service joins what these parts were when they were listed."""
        named = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        with _translate_errors(key):
            self._client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=key,
                UploadId=multipart_id,
                MultipartUpload={"Parts": named},
            )

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        """End it."""
        with suppress(NotFound), _translate_errors(key):
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=multipart_id)

    def sign_download_url(self, key: str, filename: str, mime: str, expires: timedelta) -> str:
        """A presigned GET that makes the service name the file as its user did."""
        return self._sign_url(
            "get_object",
            expires,
            Key=key,
            ResponseContentDisposition=format_disposition(filename),
            ResponseContentType=mime,
        )

    def _sign_url(self, operation: str, expires: timedelta, **params: Any) -> str:
        return str(
            self._client.generate_presigned_url(
                operation,
                Params={"Bucket": self.bucket, **params},
                ExpiresIn=int(expires.total_seconds()),
            )
        )


@contextmanager
def _translate_errors(key: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, Boto3Error, BotoCoreError) as error:
        # A failed upload hides what the service said behind an error of its own.
        told = error if isinstance(error, ClientError) else error.__context__
        code = _read_code(told) if isinstance(told, ClientError) else type(error).__name__
        if code in GONE:
            raise NotFound(f"Storage has no object {key}") from None
        if code in REFUSED:
            raise Permanent(f"Storage refused {key}: {code}") from None
        # The message may hold a signed URL: tell the code only.
        raise Transient(f"Storage failed at {key}: {code}") from None


def _read_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "no code"))
