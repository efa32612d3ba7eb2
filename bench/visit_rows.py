"""When the database knew that somebody came and went: the database of a benchmark tells it at each commit."""

import json
import time
from typing import Any

import asyncpg

from local.people.waiting import until

CHANNEL = "bench_visits"
TELL = f"""
    create or replace function public.bench_tell_visit() returns trigger language plpgsql as $$
    begin
      perform pg_notify('{CHANNEL}', jsonb_build_object('sid', new.participant_sid,
        'joined_at', extract(epoch from new.joined_at), 'left', new.left_at is not null)::text);
      return null;
    end $$;
    create or replace trigger bench_tell_visit after insert or update on public.live_visits
      for each row execute function public.bench_tell_visit();
"""


class VisitRows:
    """By LiveKit's id of the connection: when its row, and the end in it, were committed. Epoch seconds."""

    def __init__(self, database: asyncpg.Connection) -> None:
        self._database = database
        self._joined: dict[str, tuple[float, float]] = {}
        self._left: dict[str, float] = {}

    async def open(self) -> None:
        """Creates the trigger that tells at each commit, and listens."""
        await self._database.execute(TELL)
        await self._database.add_listener(CHANNEL, self._told)

    async def join_took(self, sid: str) -> float:
        """Seconds from LiveKit's own `joined_at` until the row was there. Raises NotInTimeError."""
        joined_at, written_at = await until("the visit is on record", lambda: self._joined.get(sid))
        return written_at - joined_at

    async def left(self, sid: str) -> float:
        """Raises NotInTimeError."""
        return await until("the visit's end is on record", lambda: self._left.get(sid))

    def _told(self, *notice: Any) -> None:
        now, said = time.time(), json.loads(notice[-1])
        self._joined.setdefault(said["sid"], (said["joined_at"], now))
        if said["left"]:
            self._left.setdefault(said["sid"], now)
