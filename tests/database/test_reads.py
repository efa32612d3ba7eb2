"""What reading may cost: circles are refused, reads have a place and a time each, and nothing else is touched."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.database.world import Refused, World

HOME = 'SELECT "live_sessions".* FROM "public"."live_sessions" {more}'
EMBED = 'LEFT JOIN LATERAL ( SELECT 1 FROM "public"."{0}" AS "{0}_1" ) AS "x" ON TRUE'
COUNTED = """
    WITH pgrst_source AS ( SELECT * FROM "public"."live_sessions" {more} ),
         pgrst_source_count AS (SELECT 1 FROM "public"."live_sessions")
    SELECT (SELECT pg_catalog.count(*) FROM pgrst_source_count) AS total_result_set FROM pgrst_source"""
CALLED = """
    WITH pgrst_source AS (SELECT 1), pgrst_source_count AS (SELECT 1 FROM pgrst_source)
    SELECT (SELECT pg_catalog.count(*) FROM pgrst_source_count) FROM "pgrst_source" AS "live_events" {more}"""
OF_THE_APP = """
    create function public.check_request() returns void language plpgsql as $$
    begin
      perform set_config('app.saw', current_user || ' ' || (select count(*) from profiles where false), true);
    end $$"""


@asynccontextmanager
async def request(
    world: World, user: str | None, path: str, method: str = "GET", role: str | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection in a request's transaction, after the function that PostgREST calls before the query."""
    connection = await world.connect()
    role = role or ("authenticated" if user else "anon")
    claims = {"role": role, "sub": user} if user else {"role": role}
    async with connection.transaction():
        settings = {"request.jwt.claims": json.dumps(claims), "request.path": path, "request.method": method}
        for name, value in settings.items():
            await connection.execute("select set_config($1, $2, true)", name, value)
        await connection.execute(f"set local role {role}")
        try:
            await connection.execute("select live.before_request()")
        except asyncpg.PostgresError as error:
            raise Refused(error.sqlstate, getattr(error, "hint", None), error.message) from error  # type: ignore[attr-defined]
        yield connection
    await connection.close()


async def timeout_of(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("show statement_timeout"))


@pytest.mark.parametrize(
    ("query", "too_much"),
    [
        (HOME.format(more=""), False),
        (HOME.format(more=EMBED.format("live_events")), False),
        (HOME.format(more=EMBED.format("live_events") + EMBED.format("live_visits")), False),
        (HOME.format(more=EMBED.format("live_sessions")), True),
        (HOME.format(more="".join(EMBED.format(f"table_{n}") for n in range(6))), True),
        (COUNTED.format(more=EMBED.format("live_events")), False),
        (COUNTED.format(more=EMBED.format("live_sessions")), True),
        (CALLED.format(more=EMBED.format("live_sessions")), False),
        (CALLED.format(more=EMBED.format("live_sessions") * 2), True),
        # A column may be given any name: none of these is a part of the query.
        (HOME.format(more='AS "pgrst_source_count AS" ' + EMBED.format("live_sessions")), True),
        (HOME.format(more='AS "a"" pgrst_source_count AS" ' + EMBED.format("live_sessions")), True),
        (HOME.format(more='AS "FROM ""public"".""live_sessions""" ' + EMBED.format("live_events")), False),
    ],
)
async def test_a_query_that_walks_in_circles_is_known(world: World, query: str, too_much: bool) -> None:
    assert await world.value("select live.embeds_too_much($1)", query) is too_much


async def test_every_table_of_ours_refuses_circles(world: World) -> None:
    open_tables = await world.rows(
        "select relname from pg_class c where relnamespace = 'public'::regnamespace and relrowsecurity"
        " and relname not in ('profiles', 'creator_subscriptions', 'subscriptions')"
        " and not exists (select from pg_policy p where p.polrelid = c.oid and not p.polpermissive"
        "                    and pg_get_expr(p.polqual, c.oid) like '%( SELECT live.may_embed()%')"
    )
    assert open_tables == []


@pytest.mark.parametrize(
    ("path", "method", "bounded"),
    [
        ("/live_sessions", "GET", True),
        ("/live_sessions", "HEAD", True),
        ("/live%5Fsessions", "GET", True),
        ("/%6Cive%5fsessions", "GET", True),
        ("/live_sessions", "PATCH", True),
        ("/watch_time", "GET", True),
        ("/rpc/live_events_since", "POST", True),
        ("/", "GET", True),
        ("/moderation_actions", "POST", False),
        ("/rpc/raise_hand", "POST", False),
        ("/profiles", "GET", False),
        ("/rpc/a_function_of_the_apps", "GET", False),
    ],
)
async def test_reads_of_ours_get_a_short_time_and_nothing_else_does(
    world: World, path: str, method: str, bounded: bool
) -> None:
    user = await world.user()
    async with request(world, user, path, method) as connection:
        assert (await timeout_of(connection) == "1s") is bounded
    async with request(world, user, path, method, role="service_role") as connection:
        assert await timeout_of(connection) != "1s"


async def test_an_operator_bounds_a_path_of_the_apps(world: World) -> None:
    path = "insert into live.api_paths (path, kind) values ('/rpc/graphql', 'reader')"
    owner = await world.owner()
    await owner.execute(path)
    try:
        await owner.execute("select live.remember_paths()")
        async with request(world, await world.user(), "/rpc/graphql", "POST") as connection:
            assert await timeout_of(connection) == "1s"
    finally:
        await owner.execute("delete from live.api_paths where by_hand")


async def test_one_person_cannot_take_every_place(world: World) -> None:
    greedy, other = await world.user(), await world.user()
    async with (
        request(world, greedy, "/live_visits"),
        request(world, greedy, "/live_visits"),
        request(world, greedy, "/live_visits"),
        request(world, greedy, "/live_visits"),
    ):
        with pytest.raises(Refused) as refused:
            async with request(world, greedy, "/live_visits"):
                pass
        assert (refused.value.sqlstate, refused.value.hint) == ("PT429", "too_many_reads")
        async with request(world, other, "/live_visits"):
            pass
        async with request(world, greedy, "/moderation_actions", "POST"):
            pass


async def test_when_every_place_is_taken_staff_still_read_and_everyone_writes(world: World) -> None:
    scene = await world.live()
    viewer, ops = await world.user(), await world.user(ops=True)
    moderators = [await world.seat(scene, "moderator") for _ in range(3)]
    await world.service("update live_participants set is_online = true where user_id = any ($1)", moderators)
    crowd = [await world.user() for _ in range(6)]
    async with (
        request(world, crowd[0], "/live_visits"),
        request(world, crowd[1], "/live_visits"),
        request(world, crowd[2], "/live_visits"),
        request(world, crowd[3], "/live_visits"),
        request(world, crowd[4], "/live_visits"),
        request(world, crowd[5], "/live_visits"),
    ):
        for late in (viewer, None):
            with pytest.raises(Refused) as refused:
                async with request(world, late, "/live_sessions"):
                    pass
            assert (refused.value.sqlstate, refused.value.hint) == ("PT429", "busy")
        async with (
            request(world, moderators[0], "/live_participants"),
            request(world, moderators[1], "/live_participants"),
        ):
            with pytest.raises(Refused):
                async with request(world, moderators[2], "/live_participants"):
                    pass
            async with request(world, ops, "/live_participants"):  # the last of those places
                pass
        async with request(world, viewer, "/live_messages", "POST"), request(world, viewer, "/profiles"):
            pass
    async with request(world, viewer, "/live_sessions"):
        pass


async def test_the_apps_own_function_goes_first_and_as_it_would_alone(world: World) -> None:
    owner = await world.owner()
    await owner.execute(OF_THE_APP)
    hooked = "select s.setconfig::text from pg_db_role_setting s where s.setrole = 'authenticator'::regrole"
    try:
        await owner.execute("alter role authenticator set pgrst.db_pre_request = 'public.check_request'")
        for _again in range(2):
            await owner.execute("select live.hook_requests()")
            assert "pgrst.db_pre_request=live.before_request" in await world.value(hooked)
            async with request(world, await world.user(), "/live_visits") as connection:
                assert await connection.fetchval("select current_setting('app.saw')") == "authenticated 0"
                assert await timeout_of(connection) == "1s"
    finally:
        await owner.execute("delete from live.app_pre_request")
        await owner.execute("drop function public.check_request()")


async def test_a_data_api_that_does_not_call_us_is_warned_of(world: World) -> None:
    contract = "select live_schema_contract() #>> '{warnings,0,code}'"
    async with request(world, None, "/rpc/live_schema_contract", "POST", role="service_role") as connection:
        assert await connection.fetchval(contract) is None
        await connection.execute("select set_config('live.bounded', '', true)")
        assert await connection.fetchval(contract) == "reads_not_bounded"
