"""`make soak`: people come, give and leave while random faults happen, for ten minutes; then the books are balanced.

Each fault has happened once before the memory is read for the first time. Exit 1 when a book disagrees by one row, or
when the workers' memory per live room has grown.
"""

import asyncio
import logging
import random
import sys
import time
import uuid
from collections.abc import Sequence
from functools import partial

import aiohttp

from agent.process.memory import GIVE_BACK_SECONDS
from local.paths import STATE
from local.people.api import RequestRefused
from local.people.device import NotLetInError
from local.people.person import Person
from local.results import Figure, say, write
from tests.chaos import faults
from tests.chaos.arena import Arena
from tests.chaos.faults import Fault

ROOMS = 6
STAY_SECONDS = (1.0, 8.0)
PURSE_COINS = 100_000
GROWTH_MB = 1.0
"""MiB per room that memory may grow over the whole and still be called flat: LiveKit's client returns some late."""

FAULTS: Sequence[Fault] = (
    partial(faults.agents_thrown_out, scenarios=["FULL_RECONNECT", "NODE_FAILURE"]),
    partial(faults.gateway_away, seconds_away=8.0),
    partial(faults.disk_full, seconds_full=4.0),
    partial(faults.worker_stopped, seconds_stopped=6.0),
    faults.postgres_restarted,
    faults.livekit_restarted,
    faults.realtime_half_open,
    faults.slow_calls,
    faults.poison_room,
    faults.cut_from_database,
    faults.cut_from_livekit,
)
"""Those that leave the processes alive, so that their memory can be compared; `make chaos` ends processes."""


async def soak(seconds: float, seed: int) -> bool:
    """Whether everything held."""
    draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
    say(f"{seconds:g} s, {ROOMS} rooms, seed {seed}")
    async with Arena(STATE / "soak", ROOMS) as arena:
        guests = [await arena.people.arrive("Bo", coins=PURSE_COINS) for _ in arena.places]
        for fault in FAULTS:  # what is imported, cached and set apart at first use is there after them
            await one_round(arena, guests, draw, fault)
        before = await per_room(arena)
        begun, done, visits = time.monotonic(), 0, 0
        while time.monotonic() - begun < seconds:
            fault = draw.choice(FAULTS)
            visits += await one_round(arena, guests, draw, fault)
            done += 1
            say(f"{time.monotonic() - begun:5.0f} s  {done} faults, {visits} visits, last: {name_of(fault)}")
        after = await per_room(arena)
    growth = after - before
    figures = [
        Figure("soak.faults.count", done, "1", 1),
        Figure("soak.visits.count", visits, "1", 1),
        Figure("soak.discrepancies.count", 0, "1", done, 0, held=True),
        Figure("soak.uss_per_room.start", round(before, 2), "MiB", ROOMS),
        Figure("soak.uss_per_room.end", round(after, 2), "MiB", ROOMS),
        Figure("soak.uss_per_room.growth", round(growth, 2), "MiB", ROOMS, GROWTH_MB, growth <= GROWTH_MB),
    ]
    for figure in figures:
        say(f"{figure.name:<32} {figure.value:g} {figure.unit}" + (" MISSED" if figure.held is False else ""))
    say(f"written to {write('soak', figures)}")
    return all(figure.held is not False for figure in figures)


async def one_round(arena: Arena, guests: Sequence[Person], draw: random.Random, fault: Fault) -> int:
    """One fault with people coming and going, then the books to the row. Returns how many visits there were.

    Raises:
        AssertionError: something did not come back, or a book disagrees.
    """
    over = asyncio.Event()
    evenings = [
        asyncio.create_task(evening(arena, index, guest, random.Random(draw.random()), over))  # noqa: S311
        for index, guest in enumerate(guests)
    ]
    try:
        await fault(arena)
    finally:
        over.set()
        visits = sum(await asyncio.gather(*evenings))
    await arena.settled()
    await arena.balanced(30)
    return visits


async def evening(arena: Arena, index: int, guest: Person, draw: random.Random, over: asyncio.Event) -> int:
    """In and out of one room until the fault is over, a gift each time. What a fault refuses is tried again later."""
    visits, session = 0, arena.places[index].session.id
    while not over.is_set():
        try:
            device = await guest.enter(session)
            visits += 1
            try:
                await guest.send_gift(session, "rose", key=str(uuid.uuid4()))
                await elapsed(over, draw.uniform(*STAY_SECONDS))
            finally:
                await device.leave()
        except (RequestRefused, NotLetInError, aiohttp.ClientError, TimeoutError, ConnectionError):
            pass
        await elapsed(over, draw.uniform(0.2, 2.0))
    return visits


async def elapsed(over: asyncio.Event, seconds: float) -> None:
    """Returns after `seconds`, or as soon as it is over."""
    await asyncio.wait({waiting := asyncio.ensure_future(over.wait())}, timeout=seconds)
    waiting.cancel()


async def per_room(arena: Arena) -> float:
    """MiB of unique memory of both workers for each live room, once what was freed has been given back."""
    await asyncio.sleep(GIVE_BACK_SECONDS + 1.0)
    held = [await bot.memory() for bot in arena.bots]
    return sum(uss for uss, _ in held) / 2**20 / sum(rooms for _, rooms in held)


def name_of(fault: Fault) -> str:
    return getattr(fault, "func", fault).__name__


def main() -> int:
    logging.getLogger("livekit").setLevel(logging.ERROR)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    return 0 if asyncio.run(soak(seconds, random.SystemRandom().randrange(10**6))) else 1


if __name__ == "__main__":
    sys.exit(main())
