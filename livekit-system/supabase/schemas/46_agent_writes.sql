-- Owns: what agents write back: finished actions, presence, relayed events, keys. Every
-- write names the room's epoch; one from an older epoch is refused and changes nothing.
-- A batch of several rooms takes its locks in order, but anyone who inserts actions for several sessions at once takes theirs
-- as the rows come. So batches give up before Postgres looks for a ring and picks whom to fail (deadlock_timeout, 1 s):
-- an agent writes again, a moderator must not have to.

create function live.finish_action(p_worker text, p_result jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  item public.moderation_actions;
  -- By the agent's idea of this clock, so that the way here does not count; never in the future.
  confirmed timestamptz := least(clock_timestamp(), coalesce(
    to_timestamp((p_result ->> 'confirmed_at_ms')::float / 1000.0), clock_timestamp()));
  outcome text := p_result ->> 'outcome';
begin
  if not live.holds(p_worker, p_result ->> 'room', (p_result ->> 'epoch')::bigint) then
    return jsonb_build_object('id', p_result -> 'id', 'ok', false, 'error', 'fenced');
  end if;
  select * into item from public.moderation_actions a where a.id = (p_result ->> 'id')::uuid for update;
  if item.id is null or live.room_of(item.session_id, item.call_id) is distinct from p_result ->> 'room' then
    return jsonb_build_object('id', p_result -> 'id', 'ok', false, 'error', 'unknown_action');
  elsif outcome not in ('applied', 'failed') or outcome is null then
    return jsonb_build_object('id', item.id, 'ok', false, 'status', item.status, 'error', 'unknown_outcome');
  elsif item.status in ('pending', 'claimed') then
    update public.moderation_actions a set
      status = outcome,
      claim_expires_at = null,
      error_code = case when outcome <> 'applied' then p_result ->> 'error_code' end,
      error = case when outcome <> 'applied' then left(p_result ->> 'error', 1000) end,
      before = coalesce(a.before || nullif(p_result -> 'before', 'null'), a.before),
      after = coalesce(a.after || nullif(p_result -> 'after', 'null'), a.after),
      applied_at = case outcome when 'applied' then confirmed end,
      enforce_ms = case outcome when 'applied' then
        greatest(0, extract(epoch from confirmed - a.created_at) * 1000) end
     where a.id = item.id
    returning * into item;
  end if;
  return jsonb_build_object('id', item.id, 'ok', true, 'status', item.status, 'action', item.action,
                            'enforce_ms', item.enforce_ms);
end;
$$;
comment on function live.finish_action is 'Writes one result back; a row that is final already stays and answers its status.';

create function public.agent_finish_actions(p_worker text, p_results jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' set plan_cache_mode = 'force_generic_plan' as $$
begin
  perform live.lock_leases(p_results);
  return (
  select coalesce(jsonb_agg(live.finish_action(p_worker, x.result)), '[]')
    from (select r.value as result from jsonb_array_elements(p_results) r order by r.value ->> 'id') x);
end;
$$;
comment on function public.agent_finish_actions is
  'Writes results back: [{"room", "epoch", "id", "outcome": applied | failed, "error_code", "error", "before", '
  '"after", "confirmed_at_ms"}] -> [{"id", "ok", "status"?, "error"?: fenced | unknown_action | '
  'unknown_outcome}]. Finishing a final row again answers its status.';
grant execute on function public.agent_finish_actions(text, jsonb) to service_role, live_agent;

create function public.agent_presence(p_worker text, p_reports jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  report record;
  answers jsonb[] := array_fill('null'::jsonb, array[jsonb_array_length(p_reports)]);
begin
  perform live.lock_leases(p_reports);
  perform from public.live_sessions s
    where s.livekit_room in (select r.value ->> 'room' from jsonb_array_elements(p_reports) r)
    order by s.id for no key update;
  for report in
    select r.value as body, r.ordinality::int as place
      from jsonb_array_elements(p_reports) with ordinality r
  loop
    answers[report.place] := case
      when live.holds(p_worker, report.body ->> 'room', (report.body ->> 'epoch')::bigint)
      then live.record_presence('agent', report.body ->> 'room', report.body ->> 'event',
             report.body ->> 'participant_sid', report.body ->> 'user_id',
             to_timestamp((report.body ->> 'at_ms')::double precision / 1000), report.body ->> 'reason',
             nullif(report.body -> 'permission', 'null'), p_beside => coalesce((report.body ->> 'beside')::boolean, false))
      else jsonb_build_object('ok', false, 'error', 'fenced') end;
  end loop;
  return to_jsonb(answers);
end;
$$;
comment on function public.agent_presence is
  'Files presence: [{"room", "epoch", "event": joined | left, "participant_sid", "user_id", "beside"?, "at_ms", "reason"}] -> an '
  'aligned array of {"ok": true, "person": PERSON} or {"ok": false, "error": fenced | malformed | unknown_user | '
  'unknown_room | not_a_party | somebody_else}.';
grant execute on function public.agent_presence(text, jsonb) to service_role, live_agent;

create function public.agent_relayed(p_worker text, p_cursors jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  item record;
  reached bigint;
  answers jsonb := '[]';
begin
  perform live.lock_leases(p_cursors);
  for item in
    select x.* from jsonb_to_recordset(p_cursors) as x (room text, epoch bigint, seq bigint)
      left join public.live_sessions s on s.livekit_room = x.room
     order by s.id
  loop
    if not live.holds(p_worker, item.room, item.epoch) then
      answers := answers || jsonb_build_object('room', item.room, 'ok', false, 'error', 'fenced');
      continue;
    end if;
    update public.live_sessions s
       set relayed_seq = greatest(s.relayed_seq, least(item.seq, s.last_seq))
     where s.livekit_room = item.room
    returning s.relayed_seq into reached;
    answers := answers || jsonb_build_object('room', item.room, 'ok', found, 'seq', reached);
  end loop;
  return answers;
end;
$$;
comment on function public.agent_relayed is
  'Moves the relay''s cursor forward, never back: [{"room", "epoch", "seq"}] -> [{"room", "ok", "seq"?, "error"?}].';
grant execute on function public.agent_relayed(text, jsonb) to service_role, live_agent;

create function public.agent_publish_key(p_kid text, p_public_key text, p_not_after timestamptz) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  key public.relay_keys;
begin
  insert into public.relay_keys as k (kid, public_key, not_after) values (p_kid, p_public_key, p_not_after)
  on conflict (kid) do update set not_after = greatest(k.not_after, excluded.not_after), renewed_at = clock_timestamp()
    where k.public_key = excluded.public_key
  returning * into key;
  if key.kid is null then
    perform live.refuse(409, 'kid_taken', 'Another key has this kid.');
  end if;
  return to_jsonb(key);
end;
$$;
comment on function public.agent_publish_key is
  'Makes a public key known before packets are signed with it; repeating it prolongs it. Returns the row of relay_keys.';
grant execute on function public.agent_publish_key(text, text, timestamptz) to service_role, live_agent;
