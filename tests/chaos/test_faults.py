"""One short fault of each family, with few rooms and no bars: what must come back comes back, and the books agree.

The bars are held by `make chaos`, which has the machine to itself.
"""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from local.paths import STATE
from local.results import Figure
from tests.chaos import faults
from tests.chaos.arena import Arena
from tests.chaos.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arena() -> AsyncIterator[Arena]:
    async with Arena(STATE / "test-chaos", rooms=4) as running:
        yield running


async def killed(arena: Arena) -> list[Figure]:
    return await faults.worker_killed(arena, arena.bots[:1])


async def restarted(arena: Arena) -> list[Figure]:
    return await faults.rolling_restart(arena, arena.bots[:1])


SHORT: dict[str, Fault] = {
    "a worker is killed": killed,
    "an agent is thrown out": partial(faults.agents_thrown_out, scenarios=["FULL_RECONNECT"]),
    "a worker is restarted": restarted,
    "Postgres is restarted": faults.postgres_restarted,
    "the gateway is away": partial(faults.gateway_away, seconds_away=5.0),
    "LiveKit is restarted": faults.livekit_restarted,
    "a worker is stopped": partial(faults.worker_stopped, seconds_stopped=4.0),
    "Realtime is half-open": faults.realtime_half_open,
    "the disk is full": partial(faults.disk_full, seconds_full=3.0),
    "a room is poisoned": faults.poison_room,
}


@pytest.mark.parametrize("fault", SHORT.values(), ids=SHORT.keys())
async def test_what_breaks_comes_back(arena: Arena, fault: Fault) -> None:
    try:
        figures = await fault(arena)
    finally:
        await arena.heal()
    await arena.balanced()
    harm = [
        f for f in figures if f.name.endswith(("agents_replaced.count", "removed.count", "touched.count"))
    ]
    assert [figure.name for figure in harm if figure.value] == []
