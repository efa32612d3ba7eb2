"""The console's door: a viewer sees nothing, a moderator their own session, and a wrong password no page."""

import re

import pytest
from playwright.async_api import Request, expect

from local.people.person import People
from local.stack import Stack
from tests.browser.desk import Desk

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_viewer_sees_nothing_and_asks_for_nothing(desk: Desk, stack: Stack, people: People) -> None:
    del stack
    host = await people.arrive("Onur", creator=True)
    viewer = await people.arrive("Ece")
    session = await host.open_session("audio_room", "public", "Not for Ece")
    await host.enter(session.id, session.join)
    await viewer.enter(session.id)

    console = await desk.open()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    console.page.on("request", note)
    await console.sign_in(viewer.email)
    forbidden = console.page.get_by_role("heading", name="This is not yours to see")
    await expect(forbidden).to_be_visible()
    for address in (f"rooms/{session.id}", "switches", "reports", f"people/{host.id}"):
        await console.go(address)
        await expect(forbidden).to_be_visible()
        await expect(console.page.get_by_role("main")).not_to_contain_text("Not for Ece")
    assert await console.page.get_by_role("navigation").count() == 0
    tables = {found[1] for url in asked if (found := re.search(r"/rest/v1/([\w/]+)", url))}
    assert tables == {"live_ops", "live_participants"}, "only who one is may be asked"
    await host.end_session(session.id)


async def test_a_moderator_sees_their_session_alone_and_no_switch(
    desk: Desk, stack: Stack, people: People
) -> None:
    del stack
    host, other = await people.arrive("Onur", creator=True), await people.arrive("Deniz", creator=True)
    moderator, guest = await people.arrive("Umut"), await people.arrive("Ece")
    session = await host.open_session("audio_room", "public", "Umut moderates")
    elsewhere = await other.open_session("audio_room", "public", "Umut does not")
    await host.enter(session.id, session.join)
    for person in (moderator, guest):
        await person.enter(session.id)
        await person.until_on_record(session.id)
    await people.service.update(
        "live_participants",
        {"role": "moderator"},
        session_id=f"eq.{session.id}",
        user_id=f"eq.{moderator.id}",
    )

    console = await desk.sign_in(moderator)
    await expect(console.page.get_by_role("row", name=re.compile("Umut moderates"))).to_be_visible()
    await expect(console.page.get_by_text("Umut does not")).to_have_count(0)
    await expect(console.page.get_by_role("navigation").get_by_role("link")).to_have_count(1)
    await console.open_room(session, "Umut moderates")
    await expect(console.person(host)).to_be_visible()
    await expect(console.person(host).get_by_role("button")).to_have_count(0)
    await console.act(guest, "Kick", reason="Spam")
    await console.applied("kick")
    for address in (f"rooms/{elsewhere.id}", "switches"):
        await console.go(address)
        await expect(console.page.get_by_role("heading", name="This is not yours to see")).to_be_visible()
    await host.end_session(session.id)
    await other.end_session(elsewhere.id)


async def test_a_wrong_password_opens_nothing(desk: Desk, stack: Stack, people: People) -> None:
    del stack
    ops = await people.arrive("Selin", ops=True)
    console = await desk.open()
    await console.sign_in(ops.email, "wrong password")
    await expect(console.page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    await console.sign_in(ops.email)
    await expect(console.page.get_by_role("heading", name="Live rooms")).to_be_visible()
    await console.page.get_by_role("button", name="Sign out").click()
    await expect(console.page.get_by_role("heading", name="Sign in")).to_be_visible()
