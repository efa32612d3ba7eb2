"""How the measuring of all rooms shares the loop: within its share, nobody left out, the newest blocks kept."""

import asyncio
import itertools
import math
import time
from collections.abc import Callable
from typing import cast

import numpy as np
from livekit import rtc
from livekit.rtc._ffi_client import FfiHandle

from agent.core.clock import DatabaseClock
from agent.core.inbox import LIMIT, MEASURED_LIMIT, Inbox
from agent.livekit.audio_tracks import AudioTrack
from agent.livekit.hearing import GATHER_SECONDS, REST_RATIO, Hearing
from agent.livekit.native import KEPT_BLOCKS, Tap
from agent.livekit.room_hearing import RoomHearing
from agent.process.metrics import Metrics
from handlers.events import Event, LeaseLost, Measured
from handlers.facts import MICROPHONE, Identity, Sid
from local import sounds
from local.people.sound import RATE
from local.people.waiting import until
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter
from moderation.audio.together import SHORT_TERM_SECONDS
from moderation.rule_names import Rule
from moderation.rules.judge import Watch, judge
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject, Verdict
from moderation.rules.too_loud import TooLoud
from tests.fakes.measured import QUIET

SPEAKERS = 20


class BusyRoom:
    """Twenty speakers of whom something is always there, 2 ms of work each."""

    def __init__(self) -> None:
        self._tracks = [waiting_track(number) for number in range(SPEAKERS)]
        self.spent = 0.0
        self.measured: dict[AudioTrack, int] = {}
        self.all_had_a_turn = asyncio.Event()

    async def look_after(self) -> None:
        pass

    def look_who_keeps_us_out(self) -> None:
        pass

    def turns(self) -> list[AudioTrack]:
        return self._tracks

    def measure_safely(self, track: AudioTrack) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < 0.002:
            pass
        self.measured[track] = self.measured.get(track, 0) + 1
        self.spent += time.monotonic() - begun
        if len(self.measured) == SPEAKERS:
            self.all_had_a_turn.set()


def audio_track(number: int, identity: Identity | None = None) -> AudioTrack:
    publication = cast("rtc.RemoteTrackPublication", None)
    who = identity or Identity(f"{number}")
    return AudioTrack(publication, who, Sid("sid"), MICROPHONE, TrackMeter(), waiting_since=0.0)


def waiting_track(number: int, identity: Identity | None = None, *, since: float = 0.0) -> AudioTrack:
    track = audio_track(number, identity)
    track.tap = Tap(cast("FfiHandle", None))
    track.tap.add(since, bytearray())
    return track


async def test_measuring_takes_at_most_its_share_and_everyone_gets_a_turn() -> None:
    hearing = Hearing(DatabaseClock(), Metrics())
    sounds = BusyRoom()
    hearing.rooms.add(cast("RoomHearing", sounds))
    begun = time.monotonic()

    running = asyncio.create_task(hearing.run())
    await sounds.all_had_a_turn.wait()
    elapsed = time.monotonic() - begun
    running.cancel()
    await asyncio.wait({running})

    assert sounds.spent / elapsed <= 1.0 / (1.0 + REST_RATIO) * 1.2
    assert max(sounds.measured.values()) - min(sounds.measured.values()) <= 1


class SlowRoom(RoomHearing):
    """Of everybody here something is always there, and takes 2 ms."""

    def __init__(self, hearing: Hearing, tracks: dict[Identity, int]) -> None:
        super().__init__(rtc.Room(), hearing, lambda _: None)
        self.measured: list[AudioTrack] = []
        for identity, many in tracks.items():
            for number in range(many):
                self._tracks.by_sid[f"{identity}-{number}"] = waiting_track(number, identity)

    async def look_after(self) -> None:
        pass

    def look_who_keeps_us_out(self) -> None:
        pass

    def measure_safely(self, track: AudioTrack) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < 0.002:
            pass
        track.waiting_since = time.monotonic()
        self.measured.append(track)


class LateRoom(BusyRoom):
    """The second speaker's block comes while the first one's is measured."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = waiting_track(1), audio_track(2)
        self.at: dict[AudioTrack, float] = {}

    def turns(self) -> list[AudioTrack]:
        return [track for track in (self.first, self.second) if track.waits_since < math.inf]

    def measure_safely(self, track: AudioTrack) -> None:
        self.at[track], track.tap = time.monotonic(), None
        if track is self.first:
            self.second = waiting_track(2, since=time.monotonic())


async def test_what_comes_while_others_are_measured_waits_for_the_next_look() -> None:
    """A block by itself takes twice the processor time that it takes among others."""
    hearing, room = Hearing(DatabaseClock(), Metrics()), LateRoom()
    hearing.rooms.add(cast("RoomHearing", room))
    running = asyncio.create_task(hearing.run())
    await until("both were measured", lambda: len(room.at) == 2)
    running.cancel()
    await asyncio.wait({running})

    assert room.at[room.second] - room.at[room.first] >= GATHER_SECONDS


async def test_who_publishes_a_hundred_sounds_has_as_many_turns_as_who_publishes_one() -> None:
    hearing = Hearing(DatabaseClock(), Metrics())
    many, one = Identity("many"), Identity("one")
    sounds = SlowRoom(hearing, {many: 100, one: 1})
    hearing.rooms.add(sounds)
    running = asyncio.create_task(hearing.run())
    await until("forty had a turn", lambda: len(sounds.measured) >= 40)
    running.cancel()
    await asyncio.wait({running})

    turns = [track.identity for track in sounds.measured[:40]]
    assert turns.count(one) == turns.count(many) == 20
    assert len({track for track in sounds.measured[:40] if track.identity == many}) == 20


class RealRoom(RoomHearing):
    """The real ones, with tracks of whose receivers nothing is known."""

    def __init__(
        self, hearing: Hearing, report: Callable[[Event], None], tracks: dict[Identity, int]
    ) -> None:
        super().__init__(rtc.Room(), hearing, report)
        for identity, many in tracks.items():
            for number in range(many):
                track = audio_track(number, identity)
                track.tap = Tap(cast("FfiHandle", None))
                self._tracks.by_sid[f"{identity}-{number}"] = track

    async def look_after(self) -> None:
        pass

    def look_who_keeps_us_out(self) -> None:
        pass

    async def play(self, sounds_of: dict[Identity, sounds.Blocks]) -> None:
        """Each track gets 200 ms every 200 ms, for ever."""
        for turn in itertools.count():
            for track in self._tracks.by_sid.values():
                blocks = sounds_of[track.identity]
                assert track.tap is not None
                track.tap.add(time.monotonic(), bytearray(blocks[turn % len(blocks)].tobytes()))
            await asyncio.sleep(BLOCK_SECONDS)


async def test_a_hundred_sounds_of_one_person_delay_no_verdict_about_another() -> None:
    """Through the real meters, without the bound on how many of one person are subscribed to.

    The shout is cut off as well, for which the grace may be over first: the verdict meant is that on its loudness.
    """
    hearing, late, watch = Hearing(DatabaseClock(), Metrics()), list[float](), Watch()
    many, one = Identity("many"), Identity("one")
    policy, verdicts, blocks = Policy(mode=Mode.ENFORCE), list[Verdict](), list[float]()

    def report(event: Event) -> None:
        nonlocal watch
        if isinstance(event, Measured) and event.identity == one:
            blocks.append(event.measurement.at)
            late.append(hearing.clock.now() - event.measurement.at)
            watch, found = judge(
                watch, event.measurement, Subject("speaker"), policy, frozenset({Rule.TOO_LOUD})
            )
            verdicts.extend(found)

    rng = np.random.default_rng(6)
    said, shouted = (
        sounds.as_blocks(np.stack([signal, 0.5 * signal], axis=1))
        for signal in (sounds.speech(-24.0, 4.0, RATE, rng), sounds.shout(-6.0, 4.0, RATE, rng))
    )
    ears = RealRoom(hearing, report, {many: 100, one: 1})
    hearing.rooms.add(ears)
    tasks = {
        asyncio.create_task(hearing.run()),
        asyncio.create_task(ears.play({many: said, one: shouted})),
    }
    await until("a verdict", lambda: bool(verdicts), 30.0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert max(late) <= 1.0
    assert verdicts[0].at - blocks[0] <= SHORT_TERM_SECONDS + policy[TooLoud].grace_seconds + 1.0


def test_a_track_that_waits_keeps_its_newest_blocks_and_counts_the_others() -> None:
    tap = Tap(cast("FfiHandle", None))
    for number in range(10):
        tap.add(float(number), bytearray(np.full(2 * 9600, number, np.int16).tobytes()))
    assert tap.waits_since() == 10 - KEPT_BLOCKS
    assert tap.newly_dropped() == 10 - KEPT_BLOCKS
    assert tap.newly_dropped() == 0
    kept = [block[1][0, 0] for _ in range(KEPT_BLOCKS) if (block := tap.take())]
    assert kept == [8, 9]
    assert tap.waits_since() == math.inf
    assert tap.take() is None


async def test_what_is_heard_waits_behind_everything_else_and_never_breaks_the_inbox() -> None:
    inbox = Inbox()
    measured = Measured(Identity("bo"), Sid("sid"), QUIET)
    for _ in range(LIMIT + 1):
        inbox.put(measured)
    inbox.put(LeaseLost())
    assert isinstance(await inbox.get(None), LeaseLost)
    for _ in range(MEASURED_LIMIT):
        assert await inbox.get(None) is measured
    assert type(await inbox.get(0.0)).__name__ == "Ticked"
