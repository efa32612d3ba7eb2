"""The token by which the database and Storage know the process: the role `live_speech`, and no person."""

import time

import jwt

YEAR_SECONDS = 365 * 86_400


def minted(secret: str, seconds: int = YEAR_SECONDS) -> str:
    """A token that is good for so long, signed with the project's JWT secret (HS256)."""
    now = int(time.time())
    claims = {"role": "live_speech", "iss": "supabase", "iat": now, "exp": now + seconds}
    return jwt.encode(claims, secret, algorithm="HS256")
