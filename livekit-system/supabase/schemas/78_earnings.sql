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

create view public.creator_balances with (security_invoker = true) as
  with items as (
    select e.creator_id, e.coins, e.kind in ('gift_refund', 'ticket_refund') as is_refund,
           exists (select from public.creator_earnings r
                    where (r.gift_id = e.gift_id and r.kind = 'gift_refund')
                       or (r.ticket_id = e.ticket_id and r.kind = 'ticket_refund')) as refunded,
           case e.kind when 'gift' then e.created_at else t.earned_at end as earned_at
      from public.creator_earnings e
      left join public.live_tickets t on t.id = e.ticket_id
  ), sums as (
    select i.creator_id,
           sum(i.coins) as net,
           coalesce(sum(i.coins) filter (where not i.is_refund and not i.refunded and i.earned_at is null), 0) as held,
           coalesce(sum(i.coins) filter (where not i.is_refund and not i.refunded
                                           and i.earned_at > now() - (select live.holding())), 0) as waiting,
           coalesce(sum(i.coins) filter (where not i.is_refund and not i.refunded
                                           and i.earned_at <= now() - (select live.holding())), 0) as matured
      from items i group by i.creator_id
  )
  select s.creator_id, s.net::bigint as earned_coins, s.held::bigint as held_coins, s.waiting::bigint as waiting_coins,
         p.paid as paid_coins,
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
comment on column public.creator_balances.waiting_coins is 'Earned, and younger than earnings.holding_days.';
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
  return case when p_earned_at <= now() - live.holding() then p_coins else 0 end;
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
