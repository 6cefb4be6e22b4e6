"""A vendor calls back: the stage that waits for its job looks now, and nobody else can wake it."""

import json

import pytest

from backend.database import schema
from backend.pipeline.retry import TryAgain
from backend.pipeline.stages import Stage
from backend.runs import leases, outbox, transitions
from tests import factories

SECRET = "a secret of twenty characters"
HEADER = "X-Dubline-Webhook-Secret"
JOB = "5a5a5a5a-0000-4000-8000-5a5a5a5a5a5a"
PENDING = {"kind": "pending", "message": "at work"}


@pytest.fixture(params=["embedded", "servers"])
def parts(request, new_parts):
    given = {"assemblyai_webhook_secret": SECRET, "public_url": "https://localhost"}
    if request.param == "servers":
        given["database_url"] = request.getfixturevalue("postgres_url")
        given["broker_url"] = request.getfixturevalue("redis_url")
    found = new_parts(**given)
    schema.migrate(found.db)
    return found


@pytest.fixture
def client(parts):
    return factories.api_client(parts)


@pytest.fixture
def claim(parts):
    """Of a stage that has handed in its job."""
    _, run_id = factories.create_dub(parts.db, "es")
    claim = factories.claim_stage(parts.db, run_id, Stage.ASR)
    leases.write_memo(parts.db, claim, {"0a1b:job": json.dumps({"id": JOB, "since": 1.0})})
    return claim


def call_back(client, secret: str = SECRET, job: str = JOB):
    told = {"transcript_id": job, "status": "completed", "more": 1}
    return client.post("/v1/webhooks/assemblyai", json=told, headers={HEADER: secret})


def list_sent(parts) -> list[Stage]:
    sent = []
    outbox.relay(parts.db, lambda message: sent.append(message.stage), 30)
    return sent


def test_a_stage_that_waits_is_woken(parts, client, claim):
    transitions.fail(parts.db, claim, PENDING, TryAgain(300))
    assert list_sent(parts) == []
    assert call_back(client).status_code == 204
    assert list_sent(parts) == [Stage.ASR]
    factories.claim_stage(parts.db, claim.run_id, Stage.ASR)


def test_while_the_stage_is_at_work_the_vendor_is_to_call_again(client, claim):
    assert call_back(client).status_code == 503


@pytest.mark.parametrize("job", [JOB[:-1], JOB[1:], "%", "nobody", "since"])
def test_a_job_that_nobody_waits_for_wakes_nobody(parts, client, claim, job):
    transitions.fail(parts.db, claim, PENDING, TryAgain(300))
    assert call_back(client, job=job).status_code in {404, 422}
    assert list_sent(parts) == []


@pytest.mark.parametrize("secret", ["", SECRET[:-1], f"{SECRET} "[1:], "é"])
def test_without_the_secret_nobody_is_woken(parts, client, claim, secret):
    transitions.fail(parts.db, claim, PENDING, TryAgain(300))
    answer = call_back(client, secret)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert list_sent(parts) == []


def test_where_vendors_are_polled_there_is_nothing_to_call(new_parts):
    parts = new_parts()
    schema.migrate(parts.db)
    assert call_back(factories.api_client(parts)).status_code == 404
    assert call_back(factories.api_client(parts), "").status_code == 404
