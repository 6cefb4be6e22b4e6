"""The one table of what vendors answer instead: each row, and what may stand in no message."""

from datetime import UTC, datetime

import pytest

from backend.errors import Permanent, RateLimited, Refused, Transient
from workers.providers.vendor_errors import (
    LONGEST,
    VendorFailure,
    build_error,
    classify_failure,
    parse_retry_after,
    read_failure,
    redact,
)

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (None, Transient),
        (200, Transient),
        (302, Permanent),
        (400, Permanent),
        (401, Refused),
        (402, Refused),
        (403, Refused),
        (404, Refused),
        (408, Transient),
        (409, Transient),
        (410, Refused),
        (413, Permanent),
        (422, Permanent),
        (425, Transient),
        (429, RateLimited),
        (500, Transient),
        (599, Transient),
    ],
)
def test_a_status_means_one_error(status, kind):
    assert classify_failure(VendorFailure(status))[0] is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_quota", Refused),
        ("credit_balance_exhausted", Refused),
        ("quota_exceeded", Refused),
        ("organization_spend_limit_exceeded", Refused),
        ("project_spend_limit_exceeded", Refused),
        ("organization_usage_limit_exceeded", Refused),
        ("insufficient_credits", Refused),
        ("too_many_concurrent_requests", RateLimited),
        ("SYSTEM_BUSY", RateLimited),
        ("at_capacity", RateLimited),
        ("voice_not_found", Refused),
        ("model_not_found", Refused),
        ("unsupported_language", Refused),
        ("model_deprecated", Refused),
    ],
)
def test_a_vendors_own_word_counts_more_than_its_status(code, kind):
    for status in (400, 429, 500):
        assert classify_failure(VendorFailure(status, code))[0] is kind


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"err_code": "A", "err_msg": "b", "request_id": "r"}, "A", "b"),
        ({"category": "A", "message": "b", "request_id": "r"}, "A", "b"),
        ({"error": {"message": "b", "type": "A", "code": None}}, "A", "b"),
        ({"error": {"message": "b", "type": "x", "code": "at_capacity"}}, "at_capacity", "b"),
        ({"error": {"message": "b", "type": "at_capacity", "code": "x"}}, "at_capacity", "b"),
        ({"detail": {"status": "A", "message": "b"}}, "A", "b"),
        ({"detail": [{"msg": "b", "type": "A"}]}, "A", "b"),
        ({"error": "b"}, "", "b"),
        ("b", "", "b"),
        (None, "", ""),
        ([], "", ""),
        ({"detail": []}, "", ""),
    ],
)
def test_bodies_of_each_vendors_form_are_read(body, code, message):
    failure = read_failure(400, body, {"x-id": "h", "retry-after": "3"}, "x-id")
    assert (failure.code, failure.message) == (code, message)
    assert (failure.request_id, failure.retry_after) == ("h", "3")


def test_a_request_is_named_by_the_body_where_no_header_does():
    assert read_failure(400, {"request_id": "r"}, None, "x-id").request_id == "r"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("inf", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Sat, 28 Nov 2026 12:01:00 GMT", 60.0),
        ("Sat, 28 Nov 2026 12:01:00 -0000", 60.0),  # which names no zone
        ("Sat, 28 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_when_to_come_back_is_told_in_two_forms(text, seconds):
    assert parse_retry_after(text, NOW) == seconds


@pytest.mark.parametrize(
    "secret",
    ["sk-abcdef123456", "Token abcdef123456", "Bearer a.b-c_d*e", "0123456789abcdef" * 2],
)
def test_what_looks_like_a_key_is_in_no_message(secret):
    assert redact(f"key {secret} is wrong") == "key *** is wrong"


def test_secrets_urls_and_long_texts_are_in_no_message():
    told = redact("Hush!\nat https://host/file?token=1 now", ["Hush!", ""])
    assert told == "*** at <url> now"
    assert len(redact("word " * 100)) == LONGEST


def test_an_error_tells_who_what_and_what_to_do():
    failure = VendorFailure(402, "Quota_Exceeded", "no more", "r-1")
    error = build_error("shout", "speech", failure, ())
    assert type(error) is Refused
    assert str(error) == (
        "shout: speech failed: HTTP 402 Quota_Exceeded no more (request r-1); "
        "add credit with the vendor"
    )
    late = build_error("shout", "speech", VendorFailure(429, retry_after="7"))
    assert isinstance(late, RateLimited)
    assert late.retry_after == 7.0
