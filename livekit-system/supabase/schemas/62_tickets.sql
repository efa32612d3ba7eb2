-- Owns: buying the ticket of a pay-per-view session. What becomes of its coins is a migration of its own (refunds).

create function live.ticket_receipt(p_ticket uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object('ticket_id', p_ticket, 'balance', l.balance_after)
      from public.coin_ledger l where l.ticket_id = p_ticket and l.kind = 'ticket');
end;
$$;
comment on function live.ticket_receipt(uuid) is 'What buy_ticket answers, the same at every retry.';

create function live.require_ticket_sale(p_session public.live_sessions, p_user uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  case
    when p_session.id is null then
      perform live.refuse(404, 'unknown_session', 'There is no such session.');
    when p_session.creator_id = p_user then
      perform live.refuse(409, 'own_session', 'The host of a session needs no ticket.');
    when p_session.access_type <> 'pay_per_view' then
      perform live.refuse(409, 'no_ticket_needed', 'This session needs no ticket.');
    when p_session.status = 'ended' or live.account_gone(p_session.creator_id) then
      perform live.refuse(409, 'session_ended', 'This session is over.');
    when live.standing_ban(p_user, p_session.id, p_session.creator_id) is not null then
      perform live.refuse(403, 'banned', 'You cannot enter this session, so no ticket is sold to you.');
    when exists (select from public.live_tickets t
                  where t.session_id = p_session.id and t.recording_id is null and t.user_id = p_user and t.refunded_at is null) then
      perform live.refuse(409, 'already_has_ticket', 'You already have a ticket for this session.');
    else null;
  end case;
end;
$$;
comment on function live.require_ticket_sale(public.live_sessions, uuid) is 'Refuses to sell a ticket that would not let this person in.';

create function live.receipt_of_key(p_user uuid, p_key text, p_what uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  ticket public.live_tickets;
begin
  select * into ticket from public.live_tickets t where t.user_id = p_user and t.idempotency_key = p_key;
  if not found then
    return null;
  elsif coalesce(ticket.recording_id, ticket.session_id) is distinct from p_what then
    perform live.refuse(409, 'idempotency_key_reused', 'This key was used for another ticket. Choose a new one.');
  end if;
  return live.ticket_receipt(ticket.id);
end;
$$;
comment on function live.receipt_of_key(uuid, text, uuid) is
  'What a person was answered who bought this session or recording with this key before; null when they did not.';

create function live.sell_ticket(p_session uuid, p_recording uuid, p_user uuid, p_coins bigint, p_key text, p_funds bigint)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  ticket public.live_tickets;
begin
  if p_coins > p_funds then
    perform live.refuse(402, 'insufficient_coins', 'There are not enough coins in the wallet. Top up and try again.');
  end if;
  insert into public.live_tickets (session_id, recording_id, user_id, coins, idempotency_key)
    values (p_session, p_recording, p_user, p_coins, p_key) returning * into ticket;
  insert into public.coin_ledger (user_id, delta, kind, session_id, ticket_id)
    values (p_user, -ticket.coins, 'ticket', ticket.session_id, ticket.id);
  return live.ticket_receipt(ticket.id);
end;
$$;
comment on function live.sell_ticket(uuid, uuid, uuid, bigint, text, bigint) is
  'Charges a locked wallet (p_funds: what is in it) for the ticket of a session, or of a recording of it: {ticket_id, balance}.';

create function public.buy_ticket(session_id uuid, idempotency_key text, p_expected_coins bigint default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  funds bigint;
  receipt jsonb;
  session public.live_sessions;
begin
  perform live.require_key(idempotency_key);
  funds := live.lock_wallet(me);

  receipt := live.receipt_of_key(me, idempotency_key, session_id);
  if receipt is not null then
    return receipt;
  end if;

  perform live.require_account(me);
  -- Shared, so that many can buy at once and nobody after the end.
  select * into session from public.live_sessions s where s.id = session_id for share;
  perform live.require_ticket_sale(session, me);
  perform live.require_price(p_expected_coins, session.price_coins);
  return live.sell_ticket(session.id, null, me, session.price_coins, idempotency_key, funds);
end;
$$;
comment on function public.buy_ticket(uuid, text, bigint) is
  'Buys the ticket of a pay-per-view session for the signed-in person: {ticket_id, balance}. The same key charges once. '
  'p_expected_coins: the price that the person saw; refused with price_changed when it is another by now.';
grant execute on function public.buy_ticket(uuid, text, bigint) to authenticated;
