"""Accounts from outside: opened, used, changed and closed."""

import statistics
import time
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from backend.database.engine import from_now
from backend.database.models.accounts import MailToken, Session, User
from backend.database.models.jobs import Job
from backend.database.models.uploads import Upload
from backend.identity import attempts, sessions, users
from backend.identity.accounts import Accounts
from backend.jobs import submit
from tests import factories
from tests.integration.identity.conftest import EMAIL, PASSWORD

OTHER = "staple battery horse"


def bearer(pair: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['accessToken']}"}


def log_in(client, password: str = PASSWORD, email: str = EMAIL):
    return client.post("/v1/auth/login", json={"email": email, "password": password})


def test_from_an_account_to_its_user(client, pair):
    me = client.get("/v1/me", headers=bearer(pair))
    assert (me.status_code, me.json["email"], me.json["role"]) == (200, EMAIL, "user")
    assert "password" not in me.text


def test_an_address_counts_only_when_it_was_confirmed(client, mails):
    client.post("/v1/auth/register", json={"email": EMAIL, "password": PASSWORD})
    assert log_in(client).status_code == 401
    token = mails.last_token()
    assert client.post("/v1/auth/confirm-email", json={"token": token}).status_code == 204
    assert log_in(client).status_code == 200
    again = client.post("/v1/auth/confirm-email", json={"token": token})
    assert (again.status_code, again.json["errors"][0]["field"]) == (422, "token")


def test_nobody_is_told_which_address_has_an_account(client, mails, registered):
    before = len(mails.sent)
    request = {"email": "ANA@example.org ", "password": OTHER}
    taken = client.post("/v1/auth/register", json=request)
    free = client.post("/v1/auth/register", json={**request, "email": "bo@example.org"})
    assert (taken.status_code, taken.data) == (free.status_code, free.data) == (204, b"")
    assert [to for to, *_ in mails.sent[before:]] == ["ana@example.org", "bo@example.org"]
    assert "already" in mails.sent[before][1]
    assert log_in(client, OTHER).status_code == 401
    for email in (EMAIL, "nobody@example.org"):
        answer = client.post("/v1/auth/forgot-password", json={"email": email})
        assert (answer.status_code, answer.data) == (204, b"")


def test_a_wrong_password_takes_as_long_as_an_unknown_address(client, registered, monkeypatch):
    """Red when an unknown address is told without hashing: that takes a tenth of it."""
    monkeypatch.setattr(attempts, "count_attempt", lambda *_: None)

    def measure(email: str) -> float:
        started = time.process_time()
        answer = log_in(client, "wrong wrong wrong", email)
        assert answer.status_code == 401
        return time.process_time() - started

    times = [(measure(EMAIL), measure("nobody@example.org")) for _ in range(9)]
    known, unknown = (statistics.median(column) for column in zip(*times, strict=True))
    assert unknown == pytest.approx(known, rel=0.4)


def test_wrong_password_and_unknown_address_are_told_alike(client, registered):
    answers = [log_in(client, "wrong"), log_in(client, "wrong", "nobody@example.org")]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].json["detail"] == answers[1].json["detail"]
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")


def test_an_account_is_guessed_at_ten_times_and_no_more(client, registered, parts):
    for _ in range(attempts.MOST_BY_ACCOUNT):
        assert log_in(client, "wrong").status_code == 401
    refused = log_in(client)
    assert (refused.status_code, refused.json["code"]) == (429, "too-many-attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= attempts.WINDOW.total_seconds()
    assert log_in(client, "wrong", "bo@example.org").status_code == 401


def test_an_address_guesses_fifty_times_and_no_more(client):
    for i in range(attempts.MOST_BY_ADDRESS):
        assert log_in(client, "wrong", f"{i}@example.org").status_code == 401
    assert log_in(client, "wrong", "last@example.org").status_code == 429
    elsewhere = client.post(
        "/v1/auth/login",
        json={"email": EMAIL, "password": "wrong"},
        environ_base={"REMOTE_ADDR": "10.0.0.7"},
    )
    assert elsewhere.status_code == 401


def test_what_led_to_a_success_is_forgotten(client, registered):
    for _ in range(3):
        for _ in range(attempts.MOST_BY_ACCOUNT - 1):
            assert log_in(client, "wrong").status_code == 401
        assert log_in(client).status_code == 200


def let_time_pass(parts, time: timedelta) -> None:
    """All sessions are older by so much."""
    with parts.db.write() as connection:
        for row in connection.execute(select(Session.id, Session.expires_at)).all():
            older = {"expires_at": row.expires_at - time}
            connection.execute(update(Session).where(Session.id == row.id).values(older))


def test_a_session_goes_on_by_its_latest_refresh_token(client, pair):
    second = client.post("/v1/auth/refresh", json={"refreshToken": pair["refreshToken"]})
    assert second.status_code == 200
    third = client.post("/v1/auth/refresh", json={"refreshToken": second.json["refreshToken"]})
    assert client.get("/v1/me", headers=bearer(third.json)).status_code == 200


def test_a_refresh_token_that_comes_twice_ends_its_session(client, pair, parts):
    """Red when a used token is only refused: a thief would go on with the newer one."""
    newer = client.post("/v1/auth/refresh", json={"refreshToken": pair["refreshToken"]}).json
    let_time_pass(parts, sessions.GRACE)
    other = log_in(client).json
    stolen = client.post("/v1/auth/refresh", json={"refreshToken": pair["refreshToken"]})
    assert (stolen.status_code, stolen.json["code"]) == (401, "unauthenticated")
    assert client.get("/v1/me", headers=bearer(newer)).status_code == 401
    again = client.post("/v1/auth/refresh", json={"refreshToken": newer["refreshToken"]})
    assert again.status_code == 401
    assert client.get("/v1/me", headers=bearer(other)).status_code == 200


def test_a_client_that_lost_the_answer_is_given_the_same_again(client, pair, parts):
    """Red when each use makes another token: of two tabs that ask at once one would be out."""
    answers = [
        client.post("/v1/auth/refresh", json={"refreshToken": pair["refreshToken"]}).json
        for _ in range(3)
    ]
    assert len({one["refreshToken"] for one in answers}) == 1
    newer = client.post("/v1/auth/refresh", json={"refreshToken": answers[0]["refreshToken"]})
    assert newer.status_code == 200
    # The one before the latest only: who has an older one is not the one who lost an answer.
    stolen = client.post("/v1/auth/refresh", json={"refreshToken": pair["refreshToken"]})
    assert stolen.status_code == 401
    assert client.get("/v1/me", headers=bearer(newer.json)).status_code == 401


@pytest.mark.parametrize("token", ["x", "x.y", f"{UUID(int=7)}.", f"{UUID(int=7)}.abc"])
def test_what_is_no_refresh_token(client, pair, token):
    assert client.post("/v1/auth/refresh", json={"refreshToken": token}).status_code == 401
    assert client.post("/v1/auth/logout", json={"refreshToken": token}).status_code == 204
    assert client.get("/v1/me", headers=bearer(pair)).status_code == 200


def test_a_session_ends_by_logout_and_by_time(client, pair, parts):
    client.post("/v1/auth/logout", json={"refreshToken": pair["refreshToken"]})
    assert client.get("/v1/me", headers=bearer(pair)).status_code == 401
    later = log_in(client).json
    with parts.db.write() as connection:
        connection.execute(update(Session).values(expires_at=from_now(-1)))
    assert client.get("/v1/me", headers=bearer(later)).status_code == 401
    again = client.post("/v1/auth/refresh", json={"refreshToken": later["refreshToken"]})
    assert again.status_code == 401


def test_logging_out_everywhere(client, pair):
    other = log_in(client).json
    assert client.post("/v1/me/logout", json={}, headers=bearer(pair)).status_code == 204
    for one in (pair, other):
        assert client.get("/v1/me", headers=bearer(one)).status_code == 401


def test_a_forgotten_password(client, pair, mails, parts):
    client.post("/v1/auth/forgot-password", json={"email": EMAIL})
    first = mails.last_token()
    client.post("/v1/auth/forgot-password", json={"email": EMAIL})
    request = {"token": mails.last_token(), "password": OTHER}
    old = client.post("/v1/auth/reset-password", json={**request, "token": first})
    assert old.status_code == 422, "only the latest mail works"
    weak = client.post("/v1/auth/reset-password", json={**request, "password": "aaaaaaaaaaaaaaa"})
    assert (weak.status_code, weak.json["errors"][0]["field"]) == (422, "password")
    assert client.post("/v1/auth/reset-password", json=request).status_code == 204
    assert client.post("/v1/auth/reset-password", json=request).status_code == 422
    assert client.get("/v1/me", headers=bearer(pair)).status_code == 401
    assert (log_in(client).status_code, log_in(client, OTHER).status_code) == (401, 200)


def test_a_token_does_for_its_purpose_only_and_not_for_long(client, registered, mails, parts):
    client.post("/v1/auth/forgot-password", json={"email": EMAIL})
    token = mails.last_token()
    assert client.post("/v1/auth/confirm-email", json={"token": token}).status_code == 422
    with parts.db.write() as connection:
        connection.execute(update(MailToken).values(expires_at=from_now(-1)))
    late = client.post("/v1/auth/reset-password", json={"token": token, "password": OTHER})
    assert late.status_code == 422


def test_a_password_is_changed_by_who_knows_it(client, pair, mails):
    request = {"currentPassword": "wrong", "newPassword": OTHER}
    wrong = client.post("/v1/me/password", json=request, headers=bearer(pair))
    assert wrong.json["errors"] == [{"field": "currentPassword", "message": "is wrong"}]
    request["currentPassword"] = PASSWORD
    assert client.post("/v1/me/password", json=request, headers=bearer(pair)).status_code == 204
    assert mails.sent[-1][:2] == (EMAIL, "Your password was changed")
    assert client.get("/v1/me", headers=bearer(pair)).status_code == 401
    assert log_in(client, OTHER).status_code == 200


def test_another_address_is_taken_when_its_mail_came_back(client, pair, mails):
    request = {"email": "bo@example.org", "password": PASSWORD}
    assert client.post("/v1/me/email", json=request, headers=bearer(pair)).status_code == 204
    (to, _, text), warning = mails.sent[-2:]
    assert (to, warning[0]) == ("bo@example.org", EMAIL)
    assert client.get("/v1/me", headers=bearer(pair)).json["email"] == EMAIL
    token = text.partition("token:\n\n")[2].split()[0]
    assert client.post("/v1/auth/confirm-email", json={"token": token}).status_code == 204
    assert client.get("/v1/me", headers=bearer(pair)).json["email"] == "bo@example.org"


def test_an_address_that_another_took_meanwhile(client, pair, mails, parts):
    request = {"email": "bo@example.org", "password": PASSWORD}
    client.post("/v1/me/email", json=request, headers=bearer(pair))
    token = mails.sent[-2][2].partition("token:\n\n")[2].split()[0]
    users.add_user(parts.db, "bo@example.org", OTHER, users.Role.USER)
    answer = client.post("/v1/auth/confirm-email", json={"token": token})
    assert (answer.status_code, answer.json["code"]) == (409, "mail-taken")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "ana"}, "email"),
        ({"email": "ana@"}, "email"),
        ({"email": "a b@example.org"}, "email"),
        ({"email": "ana@example.org\r\nBcc: all@example.org"}, "email"),
        ({"email": None}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 500}, "password"),
        ({"password": "ana@example.org"}, "password"),
        ({"password": "abababababab"}, "password"),
        ({"role": "admin"}, "role"),
    ],
)
def test_an_account_that_makes_no_sense(client, mails, change, field):
    request = {"email": EMAIL, "password": PASSWORD, **change}
    answer = client.post("/v1/auth/register", json=request)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert mails.sent == []


def test_who_is_disabled_is_out_at_once(client, pair, parts):
    user = users.find_user(parts.db, EMAIL)
    key = factories.api_key(parts.db, user.id)
    users.set_disabled(parts.db, user.id, disabled=True)
    for token in (pair["accessToken"], key):
        answer = client.get("/v1/jobs", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    assert log_in(client).status_code == 401
    users.set_disabled(parts.db, user.id, disabled=False)
    assert log_in(client).status_code == 200


def test_an_account_is_exported_and_deleted_with_all_that_is_its_own(client, pair, parts):
    user = users.find_user(parts.db, EMAIL)
    media_id = factories.upload(parts.db, user_id=user.id)
    job_id, run_id = submit.create_job(
        parts.db, user.id, factories.dub_params("es", "pt"), media_id=media_id
    )
    factories.do_all(parts.db, run_id, "es", "pt", store=parts.store)
    kept, _ = factories.create_dub(parts.db)
    key = factories.api_key(parts.db, user.id)
    told = client.get("/v1/me/export", headers=bearer(pair)).json
    assert [one["id"] for one in told["jobs"]] == [str(job_id)]
    assert [one["id"] for one in told["files"]] == [str(media_id)]
    assert (told["user"]["email"], len(told["apiKeys"])) == (EMAIL, 1)
    wrong = client.post("/v1/me/deletion", json={"password": "wrong"}, headers=bearer(pair))
    assert wrong.status_code == 422
    request = {"password": PASSWORD}
    assert client.post("/v1/me/deletion", json=request, headers=bearer(pair)).status_code == 204
    for token in (pair["accessToken"], key):
        answer = client.get("/v1/jobs", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    with parts.db.read() as connection:
        assert connection.execute(select(Job.id)).scalars().all() == [kept]
        assert connection.execute(select(func.count()).select_from(Upload)).scalar_one() == 1
        rows = connection.execute(select(User.__table__).where(User.id == user.id)).one()
    assert (rows.email, rows.password_hash, rows.name) == (None, None, "deleted")
    assert (
        client.post("/v1/auth/register", json={"email": EMAIL, "password": OTHER}).status_code
        == 204
    )


def test_closed_registration_and_other_kinds_of_houses(new_parts, parts, tmp_path):
    settings = parts.settings.model_copy(update={"registration": "closed"})
    closed = factories.api_client(type(parts)(settings))
    request = {"email": EMAIL, "password": PASSWORD}
    answer = closed.post("/v1/auth/register", json=request)
    assert (answer.status_code, answer.json["code"]) == (403, "registration-closed")
    open_house = new_parts()
    answer = factories.api_client(open_house).post("/v1/auth/login", json=request)
    assert answer.status_code == 404
    assert "keeps no accounts" in answer.json["detail"]


def test_no_secret_is_kept_or_shown(client, pair, parts, mails):
    accounts: Accounts = parts.accounts
    client.post("/v1/auth/forgot-password", json={"email": EMAIL})
    secrets = [PASSWORD, pair["accessToken"], pair["refreshToken"].partition(".")[2]]
    secrets += [mails.last_token(), "s" * 32]
    with parts.db.read() as connection:
        kept = str(
            [connection.execute(select(t.__table__)).all() for t in (User, Session, MailToken)]
        )
    for secret in secrets:
        assert secret not in kept
        assert secret not in f"{accounts.tokens} {parts} {parts.authenticator}"
