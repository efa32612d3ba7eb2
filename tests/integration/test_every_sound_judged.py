"""What follows, by the database's word, from sounds that are not the one microphone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from livekit import rtc

from local.people import voice
from local.people.device import Device
from local.people.person import People
from local.people.sound import RATE, SpokenSound, tone
from local.people.waiting import until
from tests.integration.hidden_listener import Speaker
from tests.integration.test_hearing import QUICK, audio_room, speaker, until_steps

pytestmark = pytest.mark.usefixtures("worker")


@asynccontextmanager
async def sounding(device: Device, sound: SpokenSound, *sources: int) -> AsyncIterator[None]:
    """The sound under each of these sources at once."""
    played = rtc.AudioSource(RATE, 1, queue_size_ms=100)
    someone = Speaker(device.room, played, sound)
    playing = asyncio.create_task(someone.play())
    try:
        for source in sources:
            await someone.publish(source=source)
        yield
    finally:
        await voice.ended(playing)
        await played.aclose()


async def test_who_shouts_by_a_shared_screen_is_told_and_shown(people: People) -> None:
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("video_live")
    policy = {**QUICK, "mode": "enforce", "told_every_seconds": 1.0}
    await people.service.update("live_sessions", {"moderation": policy}, id=f"eq.{session.id}")
    at_host = await host.enter(session.id, session.join)

    async with sounding(at_host, tone(-6.0, hertz=1000), rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO):
        incident = (await until_steps(people, host, ["notice"]))[0]
        assert incident["measured"]["source"] == "screen_share_audio"
        shown = [person for event in at_host.levels for person in event.payload["people"]]
        tracks = [track["source"] for person in shown for track in person.get("tracks", ())]
        assert set(tracks) == {"screen_share_audio"}

        async def written() -> bool:
            rows = await people.service.rows("live_audio_stats", user_id=f"eq.{host.id}")
            return any(
                t["source"] == "screen_share_audio" for r in rows for t in r["measured"].get("tracks", ())
            )

        await until("the minute has it", written, 20.0)


async def test_two_microphones_that_are_too_loud_only_together_are_held_against_the_person(
    people: People,
) -> None:
    host, session, _ = await audio_room(people, mode="enforce")
    guest, at_guest = await speaker(people, host, session)
    await at_guest.until_may_send()

    # A tone in one channel comes out of both speakers: -10.5 LUFS each, and -7.5 together.
    microphones = [rtc.TrackSource.SOURCE_MICROPHONE] * 2
    async with sounding(at_guest, tone(-13.5, hertz=1000), *microphones):
        incident = (await until_steps(people, guest, ["notice", "warning"]))[0]
    assert incident["measured"]["short_term_lufs"] > incident["measured"]["threshold_lufs"]
    assert "source" not in incident["measured"]
