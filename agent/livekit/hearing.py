"""Measures for all rooms of a process, beside their streams: who has a turn, how much of the loop it takes.

What has come since the last look is measured all together, which costs less than to wake up for each block. It takes at
most a quarter of the time: with more to measure than that, each track loses its oldest blocks, and nothing ever lags.
Turns go by person, one track each, so who publishes many gets what everybody gets.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from agent.core.clock import DatabaseClock
from agent.livekit.audio_tracks import AudioTrack
from agent.livekit.metrics import SoundMetrics
from agent.livekit.native import AudioFrames
from agent.livekit.shut_out import LOOK_SECONDS

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
"""From one look to the next: half a block, so that no track has to drop any."""
WORK_SECONDS = 0.004
REST_RATIO = 3.0
"""After so much measuring in one go, so many times as long is left to everything else."""
WATCH_SECONDS = 1.0
WATCH_TURNS = 10
"""In which the rooms are looked at, a tenth of them each. What a receiver answers is large for a moment: with all rooms
asked at once the heap kept up to a megabyte for each, in pieces, for as long as the worker ran."""


class RoomSounds(Protocol):
    """The sounds of one room."""

    @property
    def room(self) -> str:
        """Its name at LiveKit."""

    def turns(self) -> Iterable[AudioTrack]:
        """One track of each person of whom something has arrived."""

    def measure_safely(self, track: AudioTrack) -> None:
        """Take in what has arrived of it. Raises nothing."""

    async def look_after(self) -> None:
        """Every `WATCH_SECONDS`."""

    def look_who_keeps_us_out(self) -> None:
        """Every `LOOK_SECONDS`."""


class Hearing:
    """Measures for all rooms of the process. `run` it."""

    def __init__(self, clock: DatabaseClock, metrics: SoundMetrics) -> None:
        self.clock, self.metrics = clock, metrics
        self.frames = AudioFrames()
        self.rooms: set[RoomSounds] = set()
        self.witnesses: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Give every sound of all rooms its turns, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self.witnesses = tasks
                tasks.create_task(self._measure(), name="measure")
                tasks.create_task(self._watch(), name="watch sounds")
                tasks.create_task(self._look_who_is_shut(), name="look who keeps us out")
        finally:
            self.witnesses = None
            self.frames.close()

    async def _measure(self) -> None:
        """Everybody has a turn in each round; who waits too long for it has only the newest blocks left."""
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            spent, came = 0.0, time.monotonic()
            while turns := self._round(came):
                for sounds, track in turns:
                    begun = time.monotonic()
                    sounds.measure_safely(track)
                    spent += time.monotonic() - begun
                    if spent >= WORK_SECONDS:
                        await asyncio.sleep(spent * REST_RATIO)
                        spent = 0.0

    def _round(self, came: float) -> list[tuple[RoomSounds, AudioTrack]]:
        """All who have a turn, as long as one of them has waited since before `came`. What has come since is for the
        next look: measured by itself a block takes twice the time that it takes among others."""
        turns = [(room, track) for room in self.rooms for track in room.turns()]
        return turns if any(track.waits_since <= came for _, track in turns) else []

    async def _look_who_is_shut(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for sounds in tuple(self.rooms):
                with self._guarded(sounds):
                    sounds.look_who_keeps_us_out()

    async def _watch(self) -> None:
        """None waits for another: a room whose receivers do not answer is left out until its look is over."""
        looking = set[RoomSounds]()

        async def look_after(sounds: RoomSounds) -> None:
            with self._guarded(sounds):
                await sounds.look_after()
            looking.discard(sounds)

        async with asyncio.TaskGroup() as looks:
            for turn in itertools.count():
                await asyncio.sleep(WATCH_SECONDS / WATCH_TURNS)
                for sounds in tuple(self.rooms)[turn % WATCH_TURNS :: WATCH_TURNS]:
                    if sounds not in looking:
                        looking.add(sounds)
                        looks.create_task(look_after(sounds))

    @contextmanager
    def _guarded(self, sounds: RoomSounds) -> Iterator[None]:
        """What is wrong with one room must not end the looks at the others."""
        try:
            yield
        except Exception:
            log.exception("look at a room's sounds failed", extra={"room": sounds.room})
            self.metrics.audio_failures.inc()
