"""Sessions, access tokens and rotating refresh tokens."""

import json
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from local.gateway.auth import users
from local.gateway.auth.errors import AuthError
from local.gateway.keys import Keys

# A client that lost the answer to its refresh may repeat it for this long.
REUSE_INTERVAL = timedelta(seconds=10)

Answer = dict[str, Any]


@dataclass(frozen=True)
class Issuer:
    """Signs access tokens that live `ttl` seconds, and hands out the refresh tokens beside them."""

    keys: Keys
    url: str
    ttl: int

    async def begin(self, db: asyncpg.Connection, user: users.User, method: str) -> Answer:
        """A new session's tokens, for somebody who has just proved who they are by `method`."""
        refuse_banned(user)
        session_id = uuid.uuid4()
        await db.execute(
            "insert into auth.sessions (id, user_id, created_at, updated_at) values ($1, $2, now(), now())",
            session_id,
            user["id"],
        )
        signed_in = await db.fetchrow(
            "update auth.users set last_sign_in_at = now() where id = $1 returning *", user["id"]
        )
        token = await add_refresh_token(db, user["id"], session_id, None)
        return await self._answer(db, users.found(signed_in), session_id, token, method)

    async def refresh(self, db: asyncpg.Connection, presented: str) -> Answer:
        """New tokens for a refresh token, which is thereby used up.

        Raises:
            AuthError: unknown, or used before. Forgiven, as on the platform, are the token used last and one
                used within `REUSE_INTERVAL`.
        """
        token = await db.fetchrow("select * from auth.refresh_tokens where token = $1 for update", presented)
        if not token:
            raise AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
        user = await users.by_id(db, uuid.UUID(token["user_id"]))
        refuse_banned(user)
        return await self._answer(db, user, token["session_id"], await rotate(db, token), "token_refresh")

    async def _answer(
        self, db: asyncpg.Connection, user: users.User, session_id: uuid.UUID, refresh_token: str, method: str
    ) -> Answer:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": str(user["id"]),
            "aud": user["aud"],
            "iat": now,
            "exp": now + self.ttl,
            "email": user["email"] or "",
            "phone": user["phone"] or "",
            "app_metadata": json.loads(user["raw_app_meta_data"] or "{}"),
            "user_metadata": json.loads(user["raw_user_meta_data"] or "{}"),
            "role": user["role"],
            "aal": "aal1",
            "amr": [{"method": method, "timestamp": now}],
            "session_id": str(session_id),
            "is_anonymous": user["is_anonymous"],
        }
        return {
            "access_token": self.keys.mint(claims, self.ttl),
            "token_type": "bearer",
            "expires_in": self.ttl,
            "expires_at": now + self.ttl,
            "refresh_token": refresh_token,
            "user": await users.to_json(db, user),
        }


async def rotate(db: asyncpg.Connection, token: Mapping[str, Any]) -> str:
    """The token that takes the place of this one; see `Issuer.refresh`. Raises `AuthError`: used up."""
    session_id = token["session_id"]
    if token["revoked"]:
        active = await db.fetchrow(
            "select token, parent from auth.refresh_tokens where session_id = $1 and not revoked "
            "order by id desc limit 1",
            session_id,
        )
        if active and active["parent"] == token["token"]:
            return str(active["token"])
        if not active or token["updated_at"] + REUSE_INTERVAL < datetime.now(UTC):
            raise AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    await revoke(db, session_id)
    await db.execute(
        "update auth.sessions set refreshed_at = now(), updated_at = now() where id = $1", session_id
    )
    return await add_refresh_token(db, uuid.UUID(token["user_id"]), session_id, token["token"])


async def revoke(db: asyncpg.Connection, session_id: uuid.UUID) -> None:
    """Uses up every refresh token of a session."""
    await db.execute(
        "update auth.refresh_tokens set revoked = true, updated_at = now() "
        "where session_id = $1 and not revoked",
        session_id,
    )


async def end(db: asyncpg.Connection, user_id: uuid.UUID, session_id: uuid.UUID, scope: str) -> None:
    """Signs out: `global` everywhere, `local` here, `others` everywhere but here. Raises `AuthError`: another."""
    match scope:
        case "global":
            await db.execute("delete from auth.sessions where user_id = $1", user_id)
        case "local":
            await db.execute("delete from auth.sessions where id = $1", session_id)
        case "others":
            await db.execute("delete from auth.sessions where user_id = $1 and id <> $2", user_id, session_id)
        case _:
            raise AuthError(400, "validation_failed", f"Unsupported logout scope {scope!r}")


async def add_refresh_token(
    db: asyncpg.Connection, user_id: uuid.UUID, session_id: uuid.UUID, parent: str | None
) -> str:
    """A new one of this session; `parent` is the one that it takes the place of."""
    token = secrets.token_urlsafe(9)
    await db.execute(
        """
        insert into auth.refresh_tokens (token, user_id, session_id, parent, revoked, created_at, updated_at)
        values ($1, $2, $3, $4, false, now(), now())
        """,
        token,
        str(user_id),
        session_id,
        parent,
    )
    return token


def refuse_banned(user: users.User) -> None:
    """Raises `AuthError` for a user who is banned now."""
    if user["banned_until"] and user["banned_until"] > datetime.now(UTC):
        raise AuthError(400, "user_banned", "User is banned")
