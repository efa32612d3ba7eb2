"""Calls humans: sends what waits in the page outbox to the operators' webhook, when a sweep says that something does.

The body is JSON, `{"type": "case", "timestamp", "data": {"case_id", "severity", "source", "at", "rules", "reporters"},
"text"}`, signed as standardwebhooks.com has it: `webhook-id` (the same in each attempt), `webhook-timestamp` (seconds)
and `webhook-signature`, `v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`. Any 2xx means that it was
received. All else is tried again, ever later, by the outbox's own clock: a page outlives this process.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from agent.core.errand import Errand
from agent.core.metrics import Counter, Labelled
from agent.supabase.client import Supabase
from moderation.timestamps import text_of

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
AT_ONCE = 20
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where pages go, and the key that signs them."""

    url: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What the receiver made of a page. `after`: seconds that it asks us to wait."""

    sent: bool
    error: str | None = None
    after: float | None = None


def key_of(secret: str) -> bytes:
    """The key in a secret of the form `whsec_<base64>`.

    Raises:
        ValueError: it has another form, or fewer than 24 bytes.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    if len(key) < 24:
        msg = "must be whsec_ and the base64 of 24 bytes or more"
        raise ValueError(msg)
    return key


def signed(page: Mapping[str, Any], key: bytes, now: float) -> tuple[bytes, dict[str, str]]:
    """The body of a page and its headers. `now`: Unix time."""
    at = text_of(now, "seconds")
    data = {name: value for name, value in page.items() if name != "id"}
    words = f"{page['severity']} case {page['case_id']}: {', '.join(page['rules']) or page['source']}"
    body = json.dumps({"type": "case", "timestamp": at, "data": data, "text": words}).encode()
    number, seconds = str(page["id"]), str(int(now))
    mac = hmac.digest(key, f"{number}.{seconds}.".encode() + body, hashlib.sha256)
    return body, {
        "content-type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


class Pager:
    def __init__(self, supabase: Supabase, receiver: Receiver, pages: Labelled[Counter]) -> None:
        """`pages` counts attempts; label: sent or failed."""
        self._supabase, self._receiver, self._pages = supabase, receiver, pages
        self._http = httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False)
        self._sending = Errand(self._send_due, "pages not read")

    def due(self) -> None:
        """Something waits."""
        self._sending.due()

    async def run(self) -> None:
        """Send for ever, when something is due."""
        async with self._http:
            await self._sending.run()

    async def _send_due(self) -> None:
        """All that is due: each lot in turn, and the pages of a lot side by side."""
        while pages := await self._supabase.rpc("page_claim", {"p_most": AT_ONCE}):
            await asyncio.gather(*(self._send(page) for page in pages))

    async def _send(self, page: Mapping[str, Any]) -> None:
        answered = await self._post(page)
        self._pages.labels("sent" if answered.sent else "failed").inc()
        told = {"case": page["case_id"], "severity": page["severity"]}
        if answered.sent:
            log.info("operators called", extra=told)
        else:
            log.error("operators not called", extra={**told, "error": answered.error})
        await self._supabase.rpc(
            "page_finish",
            {
                "p_id": page["id"],
                "p_sent": answered.sent,
                "p_error": answered.error,
                "p_after": answered.after,
            },
        )

    async def _post(self, page: Mapping[str, Any]) -> Answered:
        body, headers = signed(page, self._receiver.key, time.time())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                async with self._http.stream(
                    "POST", self._receiver.url, content=body, headers=headers
                ) as answer:
                    # What it says beside its status is nobody's business and may have no end.
                    if answer.is_success:
                        return Answered(sent=True)
                    return Answered(
                        sent=False, error=f"HTTP {answer.status_code}", after=_seconds_in(answer.headers)
                    )
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            return Answered(sent=False, error=type(error).__name__)


def _seconds_in(headers: httpx.Headers) -> float | None:
    asked = headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else None
