"""The routes of `/auth/v1`."""

import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from aiohttp import web

from local.gateway.auth import limits, sessions, users
from local.gateway.auth.errors import API_VERSION, AuthError
from local.gateway.auth.passwords import matches
from local.gateway.keys import InvalidTokenError
from local.gateway.proxy import bearer
from local.gateway.settings import GatewaySettings

PREFIX = "/auth/v1"
DEFAULT_PAGE = 50

Body = dict[str, Any]
Action = Callable[[web.Request, asyncpg.Connection, Body], Awaitable[web.Response]]

log = logging.getLogger(__name__)


class AuthApi:
    """Sign-up, sign-in, refresh, user, sign-out, and the administrator's users."""

    def __init__(self, settings: GatewaySettings, pool: asyncpg.Pool) -> None:
        self._keys = settings.keys
        self._pool = pool
        self._issuer = sessions.Issuer(settings.keys, settings.url + PREFIX, settings.token_seconds)
        self._tokens = limits.Limit(limits.TOKENS_PER_HOUR)
        self._anonymous = limits.Limit(limits.ANONYMOUS_PER_HOUR)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """All of it, below `/auth/v1`."""
        routes: dict[tuple[str, str], Action] = {
            ("GET", "/health"): self.health,
            ("GET", "/settings"): self.settings,
            ("GET", "/.well-known/jwks.json"): self.jwks,
            ("POST", "/signup"): self.sign_up,
            ("POST", "/token"): self.token,
            ("POST", "/logout"): self.logout,
            ("GET", "/user"): self.get_user,
            ("PUT", "/user"): self.put_user,
            ("POST", "/admin/users"): self.admin_create,
            ("GET", "/admin/users"): self.admin_list,
            ("GET", "/admin/users/{id}"): self.admin_get,
            ("PUT", "/admin/users/{id}"): self.admin_update,
            ("DELETE", "/admin/users/{id}"): self.admin_delete,
        }
        for (method, path), action in routes.items():
            router.add_route(method, PREFIX + path, self._handler(action))

    def _handler(self, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                body = await read_body(request)
                async with self._pool.acquire(timeout=10) as db:
                    return await self._act(action, request, db, body)
            except AuthError as error:
                return error.response()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                # As on the platform, which tells the client no more than this.
                log.warning("auth request failed: %s", error)
                return AuthError(500, "unexpected_failure", "Database error").response()

        return handle

    async def _act(
        self, action: Action, request: web.Request, db: asyncpg.Connection, body: Body
    ) -> web.Response:
        try:
            async with db.transaction():
                return await action(request, db, body)
        except AuthError as error:
            if error.code == "refresh_token_already_used":  # outside the transaction that it undid
                await self._revoke_session_of(db, str(body.get("refresh_token")))
            raise

    async def _revoke_session_of(self, db: asyncpg.Connection, token: str) -> None:
        session_id = await db.fetchval("select session_id from auth.refresh_tokens where token = $1", token)
        await sessions.revoke(db, session_id)

    # ------------------------------------------------------------ public

    async def health(self, _request: web.Request, _db: asyncpg.Connection, _body: Body) -> web.Response:
        """Who answers here."""
        return reply({"name": "GoTrue", "version": "stand-in", "description": "local stand-in"})

    async def settings(self, _request: web.Request, _db: asyncpg.Connection, _body: Body) -> web.Response:
        """How one may sign in: by email or anonymously."""
        external = {"email": True, "anonymous_users": True, "phone": False}
        return reply({"external": external, "disable_signup": False, "mailer_autoconfirm": True})

    async def jwks(self, _request: web.Request, _db: asyncpg.Connection, _body: Body) -> web.Response:
        """The public keys that verify access tokens."""
        return reply(self._keys.public_jwks())

    async def sign_up(self, request: web.Request, db: asyncpg.Connection, body: Body) -> web.Response:
        """By email and password, or anonymously without an email. Raises `AuthError`, also when too many do."""
        email, password = body.get("email"), body.get("password")
        if not email:
            self._anonymous.take(request.headers.get(limits.HEADER, ""))
        if email and not password:
            raise AuthError(400, "validation_failed", "Signup requires a valid password")
        made = {"user_metadata": body.get("data")}
        user = await users.create(db, email=email or None, password=password if email else None, body=made)
        return await self._begin(db, user, "password" if email else "anonymous")

    async def token(self, request: web.Request, db: asyncpg.Connection, body: Body) -> web.Response:
        """A session for a password or for a refresh token. Raises `AuthError` for any other."""
        self._tokens.take(request.headers.get(limits.HEADER, ""))
        match request.query.get("grant_type"):
            case "password":
                return await self._sign_in(db, body)
            case "refresh_token":
                presented = str(body.get("refresh_token") or "")
                return reply(await self._issuer.refresh(db, presented))
            case other:
                raise AuthError(400, "invalid_credentials", f"unsupported_grant_type {other}")

    async def _sign_in(self, db: asyncpg.Connection, body: Body) -> web.Response:
        email = str(body.get("email") or "").lower()
        user = await db.fetchrow("select * from auth.users where email = $1 and deleted_at is null", email)
        if not user or not matches(str(body.get("password") or ""), user["encrypted_password"]):
            raise AuthError(400, "invalid_credentials", "Invalid login credentials")
        return await self._begin(db, dict(user), "password")

    async def _begin(self, db: asyncpg.Connection, user: users.User, method: str) -> web.Response:
        return reply(await self._issuer.begin(db, user, method))

    # ------------------------------------------------------------ signed in

    async def get_user(self, request: web.Request, db: asyncpg.Connection, _body: Body) -> web.Response:
        """Who is signed in."""
        user, _ = await self._signed_in(request, db)
        return reply(await users.to_json(db, user))

    async def put_user(self, request: web.Request, db: asyncpg.Connection, body: Body) -> web.Response:
        """Change one's own email, password or metadata."""
        user, _ = await self._signed_in(request, db)
        change = {key: body[key] for key in ("email", "password") if body.get(key)}
        updated = await users.update(db, user["id"], change | {"user_metadata": body.get("data")})
        return reply(await users.to_json(db, updated))

    async def logout(self, request: web.Request, db: asyncpg.Connection, _body: Body) -> web.Response:
        """End the session, others, or all of them, by `scope`."""
        user, session_id = await self._signed_in(request, db)
        await sessions.end(db, user["id"], session_id, request.query.get("scope") or "global")
        return web.Response(status=204, headers=API_VERSION)

    async def _signed_in(self, request: web.Request, db: asyncpg.Connection) -> tuple[users.User, uuid.UUID]:
        """The user and session of the access token."""
        claims = self._claims(request)
        if not claims.get("sub"):
            raise AuthError(403, "bad_jwt", "invalid claim: missing sub claim")
        try:
            user = await users.by_id(db, uuid.UUID(claims["sub"]))
        except AuthError as error:
            raise AuthError(403, "user_not_found", "User from sub claim in JWT does not exist") from error
        session_id = uuid.UUID(claims["session_id"]) if claims.get("session_id") else None
        if not session_id or not await db.fetchval("select 1 from auth.sessions where id = $1", session_id):
            raise AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist")
        return user, session_id

    def _claims(self, request: web.Request) -> dict[str, Any]:
        if not request.headers.get("Authorization"):
            raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
        try:
            return self._keys.verify(bearer(request, self._keys))
        except InvalidTokenError as error:
            message = f"invalid JWT: unable to parse or verify signature, {error}"
            raise AuthError(403, "bad_jwt", message) from error

    # ------------------------------------------------------------ administrator

    async def admin_create(self, request: web.Request, db: asyncpg.Connection, body: Body) -> web.Response:
        """A new user, by the service role. Raises `AuthError`: another role, no email, or one that is taken."""
        self._require_service_role(request)
        email, user_id = body.get("email"), body.get("id")
        if not email:
            raise AuthError(400, "validation_failed", "Cannot create a user without either an email or phone")
        try:
            user = await users.create(
                db,
                email=email,
                password=body.get("password"),
                body=body,
                user_id=as_uuid(user_id) if user_id else None,
            )
        except AuthError as error:
            if error.code != "user_already_exists":
                raise
            raise AuthError(422, "email_exists", users.EMAIL_EXISTS) from error
        return reply(await users.to_json(db, user))

    async def admin_list(self, request: web.Request, db: asyncpg.Connection, _body: Body) -> web.Response:
        """A page of all users, by the service role."""
        self._require_service_role(request)
        number = int(request.query.get("page") or 1)
        size = int(request.query.get("per_page") or DEFAULT_PAGE)
        rows, total = await users.page(db, number, size)
        response = reply({"users": [await users.to_json(db, row) for row in rows], "aud": "authenticated"})
        response.headers["x-total-count"] = str(total)
        return response

    async def admin_get(self, request: web.Request, db: asyncpg.Connection, _body: Body) -> web.Response:
        """One user, by the service role."""
        self._require_service_role(request)
        return reply(await users.to_json(db, await users.by_id(db, as_uuid(request.match_info["id"]))))

    async def admin_update(self, request: web.Request, db: asyncpg.Connection, body: Body) -> web.Response:
        """Change a user, by the service role."""
        self._require_service_role(request)
        user = await users.update(db, as_uuid(request.match_info["id"]), body)
        return reply(await users.to_json(db, user))

    async def admin_delete(self, request: web.Request, db: asyncpg.Connection, _body: Body) -> web.Response:
        """Delete a user, by the service role."""
        self._require_service_role(request)
        await users.delete(db, as_uuid(request.match_info["id"]))
        return reply({})

    def _require_service_role(self, request: web.Request) -> None:
        if self._claims(request)["role"] != "service_role":
            raise AuthError(403, "not_admin", "User not allowed")


async def read_body(request: web.Request) -> Body:
    """The JSON object of a request, empty when it has none. Raises `AuthError` (400) for any other body."""
    if not request.can_read_body:
        return {}
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise AuthError(400, "bad_json", f"Could not parse request body as JSON: {error}") from error
    if not isinstance(body, dict):
        raise AuthError(400, "bad_json", "Could not parse request body as JSON: not an object")
    return body


def as_uuid(text: str) -> uuid.UUID:
    """Raises `AuthError` (400) when it is none."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise AuthError(404, "validation_failed", "user_id must be an UUID") from error


def reply(body: object) -> web.Response:
    """JSON with the API's version."""
    return web.json_response(body, headers=API_VERSION)
