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
