"""The database's JSON into our types. Nothing is guessed: a missing or odd field is a `ShapeError`. Fields that this
version does not know are left out, so the database may add some.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from agent.supabase.shape import Json, Seconds, Shaped, checked
from handlers.events import Pulled, SnapshotLoaded
from handlers.facts import (
    Action,
    ActionId,
    ClipOrder,
    Connection,
    EvidenceAsked,
    Identity,
    LiveEvent,
    PersonFacts,
    Sid,
    StandingStrikes,
    Status,
)
from moderation.desired import Desired, Permission, Removal
from moderation.roles import Role, RoleRights, Source
from moderation.timestamps import seconds_of
from moderation.words import Reason

RUNNING = frozenset({"scheduled", "live", "initiated", "ringing", "accepted"})
DEFAULT_ROLES = {"video_live": Role.VIEWER, "audio_room": Role.LISTENER, "call": None}


class _Permission(Shaped):
    can_publish: bool
    can_publish_sources: frozenset[Source]
    can_subscribe: bool

    def read(self) -> Permission:
        """LiveKit's convention: no source named means all of them."""
        named = self.can_publish_sources or frozenset(Source)
        return Permission(named if self.can_publish else frozenset(), self.can_subscribe)


class _Connection(Shaped):
    sid: str
    joined_at_ms: int
    permission: _Permission | None

    def read(self) -> Connection:
        allowed = self.permission
        return Connection(Sid(self.sid), self.joined_at_ms, None if allowed is None else allowed.read())


class _Texts(Shaped):
    en: str
    tr: str

    def with_words(self, own: str | None) -> Reason:
        """A reason code's sentence, and what somebody added in their own words, in whatever language that is."""
        return Reason(*(f"{text} ({own})" if own else text for text in (self.en, self.tr)))


def why_of(texts: _Texts | None, own: str | None) -> str | Reason | None:
    """A reason as people read it: the code's sentence and the own words, either of them, or None."""
    return own if texts is None else texts.with_words(own)


class _Removed(Shaped):
    reason: str
    until: Seconds | None
    why: str | None = None
    why_texts: _Texts | None = None


class _Person(Shaped):
    """What follows `connection` only sessions have: chat, invitations and paid access."""

    user_id: str
    role: Role
    mic_muted: bool
    mic_muted_until: Seconds | None
    camera_off: bool
    sound_only: bool = False
    removed: _Removed | None
    connection: _Connection | None
    chat_muted: bool = False
    chat_muted_until: Seconds | None = None
    invited_role: Role | None = None
    invite_expires_at: Seconds | None = None
    access_ends_at: Seconds | None = None
    publish_until: Seconds | None = None

    def read(self) -> PersonFacts:
        out, visit = self.removed, self.connection
        desired = Desired(
            role=self.role,
            mic_muted=self.mic_muted,
            mic_muted_until=self.mic_muted_until,
            camera_off=self.camera_off,
            sound_only=self.sound_only,
            removal=None if out is None else Removal(out.reason, out.until, why_of(out.why_texts, out.why)),
            chat_muted=self.chat_muted,
            chat_muted_until=self.chat_muted_until,
            invited_role=self.invited_role,
            invite_expires_at=self.invite_expires_at,
            access_ends_at=self.access_ends_at,
            publish_until=self.publish_until,
        )
        return PersonFacts(Identity(self.user_id), desired, None if visit is None else visit.read())


class _RoleRights(Shaped):
    rank: int
    can_publish_sources: frozenset[Source]
    can_subscribe: bool


class _Visit(Shaped):
    participant_sid: str
    user_id: str


class _Strikes(Shaped):
    user_id: str
    strikes: float
    step: str
    at: Seconds


class _Order(Shaped):
    id: str
    user_id: str


class _Evidence(Shaped):
    seconds: float
    after_seconds: float
    kept: frozenset[str]
    orders: tuple[_Order, ...]

    def read(self) -> EvidenceAsked:
        return EvidenceAsked(
            seconds=self.seconds,
            after_seconds=self.after_seconds,
            kept=frozenset(map(Identity, self.kept)),
            orders=tuple(ClipOrder(order.id, Identity(order.user_id)) for order in self.orders),
        )


class _Snapshot(Shaped):
    kind: Literal["session", "call"]
    context: Literal["video_live", "audio_room", "call"]
    status: str
    roles: Mapping[Role, _RoleRights]
    people: tuple[_Person, ...]
    open_visits: tuple[_Visit, ...]
    relayed_seq: int
    policy: Mapping[str, Any]
    strikes: tuple[_Strikes, ...]
    evidence: _Evidence | None = None

    def read(self) -> SnapshotLoaded:
        return SnapshotLoaded(
            status=status(self.status),
            default_role=DEFAULT_ROLES[self.context],
            rights={
                role: RoleRights(rights.rank, rights.can_publish_sources, rights.can_subscribe)
                for role, rights in self.roles.items()
            },
            people=tuple(person.read() for person in self.people),
            open_visits=tuple((Sid(v.participant_sid), Identity(v.user_id)) for v in self.open_visits),
            streams=self.kind == "session",
            relayed_seq=self.relayed_seq,
            policy=self.policy if self.kind == "session" else None,
            strikes=tuple(
                StandingStrikes(Identity(held.user_id), held.strikes, held.step, held.at)
                for held in self.strikes
            ),
            evidence=None if self.evidence is None or self.kind != "session" else self.evidence.read(),
        )


class _Action(Shaped):
    id: str
    n: int
    action: str
    target_user_id: str | None
    params: Mapping[str, Any]
    reason: str | None
    created_at: datetime
    connections: frozenset[str] | None
    requested_via: str
    reason_texts: _Texts | None = None

    def read(self) -> Action:
        return Action(
            id=ActionId(self.id),
            n=self.n,
            action=self.action,
            target=None if self.target_user_id is None else Identity(self.target_user_id),
            params=self.params,
            reason=why_of(self.reason_texts, self.reason),
            created_at_ms=round(self.created_at.timestamp() * 1000),
            connections=frozenset(map(Sid, self.connections or ())),
            via=self.requested_via,
        )


class _Event(Shaped):
    seq: int
    id: str
    type: str
    at: str
    payload: Mapping[str, Any]


class _Pulled(Shaped):
    status: str
    people: tuple[_Person, ...]
    actions: tuple[_Action, ...]
    events: tuple[_Event, ...]
    policy: Mapping[str, Any] | None = None
    evidence: _Evidence | None = None
    levels_watched: bool = False

    def read(self) -> Pulled:
        return Pulled(
            status=status(self.status),
            people=tuple(person.read() for person in self.people),
            actions=tuple(action.read() for action in self.actions),
            events=tuple(LiveEvent(e.seq, e.id, e.type, e.at, e.payload) for e in self.events),
            policy=self.policy,
            evidence=None if self.evidence is None else self.evidence.read(),
            levels_watched=self.levels_watched,
        )


def status(name: str) -> Status:
    """Of a session or call, by its status in the database."""
    return Status.OPEN if name in RUNNING else Status.OVER


def seconds(moment: str | None) -> float | None:
    """Seconds since the epoch of a `timestamptz` as JSON; None for null."""
    return None if moment is None else seconds_of(moment)


def snapshot(row: Json) -> SnapshotLoaded:
    """A room as `agent_claim_rooms` answers it.

    Raises:
        ShapeError: it names each field that is missing or odd.
    """
    return checked(_Snapshot, "the snapshot of a room", row).read()


def pulled(row: Json) -> Pulled:
    """The news of one room as `agent_pull` answers them.

    Raises:
        ShapeError: it names each field that is missing or odd.
    """
    return checked(_Pulled, "the news of a room", row).read()


def person(row: Json) -> PersonFacts:
    """PERSON, as the database's functions answer it.

    Raises:
        ShapeError: it names each field that is missing or odd.
    """
    return checked(_Person, "a person", row).read()
