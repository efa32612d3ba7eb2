"""LiveKit's words into ours and back. The only place that knows both."""

from livekit import api, rtc

from agent.livekit.native import ParticipantPermission as ReportedPermission
from handlers.facts import Connection, Identity, Sid, Switch, Switches, Weak
from moderation.desired import Permission
from moderation.identity import identity_from
from moderation.roles import Source

SOURCES: dict[int, Source] = {
    api.TrackSource.CAMERA: Source.CAMERA,
    api.TrackSource.MICROPHONE: Source.MICROPHONE,
    api.TrackSource.SCREEN_SHARE: Source.SCREEN_SHARE,
    api.TrackSource.SCREEN_SHARE_AUDIO: Source.SCREEN_SHARE_AUDIO,
}
"""The same numbers in LiveKit's client and server protocols."""
NUMBERS: dict[Source, api.TrackSource] = {source: number for number, source in SOURCES.items()}  # type: ignore[misc]  # the stubs lack IntEnum

WEAK: dict[int, Weak] = {
    rtc.ConnectionQuality.QUALITY_POOR: Weak.POOR,
    rtc.ConnectionQuality.QUALITY_LOST: Weak.LOST,
}
"""What else LiveKit says of a connection is no trouble."""

ROOM_IS_OVER = frozenset({rtc.DisconnectReason.ROOM_DELETED, rtc.DisconnectReason.ROOM_CLOSED})


def permission_from(reported: ReportedPermission | api.ParticipantPermission) -> Permission:
    """An empty list of sources means all of them, if publishing is allowed at all."""
    named = frozenset(SOURCES[number] for number in reported.can_publish_sources if number in SOURCES)
    sources = (named or frozenset(Source)) if reported.can_publish else frozenset[Source]()
    excess = reported.can_publish_data or reported.can_update_metadata or reported.hidden
    return Permission(sources, reported.can_subscribe, excess)


def permission_to(permission: Permission) -> api.ParticipantPermission:
    """Every field, since LiveKit replaces all of them."""
    return api.ParticipantPermission(
        can_subscribe=permission.can_subscribe,
        can_publish=bool(permission.sources),
        can_publish_sources=sorted(NUMBERS[source] for source in permission.sources),
        can_publish_data=False,
        can_update_metadata=False,
        hidden=False,
    )


def connection_of(participant: rtc.RemoteParticipant) -> Connection:
    """Their connection as the room shows it; joined at 0 where it does not say when."""
    joined = participant.joined_at
    return Connection(
        Sid(participant.sid),
        int(joined.timestamp() * 1000) if joined else 0,
        permission_from(participant.permissions),
    )


def switches_of(participant: rtc.RemoteParticipant) -> Switches:
    """By what a track calls itself. One of several that is not muted is on."""
    published = [
        (SOURCES.get(publication.source), publication.muted)
        for publication in participant.track_publications.values()
    ]

    def switch(wanted: Source) -> Switch:
        muted = [muted for source, muted in published if source is wanted]
        return Switch.OFF if not muted else Switch.MUTED if all(muted) else Switch.ON

    return Switches(switch(Source.MICROPHONE), switch(Source.CAMERA))


def listed(info: api.ParticipantInfo) -> tuple[Identity, Connection]:
    """A person in an answer of LiveKit's API."""
    permission = permission_from(info.permission)
    return identity_of(info), Connection(Sid(info.sid), info.joined_at_ms, permission)


MACHINES = frozenset(
    {rtc.ParticipantKind.PARTICIPANT_KIND_AGENT, rtc.ParticipantKind.PARTICIPANT_KIND_EGRESS}
)
CARRIED = frozenset({rtc.ParticipantKind.PARTICIPANT_KIND_INGRESS, rtc.ParticipantKind.PARTICIPANT_KIND_SIP})
"""Kinds that LiveKit brings in for somebody, and that cannot change their own attributes."""


def is_person(kind: int) -> bool:
    """Anyone who is not an agent or a recorder stands for a person, whatever carries them: an app, an ingress (OBS), a
    telephone. Who is nobody's gets no right to publish and is not counted."""
    return kind not in MACHINES


def identity_of(participant: rtc.RemoteParticipant | api.ParticipantInfo) -> Identity:
    """Whom they stand for, and under which name."""
    carried = participant.kind in CARRIED
    return Identity(identity_from(participant.identity, carried=carried, attributes=participant.attributes))


def carries_sound(publication: rtc.RemoteTrackPublication) -> bool:
    """By its media, as LiveKit found it: what its publisher has announced may be the other."""
    found = publication.mime_type.lower()
    return found.startswith("audio/") if found else publication.kind == rtc.TrackKind.KIND_AUDIO


def is_as_announced(publication: rtc.RemoteTrackPublication) -> bool:
    """Whether LiveKit has found the kind of media that the publisher announced.

    Only what is may be subscribed to: LiveKit's client takes the announcement for granted and ends the whole process,
    with every room that it holds, when other media come (`add_subscribed_media_track` in rust-sdks, rtc 1.1.21).
    """
    kind = "audio/" if publication.kind == rtc.TrackKind.KIND_AUDIO else "video/"
    return publication.mime_type.lower().startswith(kind)


def leave_reason(reason: int | None) -> str:
    """LiveKit's reason in lower case; `unknown` when it gave none, which may be our own reconnect."""
    if reason is None or reason == rtc.DisconnectReason.UNKNOWN_REASON:
        return "unknown"
    return str(rtc.DisconnectReason.Name(reason)).lower()  # type: ignore[arg-type]  # an enum's number
