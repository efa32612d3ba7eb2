"""The stand-in's keys: which token is believed, and how often one address may sign in."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.gateway.auth.errors import AuthError
from local.gateway.auth.limits import BURST, TOKENS_PER_HOUR, Limit
from local.gateway.keys import Algorithm, InvalidTokenError, Keys, TokenKey

SECRET = "a secret of this test that is long enough"  # noqa: S105 - of nobody
CLAIMS = {"sub": "u1", "role": "authenticated"}
KEYS = Keys.derive(SECRET)


def forged(header: dict[str, Any], key: bytes) -> str:
    """A token by hand, as a library would not make it: HMAC over whatever the header says."""
    parts = [header, {**CLAIMS, "exp": 9_999_999_999}]
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    mac = hmac.new(key, head + b"." + body, hashlib.sha256).digest()
    return b".".join((head, body, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
def test_both_signatures_are_believed(algorithm: Algorithm) -> None:
    token = KEYS.mint(CLAIMS, 60, algorithm)
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert KEYS.verify(token)["sub"] == "u1"
    with pytest.raises(InvalidTokenError):
        KEYS.verify(KEYS.mint(CLAIMS, -60, algorithm))
    with pytest.raises(InvalidTokenError):
        Keys.derive(SECRET + "!").verify(token)


def test_a_token_does_not_choose_what_its_key_is_good_for() -> None:
    """The public key is public: as a shared secret it would let anybody sign."""
    public = KEYS.signing[0].private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(KEYS.signing[0].public_jwk()).encode()
    kid = KEYS.signing[0].kid
    for key in (pem, jwk, b""):
        for header in ({"alg": "HS256", "kid": kid}, {"alg": "ES256", "kid": kid}, {"alg": "none"}):
            with pytest.raises(InvalidTokenError):
                KEYS.verify(forged(header, key))


def test_a_key_that_was_rotated_out_is_believed_until_it_is_revoked() -> None:
    old = KEYS.mint(CLAIMS, 60)
    standby = Keys.derive(SECRET, signing_names=("second", "first"))
    assert standby.verify(old)["sub"] == "u1"
    assert jwt.get_unverified_header(standby.mint(CLAIMS, 60))["kid"] == TokenKey.derive("second", SECRET).kid
    with pytest.raises(InvalidTokenError):
        Keys.derive(SECRET, signing_names=("second",)).verify(old)


def test_what_is_published_holds_no_secret() -> None:
    published = json.dumps(KEYS.public_jwks())
    assert SECRET not in published
    assert [set(key) & {"d", "k"} for key in KEYS.public_jwks()["keys"]] == [set()]


def test_secret_keys_have_names_of_their_own() -> None:
    both = Keys.derive(SECRET, secret_names=("default", "rotated"), legacy=False)
    assert both.secrets["default"] == KEYS.secret
    assert both.secrets["rotated"] not in {KEYS.secret, KEYS.publishable}
    assert {both.role_of_key(key) for key in both.secrets.values()} == {"service_role"}
    assert both.role_of_key(both.service_role) is None  # switched off
    assert Keys.derive(SECRET, secret_names=("rotated",)).role_of_key(KEYS.secret) is None


def test_an_address_signs_in_so_often_and_no_more() -> None:
    now = [0.0]
    limit = Limit(TOKENS_PER_HOUR, lambda: now[0])
    for _ in range(BURST):
        limit.take("10.0.0.1")
    with pytest.raises(AuthError) as refused:
        limit.take("10.0.0.1")
    assert (refused.value.status, refused.value.code) == (429, "over_request_rate_limit")
    limit.take("10.0.0.2")
    now[0] += 2.0  # 1800 an hour
    limit.take("10.0.0.1")
    with pytest.raises(AuthError):
        limit.take("10.0.0.1")
    for _ in range(BURST + 1):
        limit.take("")  # without the header, as on the platform
