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
  select e.book, e.id, e.expected, e.found from live.look_faults() e
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
