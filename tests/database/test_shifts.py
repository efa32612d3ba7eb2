"""What one finds at the change of shifts, and how quickly and how lastingly operators act."""

import pytest

from tests.database.world import Refused, World

OVERVIEW = "select public.shift_overview($1)"
MEASURES = "select public.operator_measures(now() - interval '1 day', now() + interval '1 hour')"


async def test_a_shift_begins_where_ones_last_hand_over_ended(world: World) -> None:
    scene, one, other = await world.live(), await world.user(ops=True), await world.user(ops=True)
    target = await world.seat(scene, "speaker")
    await world.ask(other, "chat_mute", scene, target)
    await world.as_user(one, "select public.hand_over('Watch the host of the night room.')")
    await world.ask(other, "mute", scene, target)
    mine = await world.as_user(one, OVERVIEW, None)
    assert mine["since"] == mine["left_at"]
    assert [(act["action"], act["via"], act["times"]) for act in mine["acts"]] == [("mute", "ops", 1)]
    theirs = await world.as_user(other, OVERVIEW, None)
    assert theirs["left_at"] is None
    assert theirs["notes"][0]["body"] == "Watch the host of the night room."
    assert theirs["notes"][0]["author"]["id"] == one


async def test_open_cases_are_counted_but_for_ones_own(world: World) -> None:
    scene, ops, about = await world.live(), await world.user(ops=True), await world.user(ops=True)
    before = (await world.as_user(ops, OVERVIEW, None))["cases"]
    await world.value(
        "insert into moderation_cases (session_id, user_id, severity, source) values ($1, $2, 'critical', 'report')",
        scene.id, about,
    )  # fmt: skip
    after = (await world.as_user(ops, OVERVIEW, None))["cases"]
    assert {name: after[name] - before[name] for name in after} == {
        "opened": 1, "resolved": 0, "open": 1, "critical": 1, "unclaimed": 1,
    }  # fmt: skip
    assert (await world.as_user(about, OVERVIEW, None))["cases"]["open"] == before["open"]


async def test_reversals_count_what_others_undid_and_not_what_one_took_back(world: World) -> None:
    scene, one, other = await world.live(), await world.user(ops=True), await world.user(lead=True)
    targets = [await world.seat(scene, "listener") for _ in range(3)]
    for target in targets:
        await world.ask(one, "chat_mute", scene, target)
    await world.ask(other, "chat_unmute", scene, targets[0])
    await world.ask(one, "chat_unmute", scene, targets[1])
    rows = await world.as_user(other, MEASURES)
    mine = next(row for row in rows if row["card"]["id"] == one)
    assert {name: mine[name] for name in ("took", "reversed", "taken_back", "acts", "ops")} == {
        "took": 3, "reversed": 1, "taken_back": 1, "acts": 4, "ops": True,
    }  # fmt: skip


async def test_who_does_not_lead_sees_how_they_act_themselves_and_nobody_else(world: World) -> None:
    scene, one = await world.live(), await world.user(ops=True)
    other, lead = await world.user(ops=True), await world.user(lead=True)
    for who in (one, other):
        await world.ask(who, "chat_mute", scene, await world.seat(scene, "listener"))
        await world.service("select public.ops_listen($1, $2, 'A report')", who, scene.id)
    digest = "select public.listening_digest()"
    judges = "select public.moderation_measures(now() - interval '1 h', now() + interval '1 m')"
    for asks, team in ((one, {one}), (lead, {one, other})):
        seen = {row["card"]["id"] for row in await world.as_user(asks, MEASURES)}
        listened = {row["user_id"] for row in await world.as_user(asks, digest)}
        judged = {row["judge"] for row in (await world.as_user(asks, judges))["judges"] if not row["rule"]}
        for people in (seen, listened, judged):
            assert team <= people
            assert asks == lead or people == {one}


async def test_the_response_is_from_a_cases_opening_to_the_operators_first_act_in_it(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    target = await world.seat(scene, "listener")
    await world.value(
        "insert into moderation_cases (session_id, user_id, severity, source, opened_at)"
        " values ($1, $2, 'warning', 'report', now() - interval '90 seconds')", scene.id, target,
    )  # fmt: skip
    await world.ask(ops, "mute", scene, target)
    rows = await world.as_user(ops, MEASURES)
    mine = next(row for row in rows if row["card"]["id"] == ops)
    assert mine["response_seconds_p50"] == pytest.approx(90, abs=15)


async def test_none_of_it_is_for_others(world: World) -> None:
    scene = await world.live()
    for sql, args in ((OVERVIEW, (None,)), (MEASURES, ()), ("select public.hand_over('x')", ())):
        with pytest.raises(Refused) as refused:
            await world.as_user(scene.creator, sql, *args)
        assert refused.value.hint == "ops_only"


async def test_a_switch_that_server_code_turned_has_nobody_beside_it(world: World) -> None:
    ops = await world.user(ops=True)
    await world.service(
        "update public.app_settings set value = to_jsonb(31) where key = 'calls.ring_seconds' returning 1"
    )
    settings = (await world.as_user(ops, OVERVIEW, None))["settings"]
    assert (settings[0]["key"], settings[0]["by"]) == ("calls.ring_seconds", None)
