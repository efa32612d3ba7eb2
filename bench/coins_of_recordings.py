"""Recordings that are sold by themselves: their coins are held until they are watched, and go back when they go.

No Egress is needed for it: the rows are written as a worker and Egress leave them.
"""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg

from local.people.api import Json
from local.people.person import People, Person
from local.people.waiting import until

FUNDS, PRICE, SECONDS = 100, 10, 10.0
WITHIN_SECONDS = 90.0
"""The sweep looks at tickets three times a minute."""
WATCHED = (
    "update live_vod_plays set last_at = last_at - interval '25 seconds' where recording_id = $1 and user_id = $2"
    " returning key_hash"
)
MADE = """
    insert into live_recordings (id, session_id, mode, begins_at, max_until, prefix)
    values ($1, $2, 'audio', now() - interval '1 minute', now() + interval '1 hour', $3)
"""
PART = """
    insert into live_recording_parts (recording_id, number, prefix, started_at, ended_at)
    select id, 1, prefix || '/1', now() - make_interval(secs => $2), now() from live_recordings where id = $1
"""
READY = (
    "update live_recordings set state = 'starting' where id = $1",
    "update live_recordings set state = 'active' where id = $1",
    "update live_recordings set state = 'processing' where id = $1",
    "update live_recordings set state = 'ready', duration_seconds = 10 where id = $1",
)


@dataclass
class Sale:
    """A published recording of ten seconds and who has bought it; `expected`: what each must have in the end."""

    people: People
    database: asyncpg.Connection
    creator: Person
    recording: uuid.UUID
    expected: dict[str, int] = field(default_factory=dict)

    async def buyer(self, keeps: int) -> Person:
        """Somebody with a ticket, who has so many coins in the end. The same key twice: it is charged once."""
        fan = await self.people.arrive("Fan", coins=FUNDS)
        key = str(uuid.uuid4())
        asked = {"recording_id": str(self.recording), "idempotency_key": key, "p_expected_coins": PRICE}
        await asyncio.gather(*(fan.api.rpc("buy_vod", **asked) for _ in range(2)))
        self.expected[fan.id] = keeps
        return fan

    async def watch(self, fan: Person, *, whole: bool) -> None:
        """The player opens it, and asks for its segments for all its length, or not at all."""
        key = uuid.uuid4().hex * 2
        asked = {"p_user": fan.id, "p_recording": str(self.recording)}
        await self.people.service.rpc("vod_open", **asked, p_key_hash=key)
        if whole:
            await self.database.fetchval(WATCHED, self.recording, uuid.UUID(fan.id))
        await self.people.service.rpc("vod_parts", p_key_hash=key)

    async def delete(self) -> None:
        """By its creator."""
        await self.people.service.rpc(
            "recording_delete", p_user=self.creator.id, p_recording=str(self.recording)
        )


async def sell(people: People, database: asyncpg.Connection) -> Sale:
    """A recording of a session that is over, for `PRICE` coins."""
    creator = await people.arrive("Ada", creator=True)
    session = await creator.open_session("audio_room")
    recording = uuid.uuid4()
    await database.execute(MADE, recording, uuid.UUID(session.id), f"{session.id}/{recording}")
    await database.execute(PART, recording, SECONDS)
    for step in READY:
        await database.execute(step, recording)
    await creator.end_session(session.id)
    sale = {"access_type": "pay_per_view", "price_coins": PRICE}
    await creator.api.rpc("publish_vod", recording_id=str(recording), published=True, **sale)
    return Sale(people, database, creator, recording)


async def watched_and_deleted(sale: Sale) -> None:
    """Its creator deletes it: who has seen it has paid, who has only begun has not, nor has who never came."""
    seen, begun = await sale.buyer(FUNDS - PRICE), await sale.buyer(FUNDS)
    await sale.buyer(FUNDS)
    await sale.watch(seen, whole=True)
    await sale.watch(begun, whole=False)
    await sale.delete()


async def creator_deleted(sale: Sale) -> None:
    """The creator's account goes, and every recording of theirs with it."""
    seen = await sale.buyer(FUNDS - PRICE)
    await sale.buyer(FUNDS)
    await sale.watch(seen, whole=True)
    await sale.people.service.delete_account(sale.creator.id)


async def blocked(sale: Sale) -> None:
    """The creator shuts out one who has seen it, and one who has not."""
    seen, begun = await sale.buyer(FUNDS - PRICE), await sale.buyer(FUNDS)
    await sale.watch(seen, whole=True)
    for fan in (seen, begun):
        await sale.creator.api.rpc("block_user", user_id=fan.id)


async def bought_while_it_is_deleted(sale: Sale) -> None:
    """Five buy while it goes: each has the coins in the end, whether or not the purchase went through."""
    fans = [await sale.people.arrive("Fan", coins=FUNDS) for _ in range(5)]
    sale.expected |= {fan.id: FUNDS for fan in fans}
    asked = {"recording_id": str(sale.recording), "p_expected_coins": PRICE}
    purchases = (fan.api.rpc("buy_vod", **asked, idempotency_key=str(uuid.uuid4())) for fan in fans)
    await asyncio.gather(sale.delete(), *purchases, return_exceptions=True)


SALES = (watched_and_deleted, creator_deleted, blocked, bought_while_it_is_deleted)


async def every_sale(people: People, database_url: str) -> Mapping[str, int]:
    """Every scenario, until no ticket is held; what each fan must have in the end.

    Raises:
        AssertionError: a ticket is still held after `WITHIN_SECONDS`.
    """
    database = await asyncpg.connect(database_url)
    try:
        sales = [await sell(people, database) for _ in SALES]
        for scenario, sale in zip(SALES, sales, strict=True):
            await scenario(sale)
        recordings = ",".join(str(sale.recording) for sale in sales)

        async def held() -> list[Json]:
            return await people.service.rows(
                "live_tickets", recording_id=f"in.({recordings})", earned_at="is.null", refunded_at="is.null"
            )

        async def none_held() -> bool:
            return not await held()

        await until("every ticket of a recording is earned or returned", none_held, WITHIN_SECONDS)
    finally:
        await database.close()
    return {fan: coins for sale in sales for fan, coins in sale.expected.items()}
