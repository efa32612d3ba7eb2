"""API keys and tokens: both formats of Supabase's keys, and access tokens signed with ES256 or, as before, HS256."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

TEN_YEARS = 10 * 365 * 86400
KEYS_ISSUED = 1_767_225_600  # fixed, so that every process derives the same keys
ISSUER = "supabase-local"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Claims = Mapping[str, Any]
Algorithm = Literal["ES256", "HS256"]


class InvalidTokenError(Exception):
    """A token that is malformed, expired, or signed by somebody else; the message says which."""


@dataclass(frozen=True)
class TokenKey:
    """An ES256 key (P-256) that signs people's access tokens; `kid` names it in the token and in the JWKS."""

    kid: str
    private: ec.EllipticCurvePrivateKey

    @classmethod
    def derive(cls, name: str, jwt_secret: str) -> Self:
        """The same key for the same name and secret."""
        seed = hashlib.sha512(f"signing:{name}:{jwt_secret}".encode()).digest()
        number = int.from_bytes(seed) % (P256_ORDER - 1) + 1
        return cls(hashlib.sha256(seed).hexdigest()[:32], ec.derive_private_key(number, ec.SECP256R1()))

    def public_jwk(self) -> dict[str, Any]:
        """As a JWKS holds it."""
        found: dict[str, Any] = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**found, "kid": self.kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"]}


@dataclass(frozen=True)
class Keys:
    """The secrets of one project.

    `secrets` are the secret keys by their names; `anon` and `service_role` the legacy keys, JWTs themselves, which a
    project may have switched off (`legacy`). Of `signing` the first signs; all are believed.
    """

    jwt_secret: str
    publishable: str
    secrets: Mapping[str, str]
    anon: str
    service_role: str
    signing: tuple[TokenKey, ...]
    legacy: bool = True

    @classmethod
    def derive(
        cls,
        jwt_secret: str,
        *,
        secret_names: Sequence[str] = ("default",),
        signing_names: Sequence[str] = ("first",),
        legacy: bool = True,
    ) -> Self:
        """The project's keys, all from one secret, so that a restart keeps them."""
        anon, service_role = (
            sign({"role": role, "iss": ISSUER}, jwt_secret, TEN_YEARS, now=KEYS_ISSUED)
            for role in ("anon", "service_role")
        )
        return cls(
            jwt_secret,
            opaque("publishable", jwt_secret),
            {name: opaque("secret", jwt_secret, name) for name in secret_names},
            anon,
            service_role,
            tuple(TokenKey.derive(name, jwt_secret) for name in signing_names),
            legacy,
        )

    @property
    def secret(self) -> str:
        """The first of the secret keys."""
        return next(iter(self.secrets.values()))

    def token_for(self, key: str) -> str:
        """The role token that an opaque key stands for; anything else is a token already."""
        opaque_keys = {self.publishable: self.anon} | dict.fromkeys(self.secrets.values(), self.service_role)
        return opaque_keys.get(key, key)

    def role_of_key(self, key: str) -> str | None:
        """`anon` or `service_role` when this is one of the project's API keys, None otherwise."""
        roles = {self.publishable: "anon"} | dict.fromkeys(self.secrets.values(), "service_role")
        if self.legacy:
            roles |= {self.anon: "anon", self.service_role: "service_role"}
        return roles.get(key)

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of an access token.

        Raises:
            InvalidTokenError: see there.
        """
        try:
            key, algorithm = self._key_of(jwt.get_unverified_header(token))
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[algorithm], options={"verify_aud": False, "require": ["exp"]}
            )
        except jwt.PyJWTError as error:
            raise InvalidTokenError(str(error)) from error
        if not isinstance(claims.get("role"), str):
            raise InvalidTokenError("Fields `role` and `exp` are required in JWT")
        return claims

    def _key_of(self, header: Mapping[str, Any]) -> tuple[Any, Algorithm]:
        """The key is chosen by us for each algorithm: a token does not say what its key is good for."""
        if header.get("alg") == "HS256":
            return self.jwt_secret, "HS256"
        for key in self.signing:
            if header.get("alg") == "ES256" and header.get("kid") == key.kid:
                return key.private.public_key(), "ES256"
        raise InvalidTokenError("no key of the project's signed it")

    def mint(self, claims: Claims, ttl_seconds: int, algorithm: Algorithm = "ES256") -> str:
        """An access token with these claims."""
        if algorithm == "HS256":
            return sign(claims, self.jwt_secret, ttl_seconds)
        key, now = self.signing[0], int(time.time())
        whole = {"iat": now, "exp": now + ttl_seconds, **claims}
        return jwt.encode(whole, key.private, algorithm="ES256", headers={"kid": key.kid})

    def public_jwks(self) -> dict[str, Any]:
        """What the sign-in service publishes: no shared secret."""
        return {"keys": [key.public_jwk() for key in self.signing]}

    def verifying_jwks(self) -> str:
        """What PostgREST verifies with: the shared secret too, for the legacy keys and older tokens."""
        shared = base64.urlsafe_b64encode(self.jwt_secret.encode()).rstrip(b"=").decode()
        return json.dumps(
            {"keys": [{"kty": "oct", "k": shared, "alg": "HS256"}, *self.public_jwks()["keys"]]}
        )


def opaque(kind: str, jwt_secret: str, name: str = "default") -> str:
    """A key of the new format."""
    words = ":".join([kind, *([] if name == "default" else [name]), jwt_secret])
    return f"sb_{kind}_{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def sign(claims: Claims, secret: str, ttl_seconds: int, *, now: int | None = None) -> str:
    """A token with these claims (HS256), good for so many seconds. `now`: seconds since the epoch, or the clock's."""
    now = int(time.time()) if now is None else now
    return jwt.encode({"iat": now, "exp": now + ttl_seconds, **claims}, secret, algorithm="HS256")
