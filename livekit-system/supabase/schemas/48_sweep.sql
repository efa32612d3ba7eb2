-- Owns: what becomes due by the clock alone in sessions: a host who stays away, mutes, hands and invitations that end,
-- paid access that lapsed, visits and actions that nobody closed. One worker does it for all, under one lease;
-- DATABASE.md says how pg_cron can do it instead. Calls, scheduled sessions and rooms are platform_sweep's.

-- What touches every room at once, a node's death say, must not become one statement that outlasts the caller's patience, is
-- rolled back and tried again for ever.
create function live.at_a_time() returns int
language plpgsql immutable set search_path = '' as $$
begin
  return 500;
end;
$$;
comment on function live.at_a_time is 'How many of each kind one sweep deals with; the rest comes with the next.';

create function live.end_hostless_sessions() returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
  left_before constant timestamptz := clock_timestamp() - live.setting_interval('session.host_grace_seconds');
begin
  with gone as (
    select s.id from public.live_sessions s
     where s.status = 'live' and s.host_left_at < left_before
     order by s.id limit live.at_a_time() for no key update skip locked)
  update public.live_sessions s set status = 'ended', end_reason = 'host_gone' from gone where s.id = gone.id;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_hostless_sessions is 'Ends live sessions whose host has been away longer than the grace; how many.';

create function live.hands_since() returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return clock_timestamp() - make_interval(secs => coalesce(live.limit_of('hand_seconds'), 900));
end;
$$;
comment on function live.hands_since is 'A hand raised before this comes down by itself.';

create function live.people_past_their_time() returns setof public.live_participants
language plpgsql stable set search_path = '' as $$
begin
  return query
    select * from public.live_participants p
     where least(p.mic_muted_until, p.invite_expires_at, p.access_ends_at) <= clock_timestamp()
       and (p.mic_muted_until <= clock_timestamp() or p.invite_expires_at <= clock_timestamp())
        or p.hand_raised_at <= (select live.hands_since());
end;
$$;
comment on function live.people_past_their_time is 'Whose timed mute, invitation or raised hand is over.';

create function live.end_timed_states() returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
  hands_since timestamptz := live.hands_since();
begin
  -- Sessions before people: what ends here is told in the session's stream.
  with held as (
    select s.id from public.live_sessions s
     where s.id in (select p.session_id from live.people_past_their_time() p)
     order by s.id for no key update skip locked
  ), due as (
    select p.session_id, p.user_id
      from held join live.people_past_their_time() x on x.session_id = held.id
      join public.live_participants p on p.session_id = x.session_id and p.user_id = x.user_id
     limit live.at_a_time() for update of p skip locked)
  update public.live_participants p set
    mic_muted = p.mic_muted and (coalesce(p.mic_muted_until > clock_timestamp(), true) or live.bound_by_mute_all(p)),
    -- While everyone is muted, a mute by name that ends becomes one of those.
    mic_by_all = p.mic_by_all or (p.mic_muted_until <= clock_timestamp() and live.bound_by_mute_all(p)),
    mic_by_rank = case when p.mic_muted_until <= clock_timestamp() and live.bound_by_mute_all(p)
      then (select s.mute_all_rank from public.live_sessions s where s.id = p.session_id) else p.mic_by_rank end,
    mic_muted_until = case when p.mic_muted_until > clock_timestamp() then p.mic_muted_until end,
    invited_role = case when p.invite_expires_at > clock_timestamp() then p.invited_role end,
    invited_by = case when p.invite_expires_at > clock_timestamp() then p.invited_by end,
    invite_expires_at = case when p.invite_expires_at > clock_timestamp() then p.invite_expires_at end,
    hand_raised_at = case when p.hand_raised_at > hands_since then p.hand_raised_at end
    from due where p.session_id = due.session_id and p.user_id = due.user_id;
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_timed_states is 'Ends timed mutes, invitations and old hands; for how many people.';

create function live.check_paid_access() returns int
language plpgsql set search_path = '' as $$
declare
  changed int;
begin
  with checked as (
    select p.session_id, p.user_id, p.access_ends_at, p.access_removed, live.access_fault(s, p.user_id) is not null as lacking
      from public.live_sessions s
      join public.live_participants p on p.session_id = s.id and (p.is_online or p.access_ends_at is not null)
     -- Staff need none: of those only who was told before has anything to look at.
     where s.status = 'live' and s.access_type <> 'public' and (not p.staff or p.access_ends_at is not null)
  ), due as (
    select c.* from checked c
     where (c.lacking <> (c.access_ends_at is not null) or (c.lacking and c.access_ends_at <= clock_timestamp()))
       and not (c.access_removed and c.lacking)
  ), free as (
    select p.session_id, p.user_id, d.lacking
      from due d join public.live_participants p using (session_id, user_id)
     limit live.at_a_time() for update of p skip locked
  )
  update public.live_participants p set
    access_ends_at = case when free.lacking
      then coalesce(p.access_ends_at, clock_timestamp() + live.setting_interval('access.grace_seconds')) end,
    access_removed = free.lacking and coalesce(p.access_ends_at <= clock_timestamp(), false)
    from free
   where p.session_id = free.session_id and p.user_id = free.user_id;
  get diagnostics changed = row_count;
  return changed;
end;
$$;
comment on function live.check_paid_access is
  'Looks again at the paid access of everyone in the room: first a notice (access_ends_at), after the grace removal; '
  'renewing in time ends it. How many people changed.';

create function live.is_moderated(p_room text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.agent_rooms r where r.room = p_room and r.lease_expires_at > clock_timestamp());
end;
$$;
comment on function live.is_moderated is 'Whether a worker holds a room now.';

-- LiveKit's list may be wrong: a server that has lost its memory lists nothing while people talk. A worker that has been in
-- a room for a while is in it now, or its lease would have run out.
create function live.unlisted_rooms(p_rooms text[]) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (select count(*) from public.agent_rooms r
           where r.lease_expires_at > clock_timestamp() and r.claimed_at < clock_timestamp() - interval '10 seconds'
             and r.room <> all (p_rooms));
end;
$$;
comment on function live.unlisted_rooms is 'How many rooms workers are in that LiveKit''s list misses: while there are any, what it misses is no proof.';

create function live.close_forgotten_visits(p_rooms text[]) returns int
language plpgsql set search_path = '' as $$
declare
  place record;
  closed int := 0;
begin
  for place in
    select s.id as session_id, null::uuid as call_id, s.ended_at as at
      from public.live_sessions s
     where exists (select from public.live_visits v
                    where v.session_id = s.id and v.left_at is null and v.joined_at < clock_timestamp() - interval '30 seconds')
       and not live.is_moderated(s.livekit_room)
       and (s.ended_at < clock_timestamp() - interval '15 seconds'
            or (p_rooms is not null and s.livekit_room <> all (p_rooms)))
    union all
    select null, c.id, c.ended_at
      from public.calls c
     where exists (select from public.live_visits v
                    where v.call_id = c.id and v.left_at is null and v.joined_at < clock_timestamp() - interval '30 seconds')
       and not live.is_moderated(c.livekit_room)
       and (c.ended_at < clock_timestamp() - interval '15 seconds'
            or (p_rooms is not null and c.livekit_room <> all (p_rooms)))
     order by 1, 2 limit live.at_a_time()
  loop
    closed := closed + live.close_visits(place.session_id, place.call_id, coalesce(place.at, clock_timestamp()), 'room_gone');
  end loop;
  return closed;
end;
$$;
comment on function live.close_forgotten_visits is
  'Closes visits in rooms that are over, or that LiveKit no longer has when p_rooms lists those it has; how many.';

create function live.settle_actions(p_rooms text[]) returns int
language plpgsql set search_path = '' as $$
declare
  item public.moderation_actions;
  settled int := 0;
begin
  update public.moderation_actions a
     set status = 'expired', error_code = 'expired', claim_expires_at = null,
         error = 'nobody could make it true before it became pointless'
   where a.id in (
     select b.id from public.moderation_actions b
      where b.status in ('pending', 'claimed') and b.expires_at <= clock_timestamp()
        and coalesce(b.claim_expires_at, '-infinity') <= clock_timestamp()
        for update skip locked);
  for item in
    select a.* from public.moderation_actions a
     where a.status in ('pending', 'claimed') and a.action <> 'announce'
       and a.created_at < clock_timestamp() - interval '10 seconds'
       and coalesce(a.claim_expires_at, '-infinity') <= clock_timestamp()
       and not live.is_moderated(live.room_of(a.session_id, a.call_id))
       and (p_rooms is null or live.room_of(a.session_id, a.call_id) <> all (p_rooms))
       -- Nobody there to be made to agree: the desired state holds when they come back.
       and not exists (select from public.live_visits v
                        where (v.session_id = a.session_id or v.call_id = a.call_id) and v.left_at is null
                          and (a.target_user_id is null or v.user_id = a.target_user_id))
     order by a.n limit live.at_a_time()
       for update skip locked
  loop
    perform live.finish_at_once(item.id, jsonb_build_object('away', true));
    settled := settled + 1;
  end loop;
  return settled;
end;
$$;
comment on function live.settle_actions is 'Finishes what was asked about people who are away from a room that nobody moderates; how many.';

-- Like a batch, it gives up before Postgres picks whom to fail.
create function public.agent_sweep(p_worker text, p_rooms text[] default null) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  done jsonb;
  unlisted constant int := coalesce(live.unlisted_rooms(p_rooms), 0);
  gone_by text[] := case when unlisted = 0 then p_rooms end;
begin
  insert into live.sweeps as w (name, worker_id, lease_expires_at)
  values ('sessions', p_worker, clock_timestamp() + interval '10 seconds')
  on conflict (name) do update set worker_id = excluded.worker_id, lease_expires_at = excluded.lease_expires_at
    where w.worker_id = excluded.worker_id or w.lease_expires_at <= clock_timestamp()
       -- Who watches also sweeps: its list of LiveKit's rooms is the freshest.
       or exists (select from live.sweeps l
                   where l.name = 'watch' and l.worker_id = excluded.worker_id and l.lease_expires_at > clock_timestamp());
  if not found then
    return jsonb_build_object('held', false);
  end if;
  done := jsonb_build_object(
    'held', true,
    -- Sessions before people, as everywhere.
    'unlisted_rooms', unlisted,
    'closed_visits', live.close_forgotten_visits(gone_by),
    'hostless_sessions', live.end_hostless_sessions(),
    'announced_ends', live.announce_ends(),
    'gift_combos', live.tell_gift_combos(),
    'timed_states', live.end_timed_states(),
    'paid_access', live.check_paid_access(),
    'lapsed_recordings', live.lapse_wishes(),
    'settled_actions', live.settle_actions(gone_by));
  delete from public.live_level_watches w where w.expires_at < clock_timestamp();
  delete from live.looks l where l.expires_at < clock_timestamp();
  perform live.sweep_wall();
  done := done || jsonb_build_object('listens_over', live.listens_over(), 'pushes_due', live.pushes_due(), 'pages_due', live.pages_due(), 'evidence_due', live.evidence_due(), 'unheard_rooms', live.unheard_rooms(),
    'recordings_due', live.recordings_wait(), 'recordings_over', live.recordings_past(),
    'recording_minutes', live.recording_usage() -> 'level') || live.orphan_rooms(p_rooms) || live.automatic_load() || public.platform_sweep();
  -- Last: who joins waits for their name while they hold their session.
  perform live.refresh_names();
  return done;
end;
$$;
comment on function public.agent_sweep is
  'The sweep of one worker for all: {"held": false} when another has the lease, else {"held": true} and how many of each '
  'were dealt with; "pushes_due": whether push-send has something to do; "pages_due": whether a page waits; "evidence_due": whether clips are to be deleted; "unheard_rooms": in how many rooms a speech process is missing; "recordings_due": whether recordings wait whose room nobody holds; "recordings_over": whether files of recordings are to be deleted; "recording_minutes": ok, warning or exceeded, against recording.monthly_minutes; "listens_over": whom of ops to remove from which room; "orphan_rooms": how many rooms of ours LiveKit has that the database does not know, and "close_rooms": '
  'the names of those to be closed now. p_rooms: names of the rooms that LiveKit has now, when the worker has just listed '
  'them; without them no room is taken to be gone, nor while they miss a room that a worker is in ("unlisted_rooms").';
grant execute on function public.agent_sweep(text, text[]) to service_role, live_agent;
