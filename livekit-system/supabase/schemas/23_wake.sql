-- Owns: when wake-ups go to the worker that holds a room (live:wake:<worker>; live:wake for what nobody holds), and which changes a
-- session's topic is told (live:session:<id>). Both are hints: anyone who misses one reads the tables. A worker with a lane of its
-- own is woken by NOTIFY instead, which costs no Realtime message.

create function live.take_mark(p_name text, p_interval interval) returns boolean
language plpgsql set search_path = '' as $$
declare
  mark live.wake_marks;
begin
  -- Never waits: when another transaction holds the mark, this one sends as well.
  select * into mark from live.wake_marks w where w.room = p_name for update skip locked;
  if mark.woken_at > clock_timestamp() - p_interval then
    return false;
  end if;
  if mark.room is not null then
    update live.wake_marks w set woken_at = clock_timestamp() where w.room = p_name;
  end if;
  return true;
end;
$$;
comment on function live.take_mark is 'Whether something named may be sent now: at most once in an interval, without waiting on locks.';

create function live.wake_channel(p_worker text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return 'live_wake_' || md5(p_worker);  -- a name of Postgres has 63 bytes
end;
$$;
comment on function live.wake_channel is 'The channel on which a worker with a lane of its own listens.';

create function live.wake_worker(p_worker text, p_event text, p_payload jsonb default '{}') returns void
language plpgsql set search_path = '' as $$
declare
  addressee text := coalesce(p_worker, (select s.worker_id from live.sweeps s where s.name = 'watch'));
begin
  if exists (select from public.agent_workers w where w.worker_id = addressee and w.lane = 'own') then
    perform pg_notify(live.wake_channel(addressee), jsonb_build_object('event', p_event, 'payload', p_payload)::text);
  else
    perform realtime.send(p_payload, p_event, coalesce('live:wake:' || p_worker, 'live:wake'), true);
  end if;
end;
$$;
comment on function live.wake_worker is
  'Wakes one worker: wake {"room"} (it has news), serve (rooms were handed to it). Null: the one that watches, also by offer '
  '(a worker that leaves offers its rooms); to live:wake nobody else listens.';

create function live.wake(p_room text) returns void
language plpgsql set search_path = '' as $$
declare
  holder constant text := (
    select r.worker_id from public.agent_rooms r where r.room = p_room and r.lease_expires_at > clock_timestamp());
  -- A notification is free, where each message of Realtime is counted and paid for.
  burst constant interval := case
    when exists (select from public.agent_workers w where w.worker_id = holder and w.lane = 'own') then '10 milliseconds'
    else '50 milliseconds' end;
begin
  -- The first of a burst goes at once. One left out is not lost: agents pull at a wake-up and again 60 and 250 ms later.
  if live.take_mark(p_room, burst) then
    perform live.wake_worker(holder, 'wake', jsonb_build_object('room', p_room));
  end if;
end;
$$;
comment on function live.wake is 'Wakes the worker that holds a room, or the one that watches over what nobody holds.';

create function live.room_of(p_session uuid, p_call uuid) returns text
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((select s.livekit_room from public.live_sessions s where s.id = p_session),
                  (select c.livekit_room from public.calls c where c.id = p_call));
end;
$$;
comment on function live.room_of is 'LiveKit room of a session or call.';

-- Per row, because each gift updates its session: what wakes nobody must cost nothing.
create function live.wake_for_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(new.livekit_room);
  return null;
end;
$$;
comment on function live.wake_for_session is 'Trigger: a session changed in a way that its agent must know.';
create trigger wake_for_session after update on public.live_sessions
  for each row when (old.desired_xid <> new.desired_xid and (old.status <> 'scheduled' or new.status <> 'scheduled'))
  execute function live.wake_for_session();

create function live.tell_of_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Everyone in the room hears about the count, so a thousand arrivals must not be a million messages.
  if (old.status, old.title, old.mute_all_rank, old.slow_mode_seconds, old.chat_mode, old.pinned_message_id)
     is distinct from (new.status, new.title, new.mute_all_rank, new.slow_mode_seconds, new.chat_mode, new.pinned_message_id)
     or live.take_mark('count:' || new.id, interval '1 second') then
    if old.status <> new.status or live.is_watched(new) then
      -- Those who wait for a session to begin are in no room yet.
      perform live.fold_hint(new, 'live_sessions', jsonb_build_array(new.id));
    end if;
  end if;
  return null;
end;
$$;
comment on function live.tell_of_session is 'Trigger: a session changed in a way that console and app show.';
create trigger tell_of_session after update on public.live_sessions
  for each row when ((old.status, old.title, old.mute_all_rank, old.viewer_count,
                      old.slow_mode_seconds, old.chat_mode, old.pinned_message_id)
                     is distinct from (new.status, new.title, new.mute_all_rank, new.viewer_count,
                                       new.slow_mode_seconds, new.chat_mode, new.pinned_message_id))
  execute function live.tell_of_session();

create function live.wake_for_calls() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into live.wake_marks (room) select n.livekit_room from new_rows n on conflict do nothing;
  else
    perform live.wake(n.livekit_room) from new_rows n order by n.livekit_room;
  end if;
  return null;
end;
$$;
comment on function live.wake_for_calls is 'Trigger: new and changed calls.';
create trigger mark_new_calls after insert on public.calls
  referencing new table as new_rows for each statement execute function live.wake_for_calls();
create trigger wake_for_calls after update on public.calls
  referencing new table as new_rows for each statement execute function live.wake_for_calls();

create function live.wake_for_participants() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(x.livekit_room)
     from (select distinct s.livekit_room
             from new_rows n
             join old_rows o using (session_id, user_id)
             join public.live_sessions s on s.id = n.session_id and s.status = 'live'
            where n.desired_xid <> o.desired_xid
            order by s.livekit_room) x;
  perform live.tell_session(x.session_id, 'live_participants', x.ids)
     from (select n.session_id, jsonb_agg(n.user_id) as ids
             from new_rows n join old_rows o using (session_id, user_id)
            where n.desired_xid <> o.desired_xid
            group by n.session_id) x;
  return null;
end;
$$;
comment on function live.wake_for_participants is 'Trigger: changed desired state, no matter who changed it.';
create trigger wake_for_participants after update on public.live_participants
  referencing old table as old_rows new table as new_rows
  for each statement execute function live.wake_for_participants();

create function live.wake_for_events() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(x.livekit_room)
     from (select distinct s.livekit_room from new_rows n join public.live_sessions s on s.id = n.session_id
            order by s.livekit_room) x;
  -- A gift is told by the relay and by its line in the chat: a third message for each would only cost.
  perform live.tell_session(n.session_id, 'live_events', jsonb_agg(n.id order by n.seq))
     from new_rows n where n.type not in ('gift', 'gift_combo') group by n.session_id;
  return null;
end;
$$;
comment on function live.wake_for_events is 'Trigger: new events to relay.';
create trigger wake_for_events after insert on public.live_events
  referencing new table as new_rows for each statement execute function live.wake_for_events();

create function live.is_told(p_action text, p_dry_run boolean, p_via text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_action <> 'listen' and not (p_dry_run and p_via = 'ops');
end;
$$;
comment on function live.is_told(text, boolean, text) is
  'Whether those who are in the session may know that there is such a row: not that ops listen in, nor what ops rehearse.';

create function live.wake_for_new_actions() returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
begin
  perform live.wake(x.room)
     from (select distinct live.room_of(n.session_id, n.call_id) as room
             from new_rows n join public.live_actions known on known.action = n.action
            where known.needs_agent and not n.dry_run) x
    where x.room is not null;
  perform live.tell_session(n.session_id, 'moderation_actions', jsonb_agg(n.id order by n.n))
     from new_rows n where n.session_id is not null and live.is_told(n.action, n.dry_run, n.requested_via) group by n.session_id;
  return null;
end;
$$;
comment on function live.wake_for_new_actions is 'Trigger: actions to claim.';
create trigger wake_for_new_actions after insert on public.moderation_actions
  referencing new table as new_rows for each statement execute function live.wake_for_new_actions();

create function live.wake_for_actions() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from new_rows n join old_rows o using (id) where n.status <> o.status and n.status <> 'claimed') then
    return null;  -- most updates: a claim wakes nobody, nor does what the door notes of a new row
  end if;
  perform live.wake(x.room)
     from (select distinct live.room_of(n.session_id, n.call_id) as room
             from new_rows n join old_rows o using (id)
            where n.status <> o.status
              and (n.status = 'pending'
               -- One row per person is claimed at a time: the end of one frees the next.
               or (n.status <> 'claimed' and exists (
                    select from public.moderation_actions a
                     where a.status = 'pending' and a.n > n.n
                       and (a.session_id = n.session_id or a.call_id = n.call_id)
                       and a.target_user_id is not distinct from n.target_user_id)))) x
    where x.room is not null;
  perform live.tell_session(n.session_id, 'moderation_actions', jsonb_agg(n.id order by n.n))
     from new_rows n join old_rows o using (id)
    where n.session_id is not null and live.is_told(n.action, n.dry_run, n.requested_via) and n.status <> 'claimed' and n.status <> o.status group by n.session_id;
  return null;
end;
$$;
comment on function live.wake_for_actions is 'Trigger: actions whose status changed.';
create trigger wake_for_actions after update on public.moderation_actions
  referencing old table as old_rows new table as new_rows
  for each statement execute function live.wake_for_actions();
