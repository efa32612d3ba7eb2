"""Owns entering a room with LiveKit's client, and what becomes of an entering that nobody waits for any more."""

import asyncio
from functools import partial

from livekit import rtc

from local.people.waiting import within

CONNECT_SECONDS = 15.0

_leaving: set[asyncio.Future[None]] = set()
"""So that they are not collected before they are done."""


async def join(room: rtc.Room, url: str, token: str, options: rtc.RoomOptions | None = None) -> None:
    """Enters the room.

    Raises:
        rtc.ConnectError: LiveKit refused.
        NotInTimeError: not connected within `CONNECT_SECONDS`.
    """
    # Cancelling `Room.connect` breaks the process (python-sdks issue 784): it is only ever left behind.
    joining = asyncio.ensure_future(room.connect(url, token, options or rtc.RoomOptions()))
    try:
        await within(CONNECT_SECONDS, "connected to the room", joining)
    finally:
        if not joining.done():
            joining.add_done_callback(partial(_leave, room))


def _leave(room: rtc.Room, joined: asyncio.Future[None]) -> None:
    if not joined.cancelled() and joined.exception() is None:
        leaving = asyncio.ensure_future(room.disconnect())
        _leaving.add(leaving)
        leaving.add_done_callback(_leaving.discard)
