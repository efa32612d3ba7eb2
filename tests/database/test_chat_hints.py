"""Console and app hear which rows of a session changed, nothing of what they say, and no more often than Realtime's
budget allows for so many listeners."""

import json
from typing import Any

import pytest

from tests.database.world import Scene, World

WRITE = "insert into public.live_messages (session_id, body) values ($1, $2) returning id"
HINTS = "select payload, private from realtime.messages where topic = $1 and event = 'changed' order by inserted_at, id"
PULL = "select public.agent_pull('w', '[]', 2400, 10)"
LONG_AGO = "update live.session_hints set told_at = now() - interval '1 hour' where session_id = $1"
AUDIENCE = "update live_sessions set viewer_count = $2, host_left_at = null where id = $1"
MESSAGES = "live_messages"


async def told(world: World, scene: Scene) -> list[dict[str, Any]]:
    """Each hint's payload, in order."""
    rows = await world.rows(HINTS, f"live:session:{scene.id}")
    assert all(row["private"] for row in rows)
    return [json.loads(row["payload"]) if isinstance(row["payload"], str) else row["payload"] for row in rows]


async def hints(world: World, scene: Scene) -> list[list[str]]:
    """The messages' ids of each hint that names some."""
    return [one["changed"][MESSAGES] for one in await told(world, scene) if MESSAGES in one["changed"]]


async def quiet(world: World, scene: Scene) -> None:
    """Nothing is held, and the last hint was long ago and is forgotten."""
    await world.value("delete from realtime.messages where topic = $1", f"live:session:{scene.id}")
    await world.value("delete from live.held_hints where session_id = $1", scene.id)
    await world.value("update live.hint_budget set sessions = 1, counted_at = now() + interval '1 hour'")
    await world.value(LONG_AGO, scene.id)


async def writer_in(world: World, scene: Scene, viewers: int = 1) -> str:
    user = await world.seat(scene, "listener")
    await world.value(
        "update live_participants set is_online = true where session_id = $1 and user_id = $2", scene.id, user
    )
    await world.value(AUDIENCE, scene.id, viewers)
    await quiet(world, scene)
    return user


async def test_a_message_and_its_deletion_are_told_by_id(world: World) -> None:
    scene = await world.live()
    message = await world.as_user(await writer_in(world, scene), WRITE, scene.id, "hello there")
    assert await hints(world, scene) == [[str(message)]]
    await quiet(world, scene)
    await world.ask(scene.creator, "delete_message", scene, params={"message_id": str(message)})
    assert await hints(world, scene) == [[str(message)]]
    said = await world.value(
        "select count(*) from realtime.messages where payload::text like '%hello there%'"
    )
    assert said == 0


async def test_a_hint_goes_to_its_own_session_only(world: World) -> None:
    here, elsewhere = await world.live(), await world.live()
    await world.as_user(await writer_in(world, here), WRITE, here.id, "x")
    assert len(await hints(world, here)) == 1
    assert await hints(world, elsewhere) == []


async def test_a_burst_is_one_hint_at_once_and_one_with_a_beat(world: World) -> None:
    scene = await world.live()
    user = await writer_in(world, scene)
    ids = [str(await world.as_user(user, WRITE, scene.id, f"line {n}")) for n in range(5)]
    first, *later = await hints(world, scene)
    assert first == ids[:1]
    assert sum(later, []) == []  # noqa: RUF017 - nothing was sent, or the test took a quarter of a second for it
    await world.value(LONG_AGO, scene.id)
    await world.service(PULL)
    assert await hints(world, scene) == [ids[:1], ids[1:]]
    await world.value(LONG_AGO, scene.id)
    await world.service(PULL)
    assert len(await hints(world, scene)) == 2


async def test_the_next_line_brings_what_was_held(world: World) -> None:
    scene = await world.live()
    user = await writer_in(world, scene)
    ids = [str(await world.as_user(user, WRITE, scene.id, f"line {n}")) for n in range(3)]
    await world.value(LONG_AGO, scene.id)
    ids.append(str(await world.as_user(user, WRITE, scene.id, "the next")))
    assert (await hints(world, scene))[-1] == ids[1:]


async def test_a_beat_sends_nothing_before_its_time(world: World) -> None:
    scene = await world.live()
    user = await writer_in(world, scene, viewers=3_000)
    for n in range(2):
        await world.as_user(user, WRITE, scene.id, f"line {n}")
    await world.service(PULL)
    assert len(await told(world, scene)) == 1


async def test_an_audience_too_large_for_the_budget_of_a_minute_is_told_nothing(world: World) -> None:
    scene = await world.live()
    user = await writer_in(world, scene, viewers=100_000)
    await world.as_user(user, WRITE, scene.id, "hello")
    await world.service(PULL)
    assert await told(world, scene) == []
    assert await world.value("select count(*) from live.held_hints where session_id = $1", scene.id) == 0


async def test_what_was_held_is_forgotten_when_the_audience_outgrows_hints(world: World) -> None:
    scene = await world.live()
    user = await writer_in(world, scene)
    for n in range(2):
        await world.as_user(user, WRITE, scene.id, f"line {n}")
    sent = len(await told(world, scene))
    await world.value(AUDIENCE, scene.id, 100_000)
    await world.value(LONG_AGO, scene.id)
    await world.service(PULL)
    assert len(await told(world, scene)) == sent
    assert await world.value("select count(*) from live.held_hints where session_id = $1", scene.id) == 0


async def test_more_than_fifty_rows_are_told_without_ids(world: World) -> None:
    scene = await world.live()
    await writer_in(world, scene)
    await world.service(
        "insert into live_messages (session_id, type) select $1, 'system' from generate_series(1, 51)",
        scene.id,
    )
    assert await hints(world, scene) == [[]]


@pytest.mark.parametrize(
    ("viewers", "sessions", "budget", "every_ms"),
    [
        (10, 1, 100, 250),
        (100, 1, 100, 1717),
        (1_000, 1, 100, 16_717),
        (1_000, 1, 500, 3_343),
        (1_000, 4, 500, 13_373),
        (10_000, 1, 2_500, 6_669),
        (0, 1, 2_500, 250),
    ],
)
async def test_the_interval_grows_with_the_audience_and_shrinks_with_the_budget(
    world: World, viewers: int, sessions: int, budget: int, every_ms: int
) -> None:
    """An audience of n with a hint each interval is at most three fifths of the budget, shared by all sessions."""
    setting = "update app_settings set value = to_jsonb($1::int) where key = 'realtime.messages_per_second'"
    await world.service(setting, budget)
    try:
        every = await world.value("select extract(epoch from live.hint_interval($1, $2))", viewers, sessions)
    finally:
        await world.service(setting, 100)
    assert round(float(every) * 1000) == every_ms
    assert sessions * (viewers + 3) / float(every) <= 0.6 * budget * 1.001


async def test_a_hint_says_how_often_hints_come(world: World) -> None:
    scene = await world.live()
    user = await writer_in(world, scene, viewers=1_000)
    await world.as_user(user, WRITE, scene.id, "hello")
    (hint,) = await told(world, scene)
    assert hint["every_ms"] == pytest.approx(1_003 / 60 * 1000, abs=1)


async def test_a_room_that_nobody_watches_is_told_nothing(world: World) -> None:
    scene = await world.live()
    await writer_in(world, scene, viewers=0)
    await world.value("update live_sessions set host_left_at = now() where id = $1", scene.id)
    system = "insert into live_messages (session_id, type) values ($1, 'system')"
    await world.service(system, scene.id)
    await world.ask(scene.creator, "mute", scene, await world.seat(scene, "speaker"))
    assert await told(world, scene) == []
    assert await world.value("select count(*) from live.held_hints where session_id = $1", scene.id) == 0
    await world.as_user(scene.creator, "select public.watch_levels($1)", scene.id)
    await world.service(system, scene.id)
    assert len(await hints(world, scene)) == 1


async def test_a_change_of_the_status_is_told_also_where_nobody_is_in_the_room(world: World) -> None:
    scene = await world.live()
    await world.value("update live_sessions set host_left_at = now() where id = $1", scene.id)
    await quiet(world, scene)
    await world.ask(None, "end_session", scene)
    await world.value(LONG_AGO, scene.id)
    await world.service(PULL)
    assert any("live_sessions" in one["changed"] for one in await told(world, scene))


async def test_the_budget_is_shared_among_sessions_that_say_something(world: World) -> None:
    await world.value("update live.session_hints set told_at = '-infinity'")
    for _ in range(3):
        scene = await world.live()
        await world.as_user(await writer_in(world, scene), WRITE, scene.id, "x")
    await world.value("update live.hint_budget set counted_at = '-infinity'")
    spoke = await world.value(
        "select count(*) from live.session_hints where told_at > now() - interval '1 minute'"
    )
    assert spoke >= 3
    assert await world.value("select live.count_hint_sessions()") == spoke
    assert await world.value("select live.count_hint_sessions()") == spoke


async def test_the_first_hint_of_a_session_waits_for_nobody(world: World) -> None:
    """Anyone who tells it may hold the session, which the one waited for wants next: a gift and a webhook did."""
    scene = await world.live()
    await (await world.owner()).execute(AUDIENCE, scene.id, 1)
    await (await world.owner()).execute("delete from live.session_hints where session_id = $1", scene.id)
    await (await world.owner()).execute("delete from live.held_hints where session_id = $1", scene.id)
    gift, webhook = await world.connect(), await world.connect()
    tell = "select live.tell_session($1, 'live_messages', '[\"1\"]')"
    async with gift.transaction(), webhook.transaction():
        await gift.execute(tell, scene.id)
        await webhook.execute("set local lock_timeout = '500ms'")
        await webhook.execute("select from live_sessions where id = $1 for no key update", scene.id)
        await webhook.execute(tell, scene.id)
    told = "select count(*) from live.held_hints where session_id = $1"
    assert await world.value(told, scene.id) == 2, "both are told, now or with the next"


async def test_a_hint_waits_for_no_hint_that_another_is_sending(world: World) -> None:
    """A gift tells the chat before it takes the session, an arrival takes the session first."""
    scene = await world.live()
    await world.value(AUDIENCE, scene.id, 1)
    await quiet(world, scene)
    gift, arrival = await world.connect(), await world.connect()
    tell = "select live.tell_session($1, 'live_messages', '[\"1\"]')"
    async with gift.transaction(), arrival.transaction():
        await gift.execute(tell, scene.id)
        await arrival.execute("set local lock_timeout = '500ms'")
        await arrival.execute("select from live_sessions where id = $1 for no key update", scene.id)
        await arrival.execute(tell, scene.id)
    sent = [one["changed"] for one in await told(world, scene)]
    held = await world.value("select count(*) from live.held_hints where session_id = $1", scene.id)
    assert (sent, held) == ([{MESSAGES: ["1"]}], 1), "one is told now, the other with the next"
