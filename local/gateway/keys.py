"""API keys and tokens: both formats of Supabase's keys, and HS256 access tokens."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import jwt

TEN_YEARS = 10 * 365 * 86400
KEYS_ISSUED = 1_767_225_600  # fixed, so that every process derives the same keys
ISSUER = "supabase-local"

Claims = Mapping[str, Any]


class InvalidTokenError(Exception):
    """A token that is malformed, expired, or signed by somebody else; the message says which."""


@dataclass(frozen=True)
class Keys:
    """The secrets of one project. `anon` and `service_role` are the legacy keys, JWTs themselves."""

    jwt_secret: str
    publishable: str
    secret: str
    anon: str
    service_role: str

    @classmethod
    def derive(cls, jwt_secret: str) -> Self:
        """The project's keys, all from one secret, so that a restart keeps them."""
        anon, service_role = (
            sign({"role": role, "iss": ISSUER}, jwt_secret, TEN_YEARS, now=KEYS_ISSUED)
            for role in ("anon", "service_role")
        )
        publishable, secret = (
            f"sb_{kind}_{hashlib.sha256(f'{kind}:{jwt_secret}'.encode()).hexdigest()[:32]}"
            for kind in ("publishable", "secret")
        )
        return cls(jwt_secret, publishable, secret, anon, service_role)

    def token_for(self, key: str) -> str:
        """The role token that an opaque key stands for; anything else is a token already."""
        return {self.publishable: self.anon, self.secret: self.service_role}.get(key, key)

    def role_of_key(self, key: str) -> str | None:
        """`anon` or `service_role` when this is one of the project's API keys, None otherwise."""
        roles = {
            self.publishable: "anon",
            self.anon: "anon",
            self.secret: "service_role",
            self.service_role: "service_role",
        }
        return roles.get(key)

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of an access token.

        Raises:
            InvalidTokenError: see there.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.jwt_secret,
                algorithms=["HS256"],
                options={"verify_aud": False, "require": ["exp"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidTokenError(str(error)) from error
        if not isinstance(claims.get("role"), str):
            raise InvalidTokenError("Fields `role` and `exp` are required in JWT")
        return claims

    def mint(self, claims: Claims, ttl_seconds: int) -> str:
        """A token with these claims, for tests of expiry and of the policies."""
        return sign(claims, self.jwt_secret, ttl_seconds)


def sign(claims: Claims, secret: str, ttl_seconds: int, *, now: int | None = None) -> str:
    now = int(time.time()) if now is None else now
    return jwt.encode({"iat": now, "exp": now + ttl_seconds, **claims}, secret, algorithm="HS256")
