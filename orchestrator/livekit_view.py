"""LiveKit as it says it is: who is in a room now, with which rights. Reading only."""

import asyncio
from dataclasses import dataclass

import aiohttp
from livekit import api

from moderation.desired import Permission
from moderation.identity import identity_from, person_of
from moderation.roles import Source
from orchestrator.errors import UnavailableError
from orchestrator.settings import AssistantSettings

NOT_CONFIGURED = "LiveKit is not configured here (LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET)"
INGRESS, EGRESS, SIP, AGENT = 1, 2, 3, 4
"""LiveKit's `ParticipantInfo.Kind`."""
MACHINES, CARRIED = (EGRESS, AGENT), (INGRESS, SIP)
"""Those who are no people, and those whom LiveKit brings in for somebody."""
SOURCES = {
    api.TrackSource.CAMERA: Source.CAMERA,
    api.TrackSource.MICROPHONE: Source.MICROPHONE,
    api.TrackSource.SCREEN_SHARE: Source.SCREEN_SHARE,
    api.TrackSource.SCREEN_SHARE_AUDIO: Source.SCREEN_SHARE_AUDIO,
}


@dataclass(frozen=True, slots=True)
class Present:
    """A person in a room, by LiveKit's own list."""

    identity: str
    """Whom they stand for; an ingress (OBS) beside somebody's app is in the list beside it, under the same."""
    sid: str
    joined_at_ms: int
    permission: Permission
    publishing: tuple[str, ...]
    """Sources with a track now; a muted track is named `microphone (muted)`."""


@dataclass(frozen=True, slots=True)
class Room:
    people: tuple[Present, ...]
    agents: int | None
    """None: not for who asks to know; the agent is hidden."""


class LiveKitView:
    """Raises UnavailableError from every question while LiveKit is not configured or does not answer."""

    def __init__(self, http: aiohttp.ClientSession, settings: AssistantSettings) -> None:
        self._timeout = settings.live_api_timeout
        self._api: api.LiveKitAPI | None = None
        if settings.has_livekit and settings.livekit_api_secret is not None:
            self._api = api.LiveKitAPI(
                settings.livekit_url,
                settings.livekit_api_key,
                settings.livekit_api_secret.get_secret_value(),
                session=http,
            )

    async def room(self, name: str) -> Room:
        """Who is in a room; nobody, when LiveKit has no such room. Raises `UnavailableError`."""
        if self._api is None:
            raise UnavailableError(NOT_CONFIGURED)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._api.room.list_participants(api.ListParticipantsRequest(room=name))
        except api.ServerError as error:
            if error.code == "not_found":
                return Room((), 0)
            raise UnavailableError(f"LiveKit refuses: {error.code}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"LiveKit did not answer: {type(error).__name__}") from error
        people = tuple(present(info) for info in answer.participants if info.kind not in MACHINES)
        return Room(people, sum(1 for info in answer.participants if info.kind == AGENT))


def present(info: api.ParticipantInfo) -> Present:
    """Somebody in a room, as LiveKit's API tells."""
    named = identity_from(info.identity, carried=info.kind in CARRIED, attributes=info.attributes)
    return Present(
        person_of(named),
        info.sid,
        info.joined_at_ms,
        permission_of(info.permission),
        tuple(_track(track) for track in info.tracks),
    )


def permission_of(reported: api.ParticipantPermission) -> Permission:
    """An empty list of sources means all of them, if publishing is allowed at all."""
    named = frozenset(SOURCES[number] for number in reported.can_publish_sources if number in SOURCES)
    sources = (named or frozenset(Source)) if reported.can_publish else frozenset[Source]()
    return Permission(sources, reported.can_subscribe)


def _track(track: api.TrackInfo) -> str:
    name = SOURCES[track.source].value if track.source in SOURCES else "other"
    return f"{name} (muted)" if track.muted else name
