-- Owns: who is ops (live_ops), and the switches (app_settings).

-- ── ops ────────────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_ops (
  user_id uuid primary key,
  lead boolean not null default false,
  note text,
  created_at timestamptz not null default now()
);
comment on table public.live_ops is
  'The people of the ops team. Written by the service role only: a profile''s type may be writable by its owner.';
comment on column public.live_ops.user_id is 'The person.';
comment on column public.live_ops.lead is 'Whether they lead the team: who leads sees how each of it acts and listens in, others see themselves.';
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

create function live.am_lead() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return live.is_ops(auth.uid()) and exists (select from public.live_ops o where o.user_id = auth.uid() and o.lead);
end;
$$;
comment on function live.am_lead() is 'Whether the signed-in person leads the ops team. Definer: callers may not read live_ops.';

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
    when p_key in ('earnings.holding_days', 'recording.refundable_days') then
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
    when p_key = 'recording.stray_share' then
      case when jsonb_typeof(p_value) <> 'number' then 'must be a number'
           when p_value::numeric not between 0 and 1 then 'must be between 0 and 1' end
    when p_key in ('pictures.score', 'recording.watched_part') then
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
