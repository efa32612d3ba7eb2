"""Carries out effects and reports each outcome as an event. The only place where a room acts on the world.

Order per person comes from the handlers, which ask for one change at a time; here each effect is a task of its own.
Past its lease a room begins nothing, except that revocations already known may be re-asserted while the database does
not answer: those are harmless twice.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, assert_never

from agent.core.answers import compared, failure_of
from agent.core.envelope import TOPIC_EVENTS, TOPIC_LEVELS, TOPIC_NOTICE, Envelope
from agent.core.levels_payload import levels_payload
from agent.core.outboxes import Outboxes
from agent.core.ports import (
    Clip,
    Cursor,
    Finish,
    HiddenParticipant,
    Incident,
    Joined,
    Left,
    Minute,
    OnAir,
    PortError,
    Unavailable,
)
from agent.core.puller import HeldRoom, Puller
from agent.core.shared import Shared
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
    Metric,
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
    EventsNotRelayed,
    EventsRelayed,
    LiveEvent,
    ParticipantNotRemoved,
    ParticipantRemoved,
    PermissionNotSet,
    PermissionSet,
    RoomClosed,
    RoomNotClosed,
    RoomSynced,
)
from moderation.timestamps import seconds_of, text_of

log = logging.getLogger(__name__)

CONCURRENT_CALLS = 16
NOTICE_SECONDS = 2.0
LAST_WORDS_SECONDS = 0.5
"""A notice that is not on the wire by then is dropped: it must not hold up a removal."""
HEAD_START_SECONDS = 0.025
"""A removal travels by another way than the notice before it, and nothing tells when that has arrived."""


@dataclass(frozen=True, slots=True)
class World:
    """All that a room may touch."""

    inside: HiddenParticipant
    shared: Shared
    outboxes: Outboxes
    puller: Puller


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
        self._envelope, self._report, self._tasks = envelope, report, tasks
        self._slots = asyncio.Semaphore(CONCURRENT_CALLS)

    def perform(self, effect: Effect) -> None:  # noqa: C901  (one line per kind of effect)
        """Begin an effect. Never blocks, and never raises for what the world does."""
        match effect:
            case SetPermission():
                self._begin(self._set_permission(effect), crowd=not effect.revokes)
            case RemoveParticipant():
                self._begin(self._remove(effect))
            case Notify():
                self._begin(self._notify(effect))
            case Relay():
                self._begin(self._relay(effect))
            case Beacon():
                self._begin(self._beacon(effect.last_seq))
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
                self._begin(self._show_levels(effect))
            case ReportPolicy():
                self._shared.metrics.bad_policies.inc()
                told = {"problems": effect.problems, "mode": effect.mode}
                log.error("policy cannot be used", extra={**self._where(), **told})
            case Count():
                self._count(effect.metric)
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

    def _need_lease(self, *, harmless_twice: bool = False) -> None:
        """Raises Unavailable when this may not be begun now."""
        if self._world.puller.may_act(self._held):
            return
        if not (harmless_twice and not self._world.puller.reachable):
            msg = "the lease has lapsed; nothing is begun until it is renewed"
            raise Unavailable(msg)

    async def _set_permission(self, effect: SetPermission) -> Event:
        try:
            self._need_lease(harmless_twice=effect.revokes)
            await self._shared.actions.set_permission(
                self._lease.room, effect.identity, effect.permission, urgent=effect.revokes
            )
        except PortError as error:
            return PermissionNotSet(effect.identity, effect.sid, failure_of(error), str(error))
        return PermissionSet(effect.identity, effect.sid, effect.permission)

    async def _remove(self, effect: RemoveParticipant) -> Event:
        try:
            self._need_lease(harmless_twice=effect.ban)
            await self._notify(effect.notice, LAST_WORDS_SECONDS)
            await asyncio.sleep(HEAD_START_SECONDS)
            await self._shared.actions.remove(self._lease.room, effect.identity)
        except PortError as error:
            return ParticipantNotRemoved(effect.identity, effect.sid, failure_of(error), str(error))
        return ParticipantRemoved(effect.identity, effect.sid)

    async def _notify(self, notice: Notify, seconds: float = NOTICE_SECONDS) -> None:
        """Best effort: the database has the record."""
        now, to = self._shared.clock.now(), notice.identity
        event = LiveEvent(0, str(uuid.uuid4()), notice.type.value, text_of(now), notice.payload)
        try:
            self._need_lease()
            async with asyncio.timeout(seconds):
                for packet in self._envelope.packets(TOPIC_NOTICE, (event,), now, to=to):
                    await self._world.inside.send(packet, TOPIC_NOTICE, (to,))
        except (PortError, TimeoutError) as error:
            log.warning(
                "notice not sent",
                extra={"room": self._lease.room, "type": notice.type.value, "error": repr(error)},
            )

    async def _relay(self, effect: Relay) -> Event:
        try:
            await self._tell(effect.events, effect.last_seq)
        except PortError as error:
            self._shared.metrics.relay_failures.inc()
            return EventsNotRelayed(str(error))
        sent_at = self._shared.clock.now()
        for event in effect.events:
            self._shared.metrics.relay_lag.observe(max(0.0, sent_at - seconds_of(event.at)))
        return EventsRelayed(effect.last_seq)

    async def _beacon(self, last_seq: int) -> None:
        with contextlib.suppress(PortError):
            await self._tell((), last_seq)

    async def _tell(self, events: tuple[LiveEvent, ...], last_seq: int) -> None:
        self._need_lease()
        now = self._shared.clock.now()
        for packet in self._envelope.packets(TOPIC_EVENTS, events, now, last_seq=last_seq):
            await self._world.inside.send(packet, TOPIC_EVENTS)

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

    async def _show_levels(self, effect: ShowLevels) -> None:
        """Best effort: the next one replaces it."""
        payload = levels_payload(effect)
        if effect.watched:
            self._shared.screen.show(self._envelope.subject_id, payload)
        if not effect.to:
            return
        now = self._shared.clock.now()
        event = LiveEvent(0, str(uuid.uuid4()), "levels", text_of(now), payload)
        with contextlib.suppress(PortError):
            self._need_lease()
            for packet in self._envelope.packets(TOPIC_LEVELS, (event,), now):
                await self._world.inside.send(packet, TOPIC_LEVELS, effect.to)

    def _where(self) -> dict[str, str]:
        return {"room": self._lease.room}

    async def _resync(self, effect: Resync) -> Event | None:
        if not effect.doubt:
            return RoomSynced(self._world.inside.present())
        try:
            listing = await self._shared.actions.people(self._lease.room)
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
            self._need_lease()
            await self._shared.actions.close(self._lease.room)
        except PortError as error:
            return RoomNotClosed(str(error))
        return RoomClosed()

    def _count(self, metric: Metric) -> None:
        match metric:
            case Metric.DRIFT_FOUND:
                self._shared.metrics.drift.inc()
            case Metric.PRESENCE_CORRECTED:
                self._shared.metrics.presence_corrections.inc()
            case Metric.LISTING_CONTRADICTED:
                self._shared.metrics.contradictions.labels("person").inc()
            case Metric.TRACK_DISGUISED:
                self._shared.metrics.disguises.inc()
            case Metric.HOST_NOT_MEASURABLE:
                self._shared.metrics.hosts_not_measurable.inc()
            case _:
                assert_never(metric)
