"""The relay's TypeScript package with livekit-client and supabase-js in a real Chromium, against the real stack."""

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from local.chromium import bundled
from local.people.forger import Forger
from local.people.person import OpenSession, People, Person
from local.people.waiting import until
from local.stack import Stack
from local.supervisor import Child

PATIENCE_SECONDS = 30.0
Seen = dict[str, Any]


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The viewer's page as one file."""
    return bundled("tests/browser_page.ts", tmp_path_factory.mktemp("viewer"))


class Viewer:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def now(self) -> Seen:
        seen: Seen = await self._page.evaluate("viewer.now()")
        return seen

    async def until(self, what: str, seqs: int) -> Seen:
        async def there() -> Seen | None:
            seen = await self.now()
            return seen if len(seen["events"]) >= seqs else None

        return await until(what, there, PATIENCE_SECONDS)

    async def reconnect(self) -> None:
        await self._page.evaluate("viewer.reconnect()")


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, script: str, stack: Stack) -> Any:
    context = await chromium.new_context()
    made = await context.new_page()
    # Any page of loopback's own: Chromium lets no other page connect there. This one is foreign to the gateway.
    await made.goto(stack.livekit_url.replace("ws", "http", 1))
    await made.add_script_tag(content=script)
    yield made
    await context.close()


async def enter(page: Page, stack: Stack, person: Person, session: OpenSession) -> Viewer:
    visit = {
        "url": stack.url,
        "key": stack.keys.publishable,
        "accessToken": person.api.access_token,
        "sessionId": session.id,
        "join": await person.token(session.id),
    }
    await page.evaluate("visit => viewer.enter(visit)", visit)
    return Viewer(page)


async def test_a_browser_catches_up_follows_reconnects_and_believes_no_forger(
    stack: Stack, worker: Child, people: People, page: Page
) -> None:
    assert worker.running
    host = await people.arrive("Host", creator=True)
    session = await host.open_session("video_live", "public", "In the browser")
    await host.enter(session.id, session.join)
    fan = await people.arrive("Fan", coins=1000)
    for _ in range(3):
        await fan.send_gift(session.id, "rose")

    viewer = await enter(page, stack, await people.arrive("Viewer"), session)
    late = await viewer.until("what was before", 3)
    assert [event["source"] for event in late["events"]] == ["caught_up"] * 3

    await fan.send_gift(session.id, "heart")
    live = await viewer.until("the gift", 4)
    assert [event["type"] for event in live["events"][3:]] == ["gift"]
    assert live["seen"] == [host.id], "the agent stays unseen"

    async with (
        Forger(stack.env, session.room, session.id, hidden=True) as hidden,
        Forger(stack.env, session.room, session.id, hidden=False) as visible,
    ):
        for forger, reason in ((hidden, "unknown_key"), (visible, "visible_sender")):

            async def refused(forger: Forger = forger, reason: str = reason) -> bool:
                await forger.send_gift(5, coins=9999)
                return bool((await viewer.now())["stats"]["refused"][reason])

            await until(f"the forgery is refused: {reason}", refused, PATIENCE_SECONDS)

    await viewer.reconnect()
    for _ in range(5):
        await fan.send_gift(session.id, "rose")
    rows = await people.service.rows("live_events", session_id=f"eq.{session.id}", order="seq")
    seen = await viewer.until("all of it", len(rows))
    told = [(event["seq"], event["id"], event["payload"]) for event in seen["events"][: len(rows)]]
    assert told == [(row["seq"], row["id"], row["payload"]) for row in rows]
    assert seen["errors"] == []
