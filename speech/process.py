"""The process: asks the database each two seconds where to listen, keeps a listener in each room, writes what it found.

Where the database does not answer, nobody is listened to any longer than it has allowed: ten seconds. Words and
pictures are written apart, so that a picture that Storage does not take delays no threat.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from agent.core.backoff import Backoff
from agent.core.ports import PortError, Unavailable
from speech.engine import Engine
from speech.listener import RoomListener
from speech.ports import Heard, Orders, SeenFrame, SpeechDesk, SpeechRoom, Told

log = logging.getLogger(__name__)

PULL_SECONDS = 2.0
ALLOWED_SECONDS = 8.0
"""Less than the ten for which `speech_pull` gives a room."""
MOST_WORDS = 100
MOST_PICTURES = 20
"""Each may be a few hundred KB. While so many wait, the rooms' cameras are not looked at."""
WITHIN_SECONDS = 60.0
REJOIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be written."""

    words: asyncio.Queue[Heard] = field(default_factory=lambda: asyncio.Queue(MOST_WORDS))
    pictures: asyncio.Queue[SeenFrame] = field(default_factory=lambda: asyncio.Queue(MOST_PICTURES))


@dataclass(slots=True)
class SpeechProcess:
    """`run` it. `listener`: makes the one of a room. `found`: what it is given to write."""

    desk: SpeechDesk
    engine: Engine
    listener: Callable[[SpeechRoom], RoomListener]
    told: Told
    found: Found
    _told_at: float = 0.0
    _rooms: dict[str, tuple[RoomListener, asyncio.Task[None]]] = field(default_factory=dict)
    _rejoin_at: dict[str, float] = field(default_factory=dict)

    @property
    def told_age(self) -> float:
        """Seconds since the database said last where to listen, or since it runs."""
        return asyncio.get_running_loop().time() - self._told_at

    async def run(self) -> None:
        """Until cancelled."""
        self._told_at = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.engine.run(), name="engine")
            tasks.create_task(self._write_words(), name="writing words")
            tasks.create_task(self._write_pictures(), name="writing pictures")
            while True:
                await self._pull()
                self._settle(tasks)
                await asyncio.sleep(PULL_SECONDS)

    async def _pull(self) -> None:
        loop = asyncio.get_running_loop()
        now, until = loop.time(), self._told_at + ALLOWED_SECONDS
        try:
            # An answer that hangs must not keep anybody heard.
            async with asyncio.timeout_at(until if self.told.orders.places and until > now else None):
                self.told.orders = await self.desk.pull()
            self._told_at = now
        except (PortError, TimeoutError) as error:
            log.warning("not told where to listen", extra={"error": str(error)})
            if loop.time() >= until:
                self.told.orders = Orders()
        self.engine.settle(self.told.orders.at_once, self.told.orders.lists)

    def _settle(self, tasks: asyncio.TaskGroup) -> None:
        now, places = asyncio.get_running_loop().time(), self.told.orders.places
        for room in [room for room, (_, task) in self._rooms.items() if room not in places or task.done()]:
            _, task = self._rooms.pop(room)
            self._rejoin_at[room] = now + REJOIN_SECONDS if task.done() else now
            task.cancel()
        self._rejoin_at = {room: at for room, at in self._rejoin_at.items() if at > now}
        for room, place in places.items():
            if room in self._rooms:
                self._rooms[room][0].settle(place)
            elif room not in self._rejoin_at:
                listener = self.listener(place)
                task = tasks.create_task(self._listen(room, listener), name=f"room {room}")
                self._rooms[room] = (listener, task)

    async def _listen(self, room: str, listener: RoomListener) -> None:
        try:
            await listener.run()
        except Exception as error:  # noqa: BLE001  (one room must not end the hearing of all others)
            log.warning("room left", extra={"room": room, "error": repr(error)})

    async def _write_words(self) -> None:
        while True:
            heard = await self.found.words.get()
            if await self._write(heard.of.room, partial(self.desk.words, heard)):
                self.engine.counts.flagged.observe(max(0.0, time.time() - heard.ends))

    async def _write_pictures(self) -> None:
        while True:
            seen = await self.found.pictures.get()
            await self._write(seen.room, partial(self.desk.picture, seen))

    async def _write(self, room: str, write: Callable[[], Awaitable[None]]) -> bool:
        """Whether it is written."""
        loop, backoff = asyncio.get_running_loop(), Backoff(0.5, 10.0)
        began = loop.time()
        while True:
            try:
                await write()
            except Unavailable as error:
                if loop.time() - began < WITHIN_SECONDS:
                    await asyncio.sleep(backoff.pause())
                    continue
                log.error("flag lost", extra={"room": room, "error": str(error)})
            except PortError as error:
                log.error("flag refused", extra={"room": room, "error": str(error)})
            else:
                log.info("flag written", extra={"room": room})
                return True
            return False
