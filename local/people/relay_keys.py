"""The keys that packets are judged by, and the packets that wait for a key that is not known yet."""

import asyncio
from collections.abc import Callable, Sequence

from local.people.relay_packet import Json, Packet, parse_keys
from local.people.relay_source import (
    MAX_TRIES,
    QUERY_TIMEOUT_SECONDS,
    RelaySource,
    SourceUnavailableError,
    retries,
)

MAX_HELD = 64
KEY_FETCH_PAUSE_SECONDS = 2.0
KEY_REFRESH_SECONDS = 300.0


class RelayKeys:
    def __init__(self, source: RelaySource, told: Sequence[Json]) -> None:
        """`told`: rows of `relay_keys`, as a join brings them."""
        self.known = parse_keys(told)
        self.wanted = asyncio.Event()
        self._source = source
        self._held: list[tuple[Packet, int]] = []
        """With how many fetches of keys had begun when it came: a later one knows its key, or nobody does."""
        self._fetches_begun = 0

    def hold(self, packet: Packet) -> bool:
        """Keep a packet until keys have been fetched. False: too many wait."""
        if len(self._held) >= MAX_HELD:
            return False
        self._held.append((packet, self._fetches_begun))
        self.wanted.set()
        return True

    def take_held(self) -> list[tuple[Packet, int]]:
        """All that wait, each with what `hold_again` asks for."""
        held, self._held = self._held, []
        return held

    def hold_again(self, packet: Packet, fetches_before: int) -> bool:
        """Its key is still unknown. False: it was known to nobody when they were fetched."""
        if fetches_before != self._fetches_begun:
            return False
        # It came during the fetch: its key may be younger than the answer.
        self._held.append((packet, fetches_before))
        return True

    async def run(self, fetched: Callable[[], None]) -> None:
        """Fetch them when they are wanted, and now and then, until cancelled; `fetched` is called after each time."""
        while True:
            try:
                async with asyncio.timeout(KEY_REFRESH_SECONDS):
                    await self.wanted.wait()
            except TimeoutError:
                pass  # a key may have been revoked since
            self.wanted.clear()
            await self._fetch()
            fetched()
            await asyncio.sleep(KEY_FETCH_PAUSE_SECONDS)

    async def _fetch(self) -> None:
        backoff = retries()
        for _ in range(MAX_TRIES):
            self._fetches_begun += 1
            try:
                async with asyncio.timeout(QUERY_TIMEOUT_SECONDS):
                    rows = await self._source.relay_keys()
            except (SourceUnavailableError, TimeoutError):
                await asyncio.sleep(backoff.pause())
                continue
            # What row-level security shows to someone signed out is nothing, not an error; it revokes no key.
            self.known = parse_keys(rows) if rows else self.known
            return
