"""Recordings are watched: Play is pressed in the console and in a player as an app has it, and the clock goes on."""

from pathlib import Path

from playwright.async_api import Browser, expect

from demo.scenes.recorded import PATIENCE_MS, PLAYER
from local.people.person import People
from local.stack import Stack
from tests.browser import reel
from tests.browser.desk import Desk
from tests.browser.evening import Evening

LONG_SECONDS = 90
"""More than a player asks for ahead."""
IN_CONSOLE = "() => (document.querySelector('video')?.currentTime ?? 0) > 0.5"


async def test_play_is_pressed_in_the_console_and_the_recording_plays(
    desk: Desk, evening: Evening, people: People, stack: Stack, tmp_path: Path
) -> None:
    recording = await reel.ready(stack, people, evening.session, tmp_path)
    console = await desk.sign_in(evening.ops)
    await console.go("recordings")
    line = console.page.locator(f'[data-recording="{recording}"]')
    await line.get_by_role("button", name="Play").click()
    await console.page.wait_for_function(IN_CONSOLE)
    video = line.locator("video")
    assert await video.evaluate("video => [video.videoWidth, Math.round(video.duration)]") == [
        640,
        reel.SECONDS,
    ]
    await line.locator("summary").click()
    await expect(line).to_contain_text("Selin watched it")
    await expect(line.locator("img")).to_have_js_property("naturalWidth", 160)
    await line.get_by_role("button", name="MP4 files").click()
    link = await line.get_by_role("link", name="Part 1").get_attribute("href")
    answer = await console.page.request.get(link or "")
    assert (await answer.body())[4:8] == b"ftyp"


async def test_who_watches_a_recording_that_is_taken_down_gets_no_further_segment(
    chromium: Browser, desk: Desk, evening: Evening, people: People, stack: Stack, tmp_path: Path
) -> None:
    recording = await reel.ready(stack, people, evening.session, tmp_path, LONG_SECONDS)
    await evening.host.api.rpc("publish_vod", recording_id=recording, published=True)
    page = await chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.set_content(PLAYER.read_text())
    await page.evaluate("show", await evening.guest.api.call("recording-playback", recording_id=recording))
    await page.get_by_role("button", name="Play").click()
    await page.wait_for_function("position() > 0.3")

    console = await desk.sign_in(evening.ops)
    await console.go("recordings")
    line = console.page.locator(f'[data-recording="{recording}"]')
    await line.get_by_role("button", name="Take down").click()
    await line.get_by_role("textbox").fill("A complaint")
    await line.locator("form").get_by_role("button", name="Take down").click()
    await expect(line).to_contain_text("taken down")
    await page.evaluate(f"document.querySelector('video').currentTime = {LONG_SECONDS - 6}")
    await page.wait_for_function("document.querySelector('video').error !== null")

    await line.get_by_role("button", name="Restore").click()
    await line.get_by_role("textbox").fill("It was allowed")
    await line.locator("form").get_by_role("button", name="Restore").click()
    await expect(line).not_to_contain_text("taken down")
    await page.evaluate("show", await evening.guest.api.call("recording-playback", recording_id=recording))
    await page.get_by_role("button", name="Play").click()
    await page.wait_for_function("position() > 0.3")
    acts = await people.service.rows("moderation_actions", session_id=f"eq.{evening.session.id}", order="n")
    assert [(act["action"], act["reason"], act["status"]) for act in acts if act["params"]] == [
        ("take_down", "A complaint", "applied"), ("restore", "It was allowed", "applied"),
    ]  # fmt: skip
    await page.close()


async def test_a_replay_plays_from_its_chapters_is_reported_and_plays_no_more_once_taken_down(
    chromium: Browser, desk: Desk, evening: Evening, people: People, stack: Stack, tmp_path: Path
) -> None:
    recording = await reel.ready(stack, people, evening.session, tmp_path)
    await evening.host.api.rpc("publish_vod", recording_id=recording, published=True)
    opened = await evening.guest.api.call("recording-playback", recording_id=recording)
    opened["recording"]["chapters"].append({"at_seconds": 4.2, "kind": "announcement", "text": "News"})
    page = await chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.set_content(PLAYER.read_text())
    await page.evaluate("show", opened)
    await page.get_by_role("button", name="Play").click()
    await page.wait_for_function("position() > 0.3")
    await page.get_by_role("button", name="News").click()
    await page.wait_for_function("position() > 4.4")

    await evening.guest.api.rpc("report_recording", recording_id=recording, reason_code="hate")
    [case] = await people.service.rows("moderation_cases", recording_id=f"eq.{recording}")
    console = await desk.sign_in(evening.ops)
    await console.go(f"cases/{case['id']}")
    reported = console.page.locator('[data-feed="case-recording"]')
    await reported.get_by_role("button", name="Play").click()
    await console.page.wait_for_function(IN_CONSOLE)

    await reported.get_by_role("button", name="Take down").click()
    await reported.get_by_role("textbox").fill("A complaint")
    await reported.locator("form").get_by_role("button", name="Take down").click()
    await expect(reported).to_contain_text("taken down")
    await page.evaluate("show", opened)
    await page.wait_for_function("document.querySelector('video').error !== null")
    await page.close()
