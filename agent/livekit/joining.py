"""Connecting LiveKit's client to a room, and what becomes of an attempt that nobody waits for any more."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from livekit import rtc

_leaving: set[asyncio.Future[None]] = set()
"""So that they are not collected before they are done."""


async def join(
    room: rtc.Room,
    url: str,
    token: str,
    options: rtc.RoomOptions,
    seconds: float,
    leave: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Connect within so many seconds. An attempt that is given up and succeeds all the same is ended by `leave`, which
    is the room's own `disconnect` if None.

    Raises:
        TimeoutError: not connected in time.
        rtc.ConnectError: refused. What else LiveKit's client raises comes as it is.
    """
    # Cancelling `Room.connect` breaks the process (python-sdks issue 784), so it is never cancelled, only left.
    joining = asyncio.ensure_future(room.connect(url, token, options))
    try:
        done, _ = await asyncio.wait({joining}, timeout=seconds)
    finally:
        if not joining.done():
            joining.add_done_callback(partial(_abandon, leave or room.disconnect))
    if not done:
        msg = f"not connected within {seconds:.0f} s"
        raise TimeoutError(msg)
    joining.result()


def _abandon(leave: Callable[[], Awaitable[None]], joined: asyncio.Future[None]) -> None:
    if not joined.cancelled() and joined.exception() is None:
        leaving = asyncio.ensure_future(leave())
        _leaving.add(leaving)
        leaving.add_done_callback(_leaving.discard)
