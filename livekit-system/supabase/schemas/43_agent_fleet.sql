-- Owns: the workers as a fleet: who is up, who watches over what nobody has, which of them takes the rooms that are found,
-- and what happens when one of them dies. Who holds which room is 42_agent_leases.sql's.

create function live.worker_lock(p_worker text) returns bigint
language plpgsql immutable set search_path = '' as $$
begin
  return hashtextextended('live:worker:' || p_worker, 0);
end;
$$;
comment on function live.worker_lock is
  'Key of the session advisory lock that a worker with a lane of its own holds for as long as it lives; the worker computes it alike.';

create function live.stand(p_worker text, p_takes boolean, p_ttl_ms int, p_early_ms int) returns text
language plpgsql set search_path = '' as $$
declare
  now_at timestamptz := clock_timestamp();
  early_at timestamptz := now_at + make_interval(secs => p_early_ms / 1000.0);
  post live.sweeps;
begin
  select * into post from live.sweeps s where s.name = 'watch';
  if post.worker_id <> p_worker and post.lease_expires_at > early_at then
    return 'standby';  -- nearly all check-ins end here, without a lock
  end if;
  insert into live.sweeps (name, worker_id, lease_expires_at) values ('watch', p_worker, now_at) on conflict do nothing;
  select * into post from live.sweeps s where s.name = 'watch' for update;
  if post.worker_id = p_worker or post.lease_expires_at <= now_at then
    if not p_takes and post.worker_id <> p_worker then
      return 'standby';
    end if;
    update live.sweeps s
       set worker_id = p_worker, deputy = null, deputy_until = null,
           lease_expires_at = case when p_takes then now_at + make_interval(secs => p_ttl_ms / 1000.0) else now_at end
     where s.name = 'watch';
    return case when p_takes then 'leader' else 'standby' end;
  end if;
  if not p_takes or post.lease_expires_at > early_at or (post.deputy <> p_worker and post.deputy_until > now_at) then
    return 'standby';
  end if;
  update live.sweeps s
     set deputy = p_worker, deputy_until = now_at + make_interval(secs => p_ttl_ms / 1000.0) where s.name = 'watch';
  return 'deputy';
end;
$$;
comment on function live.stand is
  'What a worker is now: leader (its lease was renewed; one that takes no rooms gives it back), deputy (the leader did not renew in time, '
  'so this one looks as well), standby.';

create function public.agent_check_in(p_worker text, p_ttl_ms int, p_early_ms int, p_state jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  now_at timestamptz := clock_timestamp();
  own boolean := p_state ->> 'lane' = 'own';
  role text;
  led boolean;
  given jsonb;
begin
  -- The row is locked, so what is handed meanwhile is fetched by this check-in or by the next.
  select w.handed into given from public.agent_workers w where w.worker_id = p_worker for update;
  insert into public.agent_workers as w (worker_id, lane, takes, rooms, load, seen_at)
  values (p_worker, p_state ->> 'lane', (p_state ->> 'takes')::boolean, (p_state ->> 'rooms')::int, (p_state ->> 'load')::real, now_at)
  on conflict (worker_id) do update set
    lane = excluded.lane, takes = excluded.takes, rooms = excluded.rooms, load = excluded.load, seen_at = now_at, handed = '[]',
    fallen_at = case when not own or (p_state ->> 'locked')::boolean then null else w.fallen_at end;
  led := exists (select from live.sweeps s where s.name = 'watch' and s.worker_id = p_worker and s.lease_expires_at > now_at);
  role := live.stand(p_worker, (p_state ->> 'takes')::boolean, p_ttl_ms, p_early_ms);
  if role = 'leader' then
    delete from public.agent_workers w where w.seen_at < now_at - interval '1 minute';
  end if;
  if led and role = 'standby' then
    -- It gave its post back: the next check-in of any other takes it, so let one come at once.
    perform live.wake_worker(w.worker_id, 'serve')
       from public.agent_workers w
      where w.takes and w.fallen_at is null and w.worker_id <> p_worker and w.seen_at > now_at - interval '5 seconds'
      order by w.load, w.worker_id limit 1;
  end if;
  return jsonb_build_object(
    'now', now_at, 'role', role,
    'left_ms', (select extract(epoch from s.lease_expires_at - now_at) * 1000 from live.sweeps s where s.name = 'watch'),
    'workers', (select count(*) from public.agent_workers w where w.seen_at > now_at - interval '5 seconds' and w.fallen_at is null),
    'neighbour', case when own then (
      select w.worker_id from public.agent_workers w
       where w.lane = 'own' and w.worker_id <> p_worker and w.fallen_at is null and w.seen_at > now_at - interval '10 seconds'
       order by w.worker_id < p_worker, w.worker_id limit 1) end,
    'handed', coalesce((
      select jsonb_agg(jsonb_build_object('room', x.room,
                                          'in_ms', greatest(0, extract(epoch from x.at - now_at) * 1000)))
        from jsonb_to_recordset(given) as x (room text, at timestamptz)), '[]'));
end;
$$;
comment on function public.agent_check_in is
  'A worker says that it is up: p_state {"lane": api | own, "takes", "rooms", "load", "locked": it holds its session lock} -> {"now", "role": '
  'leader | deputy | standby, "left_ms": until the leader''s lease runs out, "workers": how many are up, "neighbour": whose lock this one waits '
  'for, null without one, "handed": [{"room", "in_ms": until its claim is granted}] rooms that it shall take, told once}.';
grant execute on function public.agent_check_in(text, int, int, jsonb) to service_role, live_agent;

create function public.agent_hand(p_worker text, p_rooms jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item record;
  chosen text;
  now_at timestamptz := clock_timestamp();
  given jsonb := '{}';
  own jsonb := '[]';
begin
  for item in select * from jsonb_to_recordset(p_rooms) as x (room text, in_ms double precision) order by x.room loop
    -- The least loaded, counting what it has just been given at the price of what it has.
    select w.worker_id into chosen
      from public.agent_workers w
      cross join lateral (select coalesce(jsonb_array_length(given -> w.worker_id), 0) as more) g
      cross join lateral (select w.load + g.more * greatest(w.load / greatest(w.rooms, 1), 0.005) as load) l
     where w.takes and w.fallen_at is null and (w.seen_at > now_at - interval '2 seconds' or w.worker_id = p_worker)
       -- Whose lease it was is dead, slow or leaving.
       and not exists (select from public.agent_rooms r where r.room = item.room and r.worker_id = w.worker_id)
     order by l.load >= 0.8, l.load, w.rooms + g.more, w.worker_id
     limit 1;
    chosen := coalesce(chosen, p_worker);
    given := jsonb_set(given, array[chosen], coalesce(given -> chosen, '[]') || jsonb_build_object(
      'room', item.room, 'at', now_at + make_interval(secs => item.in_ms / 1000)));
    if chosen = p_worker then
      own := own || jsonb_build_object('room', item.room, 'in_ms', item.in_ms);
    end if;
  end loop;
  for item in select x.key as worker, x.value as rooms from jsonb_each(given) x where x.key <> p_worker order by x.key loop
    update public.agent_workers w set handed = w.handed || item.rooms
     where w.worker_id = item.worker and jsonb_array_length(w.handed) < 1000;
    perform live.wake_worker(item.worker, 'serve');
  end loop;
  return own;
end;
$$;
comment on function public.agent_hand is
  'Gives rooms to the workers with most room for them: [{"room", "in_ms": until its claim is granted}] -> those of them that the caller '
  'shall take itself. Others are told by their check-in, and woken for it. One that is loaded by 0.8 or more gets none while another is not.';
grant execute on function public.agent_hand(text, jsonb) to service_role, live_agent;

create function public.agent_suspect(p_worker text, p_fallen text, p_grace_ms int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  now_at timestamptz := clock_timestamp();
  rooms jsonb;
begin
  if not pg_catalog.pg_try_advisory_xact_lock(live.worker_lock(p_fallen)) then
    return jsonb_build_object('fallen', false, 'own', '[]'::jsonb);
  end if;
  update public.agent_workers w set fallen_at = now_at where w.worker_id = p_fallen and w.fallen_at is null;
  select coalesce(jsonb_agg(jsonb_build_object('room', r.room, 'in_ms', p_grace_ms)), '[]') into rooms
    from public.agent_rooms r
   where found and r.worker_id = p_fallen and r.lease_expires_at > now_at;
  return jsonb_build_object('fallen', true, 'own', public.agent_hand(p_worker, rooms));
end;
$$;
comment on function public.agent_suspect is
  'A worker''s session lock has fallen: {"fallen": whether it is free, "own": as agent_hand}. Its rooms are handed out; claiming one of them is '
  'granted after a grace of 250 ms in which its worker has not renewed it. A fallen lock is no proof: a server that restarts drops all.';
grant execute on function public.agent_suspect(text, text, int) to service_role, live_agent;

create function public.agent_watch(
  p_worker text, p_early_ms int, p_listed text[] default null, p_ttl_ms int default null, p_state jsonb default null
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  -- First, and its moment is over before the others are read: a sweep may wait for locks.
  swept jsonb := case when p_listed is not null then public.agent_sweep(p_worker, p_listed) end;
  now_at timestamptz := clock_timestamp();
  early_at timestamptz := now_at + make_interval(secs => p_early_ms / 1000.0);
  answer jsonb;
begin
  with running as (
    select s.livekit_room as room, s.host_left_at is null or s.viewer_count > 0 as occupied, null::uuid as call_id
      from public.live_sessions s where s.status = 'live'
    union all
    select c.livekit_room, null, c.id from public.calls c where live.call_is_running(c.status)
  ), leased as (
    select x.room, r.worker_id,
           case when r.offered_at is null and r.lease_expires_at > now_at and w.worker_id is null
             then r.lease_expires_at end as until  -- as a moment: arithmetic for each of all rooms is most of a look
      from running x
      left join public.agent_rooms r on r.room = x.room
      left join public.agent_workers w on w.worker_id = r.worker_id and w.fallen_at > r.renewed_at
  )
  select jsonb_build_object(
           'rooms', (select coalesce(jsonb_agg(jsonb_build_object(
                              'room', l.room, 'left_ms', extract(epoch from l.until - now_at) * 1000)), '[]')
                       from leased l where l.until is null or l.until < early_at),
           'next_ms', (select extract(epoch from min(l.until) - now_at) * 1000
                         from leased l where l.until >= early_at and l.worker_id <> p_worker),
           'missed', (select coalesce(jsonb_agg(x.room), '[]') from running x
                       where x.room <> all (p_listed)
                         and coalesce(x.occupied, exists (select from public.live_visits v
                                                           where v.call_id = x.call_id and v.left_at is null))),
           'strangers', (select coalesce(jsonb_agg(l.room), '[]') from unnest(p_listed) l (room)
                          where l.room not in (select x.room from running x)))
    into answer;
  return answer || jsonb_build_object(
    'now', now_at, 'unclaimed', live.unclaimed_actions(), 'swept', swept,
    'checked_in', case when p_state is not null then public.agent_check_in(p_worker, p_ttl_ms, p_early_ms, p_state) end);
end;
$$;
comment on function public.agent_watch is
  'For the worker that watches: {"now", "rooms": [{"room", "left_ms"}] running rooms whose lease has less than p_early_ms left (null: nobody '
  'has the room, or its worker offers it or fell), "next_ms": when the first lease of the others comes that near, "unclaimed": as '
  'live.unclaimed_actions}. With p_listed, the rooms that LiveKit has: "missed", running rooms with somebody in them that it lacks, and '
  '"strangers", those of it that belong to nothing that runs; and it sweeps: "swept" is the answer of agent_sweep. With p_state it is a '
  'check-in as well: "checked_in" is that answer.';
grant execute on function public.agent_watch(text, int, text[], int, jsonb) to service_role, live_agent;
