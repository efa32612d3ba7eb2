"""Puts the gateway together: who answers which path, behind which key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from local.gateway import proxy
from local.gateway.auth.api import AuthApi
from local.gateway.realtime.api import RealtimeApi
from local.gateway.realtime.hub import Hub
from local.gateway.realtime.limits import Limits
from local.gateway.settings import GatewaySettings
from local.gateway.storage.api import StorageApi
from local.gateway.storage.files import Files
from local.gateway.storage.s3 import S3Api

MAX_BODY = 16 * 1024 * 1024
KEYLESS = (
    "/functions/v1/",
    "/_local/",
    "/auth/v1/health",
    "/auth/v1/.well-known/",
    "/realtime/v1/websocket",
    "/storage/v1/",
)


@asynccontextmanager
async def gateway(settings: GatewaySettings) -> AsyncIterator[web.Application]:
    """The application, with its connections open."""
    connector = aiohttp.TCPConnector(limit=1000)
    async with (
        aiohttp.ClientSession(connector=connector, auto_decompress=False) as http,
        database_pool(settings.auth_database_url) as auth_pool,
        database_pool(settings.realtime_database_url) as realtime_pool,
        database_pool(settings.storage_database_url) as storage_pool,
    ):
        hub = Hub(settings.keys, realtime_pool, settings.realtime_database_url, Limits(settings.plan))
        realtime = RealtimeApi(hub)
        app = web.Application(client_max_size=MAX_BODY, middlewares=[guard(settings)])
        AuthApi(settings, auth_pool).add_routes(app.router)
        realtime.add_routes(app.router)
        files = Files(settings.storage_folder)
        S3Api(settings.keys, storage_pool, files).add_routes(app.router)
        StorageApi(settings.keys, storage_pool, files).add_routes(app.router)
        if settings.fault_hooks:
            realtime.faults.add_routes(app.router)
        add_proxies(app.router, settings, http)
        app.router.add_get("/_local/ready", ready_route(hub))
        app.on_shutdown.append(realtime.close)
        async with asyncio.TaskGroup() as group:
            following = group.create_task(hub.run(), name="hub")
            yield app
            following.cancel()


def ready_route(hub: Hub) -> Handler:
    """Answers 200 once Realtime follows the database, 503 before."""

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(status=200 if hub.stream.streaming.is_set() else 503)

    return ready


def database_pool(url: str) -> asyncpg.Pool:
    """One to five connections, 5 s to connect and 10 s for a statement."""
    return asyncpg.create_pool(url, min_size=1, max_size=5, timeout=5, command_timeout=10)


def guard(settings: GatewaySettings) -> Middleware:
    """Every path needs an API key but those of functions and Storage (which verify for themselves) and a few others."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(KEYLESS):
            return await handler(request)
        if request.method == "OPTIONS":
            return proxy.preflight(request)
        if refusal := proxy.refuse_key(request, settings.keys):
            return refusal
        response = await handler(request)
        if not response.prepared:
            response.headers.update(proxy.CORS)
        return response

    return middleware


def add_proxies(router: web.UrlDispatcher, settings: GatewaySettings, http: aiohttp.ClientSession) -> None:
    """Pass the data API and the edge functions on to their parts."""
    to_rest = proxy.Proxy(http, "/rest/v1", settings.rest_url)
    to_functions = proxy.Proxy(http, "/functions/v1", settings.functions_url)

    async def rest(request: web.Request) -> web.Response:
        return await to_rest.forward(
            request, {"Authorization": f"Bearer {proxy.bearer(request, settings.keys)}"}
        )

    router.add_route("*", "/rest/v1/{path:.*}", rest)
    router.add_route("*", "/functions/v1/{path:.*}", to_functions.forward)
