"""A hidden participant hears each sound of a person by what it carries."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest
import pytest_asyncio
from livekit import rtc

from agent.core.lease import RoomName
from agent.livekit.audio_tracks import SETTLING_BLOCKS, SILENT_PEAK, AudioTrack
from handlers.events import Measured
from handlers.facts import MICROPHONE, Track
from handlers.false_sources import TRACKS_OF_A_SOURCE
from local.people import voice
from local.people.sound import RATE, SpokenSound, speech_like, tone
from local.people.waiting import until
from local.stack import Stack
from moderation.audio.measurement import Gap
from moderation.roles import Source
from tests.integration.hidden_listener import Listener, Speaker, entering, listening

SCREEN = Track(Source.SCREEN_SHARE_AUDIO)


@pytest.fixture
def room_name() -> RoomName:
    return RoomName(f"every-sound-{uuid.uuid4()}")


@pytest_asyncio.fixture(loop_scope="session")
async def listener(stack: Stack, room_name: RoomName) -> AsyncIterator[Listener]:
    async with listening(stack, room_name) as hidden:
        hidden.sounds.hear(on=True)
        yield hidden


@pytest_asyncio.fixture(loop_scope="session")
async def speaker(stack: Stack, room_name: RoomName) -> AsyncIterator[Speaker]:
    async with entering(stack, room_name, tone(-20.0)) as someone:
        yield someone


def heard_tracks(listener: Listener) -> set[Track]:
    return {event.track for event in listener.heard if isinstance(event, Measured)}


async def test_each_sound_is_heard_whatever_its_source_is_called(
    listener: Listener, speaker: Speaker
) -> None:
    for source in (
        rtc.TrackSource.SOURCE_MICROPHONE,
        rtc.TrackSource.SOURCE_MICROPHONE,
        rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO,
        rtc.TrackSource.SOURCE_CAMERA,
        rtc.TrackSource.SOURCE_UNKNOWN,
    ):
        await speaker.publish(source=source)

    every = {MICROPHONE, Track(Source.MICROPHONE, 1), SCREEN, Track(Source.CAMERA), Track(None)}
    await until("each of them is heard", lambda: heard_tracks(listener) == every)


async def test_a_picture_called_a_microphone_is_never_subscribed_to(
    listener: Listener, speaker: Speaker, caplog: pytest.LogCaptureFixture
) -> None:
    source = rtc.VideoSource(160, 96)
    picture = rtc.LocalVideoTrack.create_video_track("microphone", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, simulcast=False)
    filming = asyncio.create_task(voice.film(source))
    await speaker.room.local_participant.publish_track(picture, options)
    await until("it is published", listener.publications)
    await speaker.publish()
    await listener.hears(25)
    await voice.ended(filming)

    pictures = [p for p in listener.publications() if p.kind == rtc.TrackKind.KIND_VIDEO]
    assert [p.subscribed for p in pictures] == [False]
    assert listener.hearing.metrics.audio_resubscribed._value.get() == 0
    assert listener.hearing.metrics.audio_failures._value.get() == 0
    assert not [record for record in caplog.records if record.exc_info]


async def test_what_is_encrypted_is_not_listened_to(
    stack: Stack, room_name: RoomName, listener: Listener, speaker: Speaker
) -> None:
    secret = rtc.E2EEOptions(key_provider_options=rtc.KeyProviderOptions(shared_key=b"among friends"))
    async with entering(stack, room_name, tone(-6.0), encryption=secret) as someone:
        await someone.publish()
        await until("it is published", listener.publications)
        (publication,) = listener.publications()
        assert publication.encryption_type == rtc.EncryptionType.GCM
        await speaker.publish()
        await until("others are heard", lambda: len(listener.measured) >= 20)
        assert not publication.subscribed
        assert listener.measured_of(someone.room.local_participant.identity) == []


async def test_the_first_moments_of_a_subscription_are_left_out(listener: Listener, speaker: Speaker) -> None:
    await speaker.publish()
    await until("something has come", lambda: any(map(has_come, listener.sounds._tracks.by_sid.values())))
    (track,) = listener.sounds._tracks.by_sid.values()
    begun = track.waiting_since
    first = (await listener.hears(1))[0]
    assert first.at - listener.hearing.clock.at(begun) >= 0.35
    assert first.gap is None


async def test_comfort_noise_is_not_measured_as_somebodys_noise(listener: Listener, speaker: Speaker) -> None:
    """A fan at -45 dBFS, of which the sender lets the listener's decoder make a likeness."""
    speaker.sound = speech_like(-20.0)  # for Opus to take what is no speech for a pause
    await speaker.publish(dtx=True)
    await listener.hears(15)
    (track,) = listener.sounds._tracks.by_sid.values()
    speaker.sound = SpokenSound("silence", np.zeros(RATE, np.int16))
    await until("the silence is noticed", lambda: track.paused is Gap.DTX, 20.0)
    fan = np.random.default_rng(1).normal(0.0, 32768 * 10 ** (-45 / 20), RATE)
    speaker.sound = SpokenSound("a fan", fan.clip(-32768, 32767).astype(np.int16))
    await until("the fan is heard", lambda: track.paused is None)
    await until("the pause is noticed", lambda: track.paused is Gap.DTX and not track.idle, 20.0)
    measured, since = len(listener.measured), track.waiting_since
    await until("two more seconds of it have come", lambda: track.waiting_since > since + 2.0)
    assert track.peak > SILENT_PEAK
    assert len(listener.measured) == measured

    speaker.sound = tone(-20.0)
    await listener.hears(5)


def has_come(track: AudioTrack) -> bool:
    return track.tap is not None and track.settling < SETTLING_BLOCKS


async def test_who_publishes_many_sounds_has_a_bounded_share_and_delays_nobody_else(
    stack: Stack, room_name: RoomName, listener: Listener, speaker: Speaker
) -> None:
    """Beyond the share more of them change nothing here, a hundred as little as two."""
    publications = []
    for _ in range(TRACKS_OF_A_SOURCE + 2):
        await speaker.publish()
        publications.append(speaker.publication)
    await until("all that may be are heard", lambda: len(heard_tracks(listener)) == TRACKS_OF_A_SOURCE, 20.0)
    assert subscriptions(listener) == TRACKS_OF_A_SOURCE

    async with entering(stack, room_name, tone(-8.0)) as other:
        await other.publish()
        who = other.room.local_participant.identity
        for blocks in range(2, 22):
            await until("another block", lambda n=blocks: len(listener.measured_of(who)) >= n, 20.0)
            assert listener.hearing.clock.now() - listener.measured_of(who)[blocks - 1].at < 1.0
        ends = [measurement.at for measurement in listener.measured_of(who)]
        assert max(later - earlier for earlier, later in pairwise(ends)) < 1.0

    assert publications[0] is not None
    await speaker.room.local_participant.unpublish_track(publications[0].sid)
    await until("one is gone", lambda: len(listener.publications()) == TRACKS_OF_A_SOURCE + 1)
    await until("another is heard in its place", lambda: subscriptions(listener) == TRACKS_OF_A_SOURCE)


def subscriptions(listener: Listener) -> int:
    return sum(publication.subscribed for publication in listener.publications())
