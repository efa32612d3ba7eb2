"""PgBouncer between a worker and Postgres: what the doctor says of either mode, and a lane that loses its sessions."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from agent.postgres.check import check
from local.lane import PASSWORD, lane_url, over_port
from local.people.person import OpenSession, People, Person
from local.people.waiting import until
from local.ports import LOOPBACK, Offset
from local.stack import Stack
from tests.conformance.steps import Failed, packages

POOLERS = 40
"""Offset of the pooler's port in the stack's block of ports: the session mode's, and the other's after it."""
UNPRIVILEGED = "nobody"
SETTINGS = """
[databases]
* = host={host} port={postgres} user=live_agent password={password}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
server_idle_timeout = 1
logfile =
"""


async def pooler(folder: Path) -> str:
    """Session mode carries a lane, also past dropped connections and a restart; the doctor refuses the other."""
    await packages(["pgbouncer"], "pgbouncer")
    async with Stack(folder / "stack") as stack, People(stack.env) as people:
        base, lane = stack.ports.base + POOLERS, await lane_url(stack.database_url)
        session, transaction = over_port(lane, base), over_port(lane, base + 1)
        async with pgbouncer(folder, stack, base + 1, "transaction"):
            for _ in range(2):  # a second look meets what the first one left in the server's session
                well, words = (await check(transaction))[-1]
                if well or "session mode" not in words:
                    raise Failed(f"of a pooler in transaction mode the doctor says: {words}")
        ops, host = await people.arrive("Ops", ops=True), await people.arrive("Ada", creator=True)
        async with pgbouncer(folder, stack, base, "session"):
            found = await check(session)
            if not all(well for well, _ in found):
                raise Failed(f"of a pooler in session mode the doctor says: {found}")
            await stack.start_worker("worker", {"LIVE_DATABASE_URL": session})
            opened = await host.open_session("audio_room")
            device = await host.enter(opened.id, opened.join)
            await _turn(ops, opened, host, "mute")
            await asyncio.sleep(2.5)  # the pooler drops what is idle
            await _turn(ops, opened, host, "unmute")
        async with pgbouncer(folder, stack, base, "session"):  # as a failover does: every session is gone
            begun = time.monotonic()
            await _turn(ops, opened, host, "mute")
            took = time.monotonic() - begun
            await device.until_may_not_send()
    return f"a row after the pooler's restart took {took:.2f} s"


async def _turn(ops: Person, opened: OpenSession, host: Person, action: str) -> None:
    await (await ops.ask(action, opened.id, host)).applied()


@asynccontextmanager
async def pgbouncer(folder: Path, stack: Stack, port: int, mode: str) -> AsyncIterator[None]:
    settings = folder / f"{mode}.ini"
    settings.write_text(
        SETTINGS.format(
            host=LOOPBACK, postgres=stack.ports.of(Offset.POSTGRES), port=port, mode=mode, password=PASSWORD
        )
    )
    as_user = ["-u", UNPRIVILEGED] if os.geteuid() == 0 else []
    process = await asyncio.create_subprocess_exec("pgbouncer", "-q", *as_user, settings)

    async def answers() -> bool:
        try:
            session = await asyncpg.connect(
                f"postgresql://live_agent@{LOOPBACK}:{port}/postgres", timeout=2, statement_cache_size=0
            )
        except (OSError, asyncpg.PostgresError):
            if process.returncode is not None:
                raise Failed(f"pgbouncer ended with {process.returncode}") from None
            return False
        session.terminate()
        return True

    try:
        await until("the pooler answers", answers)
        yield
    finally:
        process.kill()
        await process.wait()
