"""What a hidden participant hears from a real microphone: levels, and why nothing comes when nothing comes."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from statistics import median

import numpy as np
import pytest
import pytest_asyncio
from livekit import rtc

from agent.core.lease import RoomName
from local.people.sound import RATE, SpokenSound, tone
from local.people.waiting import until
from local.stack import Stack
from moderation.audio.measurement import Gap, Measurement
from tests.integration.hidden_listener import Listener, Speaker, entering, listening

SILENCE = SpokenSound("silence", np.zeros(RATE, np.int16))
CALIBRATION_DB = 1.0
SHORT_TERM_BLOCKS = 15
BOTH_SPEAKERS_LU = 3.0
"""A microphone of one channel comes out of both."""


@pytest.fixture
def room_name() -> RoomName:
    return RoomName(f"listening-{uuid.uuid4()}")


@pytest_asyncio.fixture(loop_scope="session")
async def listener(stack: Stack, room_name: RoomName) -> AsyncIterator[Listener]:
    async with listening(stack, room_name) as hidden:
        yield hidden


@pytest_asyncio.fixture(loop_scope="session")
async def speaker(stack: Stack, room_name: RoomName) -> AsyncIterator[Speaker]:
    async with entering(stack, room_name, tone(-20.0)) as someone:
        yield someone


def in_full(measured: list[Measurement]) -> bool:
    return len(measured) >= 25 and measured[-1].coverage == 1.0


async def test_tones_of_known_level_are_read_within_a_decibel(
    stack: Stack, room_name: RoomName, listener: Listener
) -> None:
    listener.sounds.hear(on=True)
    levels: dict[str, float] = {}
    async with AsyncExitStack() as people:
        for dbfs in (-6.0, -20.0, -36.0, -50.0):
            speaker = await people.enter_async_context(entering(stack, room_name, tone(dbfs, hertz=1000)))
            await speaker.publish()
            levels[speaker.room.local_participant.identity] = dbfs
        # Until the decoder has settled, and then a short-term window in which nothing was lost on a busy machine.
        await until(
            "all are heard in full", lambda: all(in_full(listener.measured_of(who)) for who in levels)
        )
        # While they are there: who leaves is heard fading. A block may hold what a busy machine lost, and most do not.
        heard = {who: list(listener.measured_of(who))[-SHORT_TERM_BLOCKS:] for who in levels}

    for who, dbfs in levels.items():
        assert median(m.rms_dbfs for m in heard[who]) == pytest.approx(dbfs, abs=CALIBRATION_DB)
        assert heard[who][-1].short_term_lufs == pytest.approx(dbfs + BOTH_SPEAKERS_LU, abs=CALIBRATION_DB)


async def test_silence_is_measured_and_no_pause(listener: Listener, speaker: Speaker) -> None:
    speaker.sound = SILENCE
    listener.sounds.hear(on=True)
    await speaker.publish(dtx=False)

    measured = await listener.hears(25)

    assert Gap.DTX not in listener.pauses
    assert measured[-1].short_term_lufs < -60.0
    assert all(m.gap is not Gap.DTX for m in measured)


async def test_a_sender_who_stops_sending_in_silence_is_told_apart(
    listener: Listener, speaker: Speaker
) -> None:
    listener.sounds.hear(on=True)
    await speaker.publish(dtx=True)
    await listener.hears(5)

    speaker.sound = SILENCE
    await until("the pause is noticed", lambda: listener.pauses[-1:] == [Gap.DTX])
    (track,) = listener.sounds._tracks.by_sid.values()
    noticed = track.waiting_since
    await until("a block of it has passed", lambda: track.waiting_since > noticed)
    speaker.sound = tone(-20.0)
    back = (await listener.hears(1))[0]

    assert back.gap is Gap.DTX
    assert back.gap_seconds > 0.15


async def test_a_muted_microphone_is_no_silence(listener: Listener, speaker: Speaker) -> None:
    listener.sounds.hear(on=True)
    await speaker.publish()
    await listener.hears(5)

    speaker.track.mute()
    await until("the mute is told", lambda: listener.pauses == [Gap.MUTED])
    measured = len(listener.measured)
    speaker.track.unmute()
    back = (await listener.hears(1))[0]

    assert back.gap is Gap.MUTED or back.gap_seconds == 0.0
    assert len(listener.measured) == measured + 1
    assert all(m.rms_dbfs > -60.0 for m in listener.measured[2:measured])


async def test_who_publishes_anew_goes_on_with_the_same_measurement(
    listener: Listener, speaker: Speaker
) -> None:
    listener.sounds.hear(on=True)
    await speaker.publish()
    await listener.hears(5)

    await speaker.unpublish()
    await until("the end is told", lambda: listener.pauses == [Gap.UNPUBLISHED])
    await speaker.publish()
    back = (await listener.hears(1))[0]

    assert back.gap is Gap.UNPUBLISHED
    assert back.gap_seconds > 0.15


async def test_nobody_is_heard_but_while_listening(listener: Listener, speaker: Speaker) -> None:
    await speaker.publish()
    await until("the publication is there", lambda: listener.room.remote_participants)
    assert listener.subscribed() == set()
    listener.sounds.hear(on=True)
    await listener.hears(2)
    assert listener.subscribed() == {rtc.TrackSource.SOURCE_MICROPHONE}

    listener.sounds.hear(on=False)
    await until("nothing is subscribed to any more", lambda: not listener.subscribed())
    assert listener.pauses == [Gap.UNPUBLISHED]


async def test_a_microphone_whose_audio_never_came_is_subscribed_to_again(
    listener: Listener, speaker: Speaker
) -> None:
    listener.sounds.hear(on=True)
    await speaker.publish()
    await listener.hears(2)
    (person,) = listener.room.remote_participants.values()
    (publication,) = person.track_publications.values()

    publication.set_subscribed(False)
    await until("nothing comes any more", lambda: not publication.subscribed)

    await until("it is heard again", lambda: publication.subscribed, 15.0)
    await listener.hears(2)
    assert listener.hearing.metrics.audio_resubscribed._value.get() == 1  # one attempt is enough


async def test_no_stream_is_left_when_people_go(
    listener: Listener, stack: Stack, room_name: RoomName
) -> None:
    listener.sounds.hear(on=True)
    for _ in range(3):
        async with entering(stack, room_name, tone(-20.0)) as someone:
            await someone.publish()
            await listener.hears(2)
        await until("they have left", lambda: not listener.room.remote_participants)
    frames = listener.hearing.frames
    await until("every stream has ended", lambda: not frames._taps)
    assert listener.sounds._tracks.by_sid == {}
    assert listener.sounds._tracks._meters == {}
