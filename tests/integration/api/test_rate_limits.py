"""How many requests somebody may send: counted for all processes, told by headers."""

import re

import pytest

from backend.database import schema
from backend.wiring import Parts
from tests import factories

POLICY = '"minute";q=3;w=60'
RATE = r'"minute";r=(\d+);t=([1-9]|[1-5]\d|60)'


@pytest.fixture(params=["embedded", "servers"])
def new_process(request, new_parts):
    """Processes of a house that knows its users, which may send three requests a minute."""
    given = {"identity": "accounts", "secret_key": "s" * 32, "rate_limit_per_minute": 3}
    if request.param == "servers":
        given["database_url"] = request.getfixturevalue("postgres_url")
        given["broker_url"] = request.getfixturevalue("redis_url")
    schema.migrate(new_parts(**given).db)
    return lambda: new_parts(**given)


def read_left(answer) -> int:
    assert answer.headers["RateLimit-Policy"] == POLICY
    return int(re.fullmatch(RATE, answer.headers["RateLimit"])[1])


def check_refusal(answer) -> None:
    assert (answer.status_code, answer.json["code"]) == (429, "rate-limited")
    assert answer.content_type == "application/problem+json"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["X-Request-Id"] == answer.json["requestId"]


def test_requests_are_counted_by_user(new_process):
    parts = new_process()
    client = factories.api_client(parts)
    paths = ("/v1/jobs", "/v1/files", "/v1/jobs?limit=0")
    assert [read_left(client.get(path)) for path in paths] == [2, 1, 0]
    refused = client.get("/v1/jobs")
    check_refusal(refused)
    assert read_left(refused) == 0
    again = factories.api_key(parts.db)  # another key of the same user's
    check_refusal(client.get("/v1/jobs", headers={"Authorization": f"Bearer {again}"}))
    other = factories.api_key(parts.db, factories.user(parts.db))
    answer = client.get("/v1/jobs", headers={"Authorization": f"Bearer {other}"})
    assert read_left(answer) == 2


def test_what_nobody_is_known_for_is_counted_by_address(new_process):
    client = factories.api_client(new_process())
    path = f"/v1/shared/{'a' * 43}"
    asked = [client.get(path, environ_base={"REMOTE_ADDR": "203.0.113.7"}) for _ in range(4)]
    assert [answer.status_code for answer in asked] == [404, 404, 404, 429]
    assert client.get(path, environ_base={"REMOTE_ADDR": "203.0.113.8"}).status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/v1/blobs/x/y"])
def test_what_has_no_limit(new_process, path):
    client = factories.api_client(new_process())
    for _ in range(5):
        answer = client.get(path)
        assert answer.status_code in (200, 404)
        assert "RateLimit" not in answer.headers


@pytest.mark.parametrize("new_process", ["servers"], indirect=True)
def test_processes_count_together(new_process):
    one, other = (factories.api_client(new_process()) for _ in range(2))
    assert [read_left(client.get("/v1/jobs")) for client in (one, other, one)] == [2, 1, 0]
    check_refusal(other.get("/v1/jobs"))


def test_without_redis_each_process_counts_for_itself(new_parts, postgres_url):
    parts = new_parts(
        database_url=postgres_url,
        broker_url="redis://127.0.0.1:1/0",
        rate_limit_per_minute=3,
    )
    schema.migrate(parts.db)
    client = factories.api_client(parts)
    assert [client.get("/v1/jobs").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_house_that_is_open_to_its_machine_has_no_limit(parts: Parts):
    limited = Parts(parts.settings.model_copy(update={"rate_limit_per_minute": 1}))
    client = factories.api_client(limited)
    for _ in range(3):
        answer = client.get("/v1/jobs")
        assert (answer.status_code, "RateLimit" in answer.headers) == (200, False)
    limited.db.engine.dispose()
