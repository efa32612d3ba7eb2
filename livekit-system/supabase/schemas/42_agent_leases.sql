-- Owns: which worker moderates which room: claiming, holding and giving up leases. Definer, like every function for
-- the agents: the tables behind need no write grant, and a leaked call can do no more than the function does.

create function live.place(
  p_room text,
  out kind text, out id uuid, out session_id uuid, out call_id uuid, out type text, out context text,
  out status text, out creator_id uuid, out running boolean
)
language plpgsql stable set search_path = '' as $$
begin
  select 'session', s.id, s.id, s.type, s.type, s.status, s.creator_id, s.status <> 'ended'
    into kind, id, session_id, type, context, status, creator_id, running
    from public.live_sessions s where s.livekit_room = p_room;
  if not found then
    select 'call', c.id, c.id, c.type, 'call', c.status, live.call_is_running(c.status)
      into kind, id, call_id, type, context, status, running
      from public.calls c where c.livekit_room = p_room;
  end if;
end;
$$;
comment on function live.place is 'The session or call that a LiveKit room belongs to; no row, so nulls, for a room of neither.';

create function live.holds(p_worker text, p_room text, p_epoch bigint) returns boolean
language plpgsql set search_path = '' as $$
begin
  -- The share lock makes a take-over wait for the write it would fence.
  perform from public.agent_rooms r
    where r.room = p_room and r.worker_id = p_worker and r.epoch = p_epoch for share;
  return found;
end;
$$;
comment on function live.holds is
  'Whether (worker, epoch) is still the holder of a room. A lease that ran out but was not taken over still counts.';

create function live.lock_leases(p_items jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform count(*) from (
    select r.room from public.agent_rooms r
     where r.room in (select i.value ->> 'room' from jsonb_array_elements(p_items) i)
     order by r.room for share) locked;
end;
$$;
comment on function live.lock_leases is
  'Holds the leases of all rooms in a batch. Locks are taken in one order everywhere: leases by room, sessions by id, '
  'people, actions by id; so that a beat, a batch and a moderator never wait for each other in a ring.';

create function live.effective_policy(p_session public.live_sessions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return live.merged_policy(
    live.with_preset(coalesce(live.setting('moderation.policy'), '{}')), live.with_preset(p_session.moderation));
end;
$$;
comment on function live.effective_policy is 'The moderation policy of a session, key by key: the platform''s, over it the preset that the session names, over it the session''s own.';

create function live.open_visits(p_session uuid, p_call uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'participant_sid', v.participant_sid, 'user_id', v.user_id, 'joined_at', v.joined_at)), '[]')
      from public.live_visits v
     where (v.session_id = p_session or v.call_id = p_call) and v.left_at is null);
end;
$$;
comment on function live.open_visits is 'The open connections of a session or call, as the books have them.';

create function live.call_people(p_call public.calls) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_array(live.person_in_call(p_call, p_call.caller_id), live.person_in_call(p_call, p_call.callee_id));
end;
$$;
comment on function live.call_people is 'PERSON of both sides of a call.';

create function live.roles_of(p_context text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_object_agg(r.role, jsonb_build_object(
             'rank', r.rank, 'can_publish_sources', r.can_publish_sources, 'can_subscribe', r.can_subscribe))
      from public.live_roles r where r.context = p_context);
end;
$$;
comment on function live.roles_of is 'What each role may do in one context.';

create function live.standing_strikes(p_session public.live_sessions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('user_id', last.user_id, 'strikes', last.strikes,
                                                 'step', last.measured ->> 'step', 'at', last.ended_at)), '[]')
      from (select distinct on (i.user_id) i.user_id, i.strikes, i.measured, i.ended_at
              from public.moderation_incidents i
             where i.session_id = p_session.id and i.ended_at is not null
               and i.measured ->> 'step' not in ('tip', 'tell_ops', 'reassert')  -- they are held against nobody
             order by i.user_id, i.ended_at desc) last
      left join public.live_participants p on p.session_id = p_session.id and p.user_id = last.user_id
     where last.strikes > 0
       -- Anyone who was given their voice back by a person, not by a rule, is forgiven.
       and not exists (
         select from public.moderation_actions a
           join public.live_roles r on r.context = p_session.type and r.role = p.role
          where a.session_id = p_session.id and a.action in ('unmute', 'unmute_all', 'set_role')
            and coalesce(a.target_user_id, last.user_id) = last.user_id and a.requested_via <> 'auto'
            and not a.dry_run and a.created_at > last.ended_at and 'microphone' = any (r.can_publish_sources)));
end;
$$;
comment on function live.standing_strikes is
  'What the audio rules hold against whom, as of each one''s last step: [{"user_id", "strikes", "step", "at"}].';

create function live.snapshot(p_room text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  place record;
  session public.live_sessions;
  call public.calls;
  -- Before anything is read: what commits later than this is at or after the cursor.
  cursor_xid text := pg_snapshot_xmin(pg_current_snapshot())::text;
begin
  select * into place from live.place(p_room);
  select * into session from public.live_sessions s where s.id = place.session_id;
  select * into call from public.calls c where c.id = place.call_id;
  return jsonb_build_object(
    'kind', place.kind, 'id', place.id, 'context', place.context, 'status', place.status,
    'roles', live.roles_of(place.context),
    'relayed_seq', coalesce(session.relayed_seq, 0),
    'policy', case place.kind when 'session' then live.effective_policy(session) else '{}' end,
    'people', case place.kind when 'call' then live.call_people(call) else (
      select coalesce(jsonb_agg(live.person(p, session.creator_id)), '[]')
        from public.live_participants p
       where p.session_id = session.id
         and (p.is_online or p.mic_muted or p.camera_off or p.access_removed or p.hand_raised_at is not null
              or p.role <> live.default_role(session.type)
              or live.standing_ban(p.user_id, session.id, session.creator_id) is not null)) end,
    'open_visits', live.open_visits(place.session_id, place.call_id),
    'evidence', case place.kind when 'session' then live.evidence_of(session.id) end,
    'recordings', case place.kind when 'session' then live.recordings_of(session.id) else '[]' end,
    'strikes', case place.kind when 'session' then live.standing_strikes(session) else '[]' end,
    'cursor', cursor_xid);
end;
$$;
comment on function live.snapshot is 'All that an agent must know of a room when it begins.';

create function live.holder_fell(p_lease public.agent_rooms) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- A fallen lock is a hint: a restarted server drops all of them. Who still works renews within the grace.
  return exists (select from public.agent_workers w
                  where w.worker_id = p_lease.worker_id and w.fallen_at > p_lease.renewed_at
                    and w.fallen_at < clock_timestamp() - interval '250 milliseconds');
end;
$$;
comment on function live.holder_fell is 'Whether a lease''s worker is dead, although the lease has not run out: its lock fell and it has not renewed since.';

create function live.claim_room(p_worker text, p_room text, p_bot_identity text, p_ttl_ms int) returns jsonb
language plpgsql set search_path = '' as $$
declare
  place record;
  was public.agent_rooms;
  lease public.agent_rooms;
  now_at timestamptz := clock_timestamp();
begin
  select * into place from live.place(p_room);
  -- Somebody still has to close the room, tell those in it, and finish the row that ended it.
  if place.id is null or not (place.running or exists (
       select from public.moderation_actions a
        where (a.session_id = place.session_id or a.call_id = place.call_id)
          and a.action = 'end_session' and a.status in ('pending', 'claimed'))) then
    return jsonb_build_object('outcome', case when place.id is null then 'unknown' else 'ended' end, 'now', now_at);
  end if;
  select * into was from public.agent_rooms r where r.room = p_room for update;
  insert into public.agent_rooms as r (room, worker_id, epoch, lease_expires_at, bot_identity)
  values (p_room, p_worker, 1, now_at + make_interval(secs => p_ttl_ms / 1000.0), p_bot_identity)
  on conflict (room) do update set
    worker_id = excluded.worker_id, epoch = r.epoch + 1, lease_expires_at = excluded.lease_expires_at,
    bot_identity = excluded.bot_identity, claimed_at = clock_timestamp(), renewed_at = clock_timestamp(), offered_at = null
    where r.worker_id = excluded.worker_id or r.lease_expires_at <= clock_timestamp() or r.offered_at is not null
       or live.holder_fell(r)
  returning * into lease;
  if lease.room is null then
    return jsonb_build_object('outcome', 'held', 'now', now_at);
  end if;
  -- What the holder before had claimed and not finished is due again.
  update public.moderation_actions a
     set status = 'pending', claim_expires_at = null
   where a.id in (select b.id from public.moderation_actions b
                   where (b.session_id = place.session_id or b.call_id = place.call_id) and b.status = 'claimed'
                   order by b.id for update);
  if was.worker_id <> p_worker then
    -- The one who had it learns at once, instead of defending for a beat what is no longer wanted.
    perform live.wake_worker(was.worker_id, 'wake', jsonb_build_object('room', p_room));
  end if;
  return jsonb_build_object('outcome', 'claimed', 'now', now_at, 'epoch', lease.epoch, 'snapshot', live.snapshot(p_room),
    'unmoderated_since', case when was.offered_at is not null and was.lease_expires_at > now_at then now_at
                              else was.renewed_at end);
end;
$$;
comment on function live.claim_room is
  'Takes a room''s lease: {"outcome": claimed | held | unknown | ended, "now", "epoch"?, "snapshot"?, '
  '"unmoderated_since"?: the last sign of the worker before, null in a room that was just opened}. Granted '
  'when there is no lease, it has run out or is offered, its holder fell, or it is the same worker''s; the epoch grows each time. ended = '
  'delete the room.';

create function public.agent_claim_rooms(p_worker text, p_rooms jsonb, p_ttl_ms int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  answers jsonb := '[]';
  asked record;
begin
  -- Everybody takes several rooms in the same order, so that no two wait for each other.
  for asked in select * from jsonb_to_recordset(p_rooms) as x (room text, bot_identity text) order by x.room loop
    answers := answers || jsonb_build_object('room', asked.room, 'claim',
      live.claim_room(p_worker, asked.room, asked.bot_identity, p_ttl_ms));
  end loop;
  return jsonb_build_object('now', clock_timestamp(), 'rooms', answers);
end;
$$;
comment on function public.agent_claim_rooms is
  'Takes the leases of rooms, [{"room", "bot_identity"}]: {"now", "rooms": [{"room", "claim": as live.claim_room answers}]}.';
grant execute on function public.agent_claim_rooms(text, jsonb, int) to service_role, live_agent;

create function public.agent_offer(p_worker text, p_rooms jsonb) returns void
language plpgsql security definer set search_path = '' as $$
begin
  with locked as (
    select r.room from public.agent_rooms r join jsonb_to_recordset(p_rooms) as x (room text, epoch bigint) using (room)
     where r.worker_id = p_worker and r.epoch = x.epoch
     order by r.room for update of r)
  update public.agent_rooms r set offered_at = clock_timestamp() from locked where r.room = locked.room;
  perform live.wake_worker(null, 'offer');
end;
$$;
comment on function public.agent_offer is
  'Offers rooms of a worker that is leaving to the others: [{"room", "epoch"}]. It holds each until another has claimed it.';
grant execute on function public.agent_offer(text, jsonb) to service_role, live_agent;

create function live.settle_closed_room(p_session uuid, p_call uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform count(live.finish_at_once(a.id, '{"away": true}'))
    from (select b.id from public.moderation_actions b
           where (b.session_id = p_session or b.call_id = p_call)
             and b.status in ('pending', 'claimed') and b.action <> 'announce'
           order by b.id for update) a;
end;
$$;
comment on function live.settle_closed_room is
  'Finishes what was asked of a room that is gone: its end is true, and the person it was about is out.';

create function public.agent_release(p_worker text, p_rooms jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item record;
  place record;
  answers jsonb := '[]';
  held boolean;
begin
  for item in
    select * from jsonb_to_recordset(p_rooms) as x (room text, epoch bigint, closed boolean, at_ms double precision)
     order by x.room
  loop
    -- A beat of the releaser's own that is still under way must neither renew the lease nor claim anything any more.
    update public.agent_rooms r
       set lease_expires_at = clock_timestamp(), epoch = r.epoch + 1,
           renewed_at = case when item.closed then null else clock_timestamp() end
     where r.room = item.room and r.worker_id = p_worker and r.epoch = item.epoch;
    held := found;
    if held and item.closed then
      select * into place from live.place(item.room);
      perform live.close_visits(place.session_id, place.call_id,
        coalesce(to_timestamp(item.at_ms / 1000), clock_timestamp()), 'room_closed');
      perform live.settle_closed_room(place.session_id, place.call_id);
    end if;
    answers := answers || jsonb_build_object('room', item.room, 'ok', held);
  end loop;
  return answers;
end;
$$;
comment on function public.agent_release is
  'Gives up leases; p_rooms [{"room", "epoch", "closed", "at_ms"}] -> [{"room", "ok"}]. closed = the room is gone, so its '
  'open visits end at at_ms and what was asked of it is finished. Nothing with this epoch is taken afterwards. ok is '
  'false when another worker holds the room by now.';
grant execute on function public.agent_release(text, jsonb) to service_role, live_agent;
