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
   where t.refunded_at is null and t.recording_id is null and s.ended_at < clock_timestamp() - interval '2 minutes'
     and (t.earned_at is null or t.refund_due_at is not null)
  union all
  select 'live_tickets: held of a recording', t.id::text, 0::bigint, t.coins::bigint
    from public.live_tickets t
   where t.recording_id is not null and t.refunded_at is null and t.earned_at is null
     and (t.refund_due_at < clock_timestamp() - interval '2 minutes'
          or t.created_at < clock_timestamp() - live.replay_refundable() - interval '2 days')
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
