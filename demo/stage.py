"""What a scene plays on: the stack, its workers, the people, and where it tells what happened."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from livekit import api

from demo.checks import Scoreboard
from demo.timeline import Timeline
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.relay_packet import Refusal
from local.people.waiting import until
from local.stack import Stack

AGENT = 4
"""LiveKit's ParticipantInfo.Kind of an agent."""


class StageWatch:
    """A stopwatch, started when it is made."""

    def __init__(self) -> None:
        self.begun = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self.begun


@dataclass(frozen=True, slots=True)
class Hosted:
    """A session with its host inside."""

    host: Person
    session: OpenSession
    at_host: Device


class Stage:
    """What every scene shares; what one of them leaves in `sessions`, `forged` and `through_assistant` is for the
    books."""

    def __init__(
        self,
        stack: Stack,
        people: People,
        livekit: api.LiveKitAPI,
        timeline: Timeline,
        checks: Scoreboard,
        understudy: Awaitable[None],
    ) -> None:
        """`understudy`: done when the second worker is ready."""
        self.stack, self.people, self.checks, self.understudy = stack, people, checks, understudy
        self.forged: Counter[Refusal] = Counter()
        """What phones had to refuse because a scene forged it."""
        self.sessions: list[OpenSession] = []
        self.through_assistant: list[str] = []
        """Requests for moderation that an assistant made, rehearsals among them."""
        self._livekit, self._timeline = livekit, timeline

    def tell(self, who: Person | str, what: str, seconds: float | None = None) -> None:
        """A line on the timeline: who did what, and how long it took, in seconds."""
        self._timeline.tell(who if isinstance(who, str) else who.name, what, seconds)

    def leave_out(self, beginning: str, why: str) -> None:
        """Checks, by the beginning of their names, that cannot be tried on this machine; said aloud."""
        self._timeline.trouble(f"NOT TRIED: {why}")
        self.checks.leave_out(beginning, why)

    async def host(self, name: str, kind: str, access: str, title: str, **more: int) -> Hosted:
        """A creator who opens a session and is in it."""
        host = await self.people.arrive(name, creator=True)
        session = await host.open_session(kind, access, title, **more)
        self.sessions.append(session)
        return Hosted(host, session, await host.enter(session.id, session.join))

    async def agents_in(self, room: str) -> int:
        """How many agents LiveKit itself counts in a room; a witness, who negotiates no media, is never active."""
        listed = await self._livekit.room.list_participants(api.ListParticipantsRequest(room=room))
        active = api.ParticipantInfo.State.ACTIVE
        return sum(1 for one in listed.participants if one.kind == AGENT and one.state == active)

    async def moderator_of(self, room: str) -> str:
        """The worker that holds the room's lease now, waiting until one does."""

        async def holder() -> str | None:
            now = await self.people.service.rpc("agent_overview")
            return next((r["worker_id"] for r in now["rooms"] if r["room"] == room and r["moderated"]), None)

        return await until("somebody moderates the room", holder, within=15)

    @asynccontextmanager
    async def setting(self, key: str, value: object) -> AsyncIterator[None]:
        """`app_settings` with another value, until the scene is through with it."""
        service = self.people.service
        row = await service.row("app_settings", key=f"eq.{key}")
        assert row is not None
        await service.update("app_settings", {"value": value}, key=f"eq.{key}")
        try:
            yield
        finally:
            await service.update("app_settings", {"value": row["value"]}, key=f"eq.{key}")
