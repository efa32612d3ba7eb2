-- Owns: coins follow the show. A ticket's coins are held until the host's media has flowed long enough after the purchase;
-- otherwise they are paid back.
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
      where x.session_id = p_session.id and x.recording_id is null and x.created_at <= until
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
      where x.session_id = p_session.id and x.recording_id is null and (until is null or x.created_at > until)
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
        where t.recording_id is null and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
        order by t.session_id limit 1)
      union all
      select (select t.session_id from public.live_tickets t
               where t.recording_id is null and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
                 and t.session_id > s.session_id
               order by t.session_id limit 1)
        from sold s where s.session_id is not null
    )
    select s.session_id from sold s where s.session_id is not null;
end;
$$;
comment on function live.sessions_with_held_tickets() is 'Sessions with tickets of their own that are neither earned nor paid back.';

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
       -- Who is kicked watches the recording on.
       and (t.recording_id is null or new.action = 'ban')
     where s.id = place.id or (live.action_scope(new.action, new.params) = 'creator' and s.creator_id = place.creator_id)
     order by s.id
  loop
    perform live.earn_tickets_of(session);
    update public.live_tickets t set refund_due_at = clock_timestamp(), refund_reason = 'removed'
     where t.session_id = session.id and t.user_id = new.target_user_id and (t.recording_id is null or new.action = 'ban')
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
