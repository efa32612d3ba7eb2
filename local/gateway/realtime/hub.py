"""Who is subscribed to what, and what reaches them: where sockets, the log and HTTP broadcasts meet."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import asyncpg

from local.gateway.keys import Keys
from local.gateway.realtime.changes import Changes
from local.gateway.realtime.channel import Channel
from local.gateway.realtime.limits import Limits
from local.gateway.realtime.pgoutput import Change
from local.gateway.realtime.replication import ReplicationStream

MESSAGES = ("realtime", "messages")


class Hub:
    """All channels of all sockets, by topic."""

    def __init__(self, keys: Keys, pool: asyncpg.Pool, database_url: str, limits: Limits) -> None:
        self.keys = keys
        self.limits = limits
        self.audience: dict[str, int] = {}
        """For measurements: how many listeners a topic has beside its channels. Each is counted, and sent nothing."""
        self.pool = pool
        self.stream = ReplicationStream(database_url, self.receive)
        self._topics: defaultdict[tuple[str, bool], set[Channel]] = defaultdict(set)
        self._changes = Changes(pool, self.channels)

    async def run(self) -> None:
        """Follows the database until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.stream.run(), name="replication stream")
            group.create_task(self._changes.run(), name="postgres changes")

    def channels(self) -> list[Channel]:
        """All that are joined, of every topic."""
        return [channel for members in self._topics.values() for channel in members]

    def add(self, channel: Channel) -> None:
        """It is joined."""
        self._topics[channel.key].add(channel)

    def remove(self, channel: Channel) -> None:
        """It is left."""
        channel.stop_timer()
        members = self._topics[channel.key]
        members.discard(channel)
        if not members:
            del self._topics[channel.key]

    def receive(self, change: Change) -> None:
        """A committed change: the database's broadcasts go out at once, all else waits for its batch."""
        if (change.relation.schema, change.relation.table) != MESSAGES:
            self._changes.add(change)
        elif change.new and change.new["extension"] == "broadcast":
            row = change.new
            payload = json.loads(row["payload"] or "null")
            self.broadcast(str(row["topic"]), str(row["event"]), payload, private=row["private"] == "t")

    def broadcast(
        self, topic: str, event: str, payload: object, *, private: bool, sender: Channel | None = None
    ) -> bool:
        """To everyone on the topic; to the sender only if it asked for its own echo.

        False: it is past what the plan allows, and nobody gets it.
        """
        if not self.limits.may_send(len(json.dumps(payload).encode())):
            return False
        message: Mapping[str, Any] = {"type": "broadcast", "event": event, "payload": payload}
        members = self._topics.get((topic, private), set())
        listeners = [channel for channel in members if channel is not sender or channel.echo]
        self.limits.count(1 + len(listeners) + self.audience.get(topic, 0))
        for channel in listeners:
            channel.send("broadcast", message)
        return True
