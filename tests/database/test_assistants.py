"""What assistants rely on: their mark, the audit of the switches, and the two questions that only ops may ask."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.database.world import Json, Refused, World

ASK = """
    insert into moderation_actions (session_id, target_user_id, action)
    values ($1, $2, 'camera_off') returning requested_via
"""


@asynccontextmanager
async def through_assistant(world: World, user: str) -> AsyncIterator[asyncpg.Connection]:
    """Act as PostgREST does for a request that carries the assistant's header."""
    async with world.acting("authenticated", user) as connection:
        headers = json.dumps({"x-live-via": "assistant", "user-agent": "test"})
        await connection.execute("select set_config('request.headers', $1, true)", headers)
        yield connection


async def test_ops_who_act_through_an_assistant_are_recorded_so(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    target = await world.seat(scene, "listener")
    async with through_assistant(world, ops) as connection:
        assert await connection.fetchval(ASK, scene.id, target) == "assistant"
    assert await world.as_user(ops, ASK, scene.id, target) == "ops"


async def test_the_mark_is_no_way_round_an_app_users_limits(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "listener")
    async with through_assistant(world, scene.creator) as connection:
        assert await connection.fetchval(ASK, scene.id, target) == "app"
    with pytest.raises(Refused) as refused:
        async with through_assistant(world, target) as connection:
            await connection.fetchval(ASK, scene.id, scene.creator)
    assert refused.value.hint == "not_allowed"


async def test_every_change_of_a_setting_is_kept_with_who_made_it(world: World) -> None:
    ops = await world.user(ops=True)
    turn = "update app_settings set value = to_jsonb(not value::boolean) where key = 'calls.enabled'"
    async with through_assistant(world, ops) as connection:
        await connection.execute(turn)
    await world.as_user(ops, turn)
    await world.as_user(ops, "update app_settings set value = value where key = 'calls.enabled'")
    kept = await world.rows(
        "select before, after, requested_via from app_setting_changes where requested_by = $1 order by n", ops
    )
    assert [row["requested_via"] for row in kept] == ["assistant", "ops"]
    assert [row["before"] for row in kept] == [row["after"] for row in reversed(kept)] == [True, False]


async def explained(world: World, asker: str, session: str, user: str) -> Json:
    return await world.as_user(asker, "select public.explain_access($1, $2)", session, user)


async def test_ops_learn_why_somebody_may_not_enter(world: World) -> None:
    scene, ops, viewer = (
        await world.live(access="pay_per_view"),
        await world.user(ops=True),
        await world.user(),
    )
    found = await explained(world, ops, scene.id, viewer)
    assert (found["allowed"], found["reason"], found["tickets"]) == (False, "ticket_required", [])
    await world.service("select public.credit_coins($1, 100, $2)", viewer, f"receipt-{viewer}")
    await world.as_user(viewer, "select public.buy_ticket($1, 'ticket-0001')", scene.id)
    found = await explained(world, ops, scene.id, viewer)
    assert (found["allowed"], [ticket["coins"] for ticket in found["tickets"]]) == (True, [10])
    await world.ask(ops, "ban", scene, viewer, params={"scope": "session"})
    found = await explained(world, ops, scene.id, viewer)
    assert (found["reason"], found["ban"]["scope"]) == ("banned", "session")
    assert (await explained(world, ops, viewer, viewer))["reason"] == "unknown_session"


async def test_nobody_else_asks_about_other_peoples_access_or_the_schema(world: World) -> None:
    scene, viewer = await world.live(), await world.user()
    for ask in (
        explained(world, scene.creator, scene.id, viewer),
        world.as_user(scene.creator, "select public.live_schema()"),
    ):
        with pytest.raises(Refused) as refused:
            await ask
        assert refused.value.hint == "ops_only"


async def test_the_schema_tells_a_renamed_column_by_both_its_names(world: World) -> None:
    ops, owner = await world.user(ops=True), await world.owner()
    whole = await world.as_user(ops, "select public.live_schema()")
    assert (whole["ok"], whole["missing"], whole["unexpected"]) == (True, [], [])
    sessions = next(table for table in whole["tables"] if table["name"] == "live_sessions")
    assert {"name": "title", "type": "text"} in sessions["columns"]
    assert any(policy["name"] == "hosts rename their session" for policy in sessions["policies"])
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("alter table live_sessions rename column title to heading")
    await owner.execute("select set_config('request.jwt.claims', $1, true)", '{"role": "service_role"}')
    found = await owner.fetchval("select public.live_schema()")
    await transaction.rollback()
    assert {"kind": "column", "name": "public.live_sessions.title"} in found["missing"]
    assert {"kind": "column", "name": "public.live_sessions.heading"} in found["unexpected"]


async def test_ops_act_in_calls_and_nobody_else_does(world: World) -> None:
    caller, callee, ops = await world.user(), await world.user(), await world.user(ops=True)
    call = (await world.service("select public.call_start($1, $2, 'audio')", caller, callee))["call"]["id"]
    end = (
        "insert into moderation_actions (call_id, action) values ($1, 'end_session') returning requested_via"
    )
    for person in (caller, await world.user()):
        with pytest.raises(Refused) as refused:
            await world.as_user(person, end, call)
        assert refused.value.hint == "not_allowed"
    assert await world.as_user(ops, end, call) == "ops"


async def test_who_one_is_and_what_one_is_in_a_session(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    moderator, viewer, stranger = (
        await world.seat(scene, "moderator"),
        await world.seat(scene, "viewer"),
        await world.user(),
    )

    async def rights(user: str, session: str | None = scene.id) -> tuple[str, bool]:
        told = await world.as_user(user, "select my_rights($1)", session)
        assert told["user_id"] == user
        return told["caller"], told["staff"]

    assert await rights(ops) == ("ops", True)
    assert await rights(scene.creator) == await rights(moderator) == ("user", True)
    assert await rights(viewer) == await rights(stranger) == ("user", False)
    assert await rights(scene.creator, (await world.live()).id) == ("user", False)
    assert await rights(scene.creator, None) == await rights(scene.creator, stranger) == ("user", False)
    assert (await world.service("select my_rights(null)"))["caller"] == "service"
    await world.ask(scene.creator, "ban", scene, moderator, params={"scope": "session"})
    assert await rights(moderator) == ("user", False)
    assert (await rights(await world.user(anonymous=True)))[0] == "anonymous"
    await (await world.owner()).execute("delete from auth.users where id = $1", stranger)
    assert (await rights(stranger))[0] == "banned"  # the account is gone, its token is not
    for other in (scene.creator, ops):
        ban = "insert into live_bans (user_id, scope) values ($1, 'platform')"
        await world.service(ban, other)
        assert (await rights(other))[0] == "banned"


async def test_who_is_kept_out_is_who_has_a_standing_ban(world: World) -> None:
    """The yes or no that every read of ops asks, and the words that a refusal needs, are of the same rule."""
    scene, other = await world.live(), await world.live()
    owner = await world.owner()
    add = """
        insert into live_bans (user_id, scope, session_id, creator_id, expires_at, lifted_at)
        values ($1, $2, $3, $4, {}, {})
    """
    for scope, session, creator in (
        ("platform", None, None),
        ("session", scene.id, None),
        ("session", other.id, None),
        ("creator", None, scene.creator),
    ):
        for expires, lifted in (("null", "null"), ("now() - interval '1 s'", "null"), ("null", "now()")):
            user = await world.user()
            await owner.execute(add.format(expires, lifted), user, scope, session, creator)
            for place in ((None, None), (scene.id, scene.creator), (other.id, other.creator)):
                both = "select live.kept_out($1, $2, $3) = (live.standing_ban($1, $2, $3) is not null)"
                assert await world.value(both, user, *place), (scope, expires, lifted, place)
