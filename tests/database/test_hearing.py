"""The audio rules' side of the database: automatic actions, and the summary of loudness."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.database.world import Json, Scene, World

MINUTE = "2026-11-23T20:00:00Z"


async def holding(world: World, scene: Scene) -> Json:
    """What fences the writes of the worker that holds this session's room."""
    return {"room": scene.room, "epoch": (await world.claim(scene.room))["epoch"]}


def incident(fence: Json, user: str, action: Json | None = None, **fields: Any) -> Json:
    given = {
        "id": str(uuid.uuid4()),
        "user_id": user,
        "participant_sid": "PA_1",
        "rule": "too_loud",
        "severity": "warning",
        "measured": {"short_term_lufs": -9.4},
        "started_at": "2026-11-23T20:00:00Z",
        "ended_at": "2026-11-23T20:00:02Z",
        "strikes": 2.9,
        "action": action,
    }
    return {**fence, **given, **fields}


def asking(action: str, **params: Any) -> Json:
    return {"id": str(uuid.uuid4()), "action": action, "params": params, "reason": "Too loud: -9.4 LUFS."}


async def raise_hand(world: World, scene: Scene, user: str) -> None:
    here = "update live_participants set is_online = true where session_id = $1 and user_id = $2"
    await (await world.owner()).execute(here, scene.id, user)
    await world.as_user(user, "select raise_hand($1)", scene.id)


async def speaker(world: World, scene: Scene) -> str:
    """Someone whom the host has made a speaker."""
    user = await world.seat(scene, "listener")
    await raise_hand(world, scene, user)
    await world.ask(scene.creator, "set_role", scene, user, params={"role": "speaker"})
    return user


async def test_an_incident_brings_its_action_in_one_transaction_and_once(world: World) -> None:
    scene = await world.live()
    user, fence = await speaker(world, scene), await holding(world, scene)
    mute = asking("mute", seconds=60)
    row = incident(fence, user, mute)
    for _ in range(2):
        [answer] = await world.service("select agent_incidents('w1', $1)", [row])
        assert answer["ok"], answer
    [action] = await world.rows("select * from moderation_actions where id = $1", uuid.UUID(mute["id"]))
    assert (action["requested_via"], action["action"], action["reason"]) == ("auto", "mute", mute["reason"])
    [written] = await world.rows("select * from moderation_incidents where user_id = $1", uuid.UUID(user))
    assert str(written["action_id"]) == mute["id"]
    muted = "select mic_muted from live_participants where session_id = $1 and user_id = $2"
    assert await world.value(muted, scene.id, user) is True


async def test_a_rule_may_demote_whom_the_host_promoted_and_a_moderator_may_lift_it(world: World) -> None:
    scene = await world.live()
    user, fence = await speaker(world, scene), await holding(world, scene)
    role = "select role from live_participants where session_id = $1 and user_id = $2"
    [answer] = await world.service(
        "select agent_incidents('w1', $1)", [incident(fence, user, asking("set_role", role="listener"))]
    )
    assert answer == {"id": answer["id"], "ok": True, "error": None}
    assert await world.value(role, scene.id, user) == "listener"
    moderator = await world.seat(scene, "moderator")
    await raise_hand(world, scene, user)
    await world.ask(moderator, "set_role", scene, user, params={"role": "speaker"})
    assert await world.value(role, scene.id, user) == "speaker"


async def test_who_takes_over_learns_what_is_held_against_whom_until_a_person_forgives(world: World) -> None:
    scene = await world.live()
    user, other, fence = await speaker(world, scene), await speaker(world, scene), await holding(world, scene)
    at = await world.value("select clock_timestamp()")

    def held(who: str, strikes: float, step: str, microseconds: int) -> Json:
        ended_at = at + timedelta(microseconds=microseconds)
        times = {"started_at": at.isoformat(), "ended_at": ended_at.isoformat()}
        return incident(fence, who, strikes=strikes, measured={"step": step}, **times)

    rows = [
        held(user, 1.0, "notice", 1),
        held(user, 1.9, "warning", 5),
        held(user, 1.8, "tell_ops", 9),
        held(other, 1.0, "notice", 2),
    ]
    await world.service("select agent_incidents('w1', $1)", rows)

    async def strikes() -> dict[str, tuple[float, str]]:
        claimed = await world.claim(scene.room, "w1")
        return {row["user_id"]: (row["strikes"], row["step"]) for row in claimed["snapshot"]["strikes"]}

    assert await strikes() == {user: (1.9, "warning"), other: (1.0, "notice")}
    await world.ask(scene.creator, "unmute", scene, user)
    assert await strikes() == {other: (1.0, "notice")}
    await world.ask(scene.creator, "set_role", scene, other, params={"role": "listener"})
    assert await strikes() == {other: (1.0, "notice")}, "who took the voice away has forgiven nothing"


async def test_what_the_door_refuses_is_told_in_the_incident(world: World) -> None:
    scene = await world.live()
    fence = await holding(world, scene)
    row = incident(fence, scene.creator, asking("mute", seconds=60))
    [answer] = await world.service("select agent_incidents('w1', $1)", [row])
    assert answer["ok"]
    assert answer["error"]
    measured = await world.value("select measured from moderation_incidents where id = $1", row["id"])
    assert measured["refused"] == answer["error"]
    asked = await world.value(
        "select count(*)::int from moderation_actions where session_id = $1 and requested_via = 'auto'",
        scene.id,
    )
    assert asked == 0


async def test_an_incident_that_a_human_must_decide_opens_one_case_for_person_and_session(
    world: World,
) -> None:
    scene = await world.live()
    user, fence = await speaker(world, scene), await holding(world, scene)
    cases = (
        "select id, user_id::text, severity, source, resolved_at from moderation_cases where session_id = $1"
    )

    async def tell(**fields: Any) -> str:
        row = {**incident(fence, user), **fields}
        await world.service("select agent_incidents('w1', $1)", [row])
        return str(row["id"])

    await tell(case_severity=None)
    assert await world.rows(cases, scene.id) == []
    repeated = await tell(case_severity="critical")
    await tell(case_severity="warning")
    [case] = await world.rows(cases, scene.id)
    assert (case["user_id"], case["severity"], case["source"]) == (user, "critical", "rule")

    await world.value("update moderation_cases set resolved_at = now() where id = $1", case["id"])
    await tell(id=repeated, case_severity="critical")
    assert len(await world.rows(cases, scene.id)) == 1, "an incident written again opens nothing again"
    await tell(case_severity="warning")
    assert len(await world.rows(cases, scene.id)) == 2


async def test_nobody_without_the_lease_can_act(world: World) -> None:
    scene = await world.live()
    user, fence = await speaker(world, scene), await holding(world, scene)
    row = incident({**fence, "epoch": fence["epoch"] - 1}, user, asking("mute", seconds=60))
    [answer] = await world.service("select agent_incidents('w1', $1)", [row])
    assert answer == {"id": row["id"], "ok": False, "error": "fenced"}
    assert await world.value("select count(*)::int from moderation_incidents where id = $1", row["id"]) == 0


def minute(fence: Json, user: str, at: str, talk: float, loudness: float | None, **fields: Any) -> Json:
    measured = {"heard_seconds": 60.0, "max_short_term_lufs": -15.0, "noise_floor_dbfs": -70.0}
    row = {"user_id": user, "minute": at, "talk_seconds": talk, "loudness_lufs": loudness}
    return {**fence, **row, "peak_dbfs": -6.0, "clipped_ratio": 0.01, "measured": measured, **fields}


async def test_a_minute_is_told_by_who_heard_more_of_it(world: World) -> None:
    """It is written early, and again; an agent that takes a room over hears the rest of a minute only."""
    scene = await world.live()
    user, fence = await speaker(world, scene), await holding(world, scene)
    for heard, talk in ((10.0, 4.0), (40.0, 21.0), (15.0, 9.0)):
        measured = {"heard_seconds": heard, "max_short_term_lufs": -15.0, "noise_floor_dbfs": -70.0}
        row = minute(fence, user, MINUTE, talk, -20.0, measured=measured)
        await world.service("select agent_audio_stats('w1', $1)", [row])
    assert await world.value("select talk_seconds from live_audio_stats where user_id = $1", user) == 21.0


async def test_the_summary_weighs_loudness_by_talk_and_shows_each_their_own(world: World) -> None:
    scene = await world.live()
    user, fence = await speaker(world, scene), await holding(world, scene)
    rows = [
        minute(fence, user, MINUTE, 30.0, -20.0),
        minute(fence, user, "2026-11-23T20:01:00Z", 10.0, -30.0),
        minute(fence, user, "2026-11-23T20:02:00Z", 0.0, None),
        minute(fence, scene.creator, MINUTE, 5.0, -18.0),
        minute(fence, scene.creator, MINUTE, 6.0, -18.0),  # the same minute twice in one batch
    ]
    assert await world.service("select agent_audio_stats('w1', $1)", rows) == {"written": 4}
    await world.service("select agent_incidents('w1', $1)", [incident(fence, user)])
    sql = "select * from session_loudness where session_id = $1 order by talk_seconds desc"

    async def seen_by(reader: str) -> list[Json]:
        async with world.acting("authenticated", reader) as connection:
            return [dict(row) for row in await connection.fetch(sql, scene.id)]

    mine = await seen_by(user)
    assert [(r["talk_seconds"], r["incidents"]) for r in mine] == [(40.0, None)]
    assert mine[0]["loudness_lufs"] == pytest.approx(-21.1070, abs=0.001)
    assert mine[0]["clipped_ratio"] == pytest.approx(0.01)
    everyone = await seen_by(scene.creator)
    assert [(r["talk_seconds"], r["incidents"]) for r in everyone] == [(40.0, 1), (6.0, 0)]
    assert await seen_by(await world.user()) == []
