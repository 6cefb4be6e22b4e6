"""Passwords: hashed by Argon2id, and compared in the same time whether there is one or not."""

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.low_level import Type

from backend.errors import Invalid

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. More memory would
# let a few logins at once take what the machine has.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
# NIST SP 800-63B: length counts, rules for kinds of characters do not. The most is for the sake of
# the time that hashing takes.
SHORTEST, LONGEST = 12, 200
# What is compared for a mail that nobody has: finding out takes as long as a wrong password does.
_NOBODYS = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The hash to keep."""
    return _HASHER.hash(password)


def check_password(kept: str | None, given: str) -> bool:
    """Whether it is the password of this hash; takes as long when there is none."""
    try:
        return _HASHER.verify(kept or _NOBODYS, given) and kept is not None
    except VerificationError:
        return False


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other figures than those of today."""
    return _HASHER.check_needs_rehash(kept)


def require_strong(password: str, email: str, field: str = "password") -> None:
    """Raise `Invalid` for a password that is short or that everybody knows of this user."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(field, f"needs {SHORTEST} to {LONGEST} characters; a few words will do")
    if password.casefold() in {email.casefold(), email.partition("@")[0].casefold()}:
        raise Invalid(field, "must not be the mail address")
    if len(set(password)) < 4:  # noqa: PLR2004 - as many as a word has
        raise Invalid(field, "repeats the same few characters")
