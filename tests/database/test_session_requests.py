"""Sessions as the edge functions ask for them: who goes live, how, once at a time, and who gets in."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.database.world import Json, Refused, World, but_now

CREATE = "select public.session_create($1, $2, $3, $4, $5, $6)"
START, END, TOKEN = (f"select public.session_{name}($1, $2)" for name in ("start", "end", "token"))


async def create(
    world: World, user: str, *, kind: str = "video_live", access: str = "public", title: str = "Evening",
    price: int | None = None, at: datetime | None = None,
) -> Json:  # fmt: skip
    return await world.service(CREATE, user, kind, access, title, price, at)


def soon(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**(delta or {"hours": 1}))


async def hint_of(refused: object) -> str | None:
    with pytest.raises(Refused) as caught:
        await refused  # type: ignore[misc]
    return caught.value.hint


async def test_a_creator_goes_live_at_once_with_the_rights_of_a_host(world: World) -> None:
    creator = await world.user(creator=True)
    created = await create(world, creator, title="  Evening  ")
    session, join = created["session"], created["join"]
    assert (session["status"], session["title"], session["creator_id"]) == ("live", "Evening", creator)
    assert (join["identity"], join["role"], join["room"]) == (creator, "host", session["livekit_room"])
    assert join["can_publish_sources"] == ["camera", "microphone", "screen_share", "screen_share_audio"]
    assert "moderation" not in session


async def test_a_session_is_announced_and_started_later(world: World) -> None:
    creator = await world.user(creator=True)
    created = await create(world, creator, kind="audio_room", at=soon())
    assert (created["session"]["status"], created["join"]) == ("scheduled", None)
    session = created["session"]["id"]
    assert await hint_of(world.service(START, await world.user(creator=True), session)) == "unknown_session"
    started = await world.service(START, creator, session)
    assert (started["session"]["status"], started["join"]["can_publish_sources"]) == ("live", ["microphone"])
    assert but_now(await world.service(START, creator, session)) == but_now(started)
    ended = await world.service(END, creator, session)
    assert (ended["session"]["status"], ended["session"]["end_reason"]) == ("ended", "host")
    assert await world.service(END, creator, session) == ended
    assert await hint_of(world.service(START, creator, session)) == "session_ended"


async def test_only_approved_creators_in_good_standing_go_live(world: World) -> None:
    suspended = await world.user(creator=True)
    await world.value("insert into live_bans (user_id, scope) values ($1, 'platform')", suspended)
    for user, hint in (
        (await world.user(), "not_a_creator"),
        (await world.user(anonymous=True), "account_required"),
        (suspended, "banned"),
        (None, "not_authenticated"),
    ):
        assert await hint_of(create(world, user)) == hint
    await world.value("update app_settings set value = 'false' where key = 'live.enabled'")
    try:
        assert await hint_of(create(world, await world.user(creator=True))) == "live_disabled"
    finally:
        await world.value("update app_settings set value = 'true' where key = 'live.enabled'")


async def test_what_is_wrong_with_a_session_is_said(world: World) -> None:
    creator = await world.user(creator=True)
    for wrong, words in (
        ({"kind": "hologram"}, "type must be"),
        ({"access": "friends"}, "access_type must be"),
        ({"title": "   "}, "title must have"),
        ({"title": "x" * 201}, "title must have"),
        ({"access": "pay_per_view"}, "price_coins must be"),
        ({"access": "pay_per_view", "price": 0}, "price_coins must be"),
        ({"price": 5}, "Only pay_per_view has price_coins"),
        ({"at": soon(seconds=-1)}, "must be in the future"),
        ({"at": soon(days=400)}, "within a year"),
    ):
        with pytest.raises(Refused, match=words) as refused:
            await create(world, creator, **wrong)  # type: ignore[arg-type]
        assert (refused.value.sqlstate, refused.value.hint) == ("PT400", "invalid_session")


async def test_one_live_session_per_creator_in_any_race(world: World) -> None:
    creator = await world.user(creator=True)
    connections = [await world.connect() for _ in range(6)]
    answers = await asyncio.gather(
        *(c.fetchval(CREATE, creator, "video_live", "public", "Evening", None, None) for c in connections),
        return_exceptions=True,
    )
    assert sorted(getattr(answer, "hint", "live") for answer in answers) == ["already_live"] * 5 + ["live"]
    later = (await create(world, creator, at=soon()))["session"]["id"]
    assert await hint_of(world.service(START, creator, later)) == "already_live"


async def test_host_and_ops_end_a_session_and_nobody_else(world: World) -> None:
    for who, reason in (("creator", "host"), ("ops", "ops")):
        scene = await world.live()
        user = scene.creator if who == "creator" else await world.user(ops=True)
        assert (
            await hint_of(world.service(END, await world.seat(scene, "co_host"), scene.id))
            == "unknown_session"
        )
        assert (await world.service(END, user, scene.id))["session"]["end_reason"] == reason


async def test_a_token_is_granted_to_whom_can_join_admits(world: World) -> None:
    scene = await world.live("video_live", access="subscribers")
    fan, friend = await world.user(), await world.user()
    await world.value(
        "insert into creator_subscriptions (user_id, creator_id) values ($1, $2)", friend, scene.creator
    )
    assert await hint_of(world.service(TOKEN, fan, scene.id)) == "subscription_required"
    assert (
        await hint_of(world.service(TOKEN, await world.user(anonymous=True), scene.id)) == "sign_in_required"
    )
    join = (await world.service(TOKEN, friend, scene.id))["join"]
    assert (join["identity"], join["role"], join["can_publish_sources"]) == (friend, "viewer", [])
    speaker = await world.seat(await world.live(), "speaker")
    room = await world.value("select session_id from live_participants where user_id = $1", speaker)
    join = (await world.service(TOKEN, speaker, room))["join"]
    assert (join["role"], join["can_publish_sources"]) == ("speaker", [])


async def test_anyone_who_is_given_a_token_can_be_moderated_before_the_join_is_known(world: World) -> None:
    scene, guest = await world.live(), await world.user()
    await world.service("select session_token($1, $2)", guest, scene.id)
    assert await world.ask(scene.creator, "kick", scene, guest)
    assert await world.value("select total_viewers from live_sessions where id = $1", scene.id) == 0


async def test_a_join_brings_the_keys_that_are_valid_and_the_last_seq(world: World) -> None:
    scene = await world.live()
    await world.value("select live.append_event($1, 'viewer_milestone', '{\"viewers\": 10}')", scene.id)
    key = "A" * 43
    await world.value(
        "insert into relay_keys (kid, public_key, not_after, revoked_at) values"
        " ('good-' || $1, $2, now() + interval '1 h', null),"
        " ('gone-' || $1, $2, now() + interval '1 h', now())",
        scene.id[:8], key,
    )  # fmt: skip
    join = (await world.service(TOKEN, await world.user(), scene.id))["join"]
    kids = [entry["kid"] for entry in join["relay_keys"]]
    assert f"good-{scene.id[:8]}" in kids
    assert f"gone-{scene.id[:8]}" not in kids
    assert join["last_seq"] == 1


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(("scheduled", "live", "ended"), 2)))
async def test_every_step_of_a_session_is_in_the_table_or_refused(
    world: World, before: str, after: str
) -> None:
    creator = await world.user(creator=True)
    owner = await world.owner()
    session = await owner.fetchval(
        "insert into live_sessions (creator_id, type, title, status, scheduled_at)"
        " values ($1, 'audio_room', 'x', $2, now()) returning id",
        creator, "live" if before == "live" else "scheduled",
    )  # fmt: skip
    step = "update live_sessions set status = $2 where id = $1 returning status"
    if before == "ended":
        await owner.execute(step, session, "ended")
    if (before, after) in {("scheduled", "live"), ("scheduled", "ended"), ("live", "ended")}:
        assert await owner.fetchval(step, session, after) == after
    else:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(step, session, after)
        assert refused.value.sqlstate == "PT409"


async def announced_with_a_ticket_sold(world: World) -> tuple[str, str, str]:
    creator, fan = await world.user(creator=True), await world.user()
    await world.service("select public.credit_coins($1, 50, $2)", fan, f"receipt-{fan}")
    session = (await create(world, creator, access="pay_per_view", price=20, at=soon()))["session"]["id"]
    await world.as_user(fan, "select public.buy_ticket($1, 'ticket-0001')", session)
    return session, creator, fan


async def assert_paid_back(world: World, session: str, fan: str) -> None:
    assert await world.value("select balance from coin_wallets where user_id = $1", fan) == 50
    assert (
        await world.value("select sum(coins)::int from creator_earnings where session_id = $1", session) == 0
    )


async def test_a_session_nobody_started_ends_and_pays_its_tickets_back(world: World) -> None:
    session, _, fan = await announced_with_a_ticket_sold(world)
    await world.service("select public.platform_sweep()")
    assert await world.value("select status from live_sessions where id = $1", session) == "scheduled"
    await world.value(
        "update live_sessions set scheduled_at = now() - interval '7201 s' where id = $1", session
    )
    await world.service("select public.platform_sweep()")
    row = await world.row("select status, end_reason from live_sessions where id = $1", session)
    assert tuple(row.values()) == ("ended", "no_show")
    await assert_paid_back(world, session, fan)


async def test_a_session_that_its_host_calls_off_pays_its_tickets_back(world: World) -> None:
    session, creator, fan = await announced_with_a_ticket_sold(world)
    await world.service(END, creator, session)
    await world.service("select public.platform_sweep()")
    await assert_paid_back(world, session, fan)
    await world.service("select public.platform_sweep()")
    await assert_paid_back(world, session, fan)


async def test_paying_back_waits_for_nobody(world: World) -> None:
    session, creator, fan = await announced_with_a_ticket_sold(world)
    await world.service(END, creator, session)
    buyer = await world.connect()
    async with buyer.transaction():
        await buyer.execute("select from coin_wallets where user_id = $1 for update", fan)
        await asyncio.wait_for(world.service("select public.platform_sweep()"), timeout=5)
    await world.service("select public.platform_sweep()")
    await assert_paid_back(world, session, fan)
