"""The two ways to be reached: stdio, for one person's assistant, and streamable HTTP, for everybody with a token.

Over stdio the server acts for the person whom the environment names. Over HTTP it acts for nobody of its own: each
request carries a Supabase access token, Auth says whose it is, and that person's rights are all the rights there are.
"""

from typing import Any

import aiohttp
import httpx
import uvicorn
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.stdio import stdio_server
from pydantic import AnyHttpUrl

from orchestrator.confirmation import Confirmations
from orchestrator.database import Database, pool
from orchestrator.desk import Desk
from orchestrator.errors import SignInError
from orchestrator.identity import SERVICE_ROLE, Auth, Caller, Holder, caller_of
from orchestrator.livekit_view import LiveKitView
from orchestrator.server import build
from orchestrator.settings import AssistantSettings

SESSIONS_AT_ONCE = 500


class Front:
    """Makes desks: what is shared between people, once, and what is one person's, for each."""

    def __init__(
        self, settings: AssistantSettings, http: aiohttp.ClientSession, supabase: httpx.AsyncClient
    ) -> None:
        """`http` is for LiveKit and the workers' pages, `supabase` for the database and for Auth."""
        self._settings, self._http, self._supabase = settings, http, supabase
        self._confirmations = Confirmations(settings.live_confirmation_seconds)
        self._livekit = LiveKitView(http, settings)
        key = settings.supabase_anon_key.get_secret_value()
        self.auth = Auth(supabase, settings.supabase_url, key, settings.live_store_timeout)

    def desk(self, caller: Caller) -> Desk:
        """What this caller's tools may touch: the database in the caller's name."""
        settings = self._settings
        service = settings.supabase_service_role_key if caller.id == SERVICE_ROLE else None
        key = (service or settings.supabase_anon_key).get_secret_value()
        database = Database(self._supabase, settings.supabase_url, key, caller, settings.live_store_timeout)
        return Desk(settings, self._http, caller, database, self._livekit, self._confirmations)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Whose token it is, by Supabase Auth; None for a token that it does not take."""
        try:
            user = await self.auth.user_of(token)
        except SignInError:
            return None
        return AccessToken(token=token, client_id=user, subject=user, scopes=[])


async def serve_stdio(settings: AssistantSettings) -> None:
    """Serve one client until it closes stdin. Raises SignInError when the environment's person cannot sign in."""
    async with aiohttp.ClientSession() as http, pool(settings.live_store_timeout) as supabase:
        front = Front(settings, http, supabase)
        desk = front.desk(await caller_of(settings, front.auth))

        async def desk_of(_: Any) -> Desk:
            return desk

        server = build(desk_of)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())


async def serve_http(settings: AssistantSettings, host: str, port: int, public_url: str | None) -> None:
    """Serve everybody who brings an access token, at `/mcp`, until SIGINT or SIGTERM."""
    async with aiohttp.ClientSession() as http, pool(settings.live_store_timeout) as supabase:
        front = Front(settings, http, supabase)

        async def desk_of(context: Any) -> Desk:
            token: AccessToken = context.request.user.access_token
            return front.desk(Holder(token.subject or token.client_id, token.token))

        auth = AuthSettings(
            issuer_url=AnyHttpUrl(f"{settings.supabase_url.rstrip('/')}/auth/v1"),
            resource_server_url=AnyHttpUrl(public_url or f"http://{host}:{port}/mcp"),
            validate_token_resource=False,  # Supabase's tokens are for the project, not for one resource of it
        )
        # Who asks is read from every request anew. Clients of before 2026 keep a session, which is bound to the one who
        # opened it: without one they could not be asked for a person's yes.
        app = build(desk_of).streamable_http_app(
            host=host, auth=auth, token_verifier=front, max_sessions=SESSIONS_AT_ONCE
        )
        config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False)
        await uvicorn.Server(config).serve()
