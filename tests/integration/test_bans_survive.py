"""A ban outlives every process: the worker, the gateway and the database are started anew, and it keeps out."""

from contextlib import suppress

import aiohttp
import pytest

from local.paths import STATE
from local.people.api import RequestRefused
from local.people.hostile import Arena, intrude
from local.people.person import People
from local.people.waiting import until
from local.stack import Stack

BACK_SECONDS = 20.0
SHORT_MS = 1500.0


@pytest.mark.timeout(120)
async def test_a_ban_outlives_the_restart_of_everything() -> None:
    async with Stack(STATE / "test-restarts") as stack, People(stack.env) as people:
        worker = await stack.start_worker("worker")
        arena = await Arena.open(people)
        person, device, thief = await arena.speaker()
        token = await thief.with_rights()
        await arena.order("ban", person)
        await device.until_ended()

        before = await epoch(people, arena)
        await worker.kill()
        await stack.postgres.restart()
        await stack.gateway.restart()
        await worker.start()

        async def moderated() -> bool:
            with suppress(RequestRefused, aiohttp.ClientError):
                return await epoch(people, arena) > before
            return False

        await until("the room is moderated again", moderated, BACK_SECONDS)
        seen = await intrude(arena, person, token, within_seconds=BACK_SECONDS)
        assert seen.heard_ms < SHORT_MS
        with pytest.raises(RequestRefused) as refused:
            await person.token(arena.session.id)
        assert refused.value.code == "banned"


async def epoch(people: People, arena: Arena) -> int:
    lease = await people.service.row("agent_rooms", room=f"eq.{arena.session.room}")
    return 0 if lease is None else int(lease["epoch"])
