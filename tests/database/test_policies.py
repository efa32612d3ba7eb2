"""Entry, listing, listening: what the policies and can_join say to different people, and the session's own rules.

Who may do what with each table is a matrix of its own.
"""

import json

import pytest

from tests.database.world import Refused, Scene, World


async def sees(world: World, user: str | None, query: str) -> bool:
    """Say whether someone gets a row; having no privilege is not getting one."""
    try:
        async with world.acting("authenticated" if user else "anon", user) as connection:
            return bool(await connection.fetchval(f"select exists ({query})"))
    except Refused:
        return False


async def test_a_host_renames_only_their_own_session(world: World) -> None:
    scene, other = await world.live(), await world.live()
    async with world.acting("authenticated", scene.creator) as connection:
        assert (
            await connection.execute("update live_sessions set title = 'new' where id = $1", scene.id)
            == "UPDATE 1"
        )
        assert (
            await connection.execute("update live_sessions set title = 'new' where id = $1", other.id)
            == "UPDATE 0"
        )
    with pytest.raises(Refused) as refused:
        await world.as_user(
            scene.creator, "update live_sessions set status = 'ended' where id = $1", scene.id
        )
    assert refused.value.sqlstate == "42501"


async def test_only_ops_turn_the_switches(world: World) -> None:
    user, ops = await world.user(), await world.user(ops=True)
    sql = "update app_settings set value = value where key = 'live.enabled' returning updated_by"
    assert await world.as_user(user, sql) is None
    assert str(await world.as_user(ops, sql)) == ops


async def test_listings_are_open_and_anonymous_people_see_public_ones(world: World) -> None:
    public, paid = await world.live(), await world.live(access="pay_per_view")
    anonymous = await world.user(anonymous=True)
    query = "select from live_sessions where id = '{}'"
    assert await sees(world, None, query.format(public.id))
    assert not await sees(world, None, query.format(paid.id))
    assert await sees(world, anonymous, query.format(public.id))
    assert not await sees(world, anonymous, query.format(paid.id))


async def listens(world: World, user: str, topic: str) -> bool:
    """Say whether the policies on Realtime's messages let someone listen to a topic."""
    async with world.acting("authenticated", user) as connection:
        await connection.execute("select set_config('realtime.topic', $1, true)", topic)
        return bool(await connection.fetchval("select live.may_listen(realtime.topic())"))


async def test_realtime_topics_are_for_those_named_in_the_contract(world: World) -> None:
    scene = await world.live(access="subscribers")
    people = {
        "host": scene.creator,
        "moderator": await world.seat(scene, "moderator"),
        "ops": await world.user(ops=True),
        "stranger": await world.user(),
        "anonymous": await world.user(anonymous=True),
    }
    levels = {who for who, user in people.items() if await listens(world, user, f"live:levels:{scene.id}")}
    session = {who for who, user in people.items() if await listens(world, user, f"live:session:{scene.id}")}
    wake = {who for who, user in people.items() if await listens(world, user, "live:wake")}
    assert (levels, session, wake) == ({"host", "moderator", "ops"}, {"host", "moderator", "ops"}, set())
    banned = people["moderator"]
    await world.ask(None, "ban", scene, banned)
    assert not await listens(world, banned, f"live:session:{scene.id}")


async def test_entry_is_decided_with_a_reason(world: World) -> None:
    subscribers = await world.live(access="subscribers")
    tickets, public = await world.live(access="pay_per_view"), await world.live()
    user, anonymous = await world.user(), await world.user(anonymous=True)

    async def reason(who: str, scene: Scene) -> str | None:
        answer = await world.as_user(who, "select can_join($1)", scene.id)
        assert answer["allowed"] == (answer["reason"] is None)
        return answer["reason"]

    assert await reason(user, public) is None
    assert await reason(anonymous, public) is None
    assert await reason(user, subscribers) == "subscription_required"
    assert await reason(user, tickets) == "ticket_required"
    assert await reason(anonymous, tickets) == "sign_in_required"
    assert await reason(subscribers.creator, subscribers) is None
    owner = await world.owner()
    await owner.execute(
        "insert into creator_subscriptions (user_id, creator_id, expires_at) values ($1, $2, now() + interval '1 h')",
        user, subscribers.creator,
    )  # fmt: skip
    assert await reason(user, subscribers) is None
    await owner.execute("update creator_subscriptions set expires_at = now() where user_id = $1", user)
    assert await reason(user, subscribers) == "subscription_required"
    await owner.execute("update live_sessions set status = 'ended' where id = $1", public.id)
    assert await reason(user, public) == "session_ended"


async def test_a_session_lives_by_its_state_machine(world: World) -> None:
    creator = await world.user(creator=True)
    insert = (
        "insert into live_sessions (creator_id, type, title, status, scheduled_at, started_at)"
        " values ($1, 'audio_room', 'x', $2, now(), '2000-01-01') returning id"
    )
    with pytest.raises(Refused) as refused:
        await world.service(insert, creator, "ended")
    assert refused.value.hint == "illegal_transition"
    session = await world.service(insert, creator, "scheduled")
    legal = {("scheduled", "live"), ("live", "ended")}
    for now_status in ("scheduled", "live", "ended"):
        for wanted in ("scheduled", "live", "ended"):
            if (
                wanted == now_status
                or (now_status, wanted) in legal
                or (now_status, wanted) == ("scheduled", "ended")
            ):
                continue
            with pytest.raises(Refused) as refused:
                await world.service("update live_sessions set status = $2 where id = $1", session, wanted)
            assert (refused.value.sqlstate, refused.value.hint) == ("PT409", "illegal_transition")
        following = next((to for was, to in legal if was == now_status), None)
        if following:
            await world.service(
                "update live_sessions set status = $2, ended_at = '2000-01-01' where id = $1",
                session,
                following,
            )
    times = await world.row(
        "select started_at > now() - interval '1 min' as s, ended_at > started_at as e"
        " from live_sessions where id = $1", session,
    )  # fmt: skip
    assert times == {"s": True, "e": True}


async def test_wake_ups_are_ids_only_and_few(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    async with world.acting("service_role") as connection:
        for camera in (True, False, True, False, True):
            await connection.execute(
                "update live_participants set camera_off = $2 where user_id = $1", target, camera
            )
    sent = await world.rows(
        "select payload from realtime.messages where topic = 'live:wake' and payload::text like $1",
        f"%{scene.room}%",
    )
    assert 1 <= len(sent) <= 2
    payload = sent[0]["payload"] if isinstance(sent[0]["payload"], dict) else json.loads(sent[0]["payload"])
    assert payload["room"] == scene.room
