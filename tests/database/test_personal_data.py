"""People's data: one list says what each table holds of whom, for how long; export, sweep and audit keep to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.database.world import Json, Refused, World

APP = ["profiles", "creator_subscriptions", "subscriptions"]
# Columns of type uuid that name no person.
THINGS = {
    "id",
    "session_id",
    "call_id",
    "gift_id",
    "ticket_id",
    "action_id",
    "incident_id",
    "clip_id",
    "message_id",
    "pinned_message_id",
    "recording_id",
    "case_id",
    "device_id",
    "subject_id",
    "superseded_by",
}
HANDBOOK = Path(__file__).resolve().parents[2] / "livekit-system"


async def test_every_table_has_its_line_and_every_person_in_it_a_place(world: World) -> None:
    """What fails here is a new table or column: add its line to live.personal_data."""
    columns = await world.rows(
        "select n.nspname || '.' || c.relname as name,"
        " coalesce(array_agg(a.attname::text) filter (where a.atttypid = 'uuid'::regtype), '{}') as ids"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relkind in ('r', 'p') and n.nspname in ('public', 'live') and c.relname <> all ($1::text[])"
        " group by 1",
        APP,
    )
    lines = await world.rows("select table_name, whose, others, shown from live.personal_data")
    assert {c["name"]: set(c["ids"]) - THINGS for c in columns} == {
        line["table_name"]: {*line["whose"], *line["others"], *line["shown"]} for line in lines
    }


async def test_every_setting_of_retention_is_used_and_known(world: World) -> None:
    used = {
        r["setting"]
        for r in await world.rows("select distinct setting from live.personal_data")
        if r["setting"]
    }
    rows = await world.rows("select key from app_settings where key like 'retention.%'")
    assert used == {row["key"] for row in rows}
    change = "update app_settings set value = $1 where key = $2"
    for wrong in ("0", "6", "30.5", '"long"', "4000"):
        with pytest.raises(Exception, match=r"retention\.chat_days"):
            await world.value(change, json.loads(wrong), "retention.chat_days")
    for row in rows:
        least = await world.value("select live.least_days_kept($1)", row["key"])
        assert least >= 2, "nothing is deleted on the day it is made"
        faults = [
            await world.value("select live.setting_fault($1, to_jsonb($2::int))", row["key"], days)
            for days in (least - 1, least)
        ]
        assert faults == [f"must be between {least} and 3650 whole days", None]


async def test_an_export_has_a_persons_rows_and_nobody_elses(world: World) -> None:
    scene = await world.live()
    user, other, moderator = [await world.seat(scene, role) for role in ("speaker", "speaker", "moderator")]
    await world.value("update live_participants set is_online = true where session_id = $1", scene.id)
    for someone in (user, other):
        await world.as_user(
            someone, "insert into live_messages (session_id, body) values ($1, 'hello')", scene.id
        )
    await world.ask(moderator, "mute", scene, user)
    answer = await world.as_user(user, "select public.export_my_data()")
    lines = await world.rows("select table_name from live.personal_data where whose <> '{}'")
    assert set(answer["tables"]) == {line["table_name"] for line in lines}
    assert [row["user_id"] for row in answer["tables"]["public.live_messages"]] == [user]
    assert [row["target_user_id"] for row in answer["tables"]["public.moderation_actions"]] == [user]
    assert moderator not in json.dumps(answer)
    assert other not in json.dumps(answer)
    acted = (await world.as_user(moderator, "select public.export_my_data()"))["tables"][
        "public.moderation_actions"
    ]
    assert [row["requested_by"] for row in acted] == [moderator]


async def test_a_long_history_comes_in_parts(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    await world.value(
        "insert into live_audio_stats (session_id, user_id, minute, talk_seconds)"
        " select $1, $2, date_trunc('minute', now()) - make_interval(mins => n), 1 from generate_series(1, 2500) n",
        scene.id,
        user,
    )
    name = "public.live_audio_stats"
    rows: list[Json] = []
    answer = await world.as_user(user, "select public.export_my_data()")
    while True:
        rows += answer["tables"][name]
        further = answer["further"]
        if name not in further:
            break
        # Every row moves to another place of the table.
        await world.value("update live_audio_stats set talk_seconds = 2 where user_id = $1", user)
        answer = await world.as_user(user, "select public.export_my_data($1, $2)", name, further[name])
    assert len({row["minute"] for row in rows}) == len(rows) == 2500


@pytest.mark.parametrize(
    "arguments", ["'public.erasures'", "'pg_authid'", "null, -1", "'public.calls', null"]
)
async def test_an_export_of_anything_else_is_refused(world: World, arguments: str) -> None:
    with pytest.raises(Refused) as refused:
        await world.as_user(await world.user(), f"select public.export_my_data({arguments})")
    assert refused.value.sqlstate == "PT400"


async def test_a_person_exports_once_at_a_time_and_waits_for_nothing(world: World) -> None:
    user, first = await world.user(), await world.connect()
    async with first.transaction():
        await first.execute("select set_config('request.jwt.claims', $1, true)", json.dumps({"sub": user}))
        await first.execute("select public.export_my_data()")
        with pytest.raises(Refused) as refused:
            await world.as_user(user, "select public.export_my_data()")
        assert (refused.value.sqlstate, refused.value.hint) == ("PT429", "too_many_reads")
        assert (await world.as_user(await world.user(), "select public.export_my_data()"))["tables"]
    done = await world.until_limited(
        lambda: world.as_user(user, "select public.export_my_data('public.calls')"), at_most=30
    )
    assert done <= 24  # of two minutes at most


FORGET = "select live.forget_rows($1, 2000)"
AGAIN = "update live.wake_marks set woken_at = '-infinity' where room = 'retention'"
FAULTS = "select count(*) from public.live_faults() where book = 'retention' and id = $1"


async def test_what_is_too_old_is_a_fault_until_the_sweep_deletes_it(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    for days in (100, 10):
        await world.value(
            "insert into live_audio_stats (session_id, user_id, minute, talk_seconds)"
            " values ($1, $2, date_trunc('minute', now()) - make_interval(days => $3), 1)",
            scene.id,
            user,
            days,
        )
    table = "public.live_audio_stats"
    assert await world.value(FAULTS, table) == 1
    await world.value(AGAIN)
    await world.value("update live.personal_data set rests_until = '-infinity', looked_at = '-infinity'")
    assert (await world.service("select platform_sweep()"))["forgotten_rows"] >= 1
    assert await world.value(FAULTS, table) == 0
    assert await world.value("select count(*) from live_audio_stats where user_id = $1", user) == 1


GUARD = """
    create function pg_temp.guard() returns trigger language plpgsql as $$ begin {} end $$;
    create trigger guard before delete on {} for each row execute function pg_temp.guard()"""
LINE = """
    select fault, looked_at > now() - interval '1 hour' as looked, rests_until > now() + interval '1 minute' as rests
      from live.personal_data where table_name = $1"""


@asynccontextmanager
async def two_tables_with_old_rows(world: World, guard: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection in a transaction that nobody sees, where retention has two tables; this befalls the first."""
    scene, owner = await world.live(), await world.connect()
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(
        "insert into live_audio_stats (session_id, user_id, minute, talk_seconds)"
        " values ($1, gen_random_uuid(), date_trunc('minute', now()) - interval '100 days', 1)",
        scene.id,
    )
    await owner.execute(
        "insert into livekit_webhook_events (id, event, payload, received_at)"
        " values ('old', 'x', '{}', now() - interval '10 days')"
    )
    await owner.execute(
        "update live.personal_data set looked_at = '-infinity', rests_until ="
        " case when table_name = any($1) then '-infinity' else 'infinity' end::timestamptz",
        ["public.live_audio_stats", "public.livekit_webhook_events"],
    )
    await owner.execute(GUARD.format(guard, "live_audio_stats"))
    await owner.execute(AGAIN)
    try:
        yield owner
    finally:
        await transaction.rollback()


@pytest.mark.parametrize(
    ("guard", "patience"), [("raise 'no';", "0"), ("perform pg_sleep(60); return old;", "8s")]
)
async def test_no_failure_to_forget_is_one_of_the_sweep(world: World, guard: str, patience: str) -> None:
    """`patience`: by then the rest of the sweep is through, however much other tests have left."""
    table = "public.live_audio_stats"
    async with two_tables_with_old_rows(world, guard) as owner:
        await owner.execute(f"set local statement_timeout = '{patience}'")
        swept = await owner.fetchval("select public.platform_sweep()")
        assert "refunded_tickets" in swept
        line = dict(await owner.fetchrow(LINE, table))
        assert line["fault"]
        assert line["looked"]
        fault = "select found from live_faults() where book = 'retention: failed' and id = $1"
        assert await owner.fetchval(fault, table) == line["fault"]
        await owner.execute("set local statement_timeout = 0")
        # Within the minute nothing is tried again.
        assert (await owner.fetchval("select public.platform_sweep()"))["forgotten_rows"] == 0
        await owner.execute(AGAIN)
        await owner.execute("update live.personal_data set rests_until = '-infinity' where fault is not null")
        await owner.execute("drop trigger guard on live_audio_stats")
        assert (await owner.fetchval("select public.platform_sweep()"))["forgotten_rows"] >= 1
        assert await owner.fetchval(fault, table) is None


async def test_a_slow_table_rests_and_the_next_one_has_its_turn(world: World) -> None:
    async with two_tables_with_old_rows(world, "perform pg_sleep(0.4); return old;") as owner:
        assert await owner.fetchval("select live.forget_old_rows()") == 1
        slow, later = [
            dict(await owner.fetchrow(LINE, table))
            for table in ("public.live_audio_stats", "public.livekit_webhook_events")
        ]
        assert slow == {"fault": None, "looked": True, "rests": True}
        assert not later["looked"]
        await owner.execute(AGAIN)
        assert await owner.fetchval("select live.forget_old_rows()") >= 1
        assert (await owner.fetchrow(LINE, "public.livekit_webhook_events"))["looked"]


async def test_old_rows_and_what_refers_to_them_are_found_by_an_index(world: World) -> None:
    owner = await world.connect()
    await owner.execute("set enable_seqscan = off")
    lines = await world.rows("select table_name, age from live.personal_data where setting is not null")
    assert len(lines) > 10
    for line in lines:
        plan = await owner.fetch(
            f"explain select from {line['table_name']} t where ({line['age']}) < now() - interval '1 year'"
        )
        assert any("Index Cond" in row[0] for row in plan), (line["table_name"], plan)
    bare = await world.rows(
        "select c.conrelid::regclass::text as name, a.attname from pg_constraint c"
        " join live.personal_data d on to_regclass(d.table_name) = c.confrelid and d.setting is not null"
        " join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]"
        " where c.contype = 'f' and not exists (select from pg_index i"
        "  where i.indrelid = c.conrelid and i.indkey[0] = a.attnum and (i.indpred is null"
        "   or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)))"
    )
    assert bare == []


async def test_what_an_open_case_needs_is_held(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    await world.value("update live_participants set is_online = true where session_id = $1", scene.id)
    await world.as_user(user, "insert into live_messages (session_id, body) values ($1, 'threat')", scene.id)
    await world.value(
        "update live_messages set created_at = now() - interval '1 year' where user_id = $1", user
    )
    case = await world.value(
        "insert into moderation_cases (session_id, user_id, severity, source) values ($1, $2, 'info', 'report')"
        " returning id",
        scene.id,
        user,
    )
    left = "select count(*) from live_messages where user_id = $1"
    await world.value(FORGET, "public.live_messages")
    assert await world.value(left, user) == 1
    await world.value(
        "update moderation_cases set resolved_at = now(), decision = 'no_violation' where id = $1", case
    )
    await world.value(FORGET, "public.live_messages")
    assert await world.value(left, user) == 0


def headings(name: str) -> list[str]:
    """Which levels the headings have, and the code names in tables, in their order."""
    lines = (HANDBOOK / name).read_text().splitlines()
    return [
        line.split()[0] if line.startswith("#") else line.split("|")[1].strip()
        for line in lines
        if line.startswith(("#", "| `"))
    ]


async def test_both_languages_of_the_privacy_page_say_the_same_of_each_table(world: World) -> None:
    assert headings("PRIVACY.md") == headings("PRIVACY.tr.md")
    english = (HANDBOOK / "PRIVACY.md").read_text()
    days = await world.rows("select key, value from app_settings where key like 'retention.%'")
    assert [d["key"] for d in days if f"| `{d['key']}` | {d['value']} |" not in english] == []
