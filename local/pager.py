"""A stand-in for the service that calls operators: takes pages as standardwebhooks.com has them.

It checks the signature and the time as a receiver should. `PUT /_local/pager` has it refuse the first attempts of each
page (`{"refuse": n}`) or know another secret (`{"secret": "whsec_…"}`); `GET /_local/pager` lists the attempts:
`{id, at, status, body}`.
"""

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from typing import Any

from aiohttp import web

KEY = hashlib.sha256(b"the pager of a local stack").digest()
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
OLDEST_SECONDS = 300
PATH = "/pager"
Json = dict[str, Any]


class PagerService:
    def __init__(self, key: bytes = KEY) -> None:
        self._key, self._refuse = key, 0
        self.attempts: list[Json] = []

    def routes(self) -> list[web.RouteDef]:
        """Where pages come in, and where a test reads and breaks them."""
        return [
            web.post(PATH, self._page),
            web.get("/_local/pager", self._list),
            web.put("/_local/pager", self._set),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        body, number = await request.read(), request.headers["webhook-id"]
        tried = Counter(attempt["id"] for attempt in self.attempts)[number]
        status = 401 if not self._is_ours(request, body) else 503 if tried < self._refuse else 204
        self.attempts.append({"id": number, "at": time.time(), "status": status, "body": json.loads(body)})
        return web.Response(status=status, headers={"Retry-After": "1"} if status == 503 else {})

    def _is_ours(self, request: web.Request, body: bytes) -> bool:
        number, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        wanted = hmac.new(self._key, b".".join([number.encode(), at.encode(), body]), hashlib.sha256)
        signature = f"v1,{base64.b64encode(wanted.digest()).decode()}"
        fresh = abs(time.time() - int(at)) < OLDEST_SECONDS
        return fresh and hmac.compare_digest(signature, request.headers["webhook-signature"])

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(self.attempts)

    async def _set(self, request: web.Request) -> web.Response:
        told = await request.json()
        self._refuse = int(told.get("refuse", self._refuse))
        if "secret" in told:
            self._key = base64.b64decode(told["secret"].removeprefix("whsec_"))
        return web.Response(status=204)


def environment(url: str) -> dict[str, str]:
    """What a worker is told, so that it calls the stand-in. `url`: where its service answers."""
    return {"LIVE_PAGER_URL": f"{url}{PATH}", "LIVE_PAGER_SECRET": SECRET}
