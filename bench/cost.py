"""What rooms cost one worker: memory and CPU of its process tree, while simulated people are in them."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import psutil
from livekit import api

from bench.crowd import Crowd, CrowdLostError
from bench.process_cost import EndedError, ProcessUsage, cores, cores_of_all, usage
from bench.variants import Start
from local.results import Figure, say
from local.stack import Stack

SETTLE_SECONDS = 3.0
ROUNDS, ROUND_SECONDS = 3, 3.0
BOT_SECONDS = 60.0
FULL_SHARE = 0.7
"""Of all cores: with more taken, the next step, twice as many rooms or more, would need 1.4 machines. It would end in
minutes of timeouts, or in figures that flatter."""


@dataclass(frozen=True, slots=True)
class CostStep:
    """So many rooms in all, the new ones with so many people each."""

    rooms: int
    publishers: int = 1
    listeners: int = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one variant at one step. Memory is that of its rooms beyond the first step's: the first room also pays for
    what all share."""

    rooms: int
    cpu_percent: float
    """Of a core, all rooms together; the median of the rounds."""
    uss_mb: float
    pss_mb: float
    more_rooms: int
    load_cores: float
    """What the simulated people used meanwhile."""
    busy_share: float
    """Of all cores, by everybody. Near 1, the figures are those of a starved machine, and flatter who is slow."""

    @property
    def cpu_per_room(self) -> float:
        """Per cent of a core."""
        return self.cpu_percent / self.rooms

    @property
    def uss_per_room(self) -> float:
        """MiB, of the rooms beyond those of the first step."""
        return self.uss_mb / max(1, self.more_rooms)

    @property
    def pss_per_room(self) -> float:
        """MiB, of the rooms beyond those of the first step."""
        return self.pss_mb / max(1, self.more_rooms)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a worker cost without rooms, and at each step that it could carry."""

    base: ProcessUsage
    costs: tuple[Cost, ...]

    @property
    def most(self) -> Cost:
        """That of the largest step. Raises IndexError when none could be carried."""
        return self.costs[-1]

    def at(self, rooms: int) -> Cost:
        """Raises LookupError: something else kept this machine busy, and so many were not tried."""
        for cost in self.costs:
            if cost.rooms == rooms:
                return cost
        msg = f"{rooms} rooms were not measured: the machine was full"
        raise LookupError(msg)


async def measure(
    stack: Stack, database: asyncpg.Connection, name: str, start: Start, steps: Sequence[CostStep]
) -> Bill:
    """One variant, at each step in turn, until this machine is full or loses something.

    `start` gives the worker's pid. The bill has only the steps that were carried: it may have no costs at all. The name
    is for the terminal.
    """
    began = time.monotonic()
    async with start(stack) as pid, Crowd(stack, database) as crowd:
        await asyncio.sleep(SETTLE_SECONDS)
        base, costs = usage(pid), list[Cost]()
        first, first_rooms = base, 0
        for step in steps:
            if costs and costs[-1].busy_share > FULL_SHARE:
                say(f"  {name:<24}{step.rooms:>3} rooms  not tried: {costs[-1].rooms} fill this machine")
                break
            try:
                await crowd.fill(
                    step.rooms - len(crowd.rooms), publishers=step.publishers, listeners=step.listeners
                )
                await until_bots(stack, crowd.rooms)
                await asyncio.sleep(SETTLE_SECONDS)
                if not costs:
                    first, first_rooms = usage(pid), step.rooms
                cost = await watch(pid, crowd, first, first_rooms)
            except (TimeoutError, CrowdLostError, EndedError) as error:
                say(f"  {name:<24}{step.rooms:>3} rooms  more than this machine can carry: {error!r}")
                break
            costs.append(cost)
            say(
                f"  {name:<24}{cost.rooms:>3} rooms  {cost.uss_per_room:6.2f} MiB/room  "
                f"{cost.cpu_per_room:5.2f} % of a core/room  (people: {cost.load_cores:.2f} cores; "
                f"machine {cost.busy_share:.0%} busy; {time.monotonic() - began:.0f} s)"
            )
    return Bill(base, tuple(costs))


async def watch(pid: int, crowd: Crowd, first: ProcessUsage, first_rooms: int) -> Cost:
    """Raises EndedError: anyone who loses processes meanwhile no longer serves these rooms."""
    people_before = usage(crowd.pid)
    psutil.cpu_percent()
    before, taken = usage(pid), list[float]()
    for _ in range(ROUNDS):
        await asyncio.sleep(ROUND_SECONDS)
        after = usage(pid)
        taken.append(100 * cores_of_all(before, after))
        before = after
    return Cost(
        len(crowd.rooms),
        statistics.median(taken),
        before.uss_mb - first.uss_mb,
        before.pss_mb - first.pss_mb,
        len(crowd.rooms) - first_rooms,
        cores(people_before, usage(crowd.pid)),
        psutil.cpu_percent() / 100,
    )


async def until_bots(stack: Stack, rooms: Sequence[str]) -> None:
    """Every room has an agent in it, by LiveKit's own list.

    Raises:
        TimeoutError: one has none after `BOT_SECONDS`.
    """
    env = stack.env
    async with (
        asyncio.timeout(BOT_SECONDS),
        api.LiveKitAPI(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]) as livekit,
    ):
        for room in rooms:
            while not await _has_agent(livekit, room):  # noqa: ASYNC110  (LiveKit tells nobody of hidden people)
                await asyncio.sleep(0.1)


async def _has_agent(livekit: api.LiveKitAPI, room: str) -> bool:
    listed = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    agent = api.ParticipantInfo.Kind.AGENT
    return any(p.kind == agent and p.state == api.ParticipantInfo.State.ACTIVE for p in listed.participants)


def shown(variant: str, cost: Cost) -> list[Figure]:
    """Figures `rooms.*.<variant>.at_<rooms>`; no memory for the first step, which all others are compared with."""
    where = f"{variant}.at_{cost.rooms}"
    memory = [
        Figure(f"rooms.memory_uss.{where}", round(cost.uss_per_room, 3), "MiB", 1),
        Figure(f"rooms.memory_pss.{where}", round(cost.pss_per_room, 3), "MiB", 1),
    ]
    return [
        *(memory if cost.more_rooms else ()),
        Figure(f"rooms.cpu.{where}", round(cost.cpu_per_room, 3), "%", ROUNDS),
        Figure(f"rooms.load_cores.{where}", round(cost.load_cores, 2), "cores", 1),
        Figure(f"rooms.machine_busy.{where}", round(100 * cost.busy_share, 1), "%", 1),
    ]


async def policy(database: asyncpg.Connection, mode: str) -> None:
    """`off`: no microphone is listened to; `observe`: all are, and nothing follows."""
    await database.execute(
        "update public.app_settings set value = jsonb_set(value, '{mode}', to_jsonb($1::text))"
        " where key = 'moderation.policy'",
        mode,
    )
