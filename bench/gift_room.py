"""A live session with people who listen and people who give: what the relay is measured with.

Everybody is real: accounts, LiveKit connections, signatures checked by the client's half of the relay. Times are the
wall clock of this one machine, which the database's clock is too: from an event's `created_at`, set while its
transaction still runs, to the app's callback. Gifts are given as PostgREST gives them, same role and claims, over as
many connections as it has, but without its HTTP: on a small machine that load would be what is measured.
"""

import asyncio
import json
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from livekit import rtc

from agent.livekit.native import RoomEvents
from local.people.api import Json
from local.people.person import OpenSession, People, Person
from local.people.relay import Join, RelayReader
from local.people.relay_packet import PacketSubject
from local.people.relay_sequence import RelayEvent
from local.people.waiting import until

GIFT = "rose"
CONNECTIONS = 15
CONVERGE_SECONDS = 30.0


class GiftListener:
    """A client in the room. `arrived[seq]` is when the app was given the event, epoch seconds."""

    def __init__(self, name: str, room: rtc.Room) -> None:
        self.name, self.room = name, room
        self.events: list[RelayEvent] = []
        self.arrived: dict[int, float] = {}
        self.back_at = 0.0
        """When it was last (re)connected."""
        self.relay: RelayReader
        room.on("reconnected", self._back)

    def take(self, event: RelayEvent) -> None:
        """The app's callback: an event counts as arrived when this is called."""
        self.events.append(event)
        self.arrived[event.seq] = time.time()

    def _back(self) -> None:
        self.back_at = time.time()

    def delays(self, after: int) -> list[float]:
        """Seconds from the place in the stream of each gift past `after` to this client's app."""
        return [
            self.arrived[event.seq] - event.at.timestamp()
            for event in self.events
            if event.type == "gift" and event.seq > after
        ]

    def complete_by(self, seq: int) -> float:
        """When it had everything up to `seq`, epoch seconds."""
        return max(self.arrived[n] for n in range(1, seq + 1))


class GiftRoom:
    """One session, its listeners and its senders."""

    def __init__(
        self,
        people: People,
        host: Person,
        session: OpenSession,
        senders: Sequence[Person],
        database: asyncpg.Pool,
        leaving: AsyncExitStack,
    ) -> None:
        self._database = database
        self.people, self.host, self.session, self.senders = people, host, session, senders
        self.listeners: list[GiftListener] = []
        self.given: list[Json] = []
        """Receipts, in the order of their arrival."""
        self._leaving = leaving
        self._events = RoomEvents()
        """A phone is not told about nine others' packets; in one process it would be, and that would be measured."""
        leaving.callback(self._events.close)

    @property
    def committed(self) -> int:
        """The highest seq that a sender was told."""
        return max((receipt["seq"] for receipt in self.given), default=0)

    async def listener(self, name: str, **options: Any) -> GiftListener:
        """Somebody new who comes in, as `enter`."""
        return await self.enter(await self.people.arrive(name), **options)

    async def enter(self, person: Person, **options: Any) -> GiftListener:
        """Comes in, and wants everything from the first event on."""
        join = await person.token(self.session.id)
        listener = GiftListener(person.name, rtc.Room())
        listener.relay = RelayReader(
            listener.room,
            person.api,
            PacketSubject("session", self.session.id),
            Join(join["last_seq"], join["relay_keys"]),
            on_event=listener.take,
            start_after=0,
            **options,
        )
        running = asyncio.create_task(listener.relay.run())
        self._leaving.push_async_callback(_end, running)
        await listener.room.connect(join["url"], join["token"])
        self._events.adopt(listener.room)
        self._leaving.push_async_callback(listener.room.disconnect)
        listener.back_at = time.time()
        self.listeners.append(listener)
        return listener

    async def give(self, sender: Person) -> None:
        """In one statement, which commits by itself: PostgREST too lets no transaction wait for its client."""
        claims = json.dumps({"role": "authenticated", "sub": sender.id})
        receipt = await self._database.fetchval(
            "with sender as materialized"
            " (select set_config('request.jwt.claims', $4, true), set_config('role', 'authenticated', true))"
            " select public.send_gift($1, $2, 1, $3) from sender",
            *(self.session.id, GIFT, str(uuid.uuid4()), claims),
        )
        self.given.append(json.loads(receipt))

    async def burst(self, gifts: int, seconds: float) -> None:
        """So many gifts, evenly spread over the time and the senders, whether or not the ones before are through."""
        begun = time.monotonic()
        async with asyncio.TaskGroup() as giving:
            for n in range(gifts):
                await asyncio.sleep(begun + n * seconds / gifts - time.monotonic())
                giving.create_task(self.give(self.senders[n % len(self.senders)]))

    async def moderator(self) -> str:
        """The worker that holds the room, waiting until one does."""

        async def holder() -> str | None:
            rooms = (await self.people.service.rpc("agent_overview"))["rooms"]
            return next(
                (r["worker_id"] for r in rooms if r["room"] == self.session.room and r["moderated"]), None
            )

        return await until("a worker moderates the room", holder, within=20)

    async def converged(self) -> list[Json]:
        """The session's events by the database, once every client has them all.

        Raises:
            NotInTimeError: one does not, within `CONVERGE_SECONDS`.
            AssertionError: a client was given something else, or in another order, or twice; or the coins disagree.
        """
        events = await self._stream()
        last = events[-1]["seq"] if events else 0
        await until(
            "every client has the whole stream",
            lambda: all(listener.relay.position >= last for listener in self.listeners),
            within=CONVERGE_SECONDS,
        )
        expected = [(event["seq"], event["id"], event["payload"]) for event in events]
        assert [seq for seq, _, _ in expected] == list(range(1, last + 1)), (
            "the database's own sequence has a gap"
        )
        for listener in self.listeners:
            had = [(event.seq, event.id, event.payload) for event in listener.events[:last]]
            assert had == expected, f"{listener.name} was told something else than the database says"
        await self._coins(events)
        return events

    async def _stream(self) -> list[Json]:
        found: list[Json] = []
        while True:
            page = await self.people.service.rows(
                "live_events",
                session_id=f"eq.{self.session.id}",
                seq=f"gt.{len(found)}",
                order="seq",
                limit="1000",
            )
            found += page
            if not page:
                return found

    async def _coins(self, events: list[Json]) -> None:
        """What the clients were shown is what was paid, what the ledger says and what the session counts."""
        service = self.people.service
        session = await service.row("live_sessions", id=f"eq.{self.session.id}")
        assert session is not None
        told = sum(event["payload"]["coins"] for event in events if event["type"] == "gift")
        combos = [event["payload"] for event in events if event["type"] == "gift_combo"]
        gifts = {event["seq"]: event["payload"] for event in events if event["type"] == "gift"}
        for combo in combos:
            mine = [
                gift["coins"]
                for seq, gift in gifts.items()
                if combo["first_seq"] <= seq <= combo["last_seq"]
                and (gift["sender_id"], gift["gift_code"]) == (combo["sender_id"], combo["gift_code"])
            ]
            assert (len(mine), sum(mine)) == (combo["gifts"], combo["coins"]), "a combo's sum is not exact"
        paid = sum(receipt["coins"] for receipt in self.given)
        assert told == paid == session["total_gift_coins"], (told, paid, session["total_gift_coins"])
        assert await service.rpc("book_faults") == []


async def _as_it_was(_: asyncpg.Connection) -> None:
    """Nothing was changed for longer than a statement: asyncpg's own reset would be a second one for each gift."""


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


@asynccontextmanager
async def gift_rate(people: People, per_minute: int) -> AsyncIterator[None]:
    """`gifts_per_minute` raised for as long as this lasts."""
    row = await people.service.row("app_settings", key="eq.limits")
    assert row is not None
    await people.service.update(
        "app_settings", {"value": {**row["value"], "gifts_per_minute": per_minute}}, key="eq.limits"
    )
    try:
        yield
    finally:
        await people.service.update("app_settings", {"value": row["value"]}, key="eq.limits")


@asynccontextmanager
async def gift_room(env: dict[str, str], senders: int, gifts_each: int) -> AsyncIterator[GiftRoom]:
    """A session whose host is in the room, with people who can pay so many gifts each, and no limit in their way."""
    async with (
        People(env) as people,
        asyncpg.create_pool(
            env["DATABASE_URL"],
            min_size=CONNECTIONS,
            max_size=CONNECTIONS,
            command_timeout=30,
            reset=_as_it_was,
        ) as database,
        gift_rate(people, gifts_each + 60),
        AsyncExitStack() as leaving,
    ):
        host = await people.arrive("Host", creator=True)
        session = await host.open_session("video_live", "public", "A shower of gifts")
        await host.enter(session.id, session.join)
        crowd = [await people.arrive(f"Fan{n}", coins=gifts_each + 10) for n in range(senders)]
        room = GiftRoom(people, host, session, crowd, database, leaving)
        await room.moderator()
        # As in a room that has been live for a while: the database's connections are open and have their plans.
        await asyncio.gather(*(room.give(sender) for sender in crowd))
        yield room


async def full_reconnect(listener: GiftListener) -> None:
    """Loses the connection whole, as a phone between two networks does, and returns when it is back."""
    was = listener.back_at
    await listener.room.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT)
    await until("reconnected", lambda: listener.back_at > was, within=15)


def losing(share: float, seed: int = 7) -> Callable[[], bool]:
    """Whether the next packet is lost; the same ones each time."""
    luck = random.Random(seed)  # noqa: S311 - what is lost must repeat
    return lambda: luck.random() < share
