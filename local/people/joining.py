"""Entering a room as simulated people and the local recorder do: by the agent's own way, with a phone's patience."""

from livekit import rtc

from agent.livekit import joining

CONNECT_SECONDS = 15.0


async def join(room: rtc.Room, url: str, token: str, options: rtc.RoomOptions | None = None) -> None:
    """As `agent.livekit.joining.join`, within `CONNECT_SECONDS`."""
    await joining.join(room, url, token, options or rtc.RoomOptions(), CONNECT_SECONDS)
