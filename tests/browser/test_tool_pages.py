"""The chat, the word lists, the wall and a creator's own page, each by who may see it."""

import re

import pytest
from playwright.async_api import expect

from local.people.api import RequestRefused
from local.people.person import People
from local.people.sound import tone
from local.stack import Stack
from tests.browser.desk import Desk
from tests.browser.evening import TITLE, Evening
from tests.browser.looks import faults

pytestmark = pytest.mark.usefixtures("worker")


async def test_the_chat_of_a_room_is_held_shown_pinned_slowed_and_deleted(
    desk: Desk, evening: Evening, stack: Stack
) -> None:
    del stack
    console = await evening.in_room(desk)
    chat = console.page.locator('[data-feed="chat"]')
    write = evening.guest.api.insert
    await write("live_messages", {"session_id": evening.session.id, "body": "Good evening"})
    await write("live_messages", {"session_id": evening.session.id, "body": "what the fuck"})
    held = chat.locator('[data-message][data-state="held"]')
    await expect(held).to_contain_text("what the fuck")
    await expect(chat).to_contain_text("One message waits for you.")
    await held.get_by_role("button", name="Show it").click()
    await console.applied("release_message")
    await expect(held).to_have_count(0)

    line = chat.locator("[data-message]", has_text="Good evening")
    await line.get_by_role("button", name="Pin", exact=True).click()
    await expect(line.locator(".lc-tag")).to_have_text("pinned")
    await chat.get_by_role("button", name="Set the chat").click()
    form = console.page.get_by_role("dialog")
    await form.get_by_label("Between two messages").select_option(label="30 secs")
    await form.locator("button[type=submit]").click()
    await expect(chat.locator("[data-chat-settings]")).to_contain_text("a pause of 30 secs")

    rude = chat.locator("[data-message]", has_text="what the fuck")
    await rude.get_by_role("button", name="Delete").click()
    await form.get_by_label("Rule broken").select_option("harassment")
    await form.locator("button[type=submit]").click()
    await expect(rude).to_have_attribute("data-state", "deleted")
    assert await evening.guest.api.rows("live_messages", body="eq.what the fuck") == []
    [decision] = await evening.guest.api.rpc("my_decisions")
    assert (decision["action"], decision["reason_code"]) == ("delete_message", "harassment")


async def test_a_creator_has_the_same_tool_for_their_own_sessions_and_nothing_of_ops(
    desk: Desk, evening: Evening, people: People, stack: Stack
) -> None:
    del stack
    host, guest = evening.host, evening.guest
    other = await people.arrive("Deniz", creator=True)
    theirs = await other.open_session("audio_room", "public", "Not Onur's")
    await (
        await host.ask("ban", evening.session.id, guest, params={"scope": "creator"}, reason="Spam")
    ).applied()
    console = await desk.sign_in(host)
    pages = console.page.get_by_role("navigation").get_by_role("link")
    await expect(pages).to_have_text(["Live rooms", "Your sessions", "Recordings", "Words"])
    await console.open_room(evening.session, TITLE)
    await expect(console.page.locator('[data-feed="chat"]')).to_be_visible()
    await expect(console.page.locator('[data-feed="listen"]')).to_have_count(0)

    await console.go("mine")
    await expect(console.page.locator('[data-feed="own-sessions"]')).to_contain_text(TITLE)
    ban = console.page.locator('[data-feed="bans"] [data-ban="creator"]')
    await expect(ban).to_contain_text(guest.name)
    await ban.get_by_role("button", name=re.compile("Lift")).click()
    await console.page.get_by_role("dialog").locator("button[type=submit]").click()
    await expect(ban).to_have_attribute("data-stands", "false")

    await console.go("words")
    await expect(console.page.get_by_role("heading", level=1)).to_have_text("Words of your chat")
    await console.page.get_by_label(re.compile("^Word, with")).fill("pineapple*")
    await console.page.get_by_role("button", name="Add").click()
    await expect(console.page.locator('[data-word="pineapple*"]')).to_contain_text("hold for review")
    await console.page.get_by_role("button", name="Remove pineapple*").click()
    await expect(console.page.get_by_text("No word.")).to_be_visible()

    elsewhere = ("cases", "appeals", "wall", "switches", f"people/{guest.id}", f"rooms/{theirs.id}")
    for address in elsewhere:
        await console.go(address)
        await expect(console.page.get_by_role("heading", name="This is not yours to see")).to_be_visible()
    for table in ("moderation_cases", "case_notes", "evidence_clips", "evidence_access", "agent_rooms"):
        assert await host.api.rows(table) == [], table
    for name, arguments in (
        ("case_inbox", {}),
        ("appeal_inbox", {}),
        ("moderation_measures", {"since": "now"}),
    ):
        with pytest.raises(RequestRefused):
            await host.api.rpc(name, **arguments)
    await other.end_session(theirs.id)


async def test_the_wall_shows_the_levels_of_who_is_heard(desk: Desk, evening: Evening, stack: Stack) -> None:
    del stack
    await evening.at_host.speak(tone(-20))
    console = await desk.sign_in(evening.ops)
    await console.go("wall")
    tile = console.page.locator(f'[data-room="{evening.session.id}"]')
    await expect(tile.get_by_role("meter", name="Level of Onur")).not_to_have_attribute("data-dbfs", "")
    assert await faults(console.page, "light", "wall") == []


async def test_a_recording_says_who_asked_how_it_stands_and_what_failed(
    desk: Desk, evening: Evening, people: People, stack: Stack
) -> None:
    del stack
    host, session = evening.host, evening.session
    asked = await people.service.rpc("recording_start", p_user=host.id, p_session=session.id, p_mode="audio")
    console = await evening.in_room(desk)
    panel = console.page.locator('[data-feed="recording"]')
    line = panel.locator(f'[data-recording="{asked["recording"]["id"]}"]')
    await expect(line).to_contain_text("asked for by Onur")
    await expect(panel.get_by_role("button", name="Record", exact=True)).to_be_disabled()
    await line.locator("summary").click()
    await expect(line).to_contain_text("Onur started it")
    await people.service.rpc("recording_stop", p_user=host.id, p_recording=asked["recording"]["id"])
    await expect(line).not_to_have_attribute("data-state", "requested")
    await console.go("recordings")
    await expect(console.page.locator('[data-feed="recordings"]')).to_contain_text(TITLE)
    await expect(console.page.locator("[data-usage]")).to_contain_text("min recorded this month")
    mine = console.page.locator(f'[data-recording="{asked["recording"]["id"]}"]')
    await expect(mine).to_have_attribute("data-state", "aborted")
    await mine.get_by_role("button", name="Hold").click()
    await mine.get_by_role("textbox").fill("A court asked for it")
    await mine.locator("form").get_by_role("button", name="Hold").click()
    await expect(mine.get_by_role("button", name="Delete")).to_be_disabled()
    await expect(mine).to_contain_text("held")
    assert await faults(console.page, "light", "recordings") == []
    await mine.get_by_role("button", name="Let it go").click()
    await mine.get_by_role("textbox").fill("It is over")
    await mine.locator("form").get_by_role("button", name="Let it go").click()
    await mine.get_by_role("button", name="Delete").click()
    await expect(mine.get_by_role("button", name="Delete for good")).to_be_focused()
    await console.page.keyboard.press("Enter")
    await expect(mine.locator("summary")).to_have_text("5 acts")
    held = await evening.ops.api.rows(
        "live_recording_acts", recording_id=f"eq.{asked['recording']['id']}", order="at"
    )
    assert [act["act"] for act in held][-3:] == ["held", "released", "deleted"]

    await console.go(f"people/{host.id}")
    panel = console.page.locator('[data-feed="recorded"]')
    await panel.get_by_role("button", name="Forbid recordings").click()
    await panel.get_by_role("textbox").fill("They record who did not agree")
    await panel.locator("form").get_by_role("button", name="Forbid recordings").click()
    await expect(panel).to_contain_text("Not recorded since")
    with pytest.raises(RequestRefused):
        await people.service.rpc("recording_start", p_user=host.id, p_session=session.id, p_mode="audio")
    await console.go("recordings")
    stop = console.page.locator(f'[data-creator="{host.id}"]')
    await stop.get_by_role("button", name="Allow recordings").click()
    await stop.get_by_role("textbox").fill("Settled")
    await stop.locator("form").get_by_role("button", name="Allow recordings").click()
    await expect(stop).to_have_count(0)
