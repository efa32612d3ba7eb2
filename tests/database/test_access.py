"""Every role against every table, as the access matrix says; no table may be missing from it."""

import json

import pytest
import pytest_asyncio

from tests.database.access_matrix import MATRIX, PERSONAS, SERVICE, Access
from tests.database.world import Kept, Scene, World

# The existing app's own, which we neither own nor change.
FOREIGN = {"profiles", "creator_subscriptions", "subscriptions"}
ROLE = {"anon": "anon", "service_role": "service_role"}
OPERATIONS = ("insert", "update", "delete")


SEATED = {
    "anonymous": "listener", "banned": "listener", "viewer": "listener",
    "speaker": "speaker", "moderator": "moderator", "co_host": "co_host",
}  # fmt: skip


async def people_of(world: World, live: Scene) -> dict[str, str]:
    """Create one person for each persona that signs in, seated where they belong."""
    people = {"host": live.creator, "ops": await world.user(ops=True), "stranger": await world.user()}
    for name, role in SEATED.items():
        people[name] = await world.seat(live, role, user=await world.user(anonymous=name == "anonymous"))
    await world.value(
        "update live_participants set is_online = true, first_joined_at = now() where session_id = $1",
        live.id,
    )
    return people


SPECIMENS = """
    insert into live_visits (participant_sid, session_id, user_id, joined_at, join_reported_at)
      values ('PA_{viewer}', '{session}', '{viewer}', now(), now());
    insert into live_bans (user_id, scope, session_id) values ('{banned}', 'session', '{session}');
    insert into live_messages (session_id, user_id, body) values ('{session}', '{viewer}', 'hi');
    insert into live_audio_stats (session_id, user_id, minute, talk_seconds)
      values ('{session}', '{speaker}', date_trunc('minute', now(), 'UTC'), 1);
    insert into live_level_watches (session_id, user_id, expires_at) values ('{session}', '{host}', now());
    insert into moderation_actions (session_id, target_user_id, action) values ('{session}', '{speaker}', 'camera_off');
    insert into moderation_cases (session_id, user_id, severity, source)
    values ('{session}', '{speaker}', 'warning', 'rule');
    select live.page(id, 'warning') from moderation_cases where session_id = '{session}';
    insert into user_reports (reporter_id, user_id, session_id, reason_code, was_there)
      values ('{viewer}', '{speaker}', '{session}', 'noise', true);
    insert into evidence_clips (id, session_id, user_id, why, from_at, to_at, path, retention_until)
      values (gen_random_uuid(), '{session}', '{speaker}', 'ops', now(), now(), '{session}', now());
    insert into evidence_access (clip_id, user_id, act, reason)
      select id, '{ops}', 'opened', 'why {session}' from evidence_clips where session_id = '{session}';
    insert into live_recordings (session_id, mode, begins_at, max_until, prefix)
      values ('{session}', 'composite', now() + interval '1 h', now() + interval '2 h', '{session}');
    insert into live_recording_parts (recording_id, number, prefix)
      select id, 1, 'part {session}' from live_recordings where session_id = '{session}';
    insert into live_recording_acts (recording_id, act, via, reason)
      select id, 'started', 'ops', 'why {session}' from live_recordings where session_id = '{session}';
    insert into live_recording_consents (session_id, user_id, notice_version, agreed_at)
      values ('{session}', '{speaker}', '1', now());
    insert into live_recording_cuts (recording_id, user_id, why, from_at, to_at)
      select id, '{speaker}', 'withdrawn', now(), now() + interval '1 s' from live_recordings
       where session_id = '{session}';
    insert into live_vods (recording_id, session_id, creator_id, title, access_type)
      select id, session_id, '{host}', 'Evening', 'public' from live_recordings where session_id = '{session}';
    insert into live_vod_plays (key_hash, recording_id, user_id)
      select md5('{session}') || md5('{session}'), id, '{viewer}' from live_recordings where session_id = '{session}';
    insert into live_recordings (session_id, mode, begins_at, max_until, prefix)
      values ('{paid}', 'composite', now() + interval '1 h', now() + interval '2 h', '{paid}');
    insert into live_vods (recording_id, session_id, creator_id, title, access_type, published_at)
      select id, session_id, '{host}', 'Evening', 'public', now() from live_recordings where session_id = '{paid}';
    insert into live_recording_stops (creator_id, reason) values ('{stranger}', 'asked us');
    insert into content_flags (id, session_id, user_id, kind, patterns, engine, from_at, to_at)
      values (gen_random_uuid(), '{session}', '{speaker}', 'words', '{{spam}}', 'none', now(), now());
    insert into speech_rules (pattern, kind) values ('evil-{session}', 'words');
    insert into chat_rules (scope, creator_id, pattern, effect) values ('creator', '{host}', 'spam-{session}', 'hold');
    insert into case_notes (case_id, author_id, body)
      select id, '{ops}', 'heard it {session}' from moderation_cases where session_id = '{session}';
    insert into person_notes (user_id, author_id, body) values ('{speaker}', '{ops}', 'noted {session}');
    insert into shift_notes (author_id, body) values ('{ops}', 'left {session}');
    insert into moderation_appeals (action_id, user_id, text)
      select id, '{speaker}', 'why' from moderation_actions where session_id = '{session}';
    insert into moderation_incidents (session_id, user_id, rule, severity, started_at)
      values ('{session}', '{speaker}', 'loud', 'info', now());
    insert into agent_rooms (room, worker_id, epoch, lease_expires_at, bot_identity)
      values ('{room}', 'w', 1, now(), 'agent');
    insert into agent_workers (worker_id) values ('worker of {room}');
    insert into relay_keys (kid, public_key, not_after)
      values ('key-{session}', repeat('A', 43), now() + interval '1 h');
    insert into livekit_webhook_events (id, event, payload) values ('EV_{session}', 'room_started', '{{}}');
    insert into app_setting_changes (key, before, after, requested_via) values ('limits', '{{}}', '{{}}', 'ops');
    select public.credit_coins('{viewer}', 100, 'receipt-{viewer}');
    insert into push_devices (user_id, provider, token, installation, platform, language)
      values ('{speaker}', 'expo', 'token-{speaker}', 'phone-{speaker}', 'ios', 'tr');
    select public.call_start('{viewer}', '{speaker}', 'audio');
    select public.call_answer('{speaker}', c.id, true) from calls c where c.caller_id = '{viewer}';
    insert into user_blocks (user_id, blocked_id) values ('{speaker}', '{stranger}');
    insert into call_preferences (user_id, calls_from) values ('{speaker}', 'followed');
"""


MONEY = """
    insert into creator_payouts (creator_id, coins, reference) values ('{host}', 1, 'payout-{session}');
    insert into creator_debts (ledger_id, creator_id, coins)
      select ledger_id, creator_id, 1 from creator_earnings where creator_id = '{host}' and kind = 'gift';
    insert into creator_earned_hours (creator_id, hour, coins) values ('{host}', '-infinity', 0);
    insert into live_media (participant_sid, source, started_at, session_id, user_id, reported_by)
      values ('PA_' || left('{session}', 8), 'microphone', now(), '{session}', '{host}', 'agent');
"""


async def a_scene(world: World) -> dict[str, str]:
    """Set a scene with a specimen row in every table, and return its ids."""
    live = await world.live()
    people = await people_of(world, live)
    ids = {"session": live.id, "room": live.room, **people}
    owner = await world.owner()
    paid = await world.value(
        "insert into live_sessions (creator_id, type, title, access_type, price_coins, scheduled_at)"
        " values ($1, 'video_live', 'paid', 'pay_per_view', 10, now() + interval '1 h')"
        " returning id::text", live.creator,
    )  # fmt: skip
    ids["paid"] = paid
    await owner.execute(SPECIMENS.format(**ids))
    await world.as_user(people["viewer"], "select public.send_gift($1, 'rose', 1, 'gift-0001')", live.id)
    await world.as_user(people["viewer"], "select public.buy_ticket($1, 'ticket-0001')", paid)
    await owner.execute(MONEY.format(**ids))
    ids["erased"] = await world.user()
    await world.service("select public.erase_account($1)", ids["erased"])
    ids["call"] = await world.value("select id::text from calls where caller_id = $1", people["viewer"])
    return ids


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(kept: Kept) -> dict[str, str]:
    """One for the file: every attempt is undone."""
    world = World(kept.dsn, kept=kept)
    ids = await a_scene(world)
    await world.close()
    return ids


ATTEMPT = """
    create or replace function pg_temp.attempt(who text, claims text, statement text) returns int
    language plpgsql as $$
    declare touched int;
    begin
      perform set_config('request.jwt.claims', claims, true), set_config('role', who, true);
      execute statement;
      get diagnostics touched = row_count;
      raise exception using errcode = 'UNDO1', message = touched;
    exception
      when sqlstate 'UNDO1' then return sqlerrm::int;
      when others then
        if sqlstate = any (array['42501', '55000', '0A000']) or sqlstate like 'PT4%' then
          return -1;
        end if;
        raise;
    end $$
"""
"""Refused is who has no privilege, and anyone where a view cannot be written, at all or in this column."""


async def attempts(world: World, ids: dict[str, str], sql: str) -> dict[str, int]:
    """Run a statement as each persona and undo it: how many rows it touched, -1 where it was refused."""
    connection = await world.owner()
    await connection.execute(ATTEMPT)
    whole = [
        (persona, ROLE.get(persona, "authenticated"), claims_of(persona, ids.get(persona)))
        for persona in PERSONAS
    ]
    rows = await connection.fetch(
        "select persona, pg_temp.attempt(role, claims, $1) as touched"
        " from unnest($2::text[], $3::text[], $4::text[]) as one(persona, role, claims)",
        sql,
        *map(list, zip(*whole, strict=True)),
    )
    return {row["persona"]: row["touched"] for row in rows}


def claims_of(persona: str, user: str | None) -> str:
    role = ROLE.get(persona, "authenticated")
    return json.dumps({"role": role, "sub": user, "is_anonymous": persona == "anonymous"})


async def our_tables(world: World, kinds: str) -> set[str]:
    rows = await world.rows(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind::text = any($1)",
        list(kinds),
    )
    return {row["relname"] for row in rows} - FOREIGN


async def test_every_table_and_view_has_a_row_in_the_matrix(world: World) -> None:
    assert set(MATRIX) == await our_tables(world, "rvmp")


async def test_nobody_truncates_or_refers(world: World) -> None:
    assert not await world.rows(
        "select relname, role from pg_class, unnest(array['anon', 'authenticated', 'service_role']) role"
        " where relnamespace in ('public'::regnamespace, 'live'::regnamespace) and relkind in ('r', 'v')"
        " and relname <> all($1) and has_table_privilege(role, pg_class.oid, 'truncate, references, trigger')",
        list(FOREIGN),
    )  # fmt: skip


async def test_internal_tables_are_nobodys(world: World) -> None:
    assert not await world.rows(
        "select relname, role from pg_class, unnest(array['anon', 'authenticated', 'service_role']) role"
        " where relnamespace = 'live'::regnamespace and relkind in ('r', 'v')"
        " and has_any_column_privilege(role, pg_class.oid, 'select, insert, update')"
    )


@pytest.mark.parametrize("table", sorted(MATRIX))
async def test_who_reads(world: World, scene: dict[str, str], table: str) -> None:
    sql = f"select from public.{table} where {MATRIX[table].specimen.format(**scene)}"
    seen = {persona for persona, touched in (await attempts(world, scene, sql)).items() if touched > 0}
    assert seen == MATRIX[table].select


def idle(table: str, operation: str) -> str:
    """Return a statement that changes nothing and still needs the privilege on the whole table."""
    return {
        "insert": f"insert into public.{table} ({{columns}}) overriding system value"  # noqa: S608
        f" select {{columns}} from public.{table} where false",
        "update": f"update public.{table} set {{column}} = {{column}} where false",  # noqa: S608
        "delete": f"delete from public.{table} where false",  # noqa: S608
    }[operation]


async def columns_to_write(world: World, table: str) -> list[str]:
    rows = await world.rows(
        "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped"
        " and attidentity <> 'a' and attgenerated = '' order by attnum",
        f"public.{table}",
    )
    return [row["attname"] for row in rows]


@pytest.mark.parametrize("table", sorted(MATRIX))
async def test_who_writes(world: World, scene: dict[str, str], table: str) -> None:
    access: Access = MATRIX[table]
    columns = await columns_to_write(world, table)
    for operation in OPERATIONS:
        for write in access.writes[operation]:
            sql = write.sql.format(**scene)
            done = {
                persona for persona, touched in (await attempts(world, scene, sql)).items() if touched == 1
            }
            assert done == write.works_for, sql
        if not access.writes[operation]:
            allowed = SERVICE if operation[0] in access.service else frozenset()
            sql = idle(table, operation).format(column=columns[0], columns=", ".join(columns))
            done = {
                persona for persona, touched in (await attempts(world, scene, sql)).items() if touched == 0
            }
            assert done == allowed, sql
