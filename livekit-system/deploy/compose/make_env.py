"""Writes `.env` beside compose.yaml: secrets made up here, and the keys of the database's roles that belong to them.

A file that is there is left alone: the database keeps the passwords of its first start.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from pathlib import Path

ENV = Path(__file__).resolve().parents[1] / ".env"
TEN_YEARS = 10 * 365 * 86400


def key_of(role: str, jwt_secret: str) -> str:
    """A JWT (HS256) of this role of the database, as Supabase's legacy keys are."""
    now = int(time.time())
    claims = {"role": role, "iss": "supabase", "iat": now, "exp": now + TEN_YEARS}
    signed = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{signed}.{encode(hmac.digest(jwt_secret.encode(), signed.encode(), hashlib.sha256))}"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def variables() -> dict[str, str]:
    """All that compose.yaml asks for."""
    jwt_secret = secrets.token_hex(32)
    return {
        "POSTGRES_PASSWORD": secrets.token_hex(16),
        "AUTHENTICATOR_PASSWORD": secrets.token_hex(16),
        "JWT_SECRET": jwt_secret,
        "SERVICE_ROLE_KEY": key_of("service_role", jwt_secret),
        "ANON_KEY": key_of("anon", jwt_secret),
        "SPEECH_TOKEN": key_of("live_speech", jwt_secret),
        "LIVEKIT_API_KEY": "API" + secrets.token_hex(6),
        "LIVEKIT_API_SECRET": secrets.token_hex(32),
    }


def main() -> int:
    if ENV.exists():
        sys.stderr.write(f"{ENV} is there already: delete it, and the volumes with it, to begin anew\n")
        return 1
    ENV.touch(mode=0o600)
    ENV.write_text("".join(f"{name}={value}\n" for name, value in variables().items()))
    sys.stdout.write(f"written: {ENV}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
