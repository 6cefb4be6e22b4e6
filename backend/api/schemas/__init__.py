"""The JSON of the API, as Marshmallow schemas: those that its routes name."""

from backend.api.schemas.base import Problem
from backend.api.schemas.files import CompleteRequest, File, PresignedUpload, PresignRequest
from backend.api.schemas.jobs import DeadLetter, EventView, JobPage, JobView, Plan, RunView
from backend.api.schemas.requests import (
    DownloadQuery,
    JobQuery,
    JobRequest,
    MasterQuery,
    RetryRequest,
    TranslateRequest,
)
from backend.api.schemas.segments import ChangedSegment, SegmentChange, Segments, SegmentsQuery

__all__ = [
    "ChangedSegment",
    "CompleteRequest",
    "DeadLetter",
    "DownloadQuery",
    "EventView",
    "File",
    "JobPage",
    "JobQuery",
    "JobRequest",
    "JobView",
    "MasterQuery",
    "Plan",
    "PresignRequest",
    "PresignedUpload",
    "Problem",
    "RetryRequest",
    "RunView",
    "SegmentChange",
    "Segments",
    "SegmentsQuery",
    "TranslateRequest",
]
