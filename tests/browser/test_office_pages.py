"""The pages of the office: the policy with its estimate, the whole audit, the change of shifts."""

import asyncio
import csv
import hashlib
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from local.people.person import People
from local.stack import Stack
from tests.browser.desk import Desk
from tests.browser.evening import Evening
from tests.browser.looks import faults

pytestmark = pytest.mark.usefixtures("worker")

MINUTES = """
  insert into public.live_audio_stats (session_id, user_id, minute, talk_seconds, measured)
  select $1, $2, date_trunc('minute', now(), 'UTC') - make_interval(mins => n), 30, '{"histogram": {"-12": 30}}'
    from generate_series(10, 12) n
"""


@pytest_asyncio.fixture(loop_scope="session")
async def database(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.database_url)
    yield connection
    await connection.close()


async def test_a_rooms_policy_is_edited_with_what_it_would_have_done_beside_it(
    desk: Desk, evening: Evening, database: asyncpg.Connection
) -> None:
    await database.execute(MINUTES, evening.session.id, evening.guest.id)
    console = await evening.in_room(desk)
    page = console.page
    await page.get_by_role("link", name="policy of this room").click()
    estimate = page.locator('[data-feed="estimate"]')
    await expect(estimate.locator('[data-estimate="now"]')).to_contain_text("nobody would have been told")
    loud = page.locator('[data-section="too_loud"]')
    limit = loud.get_by_label("Limit, LUFS")
    await limit.press("ControlOrMeta+a")
    await limit.press_sequentially("-14")
    await expect(limit).to_have_value("-14"), "the form that the first key brought took none of the others"
    await expect(limit).to_be_focused()
    await expect(estimate.locator('[data-estimate="then"]')).to_contain_text(
        "about 1 would have been told, 1 warned, 1 muted"
    )
    await page.locator('[data-section="scream"]').get_by_label("Limit, LUFS").fill("-6")
    await estimate.get_by_text("The other rules").click()
    row = estimate.locator("tr", has=page.locator('[data-rule="scream"]'))
    await expect(row).to_contain_text("nothing was stored to judge by")
    assert await faults(page, "light", "policy-estimate") == []
    await estimate.get_by_role("textbox").fill("A quiet reading")
    await console.expire()
    await console.sign_in(evening.ops.email)
    await expect(loud.get_by_label("Limit, LUFS")).to_have_value("-14")
    await expect(estimate.get_by_role("textbox")).to_have_value("A quiet reading")
    await page.locator('[data-section="scream"]').get_by_label("Limit, LUFS").fill("")
    await estimate.get_by_role("button", name="Save the policy").click()
    await expect(estimate.get_by_role("alert")).to_contain_text("Saved")
    own = await evening.ops.api.rpc("own_session_policy", session_id=evening.session.id)
    assert own == {"too_loud": {"threshold_lufs": -14}}
    await console.go(f"rooms/{evening.session.id}")
    await expect(page.get_by_text(re.compile(r"limit .14\.0 LUFS"))).to_be_visible()
    await console.go("shift")
    await expect(page.locator('[data-feed="settings"]')).to_contain_text("A quiet reading")


async def test_the_audit_is_filtered_in_the_address_saved_as_csv_and_printed(
    desk: Desk, evening: Evening, tmp_path: Path
) -> None:
    await evening.host.ask("mute", evening.session.id, evening.guest, reason='=1+1, "loud"')
    await evening.ops.ask("chat_mute", evening.session.id, evening.guest, reason="Spam")
    console = await desk.sign_in(evening.ops, accept_downloads=True)
    page = console.page
    await console.go(f"audit?session={evening.session.id}")
    rows = page.locator(".lc-table tbody tr")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Action").select_option("mute")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Zeynep")
    assert "action=mute" in page.url
    await page.reload()
    await expect(rows).to_have_count(1)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Save as CSV").click()
    saved = tmp_path / "audit.csv"
    await (await download.value).save_as(saved)
    (line,) = csv.DictReader(io.StringIO(saved.read_text(encoding="utf-8-sig")))
    assert (line["action"], line["target_user_id"], line["reason"]) == (
        "mute", evening.guest.id, '\'=1+1, "loud"',
    )  # fmt: skip
    await page.evaluate("globalThis.print = () => { globalThis.printed = true }")
    await page.get_by_role("button", name="Print").click()
    await page.wait_for_function("globalThis.printed")
    taken = await evening.ops.api.rows(
        "moderation_audit", action="eq.export_audit", requested_by=f"eq.{evening.ops.id}", order="n"
    )
    assert [(row["params"]["form"], row["params"]["rows"], row["params"]["filters"]) for row in taken] == [
        ("csv", 1, f"action=mute&session={evening.session.id}"),
        ("print", 1, f"action=mute&session={evening.session.id}"),
    ]
    assert (
        taken[0]["params"]["sha256"]
        == hashlib.sha256(saved.read_bytes().removeprefix(b"\xef\xbb\xbf")).hexdigest()
    )
    await page.emulate_media(media="print")
    await expect(page.locator(".lc-printed")).to_contain_text("SHA-256")
    await expect(page.get_by_role("navigation")).to_be_hidden()
    await page.emulate_media(media="screen")

    await page.evaluate("globalThis.printed = false")
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.route("**/rest/v1/moderation_actions*", hold)
    async with page.expect_response("**/rest/v1/moderation_actions*") as put_on_record:
        await page.get_by_role("button", name="Print").click()
        await page.get_by_role("link", name="Shift").click()
        await expect(page.get_by_role("heading", level=1, name="Shift")).to_be_visible()
        released.set()
    await (await put_on_record.value).finished()
    await page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    assert not await page.evaluate("globalThis.printed"), "another page is not printed in its place"


async def test_who_leaves_hands_over_and_the_next_one_reads_it_and_sees_who_acts_how(
    desk: Desk, evening: Evening
) -> None:
    await evening.ops.ask("chat_mute", evening.session.id, evening.guest, reason="Spam")
    console = await desk.sign_in(evening.ops)
    page = console.page
    await page.get_by_role("link", name="Shift").click()
    acts = page.locator('[data-feed="acts"]')
    await expect(acts.get_by_role("row", name=re.compile(r"^Mute in chat ops \d"))).to_be_visible()
    notes = page.locator('[data-feed="shift-notes"]')
    await notes.get_by_role("textbox").fill("The night room is loud; its host knows.")
    await notes.get_by_role("button", name="Hand over and leave the shift").click()
    await expect(notes.locator("[data-note]").first).to_contain_text("The night room is loud")
    await expect(page.get_by_text("Since you left")).to_be_visible()
    await expect(page.locator('[data-feed="acts"]')).to_contain_text("Nothing.")
    await page.locator(f'[data-feed="team"] a[href$="by={evening.ops.id}"]').click()
    await expect(page.get_by_role("heading", level=1, name="Audit")).to_be_visible()
    await expect(page.locator(".lc-table tbody tr").first).to_contain_text("Mute in chat")


async def test_who_leads_sees_the_team_and_who_listened_in_and_others_see_themselves(
    desk: Desk, evening: Evening, people: People, database: asyncpg.Connection
) -> None:
    other = await people.arrive("Selin", ops=True)
    for operator in (evening.ops, other):
        await operator.ask("chat_mute", evening.session.id, evening.guest, reason="Spam")
    await people.service.rpc("ops_listen", p_user=other.id, p_session=evening.session.id, p_reason="A report")
    console = await desk.sign_in(evening.ops)
    page = console.page
    await console.go("shift")
    team = page.locator('[data-feed="team"]')
    await expect(team.locator(f'a[href$="by={evening.ops.id}"]')).to_be_visible()
    await expect(page.locator(f'a[href$="by={other.id}"]')).to_have_count(0)
    await database.execute("update public.live_ops set lead = true where user_id = $1", evening.ops.id)
    await page.reload()
    await expect(team.locator(f'a[href$="by={other.id}"]')).to_be_visible()
    await expect(page.locator(f'[data-feed="listens"] a[href$="by={other.id}"]')).to_be_visible()
