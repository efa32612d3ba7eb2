-- Owns: what an agent learns with each beat: renewed leases, changed people, actions to make true, events to relay;
-- and what it writes back. One call for all rooms of a worker.

create index moderation_actions_due_of_person on public.moderation_actions (session_id, call_id, target_user_id, n)
  where status in ('pending', 'claimed');

create index live_sessions_changed on public.live_sessions (desired_xid);
create index live_sessions_unrelayed on public.live_sessions (ended_at) where last_seq > relayed_seq;
create index live_participants_changed_since on public.live_participants (desired_xid);
create index calls_changed on public.calls (desired_xid);

create function live.action_json(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'id', p_row.id, 'n', p_row.n, 'action', p_row.action, 'target_user_id', p_row.target_user_id,
    'params', p_row.params, 'reason', p_row.reason, 'created_at', p_row.created_at, 'connections', p_row.connections,
    'requested_via', p_row.requested_via, 'reason_texts', live.reason_texts(p_row.reason_code));
end;
$$;
comment on function live.action_json is 'ACTION: a claimed row as agents read it.';

create function live.expire_actions(p_session uuid, p_call uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- An update fires its triggers also where it finds nothing.
  if not exists (select from public.moderation_actions b
                  where (b.session_id = p_session or b.call_id = p_call)
                    and b.status in ('pending', 'claimed') and b.expires_at <= clock_timestamp()) then
    return;
  end if;
  update public.moderation_actions a
     set status = 'expired', claim_expires_at = null, error_code = 'expired',
         error = 'nobody could make it true before it became pointless'
   where a.id in (
     select b.id from public.moderation_actions b
      where (b.session_id = p_session or b.call_id = p_call)
        and (b.status = 'pending' or (b.status = 'claimed' and b.claim_expires_at <= clock_timestamp()))
        and b.expires_at <= clock_timestamp()
        for update skip locked);
end;
$$;
comment on function live.expire_actions is 'Expires what is pointless by now.';

create function live.claim_actions(p_worker text, p_session uuid, p_call uuid, p_in_hand uuid[], p_limit int) returns jsonb
language plpgsql set search_path = '' as $$
declare
  item public.moderation_actions;
  refusal text;
  handed_again boolean;
  claimed jsonb := '[]';
begin
  perform live.expire_actions(p_session, p_call);
  for item in
    select * from public.moderation_actions a
     where (a.session_id = p_session or a.call_id = p_call)
       and (a.status = 'pending'
            or (a.status = 'claimed' and (a.claim_expires_at <= clock_timestamp()
                                          or (a.claimed_by = p_worker and a.id <> all (p_in_hand)))))
       -- In order per person: anyone who is first and unfinished holds back the others, no one else's.
       and not exists (
         select from public.moderation_actions b
          where (b.session_id = p_session or b.call_id = p_call) and b.status in ('pending', 'claimed')
            and b.target_user_id is not distinct from a.target_user_id and b.n < a.n)
     order by a.n
     limit p_limit
       for update skip locked
  loop
    refusal := live.refusal_at_claim(item);
    if refusal is not null then
      -- Somebody who holds the session may be waiting for this row: leave it for the next beat then.
      perform from public.live_sessions s where s.id = p_session for no key update skip locked;
      if not found then
        continue;
      end if;
      perform live.withdraw(item, 'failed', 'rank_changed', refusal);
      continue;
    end if;
    handed_again := item.status = 'claimed' and item.claim_expires_at > clock_timestamp();
    update public.moderation_actions a
       set status = 'claimed', claimed_by = p_worker, claimed_at = clock_timestamp(), attempts = a.attempts + (not handed_again)::int,
           claim_expires_at = clock_timestamp() + interval '10 seconds'
     where a.id = item.id
    returning * into item;
    claimed := claimed || live.action_json(item);
  end loop;
  return claimed;
end;
$$;
comment on function live.claim_actions is
  'Claims what is due in one room, one row per person, and returns it. p_in_hand: what the worker has of what it claimed before; the '
  'answer with the rest of it got lost, so that is handed out again. Null: it does not say.';

create function live.room_news(
  p_worker text, p_room text, p_in_hand uuid[], p_since xid8, p_cursor text, p_limit int
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  place record;
  session public.live_sessions;
  call public.calls;
  news jsonb;
begin
  select * into place from live.place(p_room);
  if place.id is null then
    return jsonb_build_object('room', p_room, 'held', false);  -- its session was deleted by hand: nobody can moderate it
  end if;
  news := jsonb_build_object('room', p_room, 'held', true, 'cursor', p_cursor, 'actions',
                             live.claim_actions(p_worker, place.session_id, place.call_id, p_in_hand, p_limit));
  if place.kind = 'call' then
    select * into call from public.calls c where c.id = place.id;
    return news || jsonb_build_object(
      'status', call.status, 'events', '[]'::jsonb,
      'people', case when call.desired_xid >= p_since then live.call_people(call) else '[]' end);
  end if;
  select * into session from public.live_sessions s where s.id = place.id;
  return news || jsonb_build_object(
    'status', session.status,
    -- The longest part of an answer by far, and the same as before nearly always.
    'policy', case when session.desired_xid >= p_since
                        or exists (select from public.app_settings a where a.key = 'moderation.policy' and a.changed_xid >= p_since)
                   then live.effective_policy(session) end,
    'evidence', live.evidence_of(session.id),
    'recordings', live.recordings_of(session.id),
    'levels_watched', exists (select from public.live_level_watches w
                               where w.session_id = session.id and w.expires_at > clock_timestamp()),
    'people', (select coalesce(jsonb_agg(live.person(p, session.creator_id)), '[]')
                 from public.live_participants p
                where p.session_id = session.id and p.desired_xid >= p_since),
    'events', (select coalesce(jsonb_agg(to_jsonb(e) order by e.seq), '[]')
                 from (select v.seq, v.id, v.type, v.created_at as at, v.payload
                         from public.live_events v
                        where v.session_id = session.id and v.seq > session.relayed_seq
                        order by v.seq limit p_limit) e));
end;
$$;
comment on function live.room_news is 'What is new in one room since a cursor; claims its due actions.';

create function live.changed_rooms(p_since xid8) returns setof text
language plpgsql stable set search_path = '' as $$
begin
  return query
    select s.livekit_room from public.live_sessions s where s.desired_xid >= p_since
    union all
    -- What ended long ago with events that nobody relayed is held by nobody.
    select s.livekit_room from public.live_sessions s
     where s.last_seq > s.relayed_seq and (s.ended_at is null or s.ended_at > clock_timestamp() - interval '1 hour')
    union all
    select c.livekit_room from public.calls c where c.desired_xid >= p_since
    union all
    select s.livekit_room from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.desired_xid >= p_since
    union all
    select s.livekit_room from public.moderation_cases k join public.live_sessions s on s.id = k.session_id
     where k.changed_xid >= p_since
    union all
    select s.livekit_room from public.live_recordings r join public.live_sessions s on s.id = r.session_id
     where r.changed_xid >= p_since
    union all
    select coalesce(s.livekit_room, c.livekit_room)
      from public.moderation_actions a
      left join public.live_sessions s on s.id = a.session_id
      left join public.calls c on c.id = a.call_id
     where a.status in ('pending', 'claimed')
    union all
    select s.livekit_room from public.live_level_watches w join public.live_sessions s on s.id = w.session_id
     where w.expires_at > clock_timestamp();
end;
$$;
comment on function live.changed_rooms is
  'Rooms in which something has changed or is due, repeated where more than one thing is. It asks from the side of the changes, '
  'so that what a beat costs grows with what has happened and not with the rooms that are held.';

create function live.rooms_with_news(p_rooms jsonb) returns setof text
language plpgsql stable set search_path = '' as $$
declare
  since xid8 := (select min(x.cursor::xid8) from jsonb_to_recordset(p_rooms) as x (cursor text));
begin
  return query
    select x.room
      from jsonb_to_recordset(p_rooms) as x (room text, cursor text)
     where x.cursor is null
        or exists (select from public.app_settings a
                    where a.key in ('moderation.policy', 'evidence.seconds', 'evidence.after_seconds') and a.changed_xid >= x.cursor::xid8)
        or x.room in (select live.changed_rooms(since))
     order by x.room;
end;
$$;
comment on function live.rooms_with_news is 'The rooms worth a closer look, of [{"room", "cursor"}].';

create function public.agent_pull(p_worker text, p_rooms jsonb, p_ttl_ms int, p_limit int) returns jsonb
language plpgsql security definer set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  -- Before anything is read: what commits later than this is at or after the cursor, and so is seen next time.
  cursor_xid text := pg_snapshot_xmin(pg_current_snapshot())::text;
  now_at timestamptz := clock_timestamp();
  asked record;
  held jsonb;
  answers jsonb[];
begin
  with asked_for as (
    select * from jsonb_to_recordset(p_rooms) as x (room text, epoch bigint, cursor text, in_hand uuid[])
  ), locked as (
    -- In the order of names, as everywhere.
    select r.room from public.agent_rooms r join asked_for x on x.room = r.room
     where r.worker_id = p_worker and r.epoch = x.epoch
     order by r.room for update of r
  ), renewed as (
    update public.agent_rooms r
       set lease_expires_at = now_at + make_interval(secs => p_ttl_ms / 1000.0), renewed_at = now_at
      from locked where r.room = locked.room
    returning r.room
  )
  select coalesce(jsonb_agg(to_jsonb(x)) filter (where renewed.room is not null), '[]'),
         array_agg(jsonb_build_object('room', x.room, 'held', false) order by x.room) filter (where renewed.room is null)
    into held, answers
    from asked_for x left join renewed on renewed.room = x.room;
  for asked in
    select x.room, x.cursor, x.in_hand
      from jsonb_to_recordset(held) as x (room text, cursor text, in_hand uuid[])
     where x.room in (select live.rooms_with_news(held))
     order by x.room
  loop
    answers := answers || live.room_news(
      p_worker, asked.room, asked.in_hand, coalesce(asked.cursor, '0')::xid8, cursor_xid, p_limit);
  end loop;
  if exists (select from live.gone_accounts g where g.settled_at is null) then
    perform live.settle_accounts(interval '100 milliseconds');
  end if;
  perform live.send_held_hints();
  return jsonb_build_object('now', now_at, 'cursor', cursor_xid, 'rooms', coalesce(to_jsonb(answers), '[]'));
end;
$$;
comment on function public.agent_pull is
  'The beat: renews leases, claims due actions and tells what is new. p_rooms [{"room", "epoch", "cursor", "in_hand"?: [ids of '
  'claimed actions that this worker has; any other that it claimed is handed out again]}] -> {"now", "cursor": from where to ask next '
  'about rooms that are left out, "rooms": [{"room", "held": true, "cursor", "status", "policy": null unless it changed since the cursor, "evidence": EVIDENCE, "recordings": [RECORDING], "levels_watched", "people": [PERSON], '
  '"actions": [ACTION], "events": [EVENT]} | {"room", "held": false}]}. Held rooms with nothing new are left out. '
  'People may be repeated, never missed. Settles deleted accounts in passing, whose rooms learn of it by wake-up, and sends the '
  'hints that are due.';
grant execute on function public.agent_pull(text, jsonb, int, int) to service_role, live_agent;

create function public.agent_waiting(p_worker text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(distinct r.room), '[]')
            from public.moderation_actions a
            left join public.live_sessions s on s.id = a.session_id
            left join public.calls c on c.id = a.call_id
            join public.agent_rooms r on r.room = coalesce(s.livekit_room, c.livekit_room)
           where a.status = 'pending' and r.worker_id = p_worker and r.lease_expires_at > clock_timestamp());
end;
$$;
comment on function public.agent_waiting is
  'Rooms of one worker in which an action waits that it has not claimed: what it asks between two pulls, since a wake-up may have been '
  'dropped. It renews and claims nothing.';
grant execute on function public.agent_waiting(text) to service_role, live_agent;
