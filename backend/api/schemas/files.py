"""Files that users send."""

from marshmallow import fields, validate

from backend.api.schemas import words
from backend.api.schemas.base import (
    SHA256,
    AnswerSchema,
    CamelCaseSchema,
    ProblemSchema,
    RequestSchema,
    build_count_field,
    build_id_field,
    build_number_field,
    build_text_field,
    build_time_field,
    build_word_field,
)
from backend.uploads.multipart import LARGEST_PART, MOST_PARTS, SMALLEST_PART

LONGEST_FILENAME = 1000
MOST_SIGNED_PARTS = 100  # at once: their URLs work for a short time


def build_sha256_field(description: str) -> fields.String:
    """A hash that a request may name."""
    return fields.String(
        load_default=None,
        validate=validate.Regexp(SHA256),
        metadata={"description": description, "maxLength": 64},
    )


def build_url_field(description: str) -> fields.String:
    """A signed URL."""
    example = "http://127.0.0.1:8642/v1/blobs/eyJwdXQiOiJ/0193a5e2"
    metadata = {"format": "uri", "maxLength": 4096, "example": example}
    return fields.String(metadata={**metadata, "description": description})


def build_headers_field() -> fields.Dict:
    """What goes along with a signed URL."""
    return fields.Dict(
        keys=fields.String(),
        values=build_text_field(4096),
        metadata={"description": "headers to send with it, each exactly so", "maxProperties": 50},
    )


class PresignRequestSchema(RequestSchema):
    """Announces a file."""

    filename = build_text_field(
        LONGEST_FILENAME,
        "its name; the ending of a transcript tells its format",
        shortest=1,
        required=True,
        metadata={"example": "talk.mp4"},
    )
    role = build_word_field(words.FILE_ROLES, "What it is for.", load_default="video")
    size = fields.Integer(
        load_default=None,
        validate=validate.Range(min=0),
        metadata={"description": "how many bytes there will be; another file is refused"},
    )
    sha256 = build_sha256_field("their SHA-256 in hexadecimal; another file is refused")


class PresignedUploadSchema(AnswerSchema):
    """Where to send it."""

    file_id = build_id_field("what to name in `POST /v1/files/complete`")
    url = build_url_field("send the file's bytes there, as they are")
    method = build_word_field({"PUT": "the bytes are the body"}, "The method to send it by.")
    headers = build_headers_field()
    expires_at = build_time_field("until when the URL works")


class CompleteRequestSchema(RequestSchema):
    """Says that the file was sent; size and hash are compared where given."""

    file_id = build_id_field("as `POST /v1/files/presign` told it", required=True)
    size = fields.Integer(
        load_default=None,
        validate=validate.Range(min=0),
        metadata={"description": "how many bytes were sent"},
    )
    sha256 = build_sha256_field("their SHA-256 in hexadecimal")


class MultipartRequestSchema(RequestSchema):
    """Announces a file that comes in parts."""

    filename = build_text_field(
        LONGEST_FILENAME, "its name", shortest=1, required=True, metadata={"example": "talk.mp4"}
    )
    role = build_word_field(words.FILE_ROLES, "What it is for.", load_default="video")
    size = fields.Integer(
        required=True,
        validate=validate.Range(1, MOST_PARTS * LARGEST_PART),
        metadata={"description": "how many bytes the file has", "example": 734003200},
    )
    part_size = fields.Integer(
        load_default=None,
        validate=validate.Range(SMALLEST_PART, LARGEST_PART),
        metadata={
            "description": "how many bytes each part has but the last; by default 8 MiB, or as "
            "much more as 10,000 parts take"
        },
    )
    sha256 = build_sha256_field("SHA-256 of the whole in hexadecimal; another file is refused")


class UploadedPartSchema(AnswerSchema):
    """A part that has come."""

    number = build_count_field("from 1")
    size = build_count_field("bytes")
    etag = build_text_field(200, "its MD5 in hexadecimal, with nearly all kinds of storage")


class MultipartUploadSchema(AnswerSchema):
    """A file that comes in parts."""

    file_id = build_id_field("what to name in `POST /v1/files/complete`")
    role = build_word_field(words.FILE_ROLES, "What it is for.")
    filename = build_text_field(LONGEST_FILENAME, "as its user calls it")
    size = build_count_field("bytes of the whole")
    part_size = build_count_field("bytes of each part but the last, which has the rest")
    part_count = build_count_field("how many parts there are")
    parts = fields.List(
        fields.Nested(UploadedPartSchema),
        metadata={"description": "those that have come, by number"},
    )
    expires_at = build_time_field("when it is ended if nobody has completed it")


class PartsRequestSchema(RequestSchema):
    """Asks for URLs of parts."""

    numbers = fields.List(
        fields.Integer(validate=validate.Range(1, MOST_PARTS)),
        required=True,
        validate=validate.Length(1, MOST_SIGNED_PARTS),
        metadata={"description": "which parts, from 1", "example": [1, 2, 3]},
    )


class SignedPartSchema(AnswerSchema):
    """Where to send a part."""

    number = build_count_field("from 1")
    size = build_count_field("how many bytes it has")
    url = build_url_field("send the part's bytes there, as they are")
    method = build_word_field({"PUT": "the bytes are the body"}, "The method to send it by.")
    headers = build_headers_field()
    expires_at = build_time_field("until when the URL works")


class PendingFileSchema(AnswerSchema):
    """A file that is not taken in yet."""

    id = build_id_field()
    role = build_word_field(words.FILE_ROLES, "What it is for.")
    filename = build_text_field(LONGEST_FILENAME, "as its user calls it")
    status = build_word_field(words.UPLOAD_STATUSES, "Where it stands.")
    problem = fields.Nested(
        ProblemSchema, allow_none=True, metadata={"description": "why the last one was refused"}
    )


class ProbedStreamSchema(AnswerSchema):
    """A sound track or a picture in a file."""

    kind = build_word_field({"audio": "a sound track", "video": "a picture"})
    codec = build_text_field(100, "as FFmpeg calls it", metadata={"example": "aac"})
    language = build_text_field(100, "as the file tells it", allow_none=True)
    title = build_text_field(10_000, "as the file tells it", allow_none=True)
    sample_rate = build_count_field("Hz", allow_none=True)
    channels = build_count_field(allow_none=True)
    width = build_count_field("pixels", allow_none=True)
    height = build_count_field("pixels", allow_none=True)
    fps = build_number_field("frames a second", allow_none=True)


class ProbeSchema(AnswerSchema):
    """What a media file holds; `audio` and `video` are the streams that are used."""

    format = build_text_field(200, "its container, as FFmpeg calls it")
    duration = build_number_field("seconds")
    audio = fields.Nested(ProbedStreamSchema, allow_none=True)
    video = fields.Nested(ProbedStreamSchema, allow_none=True)
    streams = fields.List(
        fields.Nested(ProbedStreamSchema), metadata={"description": "all streams"}
    )
    track = build_count_field("which of the sound tracks `audio` is, from 1", allow_none=True)


class FileSchema(AnswerSchema):
    """An upload that was taken in."""

    id = build_id_field()
    role = build_word_field(words.FILE_ROLES, "What it is for.")
    filename = build_text_field(LONGEST_FILENAME, "as its user calls it")
    size = build_count_field("bytes")
    sha256 = fields.String(metadata={"description": "of its bytes", "pattern": SHA256})
    mime = build_text_field(200, metadata={"example": "video/mp4"})
    duration = build_number_field("seconds; null for text", allow_none=True)
    probe = fields.Nested(
        ProbeSchema, allow_none=True, metadata={"description": "what was found in it"}
    )
    completed_at = build_time_field("when it was taken in")
    deleted_at = build_time_field(
        "when its bytes and its name were deleted; null while they are there", allow_none=True
    )


class FileQuerySchema(CamelCaseSchema):
    """Pages through files, newest first."""

    role = build_word_field(words.FILE_ROLES, load_default=None)
    limit = fields.Integer(
        load_default=20,
        validate=validate.Range(1, 100),
        metadata={"description": "how many at most"},
    )
    before = fields.UUID(metadata={"description": "older than this file"}, load_default=None)


class FilePageSchema(AnswerSchema):
    """A page of files; the `before` of the next one is `next`."""

    files = fields.List(fields.Nested(FileSchema))
    next = build_id_field("the `before` of the next page; null at the end", allow_none=True)
