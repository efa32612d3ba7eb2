"""The inbox of cases: a report raises one, an operator claims it, notes, acts, decides; others see who works on it."""

import pytest
from playwright.async_api import expect

from local.people.person import People
from tests.browser.desk import Desk
from tests.browser.evening import Evening
from tests.browser.looks import faults

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_report_is_claimed_noted_acted_on_and_decided(
    desk: Desk, evening: Evening, people: People
) -> None:
    mine, theirs = await desk.sign_in(evening.ops), await desk.sign_in(await people.arrive("Derya", ops=True))
    for console in (mine, theirs):
        await console.go("cases")
        await expect(console.page.get_by_role("heading", level=1, name="Cases")).to_be_visible()
    await evening.guest.api.rpc(
        "report_person", user_id=evening.host.id, reason_code="threat", session_id=evening.session.id
    )
    row = mine.page.locator('[data-feed="inbox"] [data-case]', has_text="Onur").first
    await expect(row).to_contain_text("critical")
    await expect(row).to_contain_text("1 reporter")
    await row.get_by_role("link").click()
    case = mine.page.locator('[data-feed="case"]')
    await expect(case).to_contain_text("This was a threat of violence.")
    await case.get_by_role("button", name="Claim").click()
    await expect(
        theirs.page.locator('[data-feed="inbox"] [data-case]', has_text="Onur").first
    ).to_contain_text("Selin works on it")
    await case.get_by_label("Note, for operators alone").fill("Second time this week.")
    await case.get_by_role("button", name="Add note").click()
    await expect(case.locator('[data-feed="notes"] li')).to_have_count(1)
    await case.get_by_role("button", name="Act", exact=True).click()
    form = mine.page.get_by_role("dialog")
    await form.get_by_label("Rule broken").select_option("threat")
    await form.locator("button[type=submit]").click()
    await mine.applied("mute")
    assert await faults(mine.page, "light", "case") == []
    await case.get_by_label("Rule broken").select_option("threat")
    await case.get_by_role("button", name="Violation", exact=True).click()
    await expect(case.locator(".lc-case")).to_have_attribute("data-state", "resolved")
    await expect(mine.page.locator('[data-feed="inbox"] [data-case]', has_text="Onur")).to_have_count(0)
    kept = await people.service.row("moderation_cases", user_id=f"eq.{evening.host.id}")
    assert kept is not None
    assert (kept["decision"], kept["reason_code"], kept["resolved_by"]) == (
        "violation",
        "threat",
        evening.ops.id,
    )
