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
