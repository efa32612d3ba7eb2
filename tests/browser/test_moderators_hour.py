"""What a moderator does in an hour: by keyboard, on people's pages, with codes, and with LiveKit away."""

import re
import time
import uuid
from datetime import UTC, datetime

import pytest
from playwright.async_api import Locator, Page, expect

from local.people.person import PASSWORD, People
from local.people.sound import tone
from local.stack import Stack
from tests.browser.desk import Desk
from tests.browser.evening import TITLE, Evening

pytestmark = pytest.mark.usefixtures("worker")

MINUTE = 60.0


async def tab_to(page: Page, wanted: Locator) -> None:
    """Goes on by the keyboard until something has the focus."""
    for _ in range(60):
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


async def test_a_moderator_finds_the_loud_room_hears_it_and_mutes_with_a_code_within_a_minute(
    desk: Desk, evening: Evening, people: People
) -> None:
    await evening.at_host.speak(tone(-12))
    await people.service.insert("moderation_incidents", loud(evening))
    begun = time.monotonic()
    console = await desk.sign_in(evening.ops)
    page = console.page
    # By its title: a room that another test left open, its host gone, has more trouble and rightly stands above.
    loud_room = page.locator(".lc-rooms tbody tr", has=page.get_by_role("link", name=TITLE, exact=True))
    await expect(loud_room).to_contain_text("1 incident")
    await loud_room.get_by_role("link").click()
    incident = page.locator('[data-feed="incidents"] [data-rule="too_loud"]')
    await expect(incident.locator("[data-decided=observed]")).to_have_text(
        "observed only: would have muted for 1 min"
    )
    await expect(incident.locator("q")).to_have_text("Your microphone is off for 60 s.")
    panel = page.locator('[data-feed="listen"]')
    await panel.get_by_label("Why do you listen in?").fill("Too loud for its listeners")
    await panel.get_by_role("button", name="Listen in").click()
    await expect(panel).to_contain_text("1 sound")
    await panel.get_by_role("button", name="Sound on").click()
    form = await console.aim(evening.host)
    await form.get_by_label("Rule broken").select_option("noise")
    await expect(form.locator(".lc-told q")).to_have_text(
        "A moderator has muted your microphone. The sound was too loud or disturbing for the others."
    )
    await form.locator("button[type=submit]").click()
    await console.applied("mute")
    assert time.monotonic() - begun < MINUTE
    row = await people.service.row(
        "moderation_actions", session_id=f"eq.{evening.session.id}", action="eq.mute"
    )
    assert row is not None
    assert (row["reason_code"], row["reason"]) == ("noise", None)
    decisions = await evening.host.api.rpc("my_decisions")
    assert decisions[0]["reason_code"] == "noise"


def loud(evening: Evening) -> dict[str, object]:
    words = {"en": "Your microphone is off for 60 s.", "tr": "Mikrofonunuz 60 sn kapalı."}
    return {
        "id": str(uuid.uuid4()),
        "session_id": evening.session.id,
        "user_id": evening.host.id,
        "rule": "too_loud",
        "severity": "warning",
        "measured": {"step": "mute", "mute_seconds": 60, "observed_only": True, "words": words},
        "started_at": datetime.now(UTC).isoformat(),
        "strikes": 2,
    }


async def test_somebody_is_acted_on_from_their_page_also_without_a_session(
    desk: Desk, evening: Evening
) -> None:
    console = await desk.sign_in(evening.ops)
    await console.go(f"people/{evening.guest.id}")
    page = console.page
    await page.get_by_role("button", name=f"Act in {TITLE}").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("radio", name="Mute in chat", exact=True).check()
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
