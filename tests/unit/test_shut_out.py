"""Doubt comes from silence and costs nobody anything; what is held against somebody is LiveKit's own word."""

from dataclasses import dataclass, field
from typing import cast

import pytest
from livekit import rtc

from agent.livekit import shut_out
from agent.livekit.audio_tracks import AudioTrack, Unwanted
from agent.livekit.shut_out import LOOK_SECONDS, ShutOut
from agent.process.metrics import Metrics
from handlers.events import Event, KeptOut
from handlers.facts import MICROPHONE, Identity, Sid
from moderation.audio.measurement import Gap
from moderation.audio.meter import TrackMeter
from moderation.rules.not_measurable import Shut


@dataclass
class Publication:
    sid: str


@dataclass
class World:
    """One room; `now` is its clock."""

    now: float = 1000.0
    events: list[Event] = field(default_factory=list)
    tracks: list[AudioTrack] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.metrics = Metrics()

    def monotonic(self) -> float:
        return self.now

    def open(self) -> None:
        self.shut_out = ShutOut(self.events.append, self.metrics)

    def publish(self, sid: str = "TR_1", who: str = "bo") -> AudioTrack:
        publication = cast("rtc.RemoteTrackPublication", Publication(sid))
        track = AudioTrack(publication, Identity(who), Sid("PA"), MICROPHONE, TrackMeter(), self.now)
        self.tracks.append(track)
        self.shut_out.begun(track)
        return track

    def unpublish(self, track: AudioTrack) -> None:
        self.tracks.remove(track)
        self.shut_out.ended(track)

    def looks(self, halves: int, *, heard: bool = False) -> frozenset[str]:
        """For so many half seconds."""
        asked: frozenset[str] = frozenset()
        for _ in range(round(halves * 0.5 / LOOK_SECONDS)):
            self.now += LOOK_SECONDS
            for track in self.tracks:
                track.waiting_since = self.now if heard else track.waiting_since
            asked = self.shut_out.look(self.tracks)
        return asked

    def kept_out(self) -> float:
        return sum(event.seconds for event in self.events if isinstance(event, KeptOut))

    def unheard(self) -> float:
        return self.metrics.registry.get_sample_value("live_audio_unheard_seconds_total") or 0.0


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(shut_out.time, "monotonic", made.monotonic)
    made.open()
    return made


def test_who_is_heard_is_never_asked_about(world: World) -> None:
    world.publish()
    assert world.looks(100, heard=True) == frozenset()


def test_silence_is_asked_about_counted_and_held_against_nobody(world: World) -> None:
    world.publish()
    assert world.looks(3) == {"TR_1"}
    world.looks(20)
    assert world.kept_out() == 0.0
    assert world.unheard() > 5.0


def test_a_loop_that_was_stuck_makes_nobody_doubted(world: World) -> None:
    world.publish()
    world.looks(1, heard=True)
    world.now += 30.0
    assert world.shut_out.look(world.tracks) == frozenset()
    assert world.looks(1, heard=True) == frozenset()


def test_what_is_denied_counts_from_the_last_sound_and_once(world: World) -> None:
    track = world.publish()
    world.looks(4)
    world.shut_out.told(track, "TR_1", denied=True)
    world.looks(1)
    assert world.kept_out() == pytest.approx(2.5)
    world.looks(3)
    assert world.kept_out() == pytest.approx(4.0)
    world.shut_out.told(track, "TR_1", denied=False)
    world.looks(20, heard=True)
    assert world.kept_out() == pytest.approx(4.0)


def test_publications_that_end_unheard_add_up_to_a_doubt_about_the_next(world: World) -> None:
    for number in range(3):
        track = world.publish(f"TR_{number}")
        world.now += 0.4
        world.unpublish(track)
    track = world.publish("TR_9")
    assert world.shut_out.doubted(world.tracks) == {"TR_9"}
    world.shut_out.told(track, "TR_9", denied=True)
    world.now += 0.4
    world.unpublish(track)
    assert world.kept_out() == pytest.approx(0.4)


def test_doubt_is_about_a_person_and_goes_slowly(world: World) -> None:
    world.publish("TR_1")
    other = world.publish("TR_2", who="ada")
    for _ in range(8):
        world.now += LOOK_SECONDS
        other.waiting_since = world.now
        asked = world.shut_out.look(world.tracks)
    assert asked == {"TR_1"}
    assert world.looks(2, heard=True) == {"TR_1"}
    assert world.looks(20, heard=True) == frozenset()


def test_an_answer_that_nobody_keeps_up_to_date_is_forgotten(world: World) -> None:
    track = world.publish()
    world.looks(4)
    world.shut_out.told(track, "TR_1", denied=True)
    world.shut_out.forget_answers()
    world.looks(1)
    assert world.kept_out() == 0.0
    assert not world.shut_out.is_denied(track)


def test_a_mute_ends_it_and_what_was_before_counts(world: World) -> None:
    track = world.publish()
    world.looks(4)
    world.shut_out.told(track, "TR_1", denied=True)
    world.shut_out.muted(track)
    track.paused = Gap.MUTED
    world.looks(20)
    assert world.kept_out() == pytest.approx(2.0)


def test_what_is_encrypted_needs_no_witness(world: World) -> None:
    track = world.publish()
    track.unwanted = Unwanted.ENCRYPTED
    assert world.looks(4) == frozenset()
    assert {event.shut for event in world.events if isinstance(event, KeptOut)} == {Shut.ENCRYPTED}
    assert world.kept_out() == pytest.approx(2.0)


def test_what_we_do_not_want_is_no_fault_of_anybody(world: World) -> None:
    track = world.publish()
    track.unwanted = Unwanted.TOO_MANY
    assert world.looks(20) == frozenset()
    assert (world.kept_out(), world.unheard()) == (0.0, 0.0)
