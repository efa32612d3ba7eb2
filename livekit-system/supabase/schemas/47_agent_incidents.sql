-- Owns: what agents write about sound: incidents with the action that follows, the ceiling of automatic actions, and figures
-- of each minute. As in 46_agent_writes.sql, a write with an older epoch changes nothing.

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
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
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
