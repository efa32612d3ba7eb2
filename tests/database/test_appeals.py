"""Appeals: the person concerned is told why, may answer once, and somebody else decides."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.database.test_cases import RESOLVE, case_of, joined, refusal, report, whole
from tests.database.world import Json, Scene, World

ACT = (
    "insert into moderation_actions (session_id, target_user_id, action, params, reason)"
    " values ($1, $2, $3, $4, 'shouting') returning id::text"
)
APPEAL = "select public.appeal($1::uuid, $2)"
DECIDE = "select public.decide_appeal($1::uuid, $2, $3)"
CONFIRM = "select public.confirm_ban($1::uuid)"
CONFIRMED_BY = "select confirmed_by from moderation_actions where id = $1::uuid"
DECISIONS = "select public.my_decisions()"


async def act(
    world: World, by: str, scene: Scene | None, person: str, action: str, params: Json = None
) -> str:
    return str(await world.as_user(by, ACT, scene.id if scene else None, person, action, params or {}))


async def appealed(world: World, person: str, action: str) -> str:
    return str((await world.as_user(person, APPEAL, action, "It was the neighbour's drill."))["appeal_id"])


async def test_a_person_reads_what_was_decided_and_why(world: World) -> None:
    scene = await world.live()
    ops = await world.user(ops=True)
    person = await joined(world, scene, role="speaker")
    await report(world, await joined(world, scene), person, scene)
    mute = await act(world, ops, scene, person, "mute", {"seconds": 600})
    await world.as_user(ops, RESOLVE, str((await case_of(world, person))["id"]), "violation", "noise")
    [statement] = await world.as_user(person, DECISIONS)
    assert (statement["action_id"], statement["action"], statement["seconds"]) == (mute, "mute", 600)
    assert statement["decided_by"] == "platform"
    assert statement["reason"] == "shouting"
    assert statement["reason_code"] == "noise"
    assert statement["text_tr"].startswith("Ses")
    assert statement["may_appeal"] is True
    assert ops not in str(statement), "who of ops decided is nobody's business"
    assert await world.as_user(await world.user(), DECISIONS) == []


async def test_a_rules_verdict_comes_with_its_facts(world: World) -> None:
    scene = await world.live()
    person = await joined(world, scene, role="speaker")
    mute = str(
        await world.service(
            "insert into moderation_actions (session_id, target_user_id, action, requested_via)"
            " values ($1, $2, 'mute', 'auto') returning id::text",
            scene.id,
            person,
        )
    )
    await world.value(
        "insert into moderation_incidents (session_id, user_id, rule, severity, measured, started_at, ended_at,"
        " strikes, action_id) values ($1, $2, 'too_loud', 'warning', '{\"lufs\": -8.1}', now(), now(), 2, $3)",
        scene.id, person, mute,
    )  # fmt: skip
    [statement] = await world.as_user(person, DECISIONS)
    assert (statement["decided_by"], statement["rule"]) == ("rule", "too_loud")
    assert statement["facts"]["lufs"] == -8.1


async def test_a_role_is_a_decision_only_on_the_way_down(world: World) -> None:
    scene = await world.live()
    person = await joined(world, scene)
    await world.as_user(person, "select public.raise_hand($1::uuid)", scene.id)
    await act(world, scene.creator, scene, person, "set_role", {"role": "speaker"})
    assert await world.as_user(person, DECISIONS) == []
    down = await act(world, scene.creator, scene, person, "set_role", {"role": "listener"})
    assert [s["action_id"] for s in await world.as_user(person, DECISIONS)] == [down]


async def test_one_appeals_once_and_only_ones_own(world: World) -> None:
    scene = await world.live()
    person, other = await joined(world, scene, role="speaker"), await joined(world, scene)
    mute = await act(world, scene.creator, scene, person, "mute")
    assert await refusal(world, other, APPEAL, mute, "let them") == "unknown_action"
    assert await refusal(world, person, APPEAL, mute, "  ") == "invalid_text"
    await appealed(world, person, mute)
    assert await refusal(world, person, APPEAL, mute, "again") == "already_appealed"
    unmute = await act(world, scene.creator, scene, person, "unmute")
    assert await refusal(world, person, APPEAL, unmute, "why") == "not_appealable"


async def test_another_operator_decides_and_lifting_undoes_and_forgives(world: World) -> None:
    scene = await world.live()
    judge, second = await world.user(ops=True), await world.user(ops=True)
    person = await joined(world, scene, role="speaker")
    mute = await act(world, judge, scene, person, "mute")
    await world.value(
        "insert into moderation_incidents (session_id, user_id, rule, severity, started_at, ended_at, strikes,"
        " action_id) values ($1, $2, 'too_loud', 'warning', now(), now(), 2, $3)",
        scene.id, person, mute,
    )  # fmt: skip
    appeal = await appealed(world, person, mute)
    assert await refusal(world, judge, DECIDE, appeal, "upheld", None) == "own_decision"
    assert await refusal(world, person, DECIDE, appeal, "lifted", None) == "ops_only"
    inbox = await whole(world, second, "select public.appeal_inbox(200, $1)")
    assert [a["own_decision"] for a in inbox if a["id"] == appeal] == [False]
    decided = await world.as_user(second, DECIDE, appeal, "lifted", "We heard it again.")
    assert await world.value(
        "select action from moderation_actions where id = $1::uuid", decided["undone_by"]
    ) == "unmute"  # fmt: skip
    assert await world.value(
        "select mic_muted from live_participants where session_id = $1 and user_id = $2", scene.id, person
    ) is False  # fmt: skip
    assert await world.value("select strikes from moderation_incidents where action_id = $1::uuid", mute) == 0
    assert await refusal(world, second, DECIDE, appeal, "upheld", None) == "appeal_decided"
    news = await world.rows(
        "select event, payload ->> 'decision' as decision from realtime.messages where topic = $1",
        f"live:user:{person}",
    )
    assert {"event": "appeal", "decision": "lifted"} in news
    [statement] = [s for s in await world.as_user(person, DECISIONS) if s["action_id"] == mute]
    assert statement["appeal"]["decision"] == "lifted"
    assert statement["appeal"]["answer"] == "We heard it again."
    assert second not in str(statement)


async def test_who_is_banned_from_the_platform_can_still_appeal(world: World) -> None:
    judge, second = await world.user(ops=True), await world.user(ops=True)
    person = await world.user()
    ban = await act(world, judge, None, person, "ban", {"scope": "platform"})
    appeal = await appealed(world, person, ban)
    await world.as_user(second, DECIDE, appeal, "lifted", None)
    assert await world.value("select live.standing_ban($1::uuid, null, null) is null", person)


async def test_a_ban_of_a_room_that_is_over_is_lifted_too(world: World) -> None:
    scene = await world.live()
    person = await joined(world, scene)
    ban = await act(world, scene.creator, scene, person, "ban", {"scope": "creator"})
    await world.value("update live_sessions set status = 'ended' where id = $1", scene.id)
    appeal = await appealed(world, person, ban)
    await world.as_user(await world.user(ops=True), DECIDE, appeal, "lifted", None)
    assert await world.value(
        "select lifted_at is not null from live_bans where user_id = $1 and scope = 'creator'", person
    )


async def test_a_long_platform_ban_waits_for_a_second_person(world: World) -> None:
    judge, second = await world.user(ops=True), await world.user(ops=True)
    person = await world.user()
    action = await act(world, judge, None, person, "ban", {"scope": "platform"})
    ban = await world.row(
        "select id::text, expires_at - created_at as acts, wanted_until = 'infinity' as for_ever"
        " from live_bans where user_id = $1",
        person,
    )
    assert (ban["acts"].days, ban["for_ever"]) in ((30, True), (29, True))
    assert await refusal(world, judge, CONFIRM, ban["id"]) == "own_decision"
    assert await refusal(world, person, CONFIRM, ban["id"]) == "ops_only"
    assert (await world.as_user(second, CONFIRM, ban["id"]))["expires_at"] is None
    assert await world.value("select expires_at from live_bans where id = $1::uuid", ban["id"]) is None
    assert str(await world.value(CONFIRMED_BY, action)) == second
    assert await refusal(world, second, CONFIRM, ban["id"]) == "nothing_to_confirm"


@asynccontextmanager
async def no_other_ops_than(world: World, *ops: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the first of them, while there is nobody else of ops; then all is as it was."""
    connection = await world.owner()
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("delete from live_ops where user_id <> all ($1::uuid[])", list(ops))
        claims = json.dumps({"role": "authenticated", "sub": ops[0]})
        await connection.execute("select set_config('request.jwt.claims', $1, true)", claims)
        yield connection
    finally:
        await transaction.rollback()


async def test_where_nobody_else_may_decide_the_same_operator_does_and_it_is_on_record(world: World) -> None:
    scene, judge, other = await world.live(), await world.user(ops=True), await world.user(ops=True)
    person = await joined(world, scene, role="speaker")
    await world.seat(scene, "speaker", user=other)
    appeals = {
        who: await appealed(world, who, await act(world, judge, scene, who, "mute"))
        for who in (person, other)
    }
    alone = "select decided_alone from moderation_appeals where id = $1::uuid"
    # The only other one is whom it is about, and judges it as little.
    for who, ops in ((person, [judge]), (other, [judge, other])):
        assert await refusal(world, judge, DECIDE, appeals[who], "lifted", None) == "own_decision"
        async with no_other_ops_than(world, *ops) as connection:
            await connection.fetchval(DECIDE, appeals[who], "lifted", None)
            assert await connection.fetchval(alone, appeals[who]) is True


async def test_a_long_ban_is_confirmed_alone_where_there_is_one_operator_and_that_is_on_record(
    world: World,
) -> None:
    judge, person = await world.user(ops=True), await world.user()
    action = await act(world, judge, None, person, "ban", {"scope": "platform"})
    ban = await world.value("select id::text from live_bans where user_id = $1", person)
    async with no_other_ops_than(world, judge) as connection:
        await connection.fetchval(CONFIRM, ban)
        assert str(await connection.fetchval(CONFIRMED_BY, action)) == judge
    assert await world.value(CONFIRMED_BY, action) is None


@pytest.mark.parametrize("seconds", [3600, 29 * 86400])
async def test_a_shorter_ban_needs_nobody_else(world: World, seconds: int) -> None:
    person = await world.user()
    await act(
        world, await world.user(ops=True), None, person, "ban", {"scope": "platform", "seconds": seconds}
    )
    assert await world.value("select wanted_until from live_bans where user_id = $1", person) is None


async def test_the_measures_count_decisions_appeals_and_reversals(world: World) -> None:
    scene = await world.live()
    judge, second = await world.user(ops=True), await world.user(lead=True)
    for decision in ("lifted", "upheld", None):
        person = await joined(world, scene, role="speaker")
        mute = await act(world, judge, scene, person, "mute")
        if decision:
            await world.as_user(second, DECIDE, await appealed(world, person, mute), decision, None)
    measures = await world.as_user(
        second, "select public.moderation_measures(now() - interval '1 h', now() + interval '1 m')"
    )
    [mine] = [j for j in measures["judges"] if j["judge"] == judge]
    assert (mine["decisions"], mine["appealed"], mine["lifted"], mine["upheld_share"]) == (3, 2, 1, 0.5)
    assert mine["reversed"] == 1


async def test_the_measures_say_how_soon_a_rule_and_a_moderator_act_and_what_others_undid(
    world: World,
) -> None:
    begun = await world.value("select clock_timestamp()")
    scene, judge, lead = await world.live(), await world.user(ops=True), await world.user(lead=True)
    people = [await joined(world, scene, role="speaker") for _ in range(2)]
    for person, waited in zip(people, (10, 30), strict=True):
        await report(world, await joined(world, scene), person, scene)
        await world.value(
            "update moderation_cases set opened_at = now() - make_interval(secs => $2) where user_id = $1",
            person, waited,
        )  # fmt: skip
        await act(world, judge, scene, person, "mute")
    await act(world, judge, scene, people[1], "kick")  # not the first in its case
    await act(world, lead, scene, people[0], "unmute")
    for waited in (4, 6):
        person = await joined(world, scene, role="speaker")
        automatic = await world.value(
            "insert into moderation_actions (session_id, target_user_id, action, requested_via)"
            " values ($1, $2, 'mute', 'auto') returning id",
            scene.id, person,
        )  # fmt: skip
        await world.value(
            "insert into moderation_incidents (session_id, user_id, rule, severity, started_at, ended_at,"
            " strikes, action_id) values ($1, $2, 'scream', 'warning', now() - make_interval(secs => $4),"
            " now(), 2, $3)",
            scene.id, person, automatic, waited,
        )  # fmt: skip
    measures = await world.as_user(lead, "select public.moderation_measures($1, clock_timestamp())", begun)
    judges = {j["judge"]: j for j in measures["judges"]}
    assert (judges[judge]["decisions"], judges[judge]["reversed"]) == (3, 1)
    assert judges[judge]["seconds_to_first_act_p50"] == pytest.approx(20.0, abs=2.0)
    assert (judges["scream"]["rule"], judges["scream"]["decisions"], judges["scream"]["reversed"]) == (
        True,
        2,
        0,
    )
    assert judges["scream"]["seconds_to_first_act_p50"] == pytest.approx(5.0, abs=1.0)
