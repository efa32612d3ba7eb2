"""Listening in from the console: heard when pressed, seen when pressed, and over when left."""

import pytest
from playwright.async_api import expect

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
