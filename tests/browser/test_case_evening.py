"""A case from the first report to the lifted appeal, at two operators' desks on the real stack.

Three viewers report a speaker; the case rings at ops; one claims it, and the other sees that; they listen to the clip,
mute with a reason code and leave a private note; the person reads the statement and appeals; the second lifts; one view
has it all."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from local.people.person import People, Person
from local.people.sound import speech_like
from local.stack import Stack
from tests.browser.desk import ConsolePage, Desk
from tests.browser.evening import Evening
from tests.browser.looks import faults

pytestmark = pytest.mark.usefixtures("worker")

HEARD = """async () => {
  const element = document.querySelector("[data-clip] audio");
  if (element === null || !(element.duration > 0)) return false;
  return element.currentTime > 0 && element.error === null;
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def soon(people: People) -> AsyncIterator[None]:
    """Clips that end two seconds after what they show."""
    key = "eq.evidence.after_seconds"
    await people.service.update("app_settings", {"value": 2}, key=key)
    yield
    await people.service.update("app_settings", {"value": 10}, key=key)


async def viewers(people: People, evening: Evening) -> list[Person]:
    """Three who are in the room, by the database's word: the reports of others do not count."""
    found = [await people.arrive(name) for name in ("Ece", "Kaan", "Lale")]
    for person in found:
        await person.enter(evening.session.id)
        await person.until_on_record(evening.session.id)
    return found


def inbox_row(console: ConsolePage, person: Person) -> Locator:
    return console.page.locator('[data-feed="inbox"] [data-case]', has_text=person.name).first


@pytest.mark.usefixtures("soon")
async def test_an_evening_of_a_case(desk: Desk, evening: Evening, people: People, stack: Stack) -> None:
    del stack
    speaker, session = evening.host, evening.session
    second = await people.arrive("Derya", ops=True)
    await evening.at_host.speak(speech_like(-20))
    mine, theirs = await desk.sign_in(evening.ops), await desk.sign_in(second)
    await theirs.go("cases")
    await expect(theirs.page.get_by_role("heading", level=1, name="Cases")).to_be_visible()
    bell = mine.page.locator("[data-rung]")
    await expect(bell).not_to_have_attribute("data-rung", "0")
    rung = await bell.get_attribute("data-rung")
    for person in await viewers(people, evening):
        await person.api.rpc(
            "report_person", user_id=speaker.id, session_id=session.id, reason_code="harassment"
        )

    # It rings wherever one is, and is in the inbox without a reload.
    await expect(bell).not_to_have_attribute("data-rung", str(rung))
    await expect(bell).to_have_text("A case waits.")
    await expect(inbox_row(theirs, speaker)).to_contain_text("3 reporters")
    await mine.page.get_by_role("link", name="Cases").click()
    await inbox_row(mine, speaker).get_by_role("link").click()
    case = mine.page.locator('[data-feed="case"]')
    await case.get_by_role("button", name="Claim").click()
    await expect(inbox_row(theirs, speaker)).to_contain_text("Selin works on it")

    clip = mine.page.locator('[data-feed="evidence"] [data-clip][data-state="ready"]').first
    await expect(clip).to_contain_text("several reports", timeout=40_000)
    await case.get_by_label("Why do you open or keep it? (on record)").fill("Three reports")
    await clip.get_by_role("button", name="Listen").click()
    await expect(clip.locator("[data-genuine]")).to_have_attribute("data-genuine", "true")
    await mine.page.wait_for_function(HEARD)
    await expect(clip.locator("summary")).to_have_text("One person looked")

    await case.get_by_role("button", name="Act", exact=True).click()
    form = mine.page.get_by_role("dialog")
    await form.get_by_label("Rule broken").select_option("harassment")
    await form.locator("button[type=submit]").click()
    await mine.applied("mute")
    await case.get_by_label("Note, for operators alone").fill("Heard it on the clip.")
    await case.get_by_role("button", name="Add note").click()
    await case.get_by_label("Rule broken").select_option("harassment")
    await case.get_by_role("button", name="Violation", exact=True).click()
    await expect(case.locator(".lc-case")).to_have_attribute("data-state", "resolved")
    assert await faults(mine.page, "light", "case-decided") == []

    [statement] = await speaker.api.rpc("my_decisions")
    assert (statement["reason_code"], statement["decided_by"]) == ("harassment", "platform")
    assert statement["clips"] >= 1
    assert "Heard it on the clip" not in str(statement)
    await speaker.api.rpc("appeal", action_id=statement["action_id"], text="I was quoting a film.")

    await mine.go("appeals")
    own = mine.page.locator("[data-appeal]", has_text="I was quoting a film.")
    await own.get_by_role("button", name="It stands").click()
    await expect(own.get_by_role("alert")).to_contain_text("Somebody else decides the appeal.")
    await theirs.page.get_by_role("link", name="Appeals").click()
    appeal = theirs.page.locator("[data-appeal]", has_text="I was quoting a film.")
    await appeal.get_by_label("What the person is told (optional)").fill("We heard it again.")
    assert await faults(theirs.page, "light", "appeals") == []
    await appeal.get_by_role("button", name="Lift the decision").click()
    await expect(appeal).to_have_count(0)
    await evening.at_host.until_may_send()

    # The case's own page has all of it: reports, clip and who heard it, acts with their undoing, note, appeal.
    await all_in_one_view(theirs, await case_of(people, speaker))
    [told] = await speaker.api.rpc("my_decisions")
    assert (told["appeal"]["decision"], told["appeal"]["answer"]) == ("lifted", "We heard it again.")


async def case_of(people: People, person: Person) -> str:
    row = await people.service.row("moderation_cases", user_id=f"eq.{person.id}")
    assert row is not None
    return str(row["id"])


async def all_in_one_view(console: ConsolePage, case_id: str) -> None:
    await console.go(f"cases/{case_id}")
    case = console.page.locator('[data-feed="case"]')
    acts = case.locator('[data-feed="case-actions"]')
    await expect(acts.locator('[data-action="mute"]')).to_contain_text("Selin · harassment")
    await expect(case.locator('[data-feed="case-appeals"] [data-decision="lifted"]')).to_contain_text("Derya")
    await expect(case.locator('[data-feed="notes"]')).to_contain_text("Heard it on the clip.")
    clip = case.locator("[data-clip]").first
    await clip.locator("summary").click()
    await expect(clip.locator('[data-feed="access"]')).to_contain_text("Selin opened it: Three reports")
