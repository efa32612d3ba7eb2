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
