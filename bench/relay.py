"""How fast and how surely gifts reach the room: `python -m bench.relay [calm burst kill absent]`.

calm: one gift at a time to five clients. burst: 1,000 gifts by 50 people in five seconds to ten clients, two of whom
come midway, one loses its connection, one a fifth of its packets. kill: the same, the room's worker killed in the
middle of it. absent (unasked only with `FULL=1`): a minute of gifts without any worker. Exactness is asserted in all of
them; times are judged by the bars below. Figures go to `.local/results/relay.jsonl`.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.command import measured
from bench.full import full
from bench.gift_room import GiftListener, GiftRoom, full_reconnect, gift_room, losing
from bench.variants import one_core
from local.paths import STATE
from local.people.api import Json
from local.people.person import Person
from local.people.waiting import until
from local.results import Figure, spread
from local.stack import Stack
from moderation.timestamps import seconds_of

CALM_P50_MS, CALM_P99_MS = 20.0, 80.0
BURST_P99_MS = 250.0
BACK_MS = 2000.0
KILL_MS = 5000.0
CALM_GIFTS, CALM_PAUSE_SECONDS = 100, 0.1
GIFTS, SENDERS, SECONDS = 1000, 50, 5.0
STEADY = 6
ABSENT_SECONDS, ABSENT_GIFTS = 60.0, 180


def once(name: str, seconds: float, bar: float | None) -> Figure:
    """A single time in milliseconds, as `bar` is; None for a figure without a bar."""
    value = round(seconds * 1000, 1)
    return Figure(name, value, "ms", 1, bar, None if bar is None else value <= bar)


def delays_ms(listeners: list[GiftListener], after: int) -> list[float]:
    """Of every gift past `after` to every listener, in milliseconds."""
    return [1000 * delay for listener in listeners for delay in listener.delays(after)]


async def calm(stack: Stack) -> list[Figure]:
    """Figures `relay.calm.commit_to_client.*`: five clients, one gift at a time."""
    async with gift_room(stack.env, senders=1, gifts_each=CALM_GIFTS) as room:
        listeners = [await room.listener(f"Calm{n}") for n in range(5)]
        await room.give(room.senders[0])
        await room.converged()
        before = room.committed
        for _ in range(CALM_GIFTS):
            await room.give(room.senders[0])
            await asyncio.sleep(CALM_PAUSE_SECONDS)
        await room.converged()
        found = delays_ms(listeners, before)
    return spread("relay.calm.commit_to_client", found, {50: CALM_P50_MS, 99: CALM_P99_MS})


def committed(events: list[Json]) -> list[tuple[int, float]]:
    """Each event's seq, and when it got it, epoch seconds."""
    return [(event["seq"], seconds_of(event["created_at"])) for event in events]


class Burst:
    """The ten clients of a burst, and what becomes of the four with bad luck."""

    def __init__(self, room: GiftRoom) -> None:
        self.room = room
        self.steady: list[GiftListener] = []
        self.late: list[tuple[GiftListener, float]] = []
        """With the seconds from being in the room to having all that was committed by then."""
        self.torn_seconds = 0.0
        self.before = 0
        """The last seq before the burst: what came earlier was caught up with, not relayed to these clients."""
        self.lossy: GiftListener
        self._torn: GiftListener
        self._coming: list[Person] = []

    async def prepare(self) -> None:
        """The eight who are there at first come in; the two late ones have accounts only."""
        self.steady = [await self.room.listener(f"Steady{n}") for n in range(STEADY)]
        self._torn = await self.room.listener("Torn")
        self.lossy = await self.room.listener("Lossy", lose=losing(0.2))
        self.before = self.room.committed
        self._coming = [await self.room.people.arrive(name) for name in ("Late1", "Late2")]

    async def play(self, kill: Callable[[], Awaitable[None]] | None = None) -> None:
        """Returns when all gifts are given and those who came late or reconnected have caught up. `kill`: half-way."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.room.burst(GIFTS, SECONDS))
            tasks.create_task(self._reconnects())
            for person, share in zip(self._coming, (0.4, 0.6), strict=True):
                tasks.create_task(self._comes_late(person, share))
            if kill is not None:
                tasks.create_task(self._at(0.5, kill))

    async def _at(self, share: float, what: Callable[[], Awaitable[None]]) -> None:
        await until("its time", lambda: len(self.room.given) - SENDERS >= GIFTS * share, within=60)
        await what()

    async def _comes_late(self, person: Person, share: float) -> None:
        async def comes() -> None:
            listener = await self.room.enter(person)
            self.late.append((listener, await self._caught_up(listener)))

        await self._at(share, comes)

    async def _reconnects(self) -> None:
        async def torn() -> None:
            await full_reconnect(self._torn)
            self.torn_seconds = await self._caught_up(self._torn)

        await self._at(0.45, torn)

    async def _caught_up(self, listener: GiftListener) -> float:
        last = self.room.committed
        await until("caught up", lambda: listener.relay.position >= last, within=30)
        return max(0.0, listener.complete_by(last) - listener.back_at)


async def burst(stack: Stack) -> list[Figure]:
    """Figures `relay.burst.*`. Raises AssertionError when a client got other gifts than were given."""
    async with gift_room(stack.env, SENDERS, GIFTS // SENDERS) as room:
        party = Burst(room)
        await party.prepare()
        begun = time.monotonic()
        await party.play()
        took = time.monotonic() - begun
        await room.converged()
        return [
            *spread(
                "relay.burst.commit_to_client", delays_ms(party.steady, party.before), {99: BURST_P99_MS}
            ),
            *(once(f"relay.burst.late_{n}.caught_up", s, BACK_MS) for n, (_, s) in enumerate(party.late, 1)),
            once("relay.burst.reconnected.caught_up", party.torn_seconds, BACK_MS),
            *spread(
                "relay.burst.lossy.commit_to_client", delays_ms([party.lossy], party.before), {100: BACK_MS}
            ),
            Figure("relay.burst.gifts_per_second", round(GIFTS / took, 1), "1/s", GIFTS),
        ]


async def kill(stack: Stack) -> list[Figure]:
    """Figures `relay.kill.*`: from the kill until every client has the gifts of the next `SECONDS / 2`."""
    async with gift_room(stack.env, SENDERS, GIFTS // SENDERS) as room:
        party = Burst(room)
        await party.prepare()
        killed_at = 0.0

        async def murder() -> None:
            nonlocal killed_at
            worker = stack.workers[await room.moderator()]
            killed_at = time.time()
            await worker.kill()

        await party.play(murder)
        events = await room.converged()
        # A machine too slow for the burst's own pace goes on giving: what is judged is what was due by then.
        due = max(seq for seq, at in committed(events) if at <= killed_at + SECONDS / 2)
        complete = max(listener.complete_by(due) for listener in room.listeners)
        await room.moderator()
        return [
            once("relay.kill.everything_after_kill", complete - killed_at, KILL_MS),
            *spread("relay.kill.commit_to_client", delays_ms(party.steady, party.before), {}),
        ]


async def absent(stack: Stack) -> list[Figure]:
    """Figures `relay.absent.*`; all workers are killed, and the first is started again after the gifts."""
    async with gift_room(stack.env, senders=10, gifts_each=ABSENT_GIFTS // 10) as room:
        for n in range(5):
            await room.listener(f"Patient{n}")
        for worker in stack.workers.values():
            if worker.running:
                await worker.kill()
        await room.burst(ABSENT_GIFTS, ABSENT_SECONDS)
        last = room.committed
        begun = time.time()
        await next(iter(stack.workers.values())).start()
        await room.moderator()
        moderated = time.time()
        await room.converged()
        complete = max(listener.complete_by(last) for listener in room.listeners)
        return [
            once("relay.absent.moderated_after_start", moderated - begun, None),
            once("relay.absent.everything_after_return", max(0.0, complete - moderated), BACK_MS),
            Figure("relay.absent.gifts_accepted", len(room.given), "gifts", ABSENT_GIFTS),
        ]


SCENES: dict[str, Callable[[Stack], Awaitable[list[Figure]]]] = {
    "calm": calm,
    "burst": burst,
    "kill": kill,
    "absent": absent,
}


async def run(scenes: list[str], directory: Path) -> list[Figure]:
    """A stack with two workers.

    `scenes`: keys of `SCENES`. A worker that was killed is started before the next scene.
    """
    found: list[Figure] = []
    async with Stack(directory) as stack:
        for number, name in enumerate(("worker-1", "worker-2")):
            await stack.start_worker(name, {"LIVE_WORKER_ID": name, **one_core(number)})
        for scene in scenes:
            found += await SCENES[scene](stack)
            for worker in stack.workers.values():
                if not worker.running:
                    await worker.start()
    return found


def main() -> int:
    """Reads the command line. The exit code: 1 when a bar was missed."""
    parser = argparse.ArgumentParser(description="the relay's speed and exactness")
    parser.add_argument(
        "scenes", nargs="*", choices=[*SCENES, []], help="default: all, absent with FULL=1 only"
    )
    scenes = parser.parse_args().scenes or [scene for scene in SCENES if full() or scene != "absent"]
    return measured("relay", run(scenes, STATE / "bench"))


if __name__ == "__main__":
    sys.exit(main())
