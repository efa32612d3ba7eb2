"""The one way to a transcriber: who is not flagged cannot be transcribed, and no more than K windows are at a time.

What the engine answers is looked through for the lists' words and forgotten: it is neither logged nor returned.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from livekit import rtc
from livekit.agents import stt
from livekit.agents.types import APIConnectOptions

from speech.ports import Flagged, Heard
from speech.windows import RATE, Window
from speech.words import Lists

log = logging.getLogger(__name__)

MOST_WAITING = 20
WITHIN_SECONDS = 20.0
ONCE = APIConnectOptions(max_retry=1, timeout=10.0)


@dataclass(slots=True)
class Counts:
    """Since the process began."""

    transcribed: int = 0
    dropped: int = 0
    """Windows that waited too long behind others, or whose speaker was flagged no more."""
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    window: Window
    of: Flagged


@dataclass(slots=True)
class Engine:
    """`hear` windows; `run` it."""

    plugin: stt.STT[str]
    """Any of LiveKit Agents' STT plugins."""
    is_flagged: Callable[[Flagged], bool]
    """Asked once more right before a window is transcribed."""
    found: Callable[[Heard], Awaitable[None]]
    lists: Lists = field(default_factory=Lists.empty)
    at_once: int = 2
    counts: Counts = field(default_factory=Counts)
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _busy: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, window: Window, of: Flagged) -> None:
        """A window of a flagged speaker. Raises TypeError for anybody else's."""
        if not isinstance(of, Flagged):
            raise TypeError("only what a flagged speaker says is transcribed")
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self.counts.dropped += 1
        self._waiting.append(_Waiting(window, of))
        self._changed.set()

    def settle(self, at_once: int, lists: Sequence[Mapping[str, Any]] | None) -> None:
        """How many windows at a time, and new lists; None: as before."""
        self.at_once = at_once
        if lists is not None:
            self.lists = Lists(lists)

    async def run(self) -> None:
        """Transcribe for ever, `at_once` at a time."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                while self._waiting and self._busy < self.at_once:
                    self._busy += 1
                    tasks.create_task(self._take(self._waiting.popleft()), name="transcribe")
                self._changed.clear()
                await self._changed.wait()

    async def _take(self, item: _Waiting) -> None:
        try:
            if not self.is_flagged(item.of):
                self.counts.dropped += 1
                return
            patterns = self.lists.met(await self._said(item.window))
            self.counts.transcribed += 1
            if patterns:
                await self.found(Heard(item.of, patterns, item.window.begins, item.window.ends))
        except Exception as error:  # noqa: BLE001  (one window must not take the others with it; its text could hold words)
            self.counts.failed += 1
            log.error("not transcribed", extra={"room": item.of.room, "error": type(error).__name__})
        finally:
            self._busy -= 1
            self._changed.set()

    async def _said(self, window: Window) -> str:
        frame = rtc.AudioFrame(window.samples.tobytes(), RATE, 1, len(window.samples))
        async with asyncio.timeout(WITHIN_SECONDS):
            if self.plugin.capabilities.offline_recognize:
                event = await self.plugin.recognize(frame, conn_options=ONCE)
                return " ".join(said.text for said in event.alternatives[:1])
            return await self._streamed(frame)

    async def _streamed(self, frame: rtc.AudioFrame) -> str:
        """Of plugins that only stream."""
        parts = list[str]()
        async with self.plugin.stream(conn_options=ONCE) as stream:
            stream.push_frame(frame)
            stream.end_input()
            async for event in stream:
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                    parts += [said.text for said in event.alternatives[:1]]
        return " ".join(parts)
