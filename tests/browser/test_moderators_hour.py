"""What a moderator does in an hour: by keyboard, on people's pages, with codes, and with LiveKit away."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from local.people.person import PASSWORD
from local.stack import Stack
from tests.browser.desk import Desk, tick
from tests.browser.evening import TITLE, Evening

pytestmark = pytest.mark.usefixtures("worker")


MOST_STOPS = 400
"""A whole page of rooms that other tests left may stand before what is wanted."""


async def tab_to(page: Page, wanted: Locator) -> None:
    """Goes on by the keyboard until something has the focus."""
    for _ in range(MOST_STOPS):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


async def test_from_the_sign_in_to_a_ban_by_keyboard_alone(desk: Desk, evening: Evening) -> None:
    console = await desk.open()
    page, keys = console.page, console.page.keyboard
    await tab_to(page, page.locator("input[name=email]"))
    await keys.type(evening.ops.email)
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    link = page.get_by_role("link", name=TITLE, exact=True)
    await expect(link).to_be_visible()
    await tab_to(page, link)
    await keys.press("Enter")
    button = console.person(evening.guest).get_by_role("button")
    await expect(button).to_be_visible()
    await expect(page.get_by_role("main")).to_be_focused(), "the link that led here is gone"
    await tab_to(page, button)
    await keys.press("Enter")
    form = page.get_by_role("dialog")
    await expect(form.get_by_role("radio").first).to_be_focused()
    while not await form.get_by_role("radio", name="Ban", exact=True).is_checked():
        await keys.press("ArrowDown")
    await tab_to(page, form.get_by_label("Reason"))
    await keys.type("Threats")
    await keys.press("Enter")
    await console.applied("ban")
    await expect(button).to_be_focused()
    bans = await evening.guest.api.rows("live_bans", user_id=f"eq.{evening.guest.id}")
    assert [ban["reason"] for ban in bans] == ["Threats"]


async def test_somebody_is_acted_on_from_their_page_also_without_a_session(
    desk: Desk, evening: Evening
) -> None:
    console = await desk.sign_in(evening.ops)
    await console.go(f"people/{evening.guest.id}")
    page = console.page
    await page.get_by_role("button", name=f"Act in {TITLE}").click()
    form = page.get_by_role("dialog")
    await tick(form.get_by_role("radio", name="Mute in chat", exact=True))
    await form.get_by_label("Reason").fill("Spam")
    await form.locator("button[type=submit]").click()
    await console.applied("chat_mute")
    await page.get_by_role("button", name="Act on the platform").click()
    await form.get_by_label("Reason").fill("Threats")
    await form.locator("button[type=submit]").click()
    await expect(console.asked("ban")).to_have_attribute("data-phase", "done")
    ban = page.locator('[data-feed="bans"] [data-ban="platform"]')
    await expect(ban).to_contain_text("Threats")
    await console.asked("ban").get_by_role("button", name=re.compile("Undo")).click()
    await expect(ban).to_contain_text("lifted")


async def test_livekit_that_is_frozen_is_shown_as_itself_and_the_list_is_not_live(
    desk: Desk, evening: Evening, stack: Stack
) -> None:
    console, beside = await desk.sign_in(evening.ops), await desk.sign_in(evening.ops)
    await beside.go(f"rooms/{evening.session.id}")
    live = console.page.locator(".lc-title .lc-fresh")
    there = beside.page.locator(".lc-panel-main .lc-fresh")
    for fresh in (live, there):
        await expect(fresh).to_be_visible()
    stack.livekit.pause()
    try:
        for page in (console.page, beside.page):
            await expect(page.get_by_role("alert")).to_contain_text(
                "LiveKit does not answer the workers", timeout=60_000
            )
        for fresh in (live, there):
            await expect(fresh).to_be_hidden()
        await console.go("wall")
        tile = console.page.locator(f'[data-room="{evening.session.id}"]')
        await expect(tile).to_have_attribute("data-state", "away")
        await expect(tile.get_by_role("meter")).to_have_count(0)
        await expect(live).to_be_hidden()
    finally:
        stack.livekit.resume()
    await expect(console.page.get_by_role("alert")).to_be_hidden(timeout=60_000)
    await expect(live).to_be_visible()
