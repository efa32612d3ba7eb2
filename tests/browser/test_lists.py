"""Nobody is beyond the console's reach: however many there are, whatever they are called."""

import re
from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import expect

from local.people.person import People, Person
from local.stack import Stack
from tests.browser.desk import ConsolePage, Desk
from tests.browser.looks import faults

GUESTS, ROOMS = 1_200, 2_000
SHOUT = """
  insert into public.live_audio_stats values ($1, $2, date_trunc('minute', now(), 'UTC'), 20, -2.5, 0)
"""
ENTER = """
  with guest as (insert into auth.users (id) select gen_random_uuid() from generate_series(1, $2::int) returning id)
  insert into public.live_participants (session_id, user_id, role, is_online, first_joined_at, last_joined_at)
  select $1, id, 'listener', true, now(), now() from guest
"""
OPEN = """
  with host as (insert into auth.users (id) select gen_random_uuid() from generate_series(1, $1::int) returning id)
  insert into public.live_sessions (creator_id, type, title, status, access_type)
  select id, 'audio_room', 'Street', 'live', 'public' from host
"""
CLOSE = """
  update public.live_sessions set status = 'ended', end_reason = 'host'
   where status = 'live' and (title = 'Street' or id = $1)
"""
GO_HOME = "update public.live_participants set is_online = false where session_id = $1 and is_online"
"""They never were in LiveKit, so nobody else tells that they have left, and the books would not agree."""
ZALGO = "Z" + "\u0335\u0316\u030d" * 40 + "algo"
RTL = "שלום\u202e gnorw"
UNSEEN = "\u200b"


class Hall(NamedTuple):
    console: ConsolePage
    session: str
    shouting: str


@pytest_asyncio.fixture(loop_scope="session")
async def database(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.database_url)
    yield connection
    await connection.close()


async def room(database: asyncpg.Connection, host: Person, title: str) -> str:
    return str(
        await database.fetchval(
            "insert into public.live_sessions (creator_id, type, title, status, access_type)"
            " values ($1, 'audio_room', $2, 'live', 'public') returning id",
            host.id, title,
        )
    )  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def hall(desk: Desk, people: People, database: asyncpg.Connection) -> AsyncIterator[Hall]:
    """A room with 1,201 people, the last of whom shouts; nobody of them is in LiveKit."""
    host, ops = await people.arrive("Onur", creator=True), await people.arrive("Selin", ops=True)
    session = await room(database, host, "Hall")
    await database.execute(ENTER, session, GUESTS)
    shouting = await people.arrive("Isik")
    await database.execute(
        "update public.profiles set display_name = 'Bağıran Işık' where id = $1", shouting.id
    )
    await database.execute(
        "insert into public.live_participants (session_id, user_id, role, is_online, first_joined_at, last_joined_at)"
        " values ($1, $2, 'listener', true, now(), now() + interval '1 second')",
        session, shouting.id,
    )  # fmt: skip
    await database.execute(SHOUT, session, shouting.id)
    console = await desk.sign_in(ops)
    await console.go(f"rooms/{session}")
    yield Hall(console, session, shouting.id)
    await database.execute(CLOSE, session)
    await database.execute(GO_HOME, session)


async def test_the_one_who_shouts_among_1201_comes_first_and_can_be_acted_on(
    hall: Hall, people: People
) -> None:
    page = hall.console.page
    first = page.locator(".lc-person").first
    await expect(first).to_contain_text("Bağıran Işık")
    await expect(page.locator(".lc-pager")).to_contain_text("60 of 1,202")
    await first.get_by_role("button", name="Act on").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Reason").fill("Noise")
    await form.locator("button[type=submit]").click()
    await expect(hall.console.asked("mute")).to_have_attribute("data-phase", "done")
    row = await people.service.row(
        "live_participants", session_id=f"eq.{hall.session}", user_id=f"eq.{hall.shouting}"
    )
    assert row is not None
    assert row["mic_muted"] is True


async def test_people_are_found_and_paged_by_the_database_and_the_view_is_in_the_address(hall: Hall) -> None:
    page = hall.console.page
    following = page.get_by_role("button", name="Next")
    await following.press("Enter")
    await expect(page.locator(".lc-pager")).to_contain_text("120 of 1,202")
    await expect(following).to_be_focused()
    await page.get_by_role("searchbox").fill("BAGIRAN isik")
    await expect(page.locator(".lc-person")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_role("searchbox")).to_have_value("BAGIRAN isik")
    await expect(page.locator(".lc-person")).to_have_count(1)


async def test_two_thousand_rooms_are_paged_searched_and_all_within_reach(
    desk: Desk, people: People, database: asyncpg.Connection
) -> None:
    host, ops = await people.arrive("Gulsah", creator=True), await people.arrive("Selin", ops=True)
    await database.execute(OPEN, ROOMS)
    last = await room(database, host, "Sıcak İğde")
    try:
        console = await desk.sign_in(ops)
        await expect(console.page.locator(".lc-summary")).to_contain_text(re.compile(r"2,\d\d\d rooms"))
        await expect(console.page.locator(".lc-rooms tbody tr")).to_have_count(60)
        await console.page.set_viewport_size({"width": 390, "height": 844})
        assert await faults(console.page, "phone", "many-rooms") == []
        for search in ("sicak IGDE", last[:13]):
            await console.page.get_by_role("searchbox").fill(search)
            await expect(console.page.locator(f'a[href="#/rooms/{last}"]')).to_be_visible()
            await expect(console.page.locator(".lc-rooms tbody tr")).to_have_count(1)
    finally:
        await database.execute(CLOSE, last)


@pytest.mark.parametrize(("name", "shown"), [(UNSEEN, "no visible title"), (RTL, "שלום gnorw"), (ZALGO, "Z")])
async def test_whatever_a_room_and_its_host_are_called_they_can_be_opened_and_turn_nothing_around(
    desk: Desk, people: People, database: asyncpg.Connection, name: str, shown: str
) -> None:
    host, ops = await people.arrive("Onur", creator=True), await people.arrive("Selin", ops=True)
    await database.execute("update public.profiles set display_name = $2 where id = $1", host.id, name)
    # Older rows, and those of the app's own tables, may hold what the door refuses by now.
    session = await room(database, host, "x")
    await database.execute("alter table public.live_sessions disable trigger user")
    try:
        await database.execute("update public.live_sessions set title = $2 where id = $1", session, name)
    finally:
        await database.execute("alter table public.live_sessions enable trigger user")
    try:
        console = await desk.sign_in(ops)
        await console.page.get_by_role("searchbox").fill(session[:13])
        link = console.page.locator(f'a[href="#/rooms/{session}"]')
        await expect(link).to_contain_text(shown)
        box = await link.bounding_box()
        assert box is not None
        assert box["height"] < 40
        assert box["width"] > 8
        await link.click()
        await expect(console.page.get_by_role("heading", level=1)).to_contain_text(shown)
        assert await faults(console.page, "light", f"named-{len(name)}") == []
    finally:
        await database.execute(CLOSE, session)
