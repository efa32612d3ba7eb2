"""`/healthz`, `/readyz`, `/status` and `/metrics` on one loopback port: alive, fit for rooms, what it does, figures."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from agent.process.readiness import REASONS
from agent.process.report import Report


async def serve_health(host: str, port: int, registry: CollectorRegistry, report: Report) -> web.AppRunner:
    """Start answering; the caller cleans the runner up."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        conditions = report.conditions()
        reasons = [REASONS[name] for name, well in conditions.items() if not well]
        body = {"ready": not reasons, **conditions, "reasons": reasons}
        return web.json_response(body, status=503 if reasons else 200)

    async def status_(_: web.Request) -> web.Response:
        return web.json_response(report.status())

    async def metrics_(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

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
