"""Admins see all users, jobs and errors; nobody else does."""

from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from backend.cli.command_line import cli
from backend.identity import users
from backend.identity.principal import Scope
from backend.jobs import submit
from backend.pipeline.retry import GiveUp
from backend.pipeline.stages import Stage
from backend.runs import transitions
from tests import factories
from tests.integration.identity.conftest import EMAIL, PASSWORD

PATHS = ("users", "jobs", "errors", "dead-letters")


@pytest.fixture
def headers(pair: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['accessToken']}"}


@pytest.fixture
def admin(parts, headers) -> dict[str, str]:
    users.set_role(parts.db, users.find_user(parts.db, EMAIL).id, users.Role.ADMIN)
    return headers


def test_only_admins(client, parts, headers):
    key = factories.api_key(parts.db, users.find_user(parts.db, EMAIL).id)
    for path in PATHS:
        for token in (headers["Authorization"], f"Bearer {key}"):
            answer = client.get(f"/v1/admin/{path}", headers={"Authorization": token})
            assert (answer.status_code, answer.json["code"]) == (403, "insufficient-scope")


def test_an_admin_sees_what_is_everybodys(client, parts, admin):
    other = factories.user(parts.db)
    media = factories.upload(parts.db, user_id=other)
    job_id, run_id = submit.create_job(parts.db, other, factories.dub_params(), media_id=media)
    claim = factories.claim_stage(parts.db, run_id, Stage.ASR)
    error = {"kind": "transient", "message": "no answer"}
    transitions.fail(parts.db, claim, error, GiveUp(dead=True))
    found = {path: client.get(f"/v1/admin/{path}", headers=admin).json for path in PATHS}
    me = str(users.find_user(parts.db, EMAIL).id)
    assert {str(other), me} <= {user["id"] for user in found["users"]}
    [job] = found["jobs"]
    assert (job["id"], job["userId"], job["status"]) == (str(job_id), str(other), "failed")
    assert found["errors"] == found["dead-letters"]
    [letter] = found["dead-letters"]
    assert (letter["userId"], letter["stage"], letter["language"]) == (str(other), "asr", None)
    assert letter["error"]["message"] == "no answer"
    page = client.get(f"/v1/admin/jobs?before={job['id']}", headers=admin)
    assert page.json == []


def test_an_admin_locks_out_and_lets_in(client, parts, admin):
    other = users.add_user(parts.db, "bo@example.org", PASSWORD, users.Role.USER)
    key = factories.api_key(parts.db, other, Scope.JOBS_READ)
    theirs = {"Authorization": f"Bearer {key}"}
    url = f"/v1/admin/users/{other}"
    assert client.get("/v1/jobs", headers=theirs).status_code == 200
    assert client.patch(url, json={"disabled": True}, headers=admin).json["disabledAt"]
    assert client.get("/v1/jobs", headers=theirs).status_code == 401
    assert client.patch(url, json={"disabled": False}, headers=admin).json["disabledAt"] is None
    assert client.get("/v1/jobs", headers=theirs).status_code == 200
    assert client.patch(url, json={"role": "admin"}, headers=admin).json["role"] == "admin"
    missing = client.patch(f"/v1/admin/users/{uuid4()}", json={}, headers=admin)
    assert missing.status_code == 404


def run(parts, *arguments: str, text: str = "") -> Result:
    home = {"DUBLINE_HOME": str(parts.settings.dubline_home)}
    return CliRunner().invoke(cli, ["users", *arguments], env=home, input=text)


def test_users_by_the_command_line(client, parts, registered):
    made = run(parts, "create", "bo@example.org", "--admin", text=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    assert "admin     bo@example.org" in run(parts, "list").output
    login = {"email": "bo@example.org", "password": PASSWORD}
    assert client.post("/v1/auth/login", json=login).status_code == 200
    assert run(parts, "disable", "bo@example.org").exit_code == 0
    assert client.post("/v1/auth/login", json=login).status_code == 401
    assert "disabled  bo@example.org" in run(parts, "list").output
    assert run(parts, "disable", "--undo", "bo@example.org").exit_code == 0
    assert run(parts, "make-admin", EMAIL).exit_code == 0
    assert users.find_user(parts.db, EMAIL).role == "admin"
    twice = run(parts, "create", EMAIL, text=f"{PASSWORD}\n{PASSWORD}\n")
    assert (twice.exit_code, twice.output.splitlines()[-1]) == (
        1,
        f"Error: {EMAIL} has an account already",
    )
    weak = run(parts, "create", "cy@example.org", text="short\nshort\n")
    assert "needs 12 to 200 characters" in weak.output
    assert "There is no user nobody" in run(parts, "disable", "nobody").output
