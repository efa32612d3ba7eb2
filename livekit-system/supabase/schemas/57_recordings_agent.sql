-- Owns: what workers learn about recordings and what they report. The contract:
--
--   snapshot and agent_pull's rooms carry "recordings": [RECORDING] of the room: all that are not over. A change of a wish or a state
--   wakes the worker that holds the room, like every row. RECORDING:
--     {"id", "session_id", "room", "mode", "mp4", "wanted", "state", "begins_at", "max_until", "prefix", "errand", "error_code",
--      "host": the creator's id, "consented": [ids of people whose consent stands], "parts": [{"number", "egress_id", "prefix", "store", "asked_at", "started_at",
--      "ended_at", "error"}]}
--   agent_recordings(worker, [{"room", "epoch"}]) answers the same by itself, to be asked as often as one likes.
--   agent_recording_errands(worker): recordings that are not over and whose room nobody holds (their session is over, or the worker that had
--     them is dead): taken for 30 s; each taking grows "errand". Report them with it instead of an epoch.
--   agent_recording_report(worker, [row]): what has become true; idempotent, since the same state or part again changes nothing.
--
-- What the worker does with it: wanted and begins_at reached -> start (report starting with part n *before* asking Egress, so that the worker
-- that takes over knows that a start may be under way; then its egress_id; active when it records). Not wanted, or max_until reached -> stopping,
-- stop, then processing; then, when the files are there, ready with bytes and duration, or failed when there is nothing to play. A part
-- that is lost: report its end with an error and state starting with part n + 1, with the gap. Nobody records a room in which somebody
-- publishes who is not in "consented" (PERSON.publish_until is past for them, so their right is gone by begins_at).

create function live.recording_json(p_row public.live_recordings) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'id', p_row.id, 'session_id', p_row.session_id, 'room', live.room_of(p_row.session_id, null), 'mode', p_row.mode, 'mp4', p_row.mp4,
    'wanted', p_row.wanted, 'state', p_row.state, 'begins_at', p_row.begins_at, 'max_until', p_row.max_until,
    'prefix', p_row.prefix, 'errand', p_row.errand, 'error_code', p_row.error_code,
    'host', (select s.creator_id from public.live_sessions s where s.id = p_row.session_id),
    'consented', (select coalesce(jsonb_agg(distinct c.user_id), '[]') from public.live_recording_consents c
                   where c.session_id = p_row.session_id and c.withdrawn_at is null and c.agreed_at is not null),
    'parts', (select coalesce(jsonb_agg(jsonb_build_object('number', t.number, 'egress_id', t.egress_id, 'prefix', t.prefix, 'store', t.store, 'asked_at',
                                        t.asked_at, 'started_at', t.started_at, 'ended_at', t.ended_at, 'error', t.error) order by t.number), '[]')
                from public.live_recording_parts t where t.recording_id = p_row.id));
end;
$$;
comment on function live.recording_json(public.live_recordings) is 'RECORDING: a recording as workers read it.';

create function live.recordings_of(p_session uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(live.recording_json(r) order by r.requested_at), '[]')
            from public.live_recordings r where r.session_id = p_session and not live.recording_is_over(r.state));
end;
$$;
comment on function live.recordings_of(uuid) is 'The recordings of a session that are not over: [RECORDING].';

create function public.agent_recordings(p_worker text, p_rooms jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform live.lapse_wishes();
  return (
    select coalesce(jsonb_agg(jsonb_build_object('room', x.room, 'held', r.room is not null,
                              'recordings', case when r.room is not null then live.recordings_of(s.id) else '[]' end) order by x.room), '[]')
      from jsonb_to_recordset(p_rooms) as x (room text, epoch bigint)
      left join public.agent_rooms r on r.room = x.room and r.worker_id = p_worker and r.epoch = x.epoch
      left join public.live_sessions s on s.livekit_room = x.room);
end;
$$;
comment on function public.agent_recordings(text, jsonb) is
  'What is to be recorded in rooms that a worker holds: [{"room", "epoch"}] -> [{"room", "held", "recordings": [RECORDING]}]; those that are not over.';
grant execute on function public.agent_recordings(text, jsonb) to service_role, live_agent;

create function live.lapse_wishes() returns int
language plpgsql set search_path = '' as $$
declare
  lapsed int;
begin
  -- Sessions before recordings: their streams say what is stopped.
  with held as (
    select s.id from public.live_sessions s
     where s.id in (select r.session_id from public.live_recordings r where r.wanted and r.max_until <= clock_timestamp())
     order by s.id for no key update skip locked
  ), due as (
    select r.id from held join public.live_recordings r on r.session_id = held.id
     where r.wanted and r.max_until <= clock_timestamp() order by r.id for no key update of r)
  update public.live_recordings r
     set wanted = false, unwanted_why = 'time_over', state = case r.state when 'requested' then 'aborted' else r.state end
    from due where r.id = due.id;
  get diagnostics lapsed = row_count;
  return lapsed;
end;
$$;
comment on function live.lapse_wishes() is 'Recordings that have reached max_until are not wanted any more; how many.';

create function live.is_errand(p_recording public.live_recordings, p_session public.live_sessions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return not live.is_moderated(p_session.livekit_room)
    -- Of a live session somebody takes the room over within seconds, and with it its recordings; and what nobody has begun begins there.
    and (p_session.status = 'ended'
         or (p_recording.state <> 'requested' and p_recording.state_at < clock_timestamp() - interval '20 seconds'));
end;
$$;
comment on function live.is_errand(public.live_recordings, public.live_sessions) is
  'Of a recording that is not over: whether nobody holds its room, and something can be done about it from outside.';

create function public.agent_recording_errands(p_worker text, p_most int default 20) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  taken jsonb;
begin
  perform live.lapse_wishes();
  with due as (
    select r.id from public.live_recordings r join public.live_sessions s on s.id = r.session_id
     where r.state in ('requested', 'starting', 'active', 'stopping', 'processing') and live.is_errand(r, s)
       and (r.errand_by is null or r.errand_by = p_worker or r.errand_until <= clock_timestamp())
     order by r.state_at limit least(greatest(coalesce(p_most, 20), 1), 100) for no key update of r skip locked
  ), took as (
    update public.live_recordings r
       set errand = r.errand + (r.errand_by is distinct from p_worker or r.errand_until <= clock_timestamp())::int, errand_by = p_worker,
           errand_until = clock_timestamp() + interval '30 seconds'
      from due where r.id = due.id returning r.*)
  select coalesce(jsonb_agg(live.recording_json(t::public.live_recordings) order by t.state_at), '[]') into taken from took t;
  return taken;
end;
$$;
comment on function public.agent_recording_errands(text, int) is
  'For any worker: recordings that are not over and whose room nobody holds, taken for 30 s: [RECORDING]. Asked again by the same worker it keeps them.';
grant execute on function public.agent_recording_errands(text, int) to service_role, live_agent;

create function live.recordings_wait() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_recordings r join public.live_sessions s on s.id = r.session_id
                  where r.state in ('requested', 'starting', 'active', 'stopping', 'processing') and live.is_errand(r, s));
end;
$$;
comment on function live.recordings_wait() is 'Whether there are recordings that are not over and whose room nobody holds: errands for the worker that sweeps.';

create function live.may_report(p_worker text, p_room text, p_recording public.live_recordings, p_row jsonb) returns boolean
language plpgsql set search_path = '' as $$
begin
  if p_row ->> 'errand' is null then
    return p_row ->> 'room' = p_room and live.holds(p_worker, p_room, (p_row ->> 'epoch')::bigint);
  end if;
  return p_recording.errand = (p_row ->> 'errand')::bigint and p_recording.errand_by = p_worker and not live.is_moderated(p_room);
end;
$$;
comment on function live.may_report(text, text, public.live_recordings, jsonb) is
  'Whether a worker may say what is true of a recording: it holds the room by this epoch, or nobody does and the errand is the worker''s.';

create function live.report_part(p_recording public.live_recordings, p_part jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  place constant int := (p_part ->> 'number')::int;
  item public.live_recording_parts;
begin
  insert into public.live_recording_parts (recording_id, number, prefix, store)
  values (p_recording.id, place, p_recording.prefix || '/' || place, coalesce(p_part ->> 'store', 'supabase')) on conflict do nothing;
  select * into item from public.live_recording_parts t where t.recording_id = p_recording.id and t.number = place;
  -- Start and end are told by webhooks, by lists and by the room: what was known first stays.
  item.egress_id := coalesce(item.egress_id, p_part ->> 'egress_id');
  item.started_at := coalesce(item.started_at, (p_part ->> 'started_at')::timestamptz);
  item.ended_at := coalesce(item.ended_at, (p_part ->> 'ended_at')::timestamptz);
  if item.ended_at < item.started_at then
    item.ended_at := item.started_at;
  end if;
  update public.live_recording_parts t
     set egress_id = item.egress_id, started_at = item.started_at, ended_at = item.ended_at,
         bytes = coalesce((p_part ->> 'bytes')::bigint, item.bytes),
         duration_seconds = coalesce((p_part ->> 'duration_seconds')::double precision, item.duration_seconds),
         error = coalesce(item.error, left(p_part ->> 'error', 1000))
   where t.recording_id = p_recording.id and t.number = place;
end;
$$;
comment on function live.report_part(public.live_recordings, jsonb) is
  'Writes what is known of a part: {number, store, egress_id, started_at, ended_at, bytes, duration_seconds, error}; what is left out stays as it is, and where it is stored always does.';

create function live.report_fault(p_recording public.live_recordings, p_state text) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case
    when p_state is null or p_state = p_recording.state then null
    when not exists (select from public.live_recording_transitions t where t.from_state = p_recording.state and t.to_state = p_state)
      or p_state = 'deleted' then 'impossible_transition'
    when p_state = 'starting' and not p_recording.wanted then 'not_wanted'
    when p_state = 'starting' and clock_timestamp() < p_recording.begins_at then 'too_early'
    when p_state = 'ready' and not exists (select from public.live_recording_parts t where t.recording_id = p_recording.id and t.started_at is not null)
      then 'nothing_recorded' end;
end;
$$;
comment on function live.report_fault(public.live_recordings, text) is
  'Why a recording cannot be said to be in a state: impossible_transition, not_wanted, too_early or nothing_recorded; null when it can.';

create function live.report_recording(p_worker text, p_row jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  item public.live_recordings;
  fault text;
begin
  select * into item from public.live_recordings r where r.id = (p_row ->> 'id')::uuid for no key update;
  if item.id is null then
    return jsonb_build_object('id', p_row -> 'id', 'ok', false, 'error', 'unknown_recording');
  end if;
  fault := case when not live.may_report(p_worker, live.room_of(item.session_id, null), item, p_row) then 'fenced' end;
  if fault is null then
    if p_row -> 'part' ->> 'number' is not null then
      perform live.report_part(item, p_row -> 'part');
    end if;
    -- After the part: what it says may be what the state rests on.
    fault := live.report_fault(item, p_row ->> 'state');
    update public.live_recordings r
       set state = case when fault is null then coalesce(p_row ->> 'state', r.state) else r.state end,
           stopped_at = coalesce(r.stopped_at, case when p_row ->> 'state' = 'processing' and fault is null then clock_timestamp() end),
           bytes = coalesce((p_row ->> 'bytes')::bigint, r.bytes),
           duration_seconds = coalesce((p_row ->> 'duration_seconds')::double precision, r.duration_seconds),
           error_code = coalesce(left(p_row ->> 'error_code', 100), r.error_code), error = coalesce(left(p_row ->> 'error', 1000), r.error),
           gaps = case when jsonb_typeof(p_row -> 'gap') = 'object' and not r.gaps @> jsonb_build_array(p_row -> 'gap')
                       then r.gaps || (p_row -> 'gap') else r.gaps end
     where r.id = item.id returning * into item;
  end if;
  return jsonb_strip_nulls(jsonb_build_object('id', item.id, 'ok', fault is null, 'state', item.state, 'wanted', item.wanted, 'error', fault));
end;
$$;
comment on function live.report_recording(text, jsonb) is 'Takes in what a worker says of one recording.';

create function public.agent_recording_report(p_worker text, p_rows jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
begin
  perform live.lock_leases(p_rows);
  perform from public.live_sessions s
    where s.id in (select t.session_id from public.live_recordings t
                    where t.id in (select (x.value ->> 'id')::uuid from jsonb_array_elements(p_rows) x))
    order by s.id for no key update;
  return (select coalesce(jsonb_agg(live.report_recording(p_worker, x.asked) order by x.place), '[]')
            from (select r.value as asked, r.ordinality as place from jsonb_array_elements(p_rows) with ordinality r
                   order by r.value ->> 'id', r.ordinality) x);
end;
$$;
comment on function public.agent_recording_report(text, jsonb) is
  'What has become true of recordings: [{"id", "room" and "epoch", or "errand", "state"?, "part"?: {"number", "store"?, "egress_id"?, "started_at"?, "ended_at"?, '
  '"bytes"?, "duration_seconds"?, "error"?}, "gap"?: {"from_at", "to_at", "why"}, "bytes"?, "duration_seconds"?, "error_code"?, "error"?}] -> aligned '
  '[{"id", "ok", "state", "wanted", "error"?: fenced, unknown_recording, impossible_transition, not_wanted, too_early or nothing_recorded}]. What '
  'is true already changes nothing. A part is written even where the state is refused; what is fenced writes nothing.';
grant execute on function public.agent_recording_report(text, jsonb) to service_role, live_agent;

-- ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.nanoseconds(p_text text) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return case when p_text ~ '^[1-9][0-9]{0,18}$' then to_timestamp(p_text::numeric / 1e9) end;
end;
$$;
comment on function live.nanoseconds(text) is 'A moment as Egress words it, nanoseconds since the epoch; null for none.';

create function live.read_webhook_egress(p_room text, p_event text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  info constant jsonb := p_payload -> 'egressInfo';
  results constant jsonb := coalesce(info -> 'segmentResults', '[]') || coalesce(info -> 'fileResults', '[]');
  -- Egress names a start as soon as it is asked, whether or not it ever records.
  records constant boolean := info ->> 'status' = 'EGRESS_ACTIVE' or results <> '[]';
  item public.live_recordings;
  part public.live_recording_parts;
begin
  select t.* into part from public.live_recording_parts t where t.egress_id = info ->> 'egressId';
  if part.recording_id is not null then
    select * into item from public.live_recordings r where r.id = part.recording_id for no key update;
    perform live.report_part(item, jsonb_strip_nulls(jsonb_build_object('number', part.number,
      'started_at', case when records then live.nanoseconds(info ->> 'startedAt') end,
      'ended_at', case when p_event = 'egress_ended' then coalesce(live.nanoseconds(info ->> 'endedAt'),
                                                                  to_timestamp((p_payload ->> 'createdAt')::double precision)) end,
      'bytes', case when p_event = 'egress_ended' and part.bytes is null then (select sum((x ->> 'size')::bigint) from jsonb_array_elements(results) x) end,
      -- What is over ended as it was found to have ended.
      'error', case when part.ended_at is null then nullif(info ->> 'error', '') end)));
  end if;
  -- The holder of the room looks again: an id that is not written yet may be the answer that it waits for.
  perform live.wake(s.livekit_room) from public.live_sessions s where s.livekit_room = coalesce(nullif(p_room, ''), info ->> 'roomName');
  return found or part.recording_id is not null;
end;
$$;
comment on function live.read_webhook_egress(text, text, jsonb) is
  'Takes in what Egress says about a part, and wakes the worker of its room: state and files are that worker''s to judge. False when it is about no room of ours.';
