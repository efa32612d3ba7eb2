"""`agent.core.ports.Store` in memory: what the database's functions promise an agent, in the fewest lines that keep it.

It passes the suite that the real database passes (`tests/contract`). Beside the port it has what stands for everyone
else who writes to the database: the moderation door, webhooks, other transactions.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.core.fleet_facts import CheckedIn, Findings, FleetRole, Swept, Unclaimed, WorkerState
from agent.core.lease import (
    Claim,
    ClaimOutcome,
    Cursor,
    Finish,
    Incident,
    Joined,
    Known,
    Lease,
    Left,
    Minute,
    OnAir,
    Release,
    RoomFacts,
    RoomName,
    RoomPull,
    Written,
)
from agent.core.ports import Unavailable
from handlers.effects import RecordIncident, RecordMedia
from handlers.events import Pulled, SnapshotLoaded
from handlers.facts import Action, ActionId, Connection, Identity, LiveEvent, PersonFacts, Sid, Status
from moderation.action_names import AGENT_ACTIONS
from moderation.audio.stats import AudioMinute
from moderation.desired import Desired, Permission, Removal
from moderation.roles import Role
from tests.fakes.scene import DEFAULT_ROLES, RIGHTS

CLAIM_SECONDS = 10.0
SEEN_SECONDS = 5.0
FALLEN_GRACE = 0.25
FULL = 0.8
FINAL = frozenset({"applied", "failed", "expired", "cancelled"})


@dataclass
class Visit:
    """One connection's row: what was reported of it, and by whom."""

    identity: Identity
    joined_ms: int | None = None
    left: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Source to its earliest report of the end. `closed` is the database's own, for want of a report."""
    permission: Permission | None = None

    @property
    def joined_at_ms(self) -> int:
        ends = [at for at, _ in self.left.values()]
        return self.joined_ms if self.joined_ms is not None else min(ends)

    @property
    def left_at_ms(self) -> int | None:
        """The earliest report that is credible: not before the join. One of ours counts for want of a real one."""
        real = [at for source, (at, _) in self.left.items() if source != "closed"]
        ends = real or [at for at, _ in self.left.values()]
        credible = [at for at in ends if at >= self.joined_at_ms]
        return min(credible or [self.joined_at_ms]) if ends else None


@dataclass
class Row:
    action: Action
    status: str = "pending"
    dry_run: bool = False
    claimed_until: float = 0.0
    enforce_ms: float | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None

    @property
    def since(self) -> float:
        """When it was due, if it is."""
        return self.claimed_until if self.status == "claimed" else self.action.created_at_ms / 1000


@dataclass
class Place:
    """A session and everything about it."""

    name: RoomName
    context: str
    status: Status = Status.OPEN
    people: dict[Identity, Desired] = field(default_factory=dict)
    changed: dict[Identity, int] = field(default_factory=dict)
    changed_xid: int = 0
    visits: dict[Sid, Visit] = field(default_factory=dict)
    rows: dict[ActionId, Row] = field(default_factory=dict)
    events: list[LiveEvent] = field(default_factory=list)
    relayed: int = 0
    incidents: list[RecordIncident] = field(default_factory=list)
    minutes: dict[tuple[Identity, float], AudioMinute] = field(default_factory=dict)
    media: list[RecordMedia] = field(default_factory=list)
    worker: str | None = None
    epoch: int = 0
    expires_at: float = 0.0
    renewed_at: float = 0.0
    offered: bool = False

    @property
    def occupied(self) -> bool:
        return any(visit.left_at_ms is None for visit in self.visits.values())


@dataclass
class Up:
    """A worker process that has checked in."""

    state: WorkerState = field(default_factory=lambda: WorkerState(takes=False, rooms=0, load=0.0))
    seen_at: float = 0.0
    handed: dict[RoomName, float] = field(default_factory=dict)
    alive: bool = False
    """Whether its session lock is held."""
    fallen_at: float | None = None

    def up(self, now: float) -> bool:
        return self.fallen_at is None and self.seen_at > now - SEEN_SECONDS

    def fell_before(self, at: float, renewed_at: float) -> bool:
        """Whether it fell before then, and after it had renewed."""
        return self.fallen_at is not None and renewed_at <= self.fallen_at < at


class Database:
    """What all workers share. `clock`: seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.places: dict[RoomName, Place] = {}
        self.keys: dict[str, str] = {}
        self.workers: dict[str, Up] = {}
        self.leader: str | None = None
        self.leads_until = float("-inf")
        self.deputy: str | None = None
        self.away = False
        self._numbers = itertools.count(1)
        self._next_xid = 1
        self._open: set[int] = set()

    # -- everyone else ------------------------------------------------------------

    def live(self, name: RoomName, context: str = "audio_room") -> Place:
        place = self.places[name] = Place(name, context)
        return place

    def begin(self) -> int:
        """A transaction's id. What it changes is seen when it is committed."""
        xid, self._next_xid = self._next_xid, self._next_xid + 1
        self._open.add(xid)
        return xid

    def commit(self, xid: int) -> None:
        self._open.discard(xid)

    def set(self, name: RoomName, who: Identity, xid: int | None = None, **fields: Any) -> None:
        """Change what is wanted for someone. `xid`: a transaction that is committed right after."""
        place = self.places[name]
        place.people[who] = replace(self._desired(place, who), **fields)
        self._touch(place, who, xid)

    def ask(self, name: RoomName, action: str, target: Identity | None = None, **fields: Any) -> ActionId:
        """Insert a moderation row: validated elsewhere, here it only writes the desired state."""
        place, n = self.places[name], next(self._numbers)
        params = dict(fields.pop("params", {}))
        dry_run = fields.pop("dry_run", False)
        given: dict[str, Any] = {
            "id": ActionId(f"row-{n}"),
            "created_at_ms": round(self.clock() * 1000),
            "connections": frozenset(
                sid
                for sid, visit in place.visits.items()
                if visit.identity == target and visit.left_at_ms is None
            ),
        }
        if not dry_run:
            self._apply(place, action, target, params)
        row = Action(n=n, action=action, target=target, params=params, **{**given, **fields})
        no_agent = dry_run or action not in AGENT_ACTIONS
        place.rows[row.id] = Row(row, "applied" if no_agent else "pending", dry_run=dry_run)
        return row.id

    def emit(self, name: RoomName, kind: str = "gift") -> int:
        """Append an event to the session's stream."""
        place = self.places[name]
        seq = len(place.events) + 1
        place.events.append(LiveEvent(seq, f"{name}-{seq}", kind, "2027-01-15T08:00:00+00:00", {}))
        return seq

    def webhook_joined(self, name: RoomName, who: Identity, connection: Connection) -> None:
        self._joined(self.places[name], who, connection)
        self._touch(self.places[name], who)

    def webhook_left(self, name: RoomName, who: Identity, sid: Sid, at_ms: int, reason: str) -> None:
        self._left(self.places[name], "webhook", who, sid, at_ms, reason)
        self._touch(self.places[name], who)

    # -- the rules ------------------------------------------------------------------

    def _apply(self, place: Place, action: str, target: Identity | None, params: dict[str, Any]) -> None:
        seconds = params.get("seconds")
        until = None if seconds is None else self.clock() + seconds
        match action:
            case "mute" | "unmute" if target is not None:
                muted = action == "mute"
                self.set(place.name, target, mic_muted=muted, mic_muted_until=until if muted else None)
            case "camera_off" | "camera_on" if target is not None:
                self.set(place.name, target, camera_off=action == "camera_off")
            case "set_role" if target is not None:
                self.set(place.name, target, role=Role(params["role"]))
            case "ban" | "unban" if target is not None:
                self.set(place.name, target, removal=Removal("banned", until) if action == "ban" else None)
            case "mute_all" | "unmute_all":
                for who, desired in list(place.people.items()):
                    if desired.role not in (Role.HOST, Role.MODERATOR):
                        self.set(place.name, who, mic_muted=action == "mute_all", mic_muted_until=None)
            case "announce":
                params["seq"] = self.emit(place.name, "system")
            case "end_session":
                self.emit(place.name, "session_ended")
                place.status, place.changed_xid = Status.OVER, self._xid()
            case _:
                pass  # kick, chat and messages leave the desired state as it is

    def _desired(self, place: Place, who: Identity) -> Desired:
        default = DEFAULT_ROLES[place.context]
        return place.people.get(who) or Desired(default or Role.PARTY)

    def _xid(self) -> int:
        xid = self.begin()
        self.commit(xid)
        return xid

    def _touch(self, place: Place, who: Identity, xid: int | None = None) -> None:
        place.people.setdefault(who, self._desired(place, who))
        place.changed[who] = self._xid() if xid is None else xid

    def _joined(self, place: Place, who: Identity, connection: Connection) -> None:
        if who not in place.people:
            self._touch(place, who)
        visit = place.visits.setdefault(connection.sid, Visit(who))
        known = visit.joined_ms
        visit.joined_ms = connection.joined_at_ms if known is None else min(known, connection.joined_at_ms)
        visit.permission = visit.permission or connection.permission

    def _left(self, place: Place, source: str, who: Identity, sid: Sid, at_ms: int, reason: str) -> None:
        if who not in place.people:
            self._touch(place, who)
        visit = place.visits.setdefault(sid, Visit(who))
        visit.left[source] = min(visit.left.get(source, (at_ms, reason)), (at_ms, reason))

    def _person(self, place: Place, who: Identity) -> PersonFacts:
        visits = [
            Connection(sid, visit.joined_at_ms, visit.permission)
            for sid, visit in place.visits.items()
            if visit.identity == who and visit.left_at_ms is None
        ]
        latest = max(visits, key=lambda connection: connection.joined_at_ms, default=None)
        return PersonFacts(who, self._desired(place, who), latest)

    def _holds(self, worker: str, lease: Lease) -> bool:
        place = self.places.get(lease.room)
        return place is not None and (place.worker, place.epoch) == (worker, lease.epoch)

    def _horizon(self) -> int:
        """The first transaction that may still become visible: `pg_snapshot_xmin`."""
        return min(self._open, default=self._next_xid)

    def _seen(self, place: Place, since: int) -> list[Identity]:
        return [who for who, xid in place.changed.items() if xid >= since and xid not in self._open]


class FakeStore:
    """One worker's view of a `Database`."""

    def __init__(self, database: Database, worker: str, lease_seconds: float = 3.0) -> None:
        self._db, self._worker, self._lease_seconds = database, worker, lease_seconds
        self.failed_at = float("-inf")

    def now(self) -> float:
        return self._db.clock()

    def _reach(self) -> None:
        if self._db.away:
            raise Unavailable("the database is away")

    async def claim(self, room: RoomName, bot: Identity) -> Claim:  # noqa: ARG002
        self._reach()
        place = self._db.places.get(room)
        if place is None:
            return Claim(ClaimOutcome.UNKNOWN)
        if place.status is Status.OVER:
            return Claim(ClaimOutcome.ENDED)
        held = place.worker not in (None, self._worker) and self.now() < place.expires_at
        holder = self._db.workers.get(place.worker or "")
        fell = holder is not None and holder.fell_before(self.now() - FALLEN_GRACE, place.renewed_at)
        if held and not place.offered and not fell:
            return Claim(ClaimOutcome.HELD)
        place.worker, place.epoch, place.offered = self._worker, place.epoch + 1, False
        place.expires_at, place.renewed_at = self.now() + self._lease_seconds, self.now()
        for row in place.rows.values():
            if row.status == "claimed":
                row.status = "pending"
        cursor = str(self._db._horizon())
        facts = RoomFacts("session", f"id-{room}")
        return Claim(ClaimOutcome.CLAIMED, place.epoch, facts, self._snapshot(place), cursor)

    def _snapshot(self, place: Place) -> SnapshotLoaded:
        return SnapshotLoaded(
            status=place.status,
            default_role=DEFAULT_ROLES[place.context],
            rights=RIGHTS[place.context],
            people=tuple(self._db._person(place, who) for who in place.people),
            open_visits=tuple(
                (sid, visit.identity) for sid, visit in place.visits.items() if visit.left_at_ms is None
            ),
            streams=True,
            relayed_seq=place.relayed,
        )

    async def pull(self, rooms: Mapping[Lease, Known]) -> tuple[RoomPull, ...]:
        self._reach()
        return tuple(news for lease, known in rooms.items() if (news := self._news(lease, known)))

    async def waiting(self) -> frozenset[RoomName]:
        self._reach()
        return frozenset(
            place.name
            for place in self._db.places.values()
            if place.worker == self._worker
            and self.now() < place.expires_at
            and any(row.status == "pending" for row in place.rows.values())
        )

    def _news(self, lease: Lease, known: Known) -> RoomPull | None:
        if not self._db._holds(self._worker, lease):
            return RoomPull(lease.room, None)
        place, since = self._db.places[lease.room], int(known.cursor)
        place.expires_at, place.renewed_at = self.now() + self._lease_seconds, self.now()
        changed = self._db._seen(place, since)
        actions = tuple(self._claim_rows(place, known.in_hand))
        events = tuple(place.events[place.relayed :])
        if not (changed or actions or events or place.changed_xid >= since):
            return None
        people = tuple(self._db._person(place, who) for who in changed)
        pulled = Pulled(place.status, people, actions, events)
        return RoomPull(lease.room, pulled, str(self._db._horizon()))

    def _due(self, place: Place, in_hand: frozenset[ActionId] | None = None) -> list[Row]:
        due, waiting = [], set()
        for row in sorted(place.rows.values(), key=lambda row: row.action.n):
            if row.status in FINAL or row.action.target in waiting:
                continue
            waiting.add(row.action.target)
            lost = in_hand is not None and row.action.id not in in_hand
            if row.status == "pending" or row.claimed_until <= self.now() or lost:
                due.append(row)
        return due

    def _claim_rows(self, place: Place, in_hand: frozenset[ActionId] | None) -> list[Action]:
        due = self._due(place, in_hand)
        for row in due:
            row.status, row.claimed_until = "claimed", self.now() + CLAIM_SECONDS
        return [row.action for row in due]

    async def presence(self, reports: Sequence[Joined | Left]) -> Sequence[Written]:
        self._reach()
        return [self._report(report) for report in reports]

    def _report(self, report: Joined | Left) -> Written:
        if not self._db._holds(self._worker, report.lease):
            return Written(ok=False, error="fenced")
        place = self._db.places[report.lease.room]
        match report:
            case Joined():
                self._db._joined(place, report.identity, report.connection)
            case Left():
                self._db._left(place, "agent", report.identity, report.sid, report.at_ms, report.reason)
        return Written(ok=True, person=self._db._person(place, report.identity))

    async def finish(self, finishes: Sequence[Finish]) -> Sequence[Written]:
        self._reach()
        return [self._finish(finish) for finish in finishes]

    def _finish(self, finish: Finish) -> Written:
        if not self._db._holds(self._worker, finish.lease):
            return Written(ok=False, error="fenced")
        row = self._db.places[finish.lease.room].rows.get(finish.effect.action)
        if row is None:
            return Written(ok=False, error="unknown_action")
        if row.status not in FINAL:
            row.status = finish.effect.verdict.value
            row.before, row.after = finish.effect.before, finish.effect.after
            row.enforce_ms = max(0.0, self.now() * 1000 - row.action.created_at_ms)
        return Written(ok=True, action=row.action.action, enforce_ms=row.enforce_ms)

    async def relayed(self, cursors: Sequence[Cursor]) -> Sequence[Written]:
        self._reach()
        answers = []
        for cursor in cursors:
            held = self._db._holds(self._worker, cursor.lease)
            if held:
                place = self._db.places[cursor.lease.room]
                place.relayed = max(place.relayed, min(cursor.seq, len(place.events)))
            answers.append(Written(ok=held, error=None if held else "fenced"))
        return answers

    async def incidents(self, incidents: Sequence[Incident]) -> Sequence[Written]:
        self._reach()
        return [self._incident(incident) for incident in incidents]

    def _incident(self, incident: Incident) -> Written:
        if not self._db._holds(self._worker, incident.lease):
            return Written(ok=False, error="fenced")
        self._db.places[incident.lease.room].incidents.append(incident.effect)
        return Written(ok=True)

    async def minutes(self, minutes: Sequence[Minute]) -> Sequence[Written]:
        self._reach()
        for minute in minutes:
            if self._db._holds(self._worker, minute.lease):
                begins, who = minute.effect.begins, minute.effect.identity
                self._db.places[minute.lease.room].minutes[who, begins] = minute.effect.figures
        return [Written(ok=True) for _ in minutes]

    async def media(self, rows: Sequence[OnAir]) -> Sequence[Written]:
        self._reach()
        for row in rows:
            if self._db._holds(self._worker, row.lease):
                self._db.places[row.lease.room].media.append(row.effect)
        return [Written(ok=True) for _ in rows]

    async def release(self, releases: Sequence[Release]) -> None:
        self._reach()
        for release in releases:
            if not self._db._holds(self._worker, release.lease):
                continue
            place = self._db.places[release.lease.room]
            place.expires_at = self.now()
            for visit in place.visits.values():
                if release.closed and visit.left_at_ms is None:
                    visit.left["closed"] = (release.at_ms, "room_closed")

    async def publish_key(self, kid: str, public_key: str) -> bool:
        self._reach()
        self._db.keys[kid] = public_key
        return True

    async def check_in(self, state: WorkerState, early_seconds: float) -> CheckedIn:
        self._reach()
        db, now, me = self._db, self.now(), self._worker
        known = db.workers.setdefault(me, Up())
        known.state, known.seen_at = state, now
        handed, known.handed = known.handed, {}
        if state.lane == "api" or state.locked:
            known.fallen_at = None
        standing = FleetRole.STANDBY
        if db.leader == me or db.leads_until <= now:
            if state.takes:
                db.leader, db.leads_until, standing = me, now + self._lease_seconds, FleetRole.LEADER
            elif db.leader == me:
                db.leads_until = now
        elif state.takes and db.leads_until - now < early_seconds and db.deputy in (None, me):
            db.deputy, standing = me, FleetRole.DEPUTY
        if standing is FleetRole.LEADER:
            db.deputy = None
        up = sorted(name for name, other in db.workers.items() if other.up(now))
        ring = [name for name in up if name != me and db.workers[name].state.lane == "own"]
        after = [name for name in ring if name > me]
        neighbour = next(iter(after or ring), None) if state.lane == "own" else None
        return CheckedIn(
            standing,
            db.leads_until - now,
            len(up),
            {room: max(0.0, at - now) for room, at in handed.items()},
            neighbour,
        )

    async def watch(
        self,
        early_seconds: float,
        listed: frozenset[RoomName] | None,
        state: WorkerState | None = None,
    ) -> Findings:
        self._reach()
        running = [place for place in self._db.places.values() if place.status is Status.OPEN]
        left = {place.name: self._left(place) for place in running}
        sound = {room: s for room, s in left.items() if s is not None and s >= early_seconds}
        due = {place.name: [row.since for row in self._due(place)] for place in running}
        return Findings(
            {room: seconds for room, seconds in left.items() if room not in sound},
            min(
                (s for room, s in sound.items() if self._db.places[room].worker != self._worker), default=None
            ),
            {room: Unclaimed(len(since), self.now() - min(since)) for room, since in due.items() if since},
            frozenset(place.name for place in running if place.occupied and place.name not in listed)
            if listed is not None
            else frozenset(),
            (listed or frozenset()) - left.keys(),
            None if state is None else await self.check_in(state, early_seconds),
            None if listed is None else Swept(),
        )

    def _left(self, place: Place) -> float | None:
        left = place.expires_at - self.now()
        holder = self._db.workers.get(place.worker or "")
        fell = holder is not None and holder.fallen_at is not None and holder.fallen_at >= place.renewed_at
        return None if left <= 0 or place.offered or fell else left

    async def hand(self, rooms: Mapping[RoomName, float]) -> Mapping[RoomName, float]:
        self._reach()
        now, own, given = self.now(), dict[RoomName, float](), dict[str, int]()
        for room, seconds in sorted(rooms.items()):

            def loaded(name: str) -> tuple[bool, float, int, str]:
                state, more = self._db.workers[name].state, given.get(name, 0)
                load = state.load + more * max(state.load / max(state.rooms, 1), 0.005)
                return load >= FULL, load, state.rooms + more, name

            place = self._db.places.get(room)
            able = [
                name
                for name, other in self._db.workers.items()
                if other.up(now) and other.state.takes and (place is None or place.worker != name)
            ]
            chosen = min(able, key=loaded, default=self._worker)
            given[chosen] = given.get(chosen, 0) + 1
            if chosen == self._worker:
                own[room] = seconds
            else:
                self._db.workers[chosen].handed[room] = now + seconds
        return own

    async def suspect(self, worker: str, grace_seconds: float) -> Mapping[RoomName, float]:
        self._reach()
        fallen, now = self._db.workers[worker], self.now()
        if fallen.alive or fallen.fallen_at is not None:
            return {}
        fallen.fallen_at = now
        held = [p for p in self._db.places.values() if p.worker == worker and p.expires_at > now]
        return await self.hand({place.name: grace_seconds for place in held})

    async def offer(self, leases: Sequence[Lease]) -> None:
        self._reach()
        for lease in leases:
            if self._db._holds(self._worker, lease):
                self._db.places[lease.room].offered = True
