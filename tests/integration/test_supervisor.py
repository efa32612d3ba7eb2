"""Processes are started, watched and ended, whatever happens to them or to the one that watches."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from local.supervisor import ChildDiedError, Spec, Supervisor

SOON = 10.0


@pytest_asyncio.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    made = Supervisor(tmp_path)
    await made.open()
    yield made
    await made.close()


def python(code: str, ready: Callable[[], Awaitable[bool]], grace: float = 5.0) -> Spec:
    return Spec(name="child", argv=[sys.executable, "-u", "-c", code], ready=ready, grace=grace)


async def at_once() -> bool:
    return True


async def never() -> bool:
    return False


def once_written(file: Path) -> Callable[[], Awaitable[bool]]:
    async def written() -> bool:
        return await asyncio.to_thread(file.exists)

    return written


async def test_a_child_that_dies_before_it_is_ready_is_told_with_its_last_words(
    supervisor: Supervisor,
) -> None:
    with pytest.raises(ChildDiedError, match=r"(?s)exit code 3.*no port for me"):
        await supervisor.start(python("print('no port for me'); raise SystemExit(3)", never))


async def test_a_child_that_dies_later_is_told_at_once(supervisor: Supervisor) -> None:
    child = await supervisor.start(python("print('farewell'); input(); import time; time.sleep(60)", at_once))
    await asyncio.wait([supervisor.failure], timeout=SOON)  # its standard input is empty
    error = supervisor.failure.exception()
    assert isinstance(error, ChildDiedError)
    assert "farewell" in str(error)
    assert not child.running


async def test_a_death_that_was_asked_for_is_no_failure_and_it_can_start_again(
    supervisor: Supervisor,
) -> None:
    child = await supervisor.start(python("import time; time.sleep(60)", at_once))
    first = child.pid
    await child.kill()
    assert await child.wait() == -signal.SIGKILL
    await child.start()
    assert child.pid != first
    assert not supervisor.failure.done()


async def test_a_folder_of_this_run_alone_is_removed_at_the_end(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "logs")
    await supervisor.open()
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    supervisor.remove_at_end(folder)
    await supervisor.close()
    assert not folder.exists()


async def test_a_child_that_ignores_its_signal_is_killed_after_its_grace(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    deaf = tmp_path / "deaf"
    code = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(deaf)!r}).touch(); time.sleep(60)"
    )
    child = await supervisor.start(python(code, once_written(deaf), grace=0.2))
    await child.stop()
    assert await child.wait() == -signal.SIGKILL


STACK = """
import asyncio, json, sys
from pathlib import Path
from local.stack import Stack

async def main():
    async with Stack(Path(sys.argv[1])) as stack:
        parts = (stack.postgres, stack.postgrest, stack.functions, stack.gateway, stack.livekit)
        print(json.dumps([part.pid for part in parts]), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""

UP = """
import asyncio, sys
from pathlib import Path
from local.__main__ import up
from local.ports import claim

asyncio.run(up(Path(sys.argv[1]), claim(None).base, worker=False))
"""


async def test_when_the_supervisor_is_killed_nobody_is_left(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STACK, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 60), "the stack came up"
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) > 5
    process.kill()
    await process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, SOON)
    assert alive == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_asked_to_stop_it_stops_in_order_and_nobody_is_left(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", UP, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    assert b"up in" in await asyncio.wait_for(process.stdout.readline(), 60)
    family = psutil.Process(process.pid).children(recursive=True)
    assert "SUPABASE_URL=http://127.0.0.1:" in (tmp_path / "env").read_text()
    os.killpg(process.pid, number)  # as a terminal does
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, errors) == (0, b"")
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, SOON)
    assert alive == []


async def test_a_kill_takes_those_along_who_have_a_group_of_their_own(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    """As Postgres' backends have; one that lives on keeps the memory that the next server needs."""
    file = tmp_path / "pid"
    code = (
        "import subprocess, sys, pathlib, os;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True);"
        f"new = pathlib.Path({str(file)!r} + '.new'); new.write_text(str(p.pid)); os.rename(new, {str(file)!r});"
        "p.wait()"
    )
    child = await supervisor.start(python(code, once_written(file)))
    grandchild = psutil.Process(int(file.read_text()))
    await child.kill()
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE
