"""Stills of video rooms in the console, taken by the speech process while somebody looks; black and frozen cameras."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import rtc
from playwright.async_api import expect

from local.people import voice
from local.people.device import CAMERA
from local.people.person import People
from local.stack import Stack
from speech.pictures import Picture
from speech.scripted import ScriptedSpeech
from tests.browser.desk import Desk
from tests.browser.looks import faults
from tests.browser.test_listening_in import filming, in_the_dark
from tests.integration.test_speech import process

pytestmark = pytest.mark.usefixtures("worker")

DRAWN = "image => image.complete && image.naturalWidth > 0"
SOON = {"pictures.enabled": (True, False), "pictures.every_seconds": (1, 10)}


class Calm:
    """A classifier that finds nothing."""

    name = "calm"

    def score(self, picture: Picture) -> float:
        del picture
        return 0.0


@pytest_asyncio.fixture(loop_scope="session")
async def looking(stack: Stack, people: People) -> AsyncIterator[None]:
    """The speech process, with pictures switched on."""
    for key, (value, _) in SOON.items():
        await people.service.update("app_settings", {"value": value}, key=f"eq.{key}")
    async with process(stack, ScriptedSpeech(), Calm()):
        yield
    for key, (_, before) in SOON.items():
        await people.service.update("app_settings", {"value": before}, key=f"eq.{key}")


@pytest.mark.usefixtures("looking")
async def test_a_still_is_drawn_blurred_until_pressed_and_a_black_or_frozen_camera_is_said(
    desk: Desk, people: People
) -> None:
    host, ops = await people.arrive("Deniz", creator=True), await people.arrive("Selin", ops=True)
    session = await host.open_session("video_live", "public", "On camera")
    device = await host.enter(session.id, session.join)
    await device.until_may_send(CAMERA)
    source = rtc.VideoSource(voice.WIDTH, voice.HEIGHT)
    track = rtc.LocalVideoTrack.create_video_track("camera", source)
    console = await desk.sign_in(ops)
    page = console.page
    await console.go("wall")
    still = page.locator(f'[data-room="{session.id}"] figure')
    async with filming(voice.film(source)):
        await device.room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=CAMERA))
        await expect(still).to_have_attribute("data-picture", "shown", timeout=30_000)
        image = still.get_by_role("img", name="Deniz")
        await page.wait_for_function(DRAWN, arg=await image.element_handle())
        await expect(image).to_have_class("lc-blurred")
        await page.get_by_role("button", name="Show picture").click()
        await expect(image).not_to_have_class("lc-blurred")
        assert await faults(page, "light", "wall-still") == []
    async with filming(in_the_dark(source)):
        await expect(still).to_have_attribute("data-picture", "black", timeout=30_000)
        await expect(still).to_contain_text("black picture")
        await console.go(f"rooms/{session.id}")
        await expect(page.locator("[data-camera=black]")).to_contain_text("Deniz")
    frozen = page.locator("[data-camera=frozen]")
    await expect(frozen).to_contain_text("frozen for", timeout=30_000)
    async with filming(voice.film(source)):
        await expect(page.locator("[data-camera]")).to_have_count(0, timeout=30_000)
    await host.end_session(session.id)
