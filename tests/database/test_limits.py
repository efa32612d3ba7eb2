"""Ceilings: automatic actions, announced sessions, keys of the relay, and what is swept once it has ended."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.database.world import Json, Refused, Scene, World

EXEMPT = ("not_measurable", "not_allowed", "disguise", "too_many_tracks")


@asynccontextmanager
async def limits(world: World, **changed: float) -> AsyncIterator[None]:
    sql = "update app_settings set value = $1 where key = 'limits'"
    was = await world.value("select value from app_settings where key = 'limits'")
    await world.value(sql, was | changed)
    try:
        yield
    finally:
        await world.value(sql, was)


async def incident(world: World, scene: Scene, epoch: int, user: str, rule: str = "too_loud") -> Json:
    now = datetime.now(UTC).isoformat()
    row = {
        "room": scene.room, "epoch": epoch, "id": str(uuid.uuid4()), "user_id": user, "rule": rule,
        "severity": "warning", "measured": {"step": "mute"}, "started_at": now, "ended_at": now, "strikes": 1,
        "action": {"id": str(uuid.uuid4()), "action": "mute", "params": {"seconds": 5}, "reason": "too loud"},
    }  # fmt: skip
    answer = (await world.service("select public.agent_incidents('w1', $1)", [row]))[0]
    written = await world.row("select measured, action_id from moderation_incidents where id = $1", row["id"])
    return answer | written


async def test_past_its_ceiling_a_rule_only_observes_in_that_session(world: World) -> None:
    scene, other = await world.live(), await world.live()
    epoch, elsewhere = [(await world.claim(place.room))["epoch"] for place in (scene, other)]
    people = [await world.seat(scene, "speaker") for _ in range(4)]
    stranger = await world.seat(other, "speaker")
    async with limits(world, automatic_per_rule_and_hour=3):
        for person in people[:3]:
            assert (await incident(world, scene, epoch, person))["error"] is None
        held = await incident(world, scene, epoch, people[3])
        assert (held["error"], held["action_id"], held["measured"]["refused"]) == (
            "circuit_open",
            None,
            "circuit_open",
        )
        muted = "select mic_muted from live_participants where user_id = $1"
        assert [await world.value(muted, person) for person in people] == [True, True, True, False]
        assert (await incident(world, other, elsewhere, stranger))["error"] is None
        assert (await incident(world, scene, epoch, people[3], "noise"))["error"] is None
        await world.value(
            "update moderation_incidents set created_at = now() - interval '61 minutes' where session_id = $1",
            scene.id,
        )
        assert (await incident(world, scene, epoch, people[3]))["error"] is None


@pytest.mark.parametrize("rule", EXEMPT)
async def test_sockpuppets_cannot_switch_off_what_keeps_a_room_measurable(world: World, rule: str) -> None:
    scene = await world.live()
    epoch = (await world.claim(scene.room))["epoch"]
    async with limits(world, automatic_per_rule_and_hour=1):
        for _ in range(3):
            assert (await incident(world, scene, epoch, await world.seat(scene, "speaker"), rule))[
                "error"
            ] is None


async def test_the_sweep_tells_what_the_rules_do_on_the_whole_platform(world: World) -> None:
    await world.value("delete from live.sweeps")
    before = await world.service("select agent_sweep('w1', null)")
    scene = await world.live()
    epoch = (await world.claim(scene.room))["epoch"]
    async with limits(world, automatic_per_rule_and_hour=1, automatic_per_hour=7):
        for _ in range(2):
            await incident(world, scene, epoch, await world.seat(scene, "speaker"))
        after = await world.service("select agent_sweep('w1', null)")
    assert after["automatic_actions"] == before["automatic_actions"] + 1
    assert after["open_circuits"] == before["open_circuits"] + 1
    assert after["automatic_limit"] == 7


async def test_a_creator_announces_so_many_sessions_in_a_day(world: World) -> None:
    creator = await world.user(creator=True)
    sql = "select public.session_create($1, 'audio_room', 'public', 'Talk', null, $2)"
    soon = datetime.now(UTC) + timedelta(days=3)
    async with limits(world, scheduled_per_day=2):
        first = (await world.service(sql, creator, soon))["session"]["id"]
        await world.service(sql, creator, soon)
        await world.service("select public.session_end($1, $2)", creator, first)
        with pytest.raises(Refused) as refused:
            await world.service(sql, creator, soon)
        assert (refused.value.sqlstate, refused.value.hint) == ("PT429", "too_many_scheduled")
        assert (await world.service(sql, creator, None))["session"]["status"] == "live"
        await world.value("alter table live_sessions disable trigger user")
        await world.value(
            "update live_sessions set created_at = now() - interval '25 hours' where id = $1", first
        )
        await world.value("alter table live_sessions enable trigger user")
        assert (await world.service(sql, creator, soon))["session"]["status"] == "scheduled"


async def test_a_join_has_the_keys_that_can_sign_now_and_no_others(world: World) -> None:
    """Two hundred workers of the past week are not two hundred keys in every token's answer."""
    kids = [uuid.uuid4().hex for _ in range(4)]
    publish = "select public.agent_publish_key($1, $2, now() + interval '7 days')"
    for kid in kids:
        await world.service(publish, kid, "A" * 43)
    alive, dead, revoked, expired = kids
    await world.value("update relay_keys set renewed_at = now() - interval '3 minutes' where kid = $1", dead)
    await world.value("update relay_keys set revoked_at = now() where kid = $1", revoked)
    await world.value(
        "update relay_keys set not_before = now() - interval '2 s', not_after = now() - interval '1 s' where kid = $1",
        expired,
    )
    scene = await world.live()
    join = (await world.service("select public.session_token($1, $2)", scene.creator, scene.id))["join"]
    assert {key["kid"] for key in join["relay_keys"]} & set(kids) == {alive}
    await world.service(publish, dead, "A" * 43)
    join = (await world.service("select public.session_token($1, $2)", scene.creator, scene.id))["join"]
    assert {key["kid"] for key in join["relay_keys"]} & set(kids) == {alive, dead}


async def test_what_has_ended_leaves_nothing_behind(world: World) -> None:
    over, running = await world.live(), await world.live()
    caller, callee = await world.user(), await world.user()
    call = (await world.service("select public.call_start($1, $2, 'audio')", caller, callee))["call"]
    for room in (over.room, running.room, call["livekit_room"]):
        await world.claim(room)
    await world.ask(None, "end_session", over)
    await world.service("select public.call_end($1, $2)", caller, call["id"])
    closing = await world.value("select id from moderation_actions where session_id = $1", over.id)
    rooms = [over.room, running.room, call["livekit_room"]]
    left = (
        "select array(select room from live.wake_marks where room = any($1) or room = any($2) order by 1) as marks,"
        " array(select room from agent_rooms where room = any($1) order by 1) as leases,"
        " array(select user_id::text from live.spending where user_id = $3) as spending"
    )
    counts = [f"count:{over.id}", f"count:{running.id}"]

    async def sweep() -> Json:
        await world.value("update live.wake_marks set woken_at = '-infinity' where room = 'leftovers'")
        await world.value(
            "update agent_rooms set lease_expires_at = now() - interval '2 minutes' where room = any($1)",
            rooms,
        )
        await world.value(
            "update live.spending set minute = minute - interval '1 hour' where user_id = $1", caller
        )
        await world.service("select public.platform_sweep()")
        return await world.row(left, rooms, counts, caller)

    swept = await sweep()
    assert swept["marks"] == sorted([running.room, counts[1]])
    assert swept["leases"] == sorted([over.room, running.room]), (
        "the end is still to be carried out by somebody"
    )
    assert swept["spending"] == []
    await world.value("select live.finish_at_once($1, '{}')", closing)
    assert (await sweep())["leases"] == [running.room]
