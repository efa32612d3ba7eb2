"""Many live rooms full of people for the console to show, and everything about them changing. Rows alone: nobody of
them is in LiveKit."""

import json
import random
from uuid import UUID

import asyncpg

TITLE = "Room of many"
SPEAKERS = 2
INCIDENTS = 60
WORDS = {"words": {"en": "Too loud for 2 s.", "tr": "2 saniyedir çok yüksek."}, "short_term_lufs": -8.9}

OPEN = """
  with host as (insert into auth.users (id) select gen_random_uuid() from generate_series(1, $1::int) returning id)
  insert into public.live_sessions (creator_id, type, title, status, access_type)
  select id, 'audio_room', $2, 'live', 'public' from host returning id
"""
ENTER = """
  with guest as (
    insert into auth.users (id) select gen_random_uuid() from generate_series(1, $2::int) returning id)
  insert into public.live_participants (session_id, user_id, role, is_online, first_joined_at, last_joined_at)
  select $1, id, case when row_number() over () <= $3 then 'speaker' else 'listener' end, true, now(), now()
    from guest
"""
LEASE = """
  insert into public.agent_rooms (room, worker_id, epoch, lease_expires_at, bot_identity)
  select livekit_room, 'worker', 1, now() + interval '1 day', 'agent' from public.live_sessions where id = $1
"""
HOST_COMES = (
    "update public.live_sessions set host_left_at = null, viewer_count = $2, peak_viewers = $2 where id = $1"
)
ARE_HEARD = """
  insert into public.live_audio_stats (session_id, user_id, minute, talk_seconds, loudness_lufs, peak_dbfs)
  select session_id, user_id, date_trunc('minute', now(), 'UTC'), 20, -20, -6
    from public.live_participants where session_id = $1 and role = 'speaker'
"""
OFFEND = """
  insert into public.moderation_incidents (session_id, user_id, rule, severity, measured, started_at, strikes)
  select session_id, user_id, 'too_loud', 'warning', $2, now(), 1
    from public.live_participants where session_id = any($1::uuid[]) order by random() limit $3
"""

COME_AND_GO = """
  update public.live_participants set is_online = not is_online, last_joined_at = now()
   where (session_id, user_id) in (
     select session_id, user_id from public.live_participants
      where session_id = any($1::uuid[]) and role = 'listener' order by random() limit 10)
"""
RAISE_AND_LOWER_HANDS = """
  update public.live_participants set hand_raised_at = case when hand_raised_at is null then now() end
   where (session_id, user_id) in (
     select session_id, user_id from public.live_participants
      where session_id = any($1::uuid[]) and role = 'listener' order by random() limit 5)
"""
COUNT = """
  update public.live_sessions
     set viewer_count = 5 + floor(random() * 10), total_gift_coins = total_gift_coins + 5
   where id in (select unnest($1::uuid[]) order by random() limit 10)
"""
SPEAK = """
  update public.live_audio_stats
     set minute = date_trunc('minute', now(), 'UTC'), loudness_lufs = -30 + 15 * random()
   where session_id = any($1::uuid[])
"""
GIVE = """
  select live.append_event($1, 'gift', jsonb_build_object(
    'gift_id', gen_random_uuid(),
    'sender_id', (select user_id from public.live_participants where session_id = $1 limit 1),
    'gift_code', 'rose', 'quantity', 1, 'coins', 5))
"""
FORGIVE = """
  delete from public.moderation_incidents
   where id in (select id from public.moderation_incidents order by started_at limit 1)
"""
LEVELS = """
  select realtime.send(jsonb_build_object('complete', true, 'people', jsonb_agg(jsonb_build_object(
           'user_id', user_id, 'speaking', true, 'level_dbfs', -40 + floor(35 * random()),
           'microphone', 'on', 'camera', 'off'))),
         'levels', 'live:levels:' || session_id, true)
    from public.live_participants where session_id = $1 and role = 'speaker' group by session_id
"""
EMPTY = (
    "delete from public.live_audio_stats where session_id = $1",
    "delete from public.moderation_incidents where session_id = $1",
    "update public.live_sessions set status = 'ended', end_reason = 'host' where id = $1",
)
HOLD = "select 1 from public.live_sessions where title = $1 order by id for update"
GO_HOME = """
  update public.live_participants p set is_online = false
    from public.live_sessions s where s.id = p.session_id and s.title = $1 and p.is_online
"""
"""They never were in LiveKit, so nobody else tells that they have left, and the books would not agree."""
DISPERSE = """
  update public.live_sessions set status = 'ended', end_reason = 'host' where title = $1 and status <> 'ended'
"""


class Crowd:
    """`watched` is the room whose levels are told at every stir, if any."""

    def __init__(self, database: asyncpg.Connection) -> None:
        self._database = database
        self.rooms: list[UUID] = []
        self.watched: UUID | None = None

    async def gather(self, rooms: int, people: int) -> None:
        """So many rooms, and so many people in each."""
        for room in await self._database.fetch(OPEN, rooms, TITLE):
            self.rooms.append(room["id"])
            await self._database.execute(ENTER, room["id"], people, SPEAKERS)

    async def come_alive(self, people: int) -> None:
        """Every room has its host, an agent, speakers who are heard, and now and then an incident."""
        for room in self.rooms:
            await self._fill(room, people)
        await self._database.execute(OFFEND, self.rooms, json.dumps(WORDS), INCIDENTS)

    async def stir(self) -> None:
        """A moment passes everywhere. How much there is to see stays the same."""
        for change in (COME_AND_GO, RAISE_AND_LOWER_HANDS, COUNT, SPEAK):
            await self._database.execute(change, self.rooms)
        await self._database.execute(GIVE, random.choice(self.rooms))  # noqa: S311 - chance, not secrecy
        await self._database.execute(FORGIVE)
        await self._database.execute(OFFEND, self.rooms, json.dumps(WORDS), 1)
        if self.watched is not None:
            await self._database.execute(LEVELS, self.watched)

    async def replace_one(self, people: int) -> None:
        """The oldest room that nobody watches ends, and another begins."""
        oldest = next(room for room in self.rooms if room != self.watched)
        await self.gather(1, people)
        await self._fill(self.rooms[-1], people)
        self.rooms.remove(oldest)
        for change in EMPTY:
            await self._database.execute(change, oldest)

    async def disperse(self) -> None:
        """Sessions in one order, as sweeps lock them: who ends fifty while one runs would meet it in a ring."""
        async with self._database.transaction():
            await self._database.execute(HOLD, TITLE)
            await self._database.execute(DISPERSE, TITLE)
            await self._database.execute(GO_HOME, TITLE)

    async def _fill(self, room: UUID, people: int) -> None:
        await self._database.execute(HOST_COMES, room, people)
        for change in (LEASE, ARE_HEARD):
            await self._database.execute(change, room)
