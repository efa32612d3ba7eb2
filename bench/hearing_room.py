"""What the worker measures of a sound in a real room, against FFmpeg's meter on what a listener there gets.

Each sound is published from Chromium, encoded, sent through LiveKit and decoded twice: by the
worker, and for a listener who asks for two channels at 48 kHz and keeps what comes. FFmpeg measures the latter.
The two decode by themselves, so their times differ by a few frames; the difference is looked for and taken out.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from livekit import api, rtc
from numpy.typing import NDArray

from agent.core.clock import DatabaseClock
from agent.core.lease import RoomName
from agent.livekit.hearing import Hearing
from agent.livekit.room import OPTIONS, hidden_token
from agent.livekit.room_hearing import RoomHearing
from agent.process.metrics import Metrics
from bench import ffmpeg
from handlers.events import Event, Measured
from handlers.facts import Identity
from local import sounds
from local.people.browser_speakers import MUSIC_BITRATE, BrowserSpeakers
from local.people.sound import RATE
from local.people.waiting import until
from moderation.audio.measurement import Measurement
from moderation.audio.stats import MinuteStats

Pcm = NDArray[np.int16]

BAR_LU = 0.5
TONES_HZ = (50, 125, 250, 1000, 4000, 8000, 12_000, 14_000)
LOOP_SECONDS = 3.0
HEARD_SECONDS = 8.0
SETTLING_SECONDS = 1.0
"""What a decoder makes of a track's beginning is left out."""
SHORT_TERM_SECONDS = 3.0
AT_ONCE = 6
"""Sounds in one room at a time: what one machine encodes and decodes without losing any."""
VOICE_BITRATE = 48_000
FRAME_SECONDS = 0.1
LARGEST_LAG, LAG_STEP = 0.8, 0.02


@dataclass(frozen=True)
class RoomSound:
    """A sound that Chromium repeats until it is told to stop."""

    name: str
    samples: Pcm
    """(n, 1 or 2) at 48 kHz; n is a whole number of loops."""
    bitrate: int = MUSIC_BITRATE


@dataclass
class HeardInRoom:
    """One sound as both got it. Times are the hearing's."""

    measured: list[Measurement] = field(default_factory=list)
    frames: list[tuple[float, Pcm]] = field(default_factory=list)
    """What the listener got: when each 100 ms came, and its samples."""


@dataclass(frozen=True)
class Difference:
    """Ours minus FFmpeg's, LU."""

    integrated: float
    short_term: float
    """Where it is largest."""

    @property
    def largest(self) -> float:
        """The larger of the two, without its sign, LU."""
        return max(abs(self.integrated), abs(self.short_term))


def all_sounds() -> list[RoomSound]:
    """The same samples each time."""
    rng = np.random.default_rng(17)
    voice, other = (sounds.speech(-20.0, LOOP_SECONDS, RATE, rng) for _ in range(2))
    music, more = (sounds.music(-18.0, LOOP_SECONDS, RATE, rng) for _ in range(2))
    silence = np.zeros_like(voice)
    return [
        RoomSound("voice_of_one_channel", sounds.as_int16(voice)[:, None], VOICE_BITRATE),
        *(_stereo(f"tone_{hz}_hz", tone, tone) for hz, tone in _tones()),
        _stereo("speech", voice, 0.7 * voice),
        _stereo("two_voices", voice, other),
        _stereo("music", music, more),
        _stereo("left_only", voice, silence),
        _stereo("antiphase", voice, -voice),
        _stereo("uneven_antiphase", voice, -0.5 * voice),
        _stereo("music_in_antiphase", music, -music),
    ]


def _tones() -> list[tuple[int, sounds.Signal]]:
    return [(hz, sounds.tone(hz, -17.0, LOOP_SECONDS, RATE)) for hz in TONES_HZ]


def _stereo(name: str, left: sounds.Signal, right: sounds.Signal) -> RoomSound:
    return RoomSound(name, sounds.as_int16(np.stack([left, right], axis=1)))


async def differences(
    env: Mapping[str, str], speakers: BrowserSpeakers, every: Sequence[RoomSound], at_once: int = AT_ONCE
) -> dict[str, Difference]:
    """By the sounds' names. `env`: where LiveKit is, and its key."""
    found: dict[str, Difference] = {}
    for first in range(0, len(every), at_once):
        heard = await hear(env, speakers, every[first : first + at_once])
        found |= {name: compare(both) for name, both in heard.items()}
    return found


async def hear(
    env: Mapping[str, str], speakers: BrowserSpeakers, every: Sequence[RoomSound]
) -> dict[str, HeardInRoom]:
    """These sounds in one room at once, each as somebody's microphone."""
    heard = {sound.name: HeardInRoom() for sound in every}
    name = RoomName(f"hearing-{uuid.uuid4()}")
    async with our_hearing(env, name, heard) as hearing, listener(env, name, heard, hearing.clock):
        for sound in every:
            await speakers.speak(name, sound.name, sound.samples, sound.bitrate)
        enough = round(HEARD_SECONDS / FRAME_SECONDS)
        await until("all are heard", lambda: all(len(h.frames) >= enough for h in heard.values()), 30.0)
        await speakers.hush()
    return heard


@asynccontextmanager
async def our_hearing(
    env: Mapping[str, str], name: RoomName, heard: dict[str, HeardInRoom]
) -> AsyncIterator[Hearing]:
    """The worker's."""
    hearing, room = Hearing(DatabaseClock(), Metrics()), rtc.Room()

    def told(event: Event) -> None:
        if isinstance(event, Measured):
            heard[event.identity].measured.append(event.measurement)

    ours = RoomHearing(room, hearing, told)
    token = hidden_token(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"], name, Identity("agent-hearing"))
    running = asyncio.create_task(hearing.run())
    await room.connect(env["LIVEKIT_URL"], token, OPTIONS)
    ours.hear(on=True)
    try:
        yield hearing
    finally:
        ours.close()
        await room.disconnect()
        running.cancel()
        await asyncio.wait({running})


@asynccontextmanager
async def listener(
    env: Mapping[str, str], name: RoomName, heard: dict[str, HeardInRoom], clock: DatabaseClock
) -> AsyncIterator[None]:
    """Somebody with two ears, who keeps what comes."""
    room, recording = rtc.Room(), set[asyncio.Task[None]]()

    async def record(track: rtc.Track, who: str) -> None:
        stream = rtc.AudioStream(
            track, sample_rate=RATE, num_channels=2, frame_size_ms=round(FRAME_SECONDS * 1000)
        )
        async for event in stream:
            samples = np.frombuffer(event.frame.data, np.int16).reshape(-1, 2)
            heard[who].frames.append((clock.at(time.monotonic()), samples))
        await stream.aclose()

    def subscribed(track: rtc.Track, _: object, who: rtc.RemoteParticipant) -> None:
        recording.add(asyncio.create_task(record(track, who.identity)))

    room.on("track_subscribed", subscribed)
    token = api.AccessToken(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]).with_identity("listener")
    grants = api.VideoGrants(room_join=True, room=name, can_publish=False)
    await room.connect(env["LIVEKIT_URL"], token.with_grants(grants).to_jwt())
    try:
        yield
    finally:
        await room.disconnect()
        for task in recording:
            task.cancel()
        await asyncio.wait(recording)


def compare(heard: HeardInRoom) -> Difference:
    """Over what both of them got. Raises ValueError where that is too little."""
    measured = [m for m in heard.measured if m.at >= heard.measured[0].at + SETTLING_SECONDS]
    recorded = np.concatenate([samples for _, samples in heard.frames])
    times = np.asarray(heard.frames[0][0] + FRAME_SECONDS * np.arange(len(heard.frames)), np.float64)
    theirs = ffmpeg.ebur128(recorded).short_term
    whole = [m for m in measured if m.coverage == 1.0 and m.at >= times[0] + SHORT_TERM_SECONDS + LARGEST_LAG]
    whole = [m for m in whole if m.at <= times[-1] - LARGEST_LAG]
    if len(whole) < 5:
        raise ValueError("too little was heard to compare")
    at, ours = np.array([m.at for m in whole]), np.array([m.short_term_lufs for m in whole])

    def apart(lag: float) -> NDArray[np.float64]:
        return np.asarray(ours - np.interp(at + lag, times, theirs))

    lag = min(
        np.arange(-LARGEST_LAG, LARGEST_LAG, LAG_STEP), key=lambda lag: float(np.abs(apart(lag)).mean())
    )
    worst = max(apart(lag), key=abs)
    return Difference(_integrated(measured, recorded, times, lag), float(worst))


def _integrated(measured: list[Measurement], recorded: Pcm, times: NDArray[np.float64], lag: float) -> float:
    """Over the same stretch of sound: whole loops, the newest that both have."""
    ends = min(measured[-1].at, times[-1] - lag)
    loops = int((ends - max(measured[0].at, times[0] - lag)) // LOOP_SECONDS)
    begins = ends - loops * LOOP_SECONDS
    minute = MinuteStats()
    for m in measured:
        if begins < m.at <= ends:
            minute.add(m)
    row = minute.so_far()
    if row is None or row.loudness_lufs is None:
        raise ValueError("nothing was loud enough to compare")
    first, last = (round((moment + lag - times[0] + FRAME_SECONDS) * RATE) for moment in (begins, ends))
    return row.loudness_lufs - ffmpeg.ebur128(recorded[first:last]).integrated
