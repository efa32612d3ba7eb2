-- Owns: refunds and adjustments by ops: one row of the ledger each, once, with its reason. The order of locks is that of
-- 76_refunds.sql.

create function live.require_refunder(p_reason text) returns void
language plpgsql stable set search_path = '' as $$
begin
  perform live.require_ops_or_service();
  if p_reason is not null and live.text_fault(p_reason, 500, true) is not null then
    perform live.refuse(400, 'invalid_reason', format('Give a reason of 1 to 500 characters: it %s.', live.text_fault(p_reason, 500, true)));
  end if;
end;
$$;
comment on function live.require_refunder(text) is 'Refuses everybody but ops and server code, and a reason that is empty or too long.';

create function public.refund_ticket(ticket_id uuid, reason text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  creator uuid;
  receipt jsonb;
begin
  perform live.require_refunder(reason);
  select s.creator_id into creator
    from public.live_tickets t join public.live_sessions s on s.id = t.session_id where t.id = refund_ticket.ticket_id;
  if not found then
    perform live.refuse(404, 'unknown_ticket', 'There is no such ticket.');
  end if;
  perform live.pay_back(ticket_id, auth.uid(), reason, live.hold_earnings(creator));
  select jsonb_build_object('ticket_id', t.id, 'user_id', t.user_id, 'coins', t.coins, 'refunded_at', t.refunded_at)
    into receipt from public.live_tickets t where t.id = refund_ticket.ticket_id;
  return receipt;
end;
$$;
comment on function public.refund_ticket(uuid, text) is
  'Ops return a ticket''s coins: {ticket_id, user_id, coins, refunded_at}. Refunding again changes nothing.';
grant execute on function public.refund_ticket(uuid, text) to authenticated, service_role;

create function live.take_back_gift(p_gift public.live_gifts, p_by uuid, p_reason text, p_payable bigint) returns bigint
language plpgsql set search_path = '' as $$
declare
  taken constant bigint := live.taken_from_payable(p_gift.created_at, p_gift.coins);
  entry bigint;
begin
  perform live.hold_wallet(p_gift.sender_id);
  if exists (select from public.coin_ledger l where l.gift_id = p_gift.id and l.kind = 'gift_refund') then
    return null;
  end if;
  insert into public.coin_ledger (user_id, delta, kind, session_id, gift_id, created_by, note)
    values (p_gift.sender_id, p_gift.coins, 'gift_refund', p_gift.session_id, p_gift.id, p_by, p_reason)
    returning id into entry;
  perform live.owe(s.creator_id, p_payable, taken, entry) from public.live_sessions s where s.id = p_gift.session_id;
  return taken;
end;
$$;
comment on function live.take_back_gift(public.live_gifts, uuid, text, bigint) is
  'Returns a gift''s coins once, as pay_back does a ticket''s. What the room was told about it, and the session''s total, stay.';

create function public.refund_gift(gift_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  gift public.live_gifts;
begin
  perform live.require_refunder(coalesce(reason, ''));
  select * into gift from public.live_gifts g where g.id = refund_gift.gift_id;
  if not found then
    perform live.refuse(404, 'unknown_gift', 'There is no such gift.');
  end if;
  perform live.take_back_gift(gift, auth.uid(), reason, live.hold_earnings(
    (select s.creator_id from public.live_sessions s where s.id = gift.session_id)));
  return (
    select jsonb_build_object('gift_id', gift.id, 'user_id', gift.sender_id, 'coins', gift.coins, 'refunded_at', l.created_at)
      from public.coin_ledger l where l.gift_id = gift.id and l.kind = 'gift_refund');
end;
$$;
comment on function public.refund_gift(uuid, text) is
  'Ops return a gift''s coins to its sender, and take them from the creator''s earnings: {gift_id, user_id, coins, refunded_at}. '
  'Refunding again changes nothing.';
grant execute on function public.refund_gift(uuid, text) to authenticated, service_role;

create function public.refund_session(session_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  batch constant int := 500;
  creator uuid;
  payable bigint;
  taken bigint;
  item record;
  gift public.live_gifts;
  tickets int := 0;
  gifts int := 0;
  coins bigint := 0;
begin
  perform live.require_refunder(coalesce(reason, ''));
  select s.creator_id into creator from public.live_sessions s where s.id = refund_session.session_id;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  end if;
  payable := live.hold_earnings(creator);
  -- Wallet after wallet in one order, so that nobody waits in a ring.
  for item in
    select x.* from (
      select t.user_id, t.id as ticket_id, null::uuid as gift_id, t.coins::bigint as coins
        from public.live_tickets t
       where t.session_id = refund_session.session_id and t.recording_id is null and t.refunded_at is null
      union all
      select g.sender_id, null, g.id, g.coins
        from public.live_gifts g
       where g.session_id = refund_session.session_id
         and not exists (select from public.coin_ledger l where l.gift_id = g.id and l.kind = 'gift_refund')) x
     order by x.user_id, x.ticket_id, x.gift_id limit batch
  loop
    if item.ticket_id is not null then
      taken := live.pay_back(item.ticket_id, auth.uid(), reason, payable);
      tickets := tickets + (taken is not null)::int;
    else
      select * into gift from public.live_gifts g where g.id = item.gift_id;
      taken := live.take_back_gift(gift, auth.uid(), reason, payable);
      gifts := gifts + (taken is not null)::int;
    end if;
    continue when taken is null;
    payable := payable - taken;
    coins := coins + item.coins;
  end loop;
  return jsonb_build_object('tickets', tickets, 'gifts', gifts, 'coins', coins, 'done', tickets + gifts < batch);
end;
$$;
comment on function public.refund_session(uuid, text) is
  'Ops return every ticket and gift of a session, 500 at a time: {tickets, gifts, coins, done}: how many now. Call it again until '
  'done is true; what is refunded is left as it is.';
grant execute on function public.refund_session(uuid, text) to authenticated, service_role;

create function public.adjust_coins(user_id uuid, coins bigint, reason text, p_reference text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  -- Without a reference the words are the key: the same adjustment again is the same adjustment.
  key constant text := coalesce(p_reference, md5(concat_ws('|', user_id, coins, reason)));
  entry public.coin_ledger;
begin
  perform live.require_refunder(coalesce(reason, ''));
  if coins is null or coins = 0 or abs(coins) > 10000000 then
    perform live.refuse(400, 'invalid_coins', 'Adjust by 1 to 10,000,000 coins, up or down.');
  elsif length(key) not between 8 and 200 then
    perform live.refuse(400, 'invalid_reference', 'Give a reference of 8 to 200 characters, or none.');
  elsif not live.is_or_was_account(adjust_coins.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such user.');
  end if;
  perform live.hold_wallet(adjust_coins.user_id);
  select * into entry from public.coin_ledger l where l.kind = 'adjustment' and l.reference = key;
  if not found then
    insert into public.coin_ledger (user_id, delta, kind, reference, note, created_by)
      values (adjust_coins.user_id, coins, 'adjustment', key, reason, auth.uid()) returning * into entry;
  elsif (entry.user_id, entry.delta) is distinct from (adjust_coins.user_id, coins) then
    perform live.refuse(409, 'reference_reused', 'This reference was used for another user or amount.');
  end if;
  return jsonb_build_object('ledger_id', entry.id, 'coins', entry.delta, 'balance', entry.balance_after);
end;
$$;
comment on function public.adjust_coins(uuid, bigint, text, text) is
  'Ops add coins to a wallet or take some away, with a reason: {ledger_id, coins, balance}. Never below zero. The same reference '
  'books once; without one, the same person, amount and reason do: name the case in the reason.';
grant execute on function public.adjust_coins(uuid, bigint, text, text) to authenticated, service_role;
