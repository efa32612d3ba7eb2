"""People of bad will: what a client can do that nobody's app does, and what the others hear meanwhile.

Each attack is one function. It returns what got through: milliseconds of sound, or until the connection was over.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from livekit import api, rtc
from livekit.rtc.participant import PublishTrackError

from local.people import voice
from local.people.api import Json
from local.people.device import MICROPHONE, Device, NotLetInError
from local.people.ear import AUDIBLE_DBFS, BLOCK_MS, Ear
from local.people.person import OpenSession, People, Person
from local.people.sound import RATE, tone
from local.people.waiting import until
from local.ports import LOOPBACK
from local.stack import Stack
from moderation.timestamps import seconds_of

LOUD = tone(-10.0)
AT_ONCE = 2
"""Publications that one client has under way at a time; each that is refused hangs for 10 s."""
PAUSE_SECONDS = 0.1
FULL_RECONNECT = rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT
SIGNAL_RECONNECT = rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT


@dataclass(frozen=True, slots=True)
class Arena:
    """A room with its host in it, who hears all, and ops who ask for what the attacker will not accept."""

    people: People
    ops: Person
    host: Person
    session: OpenSession
    at_host: Device

    @classmethod
    async def open(cls, people: People, kind: str = "audio_room") -> "Arena":
        """A session of this kind with its host on air, and somebody of ops."""
        host, ops = await people.arrive("Ada", creator=True), await people.arrive("Ops", ops=True)
        session = await host.open_session(kind)
        at_host = await host.enter(session.id, session.join)
        await host.until_on_record(session.id)
        return cls(people, ops, host, session, at_host)

    async def speaker(self, name: str = "Mallory") -> tuple[Person, Device, "TokenThief"]:
        """Somebody new who may speak, and keeps the tokens that say so."""
        person = await self.people.arrive(name)
        device = await person.enter(self.session.id)
        thief = TokenThief(device)
        await self.promote(person)
        await device.until_may_send()
        return person, device, thief

    async def promote(self, person: Person) -> None:
        """To speaker, after they have raised their hand."""
        await person.raise_hand(self.session.id)
        await self.order("set_role", person, role="speaker")

    async def order(self, action: str, target: Person | None, **params: object) -> Json:
        """Ops' row, once it is applied."""
        return await (await self.ops.ask(action, self.session.id, target, params=params)).applied()


# ------------------------------------------------------------ what is heard


def moment(database_time: str) -> float:
    """A time of the database as `time.monotonic()`: here both have the same clock."""
    return seconds_of(database_time) - time.time() + time.monotonic()


def heard_ms(ear: Ear, since: float) -> float:
    """How much sound arrived, through however many tracks at a time."""
    audible = {int(at * 1000) // BLOCK_MS for at, level in ear.blocks if at > since and level > AUDIBLE_DBFS}
    return float(BLOCK_MS * len(audible))


def last_heard_ms(ear: Ear, since: float) -> float:
    """How long after `since` the last sound arrived; 0 if none did."""
    return max(
        (1000 * (at - since) for at, level in ear.blocks if at > since and level > AUDIBLE_DBFS), default=0.0
    )


# ------------------------------------------------------------ tokens


class TokenThief:
    """Keeps every token that LiveKit gives a client; the app never sees them."""

    def __init__(self, device: Device) -> None:
        self._room = device.room
        self.tokens: list[str] = []
        device.room.on("token_refreshed", self._keep)

    def _keep(self) -> None:
        token = self._room._token  # noqa: SLF001 - the client hides it from apps, not from attackers
        if token is not None:
            self.tokens.append(token)

    async def with_rights(self) -> str:
        """A refreshed token, taken while its owner may speak."""
        await until("a refreshed token", lambda: self.tokens)
        return self.tokens[-1]


def older_token(env: dict[str, str], room: str, identity: str) -> str:
    """A token from a time when everybody might do everything."""
    grants = api.VideoGrants(room_join=True, room=room, can_publish_data=True, can_update_own_metadata=True)
    token = api.AccessToken(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
    return token.with_identity(identity).with_grants(grants).to_jwt()


# ------------------------------------------------------------ attacks


@asynccontextmanager
async def hammering(device: Device, source: rtc.TrackSource.ValueType = MICROPHONE) -> AsyncIterator[None]:
    """Publishes a loud tone, again and again, whether it may or not."""

    async def publish() -> None:
        sound = rtc.AudioSource(RATE, 1, queue_size_ms=voice.QUEUE_MS)
        track = rtc.LocalAudioTrack.create_audio_track("again", sound)
        playing = asyncio.create_task(voice.play(sound, LOUD))
        try:
            with suppress(PublishTrackError, TimeoutError):
                async with voice.published(device.room, track, rtc.TrackPublishOptions(source=source)):
                    await asyncio.sleep(voice.PUBLISH_SECONDS)  # or until the server has taken it away
        finally:
            await voice.ended(playing)
            await sound.aclose()

    async def go_on() -> None:
        async with asyncio.TaskGroup() as tasks:
            running: set[asyncio.Task[None]] = set()
            while True:
                if len(running) < AT_ONCE and device.connected:
                    running.add(task := tasks.create_task(publish()))
                    task.add_done_callback(running.discard)
                await asyncio.sleep(PAUSE_SECONDS)

    attack = asyncio.create_task(go_on(), name="hammers")
    try:
        yield
    finally:
        await voice.ended(attack)


@dataclass(frozen=True, slots=True)
class Silenced:
    """A voice that was taken from somebody in the middle of a word; ms after the row."""

    confirmed_ms: float
    """LiveKit had confirmed."""
    heard_ms: float
    """The last sound arrived, by way of LiveKit and the listener's own buffers."""


async def talk_through(ear: Ear, revoke: Callable[[], Awaitable[Json]], watch_seconds: float) -> Silenced:
    """Revokes somebody's voice while they are heard."""
    await ear.until_heard()
    row = await revoke()
    await asyncio.sleep(watch_seconds)  # what does not happen cannot be awaited
    return Silenced(row["enforce_ms"], last_heard_ms(ear, moment(row["created_at"])))


async def mute_at_the_server(env: dict[str, str], arena: Arena, person: Person, device: Device) -> float:
    """Stops a voice inside LiveKit, with neither database nor agent on the way; how long it is heard all the same."""
    ear = arena.at_host.ear(person.id)
    await device.speak(LOUD)
    await ear.until_heard()
    (track,) = device.room.local_participant.track_publications
    begun = time.monotonic()
    async with server_api(env) as livekit:
        mute = api.MuteRoomTrackRequest(
            room=arena.session.room, identity=person.id, track_sid=track, muted=True
        )
        await livekit.room.mute_published_track(mute)
    await ear.until_silent()
    await device.hush()
    return last_heard_ms(ear, begun)


async def come_back(arena: Arena, person: Person, token: str, watch_seconds: float) -> float:
    """Enters with an old token and publishes at once; how many ms of it are heard."""
    ear, begun = arena.at_host.ear(person.id), time.monotonic()
    with suppress(NotLetInError):
        async with (
            Device({**arena.session.join, "token": token}, arena.at_host.subject, person.api) as device,
            hammering(device),
        ):
            await asyncio.sleep(watch_seconds)
    return heard_ms(ear, begun)


@dataclass(frozen=True, slots=True)
class Intrusion:
    """A visit of somebody who is banned."""

    out_ms: float
    """From the connection, by LiveKit's clock, until it was over."""
    heard_ms: float


async def intrude(arena: Arena, person: Person, token: str, within_seconds: float) -> Intrusion:
    """Enters although banned, and publishes at once. Raises NotInTimeError when it stays in."""
    ear, begun = arena.at_host.ear(person.id), time.monotonic()
    since = datetime.now(UTC).isoformat()
    device = Device({**arena.session.join, "token": token}, arena.at_host.subject, person.api)
    entering = asyncio.create_task(enter_and_hammer(device))

    async def over() -> tuple[list[Json]] | None:
        visits = await arena.people.service.rows(
            "live_visits",
            session_id=f"eq.{arena.session.id}",
            user_id=f"eq.{person.id}",
            joined_at=f"gte.{since}",
        )
        known = visits or entering.done()
        return (visits,) if known and all(visit["left_at"] for visit in visits) else None

    try:
        (visits,) = await until("the intruder is out", over, within_seconds)
        if not visits:
            return Intrusion(0.0, heard_ms(ear, begun))  # LiveKit never let it in
        visit = visits[-1]
        joined = moment(visit["joined_at"])
        left = moment(visit["agent_left_at"] or visit["left_at"])
        if device.ended.done():
            left = max(left, device.ended_at)
        return Intrusion(1000 * (left - joined), heard_ms(ear, begun))
    finally:
        # Anyone who is put out while connecting is left alone with it: LiveKit's client tries for many seconds more.
        if device.room.isconnected() or device.ended.done():
            await voice.ended(entering)
        await device.leave()


async def enter_and_hammer(device: Device) -> None:
    """Enter and act as fast as possible, as long as the room lets one in."""
    with suppress(NotLetInError):
        await device.connect()
        async with hammering(device):
            await asyncio.shield(device.ended)


async def forge(device: Device, topic: str) -> None:
    """Sends a packet as if it came from the agent."""
    packet = b'{"body":"{}","kid":"forged","sig":"forged"}'
    with suppress(Exception):
        await device.room.local_participant.publish_data(packet, reliable=True, topic=topic)


@asynccontextmanager
async def server_api(env: dict[str, str]) -> AsyncIterator[api.LiveKitAPI]:
    """LiveKit's own API, as the one who has the key may call it."""
    async with aiohttp.ClientSession() as http:
        url = env["LIVEKIT_URL"].replace("ws", "http", 1)
        yield api.LiveKitAPI(url, env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"], session=http)


async def grant_behind_our_back(env: dict[str, str], room: str, identity: str) -> None:
    """Somebody else with the API key lets a person do everything."""
    async with server_api(env) as livekit:
        everything = api.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)
        await livekit.room.update_participant(
            api.UpdateParticipantRequest(room=room, identity=identity, permission=everything)
        )


# ------------------------------------------------------------ what it costs


async def livekit_calls(stack: Stack) -> float:
    """How many calls of LiveKit's API about people the stack's first worker has made."""
    url = f"http://{LOOPBACK}:{stack.ports.worker(0)}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        lines = (await answer.text()).splitlines()
    counted = ('call="set_permission"', 'call="remove"', 'call="people"')
    names = [line for line in lines if line.startswith("live_livekit_call_seconds_count")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in names if any(call in line for call in counted))
