"""The agents' SQL functions over a few connections of the worker's own, as the role `live_agent`.

It answers as `agent.supabase.client` does: a server that cannot be reached, a time-out or one of the conditions that
pass is `Unavailable`; anything else that Postgres refuses is `Refused`. Nothing is tried again here. A connection that
a server's restart or a pooler has closed is thrown away by the pool, and the next call opens another. It needs sessions
of its own: directly, or through a pooler in session mode.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from agent.core.observe import UNREACHABLE, Observe
from agent.core.ports import Refused, Unavailable
from agent.core.sqlstates import RETRYABLE

CONNECTIONS = 4
"""For data calls. The connection that listens, and the one that watches a neighbour, come on top."""
IDLE_SECONDS = 300.0
CONNECT_SECONDS = 3.0
LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.PostgresConnectionError,
)

SIGNATURES = """
    select p.proname as name, p.proargnames as names,
           array(select format_type(t, null) from unnest(p.proargtypes) with ordinality x (t, n) order by x.n) as types
      from pg_catalog.pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.proname like 'agent\\_%'
"""


class Lane:
    """Create it by `own_lane`."""

    def __init__(self, pool: asyncpg.Pool, seconds: float, observe: Observe) -> None:
        self._pool, self._seconds, self._observe = pool, seconds, observe
        self._types: dict[str, dict[str, str]] = {}
        """Of each function: its arguments and their types."""

    async def rpc(self, function: str, arguments: Mapping[str, Any]) -> Any:
        """What the function answers.

        Raises:
            Unavailable: no answer within the time, or one that another attempt may better.
            Refused: the same call will be refused again.
        """
        started, outcome = time.monotonic(), UNREACHABLE
        try:
            async with asyncio.timeout(self._seconds), self._session() as connection:
                answer = await self._call(connection, function, arguments)
            outcome = "ok"
        except LOST as error:
            raise Unavailable(
                f"the database did not answer {function}: {str(error) or 'timed out'}"
            ) from error
        except asyncpg.PostgresError as error:
            outcome = error.sqlstate or "unknown"
            # Its `detail` is left out: it holds the row, and with it what people wrote.
            message = f"{function}: {outcome}: {error.args[0] if error.args else ''}"
            raise (Unavailable if _passes(outcome) else Refused)(message) from error
        finally:
            self._observe(function, outcome, time.monotonic() - started)
        return answer

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncpg.Connection]:
        """A session of the pool. One whose call was given up is thrown away: cancelling it there could hang."""
        session = await self._pool.acquire()
        try:
            yield session
        except asyncio.CancelledError:
            session.terminate()
            raise
        finally:
            await self._pool.release(session)

    async def _call(self, connection: asyncpg.Connection, function: str, arguments: Mapping[str, Any]) -> Any:
        types = self._types.get(function)
        if types is None:
            await self._learn(connection)
            types = self._types.get(function)
        if types is None or not arguments.keys() <= types.keys():
            raise Refused(f"{function}: no such function, or not with these arguments")
        named = ", ".join(f"{name} => {_cast(n, types[name])}" for n, name in enumerate(arguments, start=1))
        given = [_encoded(types[name], value) for name, value in arguments.items()]
        answer = await connection.fetchval(f"select public.{function}({named})", *given)
        return None if answer is None else json.loads(answer)

    async def _learn(self, connection: asyncpg.Connection) -> None:
        rows = await connection.fetch(SIGNATURES)
        self._types = {row["name"]: dict(zip(row["names"] or (), row["types"], strict=False)) for row in rows}


def _cast(number: int, kind: str) -> str:
    """Texts stand for what has no plain counterpart in JSON: they are read as PostgREST reads them."""
    return f"${number}::text::{kind}" if _as_text(kind) else f"${number}::{kind}"


def _as_text(kind: str) -> bool:
    return kind == "jsonb" or kind.startswith("timestamp")


def _encoded(kind: str, value: Any) -> Any:
    return json.dumps(value) if kind == "jsonb" and value is not None else value


def _passes(sqlstate: str) -> bool:
    return sqlstate.startswith(RETRYABLE)


@asynccontextmanager
async def own_lane(url: str, worker: str, seconds: float, observe: Observe) -> AsyncIterator[Lane]:
    """A lane that is closed at the end. Opening waits for no server: the first call does.

    `url`: postgresql://…, for the role `live_agent`. `worker`: shown in `pg_stat_activity`. `seconds`: for one call,
    from the wait for a connection to the last byte of the answer.
    """
    pool = asyncpg.create_pool(
        url,
        min_size=0,
        max_size=CONNECTIONS,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        timeout=CONNECT_SECONDS,
        reset=_leave_as_it_is,
        server_settings=session_settings(worker),
    )
    await pool
    try:
        yield Lane(pool, seconds, observe)
    finally:
        pool.terminate()  # what is under way has ended with its task; a polite goodbye could hang


async def open_session(url: str, worker: str) -> asyncpg.Connection:
    """A session beside the pool, for what needs one of its own. Raises `LOST` or `asyncpg.PostgresError`."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=CONNECT_SECONDS,
        server_settings=session_settings(worker),
    )


def session_settings(worker: str) -> dict[str, str]:
    """What each of a worker's sessions says of itself."""
    return {"application_name": f"live agent {worker}"[:63]}


async def _leave_as_it_is(_session: asyncpg.Connection) -> None:
    """Our functions change nothing of a session, so no second question follows each call."""
