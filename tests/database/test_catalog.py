"""What holds for every object of the schema, no matter who adds one: RLS, comments, grants, fixed search paths."""

import re

import pytest

from tests.database.world import World

APP = {"profiles", "creator_subscriptions", "subscriptions"}

# What PostgREST calls before each request, as the one who makes it, and what the policies of every table ask.
EACH_REQUEST = {"app_pre_request_name", "before_request", "bound_request", "may_embed"}
# The only functions that someone signed in may execute, and the very few for people who are not.
FOR_AUTHENTICATED = {
    "add_case_note", "appeal", "appeal_inbox", "case_file", "case_inbox", "claim_case", "confirm_ban",
    "decide_appeal", "moderation_measures", "my_decisions", "release_case", "report_message", "report_person",
    "evidence_notice", "hold_evidence", "keep_evidence",
    "consent_to_recording", "cut_recording", "decide_cut", "hold_recording", "publish_vod", "recording_notice",
    "may_record_to", "publish_until", "recording_usage",
    "my_vod_access", "shown_seconds", "set_recording_allowed", "vod_chat", "vod_figures", "withdraw_recording_consent",
    "report_recording", "report_session", "resolve_case",
    "accept_invite", "adjust_coins", "block_user", "buy_ticket", "buy_vod", "can_join", "cancel_action",
    "cancel_session", "card",
    "decline_invite",
    "delete_my_account", "erase_account", "explain_access", "export_my_data", "forget_push_device",
    "live_events_since", "live_schema", "lower_hand",
    "move_session", "my_access", "my_rights", "my_tickets", "platform_usage", "raise_hand",
    "refund_gift", "refund_session", "refund_ticket", "register_push_device",
    "revoke_relay_key", "send_gift", "session_performance", "session_policy", "set_calls_from", "unblock_user",
    "watch_levels", "look_at_person", "look_away", "preview_action", "preview_actions", "wall_pictures",
    "console_people", "console_rooms",
    "find_people", "change_setting", "listening_digest", "stop_listening", "add_person_note", "policy_form",
    "estimate_policy", "change_session_policy", "own_session_policy", "hand_over", "shift_overview",
    "operator_measures",
    "am_ops", "holding", "is_anonymous", "is_ops", "is_service", "is_uuid", "may_listen", "my_blocks", "my_chats",
    "my_open_sessions", "my_own_sessions", "my_recent_sessions", "my_staffed_sessions",
    *EACH_REQUEST,
}  # fmt: skip
FOR_ANON = {"is_anonymous", "is_service", "is_uuid", *EACH_REQUEST}
# They run once in a while.
PLANNED_ANEW = {"described_tables", "live_schema_contract", "remember_schema", "session_fault", "usage_level"}

TABLES = """
    select c.oid, n.nspname as schema, c.relname as name, c.relkind::text as kind, c.relrowsecurity as secured,
           obj_description(c.oid, 'pg_class') as comment, c.relacl::text[] as grants
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('public', 'live') and c.relkind in ('r', 'v')
"""
FUNCTIONS = """
    select p.proname as name, p.oid::regprocedure::text as signature, p.prosecdef as definer,
           p.proconfig as config, obj_description(p.oid, 'pg_proc') as comment,
           has_function_privilege('anon', p.oid, 'execute') as anon,
           has_function_privilege('authenticated', p.oid, 'execute') as authenticated
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname in ('public', 'live') and p.proname <> 'handle_new_user'
"""


async def test_every_table_has_row_level_security_and_a_comment(world: World) -> None:
    tables = [t for t in await world.rows(TABLES) if t["name"] not in APP]
    assert len(tables) > 20
    assert [t["name"] for t in tables if t["kind"] == "r" and not t["secured"]] == []
    assert [t["name"] for t in tables if not t["comment"]] == []


async def test_every_view_applies_the_policies_of_who_reads_it(world: World) -> None:
    careless = await world.rows(
        "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where relkind = 'v' and nspname = 'public'"
        " and not coalesce(reloptions::text[] @> array['security_invoker=true'], false)"
    )
    assert careless == []


async def test_every_column_has_a_comment(world: World) -> None:
    silent = await world.rows(
        "select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('public', 'live') and c.relkind in ('r', 'v') and c.relname <> all ($1::text[])"
        " and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null",
        sorted(APP),
    )
    assert silent == []


async def test_the_comment_of_a_column_names_what_it_may_hold(world: World) -> None:
    checked = await world.rows(
        "select t.conrelid::regclass::text as table, a.attname as column, pg_get_constraintdef(t.oid) as check,"
        " col_description(a.attrelid, a.attnum) as comment from pg_constraint t"
        " join pg_attribute a on a.attrelid = t.conrelid and t.conkey = array[a.attnum]"
        " where t.contype = 'c' and a.atttypid = 'text'::regtype"
        " and t.connamespace in ('public'::regnamespace, 'live'::regnamespace)"
    )
    listed = {
        (row["table"], row["column"]): (re.findall(r"'(\w+)'::text", row["check"]), row["comment"])
        for row in checked
        if row["table"] not in APP and " = ANY " in row["check"]
    }
    assert len(listed) > 15
    silent = {
        place: missing
        for place, (values, comment) in listed.items()
        if (missing := [value for value in values if not re.search(rf"\b{value}\b", comment)])
    }
    assert silent == {}


async def test_nothing_is_granted_to_everyone(world: World) -> None:
    public = await world.rows(
        "select c.relname, g.privilege_type from pg_class c join pg_namespace n on n.oid = c.relnamespace,"
        " aclexplode(c.relacl) g where n.nspname in ('public', 'live') and g.grantee = 0"
        " union all select p.proname, g.privilege_type from pg_proc p join pg_namespace n on n.oid = p.pronamespace,"
        " aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g"
        " where n.nspname in ('public', 'live') and g.grantee = 0"
    )
    assert public == []


async def test_only_listed_functions_are_open_to_app_users(world: World) -> None:
    functions = await world.rows(FUNCTIONS)
    assert {f["name"] for f in functions if f["anon"]} - FOR_ANON == set()
    opened = {f["name"] for f in functions if f["authenticated"]}
    assert opened - FOR_AUTHENTICATED == set(), (
        "a function was opened to signed-in users: list it here if that is meant"
    )
    assert FOR_AUTHENTICATED - opened == set()


async def test_every_function_is_explained_and_has_a_fixed_search_path(world: World) -> None:
    functions = await world.rows(FUNCTIONS)
    assert [f["signature"] for f in functions if not f["comment"]] == []
    loose = [
        f["signature"] for f in functions if not any(c.startswith("search_path=") for c in f["config"] or [])
    ]
    assert loose == []


async def test_batches_of_agents_give_up_before_postgres_picks_whom_to_fail(world: World) -> None:
    """In a ring of waits the one who loses must be an agent, which writes again, and nobody who sends a gift."""
    waiting = await world.rows(
        "select p.oid::regprocedure::text as name, 'lock_timeout=500ms' = any(coalesce(p.proconfig, '{}')) as patient "
        "from pg_proc p where p.pronamespace = 'public'::regnamespace "
        "and (p.prosrc like '%live.lock_leases(%' or p.proname = 'agent_sweep')"
    )
    assert len(waiting) >= 6
    assert [row["name"] for row in waiting if not row["patient"]] == []


async def test_functions_keep_their_plans(world: World) -> None:
    """A function in SQL with a fixed search path is planned at each call: only for reports and the schema's memory."""
    planned_anew = await world.rows(
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " join pg_language l on l.oid = p.prolang"
        " where n.nspname in ('public', 'live') and l.lanname = 'sql' and p.proname <> all ($1::text[])"
        " and pg_get_function_result(p.oid) not like 'TABLE(%'",
        sorted(PLANNED_ANEW),
    )
    assert planned_anew == []


async def test_anon_can_write_nothing_and_read_only_listings(world: World) -> None:
    granted = await world.rows(
        "select c.relname, g.privilege_type from pg_class c join pg_namespace n on n.oid = c.relnamespace,"
        " aclexplode(c.relacl) g where n.nspname in ('public', 'live') and g.grantee = 'anon'::regrole"
    )
    names = {g["relname"] for g in granted if g["relname"] not in APP}
    assert {g["privilege_type"] for g in granted} == {"SELECT"}
    assert names <= {"live_sessions", "live_roles", "live_actions", "gift_catalog", "reason_codes"}


async def test_the_contract_says_what_is_missing(world: World) -> None:
    assert (await world.service("select live_schema_contract()"))["missing"] == []
    owner = await world.owner()
    for statement, kind, name in [
        ("alter table live_sessions drop column title cascade", "column", "public.live_sessions.title"),
        ("drop table relay_keys cascade", "table", "public.relay_keys"),
        ("drop function agent_overview()", "function", "public.agent_overview()"),
        ('drop policy "live topics" on realtime.messages', "policy", "realtime.messages: live topics"),
        ("alter table calls disable row level security", "row level security", "public.calls"),
        ("alter table profiles drop column is_creator cascade", "column", "public.profiles.is_creator"),
    ]:  # fmt: skip
        transaction = owner.transaction()
        await transaction.start()
        await owner.execute(statement)
        found = await owner.fetchval("select live_schema_contract()")
        await transaction.rollback()
        assert found["ok"] is False
        assert {"kind": kind, "name": name} in found["missing"]


async def test_a_profile_column_that_its_owner_may_write_is_warned_of(world: World) -> None:
    owner = await world.owner()
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("grant update (is_creator) on profiles to authenticated")
    warnings = (await owner.fetchval("select live_schema_contract()"))["warnings"]
    await transaction.rollback()
    assert [w["name"] for w in warnings] == ["public.profiles.is_creator"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("calls.ring_seconds", "soon"),
        ("live.enabled", 1),
        ("limits", {"messages_per_minute": -1}),
        ("nonsense", True),
    ],
)
async def test_a_setting_that_makes_no_sense_is_refused(world: World, key: str, value: object) -> None:
    owner = await world.owner()
    with pytest.raises(Exception, match=key) as refused:
        await owner.execute(
            "insert into app_settings (key, value) values ($1, $2)"
            " on conflict (key) do update set value = excluded.value", key, value,
        )  # fmt: skip
    assert refused.value.sqlstate == "PT400"  # type: ignore[attr-defined]
