"""What a worker of the stack says of itself: its log's lines about rooms, and its metrics."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from local.people.waiting import until
from local.supervisor import Child
from moderation.timestamps import seconds_of

IN_THE_ROOM = "in the room"
LEFT_SECONDS = 60.0
"""LiveKit's client, reconnecting just when a room closes, opens it anew; then LiveKit closes it again after 30 s."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """A room as the agent came in."""

    room: str
    at: float
    """When it was connected, epoch seconds."""
    claim_ms: float
    """The lease, and with it all that is known of the room."""
    connect_ms: float


class WorkerView:
    """One worker. Its log is read from where it ends now."""

    def __init__(self, worker: Child) -> None:
        self._worker = worker
        self._read = worker.log.stat().st_size
        self.entrances: dict[str, Entrance] = {}
        """By room, the first one each."""

    async def entered(self, rooms: Collection[str], within: float) -> dict[str, Entrance]:
        """How the agent came into these rooms. Raises NotInTimeError."""

        def all_there() -> bool:
            self._follow()
            return all(room in self.entrances for room in rooms)

        await until("an agent is in every room", all_there, within)
        return {room: self.entrances[room] for room in rooms}

    def missed(self, rooms: Collection[str]) -> int:
        """How many of these rooms the agent has not come into so far, by the log."""
        self._follow()
        return sum(room not in self.entrances for room in rooms)

    async def left_all(self, within: float = LEFT_SECONDS) -> None:
        """Returns when it moderates no room. Raises NotInTimeError."""

        async def none() -> bool:
            return not (await self._get_json("/status"))["rooms"]

        await until("the worker has left every room", none, within)

    async def samples(self) -> "Samples":
        """What `/metrics` says now. Raises aiohttp's ClientError when the worker does not answer."""
        async with aiohttp.ClientSession() as http, http.get(self._address("/metrics")) as answer:
            return Samples(await answer.text())

    def _follow(self) -> None:
        with self._worker.log.open("rb") as log:
            log.seek(self._read)
            whole, _, rest = log.read().rpartition(b"\n")
            self._read = log.tell() - len(rest)
        for line in whole.splitlines():
            if (entrance := _entrance(line)) is not None:
                self.entrances.setdefault(entrance.room, entrance)

    async def _get_json(self, path: str) -> Any:
        async with aiohttp.ClientSession() as http, http.get(self._address(path)) as answer:
            return await answer.json()

    def _address(self, path: str) -> str:
        return f"http://127.0.0.1:{self._worker.spec.env['LIVE_HEALTH_PORT']}{path}"


class Samples:
    """A scrape of the metrics."""

    def __init__(self, text: str) -> None:
        self._samples = [s for family in text_string_to_metric_families(text) for s in family.samples]

    def total(self, name: str) -> float:
        """Over all labels."""
        return sum(sample.value for sample in self._samples if sample.name == name)

    def by(self, name: str, label: str) -> dict[str, float]:
        """Sums by the value of `label`, over all other labels. Raises KeyError when a sample has no such label."""
        found: dict[str, float] = {}
        for sample in self._samples:
            if sample.name == name:
                found[sample.labels[label]] = found.get(sample.labels[label], 0.0) + sample.value
        return found


async def calls_a_second(view: WorkerView, seconds: float) -> dict[str, float]:
    """Database calls in the next `seconds`, by function."""
    before = (await view.samples()).by("live_store_call_seconds_count", "call")
    await asyncio.sleep(seconds)
    after = (await view.samples()).by("live_store_call_seconds_count", "call")
    return {call: (count - before.get(call, 0.0)) / seconds for call, count in after.items()}


def _entrance(line: bytes) -> Entrance | None:
    if IN_THE_ROOM.encode() not in line:
        return None
    said = json.loads(line)
    at = seconds_of(said["at"])
    return Entrance(said["room"], at, said["claim_ms"], said["connect_ms"])
