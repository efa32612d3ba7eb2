"""The stack keeps to this machine, and its parts can be lost and come back."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio
from supabase import AsyncClient

from local.migrate import MigrationError
from local.people.waiting import until
from local.ports import PortsTakenError
from local.stack import Stack
from tests.integration.clients import client

LISTENING = {psutil.CONN_LISTEN, psutil.CONN_NONE}  # TCP; UDP has no state


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack for these tests alone, in a private folder that only its owner may enter."""
    directory = tmp_path_factory.mktemp("stack")
    directory.chmod(0o700)
    async with Stack(directory, fault_hooks=True) as running:
        yield running


async def answers(service: AsyncClient) -> bool:
    return (await service.table("profiles").select("id").limit(1).execute()).data is not None


def test_nothing_listens_beyond_loopback(stack: Stack) -> None:
    parts = (stack.postgres, stack.postgrest, stack.functions, stack.gateway, stack.livekit)
    listeners = [
        (part.name, connection.laddr)
        for part in parts
        for process in (psutil.Process(part.pid), *psutil.Process(part.pid).children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status in LISTENING and not connection.raddr
    ]
    assert {name for name, _ in listeners} == {part.name for part in parts}
    beyond = [(name, address) for name, address in listeners if not ip_address(address.ip).is_loopback]
    assert beyond == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("part", ["postgres", "postgrest", "gateway"])
async def test_a_part_that_is_killed_comes_back(own: Stack, part: str) -> None:
    child = getattr(own, part)
    await child.kill()
    await child.start()
    async with client(own, own.keys.secret) as service:
        assert await answers(service)


@pytest.mark.asyncio(loop_scope="module")
async def test_livekit_restarts_at_once(own: Stack) -> None:
    await own.livekit.restart()
    assert own.livekit.running


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_committed_outlives_a_crash_of_postgres(own: Stack) -> None:
    connection = await asyncpg.connect(own.database_url)
    await connection.execute("create table kept (n int); insert into kept values (1)")
    await connection.close()
    await own.postgres.kill()
    await own.postgres.start()
    connection = await asyncpg.connect(own.database_url)
    assert await connection.fetchval("select n from kept") == 1
    await connection.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_broadcasts_flow_again_after_a_restart_of_postgres(own: Stack) -> None:
    async with client(own, own.keys.secret) as service:
        heard: asyncio.Queue[object] = asyncio.Queue()
        channel = service.channel("after", {"config": {"private": True}})  # type: ignore[typeddict-item]
        channel.on_broadcast("*", heard.put_nowait)
        await channel.subscribe()
        await own.postgres.restart()
        connection = await asyncpg.connect(own.database_url)

        async def told() -> bool:
            # What is sent before the gateway has noticed and follows the log again is lost, as upstream.
            await connection.execute("select realtime.send('{}', 'again', 'after')")
            return not heard.empty()

        await until("broadcasts flow again", told)
        await connection.close()


async def test_a_broken_migration_is_told_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "0001_broken.sql"
    file.write_text("create table fine (n int);\nselect nonsense;\n")
    with pytest.raises(MigrationError, match=r"0001_broken\.sql:2: column \"nonsense\" does not exist"):
        async with Stack(tmp_path / "stack", migrations=[file]):
            pass


async def test_a_second_stack_in_a_directory_and_taken_ports_are_refused(
    stack: Stack, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="runs already"):
        async with Stack(stack.directory):
            pass
    with pytest.raises(PortsTakenError, match="PORT_BASE"):
        async with Stack(tmp_path, stack.ports.base):
            pass
