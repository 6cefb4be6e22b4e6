"""The JSON of the API, as Marshmallow schemas: those that its routes name."""

from backend.api.schemas.files import (
    CompleteRequestSchema,
    FileSchema,
    PresignedUploadSchema,
    PresignRequestSchema,
)
from backend.api.schemas.health import HealthSchema
from backend.api.schemas.jobs import (
    DeadLetterSchema,
    EventViewSchema,
    JobCostsSchema,
    JobPageSchema,
    JobViewSchema,
    PlanSchema,
    RunViewSchema,
)
from backend.api.schemas.requests import (
    DownloadQuerySchema,
    EmptyRequestSchema,
    JobChangeSchema,
    JobQuerySchema,
    JobRequestSchema,
    MasterQuerySchema,
    RetryRequestSchema,
    TranslateRequestSchema,
)
from backend.api.schemas.segments import (
    ChangedSegmentSchema,
    SegmentChangeSchema,
    SegmentsQuerySchema,
    SegmentsSchema,
)

__all__ = [
    "ChangedSegmentSchema",
    "CompleteRequestSchema",
    "DeadLetterSchema",
    "DownloadQuerySchema",
    "EmptyRequestSchema",
    "EventViewSchema",
    "FileSchema",
    "HealthSchema",
    "JobChangeSchema",
    "JobCostsSchema",
    "JobPageSchema",
    "JobQuerySchema",
    "JobRequestSchema",
    "JobViewSchema",
    "MasterQuerySchema",
    "PlanSchema",
    "PresignRequestSchema",
    "PresignedUploadSchema",
    "RetryRequestSchema",
    "RunViewSchema",
    "SegmentChangeSchema",
    "SegmentsQuerySchema",
    "SegmentsSchema",
    "TranslateRequestSchema",
]
