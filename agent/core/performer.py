"""Carries out effects and reports each outcome as an event. A room acts on the world here, and speaks in `sender`.

Order per person comes from the handlers, which ask for one change at a time; here each effect is a task of its own.
Past its lease a room begins nothing, except that revocations already known may be re-asserted while the database does
not answer: those are harmless twice.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, assert_never

from agent.core.answers import compared, failure_of
from agent.core.envelope import Envelope
from agent.core.held_room import HeldRoom
from agent.core.lease import Clip, Cursor, Finish, Incident, Joined, Left, Minute, OnAir
from agent.core.metrics import count
from agent.core.ports import PortError
from agent.core.sender import Sender
from agent.core.world import World
from handlers.effects import (
    AdvanceCursor,
    Beacon,
    CloseRoom,
    Count,
    Effect,
    FinishAction,
    HearSounds,
    KeepSound,
    Leave,
    Notify,
    RecordIncident,
    RecordJoined,
    RecordLeft,
    RecordMedia,
    RecordMinute,
    Relay,
    RemoveParticipant,
    ReportPolicy,
    Resync,
    SetPermission,
    ShowLevels,
    TakeClip,
)
from handlers.events import (
    Event,
    ParticipantNotRemoved,
    ParticipantRemoved,
    PermissionNotSet,
    PermissionSet,
    RoomClosed,
    RoomNotClosed,
    RoomSynced,
)

log = logging.getLogger(__name__)

CONCURRENT_CALLS = 16
LAST_WORDS_SECONDS = 0.5
"""A notice that is not on the wire by then is dropped: it must not hold up a removal."""
HEAD_START_SECONDS = 0.025
"""A removal travels by another way than the notice before it, and nothing tells when that has arrived."""


class Performer:
    def __init__(
        self,
        held: HeldRoom,
        world: World,
        envelope: Envelope,
        report: Callable[[Event], None],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._held, self._lease = held, held.lease
        self._world, self._shared = world, world.shared
        self._report, self._tasks = report, tasks
        self._sender = Sender(held, world, envelope)
        self._slots = asyncio.Semaphore(CONCURRENT_CALLS)

    def perform(self, effect: Effect) -> None:  # noqa: C901  (one line per kind of effect)
        """Begin an effect. Never blocks, and never raises for what the world does."""
        match effect:
            case SetPermission():
                self._begin(self._set_permission(effect), crowd=not effect.revokes)
            case RemoveParticipant():
                self._begin(self._remove(effect))
            case Notify():
                self._begin(self._sender.notify(effect))
            case Relay():
                self._begin(self._sender.relay(effect))
            case Beacon():
                self._begin(self._sender.beacon(effect))
            case Resync():
                self._begin(self._resync(effect))
            case CloseRoom():
                self._begin(self._close())
            case RecordJoined():
                self._world.outboxes.presence.add(Joined(self._lease, effect.identity, effect.connection))
            case RecordLeft():
                left = Left(self._lease, effect.identity, effect.sid, effect.reason, effect.at_ms)
                self._world.outboxes.presence.add(left)
            case FinishAction():
                self._world.outboxes.finishes.add(Finish(self._lease, effect, self._shared.clock.now()))
            case AdvanceCursor():
                self._world.outboxes.cursors.add(Cursor(self._lease, effect.seq))
            case HearSounds():
                self._world.inside.sounds.hear(on=effect.on)
            case RecordIncident():
                self._incident(effect)
            case KeepSound():
                self._world.inside.sounds.keep(effect.of, effect.seconds)
            case TakeClip():
                self._clip(effect)
            case RecordMinute():
                self._world.outboxes.minutes.add(Minute(self._lease, effect))
            case RecordMedia():
                self._world.outboxes.media.add(OnAir(self._lease, effect))
            case ShowLevels():
                self._begin(self._sender.show_levels(effect))
            case ReportPolicy():
                self._shared.metrics.bad_policies.inc()
                told = {"problems": effect.problems, "mode": effect.mode}
                log.error("policy cannot be used", extra={**self._where(), **told})
            case Count():
                count(self._shared.metrics, effect.metric)
            case Leave():
                pass  # the room's loop ends on it
            case _:
                assert_never(effect)

    def _begin(self, work: Coroutine[Any, Any, Event | None], *, crowd: bool = False) -> None:
        self._tasks.create_task(self._reporting(self._in_turn(work) if crowd else work))

    async def _in_turn(self, work: Coroutine[Any, Any, Event | None]) -> Event | None:
        """For what comes by the hundred and can wait: removals, mutes and packets never queue behind it."""
        try:
            async with self._slots:
                return await work
        finally:
            work.close()  # where its turn never came

    async def _reporting(self, work: Coroutine[Any, Any, Event | None]) -> None:
        outcome = await work
        if outcome is not None:
            self._report(outcome)

    async def _set_permission(self, effect: SetPermission) -> Event:
        try:
            self._world.puller.need_lease(self._held, harmless_twice=effect.revokes)
            await self._shared.calls.set_permission(
                self._lease.room, effect.identity, effect.permission, urgent=effect.revokes
            )
        except PortError as error:
            return PermissionNotSet(effect.identity, effect.sid, failure_of(error), str(error))
        return PermissionSet(effect.identity, effect.sid, effect.permission)

    async def _remove(self, effect: RemoveParticipant) -> Event:
        try:
            self._world.puller.need_lease(self._held, harmless_twice=effect.ban)
            await self._sender.notify(effect.notice, LAST_WORDS_SECONDS)
            await asyncio.sleep(HEAD_START_SECONDS)
            await self._shared.calls.remove(self._lease.room, effect.identity)
        except PortError as error:
            return ParticipantNotRemoved(effect.identity, effect.sid, failure_of(error), str(error))
        return ParticipantRemoved(effect.identity, effect.sid)

    def _incident(self, effect: RecordIncident) -> None:
        decision = effect.decision
        self._shared.metrics.incidents.labels(decision.rule.value, decision.step.value).inc()
        observed = {
            "rule": decision.rule.value,
            "step": decision.step.value,
            "observed_only": decision.dry_run,
        }
        log.info("rule broken", extra={**self._where(), **observed})
        self._world.outboxes.incidents.add(Incident(self._lease, effect))

    def _clip(self, effect: TakeClip) -> None:
        clips, lease = self._shared.clips, self._lease
        self._world.inside.sounds.clip(
            effect.identity, effect.after_seconds, lambda blocks: clips.add(Clip(lease, effect, blocks))
        )

    def _where(self) -> dict[str, str]:
        return {"room": self._lease.room}

    async def _resync(self, effect: Resync) -> Event | None:
        if not effect.doubt:
            return RoomSynced(self._world.inside.present())
        try:
            listing = await self._shared.calls.people(self._lease.room)
        except PortError as error:
            log.warning("listing failed", extra={"room": self._lease.room, "error": str(error)})
            return None
        synced = compared(listing, self._world.inside.identity, self._world.inside.present())
        if synced is None:
            log.warning("LiveKit's list misses ourselves", extra=self._where())
            self._shared.metrics.contradictions.labels("agent").inc()
        return synced

    async def _close(self) -> Event:
        try:
            self._world.puller.need_lease(self._held)
            await self._shared.calls.close(self._lease.room)
        except PortError as error:
            return RoomNotClosed(failure_of(error), str(error))
        return RoomClosed()
