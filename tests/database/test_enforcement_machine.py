"""Whatever is asked, in whatever order, however often and whatever is lost: the database's own functions, read by an
agent that does nothing but obey, leave everybody with exactly the rights and the coins that a plain model gives them.

`LIVE_TEST_EXAMPLES=500` looks for longer, in new places each time; without it a run is short and always the same.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.action_names import TARGETED
from tests.database import evening_tickets as tickets
from tests.database.drawn import drawn
from tests.database.evening import RANKS, SILENT, SPEAKS, STAFF, Evening, Guest
from tests.database.world import Refused, World

HOST = 50
REHEARSALS: list[tuple[str, dict[str, Any]]] = [
    ("mute", {"seconds": 60}),
    ("unmute", {}),
    ("set_role", {"role": "moderator"}),
    ("kick", {}),
    ("ban", {}),
    ("unban", {}),
    ("mute_all", {}),
    ("unmute_all", {}),
    ("end_session", {}),
]
REMOVALS: list[tuple[str, dict[str, Any]]] = [("kick", {}), ("ban", {})]
"""By the host they pay tickets back."""
FINAL = {"applied", "cancelled", "expired"}


Step = Callable[[Evening], Awaitable[None]]


def person(act: Callable[[Evening, Guest], Awaitable[None]]) -> Callable[[int], Step]:
    return lambda index: lambda evening: act(evening, evening.guests[index])


async def mute(evening: Evening, guest: Guest) -> None:
    await evening.ask("mute", guest)
    guest.muted, guest.by_all = True, False


async def unmute(evening: Evening, guest: Guest) -> None:
    await evening.ask("unmute", guest)
    guest.muted = guest.by_all = False
    guest.disguises = 0


async def disguise(evening: Evening, guest: Guest) -> None:
    """Publishes a picture as a microphone, wherever LiveKit lets them. The second time the agent asks for a row."""
    if guest.sid is None or guest.permission == SILENT:
        return
    guest.disguises += 1
    if guest.disguises > 1:
        await evening.ask_automatically("mute", guest)
        guest.muted, guest.by_all = True, False


async def kick(evening: Evening, guest: Guest) -> None:
    await evening.ask("kick", guest)


async def ban(evening: Evening, guest: Guest) -> None:
    await evening.ask("ban", guest)
    guest.banned = True


async def unban(evening: Evening, guest: Guest) -> None:
    if guest.banned:
        await evening.ask("unban", guest)
    else:
        with pytest.raises(Refused, match="not_banned"):
            await evening.ask("unban", guest)
    guest.banned = False


async def rehearse(evening: Evening, guest: Guest) -> None:
    """Whatever is tried out, nothing of it is left: the checks after this step see to it."""
    rehearsals = [(None, *one) for one in REHEARSALS]
    for by, action, params in [*rehearsals, *((evening.scene.creator, *one) for one in REMOVALS)]:
        target = guest.id if action in TARGETED else None
        try:
            await evening.world.ask(by, action, evening.scene, target, params=params, dry_run=True)
        except Refused as refused:
            assert refused.hint in {"not_banned", "weaker_than_standing"}  # noqa: PT017
            continue
        row = await evening.world.row(
            "select id::text, status, attempts from moderation_actions where session_id = $1 order by n desc limit 1",
            evening.scene.id,
        )
        assert (row["status"], row["attempts"]) == ("applied", 0)
        evening.asked.append(row["id"])


async def delete_account(evening: Evening, guest: Guest) -> None:
    """By the sign-in service, in the middle of whatever is under way."""
    await evening.world.value("delete from auth.users where id = $1", guest.id)
    guest.gone = True


async def give(evening: Evening, guest: Guest) -> None:
    refusals = {
        "account_deleted": guest.gone,
        "banned": guest.banned,
        "ticket_required": guest.lacks_a_ticket,
        "insufficient_coins": guest.coins < 5,
    }
    send = evening.world.as_user(
        guest.id, "select public.send_gift($1, 'heart', 1, $2, 5)", evening.scene.id, f"key-{uuid.uuid4()}"
    )
    expected = next((code for code, holds in refusals.items() if holds), None)
    if expected is not None:
        with pytest.raises(Refused) as refused:
            await send
        assert refused.value.hint == expected
        return
    guest.gifts.append((await send)["gift_id"])
    guest.coins -= 5


async def refund(evening: Evening, guest: Guest) -> None:
    """Ops refund the latest gift, and say it twice; also a gift of somebody whose account is deleted."""
    if guest.gifts:
        gift = guest.gifts.pop()
        for _ in range(2):
            await evening.world.service("select public.refund_gift($1, 'asked for')", gift)
        guest.coins += 5


def role(name: str) -> Callable[[Evening, Guest], Awaitable[None]]:
    async def give(evening: Evening, guest: Guest) -> None:
        await evening.ask("set_role", guest, role=name)
        guest.disguises = 0
        if RANKS[name] > RANKS[guest.role]:
            await evening.world.value(  # the invitation is accepted, unless they are banned
                "update live_participants set role = $3 where session_id = $1 and user_id = $2",
                evening.scene.id, guest.id, name,
            )  # fmt: skip
        was_staff, is_staff = RANKS[guest.role] >= STAFF, RANKS[name] >= STAFF
        guest.role = name
        if is_staff and guest.by_all:
            guest.muted = guest.by_all = False
        elif was_staff and not is_staff and evening.mute_all and not guest.muted:
            guest.muted = guest.by_all = True

    return give


async def block(evening: Evening, guest: Guest) -> None:
    if guest.gone:
        return
    await evening.world.as_user(evening.scene.creator, "select public.block_user($1)", guest.id)
    guest.blocked = True


async def unblock(evening: Evening, guest: Guest) -> None:
    await evening.world.as_user(evening.scene.creator, "select public.unblock_user($1)", guest.id)
    guest.blocked = False


async def seat_of(evening: Evening, guest: Guest) -> Any:
    return await evening.world.row(
        "select * from live_participants where session_id = $1 and user_id = $2", evening.scene.id, guest.id
    )


async def raise_hand(evening: Evening, guest: Guest) -> None:
    seat = await seat_of(evening, guest)
    refusals = {
        "account_deleted": guest.gone,
        "banned": guest.banned,
        "already_speaker": seat["hand_raised_at"] is None and guest.role != "listener",
        "not_in_session": seat["hand_raised_at"] is None and not seat["is_online"],
        "hand_refused": seat["hand_raised_at"] is None and guest.blocked,
    }
    expected = next((code for code, holds in refusals.items() if holds), None)
    outcome = None
    try:
        await evening.world.as_user(guest.id, "select public.raise_hand($1)", evening.scene.id)
    except Refused as refused:
        outcome = refused.hint
    assert outcome in ({expected} if expected else {None, "rate_limited"})


async def invite(evening: Evening, guest: Guest) -> None:
    """The host invites a listener to speak, who does not answer; one whose hand is up speaks at once."""
    seat = await seat_of(evening, guest)
    if guest.role != "listener" or guest.gone:
        return
    ask = evening.world.ask(
        evening.scene.creator, "set_role", evening.scene, guest.id, params={"role": "speaker"}
    )
    refusals = {"outranked": seat["role_by_rank"] > HOST, "cannot_be_invited": guest.blocked}
    expected = next((code for code, holds in refusals.items() if holds), None)
    if expected is not None:
        with pytest.raises(Refused) as refused:
            await ask
        assert refused.value.hint == expected
        return
    evening.asked.append(await ask)
    if seat["hand_raised_at"] is not None:
        guest.role = "speaker"


async def join(evening: Evening, guest: Guest) -> None:
    """With a token of old that lets them speak; the webhook may tell twice."""
    guest.sid, guest.permission = f"PA_{uuid.uuid4().hex[:12]}", SPEAKS
    for _ in range(2):
        await evening.world.value(
            "select live.record_presence('webhook', $1, 'joined', $2, $3, clock_timestamp(), null, $4)",
            evening.scene.room, guest.sid, guest.id, SPEAKS.as_json(),
        )  # fmt: skip
    if not guest.lacks_a_ticket:
        guest.told, guest.put_out = None, False


async def leave(_evening: Evening, guest: Guest) -> None:
    """The webhook of it is lost: only the next visit tells."""
    guest.sid = None


async def mute_all(evening: Evening) -> None:
    await evening.ask("mute_all")
    evening.mute_all = True
    for guest in evening.guests:
        if RANKS[guest.role] < STAFF and (not guest.muted or guest.by_all):
            guest.muted = guest.by_all = True


async def unmute_all(evening: Evening) -> None:
    await evening.ask("unmute_all")
    evening.mute_all = False
    for guest in evening.guests:
        guest.disguises = 0
    for guest in evening.guests:
        if guest.by_all:
            guest.muted = guest.by_all = False


async def beat(evening: Evening) -> None:
    await evening.beat()


async def lose_an_answer(evening: Evening) -> None:
    """The pull is taken and its answer never comes: what was claimed by it is due again later."""
    await evening.world.pull(evening.scene.room, evening.epoch, evening.cursor)


async def crash(evening: Evening) -> None:
    """What an agent remembers is gone; what it asked for is not."""
    for guest in evening.guests:
        guest.disguises = 0
    await evening.take_over()


async def say_it_again(evening: Evening) -> None:
    """A result that was written is written again, by the one who wrote it then."""
    for epoch, action in evening.finished[-2:]:
        was = await evening.world.row("select * from moderation_actions where id = $1", action)
        answer = await evening.world.finish(evening.scene.room, epoch, action)
        assert answer["ok"] == (epoch == evening.epoch)
        assert await evening.world.row("select * from moderation_actions where id = $1", action) == was


index = st.integers(0, 2)
about_somebody = [
    mute,
    unmute,
    disguise,
    disguise,
    kick,
    ban,
    unban,
    role("listener"),
    role("speaker"),
    role("moderator"),
    join,
    leave,
    block,
    unblock,
    raise_hand,
    invite,
    delete_account,
    give,
    refund,
    tickets.buy,
    tickets.buy,
    tickets.kick_by_host,
    tickets.kick_withdrawn,
    tickets.ban_by_host,
    tickets.refund_ticket,
    rehearse,
]
one = st.sampled_from([person(act) for act in about_somebody]).flatmap(lambda make: st.builds(make, index))
whole: st.SearchStrategy[Step] = st.sampled_from(
    [
        *(mute_all, unmute_all, beat, beat, lose_an_answer, crash, say_it_again),
        *(
            tickets.go_on_air,
            tickets.go_off_air,
            tickets.a_while_passes,
            tickets.a_while_passes,
            tickets.sweep,
        ),
    ]
)
ends: st.SearchStrategy[Step] = st.sampled_from(
    [tickets.the_host_ends_it, tickets.the_hosts_account_is_deleted]
)
steps = st.lists(st.one_of(one, one, whole), max_size=25)


async def play(world: World, script: list[Step], end: Step = tickets.the_host_ends_it) -> None:
    scene = await world.live(access="pay_per_view")
    evening = Evening(world, scene, [Guest(await world.seat(scene, "listener")) for _ in range(3)])
    for guest in evening.guests:
        await world.service(
            "select public.credit_coins($1, $2, $3)", guest.id, guest.coins, f"receipt-{guest.id}"
        )
    brought = sum(guest.coins for guest in evening.guests)
    await evening.take_over()
    for step in script:
        await step(evening)
        await check_desired(evening)
    await come_to_rest(evening)
    await check(evening)
    await end(evening)
    await tickets.settle(evening)
    await check_coins(evening)
    await tickets.check_money(evening, brought)


async def come_to_rest(evening: Evening) -> None:
    await evening.world.value(
        "update moderation_actions set claim_expires_at = clock_timestamp()"
        " where session_id = $1 and status = 'claimed'",
        evening.scene.id,
    )
    await evening.world.value("select live.settle_accounts('1 minute')")
    while await evening.beat():
        pass


async def check_desired(evening: Evening) -> None:
    """An accepted row is true in the database from its insert on, with no agent about."""
    for guest in evening.guests:
        seen = await evening.world.value("select live.person_in_session($1, $2)", evening.scene.id, guest.id)
        found = (seen["role"], seen["mic_muted"], seen["removed"] is not None)
        assert found == (guest.role, guest.muted, guest.removed)
        seat = await seat_of(evening, guest)
        assert (seat["access_ends_at"] is not None) == (guest.told is not None), (
            "a notice of access that they have"
        )
        asks = (seat["hand_raised_at"], seat["invited_role"] if seat["invited_by"] else None)
        assert asks == (None, None) or not guest.blocked, "a block left a hand or an invitation standing"
    await check_coins(evening)


async def check_coins(evening: Evening) -> None:
    for guest in evening.guests:
        balance = "select balance from coin_wallets where user_id = $1"
        assert await evening.world.value(balance, guest.id) == guest.coins
    await tickets.check_tickets(evening)
    faults = await evening.world.rows(
        "select * from book_faults() where id = any($1)",
        [evening.scene.id, evening.scene.creator, *(guest.id for guest in evening.guests)],
    )
    assert faults == []


async def check(evening: Evening) -> None:
    for guest in evening.guests:
        if guest.sid is not None:
            assert not guest.removed, "somebody who is banned, deleted or without a ticket is in the room"
            assert guest.permission == guest.allowed, guest
    ended = await evening.world.rows(
        "select id::text, n, action, status, error_code, superseded_by, attempts, applied_at from moderation_actions"
        " where session_id = $1 order by n", evening.scene.id,
    )  # fmt: skip
    assert [row["id"] for row in ended] == evening.asked, "rows are numbered as they were asked"
    for row in ended:
        assert row["status"] in FINAL, row
        assert (row["status"] == "applied") == (row["applied_at"] is not None)
        assert (row["error_code"] == "superseded") == (row["superseded_by"] is not None)


@drawn(10)
@given(script=steps, end=ends)
async def test_everybody_ends_with_exactly_the_rights_and_coins_that_they_should_have(
    world: World, script: list[Step], end: Step
) -> None:
    await play(world, script, end)


async def test_a_disguise_that_is_repeated_outlives_the_agent_and_a_moderator_returns_the_right(
    world: World,
) -> None:
    disguised, speaks, joins = person(disguise)(0), person(role("speaker"))(0), person(join)(0)
    twice = [joins, speaks, beat, disguised, disguised, beat]
    await play(world, [*twice, crash, joins, beat])
    await play(world, [*twice, person(unmute)(0), beat, disguised, mute_all, unmute_all, crash])


async def test_who_is_deleted_is_out_whatever_they_do_with_old_tokens_and_is_paid_back_all_the_same(
    world: World,
) -> None:
    joins, speaks, gives = person(join)(0), person(role("speaker"))(0), person(give)(0)
    buys, deleted, refunded = person(tickets.buy)(0), person(delete_account)(0), person(refund)(0)
    await play(world, [joins, gives, buys, speaks, gives, beat, deleted, beat, joins, refunded, gives, beat])
    await play(world, [joins, person(mute)(0), deleted, crash, person(unmute)(0), lose_an_answer, joins])


async def test_a_ticket_is_paid_back_for_what_was_not_shown_whoever_ends_it_and_never_for_what_was(
    world: World,
) -> None:
    joins, buys, kicked = person(join)(0), person(tickets.buy)(0), person(tickets.kick_by_host)(0)
    other, shown = person(tickets.buy)(1), [tickets.go_on_air, tickets.a_while_passes, tickets.a_while_passes]
    banned, by_ops = person(tickets.ban_by_host)(0), person(ban)(0)
    await play(world, [joins, buys, kicked, lose_an_answer, crash, beat, say_it_again, tickets.sweep, buys])
    await play(world, [joins, buys, other, *shown, kicked, beat, banned, tickets.sweep])
    await play(world, [joins, buys, by_ops, beat, banned, beat, tickets.sweep])
    for end in (tickets.the_host_ends_it, tickets.the_hosts_account_is_deleted):
        await play(
            world, [buys, *shown, tickets.go_off_air, other, tickets.a_while_passes, tickets.sweep], end
        )
        await play(world, [buys, person(delete_account)(0), tickets.go_on_air, tickets.a_while_passes], end)


async def test_who_is_left_without_a_ticket_is_out_after_the_grace_and_back_with_a_new_one_or_a_role(
    world: World,
) -> None:
    joins, buys, refunded = person(join)(0), person(tickets.buy)(0), person(tickets.refund_ticket)(0)
    moderates, listens = person(role("moderator"))(0), person(role("listener"))(0)
    sweep, later = tickets.sweep, tickets.a_while_passes
    left = [joins, buys, sweep, refunded, sweep, later, sweep, beat]
    await play(world, [*left, joins, buys, beat, joins, later, sweep, beat])
    await play(world, [*left, buys, sweep, joins, later, sweep, moderates, refunded, sweep, later, sweep])
    await play(world, [joins, sweep, moderates, sweep, later, sweep, listens, sweep, beat, later, sweep])
