"""`/healthz`, `/readyz`, `/status` and `/metrics` on one loopback port: alive, fit for rooms, what it does, figures."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from agent.metrics import Metrics

Reasons = Mapping[str, bool]
"""What has to hold for being ready, by name."""


async def serve_health(
    host: str,
    port: int,
    metrics: Metrics,
    ready: Callable[[], Reasons],
    status: Callable[[], Mapping[str, Any]],
) -> web.AppRunner:
    """Start answering; the caller cleans the runner up."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        reasons = ready()
        return web.json_response(
            {"ready": all(reasons.values()), **reasons}, status=200 if all(reasons.values()) else 503
        )

    async def status_(_: web.Request) -> web.Response:
        return web.json_response(status())

    async def metrics_(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/status", status_),
            web.get("/metrics", metrics_),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
