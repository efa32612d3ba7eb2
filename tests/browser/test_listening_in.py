"""Listening in from the console: heard when pressed, seen when pressed, and over when left."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import pytest
from livekit import rtc
from playwright.async_api import expect

from local.people import voice
from local.people.device import CAMERA
from local.people.person import People
from local.people.sound import tone
from local.people.waiting import until
from local.stack import Stack
from tests.browser.desk import Desk
from tests.browser.evening import Evening
from tests.browser.looks import faults

pytestmark = pytest.mark.usefixtures("worker")

LEVEL = """async () => {
  const element = document.querySelector("audio[data-listening]");
  if (element === null || element.muted || element.paused) return null;
  const context = new AudioContext(), analyser = context.createAnalyser();
  context.createMediaStreamSource(element.srcObject).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length));
  }
  await context.close();
  return loudest > 0 ? 20 * Math.log10(loudest) : -100;
}"""


async def test_a_moderator_hears_the_room_when_they_press_and_not_before(
    desk: Desk, evening: Evening, stack: Stack
) -> None:
    del stack
    await evening.at_host.speak(tone(-20))
    console = await evening.in_room(desk)
    panel = console.page.locator('[data-feed="listen"]')
    await panel.get_by_label("Why do you listen in?").fill("Three reports of threats")
    await panel.get_by_role("button", name="Listen in").click()
    await expect(panel).to_contain_text("1 sound")
    assert await console.page.evaluate(LEVEL) is None, "silent until pressed"
    await panel.get_by_role("button", name="Sound on").click()

    async def heard() -> bool:
        level = await console.page.evaluate(LEVEL)
        return level is not None and abs(level + 20) < 4

    await until("the voice of the host is heard", heard)
    assert await faults(console.page, "light", "listening") == []
    await expect(console.page.locator('[data-feed="audit"] [data-action="listen"]')).to_contain_text(
        "Three reports of threats"
    )
    await panel.get_by_role("button", name="Stop listening").click()
    await expect(console.page.locator("audio[data-listening]")).to_have_count(0)


async def test_a_picture_that_stands_still_or_is_black_says_so(
    desk: Desk, evening: Evening, people: People
) -> None:
    host = await people.arrive("Deniz", creator=True)
    session = await host.open_session("video_live", "public", "On camera")
    device = await host.enter(session.id, session.join)
    await device.until_may_send(CAMERA)
    console = await desk.sign_in(evening.ops)
    await console.go(f"rooms/{session.id}")
    source = rtc.VideoSource(voice.WIDTH, voice.HEIGHT)
    track = rtc.LocalVideoTrack.create_video_track("camera", source)
    options = rtc.TrackPublishOptions(source=CAMERA)
    async with filming(voice.film(source)):
        await device.room.local_participant.publish_track(track, options)
        panel = console.page.locator('[data-feed="listen"]')
        await panel.get_by_label("Why do you listen in?").fill("A report about the picture")
        await panel.get_by_role("button", name="Listen in").click()
        picture = panel.locator("figure")
        await picture.scroll_into_view_if_needed()
        await expect(picture).to_have_attribute("data-picture", "shown")
        await expect(panel.locator("[data-quality]")).to_contain_text("Deniz connection")
    await expect(picture).to_have_attribute("data-picture", "frozen")
    await expect(picture).to_contain_text("frozen for")
    async with filming(in_the_dark(source)):
        await expect(picture).to_have_attribute("data-picture", "black")
    await host.end_session(session.id)


@asynccontextmanager
async def filming(frames: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Sends these frames meanwhile; afterwards the track is there and nothing comes."""
    task = asyncio.create_task(frames)
    try:
        yield
    finally:
        await voice.ended(task)


async def in_the_dark(source: rtc.VideoSource) -> None:
    black = bytes([0, 0, 0, 255] * (voice.WIDTH * voice.HEIGHT))
    frame = rtc.VideoFrame(voice.WIDTH, voice.HEIGHT, rtc.VideoBufferType.RGBA, black)
    while True:
        source.capture_frame(frame)
        await asyncio.sleep(1 / voice.PICTURES_A_SECOND)
