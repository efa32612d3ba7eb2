"""`python -m bench.latencies`: how long people wait for the agent, at 1, 40 and 80 rooms in one worker.

Rooms are opened one after another, by LiveKit's native client as phones have it, and twenty at once, ten times. Then
one room is watched while 0, 39 and 79 others are open beside it, speakers in ten of them; and once more, for the
record, while somebody speaks in all 79.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from livekit import rtc

from bench.command import measured
from bench.crowd import Crowd, Opened
from bench.house import House, house
from bench.probe_room import ProbeRoom, probe_room
from bench.process_cost import cores, usage
from bench.worker_view import Entrance, WorkerView
from local.people.waiting import NotInTimeError
from local.results import Figure, at_most, say, spread

ONE_BY_ONE_BARS = {50: 300.0}
AT_ONCE, AT_ONCE_BARS = 20, {95: 1500.0, 100: 5000.0}
ROUNDS = 10
SIZES = (1, 40, 80)
BOT_SECONDS = 15.0
SPEAKING = 10
"""In so many of the rooms beside somebody speaks and is measured, in the others somebody sits: what is asked is what
more rooms do, not what a full core does."""
SETTLE_SECONDS = 3.0
GROWTH_BAR = 2.0
WATCHED = ("join_to_row", "leave_to_row", "action", "gift")


async def measure(rounds: int) -> list[Figure]:
    """Figures `latency.*` with one worker. `rounds`: how often twenty rooms open at once."""
    async with house("observe") as place:
        figures = [
            *await one_after_another(place),
            *await twenty_at_once(place.crowd, place.view, rounds),
        ]
        async with probe_room(place.stack, place.database) as probe:
            for size in SIZES:
                await fill_beside(place.crowd, size - 1)
                figures += await with_rooms(place, probe, f"at_{size}")
            await place.crowd.empty()
            await place.crowd.fill(SIZES[-1] - 1)
            figures += await with_rooms(place, probe, f"at_{SIZES[-1]}_all_speaking")
    return [*figures, *growth(figures)]


async def one_after_another(place: House) -> list[Figure]:
    """Each room opens when the agent is in the one before."""
    opened = list[Opened]()
    await warm_up(place.crowd, place.view)
    async with AsyncExitStack() as leaving:
        for _ in range(AT_ONCE):
            opened.append(await arrive(place, leaving))
            await place.view.entered([opened[-1].room], BOT_SECONDS)
    figures = waits("one_by_one", opened, place.view.entrances, ONE_BY_ONE_BARS)
    await close(place.crowd, place.view)
    return figures


async def arrive(place: House, leaving: AsyncExitStack) -> Opened:
    """A host with a phone."""
    name, token = await place.crowd.host()
    person, began = rtc.Room(), time.monotonic()
    await person.connect(place.stack.livekit_url, token)
    connected = Opened(name, time.time(), 1000 * (time.monotonic() - began))
    leaving.push_async_callback(person.disconnect)
    return connected


async def warm_up(crowd: Crowd, view: WorkerView) -> None:
    """What is slow once only: connections, plans, imports."""
    await crowd.fill(2)
    await view.entered(crowd.rooms, BOT_SECONDS)


async def twenty_at_once(crowd: Crowd, view: WorkerView, rounds: int) -> list[Figure]:
    """A round whose rooms are not all moderated in time counts them as missed, and the next begins."""
    opened, missed = list[Opened](), 0
    for number in range(1, rounds + 1):
        now = await crowd.fill(AT_ONCE, at_once=True)
        try:
            await view.entered(crowd.rooms, BOT_SECONDS)
        except NotInTimeError:
            missed += view.missed(crowd.rooms)
        opened += [room for room in now if room.room in view.entrances]
        say(f"  {AT_ONCE} rooms at once, round {number} of {rounds}: {missed} missed so far")
        await close(crowd, view)
    return [
        *waits("at_once", opened, view.entrances, AT_ONCE_BARS),
        at_most("latency.bot_in.at_once.missed", missed, 0, "rooms", rounds * AT_ONCE),
        Figure("latency.bot_in.at_once.rounds", rounds, "rounds"),
    ]


async def close(crowd: Crowd, view: WorkerView) -> None:
    """Returns when the worker has left all rooms. Raises NotInTimeError."""
    await crowd.empty()
    await view.left_all()


def waits(
    what: str, opened: Sequence[Opened], entrances: dict[str, Entrance], bars: dict[int, float]
) -> list[Figure]:
    """From a room's first person being connected until the agent is, and what of it went where."""
    pairs = [(room, entrances[room.room]) for room in opened]
    name = f"latency.bot_in.{what}"
    claims, connects = [e.claim_ms for _, e in pairs], [e.connect_ms for _, e in pairs]
    whole = [1000 * max(0.0, e.at - room.connected_at) for room, e in pairs]
    dispatched = [1000 * (e.at - room.connected_at) - e.claim_ms - e.connect_ms for room, e in pairs]
    return [
        *spread(name, whole, bars),
        *spread(f"{name}.dispatched", dispatched),
        *spread(f"{name}.claimed", claims),
        *spread(f"{name}.connected", connects),
        *spread(f"{name}.human_connect", [room.connected_ms for room, _ in pairs]),
    ]


async def with_rooms(place: House, probe: ProbeRoom, where: str) -> list[Figure]:
    """The watched room's, beside those that are open. `where`: as in `at_40`."""
    await place.view.entered(place.crowd.rooms, BOT_SECONDS)
    await asyncio.sleep(SETTLE_SECONDS)
    load, worker = usage(place.crowd.pid), usage(place.worker_pid)
    figures = await probe.figures(where)
    own, ours = cores(load, usage(place.crowd.pid)), cores(worker, usage(place.worker_pid))
    for figure in figures:
        if figure.name.endswith(".p50"):
            say(f"  {figure.name:<56}{figure.value:8.1f} ms")
    say(f"  {where}: the people beside used {own:.2f} cores, the worker {ours:.2f}")
    return [
        *figures,
        Figure(f"latency.load_cores.{where}", round(own, 2), "cores"),
        Figure(f"latency.worker_cores.{where}", round(ours, 2), "cores"),
    ]


async def fill_beside(crowd: Crowd, rooms: int) -> None:
    """`rooms` open in all, `SPEAKING` of them at most with a speaker. Those that are open stay open."""
    speaking = max(0, min(SPEAKING, rooms) - len(crowd.rooms))
    await crowd.fill(speaking)
    await crowd.fill(rooms - len(crowd.rooms), publishers=0, listeners=1)


def growth(figures: Sequence[Figure]) -> list[Figure]:
    """Each median in the fullest house beside that in an empty one."""
    value = {figure.name: figure.value for figure in figures}
    return [
        at_most(
            f"latency.{what}.p50.at_{SIZES[-1]}_to_1",
            value[f"latency.{what}.at_{SIZES[-1]}.p50"] / max(1.0, value[f"latency.{what}.at_1.p50"]),
            GROWTH_BAR,
            "ratio",
        )
        for what in WATCHED
    ]


if __name__ == "__main__":
    sys.exit(measured("latencies", measure(ROUNDS), bars_only=True))
