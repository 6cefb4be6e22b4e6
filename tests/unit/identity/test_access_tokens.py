"""Access tokens that are forged, confused or for others."""

import base64
import hmac
import json
from datetime import UTC, datetime
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.errors import Unauthenticated
from backend.identity.access_tokens import (
    ALGORITHM,
    AUDIENCE,
    CLAIMS,
    ISSUER,
    AccessClaims,
    AccessTokens,
)

SECRET = "s" * 32
TOKENS = AccessTokens(SECRET)
CLAIMED = AccessClaims(uuid4(), uuid4())


@pytest.fixture
def good() -> str:
    """Made for each test: an old one would be refused for its age alone."""
    return TOKENS.build(CLAIMED)


def read_claims() -> dict:
    return jwt.decode(TOKENS.build(CLAIMED), options={"verify_signature": False})


def sign(claims: dict, key: bytes | None = None, **header: str) -> str:
    return jwt.encode(claims, key or TOKENS._key, ALGORITHM, headers=header)


def encode_part(part: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_a_token_tells_whose_it_is(good):
    assert TOKENS.verify(good) == CLAIMED
    assert read_claims()["exp"] - read_claims()["iat"] == 15 * 60


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_no_signature(good, algorithm):
    header, body, _ = good.split(".")
    unsigned = encode_part({"alg": algorithm, "typ": "JWT"})
    for token in (f"{unsigned}.{body}.", f"{unsigned}.{body}", f"{header}.{body}."):
        with pytest.raises(Unauthenticated):
            TOKENS.verify(token)


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_key(algorithm):
    """Red when the algorithm is the token's choice."""
    with pytest.raises(Unauthenticated):
        TOKENS.verify(jwt.encode(read_claims(), TOKENS._key, algorithm))


def test_another_key():
    keys = (b"x" * 32, SECRET.encode(), hmac.digest(b"t" * 32, b"dubline access tokens", "sha256"))
    for key in keys:
        with pytest.raises(Unauthenticated):
            TOKENS.verify(sign(read_claims(), key))
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(Unauthenticated):
        TOKENS.verify(jwt.encode(read_claims(), private, "RS256"))


@pytest.mark.parametrize(
    "change",
    [
        {"exp": datetime(2026, 1, 1, tzinfo=UTC)},
        {"iss": "https://evil.example"},
        {"aud": "authenticated"},
        {"aud": ["somebody", "else"]},
        {"sub": "admin"},
        {"sub": "' OR 1=1 --"},
        {"sid": ""},
        {"nbf": datetime(9000, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_claim_that_is_wrong(change):
    with pytest.raises(Unauthenticated):
        TOKENS.verify(sign({**read_claims(), **change}))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_that_is_missing(claim):
    claims = read_claims()
    del claims[claim]
    with pytest.raises(Unauthenticated):
        TOKENS.verify(sign(claims))


def test_a_changed_body_and_headers_that_name_keys(good):
    header, body, signature = good.split(".")
    other = encode_part({**read_claims(), "sub": str(uuid4())})
    named = sign(read_claims(), b"x" * 32, kid="../../dev/null", jku="https://evil.example/k")
    for token in (f"{header}.{other}.{signature}", named, f"{header}.{body}.{signature[:-2]}"):
        with pytest.raises(Unauthenticated):
            TOKENS.verify(token)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "a" * 10_000, "\x00", "ü.ü.ü"])
def test_what_is_no_token(token):
    with pytest.raises(Unauthenticated):
        TOKENS.verify(token)


def test_more_behind_a_good_token(good):
    with pytest.raises(Unauthenticated):
        TOKENS.verify(good + ".x")


def test_what_signs_urls_signs_no_tokens():
    """The secret itself is no key: each purpose has its own."""
    assert TOKENS._key != SECRET.encode()
    assert (ISSUER, AUDIENCE) == ("dubline", "dubline-api")
