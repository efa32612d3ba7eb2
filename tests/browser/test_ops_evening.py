"""An evening of the ops team in the console, on the real stack with real sound."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from local.people.api import RequestRefused
from local.people.person import People, Person
from local.people.sound import speech_like, tone
from local.people.waiting import until, within
from local.stack import Stack
from local.supervisor import Child
from tests.browser.desk import ConsolePage, Desk, tick
from tests.browser.evening import TITLE, Evening
from tests.browser.looks import faults

pytestmark = pytest.mark.usefixtures("worker")

LOUD, SOFT = -15.0, -35.0


async def dbfs(console: ConsolePage, person: Person) -> float | None:
    """What a person's meter shows; None without one, or when nothing is heard."""
    # In one look: a meter that goes away between two of them would be waited for.
    said = await console.meter(person).evaluate_all("meters => meters.map(meter => meter.dataset.dbfs)")
    return float(said[0]) if said and said[0] else None


async def test_the_list_shows_who_is_live_and_that_an_agent_is_there(desk: Desk, evening: Evening) -> None:
    console = await desk.sign_in(evening.ops)
    row = console.page.get_by_role("row", name=re.compile(TITLE))
    await expect(row).to_contain_text("Onur · Audio · public")
    await expect(row).to_contain_text(re.compile(r"since \d+:\d\d"))
    await expect(row).not_to_contain_text("no agent")
    await console.page.get_by_role("searchbox").fill("nobody is called that")
    await expect(row).to_be_hidden()


async def test_the_list_names_the_loudest_of_a_room_long_before_its_first_minute_is_over(
    desk: Desk, evening: Evening
) -> None:
    await evening.at_host.speak(speech_like(-20))
    console = await desk.sign_in(evening.ops)
    row = console.page.get_by_role("row", name=re.compile(TITLE))
    await expect(row).to_contain_text(re.compile(r"Onur \S\d+\.\d LUFS"), timeout=30_000)


async def test_on_a_phone_the_list_tells_below_the_title_what_has_no_column(
    desk: Desk, evening: Evening
) -> None:
    await evening.guest.send_gift(evening.session.id, "rose", 3)
    console = await desk.sign_in(evening.ops, viewport={"width": 390, "height": 844})
    row = console.page.get_by_role("row", name=re.compile(TITLE))
    below = row.locator(".lc-narrow")
    await expect(below).to_be_visible()
    await expect(below).to_contain_text(re.compile(r"Agent since \d+:\d\d"))
    await expect(below).to_contain_text("Gifts 3")
    await console.page.set_viewport_size({"width": 1280, "height": 860})
    await expect(below).to_be_hidden()


async def test_a_meter_moves_with_the_voice_and_a_mute_is_followed_until_it_is_applied(
    desk: Desk, evening: Evening
) -> None:
    console = await evening.in_room(desk)
    await evening.at_host.speak(speech_like(-20))
    # A tone that lasts is taken for noise: whether somebody speaks is asked of a voice, how loud of a tone.
    await expect(console.meter(evening.host)).to_have_attribute("aria-valuetext", re.compile("speaking"))

    for level in (LOUD, SOFT):
        await evening.at_host.speak(tone(level))

        async def shown(level: float = level) -> bool:
            heard = await dbfs(console, evening.host)
            return heard is not None and abs(heard - level) <= 2

        await until(f"the meter shows {level:g} dBFS", shown)

    await console.act(evening.host, "Mute", reason="Language")
    assert re.search(r"applied\s*\d+ ms", await console.applied("mute"))
    await expect(console.person(evening.host).get_by_role("img", name="muted by moderation")).to_be_visible()
    audit = console.page.locator('[data-feed="audit"] [data-action="mute"]')
    await expect(audit).to_contain_text("Language")
    await expect(audit).to_contain_text("Selin")

    async def silent() -> bool:
        return await dbfs(console, evening.host) is None

    await until("nothing is heard from the host any more", silent)
    await console.act(evening.host, "Unmute", reason="")
    await console.applied("unmute")
    await expect(console.person(evening.host).get_by_role("img", name="microphone allowed")).to_be_visible()


async def test_a_persons_own_switch_is_shown_as_they_set_it(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    host = console.person(evening.host)
    await expect(host).to_contain_text("microphone off")
    await evening.at_host.speak(tone(SOFT))
    await expect(host).to_contain_text("microphone on")
    evening.at_host.set_muted(muted=True)
    await expect(host).to_contain_text("microphone muted by themselves")
    evening.at_host.set_muted(muted=False)
    await expect(host).to_contain_text("microphone on")
    await expect(console.person(evening.guest).locator(".lc-devices")).to_have_count(0)


async def test_a_timed_mute_says_until_when_and_is_seen_to_end(
    desk: Desk, evening: Evening, people: People
) -> None:
    console = await evening.in_room(desk)
    await console.act(evening.host, "Mute", reason="Noise", how_long="1 min")
    await console.applied("mute")
    await expect(console.asked("mute")).to_contain_text("Mute, 1 min")
    host = console.person(evening.host)
    await expect(host.get_by_role("img", name=re.compile(r"muted until \d+:\d\d:\d\d"))).to_be_visible()

    # Nobody waits for the minute: its end is moved to the next moment, and comes as it would have come.
    soon = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
    whom = {"session_id": f"eq.{evening.session.id}", "user_id": f"eq.{evening.host.id}"}
    await people.service.update("live_participants", {"mic_muted_until": soon}, **whom)
    await expect(host.get_by_role("img", name="microphone allowed")).to_be_visible()
    await evening.at_host.speak(speech_like(-20))


async def test_everyone_is_muted_and_unmuted_at_once(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    await console.act_on_room("Mute everyone", reason="Noise")
    await console.applied("mute_all")
    await expect(console.page.locator(".lc-tag", has_text="everyone is muted")).to_be_visible()
    muted = console.person(evening.guest).get_by_role("img", name="muted by moderation")
    await expect(muted).to_be_visible()
    await console.act_on_room("Unmute everyone", reason="")
    await console.applied("unmute_all")
    await expect(muted).to_be_hidden()


async def test_a_session_is_ended_for_everybody(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    await console.act_on_room("End session", reason="Minor")
    await console.applied("end_session")
    await expect(console.page.get_by_text("This session is over.")).to_be_visible()
    await expect(console.page.get_by_role("button", name="The whole room")).to_be_hidden()
    form = await console.aim(evening.guest)
    await expect(form.get_by_role("radio")).to_have_count(
        1
    )  # who was there can still be kept out of what comes
    await expect(form.get_by_role("radio", name="Ban", exact=True)).to_be_checked()
    await form.get_by_role("button", name="Cancel").click()
    assert await within(10, "the host is out", evening.at_host.ended) == "room_deleted"
    with pytest.raises(RequestRefused, match="session_ended"):
        await evening.guest.token(evening.session.id)
    await console.page.get_by_role("navigation").get_by_role("link", name="Live rooms").click()
    await expect(console.page.locator(".lc-title .lc-fresh")).to_be_visible()
    await expect(console.page.locator(f'a[href="#/rooms/{evening.session.id}"]')).to_have_count(0)


async def test_a_reason_is_asked_for(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    form = await console.aim(evening.guest)
    await tick(form.get_by_role("radio", name="Kick", exact=True))
    await form.get_by_role("button", name="Kick: Zeynep").click()
    await expect(form.get_by_role("alert")).to_have_text("Say why.")
    await form.get_by_role("button", name="Spam").click()
    await form.get_by_role("button", name="Cancel").click()
    assert await evening.ops.api.rows("moderation_actions", session_id=f"eq.{evening.session.id}") == []


async def test_a_dry_run_is_recorded_and_touches_nobody(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    await tick(console.page.get_by_label("Dry run"))
    await console.act(evening.guest, "Ban", reason="Spam")
    await console.applied("ban")
    await expect(console.asked("ban")).to_contain_text("dry run")
    await expect(console.asked("ban")).to_contain_text("kept out")
    await expect(console.person(evening.guest)).to_contain_text("here")
    assert await evening.guest.token(evening.session.id)


async def test_a_ban_keeps_out_until_it_is_lifted_on_the_persons_page(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    await console.act(evening.guest, "Ban", reason="Threats")
    await console.applied("ban")
    await expect(console.person(evening.guest)).to_contain_text("away")
    with pytest.raises(RequestRefused, match="banned"):
        await evening.guest.token(evening.session.id)

    await console.person(evening.guest).get_by_role("link").click()
    ban = console.page.locator('[data-feed="bans"] [data-ban="session"]')
    await expect(ban).to_contain_text("Threats")
    await ban.get_by_role("button", name="Lift").click()
    await console.page.get_by_role("dialog").locator("button[type=submit]").click()
    await console.applied("unban")
    await expect(ban).to_contain_text("lifted")
    assert await evening.guest.token(evening.session.id)


async def test_a_hand_goes_up_and_is_answered_from_the_queue_by_keyboard_alone(
    desk: Desk, evening: Evening
) -> None:
    console = await evening.in_room(desk)
    await evening.guest.raise_hand(evening.session.id)
    queue = console.page.locator(".lc-hands").get_by_role("button", name="Act on Zeynep")
    await expect(queue).to_be_visible()
    await queue.focus()
    keys = console.page.keyboard
    await keys.press("Enter")
    form = console.page.get_by_role("dialog")
    await expect(form.get_by_role("radio").first).to_be_focused()
    while not await form.get_by_role("radio", name="Change role").is_checked():
        await keys.press("ArrowDown")
    await expect(form.get_by_label("New role")).to_be_visible()
    await keys.press("Tab")
    await expect(form.get_by_label("New role")).to_be_focused()
    await form.get_by_label("New role").select_option("speaker")
    await keys.press("Tab")
    await expect(form.get_by_label("Rule broken")).to_be_focused()
    await keys.press("Tab")
    await expect(form.get_by_label("Reason")).to_be_focused()
    await keys.press("Enter")
    await console.applied("set_role")
    await expect(console.person(evening.guest)).to_contain_text("speaker")
    await expect(queue).to_be_hidden()


async def test_gifts_and_announcements_appear_in_the_feed(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    await evening.guest.send_gift(evening.session.id, "rose", 3)
    feed = console.page.locator('[data-feed="events"]')
    await expect(feed.locator('[data-event="gift"]')).to_contain_text("rose, 3 coins")
    await console.page.get_by_role("button", name="The whole room").click()
    form = console.page.get_by_role("dialog")
    await form.get_by_label("Announcement").fill("Back in five minutes")
    await form.locator("button[type=submit]").click()
    await console.applied("announce")
    await expect(feed.locator('[data-event="system"]')).to_contain_text("Back in five minutes")


async def test_a_lost_network_is_told_and_what_happened_meanwhile_is_there_afterwards(
    desk: Desk, evening: Evening, stack: Stack, worker: Child
) -> None:
    del worker
    console = await evening.in_room(desk)
    context = console.page.context
    await context.set_offline(True)
    await stack.realtime.drop()
    await expect(console.page.get_by_role("alert").first).to_contain_text("No connection")
    for panel in (".lc-panel-main", '[data-feed="audit"]'):
        await expect(console.page.locator(f"{panel} .lc-stale")).to_contain_text(
            re.compile(r"last update \d+ s ago"), timeout=5_000
        )
    assert await faults(console.page, "light", "stale") == []
    await (await evening.ops.ask("mute", evening.session.id, evening.host, reason="noise")).applied()
    await context.set_offline(False)
    await expect(console.person(evening.host).get_by_role("img", name="muted by moderation")).to_be_visible()
    await expect(console.page.get_by_role("alert")).to_have_count(0)
    await expect(console.page.locator(".lc-stale")).to_have_count(0)


async def test_without_realtime_the_room_is_still_read_again_and_again(
    desk: Desk, evening: Evening, stack: Stack
) -> None:
    console = await evening.in_room(desk)
    try:
        await stack.realtime.refuse()
        await stack.realtime.drop()
        await expect(console.page.get_by_text("Levels and switches are not coming in.")).to_be_visible()
        await expect(console.person(evening.host)).to_contain_text("microphone unknown")
        await evening.ops.ask("chat_mute", evening.session.id, evening.guest, reason="spam")
        await expect(console.person(evening.guest).get_by_role("img", name="chat muted")).to_be_visible()
    finally:
        await stack.realtime.restore()
