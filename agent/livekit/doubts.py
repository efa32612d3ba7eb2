"""One room's doubts: looks who keeps the agent out, and has a witness there for as long as somebody is doubted."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.livekit.audio_tracks import AudioTrack
from agent.livekit.metrics import SoundMetrics
from agent.livekit.shut_out import LOOK_SECONDS, ShutOut
from agent.livekit.witness import Witness
from handlers.events import Event

LINGER_SECONDS = 10.0
"""A witness stays so long after the last doubt: entering costs LiveKit more than staying."""


@dataclass(frozen=True, slots=True)
class Door:
    """How a witness gets in."""

    url: str
    token: Callable[[], str]
    """A new hidden participant's, each time."""


class Process(Protocol):
    """What all rooms share."""

    metrics: SoundMetrics
    witnesses: asyncio.TaskGroup | None


class Doubts:
    def __init__(
        self,
        sounds: Mapping[str, AudioTrack],
        process: Process,
        report: Callable[[Event], None],
        door: Door | None,
    ) -> None:
        """`sounds`: every publication that we want to hear now, by track SID; it changes under us."""
        self._sounds, self._process, self._door = sounds, process, door
        self._shut_out = ShutOut(report, process.metrics)
        self._witness: Witness | None = None
        self._testifying: asyncio.Task[None] | None = None
        self._idle_looks = 0

    def begun(self, sound: AudioTrack) -> None:
        """It is in `sounds` from now on."""
        self._shut_out.begun(sound)
        if self._witness is not None:
            self._witness.ask(self._shut_out.doubted(self._sounds.values()))

    def muted(self, sound: AudioTrack) -> None:
        """A muted sound is in no doubt."""
        self._shut_out.muted(sound)

    def ended(self, sound: AudioTrack) -> None:
        """This sound is over."""
        self._shut_out.ended(sound)

    def is_denied(self, sound: AudioTrack) -> bool:
        """Whether it is proven that its publisher keeps us from it."""
        return self._shut_out.is_denied(sound)

    def look(self) -> None:
        """Every `LOOK_SECONDS`: have a witness there for as long as somebody is doubted."""
        asked = self._shut_out.look(self._sounds.values())
        self._idle_looks = 0 if asked else self._idle_looks + 1
        if asked and self._witness is None:
            self._call_witness()
        if self._witness is not None:
            self._witness.ask(asked)
            if self._idle_looks * LOOK_SECONDS > LINGER_SECONDS:
                self.close()

    def close(self) -> None:
        """Send the witness away."""
        if self._testifying is not None:
            self._testifying.cancel()
        self._witness = self._testifying = None
        self._shut_out.forget_answers()

    def _call_witness(self) -> None:
        tasks = self._process.witnesses
        if self._door is None or tasks is None:
            return
        self._witness = Witness(
            self._door.url, self._door.token, self._told, self._shut_out.forget_answers, self._process.metrics
        )
        self._testifying = tasks.create_task(self._witness.run(), name="witness")

    def _told(self, track: str, denied: bool) -> None:  # noqa: FBT001  (the fact itself)
        self._shut_out.told(self._sounds.get(track), track, denied)
