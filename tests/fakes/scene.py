"""A room's decisions driven by hand: say what happens, read what is decided. The words of the handler tests."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, TypeVar

from handlers.effects import Effect, FinishAction, RemoveParticipant, SetPermission
from handlers.events import (
    ConnectionRated,
    Event,
    Failure,
    Measured,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantNotRemoved,
    ParticipantRemoved,
    PermissionNotSet,
    PermissionReported,
    PermissionSet,
    Pulled,
    RoomSynced,
    SnapshotLoaded,
    Switched,
    Ticked,
    TrackPublished,
)
from handlers.facts import MICROPHONE as MICROPHONE_TRACK
from handlers.facts import (
    Action,
    ActionId,
    Connection,
    Identity,
    LiveEvent,
    PersonFacts,
    Sid,
    Status,
    Switches,
    Track,
    Weak,
)
from handlers.room import handle
from handlers.state import RoomState
from moderation.audio.measurement import Measurement
from moderation.desired import Desired, Permission, Removal
from moderation.roles import Role, RoleRights, Source

START = 1_800_000_000.0
ALL = frozenset(Source)
NOTHING = Permission(frozenset())
SPEAK = Permission(frozenset({Source.MICROPHONE}))
SHOW = Permission(frozenset({Source.CAMERA}))
BOTH = Permission(frozenset({Source.CAMERA, Source.MICROPHONE}))
EVERYTHING = Permission(ALL)

MICROPHONE, CAMERA_AND_MICROPHONE = SPEAK.sources, BOTH.sources
RIGHTS = {
    "audio_room": {
        Role.HOST: RoleRights(50, MICROPHONE),
        Role.CO_HOST: RoleRights(40, MICROPHONE),
        Role.MODERATOR: RoleRights(30, MICROPHONE),
        Role.SPEAKER: RoleRights(20, MICROPHONE),
        Role.LISTENER: RoleRights(10, frozenset()),
        Role.VIEWER: RoleRights(10, frozenset()),
    },
    "video_live": {
        Role.HOST: RoleRights(50, ALL),
        Role.CO_HOST: RoleRights(40, CAMERA_AND_MICROPHONE),
        Role.MODERATOR: RoleRights(30, MICROPHONE),
        Role.SPEAKER: RoleRights(20, CAMERA_AND_MICROPHONE),
        Role.LISTENER: RoleRights(10, frozenset()),
        Role.VIEWER: RoleRights(10, frozenset()),
    },
    "call": {Role.PARTY: RoleRights(50, CAMERA_AND_MICROPHONE)},
}
"""CONTRACT §4."""
DEFAULT_ROLES = {"audio_room": Role.LISTENER, "video_live": Role.VIEWER, "call": None}

ADA, BO, CEM = Identity("ada"), Identity("bo"), Identity("cem")

LISTENER = Desired(Role.LISTENER)
SPEAKER = Desired(Role.SPEAKER)
HOST = Desired(Role.HOST)
MUTED_SPEAKER = Desired(Role.SPEAKER, mic_muted=True)
BANNED = Desired(Role.LISTENER, removal=Removal("banned"))

ENFORCE: dict[str, Any] = {"mode": "enforce", "dead_air": {"enabled": False}}
"""A policy that acts."""

Kind = TypeVar("Kind")


def of(kind: type[Kind], effects: tuple[Effect, ...]) -> list[Kind]:
    """The effects of one kind, in order."""
    return [effect for effect in effects if isinstance(effect, kind)]


def only(kind: type[Kind], effects: tuple[Effect, ...]) -> Kind:
    """The one effect of a kind."""
    (found,) = of(kind, effects)
    return found


def snapshot(context: str = "audio_room", **fields: Any) -> SnapshotLoaded:
    given: dict[str, Any] = {
        "status": Status.OPEN,
        "default_role": DEFAULT_ROLES[context],
        "rights": RIGHTS[context],
        "people": (),
        "open_visits": (),
        "streams": False,
        "relayed_seq": 0,
    }
    return SnapshotLoaded(**{**given, **fields})


def live_event(seq: int, kind: str = "gift") -> LiveEvent:
    """Of the moment at which the scene starts."""
    return LiveEvent(seq, f"event-{seq}", kind, "2027-01-15T08:00:00Z", {})


@dataclass
class Scene:
    """One room. Times are seconds after its start; everything done returns what was decided by it."""

    context: str = "audio_room"
    state: RoomState = field(default_factory=RoomState)
    now: float = START
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def open(cls, *people: PersonFacts, context: str = "audio_room", **fields: Any) -> "Scene":
        """A room that is loaded, synced and empty."""
        scene = cls(context)
        scene.happens(snapshot(context, people=people, **fields))
        scene.happens(RoomSynced(()))
        return scene

    @classmethod
    def hosted(
        cls, policy: dict[str, Any] | None = None, desired: Desired = SPEAKER, **fields: Any
    ) -> "Scene":
        """A room that is listened to, in which ADA hosts and BO is somebody."""
        scene = cls.open(policy=ENFORCE if policy is None else policy, **fields)
        scene.present(ADA, HOST, SPEAK)
        scene.present(BO, desired, SPEAK if desired.role in {Role.SPEAKER, Role.MODERATOR} else NOTHING)
        return scene

    def happens(self, event: Event) -> tuple[Effect, ...]:
        return handle(self.state, event, self.now)

    def passes(self, seconds: float) -> tuple[Effect, ...]:
        """Time passes; every deadline that the room asked for comes exactly when it asked for it."""
        end = self.now + seconds
        effects: tuple[Effect, ...] = ()
        while (deadline := self.state.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            effects += self.happens(Ticked())
        self.now = end
        return effects

    def hears(self, who: Identity, measurement: Measurement, seconds: float) -> tuple[Effect, ...]:
        """So many seconds of the same sound."""
        effects: tuple[Effect, ...] = ()
        for _ in range(round(seconds / measurement.seconds)):
            effects += self.passes(measurement.seconds) + self.sounds(who, measurement)
        return effects

    def sounds(
        self, who: Identity, measurement: Measurement, track: Track = MICROPHONE_TRACK
    ) -> tuple[Effect, ...]:
        """One block of one track, which ends now."""
        return self.happens(Measured(who, Sid(f"sid-{who}"), measurement._replace(at=self.now), track))

    # -- LiveKit -----------------------------------------------------------------

    def connection(self, sid: str, permission: Permission | None = NOTHING, ago: float = 0.0) -> Connection:
        return Connection(Sid(sid), round((self.now - ago) * 1000), permission)

    def joins(
        self, who: Identity, sid: str | None = None, permission: Permission = NOTHING, ago: float = 0.0
    ) -> tuple[Effect, ...]:
        connection = self.connection(sid or f"sid-{who}", permission, ago)
        return self.happens(ParticipantJoined(who, connection))

    def leaves(
        self, who: Identity, sid: str | None = None, reason: str = "client_initiated"
    ) -> tuple[Effect, ...]:
        return self.happens(ParticipantLeft(who, Sid(sid or f"sid-{who}"), reason, round(self.now * 1000)))

    def reports(self, who: Identity, permission: Permission, sid: str | None = None) -> tuple[Effect, ...]:
        return self.happens(PermissionReported(who, Sid(sid or f"sid-{who}"), permission))

    def shows(self, *present: tuple[Identity, Connection]) -> tuple[Effect, ...]:
        return self.happens(RoomSynced(present))

    def lists(self, *present: tuple[Identity, Connection], shown: Collection[str] = ()) -> tuple[Effect, ...]:
        """LiveKit's API tells who is here. `shown`: SIDs that the room shows meanwhile."""
        return self.happens(RoomSynced(present, listed=True, shown=frozenset(map(Sid, shown))))

    def publishes(self, who: Identity, source: Source | None, *, sound: bool) -> tuple[Effect, ...]:
        track = f"TR_{next(self.numbers)}"
        return self.happens(TrackPublished(who, Sid(f"sid-{who}"), source, sound, track))

    def switches(self, who: Identity, switches: Switches) -> tuple[Effect, ...]:
        return self.happens(Switched(who, Sid(f"sid-{who}"), switches))

    def rates(self, who: Identity, weak: Weak | None, sid: str | None = None) -> tuple[Effect, ...]:
        return self.happens(ConnectionRated(who, Sid(sid or f"sid-{who}"), weak))

    def here(self, who: Identity) -> tuple[Identity, Connection]:
        """The connection that the room believes in, as a list would show it."""
        connection = self.state.people[who].connection
        assert connection is not None
        return who, connection

    def confirms(self, asked: SetPermission) -> tuple[Effect, ...]:
        return self.happens(PermissionSet(asked.identity, asked.sid, asked.permission))

    def denies(self, asked: SetPermission, failure: Failure, error: str = "no") -> tuple[Effect, ...]:
        return self.happens(PermissionNotSet(asked.identity, asked.sid, failure, error))

    def removes(self, asked: RemoveParticipant) -> tuple[Effect, ...]:
        return self.happens(ParticipantRemoved(asked.identity, asked.sid))

    def keeps(self, asked: RemoveParticipant, failure: Failure, error: str = "no") -> tuple[Effect, ...]:
        return self.happens(ParticipantNotRemoved(asked.identity, asked.sid, failure, error))

    # -- the database ------------------------------------------------------------

    def wants(
        self, who: Identity, desired: Desired, connection: Connection | None = None
    ) -> tuple[Effect, ...]:
        return self.happens(Pulled(Status.OPEN, people=(PersonFacts(who, desired, connection),)))

    def asks(
        self, action: str, target: Identity | None = None, desired: Desired | None = None, **fields: Any
    ) -> tuple[Effect, ...]:
        """A claimed row, and in the same breath the desired state that its insert wrote."""
        people = () if desired is None or target is None else (PersonFacts(target, desired),)
        return self.happens(Pulled(Status.OPEN, people=people, actions=(self.row(action, target, **fields),)))

    def row(self, action: str, target: Identity | None = None, **fields: Any) -> Action:
        n = next(self.numbers)
        given: dict[str, Any] = {"id": ActionId(f"row-{n}"), "created_at_ms": round(self.now * 1000)}
        return Action(n=n, action=action, target=target, **{**given, **fields})

    def present(self, who: Identity, desired: Desired, permission: Permission, ago: float = 60.0) -> None:
        """Someone who has been here for a while, with the permission that they should have."""
        self.wants(who, desired)
        self.joins(who, permission=permission, ago=ago)
        assert self.state.people[who].asked is None, "not at rest"
        self.state.people[who].known_at = self.now - ago

    def actual(self, who: Identity) -> Permission | None:
        connection = self.state.people[who].connection
        return None if connection is None else connection.permission


def finished(effects: tuple[Effect, ...]) -> FinishAction:
    return only(FinishAction, effects)
