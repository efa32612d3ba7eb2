"""The batched writes of the process, one outbox for each kind of row."""

import asyncio
from dataclasses import dataclass
from typing import Any

from agent.core.lease import Cursor, Finish, Incident, Joined, Left, Minute, OnAir
from agent.core.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Outboxes:
    """The batched writes of the process."""

    presence: Outbox[Joined | Left]
    finishes: Outbox[Finish]
    cursors: Outbox[Cursor]
    incidents: Outbox[Incident]
    minutes: Outbox[Minute]
    media: Outbox[OnAir]

    async def run(self) -> None:
        """Write for ever."""
        async with asyncio.TaskGroup() as tasks:
            for outbox in self.all():
                tasks.create_task(outbox.run(), name=outbox.kind)

    async def flush(self) -> None:
        """Returns when everything so far is written."""
        for outbox in self.all():
            await outbox.flush()

    def all(self) -> tuple[Outbox[Any], ...]:
        """In the order in which a room's last words are written."""
        return self.media, self.presence, self.incidents, self.finishes, self.cursors, self.minutes
