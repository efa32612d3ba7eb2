"""People who speak from a browser: LiveKit's Python client publishes one channel, Chromium two."""

import base64
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from livekit import api
from numpy.typing import NDArray
from playwright.async_api import Page

from local.chromium import bundled, launched

MUSIC_BITRATE = 128_000
"""What LiveKit's client asks for music in two channels."""


class BrowserSpeakers:
    """A page of Chromium's, and everybody who speaks from it."""

    def __init__(self, page: Page, env: Mapping[str, str]) -> None:
        self._page, self._env = page, env

    async def speak(
        self, room: str, identity: str, samples: NDArray[np.int16], bitrate: int = MUSIC_BITRATE
    ) -> None:
        """Enters the room and says this again and again, as its microphone. `samples`: (n, 1 or 2) at 48 kHz."""
        token = api.AccessToken(self._env["LIVEKIT_API_KEY"], self._env["LIVEKIT_API_SECRET"])
        grants = api.VideoGrants(room_join=True, room=room, can_subscribe=False)
        speech = {
            "url": self._env["LIVEKIT_URL"],
            "token": token.with_identity(identity).with_grants(grants).to_jwt(),
            "samples": base64.b64encode(np.ascontiguousarray(samples, "<i2").tobytes()).decode(),
            "channels": samples.shape[1],
            "bitrate": bitrate,
        }
        await self._page.evaluate("speech => speakers.speak(speech)", speech)

    async def hush(self) -> None:
        """Everybody leaves."""
        await self._page.evaluate("speakers.hush()")


@asynccontextmanager
async def browser_speakers(env: Mapping[str, str]) -> AsyncIterator[BrowserSpeakers]:
    """`env`: where LiveKit is, and its key. Raises NoChromiumError where no Chromium is installed."""
    async with launched() as browser:
        page = await browser.new_page()
        # Any page of loopback's own: Chromium lets no other page connect there.
        await page.goto(env["LIVEKIT_URL"].replace("ws", "http", 1))
        with tempfile.TemporaryDirectory() as folder:
            await page.add_script_tag(content=bundled("tests/speaker_page.ts", Path(folder)))
        await page.mouse.click(1, 1)  # a page plays nothing before somebody has touched it
        yield BrowserSpeakers(page, env)
