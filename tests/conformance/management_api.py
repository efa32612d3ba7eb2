"""The part of Supabase's management API that `functions deploy` needs: it remembers what was deployed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

PROJECT = "abcdefghijklmnopqrst"
UPLOAD_BYTES = 50_000_000


@dataclass
class ManagementApi:
    uploads: dict[str, str] = field(default_factory=dict)
    """All that was sent for each function, as text."""
    listed: list[dict[str, Any]] = field(default_factory=list)

    async def upload(self, request: web.Request) -> web.Response:
        slug = request.query["slug"]
        self.uploads[slug] = (await request.read()).decode(errors="replace")
        function = {
            "id": slug,
            "slug": slug,
            "name": slug,
            "status": "ACTIVE",
            "version": 1,
            "created_at": 1,
            "updated_at": 1,
            "verify_jwt": False,
            "import_map": True,
        }
        return web.json_response(function, status=201)

    async def replace(self, request: web.Request) -> web.Response:
        self.listed = json.loads(await request.read())
        return web.json_response({"functions": self.listed})

    async def deployed(self, _: web.Request) -> web.Response:
        return web.json_response(self.listed)

    async def project(self, _: web.Request) -> web.Response:
        database = {"host": "h", "version": "17", "postgres_engine": "17", "release_channel": "ga"}
        return web.json_response(
            {
                "id": PROJECT,
                "ref": PROJECT,
                "organization_id": "o",
                "organization_slug": "o",
                "name": "n",
                "region": "eu-central-1",
                "created_at": "2026-01-01T00:00:00Z",
                "status": "ACTIVE_HEALTHY",
                "database": database,
            }
        )


@asynccontextmanager
async def management_api(folder: Path) -> AsyncIterator[tuple[ManagementApi, Path]]:
    """The API, and a profile by which the CLI finds it."""
    api, app = ManagementApi(), web.Application(client_max_size=UPLOAD_BYTES)
    app.add_routes(
        [
            web.post("/v1/projects/{ref}/functions/deploy", api.upload),
            web.put("/v1/projects/{ref}/functions", api.replace),
            web.get("/v1/projects/{ref}/functions", api.deployed),
            web.get("/v1/projects/{ref}", api.project),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    url = f"http://{host}:{port}"
    profile = folder / "profile.yaml"
    profile.write_text(
        f"name: test\napi_url: {url}\ndashboard_url: {url}\ndocs_url: {url}\n"
        "project_host: supabase.test\npooler_host: supabase.test\n"
    )
    try:
        yield api, profile
    finally:
        await runner.cleanup()
