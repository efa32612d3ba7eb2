-- Owns: what ends by the clock alone in calls and schedules: calls that nobody answered or that both sides left,
-- scheduled sessions that never started. agent_sweep calls it; running it twice at once is harmless, since rows in
-- other hands are skipped.

create function live.end_empty_calls() returns integer
language plpgsql set search_path = '' as $$
declare
  patience constant interval := make_interval(secs => live.limit_of('call_empty_seconds'));
  ended integer;
begin
  with empty as (
    select c.id, live.last_seen_in_call(c.id) as last_seen
      from public.calls c
     where c.status = 'accepted' and c.accepted_at < clock_timestamp() - patience
       and not exists (select from public.live_visits v where v.call_id = c.id and v.left_at is null)
       for update skip locked)
  update public.calls c
     set status = case when e.last_seen is null then 'failed' else 'ended' end,
         end_reason = case when e.last_seen is null then 'nobody_joined' else 'both_left' end
    from empty e
   where c.id = e.id and greatest(e.last_seen, c.accepted_at) < clock_timestamp() - patience;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_empty_calls() is
  'Ends accepted calls whose room has been empty for limits.call_empty_seconds; one that nobody ever joined failed. Returns how many.';

create function live.end_lonely_calls() returns integer
language plpgsql set search_path = '' as $$
declare
  patience constant interval := live.setting_interval('calls.alone_seconds');
  ended integer;
begin
  with running as (
    select c.id, c.accepted_at,
           -- The other one left, or never came; and anyone who is there has waited since they came.
           coalesce(live.last_together_in_call(c), c.accepted_at) as together,
           (select min(v.joined_at) from public.live_visits v where v.call_id = c.id and v.left_at is null) as waiting
      from public.calls c
     where c.status = 'accepted' and c.accepted_at < clock_timestamp() - patience
       for update skip locked)
  update public.calls c set status = 'ended', end_reason = 'alone'
    from running r
   where c.id = r.id and r.waiting is not null and greatest(r.together, r.waiting, r.accepted_at) < clock_timestamp() - patience;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_lonely_calls() is
  'Ends accepted calls in which one side has been alone for calls.alone_seconds: the other left, or never came. Returns how many.';

create function live.end_no_shows() returns integer
language plpgsql set search_path = '' as $$
declare
  ended integer;
  announced_before constant timestamptz := clock_timestamp() - live.setting_interval('session.no_show_seconds');
begin
  with late as (
    select s.id from public.live_sessions s
     where s.status = 'scheduled' and s.scheduled_at < announced_before
     order by s.id limit live.at_a_time() for no key update skip locked)
  update public.live_sessions s set status = 'ended', end_reason = 'no_show' from late l where s.id = l.id;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_no_shows() is 'Ends scheduled sessions that did not start within session.no_show_seconds. Returns how many.';

insert into live.wake_marks (room) values ('leftovers');

create function live.forget_leftovers() returns integer
language plpgsql set search_path = '' as $$
declare
  counts integer[] := '{}';
  n integer;
begin
  if not live.take_mark('leftovers', interval '30 seconds') then
    return 0;
  end if;
  delete from live.wake_marks m
   where case
     when m.room ~ '^(live|call)_' then (live.place(m.room)).running is not true
     when m.room ~ '^count:[0-9a-f-]{36}$' then not exists (
       select from public.live_sessions s where s.id = substr(m.room, 7)::uuid and s.status <> 'ended') end;
  get diagnostics n = row_count;
  counts := counts || n;
  delete from live.session_hints h using public.live_sessions s
   where s.id = h.session_id and s.status = 'ended' and h.told_at < clock_timestamp() - interval '1 minute'
     and not exists (select from live.held_hints held where held.session_id = s.id);
  get diagnostics n = row_count;
  counts := counts || n;
  -- Anyone who still has to finish what was asked of a room may claim it until that is done.
  delete from public.agent_rooms r
   where r.lease_expires_at < clock_timestamp() - interval '1 minute' and (live.place(r.room)).running is not true
     and not exists (select from public.moderation_actions a
                      where a.status in ('pending', 'claimed') and live.room_of(a.session_id, a.call_id) = r.room);
  get diagnostics n = row_count;
  counts := counts || n;
  delete from live.spending t where t.minute < clock_timestamp() - interval '10 minutes';
  get diagnostics n = row_count;
  counts := counts || n;
  delete from live.rule_circuits c where c.last_at < clock_timestamp() - interval '1 day';
  get diagnostics n = row_count;
  counts := counts || n;
  -- A key that is revoked stays, or its worker could publish it anew; any other is published again by who still has it.
  delete from public.relay_keys k where k.revoked_at is null and k.renewed_at < clock_timestamp() - interval '1 hour';
  get diagnostics n = row_count;
  return n + (select sum(x) from unnest(counts) x);
end;
$$;
comment on function live.forget_leftovers() is
  'Deletes what is left of what has ended, twice a minute: marks and leases of rooms, spending of past minutes, keys that nobody '
  'can use any more. Returns how many rows.';

create function public.platform_sweep() returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
begin
  return jsonb_build_object(
    'missed_calls', live.miss_calls(),
    'held_hints', live.send_held_hints(),
    'ended_calls', live.end_empty_calls() + live.end_lonely_calls(),
    'no_shows', live.end_no_shows(),
    'reminded_sessions', live.remind_holders(),
    'earned_tickets', live.earn_tickets() + live.settle_replay_tickets(),
    'refunded_tickets', live.refund_tickets(),
    'settled_accounts', live.mark_missed_accounts() + live.settle_accounts(interval '500 milliseconds'),
    'forgotten_leftovers', live.forget_leftovers(),
    'forgotten_steps', live.forget_steps(),
    'folded_earnings', live.fold_earnings(),
    -- Last, because it may use up the statement's time.
    'forgotten_rows', live.forget_old_rows());
end;
$$;
comment on function public.platform_sweep() is
  'Ends what the clock has ended: {missed_calls, held_hints, ended_calls, no_shows, reminded_sessions, earned_tickets, refunded_tickets, settled_accounts, '
  'forgotten_leftovers, forgotten_rows, forgotten_steps, folded_earnings}, how many of each.';
grant execute on function public.platform_sweep() to service_role;
