"""An evening of the ops team in the console, on the real stack with real sound."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from local.people.api import Refused
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.sound import tone
from local.people.waiting import until
from local.stack import Stack
from local.supervisor import Child
from tests.browser.desk import ConsolePage, Desk

pytestmark = pytest.mark.usefixtures("worker")

TITLE = "Gece sohbeti"
LOUD, SOFT = -15.0, -35.0


class Evening:
    """A host on air, whom a listener hears, and somebody of ops."""

    def __init__(
        self, host: Person, guest: Person, ops: Person, session: OpenSession, at_host: Device
    ) -> None:
        self.host, self.guest, self.ops = host, guest, ops
        self.session, self.at_host = session, at_host


@pytest_asyncio.fixture(loop_scope="session")
async def evening(stack: Stack, people: People) -> AsyncIterator[Evening]:
    del stack
    host = await people.arrive("Onur", creator=True)
    guest = await people.arrive("Zeynep", coins=1_000)
    session = await host.open_session("audio_room", "public", TITLE)
    at_host = await host.enter(session.id, session.join)
    await guest.enter(session.id)
    await guest.until_on_record(session.id)
    yield Evening(host, guest, await people.arrive("Selin", ops=True), session, at_host)
    await host.end_session(session.id)


async def in_room(desk: Desk, evening: Evening) -> ConsolePage:
    console = await desk.sign_in(evening.ops)
    await console.open_room(evening.session, TITLE)
    await expect(console.person(evening.host)).to_be_visible()
    return console


async def dbfs(console: ConsolePage, person: Person) -> float | None:
    """What a person's meter shows; None without one, or when nothing is heard."""
    said = [await meter.get_attribute("data-dbfs") for meter in await console.meter(person).all()]
    return float(said[0]) if said and said[0] else None


async def test_the_list_shows_who_is_live_and_that_an_agent_is_there(desk: Desk, evening: Evening) -> None:
    console = await desk.sign_in(evening.ops)
    row = console.page.get_by_role("row", name=re.compile(TITLE))
    await expect(row).to_contain_text("Onur · Audio · public")
    await expect(row).to_contain_text(re.compile(r"since \d+:\d\d"))
    await expect(row).not_to_contain_text("no agent")
    await console.page.get_by_role("searchbox").fill("nobody is called that")
    await expect(row).to_be_hidden()


async def test_a_meter_moves_with_the_voice_and_a_mute_is_followed_until_it_is_applied(
    desk: Desk, evening: Evening
) -> None:
    console = await in_room(desk, evening)
    await evening.at_host.speak(tone(LOUD))

    spoke = False

    async def loud() -> bool:
        # A tone that lasts is taken for noise, not for speech: "speaking" is said of its beginning.
        nonlocal spoke
        spoke |= "speaking" in (await console.meter(evening.host).get_attribute("aria-valuetext") or "")
        level = await dbfs(console, evening.host)
        return spoke and level is not None and abs(level - LOUD) <= 2

    await until("the meter shows that the host speaks, and how loud", loud)
    await evening.at_host.hush()
    await evening.at_host.speak(tone(SOFT))

    async def soft() -> bool:
        level = await dbfs(console, evening.host)
        return level is not None and abs(level - SOFT) <= 2

    await until("the meter follows the voice down", soft)

    await console.act(evening.host, "Mute", reason="Language")
    assert re.search(r"applied\s*\d+ ms", await console.applied("mute"))
    await expect(console.person(evening.host).get_by_role("img", name="muted by moderation")).to_be_visible()
    audit = console.page.locator('[data-feed="audit"] [data-action="mute"]')
    await expect(audit).to_contain_text("Language")
    await expect(audit).to_contain_text("Selin")

    async def silent() -> bool:
        return await dbfs(console, evening.host) is None

    await until("nothing is heard of the host any more", silent)
    await console.act(evening.host, "Unmute", reason="")
    await console.applied("unmute")
    await expect(console.person(evening.host).get_by_role("img", name="microphone allowed")).to_be_visible()


async def test_a_reason_is_asked_for(desk: Desk, evening: Evening) -> None:
    console = await in_room(desk, evening)
    form = await console.aim(evening.guest)
    await form.get_by_role("radio", name="Kick", exact=True).check()
    await form.get_by_role("button", name="Kick: Zeynep").click()
    await expect(form.get_by_role("alert")).to_have_text("Say why.")
    await form.get_by_role("button", name="Spam").click()
    await form.get_by_role("button", name="Cancel").click()
    assert await evening.ops.api.rows("moderation_actions", session_id=f"eq.{evening.session.id}") == []


async def test_a_dry_run_is_recorded_and_touches_nobody(desk: Desk, evening: Evening) -> None:
    console = await in_room(desk, evening)
    await console.page.get_by_label("Dry run").check()
    await console.act(evening.guest, "Ban", reason="Spam")
    await console.applied("ban")
    await expect(console.asked("ban")).to_contain_text("dry run")
    await expect(console.person(evening.guest)).to_contain_text("here")
    assert await evening.guest.token(evening.session.id)


async def test_a_ban_keeps_out_until_it_is_lifted_on_the_persons_page(desk: Desk, evening: Evening) -> None:
    console = await in_room(desk, evening)
    await console.act(evening.guest, "Ban", reason="Threats")
    await console.applied("ban")
    await expect(console.person(evening.guest)).to_contain_text("away")
    with pytest.raises(Refused, match="banned"):
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
    console = await in_room(desk, evening)
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
    await keys.press("Tab")
    await expect(form.get_by_label("New role")).to_be_focused()
    await form.get_by_label("New role").select_option("speaker")
    await keys.press("Tab")
    await expect(form.get_by_label("Reason")).to_be_focused()
    await keys.press("Enter")
    await console.applied("set_role")
    await expect(console.person(evening.guest)).to_contain_text("speaker")
    await expect(queue).to_be_hidden()


async def test_gifts_and_announcements_appear_in_the_feed(desk: Desk, evening: Evening) -> None:
    console = await in_room(desk, evening)
    await evening.guest.send_gift(evening.session.id, "rose", 3)
    feed = console.page.locator('[data-feed="events"]')
    await expect(feed.locator('[data-event="gift"]')).to_contain_text("rose, 3 coins")
    await console.page.get_by_role("button", name="The whole room").click()
    form = console.page.get_by_role("dialog")
    await form.get_by_label("Announcement").fill("Back in five minutes")
    await form.locator("button[type=submit]").click()
    await console.applied("announce")
    await expect(feed.locator('[data-event="system"]')).to_contain_text("Back in five minutes")


async def test_calls_are_switched_off_and_a_call_is_refused(
    desk: Desk, evening: Evening, people: People
) -> None:
    console = await desk.sign_in(evening.ops)
    await console.page.get_by_role("link", name="Switches").click()
    calls = console.page.get_by_role("switch", name="Calls")
    await expect(calls).to_be_checked()
    try:
        await calls.click()
        await expect(calls).not_to_be_checked()
        with pytest.raises(Refused, match="calls_disabled"):
            await evening.guest.call(evening.host)
        await calls.click()
        await expect(calls).to_be_checked()
        rings = await evening.guest.call(evening.host)
        await evening.guest.hang_up(rings["call"]["id"])
    finally:
        await people.service.update("app_settings", {"value": True}, key="eq.calls.enabled")


async def test_a_lost_network_is_told_and_what_happened_meanwhile_is_there_afterwards(
    desk: Desk, evening: Evening, stack: Stack, worker: Child
) -> None:
    del worker
    console = await in_room(desk, evening)
    context = console.page.context
    await context.set_offline(True)
    await stack.realtime.drop()
    await expect(console.page.get_by_role("alert").first).to_contain_text("No connection")
    await expect(console.page.locator(".lc-panel-main .lc-stale")).to_contain_text(
        re.compile(r"last update \d+ s ago"), timeout=30_000
    )
    await (await evening.ops.ask("mute", evening.session.id, evening.host, reason="noise")).applied()
    await context.set_offline(False)
    await expect(console.person(evening.host).get_by_role("img", name="muted by moderation")).to_be_visible()
    await expect(console.page.get_by_role("alert")).to_have_count(0)
    await expect(console.page.locator(".lc-stale")).to_have_count(0)


async def test_without_realtime_the_room_is_still_read_again_and_again(
    desk: Desk, evening: Evening, stack: Stack
) -> None:
    console = await in_room(desk, evening)
    try:
        await stack.realtime.refuse()
        await stack.realtime.drop()
        await expect(console.page.get_by_text("Levels are not coming in.")).to_be_visible()
        await evening.ops.ask("chat_mute", evening.session.id, evening.guest, reason="spam")
        await expect(console.person(evening.guest).get_by_role("img", name="chat muted")).to_be_visible()
    finally:
        await stack.realtime.restore()
