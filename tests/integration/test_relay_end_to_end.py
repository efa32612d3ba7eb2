"""Gifts to every client through a real worker: bad lines, late comers, a killed or absent worker, a revoked key."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.core.envelope import Signer
from bench.gift_room import GiftRoom, full_reconnect, gift_room, losing
from local.people.relay_packet import Refusal
from local.people.waiting import until
from local.stack import Stack

SEED = base64.urlsafe_b64encode(bytes(range(1, 33))).rstrip(b"=").decode()


@asynccontextmanager
async def only_workers(stack: Stack, *names: str, **env: str) -> AsyncIterator[None]:
    """These workers and no others; those of other tests are back afterwards."""
    others = [worker for worker in stack.workers.values() if worker.running]
    for worker in others:
        await worker.kill()
    started = [await stack.start_worker(name, {"LIVE_WORKER_ID": name, **env}) for name in names]
    try:
        yield
    finally:
        for worker in started:
            if worker.running:
                await worker.kill()
        for worker in others:
            await worker.start()


async def test_every_client_ends_with_the_databases_sequence_though_the_worker_is_killed(
    stack: Stack,
) -> None:
    async with only_workers(stack, "relay-1", "relay-2"), gift_room(stack.env, 10, 20) as room:
        steady = await room.listener("Steady")
        torn = await room.listener("Torn")
        await room.listener("Lossy", lose=losing(0.2))
        late = await room.people.arrive("Late")

        async def trouble() -> None:
            await until("half of it", lambda: len(room.given) >= 110, within=60)
            await full_reconnect(torn)
            await room.enter(late)
            await stack.workers[await room.moderator()].kill()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(room.burst(200, 4.0))
            tasks.create_task(trouble())
        events = await room.converged()
        assert sum(event["type"] == "gift" for event in events) == 210
        assert set(steady.relay.refused) <= {Refusal.REPEAT}


async def test_gifts_are_taken_without_a_worker_and_clients_converge_when_one_is_back(stack: Stack) -> None:
    async with only_workers(stack, "relay-3"), gift_room(stack.env, 5, 10) as room:
        await room.listener("Patient")
        worker = stack.workers["relay-3"]
        await worker.kill()
        await room.burst(50, 3.0)
        await worker.start()
        events = await room.converged()
        assert sum(event["type"] == "gift" for event in events) == 55


async def test_a_worker_replaces_a_revoked_key_and_clients_follow_without_a_gap(stack: Stack) -> None:
    given = Signer(SEED).kid
    async with only_workers(stack, "relay-4", LIVE_RELAY_KEY=SEED), gift_room(stack.env, 2, 10) as room:
        listener = await room.listener("Witness")
        await room.burst(4, 0.2)
        await room.converged()
        assert given in await keys(room), "the key of the environment is the one that is published"
        await room.people.service.rpc("revoke_relay_key", kid=given)
        await until("a key of the worker's own", lambda: new_keys(room, given), within=30)
        await room.burst(4, 0.2)
        await room.converged()
        assert {Refusal.UNKNOWN_KEY, Refusal.BAD_SIGNATURE} & set(listener.relay.refused) == set()


async def keys(room: GiftRoom) -> set[str]:
    rows = await room.people.service.rows("relay_keys", revoked_at="is.null")
    return {row["kid"] for row in rows}


async def new_keys(room: GiftRoom, given: str) -> bool:
    rows = await room.people.service.rows("relay_keys", order="not_before.desc", limit="1")
    return bool(rows[0]["kid"] != given)
