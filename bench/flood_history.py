"""What reads take for somebody who has been in ten sessions, and for somebody who has been in ten thousand.

The history is written by the superuser without triggers: visits, tickets, bans that have run out, messages and actions,
one of each in each session. Both read the same live session and the newest of their own rows, over HTTP.
"""

import statistics
import time

import aiohttp
import asyncpg

from local import postgres
from local.people.person import People, Person
from local.ports import Offset
from local.results import Figure, at_most, say
from local.stack import Stack

SHORT, LONG = 10, 10_000
TIMES, WARM_UP = 20, 15
RATIO_BAR = 3.0
PAST = "create temp table past as select gen_random_uuid() as id, n from generate_series(1, $1::int) n"
SESSIONS = """
    insert into live_sessions
      (id, creator_id, type, title, status, started_at, ended_at, access_type, price_coins)
    select id, $1, 'audio_room', 'past', 'ended', now() - interval '1 day', now(),
           case when n % 10 = 0 then 'pay_per_view' else 'public' end, case when n % 10 = 0 then 5 end
      from past"""
HISTORY = (
    """insert into live_participants (session_id, user_id, role, free, first_joined_at, last_joined_at, left_at)
       select id, $1, 'listener', n % 10 <> 0, now(), now() - n * interval '1 minute', now()
         from past""",
    """insert into live_visits (participant_sid, session_id, user_id, joined_at, left_at)
       select 'PA_' || replace(id::text, '-', ''), id, $1, now() - n * interval '1 minute', now() from past""",
    """insert into live_tickets (session_id, user_id, coins, idempotency_key)
       select id, $1, 5, id::text from past""",
    """insert into live_bans (user_id, scope, session_id, created_at, expires_at)
       select $1, 'session', id, now() - interval '1 day', now() - interval '1 hour' from past""",
    "insert into live_messages (session_id, user_id, body) select id, $1, 'hello' from past",
    """insert into moderation_actions
         (session_id, action, requested_by, requested_via, requested_rank, status, applied_at)
       select id, 'announce', $1, 'app', 50, 'applied', now() from past""",
)


def reads(session: str, me: str) -> dict[str, str]:
    """PostgREST paths below `/rest/v1/` by name. `session`, `me`: uuids."""
    room, mine = f"session_id=eq.{session}", f"user_id=eq.{me}&limit=20"
    return {
        "listing": "live_sessions?status=eq.live&order=started_at.desc&limit=20",
        "session": f"live_sessions?id=eq.{session}",
        "people": f"live_participants?{room}&limit=20",
        "events": f"live_events?{room}&order=seq&limit=20",
        "catch_up": f"rpc/live_events_since?{room}&after_seq=0&limit=20".replace("eq.", ""),
        "may_join": f"rpc/can_join?{room}".replace("eq.", ""),
        "chat": f"live_messages?{room}&order=created_at.desc&limit=20",
        "sessions_of_mine": (
            f"live_participants?{mine}&order=last_joined_at.desc.nullslast&select=session_id,live_sessions(title)"
        ),
        "visits": f"live_visits?{mine}&order=joined_at.desc",
        "tickets": f"live_tickets?{mine}&order=id",
        "bans": f"live_bans?{mine}&order=created_at.desc",
        "actions": f"moderation_actions?requested_by=eq.{me}&order=n.desc&limit=20",
    }


async def write_history(stack: Stack, person: Person, creator: str, rows: int) -> None:
    """`rows` sessions of `creator` with the person in each. Statements run without triggers, as superuser."""
    superuser = await asyncpg.connect(postgres.url(stack.ports.of(Offset.POSTGRES), postgres.SUPERUSER))
    try:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute(PAST, rows)
        await superuser.execute(SESSIONS, creator)
        for statement in HISTORY:
            await superuser.execute(statement, person.id)
    finally:
        await superuser.close()


async def read_ms(http: aiohttp.ClientSession, stack: Stack, person: Person, path: str) -> float:
    """Milliseconds until the whole body is there. `path` as in `reads`; raises AssertionError unless it is 200."""
    headers = {"apikey": stack.keys.publishable, "Authorization": f"Bearer {person.api.access_token}"}
    begun = time.perf_counter()
    async with http.get(f"{stack.url}/rest/v1/{path}", headers=headers) as answer:
        body = await answer.text()
        assert answer.status == 200, (path, body)
    return (time.perf_counter() - begun) * 1000


async def history_ratio(stack: Stack, http: aiohttp.ClientSession) -> list[Figure]:
    """The worst read's ratio; each is taken in turns for both people."""
    async with People(stack.env) as people:
        host = await people.arrive("Historian", creator=True)
        session = await host.open_session("audio_room")
        readers = {}
        for rows in (SHORT, LONG):
            readers[rows] = await people.arrive(f"Reader{rows}")
            await readers[rows].token(session.id)
            await write_history(stack, readers[rows], host.id, rows)
        database = await asyncpg.connect(stack.database_url)
        await database.execute("vacuum analyze")
        await database.close()
        ratios = dict[str, float]()
        for name in reads(session.id, ""):
            took: dict[int, list[float]] = {rows: [] for rows in readers}
            for _ in range(TIMES + WARM_UP):
                for rows, person in readers.items():
                    path = reads(session.id, person.id)[name]
                    took[rows].append(await read_ms(http, stack, person, path))
            short, long = (statistics.median(took[rows][WARM_UP:]) for rows in (SHORT, LONG))
            ratios[name] = long / short
            say(
                f"  {name:<18} {short:6.2f} ms with {SHORT} rows, {long:6.2f} ms with {LONG}  ({long / short:.2f})"
            )
        await host.end_session(session.id)
    worst = max(ratios.values())
    return [
        at_most(f"reads.own_history.at_{LONG}_to_{SHORT}", worst, RATIO_BAR, "ratio", TIMES * len(ratios))
    ]
