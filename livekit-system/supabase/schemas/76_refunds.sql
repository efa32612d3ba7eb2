-- Owns: coins follow the show. A ticket's coins are held until the host's media has flowed long enough after the purchase;
-- otherwise they are paid back. And refunds and adjustments by ops: one row of the ledger each, once, with its reason.
-- Locks are taken a creator's earnings first, then wallets, then tickets; anyone who holds a session waits for no wallet, and a
-- sweep, which holds many wallets, for nobody's earnings.

-- ── when a ticket is earned ────────────────────────────────────────────────────────────────────────────────────
create function live.seconds_to_deliver(p_session public.live_sessions) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  -- least leaves out null, and so would greatest.
  return least((live.setting('tickets.delivered_after_seconds'))::double precision,
               case when p_session.planned_minutes is not null then greatest(p_session.planned_minutes * 30, 60) end);
end;
$$;
comment on function live.seconds_to_deliver(public.live_sessions) is
  'How long a host''s media must flow after a purchase: tickets.delivered_after_seconds, or half of the length that the session '
  'was announced with, but a minute at least, where that is less.';

create function live.earn_tickets_of(p_session public.live_sessions) returns int
language plpgsql set search_path = '' as $$
declare
  until constant timestamptz := live.delivered_for_purchases_until(p_session.id, live.seconds_to_deliver(p_session));
  earned int;
begin
  update public.live_tickets t set earned_at = clock_timestamp()
   where t.id in (
     select x.id from public.live_tickets x
      where x.session_id = p_session.id and x.created_at <= until
        and x.earned_at is null and x.refund_due_at is null and x.refunded_at is null
      order by x.id for update skip locked);
  get diagnostics earned = row_count;
  return earned;
end;
$$;
comment on function live.earn_tickets_of(public.live_sessions) is
  'Marks the tickets of a session as earned whose buyers have got what they paid for; how many.';

create function live.owe_undelivered(p_session public.live_sessions) returns void
language plpgsql set search_path = '' as $$
declare
  until constant timestamptz := live.delivered_for_purchases_until(p_session.id, live.seconds_to_deliver(p_session));
begin
  update public.live_tickets t set refund_due_at = clock_timestamp(), refund_reason = 'not_delivered'
   where t.id in (
     select x.id from public.live_tickets x
      where x.session_id = p_session.id and (until is null or x.created_at > until)
        and x.earned_at is null and x.refund_due_at is null and x.refunded_at is null
      order by x.id limit 500 for update skip locked);
end;
$$;
comment on function live.owe_undelivered(public.live_sessions) is
  'Marks tickets of a session that is over to be paid back, of whose buyers the show was kept; at most 500 at a time.';

create function live.sessions_with_held_tickets() returns setof uuid
language plpgsql stable set search_path = '' as $$
begin
  -- From session to session by the index: one of them may have sold a hundred thousand.
  return query
    with recursive sold as (
      (select t.session_id from public.live_tickets t
        where t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
        order by t.session_id limit 1)
      union all
      select (select t.session_id from public.live_tickets t
               where t.earned_at is null and t.refund_due_at is null and t.refunded_at is null and t.session_id > s.session_id
               order by t.session_id limit 1)
        from sold s where s.session_id is not null
    )
    select s.session_id from sold s where s.session_id is not null;
end;
$$;
comment on function live.sessions_with_held_tickets() is 'Sessions with tickets that are neither earned nor paid back.';

create function live.earn_tickets() returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  earned int := 0;
begin
  for session in
    select s.* from public.live_sessions s
     where s.id in (select x from live.sessions_with_held_tickets() x) and s.status <> 'scheduled'
     order by s.status = 'ended' desc, random() limit 100
  loop
    earned := earned + live.earn_tickets_of(session);
    -- What agents and webhooks tell about the last seconds may still be under way.
    if session.status = 'ended' and (session.started_at is null or session.ended_at < clock_timestamp() - interval '10 seconds') then
      perform live.owe_undelivered(session);
    end if;
  end loop;
  return earned;
end;
$$;
comment on function live.earn_tickets() is
  'Marks tickets that are earned by now, and of sessions that are over those to be paid back; of at most 100 sessions at a time, '
  'those that are over first. How many are earned.';

-- ── who removes whom ───────────────────────────────────────────────────────────────────────────────────────────
create function live.owe_removed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  place public.live_sessions;
  session public.live_sessions;
begin
  select * into place from public.live_sessions s where s.id = new.session_id;
  for session in
    select s.* from public.live_sessions s
      join public.live_tickets t on t.session_id = s.id and t.user_id = new.target_user_id
       and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
     where s.id = place.id or (live.action_scope(new.action, new.params) = 'creator' and s.creator_id = place.creator_id)
     order by s.id
  loop
    perform live.earn_tickets_of(session);
    update public.live_tickets t set refund_due_at = clock_timestamp(), refund_reason = 'removed'
     where t.session_id = session.id and t.user_id = new.target_user_id
       and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null;
  end loop;
  return null;
end;
$$;
comment on function live.owe_removed() is
  'Trigger: whom the creator or their moderators remove before the ticket is earned gets it back; whom ops or a rule remove, or '
  'who has seen enough of the show, does not. The sweep pays: here the session is held, and no wallet is waited for.';
-- A ban holds from the insertion on. A kick may still be withdrawn, or come to nothing.
create trigger owe_banned after insert on public.moderation_actions
  for each row when (new.action = 'ban' and new.requested_via = 'app' and not new.dry_run)
  execute function live.owe_removed();
create trigger owe_kicked after update of status on public.moderation_actions
  for each row when (new.action = 'kick' and new.requested_via = 'app' and not new.dry_run
                     and new.status = 'applied' and old.status <> 'applied')
  execute function live.owe_removed();

-- ── paying back ────────────────────────────────────────────────────────────────────────────────────────────────
create function live.hold_wallet(p_user uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.coin_wallets (user_id) values (p_user) on conflict do nothing;
  perform from public.coin_wallets w where w.user_id = p_user for update;
end;
$$;
comment on function live.hold_wallet(uuid) is 'Locks anybody''s wallet until the transaction ends, also a deleted account''s.';

create function live.pay_back(p_ticket uuid, p_by uuid, p_reason text, p_payable bigint) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  ticket public.live_tickets;
  taken bigint;
  entry bigint;
begin
  select t.* into ticket from public.live_tickets t where t.id = p_ticket;
  perform live.hold_wallet(ticket.user_id);
  update public.live_tickets t
     set refunded_at = clock_timestamp(), refund_due_at = coalesce(t.refund_due_at, clock_timestamp()),
         refund_reason = coalesce(t.refund_reason, 'ops')
   where t.id = p_ticket and t.refunded_at is null
  returning * into ticket;
  if not found then
    return null;
  end if;
  taken := live.taken_from_payable(ticket.earned_at, ticket.coins);
  insert into public.coin_ledger (user_id, delta, kind, session_id, ticket_id, created_by, note)
    values (ticket.user_id, ticket.coins, 'ticket_refund', ticket.session_id, ticket.id, p_by, p_reason) returning id into entry;
  perform live.owe(s.creator_id, p_payable, taken, entry) from public.live_sessions s where s.id = ticket.session_id;
  return taken;
end;
$$;
comment on function live.pay_back(uuid, uuid, text, bigint) is
  'Returns a ticket''s coins once: how many of them the creator could have been paid, null for a ticket that is refunded already. '
  'p_payable: what the creator can be paid before it, which the caller holds; 0 for a ticket that is not earned.';

-- Waits for nobody: a buyer locks the wallet first and the session second, so anyone who may hold a session, as a sweep
-- does, must not wait for a wallet. What is locked now is paid back by the next sweep.
create function live.refund_tickets() returns int
language plpgsql set search_path = '' as $$
declare
  ticket uuid;
  refunded int := 0;
begin
  for ticket in
    select t.id from public.live_tickets t join public.coin_wallets w on w.user_id = t.user_id
     where t.refund_due_at is not null and t.refunded_at is null
     order by t.refund_due_at limit 500 for update of t, w skip locked
  loop
    perform live.pay_back(ticket, null, null, 0);
    refunded := refunded + 1;
  end loop;
  return refunded;
end;
$$;
comment on function live.refund_tickets() is
  'Pays back tickets that are due: of sessions that ended before they were earned, or never began, as earn_tickets marks them, and of '
  'people who were removed; at most 500 at a time. How many.';

-- ── by ops ─────────────────────────────────────────────────────────────────────────────────────────────────────
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
        from public.live_tickets t where t.session_id = refund_session.session_id and t.refunded_at is null
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
