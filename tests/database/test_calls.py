"""Calls: every legal and illegal step, who may take it, busy in any race, and true durations."""

import asyncio
import itertools

import asyncpg
import pytest

from tests.database.world import Json, Refused, World, but_now

STATUSES = ("initiated", "ringing", "accepted", "declined", "missed", "cancelled", "ended", "failed")
PATHS = {
    "initiated": [],
    "ringing": ["ringing"],
    "accepted": ["ringing", "accepted"],
    "declined": ["ringing", "declined"],
    "missed": ["ringing", "missed"],
    "cancelled": ["cancelled"],
    "ended": ["ringing", "accepted", "ended"],
    "failed": ["failed"],
}
LEGAL = {
    ("initiated", "ringing"), ("initiated", "cancelled"), ("initiated", "failed"), ("ringing", "accepted"),
    ("ringing", "declined"), ("ringing", "missed"), ("ringing", "cancelled"), ("ringing", "failed"),
    ("accepted", "ended"), ("accepted", "failed"),
}  # fmt: skip


async def start(world: World, caller: str, callee: str, kind: str = "audio") -> Json:
    return await world.service("select public.call_start($1, $2, $3)", caller, callee, kind)


async def answer(world: World, user: str, call: str, *, accept: bool = True) -> Json:
    return await world.service("select public.call_answer($1, $2, $3)", user, call, accept)


async def end(world: World, user: str, call: str) -> Json:
    return await world.service("select public.call_end($1, $2)", user, call)


async def ringing(world: World) -> tuple[str, str, str]:
    caller, callee = await world.user(), await world.user()
    return (await start(world, caller, callee))["call"]["id"], caller, callee


async def hint_of(refused: object) -> str | None:
    with pytest.raises(Refused) as caught:
        await refused  # type: ignore[misc]
    return caught.value.hint


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(STATUSES, 2)))
async def test_every_step_is_in_the_table_or_refused(world: World, before: str, after: str) -> None:
    caller, callee = await world.user(), await world.user()
    owner = await world.owner()
    call = await owner.fetchval(
        "insert into calls (caller_id, callee_id, type) values ($1, $2, 'audio') returning id", caller, callee
    )
    step = "update calls set status = $2 where id = $1 returning status"
    for status in PATHS[before]:
        await owner.execute(step, call, status)
    if (before, after) in LEGAL:
        assert await owner.fetchval(step, call, after) == after
        return
    with pytest.raises(asyncpg.PostgresError, match=f"that is {before} cannot become {after}") as refused:
        await owner.execute(step, call, after)
    assert refused.value.sqlstate == "PT409"


async def test_a_call_begins_as_initiated_at_the_databases_time(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    owner = await world.owner()
    with pytest.raises(asyncpg.PostgresError, match="begins as initiated"):
        await owner.execute(
            "insert into calls (caller_id, callee_id, type, status) values ($1, $2, 'audio', 'accepted')",
            caller,
            callee,
        )
    row = await world.row(
        "insert into calls (caller_id, callee_id, type, created_at, accepted_at, duration_seconds)"
        " values ($1, $2, 'audio', '2000-01-01', '2000-01-01', 9)"
        " returning created_at > '2020-01-01' as fresh, *",
        caller, callee,
    )  # fmt: skip
    assert (row["fresh"], row["accepted_at"], row["duration_seconds"]) == (True, None, None)
    row = await world.row(
        "update calls set status = 'failed', ended_at = '2000-01-01', duration_seconds = 9 where id = $1"
        " returning ended_at > '2020-01-01' as fresh, *", row["id"],
    )  # fmt: skip
    assert (row["fresh"], row["duration_seconds"]) == (True, None)
    with pytest.raises(asyncpg.PostgresError, match="never change"):
        await owner.execute("update calls set callee_id = $2 where id = $1", row["id"], await world.user())


async def test_from_ringing_to_ended_with_its_duration(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    started = await start(world, caller, callee, "video")
    call, join = started["call"], started["join"]
    assert (call["status"], join["identity"], join["role"]) == ("ringing", caller, "party")
    assert (join["room"], join["can_publish_sources"]) == (call["livekit_room"], ["camera", "microphone"])
    accepted = await answer(world, callee, call["id"])
    assert (accepted["call"]["status"], accepted["join"]["identity"]) == ("accepted", callee)
    assert but_now(await answer(world, callee, call["id"])) == but_now(accepted)
    for party in (caller, callee):
        again = await world.service("select public.call_token($1, $2)", party, call["id"])
        assert again["join"]["identity"] == party
    await age(world, call["id"], "accepted_at", 90.5)
    ended = await end(world, caller, call["id"])
    assert (ended["call"]["status"], ended["call"]["end_reason"], ended["join"]) == ("ended", "caller", None)
    assert ended["call"]["duration_seconds"] in (90, 91)
    assert await end(world, callee, call["id"]) == ended
    assert (
        await hint_of(world.service("select public.call_token($1, $2)", caller, call["id"]))
        == "call_not_active"
    )


async def test_before_the_answer_a_call_is_declined_or_cancelled(world: World) -> None:
    call, caller, callee = await ringing(world)
    assert await hint_of(answer(world, caller, call)) == "callee_only"
    assert await hint_of(world.service("select public.call_token($1, $2)", callee, call)) == "call_not_active"
    declined = await answer(world, callee, call, accept=False)
    assert (declined["call"]["status"], declined["call"]["duration_seconds"], declined["join"]) == (
        "declined",
        None,
        None,
    )
    assert await hint_of(answer(world, callee, call)) == "call_not_ringing"
    for who in (0, 1):
        call, *parties = await ringing(world)
        assert (await end(world, parties[who], call))["call"]["status"] == "cancelled"
        assert await hint_of(answer(world, parties[1], call)) == "call_not_ringing"


async def test_a_caller_who_loses_the_network_while_it_rings_comes_back(world: World) -> None:
    call, caller, _ = await ringing(world)
    again = await world.service("select public.call_token($1, $2)", caller, call)
    assert (again["join"]["identity"], again["call"]["status"]) == (caller, "ringing")
    await end(world, caller, call)
    refused = world.service("select public.call_token($1, $2)", caller, call)
    assert await hint_of(refused) == "call_not_active"


async def test_of_two_devices_the_first_that_answers_is_in_the_call(world: World) -> None:
    call, _, callee = await ringing(world)
    accept = "select public.call_answer($1, $2, true, $3)"
    first = await world.service(accept, callee, call, "phone")
    assert await hint_of(world.service(accept, callee, call, "tablet")) == "answered_elsewhere"
    assert but_now(await world.service(accept, callee, call, "phone")) == but_now(first)
    call, _, callee = await ringing(world)
    one, two = await world.connect(), await world.connect()
    answers = await asyncio.gather(
        one.fetchval(accept, callee, call, "phone"),
        two.fetchval(accept, callee, call, "tablet"),
        return_exceptions=True,
    )
    assert sorted(getattr(reply, "hint", "in") for reply in answers) == ["answered_elsewhere", "in"]


async def test_two_who_call_each_other_are_in_one_call(world: World) -> None:
    a, b = await world.user(), await world.user()
    first = await start(world, a, b, "video")
    second = await start(world, b, a, "audio")
    assert second["call"]["id"] == first["call"]["id"]
    assert (second["call"]["status"], second["join"]["identity"]) == ("accepted", b)
    assert await world.value("select count(*) from calls where caller_id = any($1)", [a, b]) == 1
    assert await hint_of(start(world, a, b)) == "already_in_call"


async def test_an_audio_call_has_no_camera_before_both_want_it(world: World) -> None:
    upgrade = "select public.call_upgrade($1, $2, $3)"
    caller, callee = await world.user(), await world.user()
    started = await start(world, caller, callee, "audio")
    call, room = started["call"]["id"], started["call"]["livekit_room"]
    assert started["join"]["can_publish_sources"] == ["microphone"]
    assert await hint_of(world.service(upgrade, caller, call, True)) == "call_not_active"
    assert (await answer(world, callee, call))["join"]["can_publish_sources"] == ["microphone"]
    claim = await world.claim(room)
    assert {person["sound_only"] for person in claim["snapshot"]["people"]} == {True}
    for _ in range(2):  # who asks twice has not agreed to it twice
        wanted = (await world.service(upgrade, caller, call, True))["call"]
        assert (wanted["type"], wanted["video_wanted_by"]) == ("audio", caller)
    declined = (await world.service(upgrade, callee, call, False))["call"]
    assert (declined["type"], declined["video_wanted_by"]) == ("audio", None)
    await world.service(upgrade, callee, call, True)
    agreed = (await world.service(upgrade, caller, call, True))["call"]
    assert (agreed["type"], agreed["video_wanted_by"]) == ("video", None)
    told = await world.pull(room, claim["epoch"], claim["snapshot"]["cursor"])
    assert {person["sound_only"] for person in told["people"]} == {False}
    again = await world.service("select public.call_token($1, $2)", callee, call)
    assert again["join"]["can_publish_sources"] == ["camera", "microphone"]
    owner = await world.owner()
    with pytest.raises(asyncpg.PostgresError, match="only from audio to video"):
        await owner.execute("update calls set type = 'audio' where id = $1", call)
    await end(world, caller, call)
    assert await hint_of(world.service(upgrade, caller, call, True)) == "call_not_active"
    assert await hint_of(world.service(upgrade, await world.user(), call, True)) == "unknown_call"


async def test_strangers_know_of_no_call(world: World) -> None:
    call, _, _ = await ringing(world)
    stranger = await world.user()
    for refused in (answer(world, stranger, call), end(world, stranger, call),
                    world.service("select public.call_token($1, $2)", stranger, call)):  # fmt: skip
        assert await hint_of(refused) == "unknown_call"


async def test_busy_both_ways_until_the_call_is_over(world: World) -> None:
    call, caller, callee = await ringing(world)
    await answer(world, callee, call)
    third = await world.user()
    for busy in (caller, callee):
        assert await hint_of(start(world, third, busy)) == "callee_busy"
        assert await hint_of(start(world, busy, third)) == "already_in_call"
    await end(world, caller, call)
    assert (await start(world, third, callee))["call"]["status"] == "ringing"


async def test_ringing_occupies_no_line(world: World) -> None:
    first, caller, callee = await ringing(world)
    friend, other = await world.user(), await world.user()
    second = (await start(world, friend, callee))["call"]["id"]
    own = (await start(world, callee, other))["call"]["id"]
    assert (await answer(world, callee, second))["call"]["status"] == "accepted"
    assert await world.value("select status from calls where id = $1", own) == "cancelled"
    assert await hint_of(answer(world, callee, first)) == "already_in_call"
    assert await hint_of(start(world, other, callee)) == "callee_busy"
    assert await world.value("select status from calls where id = $1", first) == "ringing"
    await end(world, callee, second)
    assert (await answer(world, callee, first))["call"]["status"] == "accepted"
    assert await hint_of(start(world, caller, other)) == "already_in_call"


async def test_one_who_answers_while_they_ring_somebody_is_in_one_call_in_any_race(world: World) -> None:
    a, b, c = await world.user(), await world.user(), await world.user()
    to_a, from_a = (await start(world, c, a))["call"]["id"], (await start(world, a, b))["call"]["id"]
    one, two = await world.connect(), await world.connect()
    sql = "select public.call_answer($1, $2, true)"
    answers = await asyncio.gather(
        one.fetchval(sql, a, to_a), two.fetchval(sql, b, from_a), return_exceptions=True
    )
    hints = [getattr(reply, "hint", "accepted") for reply in answers]
    assert sorted(hints) in (["accepted", "already_in_call"], ["accepted", "call_not_ringing"])
    states = {
        row["status"]
        for row in await world.rows("select status from calls where id = any($1)", [to_a, from_a])
    }
    assert states in ({"accepted", "cancelled"}, {"accepted", "ringing"})


async def test_on_air_is_busy_where_the_setting_says_so(world: World) -> None:
    scene, caller = await world.live(), await world.user()
    speaker, listener = await world.seat(scene, "speaker"), await world.seat(scene, "listener")
    await world.value("update live_participants set is_online = true where session_id = $1", scene.id)
    await world.value("update app_settings set value = 'true' where key = 'calls.busy_on_air'")
    try:
        assert await hint_of(start(world, caller, speaker)) == "callee_busy"
        call = (await start(world, caller, listener))["call"]["id"]
        await end(world, caller, call)
    finally:
        await world.value("update app_settings set value = 'false' where key = 'calls.busy_on_air'")
    assert (await start(world, caller, speaker))["call"]["status"] == "ringing"


async def at_once(world: World, pairs: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Start calls all at the same time: the status or the hint of each, and the ids of those that went well."""
    connections = [await world.connect() for _ in pairs]
    answers = await asyncio.gather(
        *(
            connection.fetchval("select public.call_start($1, $2, 'audio')", *pair)
            for connection, pair in zip(connections, pairs, strict=True)
        ),
        return_exceptions=True,
    )
    calls = [reply["call"] for reply in answers if not isinstance(reply, BaseException)]
    refused = [getattr(reply, "hint", None) for reply in answers if isinstance(reply, BaseException)]
    return [*(call["status"] for call in calls), *refused], [call["id"] for call in calls]


async def test_of_one_persons_calls_that_collide_exactly_one_rings(world: World) -> None:
    caller = await world.user()
    outcomes, _ = await at_once(world, [(caller, await world.user()) for _ in range(6)])
    assert sorted(outcomes) == ["already_in_call"] * 5 + ["ringing"]


async def test_of_calls_to_each_other_that_collide_one_call_is_made(world: World) -> None:
    a, b = await world.user(), await world.user()
    outcomes, ids = await at_once(world, [(a, b), (b, a)] * 3)
    assert (outcomes.count("ringing"), outcomes.count("accepted"), len(set(ids))) == (1, 1, 1)
    assert set(outcomes) == {"ringing", "accepted", "already_in_call"}
    assert await world.value("select count(*) from calls where caller_id = any($1)", [a, b]) == 1


async def test_a_call_is_refused_where_it_does_not_belong(world: World) -> None:
    caller, callee, suspended = await world.user(), await world.user(), await world.user()
    await world.value("insert into live_bans (user_id, scope) values ($1, 'platform')", suspended)
    nobody = await world.user(anonymous=True)
    for arguments, hint in (
        ((caller, caller), "self_call"),
        ((caller, "00000000-0000-0000-0000-000000000000"), "unknown_user"),
        ((caller, nobody), "unknown_user"),
        ((caller, suspended), "callee_unavailable"),
        ((suspended, callee), "banned"),
        ((nobody, callee), "account_required"),
        ((caller, callee, "hologram"), "invalid_type"),
    ):
        assert await hint_of(start(world, *arguments)) == hint, hint
    await world.value("update app_settings set value = 'false' where key = 'calls.enabled'")
    try:
        assert await hint_of(start(world, caller, callee)) == "calls_disabled"
    finally:
        await world.value("update app_settings set value = 'true' where key = 'calls.enabled'")


async def test_calls_are_bounded_per_minute(world: World) -> None:
    caller, callee = await world.user(), await world.user()

    async def call() -> None:
        await end(world, caller, (await start(world, caller, callee))["call"]["id"])

    assert await world.until_limited(call, at_most=12) >= 6


async def test_one_person_is_not_rung_by_another_for_ever(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    limit = int(
        (await world.value("select value from app_settings where key = 'limits'"))["calls_per_pair_per_hour"]
    )
    await world.value("alter table calls disable trigger calls_begin")
    try:
        await world.value(
            "insert into calls (caller_id, callee_id, type, status, created_at)"
            " select $1, $2, 'audio', 'declined', now() - interval '30 minutes' from generate_series(1, $3::int)",
            caller, callee, limit,
        )  # fmt: skip
    finally:
        await world.value("alter table calls enable trigger calls_begin")
    assert await hint_of(start(world, caller, callee)) == "rate_limited"
    assert (await start(world, caller, await world.user()))["call"]["status"] == "ringing"


async def age(world: World, call: str, column: str, seconds: float) -> None:
    """Move one of a call's times into the past, which no statement can while the trigger is on."""
    await world.value("alter table calls disable trigger calls_step")
    await world.value(
        f"update calls set {column} = now() - make_interval(secs => $2) where id = $1",  # noqa: S608
        call, seconds,
    )  # fmt: skip
    await world.value("alter table calls enable trigger calls_step")


async def test_a_call_nobody_answers_is_missed_and_holds_nobody_up(world: World) -> None:
    call, _, callee = await ringing(world)
    await age(world, call, "ringing_at", 31)
    assert await hint_of(answer(world, callee, call)) == "call_not_ringing"
    assert (await start(world, await world.user(), callee))["call"]["status"] == "ringing"
    assert await world.value("select status from calls where id = $1", call) == "missed"

    call, _, _ = await ringing(world)
    await age(world, call, "ringing_at", 31)
    await world.service("select public.platform_sweep()")
    row = await world.row("select status, end_reason, duration_seconds from calls where id = $1", call)
    assert tuple(row.values()) == ("missed", "no_answer", None)


async def visit(world: World, call: str, user: str, stay: str, *, left: str | None) -> None:
    """Put a visit of `stay` seconds before now, ended `left` seconds before now."""
    await world.value(
        "insert into live_visits"
        " (participant_sid, call_id, user_id, joined_at, join_reported_at, webhook_left_at)"
        " values ('PA_' || gen_random_uuid(), $1, $2, now(),"
        " now() - $3::text::interval, now() - $4::text::interval)",
        call, user, stay, left,
    )  # fmt: skip


async def accepted_ago(world: World, seconds: int) -> tuple[str, str, str]:
    call, caller, callee = await ringing(world)
    await answer(world, callee, call)
    await age(world, call, "accepted_at", seconds)
    return call, caller, callee


async def test_a_call_both_sides_vanished_from_ended_when_the_second_left(world: World) -> None:
    call, caller, callee = await accepted_ago(world, 300)
    await visit(world, call, caller, "300 s", left="200 s")
    await visit(world, call, callee, "300 s", left="100 s")
    await world.service("select public.platform_sweep()")
    row = await world.row("select status, end_reason, duration_seconds from calls where id = $1", call)
    assert (row["status"], row["end_reason"]) == ("ended", "both_left")
    assert row["duration_seconds"] in (199, 200, 201)


async def ended_alone(world: World, call: str) -> tuple[str, str, int]:
    await world.service("select public.platform_sweep()")
    row = await world.row("select status, end_reason, duration_seconds from calls where id = $1", call)
    return row["status"], row["end_reason"], row["duration_seconds"]


async def test_a_call_with_one_dead_side_ends_and_lasted_as_long_as_both_were_there(world: World) -> None:
    call, caller, callee = await accepted_ago(world, 300)
    await visit(world, call, caller, "300 s", left="250 s")
    await visit(world, call, caller, "240 s", left="40 s")
    await visit(world, call, callee, "299 s", left=None)
    status, reason, seconds = await ended_alone(world, call)
    assert (status, reason) == ("ended", "alone")
    assert seconds in (259, 260, 261)
    engaged = await world.value("select count(*) from call_engagements where call_id = $1", call)
    assert engaged == 0


async def test_a_call_that_one_side_never_came_to_lasted_no_time(world: World) -> None:
    call, _, callee = await accepted_ago(world, 40)
    await visit(world, call, callee, "39 s", left=None)
    assert await ended_alone(world, call) == ("ended", "alone", 0)


async def test_who_waits_less_than_the_setting_waits_on(world: World) -> None:
    call, caller, callee = await accepted_ago(world, 300)
    await visit(world, call, caller, "300 s", left="20 s")
    await visit(world, call, callee, "300 s", left=None)
    back, *sides = await accepted_ago(world, 300)
    await visit(world, back, sides[0], "300 s", left="100 s")
    await visit(world, back, sides[0], "90 s", left=None)
    await visit(world, back, sides[1], "300 s", left=None)
    late, *parties = await accepted_ago(world, 300)  # who came back just now has not waited yet
    await visit(world, late, parties[0], "300 s", left="100 s")
    await visit(world, late, parties[1], "300 s", left="99 s")
    await visit(world, late, parties[1], "10 s", left=None)
    for one in (call, back, late):
        assert (await ended_alone(world, one))[0] == "accepted"
    await world.value("update app_settings set value = '10' where key = 'calls.alone_seconds'")
    try:
        assert (await ended_alone(world, call))[1] == "alone"
    finally:
        await world.value("update app_settings set value = '30' where key = 'calls.alone_seconds'")


async def test_a_call_goes_on_while_someone_may_come_back(world: World) -> None:
    soon, *parties = await accepted_ago(world, 300)
    await visit(world, soon, parties[0], "300 s", left="5 s")
    fresh, _, _ = await accepted_ago(world, 2)
    await world.service("select public.platform_sweep()")
    states = await world.rows("select status from calls where id = any($1)", [soon, fresh])
    assert {row["status"] for row in states} == {"accepted"}


async def test_a_call_that_nobody_ever_joined_failed(world: World) -> None:
    call, _, _ = await accepted_ago(world, 300)
    await world.service("select public.platform_sweep()")
    assert tuple((await world.row("select status, end_reason from calls where id = $1", call)).values()) == (
        "failed",
        "nobody_joined",
    )
