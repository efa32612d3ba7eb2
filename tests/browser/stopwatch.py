"""How long the list of rooms takes to be fresh again: from a refresh's first request until the page shows it."""

from bisect import bisect_left
from collections.abc import Sequence

from playwright.async_api import Page

START = """() => {
  globalThis.changedAt = [];
  const note = () => globalThis.changedAt.push(performance.now());
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(note).observe(document.body, all);
  performance.clearResourceTimings();
}"""
READ = """() => {
  const requests = performance.getEntriesByType("resource")
    .map((one) => [/rest\\/v1\\/(?:rpc\\/)?(\\w+)/.exec(one.name)?.[1], one.startTime, one.responseEnd])
    .filter(([table]) => table !== undefined);
  performance.clearResourceTimings();
  return [requests, globalThis.changedAt.splice(0)];
}"""
REFRESHED = """times => performance.getEntriesByType("resource")
  .filter((one) => /rest\\/v1\\/rpc\\/console_rooms/.test(one.name)).length >= times"""
LIST = "console_rooms"

Request = tuple[str, float, float]


class Stopwatch:
    """Of a page that shows the list of rooms. Reading it starts it anew."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def start(self) -> None:
        await self._page.evaluate(START)

    async def refreshed(self, times: int, within_ms: float = 60_000) -> None:
        """Returns when the list was read so often since the last reading."""
        await self._page.wait_for_function(REFRESHED, arg=times, polling=100, timeout=within_ms)

    async def read(self) -> list[float]:
        """Milliseconds of each whole refresh."""
        requests, changes = await self._page.evaluate(READ)
        return took([(name, begun, ended) for name, begun, ended in requests], changes)


def took(requests: Sequence[Request], changes: Sequence[float]) -> list[float]:
    """A refresh is one request, from when it is sent until the page shows what it brought."""
    found: list[float] = []
    for name, begun, ended in sorted(requests, key=lambda request: request[1]):
        shown = bisect_left(changes, ended)
        # Who is signed in is asked now and then as well: no part of the list.
        if name == LIST and shown < len(changes):
            found.append(changes[shown] - begun)
    return found
