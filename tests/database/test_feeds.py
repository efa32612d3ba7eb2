"""Lists for the app: live sessions, announced ones, one's calls, the people of a session; names, pages and reasons."""

from tests.database.test_calls import answer, start
from tests.database.world import Json, Scene, World


async def named(world: World, user: str, name: str) -> str:
    await world.value(
        "update profiles set display_name = $2, avatar_url = 'https://cdn.example.com/' || $2 where id = $1",
        user, name,
    )  # fmt: skip
    return user


async def seen(world: World, user: str, sql: str, *args: object) -> list[Json]:
    async with world.acting("authenticated", user) as connection:
        return [dict(row) for row in await connection.fetch(sql, *args)]


async def test_a_list_of_live_sessions_says_who_what_and_whether_one_may_enter(world: World) -> None:
    viewer, banned = await world.user(), await world.user()
    creator = await named(world, await world.user(creator=True), "Gökçe")
    scene = await world.live("video_live", access="pay_per_view", creator=creator)
    await world.value(
        "insert into live_bans (user_id, scope, creator_id) values ($1, 'creator', $2)", banned, creator
    )
    row = "select * from live_now where id = $1"
    (shown,) = await seen(world, viewer, row, scene.id)
    assert (shown["creator_name"], shown["creator_avatar"]) == ("Gökçe", "https://cdn.example.com/Gökçe")
    assert (shown["title"], shown["price_coins"], shown["reason"]) == ("evening", 10, "ticket_required")
    await world.service("select public.credit_coins($1, 50, $2)", viewer, f"receipt-{viewer}")
    await world.as_user(viewer, "select public.buy_ticket($1, 'ticket-0001')", scene.id)
    assert [r["reason"] for r in await seen(world, viewer, row, scene.id)] == [None]
    assert [r["reason"] for r in await seen(world, banned, row, scene.id)] == ["banned"]


async def test_a_block_hides_a_creator_from_lists_in_both_directions(world: World) -> None:
    scene, blocker, blocked = await world.live(), await world.user(), await world.user()
    await world.as_user(blocker, "select public.block_user($1)", scene.creator)
    await world.as_user(scene.creator, "select public.block_user($1)", blocked)
    count = "select count(*) from live_now where id = $1"
    for one, sees in ((blocker, 0), (blocked, 0), (await world.user(), 1)):
        assert await world.as_user(one, count, scene.id) == sees


async def test_pages_follow_each_other_without_a_gap(world: World) -> None:
    viewer = await world.user()
    ours = [(await world.live()).id for _ in range(5)]
    page = (
        "select id::text, started_at from live_now where id = any($1)"
        " and (started_at < $2 or (started_at = $2 and id < $3)) order by started_at desc, id desc limit 2"
    )
    at = await world.value("select 'infinity'::timestamptz")
    last, found = "ffffffff-ffff-ffff-ffff-ffffffffffff", []
    while rows := await seen(world, viewer, page, ours, at, last):
        found += [row["id"] for row in rows]
        at, last = rows[-1]["started_at"], rows[-1]["id"]
    assert found == ours[::-1]


async def test_the_people_of_a_session_have_names_and_hands_an_order(world: World) -> None:
    scene = await world.live()
    people = [
        await named(world, await world.seat(scene, "listener"), name) for name in ("Ada", "Bora", "Cem")
    ]
    await world.value("update live_participants set is_online = true where session_id = $1", scene.id)
    for person in (people[2], people[0]):
        await world.as_user(person, "select public.raise_hand($1)", scene.id)
    rows = await seen(
        world, people[1],
        "select name, hand_position from session_people where session_id = $1 and role = 'listener' order by 1",
        scene.id,
    )  # fmt: skip
    assert [(row["name"], row["hand_position"]) for row in rows] == [("Ada", 2), ("Bora", None), ("Cem", 1)]
    assert (
        await seen(world, await world.user(), "select * from session_people where session_id = $1", scene.id)
        == []
    )


async def test_the_history_of_calls_is_ones_own_also_for_ops(world: World) -> None:
    caller, ops = await named(world, await world.user(), "Ada"), await world.user(ops=True)
    callee = await named(world, await world.user(), "Bora")
    call = (await start(world, caller, callee))["call"]["id"]
    await answer(world, callee, call)
    sql = "select outgoing, other_name, status from my_calls where id = $1"
    assert await seen(world, caller, sql, call) == [
        {"outgoing": True, "other_name": "Bora", "status": "accepted"}
    ]
    assert await seen(world, callee, sql, call) == [
        {"outgoing": False, "other_name": "Ada", "status": "accepted"}
    ]
    assert await seen(world, ops, sql, call) == []


async def gift_and_line(world: World, scene: Scene, user: str) -> tuple[Json, list[Json]]:
    event = await world.value(
        "select payload from live_events where session_id = $1 and type = 'gift' and payload ->> 'sender_id' = $2",
        scene.id, user,
    )  # fmt: skip
    lines = await world.rows(
        "select sender_name, sender_avatar, payload from live_messages where session_id = $1 and user_id = $2",
        scene.id, user,
    )  # fmt: skip
    return event, lines


async def test_gifts_and_lines_carry_the_name_of_then_until_the_account_is_deleted(world: World) -> None:
    scene = await world.live()
    user = await named(world, await world.seat(scene, "listener"), "Ada")
    await world.value("update live_participants set is_online = true where session_id = $1", scene.id)
    await world.service("select public.credit_coins($1, 50, $2)", user, f"receipt-{user}")
    await world.as_user(user, "insert into live_messages (session_id, body) values ($1, 'hello')", scene.id)
    await world.as_user(user, "select public.send_gift($1, 'rose', 1, 'gift-0001')", scene.id)
    await named(world, user, "Renamed")
    event, lines = await gift_and_line(world, scene, user)
    assert (event["sender_name"], event["sender_avatar"]) == ("Ada", "https://cdn.example.com/Ada")
    assert {line["sender_name"] for line in lines} == {"Ada"}
    assert len(lines) == 2
    await world.service("select public.erase_account($1)", user)
    event, lines = await gift_and_line(world, scene, user)
    assert "Ada" not in str((event, lines))
    assert (event["sender_id"], len(lines)) == (user, 2)


async def test_a_token_names_the_person_as_others_are_shown_them(world: World) -> None:
    scene = await world.live()
    viewer = await named(world, await world.user(), "Ada")
    grant = (await world.service("select public.session_token($1, $2)", viewer, scene.id))["join"]
    assert (grant["name"], grant["avatar"]) == ("Ada", "https://cdn.example.com/Ada")
    guest = await world.user(anonymous=True)
    grant = (await world.service("select public.session_token($1, $2)", guest, scene.id))["join"]
    assert (grant["name"], grant["avatar"]) == ("", None)
