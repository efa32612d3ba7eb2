"""The console's other pages: the switches and what they stop, finding a person, the reports."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from local.people.api import RequestRefused
from local.people.person import People
from local.stack import Stack
from tests.browser.desk import ConsolePage, Desk
from tests.browser.evening import Evening

pytestmark = pytest.mark.usefixtures("worker")

LIMIT = {"too_loud": {"threshold_lufs": -14.0}}


@pytest_asyncio.fixture(loop_scope="session")
async def switches(stack: Stack, desk: Desk, evening: Evening, people: People) -> AsyncIterator[ConsolePage]:
    """The page of switches; whatever is switched is put back."""
    del stack
    before = await people.service.rows("app_settings")
    console = await desk.sign_in(evening.ops)
    await console.page.get_by_role("link", name="Switches").click()
    yield console
    for row in before:
        await people.service.update("app_settings", {"value": row["value"]}, key=f"eq.{row['key']}")


async def flip(console: ConsolePage, name: str, *, on: bool) -> None:
    switch = console.page.get_by_role("switch", name=name)
    await expect(switch).to_be_checked(checked=not on)
    await switch.click()
    await expect(switch).to_be_checked(checked=not on)  # one press alone turns nothing
    await confirm(console, "Maintenance")
    await expect(switch).to_be_checked(checked=on)
    await expect(switch).to_be_focused()


async def confirm(console: ConsolePage, reason: str) -> None:
    form = console.page.locator(".lc-confirm")
    await form.get_by_role("textbox").fill(reason)
    await form.locator("button[type=submit]").click()
    await expect(form).to_be_hidden()


async def test_calls_are_switched_off_and_a_call_is_refused(switches: ConsolePage, evening: Evening) -> None:
    await flip(switches, "Calls", on=False)
    with pytest.raises(RequestRefused, match="calls_disabled"):
        await evening.guest.call(evening.host)
    await flip(switches, "Calls", on=True)
    rings = await evening.guest.call(evening.host)
    await evening.guest.hang_up(rings["call"]["id"])


async def test_no_session_begins_while_live_is_switched_off(switches: ConsolePage, people: People) -> None:
    creator = await people.arrive("Deniz", creator=True)
    await flip(switches, "Live sessions", on=False)
    with pytest.raises(RequestRefused, match="live_disabled"):
        await creator.open_session()
    await flip(switches, "Live sessions", on=True)
    session = await creator.open_session()
    await creator.end_session(session.id)


async def test_automatic_moderation_is_switched_and_its_other_settings_stay(
    switches: ConsolePage, evening: Evening, people: People
) -> None:
    policy = {"key": "eq.moderation.policy"}
    await people.service.update("app_settings", {"value": LIMIT}, **policy)
    await switches.page.reload()  # a change over what one has not seen is refused
    for mode in ("off", "enforce", "observe"):
        await switches.go("switches")
        choice = switches.page.get_by_role("radio", name=mode, exact=True)
        await choice.click()
        await confirm(switches, f"Trying {mode}")
        await expect(choice).to_be_checked()
        row = await people.service.row("app_settings", **policy)
        assert row is not None
        assert row["value"] == {**LIMIT, "mode": mode}
        await expect(switches.page.locator(".lc-changed").last).to_contain_text("by Selin")
        await switches.go(f"rooms/{evening.session.id}")
        await expect(switches.page.get_by_text(f"policy: {mode}")).to_be_visible()
        await expect(switches.page.get_by_text(re.compile(r"limit .14\.0 LUFS"))).to_be_visible()
    said = await people.service.rows(
        "app_setting_changes", key="eq.moderation.policy", order="n.desc", limit="3"
    )
    assert [row["reason"] for row in said] == ["Trying observe", "Trying enforce", "Trying off"]


async def test_a_person_is_found_by_the_beginning_of_their_username(desk: Desk, evening: Evening) -> None:
    profile: Any = await evening.ops.api.row("profiles", id=f"eq.{evening.guest.id}")
    console = await desk.sign_in(evening.ops)
    await console.page.get_by_role("link", name="People").click()
    search = console.page.get_by_role("searchbox")
    await search.fill("nobody is called that")
    await expect(console.page.get_by_text("Nobody is called that.")).to_be_visible()
    await search.fill(profile["username"][:-1])
    await console.page.get_by_role("main").get_by_role("link", name="Zeynep").click()
    await expect(console.page.get_by_role("heading", level=1, name="Zeynep")).to_be_visible()
    await expect(console.page.get_by_text("Never banned.")).to_be_visible()
    await expect(console.page.locator(f'a[href="#/rooms/{evening.session.id}"]')).to_be_visible()


async def test_the_reports_tell_what_a_session_brought_in(desk: Desk, evening: Evening) -> None:
    await evening.guest.send_gift(evening.session.id, "rose", 7)
    console = await desk.sign_in(evening.ops)
    await console.page.get_by_role("link", name="Usage").click()
    row = console.page.get_by_role("row").filter(
        has=console.page.locator(f'a[href="#/rooms/{evening.session.id}"]')
    )
    await expect(row.get_by_role("cell").last).to_have_text("7")
    await expect(row.get_by_role("cell").nth(1)).to_have_text("1")
    minutes = console.page.locator('[data-measure="connection_minutes"]')
    await expect(minutes).to_contain_text("of 150,000")
