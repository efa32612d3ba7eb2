"""Owns what the enforcement machine knows of tickets: how they are bought, shown, refunded, checked and settled.

A step on a guest does it by the database's own functions and says in the model what should follow.
"""

import uuid
from typing import Any

import pytest

from tests.database.evening import PRICE, Evening, Guest, Ticket
from tests.database.world import Refused

A_WHILE = 200
"""Seconds; two of them are more than a show must flow for a ticket, one is less."""


async def buy(evening: Evening, guest: Guest) -> None:
    """Asked for twice with one key, as after an answer that was lost: it is sold once."""
    refusals = {
        "account_deleted": guest.gone,
        "banned": guest.banned,
        "already_has_ticket": any(not ticket.refunded for ticket in guest.tickets),
        "insufficient_coins": guest.coins < PRICE,
    }
    expected = next((code for code, holds in refusals.items() if holds), None)
    sale = ("select public.buy_ticket($1, $2, $3)", evening.scene.id, f"key-{uuid.uuid4()}", PRICE)
    if expected is not None:
        with pytest.raises(Refused) as refused:
            await evening.world.as_user(guest.id, *sale)
        assert refused.value.hint == expected
        return
    first, again = [await evening.world.as_user(guest.id, *sale) for _ in range(2)]
    assert first == again
    guest.tickets.append(Ticket(first["ticket_id"]))
    guest.coins -= PRICE


async def kick_by_host(evening: Evening, guest: Guest) -> None:
    """It pays back when it is carried out, not when it is asked for."""
    evening.by_host.add(await evening.ask("kick", guest, by=evening.scene.creator))


async def kick_withdrawn(evening: Evening, guest: Guest) -> None:
    asked = await evening.ask("kick", guest, by=evening.scene.creator)
    await evening.world.as_user(evening.scene.creator, "select public.cancel_action($1)", asked)


async def ban_by_host(evening: Evening, guest: Guest) -> None:
    await evening.ask("ban", guest, by=evening.scene.creator)
    guest.banned = True
    guest.is_owed_for_a_removal()


async def refund_ticket(evening: Evening, guest: Guest) -> None:
    """Ops refund the latest ticket, whatever has become of it, and say it twice."""
    if not guest.tickets:
        return
    ticket = guest.tickets[-1]
    for _ in range(2):
        await evening.world.service("select public.refund_ticket($1, 'asked for')", ticket.id)
    pay(guest, ticket)


def pay(guest: Guest, ticket: Ticket) -> None:
    if not ticket.refunded:
        guest.coins += PRICE
    ticket.refunded = True


async def go_on_air(evening: Evening) -> None:
    await tell_media(evening, "microphone")
    evening.on_air = True


async def go_off_air(evening: Evening) -> None:
    await tell_media(evening)
    evening.on_air = False


async def tell_media(evening: Evening, *flowing: str) -> None:
    now = await evening.world.value("select extract(epoch from clock_timestamp())::float8 * 1000")
    row = {
        "room": evening.scene.room, "epoch": evening.epoch, "user_id": evening.scene.creator,
        "participant_sid": f"PA_{evening.scene.id}", "flowing": flowing, "at_ms": now,
    }  # fmt: skip
    [answer] = await evening.world.service("select agent_media('w1', $1)", [row])
    assert answer["ok"]


async def a_while_passes(evening: Evening) -> None:
    """What happened so far was so much earlier."""
    await evening.world.value(
        "with tickets as ("
        " update live_tickets set created_at = created_at - make_interval(secs => $2) where session_id = $1),"
        " people as (update live_participants set access_ends_at = access_ends_at - make_interval(secs => $2)"
        " where session_id = $1)"
        " update live_media set started_at = started_at - make_interval(secs => $2),"
        " ended_at = ended_at - make_interval(secs => $2) where session_id = $1",
        evening.scene.id, A_WHILE,
    )  # fmt: skip
    for guest in evening.guests:
        guest.told = None if guest.told is None else guest.told + A_WHILE
        for ticket in guest.tickets:
            ticket.seen += A_WHILE if evening.on_air else 0


async def sweep(evening: Evening) -> None:
    await evening.world.value("select live.earn_tickets(), live.refund_tickets()")
    for guest in evening.guests:
        for ticket in guest.tickets:
            if ticket.owed:
                pay(guest, ticket)
    while await evening.world.value("select live.check_paid_access()"):
        pass
    here = "select is_online from live_participants where session_id = $1 and user_id = $2"
    for guest in evening.guests:
        guest.look_at_access(online=await evening.world.value(here, evening.scene.id, guest.id))


async def the_host_ends_it(evening: Evening) -> None:
    await evening.world.service("select public.session_end($1, $2)", evening.scene.creator, evening.scene.id)


async def the_hosts_account_is_deleted(evening: Evening) -> None:
    await evening.world.value("delete from auth.users where id = $1", evening.scene.creator)
    await evening.world.value("select live.settle_accounts('1 minute')")


async def settle(evening: Evening) -> None:
    """The session is over, and the last reports about it have had their time."""
    owner = await evening.world.owner()
    async with owner.transaction():
        await owner.execute("alter table live_sessions disable trigger guard_session")
        moved = await owner.execute(
            "update live_sessions set ended_at = ended_at - interval '11 s' where id = $1 and status = 'ended'",
            evening.scene.id,
        )
        await owner.execute("alter table live_sessions enable trigger guard_session")
    assert moved == "UPDATE 1", "the session goes on"
    for ticket in (ticket for guest in evening.guests for ticket in guest.tickets):
        ticket.owed |= ticket.held and not ticket.delivered
    await sweep(evening)


async def check_tickets(evening: Evening) -> None:
    """Each ticket's coins are where the model says, and a ticket that is earned was delivered."""
    found = await evening.world.rows(
        "select id::text, refund_due_at is not null as due, refunded_at is not null as refunded,"
        " earned_at is not null as earned from live_tickets where session_id = $1", evening.scene.id,
    )  # fmt: skip
    tickets = {ticket.id: ticket for guest in evening.guests for ticket in guest.tickets}
    assert {row["id"] for row in found} == set(tickets), "one row for each sale"
    for row in found:
        ticket = tickets[row["id"]]
        assert (row["due"], row["refunded"]) == (ticket.owed or ticket.refunded, ticket.refunded), ticket
        assert ticket.delivered or not row["earned"], "earned without a show"


async def check_money(evening: Evening, brought: int) -> None:
    """After the end no coin is held, none was made and none is lost: guests and creator have what was brought."""
    held: Any = await evening.world.row(
        "select earned_coins, held_coins from creator_balances where creator_id = $1", evening.scene.creator
    ) or {"earned_coins": 0, "held_coins": 0}
    gifts = 5 * sum(len(guest.gifts) for guest in evening.guests)
    sold = PRICE * sum(not ticket.refunded for guest in evening.guests for ticket in guest.tickets)
    assert (held["earned_coins"], held["held_coins"]) == (gifts + sold, 0)
    assert sum(guest.coins for guest in evening.guests) + held["earned_coins"] == brought
