"""What a room says in LiveKit: notices to one person, the session's events to all, levels to who may see them.

Nothing is said past the room's lease.
"""

import asyncio
import contextlib
import logging
import uuid

from agent.core.envelope import TOPIC_EVENTS, TOPIC_LEVELS, TOPIC_NOTICE, Envelope
from agent.core.held_room import HeldRoom
from agent.core.levels_payload import levels_payload
from agent.core.ports import PortError
from agent.core.world import World
from handlers.effects import Beacon, Notify, Relay, ShowLevels
from handlers.events import Event, EventsNotRelayed, EventsRelayed
from handlers.facts import LiveEvent
from moderation.timestamps import seconds_of, text_of

log = logging.getLogger(__name__)

NOTICE_SECONDS = 2.0


class Sender:
    def __init__(self, held: HeldRoom, world: World, envelope: Envelope) -> None:
        self._held, self._world, self._envelope = held, world, envelope

    async def notify(self, notice: Notify, seconds: float = NOTICE_SECONDS) -> None:
        """Best effort: the database has the record."""
        now, to = self._world.shared.clock.now(), notice.identity
        event = LiveEvent(0, str(uuid.uuid4()), notice.type.value, text_of(now), notice.payload)
        try:
            self._world.puller.need_lease(self._held)
            async with asyncio.timeout(seconds):
                for packet in self._envelope.packets(TOPIC_NOTICE, (event,), now, to=to):
                    await self._world.inside.send(packet, TOPIC_NOTICE, (to,))
        except (PortError, TimeoutError) as error:
            log.warning(
                "notice not sent",
                extra={"room": self._held.lease.room, "type": notice.type.value, "error": repr(error)},
            )

    async def relay(self, effect: Relay) -> Event:
        """Send a batch of events to everyone: `EventsRelayed`, or why not."""
        try:
            await self._tell(effect.events, effect.last_seq)
        except PortError as error:
            self._world.shared.metrics.relay_failures.inc()
            return EventsNotRelayed(str(error))
        sent_at = self._world.shared.clock.now()
        for event in effect.events:
            self._world.shared.metrics.relay_lag.observe(max(0.0, sent_at - seconds_of(event.at)))
        return EventsRelayed(effect.last_seq)

    async def beacon(self, effect: Beacon) -> None:
        """Say how far the stream goes, so that anyone who missed the end of it notices. Best effort."""
        with contextlib.suppress(PortError):
            await self._tell((), effect.last_seq, hints=effect.hints)

    async def _tell(self, events: tuple[LiveEvent, ...], last_seq: int, *, hints: bool = True) -> None:
        self._world.puller.need_lease(self._held)
        now = self._world.shared.clock.now()
        for packet in self._envelope.packets(TOPIC_EVENTS, events, now, last_seq=last_seq, hints=hints):
            await self._world.inside.send(packet, TOPIC_EVENTS)

    async def show_levels(self, effect: ShowLevels) -> None:
        """Best effort: the next one replaces it."""
        payload = levels_payload(effect)
        if effect.watched:
            self._world.shared.screen.show(self._envelope.subject_id, payload)
        if not effect.to:
            return
        now = self._world.shared.clock.now()
        event = LiveEvent(0, str(uuid.uuid4()), "levels", text_of(now), payload)
        with contextlib.suppress(PortError):
            self._world.puller.need_lease(self._held)
            for packet in self._envelope.packets(TOPIC_LEVELS, (event,), now):
                await self._world.inside.send(packet, TOPIC_LEVELS, effect.to)
