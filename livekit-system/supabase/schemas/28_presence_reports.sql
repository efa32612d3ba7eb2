-- Owns: reports about presence, from webhooks and agents: one connection each, in any order, any number of times; and the end
-- of visits that nobody reports.

create function live.record_presence(
  p_source text, p_room text, p_event text, p_sid text, p_user text, p_at timestamptz, p_reason text,
  p_permission jsonb default null, p_latest timestamptz default null, p_beside boolean default false
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  call public.calls;
  person uuid;
  written record;
  viewers int;
begin
  if p_source not in ('agent', 'webhook') or p_event not in ('joined', 'left') or p_at is null or p_sid is null then
    return jsonb_build_object('ok', false, 'error', 'malformed');
  end if;
  -- An id in another spelling is another identity for LiveKit, so it is nobody's.
  if live.is_uuid(p_user) and p_user::uuid::text = p_user then
    person := p_user::uuid;
  end if;
  -- Somebody whose account is deleted while they are here leaves the room like anybody else.
  if person is null or not live.is_or_was_account(person) then
    return jsonb_build_object('ok', false, 'error', 'unknown_user');
  end if;
  select * into session from public.live_sessions s where s.livekit_room = p_room for no key update;
  if session.id is not null then
    if live.is_folded(session.id, person, p_source, p_event, p_sid, coalesce(p_latest, p_at)) then
      return jsonb_build_object('ok', true, 'person', live.person_in_session(session.id, person));
    end if;
    written := live.write_visit(p_source, session.id, null, p_event, p_sid, person, p_at, p_reason, p_permission, p_beside);
    if (written.became).participant_sid is null then
      return jsonb_build_object('ok', false, 'error', 'somebody_else');
    end if;
    viewers := live.apply_visit(session, written.was, written.became, p_source);
    if viewers is not null then
      perform live.refresh_session(session.id, viewers);
    end if;
    return jsonb_build_object('ok', true, 'person', live.person_in_session(session.id, person));
  end if;
  select * into call from public.calls c where c.livekit_room = p_room for no key update;
  if call.id is null then
    return jsonb_build_object('ok', false, 'error', 'unknown_room');
  elsif person not in (call.caller_id, call.callee_id) then
    return jsonb_build_object('ok', false, 'error', 'not_a_party');
  end if;
  written := live.write_visit(p_source, null, call.id, p_event, p_sid, person, p_at, p_reason, p_permission, p_beside);
  if (written.became).participant_sid is null then
    return jsonb_build_object('ok', false, 'error', 'somebody_else');
  end if;
  if (written.was).participant_sid is null then
    perform live.fold_when_many(null, call.id, person);
  end if;
  if live.visit_changed_from(written.was, written.became) is not null and p_source = 'webhook' then
    update public.calls c set desired_xid = pg_current_xact_id() where c.id = call.id;
  end if;
  return jsonb_build_object('ok', true, 'person', live.person_in_call(call, person));
end;
$$;
comment on function live.record_presence is
  'The core of presence, for agents and webhooks alike: p_source agent or webhook, p_event joined or left, p_at LiveKit''s '
  'own joined_at for joined, p_permission its permission then, p_latest the end of a visit that is told with its start, '
  'p_beside whether it is an ingress or a telephone beside the person''s app. {"ok": true, "person": PERSON} or {"ok": false, "error": malformed, unknown_user, '
  'unknown_room, not_a_party or somebody_else: that connection is another person''s}. Any order and repetition of the same reports ends in the same rows.';

create function live.close_visits(p_session uuid, p_call uuid, p_at timestamptz, p_reason text) returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  open_visit public.live_visits;
  shut public.live_visits;
  viewers int := 0;
  closed int := 0;
begin
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  for open_visit in
    select * from public.live_visits v
     where (v.session_id = p_session or v.call_id = p_call) and v.left_at is null
     order by v.participant_sid for update
  loop
    update public.live_visits v set closed_at = p_at, close_reason = p_reason
     where v.participant_sid = open_visit.participant_sid returning * into shut;
    closed := closed + 1;
    if session.id is not null then
      viewers := viewers + live.apply_visit(session, open_visit, shut, 'agent');
    end if;
  end loop;
  if session.id is not null and closed > 0 then
    perform live.refresh_session(session.id, viewers);
  end if;
  return closed;
end;
$$;
comment on function live.close_visits is 'Closes every open visit of a session or call, for want of reports; how many there were.';
