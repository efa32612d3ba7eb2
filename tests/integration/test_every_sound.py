"""A hidden participant hears each sound of a person by what it carries, and tells which sounds it cannot measure."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import rtc

from agent.listening import TRACKS_OF_ONE
from agent.ports import RoomName
from handlers.events import MICROPHONE, Measured, MeasuredAgain, Track, Unheard, Unmeasured
from local.people import voice
from local.people.sound import tone
from local.people.waiting import until
from local.stack import Stack
from moderation.roles import Source
from tests.integration.hidden_listener import Listener, Speaker, entering, listening

SCREEN = Track(Source.SCREEN_SHARE_AUDIO)


@pytest.fixture
def room_name() -> RoomName:
    return RoomName(f"every-sound-{uuid.uuid4()}")


@pytest_asyncio.fixture(loop_scope="session")
async def listener(stack: Stack, room_name: RoomName) -> AsyncIterator[Listener]:
    async with listening(stack, room_name) as hidden:
        hidden.ears.listen(on=True)
        yield hidden


@pytest_asyncio.fixture(loop_scope="session")
async def speaker(stack: Stack, room_name: RoomName) -> AsyncIterator[Speaker]:
    async with entering(stack, room_name, tone(-20.0)) as someone:
        yield someone


def heard_tracks(listener: Listener) -> set[Track]:
    return {event.track for event in listener.heard if isinstance(event, Measured)}


def unmeasured(listener: Listener) -> list[Unheard | None]:
    """What was told, in order; None: it is over."""
    told = [event for event in listener.heard if isinstance(event, Unmeasured | MeasuredAgain)]
    return [event.why if isinstance(event, Unmeasured) else None for event in told]


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
    assert unmeasured(listener) == []
    assert not [record for record in caplog.records if record.exc_info]


async def test_what_is_encrypted_is_not_listened_to_and_told_of(
    stack: Stack, room_name: RoomName, listener: Listener
) -> None:
    secret = rtc.E2EEOptions(key_provider_options=rtc.KeyProviderOptions(shared_key=b"among friends"))
    async with entering(stack, room_name, tone(-6.0), encryption=secret) as someone:
        await someone.publish()
        await until("it is told", lambda: unmeasured(listener) == [Unheard.ENCRYPTED])
        (publication,) = listener.publications()
        assert not publication.subscribed
        someone.track.mute()
        await until("muted, nobody hears it", lambda: unmeasured(listener) == [Unheard.ENCRYPTED, None])
    assert listener.measured == []


async def test_a_sound_that_its_publisher_keeps_from_us_is_told_of_until_it_is_heard(
    listener: Listener, speaker: Speaker
) -> None:
    speaker.room.local_participant.set_track_subscription_permissions(allow_all_participants=False)
    await speaker.publish()
    await until("it is told", lambda: unmeasured(listener) == [Unheard.MISSING])
    (told,) = [event for event in listener.heard if isinstance(event, Unmeasured)]
    assert (told.source, told.identity) == (Source.MICROPHONE, speaker.room.local_participant.identity)

    speaker.room.local_participant.set_track_subscription_permissions(allow_all_participants=True)
    await until("it is heard", lambda: unmeasured(listener) == [Unheard.MISSING, None], 15.0)
    await listener.hears(2)


async def test_one_person_has_a_bounded_number_of_decoders_and_the_place_of_one_that_ends_is_taken(
    listener: Listener, speaker: Speaker
) -> None:
    publications = []
    for _ in range(TRACKS_OF_ONE + 2):
        await speaker.publish()
        publications.append(speaker.publication)
    await until("all that may be are heard", lambda: len(heard_tracks(listener)) == TRACKS_OF_ONE, 20.0)
    await until("the others are told of", lambda: unmeasured(listener) == [Unheard.TOO_MANY] * 2)

    assert publications[0] is not None
    await speaker.room.local_participant.unpublish_track(publications[0].sid)
    await until("another is heard", lambda: unmeasured(listener)[-1] is None)
    await until("as many as before", lambda: subscriptions(listener) == TRACKS_OF_ONE)


def subscriptions(listener: Listener) -> int:
    return sum(publication.subscribed for publication in listener.publications())
