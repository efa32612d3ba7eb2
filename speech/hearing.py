"""One microphone of one flagged speaker: a voice detector decides what is speech, windows of it go to the engine."""

import asyncio
import time
from collections.abc import Callable

import numpy as np
from livekit import rtc
from livekit.agents import vad

from speech.windows import RATE, SpeechWindows, Window

FRAME_MS = 200
"""Frames of 10 ms, which are LiveKit's default, cost as much as the detector itself."""


async def hear(track: rtc.Track, detector: vad.VAD, heard: Callable[[Window], None]) -> None:
    """Until the track ends. What no detector takes for speech never leaves here."""
    stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=FRAME_MS)
    looked = detector.stream()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_push(stream, looked), name="sound in")
            await gate(looked, heard, time.time)
    finally:
        await looked.aclose()
        await stream.aclose()


async def _push(stream: rtc.AudioStream, looked: vad.VADStream) -> None:
    async for event in stream:
        looked.push_frame(event.frame)
    looked.end_input()


async def gate(looked: vad.VADStream, heard: Callable[[Window], None], clock: Callable[[], float]) -> None:
    """Windows of what the detector has looked at, 16 kHz in one channel. `clock`: Unix seconds."""
    windows = SpeechWindows()
    async for event in looked:
        if event.type is not vad.VADEventType.INFERENCE_DONE:
            continue
        for frame in event.frames:
            samples = np.frombuffer(frame.data, np.int16)
            if (window := windows.add(samples, clock(), speaking=event.speaking)) is not None:
                heard(window)
    if (last := windows.flush()) is not None:
        heard(last)
