"""What one may not see, one cannot infer: figures of others, the accounts of ops, and rooms that one has left."""

import pytest

from tests.database.world import Json, Refused, Scene, World


async def test_nobody_in_a_room_reads_how_long_the_others_watch(world: World) -> None:
    scene = await world.live()
    people = [await world.seat(scene, "listener"), await world.seat(scene, "moderator")]
    people.append(await world.seat(scene, "listener", user=await world.user(anonymous=True)))
    await world.value("update live_participants set first_joined_at = now() where session_id = $1", scene.id)
    for person in people:
        mine = await world.as_user(
            person, "select array_agg(user_id::text) from watch_time where creator_id = $1", scene.creator
        )
        assert mine == [person]
    audience = "select count(*) from watch_time where creator_id = $1"
    assert await world.as_user(scene.creator, audience, scene.creator) == 3
    assert await world.service(audience, scene.creator) == 3


async def test_no_row_that_people_read_names_the_account_of_ops(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    guest, other = await world.seat(scene, "listener"), await world.seat(scene, "listener")
    message = await world.value(
        "insert into live_messages (session_id, user_id, type, body) values ($1, $2, 'system', 'x') returning id",
        scene.id, guest,
    )  # fmt: skip
    await world.ask(ops, "set_role", scene, other, params={"role": "speaker"})
    await world.ask(ops, "delete_message", scene, params={"message_id": str(message)})
    ban = await world.ask(ops, "ban", scene, guest)
    await world.ask(ops, "unban", scene, guest)
    await world.service(
        "insert into live_bans (user_id, scope, created_by) values ($1, 'platform', $2)", other, ops
    )
    for table in ("live_bans", "live_participants", "live_messages"):
        rows = await world.rows(f"select to_jsonb(t)::text as row from {table} t")  # noqa: S608
        assert [row for row in rows if ops in row["row"] and f'"user_id": "{ops}"' not in row["row"]] == []
    asked = await world.row(
        "select requested_by::text, requested_via from moderation_actions where id = $1", ban
    )
    assert asked == {"requested_by": ops, "requested_via": "ops"}, "the audit names them"
    moderator = await world.seat(scene, "moderator")
    await world.ask(moderator, "ban", scene, guest)
    assert await world.value("select count(*) from live_bans where created_by = $1", moderator) == 1


async def paid_viewer(world: World, scene: Scene, *, access: str) -> str:
    viewer = await world.seat(scene, "viewer")
    if access == "subscribers":
        sql = "insert into creator_subscriptions (user_id, creator_id) values ($1, $2)"
        await world.value(sql, viewer, scene.creator)
    else:
        sql = (
            "insert into live_tickets (session_id, user_id, coins, idempotency_key)"
            " values ($1, $2, 0, gen_random_uuid())"
        )
        await world.value(sql, scene.id, viewer)
    return viewer


async def sees(world: World, viewer: str, scene: Scene) -> Json:
    """How many events and other people of a session a person reads, by rows and by the function; and the topic."""
    events = await world.as_user(viewer, "select count(*) from live_events where session_id = $1", scene.id)
    people = await world.as_user(
        viewer,
        "select count(*) from live_participants where session_id = $1 and user_id <> $2",
        scene.id,
        viewer,
    )
    try:
        told = await world.as_user(viewer, "select count(*) from live_events_since($1, 0)", scene.id)
    except Refused as refused:
        told = refused.hint
    topic = await world.as_user(viewer, "select live.may_listen('live:session:' || $1)", scene.id)
    return events, people, told, topic


@pytest.mark.parametrize("status", ["live", "ended"])
@pytest.mark.parametrize(
    ("access", "end"),
    [
        ("subscribers", "update creator_subscriptions set expires_at = now() where user_id = $1"),
        ("pay_per_view", "update live_tickets set refunded_at = now() where user_id = $1"),
        ("subscribers", "insert into live_bans (user_id, scope) values ($1, 'platform')"),
    ],
)
async def test_after_access_has_ended_nothing_of_the_session_is_readable(
    world: World, access: str, end: str, status: str
) -> None:
    scene = await world.live("video_live", access=access)
    viewer = await paid_viewer(world, scene, access=access)
    told = {"kind": "announcement", "text": "the address"}
    await world.value("select live.append_event($1, 'system', $2)", scene.id, told)
    events, people, told, topic = await sees(world, viewer, scene)
    assert (events, people, told, topic) == (1, 1, 1, True)
    if status == "ended":
        await world.value(
            "update live_sessions set status = 'ended', end_reason = 'host' where id = $1", scene.id
        )
    await world.value(end, viewer)
    assert await sees(world, viewer, scene) == (0, 0, "not_in_session", False)


async def test_a_moderator_who_is_banned_may_not_listen_to_levels_any_more(world: World) -> None:
    scene = await world.live()
    moderator = await world.seat(scene, "moderator")
    listen = "select live.may_listen('live:levels:' || $1)"
    assert await world.as_user(moderator, listen, scene.id) is True
    await world.ask(scene.creator, "ban", scene, moderator)
    assert await world.as_user(moderator, listen, scene.id) is False
