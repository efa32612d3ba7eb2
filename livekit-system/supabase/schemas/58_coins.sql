-- Owns: the gift catalogue, wallets, the ledger and what creators earn. A ledger row is the only way coins move: its triggers move the
-- wallet and the creator's earnings in the same statement, so none can disagree.
-- The books carry no foreign key to people, sessions or tickets: they outlive an account and all that goes with it.

create table public.gift_catalog (
  code text primary key check (code ~ '^[a-z][a-z0-9_]{1,31}$'),
  name_en text not null check (length(name_en) between 1 and 60),
  name_tr text not null check (length(name_tr) between 1 and 60),
  coins integer not null check (coins between 1 and 1000000),
  is_active boolean not null default true,
  sort_order integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.gift_catalog is 'The gifts that can be sent and their prices. Ops write it; a gift keeps the price it was sent at.';
comment on column public.gift_catalog.code is 'Stable name that clients send and draw by.';
comment on column public.gift_catalog.name_en is 'Name shown in English.';
comment on column public.gift_catalog.name_tr is 'Name shown in Turkish.';
comment on column public.gift_catalog.coins is 'Price of one.';
comment on column public.gift_catalog.is_active is 'False withdraws the gift from sale; rows are never deleted, because sent gifts refer to them.';
comment on column public.gift_catalog.sort_order is 'Order in the shop, ascending.';
comment on column public.gift_catalog.created_at is 'When the row was written.';
comment on column public.gift_catalog.updated_at is 'When the row last changed.';

insert into public.gift_catalog (code, name_en, name_tr, coins, sort_order) values
  ('rose', 'Rose', 'Gül', 1, 10),
  ('heart', 'Heart', 'Kalp', 5, 20),
  ('fireworks', 'Fireworks', 'Havai fişek', 50, 30),
  ('crown', 'Crown', 'Taç', 500, 40);

create table public.coin_wallets (
  user_id uuid primary key,
  balance bigint not null default 0 check (balance >= 0),
  updated_at timestamptz not null default now()
);
comment on table public.coin_wallets is 'What each user can spend. Always the sum of the user''s ledger rows; only a ledger row changes it.';
comment on column public.coin_wallets.user_id is 'Whose wallet.';
comment on column public.coin_wallets.balance is 'Coins; never negative.';
comment on column public.coin_wallets.updated_at is 'When coins last moved.';

create table public.coin_ledger (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  delta bigint not null check (delta <> 0),
  balance_after bigint not null check (balance_after >= 0),
  kind text not null check (kind in ('top_up', 'gift', 'gift_refund', 'ticket', 'ticket_refund', 'adjustment')),
  session_id uuid,
  gift_id uuid,
  ticket_id uuid,
  reference text check (length(reference) between 1 and 200),
  note text check (length(note) <= 500),
  created_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  constraint coin_ledger_direction check (case kind
    when 'top_up' then delta > 0
    when 'gift' then delta < 0
    when 'gift_refund' then delta > 0
    when 'ticket' then delta < 0
    when 'ticket_refund' then delta > 0
    else true end),
  constraint coin_ledger_subject check (case kind
    when 'gift' then gift_id is not null and session_id is not null
    when 'gift_refund' then gift_id is not null and session_id is not null
    when 'ticket' then ticket_id is not null and session_id is not null
    when 'ticket_refund' then ticket_id is not null and session_id is not null
    else reference is not null end)
);
comment on table public.coin_ledger is 'Every movement of coins, append-only for everyone; the sum of a user''s rows is the balance.';
comment on column public.coin_ledger.id is 'Order of the movements.';
comment on column public.coin_ledger.user_id is 'Whose wallet moved.';
comment on column public.coin_ledger.delta is 'Coins in (positive) or out (negative).';
comment on column public.coin_ledger.balance_after is 'The wallet right after; set by the trigger.';
comment on column public.coin_ledger.kind is 'Why: top_up, gift, gift_refund, ticket, ticket_refund or adjustment.';
comment on column public.coin_ledger.session_id is 'The session a gift or ticket belongs to.';
comment on column public.coin_ledger.gift_id is 'The gift paid for or refunded.';
comment on column public.coin_ledger.ticket_id is 'The ticket paid for or refunded.';
comment on column public.coin_ledger.reference is 'Idempotency key of a top-up or adjustment: the shop''s receipt.';
comment on column public.coin_ledger.note is 'A word for the accountant.';
comment on column public.coin_ledger.created_by is 'The ops user behind a refund or adjustment; null for the owner or the service.';
comment on column public.coin_ledger.created_at is 'When coins moved.';
create index coin_ledger_by_user on public.coin_ledger (user_id, id desc);
create index coin_ledger_by_session on public.coin_ledger (session_id) where session_id is not null;
create unique index coin_ledger_one_per_gift on public.coin_ledger (gift_id, kind) where gift_id is not null;
create unique index coin_ledger_one_per_ticket on public.coin_ledger (ticket_id, kind) where ticket_id is not null;
create unique index coin_ledger_one_per_reference on public.coin_ledger (kind, reference) where reference is not null;

create table public.creator_earnings (
  ledger_id bigint primary key references public.coin_ledger (id),
  creator_id uuid not null,
  session_id uuid not null,
  kind text not null check (kind in ('gift', 'gift_refund', 'ticket', 'ticket_refund')),
  gift_id uuid,
  ticket_id uuid,
  coins bigint not null check (coins <> 0),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.creator_earnings is 'The creator''s side of the ledger: one row per gift, ticket and refund, in gross coins. Written by the ledger alone.';
comment on column public.creator_earnings.ledger_id is 'The movement this is the other side of.';
comment on column public.creator_earnings.creator_id is 'Who earned.';
comment on column public.creator_earnings.session_id is 'In which session.';
comment on column public.creator_earnings.kind is 'gift, gift_refund, ticket or ticket_refund.';
comment on column public.creator_earnings.gift_id is 'By which gift.';
comment on column public.creator_earnings.ticket_id is 'By which ticket.';
comment on column public.creator_earnings.coins is 'Gross coins: minus the payer''s delta, so a refund is negative.';
comment on column public.creator_earnings.created_at is 'When it was earned.';
create index creator_earnings_by_creator on public.creator_earnings (creator_id, created_at desc);
create unique index creator_earnings_of_gift on public.creator_earnings (gift_id, kind) where gift_id is not null;
create unique index creator_earnings_of_ticket on public.creator_earnings (ticket_id, kind) where ticket_id is not null;
create index creator_earnings_by_session on public.creator_earnings (session_id);

-- The ledger row moves the wallet. The row lock that the update takes is what makes a balance below zero impossible
-- under any concurrency; the check constraint is the second wall.
create function live.move_wallet() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.coin_wallets (user_id) values (new.user_id) on conflict do nothing;
  update public.coin_wallets set balance = balance + new.delta, updated_at = clock_timestamp()
   where user_id = new.user_id and balance + new.delta >= 0
   returning balance into new.balance_after;
  if not found then
    perform live.refuse(402, 'insufficient_coins', 'There are not enough coins in the wallet. Top up and try again.');
  end if;
  new.created_at := clock_timestamp();
  return new;
end;
$$;
comment on function live.move_wallet() is 'Trigger: applies a ledger row to its wallet and notes the balance after it.';
create trigger coin_ledger_move_wallet before insert on public.coin_ledger
  for each row execute function live.move_wallet();

create function live.book_earnings() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  with booked as (
    insert into public.creator_earnings (ledger_id, creator_id, session_id, kind, gift_id, ticket_id, coins)
    select new.id, s.creator_id, s.id, new.kind, new.gift_id, new.ticket_id, -new.delta from public.live_sessions s where s.id = new.session_id
    returning *
  )
  insert into public.creator_open_earnings (ledger_id, creator_id, ticket_id, coins, held, earned_at)
  select b.ledger_id, b.creator_id, b.ticket_id, b.coins, b.kind = 'ticket',
         -- A refund counts in the hour of what it pays back; what was never earned in none.
         case b.kind when 'gift' then b.created_at
                     when 'gift_refund' then (select g.created_at from public.creator_earnings g where g.gift_id = b.gift_id and g.kind = 'gift')
                     when 'ticket_refund' then (select t.earned_at from public.live_tickets t where t.id = b.ticket_id) end
    from booked b;
  return null;
end;
$$;
comment on function live.book_earnings() is 'Trigger: books the creator''s side of a gift, ticket or refund.';
create trigger coin_ledger_book_earnings after insert on public.coin_ledger
  for each row when (new.kind in ('gift', 'gift_refund', 'ticket', 'ticket_refund'))
  execute function live.book_earnings();

create function live.books_are_append_only() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.refuse(403, 'append_only', format('%s is append-only: write a correcting entry instead.', tg_table_name));
  return null;
end;
$$;
comment on function live.books_are_append_only() is 'Trigger: refuses to change or remove what was booked, no matter who asks.';
create trigger coin_ledger_append_only before update or delete or truncate on public.coin_ledger
  for each statement execute function live.books_are_append_only();
create trigger creator_earnings_append_only before update or delete or truncate on public.creator_earnings
  for each statement execute function live.books_are_append_only();
create trigger coin_wallets_not_removable before delete or truncate on public.coin_wallets
  for each statement execute function live.books_are_append_only();

-- Balances and earnings are written from inside the ledger's triggers only: one level of nesting more than a direct
-- write has.
create function live.books_move_by_ledger_only() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if pg_catalog.pg_trigger_depth() < 2 then
    perform live.refuse(403, 'ledger_only', format('%s follows the ledger: insert into coin_ledger instead.', tg_table_name));
  end if;
  return new;
end;
$$;
comment on function live.books_move_by_ledger_only() is 'Trigger: refuses any write that does not come from a ledger row.';
create trigger coin_wallets_start_empty before insert on public.coin_wallets
  for each row when (new.balance <> 0) execute function live.books_move_by_ledger_only();
create trigger coin_wallets_by_ledger_only before update on public.coin_wallets
  for each row execute function live.books_move_by_ledger_only();
create trigger creator_earnings_by_ledger_only before insert on public.creator_earnings
  for each row execute function live.books_move_by_ledger_only();

create function live.clean_gift_names() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.name_en := live.clean_text(new.name_en, 'name_en', 60);
  new.name_tr := live.clean_text(new.name_tr, 'name_tr', 60);
  return new;
end;
$$;
comment on function live.clean_gift_names is 'Trigger: the names of a gift are lines that can be read.';
create trigger clean_gift_names before insert or update of name_en, name_tr on public.gift_catalog
  for each row execute function live.clean_gift_names();

alter table public.gift_catalog enable row level security;
alter table public.coin_wallets enable row level security;
alter table public.coin_ledger enable row level security;
alter table public.creator_earnings enable row level security;

grant select on public.gift_catalog to authenticated, service_role;
grant insert, update on public.gift_catalog to authenticated, service_role;
create policy "everyone signed in sees the gifts" on public.gift_catalog for select to authenticated using (true);
create policy "ops add gifts" on public.gift_catalog for insert to authenticated with check ((select live.am_ops()));
create policy "ops change gifts" on public.gift_catalog for update to authenticated
  using ((select live.am_ops())) with check ((select live.am_ops()));

grant select on public.coin_wallets, public.coin_ledger, public.creator_earnings to authenticated, service_role;
create policy "own wallet, and ops" on public.coin_wallets for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
create policy "own movements, and ops" on public.coin_ledger for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
create policy "own earnings, and ops" on public.creator_earnings for select to authenticated
  using (creator_id = (select auth.uid()) or (select live.am_ops()));
