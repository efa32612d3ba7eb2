-- Owns: what another policy would have done, estimated from what was stored: seconds by decibel (live_audio_stats.measured.histogram) for
-- loudness, other figures of the minutes where they say something, and else what the rules themselves have noted
-- (moderation_incidents). What nothing was stored to judge by is said to be so.

create function live.policy_in_force(p_platform jsonb, p_own jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return live.merged_policy(live.default_policy(), live.merged_policy(live.with_preset(coalesce(p_platform, '{}')), live.with_preset(coalesce(p_own, '{}'))));
end;
$$;
comment on function live.policy_in_force(jsonb, jsonb) is 'The whole policy of a session: the defaults, over them the platform''s, over both the session''s own.';

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
      policy := live.policy_in_force(p_platform, coalesce(p_own, item.moderation));
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

create function live.rules_by_minutes(p_platform jsonb, p_session uuid, p_own jsonb, p_since timestamptz, p_rows int) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    with measured as (
      select a.session_id, a.user_id, a.minute, a.talk_seconds, a.clipped_ratio, (a.measured -> 'heard_seconds')::double precision as heard,
             (a.measured -> 'noise_floor_dbfs')::double precision as floor_dbfs
        from public.live_audio_stats a
       where a.minute >= p_since and a.measured ? 'heard_seconds' and (p_session is null or a.session_id = p_session)
       order by a.minute desc limit p_rows
    ), places as materialized (
      select s.id, s.creator_id, live.policy_in_force(p_platform, coalesce(p_own, s.moderation)) as policy
        from public.live_sessions s where s.id in (select m.session_id from measured m)
    ), clipped as (
      select distinct m.session_id, m.user_id
        from measured m join places s on s.id = m.session_id cross join lateral jsonb_to_record(s.policy -> 'clipping')
             as p (enabled boolean, ratio double precision, grace_seconds double precision)
       where p.enabled and least(m.heard, m.clipped_ratio * m.heard / p.ratio) >= greatest(p.grace_seconds, 3)
    ), noisy as (
      select distinct m.session_id, m.user_id
        from measured m join places s on s.id = m.session_id cross join lateral jsonb_to_record(s.policy -> 'noise')
             as p (enabled boolean, threshold_dbfs double precision, grace_seconds double precision)
       where p.enabled and m.floor_dbfs >= p.threshold_dbfs and m.heard - m.talk_seconds >= least(p.grace_seconds, 60)
    ), quiet as (
      -- The host's microphone was open and nobody spoke. Minutes in a row have the same difference to their number.
      select m.session_id, m.minute - interval '1 minute' * row_number() over (partition by m.session_id order by m.minute) as stretch
        from (select n.session_id, n.minute, bool_or(n.user_id = s.creator_id and n.heard >= 30) as open, sum(n.talk_seconds) as talk
                from measured n join places s on s.id = n.session_id group by n.session_id, n.minute) m
       where m.open and m.talk = 0
    ), silent as (
      select distinct q.session_id
        from (select x.session_id, x.stretch, count(*) * 60 as seconds from quiet x group by x.session_id, x.stretch) q
        join places s on s.id = q.session_id cross join lateral jsonb_to_record(s.policy -> 'dead_air') as p (enabled boolean, seconds double precision)
       where p.enabled and q.seconds >= p.seconds
    )
    select jsonb_build_object('clipping', (select count(*) from clipped), 'noise', (select count(*) from noisy), 'dead_air', (select count(*) from silent)));
end;
$$;
comment on function live.rules_by_minutes(jsonb, uuid, jsonb, timestamptz, int) is
  'Whom rules beside loudness would have noticed, by the figures of minutes: {clipping, noise: people, each once a session; dead_air: sessions}. Clipping counts '
  'as one stretch a minute, noise by its level alone (how noisy it was is not stored), dead air by whole minutes of an open and silent microphone.';

create function live.rules_by_incidents(p_platform jsonb, p_session uuid, p_own jsonb, p_since timestamptz, p_rows int) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    with noted as (
      select i.session_id, i.user_id, i.rule, i.measured from public.moderation_incidents i
       where i.created_at >= p_since and i.rule = any ('{scream,howl,hum,not_allowed,not_measurable}') and (p_session is null or i.session_id = p_session)
       order by i.created_at desc limit p_rows
    ), places as materialized (
      select s.id, live.policy_in_force(p_platform, coalesce(p_own, s.moderation)) as policy
        from public.live_sessions s where s.id in (select n.session_id from noted n)
    ), still as (
      select distinct n.rule, n.session_id, n.user_id
        from noted n join places s on s.id = n.session_id cross join lateral jsonb_to_record(s.policy -> n.rule)
             as p (enabled boolean, threshold_lufs double precision, threshold_dbfs double precision, jump_lu double precision)
             cross join lateral jsonb_to_record(n.measured)
             as m (momentary_lufs double precision, jump_lu double precision, rms_dbfs double precision, hum_dbfs double precision)
       where p.enabled and coalesce(m.momentary_lufs >= p.threshold_lufs, true) and coalesce(m.jump_lu >= p.jump_lu, true)
         and coalesce(coalesce(m.rms_dbfs, m.hum_dbfs) >= p.threshold_dbfs, true)
    )
    select jsonb_object_agg(r.rule, (select count(*) from still x where x.rule = r.rule))
      from unnest('{scream,howl,hum,not_allowed,not_measurable}'::text[]) r (rule));
end;
$$;
comment on function live.rules_by_incidents(jsonb, uuid, jsonb, timestamptz, int) is
  'Of whom rules have noted, how many (each once a session) they would have noted as well under this policy, by the figures that were noted: {scream, howl, hum, '
  'not_allowed, not_measurable}.';

create function live.rule_bound(p_now jsonb, p_then jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  more boolean;
  fewer boolean;
begin
  if not (p_then ->> 'enabled')::boolean then
    return 'exact';
  end if;
  select bool_or((p_then ->> n.name)::double precision < (p_now ->> n.name)::double precision) into more
    from unnest('{threshold_lufs,threshold_dbfs,jump_lu,grace_seconds}'::text[]) n (name);
  more := coalesce(more, false) or not (p_now ->> 'enabled')::boolean;
  fewer := coalesce((p_then ->> 'grace_seconds')::double precision > (p_now ->> 'grace_seconds')::double precision, false);
  return case when more and fewer then 'unknown' when more then 'at_least' when fewer then 'at_most' else 'exact' end;
end;
$$;
comment on function live.rule_bound(jsonb, jsonb) is
  'How far what a rule has noted says what it would have noted under another section of the policy: exact; at_least, where it would notice more than what it noted; '
  'at_most, where it would wait longer, which no note says; unknown, where both.';

create function live.estimated_rules(p_platform jsonb, p_platform_then jsonb, p_session uuid, p_own_then jsonb, p_since timestamptz, p_rows int) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  own constant jsonb := (select s.moderation from public.live_sessions s where s.id = p_session);
  before constant jsonb := live.policy_in_force(p_platform, own);
  after constant jsonb := live.policy_in_force(p_platform_then, coalesce(p_own_then, own));
  minutes constant jsonb := live.rules_by_minutes(p_platform, p_session, null, p_since, p_rows);
  minutes_then constant jsonb := live.rules_by_minutes(p_platform_then, p_session, p_own_then, p_since, p_rows);
  noted constant jsonb := live.rules_by_incidents(p_platform, p_session, null, p_since, p_rows);
  noted_then constant jsonb := live.rules_by_incidents(p_platform_then, p_session, p_own_then, p_since, p_rows);
begin
  return (
    select jsonb_object_agg(r.rule, case
             when minutes ? r.rule then jsonb_build_object('by', 'minutes', 'now', minutes -> r.rule, 'then', minutes_then -> r.rule, 'bound', case
               when not (after #>> array[r.rule, 'enabled'])::boolean then 'exact'
               when r.rule = 'noise' then 'at_most'
               when r.rule = 'dead_air' and (after #>> '{dead_air,count_muted}')::boolean then 'at_least'
               else 'about' end)
             else jsonb_build_object('by', 'incidents', 'now', noted -> r.rule, 'then', noted_then -> r.rule,
                                     'bound', live.rule_bound(before -> r.rule, after -> r.rule)) end)
      from jsonb_object_keys(minutes || noted) r (rule));
end;
$$;
comment on function live.estimated_rules(jsonb, jsonb, uuid, jsonb, timestamptz, int) is
  'The rules beside loudness, under the policy of now and another: {rule: {by: minutes|incidents, now, then, bound: exact|about|at_least|at_most|unknown}}.';

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
                   else live.would_have(platform, session, estimate_policy.policy, since, rows_at_most) end,
      'rules', live.estimated_rules(platform, case when session is null then estimate_policy.policy else platform end, session,
                                    case when session is not null then estimate_policy.policy end, since, rows_at_most));
end;
$$;
comment on function public.estimate_policy(jsonb, uuid, int) is
  'For ops: what a policy of the platform, or of one session, would have done in the last days (7 unless asked, 90 at most) in the measured minutes, the newest '
  '20,000 of them, beside what holds now: {since, minutes, people, cut, now, then, rules}; now and then: for being too loud, people by the steps that they would '
  'have reached; rules: whom each other rule would have noticed, and how far that can be said (estimated_rules). An estimate, not a replay.';

grant execute on function public.estimate_policy(jsonb, uuid, int) to authenticated;
