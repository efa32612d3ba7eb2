"""What is wrong with one sound, one connection or one room costs nobody else anything, and is counted."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest
from livekit import rtc
from livekit.rtc._ffi_client import FfiHandle

from agent.core.clock import DatabaseClock
from agent.livekit import hearing as hearing_module
from agent.livekit import reception, shut_out
from agent.livekit.audio_tracks import SILENT_PEAK, AudioTrack, Unwanted
from agent.livekit.hearing import WATCH_SECONDS, WATCH_TURNS, Hearing
from agent.livekit.native import Tap
from agent.livekit.room_hearing import MEASURED_AGAIN, RoomHearing
from agent.livekit.room_tracks import TRACKS_OF_ONE
from agent.process.metrics import Metrics
from handlers.events import Event, Measured, TrackPaused
from handlers.facts import MICROPHONE, Identity, Sid, Track
from handlers.false_sources import TRACKS_OF_A_SOURCE
from local.people.waiting import until
from moderation.audio.measurement import Gap
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter
from moderation.roles import Source
from tests.fakes.virtual_time import virtual_time

BO = Identity("bo")
SPOILT = bytearray(4)
"""No whole block, so that the meter refuses it."""
SOUND = bytearray(np.full(2 * 9600, 3000, np.int16).tobytes())


@dataclass
class Receiver:
    """All are asked at once, or none is answered."""

    together: asyncio.Barrier

    async def get_stats(self) -> list[object]:
        await self.together.wait()
        return []


@dataclass
class Publication:
    sid: str
    track: Receiver | None = None
    subscribed: list[bool] = field(default_factory=list)

    def set_subscribed(self, subscribed: bool) -> None:
        self.subscribed.append(subscribed)


class World:
    """One room of a process, whose tracks come without LiveKit."""

    def __init__(self) -> None:
        self.metrics, self.events = Metrics(), list[Event]()
        self.hearing = Hearing(DatabaseClock(), self.metrics)
        self.sounds = RoomHearing(rtc.Room(), self.hearing, self.events.append)
        self.sounds.hear(on=True)

    def add(self, number: int = 0, receiver: Receiver | None = None) -> AudioTrack:
        sid, name = f"TR_{number}", MICROPHONE._replace(number=number)
        publication = cast("rtc.RemoteTrackPublication", Publication(sid, receiver))
        meter = self.sounds._tracks._meters.setdefault(BO, {}).setdefault(name, TrackMeter())
        now = asyncio.get_running_loop().time()
        track = AudioTrack(publication, BO, Sid("PA"), name, meter, waiting_since=now)
        track.tap = Tap(cast("FfiHandle", FfiHandle(0)))
        self.sounds._tracks.by_sid[sid] = track
        self.sounds.doubts.begun(track)
        return track

    def comes(self, track: AudioTrack, samples: bytearray) -> None:
        assert track.tap is not None
        track.tap.add(asyncio.get_running_loop().time(), samples)
        self.sounds.measure_safely(track)

    def measured(self) -> list[Track]:
        return [event.track for event in self.events if isinstance(event, Measured)]

    def counted(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(name) or 0.0


def subscribed(track: AudioTrack) -> list[bool]:
    return cast("Publication", track.publication).subscribed


async def test_a_sound_that_could_not_be_measured_is_measured_again_with_a_fresh_meter() -> None:
    world = World()
    track = world.add()
    broken = track.meter
    world.comes(track, SPOILT)
    assert world.counted("live_audio_failures_total") == 1
    world.comes(track, SOUND)
    assert world.measured() == [MICROPHONE]
    assert track.meter is not broken
    assert world.sounds._tracks._meters[BO][MICROPHONE] is track.meter, (
        "who publishes anew has no broken one either"
    )


async def test_measuring_that_goes_on_failing_is_given_up_and_counts_as_unheard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    track = world.add()
    for _ in range(MEASURED_AGAIN):
        world.comes(track, SPOILT)
    assert (track.unwanted, subscribed(track)) == (None, [])
    world.comes(track, SPOILT)
    assert (track.unwanted, track.tap, subscribed(track)) == (Unwanted.GIVEN_UP, None, [False])
    assert world.events == [TrackPaused(BO, Gap.LOST, MICROPHONE)]
    assert world.counted("live_audio_failures_total") == MEASURED_AGAIN + 1

    later = asyncio.get_running_loop().time() + 60.0
    monkeypatch.setattr(shut_out.time, "monotonic", lambda: later)
    world.sounds.look_who_keeps_us_out()
    assert world.counted("live_audio_unheard_seconds_total") > 0.0
    await world.sounds.look_after()
    assert subscribed(track) == [False], "nobody subscribes to it again"
    assert world.sounds.doubts._shut_out._doubts == {}, "our own fault makes nobody doubted"


async def test_a_sound_that_is_given_up_leaves_its_place_to_another() -> None:
    world = World()
    given_up, *_, first, second = [world.add(number) for number in range(TRACKS_OF_A_SOURCE + 2)]
    first.unwanted = second.unwanted = Unwanted.TOO_MANY
    for _ in range(MEASURED_AGAIN + 1):
        world.comes(given_up, SPOILT)
    assert (first.unwanted, subscribed(first)) == (None, [True])
    assert second.unwanted is Unwanted.TOO_MANY


async def test_each_connection_and_source_has_places_and_a_person_as_many_as_are_measured() -> None:
    """Who has OBS beside the app may use two of each; nobody has more than `TRACKS_OF_ONE`."""
    world = World()
    tracks = world.sounds._tracks
    for number in range(TRACKS_OF_A_SOURCE):
        world.add(number)
    more = world.add(number=TRACKS_OF_A_SOURCE)
    assert not tracks.has_place(more)
    more.track = more.track._replace(source=Source.SCREEN_SHARE_AUDIO)
    assert tracks.has_place(more)
    more.track, more.sid = MICROPHONE, Sid("PA_obs")
    assert tracks.has_place(more)
    for number in range(TRACKS_OF_A_SOURCE + 1, TRACKS_OF_ONE + 1):
        world.add(number).sid = Sid(f"PA_{number}")
    assert not tracks.has_place(more)


async def test_the_receivers_of_a_room_are_asked_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "STATS_SECONDS", 5.0)
    world = World()
    together = asyncio.Barrier(TRACKS_OF_ONE)
    for number in range(TRACKS_OF_ONE):
        world.add(number, Receiver(together)).short_term_lufs = -10.0
    async with asyncio.timeout(4.0):
        await world.sounds.look_after()
    assert not together.broken


class Room:
    """Its looks fail, or are counted."""

    def __init__(self, name: str, *, fails: bool) -> None:
        self.room, self._fails = name, fails
        self.looked_after = self.looked_who = 0

    def turns(self) -> list[AudioTrack]:
        return []

    def measure_safely(self, track: AudioTrack) -> None:
        raise NotImplementedError

    async def look_after(self) -> None:
        self.looked_after += 1
        if self._fails:
            raise RuntimeError(self.room)

    def look_who_keeps_us_out(self) -> None:
        self.looked_who += 1
        if self._fails:
            raise RuntimeError(self.room)


@dataclass
class Looks:
    """At many rooms, whose receivers answer when they may."""

    answered: asyncio.Event
    going_on: int = 0
    most: int = 0


class SlowRoom(Room):
    def __init__(self, looks: Looks) -> None:
        super().__init__("slow", fails=False)
        self._looks = looks

    async def look_after(self) -> None:
        self.looked_after += 1
        self._looks.going_on += 1
        self._looks.most = max(self._looks.most, self._looks.going_on)
        await self._looks.answered.wait()
        self._looks.going_on -= 1


@virtual_time
async def test_rooms_are_looked_at_in_turns_and_one_that_does_not_answer_holds_up_none() -> None:
    hearing, looks, stuck = (
        Hearing(DatabaseClock(), Metrics()),
        Looks(asyncio.Event()),
        Looks(asyncio.Event()),
    )
    rooms, silent = [SlowRoom(looks) for _ in range(3 * WATCH_TURNS)], SlowRoom(stuck)
    hearing.rooms.update(rooms)
    running = asyncio.create_task(hearing.run())
    await asyncio.sleep(1.5 * WATCH_SECONDS / WATCH_TURNS)
    assert looks.going_on == looks.most == 3, "a tenth of them at once"
    looks.answered.set()
    await asyncio.sleep(WATCH_SECONDS)
    assert all(room.looked_after for room in rooms)
    hearing.rooms.add(silent)
    before = [room.looked_after for room in rooms]
    await asyncio.sleep(5 * WATCH_SECONDS)
    assert all(room.looked_after > looked + 3 for room, looked in zip(rooms, before, strict=True))
    assert silent.looked_after == 1
    stuck.answered.set()
    await asyncio.sleep(2 * WATCH_SECONDS)
    assert silent.looked_after > 1
    running.cancel()
    await asyncio.wait({running})


async def test_a_look_that_fails_in_one_room_goes_on_there_and_elsewhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hearing_module, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(hearing_module, "LOOK_SECONDS", 0.01)
    metrics = Metrics()
    hearing = Hearing(DatabaseClock(), metrics)
    rooms = [Room("broken", fails=True), Room("whole", fails=False)]
    hearing.rooms.update(rooms)
    running = asyncio.create_task(hearing.run())
    await until(
        "each was looked at three times", lambda: all(min(r.looked_after, r.looked_who) > 2 for r in rooms)
    )
    assert not running.done()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled(), "an end that is asked for is no failure"
    failures = metrics.registry.get_sample_value("live_audio_failures_total")
    assert failures == rooms[0].looked_after + rooms[0].looked_who
    assert {record.__dict__["room"] for record in caplog.records} == {"broken"}


async def test_what_is_heard_and_not_judged_because_much_is_lost_is_counted() -> None:
    world = World()
    track = world.add()
    track.paused, track.made_up = Gap.LOST, True
    world.comes(track, SOUND)
    assert world.measured() == []
    assert world.counted("live_audio_made_up_seconds_total") == BLOCK_SECONDS
    world.comes(track, bytearray(np.full(2 * 9600, SILENT_PEAK - 1, np.int16).tobytes()))
    track.paused = Gap.MUTED
    world.comes(track, SOUND)
    assert world.counted("live_audio_made_up_seconds_total") == BLOCK_SECONDS, "nobody hears these"
