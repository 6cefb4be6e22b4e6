"""Signed URLs: what they carry, and that nobody else can make one."""

from datetime import timedelta

import pytest

from backend.errors import NotFound
from backend.storage.signing import Signer

HOUR = timedelta(hours=1)


def test_a_token_carries_its_claims():
    signer = Signer("secret", "playlist")
    assert signer.verify_claims(signer.sign_claims({"job": "1"}, HOUR)) == {
        "job": "1",
        "ttl": 3600.0,
    }


def test_a_token_ends():
    signer = Signer("secret", "playlist")
    with pytest.raises(NotFound, match="no longer"):
        signer.verify_claims(signer.sign_claims({}, timedelta(seconds=-1)))


@pytest.mark.parametrize("other", [Signer("another secret", "playlist"), Signer("secret", "blob")])
def test_a_token_of_another_secret_or_purpose_is_refused(other):
    with pytest.raises(NotFound, match="not valid"):
        Signer("secret", "playlist").verify_claims(other.sign_claims({}, HOUR))
