"""The workers' public pages: `/readyz`, `/status` and `/metrics` of their health ports."""

from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.errors import UnavailableError

GAUGES = frozenset(("live_rooms_moderated", "live_wakeups_connected"))
COUNTERS = frozenset(
    ("live_drift_total", "live_room_failures_total", "live_presence_corrections_total", "live_wakeups_total")
)
TIMES = ("live_action_enforce_seconds", "live_store_call_seconds", "live_livekit_call_seconds")
"""Histograms, told as a count and a mean."""


async def status_of(http: aiohttp.ClientSession, url: str, seconds: float) -> dict[str, Any]:
    """What a worker says it does: `{worker, registered, taking_rooms, database, wakeups, rooms, ready}`."""
    status = await _page(http, f"{url}/status", seconds)
    return {**status, "ready": (await _page(http, f"{url}/readyz", seconds)).get("ready")}


async def figures_of(http: aiohttp.ClientSession, url: str, seconds: float) -> dict[str, float]:
    """The figures one asks for in the evening, from its metrics, by name. Raises `UnavailableError` after `seconds`."""
    try:
        async with http.get(f"{url}/metrics", timeout=aiohttp.ClientTimeout(total=seconds)) as response:
            return summary(await response.text())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise UnavailableError(f"no worker answers at {url}: {type(error).__name__}") from error


def summary(exposition: str) -> dict[str, float]:
    """Counters and gauges as they are; of each time how often, and the mean in milliseconds."""
    totals: dict[str, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
    found = {name: totals[name] for name in sorted(GAUGES | COUNTERS) if name in totals}
    for name in TIMES:
        count = totals.get(f"{name}_count", 0.0)
        if count:
            found[f"{name}.count"] = count
            found[f"{name}.mean_ms"] = round(totals[f"{name}_sum"] / count * 1000, 1)
    return found


async def _page(http: aiohttp.ClientSession, url: str, seconds: float) -> dict[str, Any]:
    """A page of JSON; 503 is an answer too, of a worker that is not ready."""
    try:
        async with http.get(url, timeout=aiohttp.ClientTimeout(total=seconds)) as response:
            page = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise UnavailableError(f"no worker answers at {url}: {type(error).__name__}") from error
    return page if isinstance(page, dict) else {}
