"""Passes requests on, and says which key and token a request acts with."""

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from local.gateway.keys import Keys

# Headers that belong to one hop; the client library and server write their own.
HOP_BY_HOP = frozenset(
    ("host", "connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer")
)
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}


class Proxy:
    """Forwards to one upstream, which is given the path below `prefix`."""

    def __init__(self, http: aiohttp.ClientSession, prefix: str, upstream: str) -> None:
        self._http = http
        self._prefix = prefix
        self._upstream = upstream

    async def forward(self, request: web.Request, headers: dict[str, str] | None = None) -> web.Response:
        """The upstream's answer; 503 when it cannot be reached, 504 when it does not answer in a minute."""
        url = self._upstream + request.raw_path.removeprefix(self._prefix)
        sent = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP} | (headers or {})
        try:
            async with self._http.request(
                request.method,
                URL(url, encoded=True),
                headers=sent,
                data=await request.read(),
                allow_redirects=False,
                timeout=TIMEOUT,
            ) as answer:
                kept = CIMultiDict((k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP)
                return web.Response(status=answer.status, headers=kept, body=await answer.read())
        except TimeoutError:
            return web.json_response({"message": "The upstream server is timing out"}, status=504)
        except aiohttp.ClientError:
            return web.json_response({"message": "name resolution failed"}, status=503)


def api_key(request: web.Request) -> str | None:
    """From the header or the query."""
    return request.headers.get("apikey") or request.query.get("apikey")


def refuse_key(request: web.Request, keys: Keys) -> web.Response | None:
    """The refusal of a request without a valid API key, or with a secret one from a browser; else None."""
    key = api_key(request)
    if not key:
        return refusal("No API key found in request", "No `apikey` request header or url param was found.")
    if not keys.role_of_key(key):
        return refusal("Invalid API key", "Double check your Supabase `anon` or `service_role` API key.")
    if key in keys.secrets.values() and request.headers.get("User-Agent", "").startswith("Mozilla"):
        return refusal("Forbidden use of secret API key in browser", "Use a publishable key there.")
    return None


def refusal(message: str, hint: str) -> web.Response:
    """401, as Kong answers it."""
    return web.json_response({"message": message, "hint": hint}, status=401, headers=CORS)


def bearer(request: web.Request, keys: Keys) -> str:
    """The token a request acts with: its own, or the one its API key stands for.

    An opaque key in `Authorization` counts only when it equals the API key, as on the platform.
    """
    key = api_key(request) or ""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return keys.token_for(key) if given in {"", key} else given


def preflight(request: web.Request) -> web.Response:
    """The answer to a browser's OPTIONS, which carries no key."""
    return web.Response(
        status=200,
        headers=CORS
        | {
            "Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS",
            "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", "*"),
            "Access-Control-Max-Age": "3600",
        },
    )
