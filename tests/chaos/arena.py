"""The place where faults happen: a stack, breakable workers behind wires of their own, and live rooms with people.

`enforced` is the one question asked of every fault: how long until a mute row, inserted right after it, is true at
the muted person's own device. Rows go straight into Postgres, so that a gateway may be away.
"""

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
import asyncpg
from livekit import api

from agent.process.commands import verify
from agent.process.settings import Settings
from local.lane import lane_url, over_port
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.waiting import until
from local.ports import LOOPBACK, Offset
from local.stack import LIVEKIT_KEY, Stack
from local.supervisor import Child
from tests.chaos.liar import LiarsWire
from tests.chaos.proxy import Wire

DEADLINE_SECONDS = 40.0
DOORS = 30
"""Offset of the first worker's doors in the stack's block of ports."""
STEADY = {"LIVE_WATCHDOG_SECONDS": "3"}


@dataclass
class Place:
    """A live room, its host in it with the right to speak."""

    host: Person
    session: OpenSession
    device: Device

    @property
    def room(self) -> str:
        return self.session.room


@dataclass(frozen=True, slots=True)
class Holding:
    worker: str
    epoch: int
    bot: str


@dataclass
class Bot:
    """One worker process and the wires that it hangs on."""

    name: str
    child: Child
    database: Wire
    """To the gateway."""
    postgres: Wire
    livekit: LiarsWire
    doors: str
    health: str

    async def door(self, path: str) -> None:
        async with aiohttp.ClientSession() as http, http.post(f"{self.doors}{path}") as response:
            response.raise_for_status()

    async def memory(self) -> tuple[int, int]:
        """Bytes of its own, and rooms."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.doors}/memory") as response:
            seen = await response.json()
            return seen["uss"], seen["rooms"]

    async def reasons(self) -> dict[str, bool]:
        """What `/readyz` says; empty while nobody answers."""
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.health}/readyz") as response:
                answer: dict[str, bool] = await response.json()
                return answer
        except aiohttp.ClientError:
            return {}

    async def figure(self, name: str) -> float:
        """One Prometheus figure, all its labels summed up."""
        return sum((await self.series(name)).values())

    async def series(self, name: str) -> dict[str, float]:
        """One Prometheus figure by its labels, as they are written."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.health}/metrics") as response:
            lines = (await response.text()).splitlines()
        rows = (line.rsplit(" ", 1) for line in lines if line.startswith((f"{name} ", f"{name}{{")))
        return {labels.removeprefix(name): float(value) for labels, value in rows}


@dataclass
class Arena:
    """`async with Arena(directory, rooms=10) as arena`: everything runs, every room is moderated."""

    directory: Path
    rooms: int
    workers: int = 2
    lane: bool = False
    """Whether each worker has a lane of its own to Postgres, over a wire."""
    departure_seconds: int = 20
    nodes: Literal[1, 2] = 1
    database_clock: int = 0
    places: list[Place] = field(default_factory=list)
    bots: list[Bot] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._exit = AsyncExitStack()
        try:
            self.stack = await self._exit.enter_async_context(
                Stack(
                    self.directory,
                    fault_hooks=True,
                    departure_seconds=self.departure_seconds,
                    nodes=self.nodes,
                    database_clock=self.database_clock,
                )
            )
            self.people = await self._exit.enter_async_context(People(self.stack.env))
            http = await self._exit.enter_async_context(aiohttp.ClientSession())
            env = self.stack.env
            self.livekit = api.LiveKitAPI(
                env["LIVEKIT_URL"], LIVEKIT_KEY, env["LIVEKIT_API_SECRET"], session=http
            )
            self._lane_url = await lane_url(self.stack.database_url)
            async with asyncio.TaskGroup() as tasks:
                for index in range(self.workers):
                    tasks.create_task(self._start_worker(index))
            self.bots.sort(key=lambda bot: bot.name)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self.rooms):
                    tasks.create_task(self.open_room())
            await self.settled()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def _start_worker(self, index: int) -> None:
        ports, name = self.stack.ports, f"w{index + 1}"
        database = await self._exit.enter_async_context(Wire(ports.of(Offset.GATEWAY)))
        # Of two nodes each worker has one, and people the first: a room may be on either.
        node = Offset.OTHER_LIVEKIT if self.nodes > 1 and index else Offset.LIVEKIT
        livekit = await self._exit.enter_async_context(LiarsWire(ports.of(node)))
        doors = ports.base + DOORS + index
        # One machine's clock is two minutes ahead in everything that follows; where the database's is off, 30 s.
        skew = 120 * index if not self.database_clock else 30 * (2 * index - 1)
        env = {
            **STEADY,
            "SUPABASE_URL": f"http://{LOOPBACK}:{database.port}",
            "LIVEKIT_URL": f"ws://{LOOPBACK}:{livekit.port}",
            "CHAOS_PORT": str(doors),
            "CHAOS_CLOCK_SKEW": str(skew),
        }
        postgres = await self._exit.enter_async_context(Wire(ports.of(Offset.POSTGRES)))
        if self.lane:
            env["LIVE_DATABASE_URL"] = over_port(self._lane_url, postgres.port)
        child = await self.stack.start_worker(name, env, module="tests.chaos.worker")
        health_url = f"http://{LOOPBACK}:{child.spec.env['LIVE_HEALTH_PORT']}"
        self.bots.append(
            Bot(name, child, database, postgres, livekit, f"http://{LOOPBACK}:{doors}", health_url)
        )

    async def open_room(self) -> Place:
        host = await self.people.arrive("Ada", creator=True)
        session = await host.open_session("audio_room")
        device = await host.enter(session.id, session.join)
        place = Place(host, session, device)
        self.places.append(place)
        return place

    async def heal(self) -> None:
        """Whatever a fault that did not get through has left broken is whole again."""
        nodes = (self.stack.redis, self.stack.other_livekit) if self.nodes > 1 else ()
        for part in (self.stack.postgres, self.stack.gateway, *nodes, self.stack.livekit):
            if not part.running:
                await part.start()
        await self.stack.realtime.restore()
        for bot in self.bots:
            bot.database.restore()
            bot.postgres.restore()
            bot.livekit.restore()
            if bot.child.running:
                bot.child.resume()
            else:
                await bot.child.start()

    # ------------------------------------------------------------ the database, no matter who else is away

    async def sql(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.stack.database_url, timeout=10)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
        finally:
            await connection.close()

    async def execute(self, script: str) -> None:
        connection = await asyncpg.connect(self.stack.database_url, timeout=10)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    async def ask(self, action: str, places: Iterable[Place]) -> list[str]:
        """One row for the host of each room; returns their ids."""
        targets = [(str(uuid.uuid4()), place.session.id, place.host.id) for place in places]
        await self.sql(
            "insert into moderation_actions (id, session_id, target_user_id, action, requested_via) "
            "select id, session_id, target, $4, 'ops' "
            "from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as t (id, session_id, target)",
            *(list(column) for column in zip(*targets, strict=True)),
            action,
        )
        ids = [target[0] for target in targets]
        self.asked += ids
        return ids

    async def applied(self, ids: Sequence[str], within: float = DEADLINE_SECONDS) -> None:
        async def all_applied() -> bool:
            rows = await self.sql(
                "select count(*) as n from moderation_actions where id = any($1::uuid[]) and status = 'applied'",
                list(ids),
            )
            return bool(rows[0]["n"] == len(ids))

        await until("every row is applied", all_applied, within)

    async def holdings(self) -> dict[str, Holding]:
        rows = await self.sql("select room, worker_id, epoch, bot_identity from agent_rooms")
        return {row["room"]: Holding(row["worker_id"], row["epoch"], row["bot_identity"]) for row in rows}

    async def held_by(self, bot: Bot) -> list[Place]:
        """Rooms whose lease this worker's present process has."""
        holdings = await self.holdings()
        return [p for p in self.places if f"-{bot.child.pid}-" in holdings[p.room].worker]

    # ------------------------------------------------------------ what is asked of every fault

    async def enforced(self, since: float | Mapping[str, float], places: Sequence[Place]) -> list[float]:
        """Mutes each host now; seconds from `since` (monotonic; or one moment per room) until their device knows."""
        ids = await self.ask("mute", places)
        moments = await asyncio.gather(
            *(place.device.until_may_not_send(within_seconds=DEADLINE_SECONDS) for place in places)
        )
        await self.applied(ids)
        starts = [since if isinstance(since, float) else since[place.room] for place in places]
        return [moment - start for moment, start in zip(moments, starts, strict=True)]

    async def settled(self, places: Sequence[Place] | None = None) -> None:
        """Everybody unmuted, which shows that every room is moderated; every real agent in its room."""
        places = self.places if places is None else places
        ids = await self.ask("unmute", places)
        await self.applied(ids)
        for place in places:
            await place.device.until_may_send(within_seconds=DEADLINE_SECONDS)
        await until("every room has its agent", self.no_room_is_alone, DEADLINE_SECONDS)

    async def no_room_is_alone(self) -> bool:
        return not await self.alone()

    async def alone(self) -> list[str]:
        """Rooms without the agent that the database says is real. Ghosts do not count."""
        holdings = await self.holdings()
        there = await asyncio.gather(*(self.agents_in(place.room) for place in self.places))
        return [
            place.room
            for place, agents in zip(self.places, there, strict=True)
            if place.room not in holdings or holdings[place.room].bot not in agents
        ]

    async def agents_in(self, room: str) -> set[str]:
        try:
            answer = await self.livekit.room.list_participants(api.ListParticipantsRequest(room=room))
        except (api.ServerError, aiohttp.ClientError, OSError):
            return set()
        return {
            info.identity
            for info in answer.participants
            if info.kind == api.ParticipantInfo.Kind.AGENT and info.state == api.ParticipantInfo.State.ACTIVE
        }

    async def grant(self, place: Place) -> None:
        """Somebody with LiveKit's key gives the host every right, past the database."""
        permission = api.ParticipantPermission(can_publish=True, can_subscribe=True)
        await self.livekit.room.update_participant(
            api.UpdateParticipantRequest(room=place.room, identity=place.host.id, permission=permission)
        )

    # ------------------------------------------------------------ the books

    async def discrepancies(self) -> list[str]:
        """`python -m agent verify`, and what only this place knows: who is connected and what was asked."""
        settings = Settings(**{name.lower(): value for name, value in self.stack.env.items()})  # type: ignore[arg-type]
        found = [words for well, words in (await verify(settings)).findings if not well]
        unfinished = await self.sql(
            "select id, status from moderation_actions where id = any($1::uuid[]) and status <> 'applied'",
            self.asked,
        )
        found += [f"action {row['id']} is {row['status']}" for row in unfinished]
        rows = await self.sql(
            "select participant_sid as sid, joined_at, left_at, leave_reason from live_visits"
        )
        visits = {row["sid"]: row for row in rows}
        there = {place.device.sid for place in self.places}
        booked = {sid for sid, visit in visits.items() if visit["left_at"] is None}
        found += [f"visit {sid} is open, nobody is there" for sid in booked - there]
        found += [f"{sid} is there, its visit is {visits.get(sid)}" for sid in there - booked]
        found += await self._rights_that_differ()
        return found

    async def _rights_that_differ(self) -> list[str]:
        """What the database says of each host, and what their device may do."""
        rows = await self.sql(
            "select session_id, user_id, mic_muted from live_participants where role = 'host'"
        )
        muted = {(str(row["session_id"]), str(row["user_id"])): row["mic_muted"] for row in rows}
        return [
            f"the host of {place.room} is {'muted' if may else 'not muted'}, and may{'' if may else ' not'} send"
            for place in self.places
            if (may := place.device.may_send()) == muted[place.session.id, place.host.id]
        ]

    async def balanced(self, within: float = 20.0) -> None:
        """The books agree, at the latest when what is under way has settled."""
        deadline = time.monotonic() + within
        while found := await self.discrepancies():
            if time.monotonic() > deadline:
                raise AssertionError("the books disagree:\n" + "\n".join(found))
            await asyncio.sleep(0.2)


class Rights:
    """Notes every change of one device's right to speak, however short: it may be given and taken between two looks."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._changes: list[tuple[float, bool]] = []
        device.room.on("participant_permissions_changed", self._note)

    def _note(self, *_: object) -> None:
        self._changes.append((time.monotonic(), self._device.may_send()))

    async def given(self, within: float = DEADLINE_SECONDS) -> None:
        await until("the right is given", lambda: any(may for _, may in self._changes), within)

    async def taken_back(self) -> float:
        """The moment at which it was gone for good, as far as is known now."""
        await until(
            "the right is taken back", lambda: self._changes and not self._changes[-1][1], DEADLINE_SECONDS
        )
        return self._changes[-1][0]


class Absences:
    """Watches all rooms from outside: `longest` is the longest time that any was without its real agent.

    A ghost counts as nobody: only the identity that the database names does.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self.longest = 0.0
        self._since: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch(), name="absences")
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            raise error

    async def _watch(self) -> None:
        while True:
            asked = time.monotonic()
            alone = set(await self._arena.alone())
            now = time.monotonic()
            for room in alone:
                self._since.setdefault(room, asked)
                self.longest = max(self.longest, now - self._since[room])
            for room in [room for room in self._since if room not in alone]:
                del self._since[room]
            await asyncio.sleep(0.02)
