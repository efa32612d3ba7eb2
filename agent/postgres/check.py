"""What `doctor` asks of a worker's own lane: whether it opens, may call the functions, and lets `LISTEN` through."""

import asyncio
from collections.abc import Sequence

import asyncpg

from agent.postgres.lane import CONNECT_SECONDS, LOST, open_session

PROBE = "live_doctor_probe"
ROLE = "live_agent"
ASKER = "doctor"
SAY = """
    select current_user as role,
           coalesce(has_function_privilege(to_regprocedure('public.agent_overview()'), 'execute'), false) as may
"""
MIGRATE = "the database's functions are not there, or this role may not call them: push the migrations"


async def check(url: str) -> Sequence[tuple[bool, str]]:
    """Whether each is well, and what to read about it. `url`: LIVE_DATABASE_URL."""
    try:
        hearing, telling = await asyncio.gather(open_session(url, ASKER), open_session(url, ASKER))
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        return [(False, "own lane: Postgres refuses the role or its password: check LIVE_DATABASE_URL")]
    except (*LOST, asyncpg.PostgresError, ValueError) as error:
        return [
            (False, f"own lane: Postgres does not answer ({error or 'timed out'}): check LIVE_DATABASE_URL")
        ]
    try:
        told = await telling.fetchrow(SAY)
        return [_role(told["role"], may=told["may"]), await _listens(hearing, telling)]
    except (*LOST, asyncpg.PostgresError) as error:
        return [(False, f"own lane: {error or 'timed out'}")]
    finally:
        hearing.terminate()
        telling.terminate()


def _role(role: str, *, may: bool) -> tuple[bool, str]:
    if not may:
        return False, f"own lane: {MIGRATE} (role {role})"
    more = "" if role == ROLE else f"; warning: {role} may do more than a worker needs, {ROLE} is enough"
    return True, f"own lane: signed in as {role}{more}"


async def _listens(hearing: asyncpg.Connection, telling: asyncpg.Connection) -> tuple[bool, str]:
    heard = asyncio.Event()
    await hearing.add_listener(PROBE, lambda *_: heard.set())
    await telling.execute(f"notify {PROBE}")
    try:
        await asyncio.wait_for(heard.wait(), CONNECT_SECONDS)
    except TimeoutError:
        return False, (
            "own lane: LISTEN does not get through: use the direct address, or the pooler in session mode"
        )
    return True, "own lane: LISTEN gets through; wake-ups cost no Realtime message"
