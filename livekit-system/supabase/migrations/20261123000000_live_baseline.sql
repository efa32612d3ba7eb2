-- Made from schemas/ by `make baseline`: edit there. After a conflict here, run it again.

-- schemas/00_require_existing_app.sql
-- Owns: the assertion that the existing app has every column that the live platform reads, in the type it reads.
-- Those tables are the app's: this platform alters neither them nor their policies.

do $$
declare
  missing text;
begin
  if current_setting('server_version_num')::int < 150000 then
    raise exception 'the live platform needs Postgres 15 or newer; this is %', current_setting('server_version')
      using hint = 'Upgrade the project (hosted Supabase: Settings, Infrastructure) and push again.';
  end if;
  select string_agg(format('%s.%s %s', need.tab, need.col, need.typ), ', ' order by need.tab, need.col)
    into missing
    from (values
      ('auth.users', 'id', 'uuid'),
      ('auth.users', 'is_anonymous', 'boolean'),
      ('auth.users', 'deleted_at', 'timestamp with time zone'),
      ('public.profiles', 'id', 'uuid'),
      ('public.profiles', 'username', 'text'),
      ('public.profiles', 'display_name', 'text'),
      ('public.profiles', 'type', null),
      ('public.profiles', 'is_creator', 'boolean'),
      ('public.creator_subscriptions', 'user_id', 'uuid'),
      ('public.creator_subscriptions', 'creator_id', 'uuid'),
      ('public.creator_subscriptions', 'status', null),
      ('public.creator_subscriptions', 'expires_at', 'timestamp with time zone'),
      ('public.subscriptions', 'user_id', 'uuid'),
      ('public.subscriptions', 'plan', null),
      ('public.subscriptions', 'status', null),
      ('public.subscriptions', 'expires_at', 'timestamp with time zone')
    ) as need (tab, col, typ)
   where not exists (
      select from pg_catalog.pg_attribute a
       where a.attrelid = to_regclass(need.tab)
         and a.attname = need.col
         and not a.attisdropped
         and (need.typ is null or replace(format_type(a.atttypid, null), 'character varying', 'text') = need.typ)
   );
  if missing is not null then
    raise exception 'the live platform reads columns that the existing app does not have: %', missing
      using hint = 'Apply the app''s own migrations first, or give these columns the type named here.';
  end if;
end;
$$;

-- Internal functions live here. The data API exposes schema public only, so nothing in it can be called from
-- outside; the roles need usage because policies and triggers name these functions.
create schema live;
comment on schema live is 'Internal functions and tables of the live platform; never exposed by the data API.';
revoke all on schema live from public;
grant usage on schema live to anon, authenticated, service_role;

create function live.refuse(p_status int, p_code text, p_message text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  raise exception using errcode = 'PT' || p_status, message = p_message, hint = p_code;
end;
$$;
comment on function live.refuse is
  'Refuses: PostgREST answers with HTTP p_status, p_code is the hint that programs read, p_message is for people.';

-- What people write is shown to others, in lists, logs and notices: it may neither hide itself nor rearrange its surroundings.
create function live.text_fault(p_text text, p_most int, p_lines boolean default false) returns text
language plpgsql immutable set search_path = '' as $$
declare
  control constant text := case when p_lines then '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
                                else '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' end;
  -- Space of every kind, what has no width, fillers, selectors of variants and tags.
  unseen constant text := '[\s\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f'
                       || '\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+';
begin
  return case
    when p_text is null or char_length(regexp_replace(p_text, unseen, '', 'g')) = 0
      then 'must have something in it that can be seen'
    when char_length(p_text) > p_most then format('must have %s characters at most', p_most)
    when p_text ~ control then 'must not have control characters in it'
    when p_text ~ '[\u202a-\u202e\u2066-\u2069]' then 'must not change the direction of writing'
  end;
end;
$$;
comment on function live.text_fault is
  'What is wrong with a text that people will read, in words; null when nothing is. It has 1 to p_most characters, none of '
  'control (p_lines: but tabs and ends of line), none that override the direction of writing, and one at least that can be seen.';

create function live.clean_text(p_text text, p_what text, p_most int, p_lines boolean default false) returns text
language plpgsql set search_path = '' as $$
declare
  cleaned constant text := btrim(p_text, E' \t\r\n');
  fault constant text := live.text_fault(cleaned, p_most, p_lines);
begin
  if fault is not null then
    perform live.refuse(400, 'invalid_text', format('%s %s.', p_what, fault));
  end if;
  return cleaned;
end;
$$;
comment on function live.clean_text is 'A text without the space around it; refuses one that live.text_fault faults. p_what: what it is, for the message.';

create function live.is_service() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- The role setting is what PostgREST chose from the verified token; a definer function does not change it.
  -- 'none' and 'postgres' are direct connections (migrations, the SQL editor, the Supabase CLI's login roles), which
  -- PostgREST's own login never is.
  return current_setting('role') = 'service_role'
      or (current_setting('role') in ('none', 'postgres') and session_user <> 'authenticator');
end;
$$;
comment on function live.is_service is 'Whether trusted server code is calling: the service role or a direct connection.';
grant execute on function live.is_service() to anon, authenticated, service_role;

create function live.is_uuid(p_text text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(p_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false);
end;
$$;
comment on function live.is_uuid is 'Whether a text is a uuid in its usual form, so that a cast will not fail. (Postgres 16 has pg_input_is_valid.)';
grant execute on function live.is_uuid(text) to anon, authenticated, service_role;

create function live.is_anonymous() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false);
end;
$$;
comment on function live.is_anonymous is 'Whether the signed-in person is an anonymous sign-in.';
grant execute on function live.is_anonymous() to anon, authenticated, service_role;

-- schemas/01_accounts.sql
-- Owns: which accounts are gone, and the marks that say so. Nothing of ours hangs on auth.users by a foreign key: a deleted
-- account leaves its id behind, as a tombstone, in evidence, money and statistics. What has to end with it is ended from
-- its mark, by a sweep; until then everybody's doors ask account_gone, which needs no mark.

create table live.gone_accounts (
  user_id uuid primary key,
  marked_at timestamptz not null default clock_timestamp(),
  was_anonymous boolean not null default false,
  settled_at timestamptz,
  attempts int not null default 0,
  retry_at timestamptz not null default '-infinity',
  error text
);
comment on table live.gone_accounts is
  'Deleted accounts: written by the trigger on auth.users, and settled by the sweep. A row is kept as long as the tombstones are.';
comment on column live.gone_accounts.user_id is 'Whose account it was.';
comment on column live.gone_accounts.marked_at is 'When it was deleted.';
comment on column live.gone_accounts.was_anonymous is 'Whether it was an anonymous sign-in.';
comment on column live.gone_accounts.settled_at is 'When everything that ends with it had ended; null while that is under way.';
comment on column live.gone_accounts.attempts is 'How often settling it has failed.';
comment on column live.gone_accounts.retry_at is 'Not to be tried again before this.';
comment on column live.gone_accounts.error is 'Why it failed last.';
create index gone_accounts_unsettled on live.gone_accounts ((attempts > 8), was_anonymous, marked_at) where settled_at is null;
alter table live.gone_accounts enable row level security;

create function live.account_gone(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return p_user is not null
     and not exists (select from auth.users u where u.id = p_user and u.deleted_at is null);
end;
$$;
comment on function live.account_gone(uuid) is
  'Whether an account is deleted, for good or by a soft deletion. Asks auth.users itself, so that it is right from the '
  'deletion on and whatever became of the mark. False for null.';
grant execute on function live.account_gone(uuid) to service_role;

create function live.is_or_was_account(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from auth.users u where u.id = p_user)
      or exists (select from live.gone_accounts g where g.user_id = p_user);
end;
$$;
comment on function live.is_or_was_account(uuid) is 'Whether this id is, or was, somebody''s: what is reported of them is theirs.';

create function live.refuse_deleted(p_user uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if live.account_gone(p_user) then
    perform live.refuse(401, 'account_deleted', 'This account was deleted.');
  end if;
end;
$$;
comment on function live.refuse_deleted(uuid) is 'Refuses a deleted account, whose token is good until it expires; nobody else, and not null.';

-- The sign-in service deletes as a role of its own, and must be able to whatever becomes of us: what is not marked here
-- is found by the sweep.
create function live.mark_deleted_accounts() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.gone_accounts (user_id, was_anonymous)
  select o.id, coalesce(o.is_anonymous, false) from old_rows o
  on conflict (user_id) do nothing;
  return null;
exception when others then
  raise warning 'the live platform could not mark deleted accounts: %', sqlerrm;
  return null;
end;
$$;
comment on function live.mark_deleted_accounts() is 'Trigger: marks deleted accounts, and never fails.';
create trigger live_mark_deleted_accounts after delete on auth.users
  referencing old table as old_rows for each statement execute function live.mark_deleted_accounts();

create function live.mark_soft_deleted_account() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.gone_accounts (user_id, was_anonymous) values (new.id, coalesce(new.is_anonymous, false))
  on conflict (user_id) do nothing;
  return null;
exception when others then
  raise warning 'the live platform could not mark a deleted account: %', sqlerrm;
  return null;
end;
$$;
comment on function live.mark_soft_deleted_account() is
  'Trigger: an account that the admin API deletes softly keeps its row, and is as deleted as any other. Never fails.';
create trigger live_mark_soft_deleted_account after update of deleted_at on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function live.mark_soft_deleted_account();

-- schemas/02_agent_role.sql
-- Owns: the role of a worker's own lane (LIVE_DATABASE_URL). It may call the agents' functions and nothing else; each is
-- granted beside the function. It cannot sign in until an operator gives it a password, as DEPLOYMENT says.

do $$
begin
  create role live_agent nologin noinherit;
exception
  when duplicate_object or unique_violation then null;  -- a role belongs to the server, not to this database
end;
$$;
grant usage on schema public to live_agent;

-- schemas/03_settings_ops.sql
-- Owns: who is ops (live_ops), and the switches (app_settings).

-- ── ops ────────────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_ops (
  user_id uuid primary key,
  note text,
  created_at timestamptz not null default now()
);
comment on table public.live_ops is
  'The people of the ops team. Written by the service role only: a profile''s type may be writable by its owner.';
comment on column public.live_ops.user_id is 'The person.';
comment on column public.live_ops.note is 'Who they are and why they are here, for the next reader.';
comment on column public.live_ops.created_at is 'When they became ops.';
alter table public.live_ops enable row level security;
grant select, insert, update, delete on public.live_ops to service_role;
grant select on public.live_ops to authenticated;

create function live.is_ops(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.live_ops o where o.user_id = p_user) and not live.kept_out(p_user, null, null);
end;
$$;
comment on function live.is_ops(uuid) is
  'Whether a person is ops and in good standing: nobody acts whose account is suspended or deleted. Definer: callers may '
  'not read live_ops.';
grant execute on function live.is_ops(uuid) to authenticated, service_role;

create function live.am_ops() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.is_ops((select auth.uid()));
end;
$$;
comment on function live.am_ops is 'Whether the signed-in person is ops.';
grant execute on function live.am_ops() to authenticated, service_role;

create function live.refuse_others_than_ops() returns void
language plpgsql stable set search_path = '' as $$
begin
  perform live.refuse(403, 'ops_only', 'Only the ops team may do this.');
end;
$$;
comment on function live.refuse_others_than_ops() is 'Refuses: this is for the ops team.';

create function live.require_ops() returns uuid
language plpgsql stable set search_path = '' as $$
begin
  perform live.refuse_deleted(auth.uid());
  if not (select live.am_ops()) then
    perform live.refuse_others_than_ops();
  end if;
  return auth.uid();
end;
$$;
comment on function live.require_ops() is 'Refuses everybody but a person of the ops team; returns who asks.';

create function live.require_ops_or_service() returns void
language plpgsql stable set search_path = '' as $$
begin
  if not (live.is_service() or live.am_ops()) then
    perform live.refuse_others_than_ops();
  end if;
end;
$$;
comment on function live.require_ops_or_service() is 'Refuses everybody but the ops team and server code.';

create policy "one sees whether one is ops" on public.live_ops for select to authenticated
  using (user_id = (select auth.uid()) and (select live.am_ops()));

-- ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────
create table public.app_settings (
  key text primary key,
  value jsonb not null,
  description text not null default '',
  updated_at timestamptz not null default now(),
  updated_by uuid,
  changed_xid xid8 not null default pg_current_xact_id()
);
comment on table public.app_settings is 'The switches and limits of the live platform; written by ops only.';
comment on column public.app_settings.key is 'Name of the setting; only known names are accepted.';
comment on column public.app_settings.value is 'Its value; a trigger checks its type and range.';
comment on column public.app_settings.description is 'What it does, in words for the ops team.';
comment on column public.app_settings.updated_at is 'When it was last changed.';
comment on column public.app_settings.updated_by is 'Who changed it last; null for server code.';
comment on column public.app_settings.changed_xid is 'Transaction of the last change, so that agents notice it by their cursor.';
alter table public.app_settings enable row level security;
grant select, insert, update, delete on public.app_settings to service_role;
grant select, update (value) on public.app_settings to authenticated;
create policy "everyone signed in reads the switches" on public.app_settings for select to authenticated
  using (not (select live.is_anonymous()));
create policy "ops change the switches" on public.app_settings for update to authenticated
  using ((select live.am_ops())) with check ((select live.am_ops()));

create function live.least_days_kept(p_key text) returns int
language plpgsql immutable set search_path = '' as $$
begin
  return case p_key
    when 'retention.webhooks_days' then 2      -- LiveKit sends one again for minutes, and it must count once
    when 'retention.events_days' then 2        -- late joiners catch up, and the audit counts them
    when 'retention.chat_days' then 7          -- a report must find what it is about
    when 'retention.audio_days' then 7
    when 'retention.push_days' then 7          -- a phone that is switched off for a week is still reached
    when 'retention.incidents_days' then 30
    when 'retention.visits_days' then 35       -- the usage of a month is counted from them
    when 'retention.calls_days' then 35
    when 'retention.actions_days' then 180     -- bans and appeals rest on them
    else 1 end;
end;
$$;
comment on function live.least_days_kept is 'The shortest retention that may be set, in days.';

create function live.setting_fault(p_key text, p_value jsonb) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case
    when p_key in ('live.enabled', 'calls.enabled', 'calls.busy_on_air', 'speech.enabled', 'pictures.enabled', 'recording.enabled', 'recording.co_host', 'recording.tickets_valid') then
      case when jsonb_typeof(p_value) <> 'boolean' then 'must be true or false' end
    when p_key in ('calls.ring_seconds', 'calls.alone_seconds', 'session.host_grace_seconds', 'session.no_show_seconds',
                   'access.grace_seconds', 'tickets.delivered_after_seconds', 'cases.claim_seconds', 'pager.retry_seconds') then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of seconds'
           when p_value::numeric not between 0 and 86400 then 'must be between 0 and 86400 seconds' end
    when p_key = 'earnings.holding_days' then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of days'
           when p_value::numeric not between 0 and 365 then 'must be between 0 and 365 days' end
    when p_key ~ '^retention\.(chat|events|visits|audio|incidents|actions|calls|webhooks|push)_days$' then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of days'
           when p_value::numeric not between live.least_days_kept(p_key) and 3650 or p_value::numeric % 1 <> 0
             then format('must be between %s and 3650 whole days', live.least_days_kept(p_key)) end
    when p_key = 'evidence.seconds' then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of seconds'
           when p_value::numeric not between 0 and 60 or p_value::numeric % 1 <> 0 then 'must be between 0 and 60 whole seconds' end
    when p_key = 'recording.announce_seconds' then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of seconds'
           when p_value::numeric not between 0 and 60 then 'must be between 0 and 60 seconds' end
    when p_key in ('recording.max_minutes', 'recording.monthly_minutes') then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of minutes'
           when p_value::numeric not between case p_key when 'recording.max_minutes' then 1 else 0 end
                                         and case p_key when 'recording.max_minutes' then 1440 else 10000000 end
             or p_value::numeric % 1 <> 0
             then case p_key when 'recording.max_minutes' then 'must be between 1 and 1440 whole minutes' else 'must be between 0 and 10000000 whole minutes' end end
    when p_key in ('evidence.after_seconds', 'evidence.link_seconds', 'recording.link_seconds') then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of seconds'
           when p_value::numeric not between 1 and 60 or p_value::numeric % 1 <> 0 then 'must be between 1 and 60 whole seconds' end
    when p_key = 'speech.who' then
      case when jsonb_typeof(p_value) <> 'array' or not p_value <@ '["case", "strike", "reports"]' then 'must be a list of case, strike, reports' end
    when p_key in ('speech.at_once', 'pictures.every_seconds', 'pictures.kept_a_case') then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number'
           when p_value::numeric not between 1 and 600 or p_value::numeric % 1 <> 0 then 'must be a whole number between 1 and 600' end
    when p_key = 'pictures.score' then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number'
           when p_value::numeric not between 0.1 and 1 then 'must be between 0.1 and 1' end
    when p_key in ('bans.second_person_days', 'appeals.within_days', 'evidence.unreviewed_days', 'evidence.violation_days', 'recording.retention_days') then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of days'
           when p_value::numeric not between 1 and 3650 or p_value::numeric % 1 <> 0 then 'must be between 1 and 3650 whole days' end
    when p_key = 'limits' then
      case when jsonb_typeof(p_value) <> 'object' then 'must be an object'
           when jsonb_path_exists(p_value, '$.* ? (@.type() <> "number" || @ < 0)')
             then 'must hold numbers of zero or more only' end
    when p_key = 'realtime.messages_per_second' then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number of messages'
           when p_value::numeric not between 10 and 1000000 then 'must be between 10 and 1000000 messages' end
    when p_key in ('moderation.policy', 'plan.limits') then
      case when jsonb_typeof(p_value) <> 'object' then 'must be an object' end
    else 'is not a setting of the live platform'
  end;
end;
$$;
comment on function live.setting_fault is 'What is wrong with a setting, in words; null when nothing is.';

create function live.check_setting() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  fault text := live.setting_fault(new.key, new.value);
begin
  if fault is not null then
    perform live.refuse(400, 'bad_setting', format('%s %s.', new.key, fault));
  end if;
  new.updated_at := clock_timestamp();
  new.updated_by := auth.uid();
  new.changed_xid := pg_current_xact_id();
  return new;
end;
$$;
comment on function live.check_setting is 'Trigger: refuses unknown or malformed settings and records who changed them.';
create trigger check_setting before insert or update on public.app_settings
  for each row execute function live.check_setting();

create function live.setting(p_key text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select s.value from public.app_settings s where s.key = p_key);
end;
$$;
comment on function live.setting is 'The value of a setting. Definer: people who may not read settings are bound by them too.';
grant execute on function live.setting(text) to service_role;

create function live.setting_interval(p_key text) returns interval
language plpgsql stable set search_path = '' as $$
begin
  return make_interval(secs => (live.setting(p_key))::double precision);
end;
$$;
comment on function live.setting_interval is 'A setting in seconds, as an interval.';

create function live.limit_of(p_name text) returns double precision
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select (s.value ->> p_name)::double precision from public.app_settings s where s.key = 'limits');
end;
$$;
comment on function live.limit_of is 'One number of app_settings.limits; null when the limit is not set.';

insert into public.app_settings (key, value, description) values
  ('live.enabled', 'true', 'Whether new sessions may be created and started.'),
  ('calls.enabled', 'true', 'Whether new one-to-one calls may be started.'),
  ('calls.busy_on_air', 'false', 'Whether somebody who is on air in a session is busy for calls.'),
  ('calls.ring_seconds', '30', 'How long a call rings before it is missed.'),
  ('calls.alone_seconds', '30', 'How long one side of an accepted call may be alone in its room before the call ends.'),
  ('session.host_grace_seconds', '120', 'How long a live session waits for a host who has gone before it ends.'),
  ('session.no_show_seconds', '7200', 'How long after its time a scheduled session may still be started.'),
  ('access.grace_seconds', '60', 'How long someone whose paid access ended may stay after being told.'),
  ('tickets.delivered_after_seconds', '300',
   'How long a host''s media must flow after a purchase until the ticket is earned; half the announced length where that is less.'),
  ('earnings.holding_days', '14', 'How long earned coins wait before a creator can be paid them.'),
  ('realtime.messages_per_second', '100', 'What Supabase''s plan allows of Realtime: 100 (Free), 500 (Pro), 2500 (no spend cap, Team).'),
  ('moderation.policy', '{}', 'Overrides of the agent''s default moderation policy, for every session.'),
  ('limits', '{
      "messages_per_minute": 30, "gifts_per_minute": 60, "calls_per_minute": 6, "calls_per_hour": 60, "calls_per_pair_per_hour": 10,
      "blocks_per_minute": 30, "devices_per_minute": 30, "moves_per_minute": 10, "devices_per_person": 20, "blocks_per_person": 5000, "actions_per_minute": 120,
      "hands_per_minute": 6, "hands_per_session": 100, "hand_seconds": 900, "invite_seconds": 120,
      "speakers_per_session": 20, "scheduled_per_day": 20, "automatic_per_rule_and_hour": 30, "automatic_per_hour": 500, "orphan_rooms_per_minute": 3, "orphan_rooms_at_once": 10}',
   'Limits against abuse: rates per person, and sizes per session.'),
  ('plan.limits', '{
      "plan": "ship", "warn_at": 0.8,
      "build": {"concurrent_participants": 100, "connection_minutes": 5000, "downstream_gb": 50},
      "ship": {"concurrent_participants": 1000, "connection_minutes": 150000, "downstream_gb": 250}}',
   'The LiveKit plan in use and the monthly limits of the plans, against which usage is shown.');

-- schemas/04_roles.sql
-- Owns: roles and ranks. live_roles is the one list of them: everything else here, and what other languages know of roles,
-- is read or written from its rows. A new role is a row.

create table public.live_roles (
  context text not null check (context in ('video_live', 'audio_room', 'call')),
  role text not null check (role ~ '^[a-z][a-z_]{1,29}$'),
  rank int not null check (rank between 1 and 99),
  can_publish_sources text[] not null
    check (can_publish_sources <@ array['camera', 'microphone', 'screen_share', 'screen_share_audio']),
  can_subscribe boolean not null default true,
  staff boolean not null default false,
  arrives boolean not null default false,
  token_publishes boolean not null default false,
  grants_below int not null default 0,
  name_en text not null check (length(name_en) between 1 and 40),
  name_tr text not null check (length(name_tr) between 1 and 40),
  primary key (context, role)
);
comment on table public.live_roles is 'What a role may do in which kind of room: the one table that edge functions and the agent both read.';
comment on column public.live_roles.context is 'Kind of room: a session''s type (video_live or audio_room), or call.';
comment on column public.live_roles.role is 'Name of the role.';
comment on column public.live_roles.rank is 'Nobody acts on a higher or equal rank. Ops stand above every rank: live.rank_of_ops().';
comment on column public.live_roles.can_publish_sources is 'LiveKit track sources that the role may publish: camera, microphone, screen_share, screen_share_audio; empty means none.';
comment on column public.live_roles.can_subscribe is 'Whether the role may receive media.';
comment on column public.live_roles.staff is
  'Whether it moderates: no ticket is asked of it, mute_all spares it, it sees levels. live_participants.staff follows it.';
comment on column public.live_roles.arrives is 'Whether someone new gets this role.';
comment on column public.live_roles.token_publishes is
  'Whether the token itself carries the right to publish. All others get it from the agent at the join.';
comment on column public.live_roles.grants_below is 'It gives roles below this rank only; 0: it gives none.';
comment on column public.live_roles.name_en is 'What people call it, in English.';
comment on column public.live_roles.name_tr is 'What people call it, in Turkish.';
create unique index live_roles_arrives on public.live_roles (context) where arrives;
alter table public.live_roles enable row level security;
create policy "roles are public" on public.live_roles for select to anon, authenticated using (true);
grant select on public.live_roles to anon, authenticated, service_role;

insert into public.live_roles (context, role, rank, can_publish_sources, staff, arrives, token_publishes, grants_below,
                               name_en, name_tr) values
  ('video_live', 'host', 50, '{camera,microphone,screen_share,screen_share_audio}', true, false, true, 50, 'host', 'sunucu'),
  ('video_live', 'co_host', 40, '{camera,microphone}', true, false, false, 30, 'co-host', 'yardımcı sunucu'),
  ('video_live', 'moderator', 30, '{}', true, false, false, 30, 'moderator', 'moderatör'),
  ('video_live', 'speaker', 20, '{camera,microphone}', false, false, false, 0, 'speaker', 'konuşmacı'),
  ('video_live', 'listener', 10, '{}', false, false, false, 0, 'listener', 'dinleyici'),
  ('video_live', 'viewer', 10, '{}', false, true, false, 0, 'viewer', 'izleyici'),
  ('audio_room', 'host', 50, '{microphone}', true, false, true, 50, 'host', 'sunucu'),
  ('audio_room', 'co_host', 40, '{microphone}', true, false, false, 30, 'co-host', 'yardımcı sunucu'),
  ('audio_room', 'moderator', 30, '{microphone}', true, false, false, 30, 'moderator', 'moderatör'),
  ('audio_room', 'speaker', 20, '{microphone}', false, false, false, 0, 'speaker', 'konuşmacı'),
  ('audio_room', 'listener', 10, '{}', false, true, false, 0, 'listener', 'dinleyici'),
  ('audio_room', 'viewer', 10, '{}', false, false, false, 0, 'viewer', 'izleyici'),
  ('call', 'party', 50, '{camera,microphone}', false, true, true, 0, 'party', 'taraf');

create function live.rank_of(p_context text, p_role text) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select r.rank from public.live_roles r where r.context = p_context and r.role = p_role);
end;
$$;
comment on function live.rank_of is 'Rank of a role in a kind of room; null when the role does not exist there.';

create function live.require_role(p_context text, p_role text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_role is not null and p_context is not null and live.rank_of(p_context, p_role) is null then
    raise exception check_violation using message = format('%s has no role %s', p_context, p_role);
  end if;
end;
$$;
comment on function live.require_role is 'Refuses a role that live_roles does not have there; null, and an unknown place, are not its business.';

create function live.is_staff(p_context text, p_role text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select r.staff from public.live_roles r where r.context = p_context and r.role = p_role);
end;
$$;
comment on function live.is_staff is 'Whether a role moderates in a kind of room; null when the role does not exist there.';

create function live.default_role(p_context text) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select r.role from public.live_roles r where r.context = p_context and r.arrives);
end;
$$;
comment on function live.default_role is 'The role of someone new in a kind of room.';

create function live.rank_of_ops() returns int
language plpgsql immutable set search_path = '' as $$
begin
  return 100;
end;
$$;
comment on function live.rank_of_ops is 'The rank of ops, which is no role: above every rank that a role may have.';
-- A default of columns that server code may leave out.
grant execute on function live.rank_of_ops() to service_role;

create function live.host_rank() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select max(r.rank) from public.live_roles r);
end;
$$;
comment on function live.host_rank is 'The highest rank of a role: hosts, and the sides of a call.';

create function live.staff_rank() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select min(r.rank) from public.live_roles r where r.staff);
end;
$$;
comment on function live.staff_rank is 'From this rank on somebody moderates.';

create function live.grants_below(p_rank int) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when p_rank >= live.rank_of_ops() then p_rank
              else coalesce((select max(r.grants_below) from public.live_roles r where r.rank <= p_rank), 0) end;
end;
$$;
comment on function live.grants_below is 'Roles below this rank are what somebody of rank p_rank may give; ops may give every role.';

create function live.audience_rank() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select min(r.rank) from public.live_roles r);
end;
$$;
comment on function live.audience_rank is 'The rank of the audience, those who only watch and listen.';

-- schemas/05_moderation_policy.sql
-- Owns: the policy of automatic moderation: its shape with defaults and bounds, the presets, how one policy is laid over
-- another, and the refusal of one that makes no sense. The rules' own parts are in 06_policy_sections.sql, which is written
-- from moderation/rules/; a test holds shape and agent together.

create function live.policy_shape() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('mode', 'observe') || live.rule_shapes() || '{
    "strikes": {"half_life_seconds": [600.0, 1.0, 86400.0], "clean_below": [0.25, 0.001, 1.0]},
    "ladder": [
      {"step": "notice", "strikes": 0.75, "cooldown_seconds": 5.0, "seconds": 0.0},
      {"step": "warning", "strikes": 1.5, "cooldown_seconds": 5.0, "seconds": 0.0},
      {"step": "mute", "strikes": 2.5, "cooldown_seconds": 60.0, "seconds": 60.0},
      {"step": "demote", "strikes": 3.5, "cooldown_seconds": 60.0, "seconds": 0.0},
      {"step": "call_human", "strikes": 4.5, "cooldown_seconds": 300.0, "seconds": 0.0}],
    "told_every_seconds": [60.0, 1.0, 86400.0],
    "tips_every_seconds": [900.0, 10.0, 86400.0]
  }'::jsonb;
end;
$$;
comment on function live.policy_shape is
  'Every field of a policy: a number as [default, lowest, highest], anything else as its default. The ladder is a list of rungs.';

create function live.rung_shape() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return '{"step": "notice", "strikes": [1.0, 0.0, 1000.0], "cooldown_seconds": [5.0, 0.0, 86400.0],
           "seconds": [0.0, 0.0, 86400.0]}'::jsonb;
end;
$$;
comment on function live.rung_shape is 'The fields of one rung of the ladder, as policy_shape has them. The step must be named.';

create function live.policy_presets() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  -- Each names the same fields, so that a preset is the same over every policy of the platform.
  return '{
    "talk": {"too_loud": {"threshold_lufs": -9.0}, "scream": {"threshold_lufs": -5.0, "jump_lu": 3.0},
             "noise": {"enabled": true}, "dead_air": {"enabled": true, "seconds": 120.0}},
    "music": {"too_loud": {"threshold_lufs": -4.0}, "scream": {"threshold_lufs": -1.0, "jump_lu": 6.0},
              "noise": {"enabled": false}, "dead_air": {"enabled": true, "seconds": 300.0}},
    "asmr": {"too_loud": {"threshold_lufs": -17.0}, "scream": {"threshold_lufs": -13.0, "jump_lu": 3.0},
             "noise": {"enabled": false}, "dead_air": {"enabled": false, "seconds": 1800.0}}
  }'::jsonb;
end;
$$;
comment on function live.policy_presets is
  'The policies that can be named: talk, music (mastered music is loud and holds its level), asmr (a soft room, silent for long).';

create function live.policy_defaults(p_shape jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return (
    select jsonb_object_agg(f.key, case
             when jsonb_typeof(f.value) = 'object' then live.policy_defaults(f.value)
             when jsonb_typeof(f.value -> 0) = 'number' then f.value -> 0
             else f.value end)
      from jsonb_each(p_shape) f);
end;
$$;
comment on function live.policy_defaults is 'A shape without its bounds: what holds where nobody says otherwise.';

create function live.default_policy() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return live.policy_defaults(live.policy_shape());
end;
$$;
comment on function live.default_policy is 'What holds where neither the platform''s policy nor a session''s says otherwise.';

create function live.merged_policy(p_base jsonb, p_over jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  result jsonb := p_base;
  item record;
begin
  for item in select * from jsonb_each(p_over) loop
    result := jsonb_set(result, array[item.key], case
      when jsonb_typeof(result -> item.key) = 'object' and jsonb_typeof(item.value) = 'object'
      then live.merged_policy(result -> item.key, item.value)
      else item.value end);
  end loop;
  return result;
end;
$$;
comment on function live.merged_policy is 'One policy over another: objects key by key, everything else, the ladder among it, as a whole.';

create function live.with_preset(p_policy jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return live.merged_policy(coalesce(live.policy_presets() -> (p_policy ->> 'preset'), '{}'), p_policy - 'preset');
end;
$$;
comment on function live.with_preset is 'A policy with the preset that it names written out below its own fields, which win.';

create function live.field_fault(p_name text, p_wanted jsonb, p_value jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  words text[] := case p_name when 'mode' then '{off,observe,enforce}'
                              else '{notice,warning,mute,demote,call_human}' end;
begin
  return case
    when p_wanted is null then 'is unknown'
    when jsonb_typeof(p_wanted) = 'boolean' then
      case when jsonb_typeof(p_value) <> 'boolean' then 'must be true or false' end
    when jsonb_typeof(p_wanted) = 'string' then
      case when jsonb_typeof(p_value) <> 'string' or p_value #>> '{}' <> all (words)
        then 'must be one of ' || array_to_string(words, ', ') end
    -- In a case of its own: what is no number must not be cast to one.
    when case when jsonb_typeof(p_value) = 'number'
              then p_value::numeric not between (p_wanted -> 1)::numeric and (p_wanted -> 2)::numeric else true end
      then format('must be a number from %s to %s', trim_scale((p_wanted -> 1)::numeric), trim_scale((p_wanted -> 2)::numeric))
  end;
end;
$$;
comment on function live.field_fault is 'What is wrong with one field of a policy, with its bounds; null when nothing is.';

create function live.ladder_faults(p_ladder jsonb) returns setof text
language plpgsql immutable set search_path = '' as $$
declare
  steps constant text[] := '{notice,warning,mute,demote,call_human}';
  faults text[];
begin
  if jsonb_typeof(p_ladder) <> 'array' or p_ladder = '[]' then
    return next 'ladder must be a list with at least one step';
    return;
  end if;
  select array_agg(fault) into faults
    from jsonb_array_elements(p_ladder) with ordinality e (rung, n),
         lateral (select live.policy_faults(e.rung, live.rung_shape(), format('ladder[%s].', e.n - 1)) as fault
                  union all select format('ladder[%s].step is missing', e.n - 1)
                   where jsonb_typeof(e.rung) = 'object' and not e.rung ? 'step') f;
  if faults is not null then
    return query select unnest(faults);
    return;
  end if;
  return query
    with rungs as (
      select e.n, array_position(steps, e.rung ->> 'step') as place, e.rung ->> 'step' as step,
             (r.rung ->> 'strikes')::numeric as strikes, (r.rung ->> 'seconds')::numeric as seconds
        from jsonb_array_elements(p_ladder) with ordinality e (rung, n),
             lateral (select live.merged_policy(live.policy_defaults(live.rung_shape()), e.rung) as rung) r
    ), pairs as (
      select place <= lag(place) over (order by n) as unordered, strikes <= lag(strikes) over (order by n) as unraised from rungs
    )
    select 'ladder: steps must be in this order, each once: ' || array_to_string(steps, ', ')
     where exists (select from pairs where unordered)
    union all select 'ladder: each step must take more strikes than the one before'
     where exists (select from pairs where unraised)
    union all select format('ladder: %s must %shave seconds above 0', step, case step when 'mute' then '' else 'not ' end)
      from rungs where (seconds > 0) <> (step = 'mute');
end;
$$;
comment on function live.ladder_faults is 'All that is wrong with a ladder, in words.';

create function live.policy_faults(p_policy jsonb, p_shape jsonb, p_path text) returns setof text
language plpgsql immutable set search_path = '' as $$
declare
  item record;
  wanted jsonb;
  fault text;
begin
  if jsonb_typeof(p_policy) <> 'object' then
    return next coalesce(nullif(trim(trailing '.' from p_path), ''), 'the policy') || ' must be an object';
    return;
  end if;
  for item in select * from jsonb_each(p_policy) order by key loop
    wanted := p_shape -> item.key;
    if p_path = '' and item.key = 'preset' then
      if jsonb_typeof(item.value) <> 'string' or not live.policy_presets() ? (item.value #>> '{}') then
        return next 'preset must be one of ' || (select string_agg(n, ', ' order by n) from jsonb_object_keys(live.policy_presets()) n);
      end if;
    elsif jsonb_typeof(wanted) = 'object' then
      return query select live.policy_faults(item.value, wanted, p_path || item.key || '.');
    elsif item.key = 'ladder' and wanted is not null then
      return query select live.ladder_faults(item.value);
    else
      fault := live.field_fault(item.key, wanted, item.value);
      if fault is not null then
        return next format('%s%s %s', p_path, item.key, fault);
      end if;
    end if;
  end loop;
end;
$$;
comment on function live.policy_faults is 'All that is wrong with a policy, or with a part of it, in words; each names the field and its bounds.';

create function live.policy_fault(p_policy jsonb) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return (select string_agg(fault, '; ') from live.policy_faults(p_policy, live.policy_shape(), '') fault);
end;
$$;
comment on function live.policy_fault is 'All that is wrong with a policy in one sentence; null when nothing is.';

create function live.check_policy() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  fault text := live.policy_fault(to_jsonb(new) -> tg_argv[0]);
begin
  if fault is not null then
    perform live.refuse(400, 'bad_policy', fault);
  end if;
  return new;
end;
$$;
comment on function live.check_policy is
  'Trigger: refuses a policy with unknown names, wrong types or values out of bounds. Its argument names the column.';
create trigger check_policy before insert or update on public.app_settings
  for each row when (new.key = 'moderation.policy') execute function live.check_policy('value');

-- schemas/06_policy_sections.sql
-- Written from moderation/rules/ by tests/unit/test_rule_lists.py.
-- Owns: each audio rule's own part of the policy.

create function live.rule_shapes() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return '{
    "too_loud": {"enabled": true, "threshold_lufs": [-9.0, -40.0, 0.0], "grace_seconds": [2.0, 0.0, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"},
    "scream": {"enabled": true, "threshold_lufs": [-5.0, -40.0, 0.0], "jump_lu": [3.0, 0.0, 6.0], "grace_seconds": [1.0, 0.0, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"},
    "clipping": {"enabled": true, "ratio": [0.01, 0.0001, 1.0], "grace_seconds": [3.0, 0.0, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "warning"},
    "howl": {"enabled": true, "threshold_dbfs": [-35.0, -90.0, 0.0], "grace_seconds": [1.0, 0.5, 60.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"},
    "noise": {"enabled": true, "threshold_dbfs": [-45.0, -90.0, 0.0], "grace_seconds": [15.0, 1.0, 300.0]},
    "hum": {"enabled": true, "threshold_dbfs": [-50.0, -90.0, 0.0], "grace_seconds": [15.0, 1.0, 300.0]},
    "dead_air": {"enabled": true, "seconds": [120.0, 10.0, 3600.0], "count_muted": false},
    "not_allowed": {"enabled": true, "threshold_lufs": [-47.0, -70.0, 0.0], "grace_seconds": [2.0, 0.2, 60.0]},
    "not_measurable": {"enabled": true, "grace_seconds": [2.0, 0.5, 60.0], "mute_seconds": [3.0, 1.0, 3600.0], "weight": [1.0, 0.0, 5.0], "ceiling": "call_human"}
  }'::jsonb;
end;
$$;
comment on function live.rule_shapes() is
  'Each audio rule''s own part of the policy: a number as [default, lowest, highest], anything else as its default.';

-- schemas/07_sessions_and_events.sql
-- Owns: the tables of sessions, their state machine, their ordered event stream, and tickets.

create table public.live_sessions (
  id uuid primary key default gen_random_uuid(),
  creator_id uuid not null,
  type text not null check (type in ('video_live', 'audio_room')),
  access_type text not null default 'public' check (access_type in ('public', 'subscribers', 'pay_per_view')),
  price_coins int check (price_coins between 1 and 1000000),
  title text not null check (char_length(title) between 1 and 200),
  livekit_room text not null unique default 'live_' || replace(gen_random_uuid()::text, '-', ''),
  status text not null default 'scheduled' check (status in ('scheduled', 'live', 'ended')),
  scheduled_at timestamptz,
  planned_minutes int check (planned_minutes between 1 and 1440),
  started_at timestamptz,
  ended_at timestamptz,
  end_reason text,
  cancel_reason text check (cancel_reason is null or status = 'ended'),
  host_left_at timestamptz,
  viewer_count int not null default 0 check (viewer_count >= 0),
  peak_viewers int not null default 0 check (peak_viewers >= 0),
  total_viewers int not null default 0 check (total_viewers >= 0),
  total_gift_coins bigint not null default 0 check (total_gift_coins >= 0),
  last_seq bigint not null default 0 check (last_seq >= 0),
  relayed_seq bigint not null default 0 check (relayed_seq between 0 and last_seq),
  mute_all_rank int,
  slow_mode_seconds int not null default 0 check (slow_mode_seconds between 0 and 3600),
  chat_mode text not null default 'everyone' check (chat_mode in ('everyone', 'followers_only', 'subscribers_only')),
  pinned_message_id uuid,
  moderation jsonb not null default '{}' check (jsonb_typeof(moderation) = 'object'),
  desired_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default clock_timestamp(),
  check ((access_type = 'pay_per_view') = (price_coins is not null)),
  check (status <> 'scheduled' or scheduled_at is not null),
  check ((status = 'ended') = (ended_at is not null)),
  check (status <> 'live' or started_at is not null)
);
comment on table public.live_sessions is 'A creator''s broadcast (video_live) or talk (audio_room): one LiveKit room each.';
comment on column public.live_sessions.id is 'Id of the session.';
comment on column public.live_sessions.creator_id is 'The creator: its host.';
comment on column public.live_sessions.type is 'video_live or audio_room; also the context of its roles.';
comment on column public.live_sessions.access_type is 'Who may enter: public (everyone), subscribers (of the creator) or pay_per_view (holders of a ticket).';
comment on column public.live_sessions.price_coins is 'Price of a ticket; set for pay_per_view and only there.';
comment on column public.live_sessions.title is 'Title; the one column that its host may change directly.';
comment on column public.live_sessions.livekit_room is 'Name of its LiveKit room.';
comment on column public.live_sessions.status is 'scheduled, live or ended; live_session_transitions says what may follow.';
comment on column public.live_sessions.scheduled_at is 'When it is meant to start.';
comment on column public.live_sessions.planned_minutes is 'How long it is announced to be; null when that is not said.';
comment on column public.live_sessions.started_at is 'When it went live; set by the database.';
comment on column public.live_sessions.ended_at is 'When it ended; set by the database.';
comment on column public.live_sessions.end_reason is 'Why it ended: host, ops, host_gone, no_show, room_gone, account_deleted, cancelled.';
comment on column public.live_sessions.cancel_reason is 'The host''s words to ticket holders, where it was cancelled before it began.';
comment on column public.live_sessions.host_left_at is 'Since when no host has been in the room; null while one is. Starts the host''s grace.';
comment on column public.live_sessions.viewer_count is 'People in the room now other than the creator; a person on two devices counts once.';
comment on column public.live_sessions.peak_viewers is 'Most viewers at one time, by the times of their visits.';
comment on column public.live_sessions.total_viewers is 'Different people other than the creator who have ever been in the room.';
comment on column public.live_sessions.total_gift_coins is 'Coins given to this session.';
comment on column public.live_sessions.last_seq is 'Highest seq of its live_events.';
comment on column public.live_sessions.relayed_seq is 'Highest seq that an agent has relayed into the room; only grows.';
comment on column public.live_sessions.mute_all_rank is 'Rank of who muted everyone; null while nobody has. Those who join later are muted too.';
comment on column public.live_sessions.slow_mode_seconds is 'Seconds between two messages of one person in its chat, but of moderators and above; 0 = no pause.';
comment on column public.live_sessions.chat_mode is 'Who may write in its chat beside moderators and above: everyone, followers_only or subscribers_only (of the creator).';
comment on column public.live_sessions.pinned_message_id is 'The message that the app shows above its chat; null for none, also when it was deleted.';
comment on column public.live_sessions.moderation is 'Overrides of app_settings moderation.policy for this session, by ops; may name a "preset": talk, music or asmr.';
comment on column public.live_sessions.desired_xid is 'Transaction of the last change that an agent must know of.';
comment on column public.live_sessions.created_at is 'When it was created.';
create unique index live_sessions_one_live_per_creator on public.live_sessions (creator_id) where status = 'live';
create index live_sessions_running on public.live_sessions (status, scheduled_at) where status <> 'ended';
create index live_sessions_by_creator on public.live_sessions (creator_id, created_at desc);
alter table public.live_sessions enable row level security;
grant select, insert, update on public.live_sessions to service_role;
grant select on public.live_sessions to anon, authenticated;
grant update (title) on public.live_sessions to authenticated;

create function live.clean_title() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.title := live.clean_text(new.title, 'title', 200);
  if auth.uid() = new.creator_id and live.standing_fault(auth.uid(), new.id, new.creator_id) is not null then
    perform live.refuse(403, 'banned', 'You have been removed and cannot rename this session.');
  end if;
  return new;
end;
$$;
comment on function live.clean_title is 'Trigger: a title is one line that can be read, no matter who writes it; a banned host writes none.';
create trigger clean_title before insert or update of title on public.live_sessions
  for each row execute function live.clean_title();

-- ── state machine ──────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_session_transitions (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
comment on table public.live_session_transitions is 'Which status of a session may follow which; everything else is refused.';
comment on column public.live_session_transitions.from_status is 'The status it has; new for a row being inserted.';
comment on column public.live_session_transitions.to_status is 'A status it may have next.';
alter table public.live_session_transitions enable row level security;
grant select on public.live_session_transitions to service_role;
insert into public.live_session_transitions (from_status, to_status) values
  ('new', 'scheduled'), ('new', 'live'), ('scheduled', 'live'), ('scheduled', 'ended'), ('live', 'ended');

create function live.guard_session() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  old_status text := case tg_op when 'INSERT' then 'new' else old.status end;
begin
  if old_status <> new.status then
    if not exists (select from public.live_session_transitions t
                    where t.from_status = old_status and t.to_status = new.status) then
      perform live.refuse(409, 'illegal_transition',
        format('A session that is %s cannot become %s.', old_status, new.status));
    end if;
    -- Times are the database's word, whatever the statement says.
    new.started_at := case new.status when 'live' then clock_timestamp()
                                      when 'scheduled' then null
                                      else old.started_at end;
    new.ended_at := case new.status when 'ended' then clock_timestamp() end;
    new.host_left_at := case new.status when 'live' then clock_timestamp() end;
  elsif tg_op = 'UPDATE' then
    new.started_at := old.started_at;
    new.ended_at := old.ended_at;
  end if;
  if tg_op = 'UPDATE' and (new.id, new.creator_id, new.type, new.livekit_room, new.created_at)
      is distinct from (old.id, old.creator_id, old.type, old.livekit_room, old.created_at) then
    perform live.refuse(409, 'immutable', 'A session''s id, creator, type, room and birth never change.');
  end if;
  if tg_op = 'INSERT' or (new.status, new.mute_all_rank, new.moderation, new.access_type)
      is distinct from (old.status, old.mute_all_rank, old.moderation, old.access_type) then
    new.desired_xid := pg_current_xact_id();
  end if;
  return new;
end;
$$;
comment on function live.guard_session is 'Trigger: the session''s state machine, its times, and what never changes.';
create trigger guard_session before insert or update on public.live_sessions
  for each row execute function live.guard_session();

-- ── events ─────────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_events (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  seq bigint not null check (seq > 0),
  id uuid not null default gen_random_uuid() unique,
  type text not null check (type ~ '^[a-z_]{1,40}$'),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  primary key (session_id, seq)
);
comment on table public.live_events is 'The ordered stream of a session that the agent relays: gifts, system messages, changes of role, the end.';
comment on column public.live_events.session_id is 'The session.';
comment on column public.live_events.seq is '1, 2, 3… in each session, without gaps.';
comment on column public.live_events.id is 'Id of the event.';
comment on column public.live_events.type is 'Kind of event: one of those that schemas/events.json lists.';
comment on column public.live_events.payload is 'What happened, as the room is told.';
comment on column public.live_events.created_at is 'When it happened.';
alter table public.live_events enable row level security;
grant select on public.live_events to authenticated, service_role;

create function live.append_events(p_session uuid, p_type text, p_payloads jsonb[], p_gift_coins bigint default 0)
returns bigint
language plpgsql set search_path = '' as $$
declare
  top bigint;
begin
  -- As a packet carries it: JSON text inside JSON text. The rest of the 15 KiB is the envelope's.
  if exists (select from unnest(p_payloads) x where octet_length(to_jsonb(x::text)::text) > 14000) then
    perform live.refuse(413, 'event_too_large', 'This is too long to be told to the room: shorten it.');
  end if;
  -- The row lock is what makes seq gapless: it is held until the events' own transaction ends.
  update public.live_sessions s
     set last_seq = s.last_seq + cardinality(p_payloads), total_gift_coins = s.total_gift_coins + p_gift_coins
   where s.id = p_session returning s.last_seq into top;
  if top is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  end if;
  insert into public.live_events (session_id, seq, type, payload)
  select p_session, top - cardinality(p_payloads) + x.ordinality, p_type, x.payload
    from unnest(p_payloads) with ordinality as x (payload);
  return top;
end;
$$;
comment on function live.append_events is
  'Appends events of one type to a session''s stream, at the cost of one hint, and returns the last seq. Refuses one that '
  'no packet could carry. p_gift_coins: what they add to the session''s total; a burst of gifts waits for one lock and one '
  'write of the row, not for two. For definer functions: nobody may call it directly.';

create function live.append_event(p_session uuid, p_type text, p_payload jsonb) returns bigint
language plpgsql set search_path = '' as $$
begin
  return live.append_events(p_session, p_type, array[p_payload]);
end;
$$;
comment on function live.append_event is 'Appends one event to a session''s stream and returns its seq.';

create function live.instant(p_at timestamptz) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return to_char(p_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
end;
$$;
comment on function live.instant is 'A moment as packets word it: ISO 8601 in UTC with milliseconds.';

create function live.announce_session_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.append_event(new.id, 'session_ended', jsonb_build_object('reason', new.end_reason));
  return null;
end;
$$;
comment on function live.announce_session_end is 'Trigger: a session that ends says so in its stream.';
create trigger announce_session_end after update of status on public.live_sessions
  for each row when (old.status = 'live' and new.status = 'ended') execute function live.announce_session_end();

-- ── tickets ────────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_tickets (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  coins int not null check (coins >= 0),
  idempotency_key text not null check (char_length(idempotency_key) between 1 and 200),
  earned_at timestamptz,
  refund_due_at timestamptz,
  refund_reason text check (refund_reason in ('not_delivered', 'removed', 'ops')),
  refunded_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  unique (user_id, idempotency_key),
  check (refund_due_at is null or refund_reason is not null)
);
comment on table public.live_tickets is 'Tickets for pay-per-view sessions.';
comment on column public.live_tickets.id is 'Id of the ticket.';
comment on column public.live_tickets.session_id is 'The session it admits to.';
comment on column public.live_tickets.user_id is 'Who holds it.';
comment on column public.live_tickets.coins is 'What was paid.';
comment on column public.live_tickets.idempotency_key is 'The buyer''s key of the purchase: the same key is the same purchase.';
comment on column public.live_tickets.earned_at is
  'When the creator had earned it: the host''s media has flowed long enough after this purchase. Null: its coins are held.';
comment on column public.live_tickets.refund_due_at is 'Since when it is to be paid back; it admits nobody from then on.';
comment on column public.live_tickets.refund_reason is
  'Why: not_delivered (the show was too short, or never was), removed (by the creator or their moderators, before it was earned), ops.';
comment on column public.live_tickets.refunded_at is 'When it was refunded; it admits nobody from then on.';
comment on column public.live_tickets.created_at is 'When it was bought.';
create unique index live_tickets_one_valid on public.live_tickets (session_id, user_id) where refunded_at is null;
create index live_tickets_held on public.live_tickets (session_id, user_id)
  where earned_at is null and refund_due_at is null and refunded_at is null;
create index live_tickets_due on public.live_tickets (refund_due_at) where refund_due_at is not null and refunded_at is null;
alter table public.live_tickets enable row level security;
grant select on public.live_tickets to authenticated, service_role;

-- schemas/09_calls.sql
-- Owns: the table of one-to-one calls. Its state machine and functions are a migration of their own.

create table public.calls (
  id uuid primary key default gen_random_uuid(),
  caller_id uuid not null,
  callee_id uuid not null,
  type text not null check (type in ('audio', 'video')),
  status text not null default 'initiated'
    check (status in ('initiated', 'ringing', 'accepted', 'declined', 'missed', 'cancelled', 'ended', 'failed')),
  livekit_room text not null unique default 'call_' || replace(gen_random_uuid()::text, '-', ''),
  ringing_at timestamptz,
  accepted_at timestamptz,
  ended_at timestamptz,
  duration_seconds int check (duration_seconds >= 0),
  end_reason text,
  video_wanted_by uuid,
  desired_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default clock_timestamp(),
  check (caller_id <> callee_id)
);
comment on table public.calls is 'One-to-one calls: one LiveKit room each.';
comment on column public.calls.id is 'Id of the call.';
comment on column public.calls.caller_id is 'Who calls.';
comment on column public.calls.callee_id is 'Who is called.';
comment on column public.calls.type is 'audio or video; an audio call becomes video when both sides ask for it.';
comment on column public.calls.status is 'initiated, ringing, accepted; at the end declined, missed, cancelled, ended or failed. call_transitions says what may follow.';
comment on column public.calls.livekit_room is 'Name of its LiveKit room.';
comment on column public.calls.ringing_at is 'When it began to ring.';
comment on column public.calls.accepted_at is 'When it was answered.';
comment on column public.calls.ended_at is 'When it was over, in whichever way.';
comment on column public.calls.duration_seconds is 'Seconds from the answer to the end.';
comment on column public.calls.end_reason is 'Why it is over.';
comment on column public.calls.video_wanted_by is 'The side of an audio call that has asked for video; null when nobody has.';
comment on column public.calls.desired_xid is 'Transaction of the last change that an agent must know of.';
comment on column public.calls.created_at is 'When it was started.';
create index calls_by_caller on public.calls (caller_id, created_at desc);
create index calls_by_callee on public.calls (callee_id, created_at desc);
create index calls_running on public.calls (status, ringing_at) where status in ('initiated', 'ringing', 'accepted');
alter table public.calls enable row level security;
grant select, insert, update on public.calls to service_role;
grant select on public.calls to authenticated;
create policy "both sides see their call, ops see all" on public.calls for select to authenticated
  using ((select auth.uid()) in (caller_id, callee_id) or (select live.am_ops()));

create function live.call_is_running(p_status text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_status in ('initiated', 'ringing', 'accepted');
end;
$$;
comment on function live.call_is_running is 'Whether a call of this status may still have a room.';

-- schemas/11_people.sql
-- Owns: the tables of who is in a session with what rights (live_participants), each connection of theirs
-- (live_visits), and who is kept out (live_bans).

create table public.live_participants (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  role text not null,
  staff boolean not null default false,
  role_by_rank int not null default 0,
  mic_muted boolean not null default false,
  mic_muted_until timestamptz,
  mic_by_rank int not null default 0,
  mic_by_all boolean not null default false,
  camera_off boolean not null default false,
  camera_by_rank int not null default 0,
  chat_muted_until timestamptz,
  chat_by_rank int not null default 0,
  hand_raised_at timestamptz,
  invited_role text,
  invited_by uuid,
  invited_by_rank int not null default 0,
  invite_expires_at timestamptz,
  access_ends_at timestamptz,
  access_removed boolean not null default false,
  free boolean not null default false,
  is_online boolean not null default false,
  first_joined_at timestamptz,
  last_joined_at timestamptz,
  left_at timestamptz,
  open_visits int not null default 0 check (open_visits >= 0),
  visits int not null default 0 check (visits >= 0),
  folded_visits int not null default 0,
  folded_until timestamptz,
  watched interval not null default '0',
  watch_seconds int not null default 0 check (watch_seconds >= 0),
  desired_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default clock_timestamp(),
  primary key (session_id, user_id),
  check (mic_muted or (mic_muted_until is null and not mic_by_all)),
  check ((invited_role is null) = (invite_expires_at is null))
);
comment on table public.live_participants is
  'A person in a session. Role and mute flags are the desired state: the agent makes LiveKit agree.';
comment on column public.live_participants.session_id is 'The session.';
comment on column public.live_participants.user_id is 'The person; also the LiveKit identity.';
comment on column public.live_participants.role is 'What they may do: a role that live_roles has for the session''s type.';
comment on column public.live_participants.staff is 'Whether that role moderates; kept by a trigger.';
comment on column public.live_participants.role_by_rank is 'Rank of who gave the role; a lower rank does not change it. 0 = nobody in particular.';
comment on column public.live_participants.mic_muted is 'Whether the microphone is taken away, by name or by mute_all.';
comment on column public.live_participants.mic_muted_until is 'When that ends by itself; null = not by itself.';
comment on column public.live_participants.mic_by_rank is 'Rank of who muted; a lower rank does not unmute.';
comment on column public.live_participants.mic_by_all is 'Whether it is mute_all that muted them, so that unmute_all frees them.';
comment on column public.live_participants.camera_off is 'Whether the camera and screen are taken away.';
comment on column public.live_participants.camera_by_rank is 'Rank of who took the camera; a lower rank does not give it back.';
comment on column public.live_participants.chat_muted_until is 'Until when they may not write; infinity = until lifted; null = they may.';
comment on column public.live_participants.chat_by_rank is 'Rank of who took the chat; a lower rank does not give it back.';
comment on column public.live_participants.hand_raised_at is 'Since when the hand is up: the queue''s order. Null = down.';
comment on column public.live_participants.invited_role is 'A role, as role, that they were offered and have not answered.';
comment on column public.live_participants.invited_by is 'Who offered it; null for server code and for ops.';
comment on column public.live_participants.invited_by_rank is 'Rank of who offered it.';
comment on column public.live_participants.invite_expires_at is 'Until when the offer stands.';
comment on column public.live_participants.access_ends_at is 'Paid access ended: when the grace is over. Null while access holds.';
comment on column public.live_participants.access_removed is 'Whether the grace is over and they must be out.';
comment on column public.live_participants.free is 'Whether the session is public, so that no paid access is needed; kept by triggers.';
comment on column public.live_participants.is_online is 'Whether any connection of theirs is open; derived from live_visits.';
comment on column public.live_participants.first_joined_at is 'Start of their first visit.';
comment on column public.live_participants.last_joined_at is 'Start of their latest visit.';
comment on column public.live_participants.left_at is 'End of their latest visit; null while online.';
comment on column public.live_participants.open_visits is 'How many connections of theirs are open.';
comment on column public.live_participants.visits is 'How many connections of theirs are on record in live_visits.';
comment on column public.live_participants.folded_visits is 'How many short ones beyond limits.visits_kept were taken off that list.';
comment on column public.live_participants.folded_until is 'The latest moment that any report of those told about; null = none.';
comment on column public.live_participants.watched is 'Time covered by closed visits, exactly.';
comment on column public.live_participants.watch_seconds is 'Seconds covered by closed visits; two devices at once count once.';
comment on column public.live_participants.desired_xid is 'Transaction of the last change that an agent must know of.';
comment on column public.live_participants.created_at is 'When the row was made.';
create index live_participants_by_user on public.live_participants (user_id, last_joined_at desc nulls last);
create index live_participants_free on public.live_participants (user_id) include (session_id) where free and not access_removed;
create index live_participants_paid on public.live_participants (user_id) where not free;
create index live_participants_staff on public.live_participants (user_id) include (session_id)
  where staff;
create index live_participants_changed on public.live_participants (session_id, desired_xid);
create index live_participants_online on public.live_participants (session_id) where is_online;
create index live_participants_folded on public.live_participants (folded_until) where folded_visits > 0;
create index live_participants_hosts on public.live_participants (session_id) where role = 'host';
create index live_participants_hands on public.live_participants (session_id, hand_raised_at) where hand_raised_at is not null;
create index live_participants_timed on public.live_participants (least(mic_muted_until, invite_expires_at, access_ends_at))
  where least(mic_muted_until, invite_expires_at, access_ends_at) is not null;
alter table public.live_participants enable row level security;
grant select, insert, update on public.live_participants to service_role;
grant select on public.live_participants to authenticated;

create table public.live_visits (
  participant_sid text primary key check (participant_sid ~ '^[A-Za-z0-9_-]{1,64}$'),
  session_id uuid references public.live_sessions (id) on delete cascade,
  call_id uuid references public.calls (id) on delete cascade,
  user_id uuid not null,
  joined_at timestamptz not null,
  left_at timestamptz,
  leave_reason text,
  join_reported_at timestamptz,
  agent_left_at timestamptz,
  agent_leave_reason text,
  webhook_left_at timestamptz,
  webhook_leave_reason text,
  closed_at timestamptz,
  close_reason text,
  join_permission jsonb,
  beside boolean not null default false,
  check (num_nonnulls(session_id, call_id) = 1),
  check (left_at >= joined_at)
);
comment on table public.live_visits is
  'One row per connection, so that a late leave can never close a newer visit. What each source reported is kept, and '
  'joined_at, left_at and leave_reason follow from it: the order of arrival makes no difference.';
comment on column public.live_visits.participant_sid is 'LiveKit''s id of the connection.';
comment on column public.live_visits.session_id is 'The session, or null for a call.';
comment on column public.live_visits.call_id is 'The call, or null for a session.';
comment on column public.live_visits.user_id is 'Who.';
comment on column public.live_visits.joined_at is 'LiveKit''s own joined_at; the time of leaving while only that is known.';
comment on column public.live_visits.left_at is 'The earliest credible report of leaving, never before joined_at; null while connected.';
comment on column public.live_visits.leave_reason is 'Why, as the source of left_at says.';
comment on column public.live_visits.join_reported_at is 'Earliest joined_at that any source reported; null until one does.';
comment on column public.live_visits.join_permission is
  'LiveKit''s permission as the webhook of the join told it: can_publish, can_publish_sources, can_subscribe; null while unknown.';
comment on column public.live_visits.beside is
  'Whether it carries the person beside their app, under an identity of its own: an ingress (OBS) or a telephone.';
comment on column public.live_visits.agent_left_at is 'Earliest leaving that an agent reported.';
comment on column public.live_visits.agent_leave_reason is 'The reason in that report.';
comment on column public.live_visits.webhook_left_at is 'Earliest leaving that a webhook reported.';
comment on column public.live_visits.webhook_leave_reason is 'The reason in that report.';
comment on column public.live_visits.closed_at is 'When it was closed for want of a report; a report of leaving outranks it.';
comment on column public.live_visits.close_reason is 'Why it was closed: room_closed, session_ended, call_ended.';
create index live_visits_of_session on public.live_visits (session_id, user_id, joined_at) where session_id is not null;
create index live_visits_by_end on public.live_visits (session_id, user_id, left_at)
  where session_id is not null and left_at is not null;
create index live_visits_of_call on public.live_visits (call_id, user_id) where call_id is not null;
create index live_visits_open on public.live_visits (joined_at) where left_at is null;
create index live_visits_of_user on public.live_visits (user_id, joined_at desc);
alter table public.live_visits enable row level security;
grant select, insert, update on public.live_visits to service_role;
grant select on public.live_visits to authenticated;

create table public.live_bans (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  scope text not null check (scope in ('session', 'creator', 'platform')),
  session_id uuid references public.live_sessions (id) on delete cascade,
  creator_id uuid,
  reason text,
  created_by uuid,
  by_rank int not null default live.rank_of_ops(),
  action_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  lifted_at timestamptz,
  lifted_by uuid,
  check ((scope = 'session') = (session_id is not null)),
  check ((scope = 'creator') = (creator_id is not null))
);
comment on table public.live_bans is 'Who is kept out of one session, of all of a creator''s, or of the platform (a suspended account).';
comment on column public.live_bans.id is 'Id of the ban.';
comment on column public.live_bans.user_id is 'Who is kept out.';
comment on column public.live_bans.scope is 'session, creator or platform.';
comment on column public.live_bans.session_id is 'The session, for the scope session only.';
comment on column public.live_bans.creator_id is 'The creator, for the scope creator only.';
comment on column public.live_bans.reason is 'Why, for the audit.';
comment on column public.live_bans.created_by is 'Who banned; null for server code and for ops, whom only the audit names.';
comment on column public.live_bans.by_rank is 'Rank of who banned; a lower rank does not lift it.';
comment on column public.live_bans.action_id is 'The moderation action that made it; null when written by server code.';
comment on column public.live_bans.created_at is 'Since when.';
comment on column public.live_bans.expires_at is 'When it ends by itself; null = never.';
comment on column public.live_bans.lifted_at is 'When it was lifted; null while it stands.';
comment on column public.live_bans.lifted_by is 'Who lifted it; null for server code and for ops.';
create index live_bans_standing on public.live_bans (
  user_id, (coalesce(session_id, creator_id, '00000000-0000-0000-0000-000000000000')), (coalesce(expires_at, 'infinity')))
  where lifted_at is null;
create index live_bans_expiring on public.live_bans (expires_at) where lifted_at is null and expires_at is not null;
alter table public.live_bans enable row level security;
grant select, insert, update on public.live_bans to service_role;
grant select on public.live_bans to authenticated;

-- schemas/13_consent.sql
-- Owns: what a person decides about others: whom they have blocked, and who may call them. Ids only, as everywhere: a
-- deleted account leaves no block behind (live.forget_consent).

create table public.user_blocks (
  user_id uuid not null,
  blocked_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (user_id, blocked_id),
  check (user_id <> blocked_id)
);
comment on table public.user_blocks is
  'Who has blocked whom. Between the two, in both directions, there are no calls, no invitations, no hands raised to the one as host, and no chat shown.';
comment on column public.user_blocks.user_id is 'Who blocks.';
comment on column public.user_blocks.blocked_id is 'Who is blocked; never told.';
comment on column public.user_blocks.created_at is 'Since when.';
create index user_blocks_of_blocked on public.user_blocks (blocked_id);
alter table public.user_blocks enable row level security;
grant select, delete on public.user_blocks to service_role;
grant select on public.user_blocks to authenticated;
create policy "one sees whom one has blocked" on public.user_blocks for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));

create table public.call_preferences (
  user_id uuid primary key,
  calls_from text not null check (calls_from in ('everyone', 'followed', 'nobody')),
  updated_at timestamptz not null default clock_timestamp()
);
comment on table public.call_preferences is 'Who may call a person, where they have said so; everyone else may be called by everyone.';
comment on column public.call_preferences.user_id is 'Who is called.';
comment on column public.call_preferences.calls_from is
  'everyone, followed (the creators whose subscriber the callee is) or nobody.';
comment on column public.call_preferences.updated_at is 'When they said so.';
alter table public.call_preferences enable row level security;
grant select, delete on public.call_preferences to service_role;
grant select on public.call_preferences to authenticated;
create policy "one sees one's own wish" on public.call_preferences for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));

create function live.blocked(p_one uuid, p_other uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.user_blocks b
                  where (b.user_id, b.blocked_id) in ((p_one, p_other), (p_other, p_one)));
end;
$$;
comment on function live.blocked(uuid, uuid) is 'Whether either of two people has blocked the other.';

create function live.my_blocks() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select b.blocked_id from public.user_blocks b where b.user_id = (select auth.uid())
    union
    select b.user_id from public.user_blocks b where b.blocked_id = (select auth.uid());
end;
$$;
comment on function live.my_blocks is 'Everybody between whom and the caller a block stands; asked once per query.';
grant execute on function live.my_blocks() to authenticated;

create function live.subscribes(p_user uuid, p_creator uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select from public.creator_subscriptions c
     where c.user_id = p_user and c.creator_id = p_creator and c.status::text = 'active'
       and (c.expires_at is null or c.expires_at > clock_timestamp()));
end;
$$;
comment on function live.subscribes(uuid, uuid) is 'Whether somebody has an active subscription to a creator.';

create function live.follows(p_follower uuid, p_creator uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.subscribes(p_follower, p_creator);
end;
$$;
comment on function live.follows(uuid, uuid) is
  'Whether one follows the other. The app has no table of followers, so this is an active subscription to the creator.';

create function live.accepts_calls_from(p_callee uuid, p_caller uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return not live.blocked(p_callee, p_caller) and case (
      select w.calls_from from public.call_preferences w where w.user_id = p_callee)
    when 'nobody' then false
    when 'followed' then live.follows(p_callee, p_caller)
    else true end;
end;
$$;
comment on function live.accepts_calls_from(uuid, uuid) is 'Whether a person lets another call them, by their blocks and their wish.';

create function live.forget_consent(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  blocks int;
  wishes int;
begin
  delete from public.user_blocks b where p_user in (b.user_id, b.blocked_id);
  get diagnostics blocks = row_count;
  delete from public.call_preferences w where w.user_id = p_user;
  get diagnostics wishes = row_count;
  return jsonb_build_object('user_blocks', blocks, 'call_preferences', wishes);
end;
$$;
comment on function live.forget_consent(uuid) is 'Deletes the blocks and the wish of an account that is deleted, and the blocks against it: rows deleted, by table.';

-- schemas/14_live_actions.sql
-- Owns: the one list of moderation actions, and what may be said of each. The door denies what is not in it, and everything
-- else that lists actions (Python, TypeScript, the assistant, OPS.md) is written from it. A new action is a row here and
-- a function live.do_<action> that writes its desired state.

create table public.live_actions (
  action text primary key check (action ~ '^[a-z][a-z_]{1,39}$'),
  aspect text,
  scope text not null check (scope in ('person', 'account', 'message', 'session')),
  needs_target boolean not null,
  in_calls boolean not null default false,
  needs_agent boolean not null,
  params_schema jsonb not null check (jsonb_typeof(params_schema) = 'object'),
  min_rank int not null check (min_rank > 0),
  undone_by text references public.live_actions (action),
  automatic boolean not null default false,
  after_end boolean not null default false,
  expires_after interval,
  columns text[] not null default '{}',
  place int not null unique,
  description text not null check (length(description) >= 5),
  check ((aspect is null) = (undone_by is null)),
  check (needs_target = (scope in ('person', 'account')))
);
comment on table public.live_actions is
  'The one list of moderation actions: what each is about, who may ask for it, with which params, and what undoes it. The door denies what is not in it.';
comment on column public.live_actions.action is 'Name of the action.';
comment on column public.live_actions.aspect is
  'What it decides: a later action of the same aspect about the same target overtakes it. Null: it decides nothing that lasts.';
comment on column public.live_actions.scope is
  'What it is about: person (who is or was in the session), account (anybody, whether or not they were there), message, or session (the whole of it).';
comment on column public.live_actions.needs_target is 'Whether target_user_id must be given. Of a message its author is the target.';
comment on column public.live_actions.in_calls is 'Whether it is possible in a call; with a param `scope` only for the scope platform.';
comment on column public.live_actions.needs_agent is 'Whether LiveKit has to be made to agree. If not, the insert finishes it.';
comment on column public.live_actions.params_schema is
  'JSON Schema of params, in the keywords that live.value_fault knows: type, enum, minimum, maximum, maxLength, format, required, default, '
  'description, additionalProperties false.';
comment on column public.live_actions.min_rank is 'The lowest rank that may ask for it. Scope of a ban and role of set_role ask for more: live.permits.';
comment on column public.live_actions.undone_by is 'The action that undoes it: its own name where another of the same does.';
comment on column public.live_actions.automatic is 'Whether a rule of the agent may ask for it.';
comment on column public.live_actions.after_end is 'Whether it still makes sense when the session is over.';
comment on column public.live_actions.expires_after is
  'How long after the insert it is pointless, unless the row says otherwise; then it also needs a running session. Null: never.';
comment on column public.live_actions.columns is
  'Columns of its scope''s table that its function changes: withdrawing the row puts them back. Empty: live.put_back knows it by name.';
comment on column public.live_actions.place is 'Its place in lists.';
comment on column public.live_actions.description is 'What becomes true, for operators.';
alter table public.live_actions enable row level security;
create policy "actions are public" on public.live_actions for select to anon, authenticated using (true);
grant select on public.live_actions to anon, authenticated, service_role;

create function live.object_schema(p_properties jsonb, p_required text[] default '{}') returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('type', 'object', 'properties', p_properties, 'required', to_jsonb(p_required),
                            'additionalProperties', false);
end;
$$;
comment on function live.object_schema is 'A JSON Schema of an object that has these properties and no others.';

insert into public.live_actions (action, aspect, scope, needs_target, in_calls, needs_agent, params_schema, min_rank, undone_by, automatic,
                                 after_end, expires_after, columns, place, description)
with words as (
  select '{"type": "number", "minimum": 1, "maximum": 315360000, "description": "how long; until it is undone without it"}'::jsonb
           as seconds,
         '{"type": "boolean", "description": "true: also where it shortens what stands (weaker_than_standing otherwise)"}'::jsonb as replace,
         jsonb_build_object('type', 'string', 'default', 'session', 'enum', '["session", "creator", "platform"]'::jsonb) as scope,
         jsonb_build_object('type', 'string', 'enum', (select jsonb_agg(r.role order by r.rank desc, r.role) from public.live_roles r
                                                        where r.context = 'video_live')) as role,
         '{"type": "string", "format": "text", "maxLength": 1000}'::jsonb as text,
         '{"type": "string", "format": "uuid"}'::jsonb as id,
         '{"type": "integer", "minimum": 1, "maximum": 3600}'::jsonb as pause,
         '{"type": "string", "enum": ["everyone", "followers_only", "subscribers_only"]}'::jsonb as mode,
         '{mic_muted,mic_muted_until,mic_by_rank,mic_by_all}'::text[] as mic,
         '{camera_off,camera_by_rank}'::text[] as camera,
         '{chat_muted_until,chat_by_rank}'::text[] as chat
), ranks as (
  select r.role, r.rank from public.live_roles r where r.context = 'video_live'
), rows as (
  select a.* from words w cross join lateral (values
    (1, 'mute', 'mic', 'person', false, true,
     live.object_schema(jsonb_build_object('seconds', w.seconds, 'replace', w.replace)), 'moderator', 'unmute', true, false, null::interval, w.mic,
     'the microphone may not be published'),
    (2, 'unmute', 'mic', 'person', false, true, live.object_schema('{}'), 'moderator', 'mute', true, false, null, w.mic,
     'it may be published again; a right that returns opens no microphone by itself'),
    (3, 'camera_off', 'camera', 'person', false, true, live.object_schema('{}'), 'moderator', 'camera_on', true, false, null,
     w.camera, 'camera and screen may not be published'),
    (4, 'camera_on', 'camera', 'person', false, true, live.object_schema('{}'), 'co_host', 'camera_off', true, false, null,
     w.camera, 'they may be published again'),
    (5, 'chat_mute', 'chat', 'person', false, false,
     live.object_schema(jsonb_build_object('seconds', w.seconds, 'replace', w.replace)), 'moderator', 'chat_unmute', true, false, null, w.chat,
     'no messages from this person'),
    (6, 'chat_unmute', 'chat', 'person', false, false, live.object_schema('{}'), 'co_host', 'chat_mute', true, false, null,
     w.chat, 'they may write again'),
    (7, 'set_role', 'role', 'account', false, true, live.object_schema(jsonb_build_object('role', w.role), '{role}'), 'moderator',
     'set_role', true, false, null, '{role,role_by_rank,hand_raised_at}',
     'at once if lower or if the person has raised a hand; otherwise an invitation (`after.invited`), before the start as well'),
    (8, 'kick', null, 'person', true, true, live.object_schema('{}'), 'moderator', null, true, false, interval '10 minutes', '{}',
     'the connection of now ends; the person may come back. Pointless after ten minutes (`expires_at`)'),
    (9, 'ban', 'ban', 'account', true, true,
     live.object_schema(jsonb_build_object('seconds', w.seconds, 'scope', w.scope, 'replace', w.replace)), 'moderator', 'unban', true, true,
     null, '{}', 'no token, out of every running room in scope, out again at each return'),
    (10, 'unban', 'ban', 'account', true, true, live.object_schema(jsonb_build_object('scope', w.scope)), 'co_host', 'ban', true,
     true, null, '{}', 'bans of that scope are lifted'),
    (11, 'delete_message', null, 'message', false, false, live.object_schema(jsonb_build_object('message_id', w.id), '{message_id}'),
     'moderator', null, true, true, null, '{}', 'staff and ops alone see the message'),
    (12, 'release_message', null, 'message', false, false, live.object_schema(jsonb_build_object('message_id', w.id), '{message_id}'),
     'moderator', null, false, true, null, '{}', 'everyone in the session sees a message that was held'),
    (13, 'announce', null, 'session', false, true, live.object_schema(jsonb_build_object('text', w.text), '{text}'), 'co_host',
     null, true, false, interval '10 minutes', '{}', 'everyone in the room reads it'),
    (14, 'mute_all', 'mic', 'session', false, true, live.object_schema('{}'), 'co_host', 'unmute_all', true, false, null,
     '{mute_all_rank}', 'everyone below moderator is muted, also who comes later'),
    (15, 'unmute_all', 'mic', 'session', false, true, live.object_schema('{}'), 'co_host', 'mute_all', true, false, null,
     '{mute_all_rank}', 'those whom `mute_all` muted may speak again; a mute by name outlives it'),
    (16, 'slow_mode', 'slow_mode', 'session', false, false,
     live.object_schema(jsonb_build_object('seconds', w.pause)), 'co_host', 'slow_mode', false, false, null,
     '{slow_mode_seconds}', 'so many seconds pass between two messages of one person, but of moderators and above; without `seconds` no pause'),
    (17, 'chat_mode', 'chat_mode', 'session', false, false, live.object_schema(jsonb_build_object('mode', w.mode), '{mode}'),
     'co_host', 'chat_mode', false, false, null, '{chat_mode}', 'who may write in the chat beside moderators and above'),
    (18, 'pin_message', 'pin', 'session', false, false, live.object_schema(jsonb_build_object('message_id', w.id)), 'moderator',
     'pin_message', false, false, null, '{pinned_message_id}', 'the app shows this message above the chat; without `message_id` none'),
    (19, 'end_session', null, 'session', true, true, live.object_schema('{}'), 'host', null, false, false, null, '{}',
     'the session or call is over and its room is deleted')
  ) as a (place, action, aspect, scope, in_calls, needs_agent, params_schema, least, undone_by, automatic, after_end,
          expires_after, columns, description)
)
select a.action, a.aspect, a.scope, a.scope in ('person', 'account'), a.in_calls, a.needs_agent, a.params_schema, r.rank, a.undone_by, a.automatic, a.after_end,
       a.expires_after, a.columns, a.place, a.description
  from rows a join ranks r on r.role = a.least order by a.place;

create function live.action(p_action text) returns public.live_actions
language plpgsql stable security definer set search_path = '' as $$
declare
  known public.live_actions;
begin
  select * into known from public.live_actions a where a.action = p_action;
  return known;
end;
$$;
comment on function live.action is 'The row of an action; nulls when there is no such action.';

-- schemas/15_moderation_tables.sql
-- Owns: the tables of moderation: the one door (moderation_actions), what the audio rules saw (moderation_incidents)
-- and measured (live_audio_stats). The rules of the door are migrations of their own.

create table public.moderation_actions (
  id uuid primary key default gen_random_uuid(),
  n bigint generated by default as identity unique,
  session_id uuid references public.live_sessions (id) on delete cascade,
  call_id uuid references public.calls (id) on delete cascade,
  target_user_id uuid,
  action text not null references public.live_actions (action),
  params jsonb not null default '{}' check (jsonb_typeof(params) = 'object'),
  reason text check (char_length(reason) <= 1000),
  requested_by uuid,
  requested_via text not null check (requested_via in ('ops', 'app', 'auto', 'assistant')),
  requested_rank int not null,
  dry_run boolean not null default false,
  expires_at timestamptz,
  status text not null default 'pending'
    check (status in ('pending', 'claimed', 'applied', 'failed', 'expired', 'cancelled')),
  attempts int not null default 0,
  error_code text,
  error text,
  connections text[],
  prior jsonb,
  before jsonb,
  after jsonb,
  superseded_by uuid references public.moderation_actions (id) on delete set null,
  claimed_by text,
  created_at timestamptz not null default clock_timestamp(),
  claimed_at timestamptz,
  claim_expires_at timestamptz,
  applied_at timestamptz,
  enforce_ms double precision check (enforce_ms >= 0),
  check ((status = 'claimed') = (claim_expires_at is not null)),
  check (status <> 'applied' or applied_at is not null)
);
comment on table public.moderation_actions is
  'The one door for moderation. Inserting is asking: the insert validates, checks who may, and writes the desired '
  'state; the agent then makes LiveKit agree and writes back what happened. Only our functions update a row.';
comment on column public.moderation_actions.id is 'The caller may choose it, so that a retried insert is the same request.';
comment on column public.moderation_actions.n is 'The order: a later wish about the same person has a higher n.';
comment on column public.moderation_actions.session_id is 'The session it is about; null for a call, or for a ban of wider scope.';
comment on column public.moderation_actions.call_id is 'The call it is about.';
comment on column public.moderation_actions.target_user_id is 'Whom; null for the whole session. Kept when the account is deleted: the audit outlives it.';
comment on column public.moderation_actions.action is 'What: an action of live_actions.';
comment on column public.moderation_actions.params is 'Details, as live_actions.params_schema of the action says.';
comment on column public.moderation_actions.reason is 'Why, for the audit and for the person concerned.';
comment on column public.moderation_actions.requested_by is 'Who asked; set from who is signed in. Null for server code.';
comment on column public.moderation_actions.requested_via is 'Through which door: ops, app, auto (the agent''s rules) or assistant.';
comment on column public.moderation_actions.requested_rank is 'Rank of the asker at insertion; live.rank_of_ops() for ops.';
comment on column public.moderation_actions.dry_run is 'Decided and recorded, and nothing touched: it was carried out and rolled back.';
comment on column public.moderation_actions.expires_at is 'After this it is pointless; for kick and announce only.';
comment on column public.moderation_actions.status is 'pending, claimed, then applied, failed, expired or cancelled.';
comment on column public.moderation_actions.attempts is 'How often an agent has claimed it.';
comment on column public.moderation_actions.error_code is 'The last failure, for programs; superseded when a later row overtook it.';
comment on column public.moderation_actions.error is 'The last failure, in words that help.';
comment on column public.moderation_actions.prior is 'The desired state that it replaced, put back when it is withdrawn.';
comment on column public.moderation_actions.before is 'What it is about, as it was: the target''s role, mutes and permission; of a session its state; of a message what became of it. The agent adds what LiveKit had.';
comment on column public.moderation_actions.after is 'The same once it is true, and what else came of it: invited and invited_role, or how many people it concerned. Null when it was withdrawn.';
comment on column public.moderation_actions.superseded_by is 'The later row that contradicts it.';
comment on column public.moderation_actions.claimed_by is 'The worker that claimed it last.';
comment on column public.moderation_actions.created_at is 'When it was asked; enforce_ms counts from here.';
comment on column public.moderation_actions.claimed_at is 'When it was claimed last.';
comment on column public.moderation_actions.claim_expires_at is 'When another agent may claim it; set while claimed.';
comment on column public.moderation_actions.applied_at is 'When LiveKit had confirmed it.';
comment on column public.moderation_actions.connections is
  'A kick: the target''s connections (LiveKit''s SIDs) that were open when it was asked. It is meant for these, not for a later one.';
comment on column public.moderation_actions.enforce_ms is 'Milliseconds from insertion until LiveKit confirmed.';
create index moderation_actions_due on public.moderation_actions (session_id, n) where status in ('pending', 'claimed');
create index moderation_actions_due_in_calls on public.moderation_actions (call_id, n)
  where status in ('pending', 'claimed') and call_id is not null;
create index moderation_actions_of_session on public.moderation_actions (session_id, n desc);
create index moderation_actions_on_person on public.moderation_actions (target_user_id, n desc);
create index moderation_actions_by_person on public.moderation_actions (requested_by, created_at desc);
alter table public.moderation_actions enable row level security;
grant select, insert on public.moderation_actions to service_role;
grant select, insert (id, session_id, target_user_id, action, params, reason, dry_run) on public.moderation_actions
  to authenticated;

create table public.moderation_incidents (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  participant_sid text,
  rule text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  measured jsonb not null default '{}',
  started_at timestamptz not null,
  ended_at timestamptz,
  strikes double precision not null default 0,
  action_id uuid references public.moderation_actions (id) on delete set null,
  created_at timestamptz not null default clock_timestamp(),
  check (ended_at >= started_at)
);
comment on table public.moderation_incidents is 'What an automatic rule saw: who, which rule, what was measured, what followed.';
comment on column public.moderation_incidents.id is 'Chosen by the agent, so that a repeated write is the same incident.';
comment on column public.moderation_incidents.session_id is 'The session.';
comment on column public.moderation_incidents.user_id is 'Who.';
comment on column public.moderation_incidents.participant_sid is 'On which connection.';
comment on column public.moderation_incidents.rule is 'The rule that fired.';
comment on column public.moderation_incidents.severity is 'info, warning or critical.';
comment on column public.moderation_incidents.measured is 'The figures that made it fire, the step that followed, whether it was only observed, and the words for the person.';
comment on column public.moderation_incidents.started_at is 'When it began.';
comment on column public.moderation_incidents.ended_at is 'When the step was taken: what was judged lies between the two.';
comment on column public.moderation_incidents.strikes is 'Strikes of the person after it; they decay.';
comment on column public.moderation_incidents.action_id is 'The automatic action that followed.';
comment on column public.moderation_incidents.created_at is 'When it was written.';
create index moderation_incidents_of_session on public.moderation_incidents (session_id, started_at desc);
create index moderation_incidents_of_user on public.moderation_incidents (user_id, started_at desc);
alter table public.moderation_incidents enable row level security;
grant select, insert, update on public.moderation_incidents to service_role;
grant select on public.moderation_incidents to authenticated;

create table public.live_audio_stats (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  minute timestamptz not null check (minute = date_trunc('minute', minute, 'UTC')),
  talk_seconds double precision not null check (talk_seconds between 0 and 60),
  loudness_lufs double precision,
  peak_dbfs double precision,
  clipped_ratio double precision check (clipped_ratio between 0 and 1),
  measured jsonb not null default '{}' check (jsonb_typeof(measured) = 'object'),
  primary key (session_id, user_id, minute)
);
comment on table public.live_audio_stats is 'How a person sounded in a minute of a session. Figures only: no audio is stored.';
comment on column public.live_audio_stats.session_id is 'The session.';
comment on column public.live_audio_stats.user_id is 'Who.';
comment on column public.live_audio_stats.minute is 'Start of the minute; a room''s first one is written after ten seconds already, and again when it is over.';
comment on column public.live_audio_stats.talk_seconds is 'Seconds with speech in it.';
comment on column public.live_audio_stats.loudness_lufs is 'Gated loudness of the speech, LUFS; null when there was none.';
comment on column public.live_audio_stats.peak_dbfs is 'Highest sample peak, dBFS.';
comment on column public.live_audio_stats.clipped_ratio is 'Share of samples that were clipped.';
comment on column public.live_audio_stats.measured is 'Further figures, by name; `tracks`: the same of each sound, where more was heard than one microphone. The row is what people heard from all of them.';
create index live_audio_stats_of_user on public.live_audio_stats (user_id, minute desc);
alter table public.live_audio_stats enable row level security;
grant select, insert, update on public.live_audio_stats to service_role;
grant select on public.live_audio_stats to authenticated;

-- schemas/17_moderation_cases.sql
-- Owns: what waits for a human's decision (moderation_cases), the reasons that a report or a decision may give
-- (reason_codes), and the one function that opens a case. Working on cases is in 93_cases.

create table public.reason_codes (
  code text primary key check (code ~ '^[a-z_]{3,40}$'),
  severity text not null check (severity in ('info', 'warning', 'critical')),
  text_en text not null check (text_en ~ '\.$'),
  text_tr text not null check (text_tr ~ '\.$'),
  for_reports boolean not null default true
);
comment on table public.reason_codes is 'Why somebody is reported, and why a case is decided: the one list, with the sentence that the person concerned reads.';
comment on column public.reason_codes.code is 'For programs.';
comment on column public.reason_codes.severity is 'info, warning or critical: the least severity of a case that it opens.';
comment on column public.reason_codes.text_en is 'The public sentence in English.';
comment on column public.reason_codes.text_tr is 'The public sentence in Turkish.';
comment on column public.reason_codes.for_reports is 'Whether a viewer may report with it; the others are for decisions only.';
alter table public.reason_codes enable row level security;
grant select on public.reason_codes to anon, authenticated, service_role;
create policy "reasons are public" on public.reason_codes for select to anon, authenticated using (true);

insert into public.reason_codes (code, severity, text_en, text_tr, for_reports) values
  ('harassment', 'warning', 'This was harassment of another person.', 'Bu davranış başka bir kişiye yönelik tacizdir.', true),
  ('hate', 'warning', 'This was hate against a group of people.', 'Bu davranış bir gruba yönelik nefret söylemidir.', true),
  ('threat', 'critical', 'This was a threat of violence.', 'Bu davranış şiddet tehdididir.', true),
  ('self_harm', 'critical', 'This put somebody at risk of self-harm.', 'Bu davranış kendine zarar verme riski doğurmuştur.', true),
  ('minor_safety', 'critical', 'This endangered a minor.', 'Bu davranış bir çocuğu tehlikeye atmıştır.', true),
  ('sexual_content', 'warning', 'This was sexual content that is not allowed here.', 'Bu içerik burada izin verilmeyen cinsel içeriktir.', true),
  ('violence', 'warning', 'This showed violence that is not allowed here.', 'Bu içerik burada izin verilmeyen şiddet içeriyor.', true),
  ('impersonation', 'info', 'This was the use of somebody else''s identity.', 'Bu davranış başka birinin kimliğini kullanmaktır.', true),
  ('fraud', 'warning', 'This was an attempt to deceive people for gain.', 'Bu davranış çıkar amacıyla insanları aldatma girişimidir.', true),
  ('spam', 'info', 'This was spam.', 'Bu içerik istenmeyen mesajdır (spam).', true),
  ('copyright', 'info', 'This used a work without the right to it.', 'Bu yayında bir eser izinsiz kullanılmıştır.', true),
  ('noise', 'info', 'The sound was too loud or disturbing for the others.', 'Ses, diğer kişiler için çok yüksek veya rahatsız ediciydi.', true),
  ('other', 'info', 'This was against the rules of the platform.', 'Bu davranış platform kurallarına aykırıdır.', true),
  ('evasion', 'warning', 'This got around an earlier decision or the measuring of sound.', 'Bu davranış önceki bir kararı veya ses ölçümünü aşmaya yöneliktir.', false);

alter table public.moderation_actions add column reason_code text references public.reason_codes (code);
comment on column public.moderation_actions.reason_code is
  'Why, as a code of reason_codes: the person concerned reads its sentence in their own language, before the reason''s own words.';
grant insert (reason_code) on public.moderation_actions to authenticated;

create function live.reason_texts(p_code text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select jsonb_build_object('en', r.text_en, 'tr', r.text_tr) from public.reason_codes r where r.code = p_code);
end;
$$;
comment on function live.reason_texts(text) is 'The sentence of a reason code in both languages: {en, tr}; null for none.';

create table public.moderation_cases (
  id uuid primary key default gen_random_uuid(),
  session_id uuid references public.live_sessions (id) on delete set null,
  call_id uuid references public.calls (id) on delete set null,
  message_id uuid,
  recording_id uuid,
  user_id uuid,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  source text not null check (source in ('rule', 'report', 'ops', 'speech', 'picture')),
  claimed_by uuid,
  claim_expires_at timestamptz,
  resolved_at timestamptz,
  decision text check (decision in ('violation', 'no_violation')),
  reason_code text references public.reason_codes (code),
  resolved_by uuid,
  opened_at timestamptz not null default clock_timestamp(),
  check ((claimed_by is null) = (claim_expires_at is null)),
  check (decision is null or resolved_at is not null)
);
comment on table public.moderation_cases is
  'What waits for a human''s decision: opened by a rule that may not act, by reports, or by ops. One open case per person and session or call.';
comment on column public.moderation_cases.id is 'Id of the case.';
comment on column public.moderation_cases.session_id is 'The session it is about.';
comment on column public.moderation_cases.call_id is 'The call it is about.';
comment on column public.moderation_cases.message_id is 'The chat message it is about.';
comment on column public.moderation_cases.recording_id is 'The recording it is about.';
comment on column public.moderation_cases.user_id is 'Whom it is about; null for a whole session. Kept when the account is deleted.';
comment on column public.moderation_cases.severity is 'info, warning or critical: the gravest of what was added to it.';
comment on column public.moderation_cases.source is 'What opened it: rule, report, ops, speech (spoken words) or picture (a camera''s frame).';
comment on column public.moderation_cases.claimed_by is 'Who of ops works on it; null while nobody does.';
comment on column public.moderation_cases.claim_expires_at is 'When somebody else may claim it.';
comment on column public.moderation_cases.resolved_at is 'When it was decided; null while open.';
comment on column public.moderation_cases.decision is 'violation or no_violation; null while open.';
comment on column public.moderation_cases.reason_code is 'Why, as a code of reason_codes.';
comment on column public.moderation_cases.resolved_by is 'Who of ops decided it.';
comment on column public.moderation_cases.opened_at is 'When it was opened.';
create unique index moderation_cases_open_of_person on public.moderation_cases (user_id, session_id, call_id) nulls not distinct
  where resolved_at is null and user_id is not null;
create index moderation_cases_open on public.moderation_cases (opened_at) where resolved_at is null;
create index moderation_cases_of_call on public.moderation_cases (call_id) where call_id is not null;
alter table public.moderation_cases enable row level security;
grant select, insert, update on public.moderation_cases to service_role;
grant select on public.moderation_cases to authenticated;

create function live.graver(p_one text, p_other text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case when 'critical' in (p_one, p_other) then 'critical' when 'warning' in (p_one, p_other) then 'warning' else 'info' end;
end;
$$;
comment on function live.graver(text, text) is 'The graver of two severities.';

create function live.open_case(p_session uuid, p_call uuid, p_user uuid, p_severity text, p_source text) returns uuid
language plpgsql set search_path = '' as $$
declare
  opened uuid;
begin
  insert into public.moderation_cases as c (session_id, call_id, user_id, severity, source)
  values (p_session, p_call, p_user, p_severity, p_source)
  on conflict (user_id, session_id, call_id) where resolved_at is null and user_id is not null
  do update set severity = live.graver(c.severity, excluded.severity)
  returning c.id into opened;
  return opened;
end;
$$;
comment on function live.open_case is
  'Opens the case of a person in a session or call (both null: of the person alone), or adds to the one that is open: its severity is the gravest. Returns its id.';

-- schemas/19_agent_tables.sql
-- Owns: the tables of the machinery: leases on rooms, the public keys of relayed packets, LiveKit's webhooks as they
-- came, who looks at levels, and the marks that keep wake-ups few.

create table public.agent_rooms (
  room text primary key,
  worker_id text not null,
  epoch bigint not null check (epoch > 0),
  lease_expires_at timestamptz not null,
  bot_identity text not null,
  claimed_at timestamptz not null default clock_timestamp(),
  renewed_at timestamptz default clock_timestamp(),
  offered_at timestamptz
) with (fillfactor = 50);  -- each beat rewrites its rows: there is room beside them for the new ones
comment on table public.agent_rooms is 'Who moderates which room now. A write with an older epoch is refused.';
comment on column public.agent_rooms.room is 'LiveKit room.';
comment on column public.agent_rooms.worker_id is 'The worker that holds it, or held it last.';
comment on column public.agent_rooms.epoch is 'Grows with every claim; the fencing token.';
comment on column public.agent_rooms.lease_expires_at is 'From then on another worker may claim it.';
comment on column public.agent_rooms.bot_identity is 'LiveKit identity of the agent that is real; any other is a ghost.';
comment on column public.agent_rooms.claimed_at is 'When it was claimed last.';
comment on column public.agent_rooms.renewed_at is
  'Last sign of its worker: a claim, a beat or its goodbye; null once the room was closed.';
comment on column public.agent_rooms.offered_at is
  'Since when its worker, which is leaving, offers it to others while it goes on moderating; null otherwise.';
alter table public.agent_rooms enable row level security;
grant select, insert, update, delete on public.agent_rooms to service_role;
grant select on public.agent_rooms to authenticated;
create policy "ops see the leases" on public.agent_rooms for select to authenticated using ((select live.am_ops()));

create table public.agent_workers (
  worker_id text primary key,
  lane text not null default 'api' check (lane in ('api', 'own')),
  takes boolean not null default true,
  rooms int not null default 0 check (rooms >= 0),
  load real not null default 0 check (load >= 0),
  handed jsonb not null default '[]',
  seen_at timestamptz not null default clock_timestamp(),
  fallen_at timestamptz
);
comment on table public.agent_workers is 'The worker processes that are up, or were a minute ago: how they are woken, and what each carries.';
comment on column public.agent_workers.worker_id is 'The worker; a restarted one has a new name.';
comment on column public.agent_workers.lane is 'How it is woken: api (Realtime, live:wake:<worker>) or own (LISTEN on its own connection).';
comment on column public.agent_workers.takes is 'Whether it takes rooms; false while it leaves or cannot see LiveKit.';
comment on column public.agent_workers.rooms is 'How many rooms it has.';
comment on column public.agent_workers.load is 'Share of what it can carry: the greater of processor and memory; 1 is full.';
comment on column public.agent_workers.handed is 'Rooms that it shall take and has not fetched: [{"room", "at"}], at = from when on its claim is granted.';
comment on column public.agent_workers.seen_at is 'Its last check-in.';
comment on column public.agent_workers.fallen_at is
  'Since when its session lock is known to be free, so that what it has not renewed since may be claimed; null: not fallen.';
alter table public.agent_workers enable row level security;
grant select, insert, update, delete on public.agent_workers to service_role;
grant select on public.agent_workers to authenticated;
create policy "ops see the workers" on public.agent_workers for select to authenticated using ((select live.am_ops()));

create table public.relay_keys (
  kid text primary key check (kid ~ '^[A-Za-z0-9_-]{1,64}$'),
  public_key text not null check (public_key ~ '^[A-Za-z0-9_-]{43}$'),
  not_before timestamptz not null default clock_timestamp(),
  not_after timestamptz not null,
  renewed_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  check (not_after > not_before)
);
comment on table public.relay_keys is 'Ed25519 public keys of the agents'' packets: what clients trust.';
comment on column public.relay_keys.kid is 'Id of the key, as packets name it.';
comment on column public.relay_keys.public_key is 'The 32 bytes in base64url without padding.';
comment on column public.relay_keys.not_before is 'Valid from.';
comment on column public.relay_keys.not_after is 'Valid until.';
comment on column public.relay_keys.renewed_at is 'When its worker prolonged it last, which it does every 15 s: who has not for two minutes signs no more.';
comment on column public.relay_keys.revoked_at is 'When it was revoked; packets signed with it are refused.';
alter table public.relay_keys enable row level security;
grant select, insert, update on public.relay_keys to service_role;
grant select on public.relay_keys to authenticated;
create policy "signed-in people read the keys" on public.relay_keys for select to authenticated using (true);

create table public.livekit_webhook_events (
  id text primary key check (char_length(id) between 1 and 200),
  event text not null,
  room text,
  payload jsonb not null,
  received_at timestamptz not null default clock_timestamp()
);
comment on table public.livekit_webhook_events is 'LiveKit''s webhooks as they came; the primary key makes each count once.';
comment on column public.livekit_webhook_events.id is 'LiveKit''s id of the event.';
comment on column public.livekit_webhook_events.event is 'Kind of event.';
comment on column public.livekit_webhook_events.room is 'LiveKit room; null when it concerns none.';
comment on column public.livekit_webhook_events.payload is 'The verified body.';
comment on column public.livekit_webhook_events.received_at is 'When it came.';
create index livekit_webhook_events_received on public.livekit_webhook_events (received_at);
alter table public.livekit_webhook_events enable row level security;
grant select, insert, delete on public.livekit_webhook_events to service_role;

create table public.live_level_watches (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  expires_at timestamptz not null,
  primary key (session_id, user_id)
);
comment on table public.live_level_watches is 'Which moderator looks at a session''s levels now: the agent sends none when nobody does.';
comment on column public.live_level_watches.session_id is 'The session.';
comment on column public.live_level_watches.user_id is 'Who looks.';
comment on column public.live_level_watches.expires_at is 'The lease: watch_levels renews it.';
alter table public.live_level_watches enable row level security;
grant select, delete on public.live_level_watches to service_role;

create table live.wake_marks (
  room text primary key,
  woken_at timestamptz not null default '-infinity'
);
comment on table live.wake_marks is 'When each room was last woken, so that it is woken at most once in 50 ms; and count:<session> for its viewer count.';
comment on column live.wake_marks.room is 'LiveKit room, or count:<session>.';
comment on column live.wake_marks.woken_at is 'When a message was last sent for it.';
alter table live.wake_marks enable row level security;

create table live.sweeps (
  name text primary key,
  worker_id text not null,
  lease_expires_at timestamptz not null,
  deputy text,
  deputy_until timestamptz
);
comment on table live.sweeps is 'The leases under which one worker does something for all: watch (looks after rooms that nobody has) and sessions (the sweep).';
comment on column live.sweeps.name is 'watch or sessions.';
comment on column live.sweeps.worker_id is 'The worker that does it now.';
comment on column live.sweeps.lease_expires_at is 'From then on another worker may.';
comment on column live.sweeps.deputy is 'The one worker that does it too because the lease was not renewed in time; null: nobody needed to.';
comment on column live.sweeps.deputy_until is 'Until when no other becomes the deputy.';
alter table live.sweeps enable row level security;

-- schemas/21_access.sql
-- Owns: who may be in a session and with what rights: the rules of a participant's row, standing bans, paid access,
-- and can_join, the one place where entry is decided.

-- ── the participant's row ──────────────────────────────────────────────────────────────────────────────────────
create function live.guard_participant() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  if tg_op = 'INSERT' or new.role <> old.role or new.free <> old.free
      or new.invited_role is distinct from old.invited_role then
    -- The lock orders this against a mute_all in flight: one of the two sees the other.
    select * into session from public.live_sessions s where s.id = new.session_id for share;
    new.free := session.access_type = 'public';
    new.staff := coalesce(live.is_staff(session.type, new.role), false);
    perform live.require_role(session.type, role) from unnest(array[new.role, new.invited_role]) role;
    if live.rank_of(session.type, new.role) > live.audience_rank()
        and exists (select from auth.users u where u.id = new.user_id and u.is_anonymous) then
      perform live.refuse(409, 'cannot_be_invited', 'This person has no account: they can only watch and listen.');
    end if;
    if new.staff and new.mic_by_all then
      new.mic_muted := false;
      new.mic_muted_until := null;
      new.mic_by_all := false;
    elsif not new.staff and not new.mic_muted and session.mute_all_rank is not null
        and (tg_op = 'INSERT' or old.staff) then
      new.mic_muted := true;
      new.mic_by_all := true;
      new.mic_by_rank := session.mute_all_rank;
    end if;
  end if;
  if tg_op = 'UPDATE' and not new.mic_muted then
    new.mic_muted_until := null;
    new.mic_by_all := false;
  end if;
  if tg_op = 'INSERT' or (new.role, new.mic_muted, new.mic_muted_until, new.camera_off, new.chat_muted_until,
                          new.hand_raised_at, new.invited_role, new.access_ends_at, new.access_removed)
      is distinct from (old.role, old.mic_muted, old.mic_muted_until, old.camera_off, old.chat_muted_until,
                        old.hand_raised_at, old.invited_role, old.access_ends_at, old.access_removed) then
    new.desired_xid := pg_current_xact_id();
  end if;
  return new;
end;
$$;
comment on function live.guard_participant is
  'Trigger: mute_all binds those who come later and spares moderators and above; anonymous sign-ins only watch and listen; a '
  'change of desired state is marked.';
create trigger guard_participant before insert or update on public.live_participants
  for each row execute function live.guard_participant();

create function live.follow_staff() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_participants p set staff = new.staff
    from public.live_sessions s
   where s.id = p.session_id and s.type = new.context and p.role = new.role and p.staff <> new.staff;
  return null;
end;
$$;
comment on function live.follow_staff is 'Trigger: live_participants.staff repeats live_roles.staff, so that lists of one''s sessions need no join.';
create trigger follow_staff after update on public.live_roles
  for each row when (old.staff <> new.staff) execute function live.follow_staff();

create function live.tell_access_type() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_participants p set free = (new.access_type = 'public') where p.session_id = new.id;
  return null;
end;
$$;
comment on function live.tell_access_type is 'Trigger: its people''s rows know whether a session is free.';
create trigger tell_access_type after update of access_type on public.live_sessions
  for each row when ((old.access_type = 'public') <> (new.access_type = 'public')) execute function live.tell_access_type();

create function live.tell_role_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.append_event(new.session_id, 'role_changed',
    jsonb_build_object('user_id', new.user_id, 'role', new.role, 'previous', old.role));
  if 'host' in (new.role, old.role) then
    -- Whether a host is there may have changed without anyone coming or going.
    perform live.refresh_session(new.session_id, 0);
  end if;
  return null;
end;
$$;
comment on function live.tell_role_change is 'Trigger: the room is told about a new role; a new or former host may start or stop the host''s grace.';
create trigger tell_role_change after update of role on public.live_participants
  for each row when (old.role <> new.role) execute function live.tell_role_change();

create function live.seat_host() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.live_participants (session_id, user_id, role, role_by_rank)
  values (new.id, new.creator_id, 'host', live.rank_of_ops());
  insert into live.wake_marks (room) values (new.livekit_room), ('count:' || new.id) on conflict do nothing;
  insert into live.session_hints (session_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function live.seat_host is 'Trigger: a session''s creator is its host from the first moment.';
create trigger seat_host after insert on public.live_sessions for each row execute function live.seat_host();

create function live.ensure_participant(p_session public.live_sessions, p_user uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.live_participants (session_id, user_id, role)
  values (p_session.id, p_user, live.default_role(p_session.type))
  on conflict do nothing;
end;
$$;
comment on function live.ensure_participant is 'Gives a person new to the session a row with the default role.';

create function live.rank_in(p_session uuid, p_user uuid) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case when live.is_ops(p_user) then live.rank_of_ops() else coalesce(
      (select live.rank_of(s.type, p.role)
         from public.live_participants p join public.live_sessions s on s.id = p.session_id
        where p.session_id = p_session and p.user_id = p_user), live.audience_rank()) end);
end;
$$;
comment on function live.rank_in is 'Rank of a person in a session: above all for ops, that of the audience for someone who was never there.';

-- ── bans ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- PL/pgSQL keeps its plan, where this would be planned anew for each gift and each message.
create function live.standing_ban(p_user uuid, p_session uuid, p_creator uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if live.account_gone(p_user) then
    return jsonb_build_object('reason', 'account_deleted', 'scope', 'platform', 'until', null, 'why', null);
  end if;
  return (
    select jsonb_build_object('reason', 'banned', 'scope', b.scope, 'until', b.expires_at, 'why', b.reason,
                              'why_texts', live.reason_texts(a.reason_code))
      from public.live_bans b
      left join public.moderation_actions a on a.id = b.action_id
     where b.user_id = p_user
       and b.lifted_at is null
       and coalesce(b.expires_at, 'infinity') > clock_timestamp()
       -- Of many bans only those that may concern this place are looked at.
       and coalesce(b.session_id, b.creator_id, '00000000-0000-0000-0000-000000000000') in
           (p_session, p_creator, '00000000-0000-0000-0000-000000000000')
     order by b.expires_at desc nulls first
     limit 1);
end;
$$;
comment on function live.standing_ban is
  'What keeps a person out, as PERSON.removed: the longest standing ban, or, above all bans, that their account is deleted '
  '(reason account_deleted); null when nothing does. For a call give null, null.';

create function live.kept_out(p_user uuid, p_session uuid, p_creator uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  -- Every read of ops asks this: it reads no more than it needs, so that a column that somebody renamed blinds nobody.
  return live.account_gone(p_user) or exists (
    select from public.live_bans b
     where b.user_id = p_user and b.lifted_at is null
       and (b.expires_at is null or b.expires_at > clock_timestamp())
       and (b.scope = 'platform' or b.session_id = p_session or b.creator_id = p_creator));
end;
$$;
comment on function live.kept_out is 'Whether standing_ban keeps a person out, without its words.';

create function live.standing_fault(p_user uuid, p_session uuid, p_creator uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when p_user is null then 'not_authenticated'
              else live.standing_ban(p_user, p_session, p_creator) ->> 'reason' end;
end;
$$;
comment on function live.standing_fault is
  'Why a person may neither enter nor act: not_authenticated, account_deleted, or banned anywhere in scope; null when they '
  'may. For a call or the platform give null, null.';

create function live.acting_rank(p_session uuid, p_user uuid) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case when live.standing_fault(p_user, p_session, (
                       select s.creator_id from public.live_sessions s where s.id = p_session)) is null
                then live.rank_in(p_session, p_user) else 0 end);
end;
$$;
comment on function live.acting_rank is
  'With what rank a person acts in a session: rank_in, and 0 while a ban keeps them out. Null as the session: on the platform.';

create function live.unless_ops(p_user uuid) returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when not exists (select from public.live_ops o where o.user_id = p_user) then p_user end;
end;
$$;
comment on function live.unless_ops(uuid) is
  'A person as rows name them that the people concerned may read: null for ops, whom only the audit names.';

create function live.name_no_ops() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.created_by := live.unless_ops(new.created_by);
  new.lifted_by := live.unless_ops(new.lifted_by);
  return new;
end;
$$;
comment on function live.name_no_ops is 'Trigger: anyone who is banned reads the ban, and must not learn which account of ops it was.';
create trigger name_no_ops before insert or update on public.live_bans
  for each row execute function live.name_no_ops();

create function live.touch_banned() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_participants p
     set desired_xid = pg_current_xact_id()
    from public.live_sessions s
   where p.user_id = new.user_id
     and s.id = p.session_id
     and s.status = 'live'
     and (new.scope = 'platform' or s.id = new.session_id or s.creator_id = new.creator_id);
  if new.scope = 'platform' then
    update public.calls c
       set desired_xid = pg_current_xact_id()
     where new.user_id in (c.caller_id, c.callee_id) and live.call_is_running(c.status);
  end if;
  return null;
end;
$$;
comment on function live.touch_banned is 'Trigger: a ban made, changed or lifted is news to every running room that it concerns.';
create trigger touch_banned after insert or update on public.live_bans
  for each row execute function live.touch_banned();

-- The latest visit is nearly always the open one. Asked for open visits at once, Postgres would look through everybody's.
create function live.connection(p_session uuid, p_call uuid, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  latest public.live_visits;
begin
  if p_session is not null then
    select * into latest from public.live_visits v
     where v.session_id = p_session and v.user_id = p_user and not v.beside order by v.joined_at desc limit 1;
  else
    select * into latest from public.live_visits v
     where v.call_id = p_call and v.user_id = p_user and not v.beside order by v.joined_at desc limit 1;
  end if;
  if latest.left_at is not null then
    select * into latest from public.live_visits v
     where (v.session_id = p_session or v.call_id = p_call) and v.user_id = p_user and v.left_at is null and not v.beside
     order by v.joined_at desc limit 1;
  end if;
  return case when latest.participant_sid is not null then jsonb_build_object(
    'sid', latest.participant_sid, 'permission', latest.join_permission,
    'joined_at_ms', round(extract(epoch from latest.joined_at) * 1000)::bigint) end;
end;
$$;
comment on function live.connection is
  'The latest open visit of someone''s app, which the webhook may know of seconds before the room shows it; null when away.';

create function live.bound_by_mute_all(p_row public.live_participants) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return (
    select exists (select from public.live_sessions s
                    where s.id = p_row.session_id and s.mute_all_rank is not null and not p_row.staff));
end;
$$;
comment on function live.bound_by_mute_all is 'Whether everyone of this person''s rank is muted in their session now.';

-- ── PERSON: what agents are told about someone ────────────────────────────────────────────────────────────────────
create function live.shown_name(p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case when live.text_fault(f.display_name, 200) is null then f.display_name
                when live.text_fault(f.username, 200) is null then f.username end
      from public.profiles f where f.id = p_user);
end;
$$;
comment on function live.shown_name is
  'A person''s name as others are shown it: the display name, or the username where that is missing or hides something. Null when neither will do.';

create function live.is_staff_in(p_session public.live_sessions, p_user uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.rank_in(p_session.id, p_user) >= live.rank_of(p_session.type, 'moderator');
end;
$$;
comment on function live.is_staff_in is 'Whether somebody is a moderator of a session or above.';

create function live.allowed_sources(p_rights public.live_roles, p_seat public.live_participants) returns text[]
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(array_agg(x.source order by x.place), '{}')
      from unnest(p_rights.can_publish_sources) with ordinality as x (source, place)
     where not (coalesce(p_seat.mic_muted and coalesce(p_seat.mic_muted_until > clock_timestamp(), true), false)
                and x.source in ('microphone', 'screen_share_audio'))
       and not (coalesce(p_seat.camera_off, false) and x.source in ('camera', 'screen_share'))
       and (p_seat.session_id is null or coalesce(live.publish_until(p_seat.session_id, p_seat.user_id) > clock_timestamp(), true)));
end;
$$;
comment on function live.allowed_sources is 'The sources that someone may publish: their role''s, without what a moderator took; none where they are to be recorded and do not consent.';

create function live.permission_of(p_rights public.live_roles, p_seat public.live_participants) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  sources constant text[] := live.allowed_sources(p_rights, p_seat);
begin
  return jsonb_build_object('can_publish', sources <> '{}', 'can_subscribe', p_rights.can_subscribe,
                            'can_publish_sources', (select coalesce(jsonb_agg(x order by x), '[]') from unnest(sources) x));
end;
$$;
comment on function live.permission_of is 'LiveKit''s permission as desired, in the words of webhooks and agents: can_publish, can_publish_sources, can_subscribe.';

create function live.shown_avatar(p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  -- The app's column, where it has one: its tables are its own to shape.
  return (
    select to_jsonb(f) ->> 'avatar_url' from public.profiles f
     where f.id = p_user and char_length(to_jsonb(f) ->> 'avatar_url') <= 2000
       and to_jsonb(f) ->> 'avatar_url' ~ '^https?://[^[:space:][:cntrl:]]+$');
end;
$$;
comment on function live.shown_avatar is 'The address of a person''s picture (profiles.avatar_url); null when there is none, or it is no web address.';

create function live.card(p_user uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_build_object('id', p_user, 'name', live.shown_name(p_user), 'avatar', live.shown_avatar(p_user));
end;
$$;
comment on function live.card is 'A person as others are shown them: {id, name, avatar}; name and avatar may be null.';

create function live.person(p_row public.live_participants, p_creator uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'user_id', p_row.user_id,
      'role', p_row.role,
      'mic_muted', p_row.mic_muted,
      -- While everyone is muted, the end of a mute by name frees nobody.
      'mic_muted_until', case when not live.bound_by_mute_all(p_row) then p_row.mic_muted_until end,
      'camera_off', p_row.camera_off,
      'chat_muted_until', nullif(p_row.chat_muted_until, 'infinity'),
      'chat_muted', p_row.chat_muted_until > clock_timestamp() is true,
      'removed', coalesce(
        live.standing_ban(p_row.user_id, p_row.session_id, p_creator),
        case when p_row.access_removed then jsonb_build_object('reason', 'access', 'until', null) end),
      'access_ends_at', p_row.access_ends_at,
      'publish_until', live.publish_until(p_row.session_id, p_row.user_id),
      'invited_role', p_row.invited_role,
      'invite_expires_at', p_row.invite_expires_at,
      'connection', case when p_row.is_online then live.connection(p_row.session_id, null, p_row.user_id) end));
end;
$$;
comment on function live.person is 'PERSON: the desired state of someone in a session, as agents read it.';

create function live.person_in_session(p_session uuid, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select live.person(p, s.creator_id)
      from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.session_id = p_session and p.user_id = p_user);
end;
$$;
comment on function live.person_in_session is 'PERSON of one participant; null for someone who was never there.';

create function live.person_in_call(p_call public.calls, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'user_id', p_user, 'role', live.default_role('call'), 'mic_muted', false, 'mic_muted_until', null, 'camera_off', false,
      'sound_only', p_call.type = 'audio',
      'removed', live.standing_ban(p_user, null, null),
      'connection', live.connection(null, p_call.id, p_user))
     where p_user in (p_call.caller_id, p_call.callee_id));
end;
$$;
comment on function live.person_in_call is 'PERSON of one side of a call; null for anyone else.';

-- ── entry ──────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.access_fault(p_session public.live_sessions, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case
      when p_session.access_type = 'public' or live.rank_in(p_session.id, p_user) >= live.staff_rank() then null
      when coalesce((select u.is_anonymous from auth.users u where u.id = p_user), true) then 'sign_in_required'
      when p_session.access_type = 'subscribers' then
        case when not live.subscribes(p_user, p_session.creator_id) then 'subscription_required' end
      when not exists (
        select from public.live_tickets t
         where t.session_id = p_session.id and t.user_id = p_user
           and t.refund_due_at is null and t.refunded_at is null) then 'ticket_required'
    end);
end;
$$;
comment on function live.access_fault is
  'What paid access a person lacks: sign_in_required, subscription_required or ticket_required; null when none. '
  'Moderators and above need none.';

create function live.connects_too_often(p_user uuid, p_session uuid, p_call uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  most constant int := live.limit_of('connections_per_minute');
begin
  return most is not null and most = (
    select count(*) from (
      select from public.live_visits v
       where v.session_id = p_session and v.user_id = p_user and v.joined_at > clock_timestamp() - interval '1 minute'
      union all
      select from public.live_visits v
       where v.call_id = p_call and v.user_id = p_user and v.joined_at > clock_timestamp() - interval '1 minute'
       limit most) recent);
end;
$$;
comment on function live.connects_too_often is
  'Whether a person has connected to a session or a call limits.connections_per_minute times within a minute: no further token until it is over.';

create function live.token_fault(p_user uuid, p_session public.live_sessions, p_call public.calls) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  standing text := live.standing_fault(p_user, p_session.id, p_session.creator_id);
begin
  return case
    when standing in ('not_authenticated', 'account_deleted') then standing
    when p_session.id is null and (p_call.id is null or p_user not in (p_call.caller_id, p_call.callee_id))
      then case when p_call.id is null then 'unknown_session' else 'unknown_call' end
    when standing is not null then standing
    when p_session.id is null then
      case when not (p_call.status = 'accepted' or (live.call_is_running(p_call.status) and p_user = p_call.caller_id))
           then 'call_not_active'
           when live.connects_too_often(p_user, null, p_call.id) then 'too_many_connections' end
    when p_session.status = 'ended' or live.account_gone(p_session.creator_id) then 'session_ended'
    when p_session.status <> 'live' then 'session_not_live'
    when live.connects_too_often(p_user, p_session.id, null) then 'too_many_connections'
    when p_session.creator_id = p_user then
      case when not exists (select from public.profiles f where f.id = p_user and f.is_creator) then 'not_a_creator' end
    when p_session.access_type <> 'public' then live.access_fault(p_session, p_user)
  end;
end;
$$;
comment on function live.token_fault is
  'Why nobody mints this person a token for a session (p_call null) or a call (p_session null); null when they may have one. The '
  'one place where that is decided: every door asks it.';

create function public.can_join_as(session_id uuid, user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  session public.live_sessions;
  reason text;
begin
  select * into session from public.live_sessions s where s.id = can_join_as.session_id;
  reason := live.token_fault(can_join_as.user_id, session, null);
  return jsonb_build_object(
    'allowed', reason is null,
    'reason', reason,
    'role', coalesce(
      (select p.role from public.live_participants p
        where p.session_id = session.id and p.user_id = can_join_as.user_id),
      live.default_role(session.type)));
end;
$$;
comment on function public.can_join_as is
  'Whether a person may enter a session: {allowed, reason, role}. Reasons: not_authenticated, account_deleted, '
  'unknown_session, banned, session_ended, session_not_live, too_many_connections, not_a_creator, sign_in_required, subscription_required, '
  'ticket_required. For server code.';
grant execute on function public.can_join_as(uuid, uuid) to service_role;

create function public.can_join(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return public.can_join_as(can_join.session_id, (select auth.uid()));
end;
$$;
comment on function public.can_join is 'can_join_as for who is signed in.';
grant execute on function public.can_join(uuid) to authenticated, service_role;

-- schemas/22_session_hints.sql
-- Owns: the hints on live:session:<id>, ids of changed rows for console and app, and how many of them Realtime's budget allows.
-- Hosted Supabase counts each delivery of a message against one budget for the whole project, and drops everything past it in
-- silence. So a session sends one hint per interval, which grows with its audience, and what happens in between is in the next.

create table live.session_hints (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  told_at timestamptz not null default '-infinity',
  n bigint not null default 0
) with (fillfactor = 50);
comment on table live.session_hints is 'When each session''s topic was last told what changed.';
comment on column live.session_hints.session_id is 'The session.';
comment on column live.session_hints.told_at is 'When the last hint was sent.';
comment on column live.session_hints.n is 'The number of the last hint: who misses one sees it by the next.';
alter table live.session_hints enable row level security;

create table live.held_hints (
  id bigint generated always as identity primary key,
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  table_name text not null,
  ids jsonb not null
);
comment on table live.held_hints is 'Changes that the next hint of a session will tell. Only ever added to and deleted, so that no writer waits for another.';
comment on column live.held_hints.id is 'In order.';
comment on column live.held_hints.session_id is 'The session.';
comment on column live.held_hints.table_name is 'The table whose rows changed.';
comment on column live.held_hints.ids is 'Ids of the rows.';
create index held_hints_of_session on live.held_hints (session_id);
alter table live.held_hints enable row level security;

create table live.hint_budget (
  one boolean primary key default true check (one),
  sessions int not null default 1 check (sessions > 0),
  counted_at timestamptz not null default '-infinity'
);
comment on table live.hint_budget is 'Among how many sessions the budget of hints is shared; counted anew every five seconds.';
comment on column live.hint_budget.one is 'There is one row.';
comment on column live.hint_budget.sessions is 'Sessions that sent a hint within a minute.';
comment on column live.hint_budget.counted_at is 'When they were counted.';
alter table live.hint_budget enable row level security;
insert into live.hint_budget default values;

create function live.is_watched(p_session public.live_sessions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- A session that has not begun or is over has no room: its few changes are told to those who wait or have just left.
  return p_session.status <> 'live' or p_session.viewer_count > 0 or p_session.host_left_at is null
      or exists (select from public.live_level_watches w
                  where w.session_id = p_session.id and w.expires_at > clock_timestamp());
end;
$$;
comment on function live.is_watched is 'Whether anybody is in a live session''s room, or a moderator looks at its levels.';

create function live.count_hint_sessions() returns int
language plpgsql set search_path = '' as $$
declare
  budget live.hint_budget;
begin
  -- Never waits: while another transaction counts, the number of five seconds ago will do.
  select * into budget from live.hint_budget b where b.counted_at < clock_timestamp() - interval '5 seconds' for update skip locked;
  if found then
    update live.hint_budget b set counted_at = clock_timestamp(), sessions = greatest(1,
      (select count(*) from live.session_hints h where h.told_at > clock_timestamp() - interval '1 minute'));
  end if;
  return (select b.sessions from live.hint_budget b);
end;
$$;
comment on function live.count_hint_sessions is 'Among how many sessions the budget is shared.';

create function live.hint_interval(p_audience int, p_sessions int) returns interval
language plpgsql stable set search_path = '' as $$
declare
  -- The rest of the budget is for wake-ups, people''s own topics and levels.
  share constant double precision := 0.6 * live.setting('realtime.messages_per_second')::double precision / p_sessions;
begin
  -- A hint counts once as it is sent, and once for each who listens: the audience, the host, and somebody of the staff.
  return greatest(interval '250 milliseconds', make_interval(secs => (p_audience + 3) / share));
end;
$$;
comment on function live.hint_interval is 'The time between two hints of a session with so many viewers, when so many sessions share the budget.';

create function live.send_hint(p_session public.live_sessions, p_every interval, p_table text, p_ids jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  changed jsonb;
  place bigint;
begin
  with held as (delete from live.held_hints h where h.session_id = p_session.id returning h.id, h.table_name, h.ids),
       told as (select h.id, h.table_name, h.ids from held h
                union all
                select 9223372036854775807, p_table, p_ids where p_table is not null),
       listed as (select t.table_name, e.row_id, min(array[t.id, e.place]) as place
                    from told t cross join lateral jsonb_array_elements(t.ids) with ordinality as e (row_id, place) group by 1, 2),
       tables as (select l.table_name, case when count(*) <= 50 then jsonb_agg(l.row_id order by l.place) else '[]' end as ids
                    from listed l group by 1)
  select jsonb_object_agg(t.table_name, t.ids) into changed from tables t;
  if changed is null then
    return;
  end if;
  update live.session_hints h set told_at = clock_timestamp(), n = h.n + 1 where h.session_id = p_session.id returning h.n into place;
  perform realtime.send(jsonb_build_object('n', place, 'changed', changed, 'every_ms', round(extract(epoch from p_every) * 1000),
                                           'now', live.instant(clock_timestamp())),
                        'changed', 'live:session:' || p_session.id, true);
end;
$$;
comment on function live.send_hint is
  'Tells a session''s topic what changed, with what was held: {"n", "changed": {table: [ids]}, "every_ms", "now"}. No ids: more than 50, read anew.';

create function live.fold_hint(p_session public.live_sessions, p_table text, p_ids jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  hint live.session_hints;
  every constant interval := live.hint_interval(p_session.viewer_count, live.count_hint_sessions());
begin
  if every > interval '1 minute' then
    -- One hint alone would spend the minute's budget, and wake-ups with it: so large an audience reads by the clock.
    return;
  end if;
  -- Never waits: when another transaction tells, or has just told, this change is held for the next hint.
  select * into hint from live.session_hints h where h.session_id = p_session.id for update skip locked;
  if hint.told_at <= clock_timestamp() - every then
    perform live.send_hint(p_session, every, p_table, p_ids);
  else
    -- The first hint, or of a session that ended long ago. One at a time: an insert would wait for another's, which may wait
    -- for this transaction's session.
    if hint.session_id is null and pg_try_advisory_xact_lock(hashtextextended('session_hint ' || p_session.id, 0)) then
      insert into live.session_hints (session_id) values (p_session.id) on conflict do nothing;
    end if;
    insert into live.held_hints (session_id, table_name, ids) values (p_session.id, p_table, p_ids);
  end if;
end;
$$;
comment on function live.fold_hint is 'Tells that rows of a session changed: now, with its next hint, or not at all where a minute would not do for one.';

create function live.tell_session(p_session uuid, p_table text, p_ids jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  select * into session from public.live_sessions s where s.id = p_session;
  if live.is_watched(session) then
    perform live.fold_hint(session, p_table, p_ids);
  end if;
end;
$$;
comment on function live.tell_session is 'Tells console and app which rows of a session changed, if anybody watches: ids only.';

create function live.send_held_hints() returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  sent int := 0;
  sessions int;
  every interval;
begin
  if not exists (select from live.held_hints) then
    return 0;
  end if;
  sessions := live.count_hint_sessions();
  for session in
    select s.* from public.live_sessions s join live.session_hints h on h.session_id = s.id
     where s.id in (select held.session_id from live.held_hints held)
       and h.told_at <= clock_timestamp() - live.hint_interval(s.viewer_count, sessions)
     order by s.id for update of h skip locked
  loop
    every := live.hint_interval(session.viewer_count, sessions);
    if every > interval '1 minute' then
      -- The audience has outgrown hints meanwhile.
      delete from live.held_hints h where h.session_id = session.id;
    else
      perform live.send_hint(session, every, null, '[]');
      sent := sent + 1;
    end if;
  end loop;
  return sent;
end;
$$;
comment on function live.send_held_hints is 'Sends the hints that were held and are due now: how many. With every beat and sweep.';

-- schemas/23_wake.sql
-- Owns: when wake-ups go to the worker that holds a room (live:wake:<worker>; live:wake for what nobody holds), and which changes a
-- session's topic is told (live:session:<id>). Both are hints: anyone who misses one reads the tables. A worker with a lane of its
-- own is woken by NOTIFY instead, which costs no Realtime message.

create function live.take_mark(p_name text, p_interval interval) returns boolean
language plpgsql set search_path = '' as $$
declare
  mark live.wake_marks;
begin
  -- Never waits: when another transaction holds the mark, this one sends as well.
  select * into mark from live.wake_marks w where w.room = p_name for update skip locked;
  if mark.woken_at > clock_timestamp() - p_interval then
    return false;
  end if;
  if mark.room is not null then
    update live.wake_marks w set woken_at = clock_timestamp() where w.room = p_name;
  end if;
  return true;
end;
$$;
comment on function live.take_mark is 'Whether something named may be sent now: at most once in an interval, without waiting on locks.';

create function live.wake_channel(p_worker text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return 'live_wake_' || md5(p_worker);  -- a name of Postgres has 63 bytes
end;
$$;
comment on function live.wake_channel is 'The channel on which a worker with a lane of its own listens.';

create function live.wake_worker(p_worker text, p_event text, p_payload jsonb default '{}') returns void
language plpgsql set search_path = '' as $$
declare
  addressee text := coalesce(p_worker, (select s.worker_id from live.sweeps s where s.name = 'watch'));
begin
  if exists (select from public.agent_workers w where w.worker_id = addressee and w.lane = 'own') then
    perform pg_notify(live.wake_channel(addressee), jsonb_build_object('event', p_event, 'payload', p_payload)::text);
  else
    perform realtime.send(p_payload, p_event, coalesce('live:wake:' || p_worker, 'live:wake'), true);
  end if;
end;
$$;
comment on function live.wake_worker is
  'Wakes one worker: wake {"room"} (it has news), serve (rooms were handed to it). Null: the one that watches, also by offer '
  '(a worker that leaves offers its rooms); to live:wake nobody else listens.';

create function live.wake(p_room text) returns void
language plpgsql set search_path = '' as $$
begin
  -- The first of a burst goes at once. One left out is not lost: agents pull at a wake-up and again 60 and 250 ms later.
  if live.take_mark(p_room, interval '50 milliseconds') then
    perform live.wake_worker(
      (select r.worker_id from public.agent_rooms r where r.room = p_room and r.lease_expires_at > clock_timestamp()),
      'wake', jsonb_build_object('room', p_room));
  end if;
end;
$$;
comment on function live.wake is 'Wakes the worker that holds a room, or the one that watches over what nobody holds.';

create function live.room_of(p_session uuid, p_call uuid) returns text
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((select s.livekit_room from public.live_sessions s where s.id = p_session),
                  (select c.livekit_room from public.calls c where c.id = p_call));
end;
$$;
comment on function live.room_of is 'LiveKit room of a session or call.';

-- Per row, because each gift updates its session: what wakes nobody must cost nothing.
create function live.wake_for_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(new.livekit_room);
  return null;
end;
$$;
comment on function live.wake_for_session is 'Trigger: a session changed in a way that its agent must know.';
create trigger wake_for_session after update on public.live_sessions
  for each row when (old.desired_xid <> new.desired_xid and (old.status <> 'scheduled' or new.status <> 'scheduled'))
  execute function live.wake_for_session();

create function live.tell_of_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Everyone in the room hears about the count, so a thousand arrivals must not be a million messages.
  if (old.status, old.title, old.mute_all_rank, old.slow_mode_seconds, old.chat_mode, old.pinned_message_id)
     is distinct from (new.status, new.title, new.mute_all_rank, new.slow_mode_seconds, new.chat_mode, new.pinned_message_id)
     or live.take_mark('count:' || new.id, interval '1 second') then
    if old.status <> new.status or live.is_watched(new) then
      -- Those who wait for a session to begin are in no room yet.
      perform live.fold_hint(new, 'live_sessions', jsonb_build_array(new.id));
    end if;
  end if;
  return null;
end;
$$;
comment on function live.tell_of_session is 'Trigger: a session changed in a way that console and app show.';
create trigger tell_of_session after update on public.live_sessions
  for each row when ((old.status, old.title, old.mute_all_rank, old.viewer_count,
                      old.slow_mode_seconds, old.chat_mode, old.pinned_message_id)
                     is distinct from (new.status, new.title, new.mute_all_rank, new.viewer_count,
                                       new.slow_mode_seconds, new.chat_mode, new.pinned_message_id))
  execute function live.tell_of_session();

create function live.wake_for_calls() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into live.wake_marks (room) select n.livekit_room from new_rows n on conflict do nothing;
  else
    perform live.wake(n.livekit_room) from new_rows n order by n.livekit_room;
  end if;
  return null;
end;
$$;
comment on function live.wake_for_calls is 'Trigger: new and changed calls.';
create trigger mark_new_calls after insert on public.calls
  referencing new table as new_rows for each statement execute function live.wake_for_calls();
create trigger wake_for_calls after update on public.calls
  referencing new table as new_rows for each statement execute function live.wake_for_calls();

create function live.wake_for_participants() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(x.livekit_room)
     from (select distinct s.livekit_room
             from new_rows n
             join old_rows o using (session_id, user_id)
             join public.live_sessions s on s.id = n.session_id and s.status = 'live'
            where n.desired_xid <> o.desired_xid
            order by s.livekit_room) x;
  perform live.tell_session(x.session_id, 'live_participants', x.ids)
     from (select n.session_id, jsonb_agg(n.user_id) as ids
             from new_rows n join old_rows o using (session_id, user_id)
            where n.desired_xid <> o.desired_xid
            group by n.session_id) x;
  return null;
end;
$$;
comment on function live.wake_for_participants is 'Trigger: changed desired state, no matter who changed it.';
create trigger wake_for_participants after update on public.live_participants
  referencing old table as old_rows new table as new_rows
  for each statement execute function live.wake_for_participants();

create function live.wake_for_events() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(x.livekit_room)
     from (select distinct s.livekit_room from new_rows n join public.live_sessions s on s.id = n.session_id
            order by s.livekit_room) x;
  -- A gift is told by the relay and by its line in the chat: a third message for each would only cost.
  perform live.tell_session(n.session_id, 'live_events', jsonb_agg(n.id order by n.seq))
     from new_rows n where n.type not in ('gift', 'gift_combo') group by n.session_id;
  return null;
end;
$$;
comment on function live.wake_for_events is 'Trigger: new events to relay.';
create trigger wake_for_events after insert on public.live_events
  referencing new table as new_rows for each statement execute function live.wake_for_events();

create function live.is_told(p_action text, p_dry_run boolean, p_via text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_action <> 'listen' and not (p_dry_run and p_via = 'ops');
end;
$$;
comment on function live.is_told(text, boolean, text) is
  'Whether those who are in the session may know that there is such a row: not that ops listen in, nor what ops rehearse.';

create function live.wake_for_new_actions() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(x.room)
     from (select distinct live.room_of(n.session_id, n.call_id) as room
             from new_rows n join public.live_actions known on known.action = n.action
            where known.needs_agent and not n.dry_run) x
    where x.room is not null;
  perform live.tell_session(n.session_id, 'moderation_actions', jsonb_agg(n.id order by n.n))
     from new_rows n where n.session_id is not null and live.is_told(n.action, n.dry_run, n.requested_via) group by n.session_id;
  return null;
end;
$$;
comment on function live.wake_for_new_actions is 'Trigger: actions to claim.';
create trigger wake_for_new_actions after insert on public.moderation_actions
  referencing new table as new_rows for each statement execute function live.wake_for_new_actions();

create function live.wake_for_actions() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(x.room)
     from (select distinct live.room_of(n.session_id, n.call_id) as room
             from new_rows n join old_rows o using (id)
            where n.status <> o.status
              and (n.status = 'pending'
               -- One row per person is claimed at a time: the end of one frees the next.
               or (n.status <> 'claimed' and exists (
                    select from public.moderation_actions a
                     where a.status = 'pending' and a.n > n.n
                       and (a.session_id = n.session_id or a.call_id = n.call_id)
                       and a.target_user_id is not distinct from n.target_user_id)))) x
    where x.room is not null;
  perform live.tell_session(n.session_id, 'moderation_actions', jsonb_agg(n.id order by n.n))
     from new_rows n join old_rows o using (id)
    where n.session_id is not null and live.is_told(n.action, n.dry_run, n.requested_via) and n.status <> 'claimed' and n.status <> o.status group by n.session_id;
  return null;
end;
$$;
comment on function live.wake_for_actions is 'Trigger: actions whose status changed.';
create trigger wake_for_actions after update on public.moderation_actions
  referencing old table as old_rows new table as new_rows
  for each statement execute function live.wake_for_actions();

-- schemas/25_presence_steps.sql
-- Owns: how many viewers a session had at each moment, so that its peak is known without counting its visits. Each coming and
-- going is a step at its microsecond; a tree over time holds, for each stretch, the sum of its steps and the most that they
-- reach. A step changes one node of each level, whatever the room's size, and whatever order the reports come in.

create table live.presence_steps (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  level int not null check (level between 0 and 4),
  node bigint not null,
  sum int not null,
  peak int not null,
  primary key (session_id, level, node)
) with (fillfactor = 70);
comment on table live.presence_steps is 'Comings and goings of a session''s viewers by time, and what they add up to.';
comment on column live.presence_steps.session_id is 'The session.';
comment on column live.presence_steps.level is '0: the steps of one microsecond. Each level above is a stretch of 256 nodes of the one below; 4: 71 minutes.';
comment on column live.presence_steps.node is 'Microseconds since 1970, without the last 8 bits for each level.';
comment on column live.presence_steps.sum is 'Viewers who came less viewers who went.';
comment on column live.presence_steps.peak is 'The most that the sum reaches after any step of the stretch, counted from its start.';
alter table live.presence_steps enable row level security;

create function live.top_of_steps(p_session uuid, p_level int, p_first bigint, p_last bigint, out sum int, out peak int)
language plpgsql stable set search_path = '' as $$
begin
  select sum(x.sum), max(x.before + x.peak) into sum, peak
    from (select n.sum, n.peak, sum(n.sum) over (order by n.node) - n.sum as before
            from live.presence_steps n
           where n.session_id = p_session and n.level = p_level and n.node between p_first and p_last) x;
end;
$$;
comment on function live.top_of_steps is 'Sum and peak of a row of neighbouring nodes; nulls when there are none.';

create function live.set_steps(p_session uuid, p_level int, p_node bigint, p_sum int, p_peak int) returns void
language plpgsql set search_path = '' as $$
begin
  if p_sum is null then
    delete from live.presence_steps n where n.session_id = p_session and n.level = p_level and n.node = p_node;
  else
    insert into live.presence_steps as n (session_id, level, node, sum, peak)
    values (p_session, p_level, p_node, p_sum, p_peak)
    on conflict (session_id, level, node) do update set sum = excluded.sum, peak = excluded.peak;
  end if;
end;
$$;
comment on function live.set_steps is 'Writes one node; without a sum there is nothing in its stretch, and it goes.';

create function live.add_step(p_session uuid, p_at timestamptz, p_step int) returns void
language plpgsql set search_path = '' as $$
declare
  moment bigint := (extract(epoch from p_at) * 1000000)::bigint;
  here int;
  top record;
begin
  here := p_step + coalesce((select n.sum from live.presence_steps n
                              where n.session_id = p_session and n.level = 0 and n.node = moment), 0);
  perform live.set_steps(p_session, 0, moment, nullif(here, 0), here);
  for above in 1..4 loop
    moment := moment >> 8;
    top := live.top_of_steps(p_session, above - 1, moment << 8, (moment << 8) + 255);
    perform live.set_steps(p_session, above, moment, top.sum, top.peak);
  end loop;
end;
$$;
comment on function live.add_step is 'So many viewers more (or less) from a moment on. The caller holds the session''s lock.';

create function live.peak_viewers(p_session uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return greatest(0, (select t.peak from live.top_of_steps(p_session, 4, 0, 9223372036854775807) t));
end;
$$;
comment on function live.peak_viewers is 'Most viewers of a session at one time.';

insert into live.wake_marks (room) values ('steps');

create function live.forget_steps() returns int
language plpgsql set search_path = '' as $$
declare
  forgotten int;
begin
  if not live.take_mark('steps', interval '30 seconds') then
    return 0;
  end if;
  with recursive counted as (
    (select n.session_id from live.presence_steps n order by n.session_id limit 1)
    union all
    select (select n.session_id from live.presence_steps n where n.session_id > c.session_id order by n.session_id limit 1)
      from counted c where c.session_id is not null
  )
  delete from live.presence_steps n
   where n.session_id in (
     select s.id from counted c join public.live_sessions s on s.id = c.session_id
      where s.status = 'ended' and s.ended_at < clock_timestamp() - interval '1 day' limit 100);
  get diagnostics forgotten = row_count;
  return forgotten;
end;
$$;
comment on function live.forget_steps is
  'Deletes the steps of sessions that ended more than a day ago: their peak stays as it is. Twice a minute, at most 100 '
  'sessions at a time.';

-- schemas/26_visit_folds.sql
-- Owns: how much of a trail connections leave. Who connects again and again with a token that they have already keeps their
-- latest visits; older ones shorter than a minute are taken off the list and counted. What follows from a visit (watch time,
-- viewers, peak) was worked out when it was reported, and stays. Longer visits are as many as there are minutes.

update public.app_settings set value = value || '{"visits_kept": 200}' where key = 'limits';

create function live.foldable(p_visit public.live_visits) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- Two minutes: by then every source has told what it had to tell, in all but an outage.
  return p_visit.left_at < clock_timestamp() - interval '2 minutes' and p_visit.left_at < p_visit.joined_at + interval '1 minute';
end;
$$;
comment on function live.foldable is 'Whether a visit was short and is over for long enough to be folded.';

create function live.fold_visits(p_session uuid, p_user uuid) returns void
language plpgsql set search_path = '' as $$
declare
  kept constant int := live.limit_of('visits_kept');
begin
  with too_many as (
    select v.participant_sid
      from public.live_visits v
      join public.live_participants p on p.session_id = v.session_id and p.user_id = v.user_id
     where v.session_id = p_session and v.user_id = p_user and v.joined_at > p.first_joined_at and live.foldable(v)
     order by v.joined_at
     limit (select greatest(0, p.visits - kept) from public.live_participants p
             where p.session_id = p_session and p.user_id = p_user)
  ), folded as (
    delete from public.live_visits v using too_many t where v.participant_sid = t.participant_sid
    returning greatest(v.left_at, v.agent_left_at, v.webhook_left_at) as latest
  ), sums as (
    select count(*)::int as visits, max(f.latest) as until from folded f
  )
  update public.live_participants p
     set visits = p.visits - s.visits, folded_visits = p.folded_visits + s.visits,
         folded_until = greatest(p.folded_until, s.until)
    from sums s
   where p.session_id = p_session and p.user_id = p_user and s.visits > 0;
end;
$$;
comment on function live.fold_visits is
  'Folds the oldest short visits of a person to a session beyond limits.visits_kept. The caller holds the session''s lock.';

create function live.fold_call_visits(p_call uuid, p_user uuid) returns void
language plpgsql set search_path = '' as $$
begin
  delete from public.live_visits v
   where v.participant_sid in (
     select x.participant_sid from (
       select o as visit, o.participant_sid, row_number() over (order by o.joined_at desc) as n
         from public.live_visits o where o.call_id = p_call and o.user_id = p_user) x
      where x.n > live.limit_of('visits_kept') and live.foldable(x.visit));
end;
$$;
comment on function live.fold_call_visits is
  'The same for one side of a call, of which nothing is derived from visits but the latest. The caller holds the call''s lock.';

create function live.fold_when_many(p_session uuid, p_call uuid, p_user uuid) returns void
language plpgsql set search_path = '' as $$
declare
  kept constant int := live.limit_of('visits_kept');
  visits int;
begin
  if p_session is not null then
    update public.live_participants p set visits = p.visits + 1
     where p.session_id = p_session and p.user_id = p_user returning p.visits into visits;
  else
    visits := (select count(*) from public.live_visits v where v.call_id = p_call and v.user_id = p_user);
  end if;
  -- Now and then: to look for short ones among long ones costs more than a report may.
  if visits <= kept or visits % 50 <> 0 then
    return;
  elsif p_session is not null then
    perform live.fold_visits(p_session, p_user);
  else
    perform live.fold_call_visits(p_call, p_user);
  end if;
end;
$$;
comment on function live.fold_when_many is 'A person has one connection more on record: folds now and then, when there are many.';

create function live.is_folded(
  p_session uuid, p_user uuid, p_source text, p_event text, p_sid text, p_latest timestamptz
) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- An agent that reports a join sees the person there now.
  return not (p_source = 'agent' and p_event = 'joined')
     and exists (select from public.live_participants p
                  where p.session_id = p_session and p.user_id = p_user and p.folded_until >= p_latest)
     and not exists (select from public.live_visits v where v.participant_sid = p_sid);
end;
$$;
comment on function live.is_folded is
  'Whether a report is a late one of a visit that was folded: it was counted before. p_latest: the latest moment that it tells about.';

-- schemas/27_presence.sql
-- Owns: presence. Reports go into live_visits; everything else about presence (who is online, watch time, counts) follows from
-- the visits, so that neither order nor repetition of reports makes a difference. What a report changes is worked out from the
-- visits of that person which end after it: nothing is counted anew, however many are in the room or have been.

create function live.derive_visit() returns trigger
language plpgsql set search_path = '' as $$
declare
  reported timestamptz := least(new.agent_left_at, new.webhook_left_at);
begin
  new.joined_at := coalesce(new.join_reported_at, reported, new.closed_at, new.joined_at);
  -- Credible = not before the join. A real report outranks our own closing, whenever it comes.
  new.left_at := coalesce(
    least(case when new.agent_left_at >= new.joined_at then new.agent_left_at end,
          case when new.webhook_left_at >= new.joined_at then new.webhook_left_at end),
    case when coalesce(reported, new.closed_at) is not null
         then greatest(new.joined_at, case when reported is null then new.closed_at end) end);
  new.leave_reason := case
    when new.left_at is null then null
    when new.left_at = new.webhook_left_at then new.webhook_leave_reason
    when new.left_at = new.agent_left_at then new.agent_leave_reason
    when reported is not null then coalesce(new.webhook_leave_reason, new.agent_leave_reason)
    else new.close_reason end;
  return new;
end;
$$;
comment on function live.derive_visit is 'Trigger: joined_at, left_at and leave_reason follow from what each source reported.';
create trigger derive_visit before insert or update on public.live_visits
  for each row execute function live.derive_visit();

create function live.presence_change(
  p_session uuid, p_was public.live_visits, p_became public.live_visits, p_from timestamptz, p_others_open boolean,
  out watched interval, out steps jsonb)
language plpgsql stable set search_path = '' as $$
declare
  -- A visit that closes counts as watched from its start.
  since constant timestamptz := case when (p_was.left_at is null) = (p_became.left_at is null) then p_from
                                     else least(p_was.joined_at, p_became.joined_at) end;
begin
  -- Only visits that end later can overlap what has changed: all others make the same difference before and after.
  with visits as (
    select tstzrange(v.joined_at, v.left_at) as stay, array[false, true] as now
      from public.live_visits v
     where v.session_id = p_session and v.user_id = p_became.user_id and v.participant_sid <> p_became.participant_sid
       and v.left_at > since
    union all
    select tstzrange(v.joined_at, null), array[false, true]
      from public.live_visits v
     where v.session_id = p_session and v.user_id = p_became.user_id and v.participant_sid <> p_became.participant_sid
       and v.left_at is null and p_others_open
    union all
    select tstzrange(p_was.joined_at, p_was.left_at), array[false] where p_was.participant_sid is not null
    union all
    select tstzrange(p_became.joined_at, p_became.left_at), array[true]
  ), stays as (
    select n.now, unnest(range_agg(v.stay)) as stay from visits v, unnest(v.now) as n (now) group by n.now
  ), moments as (
    select lower(s.stay) as at, case when s.now then 1 else -1 end as step from stays s
    union all
    select upper(s.stay), case when s.now then -1 else 1 end from stays s where not upper_inf(s.stay)
  )
  select jsonb_agg(jsonb_build_object('at', m.at, 'step', m.step)) into steps
    from (select x.at, sum(x.step) as step from moments x group by x.at having sum(x.step) <> 0) m;
  with visits as (
    select tstzrange(v.joined_at, v.left_at) as stay, array[false, true] as now
      from public.live_visits v
     where v.session_id = p_session and v.user_id = p_became.user_id and v.participant_sid <> p_became.participant_sid
       and v.left_at > since
    union all
    select tstzrange(p_was.joined_at, p_was.left_at), array[false] where p_was.left_at is not null
    union all
    select tstzrange(p_became.joined_at, p_became.left_at), array[true] where p_became.left_at is not null
  ), stays as (
    select n.now, unnest(range_agg(v.stay)) as stay from visits v, unnest(v.now) as n (now) group by n.now
  )
  select coalesce(sum((upper(s.stay) - lower(s.stay)) * case when s.now then 1 else -1 end), '0') into watched
    from stays s;
end;
$$;
comment on function live.presence_change is
  'What the change of one visit (null before its first report) makes of its person''s presence: watched, the time in closed '
  'visits more or less, and steps [{at, step}], when one more or one less is there; two devices at once count once. '
  'p_from: the earliest moment of which the visit tells something else now; p_others_open: whether others of theirs are open.';

create function live.refresh_person(
  p_session public.live_sessions, p_was public.live_participants, p_opened int, p_watched interval, p_source text
) returns int
language plpgsql set search_path = '' as $$
declare
  here constant boolean := p_was.open_visits + p_opened > 0;
  renewed constant boolean := p_was.access_ends_at is not null and live.access_fault(p_session, p_was.user_id) is null;
begin
  update public.live_participants p
     set open_visits = greatest(p.open_visits + p_opened, 0),  -- below only for visits that nobody reported
         is_online = here,
         first_joined_at = (select v.joined_at from public.live_visits v
                             where v.session_id = p_session.id and v.user_id = p_was.user_id
                             order by v.joined_at limit 1),
         last_joined_at = (select v.joined_at from public.live_visits v
                            where v.session_id = p_session.id and v.user_id = p_was.user_id
                            order by v.joined_at desc limit 1),
         left_at = case when not here then (
           select v.left_at from public.live_visits v
            where v.session_id = p_session.id and v.user_id = p_was.user_id and v.left_at is not null
            order by v.left_at desc limit 1) end,
         watched = p.watched + p_watched,
         watch_seconds = round(extract(epoch from p.watched + p_watched)),
         -- Anyone who pays again and comes back is not put out once more by the old lapse.
         access_ends_at = case when renewed then null else p.access_ends_at end,
         access_removed = p.access_removed and not renewed,
         -- The agent knows what it reported itself; what the webhook saw first is news to it.
         desired_xid = case when p_source = 'webhook' then pg_current_xact_id() else p.desired_xid end
   where p.session_id = p_session.id and p.user_id = p_was.user_id;
  if p_was.user_id = p_session.creator_id then
    return 0;
  elsif p_was.first_joined_at is null then
    update public.live_sessions s set total_viewers = s.total_viewers + 1 where s.id = p_session.id;
  end if;
  return here::int - p_was.is_online::int;
end;
$$;
comment on function live.refresh_person is
  'Brings a person''s presence up to their visits; by how much the session''s viewers change. p_opened: connections more or '
  'less; p_watched: time in closed visits more or less. The caller holds the session''s lock, and calls refresh_session next.';

create function live.refresh_session(p_session uuid, p_viewers int) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s
     set viewer_count = greatest(s.viewer_count + p_viewers, 0),
         -- A day after the end its steps are forgotten, and its peak is what it was.
         peak_viewers = case when s.ended_at < clock_timestamp() - interval '1 day' then s.peak_viewers
                             else live.peak_viewers(s.id) end,
         host_left_at = case
           when s.status <> 'live' then s.host_left_at
           when exists (select from public.live_participants p
                         where p.session_id = s.id and p.role = 'host' and p.is_online) then null
           -- By our own clock: their leave is told by LiveKit's, and the grace ends by ours.
           else coalesce(s.host_left_at, clock_timestamp()) end
   where s.id = p_session;
end;
$$;
comment on function live.refresh_session is
  'Brings a session''s viewers (so many more or less), their peak, and since when it is without a host up to date.';

create function live.visit_changed_from(p_was public.live_visits, p_became public.live_visits) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return least(
    case when p_was.joined_at is distinct from p_became.joined_at then least(p_was.joined_at, p_became.joined_at) end,
    case when p_was.left_at is distinct from p_became.left_at then least(p_was.left_at, p_became.left_at) end);
end;
$$;
comment on function live.visit_changed_from is 'The earliest moment of which a visit tells something else than before; null when of none.';
create function live.apply_visit(
  p_session public.live_sessions, p_was public.live_visits, p_became public.live_visits, p_source text
) returns int
language plpgsql set search_path = '' as $$
declare
  changed_from constant timestamptz := live.visit_changed_from(p_was, p_became);
  was_open constant int := (p_was.participant_sid is not null and p_was.left_at is null)::int;
  person public.live_participants;
  change record;
begin
  if changed_from is null then
    return null;
  end if;
  perform live.ensure_participant(p_session, p_became.user_id);
  select * into person from public.live_participants p
   where p.session_id = p_session.id and p.user_id = p_became.user_id for update;
  if p_was.participant_sid is null then
    perform live.fold_when_many(p_session.id, null, p_became.user_id);
  end if;
  change := live.presence_change(p_session.id, p_was, p_became, changed_from, person.open_visits > was_open);
  if p_became.user_id <> p_session.creator_id then
    perform live.add_step(p_session.id, (x ->> 'at')::timestamptz, (x ->> 'step')::int)
       from jsonb_array_elements(change.steps) x;
  end if;
  return live.refresh_person(p_session, person, (p_became.left_at is null)::int - was_open, change.watched, p_source);
end;
$$;
comment on function live.apply_visit is
  'What follows for person and session from a visit that changed: by how much the session''s viewers change; null when it did not.';

create function live.write_visit(
  p_source text, p_session uuid, p_call uuid, p_event text, p_sid text, p_user uuid, p_at timestamptz, p_reason text,
  p_permission jsonb, p_beside boolean, out was public.live_visits, out became public.live_visits)
language plpgsql set search_path = '' as $$
declare
  agent_left timestamptz := case when p_event = 'left' and p_source = 'agent' then p_at end;
  webhook_left timestamptz := case when p_event = 'left' and p_source = 'webhook' then p_at end;
begin
  select * into was from public.live_visits v where v.participant_sid = p_sid for update;
  insert into public.live_visits as v (
    participant_sid, session_id, call_id, user_id, joined_at, join_reported_at,
    agent_left_at, agent_leave_reason, webhook_left_at, webhook_leave_reason, join_permission, beside)
  values (
    p_sid, p_session, p_call, p_user, p_at, case when p_event = 'joined' then p_at end,
    agent_left, case when agent_left is not null then coalesce(p_reason, 'unknown') end,
    webhook_left, case when webhook_left is not null then coalesce(p_reason, 'unknown') end, p_permission, p_beside)
  on conflict (participant_sid) do update set
    join_reported_at = least(v.join_reported_at, excluded.join_reported_at),
    agent_left_at = least(v.agent_left_at, excluded.agent_left_at),
    agent_leave_reason = case when agent_left is not null and (v.agent_left_at is null
        or (excluded.agent_left_at, excluded.agent_leave_reason) < (v.agent_left_at, v.agent_leave_reason))
      then excluded.agent_leave_reason else v.agent_leave_reason end,
    webhook_left_at = least(v.webhook_left_at, excluded.webhook_left_at),
    webhook_leave_reason = case when webhook_left is not null and (v.webhook_left_at is null
        or (excluded.webhook_left_at, excluded.webhook_leave_reason) < (v.webhook_left_at, v.webhook_leave_reason))
      then excluded.webhook_leave_reason else v.webhook_leave_reason end,
    join_permission = coalesce(v.join_permission, excluded.join_permission),
    beside = v.beside or excluded.beside
    where v.user_id = excluded.user_id
  returning * into became;
end;
$$;
comment on function live.write_visit is 'Files one report under its connection: the visit before and after; no after when the connection is somebody else''s.';

create function live.record_presence(
  p_source text, p_room text, p_event text, p_sid text, p_user text, p_at timestamptz, p_reason text,
  p_permission jsonb default null, p_latest timestamptz default null, p_beside boolean default false
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  call public.calls;
  person uuid;
  written record;
  viewers int;
begin
  if p_source not in ('agent', 'webhook') or p_event not in ('joined', 'left') or p_at is null or p_sid is null then
    return jsonb_build_object('ok', false, 'error', 'malformed');
  end if;
  -- An id in another spelling is another identity for LiveKit, so it is nobody's.
  if live.is_uuid(p_user) and p_user::uuid::text = p_user then
    person := p_user::uuid;
  end if;
  -- Somebody whose account is deleted while they are here leaves the room like anybody else.
  if person is null or not live.is_or_was_account(person) then
    return jsonb_build_object('ok', false, 'error', 'unknown_user');
  end if;
  select * into session from public.live_sessions s where s.livekit_room = p_room for no key update;
  if session.id is not null then
    if live.is_folded(session.id, person, p_source, p_event, p_sid, coalesce(p_latest, p_at)) then
      return jsonb_build_object('ok', true, 'person', live.person_in_session(session.id, person));
    end if;
    written := live.write_visit(p_source, session.id, null, p_event, p_sid, person, p_at, p_reason, p_permission, p_beside);
    if (written.became).participant_sid is null then
      return jsonb_build_object('ok', false, 'error', 'somebody_else');
    end if;
    viewers := live.apply_visit(session, written.was, written.became, p_source);
    if viewers is not null then
      perform live.refresh_session(session.id, viewers);
    end if;
    return jsonb_build_object('ok', true, 'person', live.person_in_session(session.id, person));
  end if;
  select * into call from public.calls c where c.livekit_room = p_room for no key update;
  if call.id is null then
    return jsonb_build_object('ok', false, 'error', 'unknown_room');
  elsif person not in (call.caller_id, call.callee_id) then
    return jsonb_build_object('ok', false, 'error', 'not_a_party');
  end if;
  written := live.write_visit(p_source, null, call.id, p_event, p_sid, person, p_at, p_reason, p_permission, p_beside);
  if (written.became).participant_sid is null then
    return jsonb_build_object('ok', false, 'error', 'somebody_else');
  end if;
  if (written.was).participant_sid is null then
    perform live.fold_when_many(null, call.id, person);
  end if;
  if live.visit_changed_from(written.was, written.became) is not null and p_source = 'webhook' then
    update public.calls c set desired_xid = pg_current_xact_id() where c.id = call.id;
  end if;
  return jsonb_build_object('ok', true, 'person', live.person_in_call(call, person));
end;
$$;
comment on function live.record_presence is
  'The core of presence, for agents and webhooks alike: p_source agent or webhook, p_event joined or left, p_at LiveKit''s '
  'own joined_at for joined, p_permission its permission then, p_latest the end of a visit that is told with its start, '
  'p_beside whether it is an ingress or a telephone beside the person''s app. {"ok": true, "person": PERSON} or {"ok": false, "error": malformed, unknown_user, '
  'unknown_room, not_a_party or somebody_else: that connection is another person''s}. Any order and repetition of the same reports ends in the same rows.';

create function live.close_visits(p_session uuid, p_call uuid, p_at timestamptz, p_reason text) returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  open_visit public.live_visits;
  shut public.live_visits;
  viewers int := 0;
  closed int := 0;
begin
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  for open_visit in
    select * from public.live_visits v
     where (v.session_id = p_session or v.call_id = p_call) and v.left_at is null
     order by v.participant_sid for update
  loop
    update public.live_visits v set closed_at = p_at, close_reason = p_reason
     where v.participant_sid = open_visit.participant_sid returning * into shut;
    closed := closed + 1;
    if session.id is not null then
      viewers := viewers + live.apply_visit(session, open_visit, shut, 'agent');
    end if;
  end loop;
  if session.id is not null and closed > 0 then
    perform live.refresh_session(session.id, viewers);
  end if;
  return closed;
end;
$$;
comment on function live.close_visits is 'Closes every open visit of a session or call, for want of reports; how many there were.';

-- schemas/30_action_rules.sql
-- Owns: what may be asked of the one door: whether a row fits its line in live_actions, who may ask it, and what outranks
-- whom. Nothing here writes.

create function live.action_scope(p_action text, p_params jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  scope constant jsonb := (live.action(p_action)).params_schema -> 'properties' -> 'scope';
begin
  return case when scope is not null then coalesce(p_params ->> 'scope', scope ->> 'default') end;
end;
$$;
comment on function live.action_scope is 'How far an action with a param scope reaches: session unless it says otherwise. Null for other actions.';

create function live.action_aspect(p_action text, p_params jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  scope constant text := live.action_scope(p_action, p_params);
begin
  return (live.action(p_action)).aspect || case when scope is null then '' else ':' || scope end;
end;
$$;
comment on function live.action_aspect is
  'What an action decides. Two rows of one aspect about one target that differ contradict each other; null decides nothing lasting.';

-- ── params ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.list_of(p_names text[]) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case when cardinality(p_names) < 2 then p_names[1]
              else array_to_string(trim_array(p_names, 1), ', ') || ' or ' || p_names[cardinality(p_names)] end;
end;
$$;
comment on function live.list_of is 'Names as a sentence lists them: a, b or c.';

create function live.value_fault(p_schema jsonb, p_value jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  type constant text := p_schema ->> 'type';
  word constant text := p_value #>> '{}';
begin
  return case
    when type in ('number', 'integer') and (
      jsonb_typeof(p_value) <> 'number'
      or p_value::numeric not between coalesce((p_schema ->> 'minimum')::numeric, '-infinity')
                                  and coalesce((p_schema ->> 'maximum')::numeric, 'infinity')
      or (type = 'integer' and p_value::numeric % 1 <> 0))
      then format('must be %s between %s and %s', case type when 'integer' then 'a whole number' else 'a number' end,
                  p_schema ->> 'minimum', p_schema ->> 'maximum')
    when type = 'boolean' and jsonb_typeof(p_value) <> 'boolean' then 'must be true or false'
    when p_schema ? 'enum' and not p_schema -> 'enum' @> p_value
      then 'must be ' || live.list_of(array(select jsonb_array_elements_text(p_schema -> 'enum')))
    when type = 'string' and jsonb_typeof(p_value) <> 'string' then 'must be a string'
    when p_schema ->> 'format' = 'text' then live.text_fault(word, (p_schema ->> 'maxLength')::int, true)
    when p_schema ->> 'format' = 'uuid' and not live.is_uuid(word) then 'must be a uuid'
  end;
end;
$$;
comment on function live.value_fault is 'What is wrong with one value by its JSON Schema, in words; null when nothing is.';

create function live.params_fault(p_action text, p_params jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  schema constant jsonb := (live.action(p_action)).params_schema;
  known constant text[] := array(select k from jsonb_object_keys(schema -> 'properties') k order by k);
begin
  return (
    select x.fault from (
      select 1, format('%s takes %s', p_action, case when known = '{}' then 'no params' else 'only ' || live.list_of(known) end)
       where exists (select from jsonb_object_keys(p_params) k where k <> all (known))
      union all
      select 2, format('%s needs the param %s: it %s', p_action, r.name, coalesce(
               live.value_fault(schema -> 'properties' -> r.name, coalesce(p_params -> r.name, 'null')), 'is missing'))
        from jsonb_array_elements_text(schema -> 'required') r (name)
       where p_params -> r.name is null
      union all
      select 3, format('%s: %s %s', p_action, p.key, live.value_fault(schema -> 'properties' -> p.key, p.value))
        from jsonb_each(p_params) p where live.value_fault(schema -> 'properties' -> p.key, p.value) is not null
    ) x (place, fault) order by x.place, x.fault limit 1);
end;
$$;
comment on function live.params_fault is 'What is wrong with an action''s params by its params_schema, in words; null when nothing is.';

-- ── shape and place ────────────────────────────────────────────────────────────────────────────────────────────
create function live.check_shape(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  fault constant text := live.params_fault(p_row.action, p_row.params);
  scope constant text := live.action_scope(p_row.action, p_row.params);
begin
  if known.action is null then
    perform live.refuse(400, 'unknown_action', format('%s is not an action.', coalesce(p_row.action, 'nothing')));
  elsif fault is not null then
    perform live.refuse(400, 'bad_params', fault);
  elsif p_row.reason is not null and live.text_fault(p_row.reason, 1000, true) is not null then
    perform live.refuse(400, 'bad_reason', format('A reason %s.', live.text_fault(p_row.reason, 1000, true)));
  elsif p_row.reason_code is not null and live.reason_texts(p_row.reason_code) is null then
    perform live.refuse(404, 'unknown_reason_code', 'There is no such reason code.');
  elsif num_nonnulls(p_row.session_id, p_row.call_id) <> 1
      and not (num_nonnulls(p_row.session_id, p_row.call_id) = 0 and scope is not distinct from 'platform') then
    perform live.refuse(400, 'bad_place', 'Say where: a session or a call, and only one of them.');
  elsif p_row.call_id is not null and not (known.in_calls and coalesce(scope, 'platform') = 'platform') then
    perform live.refuse(400, 'not_in_calls', format('%s is not possible in a call.', p_row.action));
  elsif known.scope = 'session' and p_row.target_user_id is not null then
    perform live.refuse(400, 'bad_target', format('%s is about the whole session: name nobody.', p_row.action));
  elsif known.needs_target and p_row.target_user_id is null then
    perform live.refuse(400, 'bad_target', format('Say whom to %s.', replace(p_row.action, '_', ' ')));
  elsif p_row.expires_at is not null and known.expires_after is null then
    perform live.refuse(400, 'bad_expiry', 'Only what is soon pointless expires, like a kick; give seconds in params for a time limit.');
  end if;
end;
$$;
comment on function live.check_shape is 'Refuses an action that is not in live_actions, or makes no sense, no matter who asks.';

create function live.check_place(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  session public.live_sessions;
  call public.calls;
  known constant public.live_actions := live.action(p_row.action);
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into call from public.calls c where c.id = p_row.call_id;
  if p_row.session_id is not null and session.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif p_row.call_id is not null and call.id is null then
    perform live.refuse(404, 'unknown_call', 'There is no such call.');
  elsif (session.status = 'ended' or not live.call_is_running(call.status)) and not known.after_end then
    perform live.refuse(409, 'session_not_live', 'It is over: nothing can be done in it any more.');
  elsif session.status = 'scheduled' and known.expires_after is not null then
    perform live.refuse(409, 'session_not_live', 'The session has not begun: nobody is in it yet.');
  elsif p_row.target_user_id is not null
      and not live.is_or_was_account(p_row.target_user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such person.');
  elsif p_row.call_id is not null and known.scope = 'person'
      and p_row.target_user_id not in (call.caller_id, call.callee_id) then
    perform live.refuse(404, 'not_a_participant', 'This person is not in the call.');
  elsif p_row.session_id is not null and known.scope = 'person'
      and not exists (select from public.live_participants p
                       where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id) then
    perform live.refuse(404, 'not_a_participant', 'This person has never been in the session.');
  end if;
end;
$$;
comment on function live.check_place is 'Refuses an action about a session, call or person that is not there.';

create function live.permits(p_via text, p_rank int, p_action text, p_scope text, p_new_rank int) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_action);
begin
  return case
    when known.action is null then false
    when p_via = 'auto' then known.automatic and p_scope is distinct from 'platform'
    when p_rank >= live.rank_of_ops() then true
    when p_rank < known.min_rank or p_scope = 'platform' or (p_scope = 'creator' and p_rank < live.host_rank()) then false
    else p_new_rank is null or p_new_rank < live.grants_below(p_rank)
  end;
end;
$$;
comment on function live.permits is
  'Whether a rank may ask for an action at all: by live_actions.min_rank, and for a wider scope or a role by more. p_new_rank is the rank that set_role gives.';

create function live.reaches(p_via text, p_rank int, p_target_rank int) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_target_rank is null
      or case when p_via = 'auto' then p_target_rank < live.host_rank()
              when p_rank >= live.rank_of_ops() then true
              else p_target_rank < p_rank end;
end;
$$;
comment on function live.reaches is
  'Whether a requester may act on someone of a rank: on lower ranks only; ops on anyone; the agent''s rules never on a host.';

create function live.ops_rank(p_user uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return case when p_user is null or live.standing_fault(p_user, null, null) is null then live.rank_of_ops() else 0 end;
end;
$$;
comment on function live.ops_rank is 'Rank of ops for whom server code speaks: above all, and 0 for someone who is suspended. Null = nobody in particular.';

create function live.undoes_own(p_row public.moderation_actions, p_rank int) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  last public.moderation_actions;
begin
  if p_row.requested_by is null or p_rank < live.staff_rank() or p_row.target_user_id is null
      or coalesce(live.action_scope(p_row.action, p_row.params), 'session') <> 'session' then
    return false;
  end if;
  select a.* into last
    from public.moderation_actions a
   where a.target_user_id = p_row.target_user_id and a.session_id = p_row.session_id and a.n < p_row.n and not a.dry_run
     and a.status not in ('failed', 'expired', 'cancelled')
     and live.action_aspect(a.action, a.params) = live.action_aspect(p_row.action, p_row.params)
   order by a.n desc limit 1;
  return last.requested_by is not distinct from p_row.requested_by
     and (live.action(last.action)).undone_by = p_row.action and last.action <> p_row.action
     -- Lifting lifts all bans of the scope: somebody else's may not be among them.
     and not (p_row.action = 'unban' and exists (
       select from live.bans_of(p_row) b where b.created_by is distinct from p_row.requested_by));
end;
$$;
comment on function live.undoes_own(public.moderation_actions, int) is
  'Whether a row takes back what its requester did last to that person in that session, and they still moderate there: what one may do, one may undo.';

-- Before anything is looked up about the target, so that a refusal tells nothing of who was where.
create function live.require_standing_to_ask(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_row.requested_rank <= 0 then
    perform live.refuse(403, 'banned', 'You have been removed: you cannot act here.');
  elsif not live.permits(
      p_row.requested_via, p_row.requested_rank, p_row.action, live.action_scope(p_row.action, p_row.params),
      live.rank_of((select s.type from public.live_sessions s where s.id = p_row.session_id), p_row.params ->> 'role'))
      and not live.undoes_own(p_row, p_row.requested_rank) then
    perform live.refuse(403, 'not_allowed', format('You may not %s here.', replace(p_row.action, '_', ' ')));
  end if;
end;
$$;
comment on function live.require_standing_to_ask is
  'Refuses a requester who may not ask this of anybody there: with the same words for every place and target.';

create function live.authority_fault(p_row public.moderation_actions, p_rank int) returns text
language plpgsql stable set search_path = '' as $$
declare
  context text := (select s.type from public.live_sessions s where s.id = p_row.session_id);
  target_rank int := case when p_row.target_user_id is not null
                          then live.rank_in(p_row.session_id, p_row.target_user_id) end;
begin
  if not live.permits(p_row.requested_via, p_rank, p_row.action, live.action_scope(p_row.action, p_row.params),
                      live.rank_of(context, p_row.params ->> 'role'))
      and not live.undoes_own(p_row, p_rank) then
    return format('you may not %s here', replace(p_row.action, '_', ' '));
  elsif not live.reaches(p_row.requested_via, p_rank, target_rank)
      and not (p_row.action = 'delete_message' and p_row.target_user_id is not distinct from p_row.requested_by) then
    return 'you may not act on someone of the same or a higher rank';
  end if;
  return null;
end;
$$;
comment on function live.authority_fault is 'Why a requester of this rank may not ask this; null when they may.';

create function live.require_room_to_speak(p_session uuid, p_user uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if (select count(*) from public.live_participants p
       where p.session_id = p_session and p.role = 'speaker' and p.user_id <> p_user)
     >= live.limit_of('speakers_per_session') then
    perform live.refuse(409, 'too_many_speakers', 'As many people as may speak at once do already: take the floor from somebody first.');
  end if;
end;
$$;
comment on function live.require_room_to_speak is 'Refuses one more speaker than limits.speakers_per_session. The caller holds the session''s lock.';

create function live.check_stage(p_row public.moderation_actions) returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  context constant text := (select s.type from public.live_sessions s where s.id = p_row.session_id);
  new_role constant text := p_row.params ->> 'role';
  new_rank constant int := live.rank_of(context, new_role);
begin
  if p_row.action <> 'set_role' or new_rank <= live.rank_of(context, coalesce(
      (select p.role from public.live_participants p
        where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id), live.default_role(context))) then
    return;  -- only raising somebody needs their consent, and a place
  elsif exists (select from auth.users u where u.id = p_row.target_user_id and u.is_anonymous)
      or (p_row.requested_via = 'app' and live.blocked(p_row.requested_by, p_row.target_user_id)) then
    perform live.refuse(409, 'cannot_be_invited', 'This person cannot be invited.');
  elsif new_role = 'speaker' then
    perform live.require_room_to_speak(p_row.session_id, p_row.target_user_id);
  end if;
end;
$$;
comment on function live.check_stage is
  'Refuses to raise an anonymous sign-in, somebody between whom and the asker a block stands, and one speaker too many.';

create function live.bans_of(p_row public.moderation_actions) returns setof public.live_bans
language plpgsql stable set search_path = '' as $$
begin
  return query
    select b.*
      from public.live_bans b
      left join public.live_sessions s on s.id = p_row.session_id
     where b.user_id = p_row.target_user_id
       and b.lifted_at is null
       and (b.expires_at is null or b.expires_at > clock_timestamp())
       and b.scope = live.action_scope('unban', p_row.params)
       and (b.scope = 'platform' or b.session_id = s.id or b.creator_id = s.creator_id);
end;
$$;
comment on function live.bans_of is 'The standing bans that an unban would lift.';

create function live.outranked_by(p_row public.moderation_actions) returns int
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
begin
  return (
    select case
      when p_row.action = 'unmute' then
        (select p.mic_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.mic_muted)
      when p_row.action = 'camera_on' then
        (select p.camera_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.camera_off)
      when p_row.action = 'chat_unmute' then
        (select p.chat_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id
            and p.chat_muted_until > clock_timestamp())
      when p_row.action = 'set_role' then
        (select p.role_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id
            -- A rule may demote whom a host has promoted; what ops did, only ops undo.
            and (p_row.requested_via <> 'auto' or p.role_by_rank >= live.rank_of_ops()))
      when p_row.action = 'unmute_all' then
        (select s.mute_all_rank from public.live_sessions s where s.id = p_row.session_id)
      when p_row.action = 'unban' then
        (select max(b.by_rank) from live.bans_of(p_row) b)
      when known.scope = 'session' and known.undone_by = known.action then
        (select a.requested_rank from public.moderation_actions a
          where a.session_id = p_row.session_id and a.status = 'applied' and not a.dry_run
            and live.action_aspect(a.action, a.params) = known.aspect
          order by a.n desc limit 1)
    end);
end;
$$;
comment on function live.outranked_by is 'Rank of the one who did what this action would undo; null when it undoes nothing.';

create function live.standing_of(p_row public.moderation_actions, out until timestamptz, out by_rank int)
language plpgsql stable set search_path = '' as $$
begin
  case p_row.action
    when 'mute' then
      select coalesce(p.mic_muted_until, 'infinity'), p.mic_by_rank into until, by_rank
        from public.live_participants p
       where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.mic_muted and not p.mic_by_all;
    when 'chat_mute' then
      select p.chat_muted_until, p.chat_by_rank into until, by_rank
        from public.live_participants p
       where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.chat_muted_until is not null;
    when 'ban' then
      select max(coalesce(b.expires_at, 'infinity')), max(b.by_rank) into until, by_rank from live.bans_of(p_row) b;
    else null;
  end case;
end;
$$;
comment on function live.standing_of is 'Until when the same holds already (infinity: until it is undone) and by whose rank; nulls when it does not.';

create function live.require_not_weaker(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  standing constant record := live.standing_of(p_row);
begin
  if standing.until <= coalesce(live.until(p_row.params), 'infinity') is not false then
    return;
  elsif p_row.params @> '{"replace": true}' then
    if standing.by_rank > p_row.requested_rank then
      perform live.refuse(403, 'outranked', 'Someone of a higher rank did this, and only they can undo it.');
    end if;
  else
    perform live.refuse(409, 'weaker_than_standing', format(
      '%s holds for longer already%s: leave it, or ask with {"replace": true} to shorten it.', p_row.action,
      case when standing.until < 'infinity' then ', until ' || live.instant(standing.until) else '' end));
  end if;
end;
$$;
comment on function live.require_not_weaker is 'Refuses to shorten in silence what somebody has set for longer; params.replace says that it is meant.';

create function live.refusal_at_claim(p_row public.moderation_actions) returns text
language plpgsql stable set search_path = '' as $$
begin
  return live.authority_fault(p_row, case
    when p_row.requested_by is null or p_row.requested_via = 'auto' then p_row.requested_rank
    when p_row.requested_via = 'app' then live.acting_rank(p_row.session_id, p_row.requested_by)
    else live.ops_rank(p_row.requested_by) end);
end;
$$;
comment on function live.refusal_at_claim is 'Why a row may no longer be carried out, by the ranks of now; null when it may.';

-- schemas/32_action_effects.sql
-- Owns: what an accepted action does to the desired state (live.do_<action>, one for each row of live_actions, which the door
-- calls by name), and how that is put back when it is withdrawn. A function answers what else came of it, beside the state that
-- live.state_of shows: null, or an object that joins `after`.

create function live.until(p_params jsonb) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return clock_timestamp() + make_interval(secs => (p_params -> 'seconds')::double precision);
end;
$$;
comment on function live.until is 'End of a timed action, counted from now; null when it has none.';

-- ── microphone, camera, chat ───────────────────────────────────────────────────────────────────────────────────
create function live.do_mute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set
    mic_muted = true,
    mic_by_all = false,
    -- A lower rank can lengthen what a higher rank did, and not make it its own.
    mic_by_rank = case when held.higher then p.mic_by_rank else p_row.requested_rank end,
    mic_muted_until = case
      when held.higher then case when p.mic_muted_until is not null and live.until(p_row.params) is not null
                                 then greatest(p.mic_muted_until, live.until(p_row.params)) end
      else live.until(p_row.params) end
    from (select q.mic_muted and q.mic_by_rank > p_row.requested_rank
                 and coalesce(q.mic_muted_until, 'infinity') > clock_timestamp() as higher
            from public.live_participants q
           where q.session_id = p_row.session_id and q.user_id = p_row.target_user_id) held
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_mute is 'mute: by name, which mute_all and its end leave alone.';

create function live.do_unmute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set mic_muted = false, mic_by_all = false, mic_by_rank = p_row.requested_rank, mic_muted_until = null
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_unmute is 'unmute: also whom mute_all muted.';

create function live.do_camera_off(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set camera_off = true,
         camera_by_rank = case when p.camera_off then greatest(p.camera_by_rank, p_row.requested_rank)
                               else p_row.requested_rank end
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_camera_off is 'camera_off.';

create function live.do_camera_on(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set camera_off = false,
         camera_by_rank = case when p.camera_off then greatest(p.camera_by_rank, p_row.requested_rank)
                               else p_row.requested_rank end
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_camera_on is 'camera_on.';

create function live.do_chat_mute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set
    chat_by_rank = case when held.higher then p.chat_by_rank else p_row.requested_rank end,
    chat_muted_until = case
      when held.higher then greatest(p.chat_muted_until, coalesce(live.until(p_row.params), 'infinity'))
      else coalesce(live.until(p_row.params), 'infinity') end
    from (select q.chat_muted_until > clock_timestamp() and q.chat_by_rank > p_row.requested_rank as higher
            from public.live_participants q
           where q.session_id = p_row.session_id and q.user_id = p_row.target_user_id) held
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_chat_mute is 'chat_mute.';

create function live.do_chat_unmute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set chat_muted_until = null, chat_by_rank = p_row.requested_rank
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_chat_unmute is 'chat_unmute.';

-- ── role and place ─────────────────────────────────────────────────────────────────────────────────────────────
create function live.do_set_role(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  person public.live_participants;
  new_role text := p_row.params ->> 'role';
  invited boolean;
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into person from public.live_participants p
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  invited := person.hand_raised_at is null
             and live.rank_of(session.type, new_role) > live.rank_of(session.type, person.role);
  update public.live_participants p set
    role = case when invited then p.role else new_role end,
    role_by_rank = case when invited then p.role_by_rank else p_row.requested_rank end,
    hand_raised_at = null,
    invited_role = case when invited then new_role end,
    invited_by = case when invited then live.unless_ops(p_row.requested_by) end,
    invited_by_rank = case when invited then p_row.requested_rank else 0 end,
    -- Before the session starts, an invitation holds for as long as it may still start.
    invite_expires_at = case when invited then greatest(
      clock_timestamp() + make_interval(secs => coalesce(live.limit_of('invite_seconds'), 120)),
      case when session.status = 'scheduled'
           then session.scheduled_at + live.setting_interval('session.no_show_seconds') end) end
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return case when invited then jsonb_build_object('invited', true) end;
end;
$$;
comment on function live.do_set_role is
  'set_role: gives the role, or invites to it when it is higher and the person has not asked.';

create function live.do_kick(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return jsonb_build_object('kicked', true);
end;
$$;
comment on function live.do_kick is 'kick: leaves no state, the connection is the agent''s to end.';

create function live.do_ban(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  scope constant text := live.action_scope(p_row.action, p_row.params);
begin
  if p_row.params @> '{"replace": true}' then
    update public.live_bans b set lifted_at = clock_timestamp(), lifted_by = p_row.requested_by
     where b.id in (select x.id from live.bans_of(p_row) x where x.by_rank <= p_row.requested_rank);
  end if;
  insert into public.live_bans (user_id, scope, session_id, creator_id, reason, created_by, by_rank, action_id, expires_at)
  values (p_row.target_user_id, scope,
          case when scope = 'session' then p_row.session_id end,
          case when scope = 'creator'
               then (select s.creator_id from public.live_sessions s where s.id = p_row.session_id) end,
          p_row.reason, p_row.requested_by, p_row.requested_rank, p_row.id, live.until(p_row.params));
  update public.live_participants p
     set hand_raised_at = null, invited_role = null, invited_by = null, invite_expires_at = null
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_ban is 'ban.';

create function live.do_unban(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_bans b set lifted_at = clock_timestamp(), lifted_by = p_row.requested_by
   where b.id in (select x.id from live.bans_of(p_row) x);
  if not found then
    perform live.refuse(404, 'not_banned', format('Nothing of scope %s keeps this person out.', live.action_scope(p_row.action, p_row.params)));
  end if;
  return null;
end;
$$;
comment on function live.do_unban is 'unban: lifts every standing ban of its scope.';

-- ── the whole session, and its messages ────────────────────────────────────────────────────────────────────────
create function live.apply_mute_all(p_session uuid, p_rank int) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s set mute_all_rank = p_rank where s.id = p_session;
  -- Timed mutes by name: whether their end frees anyone has changed, which is news to the agent.
  update public.live_participants p set desired_xid = pg_current_xact_id()
   where p.session_id = p_session and p.mic_muted_until is not null and not p.mic_by_all;
  if p_rank is null then
    update public.live_participants p set mic_muted = false where p.session_id = p_session and p.mic_by_all;
  else
    update public.live_participants p set mic_muted = true, mic_by_all = true, mic_by_rank = p_rank
     where p.session_id = p_session
       and (not p.mic_muted or p.mic_by_all) and not p.staff;
  end if;
end;
$$;
comment on function live.apply_mute_all is
  'Mutes everyone below moderator, now and later, or (null) frees those whom that muted. Mutes by name are left alone.';

create function live.heard_people(p_session uuid, p_muted boolean) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (
    select count(*) from public.live_participants p
      join public.live_sessions s on s.id = p.session_id
      join public.live_roles r on r.context = s.type and r.role = p.role
     where p.session_id = p_session and p.is_online and p.mic_muted = p_muted and 'microphone' = any (r.can_publish_sources));
end;
$$;
comment on function live.heard_people is 'How many in the room have a role that speaks and are muted, or are not.';

create function live.do_mute_all(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  spoke constant int := live.heard_people(p_row.session_id, false);
begin
  perform live.apply_mute_all(p_row.session_id, p_row.requested_rank);
  return jsonb_build_object('people', spoke - live.heard_people(p_row.session_id, false));
end;
$$;
comment on function live.do_mute_all is 'mute_all: `people` is how many in the room it silenced.';

create function live.do_unmute_all(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  silent constant int := live.heard_people(p_row.session_id, true);
begin
  perform live.apply_mute_all(p_row.session_id, null);
  return jsonb_build_object('people', silent - live.heard_people(p_row.session_id, true));
end;
$$;
comment on function live.do_unmute_all is 'unmute_all: `people` is how many in the room may speak again.';

create function live.do_announce(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  -- The agent finishes the row when it has relayed this seq.
  update public.moderation_actions a
     set params = a.params || jsonb_build_object('seq', live.append_event(
           p_row.session_id, 'system', jsonb_build_object('kind', 'announcement', 'text', p_row.params -> 'text')))
   where a.id = p_row.id;
  return jsonb_build_object('people', (select count(*) from public.live_participants p
                                        where p.session_id = p_row.session_id and p.is_online));
end;
$$;
comment on function live.do_announce is 'announce: `people` is how many are in the room.';

create function live.do_delete_message(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_messages m set deleted_at = clock_timestamp(), deleted_by = live.unless_ops(p_row.requested_by)
   where m.id = (p_row.params ->> 'message_id')::uuid and m.deleted_at is null;
  update public.live_sessions s set pinned_message_id = null
   where s.id = p_row.session_id and s.pinned_message_id = (p_row.params ->> 'message_id')::uuid;
  return null;
end;
$$;
comment on function live.do_delete_message is 'delete_message.';

create function live.do_release_message(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_messages m set held_at = null where m.id = (p_row.params ->> 'message_id')::uuid and m.held_at is not null;
  return null;
end;
$$;
comment on function live.do_release_message is 'release_message.';

create function live.do_pin_message(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  pinned constant uuid := (p_row.params ->> 'message_id')::uuid;
begin
  if pinned is not null and not exists (select from public.live_messages m where m.id = pinned and m.session_id = p_row.session_id
                                           and m.deleted_at is null and m.held_at is null) then
    perform live.refuse(404, 'unknown_message', 'There is no such message in this session.');
  end if;
  update public.live_sessions s set pinned_message_id = pinned where s.id = p_row.session_id;
  return null;
end;
$$;
comment on function live.do_pin_message is 'pin_message: a message that everyone can see, or none.';

create function live.do_slow_mode(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s set slow_mode_seconds = coalesce((p_row.params -> 'seconds')::int, 0) where s.id = p_row.session_id;
  return null;
end;
$$;
comment on function live.do_slow_mode is 'slow_mode.';

create function live.do_chat_mode(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s set chat_mode = p_row.params ->> 'mode' where s.id = p_row.session_id;
  return null;
end;
$$;
comment on function live.do_chat_mode is 'chat_mode.';

create function live.do_end_session(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s
     set status = 'ended', end_reason = case when p_row.requested_rank >= live.rank_of_ops() then 'ops' else 'host' end
   where s.id = p_row.session_id;
  update public.calls c
     set status = case c.status when 'accepted' then 'ended' else 'cancelled' end, end_reason = 'ops'
   where c.id = p_row.call_id;
  return null;
end;
$$;
comment on function live.do_end_session is 'end_session, for sessions and calls.';

-- ── before and after ───────────────────────────────────────────────────────────────────────────────────────────
create function live.state_of_person(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  seat public.live_participants;
  session public.live_sessions;
  person jsonb;
  removed jsonb;
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into seat from public.live_participants p
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  person := live.person(seat, session.creator_id);
  removed := coalesce(live.standing_ban(p_row.target_user_id, p_row.session_id, session.creator_id),
                      nullif(person -> 'removed', 'null')) - 'why' - 'why_texts';
  -- How the platform decided about somebody is not for the moderators of one session.
  if removed ->> 'scope' = 'platform' and p_row.requested_via = 'app' then
    removed := jsonb_build_object('reason', removed -> 'reason');
  end if;
  return case when seat.user_id is null then '{}' else (
      select jsonb_object_agg(k, person -> k) from unnest(array['role', 'mic_muted', 'mic_muted_until', 'camera_off',
                                                                'chat_muted', 'chat_muted_until', 'invited_role']) k)
      || jsonb_build_object(
        'hand_raised', seat.hand_raised_at is not null,
        'permission', (select live.permission_of(r, seat) from public.live_roles r
                        where r.context = session.type and r.role = seat.role)) end
    || jsonb_build_object('removed', removed);
end;
$$;
comment on function live.state_of_person is 'How the target of an action stands: role, mutes, invitation and the permission that follows; only `removed` of somebody without a place.';

create function live.columns_of(p_record jsonb, p_names text[]) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return (select coalesce(jsonb_object_agg(k, p_record -> k), '{}') from unnest(p_names) k where p_record ? k);
end;
$$;
comment on function live.columns_of is 'Some columns of a row that was made an object.';

create function live.state_of(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
begin
  return case known.scope
    when 'session' then coalesce(
      (select jsonb_build_object('status', s.status, 'mute_all', s.mute_all_rank is not null)
              || live.columns_of(to_jsonb(s), array_remove(known.columns, 'mute_all_rank'))
         from public.live_sessions s where s.id = p_row.session_id),
      (select jsonb_build_object('status', c.status) from public.calls c where c.id = p_row.call_id))
    when 'message' then (
      select jsonb_build_object('deleted', m.deleted_at is not null, 'held', m.held_at is not null)
        from public.live_messages m where m.id = (p_row.params ->> 'message_id')::uuid)
    else live.state_of_person(p_row) end;
end;
$$;
comment on function live.state_of is 'What an action is about, as it is now: its `before` when it is asked for, its `after` when it has been carried out.';

create function live.replaced_by(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  was jsonb;
begin
  if known.aspect is null then
    return null;
  elsif p_row.action = 'unban' or (known.aspect = 'ban' and p_row.params @> '{"replace": true}') then
    return jsonb_build_object('lifted', (
      select coalesce(jsonb_agg(b.id), '[]') from live.bans_of(p_row) b where b.by_rank <= p_row.requested_rank));
  end if;
  was := case known.scope
    when 'session' then (select to_jsonb(s) from public.live_sessions s where s.id = p_row.session_id)
    when 'message' then (select to_jsonb(m) from public.live_messages m where m.id = (p_row.params ->> 'message_id')::uuid)
    else (select to_jsonb(p) from public.live_participants p
           where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id) end;
  return live.columns_of(was, known.columns);
end;
$$;
comment on function live.replaced_by is 'What an action is about to replace, to be put back when it is withdrawn; null when it decides nothing that lasts.';

create function live.put_back(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
declare
  scope constant text := (live.action(p_row.action)).scope;
  names text;
begin
  if p_row.action = 'ban' then
    update public.live_bans b set lifted_at = clock_timestamp() where b.action_id = p_row.id and b.lifted_at is null;
  end if;
  if p_row.action in ('ban', 'unban') then
    update public.live_bans b set lifted_at = null, lifted_by = null
     where b.id in (select x.value::uuid from jsonb_array_elements_text(coalesce(p_row.prior -> 'lifted', '[]')) x);
  elsif p_row.action in ('mute_all', 'unmute_all') then
    perform live.apply_mute_all(p_row.session_id, (p_row.prior ->> 'mute_all_rank')::int);
  else
    select string_agg(quote_ident(k), ', ') into strict names from jsonb_object_keys(p_row.prior) k;
    if scope = 'session' then
      execute format('update public.live_sessions t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) where t.id = $2', names)
        using p_row.prior, p_row.session_id;
    elsif scope = 'message' then
      execute format('update public.live_messages t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) where t.id = $2', names)
        using p_row.prior, (p_row.params ->> 'message_id')::uuid;
    else
      execute format('update public.live_participants t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) '
                     'where t.session_id = $2 and t.user_id = $3', names)
        using p_row.prior, p_row.session_id, p_row.target_user_id;
    end if;
  end if;
end;
$$;
comment on function live.put_back is 'Restores the desired state that an action replaced.';

create function live.withdraw(p_row public.moderation_actions, p_status text, p_code text, p_error text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.live_sessions s where s.id = p_row.session_id for no key update;
  update public.moderation_actions a
     set status = p_status, error_code = p_code, error = p_error, claim_expires_at = null, after = null
   where a.id = p_row.id;
  -- A later word on the same matter stands.
  if p_row.prior is not null and not p_row.dry_run and not exists (
      select from public.moderation_actions a
       where a.session_id is not distinct from p_row.session_id
         and a.target_user_id is not distinct from p_row.target_user_id
         and a.n > p_row.n and a.status not in ('cancelled', 'failed') and not a.dry_run
         and live.action_aspect(a.action, a.params) = live.action_aspect(p_row.action, p_row.params)) then
    perform live.put_back(p_row);
  end if;
end;
$$;
comment on function live.withdraw is 'Ends an unfinished row without effect: its desired state is put back, unless a later row decided the same.';

-- schemas/34_action_door.sql
-- Owns: the door itself. Before the insert: who asks, does it make sense, may they. After it: the desired state, what it
-- supersedes, and the end of what needs nothing from LiveKit.

create function live.set_requester(p_row public.moderation_actions) returns public.moderation_actions
language plpgsql stable set search_path = '' as $$
declare
  me uuid := auth.uid();
begin
  if live.is_service() then
    p_row.requested_via := coalesce(p_row.requested_via, 'ops');
    p_row.requested_rank := case p_row.requested_via
      when 'auto' then 30  -- a moderator may undo what a rule did
      when 'app' then live.acting_rank(p_row.session_id, p_row.requested_by)
      else live.ops_rank(p_row.requested_by) end;
  elsif me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  else
    perform live.refuse_deleted(me);
    p_row.requested_by := me;
    p_row.requested_rank := live.acting_rank(p_row.session_id, me);
    -- Only ops may be marked: an app user's rate limit must not depend on a header.
    p_row.requested_via := case
      when p_row.requested_rank < live.rank_of_ops() then 'app'
      when live.through_assistant() then 'assistant'
      else 'ops' end;
  end if;
  return p_row;
end;
$$;
comment on function live.set_requester is
  'Fills in who asks, through which door and with what rank, from who is signed in; server code may say.';

create function live.lock_for_action(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
declare
  bans constant boolean := (live.action(p_row.action)).aspect = 'ban';
begin
  -- In one order, so that bans and batches of presence cannot wait for each other in a ring. By their ids: an act in one
  -- session must not read all of them.
  perform count(*) from (
    select s.id from public.live_sessions s
     where s.id = any (array(
             select p_row.session_id
             union
             select p.session_id from public.live_participants p
               join public.live_sessions l on l.id = p.session_id and l.status = 'live'
              where bans and p.user_id = p_row.target_user_id))
       and (s.id = p_row.session_id or s.status = 'live')
     order by s.id for no key update) locked;
end;
$$;
comment on function live.lock_for_action is 'Locks the sessions that an action is about: wishes about one session are taken one by one.';

create function live.admit_action() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  known constant public.live_actions := live.action(new.action);
  fault text;
begin
  new := live.set_requester(new);
  -- Blank what only our functions write.
  new.created_at := clock_timestamp();
  new.status := 'pending';
  new.attempts := 0;
  new.params := coalesce(new.params, '{}');
  new.reason := nullif(btrim(new.reason), '');
  new.dry_run := coalesce(new.dry_run, false);
  new.id := coalesce(new.id, gen_random_uuid());
  new.error_code := null; new.error := null; new.prior := null; new.before := null;
  new.after := null; new.superseded_by := null; new.claimed_by := null; new.claimed_at := null;
  new.claim_expires_at := null; new.applied_at := null; new.enforce_ms := null;

  perform live.check_shape(new);
  perform live.require_standing_to_ask(new);
  perform live.lock_for_action(new);
  -- The order is that of the lock, not that of arrival.
  new.n := nextval(pg_get_serial_sequence('public.moderation_actions', 'n'));
  if exists (select from public.moderation_actions a where a.id = new.id) then
    return new;  -- the same request again: the primary key answers it
  end if;
  perform live.check_place(new);
  if known.scope = 'message' then
    new.target_user_id := live.author_of(new.session_id, (new.params ->> 'message_id')::uuid);
  end if;
  fault := live.authority_fault(new, new.requested_rank);
  if fault is not null then
    perform live.refuse(403, 'not_allowed', fault);
  elsif live.outranked_by(new) > new.requested_rank then
    perform live.refuse(403, 'outranked', 'Someone of a higher rank did this, and only they can undo it.');
  end if;
  perform live.require_not_weaker(new);
  perform live.check_stage(new);
  if new.requested_via = 'app' then
    perform live.spend(new.requested_by, 'actions_per_minute');
  end if;
  new.connections := case when new.action = 'kick' then array(
    select v.participant_sid from public.live_visits v
     where (v.session_id = new.session_id or v.call_id = new.call_id) and v.user_id = new.target_user_id and v.left_at is null) end;
  if known.expires_after is not null then
    new.expires_at := coalesce(new.expires_at, new.created_at + known.expires_after);
  end if;
  return new;
end;
$$;
comment on function live.admit_action is 'Trigger: refuses what makes no sense or is not allowed, in words for a moderator.';

create function live.author_of(p_session uuid, p_message uuid) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  author uuid;
begin
  select m.user_id into author from public.live_messages m where m.id = p_message and m.session_id = p_session;
  if not found then
    perform live.refuse(404, 'unknown_message', 'There is no such message in this session.');
  end if;
  return author;
end;
$$;
comment on function live.author_of is 'Who wrote a message; null for a system message. Refuses one that is not in the session.';

create function live.spend(p_user uuid, p_limit text) returns void
language plpgsql set search_path = '' as $$
declare
  allowed double precision := live.limit_of(p_limit);
  spent int;
begin
  if allowed is null or p_user is null then
    return;
  end if;
  insert into live.spending as t (user_id, name, minute, count)
  values (p_user, p_limit, date_trunc('minute', clock_timestamp()), 1)
  on conflict (user_id, name) do update set
    count = case when t.minute = excluded.minute then t.count + 1 else 1 end, minute = excluded.minute
  returning count into spent;
  if spent > allowed then
    perform live.refuse(429, 'rate_limited', 'Too many in one minute: wait a moment and try again.');
  end if;
end;
$$;
comment on function live.spend is 'Counts one use of a rate of app_settings.limits; refuses with rate_limited beyond it. Refused uses are not counted.';

create table live.spending (
  user_id uuid not null,
  name text not null,
  minute timestamptz not null,
  count int not null,
  primary key (user_id, name)
);
comment on table live.spending is 'How often a person has used each limited thing in the current minute.';
comment on column live.spending.user_id is 'The person.';
comment on column live.spending.name is 'Name of the limit.';
comment on column live.spending.minute is 'The minute that is counted.';
comment on column live.spending.count is 'Uses in that minute.';
alter table live.spending enable row level security;

create function live.supersede(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
begin
  update public.moderation_actions a
     set status = 'cancelled', error_code = 'superseded', error = 'a later action says otherwise',
         superseded_by = p_row.id, claim_expires_at = null
   where a.id in (
     select b.id from public.moderation_actions b
      where b.session_id = p_row.session_id
        and b.status in ('pending', 'claimed')
        and not b.dry_run
        and b.n < p_row.n
        and live.action_aspect(b.action, b.params) = live.action_aspect(p_row.action, p_row.params)
        and ((b.target_user_id is not distinct from p_row.target_user_id
              and (b.action, b.params ->> 'role') is distinct from (p_row.action, p_row.params ->> 'role'))
             -- Everyone being muted overtakes a person's unmute that is not through yet.
             or (p_row.action = 'mute_all' and b.action = 'unmute' and exists (
                   select from public.live_participants p
                    where p.session_id = b.session_id and p.user_id = b.target_user_id and p.mic_by_all)))
      order by b.id for update);
end;
$$;
comment on function live.supersede is 'Cancels unfinished rows that this one contradicts.';

create function live.finish_at_once(p_id uuid, p_also jsonb default '{}') returns void
language plpgsql set search_path = '' as $$
begin
  update public.moderation_actions a
     set status = 'applied', applied_at = clock_timestamp(), claim_expires_at = null, after = coalesce(a.after, '{}') || p_also,
         enforce_ms = greatest(0, extract(epoch from clock_timestamp() - a.created_at) * 1000)
   where a.id = p_id;
end;
$$;
comment on function live.finish_at_once is 'Marks a row as applied that needs nothing from LiveKit. p_also joins its `after`.';

create function live.carry_out(p_row public.moderation_actions, out prior jsonb, out before jsonb, out after jsonb)
language plpgsql set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  also jsonb;
begin
  if known.scope = 'account' and known.columns <> '{}' then
    perform live.ensure_participant(s, p_row.target_user_id) from public.live_sessions s where s.id = p_row.session_id;
  end if;
  prior := live.replaced_by(p_row);
  before := live.state_of(p_row);
  execute format('select live.%I($1)', 'do_' || p_row.action) into also using p_row;
  after := coalesce(live.state_of(p_row), '{}') || coalesce(also, '{}');
  perform live.supersede(p_row);
end;
$$;
comment on function live.carry_out is
  'Writes the desired state of one action and what it overtakes; returns what it replaced, and how what it is about stood before and stands after.';

create function live.rehearse(p_row public.moderation_actions, out before jsonb, out after jsonb)
language plpgsql set search_path = '' as $$
begin
  select x.before, x.after into before, after from live.carry_out(p_row) x;
  raise exception sqlstate 'LVDRY';
exception when sqlstate 'LVDRY' then
  -- All that was written since `begin` is rolled back, hints and events too; what was learned stays.
  return;
end;
$$;
comment on function live.rehearse is 'A dry run: carries an action out and rolls it back; returns how what it is about stands, and how it would stand.';

create function live.needs_agent(p_row public.moderation_actions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return (
    select (live.action(p_row.action)).needs_agent
       and (exists (select from public.live_sessions s
                     where s.id = p_row.session_id
                       and (s.status = 'live' or (p_row.action = 'end_session' and s.started_at is not null)))
            or p_row.call_id is not null));
end;
$$;
comment on function live.needs_agent is
  'Whether LiveKit has to be made to agree: by live_actions, and not where no room is up.';

create function live.after_action() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  done record;
begin
  if new.dry_run then
    select null::jsonb as prior, x.before, x.after into done from live.rehearse(new) x;
  else
    select * into done from live.carry_out(new);
  end if;
  update public.moderation_actions a set prior = done.prior, before = done.before, after = done.after where a.id = new.id;
  if new.dry_run or done.after ? 'invited' or not live.needs_agent(new) then
    perform live.finish_at_once(new.id);
  end if;
  return null;
end;
$$;
comment on function live.after_action is 'Trigger: an accepted action takes effect in the desired state, in the insert''s own transaction.';

create trigger admit_action before insert on public.moderation_actions
  for each row execute function live.admit_action();
create trigger after_action after insert on public.moderation_actions
  for each row execute function live.after_action();

create function live.close_session_books() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.moderation_actions a
     set status = case when known.after_end then 'applied' else 'expired' end,
         applied_at = case when known.after_end then clock_timestamp() end,
         enforce_ms = case when known.after_end
                           then greatest(0, extract(epoch from clock_timestamp() - a.created_at) * 1000) end,
         error_code = case when not known.after_end then 'session_ended' end,
         error = case when not known.after_end then 'the session ended before this could be made true' end,
         claim_expires_at = null
    from public.live_actions known
   where known.action = a.action
     and a.id in (select b.id from public.moderation_actions b
                   where b.session_id = new.id and b.status in ('pending', 'claimed') and b.action <> 'end_session'
                   order by b.id for update);
  update public.live_participants p
     set hand_raised_at = null, invited_role = null, invited_by = null, invite_expires_at = null
   where p.session_id = new.id and (p.hand_raised_at is not null or p.invited_role is not null);
  return null;
end;
$$;
comment on function live.close_session_books is 'Trigger: when a session ends, what was asked of its room and not done is over; bans hold.';
create trigger close_session_books after update of status on public.live_sessions
  for each row when (old.status <> 'ended' and new.status = 'ended') execute function live.close_session_books();

create function public.cancel_action(id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.moderation_actions;
  me uuid := auth.uid();
begin
  perform live.refuse_deleted(me);
  -- The session before the row, as the door itself does.
  perform from public.live_sessions s
    where s.id = (select a.session_id from public.moderation_actions a where a.id = cancel_action.id)
      for no key update;
  select * into item from public.moderation_actions a where a.id = cancel_action.id for update;
  if item.id is null or not (live.is_service() or live.is_ops(me)
                             or (item.requested_by = me and live.acting_rank(item.session_id, me) > 0) is true
                             or live.acting_rank(item.session_id, me) > item.requested_rank) then
    perform live.refuse(404, 'unknown_action', 'There is no such action of yours.');
  elsif item.status = 'cancelled' then
    return jsonb_build_object('id', item.id, 'status', item.status);
  elsif item.status <> 'pending' or item.action = 'end_session' then
    perform live.refuse(409, 'too_late', format('It is %s already: ask for the opposite instead.', item.status));
  end if;
  perform live.withdraw(item, 'cancelled', 'cancelled', 'withdrawn before it was carried out');
  return jsonb_build_object('id', item.id, 'status', 'cancelled');
end;
$$;
comment on function public.cancel_action is
  'Withdraws an action that no agent has claimed yet: {id, status}. For who asked it, a higher rank, ops and server code.';
grant execute on function public.cancel_action(uuid) to authenticated, service_role;

-- schemas/36_hands.sql
-- Owns: raising a hand and answering an invitation: how someone in the audience comes to speak, by consent of both.

create function live.require_seat(p_session uuid, p_before_start boolean default false) returns public.live_participants
language plpgsql set search_path = '' as $$
declare
  me uuid := auth.uid();
  session public.live_sessions;
  seat public.live_participants;
begin
  perform live.refuse_deleted(me);
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  select * into seat from public.live_participants p where p.session_id = p_session and p.user_id = me;
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  elsif session.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif live.is_anonymous() then
    perform live.refuse(403, 'sign_in_required', 'Make an account to take part.');
  elsif live.standing_ban(me, session.id, session.creator_id) is not null then
    perform live.refuse(403, 'banned', 'You have been removed from this session.');
  elsif session.status <> 'live' and not (p_before_start and session.status = 'scheduled') then
    perform live.refuse(409, 'session_not_live', 'The session is not live.');
  elsif seat.user_id is null or seat.access_removed then
    perform live.refuse(409, 'not_in_session', 'Join the session first.');
  end if;
  return seat;
end;
$$;
comment on function live.require_seat is 'The caller''s row in a live session, with the session locked; refuses anyone who has no place there. p_before_start: a '
  'scheduled session will do.';

create function live.is_host_of(p_session uuid, p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.live_participants p
                  where p.session_id = p_session and p.user_id = p_user and p.role = 'host');
end;
$$;
comment on function live.is_host_of is 'Whether a person is a host of a session.';

create function public.raise_hand(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(raise_hand.session_id);
  raised int;
begin
  if seat.hand_raised_at is null then
    if live.rank_of((select s.type from public.live_sessions s where s.id = seat.session_id), seat.role)
        > live.audience_rank() then
      perform live.refuse(409, 'already_speaker', 'You may speak already.');
    elsif not seat.is_online then
      perform live.refuse(409, 'not_in_session', 'Join the session first.');
    end if;
    if exists (select from public.live_participants p
                where p.session_id = seat.session_id and p.role = 'host' and live.blocked(seat.user_id, p.user_id)) then
      perform live.refuse(403, 'hand_refused', 'You cannot raise your hand in this session.');
    end if;
    perform live.spend(seat.user_id, 'hands_per_minute');
    select count(*) into raised from public.live_participants p
     where p.session_id = seat.session_id and p.hand_raised_at is not null;
    if raised >= coalesce(live.limit_of('hands_per_session'), 100) then
      perform live.refuse(429, 'too_many_hands', 'Many hands are up already: try again in a while.');
    end if;
    update public.live_participants p set hand_raised_at = clock_timestamp()
     where p.session_id = seat.session_id and p.user_id = seat.user_id
    returning * into seat;
  end if;
  return jsonb_build_object('hand_raised_at', seat.hand_raised_at, 'position', (
    select count(*) from public.live_participants p
     where p.session_id = seat.session_id and p.hand_raised_at <= seat.hand_raised_at));
end;
$$;
comment on function public.raise_hand is
  'Asks to speak: {hand_raised_at, position}. Raising it again keeps the place in the queue. It comes down by itself '
  'after limits.hand_seconds.';
grant execute on function public.raise_hand(uuid) to authenticated;

create function public.lower_hand(session_id uuid, user_id uuid default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(lower_hand.session_id);
  whose uuid := coalesce(lower_hand.user_id, seat.user_id);
begin
  if whose <> seat.user_id and live.rank_in(seat.session_id, seat.user_id) < live.staff_rank() then
    perform live.refuse(403, 'not_allowed', 'Only the host and moderators lower other people''s hands.');
  end if;
  update public.live_participants p set hand_raised_at = null
   where p.session_id = seat.session_id and p.user_id = whose and p.hand_raised_at is not null;
  return jsonb_build_object('lowered', found);
end;
$$;
comment on function public.lower_hand is 'Takes one''s hand down, or as a moderator someone else''s: {lowered}.';
grant execute on function public.lower_hand(uuid, uuid) to authenticated;

create function live.clear_invitation(p_seat public.live_participants, p_role text) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set role = p_role,
         role_by_rank = case when p_role <> p.role then p.invited_by_rank else p.role_by_rank end,
         hand_raised_at = case when p_role <> p.role then null else p.hand_raised_at end,
         invited_role = null, invited_by = null, invited_by_rank = 0, invite_expires_at = null
   where p.session_id = p_seat.session_id and p.user_id = p_seat.user_id;
end;
$$;
comment on function live.clear_invitation is 'Ends an invitation: with the invited role when accepted, with the old one when not.';

create function public.accept_invite(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(accept_invite.session_id, true);
  context text := (select s.type from public.live_sessions s where s.id = seat.session_id);
begin
  if seat.invited_role is null or seat.invite_expires_at <= clock_timestamp()
      or live.blocked(seat.user_id, seat.invited_by) then
    perform live.refuse(409, 'no_invitation', 'There is no invitation, or it is too old: raise your hand.');
  elsif seat.invited_by is not null
      and live.acting_rank(seat.session_id, seat.invited_by) <= live.rank_of(context, seat.invited_role) then
    perform live.refuse(409, 'no_invitation', 'Who invited you may not do so any more: raise your hand.');
  end if;
  if seat.invited_role = 'speaker' then
    perform live.require_room_to_speak(seat.session_id, seat.user_id);
  end if;
  perform live.clear_invitation(seat, seat.invited_role);
  return jsonb_build_object('role', seat.invited_role);
end;
$$;
comment on function public.accept_invite is 'Takes the offered role: {role}. The app then opens the microphone when the person wants it.';
grant execute on function public.accept_invite(uuid) to authenticated;

create function public.decline_invite(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(decline_invite.session_id, true);
begin
  perform live.clear_invitation(seat, seat.role);
  return jsonb_build_object('declined', seat.invited_role is not null);
end;
$$;
comment on function public.decline_invite is 'Turns the offered role down: {declined}.';
grant execute on function public.decline_invite(uuid) to authenticated;

-- schemas/38_policies.sql
-- Owns: who of the app's users reads which rows, which Realtime topics they may listen to, and the two reading functions
-- of the room: watch_levels and live_events_since. The service role passes by row-level security.

-- ── what a person's sessions are: evaluated once per query, not once per row ───────────────────────────────────
-- All of them take what keeps a person out as a set as well: somebody may have been in ten thousand sessions.
create function live.closed_to(p_user uuid) returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  by_creators uuid[];
begin
  return query
    select b.session_id from public.live_bans b
     where b.user_id = p_user and b.lifted_at is null and b.session_id is not null
       and coalesce(b.expires_at, 'infinity') > clock_timestamp();
  select array_agg(b.creator_id) into by_creators from public.live_bans b
   where b.user_id = p_user and b.lifted_at is null and b.creator_id is not null
     and coalesce(b.expires_at, 'infinity') > clock_timestamp();
  if by_creators is not null then
    return query select s.id from public.live_sessions s where s.creator_id = any(by_creators);
  end if;
end;
$$;
comment on function live.closed_to is 'Sessions that a standing ban of session or creator keeps a person out of.';

create function live.shut_out(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return p_user is null or live.kept_out(p_user, null, null);
end;
$$;
comment on function live.shut_out is 'Whether nothing is open to a person: a ban from the platform, or their account is deleted.';

create function live.paid_sessions(p_user uuid) returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  if live.is_ops(p_user) then
    return query select p.session_id from public.live_participants p
      where p.user_id = p_user and not p.free and not p.access_removed;
    return;
  end if;
  return query
    select p.session_id from public.live_participants p
     where p.user_id = p_user and not p.free and not p.access_removed and p.staff;
  if (select u.is_anonymous from auth.users u where u.id = p_user) is not false then
    return;
  end if;
  return query
    select p.session_id
      from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.user_id = p_user and not p.free and not p.access_removed
       and not p.staff
       and case when s.creator_id = p_user then true else case s.access_type
         when 'subscribers' then s.creator_id in (
           select c.creator_id from public.creator_subscriptions c
            where c.user_id = p_user and c.status::text = 'active'
              and coalesce(c.expires_at, 'infinity') > clock_timestamp())
         else exists (
           select from public.live_tickets t
            where t.session_id = s.id and t.user_id = p_user and t.refund_due_at is null and t.refunded_at is null) end end;
end;
$$;
comment on function live.paid_sessions is
  'Of the sessions with paid access that a person is or was in, those that they may be in now: access_fault for all at once.';

create function live.my_open_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select p.session_id from public.live_participants p
     where p.user_id = me and p.free and not p.access_removed
       and p.session_id not in (select live.closed_to(me));
  return query select paid from live.paid_sessions(me) paid where paid not in (select live.closed_to(me));
end;
$$;
comment on function live.my_open_sessions is
  'Sessions that the caller is or was in and is not kept out of: neither by a ban nor because paid access has ended.';
grant execute on function live.my_open_sessions() to authenticated;

create function live.my_recent_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select s.id
      from (select x.session_id, x.free, x.access_removed from public.live_participants x
             where x.user_id = me order by x.last_joined_at desc nulls last limit 50) p
      join public.live_sessions s on s.id = p.session_id
     where not p.access_removed
       and p.session_id not in (select live.closed_to(me))
       and (p.free or s.creator_id = me or live.access_fault(s, me) is null);
end;
$$;
comment on function live.my_recent_sessions is
  'Of my_open_sessions those of the last fifty that the caller was in. Policies ask for them first: most '
  'reads are of these, and then nobody''s whole past is looked through.';
grant execute on function live.my_recent_sessions() to authenticated;

create function live.may_look_back(p_session uuid, p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.session_id = p_session and p.user_id = p_user and not p.access_removed
       and not live.kept_out(p.user_id, s.id, s.creator_id)
       and (p.free or s.creator_id = p.user_id or live.access_fault(s, p.user_id) is null));
end;
$$;
comment on function live.may_look_back is 'Whether a session is among my_open_sessions, asked for one.';

create function live.my_staffed_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select p.session_id from public.live_participants p
     where p.user_id = me and p.staff
       and p.session_id not in (select live.closed_to(me));
end;
$$;
comment on function live.my_staffed_sessions is 'Sessions in which the caller is host, co-host or moderator.';
grant execute on function live.my_staffed_sessions() to authenticated;

-- From the sessions that are live, and not from all that the caller was ever in.
create function live.my_chats() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select s.id
      from public.live_sessions s
      cross join lateral (select p.free from public.live_participants p
                           where p.session_id = s.id and p.user_id = me and not p.access_removed limit 1) mine
     where s.status = 'live'
       and s.id not in (select live.closed_to(me))
       and (mine.free or live.access_fault(s, me) is null);
end;
$$;
comment on function live.my_chats() is 'Live sessions that the caller has joined and may still be in; asked once per query, not once per row.';
grant execute on function live.my_chats() to authenticated;

create function live.my_own_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select s.id from public.live_sessions s where s.creator_id = (select auth.uid());
end;
$$;
comment on function live.my_own_sessions is 'Sessions that the caller created.';
grant execute on function live.my_own_sessions() to authenticated;

create function live.my_tickets() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select t.session_id from public.live_tickets t where t.user_id = (select auth.uid());
end;
$$;
comment on function live.my_tickets() is 'Sessions for which the caller has, or had, a ticket; asked once per query.';
grant execute on function live.my_tickets() to authenticated;

-- ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────
create policy "public listings are for everyone" on public.live_sessions for select to anon
  using (access_type = 'public' and status <> 'ended');
-- What costs something must be seen to be bought; entering is can_join's to decide.
create policy "listings, and what one took part in" on public.live_sessions for select to authenticated
  using ((status <> 'ended' and (access_type = 'public' or not (select live.is_anonymous())))
         or creator_id = (select auth.uid())
         or id in (select live.my_recent_sessions())
         or id in (select live.my_open_sessions())
         -- One who paid sees what became of it.
         or id in (select live.my_tickets())
         or (select live.am_ops()));
create policy "hosts rename their session" on public.live_sessions for update to authenticated
  using (creator_id = (select auth.uid()) and status <> 'ended')
  with check (creator_id = (select auth.uid()));

-- First what is live: for that nobody's past is looked through.
create policy "who is in a session sees who is there" on public.live_participants for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_chats())
         or session_id in (select live.my_recent_sessions())
         or session_id in (select live.my_open_sessions())
         or (select live.am_ops()));

create policy "one sees one's visits, staff those of the session" on public.live_visits for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

create policy "one sees one's bans, staff those of the session" on public.live_bans for select to authenticated
  using (user_id = (select auth.uid())
         or creator_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

create policy "who is in a session reads its events" on public.live_events for select to authenticated
  using (session_id in (select live.my_chats())
         or session_id in (select live.my_recent_sessions())
         or session_id in (select live.my_open_sessions())
         or (select live.am_ops()));

create policy "one sees one's tickets, the creator those sold" on public.live_tickets for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_own_sessions())
         or (select live.am_ops()));

create policy "staff see what was done, askers what they asked" on public.moderation_actions for select to authenticated
  using (requested_by = (select auth.uid())
         -- What ops rehearse is not for those whom it may be about.
         or (session_id in (select live.my_staffed_sessions()) and not (dry_run and requested_via = 'ops') and action <> 'listen')
         or (select live.am_ops()));
-- Who may ask what is decided by the door's own trigger, with reasons; here only that nobody asks in another's name.
create policy "one asks in one's own name" on public.moderation_actions for insert to authenticated
  with check (requested_by = (select auth.uid()));

create policy "staff see incidents" on public.moderation_incidents for select to authenticated
  using (session_id in (select live.my_staffed_sessions()) or (select live.am_ops()));

create policy "ops see cases, but for their own" on public.moderation_cases for select to authenticated
  using ((select live.am_ops()) and user_id is distinct from (select auth.uid()));

create policy "one sees one's own figures, staff those of the session" on public.live_audio_stats for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

-- ── Realtime ───────────────────────────────────────────────────────────────────────────────────────────────────
create function live.may_listen(p_topic text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  parts text[] := regexp_match(p_topic, '^live:(session|levels|user):([0-9a-f-]{36})$');
  me uuid := auth.uid();
  session public.live_sessions;
begin
  if p_topic = 'live:cases' then
    return live.is_ops(me);
  elsif me is null or parts is null or not live.is_uuid(parts[2]) then
    return false;
  elsif parts[1] = 'user' then
    -- Also for a suspended account: it has to learn that it is.
    return parts[2] = me::text and not live.account_gone(me);
  end if;
  select * into session from public.live_sessions s where s.id = parts[2]::uuid;
  if session.id is null then
    return false;
  elsif live.is_ops(me) then
    return true;
  elsif live.standing_ban(me, session.id, session.creator_id) is not null then
    return false;
  elsif parts[1] = 'levels' then
    return live.rank_in(session.id, me) >= live.staff_rank();
  end if;
  return live.access_fault(session, me) is null;
end;
$$;
comment on function live.may_listen is
  'Whether the caller may listen to a Realtime topic of ours: live:levels:<id> for staff, live:session:<id> for anyone who may '
  'be in the session, live:user:<id> for that person, live:cases for ops, live:wake for nobody (the service role passes by policies).';
grant execute on function live.may_listen(text) to authenticated;

create policy "live topics" on realtime.messages for select to authenticated
  using (extension = 'broadcast' and (select live.may_listen(realtime.topic())));

-- ── reading functions ──────────────────────────────────────────────────────────────────────────────────────────
create function public.watch_levels(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me uuid := auth.uid();
  lease timestamptz := clock_timestamp() + interval '15 seconds';
begin
  perform live.refuse_deleted(me);
  if me is null or live.acting_rank(watch_levels.session_id, me) < live.staff_rank() then
    perform live.refuse(403, 'not_allowed', 'Levels are for the host, co-hosts, moderators and ops.');
  elsif not exists (select from public.live_sessions s where s.id = watch_levels.session_id and s.status = 'live') then
    perform live.refuse(409, 'session_not_live', 'The session is not live.');
  end if;
  insert into public.live_level_watches as w (session_id, user_id, expires_at)
  values (watch_levels.session_id, me, lease)
  on conflict on constraint live_level_watches_pkey do update set expires_at = excluded.expires_at;
  perform live.wake(live.room_of(watch_levels.session_id, null));
  return jsonb_build_object('expires_at', lease, 'topic', 'live:levels:' || watch_levels.session_id);
end;
$$;
comment on function public.watch_levels is
  'Asks for levels for 15 s: {expires_at, topic}. Call it again while someone is looking.';
grant execute on function public.watch_levels(uuid) to authenticated;

create function public.live_events_since(session_id uuid, after_seq bigint, "limit" int default 200)
returns setof public.live_events
language plpgsql stable security definer set search_path = '' as $$
begin
  if not (live.is_service() or live.is_ops(auth.uid())
          or live.may_look_back(live_events_since.session_id, auth.uid())
          or (public.can_join_as(live_events_since.session_id, auth.uid()) ->> 'allowed')::boolean) then
    perform live.refuse(403, 'not_in_session', 'Join the session first.');
  end if;
  return query
    select * from public.live_events e
     where e.session_id = live_events_since.session_id and e.seq > coalesce(after_seq, 0)
     order by e.seq
     limit least(greatest(coalesce("limit", 200), 1), 500);
end;
$$;
comment on function public.live_events_since is
  'Catching up: events of a session after a seq, in order, at most 500. For anyone who is or was in it, or may join.';
grant execute on function public.live_events_since(uuid, bigint, int) to authenticated, service_role;

-- schemas/40_media.sql
-- Owns: since when and until when a host's media flowed: the stretches in which a source of theirs was published and not
-- muted. Tickets are earned by it. Told by agents, who see mutes, and by webhooks, for a show without an agent.

create table public.live_media (
  participant_sid text not null check (participant_sid ~ '^[A-Za-z0-9_-]{1,64}$'),
  source text not null check (source ~ '^[a-z_]{1,40}$'),
  started_at timestamptz not null,
  ended_at timestamptz,
  session_id uuid not null references public.live_sessions (id),
  user_id uuid not null,
  reported_by text not null check (reported_by in ('agent', 'webhook')),
  primary key (participant_sid, source, started_at),
  check (ended_at >= started_at)
);
comment on table public.live_media is
  'The stretches in which a source of a host''s was published and not muted: what a ticket pays for. Hosts only.';
comment on column public.live_media.participant_sid is 'On which connection.';
comment on column public.live_media.source is 'LiveKit''s source: camera, microphone, screen_share, screen_share_audio, unknown.';
comment on column public.live_media.started_at is 'Since when it flowed.';
comment on column public.live_media.ended_at is 'Until when: unpublished, muted, disconnected or the session over; null while it flows.';
comment on column public.live_media.session_id is 'The session.';
comment on column public.live_media.user_id is 'The host.';
comment on column public.live_media.reported_by is 'Who told about its beginning: agent, or webhook while no agent had told about that source.';
create unique index live_media_flowing on public.live_media (participant_sid, source) where ended_at is null;
create index live_media_of_session on public.live_media (session_id, started_at);
alter table public.live_media enable row level security;
grant select on public.live_media to authenticated, service_role;
create policy "hosts see when they were on air, staff and ops too" on public.live_media for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

create function live.record_media(
  p_session uuid, p_user uuid, p_participant_sid text, p_flowing text[], p_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_media m set ended_at = greatest(m.started_at, p_at)
   where m.participant_sid = p_participant_sid and m.ended_at is null
     and m.source in ('camera', 'microphone') and m.source <> all (p_flowing);
  insert into public.live_media (participant_sid, source, started_at, session_id, user_id, reported_by)
  select p_participant_sid, f.source, p_at, p_session, p_user, 'agent' from unnest(p_flowing) as f (source)
   where exists (select from public.live_sessions s where s.id = p_session and s.status = 'live')
  on conflict do nothing;
end;
$$;
comment on function live.record_media(uuid, uuid, text, text[], timestamptz) is
  'Takes in which of camera and microphone flow from one connection of a host: what flowed and is not named has ended.';

create function public.agent_media(p_worker text, p_rows jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  item record;
  who text;
  held boolean;
  answers jsonb := '[]';
begin
  perform live.lock_leases(p_rows);
  for item in
    select r.value as body, s.id as session_id
      from jsonb_array_elements(p_rows) with ordinality r
      left join public.live_sessions s on s.livekit_room = r.value ->> 'room'
     order by s.id, r.ordinality
  loop
    held := live.holds(p_worker, item.body ->> 'room', (item.body ->> 'epoch')::bigint);
    who := item.body ->> 'user_id';
    -- An identity is any text to LiveKit. One that is no user's id is no host's.
    if held and live.is_uuid(who) and live.is_host_of(item.session_id, who::uuid) then
      perform live.record_media(item.session_id, who::uuid, item.body ->> 'participant_sid',
        array(select f.value from jsonb_array_elements_text(item.body -> 'flowing') f),
        to_timestamp((item.body ->> 'at_ms')::double precision / 1000));
    end if;
    answers := answers || jsonb_build_object('room', item.body -> 'room', 'ok', held);
  end loop;
  return answers;
end;
$$;
comment on function public.agent_media(text, jsonb) is
  'Files what flows from hosts: [{"room", "epoch", "user_id", "participant_sid", "flowing": ["camera", "microphone"], "at_ms"}], '
  'each one all that flows of these two -> [{"room", "ok"}]; ok is false when it is fenced. Of anybody but a host nothing is kept.';
grant execute on function public.agent_media(text, jsonb) to service_role, live_agent;

create function live.read_webhook_track(p_room text, p_event text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  who constant jsonb := p_payload -> 'participant';
  person constant text := live.webhook_person(who);
  -- Protobuf's JSON leaves out what is zero: an unknown source, a track that is not muted.
  came_from constant text := lower(coalesce(p_payload #>> '{track,source}', 'unknown'));
  at constant timestamptz := to_timestamp((p_payload ->> 'createdAt')::double precision);
  session uuid := (select s.id from public.live_sessions s where s.livekit_room = p_room and s.status = 'live');
begin
  if session is null or not live.is_uuid(person) or not live.is_host_of(session, person::uuid) then
    return false;
  elsif p_event = 'track_unpublished' then
    update public.live_media m set ended_at = greatest(m.started_at, at)
     where m.participant_sid = who ->> 'sid' and m.source = came_from and m.ended_at is null and m.reported_by = 'webhook';
    return found;
  elsif coalesce((p_payload #> '{track,muted}')::boolean, false) or exists (
      select from public.live_media m
       where m.participant_sid = who ->> 'sid' and m.source = came_from and m.reported_by = 'agent') then
    return false;
  end if;
  insert into public.live_media (participant_sid, source, started_at, session_id, user_id, reported_by)
  values (who ->> 'sid', came_from, at, session, person::uuid, 'webhook')
  on conflict do nothing;
  return found;
end;
$$;
comment on function live.read_webhook_track(text, text, jsonb) is
  'Records track_published of a host, unless an agent has told about that source, which knows more; and track_unpublished.';

-- ── what ends by itself ────────────────────────────────────────────────────────────────────────────────────────
create function live.end_media_of_connection() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_media m set ended_at = greatest(m.started_at, new.left_at)
   where m.participant_sid = new.participant_sid and m.ended_at is null;
  return null;
end;
$$;
comment on function live.end_media_of_connection() is 'Trigger: who has left sends nothing any more.';
create trigger end_media_of_connection after update of left_at, agent_left_at, webhook_left_at, closed_at on public.live_visits
  for each row when (old.left_at is null and new.left_at is not null) execute function live.end_media_of_connection();

create function live.end_media_of_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_media m set ended_at = greatest(m.started_at, new.ended_at)
   where m.session_id = new.id and m.ended_at is null;
  return null;
end;
$$;
comment on function live.end_media_of_session() is 'Trigger: nothing flows in a session that is over.';
create trigger end_media_of_session after update of status on public.live_sessions
  for each row when (old.status = 'live' and new.status = 'ended') execute function live.end_media_of_session();

create function live.delivered_for_purchases_until(p_session uuid, p_seconds double precision) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return (
    with flowing as (
      -- One range per stretch in which anything flowed from a host. LiveKit's clock may be ahead of ours: what is still
      -- to come has not flowed.
      select unnest(range_agg(tstzrange(m.started_at, greatest(m.started_at, least(m.ended_at, clock_timestamp()))))) as stretch
        from public.live_media m where m.session_id = p_session
    ), counted as (  -- from the latest back to the first
      select lower(f.stretch) as began,
             sum(extract(epoch from upper(f.stretch) - lower(f.stretch))) over (order by lower(f.stretch) desc) as seconds
        from flowing f where not isempty(f.stretch)
    )
    select c.began + make_interval(secs => (c.seconds - p_seconds)::double precision)
      from counted c where c.seconds >= p_seconds
     order by c.began desc limit 1);
end;
$$;
comment on function live.delivered_for_purchases_until(uuid, double precision) is
  'The latest moment after which a host''s media has flowed for so many seconds by now: anyone who bought until then has got it. '
  'Null when it has not flowed for so long at all.';

-- schemas/42_agent_leases.sql
-- Owns: which worker moderates which room: claiming, holding and giving up leases. Definer, like every function for
-- the agents: the tables behind need no write grant, and a leaked call can do no more than the function does.

create function live.place(
  p_room text,
  out kind text, out id uuid, out session_id uuid, out call_id uuid, out type text, out context text,
  out status text, out creator_id uuid, out running boolean
)
language plpgsql stable set search_path = '' as $$
begin
  select 'session', s.id, s.id, s.type, s.type, s.status, s.creator_id, s.status <> 'ended'
    into kind, id, session_id, type, context, status, creator_id, running
    from public.live_sessions s where s.livekit_room = p_room;
  if not found then
    select 'call', c.id, c.id, c.type, 'call', c.status, live.call_is_running(c.status)
      into kind, id, call_id, type, context, status, running
      from public.calls c where c.livekit_room = p_room;
  end if;
end;
$$;
comment on function live.place is 'The session or call that a LiveKit room belongs to; no row, so nulls, for a room of neither.';

create function live.holds(p_worker text, p_room text, p_epoch bigint) returns boolean
language plpgsql set search_path = '' as $$
begin
  -- The share lock makes a take-over wait for the write it would fence.
  perform from public.agent_rooms r
    where r.room = p_room and r.worker_id = p_worker and r.epoch = p_epoch for share;
  return found;
end;
$$;
comment on function live.holds is
  'Whether (worker, epoch) is still the holder of a room. A lease that ran out but was not taken over still counts.';

create function live.lock_leases(p_items jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform count(*) from (
    select r.room from public.agent_rooms r
     where r.room in (select i.value ->> 'room' from jsonb_array_elements(p_items) i)
     order by r.room for share) locked;
end;
$$;
comment on function live.lock_leases is
  'Holds the leases of all rooms in a batch. Locks are taken in one order everywhere: leases by room, sessions by id, '
  'people, actions by id; so that a beat, a batch and a moderator never wait for each other in a ring.';

create function live.effective_policy(p_session public.live_sessions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return live.merged_policy(
    live.with_preset(coalesce(live.setting('moderation.policy'), '{}')), live.with_preset(p_session.moderation));
end;
$$;
comment on function live.effective_policy is 'The moderation policy of a session, key by key: the platform''s, over it the preset that the session names, over it the session''s own.';

create function live.open_visits(p_session uuid, p_call uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'participant_sid', v.participant_sid, 'user_id', v.user_id, 'joined_at', v.joined_at)), '[]')
      from public.live_visits v
     where (v.session_id = p_session or v.call_id = p_call) and v.left_at is null);
end;
$$;
comment on function live.open_visits is 'The open connections of a session or call, as the books have them.';

create function live.call_people(p_call public.calls) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_array(live.person_in_call(p_call, p_call.caller_id), live.person_in_call(p_call, p_call.callee_id));
end;
$$;
comment on function live.call_people is 'PERSON of both sides of a call.';

create function live.roles_of(p_context text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_object_agg(r.role, jsonb_build_object(
             'rank', r.rank, 'can_publish_sources', r.can_publish_sources, 'can_subscribe', r.can_subscribe))
      from public.live_roles r where r.context = p_context);
end;
$$;
comment on function live.roles_of is 'What each role may do in one context.';

create function live.standing_strikes(p_session public.live_sessions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('user_id', last.user_id, 'strikes', last.strikes,
                                                 'step', last.measured ->> 'step', 'at', last.ended_at)), '[]')
      from (select distinct on (i.user_id) i.user_id, i.strikes, i.measured, i.ended_at
              from public.moderation_incidents i
             where i.session_id = p_session.id and i.ended_at is not null
               and i.measured ->> 'step' not in ('tip', 'tell_ops', 'reassert')  -- they are held against nobody
             order by i.user_id, i.ended_at desc) last
      left join public.live_participants p on p.session_id = p_session.id and p.user_id = last.user_id
     where last.strikes > 0
       -- Anyone who was given their voice back by a person, not by a rule, is forgiven.
       and not exists (
         select from public.moderation_actions a
           join public.live_roles r on r.context = p_session.type and r.role = p.role
          where a.session_id = p_session.id and a.action in ('unmute', 'unmute_all', 'set_role')
            and coalesce(a.target_user_id, last.user_id) = last.user_id and a.requested_via <> 'auto'
            and not a.dry_run and a.created_at > last.ended_at and 'microphone' = any (r.can_publish_sources)));
end;
$$;
comment on function live.standing_strikes is
  'What the audio rules hold against whom, as of each one''s last step: [{"user_id", "strikes", "step", "at"}].';

create function live.snapshot(p_room text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  place record;
  session public.live_sessions;
  call public.calls;
  -- Before anything is read: what commits later than this is at or after the cursor.
  cursor_xid text := pg_snapshot_xmin(pg_current_snapshot())::text;
begin
  select * into place from live.place(p_room);
  select * into session from public.live_sessions s where s.id = place.session_id;
  select * into call from public.calls c where c.id = place.call_id;
  return jsonb_build_object(
    'kind', place.kind, 'id', place.id, 'context', place.context, 'status', place.status,
    'roles', live.roles_of(place.context),
    'relayed_seq', coalesce(session.relayed_seq, 0),
    'policy', case place.kind when 'session' then live.effective_policy(session) else '{}' end,
    'people', case place.kind when 'call' then live.call_people(call) else (
      select coalesce(jsonb_agg(live.person(p, session.creator_id)), '[]')
        from public.live_participants p
       where p.session_id = session.id
         and (p.is_online or p.mic_muted or p.camera_off or p.access_removed or p.hand_raised_at is not null
              or p.role <> live.default_role(session.type)
              or live.standing_ban(p.user_id, session.id, session.creator_id) is not null)) end,
    'open_visits', live.open_visits(place.session_id, place.call_id),
    'evidence', case place.kind when 'session' then live.evidence_of(session.id) end,
    'recordings', case place.kind when 'session' then live.recordings_of(session.id) else '[]' end,
    'strikes', case place.kind when 'session' then live.standing_strikes(session) else '[]' end,
    'cursor', cursor_xid);
end;
$$;
comment on function live.snapshot is 'All that an agent must know of a room when it begins.';

create function live.holder_fell(p_lease public.agent_rooms) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- A fallen lock is a hint: a restarted server drops all of them. Who still works renews within the grace.
  return exists (select from public.agent_workers w
                  where w.worker_id = p_lease.worker_id and w.fallen_at > p_lease.renewed_at
                    and w.fallen_at < clock_timestamp() - interval '250 milliseconds');
end;
$$;
comment on function live.holder_fell is 'Whether a lease''s worker is dead, although the lease has not run out: its lock fell and it has not renewed since.';

create function live.claim_room(p_worker text, p_room text, p_bot_identity text, p_ttl_ms int) returns jsonb
language plpgsql set search_path = '' as $$
declare
  place record;
  was public.agent_rooms;
  lease public.agent_rooms;
  now_at timestamptz := clock_timestamp();
begin
  select * into place from live.place(p_room);
  -- Somebody still has to close the room, tell those in it, and finish the row that ended it.
  if place.id is null or not (place.running or exists (
       select from public.moderation_actions a
        where (a.session_id = place.session_id or a.call_id = place.call_id)
          and a.action = 'end_session' and a.status in ('pending', 'claimed'))) then
    return jsonb_build_object('outcome', case when place.id is null then 'unknown' else 'ended' end, 'now', now_at);
  end if;
  select * into was from public.agent_rooms r where r.room = p_room for update;
  insert into public.agent_rooms as r (room, worker_id, epoch, lease_expires_at, bot_identity)
  values (p_room, p_worker, 1, now_at + make_interval(secs => p_ttl_ms / 1000.0), p_bot_identity)
  on conflict (room) do update set
    worker_id = excluded.worker_id, epoch = r.epoch + 1, lease_expires_at = excluded.lease_expires_at,
    bot_identity = excluded.bot_identity, claimed_at = clock_timestamp(), renewed_at = clock_timestamp(), offered_at = null
    where r.worker_id = excluded.worker_id or r.lease_expires_at <= clock_timestamp() or r.offered_at is not null
       or live.holder_fell(r)
  returning * into lease;
  if lease.room is null then
    return (select jsonb_build_object('outcome', 'held', 'now', now_at, 'holder', r.worker_id, 'epoch', r.epoch)
              from public.agent_rooms r where r.room = p_room);
  end if;
  -- What the holder before had claimed and not finished is due again.
  update public.moderation_actions a
     set status = 'pending', claim_expires_at = null
   where a.id in (select b.id from public.moderation_actions b
                   where (b.session_id = place.session_id or b.call_id = place.call_id) and b.status = 'claimed'
                   order by b.id for update);
  if was.worker_id <> p_worker then
    -- The one who had it learns at once, instead of defending for a beat what is no longer wanted.
    perform live.wake_worker(was.worker_id, 'wake', jsonb_build_object('room', p_room));
  end if;
  return jsonb_build_object('outcome', 'claimed', 'now', now_at, 'epoch', lease.epoch, 'snapshot', live.snapshot(p_room),
    'unmoderated_since', case when was.offered_at is not null and was.lease_expires_at > now_at then now_at
                              else was.renewed_at end);
end;
$$;
comment on function live.claim_room is
  'Takes a room''s lease: {"outcome": claimed | held | unknown | ended, "now", "epoch"?, "holder"?, "snapshot"?, '
  '"unmoderated_since"?: the last sign of the worker before, null in a room that was just opened}. Granted '
  'when there is no lease, it has run out or is offered, its holder fell, or it is the same worker''s; the epoch grows each time. ended = '
  'delete the room.';

create function public.agent_claim_rooms(p_worker text, p_rooms jsonb, p_ttl_ms int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  answers jsonb := '[]';
  asked record;
begin
  -- Everybody takes several rooms in the same order, so that no two wait for each other.
  for asked in select * from jsonb_to_recordset(p_rooms) as x (room text, bot_identity text) order by x.room loop
    answers := answers || jsonb_build_object('room', asked.room, 'claim',
      live.claim_room(p_worker, asked.room, asked.bot_identity, p_ttl_ms));
  end loop;
  return jsonb_build_object('now', clock_timestamp(), 'rooms', answers);
end;
$$;
comment on function public.agent_claim_rooms is
  'Takes the leases of rooms, [{"room", "bot_identity"}]: {"now", "rooms": [{"room", "claim": as live.claim_room answers}]}.';
grant execute on function public.agent_claim_rooms(text, jsonb, int) to service_role, live_agent;

create function public.agent_offer(p_worker text, p_rooms jsonb) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update public.agent_rooms r set offered_at = clock_timestamp()
    from jsonb_to_recordset(p_rooms) as x (room text, epoch bigint)
   where r.room = x.room and r.worker_id = p_worker and r.epoch = x.epoch;
  perform live.wake_worker(null, 'offer');
end;
$$;
comment on function public.agent_offer is
  'Offers rooms of a worker that is leaving to the others: [{"room", "epoch"}]. It holds each until another has claimed it.';
grant execute on function public.agent_offer(text, jsonb) to service_role, live_agent;

create function live.settle_closed_room(p_session uuid, p_call uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform count(live.finish_at_once(a.id, '{"away": true}'))
    from (select b.id from public.moderation_actions b
           where (b.session_id = p_session or b.call_id = p_call)
             and b.status in ('pending', 'claimed') and b.action <> 'announce'
           order by b.id for update) a;
end;
$$;
comment on function live.settle_closed_room is
  'Finishes what was asked of a room that is gone: its end is true, and the person it was about is out.';

create function public.agent_release(p_worker text, p_rooms jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item record;
  place record;
  answers jsonb := '[]';
  held boolean;
begin
  for item in
    select * from jsonb_to_recordset(p_rooms) as x (room text, epoch bigint, closed boolean, at_ms double precision)
     order by x.room
  loop
    -- A beat of the releaser's own that is still under way must neither renew the lease nor claim anything any more.
    update public.agent_rooms r
       set lease_expires_at = clock_timestamp(), epoch = r.epoch + 1,
           renewed_at = case when item.closed then null else clock_timestamp() end
     where r.room = item.room and r.worker_id = p_worker and r.epoch = item.epoch;
    held := found;
    if held and item.closed then
      select * into place from live.place(item.room);
      perform live.close_visits(place.session_id, place.call_id,
        coalesce(to_timestamp(item.at_ms / 1000), clock_timestamp()), 'room_closed');
      perform live.settle_closed_room(place.session_id, place.call_id);
    end if;
    answers := answers || jsonb_build_object('room', item.room, 'ok', held);
  end loop;
  return answers;
end;
$$;
comment on function public.agent_release is
  'Gives up leases; p_rooms [{"room", "epoch", "closed", "at_ms"}] -> [{"room", "ok"}]. closed = the room is gone, so its '
  'open visits end at at_ms and what was asked of it is finished. Nothing with this epoch is taken afterwards. ok is '
  'false when another worker holds the room by now.';
grant execute on function public.agent_release(text, jsonb) to service_role, live_agent;

-- schemas/43_agent_fleet.sql
-- Owns: the workers as a fleet: who is up, who watches over what nobody has, which of them takes the rooms that are found,
-- and what happens when one of them dies. Who holds which room is 42_agent_leases.sql's.

create function live.worker_lock(p_worker text) returns bigint
language plpgsql immutable set search_path = '' as $$
begin
  return hashtextextended('live:worker:' || p_worker, 0);
end;
$$;
comment on function live.worker_lock is
  'Key of the session advisory lock that a worker with a lane of its own holds for as long as it lives; the worker computes it alike.';

create function live.stand(p_worker text, p_takes boolean, p_ttl_ms int, p_early_ms int) returns text
language plpgsql set search_path = '' as $$
declare
  now_at timestamptz := clock_timestamp();
  early_at timestamptz := now_at + make_interval(secs => p_early_ms / 1000.0);
  post live.sweeps;
begin
  select * into post from live.sweeps s where s.name = 'watch';
  if post.worker_id <> p_worker and post.lease_expires_at > early_at then
    return 'standby';  -- nearly all check-ins end here, without a lock
  end if;
  insert into live.sweeps (name, worker_id, lease_expires_at) values ('watch', p_worker, now_at) on conflict do nothing;
  select * into post from live.sweeps s where s.name = 'watch' for update;
  if post.worker_id = p_worker or post.lease_expires_at <= now_at then
    if not p_takes and post.worker_id <> p_worker then
      return 'standby';
    end if;
    update live.sweeps s
       set worker_id = p_worker, deputy = null, deputy_until = null,
           lease_expires_at = case when p_takes then now_at + make_interval(secs => p_ttl_ms / 1000.0) else now_at end
     where s.name = 'watch';
    return case when p_takes then 'leader' else 'standby' end;
  end if;
  if not p_takes or post.lease_expires_at > early_at or (post.deputy <> p_worker and post.deputy_until > now_at) then
    return 'standby';
  end if;
  update live.sweeps s
     set deputy = p_worker, deputy_until = now_at + make_interval(secs => p_ttl_ms / 1000.0) where s.name = 'watch';
  return 'deputy';
end;
$$;
comment on function live.stand is
  'What a worker is now: leader (its lease was renewed; one that takes no rooms gives it back), deputy (the leader did not renew in time, '
  'so this one looks as well), standby.';

create function public.agent_check_in(p_worker text, p_ttl_ms int, p_early_ms int, p_state jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  now_at timestamptz := clock_timestamp();
  own boolean := p_state ->> 'lane' = 'own';
  role text;
  led boolean;
  given jsonb;
begin
  -- The row is locked, so what is handed meanwhile is fetched by this check-in or by the next.
  select w.handed into given from public.agent_workers w where w.worker_id = p_worker for update;
  insert into public.agent_workers as w (worker_id, lane, takes, rooms, load, seen_at)
  values (p_worker, p_state ->> 'lane', (p_state ->> 'takes')::boolean, (p_state ->> 'rooms')::int, (p_state ->> 'load')::real, now_at)
  on conflict (worker_id) do update set
    lane = excluded.lane, takes = excluded.takes, rooms = excluded.rooms, load = excluded.load, seen_at = now_at, handed = '[]',
    fallen_at = case when not own or (p_state ->> 'locked')::boolean then null else w.fallen_at end;
  led := exists (select from live.sweeps s where s.name = 'watch' and s.worker_id = p_worker and s.lease_expires_at > now_at);
  role := live.stand(p_worker, (p_state ->> 'takes')::boolean, p_ttl_ms, p_early_ms);
  if role = 'leader' then
    delete from public.agent_workers w where w.seen_at < now_at - interval '1 minute';
  end if;
  if led and role = 'standby' then
    -- It gave its post back: the next check-in of any other takes it, so let one come at once.
    perform live.wake_worker(w.worker_id, 'serve')
       from public.agent_workers w
      where w.takes and w.fallen_at is null and w.worker_id <> p_worker and w.seen_at > now_at - interval '5 seconds'
      order by w.load, w.worker_id limit 1;
  end if;
  return jsonb_build_object(
    'now', now_at, 'role', role,
    'left_ms', (select extract(epoch from s.lease_expires_at - now_at) * 1000 from live.sweeps s where s.name = 'watch'),
    'workers', (select count(*) from public.agent_workers w where w.seen_at > now_at - interval '5 seconds' and w.fallen_at is null),
    'neighbour', case when own then (
      select w.worker_id from public.agent_workers w
       where w.lane = 'own' and w.worker_id <> p_worker and w.fallen_at is null and w.seen_at > now_at - interval '10 seconds'
       order by w.worker_id < p_worker, w.worker_id limit 1) end,
    'handed', coalesce((
      select jsonb_agg(jsonb_build_object('room', x.room,
                                          'in_ms', greatest(0, extract(epoch from x.at - now_at) * 1000)))
        from jsonb_to_recordset(given) as x (room text, at timestamptz)), '[]'));
end;
$$;
comment on function public.agent_check_in is
  'A worker says that it is up: p_state {"lane": api | own, "takes", "rooms", "load", "locked": it holds its session lock} -> {"now", "role": '
  'leader | deputy | standby, "left_ms": until the leader''s lease runs out, "workers": how many are up, "neighbour": whose lock this one waits '
  'for, null without one, "handed": [{"room", "in_ms": until its claim is granted}] rooms that it shall take, told once}.';
grant execute on function public.agent_check_in(text, int, int, jsonb) to service_role, live_agent;

create function public.agent_hand(p_worker text, p_rooms jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item record;
  chosen text;
  now_at timestamptz := clock_timestamp();
  given jsonb := '{}';
  own jsonb := '[]';
begin
  for item in select * from jsonb_to_recordset(p_rooms) as x (room text, in_ms double precision) order by x.room loop
    -- The least loaded, counting what it has just been given at the price of what it has.
    select w.worker_id into chosen
      from public.agent_workers w
      cross join lateral (select coalesce(jsonb_array_length(given -> w.worker_id), 0) as more) g
      cross join lateral (select w.load + g.more * greatest(w.load / greatest(w.rooms, 1), 0.005) as load) l
     where w.takes and w.fallen_at is null and (w.seen_at > now_at - interval '2 seconds' or w.worker_id = p_worker)
       -- Whose lease it was is dead, slow or leaving.
       and not exists (select from public.agent_rooms r where r.room = item.room and r.worker_id = w.worker_id)
     order by l.load >= 0.8, l.load, w.rooms + g.more, w.worker_id
     limit 1;
    chosen := coalesce(chosen, p_worker);
    given := jsonb_set(given, array[chosen], coalesce(given -> chosen, '[]') || jsonb_build_object(
      'room', item.room, 'at', now_at + make_interval(secs => item.in_ms / 1000)));
    if chosen = p_worker then
      own := own || jsonb_build_object('room', item.room, 'in_ms', item.in_ms);
    end if;
  end loop;
  for item in select x.key as worker, x.value as rooms from jsonb_each(given) x where x.key <> p_worker order by x.key loop
    update public.agent_workers w set handed = w.handed || item.rooms
     where w.worker_id = item.worker and jsonb_array_length(w.handed) < 1000;
    perform live.wake_worker(item.worker, 'serve');
  end loop;
  return own;
end;
$$;
comment on function public.agent_hand is
  'Gives rooms to the workers with most room for them: [{"room", "in_ms": until its claim is granted}] -> those of them that the caller '
  'shall take itself. Others are told by their check-in, and woken for it. One that is loaded by 0.8 or more gets none while another is not.';
grant execute on function public.agent_hand(text, jsonb) to service_role, live_agent;

create function public.agent_suspect(p_worker text, p_fallen text, p_grace_ms int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  now_at timestamptz := clock_timestamp();
  rooms jsonb;
begin
  if not pg_catalog.pg_try_advisory_xact_lock(live.worker_lock(p_fallen)) then
    return jsonb_build_object('fallen', false, 'own', '[]'::jsonb);
  end if;
  update public.agent_workers w set fallen_at = now_at where w.worker_id = p_fallen and w.fallen_at is null;
  select coalesce(jsonb_agg(jsonb_build_object('room', r.room, 'in_ms', p_grace_ms)), '[]') into rooms
    from public.agent_rooms r
   where found and r.worker_id = p_fallen and r.lease_expires_at > now_at;
  return jsonb_build_object('fallen', true, 'own', public.agent_hand(p_worker, rooms));
end;
$$;
comment on function public.agent_suspect is
  'A worker''s session lock has fallen: {"fallen": whether it is free, "own": as agent_hand}. Its rooms are handed out; claiming one of them is '
  'granted after a grace of 250 ms in which its worker has not renewed it. A fallen lock is no proof: a server that restarts drops all.';
grant execute on function public.agent_suspect(text, text, int) to service_role, live_agent;

create function public.agent_watch(
  p_worker text, p_early_ms int, p_listed text[] default null, p_ttl_ms int default null, p_state jsonb default null
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  now_at timestamptz := clock_timestamp();
  answer jsonb;
begin
  with running as (
    select s.livekit_room as room, s.host_left_at is null or s.viewer_count > 0 as occupied, null::uuid as call_id
      from public.live_sessions s where s.status = 'live'
    union all
    select c.livekit_room, null, c.id from public.calls c where live.call_is_running(c.status)
  ), leased as (
    select x.room, r.worker_id,
           case when r.offered_at is null and r.lease_expires_at > now_at and w.worker_id is null
             then extract(epoch from r.lease_expires_at - now_at) * 1000 end as left_ms
      from running x
      left join public.agent_rooms r on r.room = x.room
      left join public.agent_workers w on w.worker_id = r.worker_id and w.fallen_at > r.renewed_at
  )
  select jsonb_build_object(
           'rooms', (select coalesce(jsonb_agg(jsonb_build_object('room', l.room, 'left_ms', l.left_ms)), '[]')
                       from leased l where l.left_ms is null or l.left_ms < p_early_ms),
           'next_ms', (select min(l.left_ms) from leased l where l.left_ms >= p_early_ms and l.worker_id <> p_worker),
           'missed', (select coalesce(jsonb_agg(x.room), '[]') from running x
                       where x.room <> all (p_listed)
                         and coalesce(x.occupied, exists (select from public.live_visits v
                                                           where v.call_id = x.call_id and v.left_at is null))),
           'strangers', (select coalesce(jsonb_agg(l.room), '[]') from unnest(p_listed) l (room)
                          where l.room not in (select x.room from running x)))
    into answer;
  return answer || jsonb_build_object(
    'now', now_at, 'unclaimed', live.unclaimed_actions(),
    'checked_in', case when p_state is not null then public.agent_check_in(p_worker, p_ttl_ms, p_early_ms, p_state) end);
end;
$$;
comment on function public.agent_watch is
  'For the worker that watches: {"now", "rooms": [{"room", "left_ms"}] running rooms whose lease has less than p_early_ms left (null: nobody '
  'has the room, or its worker offers it or fell), "next_ms": when the first lease of the others comes that near, "unclaimed": as '
  'live.unclaimed_actions}. With p_listed, the rooms that LiveKit has: "missed", running rooms with somebody in them that it lacks, and '
  '"strangers", those of it that belong to nothing that runs. With p_state it is a check-in as well: "checked_in" is that answer.';
grant execute on function public.agent_watch(text, int, text[], int, jsonb) to service_role, live_agent;

-- schemas/44_agent_pull.sql
-- Owns: what an agent learns with each beat: renewed leases, changed people, actions to make true, events to relay;
-- and what it writes back. One call for all rooms of a worker.

create index moderation_actions_due_of_person on public.moderation_actions (session_id, call_id, target_user_id, n)
  where status in ('pending', 'claimed');

create index live_sessions_changed on public.live_sessions (desired_xid);
create index live_sessions_unrelayed on public.live_sessions (ended_at) where last_seq > relayed_seq;
create index live_participants_changed_since on public.live_participants (desired_xid);
create index calls_changed on public.calls (desired_xid);

create function live.action_json(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'id', p_row.id, 'n', p_row.n, 'action', p_row.action, 'target_user_id', p_row.target_user_id,
    'params', p_row.params, 'reason', p_row.reason, 'created_at', p_row.created_at, 'connections', p_row.connections,
    'requested_via', p_row.requested_via, 'reason_texts', live.reason_texts(p_row.reason_code));
end;
$$;
comment on function live.action_json is 'ACTION: a claimed row as agents read it.';

create function live.expire_actions(p_session uuid, p_call uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.moderation_actions a
     set status = 'expired', claim_expires_at = null, error_code = 'expired',
         error = 'nobody could make it true before it became pointless'
   where a.id in (
     select b.id from public.moderation_actions b
      where (b.session_id = p_session or b.call_id = p_call)
        and (b.status = 'pending' or (b.status = 'claimed' and b.claim_expires_at <= clock_timestamp()))
        and b.expires_at <= clock_timestamp()
        for update skip locked);
end;
$$;
comment on function live.expire_actions is 'Expires what is pointless by now.';

create function live.claim_actions(p_worker text, p_session uuid, p_call uuid, p_in_hand uuid[], p_limit int) returns jsonb
language plpgsql set search_path = '' as $$
declare
  item public.moderation_actions;
  refusal text;
  handed_again boolean;
  claimed jsonb := '[]';
begin
  perform live.expire_actions(p_session, p_call);
  for item in
    select * from public.moderation_actions a
     where (a.session_id = p_session or a.call_id = p_call)
       and (a.status = 'pending'
            or (a.status = 'claimed' and (a.claim_expires_at <= clock_timestamp()
                                          or (a.claimed_by = p_worker and a.id <> all (p_in_hand)))))
       -- In order per person: anyone who is first and unfinished holds back the others, no one else's.
       and not exists (
         select from public.moderation_actions b
          where (b.session_id = p_session or b.call_id = p_call) and b.status in ('pending', 'claimed')
            and b.target_user_id is not distinct from a.target_user_id and b.n < a.n)
     order by a.n
     limit p_limit
       for update skip locked
  loop
    refusal := live.refusal_at_claim(item);
    if refusal is not null then
      -- Somebody who holds the session may be waiting for this row: leave it for the next beat then.
      perform from public.live_sessions s where s.id = p_session for no key update skip locked;
      if not found then
        continue;
      end if;
      perform live.withdraw(item, 'failed', 'rank_changed', refusal);
      continue;
    end if;
    handed_again := item.status = 'claimed' and item.claim_expires_at > clock_timestamp();
    update public.moderation_actions a
       set status = 'claimed', claimed_by = p_worker, claimed_at = clock_timestamp(), attempts = a.attempts + (not handed_again)::int,
           claim_expires_at = clock_timestamp() + interval '10 seconds'
     where a.id = item.id
    returning * into item;
    claimed := claimed || live.action_json(item);
  end loop;
  return claimed;
end;
$$;
comment on function live.claim_actions is
  'Claims what is due in one room, one row per person, and returns it. p_in_hand: what the worker has of what it claimed before; the '
  'answer with the rest of it got lost, so that is handed out again. Null: it does not say.';

create function live.room_news(
  p_worker text, p_room text, p_in_hand uuid[], p_since xid8, p_cursor text, p_limit int
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  place record;
  session public.live_sessions;
  call public.calls;
  news jsonb;
begin
  select * into place from live.place(p_room);
  if place.id is null then
    return jsonb_build_object('room', p_room, 'held', false);  -- its session was deleted by hand: nobody can moderate it
  end if;
  news := jsonb_build_object('room', p_room, 'held', true, 'cursor', p_cursor, 'actions',
                             live.claim_actions(p_worker, place.session_id, place.call_id, p_in_hand, p_limit));
  if place.kind = 'call' then
    select * into call from public.calls c where c.id = place.id;
    return news || jsonb_build_object(
      'status', call.status, 'events', '[]'::jsonb,
      'people', case when call.desired_xid >= p_since then live.call_people(call) else '[]' end);
  end if;
  select * into session from public.live_sessions s where s.id = place.id;
  return news || jsonb_build_object(
    'status', session.status,
    'policy', live.effective_policy(session),
    'evidence', live.evidence_of(session.id),
    'recordings', live.recordings_of(session.id),
    'levels_watched', exists (select from public.live_level_watches w
                               where w.session_id = session.id and w.expires_at > clock_timestamp()),
    'people', (select coalesce(jsonb_agg(live.person(p, session.creator_id)), '[]')
                 from public.live_participants p
                where p.session_id = session.id and p.desired_xid >= p_since),
    'events', (select coalesce(jsonb_agg(to_jsonb(e) order by e.seq), '[]')
                 from (select v.seq, v.id, v.type, v.created_at as at, v.payload
                         from public.live_events v
                        where v.session_id = session.id and v.seq > session.relayed_seq
                        order by v.seq limit p_limit) e));
end;
$$;
comment on function live.room_news is 'What is new in one room since a cursor; claims its due actions.';

create function live.changed_rooms(p_since xid8) returns setof text
language plpgsql stable set search_path = '' as $$
begin
  return query
    select s.livekit_room from public.live_sessions s where s.desired_xid >= p_since
    union all
    -- What ended long ago with events that nobody relayed is held by nobody.
    select s.livekit_room from public.live_sessions s
     where s.last_seq > s.relayed_seq and (s.ended_at is null or s.ended_at > clock_timestamp() - interval '1 hour')
    union all
    select c.livekit_room from public.calls c where c.desired_xid >= p_since
    union all
    select s.livekit_room from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.desired_xid >= p_since
    union all
    select s.livekit_room from public.moderation_cases k join public.live_sessions s on s.id = k.session_id
     where k.changed_xid >= p_since
    union all
    select s.livekit_room from public.live_recordings r join public.live_sessions s on s.id = r.session_id
     where r.changed_xid >= p_since
    union all
    select coalesce(s.livekit_room, c.livekit_room)
      from public.moderation_actions a
      left join public.live_sessions s on s.id = a.session_id
      left join public.calls c on c.id = a.call_id
     where a.status in ('pending', 'claimed')
    union all
    select s.livekit_room from public.live_level_watches w join public.live_sessions s on s.id = w.session_id
     where w.expires_at > clock_timestamp();
end;
$$;
comment on function live.changed_rooms is
  'Rooms in which something has changed or is due, repeated where more than one thing is. It asks from the side of the changes, '
  'so that what a beat costs grows with what has happened and not with the rooms that are held.';

create function live.rooms_with_news(p_rooms jsonb) returns setof text
language plpgsql stable set search_path = '' as $$
declare
  since xid8 := (select min(x.cursor::xid8) from jsonb_to_recordset(p_rooms) as x (cursor text));
begin
  return query
    select x.room
      from jsonb_to_recordset(p_rooms) as x (room text, cursor text)
     where x.cursor is null
        or exists (select from public.app_settings a
                    where a.key in ('moderation.policy', 'evidence.seconds', 'evidence.after_seconds') and a.changed_xid >= x.cursor::xid8)
        or x.room in (select live.changed_rooms(since))
     order by x.room;
end;
$$;
comment on function live.rooms_with_news is 'The rooms worth a closer look, of [{"room", "cursor"}].';

create function public.agent_pull(p_worker text, p_rooms jsonb, p_ttl_ms int, p_limit int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  -- Before anything is read: what commits later than this is at or after the cursor, and so is seen next time.
  cursor_xid text := pg_snapshot_xmin(pg_current_snapshot())::text;
  now_at timestamptz := clock_timestamp();
  asked record;
  held jsonb;
  answers jsonb[];
begin
  with asked_for as (
    select * from jsonb_to_recordset(p_rooms) as x (room text, epoch bigint, cursor text, in_hand uuid[])
  ), locked as (
    -- In the order of names, as everywhere.
    select r.room from public.agent_rooms r join asked_for x on x.room = r.room
     where r.worker_id = p_worker and r.epoch = x.epoch
     order by r.room for update of r
  ), renewed as (
    update public.agent_rooms r
       set lease_expires_at = now_at + make_interval(secs => p_ttl_ms / 1000.0), renewed_at = now_at
      from locked where r.room = locked.room
    returning r.room
  )
  select coalesce(jsonb_agg(to_jsonb(x)) filter (where renewed.room is not null), '[]'),
         array_agg(jsonb_build_object('room', x.room, 'held', false) order by x.room) filter (where renewed.room is null)
    into held, answers
    from asked_for x left join renewed on renewed.room = x.room;
  for asked in
    select x.room, x.cursor, x.in_hand
      from jsonb_to_recordset(held) as x (room text, cursor text, in_hand uuid[])
     where x.room in (select live.rooms_with_news(held))
     order by x.room
  loop
    answers := answers || live.room_news(
      p_worker, asked.room, asked.in_hand, coalesce(asked.cursor, '0')::xid8, cursor_xid, p_limit);
  end loop;
  if exists (select from live.gone_accounts g where g.settled_at is null) then
    perform live.settle_accounts(interval '100 milliseconds');
  end if;
  perform live.send_held_hints();
  return jsonb_build_object('now', now_at, 'cursor', cursor_xid, 'rooms', coalesce(to_jsonb(answers), '[]'));
end;
$$;
comment on function public.agent_pull is
  'The beat: renews leases, claims due actions and tells what is new. p_rooms [{"room", "epoch", "cursor", "in_hand"?: [ids of '
  'claimed actions that this worker has; any other that it claimed is handed out again]}] -> {"now", "cursor": from where to ask next '
  'about rooms that are left out, "rooms": [{"room", "held": true, "cursor", "status", "mute_all", "policy", "evidence": EVIDENCE, "recordings": [RECORDING], "levels_watched", "people": [PERSON], '
  '"actions": [ACTION], "events": [EVENT]} | {"room", "held": false}]}. Held rooms with nothing new are left out. '
  'People may be repeated, never missed. Settles deleted accounts in passing, whose rooms learn of it by wake-up, and sends the '
  'hints that are due.';
grant execute on function public.agent_pull(text, jsonb, int, int) to service_role, live_agent;

create function public.agent_waiting(p_worker text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(distinct r.room), '[]')
            from public.moderation_actions a
            left join public.live_sessions s on s.id = a.session_id
            left join public.calls c on c.id = a.call_id
            join public.agent_rooms r on r.room = coalesce(s.livekit_room, c.livekit_room)
           where a.status = 'pending' and r.worker_id = p_worker and r.lease_expires_at > clock_timestamp());
end;
$$;
comment on function public.agent_waiting is
  'Rooms of one worker in which an action waits that it has not claimed: what it asks between two pulls, since a wake-up may have been '
  'dropped. It renews and claims nothing.';
grant execute on function public.agent_waiting(text) to service_role, live_agent;

-- schemas/46_agent_writes.sql
-- Owns: what agents write back: finished actions, presence, relayed events, keys, incidents, audio figures. Every
-- write names the room's epoch; one from an older epoch is refused and changes nothing.
-- A batch of several rooms takes its locks in order, but anyone who inserts actions for several sessions at once takes theirs
-- as the rows come. So batches give up before Postgres looks for a ring and picks whom to fail (deadlock_timeout, 1 s):
-- an agent writes again, a moderator must not have to.

create function live.finish_action(p_worker text, p_result jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  item public.moderation_actions;
  -- By the agent's idea of this clock, so that the way here does not count; never in the future.
  confirmed timestamptz := least(clock_timestamp(), coalesce(
    to_timestamp((p_result ->> 'confirmed_at_ms')::float / 1000.0), clock_timestamp()));
  outcome text := p_result ->> 'outcome';
begin
  if not live.holds(p_worker, p_result ->> 'room', (p_result ->> 'epoch')::bigint) then
    return jsonb_build_object('id', p_result -> 'id', 'ok', false, 'error', 'fenced');
  end if;
  select * into item from public.moderation_actions a where a.id = (p_result ->> 'id')::uuid for update;
  if item.id is null or live.room_of(item.session_id, item.call_id) is distinct from p_result ->> 'room' then
    return jsonb_build_object('id', p_result -> 'id', 'ok', false, 'error', 'unknown_action');
  elsif outcome not in ('applied', 'failed') or outcome is null then
    return jsonb_build_object('id', item.id, 'ok', false, 'status', item.status, 'error', 'unknown_outcome');
  elsif item.status in ('pending', 'claimed') then
    update public.moderation_actions a set
      status = outcome,
      claim_expires_at = null,
      error_code = case when outcome <> 'applied' then p_result ->> 'error_code' end,
      error = case when outcome <> 'applied' then left(p_result ->> 'error', 1000) end,
      before = coalesce(a.before || nullif(p_result -> 'before', 'null'), a.before),
      after = coalesce(a.after || nullif(p_result -> 'after', 'null'), a.after),
      applied_at = case outcome when 'applied' then confirmed end,
      enforce_ms = case outcome when 'applied' then
        greatest(0, extract(epoch from confirmed - a.created_at) * 1000) end
     where a.id = item.id
    returning * into item;
  end if;
  return jsonb_build_object('id', item.id, 'ok', true, 'status', item.status, 'action', item.action,
                            'enforce_ms', item.enforce_ms);
end;
$$;
comment on function live.finish_action is 'Writes one result back; a row that is final already stays and answers its status.';

create function public.agent_finish_actions(p_worker text, p_results jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
begin
  perform live.lock_leases(p_results);
  return (
  select coalesce(jsonb_agg(live.finish_action(p_worker, x.result)), '[]')
    from (select r.value as result from jsonb_array_elements(p_results) r order by r.value ->> 'id') x);
end;
$$;
comment on function public.agent_finish_actions is
  'Writes results back: [{"room", "epoch", "id", "outcome": applied | failed, "error_code", "error", "before", '
  '"after", "confirmed_at_ms"}] -> [{"id", "ok", "status"?, "error"?: fenced | unknown_action | '
  'unknown_outcome}]. Finishing a final row again answers its status.';
grant execute on function public.agent_finish_actions(text, jsonb) to service_role, live_agent;

create function public.agent_presence(p_worker text, p_reports jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  report record;
  answers jsonb[] := array_fill('null'::jsonb, array[jsonb_array_length(p_reports)]);
begin
  perform live.lock_leases(p_reports);
  perform from public.live_sessions s
    where s.livekit_room in (select r.value ->> 'room' from jsonb_array_elements(p_reports) r)
    order by s.id for no key update;
  for report in
    select r.value as body, r.ordinality::int as place
      from jsonb_array_elements(p_reports) with ordinality r
  loop
    answers[report.place] := case
      when live.holds(p_worker, report.body ->> 'room', (report.body ->> 'epoch')::bigint)
      then live.record_presence('agent', report.body ->> 'room', report.body ->> 'event',
             report.body ->> 'participant_sid', report.body ->> 'user_id',
             to_timestamp((report.body ->> 'at_ms')::double precision / 1000), report.body ->> 'reason',
             nullif(report.body -> 'permission', 'null'), p_beside => coalesce((report.body ->> 'beside')::boolean, false))
      else jsonb_build_object('ok', false, 'error', 'fenced') end;
  end loop;
  return to_jsonb(answers);
end;
$$;
comment on function public.agent_presence is
  'Files presence: [{"room", "epoch", "event": joined | left, "participant_sid", "user_id", "beside"?, "at_ms", "reason"}] -> an '
  'aligned array of {"ok": true, "person": PERSON} or {"ok": false, "error": fenced | malformed | unknown_user | '
  'unknown_room | not_a_party | somebody_else}.';
grant execute on function public.agent_presence(text, jsonb) to service_role, live_agent;

create function public.agent_relayed(p_worker text, p_cursors jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  item record;
  reached bigint;
  answers jsonb := '[]';
begin
  perform live.lock_leases(p_cursors);
  for item in
    select x.* from jsonb_to_recordset(p_cursors) as x (room text, epoch bigint, seq bigint)
      left join public.live_sessions s on s.livekit_room = x.room
     order by s.id
  loop
    if not live.holds(p_worker, item.room, item.epoch) then
      answers := answers || jsonb_build_object('room', item.room, 'ok', false, 'error', 'fenced');
      continue;
    end if;
    update public.live_sessions s
       set relayed_seq = greatest(s.relayed_seq, least(item.seq, s.last_seq))
     where s.livekit_room = item.room
    returning s.relayed_seq into reached;
    answers := answers || jsonb_build_object('room', item.room, 'ok', found, 'seq', reached);
  end loop;
  return answers;
end;
$$;
comment on function public.agent_relayed is
  'Moves the relay''s cursor forward, never back: [{"room", "epoch", "seq"}] -> [{"room", "ok", "seq"?, "error"?}].';
grant execute on function public.agent_relayed(text, jsonb) to service_role, live_agent;

create function public.agent_publish_key(p_kid text, p_public_key text, p_not_after timestamptz) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  key public.relay_keys;
begin
  insert into public.relay_keys as k (kid, public_key, not_after) values (p_kid, p_public_key, p_not_after)
  on conflict (kid) do update set not_after = greatest(k.not_after, excluded.not_after), renewed_at = clock_timestamp()
    where k.public_key = excluded.public_key
  returning * into key;
  if key.kid is null then
    perform live.refuse(409, 'kid_taken', 'Another key has this kid.');
  end if;
  return to_jsonb(key);
end;
$$;
comment on function public.agent_publish_key is
  'Makes a public key known before packets are signed with it; repeating it prolongs it. Returns the row of relay_keys.';
grant execute on function public.agent_publish_key(text, text, timestamptz) to service_role, live_agent;

create function live.ask_automatically(p_session uuid, p_user uuid, p_action jsonb) returns text
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.moderation_actions (id, session_id, target_user_id, action, params, reason, requested_via)
  values ((p_action ->> 'id')::uuid, p_session, p_user, p_action ->> 'action', p_action -> 'params',
          left(p_action ->> 'reason', 1000), 'auto')
  on conflict (id) do nothing;
  return null;
exception when sqlstate 'PT400' or sqlstate 'PT403' or sqlstate 'PT404' or sqlstate 'PT409' then
  return sqlerrm;
end;
$$;
comment on function live.ask_automatically is
  'Asks for what a rule decided, once: why the door refused it, null when it did not. The incident is written either way.';

create table live.rule_circuits (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  rule text not null,
  opened_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  held_back int not null default 1,
  primary key (session_id, rule)
);
comment on table live.rule_circuits is 'Rules that reached their ceiling of automatic actions in a session: there they only observe until an hour holds fewer.';
comment on column live.rule_circuits.session_id is 'Where.';
comment on column live.rule_circuits.rule is 'Which rule.';
comment on column live.rule_circuits.opened_at is 'When the ceiling was reached.';
comment on column live.rule_circuits.last_at is 'When an action was last held back.';
comment on column live.rule_circuits.held_back is 'How many were held back.';
alter table live.rule_circuits enable row level security;
create index moderation_incidents_of_rule on public.moderation_incidents (session_id, rule, created_at)
  where action_id is not null;
create index moderation_actions_automatic on public.moderation_actions (created_at) where requested_via = 'auto';

-- Many sockpuppets may reach a ceiling on purpose: what keeps the room measurable has none.
create function live.circuit_open(p_session uuid, p_rule text) returns boolean
language plpgsql set search_path = '' as $$
declare
  opens boolean;
begin
  if p_rule in ('not_measurable', 'not_allowed', 'disguise', 'too_many_tracks') or (
      select count(*) from public.moderation_incidents i
       where i.session_id = p_session and i.rule = p_rule and i.action_id is not null
         and i.created_at > clock_timestamp() - interval '1 hour')
     < coalesce(live.limit_of('automatic_per_rule_and_hour'), 'infinity') then
    return false;
  end if;
  insert into live.rule_circuits as c (session_id, rule) values (p_session, p_rule)
  on conflict (session_id, rule) do update set
    opened_at = case when c.last_at < clock_timestamp() - interval '1 hour' then clock_timestamp() else c.opened_at end,
    held_back = case when c.last_at < clock_timestamp() - interval '1 hour' then 1 else c.held_back + 1 end,
    last_at = clock_timestamp()
  returning c.held_back = 1 into opens;
  if opens then
    perform live.open_case(p_session, null, null, 'critical', 'rule');
  end if;
  return true;
end;
$$;
comment on function live.circuit_open is
  'Whether a rule has asked for limits.automatic_per_rule_and_hour actions in a session within an hour, and only observes there from '
  'now on; notes what is held back, and opens a case of the session. not_measurable and disguises have no ceiling.';

create function live.automatic_load() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'open_circuits', (select count(*) from live.rule_circuits c where c.last_at > clock_timestamp() - interval '10 minutes'),
    'automatic_actions', (select count(*) from public.moderation_actions a
                           where a.requested_via = 'auto' and a.created_at > clock_timestamp() - interval '1 hour'),
    'automatic_limit', live.limit_of('automatic_per_hour'),
    'open_cases', (select count(*) from public.moderation_cases c where c.resolved_at is null),
    'grave_case_waits', (select coalesce(extract(epoch from clock_timestamp() - min(c.opened_at)), 0) from public.moderation_cases c
                          where c.resolved_at is null and c.severity = 'critical'
                            and coalesce(c.claim_expires_at, '-infinity') < clock_timestamp()));
end;
$$;
comment on function live.automatic_load is
  'What the rules do on the whole platform: {open_circuits: held back within ten minutes, automatic_actions: of an hour, automatic_limit}, and what '
  'waits for people: {open_cases, grave_case_waits: seconds of the longest critical case that nobody has claimed}.';

create function public.agent_incidents(p_worker text, p_rows jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  answers jsonb := '[]';
  refusal text;
  is_new boolean;
  opened uuid;
  item record;
begin
  perform live.lock_leases(p_rows);
  for item in
    select x.*, s.id as session_id
      from jsonb_to_recordset(p_rows) as x (
        room text, epoch bigint, id uuid, user_id uuid, participant_sid text, rule text, severity text,
        measured jsonb, started_at timestamptz, ended_at timestamptz, strikes double precision, action jsonb,
        case_severity text)
      left join public.live_sessions s on s.livekit_room = x.room
     order by s.id, x.started_at, x.id
  loop
    if item.session_id is null or not live.holds(p_worker, item.room, item.epoch) then
      answers := answers || jsonb_build_object('id', item.id, 'ok', false, 'error', 'fenced');
      continue;
    end if;
    is_new := not exists (select from public.moderation_incidents i where i.id = item.id);
    refusal := case
      when jsonb_typeof(item.action) is distinct from 'object' then null
      when is_new and live.circuit_open(item.session_id, item.rule) then 'circuit_open'
      else live.ask_automatically(item.session_id, item.user_id, item.action) end;
    insert into public.moderation_incidents as i (id, session_id, user_id, participant_sid, rule, severity, measured,
                                                  started_at, ended_at, strikes, action_id)
    select item.id, item.session_id, item.user_id, item.participant_sid, item.rule, item.severity,
           coalesce(item.measured, '{}') || case when refusal is null then '{}' else jsonb_build_object('refused', refusal) end,
           item.started_at, item.ended_at, coalesce(item.strikes, 0),
           (select a.id from public.moderation_actions a where a.id = (item.action ->> 'id')::uuid)
     where live.is_or_was_account(item.user_id)
    on conflict (id) do update set
      ended_at = coalesce(excluded.ended_at, i.ended_at), strikes = excluded.strikes,
      measured = excluded.measured, action_id = coalesce(excluded.action_id, i.action_id);
    answers := answers || jsonb_build_object('id', item.id, 'ok', found, 'error', refusal);
    if found and is_new and item.case_severity is not null then
      opened := live.open_case(item.session_id, null, item.user_id, item.case_severity, 'rule');
      perform live.page(opened, item.case_severity), live.keep_sound(opened);
    end if;
  end loop;
  return answers;
end;
$$;
comment on function public.agent_incidents is
  'Writes incidents, and asks for the action that follows in the same transaction: [{"room", "epoch", "id", "user_id", '
  '"participant_sid", "rule", "severity", "measured", "started_at", "ended_at", "strikes", "action": null | {"id", "action", '
  '"params", "reason"}, "case_severity": null | info | warning | critical}] -> [{"id", "ok", "error"?}]. The same id again '
  'is the same incident and the same action. case_severity: a human must decide, so the person''s case is opened, and the operators are called.';
grant execute on function public.agent_incidents(text, jsonb) to service_role, live_agent;

create function public.agent_audio_stats(p_worker text, p_rows jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  written int;
begin
  perform live.lock_leases(p_rows);
  insert into public.live_audio_stats as t (session_id, user_id, minute, talk_seconds, loudness_lufs, peak_dbfs,
                                            clipped_ratio, measured)
  select distinct on (s.id, x.user_id, x.minute) s.id, x.user_id, x.minute, x.talk_seconds, x.loudness_lufs, x.peak_dbfs, x.clipped_ratio, coalesce(x.measured, '{}')
    from jsonb_to_recordset(p_rows) as x (
      room text, epoch bigint, user_id uuid, minute timestamptz, talk_seconds double precision,
      loudness_lufs double precision, peak_dbfs double precision, clipped_ratio double precision, measured jsonb)
    join public.live_sessions s on s.livekit_room = x.room
   where live.holds(p_worker, x.room, x.epoch) and live.is_or_was_account(x.user_id)
   order by s.id, x.user_id, x.minute, x.talk_seconds desc
  on conflict (session_id, user_id, minute) do update set
    talk_seconds = excluded.talk_seconds, loudness_lufs = excluded.loudness_lufs, peak_dbfs = excluded.peak_dbfs,
    clipped_ratio = excluded.clipped_ratio, measured = excluded.measured
    -- Anyone who took the room over in the middle of a minute has heard less of it than who had it before.
    where coalesce((t.measured ->> 'heard_seconds')::double precision, 0)
       <= coalesce((excluded.measured ->> 'heard_seconds')::double precision, 0);
  get diagnostics written = row_count;
  return jsonb_build_object('written', written);
end;
$$;
comment on function public.agent_audio_stats is
  'Writes audio figures: [{"room", "epoch", "user_id", "minute", "talk_seconds", "loudness_lufs", "peak_dbfs", '
  '"clipped_ratio", "measured"}] -> {"written"}. A minute written again is replaced by the one who heard as much of it or more; fenced '
  'rows are left out.';
grant execute on function public.agent_audio_stats(text, jsonb) to service_role, live_agent;

-- schemas/48_sweep.sql
-- Owns: what becomes due by the clock alone in sessions: a host who stays away, mutes, hands and invitations that end,
-- paid access that lapsed, visits and actions that nobody closed. One worker does it for all, under one lease;
-- DATABASE.md says how pg_cron can do it instead. Calls, scheduled sessions and rooms are platform_sweep's.

-- What touches every room at once, a node's death say, must not become one statement that outlasts the caller's patience, is
-- rolled back and tried again for ever.
create function live.at_a_time() returns int
language plpgsql immutable set search_path = '' as $$
begin
  return 500;
end;
$$;
comment on function live.at_a_time is 'How many of each kind one sweep deals with; the rest comes with the next.';

create function live.end_hostless_sessions() returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
  left_before constant timestamptz := clock_timestamp() - live.setting_interval('session.host_grace_seconds');
begin
  with gone as (
    select s.id from public.live_sessions s
     where s.status = 'live' and s.host_left_at < left_before
     order by s.id limit live.at_a_time() for no key update skip locked)
  update public.live_sessions s set status = 'ended', end_reason = 'host_gone' from gone where s.id = gone.id;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_hostless_sessions is 'Ends live sessions whose host has been away longer than the grace; how many.';

create function live.hands_since() returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return clock_timestamp() - make_interval(secs => coalesce(live.limit_of('hand_seconds'), 900));
end;
$$;
comment on function live.hands_since is 'A hand raised before this comes down by itself.';

create function live.people_past_their_time() returns setof public.live_participants
language plpgsql stable set search_path = '' as $$
begin
  return query
    select * from public.live_participants p
     where least(p.mic_muted_until, p.invite_expires_at, p.access_ends_at) <= clock_timestamp()
       and (p.mic_muted_until <= clock_timestamp() or p.invite_expires_at <= clock_timestamp())
        or p.hand_raised_at <= (select live.hands_since());
end;
$$;
comment on function live.people_past_their_time is 'Whose timed mute, invitation or raised hand is over.';

create function live.end_timed_states() returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
  hands_since timestamptz := live.hands_since();
begin
  -- Sessions before people: what ends here is told in the session's stream.
  with held as (
    select s.id from public.live_sessions s
     where s.id in (select p.session_id from live.people_past_their_time() p)
     order by s.id for no key update skip locked
  ), due as (
    select p.session_id, p.user_id
      from held join live.people_past_their_time() x on x.session_id = held.id
      join public.live_participants p on p.session_id = x.session_id and p.user_id = x.user_id
     limit live.at_a_time() for update of p skip locked)
  update public.live_participants p set
    mic_muted = p.mic_muted and (coalesce(p.mic_muted_until > clock_timestamp(), true) or live.bound_by_mute_all(p)),
    -- While everyone is muted, a mute by name that ends becomes one of those.
    mic_by_all = p.mic_by_all or (p.mic_muted_until <= clock_timestamp() and live.bound_by_mute_all(p)),
    mic_by_rank = case when p.mic_muted_until <= clock_timestamp() and live.bound_by_mute_all(p)
      then (select s.mute_all_rank from public.live_sessions s where s.id = p.session_id) else p.mic_by_rank end,
    mic_muted_until = case when p.mic_muted_until > clock_timestamp() then p.mic_muted_until end,
    invited_role = case when p.invite_expires_at > clock_timestamp() then p.invited_role end,
    invited_by = case when p.invite_expires_at > clock_timestamp() then p.invited_by end,
    invite_expires_at = case when p.invite_expires_at > clock_timestamp() then p.invite_expires_at end,
    hand_raised_at = case when p.hand_raised_at > hands_since then p.hand_raised_at end
    from due where p.session_id = due.session_id and p.user_id = due.user_id;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_timed_states is 'Ends timed mutes, invitations and old hands; for how many people.';

create function live.check_paid_access() returns int
language plpgsql set search_path = '' as $$
declare
  changed int;
begin
  with checked as (
    select p.session_id, p.user_id, p.access_ends_at, p.access_removed, live.access_fault(s, p.user_id) is not null as lacking
      from public.live_sessions s
      join public.live_participants p on p.session_id = s.id and (p.is_online or p.access_ends_at is not null)
     where s.status = 'live' and s.access_type <> 'public' and not p.staff
  ), due as (
    select c.* from checked c
     where (c.lacking <> (c.access_ends_at is not null) or (c.lacking and c.access_ends_at <= clock_timestamp()))
       and not (c.access_removed and c.lacking)
  ), free as (
    select p.session_id, p.user_id, d.lacking
      from due d join public.live_participants p using (session_id, user_id)
     limit live.at_a_time() for update of p skip locked
  )
  update public.live_participants p set
    access_ends_at = case when free.lacking
      then coalesce(p.access_ends_at, clock_timestamp() + live.setting_interval('access.grace_seconds')) end,
    access_removed = free.lacking and coalesce(p.access_ends_at <= clock_timestamp(), false)
    from free
   where p.session_id = free.session_id and p.user_id = free.user_id;
  get diagnostics changed = row_count;
  return changed;
end;
$$;
comment on function live.check_paid_access is
  'Looks again at the paid access of everyone in the room: first a notice (access_ends_at), after the grace removal; '
  'renewing in time ends it. How many people changed.';

create function live.is_moderated(p_room text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.agent_rooms r where r.room = p_room and r.lease_expires_at > clock_timestamp());
end;
$$;
comment on function live.is_moderated is 'Whether a worker holds a room now.';

-- LiveKit's list may be wrong: a server that has lost its memory lists nothing while people talk. A worker that has been in
-- a room for a while is in it now, or its lease would have run out.
create function live.unlisted_rooms(p_rooms text[]) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (select count(*) from public.agent_rooms r
           where r.lease_expires_at > clock_timestamp() and r.claimed_at < clock_timestamp() - interval '10 seconds'
             and r.room <> all (p_rooms));
end;
$$;
comment on function live.unlisted_rooms is 'How many rooms workers are in that LiveKit''s list misses: while there are any, what it misses is no proof.';

create function live.close_forgotten_visits(p_rooms text[]) returns int
language plpgsql set search_path = '' as $$
declare
  place record;
  closed int := 0;
begin
  for place in
    select s.id as session_id, null::uuid as call_id, s.ended_at as at
      from public.live_sessions s
     where exists (select from public.live_visits v
                    where v.session_id = s.id and v.left_at is null and v.joined_at < clock_timestamp() - interval '30 seconds')
       and not live.is_moderated(s.livekit_room)
       and (s.ended_at < clock_timestamp() - interval '15 seconds'
            or (p_rooms is not null and s.livekit_room <> all (p_rooms)))
    union all
    select null, c.id, c.ended_at
      from public.calls c
     where exists (select from public.live_visits v
                    where v.call_id = c.id and v.left_at is null and v.joined_at < clock_timestamp() - interval '30 seconds')
       and not live.is_moderated(c.livekit_room)
       and (c.ended_at < clock_timestamp() - interval '15 seconds'
            or (p_rooms is not null and c.livekit_room <> all (p_rooms)))
     order by 1, 2 limit live.at_a_time()
  loop
    closed := closed + live.close_visits(place.session_id, place.call_id, coalesce(place.at, clock_timestamp()), 'room_gone');
  end loop;
  return closed;
end;
$$;
comment on function live.close_forgotten_visits is
  'Closes visits in rooms that are over, or that LiveKit no longer has when p_rooms lists those it has; how many.';

create function live.settle_actions(p_rooms text[]) returns int
language plpgsql set search_path = '' as $$
declare
  item public.moderation_actions;
  settled int := 0;
begin
  update public.moderation_actions a
     set status = 'expired', error_code = 'expired', claim_expires_at = null,
         error = 'nobody could make it true before it became pointless'
   where a.id in (
     select b.id from public.moderation_actions b
      where b.status in ('pending', 'claimed') and b.expires_at <= clock_timestamp()
        and coalesce(b.claim_expires_at, '-infinity') <= clock_timestamp()
        for update skip locked);
  for item in
    select a.* from public.moderation_actions a
     where a.status in ('pending', 'claimed') and a.action <> 'announce'
       and a.created_at < clock_timestamp() - interval '10 seconds'
       and coalesce(a.claim_expires_at, '-infinity') <= clock_timestamp()
       and not live.is_moderated(live.room_of(a.session_id, a.call_id))
       and (p_rooms is null or live.room_of(a.session_id, a.call_id) <> all (p_rooms))
       -- Nobody there to be made to agree: the desired state holds when they come back.
       and not exists (select from public.live_visits v
                        where (v.session_id = a.session_id or v.call_id = a.call_id) and v.left_at is null
                          and (a.target_user_id is null or v.user_id = a.target_user_id))
     order by a.n limit live.at_a_time()
       for update skip locked
  loop
    perform live.finish_at_once(item.id, jsonb_build_object('away', true));
    settled := settled + 1;
  end loop;
  return settled;
end;
$$;
comment on function live.settle_actions is 'Finishes what was asked about people who are away from a room that nobody moderates; how many.';

create function public.agent_sweep(p_worker text, p_rooms text[] default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  done jsonb;
  unlisted constant int := coalesce(live.unlisted_rooms(p_rooms), 0);
  gone_by text[] := case when unlisted = 0 then p_rooms end;
begin
  insert into live.sweeps as w (name, worker_id, lease_expires_at)
  values ('sessions', p_worker, clock_timestamp() + interval '10 seconds')
  on conflict (name) do update set worker_id = excluded.worker_id, lease_expires_at = excluded.lease_expires_at
    where w.worker_id = excluded.worker_id or w.lease_expires_at <= clock_timestamp()
       -- Who watches also sweeps: its list of LiveKit's rooms is the freshest.
       or exists (select from live.sweeps l
                   where l.name = 'watch' and l.worker_id = excluded.worker_id and l.lease_expires_at > clock_timestamp());
  if not found then
    return jsonb_build_object('held', false);
  end if;
  done := jsonb_build_object(
    'held', true,
    -- Sessions before people, as everywhere.
    'unlisted_rooms', unlisted,
    'closed_visits', live.close_forgotten_visits(gone_by),
    'hostless_sessions', live.end_hostless_sessions(),
    'announced_ends', live.announce_ends(),
    'gift_combos', live.tell_gift_combos(),
    'timed_states', live.end_timed_states(),
    'paid_access', live.check_paid_access(),
    'lapsed_recordings', live.lapse_wishes(),
    'settled_actions', live.settle_actions(gone_by));
  delete from public.live_level_watches w where w.expires_at < clock_timestamp();
  delete from live.looks l where l.expires_at < clock_timestamp();
  perform live.refresh_names();
  return done || jsonb_build_object('listens_over', live.listens_over(), 'pushes_due', live.pushes_due(), 'pages_due', live.pages_due(), 'evidence_due', live.evidence_due(),
    'recordings_due', live.recordings_wait(), 'recordings_over', live.recordings_past()) || live.orphan_rooms(p_rooms) || live.automatic_load() || public.platform_sweep();
end;
$$;
comment on function public.agent_sweep is
  'The sweep of one worker for all: {"held": false} when another has the lease, else {"held": true} and how many of each '
  'were dealt with; "pushes_due": whether push-send has something to do; "pages_due": whether a page waits; "evidence_due": whether clips are to be deleted; "recordings_due": whether recordings wait whose room nobody holds; "recordings_over": whether files of recordings are to be deleted; "listens_over": whom of ops to remove from which room; "orphan_rooms": how many rooms of ours LiveKit has that the database does not know, and "close_rooms": '
  'the names of those to be closed now. p_rooms: names of the rooms that LiveKit has now, when the worker has just listed '
  'them; without them no room is taken to be gone, nor while they miss a room that a worker is in ("unlisted_rooms").';
grant execute on function public.agent_sweep(text, text[]) to service_role, live_agent;

create function live.unclaimed_actions() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(x) order by x.room), '[]')
      from (
        select coalesce(s.livekit_room, c.livekit_room) as room, count(*) as actions,
               min(coalesce(a.claim_expires_at, a.created_at)) as since
          from public.moderation_actions a
          left join public.live_sessions s on s.id = a.session_id and s.status = 'live'
          left join public.calls c on c.id = a.call_id and live.call_is_running(c.status)
         where a.status in ('pending', 'claimed')
           and coalesce(s.id, c.id) is not null
           and coalesce(a.claim_expires_at, '-infinity') <= clock_timestamp()
           and coalesce(a.expires_at, 'infinity') > clock_timestamp()
           -- Anyone who is behind an unfinished row about the same person waits for that one, not for a claim.
           and not exists (
             select from public.moderation_actions b
              where b.session_id is not distinct from a.session_id and b.call_id is not distinct from a.call_id
                and b.status in ('pending', 'claimed')
                and b.target_user_id is not distinct from a.target_user_id and b.n < a.n)
         group by 1) x);
end;
$$;
comment on function live.unclaimed_actions is
  'What the holder of a room should have claimed by now, by running room: [{"room", "actions", "since"}]; since when the '
  'first of them is due. Rooms without such rows are left out.';

create function public.agent_overview() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object('now', clock_timestamp(), 'unclaimed', live.unclaimed_actions(),
                              'rooms', coalesce(jsonb_agg(to_jsonb(x) order by x.room), '[]'))
      from (
        select s.livekit_room as room, 'session' as kind, s.id, s.status, s.started_at as since, r.worker_id, r.epoch,
               r.lease_expires_at, r.bot_identity, coalesce(r.lease_expires_at > clock_timestamp() and r.offered_at is null, false) as moderated,
               s.host_left_at is null or s.viewer_count > 0 as occupied
          from public.live_sessions s left join public.agent_rooms r on r.room = s.livekit_room
         where s.status = 'live'
        union all
        select c.livekit_room, 'call', c.id, c.status, c.created_at, r.worker_id, r.epoch,
               r.lease_expires_at, r.bot_identity,
               coalesce(r.lease_expires_at > clock_timestamp() and r.offered_at is null, false),
               exists (select from public.live_visits v where v.call_id = c.id and v.left_at is null)
          from public.calls c left join public.agent_rooms r on r.room = c.livekit_room
         where live.call_is_running(c.status)) x);
end;
$$;
comment on function public.agent_overview is
  'For the watcher: {"now", "rooms": [{"room", "kind", "id", "status", "since", "worker_id", "epoch", "lease_expires_at", '
  '"bot_identity", "moderated", "occupied" (somebody has an open visit)}], "unclaimed": as live.unclaimed_actions} of every live session and running call.';
grant execute on function public.agent_overview() to service_role, live_agent;

-- schemas/50_account_end.sql
-- Owns: what ends with an account, from its mark: sessions, calls, presence, rights. One function does it, for the beat
-- and the sweep of the agents as for ops (erase_account). And rooms whose session or call the database does not know.

create table public.erasures (
  user_id uuid primary key,
  requested_by uuid,
  requested_via text not null check (requested_via in ('account_deleted', 'erase_account', 'delete_my_account')),
  account_deleted_at timestamptz not null,
  finished_at timestamptz not null default clock_timestamp(),
  ended jsonb not null check (jsonb_typeof(ended) = 'object'),
  deleted jsonb not null check (jsonb_typeof(deleted) = 'object'),
  kept jsonb not null check (jsonb_typeof(kept) = 'object')
);
comment on table public.erasures is
  'The record of each deleted account: what ended with it, what was deleted, and what is kept under its bare id, and why.';
comment on column public.erasures.user_id is 'Whose account it was: from now on a tombstone, to which no name belongs.';
comment on column public.erasures.requested_by is 'The ops user who called erase_account; null when the account was deleted elsewhere, or by server code.';
comment on column public.erasures.requested_via is 'account_deleted: by the sign-in service (dashboard, admin API); delete_my_account: by the person; or erase_account.';
comment on column public.erasures.account_deleted_at is 'When the account was deleted.';
comment on column public.erasures.finished_at is 'When all of it was done.';
comment on column public.erasures.ended is 'What ended with it: how many sessions, calls, and stays in live rooms.';
comment on column public.erasures.deleted is 'Rows deleted, by table.';
comment on column public.erasures.kept is 'Rows kept, by table: {"rows", "why", "days"}; days from each row''s own age, left out where no clock deletes it.';
alter table public.erasures enable row level security;
grant select on public.erasures to authenticated, service_role;
create policy "ops see what was erased" on public.erasures for select to authenticated using ((select live.am_ops()));

-- ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.end_sessions_of(p_user uuid) returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
begin
  update public.live_sessions s set status = 'ended', end_reason = 'account_deleted'
   where s.creator_id = p_user and s.status <> 'ended';
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_sessions_of(uuid) is 'Ends what a deleted account was hosting or had announced; how many. Tickets follow by the sweep.';

create function live.end_calls_of(p_user uuid) returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
begin
  update public.calls c
     set status = case c.status when 'accepted' then 'ended' else 'cancelled' end, end_reason = 'account_deleted'
   where p_user in (c.caller_id, c.callee_id) and live.call_is_running(c.status);
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_calls_of(uuid) is 'Ends the calls of a deleted account; how many.';

create function live.put_out(p_user uuid) returns int
language plpgsql set search_path = '' as $$
declare
  stays int;
begin
  perform live.append_event(p.session_id, 'removed', jsonb_build_object('user_id', p_user))
     from public.live_participants p join public.live_sessions s on s.id = p.session_id and s.status = 'live'
    where p.user_id = p_user and p.is_online
    order by p.session_id;
  -- PERSON.removed says it already; the mark of change is what brings it to the agent.
  update public.live_participants p
     set hand_raised_at = null, invited_role = null, invited_by = null, invite_expires_at = null,
         desired_xid = pg_current_xact_id()
    from public.live_sessions s
   where p.user_id = p_user and s.id = p.session_id and s.status = 'live';
  get diagnostics stays = row_count;
  -- What they offered to others lapses with them.
  update public.live_participants p
     set invited_role = null, invited_by = null, invite_expires_at = null
    from public.live_sessions s
   where p.invited_by = p_user and s.id = p.session_id and s.status = 'live';
  return stays;
end;
$$;
comment on function live.put_out(uuid) is 'Has a deleted account removed from every live room; in how many it has a place.';

create function live.delete_rights_of(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  ops int;
  watches int;
  spending int;
begin
  delete from public.live_ops o where o.user_id = p_user;
  get diagnostics ops = row_count;
  delete from public.live_level_watches w where w.user_id = p_user;
  get diagnostics watches = row_count;
  delete from live.listens l where l.user_id = p_user;
  delete from live.names n where n.user_id = p_user;
  delete from live.looks l where p_user in (l.user_id, l.target_user_id);
  delete from live.spending t where t.user_id = p_user;
  get diagnostics spending = row_count;
  return jsonb_build_object('live_ops', ops, 'live_level_watches', watches, 'spending', spending) || live.forget_consent(p_user) || live.forget_push(p_user) || live.forget_reports(p_user) || live.forget_names(p_user) || live.forget_recordings(p_user) || live.forget_notes(p_user);
end;
$$;
comment on function live.delete_rights_of(uuid) is 'Deletes what means nothing without the account: rows deleted, by table.';

create function live.kept_of(p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  kept jsonb;
  line record;
  n bigint;
begin
  for line in select d.table_name, d.why, d.setting from live.personal_data d where d.whose <> '{}' order by d.table_name loop
    execute format('select count(*) from %s t where %s', line.table_name, live.rows_of(p_user, line.table_name)) into n using p_user;
    if n > 0 then
      kept := coalesce(kept, '{}') || jsonb_build_object(split_part(line.table_name, '.', 2),
        jsonb_strip_nulls(jsonb_build_object('rows', n, 'why', line.why, 'days', live.setting(line.setting))));
    end if;
  end loop;
  return kept;
end;
$$;
comment on function live.kept_of(uuid) is 'What is kept of a deleted account under its bare id, why, and for how many days: {table: {rows, why, days}}; null when nothing is.';

create function live.end_account(p_user uuid, p_by uuid, p_via text) returns void
language plpgsql set search_path = '' as $$
declare
  mark live.gone_accounts;
  deleted jsonb;
  ended jsonb;
begin
  -- Sessions before people before calls, as everywhere.
  perform count(*) from (
    select s.id from public.live_sessions s
     where s.status <> 'ended' and (s.creator_id = p_user or exists (
             select from public.live_participants p
              where p.session_id = s.id and (p.user_id = p_user or p.invited_by = p_user)))
     order by s.id for no key update) locked;
  ended := jsonb_build_object('sessions', live.end_sessions_of(p_user), 'stays', live.put_out(p_user),
                              'calls', live.end_calls_of(p_user));
  deleted := live.delete_rights_of(p_user);
  update live.gone_accounts g set settled_at = clock_timestamp(), error = null
   where g.user_id = p_user returning * into mark;
  -- Settled again, the first record stands: what ended with the account ended then.
  insert into public.erasures (user_id, requested_by, requested_via, account_deleted_at, ended, deleted, kept)
  values (p_user, p_by, p_via, mark.marked_at, ended, deleted, coalesce(live.kept_of(p_user), '{}'))
  on conflict (user_id) do nothing;
end;
$$;
comment on function live.end_account(uuid, uuid, text) is
  'Ends everything that ends with an account, and records it: sessions, calls, stays, rights. The account has a mark. '
  'Doing it again is harmless.';

create function live.try_to_end_account(p_user uuid) returns boolean
language plpgsql security definer set search_path = '' set lock_timeout = '200ms' as $$
begin
  perform live.end_account(p_user, null, 'account_deleted');
  return true;
exception when others then
  update live.gone_accounts g
     set attempts = g.attempts + 1, error = sqlerrm,
         retry_at = clock_timestamp() + make_interval(secs => least(60, 0.25 * power(2, least(g.attempts, 10))))
   where g.user_id = p_user;
  return false;
end;
$$;
comment on function live.try_to_end_account(uuid) is
  'end_account for a sweep: what somebody else holds is not waited for, and what fails is tried again, ever later. Whether it is done.';

create function live.settle_accounts(p_within interval) returns int
language plpgsql security definer set search_path = '' as $$
declare
  until constant timestamptz := clock_timestamp() + p_within;
  account uuid;
  settled int := 0;
begin
  for account in
    select g.user_id from live.gone_accounts g
     where g.settled_at is null and g.retry_at <= clock_timestamp()
     -- Anonymous sign-ins are deleted by the thousand, and none of them hosts, speaks or calls. What fails again and again comes
     -- after all of them: many of those would use up the time of every beat.
     order by g.attempts > 8, g.was_anonymous, g.marked_at limit 200 for update skip locked
  loop
    settled := settled + live.try_to_end_account(account)::int;
    exit when clock_timestamp() > until;
  end loop;
  return settled;
end;
$$;
comment on function live.settle_accounts(interval) is
  'Ends what ends with deleted accounts that are marked and not settled, for so long; how many are. Called by every beat, '
  'and by the sweep.';

create function live.missed_accounts() returns table (user_id uuid)
language sql stable security definer set search_path = '' as $$
  select distinct x.id
    from (
      select s.creator_id as id from public.live_sessions s where s.status <> 'ended'
      union all
      select p.user_id from public.live_participants p join public.live_sessions s on s.id = p.session_id
       where s.status = 'live' and p.is_online
      union all
      select party.id from public.calls c cross join lateral (values (c.caller_id), (c.callee_id)) as party (id)
       where live.call_is_running(c.status)
      union all
      select o.user_id from public.live_ops o
    ) x
    left join auth.users u on u.id = x.id and u.deleted_at is null
   where u.id is null and not exists (select from live.gone_accounts g where g.user_id = x.id)
$$;
comment on function live.missed_accounts() is 'Deleted accounts that have no mark although something of theirs still runs: the trigger could not write it.';

insert into live.wake_marks (room) values ('missed accounts');

create function live.mark_missed_accounts() returns int
language plpgsql set search_path = '' as $$
declare
  marked int;
begin
  if not live.take_mark('missed accounts', interval '30 seconds') then
    return 0;
  end if;
  insert into live.gone_accounts (user_id) select m.user_id from live.missed_accounts() m on conflict do nothing;
  get diagnostics marked = row_count;
  return marked;
end;
$$;
comment on function live.mark_missed_accounts() is 'Marks what the trigger has missed, twice a minute; how many.';

-- ── erase_account ──────────────────────────────────────────────────────────────────────────────────────────────
create function public.erase_account(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  record public.erasures;
begin
  perform live.require_ops_or_service();
  if not live.is_or_was_account(erase_account.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such account, and there was none.');
  end if;
  delete from auth.users u where u.id = erase_account.user_id;
  insert into live.gone_accounts as g (user_id) values (erase_account.user_id) on conflict do nothing;
  perform from live.gone_accounts g where g.user_id = erase_account.user_id for update;
  perform live.end_account(erase_account.user_id, auth.uid(), 'erase_account');
  select * into record from public.erasures e where e.user_id = erase_account.user_id;
  return to_jsonb(record);
end;
$$;
comment on function public.erase_account(uuid) is
  'Ops delete an account and end everything of it at once: its row of erasures. For one that is deleted already, the record '
  'of that. Undelivered tickets are paid back by the next sweep.';
grant execute on function public.erase_account(uuid) to authenticated, service_role;

-- ── delete_my_account ──────────────────────────────────────────────────────────────────────────────────────────
create function public.delete_my_account() returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  -- Not require_account: a suspended account may leave as well, and a repeated request finds it gone already.
  delete from auth.users u where u.id = me;
  insert into live.gone_accounts as g (user_id) values (me) on conflict do nothing;
  perform from live.gone_accounts g where g.user_id = me for update;
  perform live.end_account(me, null, 'delete_my_account');
  return jsonb_build_object('deleted', true);
end;
$$;
comment on function public.delete_my_account() is
  'The caller deletes their own account, for good, and everything of it ends at once: {deleted}. The access token is refused from then on. '
  'Undelivered tickets are paid back by the next sweep.';
grant execute on function public.delete_my_account() to authenticated;

-- ── orphan rooms ───────────────────────────────────────────────────────────────────────────────────────────────
create table live.orphan_rooms (
  room text primary key,
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz
);
comment on table live.orphan_rooms is
  'Rooms of LiveKit''s that have a name of ours and belong to no session and no call: left by a row that was deleted, or '
  'by a database that was restored.';
comment on column live.orphan_rooms.room is 'LiveKit room.';
comment on column live.orphan_rooms.first_seen_at is 'Since when it is listed.';
comment on column live.orphan_rooms.last_seen_at is 'When it was listed last.';
comment on column live.orphan_rooms.closed_at is 'When it was last ordered to be closed.';
alter table live.orphan_rooms enable row level security;

create function live.orphan_rooms(p_rooms text[]) returns jsonb
language plpgsql set search_path = '' as $$
declare
  known int;
  closing text[] := '{}';
begin
  if p_rooms is null then
    return '{}';
  end if;
  insert into live.orphan_rooms as o (room)
  select r.room from unnest(p_rooms) as r (room)
   where r.room ~ '^(live|call)_[0-9a-f]{32}$'
     and not exists (select from public.live_sessions s where s.livekit_room = r.room)
     and not exists (select from public.calls c where c.livekit_room = r.room)
  on conflict (room) do update set last_seen_at = clock_timestamp();
  -- Gone, or known after all. One that was closed is remembered for its minute, which it counts in.
  delete from live.orphan_rooms o
   where o.last_seen_at < statement_timestamp() and coalesce(o.closed_at, '-infinity') < clock_timestamp() - interval '1 minute';
  select count(*) into known from live.orphan_rooms o where o.last_seen_at >= statement_timestamp();
  if known <= live.limit_of('orphan_rooms_at_once') then
    with due as (
      select o.room from live.orphan_rooms o
       where o.last_seen_at >= statement_timestamp()
         and o.first_seen_at < clock_timestamp() - interval '1.5 seconds'  -- seen at two looks
         and coalesce(o.closed_at, '-infinity') < clock_timestamp() - interval '10 seconds'
       order by o.first_seen_at, o.room
       limit greatest(0, live.limit_of('orphan_rooms_per_minute')::int - (
         select count(*) from live.orphan_rooms c where c.closed_at > clock_timestamp() - interval '1 minute'))
    ), closed as (
      update live.orphan_rooms o set closed_at = clock_timestamp() from due where o.room = due.room returning o.room)
    select coalesce(array_agg(c.room), '{}') into closing from closed c;
  end if;
  return jsonb_build_object('orphan_rooms', known, 'close_rooms', to_jsonb(closing));
end;
$$;
comment on function live.orphan_rooms(text[]) is
  'Looks for rooms with a name of ours that the database does not know: {"orphan_rooms": how many, "close_rooms": which to '
  'close now}. One is closed at its second look; limits.orphan_rooms_per_minute in a minute at most; and none while there are '
  'more than limits.orphan_rooms_at_once: then it is the database that has lost its memory, and not the rooms their sessions.';

-- schemas/52_personal_data.sql
-- Owns: what each table says of people, how long it is kept and why: one list. The export, the record of erasures, the
-- sweep of old rows and their audit read it. A table without a line fails the catalog's test.

create table live.personal_data (
  table_name text primary key,
  whose text[] not null default '{}',
  others text[] not null default '{}',
  shown text[] not null default '{}',
  exported_when text not null default 'true',
  setting text,
  age text,
  kept_while text not null default 'false',
  why text not null check (length(why) >= 20),
  forgotten_up_to timestamptz not null default '-infinity',
  looked_at timestamptz not null default '-infinity',
  rests_until timestamptz not null default '-infinity',
  fault text,
  check ((setting is null) = (age is null))
);
comment on table live.personal_data is 'What each table says of people, how long it is kept, and why.';
comment on column live.personal_data.table_name is 'Qualified name of the table.';
comment on column live.personal_data.whose is 'Columns with the id of whose row it is: such rows are in that person''s export. Empty: not exported; why says the reason.';
comment on column live.personal_data.others is 'Columns with an id of somebody else: left out of exports.';
comment on column live.personal_data.shown is 'Columns with an id of somebody else that the person themself named: in their export.';
comment on column live.personal_data.exported_when is 'Condition (alias t) for a row to be exported.';
comment on column live.personal_data.setting is 'Setting that says for how many days rows are kept; null when no clock deletes them.';
comment on column live.personal_data.age is
  'Expression (alias t) with an index: from when on a row is of no use but as a record. Null or in the future while it is.';
comment on column live.personal_data.kept_while is 'Condition (alias t) under which a row is kept whatever its age.';
comment on column live.personal_data.why is 'Why it is held, and why for so long.';
comment on column live.personal_data.forgotten_up_to is 'Rows older than this may be deleted already: audits do not look before it.';
comment on column live.personal_data.looked_at is 'When retention last looked for old rows here: it goes on with the table that it has not seen for longest.';
comment on column live.personal_data.rests_until is 'Retention leaves the table alone until then: the longer it took, the longer it rests.';
comment on column live.personal_data.fault is 'Why the last try to delete old rows failed; null when it went well.';
alter table live.personal_data enable row level security;

insert into public.app_settings (key, value, description) values
  ('retention.chat_days', '180', 'For how many days chat messages are kept.'),
  ('retention.events_days', '180', 'For how many days the events of ended sessions are kept.'),
  ('retention.visits_days', '365', 'For how many days it is kept who was in which room, and what they published.'),
  ('retention.audio_days', '90', 'For how many days the minutes of measured sound are kept.'),
  ('retention.incidents_days', '365', 'For how many days incidents of audio rules are kept.'),
  ('retention.actions_days', '1095', 'For how many days moderation actions, closed cases and bans that are over are kept.'),
  ('retention.calls_days', '365', 'For how many days ended calls are kept.'),
  ('retention.webhooks_days', '7', 'For how many days webhooks of LiveKit''s are kept.'),
  ('retention.push_days', '60', 'For how many days pushes are kept, and devices that the app has not registered again.');

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('live.push_audiences', '{}', '{after_user}', 'true', null, null, 'false',
   'How far the followers of a creator who went live have been told: deleted when all are. Not exported: it is gone within minutes.'),
  ('public.live_messages', '{user_id}', '{deleted_by}', 'true', 'retention.chat_days', 't.created_at',
   'exists (select from public.moderation_cases k where k.resolved_at is null and (k.message_id = t.id or (k.session_id = t.session_id and k.user_id = t.user_id)))',
   'Chat, and evidence of what was said; what an open case needs is held.'),
  ('public.live_events', '{}', '{}', 'true', 'retention.events_days', 't.created_at',
   'exists (select from public.live_sessions s where s.id = t.session_id and s.status <> ''ended'')',
   'What rooms were told, so that clients catch up. Not exported: it repeats visits, gifts and actions, which are.'),
  ('public.live_visits', '{user_id}', '{}', 'true', 'retention.visits_days', 't.left_at',
   'exists (select from public.live_sessions s where s.id = t.session_id and s.status <> ''ended'')',
   'Who was where and when: watch time, refunds, and who could have done what.'),
  ('public.live_media', '{user_id}', '{}', 'true', 'retention.visits_days', 't.ended_at',
   'exists (select from public.live_sessions s where s.id = t.session_id and s.status <> ''ended'')',
   'What was published and when, never its content: it decides whether a ticket was earned.'),
  ('public.live_participants', '{user_id}', '{invited_by}', 'true', 'retention.visits_days',
   'coalesce(t.left_at, t.last_joined_at, t.created_at)',
   't.is_online or exists (select from public.live_sessions s where s.id = t.session_id and (s.status <> ''ended'' or s.creator_id = t.user_id))',
   'Place and rights of a person in a session. The host''s belongs to the session''s figures and stays.'),
  ('public.live_audio_stats', '{user_id}', '{}', 'true', 'retention.audio_days', 't.minute',
   'exists (select from public.moderation_cases k where k.resolved_at is null and k.session_id = t.session_id and k.user_id = t.user_id)',
   'Levels of sound a minute, no sound itself: help for moderators; what an open case needs is held.'),
  ('public.moderation_incidents', '{user_id}', '{}', 'true', 'retention.incidents_days', 't.created_at',
   'exists (select from public.moderation_cases k where k.resolved_at is null and k.session_id = t.session_id and k.user_id = t.user_id)',
   'Which audio rule was broken, as evidence for an appeal; what an open case needs is held.'),
  ('public.moderation_actions', '{target_user_id,requested_by}', '{}', 'true', 'retention.actions_days',
   't.created_at',
   't.status in (''pending'', ''claimed'') or exists (select from public.moderation_cases k where k.resolved_at is null and k.session_id = t.session_id and k.user_id = t.target_user_id)',
   'Who acted against whom: evidence for claims of either side, and what an open case needs is held.'),
  ('public.moderation_cases', '{user_id}', '{claimed_by,resolved_by}', 't.resolved_at is not null', 'retention.actions_days', 't.resolved_at',
   'exists (select from public.evidence_clips e where e.case_id = t.id and e.deleted_at is null)',
   'Evidence of how a complaint was decided. An open case is not exported: it would warn who is looked into.'),
  ('public.live_bans', '{user_id}', '{creator_id,created_by,lifted_by}', 'true', 'retention.actions_days',
   'coalesce(t.lifted_at, t.expires_at)', 'false',
   'Keeps out who was banned, and is evidence of it; a ban in force is never deleted.'),
  ('public.calls', '{caller_id,callee_id}', '{video_wanted_by}', 'true', 'retention.calls_days', 't.ended_at',
   'exists (select from public.moderation_actions a where a.call_id = t.id) or exists (select from public.live_visits v where v.call_id = t.id) or exists (select from public.moderation_cases k where k.call_id = t.id)',
   'Who called whom and when, never what was said. Kept as long as visits, actions or cases of it.'),
  ('public.livekit_webhook_events', '{}', '{}', 'true', 'retention.webhooks_days', 't.received_at', 'false',
   'Repeats are known by it, and incidents are looked into. Not exported: visits and media say the same.'),
  ('public.push_devices', '{user_id}', '{}', 'true', 'retention.push_days', 't.seen_at', 'false',
   'Where a person can be reached by push: until they sign out there or their account is deleted.'),
  ('public.push_outbox', '{user_id}', '{}', 'true', 'retention.push_days', 't.created_at', 't.status = ''pending''',
   'What was pushed, and what became of it: ids and times, never a text of anybody''s.'),
  ('public.coin_ledger', '{user_id}', '{created_by}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.coin_wallets', '{user_id}', '{}', 'true', null, null, 'false', 'Money: the balance that the books add up to.'),
  ('public.creator_earnings', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.creator_earned_hours', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.creator_open_earnings', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.creator_payouts', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: what was paid out, which the law asks to keep.'),
  ('public.creator_debts', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: what is owed after a refund.'),
  ('public.live_gifts', '{sender_id}', '{}', 'true', null, null, 'false', 'Money: what the books'' rows of gifts belong to.'),
  ('public.live_tickets', '{user_id}', '{}', 'true', null, null, 'false', 'Money: what the books'' rows of tickets belong to.'),
  ('public.live_sessions', '{creator_id}', '{}', 'true', null, null, 'false', 'Figures of sessions, which other people took part in too, and which money belongs to.'),
  ('public.user_blocks', '{user_id}', '{}', 'true', null, null, 'false', 'Whom a person wants to have nothing to do with: until they lift it or their account is deleted.'),
  ('public.call_preferences', '{user_id}', '{}', 'true', null, null, 'false', 'Who may call a person: until their account is deleted.'),
  ('public.call_engagements', '{user_id}', '{}', 'true', null, null, 'false', 'Which call a person is in: deleted when it ends.'),
  ('public.live_level_watches', '{user_id}', '{}', 'true', null, null, 'false', 'Who watches levels just now: deleted by the sweep seconds after it expires.'),
  ('public.live_ops', '{user_id}', '{}', 'true', null, null, 'false', 'Who belongs to the ops team: until they leave it or their account is deleted.'),
  ('public.erasures', '{}', '{user_id,requested_by}', 'true', null, null, 'false', 'Proof of each erasure. Not exported: there is no account left to ask for it.'),
  ('live.gone_accounts', '{}', '{user_id}', 'true', null, null, 'false', 'Bare ids of deleted accounts, kept as long as tombstones. Not exported: there is no account left to ask.'),
  ('public.app_settings', '{}', '{updated_by}', 'true', null, null, 'false', 'Settings and who of ops changed one last, as the operator''s audit. Not exported: it says nothing of a user.'),
  ('public.app_setting_changes', '{}', '{requested_by}', 'true', null, null, 'false', 'The operator''s audit of settings. Not exported: it says nothing of a user.'),
  ('live.spending', '{}', '{user_id}', 'true', null, null, 'false', 'Uses within a minute, for limits: deleted after ten minutes. Not exported: it is gone before it is read.'),
  ('live.gift_runs', '{}', '{sender_id}', 'true', null, null, 'false', 'Gifts of a running combo, told in one: deleted within seconds. Not exported: the gifts themselves are.');
update live.personal_data d set shown = '{blocked_id}' where d.table_name = 'public.user_blocks';
insert into live.personal_data (table_name, why)
select n, 'Holds nothing about a person: names of things, rooms, workers and states.'
  from unnest(array['live.api_paths', 'live.app_pre_request', 'live.orphan_rooms', 'live.presence_steps', 'live.rule_circuits',
                    'live.push_kinds', 'live.reminders', 'live.ingresses', 'live.session_hints', 'live.held_hints', 'live.hint_budget', 'live.schema_objects', 'live.sweeps', 'live.wake_marks', 'live.personal_data', 'public.agent_rooms', 'public.agent_workers',
                    'public.call_transitions', 'public.gift_catalog', 'public.live_actions', 'public.live_roles',
                    'public.live_session_transitions', 'public.relay_keys']) as n;

-- ── retention ──────────────────────────────────────────────────────────────────────────────────────────────────
create function live.retention_of(p_table text) returns interval
language plpgsql stable set search_path = '' as $$
begin
  return (select make_interval(days => (live.setting(d.setting))::int) from live.personal_data d where d.table_name = p_table);
end;
$$;
comment on function live.retention_of(text) is 'How long rows of a table are kept; null when no clock deletes them.';

create function live.forget_rows(p_table text, p_most int) returns int
language plpgsql set search_path = '' as $$
declare
  line live.personal_data;
  up_to constant timestamptz := clock_timestamp() - live.retention_of(p_table);
  forgotten int;
begin
  select * into line from live.personal_data d where d.table_name = p_table;
  if up_to is null then
    return 0;
  end if;
  execute format('delete from %1$s t where t.ctid = any (array(select t.ctid from %1$s t where (%2$s) < $1 and not (%3$s) '
                 'limit $2 for update skip locked))',
                 p_table, line.age, line.kept_while) using up_to, p_most;
  get diagnostics forgotten = row_count;
  if forgotten > 0 then
    update live.personal_data d set forgotten_up_to = greatest(d.forgotten_up_to, up_to) where d.table_name = p_table;
  end if;
  return forgotten;
end;
$$;
comment on function live.forget_rows(text, int) is 'Deletes at most so many rows of a table that are older than its retention; how many.';

insert into live.wake_marks (room) values ('retention');

create function live.try_to_forget_rows(p_table text, p_most int) returns int
language plpgsql set search_path = '' set lock_timeout = '200ms' as $$
declare
  started constant timestamptz := clock_timestamp();
  forgotten int := 0;
  failure text;
begin
  begin
    forgotten := live.forget_rows(p_table, p_most);
  -- "others" leaves out the statement's time-out, which counts from the start of the sweep and comes once.
  exception when query_canceled or others then
    failure := sqlerrm;
  end;
  update live.personal_data d
     set looked_at = clock_timestamp(), fault = failure,
         rests_until = clock_timestamp() + 500 * (clock_timestamp() - started)
   where d.table_name = p_table;
  return forgotten;
end;
$$;
comment on function live.try_to_forget_rows(text, int) is
  'forget_rows for a sweep: what fails or is cut off by a time-out is undone alone and noted, and the table rests 500 times as '
  'long as it took. How many rows; 0 after a failure. The caller holds the table''s line.';

create function live.forget_old_rows() returns int
language plpgsql set search_path = '' as $$
declare
  until constant timestamptz := clock_timestamp() + interval '300 milliseconds';
  forgotten int := 0;
  name text;
begin
  if not live.take_mark('retention', interval '1 minute') then
    return 0;
  end if;
  -- The sweep holds sessions and wallets meanwhile, so the time is short, and a line in other hands is left to them.
  for name in
    select d.table_name from live.personal_data d
     where d.setting is not null and d.rests_until <= clock_timestamp()
     order by d.looked_at, d.table_name in ('public.calls', 'public.moderation_cases'), d.table_name
       for update skip locked
  loop
    forgotten := forgotten + live.try_to_forget_rows(name, 2000);
    exit when clock_timestamp() > until;
  end loop;
  return forgotten;
end;
$$;
comment on function live.forget_old_rows() is 
  'Deletes what is older than its retention, once a minute, at most 2000 rows a table; how many. It begins no further table '
  'after 300 ms, and goes on there a minute later. No failure of it is one of the sweep.';

create function live.retention_faults() returns table (table_name text, oldest timestamptz, allowed timestamptz)
language plpgsql stable set search_path = '' as $$
declare
  line record;
begin
  for line in select d.* from live.personal_data d where d.setting is not null order by d.table_name loop
    allowed := clock_timestamp() - live.retention_of(line.table_name) - interval '1 day';
    execute format('select min(%2$s) from %1$s t where (%2$s) < $1 and not (%3$s)',
                   line.table_name, line.age, line.kept_while) into oldest using allowed;
    table_name := line.table_name;
    if oldest is not null then
      return next;
    end if;
  end loop;
end;
$$;
comment on function live.retention_faults() is 'Tables with rows that are a day older than their retention allows: {table_name, oldest, allowed}.';

create function live.audited_since(p_table text) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return (select d.forgotten_up_to from live.personal_data d where d.table_name = p_table);
end;
$$;
comment on function live.audited_since(text) is 'Since when all rows of a table must be there: older ones may have been deleted by retention.';

-- schemas/53_evidence.sql
-- Owns: sound that is kept as evidence: for whom a worker may keep the last seconds in memory, what becomes a clip and why,
-- who looked at it, and how long it is held. Nobody's sound is kept without a cause, and none of calls ever: a clip belongs
-- to a session, and is refused without an incident or an order that is written here. The files are in the private bucket
-- `evidence` of Supabase's Storage; nobody but server code reaches them, and people of ops by links of a minute.

insert into public.app_settings (key, value, description) values
  ('evidence.seconds', '30', 'How much of the last sound of a person with a cause a worker keeps in memory; 0: no sound is kept of anybody.'),
  ('evidence.after_seconds', '10', 'How much of what follows belongs to a clip.'),
  ('evidence.link_seconds', '60', 'For how long a link to a clip is good.'),
  ('evidence.unreviewed_days', '7', 'For how many days a clip is held that nobody has judged.'),
  ('evidence.violation_days', '90', 'For how many days after its case was a violation a clip is held.');
update public.app_settings set value = value || '{"reports_for_evidence": 2, "evidence_links_per_minute": 30}' where key = 'limits';

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('evidence', 'evidence', false, 2097152, '{audio/ogg,image/jpeg}')
on conflict (id) do nothing;

alter table public.moderation_cases add column sound_kept_since timestamptz;
comment on column public.moderation_cases.sound_kept_since is
  'Since when this case is a cause to keep the person''s last seconds of sound: a rule asked for a human, two credible reports, or ops; null: it is none.';
alter table public.moderation_cases add column changed_xid xid8 not null default pg_current_xact_id();
comment on column public.moderation_cases.changed_xid is 'Transaction of the last change that an agent must know of.';
create index moderation_cases_changed on public.moderation_cases (changed_xid);
create index moderation_cases_of_session on public.moderation_cases (session_id) where session_id is not null;

create table live.evidence_orders (
  id uuid primary key,
  case_id uuid not null references public.moderation_cases (id) on delete cascade,
  why text not null check (why in ('reports', 'ops', 'speech')),
  asked_by uuid,
  asked_at timestamptz not null default clock_timestamp()
);
comment on table live.evidence_orders is 'Clips that were asked for, by a second report or by ops; of incidents the worker takes them by itself.';
comment on column live.evidence_orders.id is 'Id of the clip that it becomes.';
comment on column live.evidence_orders.case_id is 'The case, and so the person and the session.';
comment on column live.evidence_orders.why is 'reports, ops or speech.';
comment on column live.evidence_orders.asked_by is 'Who of ops asked.';
comment on column live.evidence_orders.asked_at is 'When.';
create index evidence_orders_of_case on live.evidence_orders (case_id, asked_at);
create index evidence_orders_by_age on live.evidence_orders (asked_at);
alter table live.evidence_orders enable row level security;

create table public.evidence_clips (
  id uuid primary key,
  session_id uuid not null references public.live_sessions (id) on delete restrict,
  incident_id uuid references public.moderation_incidents (id) on delete set null,
  case_id uuid references public.moderation_cases (id) on delete set null,
  user_id uuid not null,
  why text not null check (why in ('incident', 'reports', 'ops', 'speech', 'picture')),
  kind text not null default 'sound' check (kind in ('sound', 'picture')),
  from_at timestamptz not null,
  to_at timestamptz not null,
  path text not null unique,
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  bytes int check (bytes > 0),
  created_at timestamptz not null default clock_timestamp(),
  stored_at timestamptz,
  retention_until timestamptz not null,
  legal_hold boolean not null default false,
  held_by uuid,
  delete_claimed_at timestamptz,
  deleted_at timestamptz,
  check (to_at >= from_at and to_at - from_at < interval '5 minutes'),
  check ((stored_at is null) or (sha256 is not null and bytes is not null))
);
comment on table public.evidence_clips is 'Sound that is kept as evidence: where, of whom, why, and until when. The row outlives the file.';
comment on column public.evidence_clips.id is 'Id of the clip.';
comment on column public.evidence_clips.session_id is 'Where it was heard. Never a call.';
comment on column public.evidence_clips.incident_id is 'The incident that it shows.';
comment on column public.evidence_clips.case_id is 'The case that it belongs to.';
comment on column public.evidence_clips.user_id is 'Who is heard. Kept when the account is deleted.';
comment on column public.evidence_clips.why is 'What made it a clip: incident, reports (a second credible one), ops, speech (words that met the lists) or picture.';
comment on column public.evidence_clips.kind is 'sound (Ogg/Opus), or picture: one frame of a camera (JPEG).';
comment on column public.evidence_clips.from_at is 'Start of the sound.';
comment on column public.evidence_clips.to_at is 'End of the sound.';
comment on column public.evidence_clips.path is 'The file in the bucket evidence.';
comment on column public.evidence_clips.sha256 is 'Hash of the file, as the worker made it.';
comment on column public.evidence_clips.bytes is 'Size of the file.';
comment on column public.evidence_clips.created_at is 'When it was written here.';
comment on column public.evidence_clips.stored_at is 'Since when the file is there and can be listened to.';
comment on column public.evidence_clips.retention_until is 'When the file is deleted, unless something holds it.';
comment on column public.evidence_clips.legal_hold is 'Whether ops hold it, whatever its retention says.';
comment on column public.evidence_clips.held_by is 'Who of ops holds it.';
comment on column public.evidence_clips.delete_claimed_at is 'When a worker last set out to delete the file.';
comment on column public.evidence_clips.deleted_at is 'When the file was deleted.';
create index evidence_clips_of_case on public.evidence_clips (case_id) where case_id is not null;
create index evidence_clips_of_incident on public.evidence_clips (incident_id) where incident_id is not null;
create index evidence_clips_of_person on public.evidence_clips (user_id, created_at desc);
create index evidence_clips_of_session on public.evidence_clips (session_id, created_at desc);
create index evidence_clips_to_delete on public.evidence_clips (retention_until) where deleted_at is null;
create index evidence_clips_by_age on public.evidence_clips (deleted_at) where deleted_at is not null;
alter table public.evidence_clips enable row level security;
grant select on public.evidence_clips to authenticated, service_role;
create policy "ops see clips, but not of themselves" on public.evidence_clips for select to authenticated
  using ((select live.am_ops()) and user_id <> (select auth.uid()));

create table public.evidence_access (
  id uuid primary key default gen_random_uuid(),
  clip_id uuid not null references public.evidence_clips (id) on delete cascade,
  user_id uuid not null,
  act text not null check (act in ('opened', 'held', 'released')),
  reason text not null check (char_length(reason) between 3 and 500),
  at timestamptz not null default clock_timestamp()
);
comment on table public.evidence_access is 'Who of ops listened to a clip, held it or let it go, when and why. Append-only.';
comment on column public.evidence_access.id is 'Id.';
comment on column public.evidence_access.clip_id is 'The clip.';
comment on column public.evidence_access.user_id is 'Who.';
comment on column public.evidence_access.act is 'opened (a link was made), held or released.';
comment on column public.evidence_access.reason is 'Why, in their words.';
comment on column public.evidence_access.at is 'When.';
create index evidence_access_of_clip on public.evidence_access (clip_id, at);
create index evidence_access_by_age on public.evidence_access (at);
alter table public.evidence_access enable row level security;
grant select on public.evidence_access to authenticated, service_role;
create policy "ops see who looked at clips that they see" on public.evidence_access for select to authenticated
  using ((select live.am_ops()) and exists (select from public.evidence_clips c where c.id = clip_id));

create function live.access_is_append_only() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Retention may delete what is about a file that is gone, and nothing else.
  if tg_op = 'UPDATE' or exists (select from public.evidence_clips c where c.id = old.clip_id and c.deleted_at is null) then
    perform live.refuse(403, 'append_only', 'The record of who looked at a clip is append-only: it is neither changed nor removed.');
  end if;
  return old;
end;
$$;
comment on function live.access_is_append_only() is 'Trigger: who looked at a clip is neither changed nor removed while there is a clip.';
create trigger evidence_access_append_only before update or delete on public.evidence_access
  for each row execute function live.access_is_append_only();

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('live.evidence_orders', '{}', '{asked_by}', 'true', 'retention.incidents_days', 't.asked_at', 'false',
   'Which clips were asked for, and by which operator. Not exported: the clips themselves are.'),
  ('public.evidence_clips', '{user_id}', '{held_by}',
   'not exists (select from public.moderation_cases k where k.id = t.case_id and k.resolved_at is null)',
   'retention.actions_days', 't.deleted_at', 't.deleted_at is null',
   'That sound was kept, of whom and why. The file is deleted by evidence.unreviewed_days or evidence.violation_days; what an appeal or a legal hold needs is held.'),
  ('public.evidence_access', '{}', '{user_id}', 'true', 'retention.actions_days', 't.at',
   'exists (select from public.evidence_clips c where c.id = t.clip_id and c.deleted_at is null)',
   'Who of ops listened to whose sound and why: the operator''s audit. Not exported: it says what operators did.');

-- ── for whom sound is kept ───────────────────────────────────────────────────────────────────────────────────────
create function live.note_case_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.changed_xid := pg_current_xact_id();
  return new;
end;
$$;
comment on function live.note_case_change() is 'Trigger: an agent must know that a case has become a cause to keep sound, or is none any more.';
create trigger note_case_change before update on public.moderation_cases
  for each row when ((old.sound_kept_since, old.resolved_at) is distinct from (new.sound_kept_since, new.resolved_at))
  execute function live.note_case_change();

create function live.wake_for_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(live.room_of(new.session_id, null));
  return null;
end;
$$;
comment on function live.wake_for_case() is 'Trigger: wakes the agent of the room for which a case is, or was, a cause to keep sound.';
create trigger wake_for_case after update on public.moderation_cases
  for each row when (old.changed_xid <> new.changed_xid and new.session_id is not null) execute function live.wake_for_case();

create function live.keep_sound(p_case uuid, p_why text default null, p_by uuid default null) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  item public.moderation_cases;
  ordered constant uuid := case when p_why is not null then gen_random_uuid() end;
begin
  select * into item from public.moderation_cases c
   where c.id = p_case and c.resolved_at is null and c.session_id is not null and c.user_id is not null for update;
  if item.id is null then
    return null;
  end if;
  if ordered is not null then
    insert into live.evidence_orders (id, case_id, why, asked_by) values (ordered, item.id, p_why, p_by);
  end if;
  update public.moderation_cases c
     set sound_kept_since = coalesce(c.sound_kept_since, clock_timestamp()), changed_xid = pg_current_xact_id() where c.id = item.id;
  return ordered;
end;
$$;
comment on function live.keep_sound(uuid, text, uuid) is
  'From now on the case is a cause to keep the person''s sound; with p_why (reports, ops) a clip is asked for too, whose id is returned. Only of sessions.';

create function live.evidence_of(p_session uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'seconds', live.setting('evidence.seconds'), 'after_seconds', live.setting('evidence.after_seconds'),
    'kept', (select coalesce(jsonb_agg(c.user_id order by c.user_id), '[]') from public.moderation_cases c
              where c.session_id = p_session and c.resolved_at is null and c.sound_kept_since is not null),
    'orders', (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'user_id', c.user_id) order by o.asked_at), '[]')
                 from live.evidence_orders o join public.moderation_cases c on c.id = o.case_id
                where c.session_id = p_session and o.asked_at > clock_timestamp() - interval '30 seconds'
                  and not exists (select from public.evidence_clips e where e.id = o.id)));
end;
$$;
comment on function live.evidence_of(uuid) is
  'EVIDENCE: of whom in a session sound is kept by a case, and which clips are asked for: {seconds, after_seconds, kept: [user_id], orders: [{id, user_id}]}.';

create function public.keep_evidence(session_id uuid, user_id uuid, reason text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  about uuid;
  clip uuid;
begin
  if keep_evidence.user_id = me then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  elsif not exists (select from public.live_sessions s where s.id = keep_evidence.session_id and s.status = 'live') then
    perform live.refuse(409, 'session_not_live', 'Sound is kept of sessions that are live.');
  elsif not live.was_there(keep_evidence.user_id, keep_evidence.session_id, null) then
    perform live.refuse(404, 'not_a_participant', 'This person was not there.');
  elsif btrim(keep_evidence.reason) = '' or live.text_fault(keep_evidence.reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 500 characters at most.');
  elsif (live.setting('evidence.seconds'))::int = 0 then
    perform live.refuse(409, 'evidence_off', 'No sound is kept: evidence.seconds is 0.');
  end if;
  perform live.spend(me, 'evidence_links_per_minute');
  about := live.open_case(keep_evidence.session_id, null, keep_evidence.user_id, 'info', 'ops');
  clip := live.keep_sound(about, 'ops', me);
  insert into public.case_notes (case_id, author_id, body)
  select about, me, 'Sound kept: ' || btrim(keep_evidence.reason) where keep_evidence.reason is not null;
  return jsonb_build_object('case_id', about, 'clip_id', clip);
end;
$$;
comment on function public.keep_evidence(uuid, uuid, text) is
  'Ops have a clip made of what a person in a live session has just said and what follows: {case_id, clip_id}. Opens their case; the reason is a private note.';
grant execute on function public.keep_evidence(uuid, uuid, text) to authenticated;

-- ── what workers write ───────────────────────────────────────────────────────────────────────────────────────────
create function live.clip_cause(p_session uuid, p_row jsonb) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case
    when exists (select from public.moderation_incidents i
                  where i.id = (p_row ->> 'incident_id')::uuid and i.session_id = p_session
                    and i.user_id = (p_row ->> 'user_id')::uuid and i.severity in ('warning', 'critical')) then 'incident'
    else (select o.why from live.evidence_orders o join public.moderation_cases c on c.id = o.case_id
           where o.id = (p_row ->> 'id')::uuid and c.session_id = p_session and c.user_id = (p_row ->> 'user_id')::uuid) end;
end;
$$;
comment on function live.clip_cause(uuid, jsonb) is 'Why a clip may be kept: incident, reports or ops; null: it may not.';

create function public.agent_evidence(p_worker text, p_row jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant uuid := (select s.id from public.live_sessions s where s.livekit_room = p_row ->> 'room');
  cause constant text := live.clip_cause(session, p_row);
  item public.evidence_clips;
begin
  if p_worker is null or session is null or cause is null then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  end if;
  insert into public.evidence_clips (id, session_id, incident_id, case_id, user_id, why, from_at, to_at, path, retention_until)
  values ((p_row ->> 'id')::uuid, session, case when cause = 'incident' then (p_row ->> 'incident_id')::uuid end,
          coalesce(live.open_case_of(session, null, (p_row ->> 'user_id')::uuid),
                   (select o.case_id from live.evidence_orders o where o.id = (p_row ->> 'id')::uuid),
                   (select i.case_id from public.moderation_incidents i where i.id = (p_row ->> 'incident_id')::uuid)),
          (p_row ->> 'user_id')::uuid, cause, (p_row ->> 'from_at')::timestamptz, (p_row ->> 'to_at')::timestamptz,
          session || '/' || (p_row ->> 'id') || '.ogg',
          clock_timestamp() + make_interval(days => (live.setting('evidence.unreviewed_days'))::int))
  on conflict (id) do nothing;
  select * into item from public.evidence_clips c where c.id = (p_row ->> 'id')::uuid;
  return jsonb_build_object('ok', true, 'path', item.path);
end;
$$;
comment on function public.agent_evidence(text, jsonb) is
  'A worker is about to store a clip: {"room", "id", "user_id", "incident_id" or null, "from_at", "to_at"} -> {"ok", "path"?, "error"?: no_cause}. '
  'Refused without an incident of warning or above, or an order, of this person in this session. The same id again is the same clip.';
grant execute on function public.agent_evidence(text, jsonb) to service_role;

create function public.agent_evidence_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  about uuid;
begin
  update public.evidence_clips c set stored_at = clock_timestamp(), sha256 = p_sha256, bytes = p_bytes
   where c.id = p_id and c.stored_at is null and c.deleted_at is null and p_worker is not null
  returning c.case_id into about;
  if about is not null then
    perform realtime.send(jsonb_build_object('id', k.id, 'severity', k.severity, 'state', live.case_state(k)), 'changed', 'live:cases', true)
       from public.moderation_cases k where k.id = about;
  end if;
  return jsonb_build_object('ok', exists (select from public.evidence_clips c where c.id = p_id and c.sha256 = p_sha256 and c.deleted_at is null));
end;
$$;
comment on function public.agent_evidence_stored(text, uuid, text, int) is
  'The file of a clip is there: {"ok"}; not ok when it was deleted meanwhile or is another file, which must be deleted then. Rings live:cases.';
grant execute on function public.agent_evidence_stored(text, uuid, text, int) to service_role;

-- ── who listens ──────────────────────────────────────────────────────────────────────────────────────────────────
create function live.clip_to_see(p_user uuid, p_clip uuid) returns public.evidence_clips
language plpgsql stable set search_path = '' as $$
declare
  item public.evidence_clips;
begin
  if p_user is null or not live.is_ops(p_user) then
    perform live.refuse_others_than_ops();
  end if;
  select * into item from public.evidence_clips c where c.id = p_clip;
  if item.id is null then
    perform live.refuse(404, 'unknown_clip', 'There is no such clip.');
  elsif item.user_id = p_user then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  elsif item.deleted_at is not null then
    perform live.refuse(410, 'clip_deleted', 'This clip has been deleted: its time was over.');
  end if;
  return item;
end;
$$;
comment on function live.clip_to_see(uuid, uuid) is 'A clip for an operator; refuses one''s own, and one that is deleted.';

create function live.note_access(p_clip uuid, p_user uuid, p_act text, p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_reason is null or char_length(btrim(p_reason)) < 3 or live.text_fault(p_reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 3 to 500 characters.');
  end if;
  insert into public.evidence_access (clip_id, user_id, act, reason) values (p_clip, p_user, p_act, btrim(p_reason));
end;
$$;
comment on function live.note_access(uuid, uuid, text, text) is 'Writes who did what with a clip, and why.';

create function public.evidence_open(p_user uuid, p_clip uuid, p_reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.evidence_clips := live.clip_to_see(p_user, p_clip);
begin
  if item.stored_at is null then
    perform live.refuse(409, 'clip_not_ready', 'This clip is still being stored. Try again in a moment.');
  end if;
  perform live.spend(p_user, 'evidence_links_per_minute');
  perform live.note_access(item.id, p_user, 'opened', p_reason);
  return jsonb_build_object('path', item.path, 'sha256', item.sha256, 'seconds', live.setting('evidence.link_seconds'));
end;
$$;
comment on function public.evidence_open(uuid, uuid, text) is
  'For evidence-open: writes that an operator listens, and where the file is: {path, sha256, seconds}. Refuses ops_only, own_case, unknown_clip, '
  'clip_deleted, clip_not_ready, bad_reason.';
grant execute on function public.evidence_open(uuid, uuid, text) to service_role;

create function public.hold_evidence(clip_id uuid, hold boolean, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item constant public.evidence_clips := live.clip_to_see(me, hold_evidence.clip_id);
begin
  if hold_evidence.hold is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to hold it, false to let it go.');
  end if;
  perform live.note_access(item.id, me, case when hold_evidence.hold then 'held' else 'released' end, hold_evidence.reason);
  update public.evidence_clips c set legal_hold = hold_evidence.hold, held_by = case when hold_evidence.hold then me end where c.id = item.id;
  return jsonb_build_object('clip_id', item.id, 'legal_hold', hold_evidence.hold);
end;
$$;
comment on function public.hold_evidence(uuid, boolean, text) is 'Ops hold a clip whatever its retention says, or let it go: {clip_id, legal_hold}.';
grant execute on function public.hold_evidence(uuid, boolean, text) to authenticated;

create function live.clips_json(p_case uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(to_jsonb(e) order by e.from_at), '[]')
            from (select c.*, (select coalesce(jsonb_agg(jsonb_build_object('user_id', a.user_id, 'act', a.act, 'reason', a.reason, 'at', a.at)
                                                         order by a.at), '[]')
                                 from public.evidence_access a where a.clip_id = c.id) as access
                    from public.evidence_clips c where c.case_id = p_case order by c.from_at limit 100) e);
end;
$$;
comment on function live.clips_json(uuid) is 'The clips of a case, each with who looked at it.';

-- ── how long ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.judge_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.evidence_clips c
     set retention_until = case new.decision when 'violation'
           then new.resolved_at + make_interval(days => (live.setting('evidence.violation_days'))::int) else new.resolved_at end
   where c.case_id = new.id and c.deleted_at is null;
  return null;
end;
$$;
comment on function live.judge_clips() is 'Trigger: what no violation was is deleted at once, the clips of a violation after evidence.violation_days.';
create trigger judge_clips after update of resolved_at on public.moderation_cases
  for each row when (old.resolved_at is null and new.resolved_at is not null) execute function live.judge_clips();

create function live.link_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.evidence_clips c set case_id = new.id
   where c.session_id = new.session_id and c.user_id = new.user_id and c.case_id is null and c.deleted_at is null;
  return null;
end;
$$;
comment on function live.link_clips() is 'Trigger: clips of a person that belong to no case yet belong to the one that is opened.';
create trigger link_clips after insert on public.moderation_cases
  for each row when (new.user_id is not null and new.session_id is not null) execute function live.link_clips();

create function live.clip_is_held(p_clip public.evidence_clips) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_clip.legal_hold or exists (
    select from public.moderation_appeals p join public.moderation_actions a on a.id = p.action_id
     where p.decided_at is null
       and (a.case_id = p_clip.case_id or a.id = (select i.action_id from public.moderation_incidents i where i.id = p_clip.incident_id)));
end;
$$;
comment on function live.clip_is_held(public.evidence_clips) is 'Whether a clip stays whatever its retention says: ops hold it, or an appeal that may rest on it is open.';

create function live.clips_over() returns setof public.evidence_clips
language plpgsql stable set search_path = '' as $$
begin
  return query
    select c.* from public.evidence_clips c
     where c.deleted_at is null and c.retention_until <= clock_timestamp() and not live.clip_is_held(c)
    union all
    -- A file that never came, or of which the worker did not learn that it had.
    select c.* from public.evidence_clips c
     where c.deleted_at is null and c.retention_until > clock_timestamp() and c.stored_at is null
       and c.created_at < clock_timestamp() - interval '1 hour';
end;
$$;
comment on function live.clips_over() is 'Clips whose files are to be deleted now.';

create function live.evidence_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from live.clips_over() c where coalesce(c.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute');
end;
$$;
comment on function live.evidence_due() is 'Whether files of clips are to be deleted now.';

create function public.evidence_to_delete(p_most int default 50) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  found jsonb;
begin
  with due as (
    select c.id from public.evidence_clips c
     where c.id in (select o.id from live.clips_over() o) and coalesce(c.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute'
     -- What nobody has tried yet comes first: files that Storage does not give up must not keep all younger ones waiting.
     order by c.delete_claimed_at nulls first, c.retention_until limit least(greatest(coalesce(p_most, 50), 1), 200) for update skip locked
  ), claimed as (
    update public.evidence_clips c set delete_claimed_at = clock_timestamp() from due where c.id = due.id returning c.id, c.path)
  select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'path', x.path)), '[]') into found from claimed x;
  return found;
end;
$$;
comment on function public.evidence_to_delete(int) is 'For workers: clips whose files are to be deleted, those not tried yet first, taken for a minute: [{id, path}].';
grant execute on function public.evidence_to_delete(int) to service_role;

create function public.evidence_deleted(p_ids uuid[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  deleted int;
begin
  -- Storage's own table is asked: what a worker says it did is not what was done.
  update public.evidence_clips c set deleted_at = clock_timestamp()
   where c.id = any (p_ids) and c.deleted_at is null and c.delete_claimed_at is not null
     and not exists (select from storage.objects o where o.bucket_id = 'evidence' and o.name = c.path);
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end;
$$;
comment on function public.evidence_deleted(uuid[]) is 'For workers: these files were deleted; those of which Storage knows nothing any more are written so: {deleted}.';
grant execute on function public.evidence_deleted(uuid[]) to service_role;

create function live.evidence_faults() returns table (book text, id text, expected text, found text)
language sql stable security definer set search_path = '' as $$
  select 'evidence_clips: past its time', c.id::text, 'deleted', 'there since ' || c.created_at
    from live.clips_over() c where c.retention_until < clock_timestamp() - interval '1 hour'
  union all
  select 'evidence_clips: file', c.id::text, c.path, 'none'
    from public.evidence_clips c
   where c.stored_at < clock_timestamp() - interval '1 minute' and c.deleted_at is null and c.delete_claimed_at is null
     and not exists (select from storage.objects o where o.bucket_id = 'evidence' and o.name = c.path)
  union all
  select 'bucket evidence: file of no clip', o.name, 'none', 'there since ' || o.created_at
    from storage.objects o
   where o.bucket_id = 'evidence' and o.created_at < clock_timestamp() - interval '2 hours'
     and not exists (select from public.evidence_clips c where c.path = o.name and c.deleted_at is null)
  union all
  select 'bucket evidence: public', b.id, 'private', 'public' from storage.buckets b where b.id = 'evidence' and b.public
$$;
comment on function live.evidence_faults() is 'Where clips, their time and the files in Storage disagree; part of live_faults.';

-- ── what people are told ─────────────────────────────────────────────────────────────────────────────────────────
create function public.evidence_notice() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  seconds constant int := (live.setting('evidence.seconds'))::int;
  days constant int := (live.setting('evidence.unreviewed_days'))::int;
  longest constant int := (live.setting('evidence.violation_days'))::int;
  speech constant boolean := (live.setting('speech.enabled'))::boolean;
  pictures constant boolean := (live.setting('pictures.enabled'))::boolean;
begin
  return jsonb_build_object('kept', seconds > 0, 'seconds', seconds, 'speech', speech, 'pictures', pictures,
    'text_en', case when seconds = 0 then 'No sound of this room is kept as evidence.' else format(
      'Sound of this room is not recorded for moderation. Of a speaker who broke a sound rule, or whom several people reported, up to %s seconds may be '
      'kept so that a person can judge. It is deleted after %s days if nobody has judged it, at once if it was no violation, and after %s days otherwise. '
      'Calls are never kept.', seconds + (live.setting('evidence.after_seconds'))::int, days, longest) end
      || case when speech then ' Words of such a speaker are searched for threats and insults by a program; what was said is not written down.' else '' end
      || case when pictures then ' A program looks at single frames of cameras; one that it takes for sexual is kept so that a person can judge.' else '' end,
    'text_tr', case when seconds = 0 then 'Bu odanın sesi kanıt olarak saklanmaz.' else format(
      'Bu odanın sesi denetim amacıyla kaydedilmez. Bir ses kuralını ihlal eden veya birden çok kişi tarafından bildirilen konuşmacının en fazla %s saniyelik '
      'sesi, bir kişinin değerlendirebilmesi için saklanabilir. Kimse değerlendirmezse %s gün sonra, ihlal yoksa hemen, ihlal varsa %s gün sonra silinir. '
      'Aramalar hiçbir zaman saklanmaz.', seconds + (live.setting('evidence.after_seconds'))::int, days, longest) end
      || case when speech then ' Böyle bir konuşmacının sözlerinde tehdit ve hakaret bir programla aranır; söylenenler yazıya geçirilip saklanmaz.' else '' end
      || case when pictures then ' Bir program kameralardan tek tek kareler inceler; cinsel içerik sandığı kare, bir kişinin değerlendirebilmesi için saklanır.' else '' end);
end;
$$;
comment on function public.evidence_notice() is 'What the app shows before somebody speaks: {kept, seconds, speech, pictures, text_en, text_tr}.';
grant execute on function public.evidence_notice() to authenticated;

-- schemas/54_audit.sql
-- Owns: the audit: who did what to whom, why, through which door, how long it took, and what undid it.

create view public.moderation_audit with (security_invoker = true) as
select a.n,
       a.created_at,
       a.id as action_id,
       a.session_id,
       a.call_id,
       a.action,
       a.params,
       a.target_user_id,
       target.username as target_username,
       a.requested_by,
       asker.username as requested_by_username,
       a.requested_via,
       a.requested_rank,
       a.reason,
       a.reason_code,
       a.dry_run,
       a.status,
       a.error_code,
       a.error,
       a.before,
       a.after,
       a.applied_at,
       a.enforce_ms,
       a.superseded_by,
       undone.id as undone_by,
       coalesce(undone.created_at, ban.lifted_at,
                case when ban.expires_at <= now() then ban.expires_at end,
                case when known.aspect <> 'ban' and a.status = 'applied' and ran_out.at <= now()
                     then ran_out.at end) as undone_at
  from public.moderation_actions a
  join public.live_actions known on known.action = a.action
  left join public.live_sessions place on place.id = a.session_id
  left join public.profiles target on target.id = a.target_user_id
  left join public.profiles asker on asker.id = a.requested_by
  left join public.live_bans ban on ban.action_id = a.id
  cross join lateral (
    select a.created_at + make_interval(secs => (a.params -> 'seconds')::double precision) as at) ran_out
  left join lateral (
    select b.id, b.created_at
      from public.moderation_actions b
      left join public.live_sessions elsewhere on elsewhere.id = b.session_id
     where b.n > a.n
       and not a.dry_run and not b.dry_run
       and b.target_user_id is not distinct from a.target_user_id
       and b.status not in ('failed', 'cancelled')
       -- A ban of wider scope can be lifted from any session that it reaches.
       and (known.aspect <> 'ban' or coalesce(a.params ->> 'scope', 'session') = coalesce(b.params ->> 'scope', 'session'))
       and (b.session_id = a.session_id
            or (known.aspect = 'ban'
                and (a.params ->> 'scope' = 'platform'
                     or (a.params ->> 'scope' = 'creator' and elsewhere.creator_id = place.creator_id))))
       and (ran_out.at is null or b.created_at < ran_out.at)
       and b.action = known.undone_by
     order by b.n limit 1) undone on true;
comment on view public.moderation_audit is
  'Every action with who, whom, why, the door, the time it took, and what undid it. Row-level security of the tables applies.';
comment on column public.moderation_audit.n is 'The order.';
comment on column public.moderation_audit.created_at is 'When it was asked.';
comment on column public.moderation_audit.action_id is 'The row of moderation_actions.';
comment on column public.moderation_audit.session_id is 'The session.';
comment on column public.moderation_audit.call_id is 'The call.';
comment on column public.moderation_audit.action is 'What.';
comment on column public.moderation_audit.params is 'Details.';
comment on column public.moderation_audit.target_user_id is 'Whom.';
comment on column public.moderation_audit.target_username is 'Their name; null when the account is gone.';
comment on column public.moderation_audit.requested_by is 'Who asked.';
comment on column public.moderation_audit.requested_by_username is 'Their name.';
comment on column public.moderation_audit.requested_via is 'Through which door.';
comment on column public.moderation_audit.requested_rank is 'With what rank.';
comment on column public.moderation_audit.reason is 'Why.';
comment on column public.moderation_audit.reason_code is 'Why, as a code of reason_codes.';
comment on column public.moderation_audit.dry_run is 'Whether it was a rehearsal.';
comment on column public.moderation_audit.status is 'What became of it.';
comment on column public.moderation_audit.error_code is 'Why it failed, for programs.';
comment on column public.moderation_audit.error is 'Why it failed, in words.';
comment on column public.moderation_audit.before is 'Role and permission before.';
comment on column public.moderation_audit.after is 'Role and permission after.';
comment on column public.moderation_audit.applied_at is 'When it was true in LiveKit.';
comment on column public.moderation_audit.enforce_ms is 'Milliseconds from asking to true.';
comment on column public.moderation_audit.superseded_by is 'The later row that overtook it before it was carried out.';
comment on column public.moderation_audit.undone_by is 'The later row that undid it.';
comment on column public.moderation_audit.undone_at is 'When it was undone, lifted or ran out.';
grant select on public.moderation_audit to authenticated, service_role;

-- schemas/56_requests.sql
-- Owns: the checks that requests begin with: who is asking, whether they are in good standing and may enter, and the
-- key that makes a retry harmless. Also the grant that a token is minted from.

update public.app_settings
   set value = '{"message_length": 500, "call_empty_seconds": 30}' || value
 where key = 'limits';

create function live.require_account(p_user uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if p_user is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(p_user);
  if not exists (select from auth.users u where u.id = p_user and not u.is_anonymous) then
    perform live.refuse(403, 'account_required', 'This needs an account: sign up first.');
  end if;
  if live.standing_ban(p_user, null, null) is not null then
    perform live.refuse(403, 'banned', 'Your account is suspended.');
  end if;
end;
$$;
comment on function live.require_account(uuid) is 'Refuses nobody, deleted accounts, anonymous sign-ins, and suspended accounts.';

-- The token's word is enough here, and costs no query; live.require_account asks the tables, for server code.
create function live.require_member() returns void
language plpgsql stable set search_path = '' as $$
begin
  if auth.uid() is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  elsif live.is_anonymous() then
    perform live.refuse(403, 'account_required', 'This needs an account: sign up first.');
  end if;
end;
$$;
comment on function live.require_member() is 'Refuses callers who are not signed in, and anonymous sign-ins.';

create function live.refuse_token(p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  case p_reason
    when 'not_authenticated' then perform live.refuse(401, p_reason, 'Sign in first.');
    when 'account_deleted' then perform live.refuse(401, p_reason, 'This account was deleted.');
    when 'unknown_session' then perform live.refuse(404, p_reason, 'There is no such session.');
    when 'unknown_call' then perform live.refuse(404, p_reason, 'There is no such call of yours.');
    when 'banned' then perform live.refuse(403, p_reason, 'You have been removed and cannot enter.');
    when 'session_ended' then perform live.refuse(409, p_reason, 'This session is over.');
    when 'session_not_live' then perform live.refuse(409, p_reason, 'This session is not live yet.');
    when 'too_many_connections' then perform live.refuse(429, p_reason, 'You have connected too often: wait a minute.');
    when 'call_not_active' then perform live.refuse(409, p_reason, 'This call is not going on.');
    when 'not_a_creator' then perform live.refuse(403, p_reason, 'Only approved creators can go live.');
    when 'sign_in_required' then perform live.refuse(403, p_reason, 'This session is for people with an account: sign up first.');
    when 'subscription_required' then perform live.refuse(403, p_reason, 'This session is for the creator''s subscribers.');
    when 'ticket_required' then perform live.refuse(402, p_reason, 'This session needs a ticket. Buy one first.');
    else perform live.refuse(403, p_reason, 'You cannot enter.');
  end case;
end;
$$;
comment on function live.refuse_token(text) is 'Refuses with a reason of live.token_fault, in words for the person.';

create function live.require_entry(p_session uuid, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  entry constant jsonb := public.can_join_as(p_session, p_user);
begin
  if entry ->> 'reason' is not null then
    perform live.refuse_token(entry ->> 'reason');
  end if;
  return entry ->> 'role';
end;
$$;
comment on function live.require_entry(uuid, uuid) is 'Refuses anyone who can_join refuses, with its reason as the code; returns the role of anyone else.';

create function live.one_at_a_time(p_what text, p_user uuid) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_what || p_user::text, 0));
end;
$$;
comment on function live.one_at_a_time(text, uuid) is
  'Lets one person''s requests of one kind run one after the other, until the transaction ends.';

create function live.require_key(p_key text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_key is null or char_length(p_key) not between 8 and 200 then
    perform live.refuse(400, 'invalid_idempotency_key',
      'Send an idempotency key of 8 to 200 characters, the same one at each retry.');
  end if;
end;
$$;
comment on function live.require_key(text) is 'Refuses a missing or unfit idempotency key.';

create function live.require_price(p_expected bigint, p_coins bigint) returns void
language plpgsql set search_path = '' as $$
begin
  if p_expected <> p_coins then
    perform live.refuse(409, 'price_changed',
      format('It costs %s coins now. Look at the price again before you pay.', p_coins));
  end if;
end;
$$;
comment on function live.require_price(bigint, bigint) is
  'Refuses when something costs another price than the person saw; an older app does not say what it saw.';

create function live.relay_keys_now() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('kid', k.kid, 'public_key', k.public_key,
                                                 'not_before', k.not_before, 'not_after', k.not_after)
                              order by k.not_before), '[]')
      from public.relay_keys k
     where k.revoked_at is null and k.not_after > clock_timestamp()
       and k.renewed_at > clock_timestamp() - interval '2 minutes');
end;
$$;
comment on function live.relay_keys_now() is 'The keys that a worker which is alive may sign with now: [{kid, public_key, not_before, not_after}]. Any other that is valid is in relay_keys.';

-- Only a host and the parties of a call get rights by token; everyone else's come from the agent, at the join.
create function live.token_sources(p_rights public.live_roles, p_seat public.live_participants, p_sound_only boolean)
returns text[]
language plpgsql stable set search_path = '' as $$
begin
  return case when p_rights.token_publishes
    then array(select x.source from unnest(live.allowed_sources(p_rights, p_seat)) with ordinality as x (source, place)
                where not (p_sound_only and x.source in ('camera', 'screen_share')) order by x.place) else '{}' end;
end;
$$;
comment on function live.token_sources is 'The sources that a token itself lets someone publish; no pictures in an audio call.';

create function live.token_grant(p_user uuid, p_session public.live_sessions, p_call public.calls) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  reason constant text := live.token_fault(p_user, p_session, p_call);
  seat public.live_participants;
  rights public.live_roles;
begin
  if reason is not null then
    perform live.refuse_token(reason);
  end if;
  select * into seat from public.live_participants p where p.session_id = p_session.id and p.user_id = p_user;
  select * into rights from public.live_roles r
   where r.context = coalesce(p_session.type, 'call')
     and r.role = coalesce(seat.role, live.default_role(coalesce(p_session.type, 'call')));
  return jsonb_build_object(
    'room', coalesce(p_session.livekit_room, p_call.livekit_room),
    'identity', p_user,
    'role', rights.role,
    'name', coalesce(live.shown_name(p_user), ''),
    'avatar', live.shown_avatar(p_user),
    'can_publish_sources', live.token_sources(rights, seat, coalesce(p_call.type = 'audio', false)),
    'can_subscribe', rights.can_subscribe,
    'now', live.instant(clock_timestamp()),
    'last_seq', coalesce(p_session.last_seq, 0),
    'relay_keys', live.relay_keys_now());
end;
$$;
comment on function live.token_grant is
  'What a token is minted from, for a session (p_call null) or a call (p_session null): {room, identity, role, name, avatar, '
  'can_publish_sources, can_subscribe, now, last_seq, relay_keys}. Refuses whom live.token_fault refuses. Every token comes from here.';

-- schemas/57_recordings.sql
-- Owns: recordings as desired state: the wish (wanted), what is true (state) and the parts it is true of. A wish is made and dropped
-- here and nowhere else; the worker that holds the room makes LiveKit's Egress agree with it. Calls are never recorded: a
-- recording belongs to a session.
--
-- A recording is wanted from the moment that somebody asks. The room is told first (event recording_starting); nothing is recorded
-- before begins_at. A loss of Egress continues it as a further part, with the gap stated in the row. When the wish goes, what there is
-- is stopped, its files are looked at (processing), and it is ready, or failed when there is nothing to play.
-- Files: bucket `recordings`; part n of a recording lies below its prefix, <session>/<recording>/<n>/: the playlist index.m3u8, its
-- segments segment_00000.ts and on, perhaps recording.mp4, and pictures image_*.jpeg.

insert into public.app_settings (key, value, description) values
  ('recording.enabled', 'true', 'Whether recordings may be started.'),
  ('recording.co_host', 'false', 'Whether co-hosts may start and stop a recording, beside the host and ops.'),
  ('recording.announce_seconds', '10', 'How long before a recording begins those in the room learn it.'),
  ('recording.max_minutes', '240', 'After how many minutes a recording stops by itself.'),
  ('recording.monthly_minutes', '600', 'How many minutes may be recorded in a month: what the plan of LiveKit includes. 0: no limit.'),
  ('recording.retention_days', '90', 'For how many days a recording is kept after it was made.'),
  ('recording.tickets_valid', 'true', 'Whether a ticket of the session admits to its recording as well.'),
  ('recording.link_seconds', '60', 'For how long a link to one segment is good.');

insert into storage.buckets (id, name, public) values ('recordings', 'recordings', false) on conflict (id) do nothing;

create table public.live_recordings (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete restrict,
  mode text not null check (mode in ('audio', 'host', 'composite')),
  requested_by uuid,
  requested_via text not null default 'app' check (requested_via in ('app', 'ops')),
  wanted boolean not null default true,
  unwanted_at timestamptz,
  unwanted_why text check (unwanted_why in ('stopped', 'session_ended', 'time_over', 'failed', 'account_deleted')),
  state text not null default 'requested'
    check (state in ('requested', 'starting', 'active', 'stopping', 'processing', 'ready', 'failed', 'aborted', 'deleted')),
  state_at timestamptz not null default clock_timestamp(),
  requested_at timestamptz not null default clock_timestamp(),
  begins_at timestamptz not null,
  max_until timestamptz not null,
  active_at timestamptz,
  stopped_at timestamptz,
  ready_at timestamptz,
  prefix text not null unique,
  bytes bigint check (bytes >= 0),
  duration_seconds double precision check (duration_seconds >= 0),
  error_code text check (char_length(error_code) <= 100),
  error text check (char_length(error) <= 1000),
  gaps jsonb not null default '[]' check (jsonb_typeof(gaps) = 'array'),
  errand bigint not null default 0,
  errand_by text,
  errand_until timestamptz,
  retention_until timestamptz,
  legal_hold boolean not null default false,
  delete_claimed_at timestamptz,
  deleted_at timestamptz,
  changed_xid xid8 not null default pg_current_xact_id(),
  check (max_until > begins_at),
  check (wanted = (unwanted_at is null)),
  check ((state = 'deleted') = (deleted_at is not null))
);
comment on table public.live_recordings is 'Recordings of sessions: what is wanted, what is true, and how long the files are kept. The row outlives them.';
comment on column public.live_recordings.id is 'Id of the recording.';
comment on column public.live_recordings.session_id is 'What is recorded. Never a call.';
comment on column public.live_recordings.mode is 'audio (sound alone), host (picture and sound of the host) or composite (everybody, laid out).';
comment on column public.live_recordings.requested_by is 'Who asked for it; null for ops, whom live_recording_acts alone names.';
comment on column public.live_recordings.requested_via is 'app (the host or a co-host) or ops.';
comment on column public.live_recordings.wanted is 'The wish: whether it shall go on. It never becomes true again; that is another recording.';
comment on column public.live_recordings.unwanted_at is 'When the wish ended; null while it stands.';
comment on column public.live_recordings.unwanted_why is 'Why: stopped (somebody did), session_ended, time_over (max_until), failed or account_deleted.';
comment on column public.live_recordings.state is 'What is true: requested, starting, active, stopping, processing (its files are looked at), ready, or failed, aborted (before anything '
  'was recorded), deleted. live_recording_transitions says what may follow.';
comment on column public.live_recordings.state_at is 'Since when it is so.';
comment on column public.live_recordings.requested_at is 'When it was asked for.';
comment on column public.live_recordings.begins_at is 'When it may begin, as the room was told; nothing is recorded before.';
comment on column public.live_recordings.max_until is 'When it stops whatever happens.';
comment on column public.live_recordings.active_at is 'When Egress first recorded; null while it never has.';
comment on column public.live_recordings.stopped_at is 'When its last part ended.';
comment on column public.live_recordings.ready_at is 'When it could be played.';
comment on column public.live_recordings.prefix is 'Where its files are in the bucket: <session>/<recording>. The clock of the recording is the parts'' one after the other.';
comment on column public.live_recordings.bytes is 'Size of all its files.';
comment on column public.live_recordings.duration_seconds is 'How long it plays.';
comment on column public.live_recordings.error_code is 'The last failure as a code, whether or not it was overcome: storage, lost, limit, timeout, refused.';
comment on column public.live_recordings.error is 'The same in words that help.';
comment on column public.live_recordings.gaps is 'What is missing between parts: [{"from_at", "to_at", "why"}].';
comment on column public.live_recordings.errand is 'Grows each time a worker takes it over that does not hold the room: fences the one before.';
comment on column public.live_recordings.errand_by is 'Which worker sees to it where nobody holds the room.';
comment on column public.live_recordings.errand_until is 'Until when.';
comment on column public.live_recordings.retention_until is 'When its files are deleted, unless they are held; null while it runs.';
comment on column public.live_recordings.legal_hold is 'Whether ops hold it, whatever its retention says.';
comment on column public.live_recordings.delete_claimed_at is 'When a worker last set out to delete its files.';
comment on column public.live_recordings.deleted_at is 'When its files were deleted.';
comment on column public.live_recordings.changed_xid is 'Transaction of the last change that an agent must know of.';
create unique index live_recordings_one_wanted on public.live_recordings (session_id, mode) where wanted;
create index live_recordings_wanted on public.live_recordings (max_until) where wanted;
create index live_recordings_of_session on public.live_recordings (session_id, requested_at desc);
create index live_recordings_open on public.live_recordings (state_at) where state in ('requested', 'starting', 'active', 'stopping', 'processing');
create index live_recordings_by_request on public.live_recordings (requested_at desc, id);
create index live_recordings_to_delete on public.live_recordings (retention_until) where deleted_at is null;
create index live_recordings_by_age on public.live_recordings (deleted_at) where deleted_at is not null;
create index live_recordings_changed on public.live_recordings (changed_xid);
alter table public.live_recordings enable row level security;
grant select on public.live_recordings to authenticated, service_role;
create policy "staff see their sessions' recordings, ops all" on public.live_recordings for select to authenticated
  using (session_id in (select live.my_staffed_sessions()) or (select live.am_ops()));

create table public.live_recording_parts (
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  number int not null check (number between 1 and 1000),
  egress_id text check (egress_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  prefix text not null,
  asked_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  bytes bigint check (bytes >= 0),
  duration_seconds double precision check (duration_seconds >= 0),
  error text check (char_length(error) <= 1000),
  primary key (recording_id, number),
  check (ended_at >= started_at)
);
comment on table public.live_recording_parts is 'The parts of a recording, each one Egress: after a loss it goes on as a further part.';
comment on column public.live_recording_parts.recording_id is 'The recording.';
comment on column public.live_recording_parts.number is '1, 2, 3…';
comment on column public.live_recording_parts.egress_id is 'LiveKit''s id; null while Egress was asked and has not answered.';
comment on column public.live_recording_parts.prefix is 'Where its files are: the recording''s prefix and its number.';
comment on column public.live_recording_parts.asked_at is 'When Egress was asked.';
comment on column public.live_recording_parts.started_at is 'When it began to record: the clock of chapters and chat.';
comment on column public.live_recording_parts.ended_at is 'When it ended, or was found to have ended.';
comment on column public.live_recording_parts.bytes is 'Size of its files.';
comment on column public.live_recording_parts.duration_seconds is 'How long it plays.';
comment on column public.live_recording_parts.error is 'Why it ended before its time; null when it was stopped.';
create unique index live_recording_parts_of_egress on public.live_recording_parts (egress_id) where egress_id is not null;
alter table public.live_recording_parts enable row level security;
grant select on public.live_recording_parts to authenticated, service_role;
create policy "who sees the recording sees its parts" on public.live_recording_parts for select to authenticated
  using (exists (select from public.live_recordings r where r.id = recording_id));

create table public.live_recording_transitions (
  from_state text not null,
  to_state text not null,
  primary key (from_state, to_state)
);
comment on table public.live_recording_transitions is 'Which state of a recording may follow which; everything else is refused.';
comment on column public.live_recording_transitions.from_state is 'The state it has; new for a row being inserted.';
comment on column public.live_recording_transitions.to_state is 'A state it may have next.';
alter table public.live_recording_transitions enable row level security;
grant select on public.live_recording_transitions to service_role;
insert into public.live_recording_transitions (from_state, to_state) values
  ('new', 'requested'),
  ('requested', 'starting'), ('requested', 'failed'), ('requested', 'aborted'),
  ('starting', 'active'), ('starting', 'stopping'), ('starting', 'processing'), ('starting', 'failed'), ('starting', 'aborted'),
  ('active', 'starting'), ('active', 'stopping'), ('active', 'processing'), ('active', 'failed'),
  ('stopping', 'processing'), ('stopping', 'failed'), ('stopping', 'aborted'),
  ('processing', 'ready'), ('processing', 'failed'),
  ('ready', 'deleted'), ('failed', 'deleted'), ('aborted', 'deleted');

create function live.recording_runs(p_state text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_state in ('requested', 'starting', 'active', 'stopping');
end;
$$;
comment on function live.recording_runs(text) is 'Whether something is, or is about to be, recorded in this state.';

create function live.recording_is_over(p_state text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_state in ('ready', 'failed', 'aborted', 'deleted');
end;
$$;
comment on function live.recording_is_over(text) is 'Whether nothing more becomes of a recording but its deletion.';

create function live.guard_recording() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  old_state constant text := case tg_op when 'INSERT' then 'new' else old.state end;
begin
  if tg_op = 'UPDATE' and (new.id, new.session_id, new.mode, new.prefix, new.requested_at)
      is distinct from (old.id, old.session_id, old.mode, old.prefix, old.requested_at) then
    perform live.refuse(409, 'immutable', 'A recording''s id, session, mode, place and birth never change.');
  elsif tg_op = 'UPDATE' and new.wanted and not old.wanted then
    perform live.refuse(409, 'illegal_transition', 'A recording that was stopped is not wanted again: start another.');
  end if;
  if old_state <> new.state then
    if not exists (select from public.live_recording_transitions t where t.from_state = old_state and t.to_state = new.state) then
      perform live.refuse(409, 'illegal_transition', format('A recording that is %s cannot become %s.', old_state, new.state));
    end if;
    new.state_at := clock_timestamp();
    new.active_at := case when new.state = 'active' then coalesce(new.active_at, clock_timestamp()) else new.active_at end;
    new.ready_at := case when new.state = 'ready' then clock_timestamp() else new.ready_at end;
    new.deleted_at := case when new.state = 'deleted' then clock_timestamp() end;
    if live.recording_is_over(new.state) then
      new.stopped_at := coalesce(new.stopped_at, clock_timestamp());
      new.retention_until := coalesce(new.retention_until,
        clock_timestamp() + case new.unwanted_why when 'account_deleted' then interval '0'
                            else make_interval(days => (live.setting('recording.retention_days'))::int) end);
    end if;
    if new.wanted and not live.recording_runs(new.state) then
      new.wanted := false;
      new.unwanted_why := 'failed';
    end if;
  end if;
  new.unwanted_at := case when not new.wanted then coalesce(new.unwanted_at, clock_timestamp()) end;
  if tg_op = 'INSERT' or (new.wanted, new.state, new.max_until) is distinct from (old.wanted, old.state, old.max_until) then
    new.changed_xid := pg_current_xact_id();
  end if;
  return new;
end;
$$;
comment on function live.guard_recording() is 'Trigger: the recording''s state machine and its times. What runs no more is not wanted.';
create trigger guard_recording before insert or update on public.live_recordings
  for each row execute function live.guard_recording();

create function live.wake_for_recording() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(live.room_of(new.session_id, null));
  perform live.tell_session(new.session_id, 'live_recordings', jsonb_build_array(new.id));
  return null;
end;
$$;
comment on function live.wake_for_recording() is 'Trigger: wakes the worker of the room when a wish or a state changes, and tells console and app.';
create trigger wake_for_new_recording after insert on public.live_recordings
  for each row execute function live.wake_for_recording();
create trigger wake_for_recording after update on public.live_recordings
  for each row when (old.changed_xid <> new.changed_xid) execute function live.wake_for_recording();

create function live.drop_wishes(p_session uuid, p_why text) returns int
language plpgsql set search_path = '' as $$
declare
  dropped int;
begin
  update public.live_recordings r
     set wanted = false, unwanted_why = p_why, state = case r.state when 'requested' then 'aborted' else r.state end
   where r.session_id = p_session and r.wanted;
  get diagnostics dropped = row_count;
  return dropped;
end;
$$;
comment on function live.drop_wishes(uuid, text) is 'Nothing of a session shall be recorded any more; what nobody had begun is aborted. How many recordings.';

create function live.stop_recordings_at_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.drop_wishes(new.id, case new.end_reason when 'account_deleted' then 'account_deleted' else 'session_ended' end);
  return null;
end;
$$;
comment on function live.stop_recordings_at_end() is 'Trigger: a session that ends is not recorded any more.';
create trigger stop_recordings_at_end after update of status on public.live_sessions
  for each row when (old.status <> 'ended' and new.status = 'ended') execute function live.stop_recordings_at_end();

-- ── who did what ─────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_recording_acts (
  id uuid primary key default gen_random_uuid(),
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  user_id uuid,
  act text not null check (act in ('started', 'stopped', 'deleted', 'held', 'released', 'watched')),
  via text not null check (via in ('app', 'ops')),
  reason text check (char_length(reason) <= 500),
  at timestamptz not null default clock_timestamp()
);
comment on table public.live_recording_acts is 'Who started, stopped, deleted, held or, of ops, watched a recording, and why: the audit.';
comment on column public.live_recording_acts.id is 'Id.';
comment on column public.live_recording_acts.recording_id is 'The recording.';
comment on column public.live_recording_acts.user_id is 'Who; null for server code.';
comment on column public.live_recording_acts.act is 'started, stopped, deleted, held, released or watched (ops only).';
comment on column public.live_recording_acts.via is 'app or ops.';
comment on column public.live_recording_acts.reason is 'Why, in their words, where they were asked.';
comment on column public.live_recording_acts.at is 'When.';
create index live_recording_acts_of_recording on public.live_recording_acts (recording_id, at);
create index live_recording_acts_by_age on public.live_recording_acts (at);
alter table public.live_recording_acts enable row level security;
grant select on public.live_recording_acts to authenticated, service_role;
create policy "ops see who did what with recordings" on public.live_recording_acts for select to authenticated
  using ((select live.am_ops()));

create function live.note_recording_act(p_recording uuid, p_user uuid, p_act text, p_via text, p_reason text default null) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.live_recording_acts (recording_id, user_id, act, via, reason) values (p_recording, p_user, p_act, p_via, left(btrim(p_reason), 500));
end;
$$;
comment on function live.note_recording_act(uuid, uuid, text, text, text) is 'Writes who did what with a recording.';

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recordings', '{}', '{requested_by}', 'true', 'retention.actions_days', 't.deleted_at', 't.deleted_at is null',
   'That a session was recorded, by whose wish and until when. Not exported: who is heard is in their consents, which are.'),
  ('public.live_recording_acts', '{}', '{user_id}', 'true', 'retention.actions_days', 't.at',
   'exists (select from public.live_recordings r where r.id = t.recording_id and r.deleted_at is null)',
   'Who started, stopped, deleted or held a recording: the audit of hosts and operators. Not exported: recordings say what became of them.');
insert into live.personal_data (table_name, why)
select n, 'Holds nothing about a person: parts of recordings and states that may follow each other.'
  from unnest(array['public.live_recording_parts', 'public.live_recording_transitions']) as n;

-- schemas/57_recordings_agent.sql
-- Owns: what workers learn about recordings and what they report. The contract:
--
--   snapshot and agent_pull's rooms carry "recordings": [RECORDING] of the room: all that are not over. A change of a wish or a state
--   wakes the worker that holds the room, like every row. RECORDING:
--     {"id", "session_id", "room", "mode", "wanted", "state", "begins_at", "max_until", "prefix", "errand", "error_code",
--      "host": the creator's id, "consented": [ids of people whose consent stands], "parts": [{"number", "egress_id", "prefix", "asked_at", "started_at", "ended_at",
--      "error"}]}
--   agent_recordings(worker, [{"room", "epoch"}]) answers the same by itself, to be asked as often as one likes.
--   agent_recording_errands(worker): recordings that are not over and whose room nobody holds (their session is over, or the worker that had
--     them is dead): taken for 30 s; each taking grows "errand". Report them with it instead of an epoch.
--   agent_recording_report(worker, [row]): what has become true; idempotent, since the same state or part again changes nothing.
--
-- What the worker does with it: wanted and begins_at reached -> start (report starting with part n *before* asking Egress, so that the worker
-- that takes over knows that a start may be under way; then its egress_id; active when it records). Not wanted, or max_until reached -> stopping,
-- stop, then processing; then, when the files are there, ready with bytes and duration, or failed when there is nothing to play. A part
-- that is lost: report its end with an error and state starting with part n + 1, with the gap. Nobody records a room in which somebody
-- publishes who is not in "consented" (PERSON.publish_until is past for them, so their right is gone by begins_at).

create function live.recording_json(p_row public.live_recordings) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'id', p_row.id, 'session_id', p_row.session_id, 'room', live.room_of(p_row.session_id, null), 'mode', p_row.mode,
    'wanted', p_row.wanted, 'state', p_row.state, 'begins_at', p_row.begins_at, 'max_until', p_row.max_until,
    'prefix', p_row.prefix, 'errand', p_row.errand, 'error_code', p_row.error_code,
    'host', (select s.creator_id from public.live_sessions s where s.id = p_row.session_id),
    'consented', (select coalesce(jsonb_agg(distinct c.user_id), '[]') from public.live_recording_consents c
                   where c.session_id = p_row.session_id and c.withdrawn_at is null and c.agreed_at is not null),
    'parts', (select coalesce(jsonb_agg(jsonb_build_object('number', t.number, 'egress_id', t.egress_id, 'prefix', t.prefix, 'asked_at',
                                        t.asked_at, 'started_at', t.started_at, 'ended_at', t.ended_at, 'error', t.error) order by t.number), '[]')
                from public.live_recording_parts t where t.recording_id = p_row.id));
end;
$$;
comment on function live.recording_json(public.live_recordings) is 'RECORDING: a recording as workers read it.';

create function live.recordings_of(p_session uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(live.recording_json(r) order by r.requested_at), '[]')
            from public.live_recordings r where r.session_id = p_session and not live.recording_is_over(r.state));
end;
$$;
comment on function live.recordings_of(uuid) is 'The recordings of a session that are not over: [RECORDING].';

create function public.agent_recordings(p_worker text, p_rooms jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform live.lapse_wishes();
  return (
    select coalesce(jsonb_agg(jsonb_build_object('room', x.room, 'held', r.room is not null,
                              'recordings', case when r.room is not null then live.recordings_of(s.id) else '[]' end) order by x.room), '[]')
      from jsonb_to_recordset(p_rooms) as x (room text, epoch bigint)
      left join public.agent_rooms r on r.room = x.room and r.worker_id = p_worker and r.epoch = x.epoch
      left join public.live_sessions s on s.livekit_room = x.room);
end;
$$;
comment on function public.agent_recordings(text, jsonb) is
  'What is to be recorded in rooms that a worker holds: [{"room", "epoch"}] -> [{"room", "held", "recordings": [RECORDING]}]; those that are not over.';
grant execute on function public.agent_recordings(text, jsonb) to service_role, live_agent;

create function live.lapse_wishes() returns int
language plpgsql set search_path = '' as $$
declare
  lapsed int;
begin
  -- Sessions before recordings: their streams say what is stopped.
  with held as (
    select s.id from public.live_sessions s
     where s.id in (select r.session_id from public.live_recordings r where r.wanted and r.max_until <= clock_timestamp())
     order by s.id for no key update skip locked
  ), due as (
    select r.id from held join public.live_recordings r on r.session_id = held.id
     where r.wanted and r.max_until <= clock_timestamp() order by r.id for no key update of r)
  update public.live_recordings r
     set wanted = false, unwanted_why = 'time_over', state = case r.state when 'requested' then 'aborted' else r.state end
    from due where r.id = due.id;
  get diagnostics lapsed = row_count;
  return lapsed;
end;
$$;
comment on function live.lapse_wishes() is 'Recordings that have reached max_until are not wanted any more; how many.';

create function live.is_errand(p_recording public.live_recordings, p_session public.live_sessions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return not live.is_moderated(p_session.livekit_room)
    -- Of a live session somebody takes the room over within seconds, and with it its recordings; and what nobody has begun begins there.
    and (p_session.status = 'ended'
         or (p_recording.state <> 'requested' and p_recording.state_at < clock_timestamp() - interval '20 seconds'));
end;
$$;
comment on function live.is_errand(public.live_recordings, public.live_sessions) is
  'Of a recording that is not over: whether nobody holds its room, and something can be done about it from outside.';

create function public.agent_recording_errands(p_worker text, p_most int default 20) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  taken jsonb;
begin
  perform live.lapse_wishes();
  with due as (
    select r.id from public.live_recordings r join public.live_sessions s on s.id = r.session_id
     where r.state in ('requested', 'starting', 'active', 'stopping', 'processing') and live.is_errand(r, s)
       and (r.errand_by is null or r.errand_by = p_worker or r.errand_until <= clock_timestamp())
     order by r.state_at limit least(greatest(coalesce(p_most, 20), 1), 100) for no key update of r skip locked
  ), took as (
    update public.live_recordings r
       set errand = r.errand + (r.errand_by is distinct from p_worker or r.errand_until <= clock_timestamp())::int, errand_by = p_worker,
           errand_until = clock_timestamp() + interval '30 seconds'
      from due where r.id = due.id returning r.*)
  select coalesce(jsonb_agg(live.recording_json(t::public.live_recordings) order by t.state_at), '[]') into taken from took t;
  return taken;
end;
$$;
comment on function public.agent_recording_errands(text, int) is
  'For any worker: recordings that are not over and whose room nobody holds, taken for 30 s: [RECORDING]. Asked again by the same worker it keeps them.';
grant execute on function public.agent_recording_errands(text, int) to service_role, live_agent;

create function live.recordings_wait() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_recordings r join public.live_sessions s on s.id = r.session_id
                  where r.state in ('requested', 'starting', 'active', 'stopping', 'processing') and live.is_errand(r, s));
end;
$$;
comment on function live.recordings_wait() is 'Whether there are recordings that are not over and whose room nobody holds: errands for the worker that sweeps.';

create function live.may_report(p_worker text, p_room text, p_recording public.live_recordings, p_row jsonb) returns boolean
language plpgsql set search_path = '' as $$
begin
  if p_row ->> 'errand' is null then
    return p_row ->> 'room' = p_room and live.holds(p_worker, p_room, (p_row ->> 'epoch')::bigint);
  end if;
  return p_recording.errand = (p_row ->> 'errand')::bigint and p_recording.errand_by = p_worker and not live.is_moderated(p_room);
end;
$$;
comment on function live.may_report(text, text, public.live_recordings, jsonb) is
  'Whether a worker may say what is true of a recording: it holds the room by this epoch, or nobody does and the errand is the worker''s.';

create function live.report_part(p_recording public.live_recordings, p_part jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  place constant int := (p_part ->> 'number')::int;
  item public.live_recording_parts;
begin
  insert into public.live_recording_parts (recording_id, number, prefix)
  values (p_recording.id, place, p_recording.prefix || '/' || place) on conflict do nothing;
  select * into item from public.live_recording_parts t where t.recording_id = p_recording.id and t.number = place;
  -- Start and end are told by webhooks, by lists and by the room: what was known first stays.
  item.egress_id := coalesce(item.egress_id, p_part ->> 'egress_id');
  item.started_at := coalesce(item.started_at, (p_part ->> 'started_at')::timestamptz);
  item.ended_at := coalesce(item.ended_at, (p_part ->> 'ended_at')::timestamptz);
  if item.ended_at < item.started_at then
    item.ended_at := item.started_at;
  end if;
  update public.live_recording_parts t
     set egress_id = item.egress_id, started_at = item.started_at, ended_at = item.ended_at,
         bytes = coalesce((p_part ->> 'bytes')::bigint, item.bytes),
         duration_seconds = coalesce((p_part ->> 'duration_seconds')::double precision, item.duration_seconds),
         error = coalesce(item.error, left(p_part ->> 'error', 1000))
   where t.recording_id = p_recording.id and t.number = place;
end;
$$;
comment on function live.report_part(public.live_recordings, jsonb) is
  'Writes what is known of a part: {number, egress_id, started_at, ended_at, bytes, duration_seconds, error}; what is left out stays as it is.';

create function live.report_fault(p_recording public.live_recordings, p_state text) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case
    when p_state is null or p_state = p_recording.state then null
    when not exists (select from public.live_recording_transitions t where t.from_state = p_recording.state and t.to_state = p_state)
      or p_state = 'deleted' then 'impossible_transition'
    when p_state = 'starting' and not p_recording.wanted then 'not_wanted'
    when p_state = 'starting' and clock_timestamp() < p_recording.begins_at then 'too_early'
    when p_state = 'ready' and not exists (select from public.live_recording_parts t where t.recording_id = p_recording.id and t.started_at is not null)
      then 'nothing_recorded' end;
end;
$$;
comment on function live.report_fault(public.live_recordings, text) is
  'Why a recording cannot be said to be in a state: impossible_transition, not_wanted, too_early or nothing_recorded; null when it can.';

create function live.report_recording(p_worker text, p_row jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  item public.live_recordings;
  fault text;
begin
  select * into item from public.live_recordings r where r.id = (p_row ->> 'id')::uuid for no key update;
  if item.id is null then
    return jsonb_build_object('id', p_row -> 'id', 'ok', false, 'error', 'unknown_recording');
  end if;
  fault := case when not live.may_report(p_worker, live.room_of(item.session_id, null), item, p_row) then 'fenced' end;
  if fault is null then
    if p_row -> 'part' ->> 'number' is not null then
      perform live.report_part(item, p_row -> 'part');
    end if;
    -- After the part: what it says may be what the state rests on.
    fault := live.report_fault(item, p_row ->> 'state');
    update public.live_recordings r
       set state = case when fault is null then coalesce(p_row ->> 'state', r.state) else r.state end,
           stopped_at = coalesce(r.stopped_at, case when p_row ->> 'state' = 'processing' and fault is null then clock_timestamp() end),
           bytes = coalesce((p_row ->> 'bytes')::bigint, r.bytes),
           duration_seconds = coalesce((p_row ->> 'duration_seconds')::double precision, r.duration_seconds),
           error_code = coalesce(left(p_row ->> 'error_code', 100), r.error_code), error = coalesce(left(p_row ->> 'error', 1000), r.error),
           gaps = case when jsonb_typeof(p_row -> 'gap') = 'object' and not r.gaps @> jsonb_build_array(p_row -> 'gap')
                       then r.gaps || (p_row -> 'gap') else r.gaps end
     where r.id = item.id returning * into item;
  end if;
  return jsonb_strip_nulls(jsonb_build_object('id', item.id, 'ok', fault is null, 'state', item.state, 'wanted', item.wanted, 'error', fault));
end;
$$;
comment on function live.report_recording(text, jsonb) is 'Takes in what a worker says of one recording.';

create function public.agent_recording_report(p_worker text, p_rows jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
begin
  perform live.lock_leases(p_rows);
  perform from public.live_sessions s
    where s.id in (select t.session_id from public.live_recordings t
                    where t.id in (select (x.value ->> 'id')::uuid from jsonb_array_elements(p_rows) x))
    order by s.id for no key update;
  return (select coalesce(jsonb_agg(live.report_recording(p_worker, x.asked) order by x.place), '[]')
            from (select r.value as asked, r.ordinality as place from jsonb_array_elements(p_rows) with ordinality r
                   order by r.value ->> 'id', r.ordinality) x);
end;
$$;
comment on function public.agent_recording_report(text, jsonb) is
  'What has become true of recordings: [{"id", "room" and "epoch", or "errand", "state"?, "part"?: {"number", "egress_id"?, "started_at"?, "ended_at"?, '
  '"bytes"?, "duration_seconds"?, "error"?}, "gap"?: {"from_at", "to_at", "why"}, "bytes"?, "duration_seconds"?, "error_code"?, "error"?}] -> aligned '
  '[{"id", "ok", "state", "wanted", "error"?: fenced, unknown_recording, impossible_transition, not_wanted, too_early or nothing_recorded}]. What '
  'is true already changes nothing. A part is written even where the state is refused; what is fenced writes nothing.';
grant execute on function public.agent_recording_report(text, jsonb) to service_role, live_agent;

-- ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.nanoseconds(p_text text) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return case when p_text ~ '^[1-9][0-9]{0,18}$' then to_timestamp(p_text::numeric / 1e9) end;
end;
$$;
comment on function live.nanoseconds(text) is 'A moment as Egress words it, nanoseconds since the epoch; null for none.';

create function live.read_webhook_egress(p_room text, p_event text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  info constant jsonb := p_payload -> 'egressInfo';
  results constant jsonb := coalesce(info -> 'segmentResults', '[]') || coalesce(info -> 'fileResults', '[]');
  -- Egress names a start as soon as it is asked, whether or not it ever records.
  records constant boolean := info ->> 'status' = 'EGRESS_ACTIVE' or results <> '[]';
  item public.live_recordings;
  part public.live_recording_parts;
begin
  select t.* into part from public.live_recording_parts t where t.egress_id = info ->> 'egressId';
  if part.recording_id is not null then
    select * into item from public.live_recordings r where r.id = part.recording_id for no key update;
    perform live.report_part(item, jsonb_strip_nulls(jsonb_build_object('number', part.number,
      'started_at', case when records then live.nanoseconds(info ->> 'startedAt') end,
      'ended_at', case when p_event = 'egress_ended' then coalesce(live.nanoseconds(info ->> 'endedAt'),
                                                                  to_timestamp((p_payload ->> 'createdAt')::double precision)) end,
      'bytes', case when p_event = 'egress_ended' then (select sum((x ->> 'size')::bigint) from jsonb_array_elements(results) x) end,
      'error', nullif(info ->> 'error', ''))));
  end if;
  -- The holder of the room looks again: an id that is not written yet may be the answer that it waits for.
  perform live.wake(s.livekit_room) from public.live_sessions s where s.livekit_room = coalesce(nullif(p_room, ''), info ->> 'roomName');
  return found or part.recording_id is not null;
end;
$$;
comment on function live.read_webhook_egress(text, text, jsonb) is
  'Takes in what Egress says about a part, and wakes the worker of its room: state and files are that worker''s to judge. False when it is about no room of ours.';

-- schemas/57_recordings_consent.sql
-- Owns: who has agreed to be recorded. In a session that is recorded nobody publishes who has not: live.publish_until says until when
-- a person may, and everything that grants a right asks it (the token's sources, PERSON, the door's before and after). Who has none
-- listens; a recorder counts as nobody.

create table public.live_recording_consents (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  notice_version text not null check (char_length(notice_version) between 1 and 40),
  agreed_at timestamptz,
  refused_at timestamptz,
  withdrawn_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  check (num_nonnulls(agreed_at, refused_at) = 1)
);
comment on table public.live_recording_consents is
  'What people answered when they were told that a session is recorded. The answer that stands has no withdrawn_at; earlier ones stay as proof.';
comment on column public.live_recording_consents.id is 'Id of the answer.';
comment on column public.live_recording_consents.session_id is 'The session.';
comment on column public.live_recording_consents.user_id is 'Who answered.';
comment on column public.live_recording_consents.notice_version is 'Which wording they read: recording_notice.';
comment on column public.live_recording_consents.agreed_at is 'When they agreed; null for a refusal.';
comment on column public.live_recording_consents.refused_at is 'When they refused; null for a consent.';
comment on column public.live_recording_consents.withdrawn_at is 'When this answer was taken back or replaced; null while it stands.';
comment on column public.live_recording_consents.created_at is 'When it was written.';
create unique index live_recording_consents_standing on public.live_recording_consents (session_id, user_id) where withdrawn_at is null;
create index live_recording_consents_of_person on public.live_recording_consents (user_id, created_at desc);
create index live_recording_consents_by_age on public.live_recording_consents (created_at);
alter table public.live_recording_consents enable row level security;
grant select on public.live_recording_consents to authenticated, service_role;
create policy "one sees one's answers, staff those of the session" on public.live_recording_consents for select to authenticated
  using (user_id = (select auth.uid()) or session_id in (select live.my_staffed_sessions()) or (select live.am_ops()));

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recording_consents', '{user_id}', '{}', 'true', 'retention.actions_days', 't.created_at',
   'exists (select from public.live_recordings r where r.session_id = t.session_id and r.deleted_at is null)',
   'Proof that who is heard in a recording had agreed, and which wording they read: as long as there is a recording, and as long as claims may be made.');

-- ── the notice ───────────────────────────────────────────────────────────────────────────────────────────────────
create function public.recording_notice() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  days constant int := (live.setting('recording.retention_days'))::int;
  told constant jsonb := jsonb_build_object(
    'text_en', format(
      'This session is recorded. If you agree, your voice, your picture and your name may be heard and seen in the recording by everyone who '
      'may watch the session, and the chat beside it. The creator can publish it. It is deleted after %s days, or sooner by the '
      'creator. You can refuse and listen. You can withdraw at any time: from then on you do not publish, and the creator is asked to '
      'cut what was recorded of you. Calls are never recorded.', days),
    'text_tr', format(
      'Bu oturum kaydediliyor. Kabul ederseniz sesiniz, görüntünüz ve adınız, oturumu izleme hakkı olan herkes tarafından kayıtta duyulabilir ve '
      'görülebilir; yanında sohbet de yer alır. İçerik üreticisi kaydı yayımlayabilir. Kayıt %s gün sonra veya üretici isterse daha erken '
      'silinir. Kabul etmeyip yalnızca dinleyebilirsiniz. Onayınızı her an geri alabilirsiniz: o andan itibaren yayın yapmazsınız ve sizden '
      'kaydedilenlerin çıkarılması üreticiden istenir. Aramalar hiçbir zaman kaydedilmez.', days));
begin
  return told || jsonb_build_object('version', left(md5(told::text), 12));
end;
$$;
comment on function public.recording_notice() is
  'What the app shows before somebody agrees to be recorded: {version, text_en, text_tr}. A change of the words is another version.';
grant execute on function public.recording_notice() to authenticated, service_role;

-- ── the right ────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.answer_by(p_begins timestamptz) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return p_begins - interval '1 second';
end;
$$;
comment on function live.answer_by(timestamptz) is 'Until when one can answer the announcement of a recording: a second before it begins, so that every right is gone by then.';

-- Index lookups alone: it is asked for each person of a room and for each token.
create function live.publish_until(p_session uuid, p_user uuid) returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
declare
  begins constant timestamptz := (select min(r.begins_at) from public.live_recordings r
                                   where r.session_id = p_session and live.recording_runs(r.state));
  answer public.live_recording_consents;
begin
  if begins is null then
    return null;
  end if;
  select * into answer from public.live_recording_consents c where c.session_id = p_session and c.user_id = p_user and c.withdrawn_at is null;
  if answer.agreed_at is not null then
    return null;
  -- Who has refused, or agreed once and takes it back, has answered.
  elsif answer.id is not null or exists (select from public.live_recording_consents c where c.session_id = p_session and c.user_id = p_user) then
    return '2000-01-01Z';
  end if;
  return live.answer_by(begins);
end;
$$;
comment on function live.publish_until(uuid, uuid) is
  'Until when a person may publish in a session for want of their consent to its recording, long ago for who refused; null: nothing is asked of them.';

create function live.touch_publishers(p_session uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set desired_xid = pg_current_xact_id()
    from public.live_sessions s
   where s.id = p_session and s.status = 'live' and p.session_id = s.id
     and p.role in (select r.role from public.live_roles r where r.context = s.type and r.can_publish_sources <> '{}');
end;
$$;
comment on function live.touch_publishers(uuid) is 'What those who may publish in a session may do has changed: news for its worker. Others learn when they get a role.';

create function live.recording_changes_rights() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.touch_publishers(new.session_id);
  return null;
end;
$$;
comment on function live.recording_changes_rights() is 'Trigger: a recording that is announced, or is over, changes who may publish.';
create trigger recording_begins_to_bind after insert on public.live_recordings
  for each row execute function live.recording_changes_rights();
create trigger recording_binds_no_more after update on public.live_recordings
  for each row when (live.recording_runs(old.state) <> live.recording_runs(new.state)) execute function live.recording_changes_rights();

-- ── the answers ──────────────────────────────────────────────────────────────────────────────────────────────────
create function live.answer_recording(p_session uuid, p_user uuid, p_version text, p_agrees boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  standing public.live_recording_consents;
  was_recorded boolean;
begin
  -- Session before person, as everywhere; and one answer of a person after the other.
  perform from public.live_sessions s where s.id = p_session for no key update;
  select * into standing from public.live_recording_consents c
   where c.session_id = p_session and c.user_id = p_user and c.withdrawn_at is null;
  if standing.id is null or (standing.agreed_at is not null) <> p_agrees then
    update public.live_recording_consents c set withdrawn_at = clock_timestamp() where c.id = standing.id;
    insert into public.live_recording_consents (session_id, user_id, notice_version, agreed_at, refused_at)
    values (p_session, p_user, p_version, case when p_agrees then clock_timestamp() end, case when not p_agrees then clock_timestamp() end)
    returning * into standing;
    update public.live_participants p set desired_xid = pg_current_xact_id() where p.session_id = p_session and p.user_id = p_user;
  end if;
  return jsonb_build_object('session_id', p_session, 'agreed', standing.agreed_at is not null, 'notice_version', standing.notice_version,
                            'at', coalesce(standing.agreed_at, standing.refused_at));
end;
$$;
comment on function live.answer_recording(uuid, uuid, text, boolean) is 'Writes a person''s answer; the same again changes nothing.';

create function live.require_to_answer(p_session uuid, p_user uuid) returns public.live_sessions
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_account(p_user);
  select * into session from public.live_sessions s where s.id = p_session;
  if session.id is null or not exists (select from public.live_participants p where p.session_id = p_session and p.user_id = p_user) then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  perform live.spend(p_user, 'consents_per_minute');
  return session;
end;
$$;
comment on function live.require_to_answer(uuid, uuid) is 'Refuses to hear an answer of who has no place in the session; limits.consents_per_minute.';

create function public.consent_to_recording(session_id uuid, notice_version text, agrees boolean default true) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  session constant public.live_sessions := live.require_to_answer(consent_to_recording.session_id, me);
begin
  if session.status = 'ended' then
    perform live.refuse(409, 'session_ended', 'This session is over.');
  elsif agrees is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to agree, false to refuse.');
  elsif consent_to_recording.notice_version is distinct from public.recording_notice() ->> 'version' then
    perform live.refuse(409, 'notice_changed', 'The notice has changed: show recording_notice again and ask again.');
  end if;
  return live.answer_recording(session.id, me, consent_to_recording.notice_version, agrees);
end;
$$;
comment on function public.consent_to_recording(uuid, text, boolean) is
  'The caller agrees to be recorded in a session, or refuses: {session_id, agreed, notice_version, at}. notice_version: of the notice that they were shown. '
  'Who refuses, or has not answered a second before it begins, listens.';
grant execute on function public.consent_to_recording(uuid, text, boolean) to authenticated;

create function public.withdraw_recording_consent(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  session constant public.live_sessions := live.require_to_answer(withdraw_recording_consent.session_id, me);
begin
  return live.answer_recording(session.id, me, public.recording_notice() ->> 'version', false);
end;
$$;
comment on function public.withdraw_recording_consent(uuid) is
  'The caller takes their consent back, during the session or after it: {session_id, agreed, notice_version, at}. They stop publishing at once.';
grant execute on function public.withdraw_recording_consent(uuid) to authenticated;
update public.app_settings set value = value || '{"consents_per_minute": 20, "recordings_per_minute": 6}' where key = 'limits';

-- schemas/57_recordings_storage.sql
-- Owns: who may put files into the bucket of recordings: the account that Egress stores them as, which an operator makes with
-- app_metadata {"recorder": true}, and the service role. That account reaches the files of recordings that are not over, and nothing else
-- in Storage. Supabase's own S3 keys, which pass over these policies in every bucket, are given to nobody.

create function live.may_record_to(p_path text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((auth.jwt() -> 'app_metadata' ->> 'recorder')::boolean, false)
    and exists (select from public.live_recordings r
                 where r.prefix = split_part(p_path, '/', 1) || '/' || split_part(p_path, '/', 2) and not live.recording_is_over(r.state));
end;
$$;
comment on function live.may_record_to(text) is 'Whether the caller is the account that recordings are stored as, and this path belongs to one that is not over.';
grant execute on function live.may_record_to(text) to authenticated;

create policy "the recorder stores what is recorded" on storage.objects for insert to authenticated
  with check (bucket_id = 'recordings' and live.may_record_to(name));
-- Over S3 a file that is stored again replaces the one before: playlists grow.
create policy "the recorder finds what it replaces" on storage.objects for select to authenticated
  using (bucket_id = 'recordings' and live.may_record_to(name));
create policy "the recorder replaces what it stored" on storage.objects for update to authenticated
  using (bucket_id = 'recordings' and live.may_record_to(name)) with check (bucket_id = 'recordings' and live.may_record_to(name));

-- schemas/58_coins.sql
-- Owns: the gift catalogue, wallets, the ledger and what creators earn. A ledger row is the only way coins move: its triggers move the
-- wallet and the creator's earnings in the same statement, so none can disagree.
-- The books carry no foreign key to people, sessions or tickets: they outlive an account and all that goes with it.

create table public.gift_catalog (
  code text primary key check (code ~ '^[a-z][a-z0-9_]{1,31}$'),
  name_en text not null check (length(name_en) between 1 and 60),
  name_tr text not null check (length(name_tr) between 1 and 60),
  coins integer not null check (coins between 1 and 1000000),
  is_active boolean not null default true,
  sort_order integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.gift_catalog is 'The gifts that can be sent and their prices. Ops write it; a gift keeps the price it was sent at.';
comment on column public.gift_catalog.code is 'Stable name that clients send and draw by.';
comment on column public.gift_catalog.name_en is 'Name shown in English.';
comment on column public.gift_catalog.name_tr is 'Name shown in Turkish.';
comment on column public.gift_catalog.coins is 'Price of one.';
comment on column public.gift_catalog.is_active is 'False withdraws the gift from sale; rows are never deleted, because sent gifts refer to them.';
comment on column public.gift_catalog.sort_order is 'Order in the shop, ascending.';
comment on column public.gift_catalog.created_at is 'When the row was written.';
comment on column public.gift_catalog.updated_at is 'When the row last changed.';

insert into public.gift_catalog (code, name_en, name_tr, coins, sort_order) values
  ('rose', 'Rose', 'Gül', 1, 10),
  ('heart', 'Heart', 'Kalp', 5, 20),
  ('fireworks', 'Fireworks', 'Havai fişek', 50, 30),
  ('crown', 'Crown', 'Taç', 500, 40);

create table public.coin_wallets (
  user_id uuid primary key,
  balance bigint not null default 0 check (balance >= 0),
  updated_at timestamptz not null default now()
);
comment on table public.coin_wallets is 'What each user can spend. Always the sum of the user''s ledger rows; only a ledger row changes it.';
comment on column public.coin_wallets.user_id is 'Whose wallet.';
comment on column public.coin_wallets.balance is 'Coins; never negative.';
comment on column public.coin_wallets.updated_at is 'When coins last moved.';

create table public.coin_ledger (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  delta bigint not null check (delta <> 0),
  balance_after bigint not null check (balance_after >= 0),
  kind text not null check (kind in ('top_up', 'gift', 'gift_refund', 'ticket', 'ticket_refund', 'adjustment')),
  session_id uuid,
  gift_id uuid,
  ticket_id uuid,
  reference text check (length(reference) between 1 and 200),
  note text check (length(note) <= 500),
  created_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  constraint coin_ledger_direction check (case kind
    when 'top_up' then delta > 0
    when 'gift' then delta < 0
    when 'gift_refund' then delta > 0
    when 'ticket' then delta < 0
    when 'ticket_refund' then delta > 0
    else true end),
  constraint coin_ledger_subject check (case kind
    when 'gift' then gift_id is not null and session_id is not null
    when 'gift_refund' then gift_id is not null and session_id is not null
    when 'ticket' then ticket_id is not null and session_id is not null
    when 'ticket_refund' then ticket_id is not null and session_id is not null
    else reference is not null end)
);
comment on table public.coin_ledger is 'Every movement of coins, append-only for everyone; the sum of a user''s rows is the balance.';
comment on column public.coin_ledger.id is 'Order of the movements.';
comment on column public.coin_ledger.user_id is 'Whose wallet moved.';
comment on column public.coin_ledger.delta is 'Coins in (positive) or out (negative).';
comment on column public.coin_ledger.balance_after is 'The wallet right after; set by the trigger.';
comment on column public.coin_ledger.kind is 'Why: top_up, gift, gift_refund, ticket, ticket_refund or adjustment.';
comment on column public.coin_ledger.session_id is 'The session a gift or ticket belongs to.';
comment on column public.coin_ledger.gift_id is 'The gift paid for or refunded.';
comment on column public.coin_ledger.ticket_id is 'The ticket paid for or refunded.';
comment on column public.coin_ledger.reference is 'Idempotency key of a top-up or adjustment: the shop''s receipt.';
comment on column public.coin_ledger.note is 'A word for the accountant.';
comment on column public.coin_ledger.created_by is 'The ops user behind a refund or adjustment; null for the owner or the service.';
comment on column public.coin_ledger.created_at is 'When coins moved.';
create index coin_ledger_by_user on public.coin_ledger (user_id, id desc);
create index coin_ledger_by_session on public.coin_ledger (session_id) where session_id is not null;
create unique index coin_ledger_one_per_gift on public.coin_ledger (gift_id, kind) where gift_id is not null;
create unique index coin_ledger_one_per_ticket on public.coin_ledger (ticket_id, kind) where ticket_id is not null;
create unique index coin_ledger_one_per_reference on public.coin_ledger (kind, reference) where reference is not null;

create table public.creator_earnings (
  ledger_id bigint primary key references public.coin_ledger (id),
  creator_id uuid not null,
  session_id uuid not null,
  kind text not null check (kind in ('gift', 'gift_refund', 'ticket', 'ticket_refund')),
  gift_id uuid,
  ticket_id uuid,
  coins bigint not null check (coins <> 0),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.creator_earnings is 'The creator''s side of the ledger: one row per gift, ticket and refund, in gross coins. Written by the ledger alone.';
comment on column public.creator_earnings.ledger_id is 'The movement this is the other side of.';
comment on column public.creator_earnings.creator_id is 'Who earned.';
comment on column public.creator_earnings.session_id is 'In which session.';
comment on column public.creator_earnings.kind is 'gift, gift_refund, ticket or ticket_refund.';
comment on column public.creator_earnings.gift_id is 'By which gift.';
comment on column public.creator_earnings.ticket_id is 'By which ticket.';
comment on column public.creator_earnings.coins is 'Gross coins: minus the payer''s delta, so a refund is negative.';
comment on column public.creator_earnings.created_at is 'When it was earned.';
create index creator_earnings_by_creator on public.creator_earnings (creator_id, created_at desc);
create unique index creator_earnings_of_gift on public.creator_earnings (gift_id, kind) where gift_id is not null;
create unique index creator_earnings_of_ticket on public.creator_earnings (ticket_id, kind) where ticket_id is not null;
create index creator_earnings_by_session on public.creator_earnings (session_id);

-- The ledger row moves the wallet. The row lock that the update takes is what makes a balance below zero impossible
-- under any concurrency; the check constraint is the second wall.
create function live.move_wallet() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.coin_wallets (user_id) values (new.user_id) on conflict do nothing;
  update public.coin_wallets set balance = balance + new.delta, updated_at = clock_timestamp()
   where user_id = new.user_id and balance + new.delta >= 0
   returning balance into new.balance_after;
  if not found then
    perform live.refuse(402, 'insufficient_coins', 'There are not enough coins in the wallet. Top up and try again.');
  end if;
  new.created_at := clock_timestamp();
  return new;
end;
$$;
comment on function live.move_wallet() is 'Trigger: applies a ledger row to its wallet and notes the balance after it.';
create trigger coin_ledger_move_wallet before insert on public.coin_ledger
  for each row execute function live.move_wallet();

create function live.book_earnings() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  with booked as (
    insert into public.creator_earnings (ledger_id, creator_id, session_id, kind, gift_id, ticket_id, coins)
    select new.id, s.creator_id, s.id, new.kind, new.gift_id, new.ticket_id, -new.delta from public.live_sessions s where s.id = new.session_id
    returning *
  )
  insert into public.creator_open_earnings (ledger_id, creator_id, ticket_id, coins, held, earned_at)
  select b.ledger_id, b.creator_id, b.ticket_id, b.coins, b.kind = 'ticket',
         -- A refund counts in the hour of what it pays back; what was never earned in none.
         case b.kind when 'gift' then b.created_at
                     when 'gift_refund' then (select g.created_at from public.creator_earnings g where g.gift_id = b.gift_id and g.kind = 'gift')
                     when 'ticket_refund' then (select t.earned_at from public.live_tickets t where t.id = b.ticket_id) end
    from booked b;
  return null;
end;
$$;
comment on function live.book_earnings() is 'Trigger: books the creator''s side of a gift, ticket or refund.';
create trigger coin_ledger_book_earnings after insert on public.coin_ledger
  for each row when (new.kind in ('gift', 'gift_refund', 'ticket', 'ticket_refund'))
  execute function live.book_earnings();

create function live.books_are_append_only() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.refuse(403, 'append_only', format('%s is append-only: write a correcting entry instead.', tg_table_name));
  return null;
end;
$$;
comment on function live.books_are_append_only() is 'Trigger: refuses to change or remove what was booked, no matter who asks.';
create trigger coin_ledger_append_only before update or delete or truncate on public.coin_ledger
  for each statement execute function live.books_are_append_only();
create trigger creator_earnings_append_only before update or delete or truncate on public.creator_earnings
  for each statement execute function live.books_are_append_only();
create trigger coin_wallets_not_removable before delete or truncate on public.coin_wallets
  for each statement execute function live.books_are_append_only();

-- Balances and earnings are written from inside the ledger's triggers only: one level of nesting more than a direct
-- write has.
create function live.books_move_by_ledger_only() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if pg_catalog.pg_trigger_depth() < 2 then
    perform live.refuse(403, 'ledger_only', format('%s follows the ledger: insert into coin_ledger instead.', tg_table_name));
  end if;
  return new;
end;
$$;
comment on function live.books_move_by_ledger_only() is 'Trigger: refuses any write that does not come from a ledger row.';
create trigger coin_wallets_start_empty before insert on public.coin_wallets
  for each row when (new.balance <> 0) execute function live.books_move_by_ledger_only();
create trigger coin_wallets_by_ledger_only before update on public.coin_wallets
  for each row execute function live.books_move_by_ledger_only();
create trigger creator_earnings_by_ledger_only before insert on public.creator_earnings
  for each row execute function live.books_move_by_ledger_only();

create function live.clean_gift_names() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.name_en := live.clean_text(new.name_en, 'name_en', 60);
  new.name_tr := live.clean_text(new.name_tr, 'name_tr', 60);
  return new;
end;
$$;
comment on function live.clean_gift_names is 'Trigger: the names of a gift are lines that can be read.';
create trigger clean_gift_names before insert or update of name_en, name_tr on public.gift_catalog
  for each row execute function live.clean_gift_names();

alter table public.gift_catalog enable row level security;
alter table public.coin_wallets enable row level security;
alter table public.coin_ledger enable row level security;
alter table public.creator_earnings enable row level security;

grant select on public.gift_catalog to authenticated, service_role;
grant insert, update on public.gift_catalog to authenticated, service_role;
create policy "everyone signed in sees the gifts" on public.gift_catalog for select to authenticated using (true);
create policy "ops add gifts" on public.gift_catalog for insert to authenticated with check ((select live.am_ops()));
create policy "ops change gifts" on public.gift_catalog for update to authenticated
  using ((select live.am_ops())) with check ((select live.am_ops()));

grant select on public.coin_wallets, public.coin_ledger, public.creator_earnings to authenticated, service_role;
create policy "own wallet, and ops" on public.coin_wallets for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
create policy "own movements, and ops" on public.coin_ledger for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
create policy "own earnings, and ops" on public.creator_earnings for select to authenticated
  using (creator_id = (select auth.uid()) or (select live.am_ops()));

-- schemas/60_gifts.sql
-- Owns: sending gifts and topping up. Coins move through one ledger row, in one transaction with what they bought.
-- Locks are always taken wallet first, session second, so no two spenders can deadlock.

create table public.live_gifts (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  sender_id uuid not null,
  gift_code text not null references public.gift_catalog (code),
  quantity integer not null check (quantity between 1 and 999),
  coins bigint not null check (coins > 0),
  seq bigint not null,
  idempotency_key text not null check (length(idempotency_key) between 8 and 200),
  created_at timestamptz not null default clock_timestamp(),
  unique (sender_id, idempotency_key),
  unique (session_id, seq)
);
comment on table public.live_gifts is 'Gifts sent, one row each, at the price of that moment. Written by send_gift alone.';
comment on column public.live_gifts.id is 'The gift.';
comment on column public.live_gifts.session_id is 'Where it was sent.';
comment on column public.live_gifts.sender_id is 'Who paid.';
comment on column public.live_gifts.gift_code is 'Which gift.';
comment on column public.live_gifts.quantity is 'How many at once.';
comment on column public.live_gifts.coins is 'Paid in all: price times quantity.';
comment on column public.live_gifts.seq is 'Its place in the session''s live_events.';
comment on column public.live_gifts.idempotency_key is 'Chosen by the sender''s app; the same key never charges twice.';
comment on column public.live_gifts.created_at is 'When it was sent.';
create index live_gifts_by_sender on public.live_gifts (sender_id, created_at desc);
create trigger live_gifts_append_only before update or delete or truncate on public.live_gifts
  for each statement execute function live.books_are_append_only();

alter table public.live_gifts enable row level security;
grant select on public.live_gifts to authenticated, service_role;
create policy "senders, the session's staff and ops see gifts" on public.live_gifts for select to authenticated
  using (sender_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

-- Deferred, because the payment is booked before the session's lock is taken and the gift while it is held.
alter table public.coin_ledger
  add constraint coin_ledger_gift foreign key (gift_id) references public.live_gifts (id) deferrable initially deferred;

-- The lock serialises one person's spending: idempotency, rates and funds are then decided without a race.
create function live.lock_wallet(p_user uuid) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  funds bigint;
begin
  if p_user is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(p_user);
  insert into public.coin_wallets (user_id) values (p_user) on conflict do nothing;
  select w.balance into funds from public.coin_wallets w where w.user_id = p_user for update;
  return funds;
end;
$$;
comment on function live.lock_wallet(uuid) is 'Locks the wallet of who is signed in until the transaction ends, and returns its balance; refuses nobody, and a deleted account.';

create function live.gift_receipt(p_gift public.live_gifts) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object('gift_id', p_gift.id, 'seq', p_gift.seq, 'coins', p_gift.coins, 'balance', l.balance_after)
      from public.coin_ledger l where l.gift_id = p_gift.id and l.kind = 'gift');
end;
$$;
comment on function live.gift_receipt(public.live_gifts) is 'What send_gift answered, for a retry.';

create function live.hold_live(p_session uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- Anyone who waits for a row that others update is woken at every update, and all of them stand in the way of the
  -- agent's own writes. In this queue one is woken at a time, and one at a time comes to the row.
  perform pg_advisory_xact_lock(hashtextextended('hold_live ' || p_session, 0));
  perform from public.live_sessions s where s.id = p_session and s.status = 'live' for no key update;
  if not found then
    perform live.refuse(409, 'session_ended', 'This session is over.');
  end if;
end;
$$;
comment on function live.hold_live(uuid) is 'Locks a session so that it cannot end before this transaction does.';

-- What needs no place in the stream comes first: all gifts of a session wait for the lock that hold_live takes.
create function live.book_gift(p_gift public.live_gifts) returns public.live_gifts
language plpgsql set search_path = '' as $$
declare
  shown constant jsonb := jsonb_build_object('gift_id', p_gift.id, 'sender_id', p_gift.sender_id,
    'gift_code', p_gift.gift_code, 'quantity', p_gift.quantity, 'coins', p_gift.coins)
    || jsonb_strip_nulls(jsonb_build_object('sender_name', live.shown_name(p_gift.sender_id),
                                            'sender_avatar', live.shown_avatar(p_gift.sender_id)));
begin
  insert into public.coin_ledger (user_id, delta, kind, session_id, gift_id)
    values (p_gift.sender_id, -p_gift.coins, 'gift', p_gift.session_id, p_gift.id);
  insert into public.live_messages (session_id, user_id, type, payload, sender_name, sender_avatar)
    values (p_gift.session_id, p_gift.sender_id, 'gift', shown, shown ->> 'sender_name', shown ->> 'sender_avatar');
  perform live.hold_live(p_gift.session_id);
  p_gift.seq := live.append_events(p_gift.session_id, 'gift', array[shown], p_gift.coins);
  p_gift.created_at := clock_timestamp();
  insert into public.live_gifts select p_gift.*;
  return p_gift;
end;
$$;
comment on function live.book_gift(public.live_gifts) is 'Writes a gift, its payment, its line in the chat and its event; refuses when the session has ended.';

create function public.send_gift(
  session_id uuid, gift_code text, quantity integer, idempotency_key text, p_expected_coins bigint default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  funds bigint;
  gift public.live_gifts;
begin
  perform live.require_key(idempotency_key);
  funds := live.lock_wallet(me);

  select * into gift from public.live_gifts g
   where g.sender_id = me and g.idempotency_key = send_gift.idempotency_key;
  if found then
    if (gift.session_id, gift.gift_code, gift.quantity) is distinct from (session_id, gift_code, quantity) then
      perform live.refuse(409, 'idempotency_key_reused', 'This key was used for another gift. Choose a new one.');
    end if;
    return live.gift_receipt(gift);
  end if;

  perform live.require_member();
  perform live.require_entry(session_id, me);
  if exists (select from public.live_sessions s where s.id = send_gift.session_id and s.creator_id = me) then
    perform live.refuse(409, 'own_session', 'You cannot send gifts to yourself.');
  end if;
  if quantity is null or quantity not between 1 and 999 then
    perform live.refuse(400, 'invalid_quantity', 'Send between 1 and 999 of a gift at once.');
  end if;
  select c.coins::bigint * quantity into gift.coins
    from public.gift_catalog c where c.code = gift_code and c.is_active;
  if not found then
    perform live.refuse(404, 'unknown_gift', 'This gift is not on sale. Load the list of gifts again.');
  end if;
  perform live.require_price(p_expected_coins, gift.coins);
  if gift.coins > funds then
    perform live.refuse(402, 'insufficient_coins', 'There are not enough coins in the wallet. Top up and try again.');
  end if;

  gift.id := gen_random_uuid();
  gift.session_id := session_id;
  gift.sender_id := me;
  gift.gift_code := gift_code;
  gift.quantity := quantity;
  gift.idempotency_key := idempotency_key;
  perform live.spend(me, 'gifts_per_minute');
  gift := live.book_gift(gift);
  return jsonb_build_object('gift_id', gift.id, 'seq', gift.seq, 'coins', gift.coins, 'balance', funds - gift.coins);
end;
$$;
comment on function public.send_gift(uuid, text, integer, text, bigint) is
  'Sends a gift from the signed-in person''s wallet: {gift_id, seq, coins, balance}. The same key charges once and answers '
  'the same; with other arguments it is refused. p_expected_coins: what the person saw that it costs in all; refused with '
  'price_changed when it costs something else by now.';
grant execute on function public.send_gift(uuid, text, integer, text, bigint) to authenticated;

create function public.credit_coins(p_user uuid, p_coins bigint, p_reference text, p_note text default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  entry public.coin_ledger;
begin
  if p_coins is null or p_coins not between 1 and 10000000 then
    perform live.refuse(400, 'invalid_coins', 'Credit between 1 and 10,000,000 coins at once.');
  end if;
  if p_reference is null or length(p_reference) not between 8 and 200 then
    perform live.refuse(400, 'invalid_reference', 'Give the shop''s receipt as reference: 8 to 200 characters.');
  end if;
  if not exists (select from public.profiles p where p.id = p_user) then
    perform live.refuse(404, 'unknown_user', 'There is no such user to credit.');
  end if;
  -- By receipt first: two people who present one at the same time have different wallets.
  perform pg_advisory_xact_lock(hashtextextended('receipt ' || p_reference, 0));
  perform live.lock_wallet(p_user);
  select * into entry from public.coin_ledger l where l.kind = 'top_up' and l.reference = p_reference;
  if not found then
    insert into public.coin_ledger (user_id, delta, kind, reference, note)
      values (p_user, p_coins, 'top_up', p_reference, p_note) returning * into entry;
  elsif (entry.user_id, entry.delta) is distinct from (p_user, p_coins) then
    perform live.refuse(409, 'reference_reused', 'This receipt was already credited to another user or amount.');
  end if;
  return jsonb_build_object('ledger_id', entry.id, 'coins', entry.delta, 'balance', entry.balance_after);
end;
$$;
comment on function public.credit_coins(uuid, bigint, text, text) is
  'Tops up a wallet after a purchase: {ledger_id, coins, balance}. A receipt credits once, no matter who presents it again.';
grant execute on function public.credit_coins(uuid, bigint, text, text) to service_role;

-- schemas/62_tickets.sql
-- Owns: buying the ticket of a pay-per-view session. What becomes of its coins is a migration of its own (refunds).

create function live.ticket_receipt(p_ticket uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object('ticket_id', p_ticket, 'balance', l.balance_after)
      from public.coin_ledger l where l.ticket_id = p_ticket and l.kind = 'ticket');
end;
$$;
comment on function live.ticket_receipt(uuid) is 'What buy_ticket answers, the same at every retry.';

create function live.require_ticket_sale(p_session public.live_sessions, p_user uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  case
    when p_session.id is null then
      perform live.refuse(404, 'unknown_session', 'There is no such session.');
    when p_session.creator_id = p_user then
      perform live.refuse(409, 'own_session', 'The host of a session needs no ticket.');
    when p_session.access_type <> 'pay_per_view' then
      perform live.refuse(409, 'no_ticket_needed', 'This session needs no ticket.');
    when p_session.status = 'ended' or live.account_gone(p_session.creator_id) then
      perform live.refuse(409, 'session_ended', 'This session is over.');
    when live.standing_ban(p_user, p_session.id, p_session.creator_id) is not null then
      perform live.refuse(403, 'banned', 'You cannot enter this session, so no ticket is sold to you.');
    when exists (select from public.live_tickets t
                  where t.session_id = p_session.id and t.user_id = p_user and t.refunded_at is null) then
      perform live.refuse(409, 'already_has_ticket', 'You already have a ticket for this session.');
    else null;
  end case;
end;
$$;
comment on function live.require_ticket_sale(public.live_sessions, uuid) is 'Refuses to sell a ticket that would not let this person in.';

create function public.buy_ticket(session_id uuid, idempotency_key text, p_expected_coins bigint default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  funds bigint;
  ticket public.live_tickets;
  session public.live_sessions;
begin
  perform live.require_key(idempotency_key);
  funds := live.lock_wallet(me);

  select * into ticket from public.live_tickets t
   where t.user_id = me and t.idempotency_key = buy_ticket.idempotency_key;
  if found then
    if ticket.session_id is distinct from session_id then
      perform live.refuse(409, 'idempotency_key_reused', 'This key was used for another ticket. Choose a new one.');
    end if;
    return live.ticket_receipt(ticket.id);
  end if;

  perform live.require_account(me);
  -- Shared, so that many can buy at once and nobody after the end.
  select * into session from public.live_sessions s where s.id = session_id for share;
  perform live.require_ticket_sale(session, me);
  perform live.require_price(p_expected_coins, session.price_coins);
  if session.price_coins > funds then
    perform live.refuse(402, 'insufficient_coins', 'There are not enough coins in the wallet. Top up and try again.');
  end if;
  insert into public.live_tickets (session_id, user_id, coins, idempotency_key)
    values (session.id, me, session.price_coins, idempotency_key) returning * into ticket;
  insert into public.coin_ledger (user_id, delta, kind, session_id, ticket_id)
    values (me, -ticket.coins, 'ticket', ticket.session_id, ticket.id);
  return live.ticket_receipt(ticket.id);
end;
$$;
comment on function public.buy_ticket(uuid, text, bigint) is
  'Buys the ticket of a pay-per-view session for the signed-in person: {ticket_id, balance}. The same key charges once. '
  'p_expected_coins: the price that the person saw; refused with price_changed when it is another by now.';
grant execute on function public.buy_ticket(uuid, text, bigint) to authenticated;

-- schemas/64_messages.sql
-- Owns: the chat of a session. It lives here and never in LiveKit; moderators delete through moderation_actions.

create table public.live_messages (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid default auth.uid(),
  type text not null default 'text' check (type in ('text', 'gift', 'system')),
  body text check (char_length(body) between 1 and 2000),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  sender_name text,
  sender_avatar text,
  created_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz,
  deleted_by uuid,
  held_at timestamptz,
  check (type <> 'text' or (body is not null and user_id is not null))
);
comment on table public.live_messages is 'The chat of a session: what people wrote, gifts as they were sent, and messages of the system.';
comment on column public.live_messages.id is 'The sender''s app may choose it, so that a retried message is the same message.';
comment on column public.live_messages.session_id is 'The session.';
comment on column public.live_messages.user_id is 'Who wrote or gave; null for the system.';
comment on column public.live_messages.type is 'text, gift or system.';
comment on column public.live_messages.body is 'The text; app_settings.limits.message_length bounds it.';
comment on column public.live_messages.payload is 'What a gift or system message shows.';
comment on column public.live_messages.sender_name is 'The sender''s name as it was then; null once the account is deleted.';
comment on column public.live_messages.sender_avatar is 'Address of the sender''s picture as it was then; null once the account is deleted.';
comment on column public.live_messages.created_at is 'When it was written.';
comment on column public.live_messages.deleted_at is 'When a moderator deleted it; only staff and ops see it from then on.';
comment on column public.live_messages.held_at is 'Since when it waits for a moderator: its author, staff and ops alone see it. Null: everyone does.';
comment on column public.live_messages.deleted_by is 'Who deleted it; null for server code and for ops.';
create index live_messages_of_session on public.live_messages (session_id, created_at desc);
create index live_messages_of_user on public.live_messages (user_id, created_at desc);

create function live.require_chat_mode(p_session public.live_sessions, p_user uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_session.chat_mode = 'everyone' or live.is_staff_in(p_session, p_user) then
    return;
  elsif p_session.chat_mode = 'followers_only' and not live.follows(p_user, p_session.creator_id) then
    perform live.refuse(403, 'followers_only', 'Only followers write in this chat: follow the creator to join in.');
  elsif p_session.chat_mode = 'subscribers_only' and not live.subscribes(p_user, p_session.creator_id) then
    perform live.refuse(403, 'subscribers_only', 'Only subscribers write in this chat: subscribe to the creator to join in.');
  end if;
end;
$$;
comment on function live.require_chat_mode is 'Refuses a message of somebody whom the session''s chat_mode leaves out.';

create function live.require_pause(p_session public.live_sessions, p_user uuid) returns void
language plpgsql set search_path = '' as $$
declare
  left_seconds double precision;
begin
  if p_session.slow_mode_seconds = 0 or live.is_staff_in(p_session, p_user) then
    return;
  end if;
  select p_session.slow_mode_seconds - extract(epoch from clock_timestamp() - max(m.created_at)) into left_seconds
    from public.live_messages m
   where m.session_id = p_session.id and m.user_id = p_user and m.type = 'text'
     and m.created_at > clock_timestamp() - make_interval(secs => p_session.slow_mode_seconds);
  if left_seconds > 0 then
    perform live.refuse(429, 'slow_mode', format('The chat is slowed down: write again in %s seconds.', ceil(left_seconds)));
  end if;
end;
$$;
comment on function live.require_pause is 'Refuses a message too soon after the last one of the same person, where the session''s chat is slowed down.';

-- Chat rules bind text, which is all that an app user can insert; gifts and system lines come from our functions.
create function live.guard_message() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  place public.live_participants;
  session public.live_sessions;
begin
  new.created_at := clock_timestamp();
  perform live.require_account(new.user_id);
  perform live.require_entry(new.session_id, new.user_id);
  select * into place from public.live_participants p
   where p.session_id = new.session_id and p.user_id = new.user_id;
  if place.is_online is not true then
    perform live.refuse(403, 'not_in_session', 'Join the session to write in its chat.');
  end if;
  if place.chat_muted_until > clock_timestamp() then
    perform live.refuse(403, 'chat_muted', 'A moderator has taken you out of the chat for now.');
  end if;
  if char_length(new.body) > live.limit_of('message_length') then
    perform live.refuse(400, 'message_too_long',
      format('A message may have %s characters at most.', live.limit_of('message_length')));
  end if;
  if live.text_fault(new.body, 2000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A message %s.', live.text_fault(new.body, 2000, true)));
  end if;
  select * into session from public.live_sessions s where s.id = new.session_id;
  perform live.require_chat_mode(session, new.user_id);
  -- The pause after it: two messages at once have waited for each other there, so that the second sees the first.
  perform live.spend(new.user_id, 'messages_per_minute');
  perform live.require_pause(session, new.user_id);
  new.sender_name := live.shown_name(new.user_id);
  new.sender_avatar := live.shown_avatar(new.user_id);
  return new;
end;
$$;
comment on function live.guard_message() is 'Trigger: who may write what in a session''s chat, and how often.';
create trigger live_messages_guard before insert on public.live_messages
  for each row when (new.type = 'text') execute function live.guard_message();

alter table public.live_messages enable row level security;
grant select, insert (id, session_id, body) on public.live_messages to authenticated;
grant select, insert on public.live_messages to service_role;
create policy "who is in a live session reads its chat" on public.live_messages for select to authenticated
  using ((deleted_at is null and (user_id = (select auth.uid()) or (held_at is null and session_id in (select live.my_chats())))
          and (user_id is null or user_id not in (select live.my_blocks())))
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));
create policy "members write as themselves" on public.live_messages for insert to authenticated
  with check (user_id = (select auth.uid()) and type = 'text' and not (select live.is_anonymous()));

create function live.forget_names(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  lines int;
  gifts int;
begin
  update public.live_messages m set sender_name = null, sender_avatar = null, payload = m.payload - '{sender_name,sender_avatar}'::text[]
   where m.user_id = p_user and (m.sender_name is not null or m.payload ? 'sender_name');
  get diagnostics lines = row_count;
  update public.live_events e set payload = e.payload - '{sender_name,sender_avatar}'::text[]
    from public.live_gifts g
   where g.sender_id = p_user and e.session_id = g.session_id and e.seq = g.seq and e.payload ? 'sender_name';
  get diagnostics gifts = row_count;
  return jsonb_build_object('names_in_messages', lines, 'names_in_events', gifts);
end;
$$;
comment on function live.forget_names(uuid) is
  'Takes the name and picture of a deleted account from the chat and the streams, which keep its bare id: rows changed, by table.';

-- schemas/66_call_states.sql
-- Owns: a call's life: which status may follow which, its times and duration, and that nobody speaks in two calls at once.
--
--   initiated ─► ringing ─► accepted ─► ended        initiated, ringing ─► cancelled
--                   ├─► declined                     initiated, ringing, accepted ─► failed
--                   └─► missed

create table public.call_transitions (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
comment on table public.call_transitions is 'The only steps a call may take. A status that no row starts from is final.';
comment on column public.call_transitions.from_status is 'Status now.';
comment on column public.call_transitions.to_status is 'Status that may follow.';
alter table public.call_transitions enable row level security;
grant select on public.call_transitions to service_role;

insert into public.call_transitions (from_status, to_status) values
  ('initiated', 'ringing'), ('initiated', 'cancelled'), ('initiated', 'failed'),
  ('ringing', 'accepted'), ('ringing', 'declined'), ('ringing', 'missed'), ('ringing', 'cancelled'), ('ringing', 'failed'),
  ('accepted', 'ended'), ('accepted', 'failed');

create table public.call_engagements (
  user_id uuid primary key,
  call_id uuid not null references public.calls (id) on delete cascade,
  answered_in text
);
comment on table public.call_engagements is
  'Who is in which accepted call. The primary key makes a second one impossible, from either side and in any race. A call that '
  'rings occupies nobody''s line.';
comment on column public.call_engagements.user_id is 'Caller or callee.';
comment on column public.call_engagements.call_id is 'The call that occupies them.';
comment on column public.call_engagements.answered_in is
  'Of the callee: the sign-in (session_id of the access token) that answered, so that another device of theirs is refused.';
create index call_engagements_by_call on public.call_engagements (call_id);
alter table public.call_engagements enable row level security;
grant select on public.call_engagements to service_role;

create function live.last_seen_in_call(p_call uuid) returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select max(v.left_at) from public.live_visits v
     where v.call_id = p_call having bool_and(v.left_at is not null));
end;
$$;
comment on function live.last_seen_in_call(uuid) is
  'When the last of the two left; null while someone is in the room, and when nobody ever was.';

create function live.last_together_in_call(p_call public.calls) returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select coalesce(min(x.seen), p_call.accepted_at) from (
      select case when bool_or(v.left_at is null) then 'infinity' else max(v.left_at) end as seen
        from unnest(array[p_call.caller_id, p_call.callee_id]) as party (id)
        left join public.live_visits v on v.call_id = p_call.id and v.user_id = party.id
       group by party.id having count(v.participant_sid) > 0) x
     -- Who never came was never there.
     having count(*) = 2);
end;
$$;
comment on function live.last_together_in_call(public.calls) is
  'Until when both sides of a call were in its room: when the first of them left for good, infinity while both are there; null '
  'when one of them never came.';

create function live.begin_call() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.status <> 'initiated' then
    perform live.refuse(409, 'illegal_transition', format('A call begins as initiated, not as %s.', new.status));
  end if;
  new.created_at := clock_timestamp();
  new.ringing_at := null;
  new.accepted_at := null;
  new.ended_at := null;
  new.duration_seconds := null;
  return new;
end;
$$;
comment on function live.begin_call() is 'Trigger: a call begins as initiated, at the database''s time.';
create trigger calls_begin before insert on public.calls for each row execute function live.begin_call();

-- A call that both sides left without a word ended when the second one left, and one that a side is alone in when the other
-- left: not when that was noticed.
create function live.step_call() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if (new.id, new.caller_id, new.callee_id, new.livekit_room)
     is distinct from (old.id, old.caller_id, old.callee_id, old.livekit_room)
     or (new.type <> old.type and (old.type, new.type, new.status) <> ('audio', 'video', 'accepted')) then
    perform live.refuse(409, 'immutable', 'Who calls whom and the room of a call never change, and its type only from audio to video.');
  elsif new.type <> old.type then
    new.desired_xid := pg_current_xact_id();
  end if;
  if new.status <> 'accepted' or new.type = 'video' then
    new.video_wanted_by := null;
  end if;
  new.created_at := old.created_at;
  new.ringing_at := old.ringing_at;
  new.accepted_at := old.accepted_at;
  new.ended_at := old.ended_at;
  new.duration_seconds := old.duration_seconds;
  if new.status = old.status then
    return new;
  end if;
  if not exists (select from public.call_transitions t where (t.from_status, t.to_status) = (old.status, new.status)) then
    perform live.refuse(409, 'illegal_transition', format('A call that is %s cannot become %s.', old.status, new.status));
  end if;
  new.desired_xid := pg_current_xact_id();
  if new.status = 'ringing' then
    new.ringing_at := clock_timestamp();
  elsif new.status = 'accepted' then
    new.accepted_at := clock_timestamp();
  else
    new.ended_at := case new.end_reason
      when 'both_left' then greatest(new.accepted_at, live.last_seen_in_call(new.id))
      when 'alone' then greatest(new.accepted_at, live.last_together_in_call(new)) end;
    new.ended_at := case when isfinite(new.ended_at) then new.ended_at else clock_timestamp() end;
    new.duration_seconds := floor(extract(epoch from new.ended_at - new.accepted_at));
  end if;
  return new;
end;
$$;
comment on function live.step_call() is 'Trigger: refuses illegal steps, no matter who asks, and sets the times and the duration. A wish for video ends with the audio call.';
create trigger calls_step before update on public.calls for each row execute function live.step_call();

-- One call that rings for each caller, and one that runs for each pair: a second request of either is refused before it
-- comes to this, by call_start; the indexes hold it in any race.
create unique index calls_one_ringing_per_caller on public.calls (caller_id) where status in ('initiated', 'ringing');
create unique index calls_one_per_pair on public.calls (least(caller_id, callee_id), greatest(caller_id, callee_id))
  where status in ('initiated', 'ringing', 'accepted');

create function live.engage_parties() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.call_engagements (user_id, call_id)
    select p.id, new.id from unnest(array[new.caller_id, new.callee_id]) as p (id) order by p.id
    on conflict (user_id) do nothing;
  if (select count(*) from public.call_engagements e where e.call_id = new.id) < 2 then
    if exists (select from public.call_engagements e where e.user_id = new.callee_id and e.call_id <> new.id) then
      perform live.refuse(409, 'already_in_call', 'You are in another call. End it first.');
    end if;
    perform live.refuse(409, 'call_not_ringing', 'This call is not ringing any more.');
  end if;
  return null;
end;
$$;
comment on function live.engage_parties() is 'Trigger: an accepted call occupies both parties, or is refused because one of them is in another.';
create trigger calls_engage after update of status on public.calls
  for each row when (old.status <> 'accepted' and new.status = 'accepted') execute function live.engage_parties();

create function live.release_parties() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not live.call_is_running(new.status) then
    delete from public.call_engagements e where e.call_id = new.id;
  end if;
  return null;
end;
$$;
comment on function live.release_parties() is 'Trigger: a call that is over occupies nobody.';
create trigger calls_release after update of status on public.calls for each row execute function live.release_parties();

-- schemas/68_call_requests.sql
-- Owns: what the edge functions ask about calls: starting, answering, ending one, and entering its room.
-- p_user is whom the edge function has verified; each answers with all that a token needs.

-- In one order, so that two people who call each other at once wait for each other and never deadlock.
create function live.hold_lines(p_users uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform live.one_at_a_time('calls', x.id) from (select u.id from unnest(p_users) as u (id) order by u.id) x;
end;
$$;
comment on function live.hold_lines(uuid[]) is
  'Lets what concerns the calls of these people happen one after the other, until the transaction ends. Taken before any row of calls.';

create function live.require_call(p_call uuid, p_user uuid) returns public.calls
language plpgsql set search_path = '' as $$
declare
  call public.calls;
begin
  select * into call from public.calls c where c.id = p_call and p_user in (c.caller_id, c.callee_id) for update;
  if not found then
    perform live.refuse(404, 'unknown_call', 'There is no such call of yours.');
  end if;
  return call;
end;
$$;
comment on function live.require_call(uuid, uuid) is 'Locks and returns a call of this person''s; refuses any other as unknown.';

create function live.call_reply(p_call public.calls, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('call', to_jsonb(p_call) - 'desired_xid', 'join',
    case when live.call_is_running(p_call.status) then live.token_grant(p_user, null, p_call) end);
end;
$$;
comment on function live.call_reply(public.calls, uuid) is '{call, join}; join is null once the call is over.';

create function live.rings_too_long(p_call public.calls) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return p_call.status = 'ringing' and p_call.ringing_at + live.setting_interval('calls.ring_seconds') <= clock_timestamp();
end;
$$;
comment on function live.rings_too_long(public.calls) is 'Whether a ringing call is past calls.ring_seconds.';

create function live.miss_calls(p_users uuid[] default null) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  missed integer;
begin
  with overdue as (
    select c.id from public.calls c
     where c.status = 'ringing' and live.rings_too_long(c)
       and (p_users is null or c.caller_id = any (p_users) or c.callee_id = any (p_users))
     order by c.id limit live.at_a_time() for update skip locked)
  update public.calls c set status = 'missed', end_reason = 'no_answer' from overdue o where c.id = o.id;
  get diagnostics missed = row_count;
  return missed;
end;
$$;
comment on function live.miss_calls(uuid[]) is
  'Closes calls that rang too long as missed, of these people or of everyone; returns how many.';

create function live.is_on_air(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select from public.live_participants p
      join public.live_sessions s on s.id = p.session_id and s.status = 'live'
      join public.live_roles r on r.context = s.type and r.role = p.role and r.can_publish_sources <> '{}'
     where p.user_id = p_user and p.is_online);
end;
$$;
comment on function live.is_on_air(uuid) is 'Whether a person is in a live session in a role that may be heard or seen.';

create function live.spend_call(p_caller uuid, p_callee uuid) returns void
language plpgsql set search_path = '' as $$
declare
  begun bigint;
  unanswered bigint;
begin
  perform live.spend(p_caller, 'calls_per_minute');
  select count(*), count(*) filter (where c.callee_id = p_callee and c.accepted_at is null) into begun, unanswered
    from public.calls c where c.caller_id = p_caller and c.created_at > clock_timestamp() - interval '1 hour';
  if begun >= live.limit_of('calls_per_hour') then
    perform live.refuse(429, 'rate_limited', 'Too many calls in one hour: try again later.');
  elsif unanswered >= live.limit_of('calls_per_pair_per_hour') then
    perform live.refuse(429, 'rate_limited', 'They have not answered many calls of yours: try again later.');
  end if;
end;
$$;
comment on function live.spend_call(uuid, uuid) is
  'Counts one call of a caller against the rates of app_settings.limits: a minute''s, an hour''s, and an hour''s unanswered ones to one person.';

-- A block and a wish come before who is busy: anyone who may not call learns nothing of the callee.
create function live.require_line(p_caller uuid, p_callee uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if exists (select from public.user_blocks b where b.user_id = p_caller and b.blocked_id = p_callee) then
    perform live.refuse(409, 'blocked_by_you', 'You have blocked them. Unblock them first.');
  elsif live.standing_ban(p_callee, null, null) is not null or not live.accepts_calls_from(p_callee, p_caller) then
    perform live.refuse(409, 'callee_unavailable', 'They cannot be called now.');
  elsif exists (select from public.call_engagements e where e.user_id = p_caller)
     or exists (select from public.calls c where c.caller_id = p_caller and c.status in ('initiated', 'ringing')) then
    perform live.refuse(409, 'already_in_call', 'You are in another call. End it first.');
  elsif exists (select from public.call_engagements e where e.user_id = p_callee)
     or ((live.setting('calls.busy_on_air'))::boolean and live.is_on_air(p_callee)) then
    perform live.refuse(409, 'callee_busy', 'They are busy. Try again later.');
  end if;
end;
$$;
comment on function live.require_line(uuid, uuid) is
  'Refuses a call between two people that the callee does not want, or for which one of them is busy. A call that rings keeps no line busy.';

create function public.call_start(p_user uuid, p_callee uuid, p_type text, p_sign_in text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls;
begin
  if not (live.setting('calls.enabled'))::boolean then
    perform live.refuse(403, 'calls_disabled', 'Calls are switched off for now.');
  end if;
  if p_type is null or p_type not in ('audio', 'video') then
    perform live.refuse(400, 'invalid_type', 'A call is audio or video.');
  end if;
  perform live.require_account(p_user);
  if p_user = p_callee then
    perform live.refuse(400, 'self_call', 'You cannot call yourself.');
  end if;
  if not exists (select from public.profiles p where p.id = p_callee) then
    perform live.refuse(404, 'unknown_user', 'There is nobody to call under this id.');
  end if;
  perform live.hold_lines(array[p_user, p_callee]);
  perform live.miss_calls(array[p_user, p_callee]);
  -- Two people who call each other at once want one call: anyone who comes second answers the first.
  select * into call from public.calls c
   where c.caller_id = p_callee and c.callee_id = p_user and c.status = 'ringing';
  if found then
    return public.call_answer(p_user, call.id, true, p_sign_in);
  end if;
  perform live.require_line(p_user, p_callee);
  perform live.spend_call(p_user, p_callee);
  insert into public.calls (caller_id, callee_id, type) values (p_user, p_callee, p_type) returning * into call;
  update public.calls set status = 'ringing' where id = call.id returning * into call;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_start(uuid, uuid, text, text) is
  'Starts a call, which rings at once: {call, join}. Anyone who is being called by the other at that moment answers that call. '
  'Refused while calls are off, to oneself, to someone busy, and to someone who does not want it.';

create function live.require_same_device(p_call uuid, p_user uuid, p_sign_in text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if exists (select from public.call_engagements e
              where e.user_id = p_user and e.call_id = p_call and e.answered_in <> p_sign_in) then
    perform live.refuse(409, 'answered_elsewhere', 'You have answered this call on another device.');
  end if;
end;
$$;
comment on function live.require_same_device(uuid, uuid, text) is 'Refuses a callee who has answered the call on another device.';

create function public.call_answer(p_user uuid, p_call uuid, p_accept boolean, p_sign_in text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls;
  wanted constant text := case when p_accept then 'accepted' else 'declined' end;
begin
  perform live.hold_lines(array[c.caller_id, c.callee_id]) from public.calls c where c.id = p_call;
  call := live.require_call(p_call, p_user);
  if p_user <> call.callee_id then
    perform live.refuse(403, 'callee_only', 'Only the person who is called can answer.');
  end if;
  if p_accept then
    perform live.require_account(p_user);
  end if;
  if call.status = wanted then
    perform live.require_same_device(call.id, p_user, p_sign_in);
    return live.call_reply(call, p_user);
  end if;
  if call.status <> 'ringing' or live.rings_too_long(call) then
    perform live.refuse(409, 'call_not_ringing', 'This call is not ringing any more.');
  end if;
  if p_accept then
    -- Anyone who answers has stopped calling somebody else.
    update public.calls c set status = 'cancelled', end_reason = 'caller'
     where c.caller_id = p_user and c.status in ('initiated', 'ringing');
  end if;
  update public.calls set status = wanted, end_reason = case when not p_accept then 'declined' end
   where id = call.id returning * into call;
  update public.call_engagements e set answered_in = p_sign_in where e.user_id = p_user and e.call_id = call.id;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_answer(uuid, uuid, boolean, text) is
  'The callee accepts or declines: {call, join}; join is null when declined. Repeating the same answer changes nothing; of '
  'two devices, the first that accepts is in the call, and the other is refused. p_sign_in: the access token''s session_id.';

create function public.call_token(p_user uuid, p_call uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call constant public.calls := live.require_call(p_call, p_user);
begin
  perform live.require_account(p_user);
  if not live.call_is_running(call.status) then
    perform live.refuse(409, 'call_not_active', 'This call is not going on.');
  end if;
  -- token_fault refuses a callee who has not answered.
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_token(uuid, uuid) is
  'Either side enters the room again while the call is accepted, and the caller already while it rings: {call, join}.';

create function public.call_end(p_user uuid, p_call uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls := live.require_call(p_call, p_user);
begin
  if live.call_is_running(call.status) then
    update public.calls
       set status = case call.status when 'accepted' then 'ended' else 'cancelled' end,
           end_reason = case p_user when call.caller_id then 'caller' else 'callee' end
     where id = call.id returning * into call;
  end if;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_end(uuid, uuid) is
  'Either side ends the call, or cancels it before the answer: {call, join: null}. Ending again changes nothing.';

grant execute on function
  public.call_start(uuid, uuid, text, text), public.call_answer(uuid, uuid, boolean, text),
  public.call_token(uuid, uuid), public.call_end(uuid, uuid)
  to service_role;

-- schemas/69_chat_hints.sql
-- Owns: the hints that a session's chat changed (live:session:<id>). Ids only: who reads them is decided when the
-- messages are asked for by them.

create function live.tell_messages() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_session(n.session_id, 'live_messages', jsonb_agg(n.id order by n.created_at, n.id))
     from new_rows n group by n.session_id;
  return null;
end;
$$;
comment on function live.tell_messages() is 'Trigger: messages that were written or deleted.';
create trigger tell_new_messages after insert on public.live_messages
  referencing new table as new_rows for each statement execute function live.tell_messages();
create trigger tell_changed_messages after update on public.live_messages
  referencing new table as new_rows for each statement execute function live.tell_messages();

-- schemas/69_vods.sql
-- Owns: what is published of recordings: title, access, chapters, the chat beside it, who may watch, and what is cut. A VOD is made when a
-- recording is ready and is nobody's but its creator's until they publish it. The clock of a VOD is its parts one after the other.

create table public.live_vods (
  recording_id uuid primary key references public.live_recordings (id) on delete cascade,
  session_id uuid not null references public.live_sessions (id) on delete restrict,
  creator_id uuid not null,
  title text not null check (char_length(title) between 1 and 200),
  access_type text not null check (access_type in ('public', 'subscribers', 'pay_per_view')),
  price_coins int check (price_coins between 1 and 1000000),
  thumbnail text check (char_length(thumbnail) <= 300),
  duration_seconds double precision not null default 0 check (duration_seconds >= 0),
  chapters jsonb not null default '[]' check (jsonb_typeof(chapters) = 'array'),
  published_at timestamptz,
  taken_down_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  check ((access_type = 'pay_per_view') = (price_coins is not null))
);
comment on table public.live_vods is 'Recordings as they can be watched: what its creator publishes, to whom, and whether ops have taken it down.';
comment on column public.live_vods.recording_id is 'The recording.';
comment on column public.live_vods.session_id is 'The session that was recorded.';
comment on column public.live_vods.creator_id is 'Whose it is.';
comment on column public.live_vods.title is 'Title; at first the session''s.';
comment on column public.live_vods.access_type is 'Who may watch: public (everyone), subscribers (of the creator) or pay_per_view (holders of the session''s ticket).';
comment on column public.live_vods.price_coins is 'What the session''s ticket cost; null where none was needed.';
comment on column public.live_vods.thumbnail is 'A picture of it in the bucket recordings, below its prefix; null where there is none.';
comment on column public.live_vods.duration_seconds is 'How long it plays.';
comment on column public.live_vods.chapters is 'From the events of the session: [{"at_seconds", "kind": start, gifts, speaker or announcement, "coins"?, "text"?}].';
comment on column public.live_vods.published_at is 'Since when others may watch it; null while they may not.';
comment on column public.live_vods.taken_down_at is 'Since when ops have taken it down; null while they have not.';
comment on column public.live_vods.created_at is 'When it was made.';
create index live_vods_published on public.live_vods (published_at desc, recording_id) where published_at is not null and taken_down_at is null;
create index live_vods_of_creator on public.live_vods (creator_id, created_at desc);
create index live_vods_of_session on public.live_vods (session_id);
alter table public.live_vods enable row level security;
grant select on public.live_vods to authenticated, service_role;
create policy "what is published, one's own, and ops all" on public.live_vods for select to authenticated
  using ((published_at is not null and taken_down_at is null) or creator_id = (select auth.uid()) or (select live.am_ops()));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_vods', '{creator_id}', '{}', 'true', null, null, 'false',
   'What a creator published of their sessions: gone with the row of the recording, which retention deletes after its files.');

-- ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.vod_stretches(p_recording uuid) returns table (number int, prefix text, began timestamptz, ended timestamptz, offset_seconds double precision)
language sql stable set search_path = '' as $$
  select t.number, t.prefix, t.started_at, t.started_at + make_interval(secs => t.plays),
         sum(t.plays) over (order by t.number) - t.plays
    from (select x.*, coalesce(x.duration_seconds, extract(epoch from x.ended_at - x.started_at), 0)::double precision as plays
            from public.live_recording_parts x where x.recording_id = p_recording and x.started_at is not null) t
$$;
comment on function live.vod_stretches(uuid) is 'The parts of a recording on its own clock: when each began and ended, and at which second of the whole it begins.';

create function live.vod_second(p_recording uuid, p_at timestamptz) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  return (select x.offset_seconds + extract(epoch from p_at - x.began) from live.vod_stretches(p_recording) x
           where p_at >= x.began and p_at < x.ended order by x.number limit 1);
end;
$$;
comment on function live.vod_second(uuid, timestamptz) is 'The second of a recording at which a moment is seen; null in a gap and outside.';

-- ── chapters ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.chapters_of(p_recording public.live_recordings) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    with told as (
      select e.type, e.payload, e.created_at, live.vod_second(p_recording.id, e.created_at) as second
        from public.live_events e where e.session_id = p_recording.session_id and e.type in ('gift', 'role_changed', 'system')
    ), peaks as (
      select min(t.second) as second, sum((t.payload ->> 'coins')::bigint) as coins
        from told t where t.type = 'gift' and t.second is not null group by floor(t.second / 60) order by 2 desc limit 3
    ), found as (
      select 0::double precision as second, jsonb_build_object('kind', 'start') as what
      union all
      select p.second, jsonb_build_object('kind', 'gifts', 'coins', p.coins) from peaks p
      union all
      -- No name: who spoke may be gone by the time that it is watched.
      select t.second, jsonb_build_object('kind', 'speaker') from told t
       where t.type = 'role_changed' and t.payload ->> 'role' = 'speaker' and t.second is not null
      union all
      select t.second, jsonb_build_object('kind', 'announcement', 'text', left(t.payload ->> 'text', 200)) from told t
       where t.type = 'system' and t.second is not null)
    select coalesce(jsonb_agg(jsonb_build_object('at_seconds', round(f.second::numeric, 1)) || f.what order by f.second), '[]')
      from (select * from found order by second limit 100) f);
end;
$$;
comment on function live.chapters_of(public.live_recordings) is
  'Chapters of a recording from its session''s events: the start, the three minutes with the most gifts, who came to speak, and announcements; at most 100.';

create function live.make_vod() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.state = 'ready' then
    insert into public.live_vods (recording_id, session_id, creator_id, title, access_type, price_coins, duration_seconds, chapters)
    select new.id, s.id, s.creator_id, s.title, s.access_type, s.price_coins, coalesce(new.duration_seconds, 0), live.chapters_of(new)
      from public.live_sessions s where s.id = new.session_id
    on conflict (recording_id) do nothing;
  else
    update public.live_vods v set published_at = null where v.recording_id = new.id and v.published_at is not null;
  end if;
  return null;
end;
$$;
comment on function live.make_vod() is 'Trigger: what is ready can be watched by its creator, and published; what is deleted is published no more.';
create trigger make_vod after update of state on public.live_recordings
  for each row when (old.state <> new.state and new.state in ('ready', 'deleted')) execute function live.make_vod();

-- ── who may watch ────────────────────────────────────────────────────────────────────────────────────────────────
create function live.is_over(p_recording public.live_recordings) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_recording.state = 'deleted' or (p_recording.retention_until <= clock_timestamp() and not p_recording.legal_hold);
end;
$$;
comment on function live.is_over(public.live_recordings) is 'Whether a recording''s time is over, whether or not its files are deleted yet.';

create function live.vod_access_fault(p_vod public.live_vods, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return case
    when p_vod.access_type = 'public' then null
    when coalesce((select u.is_anonymous from auth.users u where u.id = p_user), true) then 'sign_in_required'
    when p_vod.access_type = 'subscribers' then case when not live.subscribes(p_user, p_vod.creator_id) then 'subscription_required' end
    when not (live.setting('recording.tickets_valid'))::boolean or not exists (
      select from public.live_tickets t
       where t.session_id = p_vod.session_id and t.user_id = p_user and t.refund_due_at is null and t.refunded_at is null) then 'ticket_required' end;
end;
$$;
comment on function live.vod_access_fault(public.live_vods, uuid) is
  'What paid access a person lacks to watch a VOD: sign_in_required, subscription_required or ticket_required; null when none.';

create function live.vod_fault(p_user uuid, p_vod public.live_vods) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  item public.live_recordings;
  standing constant text := live.standing_fault(p_user, p_vod.session_id, p_vod.creator_id);
  ops constant boolean := p_user is not null and live.is_ops(p_user);
begin
  select * into item from public.live_recordings r where r.id = p_vod.recording_id;
  return case
    when standing in ('not_authenticated', 'account_deleted') then standing
    when item.id is null or live.is_over(item) or (live.account_gone(p_vod.creator_id) and not ops) then 'unknown_recording'
    when ops then null
    when standing is not null then standing
    when p_vod.taken_down_at is not null then 'taken_down'
    when p_vod.creator_id = p_user then null
    when p_vod.published_at is null or live.blocked(p_user, p_vod.creator_id) then 'unknown_recording'
    else live.vod_access_fault(p_vod, p_user) end;
end;
$$;
comment on function live.vod_fault(uuid, public.live_vods) is
  'Why a person may not watch a VOD; null when they may. The one place where that is decided: the list, the door and every segment ask it.';

create function live.refuse_vod(p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  case p_reason
    when 'unknown_recording' then perform live.refuse(404, p_reason, 'There is no such recording.');
    when 'taken_down' then perform live.refuse(410, p_reason, 'This recording was taken down.');
    when 'subscription_required' then perform live.refuse(403, p_reason, 'This recording is for the creator''s subscribers.');
    when 'ticket_required' then perform live.refuse(402, p_reason, 'This recording is for those who had a ticket.');
    else perform live.refuse_token(p_reason);
  end case;
end;
$$;
comment on function live.refuse_vod(text) is 'Refuses with a reason of live.vod_fault, in words for the person.';

create function live.vod_to_watch(p_user uuid, p_recording uuid) returns public.live_vods
language plpgsql stable set search_path = '' as $$
declare
  vod public.live_vods;
  reason text;
begin
  select * into vod from public.live_vods v where v.recording_id = p_recording;
  reason := live.vod_fault(p_user, vod);
  if reason is not null then
    perform live.refuse_vod(reason);
  end if;
  return vod;
end;
$$;
comment on function live.vod_to_watch(uuid, uuid) is 'A VOD for who may watch it; refuses everyone else.';

-- ── cuts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_recording_cuts (
  id uuid primary key default gen_random_uuid(),
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  user_id uuid,
  why text not null check (why in ('withdrawn', 'erased', 'creator')),
  from_at timestamptz not null,
  to_at timestamptz not null,
  decision text check (decision in ('cut', 'kept')),
  decided_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  check (to_at > from_at),
  check ((decision is null) = (decided_at is null))
);
comment on table public.live_recording_cuts is 'Stretches of recordings that are not shown: while the creator has not decided about them, and for good once cut.';
comment on column public.live_recording_cuts.id is 'Id of the cut.';
comment on column public.live_recording_cuts.recording_id is 'The recording.';
comment on column public.live_recording_cuts.user_id is 'Who is heard there and wants it gone; null for a cut of the creator''s own.';
comment on column public.live_recording_cuts.why is 'withdrawn (a consent), erased (an account) or creator.';
comment on column public.live_recording_cuts.from_at is 'Start.';
comment on column public.live_recording_cuts.to_at is 'End.';
comment on column public.live_recording_cuts.decision is 'cut or kept, by the creator; of erased accounts always cut. Null: not decided, and withheld meanwhile.';
comment on column public.live_recording_cuts.decided_at is 'When that was decided.';
comment on column public.live_recording_cuts.created_at is 'When it was asked for.';
create index live_recording_cuts_of_recording on public.live_recording_cuts (recording_id, from_at);
create index live_recording_cuts_of_person on public.live_recording_cuts (user_id) where user_id is not null;
create index live_recording_cuts_by_age on public.live_recording_cuts (created_at);
alter table public.live_recording_cuts enable row level security;
grant select on public.live_recording_cuts to authenticated, service_role;
create policy "one's own, and those of one's recordings" on public.live_recording_cuts for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops())
         or recording_id in (select v.recording_id from public.live_vods v where v.creator_id = (select auth.uid())));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recording_cuts', '{user_id}', '{}', 'true', 'retention.actions_days', 't.created_at',
   'exists (select from public.live_recordings r where r.id = t.recording_id and r.deleted_at is null)',
   'Which stretches of a recording somebody asked to have removed, and what was decided: as long as there is a recording.');

create function live.heard_in(p_recording public.live_recordings, p_user uuid) returns tstzmultirange
language plpgsql stable set search_path = '' as $$
declare
  recorded tstzmultirange;
  heard tstzmultirange;
begin
  select range_agg(tstzrange(t.started_at, t.ended_at)) into recorded
    from public.live_recording_parts t where t.recording_id = p_recording.id and t.started_at is not null;
  select range_agg(x.stretch) into heard from (
    select tstzrange(a.minute, a.minute + interval '1 minute') as stretch from public.live_audio_stats a
     where a.session_id = p_recording.session_id and a.user_id = p_user and a.talk_seconds > 0
    union all
    select tstzrange(m.started_at, m.ended_at) from public.live_media m where m.session_id = p_recording.session_id and m.user_id = p_user) x;
  -- Where nobody measured, all the time that they were there and might have spoken.
  if heard is null then
    select range_agg(tstzrange(v.joined_at, v.left_at)) into heard
      from public.live_visits v
     where v.session_id = p_recording.session_id and v.user_id = p_user
       and exists (select from public.live_recording_consents c where c.session_id = v.session_id and c.user_id = p_user and c.agreed_at is not null);
  end if;
  return coalesce(recorded * heard, '{}');
end;
$$;
comment on function live.heard_in(public.live_recordings, uuid) is
  'When somebody may be heard or seen in a recording: the minutes in which they spoke, and a host''s media; without measurements their whole visits.';

create function live.ask_for_cuts(p_recording public.live_recordings, p_user uuid, p_why text) returns int
language plpgsql set search_path = '' as $$
declare
  asked int;
begin
  insert into public.live_recording_cuts (recording_id, user_id, why, from_at, to_at, decision, decided_at)
  select p_recording.id, p_user, p_why, lower(x), coalesce(upper(x), clock_timestamp()), case p_why when 'erased' then 'cut' end,
         case p_why when 'erased' then clock_timestamp() end
    from unnest(live.heard_in(p_recording, p_user)) x
   where lower(x) < coalesce(upper(x), clock_timestamp())
     and not exists (select from public.live_recording_cuts c where c.recording_id = p_recording.id and c.user_id = p_user and c.why = p_why
                        and c.from_at <= lower(x) and c.to_at >= upper(x));
  get diagnostics asked = row_count;
  return asked;
end;
$$;
comment on function live.ask_for_cuts(public.live_recordings, uuid, text) is 'Withholds what is heard of a person in a recording; how many stretches. The same again changes nothing.';

create function live.cut_who_withdrew() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.ask_for_cuts(r, new.user_id, 'withdrawn') from public.live_recordings r
    where r.session_id = new.session_id and r.state <> 'deleted' and r.active_at is not null;
  return null;
end;
$$;
comment on function live.cut_who_withdrew() is 'Trigger: what was recorded of who takes their consent back is withheld until the creator has decided.';
create trigger cut_who_withdrew after update of withdrawn_at on public.live_recording_consents
  for each row when (old.withdrawn_at is null and new.withdrawn_at is not null and old.agreed_at is not null) execute function live.cut_who_withdrew();

create function live.cut_late_withdrawals() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.ask_for_cuts(new, c.user_id, 'withdrawn')
     from (select distinct x.user_id from public.live_recording_consents x
            where x.session_id = new.session_id and x.agreed_at is not null and x.withdrawn_at >= new.active_at
              and not exists (select from public.live_recording_consents y
                               where y.session_id = x.session_id and y.user_id = x.user_id and y.withdrawn_at is null and y.agreed_at is not null)) c;
  perform live.ask_for_cuts(new, c.user_id, 'erased')
     from (select distinct x.user_id from public.live_recording_consents x
            where x.session_id = new.session_id and x.agreed_at is not null and live.account_gone(x.user_id)) c;
  return null;
end;
$$;
comment on function live.cut_late_withdrawals() is
  'Trigger: minutes are measured when they are over, so at the end of a recording it is looked again what was heard of who withdrew, or was erased, during it.';
create trigger cut_late_withdrawals after update of state on public.live_recordings
  for each row when (old.state <> new.state and new.state = 'ready') execute function live.cut_late_withdrawals();

create function live.shown_cuts(p_recording uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('from_at', live.instant(c.from_at), 'to_at', live.instant(c.to_at)) order by c.from_at), '[]')
            from public.live_recording_cuts c where c.recording_id = p_recording and c.decision is distinct from 'kept');
end;
$$;
comment on function live.shown_cuts(uuid) is 'The stretches of a recording that nobody is shown: [{from_at, to_at}].';

-- schemas/69_vods_acts.sql
-- Owns: what creators and ops do with recordings that are made: publish, cut, delete, hold, take down and restore; and how long files are kept.

create function live.recording_of_mine(p_user uuid, p_recording uuid) returns public.live_recordings
language plpgsql set search_path = '' as $$
declare
  item public.live_recordings;
begin
  perform live.require_account(p_user);
  select r.* into item from public.live_recordings r join public.live_sessions s on s.id = r.session_id
   where r.id = p_recording and (s.creator_id = p_user or live.is_ops(p_user)) for no key update of r;
  if item.id is null or item.state = 'deleted' then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording of yours.');
  end if;
  return item;
end;
$$;
comment on function live.recording_of_mine(uuid, uuid) is 'A recording for its creator or ops, locked; refuses everyone else.';

create function public.publish_vod(
  recording_id uuid, published boolean, title text default null, access_type text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.live_recordings := live.recording_of_mine(auth.uid(), publish_vod.recording_id);
  vod public.live_vods;
  session public.live_sessions;
begin
  select * into vod from public.live_vods v where v.recording_id = item.id for no key update;
  select * into session from public.live_sessions s where s.id = item.session_id;
  if published is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to publish it, false to take it back.');
  elsif item.state <> 'ready' or live.is_over(item) then
    perform live.refuse(409, 'recording_not_ready', 'This recording is not ready to be watched.');
  elsif vod.creator_id <> auth.uid() then
    perform live.refuse(403, 'not_allowed', 'A recording is published by its creator.');
  elsif published and vod.taken_down_at is not null then
    perform live.refuse(410, 'taken_down', 'This recording was taken down.');
  elsif publish_vod.access_type is not null and publish_vod.access_type not in ('public', 'subscribers', session.access_type) then
    perform live.refuse(400, 'invalid_choice', 'A recording is public, for subscribers, or for those who had a ticket of its session.');
  end if;
  update public.live_vods v
     set published_at = case when published then coalesce(v.published_at, clock_timestamp()) end,
         title = case when publish_vod.title is null then v.title else live.clean_text(publish_vod.title, 'title', 200) end,
         access_type = coalesce(publish_vod.access_type, v.access_type),
         price_coins = case when coalesce(publish_vod.access_type, v.access_type) = 'pay_per_view' then session.price_coins end
   where v.recording_id = item.id returning * into vod;
  return to_jsonb(vod);
end;
$$;
comment on function public.publish_vod(uuid, boolean, text, text) is
  'A creator publishes a recording, or takes it back: its row of live_vods. access_type: public, subscribers, or the session''s own.';

create function public.cut_recording(recording_id uuid, from_seconds double precision, to_seconds double precision) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.live_recordings := live.recording_of_mine(auth.uid(), cut_recording.recording_id);
  made int;
begin
  if from_seconds is null or to_seconds is null or from_seconds < 0 or to_seconds <= from_seconds then
    perform live.refuse(400, 'invalid_choice', 'Give the first and the last second, in order.');
  end if;
  insert into public.live_recording_cuts (recording_id, why, from_at, to_at, decision, decided_at)
  select item.id, 'creator', x.began + make_interval(secs => greatest(from_seconds - x.offset_seconds, 0)),
         least(x.began + make_interval(secs => to_seconds - x.offset_seconds), x.ended), 'cut', clock_timestamp()
    from live.vod_stretches(item.id) x
   where to_seconds > x.offset_seconds and x.began + make_interval(secs => from_seconds - x.offset_seconds) < x.ended;
  get diagnostics made = row_count;
  return jsonb_build_object('recording_id', item.id, 'cuts', made);
end;
$$;
comment on function public.cut_recording(uuid, double precision, double precision) is
  'A creator, or ops, cut a stretch out of a recording, by its clock: {recording_id, cuts}. Whole segments that it touches are shown to nobody any more.';

create function public.decide_cut(cut_id uuid, decision text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  asked public.live_recording_cuts;
begin
  select * into asked from public.live_recording_cuts c where c.id = decide_cut.cut_id;
  perform live.recording_of_mine(auth.uid(), asked.recording_id);
  if decide_cut.decision is null or decide_cut.decision not in ('cut', 'kept') or (asked.why <> 'withdrawn' and decide_cut.decision = 'kept') then
    perform live.refuse(400, 'invalid_choice', 'Decide cut or kept; what an erased account asked for is cut.');
  end if;
  update public.live_recording_cuts c set decision = decide_cut.decision, decided_at = clock_timestamp() where c.id = asked.id returning * into asked;
  return to_jsonb(asked);
end;
$$;
comment on function public.decide_cut(uuid, text) is
  'The creator decides what becomes of a stretch in which somebody is heard who took their consent back: cut or kept. Until then nobody is shown it.';
grant execute on function public.publish_vod(uuid, boolean, text, text), public.cut_recording(uuid, double precision, double precision),
  public.decide_cut(uuid, text) to authenticated;

-- ── deletion ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.recording_delete(p_user uuid, p_recording uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_recordings := live.recording_of_mine(p_user, p_recording);
begin
  if not live.recording_is_over(item.state) then
    perform live.refuse(409, 'recording_running', 'Stop the recording first.');
  elsif item.legal_hold then
    perform live.refuse(409, 'recording_held', 'This recording is held and cannot be deleted now.');
  end if;
  if item.retention_until > clock_timestamp() then
    update public.live_recordings r set retention_until = clock_timestamp() where r.id = item.id returning * into item;
    update public.live_vods v set published_at = null where v.recording_id = item.id;
    perform live.note_recording_act(item.id, p_user, 'deleted',
      case when exists (select from public.live_sessions s where s.id = item.session_id and s.creator_id = p_user) then 'app' else 'ops' end);
  end if;
  return live.recording_answer(item);
end;
$$;
comment on function public.recording_delete(uuid, uuid) is
  'For recording-delete: its creator, or ops, have a recording deleted: {recording}. Nobody watches it from now on; a worker deletes the files. Refuses '
  'unknown_recording, recording_running, recording_held.';
grant execute on function public.recording_delete(uuid, uuid) to service_role;

create function public.hold_recording(recording_id uuid, hold boolean, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item constant public.live_recordings := live.recording_of_mine(me, hold_recording.recording_id);
begin
  if hold is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to hold it, false to let it go.');
  elsif reason is null or char_length(btrim(reason)) < 3 or live.text_fault(reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 3 to 500 characters.');
  end if;
  update public.live_recordings r set legal_hold = hold where r.id = item.id;
  perform live.note_recording_act(item.id, me, case when hold then 'held' else 'released' end, 'ops', reason);
  return jsonb_build_object('recording_id', item.id, 'legal_hold', hold);
end;
$$;
comment on function public.hold_recording(uuid, boolean, text) is 'Ops hold a recording whatever its retention says, or let it go: {recording_id, legal_hold}.';
grant execute on function public.hold_recording(uuid, boolean, text) to authenticated;

create function live.recordings_over() returns setof public.live_recordings
language plpgsql stable set search_path = '' as $$
begin
  return query select r.* from public.live_recordings r
    where r.deleted_at is null and r.retention_until <= clock_timestamp() and not r.legal_hold and live.recording_is_over(r.state);
end;
$$;
comment on function live.recordings_over() is 'Recordings whose files are to be deleted now.';

create function live.recordings_past() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from live.recordings_over() r where coalesce(r.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute');
end;
$$;
comment on function live.recordings_past() is 'Whether files of recordings are to be deleted now.';

create function public.recordings_to_delete(p_most int default 10) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  found jsonb;
begin
  with due as (
    select r.id from public.live_recordings r
     where r.id in (select o.id from live.recordings_over() o) and coalesce(r.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute'
     order by r.delete_claimed_at nulls first, r.retention_until limit least(greatest(coalesce(p_most, 10), 1), 100) for no key update skip locked
  ), claimed as (
    update public.live_recordings r set delete_claimed_at = clock_timestamp() from due where r.id = due.id returning r.id, r.prefix)
  select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'prefix', x.prefix,
           'prefixes', (select coalesce(jsonb_agg(t.prefix order by t.number), '[]') from public.live_recording_parts t where t.recording_id = x.id))), '[]')
    into found from claimed x;
  return found;
end;
$$;
comment on function public.recordings_to_delete(int) is
  'For workers: recordings whose files are to be deleted, those not tried yet first, taken for a minute: [{id, prefix, prefixes: of its parts}].';

create function public.recordings_deleted(p_ids uuid[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  deleted int;
begin
  -- Storage's own table is asked: what a worker says it did is not what was done.
  update public.live_recordings r set state = 'deleted'
   where r.id = any (p_ids) and r.deleted_at is null and r.delete_claimed_at is not null and r.retention_until <= clock_timestamp() and not r.legal_hold
     and not exists (select from storage.objects o where o.bucket_id = 'recordings' and o.name like r.prefix || '/%');
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end;
$$;
comment on function public.recordings_deleted(uuid[]) is 'For workers: these files were deleted; recordings of which Storage has nothing any more are written so: {deleted}.';
grant execute on function public.recordings_to_delete(int), public.recordings_deleted(uuid[]) to service_role;

create function live.recording_faults() returns table (book text, id text, expected text, found text)
language sql stable security definer set search_path = '' as $$
  select 'live_recordings: past its time', r.id::text, 'deleted', r.state from live.recordings_over() r where r.retention_until < clock_timestamp() - interval '1 hour'
  union all
  select 'live_recordings: not wanted for a minute', r.id::text, 'stopped', r.state from public.live_recordings r
   where not r.wanted and live.recording_runs(r.state) and r.unwanted_at < clock_timestamp() - interval '1 minute'
  union all
  select 'live_recordings: ready without files', r.id::text, r.prefix, 'none' from public.live_recordings r
   where r.state = 'ready' and r.ready_at < clock_timestamp() - interval '1 minute' and not live.is_over(r)
     and not exists (select from storage.objects o where o.bucket_id = 'recordings' and o.name like r.prefix || '/%')
  union all
  select 'bucket recordings: file of no recording', o.name, 'none', 'there since ' || o.created_at from storage.objects o
   where o.bucket_id = 'recordings' and o.created_at < clock_timestamp() - interval '1 day'
     and not exists (select from public.live_recordings r where r.deleted_at is null and starts_with(o.name, r.prefix || '/'))
  union all
  select 'bucket recordings: public', b.id, 'private', 'public' from storage.buckets b where b.id = 'recordings' and b.public
$$;
comment on function live.recording_faults() is 'Where recordings, their wishes, their time and the files in Storage disagree; part of live_faults.';

-- ── the one door ─────────────────────────────────────────────────────────────────────────────────────────────────
insert into public.live_actions (action, aspect, scope, needs_target, in_calls, needs_agent, params_schema, min_rank, undone_by, automatic,
                                 after_end, expires_after, columns, place, description)
select x.action, null, 'session', false, false, false,
       live.object_schema(jsonb_build_object('recording_id', '{"type": "string", "format": "uuid"}'::jsonb), '{recording_id}'), live.rank_of_ops(), null,
       false, true, null, '{}', (select max(a.place) from public.live_actions a) + x.place, x.description
  from (values (1, 'take_down', 'nobody but ops watches this recording of the session; who is watching it stops at the next segment'),
               (2, 'restore', 'a recording that was taken down may be watched again')) as x (place, action, description);

create function live.take_down_vod(p_row public.moderation_actions, p_at timestamptz) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_vods v set taken_down_at = case when p_at is null then null else coalesce(v.taken_down_at, p_at) end
   where v.recording_id = (p_row.params ->> 'recording_id')::uuid and v.session_id = p_row.session_id;
  if not found then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording of this session.');
  end if;
  return '{}';
end;
$$;
comment on function live.take_down_vod(public.moderation_actions, timestamptz) is 'Takes a recording of the session down, or (null) restores it.';

create function live.do_take_down(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return live.take_down_vod(p_row, clock_timestamp());
end;
$$;
comment on function live.do_take_down(public.moderation_actions) is 'take_down.';

create function live.do_restore(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return live.take_down_vod(p_row, null);
end;
$$;
comment on function live.do_restore(public.moderation_actions) is 'restore.';

-- ── the end of an account ────────────────────────────────────────────────────────────────────────────────────────
create function live.forget_recordings(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  ending int;
  cuts int;
begin
  update public.live_recordings r set retention_until = clock_timestamp()
    from public.live_sessions s
   where s.id = r.session_id and s.creator_id = p_user and r.deleted_at is null and live.recording_is_over(r.state) and r.retention_until > clock_timestamp();
  get diagnostics ending = row_count;
  update public.live_vods v set published_at = null where v.creator_id = p_user and v.published_at is not null;
  select coalesce(sum(live.ask_for_cuts(r, p_user, 'erased')), 0) into cuts
    from public.live_recordings r join public.live_sessions s on s.id = r.session_id
   where r.deleted_at is null and r.active_at is not null and s.creator_id <> p_user
     and exists (select from public.live_recording_consents c where c.session_id = r.session_id and c.user_id = p_user);
  delete from public.live_recording_stops t where t.creator_id = p_user;
  return jsonb_build_object('live_recordings', ending, 'live_recording_cuts', cuts);
end;
$$;
comment on function live.forget_recordings(uuid) is
  'What becomes of recordings with an account: those of its own sessions are deleted, and in others'' what is heard of it is cut: how many of each.';

-- schemas/69_vods_play.sql
-- Owns: watching. A play is what one person watches: its key opens the playlist and each segment, and each asks anew whether that person may.
-- So a right that ends stops it at the next segment, and a key that nobody has used for fifteen minutes opens nothing.

create table public.live_vod_plays (
  id uuid primary key default gen_random_uuid(),
  key_hash text not null unique check (key_hash ~ '^[0-9a-f]{64}$'),
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  user_id uuid not null,
  started_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  watched_seconds double precision not null default 0 check (watched_seconds >= 0)
);
comment on table public.live_vod_plays is 'Who watches, or has watched, which recording, and for how long.';
comment on column public.live_vod_plays.id is 'Id of the play.';
comment on column public.live_vod_plays.key_hash is 'SHA-256 of its key, which the player alone has.';
comment on column public.live_vod_plays.recording_id is 'What is watched.';
comment on column public.live_vod_plays.user_id is 'Who watches.';
comment on column public.live_vod_plays.started_at is 'When it began.';
comment on column public.live_vod_plays.last_at is 'When it last asked for something: fifteen minutes later its key is good for nothing.';
comment on column public.live_vod_plays.watched_seconds is 'How long segments were asked for; a pause of more than half a minute is none.';
create index live_vod_plays_of_recording on public.live_vod_plays (recording_id, started_at);
create index live_vod_plays_of_person on public.live_vod_plays (user_id, started_at desc);
create index live_vod_plays_by_age on public.live_vod_plays (last_at);
alter table public.live_vod_plays enable row level security;
grant select (id, recording_id, user_id, started_at, last_at, watched_seconds) on public.live_vod_plays to authenticated;
grant select on public.live_vod_plays to service_role;
create policy "one sees what one watched, ops all" on public.live_vod_plays for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_vod_plays', '{user_id}', '{}', 'true', 'retention.visits_days', 't.last_at', 'false',
   'What a person watched of recordings, and how long: the watch time of creators'' reports.');
update public.app_settings set value = value || '{"plays_per_minute": 20}' where key = 'limits';

create function public.vod_open(p_user uuid, p_recording uuid, p_key_hash text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  vod constant public.live_vods := live.vod_to_watch(p_user, p_recording);
begin
  perform live.spend(p_user, 'plays_per_minute');
  insert into public.live_vod_plays (key_hash, recording_id, user_id) values (p_key_hash, vod.recording_id, p_user);
  if p_user <> vod.creator_id and live.is_ops(p_user) then
    perform live.note_recording_act(vod.recording_id, p_user, 'watched', 'ops');
  end if;
  return jsonb_build_object('recording_id', vod.recording_id, 'title', vod.title, 'duration_seconds', vod.duration_seconds, 'chapters', vod.chapters,
                            'expires_at', live.instant(clock_timestamp() + interval '15 minutes'));
end;
$$;
comment on function public.vod_open(uuid, uuid, text) is
  'For recording-playback: somebody watches a recording: {recording_id, title, duration_seconds, chapters, expires_at}: until then its key must be used. Refuses '
  'unknown_recording, taken_down, banned, sign_in_required, subscription_required, ticket_required, rate_limited.';

create function public.vod_parts(p_key_hash text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  play public.live_vod_plays;
  vod public.live_vods;
begin
  select * into play from public.live_vod_plays x
   where x.key_hash = p_key_hash and x.last_at > clock_timestamp() - interval '15 minutes' for no key update;
  if play.id is null then
    perform live.refuse(410, 'play_over', 'Open the recording again: this link is no longer good.');
  end if;
  vod := live.vod_to_watch(play.user_id, play.recording_id);
  update public.live_vod_plays x
     set last_at = clock_timestamp(),
         watched_seconds = x.watched_seconds + least(extract(epoch from clock_timestamp() - x.last_at),
           case when clock_timestamp() - x.last_at > interval '30 seconds' then 0 else 30 end)
   where x.id = play.id;
  return jsonb_build_object(
    'seconds', live.setting('recording.link_seconds'), 'cuts', live.shown_cuts(vod.recording_id),
    'parts', (select coalesce(jsonb_agg(jsonb_build_object('number', x.number, 'prefix', x.prefix, 'began', live.instant(x.began)) order by x.number), '[]')
                from live.vod_stretches(vod.recording_id) x where x.ended > x.began));
end;
$$;
comment on function public.vod_parts(text) is
  'For recording-playback, at the playlist and at each segment: where the files are that the holder of a key may see now: {seconds: how long a link is good, parts: '
  '[{number, prefix, began}], cuts: [{from_at, to_at}]}. Refuses play_over and what vod_open refuses.';
grant execute on function public.vod_open(uuid, uuid, text), public.vod_parts(text) to service_role;

-- ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.my_vod_access(p_vod public.live_vods) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return live.vod_fault(auth.uid(), p_vod);
end;
$$;
comment on function live.my_vod_access(public.live_vods) is 'What keeps the caller from watching a VOD, for a list; null when nothing does.';
grant execute on function live.my_vod_access(public.live_vods) to authenticated;

create view public.live_replays with (security_invoker = true) as
select v.recording_id as id, v.session_id, v.title, v.access_type, v.price_coins, v.creator_id,
       live.card(v.creator_id) ->> 'name' as creator_name, live.card(v.creator_id) ->> 'avatar' as creator_avatar,
       v.duration_seconds, v.chapters, v.published_at, live.my_vod_access(v) as reason
  from public.live_vods v
 where v.published_at is not null and v.taken_down_at is null and v.creator_id not in (select live.my_blocks());
comment on view public.live_replays is
  'Published recordings for a list. Newest first: order=published_at.desc,id.desc; the next page: or=(published_at.lt.T,and(published_at.eq.T,id.lt.ID)) with the '
  'last row''s values; of a creator: creator_id=eq.ID.';
comment on column public.live_replays.id is 'The recording.';
comment on column public.live_replays.session_id is 'The session.';
comment on column public.live_replays.title is 'Title.';
comment on column public.live_replays.access_type is 'public, subscribers or pay_per_view.';
comment on column public.live_replays.price_coins is 'What the ticket cost; null where none is needed.';
comment on column public.live_replays.creator_id is 'The creator.';
comment on column public.live_replays.creator_name is 'Their name.';
comment on column public.live_replays.creator_avatar is 'Address of their picture, or null.';
comment on column public.live_replays.duration_seconds is 'How long it plays.';
comment on column public.live_replays.chapters is 'Its chapters.';
comment on column public.live_replays.published_at is 'Since when.';
comment on column public.live_replays.reason is 'What keeps the reader from watching: a code as recording-playback refuses with; null when nothing does.';
grant select on public.live_replays to authenticated;

create function public.vod_chat(recording_id uuid, from_seconds double precision default 0, max_lines int default 200) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  vod constant public.live_vods := live.vod_to_watch(auth.uid(), vod_chat.recording_id);
begin
  return (
    with said as (
      select m.id, x.offset_seconds + extract(epoch from m.created_at - x.began) as at_seconds, m.user_id, m.type, m.body, m.payload, m.sender_name
        from live.vod_stretches(vod.recording_id) x
        join public.live_messages m on m.session_id = vod.session_id and m.created_at >= x.began and m.created_at < x.ended
       where m.deleted_at is null and m.held_at is null and not live.account_gone(m.user_id)
         and not exists (select from public.user_blocks b where (b.user_id, b.blocked_id) in ((auth.uid(), m.user_id), (m.user_id, auth.uid()))))
    select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'at_seconds', round(s.at_seconds::numeric, 2), 'user_id', s.user_id, 'name', s.sender_name,
                    'type', s.type, 'body', s.body, 'payload', s.payload) order by s.at_seconds, s.id), '[]')
      from (select * from said where said.at_seconds >= vod_chat.from_seconds order by said.at_seconds, said.id
             limit least(greatest(coalesce(vod_chat.max_lines, 200), 1), 1000)) s);
end;
$$;
comment on function public.vod_chat(uuid, double precision, int) is
  'The chat of a recording by its clock, from a second on: [{id, at_seconds, user_id, name, type, body, payload}], at most max_lines (200, at most 1000). Without what was '
  'deleted, held, or written by somebody whose account is deleted or with whom a block stands. Refuses as recording-playback does.';
grant execute on function public.vod_chat(uuid, double precision, int) to authenticated;

create function public.vod_figures(recording_id uuid default null) returns table (
  id uuid, title text, plays bigint, people bigint, watched_seconds double precision, published_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  ops constant boolean := live.am_ops();
begin
  perform live.require_member();
  return query
    select v.recording_id, v.title, count(x.id), count(distinct x.user_id), coalesce(sum(x.watched_seconds), 0), v.published_at
      from public.live_vods v left join public.live_vod_plays x on x.recording_id = v.recording_id and x.user_id <> v.creator_id
     where (v.creator_id = me or ops) and (vod_figures.recording_id is null or v.recording_id = vod_figures.recording_id)
     group by v.recording_id order by v.created_at desc limit 500;
end;
$$;
comment on function public.vod_figures(uuid) is
  'How one''s recordings are watched (ops: everyone''s): plays, different people and seconds, of others than the creator; one recording, or the newest 500.';
grant execute on function public.vod_figures(uuid) to authenticated;

-- schemas/70_call_upgrade.sql
-- Owns: how an audio call becomes a video call: one side asks, the other agrees by asking as well. Before both have, no
-- camera is allowed: the tokens and the agent withhold it (live.token_sources, PERSON.sound_only).

create function public.call_upgrade(p_user uuid, p_call uuid, p_accept boolean) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls := live.require_call(p_call, p_user);
begin
  perform live.require_account(p_user);
  if call.status <> 'accepted' then
    perform live.refuse(409, 'call_not_active', 'This call is not going on.');
  end if;
  if call.type = 'audio' then
    update public.calls c
       set video_wanted_by = case when not p_accept then null else coalesce(c.video_wanted_by, p_user) end,
           type = case when p_accept and c.video_wanted_by <> p_user then 'video' else c.type end
     where c.id = call.id returning * into call;
  end if;
  return jsonb_build_object('call', to_jsonb(call) - 'desired_xid');
end;
$$;
comment on function public.call_upgrade(uuid, uuid, boolean) is
  'Either side asks for video in an accepted audio call, and the other agrees by the same: {call}. false declines, or takes the wish back. '
  'Asking again changes nothing.';
grant execute on function public.call_upgrade(uuid, uuid, boolean) to service_role;

-- schemas/70_live_faults.sql
-- Owns: the audit of what is not money: presence, actions and streams against each other. `book_faults` does the coins.

create function public.live_faults() returns table (book text, id text, expected text, found text)
language sql stable security definer set search_path = '' as $$
  with whole as (
    -- Of what is older, retention may have deleted visits; what folded visits came to cannot be counted anew either.
    select s.id, s.creator_id from public.live_sessions s where coalesce(s.started_at, s.created_at) >= live.audited_since('public.live_visits')
  ), online as (
    select v.session_id, v.user_id, min(v.joined_at) as first_joined_at, bool_or(v.left_at is null) as is_online
      from public.live_visits v where v.session_id is not null group by v.session_id, v.user_id
  ), watching as (
    select s.id, count(*) filter (where o.is_online) as now_there, count(o.user_id) as ever_there
      from whole s
      left join online o on o.session_id = s.id and o.user_id <> s.creator_id
     group by s.id
  ), stays as (
    select v.session_id, v.user_id, unnest(range_agg(tstzrange(v.joined_at, v.left_at))) as stay
      from public.live_visits v where v.session_id is not null group by v.session_id, v.user_id
  ), moments as (
    select y.session_id, case m.step when 1 then lower(y.stay) else upper(y.stay) end as at, m.step
      from stays y join public.live_sessions s on s.id = y.session_id and s.creator_id <> y.user_id,
           (values (1), (-1)) as m (step)
     where m.step = 1 or not upper_inf(y.stay)
  ), peaks as (
    select x.session_id, max(x.present) as most
      from (select m.session_id, sum(m.step) over (partition by m.session_id order by m.at) as present from moments m) x
     group by x.session_id
  ), watched as (
    select x.session_id, x.user_id, round(sum(extract(epoch from upper(x.stay) - lower(x.stay)))) as seconds
      from (select v.session_id, v.user_id, unnest(range_agg(tstzrange(v.joined_at, v.left_at))) as stay
              from public.live_visits v where v.session_id is not null and v.left_at is not null
             group by v.session_id, v.user_id) x
     group by x.session_id, x.user_id
  ), streams as (
    select s.id, s.last_seq, s.relayed_seq, coalesce(max(e.seq), 0) as highest, count(e.seq) as events
      from public.live_sessions s left join public.live_events e on e.session_id = s.id
     where s.created_at >= live.audited_since('public.live_events') group by s.id
  )
  select 'live_participants.is_online', p.session_id || '/' || p.user_id, coalesce(o.is_online, false)::text, p.is_online::text
    from public.live_participants p left join online o using (session_id, user_id)
   where p.is_online <> coalesce(o.is_online, false)
  union all
  select 'live_sessions.viewer_count', s.id::text, w.now_there::text, s.viewer_count::text
    from public.live_sessions s join watching w using (id) where s.viewer_count <> w.now_there
  union all
  select 'live_sessions.total_viewers', s.id::text, w.ever_there::text, s.total_viewers::text
    from public.live_sessions s join watching w using (id) where s.total_viewers <> w.ever_there
  union all
  select 'live_sessions.peak_viewers', s.id::text, coalesce(p.most, 0)::text, s.peak_viewers::text
    from public.live_sessions s join whole w using (id) left join peaks p on p.session_id = s.id where s.peak_viewers <> coalesce(p.most, 0)
     and not exists (select from public.live_participants x where x.session_id = s.id and x.folded_visits > 0)
  union all
  select 'live_participants.watch_seconds', p.session_id || '/' || p.user_id, coalesce(w.seconds, 0)::text, p.watch_seconds::text
    from public.live_participants p join whole h on h.id = p.session_id left join watched w using (session_id, user_id)
   where p.watch_seconds <> coalesce(w.seconds, 0) and p.folded_visits = 0
  union all
  select 'live_visits: open after the end', v.participant_sid, 'closed', 'open'
    from public.live_visits v
    left join public.live_sessions s on s.id = v.session_id
    left join public.calls c on c.id = v.call_id
   where v.left_at is null and coalesce(s.ended_at, c.ended_at) < clock_timestamp() - interval '1 minute'
  union all
  select 'live_events.seq', t.id::text, t.highest || ' without gaps', t.events || ' events, last_seq ' || t.last_seq
    from streams t where t.highest <> t.events or t.last_seq <> t.highest
  union all
  select 'live_sessions.relayed_seq', t.id::text, 'at most ' || t.last_seq, t.relayed_seq::text
    from streams t where t.relayed_seq > t.last_seq
  union all
  select 'live_gifts.seq', g.id::text, 'a gift event', coalesce(e.type, 'none')
    from public.live_gifts g left join public.live_events e on e.session_id = g.session_id and e.seq = g.seq
   where e.type is distinct from 'gift' and g.created_at >= live.audited_since('public.live_events')
  union all
  select 'moderation_actions: not final', a.id::text, 'final', a.status
    from public.moderation_actions a
   where a.status in ('pending', 'claimed') and a.created_at < clock_timestamp() - interval '1 minute'
  union all
  select 'moderation_actions: applied', a.id::text, 'applied_at and enforce_ms', 'none'
    from public.moderation_actions a
   where a.status = 'applied' and (a.applied_at is null or a.enforce_ms is null)
  union all
  select 'live.gone_accounts: not settled', g.user_id::text, 'settled', coalesce(g.error, 'not yet')
    from live.gone_accounts g where g.settled_at is null and g.marked_at < clock_timestamp() - interval '1 minute'
  union all
  select 'live.gone_accounts: missing', x.user_id::text, 'a mark', 'none' from live.missed_accounts() x
  union all
  select 'live_sessions: running without its host''s account', s.id::text, 'ended', s.status
    from public.live_sessions s join live.gone_accounts g on g.user_id = s.creator_id and g.settled_at is not null
   where s.status <> 'ended'
  union all
  select e.book, e.id, e.expected, e.found from live.evidence_faults() e
  union all
  select e.book, e.id, e.expected, e.found from live.recording_faults() e
  union all
  select 'retention', r.table_name, 'nothing before ' || r.allowed, r.oldest::text from live.retention_faults() r
  union all
  select 'retention: failed', d.table_name, 'none', d.fault from live.personal_data d where d.fault is not null
  union all
  select 'calls.duration_seconds', c.id::text, 'accepted_at to ended_at', coalesce(c.duration_seconds::text, 'none')
    from public.calls c
   where c.status = 'ended'
     and abs(c.duration_seconds - extract(epoch from c.ended_at - c.accepted_at)) < 1 is not true
$$;
comment on function public.live_faults() is
  'Every place where presence, streams and actions disagree with each other, for server code: {book, id, expected, '
  'found}; no row when all is well. What is younger than a minute may still be under way.';
grant execute on function public.live_faults() to service_role;

-- schemas/71_session_requests.sql
-- Owns: what the edge functions ask about sessions: creating, starting and ending one. p_user is whom the edge
-- function has verified; each answers with all that a token needs.

create function live.require_creator(p_user uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if not (live.setting('live.enabled'))::boolean then
    perform live.refuse(403, 'live_disabled', 'Going live is switched off for now.');
  end if;
  perform live.require_account(p_user);
  if not exists (select from public.profiles p where p.id = p_user and p.is_creator) then
    perform live.refuse(403, 'not_a_creator', 'Only approved creators can go live.');
  end if;
end;
$$;
comment on function live.require_creator(uuid) is 'Refuses everyone but approved creators in good standing, and everyone while live is off.';

create function live.session_fault(
  p_type text, p_access_type text, p_title text, p_price_coins integer, p_scheduled_at timestamptz)
returns text
language sql stable set search_path = '' as $$
  select case
    when p_type is null or p_type not in ('video_live', 'audio_room') then 'type must be video_live or audio_room.'
    when p_access_type is null or p_access_type not in ('public', 'subscribers', 'pay_per_view')
      then 'access_type must be public, subscribers or pay_per_view.'
    when live.text_fault(btrim(p_title), 200) is not null
      then format('title must have 1 to 200 characters: it %s.', live.text_fault(btrim(p_title), 200))
    when p_access_type = 'pay_per_view' and (p_price_coins is null or p_price_coins not between 1 and 1000000)
      then 'price_coins must be 1 to 1,000,000 for pay_per_view.'
    when p_access_type <> 'pay_per_view' and p_price_coins is not null
      then 'price_coins is for pay_per_view only.'
    when p_scheduled_at <= clock_timestamp() then 'scheduled_at must be in the future; leave it out to go live now.'
    when p_scheduled_at > clock_timestamp() + interval '1 year' then 'scheduled_at must be within a year.'
  end
$$;
comment on function live.session_fault(text, text, text, integer, timestamptz) is
  'What is wrong with a session that is to be created, in words; null when nothing is.';

create function live.session_json(p_session public.live_sessions) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return to_jsonb(p_session) - '{desired_xid,moderation,mute_all_rank}'::text[];
end;
$$;
comment on function live.session_json(public.live_sessions) is 'A session as its people are told about it: the row without its machinery.';

create function live.session_join(p_session public.live_sessions, p_user uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when p_session.status <> 'scheduled' then live.token_grant(p_user, p_session, null) end;
end;
$$;
comment on function live.session_join(public.live_sessions, uuid) is 'The grant to enter a session; null while it is scheduled.';

create function live.require_not_live(p_creator uuid, p_but uuid default null) returns void
language plpgsql set search_path = '' as $$
begin
  if exists (select from public.live_sessions s
              where s.creator_id = p_creator and s.status = 'live' and s.id is distinct from p_but) then
    perform live.refuse(409, 'already_live', 'You are live already. End that session first.');
  end if;
end;
$$;
comment on function live.require_not_live(uuid, uuid) is 'Refuses a creator who is live in another session.';

create function live.require_slot(p_creator uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if (select count(*) from public.live_sessions s
       where s.creator_id = p_creator and s.scheduled_at is not null
         and s.created_at > clock_timestamp() - interval '1 day') >= live.limit_of('scheduled_per_day') then
    perform live.refuse(429, 'too_many_scheduled', 'You have announced as many sessions as is possible in one day.');
  end if;
end;
$$;
comment on function live.require_slot(uuid) is 'Refuses a creator who has announced limits.scheduled_per_day sessions within a day, held or not.';

create function public.session_create(
  p_user uuid, p_type text, p_access_type text, p_title text,
  p_price_coins integer default null, p_scheduled_at timestamptz default null, p_planned_minutes integer default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  fault text;
  session public.live_sessions;
begin
  perform live.require_creator(p_user);
  fault := live.session_fault(p_type, p_access_type, p_title, p_price_coins, p_scheduled_at);
  if fault is not null then
    perform live.refuse(400, 'invalid_session', fault);
  elsif p_planned_minutes not between 1 and 1440 then
    perform live.refuse(400, 'invalid_session', 'Plan 1 to 1,440 minutes (planned_minutes).');
  end if;
  perform live.one_at_a_time('session', p_user);
  if p_scheduled_at is null then
    perform live.require_not_live(p_user);
  else
    perform live.require_slot(p_user);
  end if;
  insert into public.live_sessions (creator_id, type, access_type, title, price_coins, scheduled_at, planned_minutes, status)
    values (p_user, p_type, p_access_type, btrim(p_title), p_price_coins, p_scheduled_at, p_planned_minutes,
            case when p_scheduled_at is null then 'live' else 'scheduled' end)
    returning * into session;
  return jsonb_build_object('session', live.session_json(session),
                            'join', live.session_join(session, p_user));
end;
$$;
comment on function public.session_create(uuid, text, text, text, integer, timestamptz, integer) is
  'An approved creator goes live, or announces it for scheduled_at: {session, join}; join is null while scheduled. '
  'p_planned_minutes: how long it is to be; a ticket of a short show is earned sooner.';

create function public.session_start(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_creator(p_user);
  perform live.one_at_a_time('session', p_user);
  select * into session from public.live_sessions s where s.id = p_session and s.creator_id = p_user for no key update;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  if session.status = 'ended' then
    perform live.refuse(409, 'session_ended', 'This session is over.');
  end if;
  if session.status = 'scheduled' then
    perform live.require_not_live(p_user);
    update public.live_sessions set status = 'live' where id = session.id returning * into session;
  end if;
  -- A refusal from here on takes the start back as well.
  if (select p.role from public.live_participants p where p.session_id = session.id and p.user_id = p_user)
     is distinct from 'host' then
    perform live.refuse(403, 'not_the_host', 'You are not the host of this session any more.');
  end if;
  return jsonb_build_object('session', live.session_json(session),
                            'join', live.session_join(session, p_user));
end;
$$;
comment on function public.session_start(uuid, uuid) is
  'A scheduled session goes live: {session, join}. Starting a live one again answers the same.';

create function public.session_token(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_entry(p_session, p_user);
  select * into session from public.live_sessions s where s.id = p_session;
  -- Anyone who can be in the room is known before they are in it: a moderator may be faster than the news of the join.
  perform live.ensure_participant(session, p_user);
  return jsonb_build_object('join', live.session_join(session, p_user));
end;
$$;
comment on function public.session_token(uuid, uuid) is 'Anyone who can_join admits enters a live session: {join}; the role is in it.';

create table live.ingresses (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  asked_at timestamptz not null default clock_timestamp()
);
comment on table live.ingresses is 'Sessions that LiveKit has an ingress for: a way in for OBS, which is to be deleted when the session is over.';
comment on column live.ingresses.session_id is 'The session.';
comment on column live.ingresses.asked_at is 'When its host first asked for it.';
alter table live.ingresses enable row level security;

create function live.ingress_is_over(p_room text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from live.ingresses i join public.live_sessions s on s.id = i.session_id
                  where s.livekit_room = p_room and s.status = 'ended');
end;
$$;
comment on function live.ingress_is_over(text) is 'Whether LiveKit has an ingress into the room of a session that has ended.';

create function public.session_ingress(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  entry constant jsonb := public.session_token(p_user, p_session) -> 'join';
begin
  -- A token names sources for hosts alone, without those that a moderator took.
  if entry -> 'can_publish_sources' = '[]' then
    perform live.refuse(403, 'not_the_host', 'Only the host of a session, who may send picture or sound, streams into it.');
  end if;
  insert into live.ingresses (session_id) values (p_session) on conflict do nothing;
  return jsonb_build_object('ingress', jsonb_build_object('room', entry -> 'room', 'name', entry -> 'name'),
    'over', (select coalesce(jsonb_agg(s.livekit_room), '[]')
               from public.live_sessions s join live.ingresses i on i.session_id = s.id
              where s.creator_id = p_user and s.status = 'ended'));
end;
$$;
comment on function public.session_ingress(uuid, uuid) is
  'A host wants to stream from OBS beside their app: {ingress: {room, name}, over}. over: rooms of their ended sessions whose ingress is '
  'still to be deleted. Refused as session_token refuses, and to anyone else.';

create function public.ingress_deleted(p_room text) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  delete from live.ingresses i using public.live_sessions s where s.id = i.session_id and s.livekit_room = p_room;
  return jsonb_build_object('known', found);
end;
$$;
comment on function public.ingress_deleted(text) is 'LiveKit has no ingress into this room any more: {known}, whether it was on record.';

create function public.session_end(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  if not found or (session.creator_id <> p_user and not live.is_ops(p_user)) then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  if session.status <> 'ended' then
    update public.live_sessions
       set status = 'ended', end_reason = case p_user when session.creator_id then 'host' else 'ops' end
     where id = session.id;
    -- Read again: saying goodbye took another seq.
    select * into session from public.live_sessions s where s.id = p_session;
  end if;
  return jsonb_build_object('session', live.session_json(session), 'ingress', live.ingress_is_over(session.livekit_room));
end;
$$;
comment on function public.session_end(uuid, uuid) is
  'Its host or ops end a session: {session, ingress}. ingress: whether one is to be deleted. Ending an ended one changes nothing.';

grant execute on function
  public.session_create(uuid, text, text, text, integer, timestamptz, integer),
  public.session_start(uuid, uuid), public.session_token(uuid, uuid), public.session_ingress(uuid, uuid), public.ingress_deleted(text),
  public.session_end(uuid, uuid)
  to service_role;

-- schemas/72_webhooks.sql
-- Owns: what LiveKit's webhooks mean. Each counts once, by LiveKit's own event id; times are LiveKit's own, so that
-- neither the order nor the moment of arrival changes what is recorded.

create function live.webhook_is_about_a_person(p_participant jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(p_participant ->> 'kind', '0') not in ('EGRESS', '2', 'AGENT', '4')
     and not coalesce((p_participant #>> '{permission,hidden}')::boolean, false)
     and not coalesce((p_participant #>> '{permission,agent}')::boolean, false);
end;
$$;
comment on function live.webhook_is_about_a_person(jsonb) is
  'False for agents, recorders and anyone hidden.';

create function live.webhook_person(p_participant jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  named constant text := p_participant ->> 'identity';
begin
  if coalesce(p_participant ->> 'kind', '0') not in ('INGRESS', '1', 'SIP', '3') then
    return named;
  end if;
  -- The same order as in moderation/identity.py.
  return coalesce(
    (select x.said
       from unnest(array[named, p_participant #>> '{attributes,ipelya.person}', split_part(named, ':', 1)])
         with ordinality as x (said, place)
      where live.is_uuid(x.said) and x.said = lower(x.said)
      order by x.place limit 1),
    named);
end;
$$;
comment on function live.webhook_person(jsonb) is
  'Whom a participant stands for: an app its identity. An ingress or a telephone may be in the room beside the app: it is the '
  'person of its identity, of its attribute ipelya.person, or of the part of its identity before a colon.';

create function live.webhook_permission(p_permission jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  -- Protobuf's JSON leaves out what is false or empty, and names enums in capitals.
  return case when p_permission is not null then jsonb_build_object(
    'can_publish', coalesce((p_permission -> 'canPublish')::boolean, false),
    'can_publish_sources', (select coalesce(jsonb_agg(lower(x.source)), '[]')
                              from jsonb_array_elements_text(p_permission -> 'canPublishSources') as x (source)),
    'can_subscribe', coalesce((p_permission -> 'canSubscribe')::boolean, false)) end;
end;
$$;
comment on function live.webhook_permission(jsonb) is
  'LiveKit''s permission as agents read it: can_publish, can_publish_sources, can_subscribe; null for null.';

create function live.read_webhook_participant(p_room text, p_event text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  who constant jsonb := p_payload -> 'participant';
  joined_at constant timestamptz := coalesce(
    to_timestamp((who ->> 'joinedAtMs')::double precision / 1000), to_timestamp((who ->> 'joinedAt')::double precision));
  left_at constant timestamptz := case when p_event = 'participant_left' then
    to_timestamp((p_payload ->> 'createdAt')::double precision) end;
  person constant text := live.webhook_person(who);
  beside constant boolean := person <> who ->> 'identity';
  told jsonb;
begin
  if not live.webhook_is_about_a_person(who) then
    return false;
  end if;
  -- A report of leaving tells about the join as well, in case that report never came.
  told := live.record_presence('webhook', p_room, 'joined', who ->> 'sid', person, joined_at, null,
    case when p_event = 'participant_joined' then live.webhook_permission(who -> 'permission') end, left_at, beside);
  if p_event = 'participant_left' then
    told := live.record_presence('webhook', p_room, 'left', who ->> 'sid', person,
      left_at, lower(who ->> 'disconnectReason'), p_beside => beside);
  end if;
  return (told ->> 'ok')::boolean;
end;
$$;
comment on function live.read_webhook_participant(text, text, jsonb) is
  'Records participant_joined or participant_left; false when it is about nobody of ours.';

-- Where a worker is in the room, its own word counts: two servers that have lost each other may both have a room of that
-- name, and the end of one says nothing of who is in the other.
-- The millisecond lets a participant_left of the same second win, whichever comes first. Anyone who joined later is in
-- a newer room of the same name and stays.
create function live.read_webhook_room_finished(p_room text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  at constant timestamptz := to_timestamp((p_payload ->> 'createdAt')::double precision) + interval '1 millisecond';
begin
  if live.is_moderated(p_room) then
    return false;
  end if;
  perform live.record_presence('webhook', p_room, 'left', v.participant_sid, v.user_id::text, at, 'room_closed')
     from public.live_visits v
    where (v.session_id in (select s.id from public.live_sessions s where s.livekit_room = p_room)
           or v.call_id in (select c.id from public.calls c where c.livekit_room = p_room))
      and v.left_at is null and v.joined_at <= at;
  return found;
end;
$$;
comment on function live.read_webhook_room_finished(text, jsonb) is
  'Everyone who was in a room that LiveKit closed has left; false when nobody was, or a worker is in it and tells itself.';

create function live.webhook_ends_ingress(p_event text, p_room text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return case when p_event = 'room_finished' and live.ingress_is_over(p_room) then true end;
end;
$$;
comment on function live.webhook_ends_ingress(text, text) is
  'True where this report says that the room of an ended session is closed, into which LiveKit still has an ingress; else null.';

create function public.record_webhook(p_id text, p_event text, p_room text, p_payload jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  recorded boolean;
begin
  -- Told again it says nothing new, and of anybody but a host it is not even filed: a guest may publish in a loop.
  if p_event in ('track_published', 'track_unpublished') then
    return jsonb_build_object('outcome', case when live.read_webhook_track(p_room, p_event, p_payload)
                                              then 'recorded' else 'ignored' end);
  end if;
  insert into public.livekit_webhook_events (id, event, room, payload)
    values (p_id, p_event, nullif(p_room, ''), p_payload #- '{room,turnPassword}') on conflict (id) do nothing;
  if not found then
    return jsonb_strip_nulls(jsonb_build_object('outcome', 'duplicate', 'ingress_over', live.webhook_ends_ingress(p_event, p_room)));
  end if;
  recorded := case
    when p_event in ('participant_joined', 'participant_left')
      then live.read_webhook_participant(p_room, p_event, p_payload)
    when p_event = 'room_finished' then live.read_webhook_room_finished(p_room, p_payload)
    when p_event in ('egress_started', 'egress_updated', 'egress_ended') then live.read_webhook_egress(p_room, p_event, p_payload)
    else false end;
  return jsonb_strip_nulls(jsonb_build_object('outcome', case when recorded then 'recorded' else 'ignored' end,
                                              'ingress_over', live.webhook_ends_ingress(p_event, p_room)));
end;
$$;
comment on function public.record_webhook(text, text, text, jsonb) is
  'Files a verified webhook of LiveKit''s under its id and records the presence it tells about, and what a host has on air: '
  '{outcome: recorded, ignored or duplicate, ingress_over?: true}. p_payload is the body as LiveKit sent it.';
grant execute on function public.record_webhook(text, text, text, jsonb) to service_role;

-- schemas/73_call_sweeps.sql
-- Owns: what ends by the clock alone in calls and schedules: calls that nobody answered or that both sides left,
-- scheduled sessions that never started. agent_sweep calls it; running it twice at once is harmless, since rows in
-- other hands are skipped.

create function live.end_empty_calls() returns integer
language plpgsql set search_path = '' as $$
declare
  patience constant interval := make_interval(secs => live.limit_of('call_empty_seconds'));
  ended integer;
begin
  with empty as (
    select c.id, live.last_seen_in_call(c.id) as last_seen
      from public.calls c
     where c.status = 'accepted' and c.accepted_at < clock_timestamp() - patience
       and not exists (select from public.live_visits v where v.call_id = c.id and v.left_at is null)
       for update skip locked)
  update public.calls c
     set status = case when e.last_seen is null then 'failed' else 'ended' end,
         end_reason = case when e.last_seen is null then 'nobody_joined' else 'both_left' end
    from empty e
   where c.id = e.id and greatest(e.last_seen, c.accepted_at) < clock_timestamp() - patience;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_empty_calls() is
  'Ends accepted calls whose room has been empty for limits.call_empty_seconds; one that nobody ever joined failed. Returns how many.';

create function live.end_lonely_calls() returns integer
language plpgsql set search_path = '' as $$
declare
  patience constant interval := live.setting_interval('calls.alone_seconds');
  ended integer;
begin
  with running as (
    select c.id, c.accepted_at,
           -- The other one left, or never came; and anyone who is there has waited since they came.
           coalesce(live.last_together_in_call(c), c.accepted_at) as together,
           (select min(v.joined_at) from public.live_visits v where v.call_id = c.id and v.left_at is null) as waiting
      from public.calls c
     where c.status = 'accepted' and c.accepted_at < clock_timestamp() - patience
       for update skip locked)
  update public.calls c set status = 'ended', end_reason = 'alone'
    from running r
   where c.id = r.id and r.waiting is not null and greatest(r.together, r.waiting, r.accepted_at) < clock_timestamp() - patience;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_lonely_calls() is
  'Ends accepted calls in which one side has been alone for calls.alone_seconds: the other left, or never came. Returns how many.';

create function live.end_no_shows() returns integer
language plpgsql set search_path = '' as $$
declare
  ended integer;
  announced_before constant timestamptz := clock_timestamp() - live.setting_interval('session.no_show_seconds');
begin
  with late as (
    select s.id from public.live_sessions s
     where s.status = 'scheduled' and s.scheduled_at < announced_before
     order by s.id limit live.at_a_time() for no key update skip locked)
  update public.live_sessions s set status = 'ended', end_reason = 'no_show' from late l where s.id = l.id;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_no_shows() is 'Ends scheduled sessions that did not start within session.no_show_seconds. Returns how many.';

insert into live.wake_marks (room) values ('leftovers');

create function live.forget_leftovers() returns integer
language plpgsql set search_path = '' as $$
declare
  counts integer[] := '{}';
  n integer;
begin
  if not live.take_mark('leftovers', interval '30 seconds') then
    return 0;
  end if;
  delete from live.wake_marks m
   where case
     when m.room ~ '^(live|call)_' then (live.place(m.room)).running is not true
     when m.room ~ '^count:[0-9a-f-]{36}$' then not exists (
       select from public.live_sessions s where s.id = substr(m.room, 7)::uuid and s.status <> 'ended') end;
  get diagnostics n = row_count;
  counts := counts || n;
  delete from live.session_hints h using public.live_sessions s
   where s.id = h.session_id and s.status = 'ended' and h.told_at < clock_timestamp() - interval '1 minute'
     and not exists (select from live.held_hints held where held.session_id = s.id);
  get diagnostics n = row_count;
  counts := counts || n;
  -- Anyone who still has to finish what was asked of a room may claim it until that is done.
  delete from public.agent_rooms r
   where r.lease_expires_at < clock_timestamp() - interval '1 minute' and (live.place(r.room)).running is not true
     and not exists (select from public.moderation_actions a
                      where a.status in ('pending', 'claimed') and live.room_of(a.session_id, a.call_id) = r.room);
  get diagnostics n = row_count;
  counts := counts || n;
  delete from live.spending t where t.minute < clock_timestamp() - interval '10 minutes';
  get diagnostics n = row_count;
  counts := counts || n;
  delete from live.rule_circuits c where c.last_at < clock_timestamp() - interval '1 day';
  get diagnostics n = row_count;
  counts := counts || n;
  -- A key that is revoked stays, or its worker could publish it anew; any other is published again by who still has it.
  delete from public.relay_keys k where k.revoked_at is null and k.renewed_at < clock_timestamp() - interval '1 hour';
  get diagnostics n = row_count;
  return n + (select sum(x) from unnest(counts) x);
end;
$$;
comment on function live.forget_leftovers() is
  'Deletes what is left of what has ended, twice a minute: marks and leases of rooms, spending of past minutes, keys that nobody '
  'can use any more. Returns how many rows.';

create function public.platform_sweep() returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
begin
  return jsonb_build_object(
    'missed_calls', live.miss_calls(),
    'held_hints', live.send_held_hints(),
    'ended_calls', live.end_empty_calls() + live.end_lonely_calls(),
    'no_shows', live.end_no_shows(),
    'reminded_sessions', live.remind_holders(),
    'earned_tickets', live.earn_tickets(),
    'refunded_tickets', live.refund_tickets(),
    'settled_accounts', live.mark_missed_accounts() + live.settle_accounts(interval '500 milliseconds'),
    'forgotten_leftovers', live.forget_leftovers(),
    'forgotten_steps', live.forget_steps(),
    'folded_earnings', live.fold_earnings(),
    -- Last, because it may use up the statement's time.
    'forgotten_rows', live.forget_old_rows());
end;
$$;
comment on function public.platform_sweep() is
  'Ends what the clock has ended: {missed_calls, held_hints, ended_calls, no_shows, reminded_sessions, earned_tickets, refunded_tickets, settled_accounts, '
  'forgotten_leftovers, forgotten_rows, forgotten_steps, folded_earnings}, how many of each.';
grant execute on function public.platform_sweep() to service_role;

-- schemas/73_recording_doors.sql
-- Owns: what the edge functions ask about recordings: starting and stopping one. p_user is whom the edge function has verified.

create table public.live_recording_stops (
  creator_id uuid primary key,
  reason text not null check (char_length(reason) between 3 and 500),
  stopped_by uuid,
  stopped_at timestamptz not null default clock_timestamp()
);
comment on table public.live_recording_stops is 'Creators whose sessions are not recorded, by decision of ops.';
comment on column public.live_recording_stops.creator_id is 'The creator.';
comment on column public.live_recording_stops.reason is 'Why.';
comment on column public.live_recording_stops.stopped_by is 'Who of ops decided; null for server code.';
comment on column public.live_recording_stops.stopped_at is 'When.';
alter table public.live_recording_stops enable row level security;
grant select on public.live_recording_stops to authenticated, service_role;
create policy "ops see whose sessions are not recorded" on public.live_recording_stops for select to authenticated using ((select live.am_ops()));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recording_stops', '{creator_id}', '{stopped_by}', 'true', null, null, 'false',
   'That ops do not let this creator record, and why: until they do again or the account is deleted.');

create function public.set_recording_allowed(creator_id uuid, allowed boolean, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  if allowed is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to allow recordings of this creator, false to forbid them.');
  elsif reason is null or char_length(btrim(reason)) < 3 or live.text_fault(reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 3 to 500 characters.');
  elsif allowed then
    delete from public.live_recording_stops t where t.creator_id = set_recording_allowed.creator_id;
  else
    insert into public.live_recording_stops as t (creator_id, reason, stopped_by) values (set_recording_allowed.creator_id, btrim(reason), me)
    on conflict on constraint live_recording_stops_pkey do update set reason = excluded.reason, stopped_by = me, stopped_at = clock_timestamp();
    perform live.drop_wishes(s.id, 'stopped') from public.live_sessions s
      where s.creator_id = set_recording_allowed.creator_id and s.status = 'live';
  end if;
  return jsonb_build_object('creator_id', set_recording_allowed.creator_id, 'allowed', allowed);
end;
$$;
comment on function public.set_recording_allowed(uuid, boolean, text) is
  'Ops forbid, or allow again, recordings of a creator''s sessions: {creator_id, allowed}. What is recorded of them just now stops.';
grant execute on function public.set_recording_allowed(uuid, boolean, text) to authenticated;

-- ── minutes ──────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.recorded_minutes(p_from timestamptz, p_to timestamptz) returns numeric
language plpgsql stable security definer set search_path = '' as $$
begin
  -- LiveKit counts begun minutes of each Egress.
  return (select coalesce(sum(ceil(extract(epoch from least(coalesce(t.ended_at, clock_timestamp()), p_to) - greatest(t.started_at, p_from)) / 60)), 0)
            from public.live_recording_parts t
           where t.started_at < p_to and coalesce(t.ended_at, 'infinity') > p_from);
end;
$$;
comment on function live.recorded_minutes(timestamptz, timestamptz) is 'Minutes that Egress has recorded in a stretch of time, each begun one counted, as LiveKit does.';

create function live.recording_usage() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  first_day constant timestamptz := date_trunc('month', clock_timestamp(), 'UTC');
  used constant numeric := live.recorded_minutes(first_day, 'infinity');
  allowed constant numeric := nullif((live.setting('recording.monthly_minutes'))::numeric, 0);
begin
  return jsonb_build_object('used', used, 'limit', allowed, 'ratio', round(used / allowed, 4), 'level', live.usage_level(used / allowed));
end;
$$;
comment on function live.recording_usage() is 'Recorded minutes of this month (UTC) against recording.monthly_minutes: {used, limit, ratio, level: ok, warning or exceeded}; without a limit level is ok.';

create function public.recording_usage() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops_or_service();
  return live.recording_usage();
end;
$$;
comment on function public.recording_usage() is
  'For ops and server code: minutes recorded this month (UTC) against recording.monthly_minutes: {used, limit, ratio, level: ok, warning or exceeded}.';
grant execute on function public.recording_usage() to authenticated, service_role;

-- ── start ────────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.recording_answer(p_recording public.live_recordings) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('recording', live.columns_of(to_jsonb(p_recording), array['id', 'session_id', 'mode', 'state', 'wanted', 'requested_by',
    'requested_via', 'requested_at', 'begins_at', 'max_until', 'active_at', 'stopped_at', 'ready_at', 'bytes', 'duration_seconds', 'error_code',
    'error', 'gaps', 'unwanted_at', 'unwanted_why', 'retention_until']));
end;
$$;
comment on function live.recording_answer(public.live_recordings) is '{recording}: a recording as host and ops see it.';

create function live.recording_rank(p_session public.live_sessions, p_user uuid) returns text
language plpgsql stable set search_path = '' as $$
declare
  rank constant int := live.rank_of(p_session.type, (select p.role from public.live_participants p
                                                      where p.session_id = p_session.id and p.user_id = p_user));
begin
  return case
    when live.standing_fault(p_user, p_session.id, p_session.creator_id) is not null then null
    when p_session.creator_id = p_user or rank >= live.rank_of(p_session.type, 'host')
      or ((live.setting('recording.co_host'))::boolean and rank >= live.rank_of(p_session.type, 'co_host')) then 'app'
    when live.is_ops(p_user) then 'ops' end;
end;
$$;
comment on function live.recording_rank(public.live_sessions, uuid) is
  'As what somebody may start and stop recordings of a session: app (host; co-host by recording.co_host), ops, or null: not at all.';

create function live.session_to_record(p_user uuid, p_session uuid) returns public.live_sessions
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_account(p_user);
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  if session.id is null or live.recording_rank(session, p_user) is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  return session;
end;
$$;
comment on function live.session_to_record(uuid, uuid) is 'A session for those who may record it, locked; refuses everyone else.';

create function live.refuse_to_record(p_session public.live_sessions, p_mode text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_mode not in ('audio', 'host', 'composite') or (p_mode = 'host' and p_session.type = 'audio_room') then
    perform live.refuse(400, 'invalid_mode', 'Choose a mode: audio, host (of a video live) or composite.');
  elsif not (live.setting('recording.enabled'))::boolean then
    perform live.refuse(403, 'recording_disabled', 'Recording is switched off for now.');
  elsif exists (select from public.live_recording_stops t where t.creator_id = p_session.creator_id) then
    perform live.refuse(403, 'recording_not_allowed', 'Sessions of this creator are not recorded.');
  elsif p_session.status <> 'live' then
    perform live.refuse_token(case p_session.status when 'ended' then 'session_ended' else 'session_not_live' end);
  elsif live.recording_usage() ->> 'level' = 'exceeded' then
    perform live.refuse(429, 'recording_minutes_used', 'The minutes that may be recorded in a month are used up.');
  end if;
end;
$$;
comment on function live.refuse_to_record(public.live_sessions, text) is 'Refuses what cannot be recorded now.';

create function live.announce_recording(p_recording public.live_recordings) returns void
language plpgsql set search_path = '' as $$
begin
  perform live.append_event(p_recording.session_id, 'recording_starting', jsonb_build_object(
    'recording_id', p_recording.id, 'mode', p_recording.mode, 'begins_at', live.instant(p_recording.begins_at),
    'answer_by', live.instant(live.answer_by(p_recording.begins_at)), 'notice_version', public.recording_notice() ->> 'version'));
end;
$$;
comment on function live.announce_recording(public.live_recordings) is 'Tells the room that it will be recorded, from when on, and until when one can answer.';

create function public.recording_start(p_user uuid, p_session uuid, p_mode text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant public.live_sessions := live.session_to_record(p_user, p_session);
  chosen constant text := coalesce(p_mode, case session.type when 'audio_room' then 'audio' else 'host' end);
  via constant text := live.recording_rank(session, p_user);
  mine constant uuid := gen_random_uuid();
  begins constant timestamptz := clock_timestamp() + live.setting_interval('recording.announce_seconds');
  item public.live_recordings;
begin
  select * into item from public.live_recordings r where r.session_id = session.id and r.mode = chosen and r.wanted;
  if item.id is not null then
    return live.recording_answer(item);
  end if;
  perform live.refuse_to_record(session, chosen), live.spend(p_user, 'recordings_per_minute');
  insert into public.live_recordings (id, session_id, mode, requested_by, requested_via, begins_at, max_until, prefix)
  values (mine, session.id, chosen, case via when 'app' then p_user end, via, begins,
          begins + make_interval(mins => (live.setting('recording.max_minutes'))::int), session.id || '/' || mine)
  returning * into item;
  perform live.note_recording_act(item.id, p_user, 'started', via);
  if via = 'app' then
    -- Who presses the button has read what it says.
    perform live.answer_recording(session.id, p_user, public.recording_notice() ->> 'version', true);
  end if;
  perform live.announce_recording(item);
  return live.recording_answer(item);
end;
$$;
comment on function public.recording_start(uuid, uuid, text) is
  'For recording-start: a session shall be recorded: {recording}. p_mode null: audio of an audio room, host of a video live. Asked again while it is wanted, the answer '
  'is the same recording. Refuses unknown_session, invalid_mode, recording_disabled, recording_not_allowed, session_not_live, session_ended, '
  'recording_minutes_used, rate_limited.';
grant execute on function public.recording_start(uuid, uuid, text) to service_role;

create function public.recording_stop(p_user uuid, p_recording uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_recordings;
  session public.live_sessions;
begin
  select * into item from public.live_recordings r where r.id = p_recording;
  if item.id is null then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording of yours.');
  end if;
  session := live.session_to_record(p_user, item.session_id);
  update public.live_recordings r
     set wanted = false, unwanted_why = 'stopped', state = case r.state when 'requested' then 'aborted' else r.state end
   where r.id = item.id and r.wanted;
  if found then
    perform live.note_recording_act(item.id, p_user, 'stopped', live.recording_rank(session, p_user));
  end if;
  select * into item from public.live_recordings r where r.id = item.id;
  return live.recording_answer(item);
end;
$$;
comment on function public.recording_stop(uuid, uuid) is
  'For recording-stop: it shall go on no more: {recording}. Stopping a stopped one changes nothing. Refuses unknown_recording, unknown_session.';
grant execute on function public.recording_stop(uuid, uuid) to service_role;

create function live.tell_recording() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- The end of a session is the last that its stream says.
  perform live.append_event(s.id, case new.state when 'active' then 'recording_started' else 'recording_stopped' end,
                            jsonb_build_object('recording_id', new.id, 'mode', new.mode))
     from public.live_sessions s where s.id = new.session_id and s.status = 'live';
  return null;
end;
$$;
comment on function live.tell_recording() is 'Trigger: the room is told when it is recorded, and when it is not any more.';
create trigger tell_recording_started after update on public.live_recordings
  for each row when (old.active_at is null and new.active_at is not null) execute function live.tell_recording();
create trigger tell_recording_stopped after update on public.live_recordings
  for each row when (live.recording_runs(old.state) and not live.recording_runs(new.state)) execute function live.tell_recording();

-- schemas/74_analytics.sql
-- Owns: the figures that creators, people and ops read: watch time, revenue, sessions, and usage against the plan.

create view public.watch_time with (security_invoker = true) as
  select p.user_id, s.creator_id, count(*) as sessions, sum(p.watch_seconds) as watch_seconds,
         min(p.first_joined_at) as first_joined_at, max(p.last_joined_at) as last_joined_at
    from public.live_participants p
    join public.live_sessions s on s.id = p.session_id
   where p.first_joined_at is not null and p.user_id <> s.creator_id
     -- Who is in a room sees who is there, and not for how long.
     and (p.user_id = (select auth.uid()) or s.creator_id = (select auth.uid())
          or (select live.is_service()) or (select live.am_ops()))
   group by p.user_id, s.creator_id;
comment on view public.watch_time is
  'How long each person watched each creator: their own rows, a creator''s audience, and everything for ops.';
comment on column public.watch_time.user_id is 'Who watched.';
comment on column public.watch_time.creator_id is 'Whom they watched.';
comment on column public.watch_time.sessions is 'In how many sessions.';
comment on column public.watch_time.watch_seconds is 'Seconds in closed visits; two devices at once count once.';
comment on column public.watch_time.first_joined_at is 'First time.';
comment on column public.watch_time.last_joined_at is 'Latest time.';
grant select on public.watch_time to authenticated, service_role;

create view public.creator_revenue with (security_invoker = true) as
  select e.creator_id, (e.created_at at time zone 'UTC')::date as day,
         coalesce(sum(e.coins) filter (where e.kind = 'gift'), 0) as gift_coins,
         coalesce(sum(e.coins) filter (where e.kind = 'ticket'), 0) as ticket_coins,
         coalesce(-sum(e.coins) filter (where e.kind in ('gift_refund', 'ticket_refund')), 0) as refunded_coins,
         sum(e.coins) as total_coins
    from public.creator_earnings e
   group by e.creator_id, (e.created_at at time zone 'UTC')::date;
comment on view public.creator_revenue is 'What each creator earned on each day, in gross coins: one''s own, or everyone''s for ops.';
comment on column public.creator_revenue.creator_id is 'Who earned.';
comment on column public.creator_revenue.day is 'Day in UTC.';
comment on column public.creator_revenue.gift_coins is 'By gifts.';
comment on column public.creator_revenue.ticket_coins is 'By tickets sold.';
comment on column public.creator_revenue.refunded_coins is 'Given back, for gifts and tickets.';
comment on column public.creator_revenue.total_coins is 'Gifts and tickets less refunds.';
grant select on public.creator_revenue to authenticated, service_role;

-- A function and not a view: row security would be asked again for each message and gift that is only counted.
create function public.session_performance(p_session uuid default null)
returns table (session_id uuid, creator_id uuid, title text, status text, started_at timestamptz, ended_at timestamptz,
  duration_seconds bigint, people bigint, peak_viewers integer, watch_seconds bigint, average_watch_seconds bigint,
  messages bigint, gifts bigint, gift_coins bigint, tickets bigint, ticket_coins bigint, total_coins bigint)
language sql stable security definer set search_path = '' as $$
  select s.id, s.creator_id, s.title, s.status, s.started_at, s.ended_at,
         extract(epoch from coalesce(s.ended_at, clock_timestamp()) - s.started_at)::bigint,
         crowd.people, s.peak_viewers, crowd.seconds, crowd.seconds / nullif(crowd.people, 0),
         chat.messages, given.gifts, earned.by_gifts, sold.tickets, earned.by_tickets, earned.total
    from public.live_sessions s
   cross join lateral (
     select count(*) as people, coalesce(sum(p.watch_seconds), 0)::bigint as seconds from public.live_participants p
      where p.session_id = s.id and p.first_joined_at is not null and p.user_id <> s.creator_id) crowd
   cross join lateral (
     select count(*) as messages from public.live_messages m where m.session_id = s.id and m.type = 'text') chat
   cross join lateral (
     select count(*) as gifts from public.live_gifts g where g.session_id = s.id) given
   cross join lateral (
     select count(*) as tickets from public.live_tickets t where t.session_id = s.id and t.refunded_at is null) sold
   cross join lateral (
     select coalesce(sum(e.coins) filter (where e.kind in ('gift', 'gift_refund')), 0)::bigint as by_gifts,
            coalesce(sum(e.coins) filter (where e.kind in ('ticket', 'ticket_refund')), 0)::bigint as by_tickets,
            coalesce(sum(e.coins), 0)::bigint as total
       from public.creator_earnings e where e.session_id = s.id) earned
   where (p_session is null or s.id = p_session)
     and (s.creator_id = (select auth.uid()) or (select live.is_service() or live.am_ops()))
$$;
comment on function public.session_performance(uuid) is
  'How a session did, or each of them: for its creator, ops and server code. Coins are gross; gift_coins and ticket_coins are net of refunds.';
grant execute on function public.session_performance(uuid) to authenticated, service_role;

-- schemas/75_usage.sql
-- Owns: use of LiveKit against the plan in app_settings, by our own records: an early warning, not LiveKit's bill.
-- LiveKit counts each connection in whole minutes, begun ones too (docs.livekit.io/deploy/admin/billing), and the
-- agent in each room is a connection as well. Traffic is estimated from a bit rate per kind of room.

update public.app_settings
   set value = '{"kbps": {"video_live": 1500, "audio_room": 48, "call_video": 1000, "call_audio": 48, "agent": 48}}' || value
 where key = 'plan.limits';

create function live.connections(p_from timestamptz, p_to timestamptz)
returns table (kind text, seconds double precision, began timestamptz, ended timestamptz)
language sql stable security definer set search_path = '' as $$
  with used as (
    select coalesce(s.type, 'call_' || c.type) as kind, v.joined_at as began, v.left_at as ended
      from public.live_visits v
      left join public.live_sessions s on s.id = v.session_id
      left join public.calls c on c.id = v.call_id
    union all
    select 'agent', s.started_at, s.ended_at from public.live_sessions s
    union all
    -- It hears nothing in a call, so there it costs minutes and no traffic.
    select 'agent_in_call', c.created_at, c.ended_at from public.calls c where c.ringing_at is not null
  )
  select u.kind, extract(epoch from least(coalesce(u.ended, clock_timestamp()), p_to) - greatest(u.began, p_from)),
         greatest(u.began, p_from), least(u.ended, p_to)
    from used u
   where u.began < p_to and coalesce(u.ended, 'infinity') > p_from and u.began <= clock_timestamp()
$$;
comment on function live.connections(timestamptz, timestamptz) is
  'Every connection that overlaps a stretch of time, cut to it: people by kind of room, and the agents.';

create function live.usage_measures(p_from timestamptz, p_to timestamptz)
returns table (measure text, used numeric)
language sql stable security definer set search_path = '' as $$
  with connection as materialized (select * from live.connections(p_from, p_to)),
  step as (
    select began as at, 1 as step from connection
    union all select ended, -1 from connection where ended is not null
  ),
  rate as (select key as kind, value::numeric as kbps from jsonb_each_text(live.setting('plan.limits') -> 'kbps'))
  select 'concurrent_participants',
         (select coalesce(max(n), 0) from (select sum(step) over (order by at, step) as n from step) running)
  union all
  select 'connection_minutes',
         (select coalesce(sum(ceil(seconds / 60)), 0)::numeric from connection)
         -- Each folded visit was shorter than a minute, and LiveKit counts those it has begun.
         + (select coalesce(sum(p.folded_visits), 0) from public.live_participants p
             where p.folded_visits > 0 and p.folded_until >= p_from and p.folded_until < p_to)
  union all
  select 'downstream_gb', (select round(coalesce(sum(c.seconds::numeric * r.kbps), 0) / 8e6, 3)
                             from connection c join rate r using (kind))
$$;
comment on function live.usage_measures(timestamptz, timestamptz) is
  'What LiveKit''s plan counts: the most connections at once, connection minutes, and estimated gigabytes (10^9 bytes) sent.';

create function live.usage_level(p_ratio numeric) returns text
language sql stable security definer set search_path = '' as $$
  select case when p_ratio >= 1 then 'exceeded'
              when p_ratio >= (live.setting('plan.limits') ->> 'warn_at')::numeric then 'warning'
              else 'ok' end
$$;
comment on function live.usage_level(numeric) is 'ok, warning from plan.limits.warn_at, or exceeded.';

create function public.platform_usage(p_month date default null)
returns table (month date, plan text, measure text, used numeric, plan_limit numeric, ratio numeric, level text)
language plpgsql stable security definer set search_path = '' as $$
declare
  first_day constant date := date_trunc('month', coalesce(p_month, (now() at time zone 'UTC')::date));
  from_time constant timestamptz := first_day::timestamp at time zone 'UTC';
  to_time constant timestamptz := (first_day + interval '1 month') at time zone 'UTC';
  plans constant jsonb := live.setting('plan.limits');
begin
  perform live.require_ops_or_service();
  return query
    select first_day, plans ->> 'plan', m.measure, m.used, l.plan_limit,
           round(m.used / nullif(l.plan_limit, 0), 4), live.usage_level(m.used / nullif(l.plan_limit, 0))
      from live.usage_measures(from_time, to_time) m
      cross join lateral (
        select (plans #>> array[plans ->> 'plan', m.measure])::numeric as plan_limit) l;
end;
$$;
comment on function public.platform_usage(date) is
  'Use of the LiveKit plan in a month (UTC; null = this one), for ops and server code: a row for each of '
  'concurrent_participants (the most at once), connection_minutes and downstream_gb, with the level ok, warning or exceeded.';
grant execute on function public.platform_usage(date) to authenticated, service_role;

-- schemas/76_refunds.sql
-- Owns: coins follow the show. A ticket's coins are held until the host's media has flowed long enough after the purchase;
-- otherwise they are paid back. And refunds and adjustments by ops: one row of the ledger each, once, with its reason.
-- Locks are taken a creator's earnings first, then wallets, then tickets; anyone who holds a session waits for no wallet, and a
-- sweep, which holds many wallets, for nobody's earnings.

-- ── when a ticket is earned ────────────────────────────────────────────────────────────────────────────────────
create function live.seconds_to_deliver(p_session public.live_sessions) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  -- least leaves out null, and so would greatest.
  return least((live.setting('tickets.delivered_after_seconds'))::double precision,
               case when p_session.planned_minutes is not null then greatest(p_session.planned_minutes * 30, 60) end);
end;
$$;
comment on function live.seconds_to_deliver(public.live_sessions) is
  'How long a host''s media must flow after a purchase: tickets.delivered_after_seconds, or half of the length that the session '
  'was announced with, but a minute at least, where that is less.';

create function live.earn_tickets_of(p_session public.live_sessions) returns int
language plpgsql set search_path = '' as $$
declare
  until constant timestamptz := live.delivered_for_purchases_until(p_session.id, live.seconds_to_deliver(p_session));
  earned int;
begin
  update public.live_tickets t set earned_at = clock_timestamp()
   where t.id in (
     select x.id from public.live_tickets x
      where x.session_id = p_session.id and x.created_at <= until
        and x.earned_at is null and x.refund_due_at is null and x.refunded_at is null
      order by x.id for update skip locked);
  get diagnostics earned = row_count;
  return earned;
end;
$$;
comment on function live.earn_tickets_of(public.live_sessions) is
  'Marks the tickets of a session as earned whose buyers have got what they paid for; how many.';

create function live.owe_undelivered(p_session public.live_sessions) returns void
language plpgsql set search_path = '' as $$
declare
  until constant timestamptz := live.delivered_for_purchases_until(p_session.id, live.seconds_to_deliver(p_session));
begin
  update public.live_tickets t set refund_due_at = clock_timestamp(), refund_reason = 'not_delivered'
   where t.id in (
     select x.id from public.live_tickets x
      where x.session_id = p_session.id and (until is null or x.created_at > until)
        and x.earned_at is null and x.refund_due_at is null and x.refunded_at is null
      order by x.id limit 500 for update skip locked);
end;
$$;
comment on function live.owe_undelivered(public.live_sessions) is
  'Marks tickets of a session that is over to be paid back, of whose buyers the show was kept; at most 500 at a time.';

create function live.sessions_with_held_tickets() returns setof uuid
language plpgsql stable set search_path = '' as $$
begin
  -- From session to session by the index: one of them may have sold a hundred thousand.
  return query
    with recursive sold as (
      (select t.session_id from public.live_tickets t
        where t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
        order by t.session_id limit 1)
      union all
      select (select t.session_id from public.live_tickets t
               where t.earned_at is null and t.refund_due_at is null and t.refunded_at is null and t.session_id > s.session_id
               order by t.session_id limit 1)
        from sold s where s.session_id is not null
    )
    select s.session_id from sold s where s.session_id is not null;
end;
$$;
comment on function live.sessions_with_held_tickets() is 'Sessions with tickets that are neither earned nor paid back.';

create function live.earn_tickets() returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  earned int := 0;
begin
  for session in
    select s.* from public.live_sessions s
     where s.id in (select x from live.sessions_with_held_tickets() x) and s.status <> 'scheduled'
     order by s.status = 'ended' desc, random() limit 100
  loop
    earned := earned + live.earn_tickets_of(session);
    -- What agents and webhooks tell about the last seconds may still be under way.
    if session.status = 'ended' and (session.started_at is null or session.ended_at < clock_timestamp() - interval '10 seconds') then
      perform live.owe_undelivered(session);
    end if;
  end loop;
  return earned;
end;
$$;
comment on function live.earn_tickets() is
  'Marks tickets that are earned by now, and of sessions that are over those to be paid back; of at most 100 sessions at a time, '
  'those that are over first. How many are earned.';

-- ── who removes whom ───────────────────────────────────────────────────────────────────────────────────────────
create function live.owe_removed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  place public.live_sessions;
  session public.live_sessions;
begin
  select * into place from public.live_sessions s where s.id = new.session_id;
  for session in
    select s.* from public.live_sessions s
      join public.live_tickets t on t.session_id = s.id and t.user_id = new.target_user_id
       and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
     where s.id = place.id or (live.action_scope(new.action, new.params) = 'creator' and s.creator_id = place.creator_id)
     order by s.id
  loop
    perform live.earn_tickets_of(session);
    update public.live_tickets t set refund_due_at = clock_timestamp(), refund_reason = 'removed'
     where t.session_id = session.id and t.user_id = new.target_user_id
       and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null;
  end loop;
  return null;
end;
$$;
comment on function live.owe_removed() is
  'Trigger: whom the creator or their moderators remove before the ticket is earned gets it back; whom ops or a rule remove, or '
  'who has seen enough of the show, does not. The sweep pays: here the session is held, and no wallet is waited for.';
-- A ban holds from the insertion on. A kick may still be withdrawn, or come to nothing.
create trigger owe_banned after insert on public.moderation_actions
  for each row when (new.action = 'ban' and new.requested_via = 'app' and not new.dry_run)
  execute function live.owe_removed();
create trigger owe_kicked after update of status on public.moderation_actions
  for each row when (new.action = 'kick' and new.requested_via = 'app' and not new.dry_run
                     and new.status = 'applied' and old.status <> 'applied')
  execute function live.owe_removed();

-- ── paying back ────────────────────────────────────────────────────────────────────────────────────────────────
create function live.hold_wallet(p_user uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.coin_wallets (user_id) values (p_user) on conflict do nothing;
  perform from public.coin_wallets w where w.user_id = p_user for update;
end;
$$;
comment on function live.hold_wallet(uuid) is 'Locks anybody''s wallet until the transaction ends, also a deleted account''s.';

create function live.pay_back(p_ticket uuid, p_by uuid, p_reason text, p_payable bigint) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  ticket public.live_tickets;
  taken bigint;
  entry bigint;
begin
  select t.* into ticket from public.live_tickets t where t.id = p_ticket;
  perform live.hold_wallet(ticket.user_id);
  update public.live_tickets t
     set refunded_at = clock_timestamp(), refund_due_at = coalesce(t.refund_due_at, clock_timestamp()),
         refund_reason = coalesce(t.refund_reason, 'ops')
   where t.id = p_ticket and t.refunded_at is null
  returning * into ticket;
  if not found then
    return null;
  end if;
  taken := live.taken_from_payable(ticket.earned_at, ticket.coins);
  insert into public.coin_ledger (user_id, delta, kind, session_id, ticket_id, created_by, note)
    values (ticket.user_id, ticket.coins, 'ticket_refund', ticket.session_id, ticket.id, p_by, p_reason) returning id into entry;
  perform live.owe(s.creator_id, p_payable, taken, entry) from public.live_sessions s where s.id = ticket.session_id;
  return taken;
end;
$$;
comment on function live.pay_back(uuid, uuid, text, bigint) is
  'Returns a ticket''s coins once: how many of them the creator could have been paid, null for a ticket that is refunded already. '
  'p_payable: what the creator can be paid before it, which the caller holds; 0 for a ticket that is not earned.';

-- Waits for nobody: a buyer locks the wallet first and the session second, so anyone who may hold a session, as a sweep
-- does, must not wait for a wallet. What is locked now is paid back by the next sweep.
create function live.refund_tickets() returns int
language plpgsql set search_path = '' as $$
declare
  ticket uuid;
  refunded int := 0;
begin
  for ticket in
    select t.id from public.live_tickets t join public.coin_wallets w on w.user_id = t.user_id
     where t.refund_due_at is not null and t.refunded_at is null
     order by t.refund_due_at limit 500 for update of t, w skip locked
  loop
    perform live.pay_back(ticket, null, null, 0);
    refunded := refunded + 1;
  end loop;
  return refunded;
end;
$$;
comment on function live.refund_tickets() is
  'Pays back tickets that are due: of sessions that ended before they were earned, or never began, as earn_tickets marks them, and of '
  'people who were removed; at most 500 at a time. How many.';

-- ── by ops ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.require_refunder(p_reason text) returns void
language plpgsql stable set search_path = '' as $$
begin
  perform live.require_ops_or_service();
  if p_reason is not null and live.text_fault(p_reason, 500, true) is not null then
    perform live.refuse(400, 'invalid_reason', format('Give a reason of 1 to 500 characters: it %s.', live.text_fault(p_reason, 500, true)));
  end if;
end;
$$;
comment on function live.require_refunder(text) is 'Refuses everybody but ops and server code, and a reason that is empty or too long.';

create function public.refund_ticket(ticket_id uuid, reason text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  creator uuid;
  receipt jsonb;
begin
  perform live.require_refunder(reason);
  select s.creator_id into creator
    from public.live_tickets t join public.live_sessions s on s.id = t.session_id where t.id = refund_ticket.ticket_id;
  if not found then
    perform live.refuse(404, 'unknown_ticket', 'There is no such ticket.');
  end if;
  perform live.pay_back(ticket_id, auth.uid(), reason, live.hold_earnings(creator));
  select jsonb_build_object('ticket_id', t.id, 'user_id', t.user_id, 'coins', t.coins, 'refunded_at', t.refunded_at)
    into receipt from public.live_tickets t where t.id = refund_ticket.ticket_id;
  return receipt;
end;
$$;
comment on function public.refund_ticket(uuid, text) is
  'Ops return a ticket''s coins: {ticket_id, user_id, coins, refunded_at}. Refunding again changes nothing.';
grant execute on function public.refund_ticket(uuid, text) to authenticated, service_role;

create function live.take_back_gift(p_gift public.live_gifts, p_by uuid, p_reason text, p_payable bigint) returns bigint
language plpgsql set search_path = '' as $$
declare
  taken constant bigint := live.taken_from_payable(p_gift.created_at, p_gift.coins);
  entry bigint;
begin
  perform live.hold_wallet(p_gift.sender_id);
  if exists (select from public.coin_ledger l where l.gift_id = p_gift.id and l.kind = 'gift_refund') then
    return null;
  end if;
  insert into public.coin_ledger (user_id, delta, kind, session_id, gift_id, created_by, note)
    values (p_gift.sender_id, p_gift.coins, 'gift_refund', p_gift.session_id, p_gift.id, p_by, p_reason)
    returning id into entry;
  perform live.owe(s.creator_id, p_payable, taken, entry) from public.live_sessions s where s.id = p_gift.session_id;
  return taken;
end;
$$;
comment on function live.take_back_gift(public.live_gifts, uuid, text, bigint) is
  'Returns a gift''s coins once, as pay_back does a ticket''s. What the room was told about it, and the session''s total, stay.';

create function public.refund_gift(gift_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  gift public.live_gifts;
begin
  perform live.require_refunder(coalesce(reason, ''));
  select * into gift from public.live_gifts g where g.id = refund_gift.gift_id;
  if not found then
    perform live.refuse(404, 'unknown_gift', 'There is no such gift.');
  end if;
  perform live.take_back_gift(gift, auth.uid(), reason, live.hold_earnings(
    (select s.creator_id from public.live_sessions s where s.id = gift.session_id)));
  return (
    select jsonb_build_object('gift_id', gift.id, 'user_id', gift.sender_id, 'coins', gift.coins, 'refunded_at', l.created_at)
      from public.coin_ledger l where l.gift_id = gift.id and l.kind = 'gift_refund');
end;
$$;
comment on function public.refund_gift(uuid, text) is
  'Ops return a gift''s coins to its sender, and take them from the creator''s earnings: {gift_id, user_id, coins, refunded_at}. '
  'Refunding again changes nothing.';
grant execute on function public.refund_gift(uuid, text) to authenticated, service_role;

create function public.refund_session(session_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  batch constant int := 500;
  creator uuid;
  payable bigint;
  taken bigint;
  item record;
  gift public.live_gifts;
  tickets int := 0;
  gifts int := 0;
  coins bigint := 0;
begin
  perform live.require_refunder(coalesce(reason, ''));
  select s.creator_id into creator from public.live_sessions s where s.id = refund_session.session_id;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  end if;
  payable := live.hold_earnings(creator);
  -- Wallet after wallet in one order, so that nobody waits in a ring.
  for item in
    select x.* from (
      select t.user_id, t.id as ticket_id, null::uuid as gift_id, t.coins::bigint as coins
        from public.live_tickets t where t.session_id = refund_session.session_id and t.refunded_at is null
      union all
      select g.sender_id, null, g.id, g.coins
        from public.live_gifts g
       where g.session_id = refund_session.session_id
         and not exists (select from public.coin_ledger l where l.gift_id = g.id and l.kind = 'gift_refund')) x
     order by x.user_id, x.ticket_id, x.gift_id limit batch
  loop
    if item.ticket_id is not null then
      taken := live.pay_back(item.ticket_id, auth.uid(), reason, payable);
      tickets := tickets + (taken is not null)::int;
    else
      select * into gift from public.live_gifts g where g.id = item.gift_id;
      taken := live.take_back_gift(gift, auth.uid(), reason, payable);
      gifts := gifts + (taken is not null)::int;
    end if;
    continue when taken is null;
    payable := payable - taken;
    coins := coins + item.coins;
  end loop;
  return jsonb_build_object('tickets', tickets, 'gifts', gifts, 'coins', coins, 'done', tickets + gifts < batch);
end;
$$;
comment on function public.refund_session(uuid, text) is
  'Ops return every ticket and gift of a session, 500 at a time: {tickets, gifts, coins, done}: how many now. Call it again until '
  'done is true; what is refunded is left as it is.';
grant execute on function public.refund_session(uuid, text) to authenticated, service_role;

create function public.adjust_coins(user_id uuid, coins bigint, reason text, p_reference text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  -- Without a reference the words are the key: the same adjustment again is the same adjustment.
  key constant text := coalesce(p_reference, md5(concat_ws('|', user_id, coins, reason)));
  entry public.coin_ledger;
begin
  perform live.require_refunder(coalesce(reason, ''));
  if coins is null or coins = 0 or abs(coins) > 10000000 then
    perform live.refuse(400, 'invalid_coins', 'Adjust by 1 to 10,000,000 coins, up or down.');
  elsif length(key) not between 8 and 200 then
    perform live.refuse(400, 'invalid_reference', 'Give a reference of 8 to 200 characters, or none.');
  elsif not live.is_or_was_account(adjust_coins.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such user.');
  end if;
  perform live.hold_wallet(adjust_coins.user_id);
  select * into entry from public.coin_ledger l where l.kind = 'adjustment' and l.reference = key;
  if not found then
    insert into public.coin_ledger (user_id, delta, kind, reference, note, created_by)
      values (adjust_coins.user_id, coins, 'adjustment', key, reason, auth.uid()) returning * into entry;
  elsif (entry.user_id, entry.delta) is distinct from (adjust_coins.user_id, coins) then
    perform live.refuse(409, 'reference_reused', 'This reference was used for another user or amount.');
  end if;
  return jsonb_build_object('ledger_id', entry.id, 'coins', entry.delta, 'balance', entry.balance_after);
end;
$$;
comment on function public.adjust_coins(uuid, bigint, text, text) is
  'Ops add coins to a wallet or take some away, with a reason: {ledger_id, coins, balance}. Never below zero. The same reference '
  'books once; without one, the same person, amount and reason do: name the case in the reason.';
grant execute on function public.adjust_coins(uuid, bigint, text, text) to authenticated, service_role;

-- schemas/77_blocks.sql
-- Owns: blocking and unblocking somebody, and saying who may call: what the person who asks does for themselves. What
-- stands between the two at that moment ends with the block.

create function live.end_calls_between(p_one uuid, p_other uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- As if p_one had hung up: the other side is not told why.
  update public.calls c
     set status = case when c.status = 'accepted' then 'ended' when c.callee_id = p_one and c.status = 'ringing'
                       then 'declined' else 'cancelled' end,
         end_reason = case when c.status = 'ringing' and c.callee_id = p_one then 'declined'
                           when c.caller_id = p_one then 'caller' else 'callee' end
   where live.call_is_running(c.status)
     and (c.caller_id, c.callee_id) in ((p_one, p_other), (p_other, p_one));
end;
$$;
comment on function live.end_calls_between(uuid, uuid) is 'Ends the call that runs between two people, as if the first had hung up.';

create function live.clear_stage_between(p_one uuid, p_other uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.live_sessions s
    where s.status <> 'ended' and s.id in (
      select p.session_id from public.live_participants p
       where p.user_id in (p_one, p_other) and (p.hand_raised_at is not null or p.invited_role is not null))
    order by s.id for no key update;
  update public.live_participants p
     set hand_raised_at = case when live.is_host_of(p.session_id, case p.user_id when p_one then p_other else p_one end)
                               then null else p.hand_raised_at end,
         invited_role = case when p.invited_by in (p_one, p_other) then null else p.invited_role end,
         invite_expires_at = case when p.invited_by in (p_one, p_other) then null else p.invite_expires_at end,
         invited_by = case when p.invited_by in (p_one, p_other) then null else p.invited_by end
   where p.user_id in (p_one, p_other) and (p.hand_raised_at is not null or p.invited_role is not null);
end;
$$;
comment on function live.clear_stage_between(uuid, uuid) is
  'Takes back the invitations that one of two people made the other, and the hand that one raised to the other as host.';

create function public.block_user(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  perform live.require_account(me);
  if block_user.user_id = me then
    perform live.refuse(400, 'self_block', 'You cannot block yourself.');
  elsif not live.is_or_was_account(block_user.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is nobody under this id.');
  end if;
  perform live.hold_lines(array[me, block_user.user_id]);
  if not exists (select from public.user_blocks b where b.user_id = me and b.blocked_id = block_user.user_id) then
    perform live.spend(me, 'blocks_per_minute');
    if (select count(*) from public.user_blocks b where b.user_id = me) >= live.limit_of('blocks_per_person') then
      perform live.refuse(429, 'too_many_blocks', 'You have blocked as many people as is possible. Unblock somebody first.');
    end if;
    insert into public.user_blocks (user_id, blocked_id) values (me, block_user.user_id) on conflict do nothing;
  end if;
  perform live.clear_stage_between(me, block_user.user_id);
  perform live.end_calls_between(me, block_user.user_id);
  return jsonb_build_object('blocked', true);
end;
$$;
comment on function public.block_user(uuid) is
  'Blocks somebody, who is not told: {blocked}. Their call with the caller ends, invitations and hands between the two are taken back.';
grant execute on function public.block_user(uuid) to authenticated;

create function public.unblock_user(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform live.require_member();
  perform live.refuse_deleted(auth.uid());
  delete from public.user_blocks b where b.user_id = auth.uid() and b.blocked_id = unblock_user.user_id;
  return jsonb_build_object('unblocked', found);
end;
$$;
comment on function public.unblock_user(uuid) is 'Takes a block back: {unblocked}, false when there was none.';
grant execute on function public.unblock_user(uuid) to authenticated;

create function public.set_calls_from(calls_from text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  perform live.require_account(me);
  if set_calls_from.calls_from is null or set_calls_from.calls_from not in ('everyone', 'followed', 'nobody') then
    perform live.refuse(400, 'invalid_choice', 'Calls may come from everyone, followed or nobody.');
  end if;
  insert into public.call_preferences as w (user_id, calls_from) values (me, set_calls_from.calls_from)
  on conflict (user_id) do update set calls_from = excluded.calls_from, updated_at = clock_timestamp();
  return jsonb_build_object('calls_from', set_calls_from.calls_from);
end;
$$;
comment on function public.set_calls_from(text) is
  'Says who may call the caller of this: everyone, followed (creators to whom they subscribe) or nobody: {calls_from}.';
grant execute on function public.set_calls_from(text) to authenticated;

-- schemas/78_earnings.sql
-- Owns: what creators can be paid. Earned coins wait for earnings.holding_days; what was paid out is recorded; a refund of
-- what is paid out already is a debt, which later earnings make good.

create table public.creator_payouts (
  id uuid primary key default gen_random_uuid(),
  creator_id uuid not null,
  coins bigint not null check (coins > 0),
  reference text not null unique check (length(reference) between 8 and 200),
  note text check (length(note) <= 500),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.creator_payouts is 'What creators were paid for their coins, outside the platform. Append-only.';
comment on column public.creator_payouts.id is 'The payout.';
comment on column public.creator_payouts.creator_id is 'Who was paid.';
comment on column public.creator_payouts.coins is 'For how many coins.';
comment on column public.creator_payouts.reference is 'The bank''s or the payment service''s reference: the same one is the same payout.';
comment on column public.creator_payouts.note is 'A word for the accountant.';
comment on column public.creator_payouts.created_at is 'When it was recorded.';
create index creator_payouts_by_creator on public.creator_payouts (creator_id, created_at desc);

create table public.creator_debts (
  ledger_id bigint primary key references public.coin_ledger (id),
  creator_id uuid not null,
  coins bigint not null check (coins > 0),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.creator_debts is
  'What refunds took beyond a creator''s earnings, because those were paid out already. Later earnings make it good. Append-only.';
comment on column public.creator_debts.ledger_id is 'The refund that made it.';
comment on column public.creator_debts.creator_id is 'Who owes.';
comment on column public.creator_debts.coins is 'How many coins of that refund were not there any more.';
comment on column public.creator_debts.created_at is 'Since when.';
create index creator_debts_by_creator on public.creator_debts (creator_id, created_at desc);

create trigger creator_payouts_append_only before update or delete or truncate on public.creator_payouts
  for each statement execute function live.books_are_append_only();
create trigger creator_debts_append_only before update or delete or truncate on public.creator_debts
  for each statement execute function live.books_are_append_only();
alter table public.creator_payouts enable row level security;
alter table public.creator_debts enable row level security;
grant select on public.creator_payouts, public.creator_debts to authenticated, service_role;
create policy "own payouts, and ops" on public.creator_payouts for select to authenticated
  using (creator_id = (select auth.uid()) or (select live.am_ops()));
create policy "own debts, and ops" on public.creator_debts for select to authenticated
  using (creator_id = (select auth.uid()) or (select live.am_ops()));

create function live.holding() returns interval
language plpgsql stable security definer set search_path = '' as $$
begin
  return make_interval(secs => (live.setting('earnings.holding_days'))::double precision * 86400);
end;
$$;
comment on function live.holding() is 'How long earned coins wait before they can be paid. Definer: creators see their own balance.';
grant execute on function live.holding() to authenticated, service_role;

-- ── what has been earned, by the hour ───────────────────────────────────────────────────────────────────────────
-- A balance is read from sums by the hour and from the rows that are in no sum yet, so that its cost does not grow with the years.
create table public.creator_earned_hours (
  creator_id uuid not null,
  hour timestamptz not null,
  coins bigint not null,
  primary key (creator_id, hour)
);
comment on table public.creator_earned_hours is
  'What each creator earned in each hour, less what was paid back of it since: the sum of those rows of creator_earnings that are '
  'no longer in creator_open_earnings.';
comment on column public.creator_earned_hours.creator_id is 'Whose.';
comment on column public.creator_earned_hours.hour is 'Its beginning. -infinity: all that is older than 400 days.';
comment on column public.creator_earned_hours.coins is 'Gross coins.';

create table public.creator_open_earnings (
  ledger_id bigint primary key references public.creator_earnings (ledger_id),
  creator_id uuid not null,
  ticket_id uuid,
  coins bigint not null,
  held boolean not null,
  earned_at timestamptz
);
comment on table public.creator_open_earnings is
  'The rows of creator_earnings that creator_earned_hours does not count yet: those of the last minute, and held tickets.';
comment on column public.creator_open_earnings.ledger_id is 'The row.';
comment on column public.creator_open_earnings.creator_id is 'Whose.';
comment on column public.creator_open_earnings.ticket_id is 'Of which ticket, if of one.';
comment on column public.creator_open_earnings.coins is 'Gross coins; a refund is negative.';
comment on column public.creator_open_earnings.held is 'Whether it is a ticket that is neither earned nor paid back.';
comment on column public.creator_open_earnings.earned_at is
  'When that was earned which it is about. Null while it is held, and for a ticket that was paid back before its show, and its refund: '
  'together they are nothing.';
create index creator_open_earnings_by_creator on public.creator_open_earnings (creator_id);
create index creator_open_earnings_settled on public.creator_open_earnings (ledger_id) where not held;
create index creator_open_earnings_held on public.creator_open_earnings (ticket_id) where held;
alter table public.creator_earned_hours enable row level security;
alter table public.creator_open_earnings enable row level security;
grant select on public.creator_earned_hours, public.creator_open_earnings to authenticated, service_role;
create policy "own hours, and ops" on public.creator_earned_hours for select to authenticated
  using (creator_id = (select auth.uid()) or (select live.am_ops()));
create policy "own open earnings, and ops" on public.creator_open_earnings for select to authenticated
  using (creator_id = (select auth.uid()) or (select live.am_ops()));

create function live.earning_hour(p_earned_at timestamptz) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return date_trunc('hour', p_earned_at, 'UTC');
end;
$$;
comment on function live.earning_hour(timestamptz) is 'The hour from whose beginning the holding period of something earned counts, as the view creator_balances has it.';

create function live.settle_earnings() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.creator_open_earnings o set held = false, earned_at = t.earned_at
    from changed t
   where o.ticket_id = t.id and o.held and (t.earned_at is not null or t.refunded_at is not null);
  return null;
end;
$$;
comment on function live.settle_earnings() is 'Trigger: a ticket that is earned or paid back is held no more.';
create trigger settle_earnings after update on public.live_tickets referencing new table as changed
  for each statement execute function live.settle_earnings();

insert into live.wake_marks (room) values ('earnings');

create function live.fold_earnings() returns int
language plpgsql set search_path = '' as $$
declare
  folded int;
begin
  if not live.take_mark('earnings', interval '30 seconds')
      or not pg_try_advisory_xact_lock(hashtextextended('fold_earnings', 0)) then
    return 0;
  end if;
  with settled as (
    select o.ledger_id, o.creator_id, o.coins, o.earned_at
      from public.creator_open_earnings o where not o.held order by o.ledger_id limit 5000 for update
  ), added as (
    insert into public.creator_earned_hours as h (creator_id, hour, coins)
    select s.creator_id, coalesce(live.earning_hour(s.earned_at), '-infinity'),
           coalesce(sum(s.coins) filter (where s.earned_at is not null), 0)
      from settled s group by 1, 2
    on conflict (creator_id, hour) do update set coins = h.coins + excluded.coins
  )
  delete from public.creator_open_earnings o using settled s where o.ledger_id = s.ledger_id;
  get diagnostics folded = row_count;
  with old as (
    delete from public.creator_earned_hours h
     where h.hour > '-infinity' and h.hour < now() - interval '400 days'
       and h.creator_id in (select x.creator_id from public.creator_earned_hours x
                             where x.hour > '-infinity' and x.hour < now() - interval '400 days' limit 100)
    returning h.creator_id, h.coins
  )
  insert into public.creator_earned_hours as h (creator_id, hour, coins)
  select o.creator_id, '-infinity', sum(o.coins) from old o group by o.creator_id
  on conflict (creator_id, hour) do update set coins = h.coins + excluded.coins;
  return folded;
end;
$$;
comment on function live.fold_earnings() is
  'Counts what is settled in its hour, at most 5,000 rows at a time, twice a minute; hours older than 400 days become one. How many rows.';

create view public.creator_balances with (security_invoker = true) as
  with parts as (
    select o.creator_id, date_trunc('hour', o.earned_at, 'UTC') as hour, o.coins, o.held from public.creator_open_earnings o
    union all
    select h.creator_id, h.hour, h.coins, false from public.creator_earned_hours h
  ), sums as (
    select p.creator_id,
           coalesce(sum(p.coins) filter (where p.held), 0) as held,
           coalesce(sum(p.coins) filter (where p.hour > now() - (select live.holding())), 0) as waiting,
           coalesce(sum(p.coins) filter (where p.hour <= now() - (select live.holding())), 0) as matured
      from parts p group by p.creator_id
  )
  select s.creator_id, (s.held + s.waiting + s.matured)::bigint as earned_coins, s.held::bigint as held_coins,
         s.waiting::bigint as waiting_coins, p.paid as paid_coins,
         greatest(0, s.matured - p.paid)::bigint as payable_coins,
         greatest(0, p.paid - s.matured)::bigint as debt_coins
    from sums s
    cross join lateral (
      select coalesce(sum(x.coins), 0)::bigint as paid from public.creator_payouts x where x.creator_id = s.creator_id) p;
comment on view public.creator_balances is
  'What each creator has earned, what of it is held, waiting, payable and paid, and what they owe: one''s own, or everyone''s for ops.';
comment on column public.creator_balances.creator_id is 'Whose.';
comment on column public.creator_balances.earned_coins is 'Gifts and tickets less refunds, in gross coins.';
comment on column public.creator_balances.held_coins is 'Tickets that are not earned yet: paid back if the show does not come.';
comment on column public.creator_balances.waiting_coins is 'Earned, in an hour that began less than earnings.holding_days ago.';
comment on column public.creator_balances.paid_coins is 'Paid out so far.';
comment on column public.creator_balances.payable_coins is 'Can be paid out now.';
comment on column public.creator_balances.debt_coins is 'Paid out and refunded since: what the next earnings make good first.';
grant select on public.creator_balances to authenticated, service_role;

create function live.hold_earnings(p_creator uuid) returns bigint
language plpgsql set search_path = '' as $$
begin
  perform live.one_at_a_time('earnings', p_creator);
  return live.payable(p_creator);
end;
$$;
comment on function live.hold_earnings(uuid) is
  'Lets refunds and payouts of one creator run one after the other, until the transaction ends; what is payable now, negative for a debt.';

create function live.payable(p_creator uuid) returns bigint
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((select b.payable_coins - b.debt_coins from public.creator_balances b where b.creator_id = p_creator), 0);
end;
$$;
comment on function live.payable(uuid) is 'What a creator can be paid now; negative when they owe.';

create function live.taken_from_payable(p_earned_at timestamptz, p_coins bigint) returns bigint
language plpgsql stable set search_path = '' as $$
begin
  return case when live.earning_hour(p_earned_at) <= now() - live.holding() then p_coins else 0 end;
end;
$$;
comment on function live.taken_from_payable(timestamptz, bigint) is
  'What a refund takes of what could be paid: all of it when the holding period is over, nothing before.';

create function live.owe(p_creator uuid, p_payable bigint, p_taken bigint, p_refund bigint) returns void
language plpgsql set search_path = '' as $$
declare
  more constant bigint := greatest(0, p_taken - p_payable) - greatest(0, -p_payable);
begin
  if more > 0 then
    insert into public.creator_debts (ledger_id, creator_id, coins) values (p_refund, p_creator, more);
  end if;
end;
$$;
comment on function live.owe(uuid, bigint, bigint, bigint) is
  'Books as a debt what a refund takes beyond what could be paid: p_payable before it, negative where there is a debt already.';

create function public.record_payout(p_creator uuid, p_coins bigint, p_reference text, p_note text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  payout public.creator_payouts;
  payable bigint;
begin
  if p_coins is null or p_coins < 1 then
    perform live.refuse(400, 'invalid_coins', 'Pay out at least one coin.');
  elsif p_reference is null or length(p_reference) not between 8 and 200 then
    perform live.refuse(400, 'invalid_reference', 'Give the payment''s reference: 8 to 200 characters.');
  end if;
  payable := live.hold_earnings(p_creator);
  select * into payout from public.creator_payouts x where x.reference = p_reference;
  if not found then
    if p_coins > payable then
      perform live.refuse(409, 'not_payable', format('Only %s coins can be paid out now.', greatest(0, payable)));
    end if;
    insert into public.creator_payouts (creator_id, coins, reference, note) values (p_creator, p_coins, p_reference, p_note)
      returning * into payout;
  elsif (payout.creator_id, payout.coins) is distinct from (p_creator, p_coins) then
    perform live.refuse(409, 'reference_reused', 'This reference was used for another creator or amount.');
  end if;
  return jsonb_build_object('payout_id', payout.id, 'coins', payout.coins, 'payable', live.payable(p_creator));
end;
$$;
comment on function public.record_payout(uuid, bigint, text, text) is
  'Records that a creator was paid for coins: {payout_id, coins, payable}: what is left. Refused beyond what is payable '
  '(not_payable). The same reference is the same payout.';
grant execute on function public.record_payout(uuid, bigint, text, text) to service_role;

-- schemas/79_books.sql
-- Owns: the audit of the books: what the wallets, the earnings and the sessions say against what the ledger says.

create function public.book_faults() returns table (book text, id text, expected bigint, found bigint)
language sql stable security definer set search_path = '' as $$
  with spent as (
    select l.user_id, sum(l.delta)::bigint as total from public.coin_ledger l group by l.user_id
  ), given as (
    select g.session_id, sum(g.coins)::bigint as total from public.live_gifts g group by g.session_id
  )
  select 'coin_wallets', coalesce(w.user_id, s.user_id)::text, coalesce(s.total, 0), w.balance
    from public.coin_wallets w full join spent s using (user_id)
   where w.balance is distinct from coalesce(s.total, 0)
  union all
  select 'creator_earnings', l.id::text, -l.delta, e.coins
    from public.coin_ledger l left join public.creator_earnings e on e.ledger_id = l.id
   where l.kind in ('gift', 'gift_refund', 'ticket', 'ticket_refund') and e.coins is distinct from -l.delta
  union all
  select 'live_gifts', g.id::text, g.coins, -l.delta
    from public.live_gifts g left join public.coin_ledger l on l.gift_id = g.id and l.kind = 'gift'
   where g.coins is distinct from -l.delta
  union all
  select 'live_tickets', t.id::text, case when t.refunded_at is null then t.coins else 0 end,
         (select -sum(l.delta)::bigint from public.coin_ledger l where l.ticket_id = t.id)
    from public.live_tickets t
   where (select -sum(l.delta)::bigint from public.coin_ledger l where l.ticket_id = t.id)
         is distinct from case when t.refunded_at is null then t.coins else 0 end
  union all
  select 'live_gifts: refund', g.id::text, g.coins, l.delta
    from public.coin_ledger l left join public.live_gifts g on g.id = l.gift_id
   where l.kind = 'gift_refund' and l.delta is distinct from g.coins
  union all
  select 'live_tickets: held after the end', t.id::text, 0::bigint, t.coins::bigint
    from public.live_tickets t join public.live_sessions s on s.id = t.session_id
   where t.refunded_at is null and s.ended_at < clock_timestamp() - interval '2 minutes'
     and (t.earned_at is null or t.refund_due_at is not null)
  union all
  select 'creator_debts', x.creator_id::text, x.overdrawn, x.owed
    from (select e.creator_id, greatest(0, coalesce((select sum(p.coins) from public.creator_payouts p
                                        where p.creator_id = e.creator_id), 0) - sum(e.coins))::bigint as overdrawn,
                 coalesce((select sum(d.coins) from public.creator_debts d where d.creator_id = e.creator_id), 0)::bigint as owed
            from public.creator_earnings e group by e.creator_id) x
   where x.overdrawn > x.owed
  union all
  select 'creator_balances', coalesce(e.creator_id, b.creator_id)::text, coalesce(e.total, 0), coalesce(b.earned_coins, 0)
    from (select x.creator_id, sum(x.coins)::bigint as total from public.creator_earnings x group by x.creator_id) e
    full join public.creator_balances b using (creator_id)
   where coalesce(e.total, 0) <> coalesce(b.earned_coins, 0)
  union all
  select 'live_sessions', s.id::text, coalesce(g.total, 0), s.total_gift_coins
    from public.live_sessions s left join given g on g.session_id = s.id
   where s.total_gift_coins <> coalesce(g.total, 0)
$$;
comment on function public.book_faults() is
  'Every place where the books disagree, for server code: {book, id, expected, found}; no row when all is well.';
grant execute on function public.book_faults() to service_role;

-- schemas/80_push.sql
-- Owns: what is pushed to phones: people's devices, the outbox that is written in the transaction of the event, and how the
-- edge function push-send takes from it and says what became of it. Once for each device and event; tried again until it is
-- pointless. Nothing private is in a push: a kind, an id, and a general text.

create table public.push_devices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  provider text not null check (provider in ('expo', 'fcm', 'apns', 'pushkit')),
  token text not null check (char_length(token) between 8 and 4096),
  installation text not null check (char_length(installation) between 8 and 200),
  platform text not null check (platform in ('ios', 'android', 'web')),
  language text not null check (language in ('en', 'tr')),
  created_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  check (provider <> 'pushkit' or platform = 'ios')
);
comment on table public.push_devices is 'Where a person can be reached by push: one row for each token of each of their devices.';
comment on column public.push_devices.id is 'Id of the device''s token.';
comment on column public.push_devices.user_id is 'Who is signed in there.';
comment on column public.push_devices.provider is 'Who delivers: expo, fcm, apns, or pushkit (iOS calls only).';
comment on column public.push_devices.token is 'The provider''s token. Anyone who has it can send nothing without our keys.';
comment on column public.push_devices.installation is 'Chosen by the app once for each installation: the tokens of one device belong together.';
comment on column public.push_devices.platform is 'ios, android or web.';
comment on column public.push_devices.language is 'Language of the texts: en or tr.';
comment on column public.push_devices.created_at is 'When it was first registered.';
comment on column public.push_devices.seen_at is 'When the app registered it last, which it does at each start.';
create unique index push_devices_one_per_token on public.push_devices (provider, md5(token));
create index push_devices_of_person on public.push_devices (user_id, seen_at desc);
create index push_devices_by_age on public.push_devices (seen_at);
alter table public.push_devices enable row level security;
grant select, delete on public.push_devices to authenticated;
grant select on public.push_devices to service_role;
create policy "one sees one's own devices" on public.push_devices for select to authenticated using (user_id = (select auth.uid()));
create policy "one forgets one's own devices" on public.push_devices for delete to authenticated using (user_id = (select auth.uid()));

create table live.push_kinds (
  kind text primary key,
  urgent boolean not null,
  silent boolean not null,
  title_en text not null,
  title_tr text not null,
  body_en text not null,
  body_tr text not null
);
comment on table live.push_kinds is 'What may be pushed, and its text. Names of people and what they wrote are in none: the app asks for them.';
comment on column live.push_kinds.kind is 'Name; the app sees it as data.kind.';
comment on column live.push_kinds.urgent is 'Whether it goes before others and wakes the phone.';
comment on column live.push_kinds.silent is 'Whether only the app sees it: nothing is shown by the phone itself.';
comment on column live.push_kinds.title_en is 'Title in English.';
comment on column live.push_kinds.title_tr is 'Title in Turkish.';
comment on column live.push_kinds.body_en is 'Text in English.';
comment on column live.push_kinds.body_tr is 'Text in Turkish.';
alter table live.push_kinds enable row level security;
insert into live.push_kinds (kind, urgent, silent, title_en, title_tr, body_en, body_tr) values
  ('call_ringing', true, false, 'Incoming call', 'Gelen arama', 'Someone is calling you.', 'Sizi arayan biri var.'),
  ('call_over', true, true, 'Call over', 'Arama sona erdi', 'This call is no longer ringing.', 'Bu arama artık çalmıyor.'),
  ('call_missed', false, false, 'Missed call', 'Cevapsız arama', 'You have a missed call.', 'Cevapsız bir aramanız var.'),
  ('invited', true, false, 'You are invited to speak', 'Konuşmaya davet edildiniz', 'Open the room to answer.', 'Yanıtlamak için odayı açınız.'),
  ('refunded', false, false, 'Coins returned', 'Jetonlarınız iade edildi', 'Your coins are back in your wallet.', 'Jetonlarınız cüzdanınıza iade edildi.'),
  ('went_live', false, false, 'Live now', 'Şimdi canlı yayında', 'A creator you follow is live.', 'Takip ettiğiniz bir yayıncı canlı yayında.'),
  ('session_moved', false, false, 'Session moved', 'Yayın saati değişti', 'A session you have a ticket for has a new time.', 'Biletiniz olan bir yayının saati değişti.'),
  ('session_cancelled', false, false, 'Session cancelled', 'Yayın iptal edildi', 'A session you have a ticket for was cancelled.', 'Biletiniz olan bir yayın iptal edildi.'),
  ('session_soon', true, false, 'Starting soon', 'Az sonra başlıyor', 'A session you have a ticket for starts in a few minutes.', 'Biletiniz olan bir yayın birkaç dakika içinde başlıyor.');

create table public.push_outbox (
  id bigint generated always as identity primary key,
  device_id uuid not null references public.push_devices (id) on delete cascade,
  user_id uuid not null,
  kind text not null references live.push_kinds (kind),
  subject_id uuid not null,
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed', 'expired')),
  attempts int not null default 0 check (attempts >= 0),
  due_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  sent_at timestamptz,
  receipt text,
  receipt_due_at timestamptz,
  error text,
  created_at timestamptz not null default clock_timestamp(),
  unique (device_id, kind, subject_id)
);
comment on table public.push_outbox is 'What is to be pushed: one row for each device and event, written with the event itself.';
comment on column public.push_outbox.id is 'Order of writing.';
comment on column public.push_outbox.device_id is 'Where it goes.';
comment on column public.push_outbox.user_id is 'Whose device it was then: a device that changed hands gets nothing of before.';
comment on column public.push_outbox.kind is 'What it is about.';
comment on column public.push_outbox.subject_id is 'The call or session; with kind it names the push, so that a repeat replaces it on the phone.';
comment on column public.push_outbox.status is 'pending, sent (the provider has taken it), failed, or expired.';
comment on column public.push_outbox.attempts is 'How often it was taken to be sent.';
comment on column public.push_outbox.due_at is 'Not before this; while it is being sent, when it may be taken again.';
comment on column public.push_outbox.expires_at is 'Pointless from then on.';
comment on column public.push_outbox.sent_at is 'When the provider took it.';
comment on column public.push_outbox.receipt is 'The provider''s id of it, where it tells later what became of it (Expo).';
comment on column public.push_outbox.receipt_due_at is 'When to ask what became of it; null when that is known or nobody can say.';
comment on column public.push_outbox.error is 'The provider''s word for the last failure.';
comment on column public.push_outbox.created_at is 'When the event happened.';
create index push_outbox_due on public.push_outbox (due_at) where status = 'pending';
create index push_outbox_receipts on public.push_outbox (receipt_due_at) where receipt_due_at is not null;
create index push_outbox_of_person on public.push_outbox (user_id, created_at desc);
create index push_outbox_of_subject on public.push_outbox (subject_id, kind);
create index push_outbox_of_kind on public.push_outbox (kind);
create index push_outbox_by_age on public.push_outbox using brin (created_at) with (pages_per_range = 32);
alter table public.push_outbox enable row level security;
grant select on public.push_outbox to service_role;

create table live.push_audiences (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  after_user uuid,
  created_at timestamptz not null default clock_timestamp()
);
comment on table live.push_audiences is 'Sessions that went live and whose creator''s followers are still to be told, some hundred at a time.';
comment on column live.push_audiences.session_id is 'The session.';
comment on column live.push_audiences.after_user is 'The last follower who was told; null before the first.';
comment on column live.push_audiences.created_at is 'When it went live.';
alter table live.push_audiences enable row level security;

-- ── devices ────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.register_push_device(
  p_provider text, p_token text, p_installation text, p_platform text, p_language text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  device uuid;
begin
  perform live.require_account(me);
  if p_provider is null or p_provider not in ('expo', 'fcm', 'apns', 'pushkit')
     or p_platform is null or p_platform not in ('ios', 'android', 'web') or (p_provider = 'pushkit' and p_platform <> 'ios')
     or p_token is null or char_length(p_token) not between 8 and 4096 or p_token !~ '^[\x21-\x7e]+$'
     or p_installation is null or p_installation !~ '^[\x21-\x7e]{8,200}$' then
    perform live.refuse(400, 'invalid_device', 'Send provider, token, installation and platform as the phone gives them.');
  end if;
  perform live.spend(me, 'devices_per_minute');
  perform live.one_at_a_time('push_devices', me);
  -- A phone that is handed on, or whose owner signs in with another account, tells the new one only.
  delete from public.push_devices d
   where (d.user_id <> me and d.provider = p_provider and md5(d.token) = md5(p_token))
      or (d.installation = p_installation and d.user_id = me and d.provider = p_provider and d.token <> p_token);
  insert into public.push_devices as d (user_id, provider, token, installation, platform, language)
  values (me, p_provider, p_token, p_installation, p_platform, case when p_language like 'tr%' then 'tr' else 'en' end)
  on conflict (provider, md5(token)) do update
     set installation = excluded.installation, platform = excluded.platform, language = excluded.language,
         seen_at = clock_timestamp()
  returning d.id into device;
  delete from public.push_devices d
   where d.id in (select x.id from public.push_devices x where x.user_id = me order by x.seen_at desc offset live.limit_of('devices_per_person')::int);
  return jsonb_build_object('device_id', device);
end;
$$;
comment on function public.register_push_device(text, text, text, text, text) is
  'The caller can be reached by this token from now on: {device_id}. Call it at each start. A token belongs to one person: who '
  'registered it last. Of more than limits.devices_per_person the one not seen for longest is forgotten.';
grant execute on function public.register_push_device(text, text, text, text, text) to authenticated;

create function public.forget_push_device(p_installation text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  forgotten int;
begin
  perform live.require_member();
  delete from public.push_devices d where d.user_id = auth.uid() and d.installation = p_installation;
  get diagnostics forgotten = row_count;
  return jsonb_build_object('forgotten', forgotten);
end;
$$;
comment on function public.forget_push_device(text) is 'Before signing out: nothing more is pushed to this installation: {forgotten}, how many tokens.';
grant execute on function public.forget_push_device(text) to authenticated;

create function live.forget_push(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  devices int;
begin
  -- What waits for them goes with them.
  delete from public.push_devices d where d.user_id = p_user;
  get diagnostics devices = row_count;
  return jsonb_build_object('push_devices', devices);
end;
$$;
comment on function live.forget_push(uuid) is 'Deletes the devices of a deleted account and what waits for them: rows deleted, by table.';

-- ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────
-- PushKit wakes an iPhone for a call and for nothing else (Apple ends apps that break this). Where it rings by PushKit the
-- same phone gets no second push of the call.
create function live.push(p_users uuid[], p_kind text, p_subject uuid, p_expires_at timestamptz) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.push_outbox (device_id, user_id, kind, subject_id, expires_at)
  select d.id, d.user_id, p_kind, p_subject, p_expires_at
    from public.push_devices d
   where d.user_id = any (p_users)
     and (p_kind = 'call_ringing') >= (d.provider = 'pushkit')
     and not (p_kind = 'call_ringing' and d.provider <> 'pushkit' and exists (
       select from public.push_devices v where v.user_id = d.user_id and v.installation = d.installation and v.provider = 'pushkit'))
  -- An event that comes again, as an invitation may, is pushed again.
  on conflict (device_id, kind, subject_id) do update
     set status = 'pending', attempts = 0, due_at = clock_timestamp(), expires_at = excluded.expires_at, sent_at = null,
         receipt = null, receipt_due_at = null, error = null, created_at = clock_timestamp()
   where push_outbox.status <> 'pending';
end;
$$;
comment on function live.push(uuid[], text, uuid, timestamptz) is 'Writes a push into the outbox for each device of these people; no devices, no rows.';

create function live.push_call() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.status = 'ringing' then
    perform live.push(array[new.callee_id], 'call_ringing', new.id, new.ringing_at + live.setting_interval('calls.ring_seconds'));
    return null;
  end if;
  update public.push_outbox o set status = 'expired', error = 'over before it was sent'
   where o.subject_id = new.id and o.kind = 'call_ringing' and o.status = 'pending';
  if old.status = 'ringing' then
    perform live.push(array[new.callee_id], case new.status when 'missed' then 'call_missed' else 'call_over' end, new.id,
                      clock_timestamp() + case new.status when 'missed' then interval '1 day' else interval '1 minute' end);
  end if;
  return null;
end;
$$;
comment on function live.push_call() is 'Trigger: a call that rings is pushed to the callee''s devices, and so is that it rings no more.';
create trigger push_call after update of status on public.calls
  for each row when (old.status <> new.status) execute function live.push_call();

create function live.push_went_live() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.push_audiences (session_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function live.push_went_live() is 'Trigger: the followers of a creator who goes live are to be told; push_claim does it in batches.';
create trigger push_went_live after insert on public.live_sessions
  for each row when (new.status = 'live') execute function live.push_went_live();
create trigger push_started after update of status on public.live_sessions
  for each row when (old.status = 'scheduled' and new.status = 'live') execute function live.push_went_live();

create function live.push_to_followers(p_most int) returns void
language plpgsql set search_path = '' as $$
declare
  audience live.push_audiences;
  session public.live_sessions;
  followers uuid[];
begin
  select * into audience from live.push_audiences a order by a.created_at limit 1 for update skip locked;
  if not found then
    return;
  end if;
  select * into session from public.live_sessions s where s.id = audience.session_id;
  select array_agg(x.user_id order by x.user_id) into followers from (
    select c.user_id from public.creator_subscriptions c
     where c.creator_id = session.creator_id and c.status::text = 'active'
       and coalesce(c.expires_at, 'infinity') > clock_timestamp()
       and (audience.after_user is null or c.user_id > audience.after_user)
     order by c.user_id limit p_most) x;
  if followers is null or session.status <> 'live' then
    delete from live.push_audiences a where a.session_id = audience.session_id;
    return;
  end if;
  update live.push_audiences a set after_user = followers[cardinality(followers)] where a.session_id = audience.session_id;
  perform live.push(array(select f from unnest(followers) f
                           where not live.blocked(f, session.creator_id)
                             and not live.kept_out(f, session.id, session.creator_id)),
                    'went_live', session.id, clock_timestamp() + interval '1 hour');
end;
$$;
comment on function live.push_to_followers(int) is
  'Writes the next pushes for followers of a creator who went live: those of at most so many followers. Nobody is told who may not enter.';

-- schemas/81_hearing.sql
-- Owns: what is left of hearing a session once tables, agent and policy are there: a session's own policy is checked, console
-- and app are told about incidents, and the summary of how loud everyone was.

create trigger check_policy before insert or update of moderation on public.live_sessions
  for each row execute function live.check_policy('moderation');

create function public.session_policy(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select live.merged_policy(live.default_policy(), live.effective_policy(s))
      from public.live_sessions s
     where s.id = session_policy.session_id
       and (live.is_service() or live.am_ops() or s.id in (select live.my_staffed_sessions())));
end;
$$;
comment on function public.session_policy is
  'The moderation policy that holds in a session, every field written out; null for who is neither its staff nor ops.';
grant execute on function public.session_policy(uuid) to authenticated, service_role;

create function live.tell_of_incidents() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_session(n.session_id, 'moderation_incidents', jsonb_agg(n.id order by n.created_at, n.id))
     from new_rows n group by n.session_id;
  return null;
end;
$$;
comment on function live.tell_of_incidents is 'Trigger: tells who may see the session which incidents are new; row-level security decides who reads them.';
create trigger tell_of_incidents after insert on public.moderation_incidents
  referencing new table as new_rows for each statement execute function live.tell_of_incidents();

create view public.session_loudness with (security_invoker = true) as
  select t.session_id, t.user_id,
         sum(t.talk_seconds) as talk_seconds,
         10 * log(sum(t.talk_seconds * power(10, t.loudness_lufs / 10)) filter (where t.loudness_lufs is not null)
                  / nullif(sum(t.talk_seconds) filter (where t.loudness_lufs is not null), 0)) as loudness_lufs,
         max((t.measured ->> 'max_short_term_lufs')::double precision) as max_short_term_lufs,
         max(t.peak_dbfs) as peak_dbfs,
         sum(t.clipped_ratio * (t.measured ->> 'heard_seconds')::double precision)
           / nullif(sum((t.measured ->> 'heard_seconds')::double precision), 0) as clipped_ratio,
         case when (select live.is_service() or live.am_ops()) or t.session_id in (select live.my_staffed_sessions()) then
           (select count(*) from public.moderation_incidents i
             where i.session_id = t.session_id and i.user_id = t.user_id) end as incidents
    from public.live_audio_stats t
   group by t.session_id, t.user_id;
comment on view public.session_loudness is
  'Who spoke how long and how loud in a session: one''s own figures, everyone''s for its staff and ops.';
comment on column public.session_loudness.session_id is 'The session.';
comment on column public.session_loudness.user_id is 'Who.';
comment on column public.session_loudness.talk_seconds is 'Seconds with speech.';
comment on column public.session_loudness.loudness_lufs is 'Mean of the minutes'' loudness as energy, each weighted with its talk; null when nothing passed the gates.';
comment on column public.session_loudness.max_short_term_lufs is 'The loudest 3 s.';
comment on column public.session_loudness.peak_dbfs is 'Highest sample peak, dBFS.';
comment on column public.session_loudness.clipped_ratio is 'Share of samples that were clipped.';
comment on column public.session_loudness.incidents is 'Steps that the rules took; null for who may not see incidents.';
grant select on public.session_loudness to authenticated, service_role;

-- schemas/82_user_topic.sql
-- Owns: what a person is told on their own Realtime topic, live:user:<id>: calls, invitations, bans, refunds. A hint, as every
-- broadcast: anyone who misses one reads the tables. Only that person may listen (live.may_listen).

create function live.tell_user(p_user uuid, p_event text, p_payload jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform realtime.send(p_payload || jsonb_build_object('now', live.instant(clock_timestamp())), p_event,
                        'live:user:' || p_user, true);
end;
$$;
comment on function live.tell_user(uuid, text, jsonb) is
  'Tells a person something on live:user:<id>: the event''s name, and its payload with the server''s time as now.';

-- ── calls ──────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.call_news(p_call public.calls, p_happened text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'happened', p_happened,
    'call', to_jsonb(p_call) - 'desired_xid' - 'livekit_room',
    'rings_until', case when p_call.status = 'ringing'
      then live.instant(p_call.ringing_at + live.setting_interval('calls.ring_seconds')) end,
    'caller', live.card(p_call.caller_id),
    'callee', live.card(p_call.callee_id));
end;
$$;
comment on function live.call_news(public.calls, text) is
  'What both sides are told about a call: {happened, call, rings_until, caller, callee}; enough to show it without a request.';

-- The callee's devices that did not answer stop ringing; which one answered knows it by its own request.
create function live.tell_call() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  to_callee constant text := case
    when new.type <> old.type then 'video'
    when new.video_wanted_by is distinct from old.video_wanted_by then
      case when new.video_wanted_by is null then 'video_declined' else 'video_wanted' end
    when new.status = 'accepted' then 'answered_elsewhere'
    when new.status = 'failed' then 'ended'
    else new.status end;
begin
  perform live.tell_user(new.callee_id, 'call', live.call_news(new, to_callee));
  perform live.tell_user(new.caller_id, 'call',
                         live.call_news(new, case to_callee when 'answered_elsewhere' then 'accepted' else to_callee end));
  return null;
end;
$$;
comment on function live.tell_call() is
  'Trigger: both sides are told what happens to their call: ringing, accepted (the callee''s devices: answered_elsewhere), declined, '
  'cancelled, missed, ended, video_wanted, video_declined, video.';
create trigger tell_call after update on public.calls
  for each row when ((old.status, old.type, coalesce(old.video_wanted_by, old.id))
                     is distinct from (new.status, new.type, coalesce(new.video_wanted_by, new.id)))
  execute function live.tell_call();

-- ── sessions, bans, money ──────────────────────────────────────────────────────────────────────────────────────
create function live.tell_invitation() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_user(new.user_id, 'invitation', jsonb_build_object(
    'session_id', new.session_id, 'role', new.invited_role, 'expires_at', live.instant(new.invite_expires_at)));
  perform live.push(array[new.user_id], 'invited', new.session_id, new.invite_expires_at);
  return null;
end;
$$;
comment on function live.tell_invitation() is 'Trigger: anyone who is invited to speak is told, in the room or elsewhere.';
create trigger tell_invitation after update on public.live_participants
  for each row when (new.invited_role is not null and (new.invited_role, new.invite_expires_at)
                     is distinct from (old.invited_role, old.invite_expires_at))
  execute function live.tell_invitation();

create function live.tell_ban() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_user(new.user_id, 'ban', jsonb_build_object(
    'ban_id', new.id, 'scope', new.scope, 'session_id', new.session_id, 'creator_id', new.creator_id,
    'expires_at', live.instant(new.expires_at), 'lifted', new.lifted_at is not null));
  return null;
end;
$$;
comment on function live.tell_ban() is 'Trigger: anyone who is banned is told, and told again when it is changed or lifted. The reason is in the row.';
create trigger tell_ban after insert or update on public.live_bans
  for each row execute function live.tell_ban();

create function live.tell_refund() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_user(new.user_id, 'refund', jsonb_build_object(
    'kind', new.kind, 'coins', new.delta, 'balance', new.balance_after, 'session_id', new.session_id,
    'ticket_id', new.ticket_id, 'gift_id', new.gift_id));
  perform live.push(array[new.user_id], 'refunded', new.session_id, clock_timestamp() + interval '1 day');
  return null;
end;
$$;
comment on function live.tell_refund() is 'Trigger: anyone who is paid back is told, with the new balance.';
create trigger tell_refund after insert on public.coin_ledger
  for each row when (new.kind in ('ticket_refund', 'gift_refund')) execute function live.tell_refund();

-- schemas/83_room_events.sql
-- Owns: what else a session's stream tells the room: mutes, removals, hands, milestones, and that it will end by itself.
-- Told at the cost of one event each, no matter who made the change; the payloads are those of schemas/live-event.schema.json.

-- ── mutes and hands ────────────────────────────────────────────────────────────────────────────────────────────
create function live.tell_mic() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  select * into session from public.live_sessions s where s.id = new.session_id;
  if session.status <> 'live' then
    return null;
  elsif new.mic_muted and not new.mic_by_all then
    perform live.append_event(new.session_id, 'muted',
      jsonb_build_object('user_id', new.user_id, 'until', live.instant(new.mic_muted_until)));
  -- Whom mute_all muted, unmute_all frees: both are told once, for everyone.
  elsif old.mic_muted and not new.mic_muted and (not old.mic_by_all or session.mute_all_rank is not null) then
    perform live.append_event(new.session_id, 'unmuted', jsonb_build_object('user_id', new.user_id));
  end if;
  return null;
end;
$$;
comment on function live.tell_mic is 'Trigger: the room is told about a mute by name and its end.';
create trigger tell_mic after update on public.live_participants
  for each row when ((old.mic_muted, old.mic_by_all, old.mic_muted_until)
                     is distinct from (new.mic_muted, new.mic_by_all, new.mic_muted_until))
  execute function live.tell_mic();

create function live.tell_hand() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from public.live_sessions s where s.id = new.session_id and s.status = 'live') then
    perform live.append_event(new.session_id,
      case when new.hand_raised_at is null then 'hand_lowered' else 'hand_raised' end,
      jsonb_build_object('user_id', new.user_id));
  end if;
  return null;
end;
$$;
comment on function live.tell_hand is 'Trigger: the room is told about a hand that goes up or down; a session''s end lowers all of them silently.';
create trigger tell_hand after update on public.live_participants
  for each row when ((old.hand_raised_at is null) <> (new.hand_raised_at is null)) execute function live.tell_hand();

create function live.tell_mute_all() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.mute_all_rank is null then
    perform live.append_event(new.id, 'unmuted', '{"user_id": null}');
  else
    perform live.append_event(new.id, 'muted', '{"user_id": null, "until": null}');
  end if;
  return null;
end;
$$;
comment on function live.tell_mute_all is 'Trigger: the room is told once that everyone is muted, or no longer.';
create trigger tell_mute_all after update on public.live_sessions
  for each row when (new.status = 'live' and (old.mute_all_rank is null) <> (new.mute_all_rank is null))
  execute function live.tell_mute_all();

-- ── removals ───────────────────────────────────────────────────────────────────────────────────────────────────
create function live.tell_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from public.live_participants p
              join public.live_sessions s on s.id = p.session_id and s.status = 'live'
             where p.session_id = new.session_id and p.user_id = new.target_user_id and p.is_online) then
    perform live.append_event(new.session_id, 'removed', jsonb_build_object('user_id', new.target_user_id));
  end if;
  return null;
end;
$$;
comment on function live.tell_removal is
  'Trigger: the room is told that somebody who is there is removed, as soon as that is decided. The door holds the session.';
create trigger tell_removal after insert on public.moderation_actions
  for each row when (new.action in ('kick', 'ban') and not new.dry_run) execute function live.tell_removal();

-- ── milestones ─────────────────────────────────────────────────────────────────────────────────────────────────
create function live.tell_milestone() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  reached constant int := (
    select max(m) from unnest(array[10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]) m
     where m > old.peak_viewers and m <= new.peak_viewers);
begin
  -- A late report can lower the peak: what was celebrated once is not celebrated again.
  if reached is not null and not exists (
      select from public.live_events e
       where e.session_id = new.id and e.type = 'viewer_milestone' and (e.payload ->> 'viewers')::int >= reached) then
    perform live.append_event(new.id, 'viewer_milestone', jsonb_build_object('viewers', reached));
  end if;
  return null;
end;
$$;
comment on function live.tell_milestone is 'Trigger: the room is told when more people than ever watch at once, by round numbers.';
create trigger tell_milestone after update on public.live_sessions
  for each row when (new.status = 'live' and new.peak_viewers > old.peak_viewers) execute function live.tell_milestone();

-- ── the coming end ─────────────────────────────────────────────────────────────────────────────────────────────
alter table public.live_sessions add column ends_at timestamptz;
comment on column public.live_sessions.ends_at is
  'When it will end by itself because its host is away, once the room was told; null while it will not.';

create function live.tell_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.ends_at is null then
    perform live.append_event(new.id, 'session_resumed', '{"reason": "host_back"}');
  else
    perform live.append_event(new.id, 'session_ending',
      jsonb_build_object('ends_at', live.instant(new.ends_at), 'reason', 'host_away'));
  end if;
  return null;
end;
$$;
comment on function live.tell_end is 'Trigger: the room is told when the session will end, and that it will not after all.';
create trigger tell_end after update on public.live_sessions
  for each row when (new.status = 'live' and old.ends_at is distinct from new.ends_at) execute function live.tell_end();

create function live.forget_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.ends_at := null;
  return new;
end;
$$;
comment on function live.forget_end is 'Trigger: with a host in the room, or after the end, no end is to come.';
create trigger forget_end before update on public.live_sessions
  for each row when (new.ends_at is not null and (new.host_left_at is null or new.status <> 'live'))
  execute function live.forget_end();

create function live.announce_ends() returns int
language plpgsql set search_path = '' as $$
declare
  grace constant interval := live.setting_interval('session.host_grace_seconds');
  -- A phone that only reconnects is back before this.
  patience constant interval := least(interval '5 seconds', grace / 4);
  announced int;
begin
  with away as (
    select s.id from public.live_sessions s
     where s.status = 'live'
       and s.host_left_at between clock_timestamp() - grace and clock_timestamp() - patience
       and s.ends_at is distinct from s.host_left_at + grace
     order by s.id limit live.at_a_time() for no key update skip locked)
  update public.live_sessions s set ends_at = s.host_left_at + grace from away where s.id = away.id;
  get diagnostics announced = row_count;
  return announced;
end;
$$;
comment on function live.announce_ends is 'Tells sessions whose host stays away when they will end; how many. end_hostless_sessions ends them.';

-- schemas/84_gift_combos.sql
-- Owns: equal gifts of one sender in quick succession, told to the room once more as one (`gift_combo`). For display
-- only: the gifts themselves were told when they were given.

create table live.gift_runs (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  sender_id uuid not null,
  gift_code text not null,
  gifts int not null,
  quantity bigint not null,
  coins bigint not null,
  first_seq bigint not null,
  last_seq bigint not null,
  began_at timestamptz not null,
  latest_at timestamptz not null,
  primary key (session_id, sender_id, gift_code)
) with (fillfactor = 50);
comment on table live.gift_runs is 'Runs of equal gifts that may still go on. Written under the session''s lock, like the gifts.';
comment on column live.gift_runs.session_id is 'Where.';
comment on column live.gift_runs.sender_id is 'Who gives.';
comment on column live.gift_runs.gift_code is 'What.';
comment on column live.gift_runs.gifts is 'How many gifts so far.';
comment on column live.gift_runs.quantity is 'Sum of their quantities.';
comment on column live.gift_runs.coins is 'Sum of their coins.';
comment on column live.gift_runs.first_seq is 'seq of the first.';
comment on column live.gift_runs.last_seq is 'seq of the latest.';
comment on column live.gift_runs.began_at is 'Time of the first.';
comment on column live.gift_runs.latest_at is 'Time of the latest.';
alter table live.gift_runs enable row level security;

create function live.run_is_over(p_run live.gift_runs) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_run.latest_at < clock_timestamp() - interval '3 seconds'
      or p_run.began_at < clock_timestamp() - interval '10 seconds';
end;
$$;
comment on function live.run_is_over is 'Whether a run has paused, or gone on for so long that it is told in parts.';

create function live.end_gift_runs(p_session uuid) returns int
language plpgsql set search_path = '' as $$
declare
  combos jsonb[];
begin
  with over as (
    delete from live.gift_runs r where r.session_id = p_session and live.run_is_over(r) returning r.*)
  select array_agg(to_jsonb(o) - '{session_id,began_at,latest_at}'::text[] order by o.last_seq) into combos
    from over o where o.gifts > 1;
  if combos is null then
    return 0;
  end if;
  perform live.append_events(p_session, 'gift_combo', combos);
  return cardinality(combos);
end;
$$;
comment on function live.end_gift_runs is
  'Tells the runs of a session that are over, those of more than one gift, in one go; how many. The caller holds the session.';

create function live.extend_gift_run() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  loop
    insert into live.gift_runs as r values (
      new.session_id, new.sender_id, new.gift_code, 1, new.quantity, new.coins, new.seq, new.seq,
      new.created_at, new.created_at)
    on conflict (session_id, sender_id, gift_code) do update set
      gifts = r.gifts + 1, quantity = r.quantity + excluded.quantity, coins = r.coins + excluded.coins,
      last_seq = excluded.last_seq, latest_at = excluded.latest_at
      where not live.run_is_over(r);
    exit when found;
    perform live.end_gift_runs(new.session_id);
  end loop;
  return null;
end;
$$;
comment on function live.extend_gift_run is 'Trigger: a gift begins a run or lengthens it.';
create trigger extend_gift_run after insert on public.live_gifts
  for each row execute function live.extend_gift_run();

create function live.forget_gift_runs() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from live.gift_runs r where r.session_id = new.id;
  return null;
end;
$$;
comment on function live.forget_gift_runs is 'Trigger: after the end of a session nobody looks at combos any more.';
create trigger forget_gift_runs after update on public.live_sessions
  for each row when (old.status = 'live' and new.status = 'ended') execute function live.forget_gift_runs();

create function live.tell_gift_combos() returns int
language plpgsql set search_path = '' as $$
declare
  session uuid;
  told int := 0;
begin
  for session in
    select s.id from public.live_sessions s
     where s.id in (select r.session_id from live.gift_runs r where live.run_is_over(r))
     order by s.id for no key update skip locked
  loop
    told := told + live.end_gift_runs(session);
  end loop;
  return told;
end;
$$;
comment on function live.tell_gift_combos is 'Tells every session''s runs that are over; how many combos.';

-- schemas/85_relay_keys.sql
-- Owns: revoking a key of the relay.

create function public.revoke_relay_key(kid text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  key public.relay_keys;
begin
  perform live.require_ops_or_service();
  update public.relay_keys k set revoked_at = coalesce(k.revoked_at, clock_timestamp())
   where k.kid = revoke_relay_key.kid returning * into key;
  if key.kid is null then
    perform live.refuse(404, 'unknown_key', 'There is no key with this kid.');
  end if;
  return to_jsonb(key);
end;
$$;
comment on function public.revoke_relay_key(text) is
  'Revokes a key of the relay, for ops: returns its row of relay_keys. Its worker makes a new one within seconds; clients '
  'refuse packets signed with the old one as soon as they read the keys again, and take what they miss from the database.';
grant execute on function public.revoke_relay_key(text) to authenticated, service_role;

-- schemas/86_push_sending.sql
-- Owns: how the edge function push-send takes pushes from the outbox and says what became of them. Taking one is a lease:
-- one that is not finished before it ends is taken again. A push that was sent twice replaces itself on the phone.

create function live.pushes_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.push_outbox o where o.status = 'pending' and o.due_at <= clock_timestamp())
      or exists (select from public.push_outbox o where o.receipt_due_at <= clock_timestamp())
      or exists (select from live.push_audiences);
end;
$$;
comment on function live.pushes_due() is 'Whether push-send has something to do now.';

create function live.pushes_taken(p_ids bigint[]) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', o.id, 'provider', d.provider, 'token', d.token, 'platform', d.platform, 'kind', o.kind, 'subject_id', o.subject_id,
        'urgent', k.urgent, 'silent', k.silent,
        'title', case d.language when 'tr' then k.title_tr else k.title_en end,
        'body', case d.language when 'tr' then k.body_tr else k.body_en end,
        'expires_at', live.instant(o.expires_at),
        'seconds', greatest(1, ceil(extract(epoch from o.expires_at - clock_timestamp())))::int) order by k.urgent desc, o.id), '[]')
      from public.push_outbox o join public.push_devices d on d.id = o.device_id join live.push_kinds k on k.kind = o.kind
     where o.id = any (p_ids));
end;
$$;
comment on function live.pushes_taken(bigint[]) is 'Pushes as a sender needs them.';

create function public.push_claim(p_most int default 100) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  most constant int := least(greatest(coalesce(p_most, 100), 1), 500);
  taken bigint[];
  receipts jsonb;
begin
  perform live.push_to_followers(500);
  update public.push_outbox o set status = 'expired', error = coalesce(o.error, 'too late')
   where o.id in (select x.id from public.push_outbox x
                   where x.status = 'pending' and x.expires_at <= clock_timestamp() limit 1000 for update skip locked);
  with due as (
    select o.id from public.push_outbox o join live.push_kinds k on k.kind = o.kind
     where o.status = 'pending' and o.due_at <= clock_timestamp()
     order by k.urgent desc, o.id limit most for update of o skip locked
  ), held as (
    update public.push_outbox o set attempts = o.attempts + 1, due_at = clock_timestamp() + interval '30 seconds'
      from due where o.id = due.id returning o.id)
  select coalesce(array_agg(h.id), '{}') into taken from held h;
  with asked as (
    update public.push_outbox o set receipt_due_at = clock_timestamp() + interval '5 minutes'
     where o.id in (select x.id from public.push_outbox x where x.receipt_due_at <= clock_timestamp()
                     order by x.receipt_due_at limit most for update skip locked)
    returning o.id, o.receipt)
  select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'receipt', a.receipt)), '[]') into receipts from asked a;
  return jsonb_build_object('pushes', live.pushes_taken(taken), 'receipts', receipts);
end;
$$;
comment on function public.push_claim(int) is
  'Takes what is due for 30 s: {pushes: [{id, provider, token, platform, kind, subject_id, urgent, silent, title, body, expires_at, seconds}], '
  'receipts: [{id, receipt}]}, the urgent ones first. For push-send.';
grant execute on function public.push_claim(int) to service_role;

create function live.finish_push(p_id bigint, p_outcome text, p_error text, p_receipt text, p_after double precision) returns void
language plpgsql set search_path = '' as $$
begin
  if p_outcome = 'dead' then
    delete from public.push_devices d where d.id = (select o.device_id from public.push_outbox o where o.id = p_id);
    return;
  end if;
  update public.push_outbox o
     set status = case when p_outcome in ('sent', 'delivered') then 'sent'
                       when p_outcome = 'retry' and o.attempts < 8 then 'pending' else 'failed' end,
         sent_at = case when p_outcome = 'sent' then clock_timestamp() else o.sent_at end,
         due_at = clock_timestamp() + make_interval(secs => least(3600, greatest(coalesce(p_after, 0), power(2, least(o.attempts, 8))))),
         receipt = coalesce(p_receipt, o.receipt),
         receipt_due_at = case when p_outcome = 'sent' and p_receipt is not null then clock_timestamp() + interval '15 minutes' end,
         error = case when p_outcome in ('sent', 'delivered') then null else left(p_error, 200) end
   where o.id = p_id and (o.status = 'pending' or o.receipt_due_at is not null);
end;
$$;
comment on function live.finish_push(bigint, text, text, text, double precision) is
  'Writes what became of one push. dead: the provider knows no such device, which is forgotten. retry: later, eight times at most.';

create function public.push_finish(p_results jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform live.finish_push(r.id, r.outcome, r.error, r.receipt, r.retry_after)
     from jsonb_to_recordset(p_results) as r (id bigint, outcome text, error text, receipt text, retry_after double precision)
    where r.outcome in ('sent', 'delivered', 'retry', 'dead', 'refused')
    order by r.id;
  return jsonb_build_object('due', live.pushes_due());
end;
$$;
comment on function public.push_finish(jsonb) is
  'Says what became of pushes: [{id, outcome: sent|delivered|retry|dead|refused, error?, receipt?, retry_after?}]. Answers {due}: whether '
  'more is waiting. For push-send.';
grant execute on function public.push_finish(jsonb) to service_role;

-- schemas/87_assistant_marks.sql
-- Owns: the mark of an assistant. Anyone of ops who acts through one is recorded with requested_via = 'assistant', and every
-- change of a setting is kept, with who made it and through which door.

create function live.through_assistant() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return coalesce(
    nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-live-via' = 'assistant', false);
end;
$$;
comment on function live.through_assistant is
  'Whether the request says that an assistant makes it (header x-live-via). A statement about oneself: it gives no right.';

-- ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────
create table public.app_setting_changes (
  n bigint generated always as identity primary key,
  key text not null,
  before jsonb not null,
  after jsonb not null,
  requested_by uuid,
  requested_via text not null check (requested_via in ('ops', 'assistant')),
  changed_at timestamptz not null default clock_timestamp(),
  reason text check (char_length(reason) <= 1000)
);
comment on table public.app_setting_changes is 'Every change of a setting: the audit of the switches. Written by a trigger alone.';
comment on column public.app_setting_changes.n is 'The order.';
comment on column public.app_setting_changes.key is 'Which setting.';
comment on column public.app_setting_changes.before is 'Its value until then.';
comment on column public.app_setting_changes.after is 'Its value from then on.';
comment on column public.app_setting_changes.requested_by is 'Who changed it; null for server code.';
comment on column public.app_setting_changes.requested_via is 'Through which door: ops or assistant.';
comment on column public.app_setting_changes.changed_at is 'When.';
comment on column public.app_setting_changes.reason is 'Why, where it was said: change_setting asks for it.';
create index app_setting_changes_of_key on public.app_setting_changes (key, n desc);
alter table public.app_setting_changes enable row level security;
grant select on public.app_setting_changes to authenticated, service_role;
create policy "ops see who turned what" on public.app_setting_changes for select to authenticated
  using ((select live.am_ops()));

create function live.record_setting_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.app_setting_changes (key, before, after, requested_by, requested_via, reason)
  values (new.key, old.value, new.value, auth.uid(),
          case when live.through_assistant() then 'assistant' else 'ops' end, nullif(current_setting('live.setting_reason', true), ''));
  return null;
end;
$$;
comment on function live.record_setting_change is 'Trigger: keeps each change of a setting.';
create trigger record_setting_change after update on public.app_settings
  for each row when (old.value is distinct from new.value) execute function live.record_setting_change();

create function public.change_setting(key text, value jsonb, reason text, seen timestamptz default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  kept public.app_settings;
begin
  perform live.require_ops();
  if btrim(coalesce(change_setting.reason, '')) = '' then
    perform live.refuse(400, 'reason_needed', 'Say why: it concerns everybody, and is on record.');
  elsif live.text_fault(change_setting.reason, 1000, true) is not null then
    perform live.refuse(400, 'bad_reason', format('A reason %s.', live.text_fault(change_setting.reason, 1000, true)));
  end if;
  perform set_config('live.setting_reason', btrim(change_setting.reason), true);
  update public.app_settings s set value = change_setting.value
   where s.key = change_setting.key and (change_setting.seen is null or s.updated_at = change_setting.seen)
   returning * into kept;
  return jsonb_build_object('changed', kept.key is not null);
end;
$$;
comment on function public.change_setting(text, jsonb, text, timestamptz) is
  'Ops change a setting and say why: {changed}. seen: its updated_at as it was read; changed = false when somebody was quicker, or there is no such setting.';
grant execute on function public.change_setting(text, jsonb, text, timestamptz) to authenticated;

-- schemas/88_ops_insight.sql
-- Owns: two questions that ops ask and row-level security alone cannot answer: why may someone enter or not, and is the
-- schema what the migrations built?

create function public.explain_access(session_id uuid, user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_ops_or_service();
  select * into session from public.live_sessions s where s.id = explain_access.session_id;
  return public.can_join_as(explain_access.session_id, explain_access.user_id) || jsonb_build_object(
    'session', case when session.id is not null then jsonb_build_object(
      'status', session.status, 'access_type', session.access_type, 'price_coins', session.price_coins,
      'creator_id', session.creator_id) end,
    'account', (
      select jsonb_build_object('anonymous', coalesce(u.is_anonymous, false))
        from auth.users u where u.id = explain_access.user_id),
    'ban', live.standing_ban(explain_access.user_id, session.id, session.creator_id),
    'subscription', (
      select jsonb_build_object('status', c.status::text, 'expires_at', c.expires_at)
        from public.creator_subscriptions c
       where c.user_id = explain_access.user_id and c.creator_id = session.creator_id
       order by c.expires_at desc nulls first limit 1),
    'tickets', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'id', t.id, 'coins', t.coins, 'created_at', t.created_at, 'earned_at', t.earned_at,
               'refund_due_at', t.refund_due_at, 'refunded_at', t.refunded_at)
               order by t.created_at), '[]')
        from public.live_tickets t where t.session_id = session.id and t.user_id = explain_access.user_id),
    'stay', (
      select jsonb_build_object('access_ends_at', p.access_ends_at, 'access_removed', p.access_removed)
        from public.live_participants p
       where p.session_id = session.id and p.user_id = explain_access.user_id));
end;
$$;
comment on function public.explain_access is
  'can_join_as with the facts behind it, for ops: {allowed, reason, role, session, account, ban, subscription, tickets, stay}; '
  'null where there is none.';
grant execute on function public.explain_access(uuid, uuid) to authenticated, service_role;

create function live.described_tables() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_agg(jsonb_build_object(
           'name', c.relname,
           'kind', case c.relkind when 'v' then 'view' else 'table' end,
           'row_level_security', c.relrowsecurity,
           'columns', (
             select jsonb_agg(jsonb_build_object(
                      'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
               from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
           'policies', (
             select coalesce(jsonb_agg(jsonb_build_object(
                      'name', p.policyname, 'command', lower(p.cmd), 'roles', p.roles) order by p.cmd, p.policyname), '[]')
               from pg_catalog.pg_policies p where p.schemaname = 'public' and p.tablename = c.relname))
           order by c.relname)
    from pg_catalog.pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'p')
$$;
comment on function live.described_tables is 'Every table and view of the schema public with its columns and policies.';

create function public.live_schema() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  contract jsonb;
begin
  perform live.require_ops_or_service();
  contract := public.live_schema_contract();
  return jsonb_build_object(
    'ok', contract -> 'ok',
    'missing', contract -> 'missing',
    'warnings', contract -> 'warnings',
    -- What has been added to our own tables by hand. The app's tables are the app's.
    'unexpected', (
      select coalesce(jsonb_agg(jsonb_build_object('kind', extra.kind, 'name', extra.name) order by extra.kind, extra.name), '[]')
        from (select n.kind, n.name from live.schema_now() n except select o.kind, o.name from live.schema_objects o) extra
       where extra.kind in ('column', 'policy', 'trigger') and exists (
         select from live.schema_objects t
          where t.kind = 'table' and (extra.name like t.name || '.%' or extra.name like t.name || ': %'))),
    'tables', live.described_tables(),
    'functions', (
      select jsonb_agg(jsonb_build_object(
               'name', p.proname, 'arguments', pg_catalog.pg_get_function_identity_arguments(p.oid),
               'returns', pg_catalog.pg_get_function_result(p.oid)) order by p.proname)
        from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'));
end;
$$;
comment on function public.live_schema is
  'For ops: the tables, columns, policies and functions that are really there, and how they differ from what the migrations '
  'built: {ok, missing, unexpected, warnings, tables, functions}.';
grant execute on function public.live_schema() to authenticated, service_role;

create function public.agent_surroundings(p_token uuid, p_rooms text[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('from', 'database'), 'echo', 'live:doctor:' || p_token, true);
  return jsonb_build_object(
    'ops', (select count(*) from public.live_ops),
    'last_webhook', (select max(w.received_at) from public.livekit_webhook_events w),
    'untold_rooms', (select coalesce(jsonb_agg(r.room order by r.room), '[]') from unnest(p_rooms) as r (room)
                      where not exists (select from public.livekit_webhook_events w where w.room = r.room)));
end;
$$;
comment on function public.agent_surroundings(uuid, text[]) is
  'For the doctor: how many are ops, when the last webhook came, of which of these rooms none came, and an echo on the topic live:doctor:<token>.';
grant execute on function public.agent_surroundings(uuid, text[]) to service_role;

-- schemas/89_ops_in_calls.sql
-- Owns: the place of an action that is a call. Ops may act there as anywhere, and not only through server code; of
-- everyone else the door refuses it, because a call has no staff.

grant insert (call_id) on public.moderation_actions to authenticated;

-- schemas/90_assistant_rights.sql
-- Owns: what the assistants' server asks first of all: who is this, and what are they in this session?

create function public.my_rights(session_id uuid default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me uuid := auth.uid();
  session public.live_sessions;
begin
  if live.is_service() then
    return jsonb_build_object('caller', 'service', 'user_id', null, 'staff', true);
  elsif me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  select * into session from public.live_sessions s where s.id = my_rights.session_id;
  return jsonb_build_object(
    'user_id', me,
    'caller', case when live.is_anonymous() then 'anonymous'
                   when live.kept_out(me, null, null) then 'banned'
                   when live.is_ops(me) then 'ops'
                   else 'user' end,
    'staff', session.id is not null and not live.kept_out(me, session.id, session.creator_id)
             and live.rank_in(session.id, me) >= live.staff_rank());
end;
$$;
comment on function public.my_rights is
  'Who the caller is: {user_id, caller, staff}; caller = service, ops, user, anonymous or banned (also a deleted account); '
  'staff = whether they are host, co-host or moderator of this session, or ops.';
grant execute on function public.my_rights(uuid) to authenticated, service_role;

-- schemas/91_announced.sql
-- Owns: what becomes of an announced session before it starts: moving it, cancelling it with a reason, and reminding those
-- who hold a ticket. They are told on their own topic and by push.

create table live.reminders (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  at timestamptz not null default clock_timestamp()
);
comment on table live.reminders is 'Announced sessions of which ticket holders were reminded; a session that is moved is reminded of again.';
comment on column live.reminders.session_id is 'The session.';
comment on column live.reminders.at is 'When they were reminded.';
alter table live.reminders enable row level security;

create function live.ticket_holders(p_session uuid) returns uuid[]
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((
    select array_agg(distinct t.user_id) from public.live_tickets t
     where t.session_id = p_session and t.refunded_at is null), '{}');
end;
$$;
comment on function live.ticket_holders(uuid) is 'Who holds a ticket of a session that is not paid back yet.';

create function live.tell_holders(p_session public.live_sessions, p_happened text, p_expires_at timestamptz) returns void
language plpgsql security definer set search_path = '' as $$
declare
  holders constant uuid[] := live.ticket_holders(p_session.id);
begin
  perform live.tell_user(h, 'session', jsonb_build_object(
      'happened', p_happened, 'session_id', p_session.id, 'title', p_session.title,
      'scheduled_at', live.instant(p_session.scheduled_at), 'reason', p_session.cancel_reason))
     from unnest(holders) as h;
  perform live.push(holders, 'session_' || p_happened, p_session.id, p_expires_at);
end;
$$;
comment on function live.tell_holders(public.live_sessions, text, timestamptz) is
  'Tells ticket holders what happens to a session: moved, cancelled or soon; on their topics and by push.';

create function live.require_announced(p_session uuid) returns public.live_sessions
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_account(auth.uid());
  select * into session from public.live_sessions s where s.id = p_session and s.creator_id = auth.uid() for no key update;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  elsif session.status <> 'scheduled' then
    perform live.refuse(409, 'not_scheduled', 'This session has begun, or is over.');
  end if;
  return session;
end;
$$;
comment on function live.require_announced(uuid) is 'The caller''s own session that has not begun, locked; refuses any other.';

create function public.move_session(session_id uuid, scheduled_at timestamptz) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions := live.require_announced(move_session.session_id);
begin
  if move_session.scheduled_at is null
     or move_session.scheduled_at not between clock_timestamp() and clock_timestamp() + interval '1 year' then
    perform live.refuse(400, 'invalid_session', 'A session is announced for a time within the coming year.');
  end if;
  if session.scheduled_at <> move_session.scheduled_at then
    perform live.spend(session.creator_id, 'moves_per_minute');
    update public.live_sessions s set scheduled_at = move_session.scheduled_at where s.id = session.id returning * into session;
    delete from live.reminders r where r.session_id = session.id;
    perform live.tell_holders(session, 'moved', session.scheduled_at);
  end if;
  return jsonb_build_object('session', live.session_json(session));
end;
$$;
comment on function public.move_session(uuid, timestamptz) is
  'Its host announces a session that has not begun for another time: {session}. Ticket holders are told; the same time again changes nothing.';
grant execute on function public.move_session(uuid, timestamptz) to authenticated;

create function public.cancel_session(session_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions := live.require_announced(cancel_session.session_id);
begin
  update public.live_sessions s
     set status = 'ended', end_reason = 'cancelled', cancel_reason = live.clean_text(cancel_session.reason, 'reason', 500)
   where s.id = session.id returning * into session;
  perform live.tell_holders(session, 'cancelled', clock_timestamp() + interval '1 day');
  return jsonb_build_object('session', live.session_json(session));
end;
$$;
comment on function public.cancel_session(uuid, text) is
  'Its host cancels a session that has not begun, and says why: {session}. Ticket holders are told, see it, and are paid back by the sweep.';
grant execute on function public.cancel_session(uuid, text) to authenticated;

create function live.remind_holders() returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  reminded int := 0;
begin
  for session in
    select s.* from public.live_sessions s
     where s.status = 'scheduled' and s.scheduled_at between clock_timestamp() and clock_timestamp() + interval '10 minutes'
       and not exists (select from live.reminders r where r.session_id = s.id)
     order by s.scheduled_at limit 20
  loop
    insert into live.reminders (session_id) values (session.id) on conflict do nothing;
    if found then
      perform live.tell_holders(session, 'soon', session.scheduled_at + interval '10 minutes');
      reminded := reminded + 1;
    end if;
  end loop;
  return reminded;
end;
$$;
comment on function live.remind_holders() is 'Reminds the ticket holders of sessions that start within ten minutes, once; of how many sessions.';

-- schemas/92_reads.sql
-- Owns: what reading may cost. PostgREST calls live.before_request in each request's transaction, after the role is set and
-- before the query: reads of our tables and functions by app users get a short statement_timeout and a place among few, so
-- that they leave connections and processors to moderation. Other paths and the service role pass untouched.

update public.app_settings
   set value = value || '{"reads_at_once": 6, "reads_per_person": 4, "staff_reads_at_once": 3, "read_ms": 1000,
                     "connections_per_minute": 60}'
 where key = 'limits';

create table live.api_paths (
  path text primary key,
  kind text not null check (kind in ('table', 'reader', 'writer')),
  by_hand boolean not null default true
);
comment on table live.api_paths is 'Paths of the data API whose reads are bounded: our tables, views and functions, and what an operator adds.';
comment on column live.api_paths.path is 'As PostgREST has it in request.path: /table or /rpc/function.';
comment on column live.api_paths.kind is 'table; reader, a function that only reads; writer, a function that is not bounded.';
comment on column live.api_paths.by_hand is 'Whether an operator added it: it stays when migrations run.';
alter table live.api_paths enable row level security;

create table live.app_pre_request (
  only_one boolean primary key default true check (only_one),
  function text not null
);
comment on table live.app_pre_request is 'The app''s own db_pre_request function, where there is one: it is called first.';
comment on column live.app_pre_request.only_one is 'Keeps it to one row.';
comment on column live.app_pre_request.function is 'Qualified name of a function without arguments.';
alter table live.app_pre_request enable row level security;

create function live.remember_paths() returns void
language plpgsql set search_path = '' as $$
begin
  delete from live.api_paths p where not p.by_hand;
  insert into live.api_paths (path, kind, by_hand)
  select '/' || split_part(o.name, '.', 2), 'table', false
    from live.schema_objects o where o.kind = 'table' and o.name ~ '^public\.'
  union
  select '/rpc/' || p.proname, case when bool_or(p.provolatile = 'v') then 'writer' else 'reader' end, false
    from live.schema_objects o join pg_catalog.pg_proc p on p.oid = to_regprocedure(o.name)
   where o.kind = 'function' and o.name ~ '^public\.'
   group by p.proname
  union
  select '/', 'reader', false
  on conflict do nothing;
end;
$$;
comment on function live.remember_paths is
  'Lists the paths of everything that the migrations built, and the data API''s description of itself. Called when the schema is remembered.';

create function live.decoded_path(p_path text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  if position('%' in p_path) = 0 then
    return p_path;
  end if;
  return (
    select convert_from(string_agg(
             case when m.part[1] ~ '^%..' then decode(substr(m.part[1], 2), 'hex') else convert_to(m.part[1], 'utf8') end,
             ''::bytea order by m.n), 'utf8')
      from regexp_matches(p_path, '(%[0-9A-Fa-f]{2}|.)', 'g') with ordinality as m (part, n));
end;
$$;
comment on function live.decoded_path is 'A path without percent-encoding: PostgREST takes both for the same, and tells about it as it came.';

-- ── what kind of request it is ─────────────────────────────────────────────────────────────────────────────────
create function live.request_reads(p_path text, p_method text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  kind constant text := (select p.kind from live.api_paths p where p.path = live.decoded_path(p_path));
begin
  return coalesce(kind = 'reader' or (kind = 'table' and p_method <> 'POST'), false);
end;
$$;
comment on function live.request_reads is
  'Whether a request reads what is ours: a GET, a PATCH or DELETE (they look for rows), or a function that only reads. An insert does not: it waits for nobody.';

-- ── circles ────────────────────────────────────────────────────────────────────────────────────────────────────
-- Foreign keys lead from each table of ours to most others and back, and PostgREST embeds along them as deep as it is asked.
-- Only the query itself tells, so a restrictive policy of every table looks at it, once per statement and before any row.
create function live.embeds_too_much(p_query text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  if position('JOIN LATERAL' in p_query) = 0 then
    return false;
  end if;
  return (
    with tokens as (
      -- Quoted names are taken as a whole, so that nothing within one passes for a part of the query.
      select m.token[1] as token, m.n
        from regexp_matches(p_query, '(FROM "(?:[^"]|"")*"\."(?:[^"]|"")*"|"(?:[^"]|"")*"|pgrst_source_count AS|FROM pgrst_source_count)', 'g')
             with ordinality as m (token, n)
    ), named as (
      select t.token, count(*) as times from tokens t
       where t.token like 'FROM "%'
         -- Between these two the rows are only counted.
         and t.n not between (select coalesce(min(c.n), 0) from tokens c where c.token = 'pgrst_source_count AS')
                         and (select coalesce(min(c.n), 0) from tokens c where c.token = 'FROM pgrst_source_count')
       group by t.token
    )
    select coalesce(max(d.times) > 1 or sum(d.times) > 6, false) from named d);
end;
$$;
comment on function live.embeds_too_much is
  'Whether a query of PostgREST''s names a table twice, as all do that walk in circles, or more than six in all.';

create function live.may_embed() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  if current_setting('request.path', true) <> '' and live.embeds_too_much(current_query()) then
    perform live.refuse(400, 'read_too_wide', 'This embeds a table in itself, or too many tables: ask for them one by one.');
  end if;
  return true;
end;
$$;
comment on function live.may_embed is 'True, or a refusal of a data API query that embeds too much. For policies.';
grant execute on function live.may_embed() to anon, authenticated;

create function live.guard_reads() returns void
language plpgsql set search_path = '' as $$
declare
  name text;
begin
  for name in
    select o.name from live.schema_now() o
     where o.kind = 'row level security' and o.name ~ '^public\.'
       and o.name !~ '^public\.(profiles|creator_subscriptions|subscriptions)$'
       and not exists (select from pg_catalog.pg_policy p where p.polrelid = o.name::regclass and p.polname = 'nobody reads in circles')
  loop
    execute format('create policy "nobody reads in circles" on %s as restrictive for select to anon, authenticated '
                   'using ((select live.may_embed()))', name);
  end loop;
end;
$$;
comment on function live.guard_reads is 'Gives every table of ours the policy that refuses circles. Called when the schema is remembered.';

-- ── places ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.take_place(p_kind text, p_whose text, p_places int) returns boolean
language plpgsql set search_path = '' as $$
begin
  for place in 1..p_places loop
    if pg_try_advisory_xact_lock(hashtext('live.reads.' || p_kind), hashtext(p_whose || '/' || place)) then
      return true;
    end if;
  end loop;
  return false;
end;
$$;
comment on function live.take_place is 'Takes one of so many places until the end of the transaction; false when all are taken.';

create function live.slow_reads() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select count(*)
      from pg_catalog.pg_stat_activity a
     where a.usename = session_user and a.datname = current_database() and a.state = 'active'
       and a.xact_start < clock_timestamp() - interval '20 milliseconds');
end;
$$;
comment on function live.slow_reads is 'How many of the data API''s queries have been running for longer than a cheap read takes.';

create function live.is_present_staff(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return live.is_ops(p_user) or exists (
    select from public.live_participants p
     where p.user_id = p_user and p.is_online and p.staff);
end;
$$;
comment on function live.is_present_staff is 'Whether a person is ops, or moderates a room that they are in: places are kept for them.';

create function live.bound_read(p_user uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  limits constant jsonb := live.setting('limits');
  places constant int := coalesce((limits ->> 'reads_at_once')::int, 6);
  staff_places constant int := coalesce((limits ->> 'staff_reads_at_once')::int, 3);
  person constant text := coalesce(p_user::text, 'anon');
  may_wait boolean;
  have_own boolean := false;
begin
  perform set_config('statement_timeout', coalesce((limits ->> 'read_ms')::int, 1000)::text, true);
  for attempt in 1..25 loop
    have_own := have_own or live.take_place('person', person, coalesce((limits ->> 'reads_per_person')::int, 4));
    if have_own and live.take_place('any', 'any', places) then
      return;
    elsif attempt = 1 then
      -- A crowd of cheap reads waits for its turn. Behind slow ones only ops wait, because waiting holds a connection.
      may_wait := live.is_ops(p_user) or live.slow_reads() * 2 < places;
    end if;
    -- The last of these places is for ops alone.
    exit when live.is_present_staff(p_user)
      and live.take_place('staff', 'any', case when live.is_ops(p_user) then staff_places else greatest(1, staff_places - 1) end);
    if (not may_wait or attempt = 25) and have_own then
      perform live.refuse(429, 'busy', 'Too much is being read just now: try again in a second.');
    elsif not may_wait or attempt = 25 then
      perform live.refuse(429, 'too_many_reads', 'You are reading too much at the same time: wait for the answers.');
    end if;
    perform pg_sleep(0.002);
  end loop;
end;
$$;
comment on function live.bound_read is
  'Gives the read that follows limits.read_ms, and a place among limits.reads_at_once (of them limits.reads_per_person for one person, all who are '
  'not signed in counting as one); without a place it is refused with 429 busy or too_many_reads. limits.staff_reads_at_once places more are for '
  'ops and for who moderates a room they are in, the last of them for ops alone.';

create function live.bound_request() returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform set_config('live.bounded', 'on', true);
  if current_setting('role') = 'authenticated' and exists (
      select from live.api_paths p where p.path = live.decoded_path(current_setting('request.path', true))) then
    perform live.refuse_deleted(auth.uid());
  end if;
  if current_setting('role') in ('anon', 'authenticated') and live.request_reads(
       current_setting('request.path', true), current_setting('request.method', true)) then
    perform live.bound_read(auth.uid());
  end if;
end;
$$;
comment on function live.bound_request is
  'Refuses a deleted account at every path of ours, and bounds the request under way if it is an app user''s read of ours.';

create function live.app_pre_request_name() returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select a.function from live.app_pre_request a);
end;
$$;
comment on function live.app_pre_request_name is 'Name of the app''s own pre-request function; null when it has none.';

-- The app's own function runs as it would alone: as the caller, with PostgREST's search path.
create function live.before_request() returns void
language plpgsql set search_path = public, extensions as $$
declare
  app constant text := live.app_pre_request_name();
begin
  if app is not null then
    execute 'select ' || app || '()';
  end if;
  perform live.bound_request();
end;
$$;
comment on function live.before_request is 'PostgREST''s db_pre_request: the app''s own first, where it has one, then the bound on reads.';

-- A role that may not execute it could not use the data API at all, so every role that PostgREST may take gets it.
create function live.hook_requests() returns void
language plpgsql set search_path = '' as $$
declare
  hooked text;
  whole_cluster boolean;
  api_role regrole;
begin
  select split_part(c.setting, '=', 2), s.setdatabase = 0 into hooked, whole_cluster
    from pg_catalog.pg_db_role_setting s
    join pg_catalog.pg_roles r on r.oid = s.setrole and r.rolname = 'authenticator'
    left join pg_catalog.pg_database d on d.oid = s.setdatabase,
    unnest(s.setconfig) as c (setting)
   where c.setting like 'pgrst.db\_pre\_request=%' and (s.setdatabase = 0 or d.datname = current_database())
   order by s.setdatabase desc limit 1;
  if hooked is not null and hooked not in ('', 'live.before_request') then
    insert into live.app_pre_request (function) values (hooked)
      on conflict (only_one) do update set function = excluded.function;
  end if;
  for api_role in
    select m.roleid::regrole from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.member
     where r.rolname = 'authenticator'
  loop
    execute format('grant usage on schema live to %s', api_role);
    execute format('grant execute on function live.before_request(), live.bound_request(), live.app_pre_request_name() to %s',
                   api_role);
  end loop;
  execute format('alter role authenticator %s set pgrst.db_pre_request = %L',
                 case when whole_cluster is false then format('in database %I', current_database()) else '' end,
                 'live.before_request');
exception when insufficient_privilege or undefined_object then
  raise warning 'reads are not bounded: % may not set pgrst.db_pre_request (%). See DEPLOYMENT.md.', current_user, sqlerrm;
end;
$$;
comment on function live.hook_requests is
  'Makes PostgREST call live.before_request, keeping the app''s own function as the first that is called. Safe to repeat.';

-- schemas/93_cases.sql
-- Owns: how ops work on cases: the inbox, the claim, private notes, the decision, and the hint that rings (live:cases).
-- What happens to a person while a case of theirs is open belongs to it.

insert into public.app_settings (key, value, description) values
  ('cases.claim_seconds', '600', 'For how long a case belongs to the operator who claimed it; looking at it again renews that.');

alter table public.moderation_actions add column case_id uuid references public.moderation_cases (id) on delete set null;
comment on column public.moderation_actions.case_id is 'The case that was open about the person when it was asked.';
alter table public.moderation_incidents add column case_id uuid references public.moderation_cases (id) on delete set null;
comment on column public.moderation_incidents.case_id is 'The case that was open about the person when it was written, or that it opened.';
create index moderation_actions_of_case on public.moderation_actions (case_id) where case_id is not null;
create index moderation_incidents_of_case on public.moderation_incidents (case_id) where case_id is not null;

create table public.case_notes (
  id uuid primary key default gen_random_uuid(),
  case_id uuid not null references public.moderation_cases (id) on delete cascade,
  author_id uuid,
  body text not null check (char_length(body) between 1 and 4000),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.case_notes is 'What operators tell each other about a case. The person concerned never sees it.';
comment on column public.case_notes.id is 'The author''s app may choose it: the same id again is the same note.';
comment on column public.case_notes.case_id is 'The case.';
comment on column public.case_notes.author_id is 'Who wrote it.';
comment on column public.case_notes.body is 'The text.';
comment on column public.case_notes.created_at is 'When it was written.';
create index case_notes_of_case on public.case_notes (case_id, created_at);
alter table public.case_notes enable row level security;
grant select on public.case_notes to authenticated, service_role;
create policy "ops see notes of cases that they see" on public.case_notes for select to authenticated
  using ((select live.am_ops()) and exists (select from public.moderation_cases c where c.id = case_id));
insert into live.personal_data (table_name, whose, others, why) values
  ('public.case_notes', '{}', '{author_id}', 'Private words of operators about a case: they end with it. Not exported: they would warn who is looked into.');
insert into live.personal_data (table_name, why) values
  ('public.reason_codes', 'Holds nothing about a person: the list of reasons and their sentences.');

-- ── what belongs to a case ───────────────────────────────────────────────────────────────────────────────────────
create function live.open_case_of(p_session uuid, p_call uuid, p_user uuid) returns uuid
language plpgsql stable set search_path = '' as $$
begin
  return (select c.id from public.moderation_cases c
           where c.user_id = p_user and c.resolved_at is null
             and (c.session_id, c.call_id) is not distinct from (p_session, p_call));
end;
$$;
comment on function live.open_case_of(uuid, uuid, uuid) is 'The open case of a person in a session or call; null when there is none.';

create function live.link_action_to_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.case_id := case
    when new.dry_run then null
    when new.target_user_id is not null then live.open_case_of(new.session_id, new.call_id, new.target_user_id)
    when new.params ? 'recording_id' then (
      select c.id from public.moderation_cases c
       where c.session_id = new.session_id and c.recording_id::text = new.params ->> 'recording_id' and c.resolved_at is null limit 1) end;
  return new;
end;
$$;
comment on function live.link_action_to_case() is 'Trigger: an act on a person, or on a recording, belongs to the case that is open about them.';
-- After admit_action by its name: the target of delete_message is filled in there.
create trigger link_action_to_case before insert on public.moderation_actions
  for each row execute function live.link_action_to_case();

create function live.link_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.moderation_incidents i set case_id = new.id
   where i.session_id = new.session_id and i.user_id = new.user_id and i.case_id is null;
  update public.moderation_actions a set case_id = new.id
   where a.session_id = new.session_id and a.target_user_id = new.user_id and a.case_id is null
     and a.requested_via = 'auto' and not a.dry_run;
  return null;
end;
$$;
comment on function live.link_case() is 'Trigger: what rules saw and did before a case was opened belongs to it, unless it was an earlier case''s.';
create trigger link_case after insert on public.moderation_cases
  for each row when (new.user_id is not null and new.session_id is not null) execute function live.link_case();

create function live.link_incident_to_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.case_id := live.open_case_of(new.session_id, null, new.user_id);
  return new;
end;
$$;
comment on function live.link_incident_to_case() is 'Trigger: an incident of a person belongs to the case that is open about them.';
create trigger link_incident_to_case before insert on public.moderation_incidents
  for each row execute function live.link_incident_to_case();

-- ── the bell ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.ring_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('id', new.id, 'severity', new.severity, 'state', live.case_state(new)),
                        'changed', 'live:cases', true);
  return null;
end;
$$;
create function live.case_state(p_case public.moderation_cases) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case when p_case.resolved_at is not null then 'resolved'
              when p_case.claim_expires_at > clock_timestamp() then 'claimed' else 'open' end;
end;
$$;
comment on function live.case_state(public.moderation_cases) is 'open, claimed (somebody works on it) or resolved.';
comment on function live.ring_case() is 'Trigger: operators are told about a case that opened, got graver, was claimed, let go or decided: id, severity and state only.';
create trigger ring_new_case after insert on public.moderation_cases for each row execute function live.ring_case();
create trigger ring_changed_case after update on public.moderation_cases
  for each row when ((old.severity, old.claimed_by, old.resolved_at) is distinct from (new.severity, new.claimed_by, new.resolved_at))
  execute function live.ring_case();

-- ── working on one ───────────────────────────────────────────────────────────────────────────────────────────────
create function live.case_to_see(p_case uuid) returns public.moderation_cases
language plpgsql stable set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item public.moderation_cases;
begin
  select * into item from public.moderation_cases c where c.id = p_case;
  if item.id is null then
    perform live.refuse(404, 'unknown_case', 'There is no such case.');
  elsif item.user_id = me then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  end if;
  return item;
end;
$$;
comment on function live.case_to_see(uuid) is 'A case for an operator to read; refuses one''s own.';

create function live.case_to_work_on(p_case uuid) returns public.moderation_cases
language plpgsql set search_path = '' as $$
declare
  item public.moderation_cases;
begin
  perform from public.moderation_cases c where c.id = p_case for update;
  item := live.case_to_see(p_case);
  if item.resolved_at is null and item.claimed_by <> auth.uid() and item.claim_expires_at > clock_timestamp() then
    perform live.refuse(409, 'claimed_by_another',
      format('Another operator works on this case until %s UTC.', to_char(item.claim_expires_at at time zone 'utc', 'HH24:MI')));
  end if;
  return item;
end;
$$;
comment on function live.case_to_work_on(uuid) is 'Locks a case for an operator; refuses one''s own, and one that another operator has claimed.';

create function public.claim_case(id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_work_on(claim_case.id);
  until constant timestamptz := clock_timestamp() + live.setting_interval('cases.claim_seconds');
begin
  if item.resolved_at is not null then
    perform live.refuse(409, 'case_resolved', 'This case is decided already.');
  end if;
  update public.moderation_cases c set claimed_by = auth.uid(), claim_expires_at = until where c.id = item.id;
  return jsonb_build_object('case_id', item.id, 'claimed_by', auth.uid(), 'claim_expires_at', until);
end;
$$;
comment on function public.claim_case(uuid) is
  'Takes a case, or keeps it for longer: {case_id, claimed_by, claim_expires_at}. Refuses claimed_by_another, own_case, case_resolved.';
grant execute on function public.claim_case(uuid) to authenticated;

create function public.release_case(id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_work_on(release_case.id);
begin
  update public.moderation_cases c set claimed_by = null, claim_expires_at = null where c.id = item.id and c.resolved_at is null;
  return jsonb_build_object('case_id', item.id, 'released', found);
end;
$$;
comment on function public.release_case(uuid) is 'Lets a claimed case go: {case_id, released}.';
grant execute on function public.release_case(uuid) to authenticated;

create function public.add_case_note(case_id uuid, body text, id uuid default gen_random_uuid()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  about constant public.moderation_cases := live.case_to_see(add_case_note.case_id);
begin
  if add_case_note.body is null or live.text_fault(add_case_note.body, 4000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A note %s.', coalesce(live.text_fault(add_case_note.body, 4000, true), 'must say something')));
  end if;
  insert into public.case_notes (id, case_id, author_id, body) values (add_case_note.id, about.id, auth.uid(), add_case_note.body)
  on conflict on constraint case_notes_pkey do nothing;
  return jsonb_build_object('note_id', add_case_note.id);
end;
$$;
comment on function public.add_case_note(uuid, text, uuid) is 'Adds a private note to a case: {note_id}. The same id again is the same note.';
grant execute on function public.add_case_note(uuid, text, uuid) to authenticated;

create function public.resolve_case(id uuid, decision text, reason_code text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_work_on(resolve_case.id);
begin
  if resolve_case.decision is null or resolve_case.decision not in ('violation', 'no_violation') then
    perform live.refuse(400, 'invalid_choice', 'A case is decided as violation or no_violation.');
  elsif (resolve_case.decision = 'violation') <> (resolve_case.reason_code is not null) then
    perform live.refuse(400, 'reason_code_needed', 'A violation needs a reason code, and only a violation has one.');
  elsif resolve_case.reason_code is not null
      and not exists (select from public.reason_codes r where r.code = resolve_case.reason_code) then
    perform live.refuse(404, 'unknown_reason_code', 'There is no such reason code.');
  elsif item.resolved_at is not null
      and (item.decision, item.reason_code, item.resolved_by)
          is distinct from (resolve_case.decision, resolve_case.reason_code, auth.uid()) then
    perform live.refuse(409, 'case_resolved', 'This case is decided already.');
  end if;
  update public.moderation_cases c
     set decision = resolve_case.decision, reason_code = resolve_case.reason_code, resolved_at = clock_timestamp(),
         resolved_by = auth.uid(), claimed_by = null, claim_expires_at = null
   where c.id = item.id and c.resolved_at is null;
  return jsonb_build_object('case_id', item.id, 'decision', resolve_case.decision, 'reason_code', resolve_case.reason_code);
end;
$$;
comment on function public.resolve_case(uuid, text, text) is
  'Decides a case: violation with a reason code, or no_violation: {case_id, decision, reason_code}. The same decision again is the same.';
grant execute on function public.resolve_case(uuid, text, text) to authenticated;

-- schemas/93_cases_appeals.sql
-- Owns: what a person is told about decisions against them (my_decisions), and how they appeal: once, decided by somebody else.
-- Lifting undoes the act through the one door and forgives the strikes. Also the second person behind a long ban.

update public.app_settings set value = value || '{"appeals_per_minute": 3}' where key = 'limits';
insert into public.app_settings (key, value, description) values
  ('bans.second_person_days', '30', 'A platform ban by an operator acts at once for so many days; for longer a second operator confirms it.'),
  ('appeals.within_days', '180', 'For how many days after a decision it may be appealed.');

create table public.moderation_appeals (
  id uuid primary key default gen_random_uuid(),
  action_id uuid not null unique references public.moderation_actions (id) on delete cascade,
  user_id uuid not null,
  text text not null check (char_length(text) between 1 and 2000),
  created_at timestamptz not null default clock_timestamp(),
  decision text check (decision in ('upheld', 'lifted')),
  decided_by uuid,
  decided_at timestamptz,
  answer text check (char_length(answer) <= 2000),
  decided_alone boolean not null default false,
  check ((decision is null) = (decided_at is null))
);
comment on table public.moderation_appeals is 'What people answer to a decision against them: one appeal for each decision.';
comment on column public.moderation_appeals.id is 'Id of the appeal.';
comment on column public.moderation_appeals.action_id is 'The decision.';
comment on column public.moderation_appeals.user_id is 'Who appeals: whom the decision was about.';
comment on column public.moderation_appeals.text is 'Their words.';
comment on column public.moderation_appeals.created_at is 'When they appealed.';
comment on column public.moderation_appeals.decision is 'upheld (the decision stands) or lifted; null while open.';
comment on column public.moderation_appeals.decided_by is 'Who of ops decided; never shown to the person.';
comment on column public.moderation_appeals.decided_at is 'When it was decided.';
comment on column public.moderation_appeals.answer is 'What the person is told with the decision.';
comment on column public.moderation_appeals.decided_alone is 'Whether the operator who had acted decided it themself, because there was no other.';
create index moderation_appeals_open on public.moderation_appeals (created_at) where decided_at is null;
create index moderation_appeals_of_person on public.moderation_appeals (user_id, created_at desc);
create index moderation_appeals_by_age on public.moderation_appeals (decided_at) where decided_at is not null;
alter table public.moderation_appeals enable row level security;
grant select (id, action_id, user_id, text, created_at, decision, decided_at, answer) on public.moderation_appeals to authenticated;
grant select on public.moderation_appeals to service_role;
create policy "one sees one's own appeals, ops all" on public.moderation_appeals for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
insert into live.personal_data (table_name, whose, others, setting, age, kept_while, why) values
  ('public.moderation_appeals', '{user_id}', '{decided_by}', 'retention.actions_days', 't.decided_at', 'false',
   'What a person answered to a decision and how that was decided: kept as long as the decision.');

-- ── what is a decision ──────────────────────────────────────────────────────────────────────────────────────────
create function live.took_something(p_row public.moderation_actions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- A later row that overtook it does not unmake it: it held until then. A withdrawal does.
  return p_row.action in ('mute', 'camera_off', 'chat_mute', 'kick', 'ban', 'set_role', 'delete_message')
     and p_row.target_user_id is not null and not p_row.dry_run
     and (p_row.status <> 'cancelled' or p_row.error_code = 'superseded') is true
     and coalesce(p_row.after ->> 'invited', 'false') <> 'true'
     and (p_row.action <> 'set_role' or (
           select min(r.rank) filter (where r.role = p_row.params ->> 'role') < min(r.rank) filter (where r.role = p_row.before ->> 'role')
             from public.live_roles r) is true);
end;
$$;
comment on function live.took_something(public.moderation_actions) is 'Whether a row is a decision that took something from a person.';

create function live.may_be_appealed(p_row public.moderation_actions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.took_something(p_row)
     and p_row.created_at > clock_timestamp() - make_interval(days => (live.setting('appeals.within_days'))::int);
end;
$$;
comment on function live.may_be_appealed(public.moderation_actions) is 'Whether a decision took something from a person, and may still be appealed.';

-- ── the statement of reasons ─────────────────────────────────────────────────────────────────────────────────────
create function live.statement_of(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  seen public.moderation_incidents;
  about public.moderation_cases;
  code public.reason_codes;
  answer public.moderation_appeals;
begin
  select * into seen from public.moderation_incidents i where i.action_id = p_row.id order by i.started_at limit 1;
  select * into about from public.moderation_cases c where c.id = p_row.case_id and c.resolved_at is not null;
  -- What a human found in the end outranks what the act was asked with.
  select * into code from public.reason_codes r where r.code = coalesce(about.reason_code, p_row.reason_code);
  select * into answer from public.moderation_appeals a where a.action_id = p_row.id;
  return jsonb_build_object(
    'action_id', p_row.id, 'action', p_row.action, 'at', p_row.created_at, 'session_id', p_row.session_id,
    'title', (select s.title from public.live_sessions s where s.id = p_row.session_id),
    'seconds', p_row.params -> 'seconds', 'scope', p_row.params -> 'scope',
    -- Which person it was is not said: only whether one of the room, of the platform, or a rule.
    'decided_by', case p_row.requested_via when 'auto' then 'rule' when 'app' then 'room' else 'platform' end,
    'reason', p_row.reason, 'rule', seen.rule, 'facts', seen.measured - 'refused' - 'words',
    'clips', (select count(*) from public.evidence_clips e where e.incident_id = seen.id or e.case_id = p_row.case_id),
    'reason_code', code.code, 'text_en', code.text_en, 'text_tr', code.text_tr,
    'may_appeal', live.may_be_appealed(p_row) and answer.id is null,
    'appeal', case when answer.id is not null then jsonb_build_object(
      'id', answer.id, 'at', answer.created_at, 'decision', answer.decision, 'decided_at', answer.decided_at, 'answer', answer.answer) end);
end;
$$;
comment on function live.statement_of(public.moderation_actions) is 'What the person concerned is told about a decision: what, when, why, by which kind of judge, and their appeal.';

create function public.my_decisions(before timestamptz default null, "limit" int default 50) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(me);
  return (
    select coalesce(jsonb_agg(live.statement_of(a) order by a.n desc), '[]')
      from (select * from public.moderation_actions x
             where x.target_user_id = me and live.took_something(x) and x.created_at < coalesce(my_decisions.before, 'infinity')
             order by x.n desc limit least(greatest(coalesce(my_decisions."limit", 50), 1), 100)) a);
end;
$$;
comment on function public.my_decisions(timestamptz, int) is
  'What was decided about the caller, newest first: [{action_id, action, at, decided_by: rule | room | platform, reason, rule, facts, clips: how many, reason_code, '
  'text_en, text_tr, may_appeal, appeal, …}]. A suspended account may ask too.';
grant execute on function public.my_decisions(timestamptz, int) to authenticated;

-- ── appealing ────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.appeal(action_id uuid, text text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  said constant text := nullif(btrim(appeal.text), '');
  item public.moderation_actions;
  made uuid;
begin
  -- Not require_account: who is banned from the platform must be able to answer.
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(me);
  select * into item from public.moderation_actions a where a.id = appeal.action_id and a.target_user_id = me;
  if item.id is null then
    perform live.refuse(404, 'unknown_action', 'There is no such decision about you.');
  elsif said is null or live.text_fault(said, 2000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('An appeal %s.', coalesce(live.text_fault(said, 2000, true), 'must say something')));
  elsif not live.may_be_appealed(item) then
    perform live.refuse(409, 'not_appealable', 'This decision cannot be appealed, or its time for that is over.');
  end if;
  perform live.spend(me, 'appeals_per_minute');
  insert into public.moderation_appeals as p (action_id, user_id, text) values (item.id, me, said)
  on conflict on constraint moderation_appeals_action_id_key do nothing returning p.id into made;
  if made is null then
    perform live.refuse(409, 'already_appealed', 'You have appealed this decision already: you will be told what is decided.');
  end if;
  perform realtime.send(jsonb_build_object('id', made, 'severity', 'info', 'state', 'appeal'), 'changed', 'live:cases', true);
  return jsonb_build_object('appeal_id', made);
end;
$$;
comment on function public.appeal(uuid, text) is
  'Appeals a decision about the caller, once: {appeal_id}. Refuses unknown_action, not_appealable, already_appealed. A suspended account may appeal too.';
grant execute on function public.appeal(uuid, text) to authenticated;

create function public.appeal_inbox("limit" int default 50, skip int default 0) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  return (
    select coalesce(jsonb_agg(to_jsonb(x) order by x.created_at), '[]')
      from (select p.id, p.user_id, p.text, p.created_at, to_jsonb(a) as decision_about, a.requested_by = auth.uid() as own_decision,
                   live.shown_name(p.user_id) as name
              from public.moderation_appeals p join public.moderation_actions a on a.id = p.action_id
             where p.decided_at is null and p.user_id <> auth.uid()
             order by p.created_at
             limit least(greatest(coalesce(appeal_inbox."limit", 50), 1), 200) offset least(greatest(coalesce(appeal_inbox.skip, 0), 0), 10000)) x);
end;
$$;
comment on function public.appeal_inbox(int, int) is
  'The open appeals, the oldest first, for ops: [{id, user_id, name, text, created_at, decision_about, own_decision}].';
grant execute on function public.appeal_inbox(int, int) to authenticated;

create function live.other_ops_exist(p_me uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_ops o where o.user_id <> p_me and live.is_ops(o.user_id));
end;
$$;
comment on function live.other_ops_exist(uuid) is 'Whether there is another operator in good standing.';

create function live.undo_of(p_row public.moderation_actions) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case p_row.action
    when 'mute' then case when exists (select from public.live_participants p where p.session_id = p_row.session_id
                                         and p.user_id = p_row.target_user_id and p.mic_muted) then 'unmute' end
    when 'camera_off' then case when exists (select from public.live_participants p where p.session_id = p_row.session_id
                                               and p.user_id = p_row.target_user_id and p.camera_off) then 'camera_on' end
    when 'chat_mute' then case when exists (select from public.live_participants p where p.session_id = p_row.session_id
                                              and p.user_id = p_row.target_user_id and p.chat_muted_until > clock_timestamp()) then 'chat_unmute' end
    when 'ban' then case when exists (select from live.bans_of(p_row)) then 'unban' end
  end;
end;
$$;
comment on function live.undo_of(public.moderation_actions) is 'The action that undoes what still stands of a decision; null when nothing does.';

create function live.lift(p_row public.moderation_actions) returns uuid
language plpgsql set search_path = '' as $$
declare
  opposite constant text := live.undo_of(p_row);
  running constant boolean := exists (select from public.live_sessions s where s.id = p_row.session_id and s.status <> 'ended');
  made uuid;
begin
  update public.moderation_incidents i set strikes = 0, measured = i.measured || '{"forgiven": true}' where i.action_id = p_row.id;
  -- In a session that is over only bans still hold.
  if opposite is not null and (running or opposite = 'unban') then
    insert into public.moderation_actions (session_id, call_id, target_user_id, action, params, reason)
    values (p_row.session_id, p_row.call_id, p_row.target_user_id, opposite,
            case when opposite = 'unban' then jsonb_strip_nulls(jsonb_build_object('scope', p_row.params -> 'scope')) else '{}' end, 'lifted after an appeal')
    returning id into made;
  end if;
  return made;
end;
$$;
comment on function live.lift(public.moderation_actions) is 'Undoes what still stands of a decision, through the door, and forgives its strikes; the id of the undoing row.';

create function public.decide_appeal(id uuid, decision text, answer text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item public.moderation_appeals;
  about public.moderation_actions;
  said constant text := nullif(btrim(decide_appeal.answer), '');
  undone uuid;
begin
  select * into item from public.moderation_appeals p where p.id = decide_appeal.id for update;
  select * into about from public.moderation_actions a where a.id = item.action_id;
  if item.id is null then
    perform live.refuse(404, 'unknown_appeal', 'There is no such appeal.');
  elsif item.user_id = me then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  elsif about.requested_by = me and live.other_ops_exist(me) then
    perform live.refuse(403, 'own_decision', 'You made this decision: another operator decides the appeal.');
  elsif decide_appeal.decision is null or decide_appeal.decision not in ('upheld', 'lifted') then
    perform live.refuse(400, 'invalid_choice', 'An appeal is decided as upheld or lifted.');
  elsif said is not null and live.text_fault(said, 2000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('An answer %s.', live.text_fault(said, 2000, true)));
  elsif item.decided_at is not null then
    if (item.decision, item.decided_by) is distinct from (decide_appeal.decision, me) then
      perform live.refuse(409, 'appeal_decided', 'This appeal is decided already.');
    end if;
    return jsonb_build_object('appeal_id', item.id, 'decision', item.decision, 'undone_by', null);
  end if;
  update public.moderation_appeals p
     set decision = decide_appeal.decision, decided_by = me, decided_at = clock_timestamp(), answer = said,
         decided_alone = coalesce(about.requested_by = me, false)
   where p.id = item.id;
  if decide_appeal.decision = 'lifted' then
    undone := live.lift(about);
  end if;
  perform live.tell_user(item.user_id, 'appeal', jsonb_build_object('action_id', item.action_id, 'decision', decide_appeal.decision));
  return jsonb_build_object('appeal_id', item.id, 'decision', decide_appeal.decision, 'undone_by', undone);
end;
$$;
comment on function public.decide_appeal(uuid, text, text) is
  'Decides an appeal: upheld, or lifted, which undoes the act and forgives its strikes: {appeal_id, decision, undone_by}. Refuses own_decision '
  'while there is another operator.';
grant execute on function public.decide_appeal(uuid, text, text) to authenticated;

create function live.release_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  about public.moderation_actions;
begin
  select * into about from public.moderation_actions a where a.id = new.action_id;
  update public.evidence_clips c set retention_until = least(c.retention_until, new.decided_at)
   where c.deleted_at is null
     and (c.case_id = about.case_id or c.incident_id in (select i.id from public.moderation_incidents i where i.action_id = about.id));
  return null;
end;
$$;
comment on function live.release_clips() is 'Trigger: what was wrong to decide is no reason to hold sound any longer.';
create trigger release_clips after update of decision on public.moderation_appeals
  for each row when (new.decision = 'lifted' and old.decision is null) execute function live.release_clips();

-- ── the second person behind a long ban ──────────────────────────────────────────────────────────────────────────
alter table public.live_bans add column wanted_until timestamptz;
comment on column public.live_bans.wanted_until is
  'Until when the operator wanted it (infinity = for ever) while a second one has not confirmed that; null when nothing is left to confirm.';
create index live_bans_to_confirm on public.live_bans (created_at) where wanted_until is not null and lifted_at is null;

create function live.shorten_ban() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant timestamptz := clock_timestamp() + make_interval(days => (live.setting('bans.second_person_days'))::int);
begin
  -- What server code does without naming a person is the company's own decision.
  if exists (select from public.moderation_actions a where a.id = new.action_id and a.requested_by is not null)
     and coalesce(new.expires_at, 'infinity') > most then
    new.wanted_until := coalesce(new.expires_at, 'infinity');
    new.expires_at := most;
  end if;
  return new;
end;
$$;
comment on function live.shorten_ban() is 'Trigger: a platform ban by one operator acts for bans.second_person_days; the rest waits for a second one.';
create trigger shorten_ban before insert on public.live_bans
  for each row when (new.scope = 'platform' and new.action_id is not null) execute function live.shorten_ban();

create function public.confirm_ban(ban_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item public.live_bans;
begin
  select * into item from public.live_bans b where b.id = confirm_ban.ban_id for update;
  if item.id is null or item.lifted_at is not null or item.user_id = me then
    perform live.refuse(404, 'unknown_ban', 'There is no such ban that stands.');
  elsif item.wanted_until is null then
    perform live.refuse(409, 'nothing_to_confirm', 'This ban needs no second person.');
  elsif live.other_ops_exist(me) and exists (
      select from public.moderation_actions a where a.id = item.action_id and a.requested_by = me) then
    perform live.refuse(403, 'own_decision', 'You made this ban: another operator confirms it.');
  end if;
  update public.live_bans b set expires_at = nullif(item.wanted_until, 'infinity'), wanted_until = null where b.id = item.id;
  return jsonb_build_object('ban_id', item.id, 'expires_at', nullif(item.wanted_until, 'infinity'));
end;
$$;
comment on function public.confirm_ban(uuid) is 'Confirms a long platform ban as a second operator: {ban_id, expires_at}, null = for ever.';
grant execute on function public.confirm_ban(uuid) to authenticated;

-- ── measures ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.moderation_measures(since timestamptz, until timestamptz default now()) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  if moderation_measures.until - moderation_measures.since > interval '366 days' then
    perform live.refuse(400, 'invalid_choice', 'Ask for a year at most.');
  end if;
  return (
    with decided as (
      select coalesce((select i.rule from public.moderation_incidents i where i.action_id = a.id limit 1), a.requested_by::text, 'server') as judge,
             a.requested_via = 'auto' as by_rule, a.id, a.case_id, a.created_at, p.decision as appeal, p.id as appeal_id
        from public.moderation_actions a left join public.moderation_appeals p on p.action_id = a.id
       where a.created_at between moderation_measures.since and moderation_measures.until
         and live.took_something(a))
    select jsonb_build_object(
      'judges', coalesce((select jsonb_agg(jsonb_build_object(
          'judge', g.judge, 'rule', g.by_rule, 'decisions', g.decisions, 'appealed', g.appealed, 'lifted', g.lifted, 'upheld', g.upheld,
          'upheld_share', case when g.lifted + g.upheld > 0 then round(g.upheld::numeric / (g.lifted + g.upheld), 3) end) order by g.decisions desc)
        from (select d.judge, d.by_rule, count(*) as decisions, count(d.appeal_id) as appealed,
                     count(*) filter (where d.appeal = 'lifted') as lifted, count(*) filter (where d.appeal = 'upheld') as upheld
                from decided d group by d.judge, d.by_rule) g), '[]'),
      'cases', (select jsonb_build_object(
          'opened', count(*), 'resolved', count(c.resolved_at), 'violations', count(*) filter (where c.decision = 'violation'),
          'seconds_to_first_act_p50', percentile_cont(0.5) within group (order by extract(epoch from f.first_act - c.opened_at)),
          'seconds_to_decision_p50', percentile_cont(0.5) within group (order by extract(epoch from c.resolved_at - c.opened_at)))
        from public.moderation_cases c
        left join lateral (select min(x.created_at) as first_act from public.moderation_actions x
                            where x.case_id = c.id and x.requested_via <> 'auto') f on true
       where c.opened_at between moderation_measures.since and moderation_measures.until)));
end;
$$;
comment on function public.moderation_measures(timestamptz, timestamptz) is
  'How rules and moderators judge, for ops: {judges: [{judge, rule, decisions, appealed, lifted, upheld, upheld_share}], cases: {opened, resolved, '
  'violations, seconds_to_first_act_p50, seconds_to_decision_p50}}. judge is a rule''s name or a person''s id.';
grant execute on function public.moderation_measures(timestamptz, timestamptz) to authenticated;

-- schemas/93_cases_reports.sql
-- Owns: what people report (user_reports), and how reports make a case grave. Reports raise a case, they punish nobody; the
-- reported never learn who reported.

update public.app_settings set value = value || '{"reports_per_minute": 6, "reports_for_warning": 2, "reports_for_critical": 5}'
 where key = 'limits';

create table public.user_reports (
  id uuid primary key default gen_random_uuid(),
  reporter_id uuid not null,
  user_id uuid not null,
  session_id uuid references public.live_sessions (id) on delete set null,
  call_id uuid references public.calls (id) on delete set null,
  message_id uuid references public.live_messages (id) on delete set null,
  recording_id uuid references public.live_recordings (id) on delete set null,
  reason_code text not null references public.reason_codes (code),
  text text check (char_length(text) <= 1000),
  was_there boolean not null,
  case_id uuid references public.moderation_cases (id) on delete set null,
  created_at timestamptz not null default clock_timestamp(),
  day date not null default (clock_timestamp() at time zone 'utc')::date,
  check (reporter_id <> user_id)
);
comment on table public.user_reports is 'What people reported: one row per reporter, subject and day. Never shown to the reported.';
comment on column public.user_reports.id is 'Id of the report.';
comment on column public.user_reports.reporter_id is 'Who reported.';
comment on column public.user_reports.user_id is 'Who was reported.';
comment on column public.user_reports.session_id is 'In which session.';
comment on column public.user_reports.call_id is 'In which call.';
comment on column public.user_reports.message_id is 'Which chat message.';
comment on column public.user_reports.recording_id is 'Which recording; its session is in session_id.';
comment on column public.user_reports.reason_code is 'Why, as a code of reason_codes.';
comment on column public.user_reports.text is 'What the reporter wrote.';
comment on column public.user_reports.was_there is 'Whether the reporter was in the session or call, or watched the recording, themself: others'' word does not raise severity.';
comment on column public.user_reports.case_id is 'The case that it belongs to.';
comment on column public.user_reports.created_at is 'When it was made.';
comment on column public.user_reports.day is 'The day (UTC): one report per reporter, subject and day.';
create unique index user_reports_once_a_day on public.user_reports
  (reporter_id, user_id, session_id, call_id, message_id, recording_id, day) nulls not distinct;
create index user_reports_of_case on public.user_reports (case_id) where case_id is not null;
create index user_reports_on_person on public.user_reports (user_id, created_at desc);
create index user_reports_of_message on public.user_reports (message_id) where message_id is not null;
create index user_reports_of_session on public.user_reports (session_id) where session_id is not null;
create index user_reports_of_recording on public.user_reports (recording_id) where recording_id is not null;
create index user_reports_of_call on public.user_reports (call_id) where call_id is not null;
create index user_reports_by_age on public.user_reports using brin (created_at) with (pages_per_range = 32);
alter table public.user_reports enable row level security;
grant select on public.user_reports to authenticated, service_role;
create policy "one sees one's own reports, ops all" on public.user_reports for select to authenticated
  using (reporter_id = (select auth.uid()) or ((select live.am_ops()) and user_id <> (select auth.uid())));
insert into live.personal_data (table_name, whose, others, shown, setting, age, kept_while, why) values
  ('public.user_reports', '{reporter_id}', '{}', '{user_id}', 'retention.incidents_days', 't.created_at',
   'exists (select from public.moderation_cases k where k.id = t.case_id and k.resolved_at is null)',
   'Who reported whom and why: evidence of a case. In the reporter''s export only: the reported shall not learn who it was.');

-- ── how much a report weighs ─────────────────────────────────────────────────────────────────────────────────────
create function live.reporter_accuracy(p_reporter uuid) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  -- Laplace's rule of succession: one half for who has reported nothing that was decided.
  return (select (count(distinct c.id) filter (where c.decision = 'violation') + 1.0) / (count(distinct c.id) + 2.0)
            from public.user_reports r join public.moderation_cases c on c.id = r.case_id and c.decision is not null
           where r.reporter_id = p_reporter and r.created_at > clock_timestamp() - interval '180 days');
end;
$$;
comment on function live.reporter_accuracy(uuid) is 'Share of a reporter''s decided cases that were violations, 0 to 1, of half a year.';

create function live.credible_reporters(p_case uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (select count(distinct r.reporter_id) from public.user_reports r
           where r.case_id = p_case and r.was_there and live.reporter_accuracy(r.reporter_id) >= 0.3);
end;
$$;
comment on function live.credible_reporters(uuid) is 'How many different people who were there, and whose reports were right often enough, reported a case.';

create function live.was_there(p_user uuid, p_session uuid, p_call uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_participants p
                  where p.session_id = p_session and p.user_id = p_user and p.first_joined_at is not null)
      or exists (select from public.calls c where c.id = p_call and p_user in (c.caller_id, c.callee_id));
end;
$$;
comment on function live.was_there(uuid, uuid, uuid) is 'Whether a person was in a session or is a side of a call.';

create function live.has_watched(p_user uuid, p_recording uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_vod_plays x where x.recording_id = p_recording and x.user_id = p_user);
end;
$$;
comment on function live.has_watched(uuid, uuid) is 'Whether a person has opened a recording.';

create function live.add_report(
  p_user uuid, p_session uuid, p_call uuid, p_message uuid, p_reason text, p_text text, p_recording uuid default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  wanted constant public.reason_codes := (select r from public.reason_codes r where r.code = p_reason and r.for_reports);
  there constant boolean := case when p_recording is null then live.was_there(me, p_session, p_call) else live.has_watched(me, p_recording) end;
  said constant text := nullif(btrim(p_text), '');
  made uuid;
  about uuid;
  before_it int;
  credible int;
begin
  perform live.require_account(me);
  if wanted.code is null then
    perform live.refuse(404, 'unknown_reason_code', 'Choose one of the reasons of the list.');
  elsif said is not null and live.text_fault(said, 1000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A report %s.', live.text_fault(said, 1000, true)));
  elsif p_user = me then
    perform live.refuse(400, 'self_report', 'You cannot report yourself.');
  elsif not live.is_or_was_account(p_user) then
    perform live.refuse(404, 'unknown_user', 'There is nobody under this id.');
  end if;
  perform live.spend(me, 'reports_per_minute');
  insert into public.user_reports (reporter_id, user_id, session_id, call_id, message_id, recording_id, reason_code, text, was_there)
  values (me, p_user, p_session, p_call, p_message, p_recording, wanted.code, said, there)
  on conflict do nothing returning id into made;
  if made is null then
    return (select jsonb_build_object('report_id', r.id, 'repeated', true) from public.user_reports r
             where r.reporter_id = me and r.user_id = p_user and r.day = (clock_timestamp() at time zone 'utc')::date
               and (r.session_id, r.call_id, r.message_id, r.recording_id) is not distinct from (p_session, p_call, p_message, p_recording));
  end if;
  about := live.open_case(p_session, p_call, p_user, case when there then wanted.severity else 'info' end, 'report');
  before_it := live.credible_reporters(about);
  update public.user_reports r set case_id = about where r.id = made;
  credible := live.credible_reporters(about);
  update public.moderation_cases c
     set severity = live.graver(c.severity, case when credible >= live.limit_of('reports_for_critical') then 'critical'
                                                 when credible >= live.limit_of('reports_for_warning') then 'warning' else 'info' end),
         message_id = coalesce(c.message_id, p_message), recording_id = coalesce(c.recording_id, p_recording)
   where c.id = about;
  -- The one that makes them enough asks for a clip; one more says nothing new.
  if there and p_recording is null and credible = live.limit_of('reports_for_evidence') and before_it < credible then
    perform live.keep_sound(about, 'reports');
  end if;
  return jsonb_build_object('report_id', made, 'repeated', false);
end;
$$;
comment on function live.add_report is
  'Writes a report of the caller and adds it to the open case of the person: {report_id, repeated}. A second one of the same day is the first.';

create function live.forget_reports(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  reports int;
begin
  delete from public.user_reports r where r.reporter_id = p_user;
  get diagnostics reports = row_count;
  return jsonb_build_object('user_reports', reports);
end;
$$;
comment on function live.forget_reports(uuid) is 'Deletes what a deleted account has reported: rows deleted, by table. The cases that came of it stand.';

-- ── the doors ────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.report_person(user_id uuid, reason_code text, text text default null, session_id uuid default null, call_id uuid default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if num_nonnulls(report_person.session_id, report_person.call_id) > 1 then
    perform live.refuse(400, 'bad_place', 'Name a session or a call, not both.');
  elsif report_person.call_id is not null and not live.was_there(auth.uid(), null, report_person.call_id)
     or report_person.session_id is not null and not live.was_there(auth.uid(), report_person.session_id, null) then
    perform live.refuse(403, 'not_in_session', 'Join first: you report what you saw there.');
  elsif num_nonnulls(report_person.session_id, report_person.call_id) = 1
     and not live.was_there(report_person.user_id, report_person.session_id, report_person.call_id) then
    perform live.refuse(404, 'not_a_participant', 'This person was not there.');
  end if;
  return live.add_report(report_person.user_id, report_person.session_id, report_person.call_id, null,
                         report_person.reason_code, report_person.text);
end;
$$;
comment on function public.report_person(uuid, text, text, uuid, uuid) is
  'Reports a person, in a session or call that the caller was in, or at large: {report_id, repeated}.';

create function public.report_message(message_id uuid, reason_code text, text text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_messages;
begin
  select * into item from public.live_messages m where m.id = report_message.message_id and m.user_id is not null;
  if item.id is null or not live.was_there(auth.uid(), item.session_id, null) then
    perform live.refuse(404, 'unknown_message', 'There is no such message for you.');
  end if;
  return live.add_report(item.user_id, item.session_id, null, item.id, report_message.reason_code, report_message.text);
end;
$$;
comment on function public.report_message(uuid, text, text) is 'Reports a chat message of a session that the caller was in: {report_id, repeated}.';

create function public.report_session(session_id uuid, reason_code text, text text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_sessions;
begin
  select * into item from public.live_sessions s where s.id = report_session.session_id;
  if item.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  end if;
  return live.add_report(item.creator_id, item.id, null, null, report_session.reason_code, report_session.text);
end;
$$;
comment on function public.report_session(uuid, text, text) is 'Reports a session, that is its creator; also by its title, without joining: {report_id, repeated}.';

create function public.report_recording(recording_id uuid, reason_code text, text text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  vod public.live_vods;
begin
  select * into vod from public.live_vods v
   where v.recording_id = report_recording.recording_id
     and ((v.published_at is not null and not live.blocked(auth.uid(), v.creator_id)) or live.has_watched(auth.uid(), v.recording_id));
  if vod.recording_id is null then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording.');
  end if;
  return live.add_report(vod.creator_id, vod.session_id, null, null, report_recording.reason_code, report_recording.text, vod.recording_id);
end;
$$;
comment on function public.report_recording(uuid, text, text) is
  'Reports a recording, that is its creator; also by its title, without watching: {report_id, repeated}. Who has not opened it raises no severity.';
grant execute on function public.report_person(uuid, text, text, uuid, uuid), public.report_message(uuid, text, text),
  public.report_session(uuid, text, text), public.report_recording(uuid, text, text) to authenticated;

-- ── the inbox ────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.case_rank(p_case public.moderation_cases) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  return (case p_case.severity when 'critical' then 100 when 'warning' then 10 else 1 end)
    * (1 + coalesce((select sum(live.reporter_accuracy(w.reporter_id))
                       from (select distinct r.reporter_id from public.user_reports r where r.case_id = p_case.id limit 50) w), 0))
    * (1 + ln(1 + coalesce((select s.viewer_count from public.live_sessions s where s.id = p_case.session_id), 0)))
    + extract(epoch from clock_timestamp() - p_case.opened_at) / 600;
end;
$$;
comment on function live.case_rank(public.moderation_cases) is
  'How urgent a case is: severity × reporters'' accuracy × audience of now, and one more for each ten minutes that it waits.';

create function public.case_inbox(state text default 'open', "limit" int default 50, skip int default 0) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  if case_inbox.state is null or case_inbox.state not in ('open', 'resolved') then
    perform live.refuse(400, 'invalid_choice', 'The inbox shows open or resolved cases.');
  end if;
  return (
    select coalesce(jsonb_agg(to_jsonb(page) - 'place' order by page.place), '[]') from (
      select c.id, c.session_id, c.call_id, c.message_id, c.recording_id, c.user_id, c.severity, c.source, c.opened_at, live.case_state(c) as state,
             case when c.claim_expires_at > clock_timestamp() then c.claimed_by end as claimed_by, c.claim_expires_at,
             c.decision, c.reason_code, c.resolved_at, c.resolved_by,
             (select count(distinct r.reporter_id) from public.user_reports r where r.case_id = c.id) as reporters,
             (select array_agg(distinct r.reason_code) from public.user_reports r where r.case_id = c.id) as reasons,
             (select array_agg(distinct i.rule) from public.moderation_incidents i where i.case_id = c.id) as rules,
             (select s.title from public.live_sessions s where s.id = c.session_id) as title,
             live.shown_name(c.user_id) as name,
             (select p.username from public.profiles p where p.id = c.user_id) as username,
             row_number() over (order by case when c.resolved_at is null then live.case_rank(c) end desc nulls last,
                                         c.resolved_at desc nulls last, c.id) as place
        from (select * from public.moderation_cases o
               where (o.resolved_at is null) = (case_inbox.state = 'open') and o.user_id is distinct from auth.uid()
               order by o.resolved_at desc, o.opened_at desc limit 1000) c
       order by place
       limit least(greatest(coalesce(case_inbox."limit", 50), 1), 200) offset least(greatest(coalesce(case_inbox.skip, 0), 0), 1000)) page);
end;
$$;
comment on function public.case_inbox(text, int, int) is
  'The cases of ops, the most urgent first, or the last decided: [{id, user_id, name, severity, source, state, claimed_by, reporters, reasons, rules, …}], '
  'of the 1000 newest.';
grant execute on function public.case_inbox(text, int, int) to authenticated;

create function public.case_file(id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_see(case_file.id);
begin
  return jsonb_build_object(
    'case', to_jsonb(item) || jsonb_build_object('state', live.case_state(item)),
    'person', (select jsonb_build_object('user_id', p.id, 'username', p.username, 'display_name', p.display_name)
                 from public.profiles p where p.id = item.user_id),
    'session', (select to_jsonb(s) from (select x.id, x.title, x.type, x.status, x.creator_id, x.viewer_count, x.peak_viewers,
                                                x.started_at, x.ended_at
                                           from public.live_sessions x where x.id = item.session_id) s),
    'recording', (select to_jsonb(v) from (select x.recording_id as id, x.title, x.duration_seconds, x.published_at, x.taken_down_at
                                             from public.live_vods x where x.recording_id = item.recording_id) v),
    'reports', (select coalesce(jsonb_agg(to_jsonb(r) order by r.created_at), '[]')
                  from (select * from public.user_reports u where u.case_id = item.id order by u.created_at limit 200) r),
    'messages', (select coalesce(jsonb_agg(to_jsonb(m) order by m.created_at), '[]')
                   from (select distinct x.* from public.live_messages x join public.user_reports u on u.message_id = x.id
                          where u.case_id = item.id limit 100) m),
    'incidents', (select coalesce(jsonb_agg(to_jsonb(i) order by i.started_at), '[]')
                    from (select * from public.moderation_incidents x where x.case_id = item.id order by x.started_at desc limit 200) i),
    'actions', (select coalesce(jsonb_agg(to_jsonb(a) order by a.n), '[]')
                  from (select * from public.moderation_actions x where x.case_id = item.id order by x.n desc limit 200) a),
    'clips', live.clips_json(item.id),
    'flags', live.flags_json(item.id),
    'appeals', (select coalesce(jsonb_agg(to_jsonb(p) order by p.created_at), '[]')
                  from public.moderation_appeals p join public.moderation_actions a on a.id = p.action_id where a.case_id = item.id),
    'enforced_ms', (select jsonb_build_object('fastest', min(a.enforce_ms), 'slowest', max(a.enforce_ms), 'of_case', (
                      select extract(epoch from min(f.applied_at) - item.opened_at) * 1000
                        from public.moderation_actions f where f.case_id = item.id and f.status = 'applied'))
                      from public.moderation_actions a where a.case_id = item.id and a.status = 'applied'),
    'notes', (select coalesce(jsonb_agg(to_jsonb(n) order by n.created_at), '[]')
                from (select * from public.case_notes x where x.case_id = item.id order by x.created_at limit 200) n),
    'earlier', (select coalesce(jsonb_agg(to_jsonb(e) order by e.opened_at desc), '[]')
                  from (select x.id, x.severity, x.decision, x.reason_code, x.opened_at, x.resolved_at
                          from public.moderation_cases x where x.user_id = item.user_id and x.id <> item.id
                         order by x.opened_at desc limit 20) e));
end;
$$;
comment on function public.case_file(uuid) is
  'All of a case in one answer, for ops: {case, person, session, recording, reports, messages, incidents, actions, clips (each with its access), flags, appeals, enforced_ms: {fastest, slowest, of_case: from its opening to the first act that held}, notes, earlier}. Refuses own_case.';
grant execute on function public.case_file(uuid) to authenticated;

-- schemas/93_chat_rules.sql
-- Owns: the word lists of the chat (chat_rules), and how a message is read for them: as people write to be understood and not
-- found. What a rule finds is refused, held for a moderator, or flagged in the author's case.
--
-- The list to begin with is made from the Turkish and English ones of LDNOOBW, "List of Dirty, Naughty, Obscene, and Otherwise
-- Bad Words" (CC BY 4.0, https://github.com/LDNOOBW), shortened: names of peoples and words with many innocent readings are left out.

create table public.chat_rules (
  id uuid primary key default gen_random_uuid(),
  scope text not null check (scope in ('platform', 'creator')),
  creator_id uuid,
  pattern text not null check (char_length(pattern) between 2 and 100),
  effect text not null check (effect in ('refuse', 'hold', 'flag')),
  language text check (language in ('tr', 'en')),
  exact_letters boolean not null default false,
  folded text not null,
  is_stem boolean not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((scope = 'creator') = (creator_id is not null))
);
comment on table public.chat_rules is 'Word lists of the chat: the platform''s, and those of creators for their own sessions.';
comment on column public.chat_rules.id is 'Id of the rule.';
comment on column public.chat_rules.scope is 'platform or creator.';
comment on column public.chat_rules.creator_id is 'Whose sessions, for the scope creator.';
comment on column public.chat_rules.pattern is 'A word or words; with * at the end every word that begins so.';
comment on column public.chat_rules.effect is 'refuse (the author is told), hold (a moderator decides) or flag (shown, and the author''s case is opened).';
comment on column public.chat_rules.language is 'tr, en or null: for the reader of the list.';
comment on column public.chat_rules.exact_letters is 'Whether ı and i, ö and o and the like are different letters for this rule: "sık" is no "sik".';
comment on column public.chat_rules.folded is 'The pattern as messages are read; a trigger fills it in.';
comment on column public.chat_rules.is_stem is 'Whether the pattern ended with *.';
comment on column public.chat_rules.created_at is 'When it was made.';
create unique index chat_rules_once on public.chat_rules
  (creator_id, folded, is_stem, exact_letters) nulls not distinct;
alter table public.chat_rules enable row level security;
grant select, insert, update, delete on public.chat_rules to service_role;
grant select, insert (scope, creator_id, pattern, effect, language, exact_letters), delete on public.chat_rules to authenticated;
create policy "ops and the creator see their lists" on public.chat_rules for select to authenticated
  using ((select live.am_ops()) or creator_id = (select auth.uid()));
create policy "ops and creators add to their lists" on public.chat_rules for insert to authenticated
  with check ((scope = 'platform' and (select live.am_ops())) or (scope = 'creator' and creator_id = (select auth.uid())));
create policy "ops and creators take from their lists" on public.chat_rules for delete to authenticated
  using ((scope = 'platform' and (select live.am_ops())) or (scope = 'creator' and creator_id = (select auth.uid())));
insert into live.personal_data (table_name, whose, why) values
  ('public.chat_rules', '{creator_id}', 'Words that a creator does not want in the own chat: until they delete them or their account is deleted.');
update public.app_settings set value = value || '{"chat_rules_per_creator": 500}' where key = 'limits';

-- ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────
-- Not lower() alone: what it does to letters beyond ASCII is the database's locale's to say.
create function live.lower_turkish(p_text text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return lower(translate(p_text, 'İIÇĞÖŞÜÂÎÛАСЕОРХУІЅҚ', 'iıçğöşüâîûасеорхуіѕқ'));
end;
$$;
comment on function live.lower_turkish(text) is 'Small letters, as Turkish has them: I is ı.';

create function live.plain_letters(p_text text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return translate(p_text, 'çğıöşüâîû', 'cgiosuaiu');
end;
$$;
comment on function live.plain_letters(text) is 'Turkish letters as on a keyboard without them.';

create function live.chat_words(p_text text) returns text[]
language plpgsql immutable set search_path = '' as $$
declare
  -- What is not seen, and what is put over letters.
  unseen constant text := '[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufeff]';
  body text := regexp_replace(normalize(p_text, nfkc), unseen, '', 'g');
  words text[];
begin
  body := live.lower_turkish(body);
  body := translate(body, 'асеорхуіѕқ', 'aceopxyisk');  -- Cyrillic that looks Latin
  -- Digits and signs stand for letters only next to letters: 1453 stays a year, and a word may end with "!".
  body := regexp_replace(body, '[!.?]+(\s|$)', ' ', 'g');
  select array_agg(case when t.word ~ '[a-zçğıöşü]' then translate(t.word, '0134578@$!€+', 'oieastbasiet') else t.word end order by t.n)
    into words from regexp_split_to_table(body, '\s+') with ordinality as t (word, n);
  -- Letters one by one ("s i k", "s.i.k") are one word.
  body := regexp_replace(array_to_string(words, ' '), '[^a-zçğıöşüâîû* ]+', ' ', 'g');
  body := regexp_replace(body, '(?<![a-zçğıöşü*])((?:[a-zçğıöşü*] +)+[a-zçğıöşü*])(?![a-zçğıöşü*])',
                         E'\u0001\\1\u0001', 'g');
  select string_agg(case when p.n % 2 = 0 then replace(p.part, ' ', '') else p.part end, '' order by p.n)
    into body from unnest(string_to_array(body, E'\u0001')) with ordinality as p (part, n);
  -- A letter drawn out is one letter: three of any, two of a vowel.
  body := regexp_replace(body, '([a-zçğıöşü])\1\1+', '\1', 'g');
  body := regexp_replace(body, '([aeıioöuü])\1+', '\1', 'g');
  return array_remove(string_to_array(btrim(regexp_replace(body, ' +', ' ', 'g')), ' '), '');
end;
$$;
comment on function live.chat_words(text) is
  'The words of a message as people read them: lower case, without drawn-out letters, spaces or signs between them, digits and foreign '
  'letters as what they stand for. A * within a word stands for one letter.';

create function live.word_is(p_word text, p_folded text, p_stem boolean) returns boolean
language plpgsql immutable set search_path = '' as $$
declare
  head constant text := case when p_stem then left(p_word, length(p_folded)) else p_word end;
begin
  return head = p_folded
      -- Half of it must be there: "*" alone is no word.
      or (position('*' in head) > 0 and length(head) = length(p_folded) and length(replace(head, '*', '')) * 2 > length(head)
          and p_folded like replace(replace(head, '_', ''), '*', '_'));
end;
$$;
comment on function live.word_is(text, text, boolean) is 'Whether a word is the one of a rule, or begins with it; * in the word is any letter.';

create function live.chat_words(p_text text, p_exact_letters boolean) returns text[]
language plpgsql immutable set search_path = '' as $$
begin
  return live.chat_words(case when p_exact_letters then p_text else live.plain_letters(live.lower_turkish(p_text)) end);
end;
$$;
comment on function live.chat_words(text, boolean) is 'The words of a message for rules that ask for exact letters, or for those that do not.';

create function live.chat_matches(p_text text, p_creator uuid) returns setof public.chat_rules
language plpgsql stable security definer set search_path = '' as $$
declare
  exact constant text[] := live.chat_words(p_text, true);
  plain constant text[] := live.chat_words(p_text, false);
begin
  return query
    select r.* from public.chat_rules r cross join lateral (select case when r.exact_letters then exact else plain end as words) m
     where (r.creator_id is null or r.creator_id = p_creator)
       and case when position(' ' in r.folded) > 0
                then position(' ' || r.folded || case when r.is_stem then '' else ' ' end in ' ' || array_to_string(m.words, ' ') || ' ') > 0
                else exists (select from unnest(m.words) as w (word) where live.word_is(w.word, r.folded, r.is_stem)) end;
end;
$$;
comment on function live.chat_matches(text, uuid) is 'The rules of the platform and of a creator that a text meets.';

create function live.fold_rule() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if live.text_fault(new.pattern, 100) is not null then
    perform live.refuse(400, 'invalid_text', format('A pattern %s.', live.text_fault(new.pattern, 100)));
  end if;
  new.is_stem := new.pattern ~ '\*$';
  new.folded := array_to_string(live.chat_words(rtrim(new.pattern, '*'), new.exact_letters), ' ');
  if length(new.folded) < 2 then
    perform live.refuse(400, 'bad_pattern', 'A pattern has two letters or more.');
  elsif new.creator_id is not null and (select count(*) from public.chat_rules r where r.creator_id = new.creator_id)
      >= live.limit_of('chat_rules_per_creator') then
    perform live.refuse(429, 'too_many_rules', 'Your list is full. Delete a word first.');
  end if;
  return new;
end;
$$;
comment on function live.fold_rule() is 'Trigger: reads a pattern as messages are read.';
create trigger fold_rule before insert or update on public.chat_rules for each row execute function live.fold_rule();

-- ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────
create function live.judge_message() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  host constant uuid := (select s.creator_id from public.live_sessions s where s.id = new.session_id);
  effects constant text[] := (select array_agg(m.effect) from live.chat_matches(new.body, host) m);
begin
  if new.user_id = host or effects is null then
    return new;
  elsif 'refuse' = any (effects) then
    perform live.refuse(400, 'words_not_allowed', 'This message has words that are not allowed here. Write it differently.');
  elsif 'hold' = any (effects) then
    new.held_at := clock_timestamp();
  end if;
  if 'flag' = any (effects) then
    perform live.open_case(new.session_id, null, new.user_id, 'info', 'rule');
  end if;
  return new;
end;
$$;
comment on function live.judge_message() is
  'Trigger: refuses, holds or flags a message by the word lists, before anybody sees it. A host''s own are theirs to write.';
-- After live_messages_guard by its name: what may not be written at all is not read.
create trigger live_messages_words before insert on public.live_messages
  for each row when (new.type = 'text') execute function live.judge_message();

insert into public.chat_rules (scope, pattern, effect, language, exact_letters)
select 'platform', w, 'hold', 'tr', true
  from unnest(string_to_array(
    'amı,amın,amına,amını,amcık*,amcığ*,göt,göte,götü,götün,götüne,götünü,götünden,götler*,götten,götlek*,götoş*,götveren*,'
    'sik,siki,sikin,sikim,sikime,sikimi,sikine,sikini,sike,sikik,sikler*,siklem*,sikmek,sikmem*,sikte,sikten,sikey*,sikiy*,siker,sikerim,sikerler,'
    'sikicem,sikecem,sikeceğ*,sikiş*,sikti*,piç,piçin*,piçi,piçler*,oç,bok,boku,boktan', ',')) as w
union all
select 'platform', w, 'hold', 'tr', false
  from unnest(string_to_array(
    'siktir*,sikerim,sikeyim*,sikiyim*,siktigim*,amcik*,amk*,amq,aq,aminakoy*,amina koy*,amnakoy*,gotveren*,gotunu sik*,gotunden sik*,'
    'orospu*,orosbu*,orspu*,oruspu*,kaltak*,kaltağ*,kahpe*,pezevenk*,pezeveng*,gavat*,ibne*,yavşak*,yavşağ*,sürtük*,'
    'yarrak*,yarrağ*,yarak,yarağ*,taşak*,taşşak*,saksocu*,dalyarak*,puşt*,şerefsiz*,ananı sik*,ananın am*', ',')) as w
union all
select 'platform', w, 'hold', 'en', false
  from unnest(string_to_array(
    'fuck*,motherfuck*,fuk,fuking,shit,shitty,bullshit*,bitch*,cunt*,asshole*,arsehole*,whore*,slut,sluts,nigger*,nigga*,faggot*,retarded,'
    'wanker*,jerk off,blowjob*,cumshot*,dickhead*,cocksuck*,pussy,twat*,prick,rapist*,kill yourself,kys', ',')) as w;

-- schemas/93_console_acting.sql
-- Owns: what somebody who is about to act is told first: what the act would do (preview_action), and who else looks at the
-- same person or has acted on them meanwhile (look_at_person).

update public.app_settings set value = value || '{"previews_per_minute": 120}' where key = 'limits';

create table live.looks (
  user_id uuid primary key,
  target_user_id uuid not null,
  session_id uuid references public.live_sessions (id) on delete cascade,
  expires_at timestamptz not null
);
comment on table live.looks is 'Who has a form open to act on somebody: for the others who are about to.';
comment on column live.looks.user_id is 'Who looks: at one person at a time.';
comment on column live.looks.target_user_id is 'At whom.';
comment on column live.looks.session_id is 'In which session; null on the platform.';
comment on column live.looks.expires_at is 'The lease: look_at_person renews it.';
create index looks_at on live.looks (target_user_id);
create index looks_in on live.looks (session_id) where session_id is not null;
alter table live.looks enable row level security;
insert into live.personal_data (table_name, others, why) values
  ('live.looks', '{user_id,target_user_id}',
   'Who of the moderators has a form open about whom: deleted seconds after it expires. Not exported: it is gone before it is read.');

create function live.require_moderator(p_session uuid) returns uuid
language plpgsql stable set search_path = '' as $$
begin
  perform live.refuse_deleted(auth.uid());
  if auth.uid() is null or live.acting_rank(p_session, auth.uid()) < live.staff_rank() then
    perform live.refuse(403, 'not_allowed', 'This is for the host, co-hosts and moderators of the session, and for ops.');
  end if;
  return auth.uid();
end;
$$;
comment on function live.require_moderator(uuid) is
  'Refuses everybody but the staff of a session and ops; returns who asks. Null as the session: ops alone.';

create function live.others_looking(p_me uuid, p_target uuid, p_session uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  is_ops constant boolean := live.is_ops(p_me);
begin
  -- Ops see everybody who is about to act; a session's staff see each other, and never who of ops looks.
  return (
    select coalesce(jsonb_agg(live.card(l.user_id) order by l.user_id), '[]')
      from live.looks l
     where l.target_user_id = p_target and l.user_id <> p_me and l.expires_at > clock_timestamp()
       and (is_ops or (l.session_id = p_session and not live.is_ops(l.user_id))));
end;
$$;
comment on function live.others_looking(uuid, uuid, uuid) is 'Cards of those who have a form open about somebody, as far as p_me may know it.';

create function live.acts_after(p_me uuid, p_target uuid, p_session uuid, p_n bigint) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  is_ops constant boolean := live.is_ops(p_me);
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'action_id', a.id, 'n', a.n, 'at', a.created_at, 'action', a.action, 'params', a.params, 'via', a.requested_via,
             'by', case when is_ops or a.requested_via = 'app' then live.shown_name(a.requested_by) end) order by a.n), '[]')
      from (select * from public.moderation_actions x
             where x.target_user_id = p_target and x.n > p_n and not x.dry_run
               and x.requested_by is distinct from p_me and x.status not in ('failed', 'cancelled')
               and (is_ops or x.session_id = p_session)
             order by x.n limit 5) a);
end;
$$;
comment on function live.acts_after(uuid, uuid, uuid, bigint) is 'What others have done to somebody since an action''s place in the order: the first five.';

create function public.look_at_person(target_user_id uuid, session_id uuid default null, after_n bigint default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_moderator(look_at_person.session_id);
  -- What was done elsewhere is not for the staff of one session, nor that something was.
  latest constant bigint := coalesce((
    select a.n from public.moderation_actions a
     where a.target_user_id = look_at_person.target_user_id and (live.is_ops(me) or a.session_id = look_at_person.session_id)
     order by a.n desc limit 1), 0);
begin
  insert into live.looks as l (user_id, target_user_id, session_id, expires_at)
  select me, look_at_person.target_user_id, s.id, clock_timestamp() + interval '10 seconds'
    from (select 1) one left join public.live_sessions s on s.id = look_at_person.session_id
  on conflict (user_id) do update
     set target_user_id = excluded.target_user_id, session_id = excluded.session_id, expires_at = excluded.expires_at;
  return jsonb_build_object(
    'n', latest,
    'others', live.others_looking(me, look_at_person.target_user_id, look_at_person.session_id),
    'acts', live.acts_after(me, look_at_person.target_user_id, look_at_person.session_id, coalesce(look_at_person.after_n, latest)));
end;
$$;
comment on function public.look_at_person(uuid, uuid, bigint) is
  'Says for 10 s that the caller is about to act on somebody, and answers who else is, and what others have done to that person since after_n '
  '(nothing without it): {n, others: [{id, name, avatar}], acts: [{action_id, n, at, action, params, via, by}]}. For staff and ops.';

create function public.look_away() returns void
language plpgsql security definer set search_path = '' as $$
begin
  delete from live.looks l where l.user_id = auth.uid();
end;
$$;
comment on function public.look_away() is 'Ends look_at_person at once.';

-- ── what it would do ─────────────────────────────────────────────────────────────────────────────────────────────
create function live.held_by(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  standing constant record := live.standing_of(p_row);
begin
  if standing.until is null then
    return null;
  end if;
  return (
    select jsonb_build_object(
             'until', case when standing.until < 'infinity' then live.instant(standing.until) end, 'via', a.requested_via, 'at', a.created_at,
             'by', case when live.is_ops(auth.uid()) or a.requested_via = 'app' then live.shown_name(a.requested_by) end)
      from (select 1) one
      left join lateral (
        select * from public.moderation_actions x
         where x.target_user_id = p_row.target_user_id and x.action = p_row.action and not x.dry_run and x.id <> p_row.id
           and x.status not in ('failed', 'cancelled') and (x.session_id = p_row.session_id or known.scope = 'account')
         order by x.n desc limit 1) a on true);
end;
$$;
comment on function live.held_by(public.moderation_actions) is
  'Who has done the same already and until when it holds (until null: until it is undone): {until, via, at, by}; null when it does not hold.';

create function public.preview_action(action text, session_id uuid default null, target_user_id uuid default null, params jsonb default '{}')
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  asked public.moderation_actions;
  held jsonb;
  code text;
  words text;
begin
  if auth.uid() is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.spend(auth.uid(), 'previews_per_minute');
  begin
    asked.id := gen_random_uuid();
    asked.session_id := preview_action.session_id;
    asked.target_user_id := preview_action.target_user_id;
    asked.action := preview_action.action;
    asked.params := coalesce(preview_action.params, '{}');
    if live.acting_rank(asked.session_id, auth.uid()) >= live.staff_rank() then
      held := live.held_by(asked);
    end if;
    insert into public.moderation_actions (id, session_id, target_user_id, action, params, dry_run)
    values (asked.id, asked.session_id, asked.target_user_id, asked.action, asked.params, true);
    select * into asked from public.moderation_actions a where a.id = asked.id;
    raise exception sqlstate 'LVDRY';
  exception
    when sqlstate 'LVDRY' then null;  -- nothing of it stays, not even the record of a rehearsal
    when others then
      if sqlstate !~ '^PT4' then
        raise;
      end if;
      get stacked diagnostics code = pg_exception_hint, words = message_text;
  end;
  return jsonb_build_object(
    'before', asked.before, 'after', asked.after, 'held', held,
    'refused', case when code is not null then jsonb_build_object('code', code, 'message', words) end);
end;
$$;
comment on function public.preview_action(text, uuid, uuid, jsonb) is
  'What an action would do if it were asked now, or with which code it would be refused; nothing is recorded: '
  '{before, after, held: {until, via, at, by}, refused: {code, message}}. held: the same holds already.';
grant execute on function public.look_at_person(uuid, uuid, bigint), public.look_away(), public.preview_action(text, uuid, uuid, jsonb)
  to authenticated;

-- schemas/93_names.sql
-- Owns: finding people by name (live.names): a folded copy of the names of everybody who has been in a session, refreshed when
-- they join and while they are there. The app's own tables get no index and no trigger.

create function live.searchable(p_text text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  -- What is not seen, and what is put over letters.
  unseen constant text := '[\u00ad\u0300-\u036f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]';
begin
  -- Turkish letters first, as long as they are one character each; then every other mark comes off.
  return btrim(regexp_replace(regexp_replace(lower(normalize(
           live.plain_letters(live.lower_turkish(regexp_replace(normalize(coalesce(p_text, ''), nfkc), unseen, '', 'g'))), nfkd)),
         unseen, '', 'g'), '\s+', ' ', 'g'));
end;
$$;
comment on function live.searchable(text) is
  'A text as it is searched for: small letters without marks, ı, I, İ and i alike, without what is not seen.';

create table live.names (
  user_id uuid primary key,
  folded text not null,
  looked_at timestamptz not null
);
comment on table live.names is 'Names of people who have been in a session, as they are searched for.';
comment on column live.names.user_id is 'The person.';
comment on column live.names.folded is 'Display name and username by live.searchable, a line each.';
comment on column live.names.looked_at is 'When the app''s table was looked at for it.';
create index names_by_age on live.names (looked_at);
alter table live.names enable row level security;
insert into live.personal_data (table_name, others, why) values
  ('live.names', '{user_id}',
   'A copy of names for the search of moderators: deleted with the account. Not exported: the app''s own table says the same.');

create function live.learn_names(p_users uuid[]) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.names as n (user_id, folded, looked_at)
  select f.id, concat_ws(E'\n', live.searchable(f.display_name), live.searchable(f.username)), clock_timestamp()
    from public.profiles f where f.id = any(p_users)
   order by f.id
  on conflict (user_id) do update set folded = excluded.folded, looked_at = excluded.looked_at;
end;
$$;
comment on function live.learn_names(uuid[]) is 'Reads the names of these people anew.';

create function live.learn_name() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.learn_names(array[new.user_id]);
  return null;
end;
$$;
comment on function live.learn_name() is 'Trigger: somebody who joins is found by the name of now.';
create trigger learn_name after insert on public.live_participants for each row execute function live.learn_name();
create trigger learn_name_again after update of last_joined_at on public.live_participants
  for each row when (old.last_joined_at is distinct from new.last_joined_at) execute function live.learn_name();

create function live.refresh_names() returns void
language plpgsql security definer set search_path = '' as $$
begin
  -- A rename says nothing to us: of those who are there the names are read again every few minutes, some at a time.
  perform live.learn_names(array(
    select n.user_id from live.names n
     where n.looked_at < clock_timestamp() - interval '5 minutes'
       and exists (select from public.live_participants p where p.user_id = n.user_id and p.is_online)
     order by n.looked_at limit 100));
end;
$$;
comment on function live.refresh_names() is 'Reads the oldest hundred names of those who are in a room anew. Called by the sweep.';

create function public.find_people(search text, "limit" int default 30) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted constant text := live.searchable(find_people.search);
begin
  perform live.require_ops();
  if length(wanted) < 2 then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(live.card(m.user_id)
             || jsonb_build_object('username', (select f.username from public.profiles f where f.id = m.user_id)) order by m.place, m.folded), '[]')
      from (select n.user_id, n.folded,
                   case when n.user_id::text = wanted then 0 when n.folded like wanted || '%' then 1 else 2 end as place
              from live.names n
             where position(wanted in n.folded) > 0 or n.user_id::text = wanted
                or (length(wanted) >= 4 and left(n.user_id::text, length(wanted)) = wanted)
             order by 3, n.folded limit least(greatest(coalesce(find_people."limit", 30), 1), 100)) m);
end;
$$;
comment on function public.find_people(text, int) is
  'People who have been in a session, for ops, by a part of their name or username or the beginning of their id, whatever the letters'' marks and case: '
  '[{id, name, avatar, username}].';
grant execute on function public.find_people(text, int) to authenticated;

-- schemas/93_pager.sql
-- Owns: what calls a human who looks at no screen: the page outbox, written in the transaction of the event, and how a worker
-- takes from it and says what became of it. Once for each case and severity; tried again until the case is decided or
-- it is too late; not while somebody works on the case. A page says nothing about a person: a case, how grave, and which rule.

create table public.page_outbox (
  id uuid primary key default gen_random_uuid(),
  case_id uuid not null references public.moderation_cases (id) on delete cascade,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  status text not null default 'pending' check (status in ('pending', 'sent', 'expired')),
  attempts int not null default 0 check (attempts >= 0),
  due_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  error text,
  unique (case_id, severity)
);
comment on table public.page_outbox is 'What is to be sent to the operators'' pager: one row for each case and severity, written with the event itself.';
comment on column public.page_outbox.id is 'Id of the page: the same in each attempt, so that the receiver can leave out repeats.';
comment on column public.page_outbox.case_id is 'The case.';
comment on column public.page_outbox.severity is 'How grave it was then: info, warning or critical.';
comment on column public.page_outbox.status is 'pending, sent (the receiver has taken it) or expired (the case is decided, or it is too late).';
comment on column public.page_outbox.attempts is 'How often it was taken to be sent.';
comment on column public.page_outbox.due_at is 'Not before this; while it is being sent, when it may be taken again.';
comment on column public.page_outbox.created_at is 'When the event happened.';
comment on column public.page_outbox.sent_at is 'When the receiver took it.';
comment on column public.page_outbox.error is 'Why the last attempt failed, or why it was given up.';
create index page_outbox_due on public.page_outbox (due_at) where status = 'pending';
create index page_outbox_by_age on public.page_outbox (created_at);
alter table public.page_outbox enable row level security;
grant select on public.page_outbox to service_role;
insert into public.app_settings (key, value, description) values
  ('pager.retry_seconds', '21600', 'For how long a page that the receiver does not take is tried again.');
insert into live.personal_data (table_name, setting, age, kept_while, why) values
  ('public.page_outbox', 'retention.push_days', 't.created_at', 't.status = ''pending''',
   'Which cases called the operators, and when: names of cases, no person.');

create function live.page(p_case uuid, p_severity text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.page_outbox (case_id, severity, due_at)
  select c.id, p_severity, greatest(clock_timestamp(), c.claim_expires_at)
    from public.moderation_cases c where c.id = p_case and c.resolved_at is null
  on conflict (case_id, severity) do nothing;
end;
$$;
comment on function live.page(uuid, text) is
  'Calls the operators about a case, once for each severity; while somebody works on it, not before their claim ends.';

create function live.page_grave_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.page(new.id, 'critical');
  return null;
end;
$$;
comment on function live.page_grave_case() is 'Trigger: a case that is critical, or becomes it, calls the operators.';
create trigger page_grave_new_case after insert on public.moderation_cases
  for each row when (new.severity = 'critical') execute function live.page_grave_case();
create trigger page_graver_case after update of severity on public.moderation_cases
  for each row when (new.severity = 'critical' and old.severity <> 'critical') execute function live.page_grave_case();

create function live.pages_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.page_outbox o where o.status = 'pending' and o.due_at <= clock_timestamp());
end;
$$;
comment on function live.pages_due() is 'Whether a page waits to be sent now.';

create function live.settle_pages() returns void
language plpgsql set search_path = '' as $$
begin
  update public.page_outbox o
     set due_at = greatest(o.due_at, c.claim_expires_at),
         status = case when c.resolved_at is null and o.created_at > clock_timestamp() - live.setting_interval('pager.retry_seconds')
                       then 'pending' else 'expired' end,
         error = case when c.resolved_at is not null then 'decided before it was sent' else o.error end
    from public.moderation_cases c
   where o.id in (select x.id from public.page_outbox x
                   where x.status = 'pending' and x.due_at <= clock_timestamp() order by x.id for update skip locked)
     and c.id = o.case_id;
end;
$$;
comment on function live.settle_pages() is
  'Of the pages that are due: expires those of decided cases and those that are too old; what somebody works on waits until their claim ends.';

create function public.page_claim(p_most int default 20) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  pages jsonb;
begin
  perform live.settle_pages();
  with due as (
    select o.id from public.page_outbox o
     where o.status = 'pending' and o.due_at <= clock_timestamp()
     order by o.severity = 'critical' desc, o.created_at
     limit least(greatest(coalesce(p_most, 20), 1), 100) for update skip locked
  ), held as (
    update public.page_outbox o set attempts = o.attempts + 1, due_at = clock_timestamp() + interval '30 seconds'
      from due where o.id = due.id returning o.*)
  select coalesce(jsonb_agg(jsonb_build_object(
      'id', h.id, 'case_id', h.case_id, 'severity', h.severity, 'source', c.source, 'at', live.instant(h.created_at),
      'rules', (select coalesce(jsonb_agg(distinct i.rule), '[]') from public.moderation_incidents i where i.case_id = c.id),
      'reporters', (select count(distinct r.reporter_id) from public.user_reports r where r.case_id = c.id))
      order by h.created_at), '[]') into pages
    from held h join public.moderation_cases c on c.id = h.case_id;
  return pages;
end;
$$;
comment on function public.page_claim(int) is
  'Takes due pages for 30 s, the critical ones first: [{id, case_id, severity, source, at, rules, reporters}]. For workers.';
grant execute on function public.page_claim(int) to service_role;

create function public.page_finish(p_id uuid, p_sent boolean, p_error text default null, p_after double precision default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  update public.page_outbox o
     set status = case when p_sent then 'sent' else 'pending' end,
         sent_at = case when p_sent then clock_timestamp() end,
         error = case when p_sent then null else left(p_error, 200) end,
         due_at = clock_timestamp() + make_interval(secs => least(600, greatest(coalesce(p_after, 0), power(2, least(o.attempts, 9)))))
   where o.id = p_id and o.status = 'pending';
  return jsonb_build_object('finished', found);
end;
$$;
comment on function public.page_finish(uuid, boolean, text, double precision) is
  'Says what became of a page: {finished}. Not sent: it is due again after 2, 4, 8 … seconds, ten minutes at most, or after p_after seconds. For workers.';
grant execute on function public.page_finish(uuid, boolean, text, double precision) to service_role;

-- schemas/93_person_notes.sql
-- Owns: what operators note about a person, whatever the session: private, and not part of any case.

create table public.person_notes (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  author_id uuid,
  body text not null check (char_length(body) between 1 and 4000),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.person_notes is 'What operators tell each other about a person. The person never sees it.';
comment on column public.person_notes.id is 'The author''s app may choose it: the same id again is the same note.';
comment on column public.person_notes.user_id is 'About whom.';
comment on column public.person_notes.author_id is 'Who wrote it.';
comment on column public.person_notes.body is 'The text.';
comment on column public.person_notes.created_at is 'When it was written.';
create index person_notes_of_person on public.person_notes (user_id, created_at desc);
create index person_notes_by_age on public.person_notes (created_at);
alter table public.person_notes enable row level security;
grant select on public.person_notes to authenticated, service_role;
create policy "ops see notes, but for those about them" on public.person_notes for select to authenticated
  using ((select live.am_ops()) and user_id <> (select auth.uid()));
insert into live.personal_data (table_name, whose, others, setting, age, why) values
  ('public.person_notes', '{}', '{user_id,author_id}', 'retention.actions_days', 't.created_at',
   'Private words of operators about a person: deleted with the account. Not exported: they would warn who is looked into.');

create function public.add_person_note(user_id uuid, body text, id uuid default gen_random_uuid()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  if add_person_note.user_id = me then
    perform live.refuse(403, 'own_case', 'Nobody of ops works on what is about themself.');
  elsif not live.is_or_was_account(add_person_note.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such person.');
  elsif add_person_note.body is null or live.text_fault(add_person_note.body, 4000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A note %s.', coalesce(live.text_fault(add_person_note.body, 4000, true), 'must say something')));
  end if;
  insert into public.person_notes (id, user_id, author_id, body) values (add_person_note.id, add_person_note.user_id, me, add_person_note.body)
  on conflict on constraint person_notes_pkey do nothing;
  return jsonb_build_object('note_id', add_person_note.id);
end;
$$;
comment on function public.add_person_note(uuid, text, uuid) is
  'Ops note something about a person, in private: {note_id}. The same id again is the same note. Refuses own_case, unknown_user, invalid_text.';
grant execute on function public.add_person_note(uuid, text, uuid) to authenticated;

create function live.forget_notes(p_user uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  gone int;
begin
  delete from public.person_notes n where n.user_id = p_user;
  get diagnostics gone = row_count;
  return jsonb_build_object('person_notes', gone);
end;
$$;
comment on function live.forget_notes(uuid) is 'Deletes what was noted about a person whose account ends; says how much.';

-- schemas/93_speech.sql
-- Owns: what the speech process may know and write (`python -m speech`): of whom in which session it may transcribe words and
-- whose camera it may look at, and what it found. It has a role of its own, live_speech, that may call the five functions
-- below and store the frames that they name, and nothing else. Off by default, and never in calls: nothing here speaks of one.

do $$
begin
  create role live_speech nologin inherit;
exception
  when duplicate_object or unique_violation then null;  -- a role belongs to the server, not to this database
end;
$$;
do $$
begin
  -- As Supabase's Storage asks of a role of one's own: the data API takes its token, and it has what nobody in particular has.
  grant live_speech to authenticator;
  grant anon to live_speech;
exception
  when insufficient_privilege then raise warning 'live_speech: grant it to authenticator, and anon to it, by hand; see DEPLOYMENT.md';
end;
$$;
grant usage on schema public, live to live_speech;

insert into public.app_settings (key, value, description) values
  ('speech.enabled', 'false', 'Whether words of flagged speakers in sessions are transcribed and searched for the word lists. Tell people first.'),
  ('speech.who', '["case", "strike", "reports"]', 'What flags a speaker: case (an open one that is a cause to keep sound), strike (held against them by a rule that acts), reports (enough credible ones).'),
  ('speech.at_once', '2', 'How many windows of speech one speech process transcribes at the same time.'),
  ('pictures.enabled', 'false', 'Whether a single frame of each camera in video sessions is looked at now and then. Tell people first.'),
  ('pictures.every_seconds', '10', 'How often one camera is looked at, seconds.'),
  ('pictures.score', '0.85', 'From which score of the classifier (0 to 1) a frame opens a case and is stored.'),
  ('pictures.kept_a_case', '3', 'How many frames are stored of one case at most.');

create table public.speech_rules (
  id uuid primary key default gen_random_uuid(),
  pattern text not null check (char_length(pattern) between 2 and 100 and pattern = btrim(pattern) and pattern !~ '[[:cntrl:]]'),
  kind text not null check (kind in ('words', 'threat')),
  language text check (language in ('tr', 'en')),
  created_at timestamptz not null default clock_timestamp(),
  unique (pattern, kind)
);
comment on table public.speech_rules is 'What spoken words are searched for beside the platform''s word lists of the chat: threats above all.';
comment on column public.speech_rules.id is 'Id of the rule.';
comment on column public.speech_rules.pattern is 'A word or words; with * at the end every word that begins so.';
comment on column public.speech_rules.kind is 'words, or threat: its case is critical.';
comment on column public.speech_rules.language is 'tr, en or null: for the reader of the list.';
comment on column public.speech_rules.created_at is 'When it was made.';
alter table public.speech_rules enable row level security;
grant select, insert, update, delete on public.speech_rules to service_role;
grant select, insert (pattern, kind, language), delete on public.speech_rules to authenticated;
create policy "ops see what is listened for" on public.speech_rules for select to authenticated using ((select live.am_ops()));
create policy "ops add to what is listened for" on public.speech_rules for insert to authenticated with check ((select live.am_ops()));
create policy "ops take from what is listened for" on public.speech_rules for delete to authenticated using ((select live.am_ops()));
insert into public.speech_rules (pattern, kind, language)
select w, 'threat', 'en' from unnest(string_to_array(
    'kill you,kill him,kill her,kill them,murder you,shoot you,stab you,beat you up,burn your house,blow you up,find where you live,'
    'know where you live,you are dead,you''re dead,rape you,kill yourself', ',')) as w
union all
select w, 'threat', 'tr' from unnest(string_to_array(
    'öldürürüm,öldüreceğim,öldürecem,öldüricem,öldürürüz,gebertirim,geberteceğim,gebertecem,vururum seni,seni vururum,keserim seni,'
    'seni keserim,bıçaklarım,seni bitiririm,evini yakarım,yakarım evini,evini biliyorum,kafana sıkarım,ayağını kırarım,'
    'bacağını kırarım,tecavüz ederim,geber', ',')) as w;

create table public.content_flags (
  id uuid primary key,
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  case_id uuid references public.moderation_cases (id) on delete set null,
  kind text not null check (kind in ('words', 'threat', 'picture')),
  patterns text[] not null default '{}' check (cardinality(patterns) <= 20),
  score real check (score between 0 and 1),
  clip_id uuid references public.evidence_clips (id) on delete set null,
  engine text not null check (char_length(engine) between 1 and 100),
  from_at timestamptz not null,
  to_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  check (to_at >= from_at and to_at - from_at < interval '1 minute'),
  check ((kind = 'picture') = (score is not null)),
  check ((kind = 'picture') = (cardinality(patterns) = 0))
);
comment on table public.content_flags is 'What the speech process found: which rules a person''s words met, or how a frame of their camera was scored. Never what was said.';
comment on column public.content_flags.id is 'Chosen by the process, so that a repeated write is the same flag.';
comment on column public.content_flags.session_id is 'Where. Never a call.';
comment on column public.content_flags.user_id is 'Whose words or camera. Kept when the account is deleted.';
comment on column public.content_flags.case_id is 'The case that it opened or was added to.';
comment on column public.content_flags.kind is 'words, threat or picture.';
comment on column public.content_flags.patterns is 'The rules that were met, as the lists have them: no other word of what was said.';
comment on column public.content_flags.score is 'The classifier''s score of the frame, 0 to 1.';
comment on column public.content_flags.clip_id is 'The frame that was stored.';
comment on column public.content_flags.engine is 'What transcribed or classified it.';
comment on column public.content_flags.from_at is 'Start of the words, or when the frame was taken.';
comment on column public.content_flags.to_at is 'End of the words.';
comment on column public.content_flags.created_at is 'When it was written.';
create index content_flags_of_case on public.content_flags (case_id, from_at) where case_id is not null;
create index content_flags_of_person on public.content_flags (user_id, created_at desc);
create index content_flags_of_session on public.content_flags (session_id);
create index content_flags_of_clip on public.content_flags (clip_id) where clip_id is not null;
create index content_flags_by_age on public.content_flags (created_at);
alter table public.content_flags enable row level security;
grant select on public.content_flags to authenticated, service_role;
create policy "ops see flags, but not of themselves" on public.content_flags for select to authenticated
  using ((select live.am_ops()) and user_id <> (select auth.uid()));

create table live.speech_rooms (
  room text primary key,
  worker text not null check (char_length(worker) between 1 and 100),
  until timestamptz not null
);
comment on table live.speech_rooms is 'Which speech process listens in which room, and until when: two never do.';
comment on column live.speech_rooms.room is 'LiveKit''s room.';
comment on column live.speech_rooms.worker is 'The process.';
comment on column live.speech_rooms.until is 'When another may take the room.';
alter table live.speech_rooms enable row level security;

insert into live.personal_data (table_name, whose, exported_when, setting, age, why) values
  ('public.content_flags', '{user_id}',
   'not exists (select from public.moderation_cases k where k.id = t.case_id and k.resolved_at is null)',
   'retention.incidents_days', 't.created_at',
   'Which rules a person''s words met, or how a frame of their camera was scored: what a decision and an appeal rest on. No transcript is kept.');
insert into live.personal_data (table_name, why) values
  ('public.speech_rules', 'Holds nothing about a person: what spoken words are searched for.'),
  ('live.speech_rooms', 'Holds nothing about a person: which process listens in which room, for seconds.');

-- ── who, and where ───────────────────────────────────────────────────────────────────────────────────────────────
create function live.is_flagged_speaker(p_session public.live_sessions, p_user uuid) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  who constant jsonb := live.setting('speech.who');
  about constant uuid := live.open_case_of(p_session.id, null, p_user);
begin
  return (who ? 'case' and exists (select from public.moderation_cases c where c.id = about and c.sound_kept_since is not null))
      or (who ? 'reports' and about is not null and live.credible_reporters(about) >= live.limit_of('reports_for_evidence'))
      or (who ? 'strike' and live.effective_policy(p_session) ->> 'mode' = 'enforce'
          and exists (select from public.moderation_incidents i where i.session_id = p_session.id and i.user_id = p_user)
          and exists (select from jsonb_array_elements(live.standing_strikes(p_session)) s where s ->> 'user_id' = p_user::text));
end;
$$;
comment on function live.is_flagged_speaker(public.live_sessions, uuid) is
  'Whether the words of a person in a session may be transcribed now, by speech.who. One report flags nobody, nor does a word in the chat.';

create function live.flagged_speakers(p_session public.live_sessions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(p.user_id order by p.user_id), '[]') from public.live_participants p
           where p.session_id = p_session.id and p.is_online
             and (exists (select from public.moderation_cases c
                           where c.session_id = p_session.id and c.user_id = p.user_id and c.resolved_at is null)
               or exists (select from public.moderation_incidents i where i.session_id = p_session.id and i.user_id = p.user_id))
             and live.is_flagged_speaker(p_session, p.user_id));
end;
$$;
comment on function live.flagged_speakers(public.live_sessions) is 'Who in a session is online and flagged.';

create function live.speech_lists() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_agg(jsonb_build_object('pattern', x.pattern, 'kind', x.kind, 'exact_letters', x.exact_letters)
                           order by x.kind, x.pattern, x.exact_letters)
            from (select r.pattern, r.kind, false as exact_letters from public.speech_rules r
                  union select r.pattern, 'words', r.exact_letters from public.chat_rules r where r.scope = 'platform') x);
end;
$$;
comment on function live.speech_lists() is 'What spoken words are searched for: [{pattern, kind, exact_letters}].';

create function public.speech_pull(p_worker text, p_lists text default null, p_most int default 50) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  words constant boolean := (live.setting('speech.enabled'))::boolean;
  cameras constant boolean := (live.setting('pictures.enabled'))::boolean;
  lists constant jsonb := case when words then live.speech_lists() else '[]' end;
  place record;
  rooms jsonb := '[]';
begin
  delete from live.speech_rooms l where l.until < clock_timestamp() - interval '1 minute';
  if words or cameras then
    for place in
      select s.livekit_room as room, f.flagged, (cameras and s.type = 'video_live') as looked_at
        from public.live_sessions s
       -- Most sessions have neither a case nor an incident: they cost two looks into an index.
       cross join lateral (
         select case when words and (exists (select from public.moderation_cases c where c.session_id = s.id and c.resolved_at is null)
                                     or exists (select from public.moderation_incidents i where i.session_id = s.id))
                     then live.flagged_speakers(s) else '[]' end as flagged) f
       where s.status = 'live' and (jsonb_array_length(f.flagged) > 0 or (cameras and s.type = 'video_live'))
         and not exists (select from live.speech_rooms l
                          where l.room = s.livekit_room and l.worker <> p_worker and l.until > clock_timestamp())
       order by s.started_at limit least(greatest(coalesce(p_most, 50), 1), 200)
    loop
      insert into live.speech_rooms as l (room, worker, until)
      values (place.room, p_worker, clock_timestamp() + interval '10 seconds')
      on conflict (room) do update set worker = excluded.worker, until = excluded.until
        where l.worker = excluded.worker or l.until < clock_timestamp();
      if found then
        rooms := rooms || jsonb_build_object('room', place.room, 'flagged', place.flagged, 'pictures', place.looked_at);
      end if;
    end loop;
  end if;
  return jsonb_build_object('rooms', rooms, 'at_once', live.setting('speech.at_once'),
    'every_seconds', live.setting('pictures.every_seconds'), 'score', live.setting('pictures.score'), 'lists_version', md5(lists::text))
    || case when md5(lists::text) is distinct from p_lists then jsonb_build_object('lists', lists) else '{}' end;
end;
$$;
comment on function public.speech_pull(text, text, int) is
  'For the speech process, each two seconds: where it may listen and look for the next ten: {rooms: [{room, flagged: [user_id], pictures}], at_once, '
  'every_seconds, score, lists_version, lists?: [{pattern, kind, exact_letters}] unless p_lists is their version}. p_most: rooms that it can take.';
grant execute on function public.speech_pull(text, text, int) to service_role, live_speech;

create function live.speech_place(p_worker text, p_room text) returns public.live_sessions
language plpgsql stable set search_path = '' as $$
declare
  place public.live_sessions;
begin
  select s.* into place from public.live_sessions s join live.speech_rooms l on l.room = s.livekit_room
   where s.livekit_room = p_room and s.status = 'live' and l.worker = p_worker and l.until > clock_timestamp();
  return place;
end;
$$;
comment on function live.speech_place(text, text) is 'The live session in which this process listens now; nulls when it is another''s.';

-- ── what was found ───────────────────────────────────────────────────────────────────────────────────────────────
create function public.speech_flag(p_worker text, p_row jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant public.live_sessions := live.speech_place(p_worker, p_row ->> 'room');
  who constant uuid := (p_row ->> 'user_id')::uuid;
  found_kind text;
  met text[];
  about uuid;
begin
  if exists (select from public.content_flags f where f.id = (p_row ->> 'id')::uuid) then
    return jsonb_build_object('ok', true);
  elsif session.id is null or not (live.setting('speech.enabled'))::boolean or not live.is_flagged_speaker(session, who) then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  end if;
  -- Only what the lists have is written: no process, right or wrong, can put a transcript here.
  select array_agg(distinct x.pattern), case when bool_or(x.kind = 'threat') then 'threat' else 'words' end
    into met, found_kind
    from jsonb_array_elements_text(p_row -> 'patterns') p (pattern)
    join jsonb_to_recordset(live.speech_lists()) as x (pattern text, kind text) using (pattern);
  if met is null then
    return jsonb_build_object('ok', false, 'error', 'no_match');
  end if;
  about := live.open_case(session.id, null, who, case found_kind when 'threat' then 'critical' else 'warning' end, 'speech');
  insert into public.content_flags (id, session_id, user_id, case_id, kind, patterns, engine, from_at, to_at)
  values ((p_row ->> 'id')::uuid, session.id, who, about, found_kind, met[1:20], p_row ->> 'engine',
          (p_row ->> 'from_at')::timestamptz, (p_row ->> 'to_at')::timestamptz);
  -- One clip holds half a minute: what is said within that is in it.
  if (live.setting('evidence.seconds'))::int > 0 and not exists (
      select from live.evidence_orders o where o.case_id = about and o.asked_at > clock_timestamp() - interval '30 seconds') then
    perform live.keep_sound(about, 'speech');
  end if;
  return jsonb_build_object('ok', true, 'case_id', about);
end;
$$;
comment on function public.speech_flag(text, jsonb) is
  'Words of a flagged speaker met the lists: {"id", "room", "user_id", "patterns", "engine", "from_at", "to_at"} -> {"ok", "case_id"?, "error"?: no_cause, '
  'no_match}. Opens the person''s case and asks the worker for a clip; mutes nobody. The same id again is the same flag.';
grant execute on function public.speech_flag(text, jsonb) to service_role, live_speech;

create function public.picture_found(p_worker text, p_row jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant public.live_sessions := live.speech_place(p_worker, p_row ->> 'room');
  who constant uuid := (p_row ->> 'user_id')::uuid;
  clip constant uuid := (p_row ->> 'id')::uuid;
  about uuid;
  kept boolean;
begin
  if session.id is null or session.type <> 'video_live' or not (live.setting('pictures.enabled'))::boolean
      or (p_row ->> 'score')::real < (live.setting('pictures.score'))::real
      or not exists (select from public.live_participants p where p.session_id = session.id and p.user_id = who and p.is_online) then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  elsif exists (select from public.content_flags f where f.id = clip) then
    return jsonb_build_object('ok', true, 'path', (
      select c.path from public.evidence_clips c where c.id = clip and c.stored_at is null and c.deleted_at is null));
  end if;
  about := live.open_case(session.id, null, who, 'warning', 'picture');
  kept := (select count(*) from public.evidence_clips c where c.case_id = about and c.kind = 'picture')
          < (live.setting('pictures.kept_a_case'))::int;
  if kept then
    insert into public.evidence_clips (id, session_id, case_id, user_id, why, kind, from_at, to_at, path, retention_until)
    values (clip, session.id, about, who, 'picture', 'picture', (p_row ->> 'at')::timestamptz, (p_row ->> 'at')::timestamptz,
            session.id || '/' || clip || '.jpg', clock_timestamp() + make_interval(days => (live.setting('evidence.unreviewed_days'))::int));
  end if;
  insert into public.content_flags (id, session_id, user_id, case_id, kind, score, clip_id, engine, from_at, to_at)
  values (clip, session.id, who, about, 'picture', (p_row ->> 'score')::real, case when kept then clip end, p_row ->> 'engine',
          (p_row ->> 'at')::timestamptz, (p_row ->> 'at')::timestamptz);
  return jsonb_build_object('ok', true, 'case_id', about, 'path', (select c.path from public.evidence_clips c where c.id = clip));
end;
$$;
comment on function public.picture_found(text, jsonb) is
  'A frame of somebody''s camera was scored high: {"id", "room", "user_id", "score", "engine", "at"} -> {"ok", "case_id"?, "path"?: where to store it, '
  'null where the case has enough, "error"?: no_cause}. Opens the person''s case; takes nobody''s camera. The same id again is the same flag.';
grant execute on function public.picture_found(text, jsonb) to service_role, live_speech;

create function public.picture_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from public.evidence_clips c where c.id = p_id and c.kind = 'picture') then
    return jsonb_build_object('ok', false);
  end if;
  return public.agent_evidence_stored(p_worker, p_id, p_sha256, p_bytes);
end;
$$;
comment on function public.picture_stored(text, uuid, text, int) is 'The file of a frame is there: {"ok"}, as agent_evidence_stored.';
grant execute on function public.picture_stored(text, uuid, text, int) to service_role, live_speech;

create function live.frame_is_awaited(p_path text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.evidence_clips c
                  where c.path = p_path and c.kind = 'picture' and c.stored_at is null and c.deleted_at is null);
end;
$$;
comment on function live.frame_is_awaited(text) is 'Whether a frame is to be stored under this name: the speech process may, once.';
grant execute on function live.frame_is_awaited(text) to live_speech;
create policy "the speech process stores the frames that were asked for" on storage.objects for insert to live_speech
  with check (bucket_id = 'evidence' and live.frame_is_awaited(name));

create function live.flags_json(p_case uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(to_jsonb(f) order by f.from_at), '[]')
            from (select x.* from public.content_flags x where x.case_id = p_case order by x.from_at limit 200) f);
end;
$$;
comment on function live.flags_json(uuid) is 'What the speech process found in a case.';

-- schemas/94_console_lists.sql
-- Owns: the lists of the console, each one page of what the database sorts: the live rooms (console_rooms) and the people of a
-- room (console_people). What is not on the page is counted, never guessed.

create index live_audio_stats_recent on public.live_audio_stats (session_id, minute desc);

create function live.page_of(p_limit int) returns int
language plpgsql immutable set search_path = '' as $$
begin
  return least(greatest(coalesce(p_limit, 60), 1), 200);
end;
$$;
comment on function live.page_of(int) is 'How many rows a page of the console has: 60 unless asked, 200 at most.';

create function live.room_facts(p_session public.live_sessions, p_leases boolean,
  out incidents int, out worst text, out loud_user uuid, out loud_lufs double precision, out hands int, out worker text,
  out claimed_at timestamptz, out trouble text[])
language plpgsql stable set search_path = '' as $$
begin
  select count(*), max(case i.severity when 'critical' then '3critical' when 'warning' then '2warning' else '1info' end) into incidents, worst
    from public.moderation_incidents i
   where i.session_id = p_session.id and i.started_at > clock_timestamp() - interval '10 minutes';
  worst := substr(worst, 2);
  select a.user_id, a.loudness_lufs into loud_user, loud_lufs
    from public.live_audio_stats a
   where a.session_id = p_session.id and a.minute > clock_timestamp() - interval '3 minutes' and a.loudness_lufs is not null
   order by a.loudness_lufs desc limit 1;
  select count(*) into hands
    from public.live_participants p where p.session_id = p_session.id and p.hand_raised_at is not null;
  select r.worker_id, r.claimed_at into worker, claimed_at
    from public.agent_rooms r where p_leases and r.room = p_session.livekit_room and r.lease_expires_at > clock_timestamp();
  trouble := array_remove(array[
    -- A room without an agent is given this long: dispatch and take-over need seconds.
    case when p_leases and worker is null and p_session.started_at < clock_timestamp() - interval '10 seconds' then 'no_agent' end,
    case when worst in ('warning', 'critical') then 'incidents' end,
    case when p_session.host_left_at is not null then 'host_gone' end], null);
end;
$$;
comment on function live.room_facts(public.live_sessions, boolean) is
  'What a list shows of a live room beside its own row: incidents of ten minutes, the loudest of three, raised hands, the lease, and what is trouble.';

create function live.livekit_away() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  -- A worker that does not see LiveKit offers its rooms at each look; another that sees it takes them at once.
  return exists (select from public.agent_rooms r
                  where r.lease_expires_at > clock_timestamp() and r.offered_at > clock_timestamp() - interval '20 seconds');
end;
$$;
comment on function live.livekit_away() is 'Whether workers hold rooms and do not see LiveKit: what is known of who is there is old.';

create function live.workers_away() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  -- As long as a room without an agent is given: dispatch and take-over need seconds.
  return exists (select from public.live_sessions s where s.status = 'live' and s.started_at < clock_timestamp() - interval '10 seconds')
     and not exists (select from public.agent_rooms r where r.lease_expires_at > clock_timestamp());
end;
$$;
comment on function live.workers_away() is 'Whether there are live rooms and no worker holds any: nothing is measured or enforced.';

create function public.console_rooms(search text default '', type text default null, trouble_only boolean default false,
                                     sort text default 'trouble', "limit" int default 60, skip int default 0) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  is_ops constant boolean := live.am_ops();
  wanted constant text := live.searchable(console_rooms.search);
  answer jsonb;
begin
  perform live.refuse_deleted(me);
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  with mine as (
    select s as session, f.*
      from public.live_sessions s
      left join live.names n on wanted <> '' and n.user_id = s.creator_id
      cross join lateral live.room_facts(s, is_ops) f
     where s.status = 'live'
       and (is_ops or s.id in (select live.my_staffed_sessions()))
       and (console_rooms.type is null or s.type = console_rooms.type)
       and (wanted = '' or position(wanted in live.searchable(s.title)) > 0 or position(wanted in n.folded) > 0
            or left(s.id::text, length(wanted)) = wanted)
  ), shown as (
    select m.*, row_number() over (order by
             case console_rooms.sort
               when 'people' then (m.session).viewer_count
               when 'peak' then (m.session).peak_viewers
               when 'gifts' then (m.session).total_gift_coins
               when 'loudness' then coalesce(m.loud_lufs, -1000)
               when 'hands' then m.hands
               when 'seconds' then extract(epoch from clock_timestamp() - (m.session).started_at)
               when 'title' then null
               else 1000 * cardinality(m.trouble) + m.incidents end desc nulls last,
             case when console_rooms.sort = 'title' then live.searchable((m.session).title) end,
             (m.session).viewer_count desc, (m.session).started_at, (m.session).id) as place
      from mine m
     where not console_rooms.trouble_only or m.trouble <> '{}'
  )
  select jsonb_build_object(
           'total', (select count(*) from mine), 'matched', (select count(*) from shown),
           'troubled', (select count(*) from mine m where m.trouble <> '{}'),
           'livekit_away', live.livekit_away(), 'workers_away', is_ops and live.workers_away(),
           'rooms', (
             select coalesce(jsonb_agg(jsonb_build_object(
                      'session', live.columns_of(to_jsonb(s.session), array[
                        'id', 'creator_id', 'type', 'access_type', 'title', 'livekit_room', 'status', 'started_at', 'ended_at', 'host_left_at',
                        'viewer_count', 'peak_viewers', 'total_gift_coins', 'mute_all_rank']),
                      'creator', live.console_card((s.session).creator_id), 'incidents', s.incidents, 'worst', s.worst, 'hands', s.hands,
                      'loudest', case when s.loud_user is not null
                                      then live.console_card(s.loud_user) || jsonb_build_object('lufs', s.loud_lufs) end,
                      'agent', case when not is_ops then null
                                    else jsonb_build_object('worker', s.worker, 'claimed_at', s.claimed_at) end,
                      'trouble', s.trouble) order by s.place), '[]')
               from (select * from shown order by place limit live.page_of(console_rooms."limit") offset greatest(coalesce(console_rooms.skip, 0), 0)) s))
    into answer;
  return answer;
end;
$$;
comment on function public.console_rooms(text, text, boolean, text, int, int) is
  'A page of the live rooms that the caller moderates (ops: all): {total, troubled, matched, livekit_away, workers_away, rooms: [{session, creator, incidents, worst, loudest, hands, '
  'agent, trouble}]}. search: part of the title or of the creator''s name, or the beginning of the id; sort: trouble, people, peak, seconds, gifts, loudness, hands, title.';

create function live.console_card(p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return live.card(p_user) || jsonb_build_object('username', (select f.username from public.profiles f where f.id = p_user));
end;
$$;
comment on function live.console_card(uuid) is 'live.card with the username, which tells people of one name apart.';

create function live.seat_facts(p_seat public.live_participants, p_limit double precision, out lufs double precision, out incidents int, out trouble int)
language plpgsql stable set search_path = '' as $$
begin
  select a.loudness_lufs into lufs
    from public.live_audio_stats a
   where a.session_id = p_seat.session_id and a.user_id = p_seat.user_id and a.minute > clock_timestamp() - interval '3 minutes'
     and a.loudness_lufs is not null
   order by a.minute desc limit 1;
  select count(*) into incidents
    from public.moderation_incidents i
   where i.session_id = p_seat.session_id and i.user_id = p_seat.user_id and i.started_at > clock_timestamp() - interval '10 minutes';
  trouble := incidents + case when lufs > p_limit then 1 else 0 end;
end;
$$;
comment on function live.seat_facts(public.live_participants, double precision) is
  'Loudness of somebody''s latest minute, incidents of ten minutes, and how much of that is trouble. p_limit: the policy''s, LUFS.';

create function public.console_people(session_id uuid, search text default '', sort text default 'trouble', "limit" int default 60,
                                      skip int default 0, heard uuid[] default '{}') returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := live.require_moderator(console_people.session_id);
  wanted constant text := live.searchable(console_people.search);
  loud constant double precision := coalesce((public.session_policy(console_people.session_id) #>> '{too_loud,threshold_lufs}')::double precision, 0);
  answer jsonb;
begin
  with troubled as (
    -- Only those of whom something was measured or written can be trouble: few, of whatever number is there.
    select p.user_id, f.*
      from public.live_participants p cross join lateral live.seat_facts(p, loud) f
     where p.session_id = console_people.session_id and p.user_id in (
       select a.user_id from public.live_audio_stats a
        where a.session_id = console_people.session_id and a.minute > clock_timestamp() - interval '3 minutes'
       union
       select i.user_id from public.moderation_incidents i
        where i.session_id = console_people.session_id and i.started_at > clock_timestamp() - interval '10 minutes')
  ), found as (
    select p as seat, t.lufs, coalesce(t.incidents, 0) as incidents, coalesce(t.trouble, 0) as trouble,
           live.rank_of_role(p.role) as rank
      from public.live_participants p
      left join troubled t on t.user_id = p.user_id
      left join live.names n on wanted <> '' and n.user_id = p.user_id
     where p.session_id = console_people.session_id
       and (wanted = '' or position(wanted in n.folded) > 0 or left(p.user_id::text, length(wanted)) = wanted)
  ), placed as (
    select f.*, row_number() over (order by
             (f.seat).is_online desc,
             (f.seat).user_id = any(coalesce(console_people.heard, '{}')) desc,
             case console_people.sort
               when 'loudness' then coalesce(f.lufs, -1000)
               when 'hands' then extract(epoch from clock_timestamp() - (f.seat).hand_raised_at)
               when 'role' then null
               else f.trouble end desc nulls last,
             f.rank desc, (f.seat).mic_muted desc, (f.seat).hand_raised_at nulls last, (f.seat).last_joined_at, (f.seat).user_id) as place
      from found f
  )
  select jsonb_build_object(
           'total', (select count(*) from public.live_participants p where p.session_id = console_people.session_id),
           'online', (select count(*) from public.live_participants p where p.session_id = console_people.session_id and p.is_online),
           'matched', (select count(*) from found),
           'me', (select to_jsonb(x) from (select p.role, p.user_id from public.live_participants p
                                            where p.session_id = console_people.session_id and p.user_id = me) x),
           'hands', (select coalesce(jsonb_agg(live.console_seat(h) order by h.hand_raised_at), '[]')
                       from (select * from public.live_participants p
                              where p.session_id = console_people.session_id and p.hand_raised_at is not null
                              order by p.hand_raised_at limit 50) h),
           'people', (select coalesce(jsonb_agg(live.console_seat(p.seat) || jsonb_build_object(
                               'lufs', p.lufs, 'incidents', p.incidents, 'trouble', p.trouble) order by p.place), '[]')
                        from (select * from placed order by place
                               limit live.page_of(console_people."limit") offset greatest(coalesce(console_people.skip, 0), 0)) p))
    into answer;
  return answer;
end;
$$;
comment on function public.console_people(uuid, text, text, int, int, uuid[]) is
  'A page of the people of a session, for its staff and ops: {total, online, matched, me, hands, people}. search: part of a name, or the beginning of the id; '
  'sort: trouble, loudness, hands, role. heard: who is heard just now and must not be missing, before everybody else who is there.';

create function live.rank_of_role(p_role text) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select max(r.rank) from public.live_roles r where r.role = p_role);
end;
$$;
comment on function live.rank_of_role(text) is 'The rank of a role, whatever the session''s type.';

create function live.console_seat(p_seat public.live_participants) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return live.columns_of(to_jsonb(p_seat), array['session_id', 'user_id', 'role', 'mic_muted', 'mic_muted_until', 'camera_off', 'chat_muted_until',
                                                 'hand_raised_at', 'invited_role', 'is_online', 'last_joined_at', 'left_at', 'watch_seconds'])
    || jsonb_build_object('card', live.console_card(p_seat.user_id));
end;
$$;
comment on function live.console_seat(public.live_participants) is 'A person''s place in a session as the console shows it, with their card.';

grant execute on function public.console_rooms(text, text, boolean, text, int, int),
  public.console_people(uuid, text, text, int, int, uuid[]) to authenticated;

-- schemas/94_export.sql
-- Owns: the export of what the live platform holds of the caller, and the indexes by which exports and retention find rows.

create index live_media_of_person on public.live_media (user_id, started_at desc);
create index moderation_cases_of_person on public.moderation_cases (user_id, opened_at desc);
-- Rows come in the order of time, so that a few pages tell where the old ones are, and writing costs nothing.
create index live_messages_by_age on public.live_messages using brin (created_at) with (pages_per_range = 32);
create index live_events_by_age on public.live_events using brin (created_at) with (pages_per_range = 32);
create index live_visits_by_age on public.live_visits using brin (left_at) with (pages_per_range = 32);
create index live_audio_stats_by_age on public.live_audio_stats using brin (minute) with (pages_per_range = 32);
create index moderation_incidents_by_age on public.moderation_incidents using brin (created_at) with (pages_per_range = 32);
create index moderation_actions_by_age on public.moderation_actions using brin (created_at) with (pages_per_range = 32);
-- These come in another order, or are few.
create index live_media_by_age on public.live_media (ended_at) where ended_at is not null;
create index live_participants_by_age on public.live_participants (coalesce(left_at, last_joined_at, created_at));
create index moderation_cases_by_age on public.moderation_cases (resolved_at) where resolved_at is not null;
create index live_bans_by_age on public.live_bans (coalesce(lifted_at, expires_at));
create index calls_by_age on public.calls (ended_at) where ended_at is not null;
-- A deleted row is looked for in all that refer to it.
create index moderation_actions_of_call on public.moderation_actions (call_id) where call_id is not null;
create index moderation_actions_superseded_by on public.moderation_actions (superseded_by) where superseded_by is not null;
create index moderation_incidents_of_action on public.moderation_incidents (action_id) where action_id is not null;

create function live.rows_of(p_user uuid, p_table text) returns text
language plpgsql stable set search_path = '' as $$
begin
  return (select string_agg(format('t.%I = $1', c), ' or ') from live.personal_data d, unnest(d.whose) as c where d.table_name = p_table);
end;
$$;
comment on function live.rows_of(uuid, text) is 'Condition (alias t, $1 = the person) for a row to be of a person; null for a table that has none.';

create function live.key_of(p_table text) returns text
language plpgsql stable set search_path = '' as $$
begin
  return (
    select string_agg(format('t.%I', a.attname), ', ' order by k.n)
      from pg_catalog.pg_index i, unnest(i.indkey::int[]) with ordinality as k (attnum, n), pg_catalog.pg_attribute a
     where i.indrelid = p_table::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.attnum);
end;
$$;
comment on function live.key_of(text) is 'The columns of a table''s primary key (alias t), by which its rows have an order that stays.';

create function live.export_rows(p_user uuid, p_table text, p_skip int, p_most int) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  line live.personal_data;
  rows jsonb;
begin
  select * into line from live.personal_data d where d.table_name = p_table;
  execute format('select coalesce(jsonb_agg(x.row), ''[]'') from (select to_jsonb(t) - $2 as row from %s t '
                 'where (%s) and (%s) order by %s offset $3 limit $4) x',
                 p_table, live.rows_of(p_user, p_table), line.exported_when, live.key_of(p_table))
     into rows using p_user, line.others || array['join_permission', 'desired_xid', 'idempotency_key'], p_skip, p_most;
  if p_table = 'public.moderation_actions' then
    -- Who acted against a person is somebody else's data, and might be made to pay for it.
    rows := (select coalesce(jsonb_agg(
               case when r ->> 'requested_by' = p_user::text then r else r - 'requested_by' end
               order by n), '[]') from jsonb_array_elements(rows) with ordinality as e (r, n));
  end if;
  return rows;
end;
$$;
comment on function live.export_rows(uuid, text, int, int) is 'Rows of a person in a table, without the ids of others who acted.';

create function public.export_my_data(p_table text default null, p_skip int default 0) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  most constant int := 1000;
  me constant uuid := auth.uid();
  tables jsonb := '{}';
  further jsonb := '{}';
  rows jsonb;
  name text;
begin
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(me);
  -- Before anything that waits: a second one would wait for the first, holding a connection.
  if not live.take_place('export', me::text, 1) then
    perform live.refuse(429, 'too_many_reads', 'Your data is being exported already: wait for the answer.');
  end if;
  perform live.spend(me, 'exports_per_minute');
  if p_skip is null or p_skip < 0 or p_skip > 10000000 or (p_table is not null and not exists (
       select from live.personal_data d where d.table_name = p_table and d.whose <> '{}')) then
    perform live.refuse(400, 'bad_request', 'Name a table of the export (p_table) and a number of rows (p_skip).');
  end if;
  for name in
    select d.table_name from live.personal_data d
     where d.whose <> '{}' and (p_table is null or d.table_name = p_table) order by d.table_name
  loop
    rows := live.export_rows(me, name, p_skip, most + 1);
    if jsonb_array_length(rows) > most then
      rows := rows - most;
      further := further || jsonb_build_object(name, p_skip + most);
    end if;
    tables := tables || jsonb_build_object(name, rows);
  end loop;
  return jsonb_build_object('user_id', me, 'made_at', clock_timestamp(), 'tables', tables, 'further', further,
    'kept', (select jsonb_object_agg(d.table_name, jsonb_build_object('why', d.why, 'days', live.setting(d.setting)))
               from live.personal_data d where tables ? d.table_name));
end;
$$;
comment on function public.export_my_data(text, int) is
  'Everything that the live platform holds of the caller: {user_id, made_at, tables: {name: [row]}, further: {name: skip}, '
  'kept: {name: {why, days}}}; 1000 rows a table at most: for each name in further ask again with p_table and p_skip. One at a time for one person.';
grant execute on function public.export_my_data(text, int) to authenticated;
update public.app_settings set value = value || '{"exports_per_minute": 12}' where key = 'limits';

-- schemas/94_listening_in.sql
-- Owns: listening in: somebody of ops hears a room that they judge, hidden, for ten minutes, with a reason on record. In
-- sessions alone, never in calls. The record is an action, listen, that nobody but ops reads.

insert into public.live_actions (action, aspect, scope, needs_target, in_calls, needs_agent, params_schema, min_rank, undone_by, automatic,
                                 after_end, expires_after, columns, place, description)
select 'listen', null, 'session', false, false, false,
       live.object_schema(jsonb_build_object('case_id', '{"type": "string", "format": "uuid"}'::jsonb)), live.rank_of_ops(), null, false, false,
       null, '{}', max(a.place) + 1, 'somebody of ops hears the room, hidden, for ten minutes; only ops see the row'
  from public.live_actions a;

create function live.do_listen(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return '{}';
end;
$$;
comment on function live.do_listen(public.moderation_actions) is 'Changes nothing in the session: the row is the record.';

create table live.listens (
  action_id uuid primary key references public.moderation_actions (id) on delete cascade,
  user_id uuid not null,
  room text not null,
  identity text not null unique,
  ends_at timestamptz not null
);
comment on table live.listens is 'Who of ops may be in a room, hidden, until when: past that the sweep has them removed.';
comment on column live.listens.action_id is 'The action listen that is its record.';
comment on column live.listens.user_id is 'Who of ops.';
comment on column live.listens.room is 'LiveKit''s room.';
comment on column live.listens.identity is 'Their identity there, ops-<uuid>: nobody''s in the app, so that it makes no visit and no figure.';
comment on column live.listens.ends_at is 'When they must be out.';
create index listens_of_user on live.listens (user_id);
create index listens_by_end on live.listens (ends_at);
alter table live.listens enable row level security;
insert into live.personal_data (table_name, others, why) values
  ('live.listens', '{user_id}',
   'Who of ops is in a room until when: deleted by the sweep a minute after it is over. Not exported: the action is the record.');

create function public.ops_listen(p_user uuid, p_session uuid, p_reason text, p_case uuid default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
  made public.moderation_actions;
  listen live.listens;
begin
  perform live.refuse_deleted(p_user);
  if not live.is_ops(p_user) or live.ops_rank(p_user) <= 0 then
    perform live.refuse_others_than_ops();
  end if;
  select * into session from public.live_sessions s where s.id = p_session;
  if session.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif session.status <> 'live' then
    perform live.refuse(409, 'session_not_live', 'The session is not live.');
  elsif btrim(coalesce(p_reason, '')) = '' and p_case is null then
    perform live.refuse(400, 'reason_needed', 'Say why, or name the case: listening in is on record.');
  elsif p_case is not null and not exists (select from public.moderation_cases c where c.id = p_case) then
    perform live.refuse(404, 'unknown_case', 'There is no such case.');
  end if;
  insert into public.moderation_actions (session_id, action, params, reason, requested_by, requested_via)
  values (session.id, 'listen', jsonb_strip_nulls(jsonb_build_object('case_id', p_case)), p_reason, p_user, 'ops')
  returning * into made;
  -- One room at a time: the one before is over.
  update live.listens l set ends_at = clock_timestamp() where l.user_id = p_user and l.ends_at > clock_timestamp();
  insert into live.listens (action_id, user_id, room, identity, ends_at)
  values (made.id, p_user, session.livekit_room, 'ops-' || gen_random_uuid(), clock_timestamp() + interval '10 minutes')
  returning * into listen;
  return jsonb_build_object('action_id', made.id, 'room', listen.room, 'identity', listen.identity, 'ends_at', listen.ends_at);
end;
$$;
comment on function public.ops_listen(uuid, uuid, text, uuid) is
  'Lets somebody of ops listen in to a live session, and puts that on record: {action_id, room, identity, ends_at}. For the edge function ops-listen. '
  'Refuses ops_only, reason_needed, unknown_session, session_not_live, unknown_case.';
grant execute on function public.ops_listen(uuid, uuid, text, uuid) to service_role;

create function public.stop_listening() returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  ended int;
begin
  perform live.require_ops();
  update live.listens l set ends_at = clock_timestamp() where l.user_id = auth.uid() and l.ends_at > clock_timestamp();
  get diagnostics ended = row_count;
  return jsonb_build_object('ended', ended);
end;
$$;
comment on function public.stop_listening() is 'Somebody of ops is done with listening in: {ended}. The sweep sees to it that they are out.';

create function public.listening_digest(since timestamptz default now() - interval '7 days') returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  return (
    select coalesce(jsonb_agg(to_jsonb(d) order by d.times desc, d.user_id), '[]') from (
      select a.requested_by as user_id, live.shown_name(a.requested_by) as name, count(*) as times, count(distinct a.session_id) as sessions,
             count(*) filter (where a.params ? 'case_id') as with_case, max(a.created_at) as latest
        from public.moderation_actions a
       where a.action = 'listen' and a.created_at >= listening_digest.since
       group by a.requested_by) d);
end;
$$;
comment on function public.listening_digest(timestamptz) is
  'Who of ops has listened in how often since a time, for those who lead them: [{user_id, name, times, sessions, with_case, latest}].';
grant execute on function public.stop_listening(), public.listening_digest(timestamptz) to authenticated;

create function live.listens_over() returns jsonb
language plpgsql set search_path = '' as $$
begin
  delete from live.listens l where l.ends_at < clock_timestamp() - interval '1 minute';
  -- Again and again for a minute: somebody who is out is removed from nothing.
  return (select coalesce(jsonb_agg(jsonb_build_object('room', l.room, 'identity', l.identity) order by l.ends_at), '[]')
            from live.listens l where l.ends_at < clock_timestamp());
end;
$$;
comment on function live.listens_over() is 'Whom of ops the agent has to remove from which room, because their time is over: [{room, identity}].';

-- schemas/94_policy_editor.sql
-- Owns: what somebody who edits the policy needs: its fields with their bounds, an estimate of what a policy would have done with
-- what was measured (live_audio_stats.measured.histogram), and the change of one session's policy with a reason on record.

alter table public.app_setting_changes add column session_id uuid references public.live_sessions (id) on delete set null;
comment on column public.app_setting_changes.session_id is 'Of a session''s own policy: which session. Null for a setting of the platform.';
create index app_setting_changes_of_session on public.app_setting_changes (session_id) where session_id is not null;

create function public.policy_form() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  return jsonb_build_object('shape', live.policy_shape(), 'rung', live.rung_shape(), 'presets', live.policy_presets());
end;
$$;
comment on function public.policy_form() is
  'For ops: the fields of a policy (a number as [default, lowest, highest], anything else as its default), those of a rung, and the presets.';

create function live.seconds_above(p_histogram jsonb, p_limit double precision) returns double precision
language plpgsql immutable set search_path = '' as $$
begin
  return coalesce((
    select sum(h.value::double precision * least(1, greatest(0, h.key::int + 1 - p_limit)))
      from jsonb_each_text(p_histogram) h), 0);
end;
$$;
comment on function live.seconds_above(jsonb, double precision) is
  'Seconds of a minute above a limit in LUFS, by its histogram: {"-12": seconds from -12 up to -11, …}. Within a decibel they count as spread evenly.';

create function live.top_rung(p_ladder jsonb, p_ceiling text, p_role text) returns int
language plpgsql immutable set search_path = '' as $$
declare
  steps constant text[] := '{notice,warning,mute,demote,call_human}';
  highest constant int := least(array_position(steps, p_ceiling),
    case p_role when 'host' then 1 when 'co_host' then 2 when 'moderator' then 2 else 5 end);
begin
  return (select count(*) from jsonb_array_elements(p_ladder) r where array_position(steps, r ->> 'step') <= highest);
end;
$$;
comment on function live.top_rung(jsonb, text, text) is 'How many rungs of a ladder a rule and a role allow: as escalation in the agent has it.';

create function live.climb(p_policy jsonb, p_role text, p_over double precision, p_minute timestamptz, inout strikes double precision,
                           inout rung int, inout at timestamptz)
language plpgsql immutable set search_path = '' as $$
declare
  loud constant jsonb := p_policy -> 'too_loud';
  ladder constant jsonb := p_policy -> 'ladder';
  top int;
  rest double precision := p_over - (loud ->> 'grace_seconds')::double precision;
  one jsonb;
begin
  if rest < 0 or p_over <= 0 or not (loud ->> 'enabled')::boolean then
    return;
  end if;
  top := live.top_rung(ladder, loud ->> 'ceiling', p_role);
  if top = 0 then
    return;
  end if;
  strikes := strikes * power(0.5, extract(epoch from p_minute - at) / (p_policy #>> '{strikes,half_life_seconds}')::double precision);
  if strikes < (p_policy #>> '{strikes,clean_below}')::double precision then
    strikes := 0;
    rung := 0;
  end if;
  at := p_minute;
  while rest >= 0 loop
    strikes := strikes + (loud ->> 'weight')::double precision;
    rung := greatest(rung, least(rung + 1, top, (
      select count(*) from jsonb_array_elements(ladder) r where (r ->> 'strikes')::double precision <= strikes)::int));
    one := ladder -> greatest(rung - 1, 0);
    exit when one ->> 'step' = 'mute' or rung = top;
    rest := rest - greatest((one ->> 'cooldown_seconds')::double precision, 1) - (loud ->> 'grace_seconds')::double precision;
  end loop;
end;
$$;
comment on function live.climb(jsonb, text, double precision, timestamptz, double precision, int, timestamptz) is
  'What a minute with so many seconds above the limit adds to a record: one rung at a time, strikes halve with time. A rough likeness of the agent''s '
  'escalation: all of a minute''s loud seconds count as one stretch.';

create function live.would_have(p_platform jsonb, p_session uuid, p_own jsonb, p_since timestamptz, p_rows int) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  steps constant text[] := '{notice,warning,mute,demote,call_human}';
  people int[] := '{0,0,0,0,0}';
  item record;
  policy jsonb;
  session_id uuid;
  user_id uuid;
  highest int;
  place int;
  state record;
begin
  for item in
    select m.*, s.moderation, p.role
      from (select a.session_id, a.user_id, a.minute, a.measured -> 'histogram' as histogram
              from public.live_audio_stats a
             where a.minute >= p_since and a.measured ? 'histogram' and (p_session is null or a.session_id = p_session)
             order by a.minute desc limit p_rows) m
      join public.live_sessions s on s.id = m.session_id
      left join public.live_participants p on p.session_id = m.session_id and p.user_id = m.user_id
     order by m.session_id, m.user_id, m.minute
  loop
    if item.session_id is distinct from session_id then
      session_id := item.session_id;
      user_id := null;
      policy := live.merged_policy(live.default_policy(), live.merged_policy(
        live.with_preset(p_platform), live.with_preset(coalesce(p_own, item.moderation))));
    end if;
    if item.user_id is distinct from user_id then
      user_id := item.user_id;
      highest := 0;
      select 0::double precision as strikes, 0 as rung, item.minute as at into state;
    end if;
    select * into state from live.climb(
      policy, item.role, live.seconds_above(item.histogram, (policy #>> '{too_loud,threshold_lufs}')::double precision),
      item.minute, state.strikes, state.rung, state.at);
    while highest < state.rung loop
      place := array_position(steps, policy -> 'ladder' -> highest ->> 'step');
      people[place] := people[place] + 1;
      highest := highest + 1;
    end loop;
  end loop;
  return (select jsonb_object_agg(steps[n], people[n]) from generate_series(1, 5) n);
end;
$$;
comment on function live.would_have(jsonb, uuid, jsonb, timestamptz, int) is
  'How many people (each once a session) would have reached each step of the ladder for being too loud: {notice, warning, mute, demote, call_human}. '
  'p_own: instead of the sessions'' own policies.';

create function public.estimate_policy(policy jsonb, session_id uuid default null, days int default 7) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  rows_at_most constant int := 20000;
  since constant timestamptz := clock_timestamp() - make_interval(days => least(greatest(coalesce(estimate_policy.days, 7), 1), 90));
  platform constant jsonb := coalesce(live.setting('moderation.policy'), '{}');
  fault constant text := live.policy_fault(estimate_policy.policy);
  session constant uuid := estimate_policy.session_id;
begin
  perform live.require_ops();
  if fault is not null then
    perform live.refuse(400, 'bad_policy', fault);
  end if;
  return (
    select jsonb_build_object('since', live.instant(coalesce(min(m.minute), since)), 'minutes', count(*), 'people', count(distinct (m.session_id, m.user_id)),
                              'cut', count(*) >= rows_at_most)
      from (select a.session_id, a.user_id, a.minute from public.live_audio_stats a
             where a.minute >= since and a.measured ? 'histogram' and (session is null or a.session_id = session)
             order by a.minute desc limit rows_at_most) m)
    || jsonb_build_object(
      'now', live.would_have(platform, session, null, since, rows_at_most),
      'then', case when session is null then live.would_have(estimate_policy.policy, null, null, since, rows_at_most)
                   else live.would_have(platform, session, estimate_policy.policy, since, rows_at_most) end);
end;
$$;
comment on function public.estimate_policy(jsonb, uuid, int) is
  'For ops: what a policy of the platform, or of one session, would have done for being too loud in the last days (7 unless asked, 90 at most) in the measured '
  'minutes, the newest 20,000 of them, beside what holds now: {since, minutes, people, cut, now, then}; now and then: people by the steps that they would have '
  'reached. An estimate from seconds by decibel a minute, not a replay.';

create function public.change_session_policy(session_id uuid, policy jsonb, reason text, seen jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  before jsonb;
begin
  perform live.require_ops();
  if btrim(coalesce(change_session_policy.reason, '')) = '' then
    perform live.refuse(400, 'reason_needed', 'Say why: it concerns everybody, and is on record.');
  elsif live.text_fault(change_session_policy.reason, 1000, true) is not null then
    perform live.refuse(400, 'bad_reason', format('A reason %s.', live.text_fault(change_session_policy.reason, 1000, true)));
  end if;
  select s.moderation into before from public.live_sessions s where s.id = change_session_policy.session_id for no key update;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif change_session_policy.seen is not null and change_session_policy.seen <> before then
    return jsonb_build_object('changed', false);
  end if;
  update public.live_sessions s set moderation = change_session_policy.policy where s.id = change_session_policy.session_id;
  insert into public.app_setting_changes (key, session_id, before, after, requested_by, requested_via, reason)
  values ('moderation.policy', change_session_policy.session_id, before, change_session_policy.policy, auth.uid(),
          case when live.through_assistant() then 'assistant' else 'ops' end, btrim(change_session_policy.reason));
  return jsonb_build_object('changed', true);
end;
$$;
comment on function public.change_session_policy(uuid, jsonb, text, jsonb) is
  'Ops change a session''s own policy and say why: {changed}. seen: as it was read; changed = false when somebody was quicker. Refuses bad_policy, unknown_session.';

create function public.own_session_policy(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  return (select s.moderation from public.live_sessions s where s.id = own_session_policy.session_id);
end;
$$;
comment on function public.own_session_policy(uuid) is 'For ops: what a session''s own policy changes about the platform''s; null when there is no such session.';

grant execute on function public.policy_form(), public.estimate_policy(jsonb, uuid, int), public.change_session_policy(uuid, jsonb, text, jsonb),
  public.own_session_policy(uuid) to authenticated;

-- schemas/94_shifts.sql
-- Owns: the change of shifts: the hand-over note, what happened since one left (shift_overview), and how quickly and how lastingly
-- each operator acts (operator_measures).

create table public.shift_notes (
  id uuid primary key default gen_random_uuid(),
  author_id uuid,
  body text not null check (char_length(body) between 1 and 4000),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.shift_notes is 'Hand-over notes: who writes one leaves the shift with it.';
comment on column public.shift_notes.id is 'The author''s app may choose it: the same id again is the same note.';
comment on column public.shift_notes.author_id is 'Who left.';
comment on column public.shift_notes.body is 'What the next ones must know.';
comment on column public.shift_notes.created_at is 'When they left.';
create index shift_notes_by_age on public.shift_notes (created_at);
create index shift_notes_of_author on public.shift_notes (author_id, created_at desc);
alter table public.shift_notes enable row level security;
grant select on public.shift_notes to authenticated, service_role;
create policy "ops read hand-over notes" on public.shift_notes for select to authenticated using ((select live.am_ops()));
insert into live.personal_data (table_name, whose, others, setting, age, why) values
  ('public.shift_notes', '{}', '{author_id}', 'retention.actions_days', 't.created_at',
   'What operators hand over to each other at the end of a shift. Not exported: it may speak of people who are looked into.');

create function public.hand_over(body text, id uuid default gen_random_uuid()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  if hand_over.body is null or live.text_fault(hand_over.body, 4000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A note %s.', coalesce(live.text_fault(hand_over.body, 4000, true), 'must say something')));
  end if;
  insert into public.shift_notes (id, author_id, body) values (hand_over.id, me, hand_over.body)
  on conflict on constraint shift_notes_pkey do nothing;
  return jsonb_build_object('note_id', hand_over.id);
end;
$$;
comment on function public.hand_over(text, uuid) is 'Leaves the shift with a note for the next: {note_id}. The same id again is the same note.';

create function live.shift_acts(p_since timestamptz) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(x) order by x.times desc, x.action), '[]') from (
      select a.action, a.requested_via as via, count(*) as times, count(*) filter (where a.status in ('failed', 'expired')) as failed
        from public.moderation_actions a
       where a.created_at >= p_since and not a.dry_run
       group by a.action, a.requested_via) x);
end;
$$;
comment on function live.shift_acts(timestamptz) is 'What was done since a time, by action and door: [{action, via, times, failed}].';

create function public.shift_overview(since timestamptz default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  left_at constant timestamptz := (select max(n.created_at) from public.shift_notes n where n.author_id = me);
  begins constant timestamptz := greatest(coalesce(shift_overview.since, left_at, clock_timestamp() - interval '1 day'),
                                          clock_timestamp() - interval '31 days');
begin
  return jsonb_build_object(
    'since', live.instant(begins), 'left_at', live.instant(left_at),
    'notes', (select coalesce(jsonb_agg(to_jsonb(n) || jsonb_build_object('author', case when n.author_id is not null then live.console_card(n.author_id) end) order by n.created_at desc), '[]')
                from (select * from public.shift_notes x order by x.created_at desc limit 10) n),
    'cases', (select jsonb_build_object(
                'opened', count(*) filter (where c.opened_at >= begins), 'resolved', count(*) filter (where c.resolved_at >= begins),
                'open', count(*) filter (where c.resolved_at is null),
                'critical', count(*) filter (where c.resolved_at is null and c.severity = 'critical'),
                'unclaimed', count(*) filter (where c.resolved_at is null and coalesce(c.claim_expires_at, '-infinity') < clock_timestamp()))
                from public.moderation_cases c
               where (c.resolved_at is null or c.resolved_at >= begins or c.opened_at >= begins) and c.user_id is distinct from me),
    'acts', live.shift_acts(begins),
    'incidents', (select coalesce(jsonb_agg(to_jsonb(x) order by x.times desc, x.rule), '[]') from (
                    select i.rule, count(*) as times, count(i.action_id) as acted, count(distinct i.user_id) as people
                      from public.moderation_incidents i where i.created_at >= begins group by i.rule) x),
    'appeals', (select count(*) from public.moderation_appeals p where p.decided_at is null),
    'sessions', (select count(*) from public.live_sessions s where s.started_at >= begins),
    'live', (select count(*) from public.live_sessions s where s.status = 'live'),
    'settings', (select coalesce(jsonb_agg(to_jsonb(x) || jsonb_build_object('by', case when x.requested_by is not null then live.console_card(x.requested_by) end) order by x.n desc), '[]') from (
                   select c.n, c.key, c.session_id, c.after, c.requested_by, c.changed_at, c.reason
                     from public.app_setting_changes c where c.changed_at >= begins order by c.n desc limit 20) x));
end;
$$;
comment on function public.shift_overview(timestamptz) is
  'For ops: what happened since a time (else since one''s own last hand_over, else a day; 31 days at most) and what waits: {since, left_at, notes, cases: {opened, '
  'resolved, open, critical, unclaimed}, acts, incidents, appeals, sessions, live, settings}. Cases about the caller are left out.';

create function public.operator_measures(since timestamptz, until timestamptz default now()) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  if operator_measures.until - operator_measures.since > interval '93 days' then
    perform live.refuse(400, 'invalid_choice', 'Ask for three months at most.');
  end if;
  return (
    with acts as (
      select a.id, a.requested_by as who, a.requested_via as via, a.case_id, a.created_at, a.enforce_ms, live.took_something(a) as took,
             (select b.requested_by from public.moderation_audit v join public.moderation_actions b on b.id = v.undone_by where v.action_id = a.id) as undone_by_who,
             exists (select from public.moderation_appeals p where p.action_id = a.id and p.decision = 'lifted') as lifted
        from public.moderation_actions a
       where a.created_at between operator_measures.since and operator_measures.until
         and a.requested_by is not null and not a.dry_run and a.action <> 'listen'
    ), first_acts as (
      select a.who, extract(epoch from min(a.created_at) - c.opened_at) as seconds
        from acts a join public.moderation_cases c on c.id = a.case_id group by a.who, c.id
    ), decided as (
      select c.resolved_by as who, extract(epoch from c.resolved_at - c.opened_at) as seconds
        from public.moderation_cases c
       where c.resolved_by is not null and c.resolved_at between operator_measures.since and operator_measures.until
    ), everybody as (
      select who from acts union select who from decided
    )
    select coalesce(jsonb_agg(jsonb_build_object(
             'card', live.console_card(e.who), 'ops', live.is_ops(e.who),
             'acts', (select count(*) from acts a where a.who = e.who),
             'took', (select count(*) from acts a where a.who = e.who and a.took),
             'reversed', (select count(*) from acts a where a.who = e.who and a.took and (a.lifted or a.undone_by_who <> a.who)),
             'taken_back', (select count(*) from acts a where a.who = e.who and a.took and a.undone_by_who = a.who),
             'cases', (select count(*) from decided d where d.who = e.who),
             'response_seconds_p50', (select percentile_cont(0.5) within group (order by f.seconds) from first_acts f where f.who = e.who),
             'decision_seconds_p50', (select percentile_cont(0.5) within group (order by d.seconds) from decided d where d.who = e.who))
             order by (select count(*) from acts a where a.who = e.who) desc, e.who), '[]')
      from everybody e);
end;
$$;
comment on function public.operator_measures(timestamptz, timestamptz) is
  'For those who lead: of everybody who has acted or decided in a time (93 days at most) [{card, ops, acts, took, reversed, taken_back, cases, response_seconds_p50, '
  'decision_seconds_p50}]. took: acts that took something away; reversed: of those, lifted on appeal or undone by somebody else; response: from the opening of a '
  'case to the operator''s first act in it.';

grant execute on function public.hand_over(text, uuid), public.shift_overview(timestamptz), public.operator_measures(timestamptz, timestamptz) to authenticated;

-- schemas/95_feeds.sql
-- Owns: what an app shows in lists, without joins of its own: live sessions, announced ones, one's calls, the people of a
-- session. Each is a view with the policies of who reads it; names and pictures come from live.card.

create function live.my_access(p_session public.live_sessions) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  -- Whether it has begun is not what keeps a person out: a list shows that itself.
  return coalesce(live.standing_fault(auth.uid(), p_session.id, p_session.creator_id), live.access_fault(p_session, auth.uid()));
end;
$$;
comment on function live.my_access(public.live_sessions) is
  'What keeps the caller out of a session, for a list: account_deleted, banned, sign_in_required, subscription_required or '
  'ticket_required; null when nothing does.';
grant execute on function live.my_access(public.live_sessions) to authenticated;
grant execute on function live.card(uuid) to authenticated;

create index live_sessions_by_start on public.live_sessions (started_at desc, id desc) where status = 'live';

create view public.live_now with (security_invoker = true) as
select s.id, s.type, s.access_type, s.price_coins, s.title, s.creator_id,
       live.card(s.creator_id) ->> 'name' as creator_name, live.card(s.creator_id) ->> 'avatar' as creator_avatar,
       s.viewer_count, s.started_at, s.ends_at, live.my_access(s) as reason
  from public.live_sessions s
 where s.status = 'live' and s.creator_id not in (select live.my_blocks());
comment on view public.live_now is
  'Live sessions for a list, none of creators between whom and the reader a block stands. Newest first: order=started_at.desc,id.desc; the next '
  'page: or=(started_at.lt.T,and(started_at.eq.T,id.lt.ID)) with the last row''s values; search: or=(title.ilike.*x*,creator_name.ilike.*x*).';
comment on column public.live_now.id is 'The session.';
comment on column public.live_now.type is 'video_live or audio_room.';
comment on column public.live_now.access_type is 'public, subscribers or pay_per_view.';
comment on column public.live_now.price_coins is 'Price of a ticket; null where none is needed.';
comment on column public.live_now.title is 'Title.';
comment on column public.live_now.creator_id is 'The creator.';
comment on column public.live_now.creator_name is 'Their name.';
comment on column public.live_now.creator_avatar is 'Address of their picture, or null.';
comment on column public.live_now.viewer_count is 'People in the room now.';
comment on column public.live_now.started_at is 'Since when it is live.';
comment on column public.live_now.ends_at is 'When it will end because its host is away; null while it will not.';
comment on column public.live_now.reason is 'What keeps the reader out: the code, as can_join gives it; null when nothing does.';
grant select on public.live_now to authenticated;

create view public.live_upcoming with (security_invoker = true) as
select s.id, s.type, s.access_type, s.price_coins, s.title, s.creator_id,
       live.card(s.creator_id) ->> 'name' as creator_name, live.card(s.creator_id) ->> 'avatar' as creator_avatar,
       s.scheduled_at, s.planned_minutes, s.id in (select live.my_tickets()) as had_ticket, live.my_access(s) as reason
  from public.live_sessions s
 where s.status = 'scheduled' and s.creator_id not in (select live.my_blocks());
comment on view public.live_upcoming is
  'Announced sessions for a list, none of creators between whom and the reader a block stands. Soonest first: order=scheduled_at,id.';
comment on column public.live_upcoming.id is 'The session.';
comment on column public.live_upcoming.type is 'video_live or audio_room.';
comment on column public.live_upcoming.access_type is 'public, subscribers or pay_per_view.';
comment on column public.live_upcoming.price_coins is 'Price of a ticket; null where none is needed.';
comment on column public.live_upcoming.title is 'Title.';
comment on column public.live_upcoming.creator_id is 'The creator.';
comment on column public.live_upcoming.creator_name is 'Their name.';
comment on column public.live_upcoming.creator_avatar is 'Address of their picture, or null.';
comment on column public.live_upcoming.scheduled_at is 'When it is to start.';
comment on column public.live_upcoming.planned_minutes is 'How long it is announced to be, or null.';
comment on column public.live_upcoming.had_ticket is 'Whether the reader has bought a ticket, paid back or not.';
comment on column public.live_upcoming.reason is 'What will keep the reader out: the code, as can_join gives it; null when nothing will.';
grant select on public.live_upcoming to authenticated;

create view public.my_calls with (security_invoker = true) as
select x.id, x.type, x.status, x.outgoing, x.other_id, live.card(x.other_id) ->> 'name' as other_name,
       live.card(x.other_id) ->> 'avatar' as other_avatar, x.created_at, x.accepted_at, x.ended_at, x.duration_seconds, x.end_reason
  from (
    select c.*, c.caller_id = (select auth.uid()) as outgoing,
           case c.caller_id when (select auth.uid()) then c.callee_id else c.caller_id end as other_id
      from public.calls c where (select auth.uid()) in (c.caller_id, c.callee_id)) x;
comment on view public.my_calls is 'The reader''s calls, for a history and for what rings now. Newest first: order=created_at.desc,id.desc.';
comment on column public.my_calls.id is 'The call.';
comment on column public.my_calls.type is 'audio or video.';
comment on column public.my_calls.status is 'Where it stands.';
comment on column public.my_calls.outgoing is 'Whether the reader called.';
comment on column public.my_calls.other_id is 'The other side.';
comment on column public.my_calls.other_name is 'Their name; null when the account is deleted.';
comment on column public.my_calls.other_avatar is 'Address of their picture, or null.';
comment on column public.my_calls.created_at is 'When it was started.';
comment on column public.my_calls.accepted_at is 'When it was answered.';
comment on column public.my_calls.ended_at is 'When it was over.';
comment on column public.my_calls.duration_seconds is 'How long it lasted.';
comment on column public.my_calls.end_reason is 'Why it is over.';
grant select on public.my_calls to authenticated;

create view public.session_people with (security_invoker = true) as
select p.session_id, p.user_id, live.card(p.user_id) ->> 'name' as name, live.card(p.user_id) ->> 'avatar' as avatar,
       p.role, p.is_online, p.mic_muted, p.camera_off, p.hand_raised_at,
       case when p.hand_raised_at is not null then
         rank() over (partition by p.session_id order by p.hand_raised_at, p.user_id) end as hand_position
  from public.live_participants p;
comment on view public.session_people is
  'The people of a session with names, and the queue of raised hands. Ask for one session: session_id=eq.ID, and is_online=is.true for who is there.';
comment on column public.session_people.session_id is 'The session.';
comment on column public.session_people.user_id is 'The person.';
comment on column public.session_people.name is 'Their name; null for an anonymous sign-in and a deleted account.';
comment on column public.session_people.avatar is 'Address of their picture, or null.';
comment on column public.session_people.role is 'Their role.';
comment on column public.session_people.is_online is 'Whether they are in the room.';
comment on column public.session_people.mic_muted is 'Whether a moderator has muted them.';
comment on column public.session_people.camera_off is 'Whether a moderator has taken their camera.';
comment on column public.session_people.hand_raised_at is 'Since when their hand is up; null when it is down.';
comment on column public.session_people.hand_position is 'Their place in the queue of hands, from 1; null when theirs is down.';
grant select on public.session_people to authenticated;

-- schemas/96_schema_contract.sql
-- Owns: the memory of what the migrations built, so that a doctor can say exactly what is missing. A migration that adds
-- objects ends with select live.remember_schema(), as the last file here does.

create function live.schema_now() returns table (kind text, name text)
language sql stable set search_path = '' as $$
  with ours as (
    select c.oid, n.nspname || '.' || c.relname as name
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('public', 'live') and c.relkind in ('r', 'v', 'p'))
  select 'table', o.name from ours o
  union all
  select 'column', o.name || '.' || a.attname
    from ours o join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  union all
  select 'row level security', o.name
    from ours o join pg_catalog.pg_class c on c.oid = o.oid and c.relrowsecurity
  union all
  select 'function', p.oid::regprocedure::text
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
   where n.nspname in ('public', 'live') and p.prokind = 'f'
  union all
  select 'policy', p.schemaname || '.' || p.tablename || ': ' || p.policyname
    from pg_catalog.pg_policies p where p.schemaname in ('public', 'live', 'realtime')
  union all
  select 'trigger', o.name || ': ' || t.tgname
    from ours o join pg_catalog.pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal and t.tgenabled <> 'D'
  union all
  select 'trigger', 'auth.users: ' || t.tgname
    from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'auth' and c.relname = 'users' and t.tgname like 'live\_%' and t.tgenabled <> 'D'
$$;
comment on function live.schema_now is
  'Every table, column, function, policy and trigger that exists now in our schemas, and our triggers on auth.users.';

create table live.schema_objects (
  kind text not null,
  name text not null,
  primary key (kind, name)
);
comment on table live.schema_objects is 'What existed when the migrations had run: what the platform relies on.';
comment on column live.schema_objects.kind is 'table, column, row level security, function, policy or trigger.';
comment on column live.schema_objects.name is 'Name of the object.';
alter table live.schema_objects enable row level security;

create function live.remember_schema() returns void
language sql set search_path = '' as $$
  select live.guard_reads();
  delete from live.schema_objects;
  -- The existing app's tables may change as the app likes: only the columns that we read are ours to miss.
  insert into live.schema_objects (kind, name)
  select s.kind, s.name from live.schema_now() s
   where split_part(s.name, ':', 1) !~ '^(public\.)?(profiles|creator_subscriptions|subscriptions)(\.|$)'
     and (s.name !~ '^realtime\.' or s.name = 'realtime.messages: live topics')
     and (s.kind <> 'function' or s.name ~ '^live\.' or exists (
           select from pg_catalog.pg_description d where d.objoid = s.name::regprocedure and d.classoid = 'pg_proc'::regclass))
  union
  select 'column', 'public.' || need from unnest(array[
    'profiles.id', 'profiles.username', 'profiles.display_name', 'profiles.type', 'profiles.is_creator',
    'creator_subscriptions.user_id', 'creator_subscriptions.creator_id', 'creator_subscriptions.status',
    'creator_subscriptions.expires_at', 'subscriptions.user_id', 'subscriptions.plan', 'subscriptions.status',
    'subscriptions.expires_at']) need;
  select live.remember_paths();
$$;
comment on function live.remember_schema is 'Takes what exists now as what must exist. Called at the end of a migration.';

create function public.live_schema_contract() returns jsonb
language sql stable security definer set search_path = '' as $$
  with missing as (
    select o.kind, o.name from live.schema_objects o
    except
    select n.kind, n.name from live.schema_now() n
  ), writable as (
    select a.attname as name from pg_catalog.pg_attribute a
     where a.attrelid = to_regclass('public.profiles') and a.attname in ('type', 'is_creator') and not a.attisdropped
       and has_column_privilege('authenticated', a.attrelid, a.attnum, 'UPDATE')
  ), warnings as (
    select 'profile_column_writable' as code, 'public.profiles.' || w.name as name,
           format('signed-in users can write profiles.%s: revoke update on that column', w.name) as message
      from writable w
    union all
    -- Asked through PostgREST, this very request tells whether its requests are bounded.
    select 'reads_not_bounded', 'pgrst.db_pre_request',
           'PostgREST does not call live.before_request, so reads by app users can stop moderation: run select live.hook_requests()'
     where current_setting('request.path', true) <> '' and current_setting('live.bounded', true) is distinct from 'on'
  )
  select jsonb_build_object(
    'ok', not exists (select from missing),
    'missing', (select coalesce(jsonb_agg(jsonb_build_object('kind', m.kind, 'name', m.name) order by m.kind, m.name), '[]')
                  from missing m),
    'warnings', (select coalesce(jsonb_agg(to_jsonb(w) order by w.code, w.name), '[]') from warnings w),
    'tables', (select coalesce(jsonb_agg(o.name order by o.name), '[]')
                 from live.schema_now() o where o.kind = 'table' and o.name ~ '^public\.'),
    'functions', (select coalesce(jsonb_agg(o.name order by o.name), '[]')
                    from live.schema_now() o where o.kind = 'function' and o.name !~ '^live\.'))
$$;
comment on function public.live_schema_contract is
  'For the doctor: {ok, missing: [{kind, name}], warnings: [{code, name, message}], tables, functions}. missing = built by '
  'the migrations and gone now, or a column of the existing app that we read.';
grant execute on function public.live_schema_contract() to service_role;

-- schemas/98_rights.sql
-- Owns: that no right rests on default privileges. Made from the files beside it by `make baseline`.
-- Write a `grant` there, and no `revoke`: all of ours is taken from everyone first, then every grant is made again.

revoke all on table
  live.gone_accounts,
  public.live_ops,
  public.app_settings,
  public.live_roles,
  public.live_sessions,
  public.live_session_transitions,
  public.live_events,
  public.live_tickets,
  public.calls,
  public.live_participants,
  public.live_visits,
  public.live_bans,
  public.user_blocks,
  public.call_preferences,
  public.live_actions,
  public.moderation_actions,
  public.moderation_incidents,
  public.live_audio_stats,
  public.reason_codes,
  public.moderation_cases,
  public.agent_rooms,
  public.agent_workers,
  public.relay_keys,
  public.livekit_webhook_events,
  public.live_level_watches,
  live.wake_marks,
  live.sweeps,
  live.session_hints,
  live.held_hints,
  live.hint_budget,
  live.presence_steps,
  live.spending,
  public.live_media,
  live.rule_circuits,
  public.erasures,
  live.orphan_rooms,
  live.personal_data,
  live.evidence_orders,
  public.evidence_clips,
  public.evidence_access,
  public.moderation_audit,
  public.live_recordings,
  public.live_recording_parts,
  public.live_recording_transitions,
  public.live_recording_acts,
  public.live_recording_consents,
  public.gift_catalog,
  public.coin_wallets,
  public.coin_ledger,
  public.creator_earnings,
  public.live_gifts,
  public.live_messages,
  public.call_transitions,
  public.call_engagements,
  public.live_vods,
  public.live_recording_cuts,
  public.live_vod_plays,
  public.live_replays,
  live.ingresses,
  public.live_recording_stops,
  public.watch_time,
  public.creator_revenue,
  public.creator_payouts,
  public.creator_debts,
  public.creator_earned_hours,
  public.creator_open_earnings,
  public.creator_balances,
  public.push_devices,
  live.push_kinds,
  public.push_outbox,
  live.push_audiences,
  public.session_loudness,
  live.gift_runs,
  public.app_setting_changes,
  live.reminders,
  live.api_paths,
  live.app_pre_request,
  public.case_notes,
  public.moderation_appeals,
  public.user_reports,
  public.chat_rules,
  live.looks,
  live.names,
  public.page_outbox,
  public.person_notes,
  public.speech_rules,
  public.content_flags,
  live.speech_rooms,
  live.listens,
  public.shift_notes,
  public.live_now,
  public.live_upcoming,
  public.my_calls,
  public.session_people,
  live.schema_objects
  from public, anon, authenticated, service_role;

revoke all on sequence
  public.moderation_actions_n_seq,
  live.held_hints_id_seq,
  public.coin_ledger_id_seq,
  public.push_outbox_id_seq,
  public.app_setting_changes_n_seq
  from public, anon, authenticated, service_role;

revoke all on routine
  live.refuse(p_status int, p_code text, p_message text),
  live.text_fault(p_text text, p_most int, p_lines boolean),
  live.clean_text(p_text text, p_what text, p_most int, p_lines boolean),
  live.is_service(),
  live.is_uuid(p_text text),
  live.is_anonymous(),
  live.account_gone(p_user uuid),
  live.is_or_was_account(p_user uuid),
  live.refuse_deleted(p_user uuid),
  live.mark_deleted_accounts(),
  live.mark_soft_deleted_account(),
  live.is_ops(p_user uuid),
  live.am_ops(),
  live.refuse_others_than_ops(),
  live.require_ops(),
  live.require_ops_or_service(),
  live.least_days_kept(p_key text),
  live.setting_fault(p_key text, p_value jsonb),
  live.check_setting(),
  live.setting(p_key text),
  live.setting_interval(p_key text),
  live.limit_of(p_name text),
  live.rank_of(p_context text, p_role text),
  live.require_role(p_context text, p_role text),
  live.is_staff(p_context text, p_role text),
  live.default_role(p_context text),
  live.rank_of_ops(),
  live.host_rank(),
  live.staff_rank(),
  live.grants_below(p_rank int),
  live.audience_rank(),
  live.policy_shape(),
  live.rung_shape(),
  live.policy_presets(),
  live.policy_defaults(p_shape jsonb),
  live.default_policy(),
  live.merged_policy(p_base jsonb, p_over jsonb),
  live.with_preset(p_policy jsonb),
  live.field_fault(p_name text, p_wanted jsonb, p_value jsonb),
  live.ladder_faults(p_ladder jsonb),
  live.policy_faults(p_policy jsonb, p_shape jsonb, p_path text),
  live.policy_fault(p_policy jsonb),
  live.check_policy(),
  live.rule_shapes(),
  live.clean_title(),
  live.guard_session(),
  live.append_events(p_session uuid, p_type text, p_payloads jsonb[], p_gift_coins bigint),
  live.append_event(p_session uuid, p_type text, p_payload jsonb),
  live.instant(p_at timestamptz),
  live.announce_session_end(),
  live.call_is_running(p_status text),
  live.blocked(p_one uuid, p_other uuid),
  live.my_blocks(),
  live.subscribes(p_user uuid, p_creator uuid),
  live.follows(p_follower uuid, p_creator uuid),
  live.accepts_calls_from(p_callee uuid, p_caller uuid),
  live.forget_consent(p_user uuid),
  live.object_schema(p_properties jsonb, p_required text[]),
  live.action(p_action text),
  live.reason_texts(p_code text),
  live.graver(p_one text, p_other text),
  live.open_case(p_session uuid, p_call uuid, p_user uuid, p_severity text, p_source text),
  live.guard_participant(),
  live.follow_staff(),
  live.tell_access_type(),
  live.tell_role_change(),
  live.seat_host(),
  live.ensure_participant(p_session public.live_sessions, p_user uuid),
  live.rank_in(p_session uuid, p_user uuid),
  live.standing_ban(p_user uuid, p_session uuid, p_creator uuid),
  live.kept_out(p_user uuid, p_session uuid, p_creator uuid),
  live.standing_fault(p_user uuid, p_session uuid, p_creator uuid),
  live.acting_rank(p_session uuid, p_user uuid),
  live.unless_ops(p_user uuid),
  live.name_no_ops(),
  live.touch_banned(),
  live.connection(p_session uuid, p_call uuid, p_user uuid),
  live.bound_by_mute_all(p_row public.live_participants),
  live.shown_name(p_user uuid),
  live.is_staff_in(p_session public.live_sessions, p_user uuid),
  live.allowed_sources(p_rights public.live_roles, p_seat public.live_participants),
  live.permission_of(p_rights public.live_roles, p_seat public.live_participants),
  live.shown_avatar(p_user uuid),
  live.card(p_user uuid),
  live.person(p_row public.live_participants, p_creator uuid),
  live.person_in_session(p_session uuid, p_user uuid),
  live.person_in_call(p_call public.calls, p_user uuid),
  live.access_fault(p_session public.live_sessions, p_user uuid),
  live.connects_too_often(p_user uuid, p_session uuid, p_call uuid),
  live.token_fault(p_user uuid, p_session public.live_sessions, p_call public.calls),
  public.can_join_as(session_id uuid, user_id uuid),
  public.can_join(session_id uuid),
  live.is_watched(p_session public.live_sessions),
  live.count_hint_sessions(),
  live.hint_interval(p_audience int, p_sessions int),
  live.send_hint(p_session public.live_sessions, p_every interval, p_table text, p_ids jsonb),
  live.fold_hint(p_session public.live_sessions, p_table text, p_ids jsonb),
  live.tell_session(p_session uuid, p_table text, p_ids jsonb),
  live.send_held_hints(),
  live.take_mark(p_name text, p_interval interval),
  live.wake_channel(p_worker text),
  live.wake_worker(p_worker text, p_event text, p_payload jsonb),
  live.wake(p_room text),
  live.room_of(p_session uuid, p_call uuid),
  live.wake_for_session(),
  live.tell_of_session(),
  live.wake_for_calls(),
  live.wake_for_participants(),
  live.wake_for_events(),
  live.is_told(p_action text, p_dry_run boolean, p_via text),
  live.wake_for_new_actions(),
  live.wake_for_actions(),
  live.top_of_steps(p_session uuid, p_level int, p_first bigint, p_last bigint, out sum int, out peak int),
  live.set_steps(p_session uuid, p_level int, p_node bigint, p_sum int, p_peak int),
  live.add_step(p_session uuid, p_at timestamptz, p_step int),
  live.peak_viewers(p_session uuid),
  live.forget_steps(),
  live.foldable(p_visit public.live_visits),
  live.fold_visits(p_session uuid, p_user uuid),
  live.fold_call_visits(p_call uuid, p_user uuid),
  live.fold_when_many(p_session uuid, p_call uuid, p_user uuid),
  live.is_folded(p_session uuid, p_user uuid, p_source text, p_event text, p_sid text, p_latest timestamptz),
  live.derive_visit(),
  live.presence_change(p_session uuid, p_was public.live_visits, p_became public.live_visits, p_from timestamptz, p_others_open boolean, out watched interval, out steps jsonb),
  live.refresh_person(p_session public.live_sessions, p_was public.live_participants, p_opened int, p_watched interval, p_source text),
  live.refresh_session(p_session uuid, p_viewers int),
  live.visit_changed_from(p_was public.live_visits, p_became public.live_visits),
  live.apply_visit(p_session public.live_sessions, p_was public.live_visits, p_became public.live_visits, p_source text),
  live.write_visit(p_source text, p_session uuid, p_call uuid, p_event text, p_sid text, p_user uuid, p_at timestamptz, p_reason text, p_permission jsonb, p_beside boolean, out was public.live_visits, out became public.live_visits),
  live.record_presence(p_source text, p_room text, p_event text, p_sid text, p_user text, p_at timestamptz, p_reason text, p_permission jsonb, p_latest timestamptz, p_beside boolean),
  live.close_visits(p_session uuid, p_call uuid, p_at timestamptz, p_reason text),
  live.action_scope(p_action text, p_params jsonb),
  live.action_aspect(p_action text, p_params jsonb),
  live.list_of(p_names text[]),
  live.value_fault(p_schema jsonb, p_value jsonb),
  live.params_fault(p_action text, p_params jsonb),
  live.check_shape(p_row public.moderation_actions),
  live.check_place(p_row public.moderation_actions),
  live.permits(p_via text, p_rank int, p_action text, p_scope text, p_new_rank int),
  live.reaches(p_via text, p_rank int, p_target_rank int),
  live.ops_rank(p_user uuid),
  live.undoes_own(p_row public.moderation_actions, p_rank int),
  live.require_standing_to_ask(p_row public.moderation_actions),
  live.authority_fault(p_row public.moderation_actions, p_rank int),
  live.require_room_to_speak(p_session uuid, p_user uuid),
  live.check_stage(p_row public.moderation_actions),
  live.bans_of(p_row public.moderation_actions),
  live.outranked_by(p_row public.moderation_actions),
  live.standing_of(p_row public.moderation_actions, out until timestamptz, out by_rank int),
  live.require_not_weaker(p_row public.moderation_actions),
  live.refusal_at_claim(p_row public.moderation_actions),
  live.until(p_params jsonb),
  live.do_mute(p_row public.moderation_actions),
  live.do_unmute(p_row public.moderation_actions),
  live.do_camera_off(p_row public.moderation_actions),
  live.do_camera_on(p_row public.moderation_actions),
  live.do_chat_mute(p_row public.moderation_actions),
  live.do_chat_unmute(p_row public.moderation_actions),
  live.do_set_role(p_row public.moderation_actions),
  live.do_kick(p_row public.moderation_actions),
  live.do_ban(p_row public.moderation_actions),
  live.do_unban(p_row public.moderation_actions),
  live.apply_mute_all(p_session uuid, p_rank int),
  live.heard_people(p_session uuid, p_muted boolean),
  live.do_mute_all(p_row public.moderation_actions),
  live.do_unmute_all(p_row public.moderation_actions),
  live.do_announce(p_row public.moderation_actions),
  live.do_delete_message(p_row public.moderation_actions),
  live.do_release_message(p_row public.moderation_actions),
  live.do_pin_message(p_row public.moderation_actions),
  live.do_slow_mode(p_row public.moderation_actions),
  live.do_chat_mode(p_row public.moderation_actions),
  live.do_end_session(p_row public.moderation_actions),
  live.state_of_person(p_row public.moderation_actions),
  live.columns_of(p_record jsonb, p_names text[]),
  live.state_of(p_row public.moderation_actions),
  live.replaced_by(p_row public.moderation_actions),
  live.put_back(p_row public.moderation_actions),
  live.withdraw(p_row public.moderation_actions, p_status text, p_code text, p_error text),
  live.set_requester(p_row public.moderation_actions),
  live.lock_for_action(p_row public.moderation_actions),
  live.admit_action(),
  live.author_of(p_session uuid, p_message uuid),
  live.spend(p_user uuid, p_limit text),
  live.supersede(p_row public.moderation_actions),
  live.finish_at_once(p_id uuid, p_also jsonb),
  live.carry_out(p_row public.moderation_actions, out prior jsonb, out before jsonb, out after jsonb),
  live.rehearse(p_row public.moderation_actions, out before jsonb, out after jsonb),
  live.needs_agent(p_row public.moderation_actions),
  live.after_action(),
  live.close_session_books(),
  public.cancel_action(id uuid),
  live.require_seat(p_session uuid, p_before_start boolean),
  live.is_host_of(p_session uuid, p_user uuid),
  public.raise_hand(session_id uuid),
  public.lower_hand(session_id uuid, user_id uuid),
  live.clear_invitation(p_seat public.live_participants, p_role text),
  public.accept_invite(session_id uuid),
  public.decline_invite(session_id uuid),
  live.closed_to(p_user uuid),
  live.shut_out(p_user uuid),
  live.paid_sessions(p_user uuid),
  live.my_open_sessions(),
  live.my_recent_sessions(),
  live.may_look_back(p_session uuid, p_user uuid),
  live.my_staffed_sessions(),
  live.my_chats(),
  live.my_own_sessions(),
  live.my_tickets(),
  live.may_listen(p_topic text),
  public.watch_levels(session_id uuid),
  public.live_events_since(session_id uuid, after_seq bigint, "limit" int),
  live.record_media(p_session uuid, p_user uuid, p_participant_sid text, p_flowing text[], p_at timestamptz),
  public.agent_media(p_worker text, p_rows jsonb),
  live.read_webhook_track(p_room text, p_event text, p_payload jsonb),
  live.end_media_of_connection(),
  live.end_media_of_session(),
  live.delivered_for_purchases_until(p_session uuid, p_seconds double precision),
  live.place(p_room text, out kind text, out id uuid, out session_id uuid, out call_id uuid, out type text, out context text, out status text, out creator_id uuid, out running boolean),
  live.holds(p_worker text, p_room text, p_epoch bigint),
  live.lock_leases(p_items jsonb),
  live.effective_policy(p_session public.live_sessions),
  live.open_visits(p_session uuid, p_call uuid),
  live.call_people(p_call public.calls),
  live.roles_of(p_context text),
  live.standing_strikes(p_session public.live_sessions),
  live.snapshot(p_room text),
  live.holder_fell(p_lease public.agent_rooms),
  live.claim_room(p_worker text, p_room text, p_bot_identity text, p_ttl_ms int),
  public.agent_claim_rooms(p_worker text, p_rooms jsonb, p_ttl_ms int),
  public.agent_offer(p_worker text, p_rooms jsonb),
  live.settle_closed_room(p_session uuid, p_call uuid),
  public.agent_release(p_worker text, p_rooms jsonb),
  live.worker_lock(p_worker text),
  live.stand(p_worker text, p_takes boolean, p_ttl_ms int, p_early_ms int),
  public.agent_check_in(p_worker text, p_ttl_ms int, p_early_ms int, p_state jsonb),
  public.agent_hand(p_worker text, p_rooms jsonb),
  public.agent_suspect(p_worker text, p_fallen text, p_grace_ms int),
  public.agent_watch(p_worker text, p_early_ms int, p_listed text[], p_ttl_ms int, p_state jsonb),
  live.action_json(p_row public.moderation_actions),
  live.expire_actions(p_session uuid, p_call uuid),
  live.claim_actions(p_worker text, p_session uuid, p_call uuid, p_in_hand uuid[], p_limit int),
  live.room_news(p_worker text, p_room text, p_in_hand uuid[], p_since xid8, p_cursor text, p_limit int),
  live.changed_rooms(p_since xid8),
  live.rooms_with_news(p_rooms jsonb),
  public.agent_pull(p_worker text, p_rooms jsonb, p_ttl_ms int, p_limit int),
  public.agent_waiting(p_worker text),
  live.finish_action(p_worker text, p_result jsonb),
  public.agent_finish_actions(p_worker text, p_results jsonb),
  public.agent_presence(p_worker text, p_reports jsonb),
  public.agent_relayed(p_worker text, p_cursors jsonb),
  public.agent_publish_key(p_kid text, p_public_key text, p_not_after timestamptz),
  live.ask_automatically(p_session uuid, p_user uuid, p_action jsonb),
  live.circuit_open(p_session uuid, p_rule text),
  live.automatic_load(),
  public.agent_incidents(p_worker text, p_rows jsonb),
  public.agent_audio_stats(p_worker text, p_rows jsonb),
  live.at_a_time(),
  live.end_hostless_sessions(),
  live.hands_since(),
  live.people_past_their_time(),
  live.end_timed_states(),
  live.check_paid_access(),
  live.is_moderated(p_room text),
  live.unlisted_rooms(p_rooms text[]),
  live.close_forgotten_visits(p_rooms text[]),
  live.settle_actions(p_rooms text[]),
  public.agent_sweep(p_worker text, p_rooms text[]),
  live.unclaimed_actions(),
  public.agent_overview(),
  live.end_sessions_of(p_user uuid),
  live.end_calls_of(p_user uuid),
  live.put_out(p_user uuid),
  live.delete_rights_of(p_user uuid),
  live.kept_of(p_user uuid),
  live.end_account(p_user uuid, p_by uuid, p_via text),
  live.try_to_end_account(p_user uuid),
  live.settle_accounts(p_within interval),
  live.missed_accounts(),
  live.mark_missed_accounts(),
  public.erase_account(user_id uuid),
  public.delete_my_account(),
  live.orphan_rooms(p_rooms text[]),
  live.retention_of(p_table text),
  live.forget_rows(p_table text, p_most int),
  live.try_to_forget_rows(p_table text, p_most int),
  live.forget_old_rows(),
  live.retention_faults(),
  live.audited_since(p_table text),
  live.access_is_append_only(),
  live.note_case_change(),
  live.wake_for_case(),
  live.keep_sound(p_case uuid, p_why text, p_by uuid),
  live.evidence_of(p_session uuid),
  public.keep_evidence(session_id uuid, user_id uuid, reason text),
  live.clip_cause(p_session uuid, p_row jsonb),
  public.agent_evidence(p_worker text, p_row jsonb),
  public.agent_evidence_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int),
  live.clip_to_see(p_user uuid, p_clip uuid),
  live.note_access(p_clip uuid, p_user uuid, p_act text, p_reason text),
  public.evidence_open(p_user uuid, p_clip uuid, p_reason text),
  public.hold_evidence(clip_id uuid, hold boolean, reason text),
  live.clips_json(p_case uuid),
  live.judge_clips(),
  live.link_clips(),
  live.clip_is_held(p_clip public.evidence_clips),
  live.clips_over(),
  live.evidence_due(),
  public.evidence_to_delete(p_most int),
  public.evidence_deleted(p_ids uuid[]),
  live.evidence_faults(),
  public.evidence_notice(),
  live.require_account(p_user uuid),
  live.require_member(),
  live.refuse_token(p_reason text),
  live.require_entry(p_session uuid, p_user uuid),
  live.one_at_a_time(p_what text, p_user uuid),
  live.require_key(p_key text),
  live.require_price(p_expected bigint, p_coins bigint),
  live.relay_keys_now(),
  live.token_sources(p_rights public.live_roles, p_seat public.live_participants, p_sound_only boolean),
  live.token_grant(p_user uuid, p_session public.live_sessions, p_call public.calls),
  live.recording_runs(p_state text),
  live.recording_is_over(p_state text),
  live.guard_recording(),
  live.wake_for_recording(),
  live.drop_wishes(p_session uuid, p_why text),
  live.stop_recordings_at_end(),
  live.note_recording_act(p_recording uuid, p_user uuid, p_act text, p_via text, p_reason text),
  live.recording_json(p_row public.live_recordings),
  live.recordings_of(p_session uuid),
  public.agent_recordings(p_worker text, p_rooms jsonb),
  live.lapse_wishes(),
  live.is_errand(p_recording public.live_recordings, p_session public.live_sessions),
  public.agent_recording_errands(p_worker text, p_most int),
  live.recordings_wait(),
  live.may_report(p_worker text, p_room text, p_recording public.live_recordings, p_row jsonb),
  live.report_part(p_recording public.live_recordings, p_part jsonb),
  live.report_fault(p_recording public.live_recordings, p_state text),
  live.report_recording(p_worker text, p_row jsonb),
  public.agent_recording_report(p_worker text, p_rows jsonb),
  live.nanoseconds(p_text text),
  live.read_webhook_egress(p_room text, p_event text, p_payload jsonb),
  public.recording_notice(),
  live.answer_by(p_begins timestamptz),
  live.publish_until(p_session uuid, p_user uuid),
  live.touch_publishers(p_session uuid),
  live.recording_changes_rights(),
  live.answer_recording(p_session uuid, p_user uuid, p_version text, p_agrees boolean),
  live.require_to_answer(p_session uuid, p_user uuid),
  public.consent_to_recording(session_id uuid, notice_version text, agrees boolean),
  public.withdraw_recording_consent(session_id uuid),
  live.may_record_to(p_path text),
  live.move_wallet(),
  live.book_earnings(),
  live.books_are_append_only(),
  live.books_move_by_ledger_only(),
  live.clean_gift_names(),
  live.lock_wallet(p_user uuid),
  live.gift_receipt(p_gift public.live_gifts),
  live.hold_live(p_session uuid),
  live.book_gift(p_gift public.live_gifts),
  public.send_gift(session_id uuid, gift_code text, quantity integer, idempotency_key text, p_expected_coins bigint),
  public.credit_coins(p_user uuid, p_coins bigint, p_reference text, p_note text),
  live.ticket_receipt(p_ticket uuid),
  live.require_ticket_sale(p_session public.live_sessions, p_user uuid),
  public.buy_ticket(session_id uuid, idempotency_key text, p_expected_coins bigint),
  live.require_chat_mode(p_session public.live_sessions, p_user uuid),
  live.require_pause(p_session public.live_sessions, p_user uuid),
  live.guard_message(),
  live.forget_names(p_user uuid),
  live.last_seen_in_call(p_call uuid),
  live.last_together_in_call(p_call public.calls),
  live.begin_call(),
  live.step_call(),
  live.engage_parties(),
  live.release_parties(),
  live.hold_lines(p_users uuid[]),
  live.require_call(p_call uuid, p_user uuid),
  live.call_reply(p_call public.calls, p_user uuid),
  live.rings_too_long(p_call public.calls),
  live.miss_calls(p_users uuid[]),
  live.is_on_air(p_user uuid),
  live.spend_call(p_caller uuid, p_callee uuid),
  live.require_line(p_caller uuid, p_callee uuid),
  public.call_start(p_user uuid, p_callee uuid, p_type text, p_sign_in text),
  live.require_same_device(p_call uuid, p_user uuid, p_sign_in text),
  public.call_answer(p_user uuid, p_call uuid, p_accept boolean, p_sign_in text),
  public.call_token(p_user uuid, p_call uuid),
  public.call_end(p_user uuid, p_call uuid),
  live.tell_messages(),
  live.vod_stretches(p_recording uuid),
  live.vod_second(p_recording uuid, p_at timestamptz),
  live.chapters_of(p_recording public.live_recordings),
  live.make_vod(),
  live.is_over(p_recording public.live_recordings),
  live.vod_access_fault(p_vod public.live_vods, p_user uuid),
  live.vod_fault(p_user uuid, p_vod public.live_vods),
  live.refuse_vod(p_reason text),
  live.vod_to_watch(p_user uuid, p_recording uuid),
  live.heard_in(p_recording public.live_recordings, p_user uuid),
  live.ask_for_cuts(p_recording public.live_recordings, p_user uuid, p_why text),
  live.cut_who_withdrew(),
  live.cut_late_withdrawals(),
  live.shown_cuts(p_recording uuid),
  live.recording_of_mine(p_user uuid, p_recording uuid),
  public.publish_vod(recording_id uuid, published boolean, title text, access_type text),
  public.cut_recording(recording_id uuid, from_seconds double precision, to_seconds double precision),
  public.decide_cut(cut_id uuid, decision text),
  public.recording_delete(p_user uuid, p_recording uuid),
  public.hold_recording(recording_id uuid, hold boolean, reason text),
  live.recordings_over(),
  live.recordings_past(),
  public.recordings_to_delete(p_most int),
  public.recordings_deleted(p_ids uuid[]),
  live.recording_faults(),
  live.take_down_vod(p_row public.moderation_actions, p_at timestamptz),
  live.do_take_down(p_row public.moderation_actions),
  live.do_restore(p_row public.moderation_actions),
  live.forget_recordings(p_user uuid),
  public.vod_open(p_user uuid, p_recording uuid, p_key_hash text),
  public.vod_parts(p_key_hash text),
  live.my_vod_access(p_vod public.live_vods),
  public.vod_chat(recording_id uuid, from_seconds double precision, max_lines int),
  public.vod_figures(recording_id uuid),
  public.call_upgrade(p_user uuid, p_call uuid, p_accept boolean),
  public.live_faults(),
  live.require_creator(p_user uuid),
  live.session_fault(p_type text, p_access_type text, p_title text, p_price_coins integer, p_scheduled_at timestamptz),
  live.session_json(p_session public.live_sessions),
  live.session_join(p_session public.live_sessions, p_user uuid),
  live.require_not_live(p_creator uuid, p_but uuid),
  live.require_slot(p_creator uuid),
  public.session_create(p_user uuid, p_type text, p_access_type text, p_title text, p_price_coins integer, p_scheduled_at timestamptz, p_planned_minutes integer),
  public.session_start(p_user uuid, p_session uuid),
  public.session_token(p_user uuid, p_session uuid),
  live.ingress_is_over(p_room text),
  public.session_ingress(p_user uuid, p_session uuid),
  public.ingress_deleted(p_room text),
  public.session_end(p_user uuid, p_session uuid),
  live.webhook_is_about_a_person(p_participant jsonb),
  live.webhook_person(p_participant jsonb),
  live.webhook_permission(p_permission jsonb),
  live.read_webhook_participant(p_room text, p_event text, p_payload jsonb),
  live.read_webhook_room_finished(p_room text, p_payload jsonb),
  live.webhook_ends_ingress(p_event text, p_room text),
  public.record_webhook(p_id text, p_event text, p_room text, p_payload jsonb),
  live.end_empty_calls(),
  live.end_lonely_calls(),
  live.end_no_shows(),
  live.forget_leftovers(),
  public.platform_sweep(),
  public.set_recording_allowed(creator_id uuid, allowed boolean, reason text),
  live.recorded_minutes(p_from timestamptz, p_to timestamptz),
  live.recording_usage(),
  public.recording_usage(),
  live.recording_answer(p_recording public.live_recordings),
  live.recording_rank(p_session public.live_sessions, p_user uuid),
  live.session_to_record(p_user uuid, p_session uuid),
  live.refuse_to_record(p_session public.live_sessions, p_mode text),
  live.announce_recording(p_recording public.live_recordings),
  public.recording_start(p_user uuid, p_session uuid, p_mode text),
  public.recording_stop(p_user uuid, p_recording uuid),
  live.tell_recording(),
  public.session_performance(p_session uuid),
  live.connections(p_from timestamptz, p_to timestamptz),
  live.usage_measures(p_from timestamptz, p_to timestamptz),
  live.usage_level(p_ratio numeric),
  public.platform_usage(p_month date),
  live.seconds_to_deliver(p_session public.live_sessions),
  live.earn_tickets_of(p_session public.live_sessions),
  live.owe_undelivered(p_session public.live_sessions),
  live.sessions_with_held_tickets(),
  live.earn_tickets(),
  live.owe_removed(),
  live.hold_wallet(p_user uuid),
  live.pay_back(p_ticket uuid, p_by uuid, p_reason text, p_payable bigint),
  live.refund_tickets(),
  live.require_refunder(p_reason text),
  public.refund_ticket(ticket_id uuid, reason text),
  live.take_back_gift(p_gift public.live_gifts, p_by uuid, p_reason text, p_payable bigint),
  public.refund_gift(gift_id uuid, reason text),
  public.refund_session(session_id uuid, reason text),
  public.adjust_coins(user_id uuid, coins bigint, reason text, p_reference text),
  live.end_calls_between(p_one uuid, p_other uuid),
  live.clear_stage_between(p_one uuid, p_other uuid),
  public.block_user(user_id uuid),
  public.unblock_user(user_id uuid),
  public.set_calls_from(calls_from text),
  live.holding(),
  live.earning_hour(p_earned_at timestamptz),
  live.settle_earnings(),
  live.fold_earnings(),
  live.hold_earnings(p_creator uuid),
  live.payable(p_creator uuid),
  live.taken_from_payable(p_earned_at timestamptz, p_coins bigint),
  live.owe(p_creator uuid, p_payable bigint, p_taken bigint, p_refund bigint),
  public.record_payout(p_creator uuid, p_coins bigint, p_reference text, p_note text),
  public.book_faults(),
  public.register_push_device(p_provider text, p_token text, p_installation text, p_platform text, p_language text),
  public.forget_push_device(p_installation text),
  live.forget_push(p_user uuid),
  live.push(p_users uuid[], p_kind text, p_subject uuid, p_expires_at timestamptz),
  live.push_call(),
  live.push_went_live(),
  live.push_to_followers(p_most int),
  public.session_policy(session_id uuid),
  live.tell_of_incidents(),
  live.tell_user(p_user uuid, p_event text, p_payload jsonb),
  live.call_news(p_call public.calls, p_happened text),
  live.tell_call(),
  live.tell_invitation(),
  live.tell_ban(),
  live.tell_refund(),
  live.tell_mic(),
  live.tell_hand(),
  live.tell_mute_all(),
  live.tell_removal(),
  live.tell_milestone(),
  live.tell_end(),
  live.forget_end(),
  live.announce_ends(),
  live.run_is_over(p_run live.gift_runs),
  live.end_gift_runs(p_session uuid),
  live.extend_gift_run(),
  live.forget_gift_runs(),
  live.tell_gift_combos(),
  public.revoke_relay_key(kid text),
  live.pushes_due(),
  live.pushes_taken(p_ids bigint[]),
  public.push_claim(p_most int),
  live.finish_push(p_id bigint, p_outcome text, p_error text, p_receipt text, p_after double precision),
  public.push_finish(p_results jsonb),
  live.through_assistant(),
  live.record_setting_change(),
  public.change_setting(key text, value jsonb, reason text, seen timestamptz),
  public.explain_access(session_id uuid, user_id uuid),
  live.described_tables(),
  public.live_schema(),
  public.agent_surroundings(p_token uuid, p_rooms text[]),
  public.my_rights(session_id uuid),
  live.ticket_holders(p_session uuid),
  live.tell_holders(p_session public.live_sessions, p_happened text, p_expires_at timestamptz),
  live.require_announced(p_session uuid),
  public.move_session(session_id uuid, scheduled_at timestamptz),
  public.cancel_session(session_id uuid, reason text),
  live.remind_holders(),
  live.remember_paths(),
  live.decoded_path(p_path text),
  live.request_reads(p_path text, p_method text),
  live.embeds_too_much(p_query text),
  live.may_embed(),
  live.guard_reads(),
  live.take_place(p_kind text, p_whose text, p_places int),
  live.slow_reads(),
  live.is_present_staff(p_user uuid),
  live.bound_read(p_user uuid),
  live.bound_request(),
  live.app_pre_request_name(),
  live.before_request(),
  live.hook_requests(),
  live.open_case_of(p_session uuid, p_call uuid, p_user uuid),
  live.link_action_to_case(),
  live.link_case(),
  live.link_incident_to_case(),
  live.ring_case(),
  live.case_state(p_case public.moderation_cases),
  live.case_to_see(p_case uuid),
  live.case_to_work_on(p_case uuid),
  public.claim_case(id uuid),
  public.release_case(id uuid),
  public.add_case_note(case_id uuid, body text, id uuid),
  public.resolve_case(id uuid, decision text, reason_code text),
  live.took_something(p_row public.moderation_actions),
  live.may_be_appealed(p_row public.moderation_actions),
  live.statement_of(p_row public.moderation_actions),
  public.my_decisions(before timestamptz, "limit" int),
  public.appeal(action_id uuid, text text),
  public.appeal_inbox("limit" int, skip int),
  live.other_ops_exist(p_me uuid),
  live.undo_of(p_row public.moderation_actions),
  live.lift(p_row public.moderation_actions),
  public.decide_appeal(id uuid, decision text, answer text),
  live.release_clips(),
  live.shorten_ban(),
  public.confirm_ban(ban_id uuid),
  public.moderation_measures(since timestamptz, until timestamptz),
  live.reporter_accuracy(p_reporter uuid),
  live.credible_reporters(p_case uuid),
  live.was_there(p_user uuid, p_session uuid, p_call uuid),
  live.has_watched(p_user uuid, p_recording uuid),
  live.add_report(p_user uuid, p_session uuid, p_call uuid, p_message uuid, p_reason text, p_text text, p_recording uuid),
  live.forget_reports(p_user uuid),
  public.report_person(user_id uuid, reason_code text, text text, session_id uuid, call_id uuid),
  public.report_message(message_id uuid, reason_code text, text text),
  public.report_session(session_id uuid, reason_code text, text text),
  public.report_recording(recording_id uuid, reason_code text, text text),
  live.case_rank(p_case public.moderation_cases),
  public.case_inbox(state text, "limit" int, skip int),
  public.case_file(id uuid),
  live.lower_turkish(p_text text),
  live.plain_letters(p_text text),
  live.chat_words(p_text text),
  live.word_is(p_word text, p_folded text, p_stem boolean),
  live.chat_words(p_text text, p_exact_letters boolean),
  live.chat_matches(p_text text, p_creator uuid),
  live.fold_rule(),
  live.judge_message(),
  live.require_moderator(p_session uuid),
  live.others_looking(p_me uuid, p_target uuid, p_session uuid),
  live.acts_after(p_me uuid, p_target uuid, p_session uuid, p_n bigint),
  public.look_at_person(target_user_id uuid, session_id uuid, after_n bigint),
  public.look_away(),
  live.held_by(p_row public.moderation_actions),
  public.preview_action(action text, session_id uuid, target_user_id uuid, params jsonb),
  live.searchable(p_text text),
  live.learn_names(p_users uuid[]),
  live.learn_name(),
  live.refresh_names(),
  public.find_people(search text, "limit" int),
  live.page(p_case uuid, p_severity text),
  live.page_grave_case(),
  live.pages_due(),
  live.settle_pages(),
  public.page_claim(p_most int),
  public.page_finish(p_id uuid, p_sent boolean, p_error text, p_after double precision),
  public.add_person_note(user_id uuid, body text, id uuid),
  live.forget_notes(p_user uuid),
  live.is_flagged_speaker(p_session public.live_sessions, p_user uuid),
  live.flagged_speakers(p_session public.live_sessions),
  live.speech_lists(),
  public.speech_pull(p_worker text, p_lists text, p_most int),
  live.speech_place(p_worker text, p_room text),
  public.speech_flag(p_worker text, p_row jsonb),
  public.picture_found(p_worker text, p_row jsonb),
  public.picture_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int),
  live.frame_is_awaited(p_path text),
  live.flags_json(p_case uuid),
  live.page_of(p_limit int),
  live.room_facts(p_session public.live_sessions, p_leases boolean, out incidents int, out worst text, out loud_user uuid, out loud_lufs double precision, out hands int, out worker text, out claimed_at timestamptz, out trouble text[]),
  live.livekit_away(),
  live.workers_away(),
  public.console_rooms(search text, type text, trouble_only boolean, sort text, "limit" int, skip int),
  live.console_card(p_user uuid),
  live.seat_facts(p_seat public.live_participants, p_limit double precision, out lufs double precision, out incidents int, out trouble int),
  public.console_people(session_id uuid, search text, sort text, "limit" int, skip int, heard uuid[]),
  live.rank_of_role(p_role text),
  live.console_seat(p_seat public.live_participants),
  live.rows_of(p_user uuid, p_table text),
  live.key_of(p_table text),
  live.export_rows(p_user uuid, p_table text, p_skip int, p_most int),
  public.export_my_data(p_table text, p_skip int),
  live.do_listen(p_row public.moderation_actions),
  public.ops_listen(p_user uuid, p_session uuid, p_reason text, p_case uuid),
  public.stop_listening(),
  public.listening_digest(since timestamptz),
  live.listens_over(),
  public.policy_form(),
  live.seconds_above(p_histogram jsonb, p_limit double precision),
  live.top_rung(p_ladder jsonb, p_ceiling text, p_role text),
  live.climb(p_policy jsonb, p_role text, p_over double precision, p_minute timestamptz, inout strikes double precision, inout rung int, inout at timestamptz),
  live.would_have(p_platform jsonb, p_session uuid, p_own jsonb, p_since timestamptz, p_rows int),
  public.estimate_policy(policy jsonb, session_id uuid, days int),
  public.change_session_policy(session_id uuid, policy jsonb, reason text, seen jsonb),
  public.own_session_policy(session_id uuid),
  public.hand_over(body text, id uuid),
  live.shift_acts(p_since timestamptz),
  public.shift_overview(since timestamptz),
  public.operator_measures(since timestamptz, until timestamptz),
  live.my_access(p_session public.live_sessions),
  live.schema_now(),
  live.remember_schema(),
  public.live_schema_contract()
  from public, anon, authenticated, service_role;

grant usage on schema live to anon, authenticated, service_role;
grant execute on function live.is_service() to anon, authenticated, service_role;
grant execute on function live.is_uuid(text) to anon, authenticated, service_role;
grant execute on function live.is_anonymous() to anon, authenticated, service_role;
grant execute on function live.account_gone(uuid) to service_role;
grant usage on schema public to live_agent;
grant select, insert, update, delete on public.live_ops to service_role;
grant select on public.live_ops to authenticated;
grant execute on function live.is_ops(uuid) to authenticated, service_role;
grant execute on function live.am_ops() to authenticated, service_role;
grant select, insert, update, delete on public.app_settings to service_role;
grant select, update (value) on public.app_settings to authenticated;
grant execute on function live.setting(text) to service_role;
grant select on public.live_roles to anon, authenticated, service_role;
grant execute on function live.rank_of_ops() to service_role;
grant select, insert, update on public.live_sessions to service_role;
grant select on public.live_sessions to anon, authenticated;
grant update (title) on public.live_sessions to authenticated;
grant select on public.live_session_transitions to service_role;
grant select on public.live_events to authenticated, service_role;
grant select on public.live_tickets to authenticated, service_role;
grant select, insert, update on public.calls to service_role;
grant select on public.calls to authenticated;
grant select, insert, update on public.live_participants to service_role;
grant select on public.live_participants to authenticated;
grant select, insert, update on public.live_visits to service_role;
grant select on public.live_visits to authenticated;
grant select, insert, update on public.live_bans to service_role;
grant select on public.live_bans to authenticated;
grant select, delete on public.user_blocks to service_role;
grant select on public.user_blocks to authenticated;
grant select, delete on public.call_preferences to service_role;
grant select on public.call_preferences to authenticated;
grant execute on function live.my_blocks() to authenticated;
grant select on public.live_actions to anon, authenticated, service_role;
grant select, insert on public.moderation_actions to service_role;
grant select, insert (id, session_id, target_user_id, action, params, reason, dry_run) on public.moderation_actions to authenticated;
grant select, insert, update on public.moderation_incidents to service_role;
grant select on public.moderation_incidents to authenticated;
grant select, insert, update on public.live_audio_stats to service_role;
grant select on public.live_audio_stats to authenticated;
grant select on public.reason_codes to anon, authenticated, service_role;
grant insert (reason_code) on public.moderation_actions to authenticated;
grant select, insert, update on public.moderation_cases to service_role;
grant select on public.moderation_cases to authenticated;
grant select, insert, update, delete on public.agent_rooms to service_role;
grant select on public.agent_rooms to authenticated;
grant select, insert, update, delete on public.agent_workers to service_role;
grant select on public.agent_workers to authenticated;
grant select, insert, update on public.relay_keys to service_role;
grant select on public.relay_keys to authenticated;
grant select, insert, delete on public.livekit_webhook_events to service_role;
grant select, delete on public.live_level_watches to service_role;
grant execute on function public.can_join_as(uuid, uuid) to service_role;
grant execute on function public.can_join(uuid) to authenticated, service_role;
grant execute on function public.cancel_action(uuid) to authenticated, service_role;
grant execute on function public.raise_hand(uuid) to authenticated;
grant execute on function public.lower_hand(uuid, uuid) to authenticated;
grant execute on function public.accept_invite(uuid) to authenticated;
grant execute on function public.decline_invite(uuid) to authenticated;
grant execute on function live.my_open_sessions() to authenticated;
grant execute on function live.my_recent_sessions() to authenticated;
grant execute on function live.my_staffed_sessions() to authenticated;
grant execute on function live.my_chats() to authenticated;
grant execute on function live.my_own_sessions() to authenticated;
grant execute on function live.my_tickets() to authenticated;
grant execute on function live.may_listen(text) to authenticated;
grant execute on function public.watch_levels(uuid) to authenticated;
grant execute on function public.live_events_since(uuid, bigint, int) to authenticated, service_role;
grant select on public.live_media to authenticated, service_role;
grant execute on function public.agent_media(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_claim_rooms(text, jsonb, int) to service_role, live_agent;
grant execute on function public.agent_offer(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_release(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_check_in(text, int, int, jsonb) to service_role, live_agent;
grant execute on function public.agent_hand(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_suspect(text, text, int) to service_role, live_agent;
grant execute on function public.agent_watch(text, int, text[], int, jsonb) to service_role, live_agent;
grant execute on function public.agent_pull(text, jsonb, int, int) to service_role, live_agent;
grant execute on function public.agent_waiting(text) to service_role, live_agent;
grant execute on function public.agent_finish_actions(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_presence(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_relayed(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_publish_key(text, text, timestamptz) to service_role, live_agent;
grant execute on function public.agent_incidents(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_audio_stats(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_sweep(text, text[]) to service_role, live_agent;
grant execute on function public.agent_overview() to service_role, live_agent;
grant select on public.erasures to authenticated, service_role;
grant execute on function public.erase_account(uuid) to authenticated, service_role;
grant execute on function public.delete_my_account() to authenticated;
grant select on public.evidence_clips to authenticated, service_role;
grant select on public.evidence_access to authenticated, service_role;
grant execute on function public.keep_evidence(uuid, uuid, text) to authenticated;
grant execute on function public.agent_evidence(text, jsonb) to service_role;
grant execute on function public.agent_evidence_stored(text, uuid, text, int) to service_role;
grant execute on function public.evidence_open(uuid, uuid, text) to service_role;
grant execute on function public.hold_evidence(uuid, boolean, text) to authenticated;
grant execute on function public.evidence_to_delete(int) to service_role;
grant execute on function public.evidence_deleted(uuid[]) to service_role;
grant execute on function public.evidence_notice() to authenticated;
grant select on public.moderation_audit to authenticated, service_role;
grant select on public.live_recordings to authenticated, service_role;
grant select on public.live_recording_parts to authenticated, service_role;
grant select on public.live_recording_transitions to service_role;
grant select on public.live_recording_acts to authenticated, service_role;
grant execute on function public.agent_recordings(text, jsonb) to service_role, live_agent;
grant execute on function public.agent_recording_errands(text, int) to service_role, live_agent;
grant execute on function public.agent_recording_report(text, jsonb) to service_role, live_agent;
grant select on public.live_recording_consents to authenticated, service_role;
grant execute on function public.recording_notice() to authenticated, service_role;
grant execute on function public.consent_to_recording(uuid, text, boolean) to authenticated;
grant execute on function public.withdraw_recording_consent(uuid) to authenticated;
grant execute on function live.may_record_to(text) to authenticated;
grant select on public.gift_catalog to authenticated, service_role;
grant insert, update on public.gift_catalog to authenticated, service_role;
grant select on public.coin_wallets, public.coin_ledger, public.creator_earnings to authenticated, service_role;
grant select on public.live_gifts to authenticated, service_role;
grant execute on function public.send_gift(uuid, text, integer, text, bigint) to authenticated;
grant execute on function public.credit_coins(uuid, bigint, text, text) to service_role;
grant execute on function public.buy_ticket(uuid, text, bigint) to authenticated;
grant select, insert (id, session_id, body) on public.live_messages to authenticated;
grant select, insert on public.live_messages to service_role;
grant select on public.call_transitions to service_role;
grant select on public.call_engagements to service_role;
grant execute on function public.call_start(uuid, uuid, text, text), public.call_answer(uuid, uuid, boolean, text), public.call_token(uuid, uuid), public.call_end(uuid, uuid) to service_role;
grant select on public.live_vods to authenticated, service_role;
grant select on public.live_recording_cuts to authenticated, service_role;
grant execute on function public.publish_vod(uuid, boolean, text, text), public.cut_recording(uuid, double precision, double precision), public.decide_cut(uuid, text) to authenticated;
grant execute on function public.recording_delete(uuid, uuid) to service_role;
grant execute on function public.hold_recording(uuid, boolean, text) to authenticated;
grant execute on function public.recordings_to_delete(int), public.recordings_deleted(uuid[]) to service_role;
grant select (id, recording_id, user_id, started_at, last_at, watched_seconds) on public.live_vod_plays to authenticated;
grant select on public.live_vod_plays to service_role;
grant execute on function public.vod_open(uuid, uuid, text), public.vod_parts(text) to service_role;
grant execute on function live.my_vod_access(public.live_vods) to authenticated;
grant select on public.live_replays to authenticated;
grant execute on function public.vod_chat(uuid, double precision, int) to authenticated;
grant execute on function public.vod_figures(uuid) to authenticated;
grant execute on function public.call_upgrade(uuid, uuid, boolean) to service_role;
grant execute on function public.live_faults() to service_role;
grant execute on function public.session_create(uuid, text, text, text, integer, timestamptz, integer), public.session_start(uuid, uuid), public.session_token(uuid, uuid), public.session_ingress(uuid, uuid), public.ingress_deleted(text), public.session_end(uuid, uuid) to service_role;
grant execute on function public.record_webhook(text, text, text, jsonb) to service_role;
grant execute on function public.platform_sweep() to service_role;
grant select on public.live_recording_stops to authenticated, service_role;
grant execute on function public.set_recording_allowed(uuid, boolean, text) to authenticated;
grant execute on function public.recording_usage() to authenticated, service_role;
grant execute on function public.recording_start(uuid, uuid, text) to service_role;
grant execute on function public.recording_stop(uuid, uuid) to service_role;
grant select on public.watch_time to authenticated, service_role;
grant select on public.creator_revenue to authenticated, service_role;
grant execute on function public.session_performance(uuid) to authenticated, service_role;
grant execute on function public.platform_usage(date) to authenticated, service_role;
grant execute on function public.refund_ticket(uuid, text) to authenticated, service_role;
grant execute on function public.refund_gift(uuid, text) to authenticated, service_role;
grant execute on function public.refund_session(uuid, text) to authenticated, service_role;
grant execute on function public.adjust_coins(uuid, bigint, text, text) to authenticated, service_role;
grant execute on function public.block_user(uuid) to authenticated;
grant execute on function public.unblock_user(uuid) to authenticated;
grant execute on function public.set_calls_from(text) to authenticated;
grant select on public.creator_payouts, public.creator_debts to authenticated, service_role;
grant execute on function live.holding() to authenticated, service_role;
grant select on public.creator_earned_hours, public.creator_open_earnings to authenticated, service_role;
grant select on public.creator_balances to authenticated, service_role;
grant execute on function public.record_payout(uuid, bigint, text, text) to service_role;
grant execute on function public.book_faults() to service_role;
grant select, delete on public.push_devices to authenticated;
grant select on public.push_devices to service_role;
grant select on public.push_outbox to service_role;
grant execute on function public.register_push_device(text, text, text, text, text) to authenticated;
grant execute on function public.forget_push_device(text) to authenticated;
grant execute on function public.session_policy(uuid) to authenticated, service_role;
grant select on public.session_loudness to authenticated, service_role;
grant execute on function public.revoke_relay_key(text) to authenticated, service_role;
grant execute on function public.push_claim(int) to service_role;
grant execute on function public.push_finish(jsonb) to service_role;
grant select on public.app_setting_changes to authenticated, service_role;
grant execute on function public.change_setting(text, jsonb, text, timestamptz) to authenticated;
grant execute on function public.explain_access(uuid, uuid) to authenticated, service_role;
grant execute on function public.live_schema() to authenticated, service_role;
grant execute on function public.agent_surroundings(uuid, text[]) to service_role;
grant insert (call_id) on public.moderation_actions to authenticated;
grant execute on function public.my_rights(uuid) to authenticated, service_role;
grant execute on function public.move_session(uuid, timestamptz) to authenticated;
grant execute on function public.cancel_session(uuid, text) to authenticated;
grant execute on function live.may_embed() to anon, authenticated;
grant select on public.case_notes to authenticated, service_role;
grant execute on function public.claim_case(uuid) to authenticated;
grant execute on function public.release_case(uuid) to authenticated;
grant execute on function public.add_case_note(uuid, text, uuid) to authenticated;
grant execute on function public.resolve_case(uuid, text, text) to authenticated;
grant select (id, action_id, user_id, text, created_at, decision, decided_at, answer) on public.moderation_appeals to authenticated;
grant select on public.moderation_appeals to service_role;
grant execute on function public.my_decisions(timestamptz, int) to authenticated;
grant execute on function public.appeal(uuid, text) to authenticated;
grant execute on function public.appeal_inbox(int, int) to authenticated;
grant execute on function public.decide_appeal(uuid, text, text) to authenticated;
grant execute on function public.confirm_ban(uuid) to authenticated;
grant execute on function public.moderation_measures(timestamptz, timestamptz) to authenticated;
grant select on public.user_reports to authenticated, service_role;
grant execute on function public.report_person(uuid, text, text, uuid, uuid), public.report_message(uuid, text, text), public.report_session(uuid, text, text), public.report_recording(uuid, text, text) to authenticated;
grant execute on function public.case_inbox(text, int, int) to authenticated;
grant execute on function public.case_file(uuid) to authenticated;
grant select, insert, update, delete on public.chat_rules to service_role;
grant select, insert (scope, creator_id, pattern, effect, language, exact_letters), delete on public.chat_rules to authenticated;
grant execute on function public.look_at_person(uuid, uuid, bigint), public.look_away(), public.preview_action(text, uuid, uuid, jsonb) to authenticated;
grant execute on function public.find_people(text, int) to authenticated;
grant select on public.page_outbox to service_role;
grant execute on function public.page_claim(int) to service_role;
grant execute on function public.page_finish(uuid, boolean, text, double precision) to service_role;
grant select on public.person_notes to authenticated, service_role;
grant execute on function public.add_person_note(uuid, text, uuid) to authenticated;
grant usage on schema public, live to live_speech;
grant select, insert, update, delete on public.speech_rules to service_role;
grant select, insert (pattern, kind, language), delete on public.speech_rules to authenticated;
grant select on public.content_flags to authenticated, service_role;
grant execute on function public.speech_pull(text, text, int) to service_role, live_speech;
grant execute on function public.speech_flag(text, jsonb) to service_role, live_speech;
grant execute on function public.picture_found(text, jsonb) to service_role, live_speech;
grant execute on function public.picture_stored(text, uuid, text, int) to service_role, live_speech;
grant execute on function live.frame_is_awaited(text) to live_speech;
grant execute on function public.console_rooms(text, text, boolean, text, int, int), public.console_people(uuid, text, text, int, int, uuid[]) to authenticated;
grant execute on function public.export_my_data(text, int) to authenticated;
grant execute on function public.ops_listen(uuid, uuid, text, uuid) to service_role;
grant execute on function public.stop_listening(), public.listening_digest(timestamptz) to authenticated;
grant execute on function public.policy_form(), public.estimate_policy(jsonb, uuid, int), public.change_session_policy(uuid, jsonb, text, jsonb), public.own_session_policy(uuid) to authenticated;
grant select on public.shift_notes to authenticated, service_role;
grant execute on function public.hand_over(text, uuid), public.shift_overview(timestamptz), public.operator_measures(timestamptz, timestamptz) to authenticated;
grant execute on function live.my_access(public.live_sessions) to authenticated;
grant execute on function live.card(uuid) to authenticated;
grant select on public.live_now to authenticated;
grant select on public.live_upcoming to authenticated;
grant select on public.my_calls to authenticated;
grant select on public.session_people to authenticated;
grant execute on function public.live_schema_contract() to service_role;

-- schemas/99_finish.sql
-- Owns: what is done once everything is there, after the rights: PostgREST is told whom to ask first, and what exists now
-- is remembered as what must exist.

select live.hook_requests();
select live.remember_schema();
notify pgrst, 'reload config';
