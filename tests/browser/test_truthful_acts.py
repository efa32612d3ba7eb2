"""What the console says of an act is what became of it: however the network, the operator or the clock interferes."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from local.people.person import People, Person
from local.people.waiting import until
from local.stack import Stack
from local.supervisor import Child
from tests.browser.desk import ConsolePage, Desk, tick
from tests.browser.evening import Evening

pytestmark = pytest.mark.usefixtures("worker")

ROWS = "**/rest/v1/moderation_actions*"


async def rows(evening: Evening, action: str) -> list[dict[str, object]]:
    return await evening.ops.api.rows(
        "moderation_actions", session_id=f"eq.{evening.session.id}", action=f"eq.{action}"
    )


async def fill(console: ConsolePage, person: Person, action: str, reason: str) -> None:
    form = await console.aim(person)
    await tick(form.get_by_role("radio", name=action, exact=True))
    await form.get_by_label("Reason").fill(reason)


async def press(console: ConsolePage) -> None:
    await console.page.get_by_role("dialog").locator("button[type=submit]").click()


async def test_a_click_that_nobody_answers_is_one_row_and_never_called_not_sent(
    desk: Desk, evening: Evening, stack: Stack
) -> None:
    console = await evening.in_room(desk)
    await fill(console, evening.guest, "Mute in chat", "Spam")
    stack.postgrest.pause()
    try:
        await press(console)
        form = console.page.get_by_role("dialog").locator("form")
        await expect(form).to_have_attribute("data-phase", "checking", timeout=30_000)
        await expect(form).to_contain_text("asking what became of it")
        await expect(form).not_to_contain_text("Refused")
        await expect(form.locator("button[type=submit]")).to_be_disabled()
    finally:
        stack.postgrest.resume()
    await console.applied("chat_mute")
    assert len(await rows(evening, "chat_mute")) == 1


async def test_an_answer_that_is_lost_is_found_by_its_id_also_after_a_reload(
    desk: Desk, evening: Evening
) -> None:
    console = await evening.in_room(desk)
    arrived = asyncio.Event()

    async def lose(route: Route) -> None:
        await route.fetch()
        arrived.set()
        await route.abort()

    await console.page.route(ROWS, lose)
    # Nor is the question about it answered while the page is the old one.
    await console.page.route("**/rest/v1/moderation_audit*", lambda route: route.abort())
    await fill(console, evening.guest, "Mute in chat", "Spam")
    await press(console)
    await arrived.wait()
    await expect(console.page.get_by_role("dialog").locator("form")).to_have_attribute(
        "data-phase", "checking"
    )
    await console.page.unroute_all()
    await console.page.reload()
    await console.applied("chat_mute")
    assert len(await rows(evening, "chat_mute")) == 1


async def test_escape_while_sending_calls_the_act_back(desk: Desk, evening: Evening) -> None:
    console = await evening.in_room(desk)
    await console.page.clock.install()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await console.page.route(ROWS, hold)
    await fill(console, evening.guest, "Kick", "Spam")
    await press(console)

    async def sending() -> bool:
        return len(held) == 1

    await until("the request is on its way", sending)
    await console.page.keyboard.press("Escape")
    await expect(console.page.get_by_role("dialog")).to_be_hidden()
    await expect(console.asked("kick")).to_have_attribute("data-phase", "withdrawing")
    # As long as it may still arrive, nobody says that it did not.
    await console.page.clock.fast_forward(25_000)
    await expect(console.asked("kick")).to_have_attribute("data-phase", "withdrawn")
    assert await rows(evening, "kick") == []
    await expect(console.person(evening.guest)).to_contain_text("here")


async def test_escape_after_it_was_done_says_that_it_is_too_late_and_offers_the_way_back(
    desk: Desk, evening: Evening
) -> None:
    console = await evening.in_room(desk)
    done = asyncio.Event()

    async def let_through_and_keep_the_answer(route: Route) -> None:
        await route.fetch()
        done.set()

    await console.page.route(ROWS, let_through_and_keep_the_answer)
    await fill(console, evening.guest, "Mute in chat", "Spam")
    await press(console)
    await done.wait()
    await console.page.keyboard.press("Escape")
    line = console.asked("chat_mute")
    await expect(line).to_contain_text("Too late to call it back")
    await console.page.unroute_all()
    await line.get_by_role("button", name=re.compile("Undo")).click()
    await console.applied("chat_unmute")
    await expect(console.person(evening.guest).get_by_role("img", name="chat muted")).to_be_hidden()


async def test_two_of_ops_on_one_person_see_each_other_and_do_not_overtake_unseen(
    desk: Desk, evening: Evening, people: People
) -> None:
    mine = await evening.in_room(desk)
    other = await people.arrive("Derya", ops=True)
    theirs = await desk.sign_in(other)
    await theirs.go(f"rooms/{evening.session.id}")
    await expect(theirs.person(evening.host)).to_be_visible()

    form = await mine.aim(evening.host)
    await fill(theirs, evening.host, "Mute", "Noise")
    await expect(theirs.page.get_by_role("dialog")).to_contain_text("Also looking at this person: Selin")
    await expect(form).to_contain_text("Also looking at this person: Derya")
    await press(theirs)
    await theirs.applied("mute")

    await form.get_by_label("How long").select_option(label="5 mins")
    await form.get_by_label("Reason").fill("Noise")
    await press(mine)
    overtaken = form.locator(".lc-overtaken")
    await expect(overtaken).to_contain_text("Derya: Mute")
    assert len(await rows(evening, "mute")) == 1, "nothing is sent before it was read"
    await expect(form).to_contain_text("The same holds already, by Derya")
    await press(mine)
    await expect(form.get_by_role("alert").last).to_contain_text("The same holds for longer already.")
    await tick(form.get_by_label("Shorten it all the same"))
    await press(mine)
    await mine.applied("mute")
    assert len(await rows(evening, "mute")) == 2


async def test_a_session_that_expires_in_the_middle_of_a_reason_loses_no_word(
    desk: Desk, evening: Evening
) -> None:
    console = await evening.in_room(desk)
    await fill(console, evening.guest, "Kick", "Insulted the host for ten minutes, and")
    await console.expire()
    await console.sign_in(evening.ops.email)
    form = console.page.get_by_role("dialog")
    await expect(form.get_by_label("Reason")).to_have_value("Insulted the host for ten minutes, and")
    await expect(form.get_by_role("radio", name="Kick", exact=True)).to_be_checked()
    await press(console)
    await console.applied("kick")


async def test_what_fails_late_is_told_on_whatever_page_one_is(
    desk: Desk, evening: Evening, worker: Child
) -> None:
    console = await evening.in_room(desk)
    await fill(console, evening.host, "Mute", "Noise")
    worker.pause()
    try:
        await press(console)
        await expect(console.asked("mute")).to_have_attribute("data-phase", "done")
        await console.go("switches")
        await expect(console.asked("mute").get_by_role("alert")).to_have_count(0)
        await evening.host.end_session(evening.session.id)
        await expect(console.asked("mute").get_by_role("alert")).to_have_text(
            "It is over: nothing can be done in it any more."
        )
    finally:
        worker.resume()
