"""Accounts by mail and password. Nobody can find out by them which addresses have one."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select, update
from uuid6 import uuid7

from backend.database.engine import Database, from_now
from backend.database.models.accounts import ApiKey, MailToken, Role, User
from backend.errors import Conflict, Invalid, NotFound, Unauthenticated
from backend.identity import attempts, mail_texts, passwords
from backend.identity.access_tokens import AccessTokens
from backend.identity.mail import Mailer
from backend.identity.mail_tokens import Purpose, issue_token, redeem_token
from backend.identity.sessions import TokenPair, end_all_sessions, start_session

WRONG = "Mail or password is wrong, or the mail was not confirmed"


@dataclass(frozen=True)
class Accounts:
    """What accounts are kept with; `app_url` is where links in mails lead, empty for none."""

    db: Database
    tokens: AccessTokens
    mailer: Mailer
    app_url: str = ""

    def register(self, email: str, password: str, address: str) -> None:
        """Open an account; it works once the mail's token came back. Raises `Invalid`.

        Who has one already is told so by mail, and the asker nothing.
        """
        email = normalize_email(email)
        passwords.require_strong(password, email)
        attempts.count_attempt(self.db, attempts.list_limits("register", email, address))
        hashed = passwords.hash_password(password)
        with self.db.write() as connection:
            found = _find_user(connection, email)
            if found is None:
                user_id = create_user(connection, email, hashed)
                secret = issue_token(connection, user_id, Purpose.CONFIRM, email)
        if found is None:
            self.mailer.send(email, *mail_texts.confirm_address(secret, self.app_url))
        else:
            self.mailer.send(email, *mail_texts.tell_of_account(self.app_url))

    def confirm_email(self, token: str) -> None:
        """Take an address as its user's; raises `Invalid`, and `Conflict` when another has it."""
        with self.db.write() as connection:
            found = redeem_token(connection, token, Purpose.CONFIRM)
            owner = _find_user(connection, found.email)
            if owner is not None and owner.id != found.user_id:
                raise Conflict("mail-taken", "This address has an account already")
            confirmed = {"email": found.email, "email_confirmed_at": from_now(0)}
            mine = User.id == found.user_id
            connection.execute(update(User).where(mine).values(confirmed))

    def login(self, email: str, password: str, address: str) -> TokenPair:
        """Begin a session; raises `Unauthenticated` without saying what was wrong.

        It takes as long for a mail that nobody has.
        """
        email = normalize_email(email)
        limits = attempts.list_limits("login", email, address)
        attempts.count_attempt(self.db, limits)
        with self.db.read() as connection:
            user = _find_user(connection, email)
        right = passwords.check_password(user.password_hash if user else None, password)
        if not right or user is None or not user.email_confirmed_at or user.disabled_at:
            raise Unauthenticated(WRONG)
        attempts.forget_attempts(self.db, limits)
        with self.db.write() as connection:
            if passwords.is_outdated(user.password_hash):
                _set_password(connection, user.id, password)
            return start_session(connection, self.tokens, user.id)

    def request_reset(self, email: str, address: str) -> None:
        """Mail a token to choose another password by; does nothing for a mail that nobody has."""
        email = normalize_email(email)
        attempts.count_attempt(self.db, attempts.list_limits("reset", email, address))
        with self.db.write() as connection:
            user = _find_user(connection, email)
            if user is None or user.disabled_at or not user.email_confirmed_at:
                return
            secret = issue_token(connection, user.id, Purpose.RESET, email)
        self.mailer.send(email, *mail_texts.reset_password(secret, self.app_url))

    def reset_password(self, token: str, password: str) -> None:
        """Set another password by such a token, and end all sessions; raises `Invalid`."""
        with self.db.write() as connection:
            found = redeem_token(connection, token, Purpose.RESET)
            passwords.require_strong(password, found.email)
            self._replace_password(connection, found.user_id, password)

    def change_password(self, user_id: UUID, current: str, new: str, address: str) -> None:
        """Set another password, and end all sessions; raises `Invalid`."""
        user = self._require_password(user_id, current, "currentPassword", address)
        passwords.require_strong(new, user.email, "newPassword")
        with self.db.write() as connection:
            self._replace_password(connection, user_id, new)
        self.mailer.send(user.email, *mail_texts.PASSWORD_CHANGED)

    def change_email(self, user_id: UUID, password: str, email: str, address: str) -> None:
        """Mail a token to the new address; it is the account's when that came back."""
        user = self._require_password(user_id, password, "password", address)
        email = normalize_email(email)
        with self.db.write() as connection:
            taken = _find_user(connection, email) is not None
            secret = issue_token(connection, user_id, Purpose.CONFIRM, email)
        if taken:
            self.mailer.send(email, *mail_texts.tell_of_account(self.app_url))
        else:
            self.mailer.send(email, *mail_texts.confirm_address(secret, self.app_url))
        self.mailer.send(user.email, *mail_texts.ADDRESS_CHANGES)

    def close(self, user_id: UUID, password: str, address: str) -> None:
        """Forget who this was; their jobs and files are for `jobs/erase.py`. Raises `Invalid`."""
        self._require_password(user_id, password, "password", address)
        with self.db.write() as connection:
            forget_user(connection, user_id)

    def _require_password(self, user_id: UUID, given: str, field: str, address: str) -> Row[Any]:
        limits = attempts.list_limits("password", str(user_id), address)
        attempts.count_attempt(self.db, limits)
        with self.db.read() as connection:
            user = read_user(connection, user_id)
        if not passwords.check_password(user.password_hash, given):
            raise Invalid(field, "is wrong")
        attempts.forget_attempts(self.db, limits)
        return user

    def _replace_password(self, connection: Connection, user_id: UUID, password: str) -> None:
        _set_password(connection, user_id, password)
        end_all_sessions(connection, user_id)
        connection.execute(delete(MailToken).where(MailToken.user_id == user_id))


def normalize_email(email: str) -> str:
    """The address as it is compared and kept; raises `Invalid` for what cannot be one."""
    found = email.strip().lower()
    name, at, host = found.rpartition("@")
    plain = found.isprintable() and not any(one in found for one in ' ,;<>()[]\\"')
    if not (name and at and "." in host and plain and len(found) <= LONGEST_EMAIL):
        raise Invalid("email", "is no mail address")
    return found


LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets


def create_user(
    connection: Connection, email: str, password_hash: str, role: Role = Role.USER, **values: Any
) -> UUID:
    """A new user; their address counts as theirs when they have confirmed it."""
    user_id = uuid7()
    row = {"id": user_id, "name": email, "email": email, "password_hash": password_hash}
    connection.execute(insert(User).values(**row, role=role, **values))
    return user_id


def read_user(connection: Connection, user_id: UUID) -> Row[Any]:
    """A user's row; raises `NotFound`."""
    mine = select(User.__table__).where(User.id == user_id)
    user = connection.execute(mine).one_or_none()
    if user is None:
        raise NotFound("There is no such user")
    return user


def forget_user(connection: Connection, user_id: UUID) -> None:
    """Remove all that tells who a user was, and all that could act for them."""
    end_all_sessions(connection, user_id)
    for table in (ApiKey, MailToken):
        connection.execute(delete(table).where(table.user_id == user_id))
    nothing = dict.fromkeys(("email", "password_hash", "subject", "email_confirmed_at"))
    gone = {**nothing, "name": "deleted", "disabled_at": from_now(0)}
    connection.execute(update(User).where(User.id == user_id).values(gone))


def _find_user(connection: Connection, email: str) -> Row[Any] | None:
    return connection.execute(select(User.__table__).where(User.email == email)).one_or_none()


def _set_password(connection: Connection, user_id: UUID, password: str) -> None:
    hashed = passwords.hash_password(password)
    connection.execute(update(User).where(User.id == user_id).values(password_hash=hashed))
