"""One room's whole world in virtual time: LiveKit, the database, an agent between them, and everything that goes wrong.

Owns the clock and what comes when. The decisions are the real handlers'; calls take time, are lost before or after they
are taken, and answers come in any order; reports come late, twice or not at all; the agent crashes and is replaced.
"""

import contextlib
import heapq
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from agent.core.answers import compared
from agent.core.lease import ClaimOutcome, Cursor, Finish, Joined, Known, Lease, Left, RoomName
from agent.core.ports import PortError, TargetGone, Unavailable
from handlers.effects import (
    AdvanceCursor,
    Count,
    Effect,
    FinishAction,
    Metric,
    RecordJoined,
    RecordLeft,
    Relay,
    RemoveParticipant,
    Resync,
    SetPermission,
)
from handlers.events import (
    Event,
    EventsNotRelayed,
    EventsRelayed,
    Failure,
    ParticipantJoined,
    ParticipantNotRemoved,
    ParticipantRemoved,
    PermissionNotSet,
    PermissionSet,
    PresenceRecorded,
    RoomSynced,
    Ticked,
)
from handlers.facts import Identity, Sid
from handlers.room import handle
from handlers.state import RoomState
from moderation.desired import Permission, effective_permission
from tests.fakes.livekit import FakeRoom, LiveKit
from tests.fakes.scene import RIGHTS, START
from tests.fakes.store import FINAL, Database, FakeStore

Answer = TypeVar("Answer")

ROOM = RoomName("room")
BOT = Identity("agent")
LEASE_SECONDS = 3.0
BEAT_SECONDS = 1.0


def at_once(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine that waits for nothing: the fakes' are all like that."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("it waits for something")


def shown_by(event: Event) -> set[Sid]:
    match event:
        case ParticipantJoined():
            return {event.connection.sid}
        case RoomSynced(listed=False):
            return {connection.sid for _, connection in event.present}
        case _:
            return set()


@dataclass
class Agent:
    """One life of an agent: what dies with it when it crashes."""

    store: FakeStore
    lease: Lease
    cursor: str
    state: RoomState = field(default_factory=RoomState)
    valid_until: float = 0.0
    reachable: bool = True
    pulling: bool = False
    outbox: list[Joined | Left | Finish | Cursor] = field(default_factory=list)
    sending: bool = False
    tick_at: float | None = None
    shown: set[Sid] = field(default_factory=set)
    """Connections that the room itself has shown it."""


class World:
    """`faults`: the share of calls and reports that something happens to, 0 for a perfect world. `ahead`: seconds by
    which LiveKit's clock differs from the database's."""

    def __init__(self, seed: int, faults: float, ahead: float = 0.0) -> None:
        self.now = START
        self.random, self.faults = Random(seed), faults  # noqa: S311  (it draws mishaps)
        self.database = Database(lambda: self.now)
        self.livekit = LiveKit(lambda: self.now + ahead, joining_seconds=0.2)
        self.calls = FakeRoom(self.livekit)
        self.agent: Agent | None = None
        self.relayed: list[int] = []
        self.drift_found = 0
        self.meddled: set[Sid] = set()
        """Connections that somebody else changed and nobody has told the agent of yet."""
        self.heard: set[Sid] = set()
        """Connections whose webhook or report did arrive."""
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._lives = itertools.count(1)
        self._lose_reports = False
        self.database.live(ROOM)
        self.rebirth()
        self.later(0.0, self.beat)
        self.later(0.7, self.batch)

    # -- time --------------------------------------------------------------------------

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now + seconds, next(self._order), what))

    def passes(self, seconds: float) -> None:
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            self.now, _, what = heapq.heappop(self._queue)
            what()
        self.now = end

    def unlucky(self) -> bool:
        return self.random.random() < self.faults

    def delay(self) -> float:
        """Mostly milliseconds, sometimes the better part of a second."""
        return self.random.uniform(0.001, 0.8 if self.unlucky() else 0.02)

    # -- people and moderators -------------------------------------------------------------

    def join(self, who: Identity, permission: Permission) -> None:
        if (old := self.connected(who)) is not None:
            self.leave(who, "duplicate_identity")
            assert old is not None
        connection = self.livekit.join(ROOM, who, permission)
        if not self.unlucky():
            self.heard.add(connection.sid)
            self.later(self.delay(), lambda: self.database.webhook_joined(ROOM, who, connection))
            self.later(self.delay() + 0.8, self.pull)

    def leave(self, who: Identity, reason: str = "client_initiated") -> None:
        if self.connected(who) is None:
            return
        sid = self.livekit.leave(ROOM, who, reason)
        at_ms = self.livekit.visits[sid][2] or 0
        if not self.unlucky():
            self.heard.add(sid)
            self.later(self.delay(), lambda: self.database.webhook_left(ROOM, who, sid, at_ms, reason))

    def meddle(self, who: Identity, permission: Permission) -> None:
        """Somebody else calls LiveKit's API."""
        member = self.livekit.rooms[ROOM].members.get(who) if ROOM in self.livekit.rooms else None
        if member is not None:
            member.connection = replace(member.connection, permission=permission)
            self.meddled.add(member.connection.sid)

    def ask(self, action: str, target: Identity | None = None, **fields: Any) -> None:
        self.database.ask(ROOM, action, target, **fields)
        if not self.unlucky():
            self.later(0.003, self.pull)

    def connected(self, who: Identity) -> Permission | None:
        member = self.livekit.rooms[ROOM].members.get(who) if ROOM in self.livekit.rooms else None
        return None if member is None else member.connection.permission

    # -- the agent's life --------------------------------------------------------------------

    def crash(self) -> None:
        """SIGKILL: what was not sent never will be."""
        self.agent = None
        self.later(0.5, self.rebirth)

    def rebirth(self) -> None:
        if self.agent is not None:
            return
        store = FakeStore(self.database, f"worker-{next(self._lives)}", LEASE_SECONDS)
        sent_at = self.now
        try:
            claim = at_once(store.claim(ROOM, Identity("agent")))
        except Unavailable:
            self.later(1.0, self.rebirth)
            return
        if claim.outcome is not ClaimOutcome.CLAIMED:
            self.later(1.0, self.rebirth)
            return
        assert claim.snapshot is not None
        self.livekit.join(ROOM, BOT, Permission(frozenset()), agent=True)
        born = Agent(store, Lease(ROOM, claim.epoch), claim.cursor, valid_until=sent_at + LEASE_SECONDS)
        self.agent = born
        snapshot = claim.snapshot
        self.tell(born, snapshot)
        self.later(self.delay(), lambda: self.tell_all(born, list(self.livekit.reconnect(ROOM))[-1:]))

    def tell(self, agent: Agent, event: Event) -> None:
        """The agent's loop takes one event and begins what it decides."""
        if agent is not self.agent:
            return
        agent.shown |= shown_by(event)
        for effect in handle(agent.state, event, self.now):
            self.perform(agent, effect)
        deadline = agent.state.next_deadline()
        if deadline is not None and (agent.tick_at is None or deadline < agent.tick_at):
            agent.tick_at = max(deadline, self.now)
            self.later(agent.tick_at - self.now, lambda: self.tick(agent))

    def tick(self, agent: Agent) -> None:
        agent.tick_at = None
        self.tell(agent, Ticked())

    def tell_all(self, agent: Agent | None, events: list[Event]) -> None:
        for event in events:
            if agent is not None:
                self.tell(agent, event)

    # -- news ---------------------------------------------------------------------------------

    def beat(self) -> None:
        self.later(BEAT_SECONDS, self.beat)
        self.pull()

    def pull(self) -> None:
        agent = self.agent
        if agent is None or agent.pulling:
            return
        agent.pulling, sent_at = True, self.now
        self.later(self.delay(), lambda: self._pulled(agent, sent_at))

    def _pulled(self, agent: Agent, sent_at: float) -> None:
        try:
            news = at_once(agent.store.pull({agent.lease: Known(agent.cursor)}))
        except Unavailable:
            agent.reachable = agent.pulling = False
            return
        self.later(self.delay(), lambda: self._news(agent, sent_at, news))

    def _news(self, agent: Agent, sent_at: float, news: tuple[Any, ...]) -> None:
        agent.pulling, agent.reachable, agent.valid_until = False, True, sent_at + LEASE_SECONDS
        for item in news:
            assert item.pulled is not None, "only one agent is alive"
            agent.cursor = item.cursor
            self.tell(agent, item.pulled)

    def lose_next_reports(self) -> None:
        self._lose_reports = True

    def batch(self) -> None:
        """What LiveKit tells the hidden participant, up to three seconds late."""
        self.later(self.random.uniform(0.2, 3.0), self.batch)
        events = list(self.livekit.batch(ROOM))
        lost, self._lose_reports = self._lose_reports, False
        if lost or self.agent is None:
            return
        self.meddled.clear()
        if self.unlucky():
            events = [event for event in events for _ in range(2)]
        self.tell_all(self.agent, events)

    def reconnect(self) -> None:
        self.tell_all(self.agent, list(self.livekit.reconnect(ROOM)))

    # -- effects ---------------------------------------------------------------------------------

    def perform(self, agent: Agent, effect: Effect) -> None:  # noqa: C901  (one line per kind of effect)
        match effect:
            case SetPermission(identity=who, sid=sid, permission=permission):
                allowed = self._may(agent, harmless_twice=effect.revokes)
                self._call(
                    agent,
                    lambda: at_once(self.calls.set_permission(ROOM, who, permission, urgent=True)),
                    allowed=allowed,
                    done=PermissionSet(who, sid, permission),
                    failed=lambda failure: PermissionNotSet(who, sid, failure, "no"),
                )
            case RemoveParticipant(identity=who, sid=sid):
                allowed = self._may(agent, harmless_twice=effect.ban)
                self._call(
                    agent,
                    lambda: at_once(self.calls.remove(ROOM, who)),
                    allowed=allowed,
                    done=ParticipantRemoved(who, sid),
                    failed=lambda failure: ParticipantNotRemoved(who, sid, failure, "no"),
                )
            case Relay(events=events):
                if self.unlucky() or not self._may(agent):
                    self.later(self.delay(), lambda: self.tell(agent, EventsNotRelayed("no")))
                else:
                    self.relayed += [event.seq for event in events]
                    self.later(self.delay(), lambda: self.tell(agent, EventsRelayed(events[-1].seq)))
            case Resync(doubt=doubt):
                self.later(self.delay(), lambda: self._list(agent, doubt=doubt))
            case RecordJoined(identity=who, connection=connection):
                self._write(agent, Joined(agent.lease, who, connection))
            case RecordLeft(identity=who, sid=sid, reason=reason, at_ms=at_ms):
                self._write(agent, Left(agent.lease, who, sid, reason, at_ms))
            case FinishAction():
                self._check_truth(agent, effect)
                self._write(agent, Finish(agent.lease, effect, self.now))
            case AdvanceCursor(seq=seq):
                self._write(agent, Cursor(agent.lease, seq))
            case Count(metric=Metric.DRIFT_FOUND):
                self.drift_found += 1
            case _:
                pass  # notices and beacons are words

    def _may(self, agent: Agent, *, harmless_twice: bool = False) -> bool:
        return self.now < agent.valid_until or (harmless_twice and not agent.reachable)

    def _call(
        self,
        agent: Agent,
        act: Callable[[], None],
        *,
        allowed: bool,
        done: Event,
        failed: Callable[[Failure], Event],
    ) -> None:
        """A call takes time to arrive, and its answer to come back; either may be lost."""

        def arrive() -> None:
            if agent is not self.agent:
                return
            lost, forgotten = self.unlucky(), self.unlucky()
            try:
                answer = failed(Failure.RETRYABLE)
                if allowed and not lost:
                    act()
                    answer = answer if forgotten else done
            except TargetGone:
                answer = failed(Failure.GONE)
            except PortError:
                answer = failed(Failure.RETRYABLE)
            self.later(self.delay(), lambda: self.tell(agent, answer))

        self.later(self.delay(), arrive)

    def _list(self, agent: Agent, *, doubt: bool) -> None:
        if not doubt:
            self.tell(agent, RoomSynced(self.livekit.view(ROOM)))
            return
        if self.calls.away or self.unlucky():
            return
        synced = compared(at_once(self.calls.people(ROOM)), BOT, self.livekit.view(ROOM))
        if synced is not None:
            self.later(self.delay(), lambda: self.tell(agent, synced))

    def _write(self, agent: Agent, row: Joined | Left | Finish | Cursor) -> None:
        agent.outbox.append(row)
        if not agent.sending:
            agent.sending = True
            self.later(self.delay(), lambda: self._flush(agent))

    def _flush(self, agent: Agent) -> None:
        if agent is not self.agent:
            return
        with contextlib.suppress(Unavailable):
            if not self.unlucky():
                self._deliver(agent, agent.outbox[0])
                if not self.unlucky():  # or else it is written, the answer is lost, and it is written again
                    agent.outbox.pop(0)
        agent.sending = bool(agent.outbox)
        if agent.sending:
            self.later(self.delay() + 0.05, lambda: self._flush(agent))

    def _deliver(self, agent: Agent, row: Joined | Left | Finish | Cursor) -> None:
        match row:
            case Finish():
                at_once(agent.store.finish([row]))
                self.later(self.delay(), self.pull)
            case Cursor():
                at_once(agent.store.relayed([row]))
            case Joined() | Left():
                (answer,) = at_once(agent.store.presence([row]))
                person = answer.person
                if person is not None and isinstance(row, Joined):
                    self.later(self.delay(), lambda: self.tell(agent, PresenceRecorded(person)))

    # -- what must hold -----------------------------------------------------------------------------

    def wanted(self, who: Identity) -> Permission:
        desired = self.database._desired(self.database.places[ROOM], who)
        return effective_permission(desired, RIGHTS["audio_room"], self.now)

    def _check_truth(self, agent: Agent, done: FinishAction) -> None:
        """A row that is reported as done is true, of every connection that the agent can know of."""
        row = self.database.places[ROOM].rows[done.action]
        target = row.action.target
        if target is None:
            return
        person = agent.state.people.get(target)
        member = self.livekit.rooms[ROOM].members.get(target) if ROOM in self.livekit.rooms else None
        if member is None:
            return
        sid = member.connection.sid
        if row.action.action == "kick":
            older = sid in row.action.connections
            assert not (older and sid in agent.shown), f"{target} is kicked and still there"
            return
        if person is None or person.connection is None:
            assert sid not in agent.shown, f"{row.action.action} reported as done as if {target} were away"
            return
        if person.connection.sid == sid and sid not in self.meddled:
            desired = agent.state.desired(person)
            allowed = effective_permission(desired, agent.state.rights, self.now)
            assert member.connection.permission is not None
            assert member.connection.permission.narrows(allowed), (
                f"{row.action.action} reported as done, but {target} may {member.connection.permission}"
            )

    def check_at_rest(self) -> None:
        """Nothing has happened for long enough: the world is what the database says."""
        place = self.database.places[ROOM]
        members = self.livekit.rooms[ROOM].members if ROOM in self.livekit.rooms else {}
        for who, member in members.items():
            if member.agent:
                continue
            desired = self.database._desired(place, who)
            assert desired.removed(self.now) is None, f"{who} is banned and inside"
            assert member.connection.permission == self.wanted(who), f"{who} has other rights than wanted"
        unfinished = {row.action.action: row.status for row in place.rows.values() if row.status not in FINAL}
        assert not unfinished
        self._check_visits()
        self._check_relay(len(place.events))
        self._check_removals()

    def _check_visits(self) -> None:
        booked = self.database.places[ROOM].visits
        for sid, (who, joined, left) in self.livekit.visits.items():
            if sid not in booked:
                assert left is not None, f"{who} is inside and not in the books"
                assert sid not in self.heard, f"a visit of {who} was told about and is not in the books"
                continue
            visit = booked[sid]
            if visit.left_at_ms is None and self._replaced_unheard(sid):
                continue
            assert (visit.left_at_ms is None) == (left is None), f"visit of {who}: {visit}, truly left {left}"
            assert visit.joined_ms in (joined, None)
        assert set(booked) <= set(self.livekit.visits)

    def _replaced_unheard(self, sid: Sid) -> bool:
        """Its webhooks told about the join and lost the leave, and the next connection came before anyone had looked:
        an agent learns of the latest open visit only. The end of the room closes this one."""
        who, since, _ = self.livekit.visits[sid]
        return any(one == who and later > since for one, later, _ in self.livekit.visits.values())

    def _check_relay(self, last: int) -> None:
        """Repeats are allowed where an answer was lost; gaps and steps back to the unseen are not."""
        furthest = 0
        for seq in self.relayed:
            assert seq <= furthest + 1, f"event {seq} after {furthest}"
            furthest = max(furthest, seq)
        assert furthest == last, "not all events were relayed"

    def _check_removals(self) -> None:
        rows = [row.action for row in self.database.places[ROOM].rows.values() if not row.dry_run]
        banned = {row.target for row in rows if row.action == "ban"}
        for who in {who for who, _ in self.livekit.removed} - banned:
            kicks = sum(row.action == "kick" and row.target == who for row in rows)
            assert sum(gone == who for gone, _ in self.livekit.removed) <= kicks, (
                f"{who} was kicked too often"
            )
