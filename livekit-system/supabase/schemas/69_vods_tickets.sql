-- Owns: a recording sold by itself: buying its ticket, when the creator has earned it, and when it is paid back. Its row is one of
-- live_tickets, so that the books, refunds by ops, exports and the record of erasures are those of every ticket. Its coins are held until
-- the buyer has watched nearly all of it, or could for long enough; when the recording goes before, no matter by whom, they go back. So
-- neither does a creator keep coins for a recording that they deleted, nor a buyer get them back who has seen it.

create function live.replay_refundable() returns interval
language plpgsql stable security definer set search_path = '' as $$
begin
  return make_interval(secs => (live.setting('recording.refundable_days'))::double precision * 86400);
end;
$$;
comment on function live.replay_refundable() is 'How long after a purchase a ticket of a recording that was not watched is held.';

create function live.bought_replay(p_user uuid, p_recording uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select from public.live_tickets t
     where t.recording_id = p_recording and t.user_id = p_user and t.refund_due_at is null and t.refunded_at is null);
end;
$$;
comment on function live.bought_replay(uuid, uuid) is 'Whether a person holds a ticket of this recording.';

-- ── the purchase ─────────────────────────────────────────────────────────────────────────────────────────────────
create function live.require_replay_sale(p_vod public.live_vods, p_user uuid) returns void
language plpgsql stable set search_path = '' as $$
declare
  reason constant text := live.vod_fault(p_user, p_vod);
begin
  case
    when p_vod.creator_id = p_user then
      perform live.refuse(409, 'own_session', 'The creator of a recording needs no ticket.');
    when exists (select from public.live_tickets t
                  where t.recording_id = p_vod.recording_id and t.user_id = p_user and t.refunded_at is null) then
      perform live.refuse(409, 'already_has_ticket', 'You already have a ticket for this recording.');
    when reason is null then
      perform live.refuse(409, 'no_ticket_needed', 'You can watch this recording without a ticket of its own.');
    when reason <> 'ticket_required' then
      perform live.refuse_vod(reason);
    else null;
  end case;
end;
$$;
comment on function live.require_replay_sale(public.live_vods, uuid) is 'Refuses to sell a ticket of a recording to who needs none, or would not be let in with it.';

create function public.buy_vod(recording_id uuid, idempotency_key text, p_expected_coins bigint default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  funds bigint;
  receipt jsonb;
  vod public.live_vods;
begin
  perform live.require_key(idempotency_key);
  funds := live.lock_wallet(me);

  receipt := live.receipt_of_key(me, idempotency_key, recording_id);
  if receipt is not null then
    return receipt;
  end if;

  perform live.require_account(me);
  -- Shared, so that many can buy at once and nobody after it was taken down or has another price.
  select * into vod from public.live_vods v where v.recording_id = buy_vod.recording_id for share;
  perform live.require_replay_sale(vod, me);
  perform live.require_price(p_expected_coins, vod.price_coins);
  return live.sell_ticket(vod.session_id, vod.recording_id, me, vod.price_coins, idempotency_key, funds);
end;
$$;
comment on function public.buy_vod(uuid, text, bigint) is
  'Buys the ticket of a recording that is sold by itself, for the signed-in person: {ticket_id, balance}. The same key charges once. '
  'p_expected_coins: the price that the person saw; refused with price_changed when it is another by now.';
grant execute on function public.buy_vod(uuid, text, bigint) to authenticated;

-- ── when it is earned ────────────────────────────────────────────────────────────────────────────────────────────
create function live.earn_watched_replay(p_vod public.live_vods, p_user uuid) returns void
language plpgsql set search_path = '' as $$
declare
  ticket public.live_tickets;
  needed double precision;
begin
  select * into ticket from public.live_tickets t
   where t.recording_id = p_vod.recording_id and t.user_id = p_user
     and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null;
  -- Of what is left to be seen.
  needed := (live.setting('recording.watched_part'))::double precision * live.shown_seconds(p_vod);
  if found and needed > 0 and (select sum(x.watched_seconds) from public.live_vod_plays x
                 where x.recording_id = p_vod.recording_id and x.user_id = p_user and x.started_at >= ticket.created_at) >= needed then
    update public.live_tickets t set earned_at = clock_timestamp()
     where t.id = ticket.id and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null;
  end if;
end;
$$;
comment on function live.earn_watched_replay(public.live_vods, uuid) is
  'Marks a person''s ticket of a recording as earned once they have watched it since they bought it: recording.watched_part of what is not cut.';

create function live.recordings_with_held_tickets() returns setof uuid
language plpgsql stable set search_path = '' as $$
begin
  -- From recording to recording by the index, as with sessions.
  return query
    with recursive sold as (
      (select t.recording_id from public.live_tickets t
        where t.recording_id is not null and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
        order by t.recording_id limit 1)
      union all
      select (select t.recording_id from public.live_tickets t
               where t.recording_id is not null and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null
                 and t.recording_id > s.recording_id
               order by t.recording_id limit 1)
        from sold s where s.recording_id is not null
    )
    select s.recording_id from sold s where s.recording_id is not null;
end;
$$;
comment on function live.recordings_with_held_tickets() is 'Recordings with tickets of their own that are neither earned nor paid back.';

create function live.replay_is_gone(p_recording uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return not exists (
    select from public.live_vods v join public.live_recordings r on r.id = v.recording_id
     where v.recording_id = p_recording and live.is_over(r) is not true and not live.account_gone(v.creator_id)
       -- A day, in which what was taken down by mistake is restored.
       and coalesce(v.taken_down_at, 'infinity') > clock_timestamp() - interval '1 day');
end;
$$;
comment on function live.replay_is_gone(uuid) is 'Whether nobody will watch a recording any more: deleted, over, its creator''s account gone, or taken down for a day.';

create function live.cut_since(p_recording uuid, p_at timestamptz) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  -- What is cut twice is gone once.
  return coalesce((select sum(extract(epoch from upper(x) - lower(x)))
                     from (select unnest(range_agg(tstzrange(c.from_at, c.to_at))) as x from public.live_recording_cuts c
                            where c.recording_id = p_recording and c.created_at > p_at and c.decision is distinct from 'kept') cut), 0);
end;
$$;
comment on function live.cut_since(uuid, timestamptz) is 'How many seconds of a recording were cut, or are to be, since a moment.';

insert into live.wake_marks (room) values ('replay tickets');

create function live.settle_replay_tickets() returns int
language plpgsql set search_path = '' as $$
declare
  until constant timestamptz := clock_timestamp() - live.replay_refundable();
  recording uuid;
  duration double precision;
  gone boolean;
  earned int := 0;
  n int;
begin
  if not live.take_mark('replay tickets', interval '20 seconds') then
    return 0;
  end if;
  for recording in select x from live.recordings_with_held_tickets() x order by random() limit 200 loop
    gone := live.replay_is_gone(recording);
    duration := (select v.duration_seconds from public.live_vods v where v.recording_id = recording);
    update public.live_tickets t set refund_due_at = clock_timestamp(), refund_reason = 'not_delivered'
     where t.id in (
       select x.id from public.live_tickets x
        where x.recording_id = recording and x.earned_at is null and x.refund_due_at is null and x.refunded_at is null
          and (gone or live.cut_since(recording, x.created_at) >= duration / 2)
        order by x.created_at limit 500 for update skip locked);
    -- What is taken down could not be watched: its time does not run out.
    continue when gone or exists (select from public.live_vods v where v.recording_id = recording and v.taken_down_at is not null);
    update public.live_tickets t set earned_at = clock_timestamp()
     where t.id in (
       select x.id from public.live_tickets x
        where x.recording_id = recording and x.earned_at is null and x.refund_due_at is null and x.refunded_at is null
          and x.created_at <= until
        order by x.created_at limit 500 for update skip locked);
    get diagnostics n = row_count;
    earned := earned + n;
  end loop;
  return earned;
end;
$$;
comment on function live.settle_replay_tickets() is
  'Marks tickets of recordings: to be paid back where the recording went, or half of it was cut since; earned where it could be watched for recording.refundable_days. '
  'Three times a minute, 200 recordings and 500 tickets of each at a time. How many are earned.';

create function live.owe_blocked() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_tickets t set refund_due_at = clock_timestamp(), refund_reason = 'removed'
    from public.live_sessions s
   where s.id = t.session_id and s.creator_id = new.user_id and t.user_id = new.blocked_id and t.recording_id is not null
     and t.earned_at is null and t.refund_due_at is null and t.refunded_at is null;
  return null;
end;
$$;
comment on function live.owe_blocked() is 'Trigger: whom a creator blocks before they have watched a recording that they bought, while it is promised to them, gets its coins back.';
create trigger owe_blocked after insert on public.user_blocks for each row execute function live.owe_blocked();
