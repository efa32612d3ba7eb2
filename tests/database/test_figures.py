"""Figures: watch time, revenue, sessions, and usage against the plan; each reader sees their own."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.database.world import Json, Refused, Scene, World

START = datetime(2024, 3, 10, 20, tzinfo=UTC)
# Before any other visit of these tests: what stays open counts in every later month.
USED = datetime(2024, 1, 10, 20, tzinfo=UTC)


async def visit(
    world: World, scene: Scene, user: str, begin: float, stay: float | None, *, day: datetime = START
) -> None:
    """Record a visit that begins `begin` seconds after the start of the evening; `stay` None leaves it open."""
    report = "select live.record_presence('webhook', $1, $2, $3, $4, $5, null)"
    sid = f"PA_{uuid.uuid4().hex}"
    joined = day + timedelta(seconds=begin)
    await world.value(report, scene.room, "joined", sid, user, joined)
    if stay is not None:
        await world.value(report, scene.room, "left", sid, user, joined + timedelta(seconds=stay))


async def table(world: World, user: str, sql: str, *args: Any) -> list[Json]:
    async with world.acting("authenticated", user) as connection:
        return [dict(row) for row in await connection.fetch(sql, *args)]


async def test_watch_time_is_ones_own_and_a_creator_sees_the_audience(world: World) -> None:
    scene, fan, other = await world.live(), await world.user(), await world.user()
    await visit(world, scene, fan, 0, 100)
    await visit(world, scene, fan, 50, 100)  # a second device: 150 s in all
    await visit(world, scene, other, 0, 30)
    mine = "select user_id::text, watch_seconds::int from watch_time where creator_id = $1 order by watch_seconds"
    everyone = [{"user_id": other, "watch_seconds": 30}, {"user_id": fan, "watch_seconds": 150}]
    assert await table(world, scene.creator, mine, scene.creator) == everyone
    assert await table(world, await world.user(ops=True), mine, scene.creator) == everyone
    assert await table(world, await world.user(), mine, scene.creator) == []


async def test_how_a_session_did_is_told_to_its_creator_and_ops(world: World) -> None:
    scene, fan = await world.live(access="pay_per_view"), await world.user()
    await world.service("select public.credit_coins($1, 100, $2)", fan, f"receipt-{fan}")
    await world.as_user(fan, "select public.buy_ticket($1, 'ticket-0001')", scene.id)
    await visit(world, scene, fan, 0, None)
    await world.as_user(fan, "select public.send_gift($1, 'heart', 2, 'gift-00001')", scene.id)
    await world.as_user(fan, "insert into live_messages (session_id, body) values ($1, 'bravo')", scene.id)
    sql = "select * from session_performance($1)"
    [row] = await table(world, scene.creator, sql, scene.id)
    figures = (
        "people",
        "peak_viewers",
        "messages",
        "gifts",
        "gift_coins",
        "tickets",
        "ticket_coins",
        "total_coins",
    )
    assert [row[name] for name in figures] == [1, 1, 1, 1, 10, 1, 10, 20]
    assert await table(world, await world.user(ops=True), sql, scene.id) != []
    assert await table(world, fan, sql, scene.id) == []
    assert await table(world, await world.user(creator=True), "select * from session_performance()") == []


async def usage(world: World) -> dict[str, tuple[Decimal, str]]:
    rows = await table(
        world, await world.user(ops=True), "select measure, used, level from platform_usage($1)", USED.date()
    )
    return {row["measure"]: (row["used"], row["level"]) for row in rows}


async def backdate(world: World, scene: Scene, minutes: int) -> None:
    """Give a session the times of an evening of the past: its triggers let nobody do that."""
    await world.service("update live_sessions set status = 'ended' where id = $1", scene.id)
    await world.value("alter table live_sessions disable trigger guard_session")
    await world.value(
        "update live_sessions set started_at = $2, ended_at = $3 where id = $1",
        scene.id, USED, USED + timedelta(minutes=minutes),
    )  # fmt: skip
    await world.value("alter table live_sessions enable trigger guard_session")


async def test_usage_counts_begun_minutes_of_people_and_agent(world: World) -> None:
    before = await usage(world)
    scene, one, two = await world.live("video_live"), await world.user(), await world.user()
    await visit(world, scene, one, 0, 61, day=USED)  # two minutes
    await visit(world, scene, two, 30, 10, day=USED)  # one
    await backdate(world, scene, 5)  # five of the agent's
    after = await usage(world)
    assert after["connection_minutes"][0] - before["connection_minutes"][0] == 8
    assert after["concurrent_participants"][0] - before["concurrent_participants"][0] == 3
    # 71 s at 1,500 kbit/s for people and 300 s at 48 kbit/s for the agent
    assert after["downstream_gb"][0] - before["downstream_gb"][0] == Decimal("0.015")


async def test_usage_warns_before_the_plan_is_used_up(world: World) -> None:
    scene, fan = await world.live(), await world.user()
    await visit(world, scene, fan, 3600, 60, day=USED)
    used = int((await usage(world))["connection_minutes"][0])
    plans = (
        "update app_settings set value = jsonb_set(value, '{ship,connection_minutes}', to_jsonb($1::int))"
        " where key = 'plan.limits'"
    )
    try:
        for limit, level in ((used * 10, "ok"), (used + 1, "warning"), (used, "exceeded")):
            await world.value(plans, limit)
            assert (await usage(world))["connection_minutes"][1] == level, limit
    finally:
        await world.value(plans, 150_000)


async def test_usage_is_for_ops_alone(world: World) -> None:
    with pytest.raises(Refused) as refused:
        await world.as_user(await world.user(creator=True), "select count(*) from platform_usage()")
    assert (refused.value.sqlstate, refused.value.hint) == ("PT403", "ops_only")
