-- Owns: sending gifts and topping up. Coins move through one ledger row, in one transaction with what they bought.
-- Locks are always taken wallet first, session second, so no two spenders can deadlock.

create table public.live_gifts (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  sender_id uuid not null,
  gift_code text not null references public.gift_catalog (code),
  quantity integer not null check (quantity between 1 and 999),
  coins bigint not null check (coins > 0),
  seq bigint not null,
  idempotency_key text not null check (length(idempotency_key) between 8 and 200),
  created_at timestamptz not null default clock_timestamp(),
  unique (sender_id, idempotency_key),
  unique (session_id, seq)
);
comment on table public.live_gifts is 'Gifts sent, one row each, at the price of that moment. Written by send_gift alone.';
comment on column public.live_gifts.id is 'The gift.';
comment on column public.live_gifts.session_id is 'Where it was sent.';
comment on column public.live_gifts.sender_id is 'Who paid.';
comment on column public.live_gifts.gift_code is 'Which gift.';
comment on column public.live_gifts.quantity is 'How many at once.';
comment on column public.live_gifts.coins is 'Paid in all: price times quantity.';
comment on column public.live_gifts.seq is 'Its place in the session''s live_events.';
comment on column public.live_gifts.idempotency_key is 'Chosen by the sender''s app; the same key never charges twice.';
comment on column public.live_gifts.created_at is 'When it was sent.';
create index live_gifts_by_sender on public.live_gifts (sender_id, created_at desc);
create trigger live_gifts_append_only before update or delete or truncate on public.live_gifts
  for each statement execute function live.books_are_append_only();

alter table public.live_gifts enable row level security;
grant select on public.live_gifts to authenticated, service_role;
create policy "senders, the session's staff and ops see gifts" on public.live_gifts for select to authenticated
  using (sender_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

-- Deferred, because the payment is booked before the session's lock is taken and the gift while it is held.
alter table public.coin_ledger
  add constraint coin_ledger_gift foreign key (gift_id) references public.live_gifts (id) deferrable initially deferred;

-- The lock serialises one person's spending: idempotency, rates and funds are then decided without a race.
create function live.lock_wallet(p_user uuid) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  funds bigint;
begin
  if p_user is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(p_user);
  insert into public.coin_wallets (user_id) values (p_user) on conflict do nothing;
  select w.balance into funds from public.coin_wallets w where w.user_id = p_user for update;
  return funds;
end;
$$;
comment on function live.lock_wallet(uuid) is 'Locks the wallet of who is signed in until the transaction ends, and returns its balance; refuses nobody, and a deleted account.';

create function live.gift_receipt(p_gift public.live_gifts) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object('gift_id', p_gift.id, 'seq', p_gift.seq, 'coins', p_gift.coins, 'balance', l.balance_after)
      from public.coin_ledger l where l.gift_id = p_gift.id and l.kind = 'gift');
end;
$$;
comment on function live.gift_receipt(public.live_gifts) is 'What send_gift answered, for a retry.';

create function live.hold_live(p_session uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- Anyone who waits for a row that others update is woken at every update, and all of them stand in the way of the
  -- agent's own writes. In this queue one is woken at a time, and one at a time comes to the row.
  perform pg_advisory_xact_lock(hashtextextended('hold_live ' || p_session, 0));
  perform from public.live_sessions s where s.id = p_session and s.status = 'live' for no key update;
  if not found then
    perform live.refuse(409, 'session_ended', 'This session is over.');
  end if;
end;
$$;
comment on function live.hold_live(uuid) is 'Locks a session so that it cannot end before this transaction does.';

-- What needs no place in the stream comes first: all gifts of a session wait for the lock that hold_live takes.
create function live.book_gift(p_gift public.live_gifts) returns public.live_gifts
language plpgsql set search_path = '' as $$
declare
  shown constant jsonb := jsonb_build_object('gift_id', p_gift.id, 'sender_id', p_gift.sender_id,
    'gift_code', p_gift.gift_code, 'quantity', p_gift.quantity, 'coins', p_gift.coins)
    || jsonb_strip_nulls(jsonb_build_object('sender_name', live.shown_name(p_gift.sender_id),
                                            'sender_avatar', live.shown_avatar(p_gift.sender_id)));
begin
  insert into public.coin_ledger (user_id, delta, kind, session_id, gift_id)
    values (p_gift.sender_id, -p_gift.coins, 'gift', p_gift.session_id, p_gift.id);
  insert into public.live_messages (session_id, user_id, type, payload, sender_name, sender_avatar)
    values (p_gift.session_id, p_gift.sender_id, 'gift', shown, shown ->> 'sender_name', shown ->> 'sender_avatar');
  perform live.hold_live(p_gift.session_id);
  p_gift.seq := live.append_events(p_gift.session_id, 'gift', array[shown], p_gift.coins);
  p_gift.created_at := clock_timestamp();
  insert into public.live_gifts select p_gift.*;
  return p_gift;
end;
$$;
comment on function live.book_gift(public.live_gifts) is 'Writes a gift, its payment, its line in the chat and its event; refuses when the session has ended.';

create function public.send_gift(
  session_id uuid, gift_code text, quantity integer, idempotency_key text, p_expected_coins bigint default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  funds bigint;
  gift public.live_gifts;
begin
  perform live.require_key(idempotency_key);
  funds := live.lock_wallet(me);

  select * into gift from public.live_gifts g
   where g.sender_id = me and g.idempotency_key = send_gift.idempotency_key;
  if found then
    if (gift.session_id, gift.gift_code, gift.quantity) is distinct from (session_id, gift_code, quantity) then
      perform live.refuse(409, 'idempotency_key_reused', 'This key was used for another gift. Choose a new one.');
    end if;
    return live.gift_receipt(gift);
  end if;

  perform live.require_member();
  perform live.require_entry(session_id, me);
  if exists (select from public.live_sessions s where s.id = send_gift.session_id and s.creator_id = me) then
    perform live.refuse(409, 'own_session', 'You cannot send gifts to yourself.');
  end if;
  if quantity is null or quantity not between 1 and 999 then
    perform live.refuse(400, 'invalid_quantity', 'Send between 1 and 999 of a gift at once.');
  end if;
  select c.coins::bigint * quantity into gift.coins
    from public.gift_catalog c where c.code = gift_code and c.is_active;
  if not found then
    perform live.refuse(404, 'unknown_gift', 'This gift is not on sale. Load the list of gifts again.');
  end if;
  perform live.require_price(p_expected_coins, gift.coins);
  if gift.coins > funds then
    perform live.refuse(402, 'insufficient_coins', 'There are not enough coins in the wallet. Top up and try again.');
  end if;

  gift.id := gen_random_uuid();
  gift.session_id := session_id;
  gift.sender_id := me;
  gift.gift_code := gift_code;
  gift.quantity := quantity;
  gift.idempotency_key := idempotency_key;
  perform live.spend(me, 'gifts_per_minute');
  gift := live.book_gift(gift);
  return jsonb_build_object('gift_id', gift.id, 'seq', gift.seq, 'coins', gift.coins, 'balance', funds - gift.coins);
end;
$$;
comment on function public.send_gift(uuid, text, integer, text, bigint) is
  'Sends a gift from the signed-in person''s wallet: {gift_id, seq, coins, balance}. The same key charges once and answers '
  'the same; with other arguments it is refused. p_expected_coins: what the person saw that it costs in all; refused with '
  'price_changed when it costs something else by now.';
grant execute on function public.send_gift(uuid, text, integer, text, bigint) to authenticated;

create function public.credit_coins(p_user uuid, p_coins bigint, p_reference text, p_note text default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  entry public.coin_ledger;
begin
  if p_coins is null or p_coins not between 1 and 10000000 then
    perform live.refuse(400, 'invalid_coins', 'Credit between 1 and 10,000,000 coins at once.');
  end if;
  if p_reference is null or length(p_reference) not between 8 and 200 then
    perform live.refuse(400, 'invalid_reference', 'Give the shop''s receipt as reference: 8 to 200 characters.');
  end if;
  if not exists (select from public.profiles p where p.id = p_user) then
    perform live.refuse(404, 'unknown_user', 'There is no such user to credit.');
  end if;
  -- By receipt first: two people who present one at the same time have different wallets.
  perform pg_advisory_xact_lock(hashtextextended('receipt ' || p_reference, 0));
  perform live.lock_wallet(p_user);
  select * into entry from public.coin_ledger l where l.kind = 'top_up' and l.reference = p_reference;
  if not found then
    insert into public.coin_ledger (user_id, delta, kind, reference, note)
      values (p_user, p_coins, 'top_up', p_reference, p_note) returning * into entry;
  elsif (entry.user_id, entry.delta) is distinct from (p_user, p_coins) then
    perform live.refuse(409, 'reference_reused', 'This receipt was already credited to another user or amount.');
  end if;
  return jsonb_build_object('ledger_id', entry.id, 'coins', entry.delta, 'balance', entry.balance_after);
end;
$$;
comment on function public.credit_coins(uuid, bigint, text, text) is
  'Tops up a wallet after a purchase: {ledger_id, coins, balance}. A receipt credits once, no matter who presents it again.';
grant execute on function public.credit_coins(uuid, bigint, text, text) to service_role;
