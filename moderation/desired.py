"""Desired state of one person, and the permission that follows from it.

`effective_permission` is the one place where role, mutes and removal become what LiveKit is told. Times are seconds
since the epoch by the database's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moderation.roles import NO_RIGHTS, Role, RoleRights, Source
from moderation.words import Reason


@dataclass(frozen=True, slots=True)
class Removal:
    """Why a person may not be in the room, and until when (None: until lifted)."""

    reason: str
    until: float | None = None
    why: str | Reason | None = None
    """In the words of the one who asked for it, or of a reason code."""

    def holds(self, now: float) -> bool:
        """Whether it is still in force. `now`: seconds since the epoch."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Desired:
    """What the database wants for one person."""

    role: Role
    mic_muted: bool = False
    mic_muted_until: float | None = None
    camera_off: bool = False
    sound_only: bool = False
    """An audio call: nobody has a camera there, which nobody is told as if a moderator had taken it."""
    removal: Removal | None = None
    chat_muted: bool = False
    chat_muted_until: float | None = None
    invited_role: Role | None = None
    invite_expires_at: float | None = None
    access_ends_at: float | None = None
    publish_until: float | None = None
    """The session is recorded and they have not agreed to it: from then on they listen."""

    def muted(self, now: float) -> bool:
        """Whether the microphone is taken. `now`: seconds since the epoch."""
        return self.mic_muted and (self.mic_muted_until is None or now < self.mic_muted_until)

    def lacks_consent(self, now: float) -> bool:
        """Whether they may not publish for want of consent to a recording. `now`: seconds since the epoch."""
        return self.publish_until is not None and now >= self.publish_until

    def removed(self, now: float) -> Removal | None:
        """The removal in force, if any. `now`: seconds since the epoch."""
        return self.removal if self.removal is not None and self.removal.holds(now) else None

    def next_change(self, now: float) -> float | None:
        """When this state changes by the clock alone: the end of a timed mute, a removal or the right to publish."""
        ends = [
            self.mic_muted_until if self.mic_muted else None,
            self.removal.until if self.removal else None,
            self.publish_until,
        ]
        return min((end for end in ends if end is not None and end > now), default=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands, as far as they should be told about it."""

    role: Role | None
    """None, of what somebody was told: which role they know is not known."""
    muted: bool = False
    muted_until: float | None = None
    camera_off: bool = False
    chat_muted: bool = False
    chat_muted_until: float | None = None
    invited_role: Role | None = None
    invite_expires_at: float | None = None
    access_ends_at: float | None = None
    unrecorded: bool = False
    """What their role may publish is withheld: the session is recorded, and they have not agreed to it."""


def standing(desired: Desired, rights: Mapping[Role, RoleRights], now: float) -> Standing:
    """How somebody stands, as they are told. `now`: seconds since the epoch; what has run out counts as over."""
    muted = desired.muted(now)
    role = rights.get(desired.role, NO_RIGHTS)
    return Standing(
        role=desired.role,
        muted=muted,
        muted_until=desired.mic_muted_until if muted else None,
        camera_off=desired.camera_off,
        chat_muted=desired.chat_muted,
        chat_muted_until=desired.chat_muted_until if desired.chat_muted else None,
        invited_role=desired.invited_role,
        invite_expires_at=desired.invite_expires_at,
        access_ends_at=desired.access_ends_at,
        unrecorded=bool(role.sources) and desired.lacks_consent(now),
    )


@dataclass(frozen=True, slots=True)
class Permission:
    """What LiveKit lets someone do, as far as it differs between people."""

    sources: frozenset[Source]
    can_subscribe: bool = True
    excess: bool = False
    """Something that nobody is ever allowed: to send data, to change one's own metadata, to be hidden."""

    def narrows(self, other: "Permission") -> bool:
        """True when this grants nothing that `other` does not."""
        return (
            self.sources <= other.sources
            and self.can_subscribe <= other.can_subscribe
            and self.excess <= other.excess
        )

    def as_json(self) -> dict[str, Any]:
        """As rows of `moderation_actions` have it in `before` and `after`."""
        return {
            "can_publish": bool(self.sources),
            "can_publish_sources": sorted(self.sources),
            "can_subscribe": self.can_subscribe,
        }


def effective_permission(
    desired: Desired,
    rights: Mapping[Role, RoleRights],
    now: float,
    *,
    disguises: bool = False,
    misused: frozenset[Source] = frozenset(),
) -> Permission:
    """What `desired` allows at `now`. A role unknown in this context has no rights at all.

    `disguises`: this person has published under a false source, sound as a camera or a picture as a microphone.
    LiveKit compares nothing but the name, so what is withheld from them in part is withheld as a whole.
    `misused`: sources that are withheld from them for now, whatever the database says.
    """
    role = rights.get(desired.role, NO_RIGHTS)
    if desired.lacks_consent(now) or (disguises and (desired.muted(now) or desired.camera_off)):
        return Permission(frozenset(), role.can_subscribe)
    withheld = set(misused)
    if desired.muted(now):
        withheld.add(Source.MICROPHONE)
        withheld.add(Source.SCREEN_SHARE_AUDIO)
    if desired.camera_off or desired.sound_only:
        withheld.add(Source.CAMERA)
        withheld.add(Source.SCREEN_SHARE)
    return Permission(role.sources - withheld, role.can_subscribe)
