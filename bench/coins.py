"""Coins through every kind of show, honest and not: what is paid, kept and returned, counted to the coin.

Shows run in real rooms with a short delivery time; each scenario says what every fan must have in the end. Nothing may
be created or lost: what was topped up and adjusted is in wallets and in creators' earnings.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bench.coins_of_recordings import SALES, every_sale
from local.people.api import Json, RequestRefused
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.waiting import until

SETTING, DELIVERED_SECONDS = "tickets.delivered_after_seconds", 2
FUNDS, PRICE, GIFT = 100, 10, 5
WITHIN_SECONDS = 60.0


@dataclass
class Coins:
    """What the books say when all shows are over, in coins and in counts. Zero is right for the first three."""

    created_or_lost: int = 0
    misplaced: int = 0
    """Coins that a fan has and should not, or has not and should."""
    faults: int = 0
    moved: int = 0
    """Rows of the ledger."""
    scenarios: int = 0


@dataclass
class Show:
    """A pay-per-view show and who has paid for it; `expected`: what each must have in the end."""

    people: People
    ops: Person
    host: Person
    session: OpenSession
    at_host: Device | None = None
    expected: dict[str, int] = field(default_factory=dict)

    async def fan(self, keeps: int) -> Person:
        """Somebody with a ticket, who has so many coins in the end."""
        fan = await self.people.arrive("Fan", coins=FUNDS)
        await fan.buy_ticket(self.session.id)
        self.expected[fan.id] = keeps
        return fan

    async def go_on_air(self) -> None:
        """The host enters and sends sound: from now on delivery is counted."""
        self.at_host = await self.host.enter(self.session.id, self.session.join)
        await self.at_host.speak()

    async def until_earned(self, fan: Person) -> None:
        """Waits until the fan's ticket is the creator's. Raises NotInTimeError after `WITHIN_SECONDS`."""

        async def earned() -> bool:
            return bool((await self.ticket(fan))["earned_at"])

        await until("the ticket is earned", earned, WITHIN_SECONDS)

    async def ticket(self, fan: Person) -> Json:
        """The fan's row of `live_tickets`. Raises AssertionError when there is none."""
        row = await self.people.service.row(
            "live_tickets", session_id=f"eq.{self.session.id}", user_id=f"eq.{fan.id}"
        )
        assert row is not None
        return row

    async def end(self) -> None:
        """The host ends it. Raises RequestRefused."""
        await self.host.end_session(self.session.id)


Scenario = Callable[[Show], Awaitable[None]]


async def held_to_the_end(show: Show) -> None:
    """An honest show: a ticket that is earned stays paid, one bought in the last moment is returned."""
    early = await show.fan(FUNDS - PRICE)
    await show.go_on_air()
    await show.until_earned(early)
    await show.fan(FUNDS)
    await show.end()


async def ended_at_once(show: Show) -> None:
    """Nobody goes on air: the coins of the ticket come back."""
    await show.fan(FUNDS)
    await show.end()


async def nobody_on_air(show: Show) -> None:
    """The host is there, publishes, and is muted from the first second on."""
    await show.fan(FUNDS)
    await show.go_on_air()
    assert show.at_host is not None
    show.at_host.set_muted(muted=True)
    await asyncio.sleep(2 * DELIVERED_SECONDS)
    await show.end()


async def banned_before_the_show(show: Show) -> None:
    """A fan whom the creator bans before going on air gets the coins back."""
    fan = await show.fan(FUNDS)
    await show.host.ask("ban", show.session.id, fan, params={"scope": "creator"})
    await show.go_on_air()


async def kicked_after_the_show(show: Show) -> None:
    """A fan who has had the delivery time and is kicked has paid."""
    fan = await show.fan(FUNDS - PRICE)
    at_fan = await fan.enter(show.session.id)
    await show.go_on_air()
    await show.until_earned(fan)
    await (await show.host.ask("kick", show.session.id, fan)).done()
    await at_fan.until_ended(WITHIN_SECONDS)
    await show.end()


async def removed_by_ops(show: Show) -> None:
    """A fan whom ops ban before the show has paid all the same."""
    fan = await show.fan(FUNDS - PRICE)
    await fan.enter(show.session.id)
    await (await show.ops.ask("ban", show.session.id, fan)).done()
    await show.go_on_air()
    await show.until_earned(fan)
    await show.end()


async def host_deleted(show: Show) -> None:
    """The account goes before the ticket is earned: the show ends, and the coins come back."""
    await show.fan(FUNDS)
    await show.go_on_air()
    await show.people.service.delete_account(show.host.id)

    async def ended() -> bool:
        row = await show.people.service.row("live_sessions", id=f"eq.{show.session.id}")
        return row is not None and row["status"] == "ended"

    await until("the show has ended with its host's account", ended, WITHIN_SECONDS)


async def buyer_deleted(show: Show) -> None:
    """The wallet stays as a tombstone: what was not delivered is in it."""
    fan = await show.fan(FUNDS)
    await show.people.service.delete_account(fan.id)
    await show.end()


async def refunded_by_ops(show: Show) -> None:
    """Everything, from three sides at once."""
    fan = await show.fan(FUNDS)
    gift = await fan.send_gift(show.session.id, "heart")
    ticket = await show.ticket(fan)

    async def give_a_rose() -> None:
        with suppress(RequestRefused):  # without a ticket nobody gives any more
            await fan.send_gift(show.session.id, "rose", key=f"again-{show.session.id}")

    why = "it was not as announced"
    await asyncio.gather(
        show.ops.api.rpc("refund_session", session_id=show.session.id, reason=why),
        show.ops.api.rpc("refund_gift", gift_id=gift["gift_id"], reason=why),
        show.ops.api.rpc("refund_ticket", ticket_id=ticket["id"]),
        *(give_a_rose() for _ in range(3)),
    )
    # A rose may have been given while the session was being refunded.
    await show.ops.api.rpc("refund_session", session_id=show.session.id, reason=why)


async def adjusted_by_ops(show: Show) -> None:
    """The same adjustment five times at once, with one reason: it counts once."""
    fan = await show.fan(FUNDS - 7)
    await asyncio.gather(
        *(
            show.ops.api.rpc("adjust_coins", user_id=fan.id, coins=-7, reason="chargeback of receipt 17")
            for _ in range(5)
        )
    )
    await show.end()


async def priced_anew(show: Show) -> None:
    """Nobody pays another price than they saw."""
    fan = await show.people.arrive("Fan", coins=FUNDS)
    show.expected[fan.id] = FUNDS
    for function, more in (("buy_ticket", {}), ("send_gift", {"gift_code": "heart", "quantity": 1})):
        with suppress(RequestRefused):  # whatever it is taken for, in the end nothing may be missing
            await fan.api.rpc(
                function,
                session_id=show.session.id,
                idempotency_key=str(uuid.uuid4()),
                p_expected_coins=1,
                **more,
            )


SCENARIOS: tuple[Scenario, ...] = (
    held_to_the_end,
    ended_at_once,
    nobody_on_air,
    banned_before_the_show,
    kicked_after_the_show,
    removed_by_ops,
    host_deleted,
    buyer_deleted,
    refunded_by_ops,
    adjusted_by_ops,
    priced_anew,
)


async def coins_through_every_show(people: People, database_url: str) -> Coins:
    """Every scenario at the same time, each with a creator of its own; then recordings that are sold."""
    ops = await people.arrive("Ops", ops=True)
    async with setting(people, SETTING, DELIVERED_SECONDS):
        shows = [await open_show(people, ops) for _ in SCENARIOS]
        for scenario, show in zip(SCENARIOS, shows, strict=True):
            await scenario(show)
        await settled(people, shows)
    expected = {fan: keeps for show in shows for fan, keeps in show.expected.items()}
    expected |= await every_sale(people, database_url)
    return await counted(people, expected, len(SCENARIOS) + len(SALES))


async def open_show(people: People, ops: Person) -> Show:
    """A pay-per-view audio room of `PRICE` coins, with a creator of its own who is not in it yet."""
    host = await people.arrive("Ada", creator=True)
    return Show(people, ops, host, await host.open_session("audio_room", "pay_per_view", price_coins=PRICE))


@asynccontextmanager
async def setting(people: People, key: str, value: int) -> AsyncIterator[None]:
    """A row of `app_settings` with this value, put back at the end. Raises AssertionError for an unknown key."""
    was = await people.service.row("app_settings", key=f"eq.{key}")
    assert was is not None
    await people.service.update("app_settings", {"value": value}, key=f"eq.{key}")
    try:
        yield
    finally:
        await people.service.update("app_settings", {"value": was["value"]}, key=f"eq.{key}")


async def settled(people: People, shows: list[Show]) -> None:
    """What still runs ends, and no ticket is held or due any more."""
    for show in shows:
        row = await people.service.row("live_sessions", id=f"eq.{show.session.id}")
        if row is not None and row["status"] == "live":
            await show.end()
    sessions = ",".join(show.session.id for show in shows)

    async def none_held() -> bool:
        return not await people.service.rows(
            "live_tickets", session_id=f"in.({sessions})", earned_at="is.null", refunded_at="is.null"
        )

    await until("every ticket is earned or returned", none_held, WITHIN_SECONDS)


async def counted(people: People, expected: Mapping[str, int], scenarios: int) -> Coins:
    """From the ledger, the wallets and the earnings of the whole database, not of these fans alone. `expected`: what
    each fan must have."""
    service = people.service
    ledger = await service.rows("coin_ledger", select="user_id,delta,kind")
    came_in = sum(row["delta"] for row in ledger if row["kind"] in {"top_up", "adjustment"})
    wallets = {
        row["user_id"]: row["balance"] for row in await service.rows("coin_wallets", select="user_id,balance")
    }
    earned = sum(row["coins"] for row in await service.rows("creator_earnings", select="coins"))
    misplaced = sum(abs(wallets.get(fan, 0) - keeps) for fan, keeps in expected.items())
    return Coins(
        created_or_lost=abs(came_in - sum(wallets.values()) - earned),
        misplaced=misplaced,
        faults=len(await service.rpc("book_faults")),
        moved=len(ledger),
        scenarios=scenarios,
    )
