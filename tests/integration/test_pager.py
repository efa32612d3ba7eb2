"""A case that needs a human calls the operators' webhook: signed, and again until it is taken."""

import uuid

import pytest

from local.people.waiting import until
from local.stack import Stack
from tests.integration.edge import Json, World, world

SESSION = """insert into live_sessions (creator_id, type, title, status, access_type)
             values ($1, 'audio_room', 'evening', 'live', 'public') returning id"""
OPEN = "select live.open_case($1, null, $2, $3, 'rule')"


async def case(here: World, severity: str = "critical") -> uuid.UUID:
    host, accused = await here.person(creator=True), await here.person()
    session = await here.database.fetchval(SESSION, uuid.UUID(host.id))
    found: uuid.UUID = await here.database.fetchval(OPEN, session, uuid.UUID(accused.id), severity)
    return found


async def page_of(here: World, about: uuid.UUID) -> Json:
    return dict(await here.database.fetchrow("select * from page_outbox where case_id = $1", about))


@pytest.mark.usefixtures("worker")
async def test_a_worker_calls_again_until_the_receiver_is_back(stack: Stack) -> None:
    pager = f"{stack.push_url}/_local/pager"
    async with world(stack) as here:
        async with here.http.put(pager, json={"refuse": 2}) as answer:
            assert answer.status == 204
        try:
            about = await case(here)

            async def attempts() -> list[Json]:
                async with here.http.get(pager) as answer:
                    return [a for a in await answer.json() if a["body"]["data"]["case_id"] == str(about)]

            async def taken() -> list[Json] | None:
                found = await attempts()
                return found if found and found[-1]["status"] == 204 else None

            found = await until("the page is taken", taken, 30.0)
            assert [attempt["status"] for attempt in found] == [503, 503, 204]
            assert len({attempt["id"] for attempt in found}) == 1
            assert found[0]["body"]["data"] == {
                "case_id": str(about),
                "severity": "critical",
                "source": "rule",
                "rules": [],
                "reporters": 0,
                "at": found[0]["body"]["data"]["at"],
            }

            async def sent() -> bool:
                return bool((await page_of(here, about))["status"] == "sent")

            await until("the outbox knows", sent)
        finally:
            async with here.http.put(pager, json={"refuse": 0}) as answer:
                assert answer.status == 204
