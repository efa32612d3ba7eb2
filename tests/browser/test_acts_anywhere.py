"""Acting wherever one is: on several people at once, on a call, back on one's own act, with a note, by single keys."""

import re

import pytest
from playwright.async_api import expect

from local.people.person import People
from tests.browser.desk import Desk, tick
from tests.browser.evening import TITLE, Evening

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_wave_is_banned_by_one_press_each_with_the_note_and_taken_back_by_one(
    desk: Desk, evening: Evening, people: People
) -> None:
    others = [await people.arrive(name) for name in ("Bora", "Cem")]
    for person in others:
        await person.enter(evening.session.id)
        await person.until_on_record(evening.session.id)
    console = await evening.in_room(desk)
    page = console.page
    for person in others:
        await tick(console.person(person).get_by_role("checkbox"))
    await page.get_by_role("button", name="Act on the selected").click()
    form = page.get_by_role("dialog", name="Act on 2 people")
    await tick(form.get_by_role("radio", name="Ban", exact=True))
    foretold = form.locator(".lc-foretold")
    await expect(foretold.locator("li", has_text="kept out")).to_contain_text("2 people")
    await form.get_by_label("Rule broken").select_option("spam")
    await form.get_by_label("Private note").fill("One wave, one hand.")
    await form.get_by_role("button", name="Ban: 2 people").click()
    batch = page.locator("[data-batch=over]")
    await expect(batch).to_contain_text("2 done")
    wave = {"session_id": f"eq.{evening.session.id}", "action": "eq.ban"}
    rows = await evening.ops.api.rows("moderation_actions", **wave)
    assert {row["target_user_id"] for row in rows} == {person.id for person in others}
    assert len({row["id"] for row in rows}) == 2
    notes = await evening.ops.api.rows("person_notes", user_id=f"in.({others[0].id},{others[1].id})")
    assert {note["id"] for note in notes} == {row["id"] for row in rows}, "a note has the id of its act"
    await batch.get_by_role("button", name=re.compile("Undo all")).click()
    await expect(console.asked("unban")).to_have_count(2)
    await expect(batch).to_be_focused(), "the button is gone, and its line has the focus"
    bans = page.locator('[data-feed="bans"]')
    await expect(bans).to_contain_text("Nobody is kept out.")


async def test_a_moderator_lifts_their_own_ban_and_not_the_hosts(
    desk: Desk, evening: Evening, people: People
) -> None:
    moderator, other = await people.arrive("Umut"), await people.arrive("Bora")
    for person in (moderator, other):
        await person.enter(evening.session.id)
        await person.until_on_record(evening.session.id)
    await people.service.update(
        "live_participants", {"role": "moderator"},
        session_id=f"eq.{evening.session.id}", user_id=f"eq.{moderator.id}",
    )  # fmt: skip
    await (await evening.host.ask("ban", evening.session.id, evening.guest, reason="Threats")).applied()
    await (await moderator.ask("ban", evening.session.id, other, reason="Spam")).applied()
    console = await desk.sign_in(moderator)
    await console.open_room(evening.session, TITLE)
    bans = console.page.locator('[data-feed="bans"] li')
    await expect(bans.filter(has_text="Zeynep").get_by_role("button")).to_have_count(0)
    await bans.filter(has_text="Bora").get_by_role("button").click()
    await console.page.get_by_role("dialog").locator("button[type=submit]").click()
    await console.applied("unban")
    await expect(bans).to_have_count(1)


async def test_a_call_is_ended_and_its_caller_kept_off_the_platform(desk: Desk, evening: Evening) -> None:
    await evening.guest.call(evening.host)
    console = await desk.sign_in(evening.ops)
    page = console.page
    await page.get_by_role("link", name="Calls").click()
    call = page.locator("[data-call]", has_text="Zeynep")
    await expect(call).to_contain_text("Zeynep → Onur")
    await call.get_by_role("button", name="End the call").click()
    form = page.get_by_role("dialog", name="End the call")
    await form.get_by_label("Reason").fill("A minor is at risk")
    await form.locator("button[type=submit]").click()
    await expect(console.asked("end_session")).to_have_attribute("data-phase", "done")
    await page.get_by_label("Which calls").select_option("ended")
    assert "state=ended" in page.url
    await page.reload()
    await call.get_by_role("button", name="Act on Zeynep").click()
    form = page.get_by_role("dialog", name="Act on Zeynep")
    await form.get_by_label("Reason").fill("Threats")
    await form.locator("button[type=submit]").click()
    await expect(console.asked("ban")).to_have_attribute("data-phase", "done")
    assert (await evening.guest.api.rpc("can_join", session_id=evening.session.id))["reason"] == "banned"


async def test_a_note_outlives_a_reload_before_it_is_sent_and_what_remains_of_a_mute_is_on_the_page(
    desk: Desk, evening: Evening
) -> None:
    await evening.ops.ask("chat_mute", evening.session.id, evening.guest, params={"seconds": 600}, reason="x")
    console = await desk.sign_in(evening.ops)
    await console.go(f"people/{evening.guest.id}")
    page = console.page
    await expect(page.locator(".lc-standing")).to_contain_text(
        re.compile(r"chat muted until .*, 9:\d\d left")
    )
    notes = page.locator('[data-feed="notes"]')
    await notes.get_by_role("textbox").fill("Writes under three names")
    await page.reload()
    await expect(notes.get_by_role("textbox")).to_have_value("Writes under three names")
    await notes.get_by_role("button", name="Add note").click()
    await expect(notes.locator("[data-note]")).to_contain_text("Writes under three names")
    await expect(notes.locator("[data-note]")).to_contain_text("Selin")
    await expect(notes.get_by_role("textbox")).to_have_value("")


# A key that follows Escape at once comes before the page is drawn anew.
CLOSE_AND_MOVE_ON = """async () => {
    document.querySelector("dialog").close();
    document.querySelector("main input[type=search]").focus();
    while (document.querySelector("dialog")) await new Promise((done) => setTimeout(done));
    await new Promise((done) => setTimeout(done));
}"""


async def test_single_keys_lead_to_pages_rows_and_acts_and_can_be_switched_off(
    desk: Desk, evening: Evening
) -> None:
    console = await evening.in_room(desk)
    page, keys = console.page, console.page.keyboard
    guest = console.person(evening.guest)
    for _ in range(10):
        if await guest.locator("[data-row]:focus").count() > 0:
            break
        await keys.press("j")
    await keys.press("x")
    await expect(guest.get_by_role("checkbox")).to_be_checked()
    await keys.press("a")
    await expect(page.get_by_role("dialog", name="Act on Zeynep")).to_be_visible()
    await keys.press("g")
    await keys.press("p")
    assert evening.session.id in page.url, "nothing happens behind a form"
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.evaluate(CLOSE_AND_MOVE_ON)
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.get_by_role("heading", level=1).click()
    await keys.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await keys.type("gr")
    await expect(page.get_by_role("searchbox")).to_have_value("gr")
    await page.get_by_role("heading", level=1).click()
    await keys.press("?")
    await expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    assert "Keyboard shortcuts" in await page.title()
    switch = page.get_by_role("checkbox")
    await switch.click()
    await expect(switch).not_to_be_checked()
    await keys.press("g")
    await keys.press("r")
    assert page.url.endswith("#/keys")
    await expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
