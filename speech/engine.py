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

from speech.figures import Counts
from speech.ports import Flagged, Heard
from speech.windows import RATE, Window
from speech.words import Lists

log = logging.getLogger(__name__)

MOST_WAITING, MOST_OF_ONE = 20, 4
"""Windows, of all and of one speaker; the oldest of who has most of them makes room."""
WITHIN_SECONDS = 20.0
ONCE = APIConnectOptions(max_retry=1, timeout=10.0)


@dataclass(frozen=True, slots=True)
class _Waiting:
    window: Window
    of: Flagged
    since: float
    """By the loop's clock."""


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
    _waiting: dict[Flagged, deque[_Waiting]] = field(default_factory=dict)
    """Whose turn is next comes first: who says much, by however many microphones, delays nobody else."""
    _busy: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, window: Window, of: Flagged) -> None:
        """A window of a flagged speaker. Raises TypeError for anybody else's."""
        if not isinstance(of, Flagged):
            raise TypeError("only what a flagged speaker says is transcribed")
        mine = self._waiting.setdefault(of, deque())
        if len(mine) >= MOST_OF_ONE:
            self._drop(mine)
        elif sum(map(len, self._waiting.values())) >= MOST_WAITING:
            self._drop(max(self._waiting.values(), key=len))
        mine.append(_Waiting(window, of, asyncio.get_running_loop().time()))
        self._changed.set()

    def _drop(self, waiting: deque[_Waiting]) -> None:
        waiting.popleft()
        self.counts.dropped += 1

    def _next(self) -> _Waiting | None:
        """Of each speaker in turn."""
        for of in tuple(self._waiting):
            if waiting := self._waiting.pop(of):
                item = waiting.popleft()
                if waiting:
                    self._waiting[of] = waiting
                return item
        return None

    def settle(self, at_once: int, lists: Sequence[Mapping[str, Any]] | None) -> None:
        """How many windows at a time, and new lists; None: as before."""
        self.at_once = at_once
        if lists is not None:
            self.lists = Lists(lists)

    async def run(self) -> None:
        """Transcribe for ever, `at_once` at a time."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                while self._busy < self.at_once and (item := self._next()) is not None:
                    self._busy += 1
                    tasks.create_task(self._take(item), name="transcribe")
                self._changed.clear()
                await self._changed.wait()

    async def _take(self, item: _Waiting) -> None:
        try:
            if not self.is_flagged(item.of):
                self.counts.dropped += 1
                return
            begun = asyncio.get_running_loop().time()
            self.counts.waited.observe(begun - item.since)
            patterns = self.lists.met(await self._said(item.window))
            self.counts.took.observe(asyncio.get_running_loop().time() - begun)
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
