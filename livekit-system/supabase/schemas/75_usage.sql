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
