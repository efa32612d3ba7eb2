"""Rows of `auth.users` and their JSON."""

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from local.gateway.auth.errors import AuthError
from local.gateway.auth.passwords import hash_password

MIN_PASSWORD = 6
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
EMAIL_EXISTS = "A user with this email address has already been registered"
UNITS = {"s": 1, "m": 60, "h": 3600}

User = Mapping[str, Any]
Body = Mapping[str, Any]

GO_ZERO_TIME = "0001-01-01T00:00:00Z"


async def create(
    db: asyncpg.Connection,
    *,
    email: str | None,
    password: str | None,
    body: Body,
    user_id: uuid.UUID | None = None,
) -> User:
    """A new user with its identity; anonymous when there is no address.

    `body` may hold `user_metadata` and `app_metadata`.

    Raises:
        AuthError: the address is malformed or taken, or the password too short.
    """
    if email is not None and not EMAIL.fullmatch(email):
        raise AuthError(400, "validation_failed", "Unable to validate email address: invalid format")
    check_password(password)
    address = email.lower() if email else None
    provider: dict[str, Any] = {"provider": "email", "providers": ["email"]} if address else {}
    try:
        row = await db.fetchrow(
            """
            insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at,
              raw_app_meta_data, raw_user_meta_data, created_at, updated_at, is_anonymous)
            values ($1, 'authenticated', 'authenticated', $2::text, $3,
              case when $2::text is null then null else now() end, $4, $5, now(), now(), $2::text is null)
            returning *
            """,
            user_id or uuid.uuid4(),
            address,
            hash_password(password) if password else None,
            json.dumps(provider | dict(body.get("app_metadata") or {})),
            json.dumps(body.get("user_metadata") or {}),
        )
    except asyncpg.UniqueViolationError as error:
        raise AuthError(422, "user_already_exists", "User already registered") from error
    assert row is not None
    if address:
        await db.execute(
            """
            insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at,
              created_at, updated_at)
            values ($1::text, $1::uuid, $2, 'email', now(), now(), now())
            """,
            str(row["id"]),
            json.dumps({"sub": str(row["id"]), "email": address, "email_verified": True}),
        )
    return dict(row)


async def update(db: asyncpg.Connection, user_id: uuid.UUID, body: Body) -> User:
    """Changes address, password, metadata (merged) and ban (`ban_duration`: `none` or such as `24h`).

    Raises `AuthError`: one of them is of another form, or the address is taken.
    """
    check_password(body.get("password"))
    email = body.get("email")
    try:
        row = await db.fetchrow(
            """
            update auth.users set
              email = coalesce($2::text, email),
              email_confirmed_at = case when $2::text is null then email_confirmed_at else now() end,
              is_anonymous = is_anonymous and $2::text is null,
              encrypted_password = coalesce($3, encrypted_password),
              raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || $4::jsonb,
              raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || $5::jsonb,
              banned_until = case when $6 then $7::timestamptz else banned_until end,
              updated_at = now()
            where id = $1 returning *
            """,
            user_id,
            email.lower() if email else None,
            hash_password(body["password"]) if body.get("password") else None,
            json.dumps(body.get("user_metadata") or {}),
            json.dumps(body.get("app_metadata") or {}),
            "ban_duration" in body,
            banned_until(body.get("ban_duration")),
        )
    except asyncpg.UniqueViolationError as error:
        raise AuthError(
            422, "email_exists", "A user with this email address has already been registered"
        ) from error
    return found(row)


async def by_id(db: asyncpg.Connection, user_id: uuid.UUID) -> User:
    """Raises `AuthError` (404) when there is none."""
    return found(await db.fetchrow("select * from auth.users where id = $1", user_id))


async def page(db: asyncpg.Connection, number: int, size: int) -> tuple[list[User], int]:
    """Newest first, and how many there are in all."""
    rows = await db.fetch(
        "select * from auth.users order by created_at desc, id limit $1 offset $2", size, (number - 1) * size
    )
    return [dict(row) for row in rows], await db.fetchval("select count(*) from auth.users")


async def delete(db: asyncpg.Connection, user_id: uuid.UUID) -> User:
    """The user as they were. Raises `AuthError` (404) when there is none."""
    return found(await db.fetchrow("delete from auth.users where id = $1 returning *", user_id))


async def to_json(db: asyncpg.Connection, user: User) -> dict[str, Any]:
    """A user as every endpoint shows it."""
    identities = await db.fetch("select * from auth.identities where user_id = $1", user["id"])
    optional = ("email_confirmed_at", "confirmed_at", "last_sign_in_at", "invited_at", "banned_until")
    return {
        "id": str(user["id"]),
        "aud": user["aud"] or "",
        "role": user["role"],
        "email": user["email"] or "",
        "phone": user["phone"] or "",
        "app_metadata": json.loads(user["raw_app_meta_data"] or "{}"),
        "user_metadata": json.loads(user["raw_user_meta_data"] or "{}"),
        "identities": [identity_json(identity) for identity in identities],
        # An account made in SQL has no such times; Supabase then shows Go's zero time.
        "created_at": iso(user["created_at"]) if user["created_at"] else GO_ZERO_TIME,
        "updated_at": iso(user["updated_at"]) if user["updated_at"] else GO_ZERO_TIME,
        "is_anonymous": user["is_anonymous"],
        **{name: iso(user[name]) for name in optional if user[name]},
    }


def identity_json(identity: Mapping[str, Any]) -> dict[str, Any]:
    """As GoTrue answers it."""
    return {
        "identity_id": str(identity["id"]),
        "id": identity["provider_id"],
        "user_id": str(identity["user_id"]),
        "identity_data": json.loads(identity["identity_data"]),
        "provider": identity["provider"],
        "email": identity["email"],
        **{name: iso(identity[name]) for name in ("last_sign_in_at", "created_at", "updated_at")},
    }


def check_password(password: str | None) -> None:
    """Raises `AuthError` (422) for one that is missing or too short."""
    if password is not None and len(password) < MIN_PASSWORD:
        message = f"Password should be at least {MIN_PASSWORD} characters."
        raise AuthError(422, "weak_password", message, weak_password={"reasons": ["length"]})


def banned_until(duration: str | None) -> datetime | None:
    """The end of a ban that begins now; None lifts it. Raises `AuthError` for no length of time."""
    if duration in {None, "none"}:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", duration or "")
    if not parts:
        raise AuthError(400, "validation_failed", f"invalid format for ban duration: {duration}")
    return datetime.now(UTC) + timedelta(seconds=sum(float(n) * UNITS[unit] for n, unit in parts))


def found(row: User | None) -> User:
    """Raises `AuthError` (404) for none."""
    if row is None:
        raise AuthError(404, "user_not_found", "User not found")
    return dict(row)


def iso(moment: datetime) -> str:
    """In UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
