"""The relay's client half on the real stack: real rooms, real packets from a hidden sender, real catch-up.

A sender of the test's own stands in for the worker, so that packets can be lost, forged and signed by a successor.
"""

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from livekit import api, rtc

from agent.core.envelope import Envelope, Signer
from agent.core.lease import RoomFacts, RoomName
from agent.livekit.room import hidden_token
from handlers.facts import Identity, LiveEvent
from local.people.relay import Join, RelayReader
from local.people.relay_packet import EVENTS, PacketSubject, Refusal
from local.people.relay_sequence import EventSource, RelayEvent
from local.stack import Stack
from tests.integration.edge import Json, Person, World, world
from tests.integration.relay_source import DataApi
from tests.integration.test_relay_end_to_end import only_workers

DEADLINE_SECONDS = 20.0
READ_EVENT = """
select id::text, to_jsonb(created_at) #>> '{}' as at from public.live_events where session_id = $1 and seq = $2
"""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():  # noqa: ASYNC110 - the condition spans several plain objects
            await asyncio.sleep(0.01)


@dataclass
class Viewer:
    room: rtc.Room
    relay: RelayReader
    events: list[RelayEvent] = field(default_factory=list)

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]


@dataclass
class Sender:
    """A hidden participant with a key of its own."""

    room: rtc.Room
    envelope: Envelope
    signer: Signer

    async def send(self, *events: LiveEvent) -> None:
        for packet in self.packets(*events):
            await self.put(packet)

    def packets(self, *events: LiveEvent) -> list[bytes]:
        return list(self.envelope.packets(EVENTS, events, datetime.now(UTC).timestamp()))

    async def put(self, packet: bytes) -> None:
        await self.room.local_participant.publish_data(packet, reliable=True, topic=EVENTS)


@dataclass
class Evening:
    """A live session, and everyone who came to it."""

    here: World
    session: Json
    leaving: AsyncExitStack

    async def sender(self, *, published: bool = True, session_id: str | None = None) -> Sender:
        env, name = self.here.stack.env, RoomName(self.session["livekit_room"])
        signer = Signer()
        if published:
            until = datetime.now(UTC) + timedelta(hours=1)
            publish = "select public.agent_publish_key($1, $2, $3)"
            await self.here.database.execute(publish, signer.kid, signer.public_key, until)
        identity = Identity(f"agent-{uuid.uuid4()}")
        token = hidden_token(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"], name, identity)
        facts = RoomFacts("session", session_id or self.session["id"])
        return Sender(await self._connect(token), Envelope(name, facts, signer), signer)

    async def viewer(self, person: Person, **options: Any) -> Viewer:
        reply = await person.call("session-token", session_id=self.session["id"])
        assert reply.status == 200, reply
        join = reply.body["join"]
        room = await self._connect(join["token"])
        source = DataApi(
            self.here.http, self.here.stack.url, self.here.stack.keys.publishable, lambda: person.token
        )
        events: list[RelayEvent] = []
        relay = RelayReader(
            room,
            source,
            PacketSubject("session", self.session["id"]),
            Join(join["last_seq"], join["relay_keys"]),
            on_event=events.append,
            **options,
        )
        running = asyncio.create_task(relay.run())
        self.leaving.push_async_callback(_end, running)
        return Viewer(room, relay, events)

    async def outsider(self) -> rtc.Room:
        """Somebody with a token that lets them send data, which ours never do."""
        env = self.here.stack.env
        grants = api.VideoGrants(
            room_join=True, room=self.session["livekit_room"], can_publish=False, can_publish_data=True
        )
        token = api.AccessToken(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
        return await self._connect(token.with_identity(str(uuid.uuid4())).with_grants(grants).to_jwt())

    async def happen(self, count: int = 1) -> list[LiveEvent]:
        """Commits events as the database does, and answers them as the worker would read them."""
        append = "select live.append_event($1, 'system', $2::jsonb)"
        events = []
        for _ in range(count):
            payload = {"kind": "announcement", "text": f"Merhaba {uuid.uuid4()}"}
            seq = await self.here.database.fetchval(append, self.session["id"], json.dumps(payload))
            row = await self.here.database.fetchrow(READ_EVENT, self.session["id"], seq)
            events.append(LiveEvent(seq, row["id"], "system", row["at"], payload))
        return events

    async def _connect(self, token: str) -> rtc.Room:
        room = rtc.Room()
        await room.connect(self.here.stack.livekit_url, token)
        self.leaving.push_async_callback(room.disconnect)
        return room


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


@asynccontextmanager
async def evening(stack: Stack) -> AsyncIterator[Evening]:
    async with only_workers(stack), world(stack) as here, AsyncExitStack() as leaving:
        session = await here.session(await here.person(creator=True))
        yield Evening(here, session, leaving)


async def test_every_client_ends_with_the_databases_sequence(stack: Stack) -> None:
    async with evening(stack) as there:
        first = await there.sender()
        luck = random.Random(7)  # noqa: S311 - which packets are lost must repeat
        calm = await there.viewer(await there.here.person(), start_after=0)
        lossy = await there.viewer(await there.here.person(), start_after=0, lose=lambda: luck.random() < 0.2)
        torn = await there.viewer(await there.here.person(), start_after=0)
        for _ in range(20):
            await first.send(*await there.happen(3))
        late = await there.viewer(await there.here.person(), start_after=0)
        reconnecting = asyncio.create_task(
            torn.room.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT)
        )
        successor = await there.sender()
        for _ in range(20):
            await successor.send(*await there.happen(3))
        await reconnecting
        viewers = (calm, lossy, torn, late)
        await until(lambda: all(viewer.relay.position == 120 for viewer in viewers))
        assert [viewer.seqs for viewer in viewers] == [list(range(1, 121))] * 4
        # What a busy machine delivers late may have been read from the database first: by either way, each comes once.
        assert calm.relay.emitted[EventSource.LIVE] > 0
        assert calm.relay.emitted.total() == 120
        assert lossy.relay.emitted[EventSource.CAUGHT_UP] > 0
        assert late.relay.emitted[EventSource.CAUGHT_UP] >= 60


async def test_nothing_but_the_agents_own_words_gets_through(stack: Stack) -> None:
    async with evening(stack) as there:
        sender = await there.sender()
        stranger = await there.sender(published=False)
        elsewhere = await there.sender(session_id=str(uuid.uuid4()))
        outsider = await there.outsider()
        viewer = await there.viewer(await there.here.person(), start_after=0)
        await until(lambda: outsider.local_participant.identity in viewer.room.remote_participants)
        await until(lambda: viewer.relay.reads > 0)
        (event,) = await there.happen()
        (genuine,) = sender.packets(event)
        await outsider.local_participant.publish_data(genuine, reliable=True, topic=EVENTS)
        await sender.put(genuine.replace(b"Merhaba", b"Morhaba"))
        await elsewhere.send(event)
        await stranger.send(event)
        await until(lambda: viewer.relay.refused.total() == 4)
        assert viewer.relay.refused == {
            Refusal.VISIBLE_SENDER: 1,
            Refusal.BAD_SIGNATURE: 1,
            Refusal.WRONG_SESSION: 1,
            Refusal.UNKNOWN_KEY: 1,
        }
        assert viewer.events == []
        await sender.put(genuine)
        await sender.put(genuine)
        await until(lambda: viewer.relay.refused[Refusal.REPEAT] == 1)
        assert [(seen.seq, seen.source, seen.payload) for seen in viewer.events] == [
            (1, EventSource.LIVE, event.payload)
        ]
