"""A device in a process of its own, which can be gone from one moment to the next, as a phone in a lift, and come back.

`python -m local.people.vanishing` is that process: it reads what to join with from its input, says when it is there,
and stays until its input ends, so it never outlives who started it.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Any, Self

import numpy as np
from livekit import rtc

from local.paths import REPOSITORY

READY_SECONDS = 30.0
RATE, FRAME = 48_000, 480


class VanishingDevice:
    """In the room from `connect` until `vanish`, which no one in the room is told about."""

    def __init__(self, join: dict[str, Any], *, speaks: bool = False) -> None:
        """`speaks`: publishes a microphone with a quiet tone, where the token lets it."""
        self._join = {**join, "speaks": speaks}
        self._process: Process | None = None
        self.sid = ""

    async def knock(self) -> Self:
        """Begins to connect, and returns without knowing what comes of it."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__), cwd=REPOSITORY, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(self._join).encode() + b"\n")
        return self

    async def connect(self) -> Self:
        """Raises RuntimeError when it does not get into the room."""
        await self.knock()
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            self.sid = (await self._process.stdout.readline()).decode().strip()
        if not self.sid:
            raise RuntimeError("the device in its own process did not get into the room")
        return self

    async def vanish(self) -> None:
        """No goodbye: the process is killed."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def freeze(self) -> None:
        """As a phone whose battery is empty: its connections stay open, and nothing comes from it any more."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)

    async def leave(self) -> None:
        """Without a word."""
        await self.vanish()


async def stay() -> None:
    """Joins, says its SID, and stays until the input ends."""
    loop = asyncio.get_running_loop()
    join = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    room = rtc.Room()
    await room.connect(join["url"], join["token"])
    speaking = asyncio.create_task(speak(room)) if join["speaks"] else None
    sys.stdout.write(f"{room.local_participant.sid}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    if speaking is not None:
        speaking.cancel()
    await room.disconnect()


async def speak(room: rtc.Room) -> None:
    """A tone of 300 Hz at -26 dBFS, for ever."""
    source = rtc.AudioSource(RATE, 1)
    microphone = rtc.LocalAudioTrack.create_audio_track("microphone", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await room.local_participant.publish_track(microphone, options)
    # Three whole periods a frame, so that one frame after another is one tone.
    tone = (np.sin(np.arange(FRAME) * 2 * np.pi * 300 / RATE) * 1638).astype(np.int16)
    while True:
        await source.capture_frame(rtc.AudioFrame(tone.tobytes(), RATE, 1, FRAME))


if __name__ == "__main__":
    asyncio.run(stay())
