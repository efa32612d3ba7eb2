-- Owns: presence. Reports go into live_visits; everything else about presence (who is online, watch time, counts) is
-- worked out from the visits, so that neither order nor repetition of reports makes a difference.

create function live.derive_visit() returns trigger
language plpgsql set search_path = '' as $$
declare
  reported timestamptz := least(new.agent_left_at, new.webhook_left_at);
begin
  new.joined_at := coalesce(new.join_reported_at, reported, new.closed_at, new.joined_at);
  -- Credible = not before the join. A real report outranks our own closing, whenever it comes.
  new.left_at := coalesce(
    least(case when new.agent_left_at >= new.joined_at then new.agent_left_at end,
          case when new.webhook_left_at >= new.joined_at then new.webhook_left_at end),
    case when coalesce(reported, new.closed_at) is not null
         then greatest(new.joined_at, case when reported is null then new.closed_at end) end);
  new.leave_reason := case
    when new.left_at is null then null
    when new.left_at = new.webhook_left_at then new.webhook_leave_reason
    when new.left_at = new.agent_left_at then new.agent_leave_reason
    when reported is not null then coalesce(new.webhook_leave_reason, new.agent_leave_reason)
    else new.close_reason end;
  return new;
end;
$$;
comment on function live.derive_visit is 'Trigger: joined_at, left_at and leave_reason follow from what each source reported.';
revoke execute on function live.derive_visit() from public, anon, authenticated;
create trigger derive_visit before insert or update on public.live_visits
  for each row execute function live.derive_visit();

create function live.peak_viewers(p_session uuid, p_creator uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (
    with stays as (  -- one range per stretch in which a person was there on any device
      select unnest(range_agg(tstzrange(v.joined_at, v.left_at))) as stay
        from public.live_visits v
       where v.session_id = p_session and v.user_id <> p_creator
       group by v.user_id
    ), steps as (
      select lower(stay) as at, 1 as step from stays
      union all
      select upper(stay), -1 from stays where not upper_inf(stay)
    )
    select coalesce(max(present), 0)::int
      from (select sum(step) over (order by at, step) as present from steps) running);
end;
$$;
comment on function live.peak_viewers is 'Most viewers at one time, counted anew from all visits.';
revoke execute on function live.peak_viewers(uuid, uuid) from public, anon, authenticated;

create function live.refresh_person(p_session public.live_sessions, p_user uuid, p_source text) returns void
language plpgsql set search_path = '' as $$
declare
  was public.live_participants;
  now_online boolean;
  first_join timestamptz;
  last_join timestamptz;
  last_left timestamptz;
  watched int;
  renewed boolean;
begin
  perform live.ensure_participant(p_session, p_user);
  select * into was from public.live_participants p
   where p.session_id = p_session.id and p.user_id = p_user for update;
  select bool_or(v.left_at is null), min(v.joined_at), max(v.joined_at), max(v.left_at),
         (select coalesce(sum(extract(epoch from upper(stay) - lower(stay))), 0)
            from unnest(range_agg(tstzrange(v.joined_at, v.left_at)) filter (where v.left_at is not null)) stay)
    into now_online, first_join, last_join, last_left, watched
    from public.live_visits v where v.session_id = p_session.id and v.user_id = p_user;
  renewed := was.access_ends_at is not null and live.access_fault(p_session, p_user) is null;
  update public.live_participants p
     set is_online = now_online,
         first_joined_at = first_join,
         last_joined_at = last_join,
         left_at = case when not now_online then last_left end,
         watch_seconds = watched,
         -- Whoever pays again and comes back is not put out once more by the old lapse.
         access_ends_at = case when renewed then null else p.access_ends_at end,
         access_removed = p.access_removed and not renewed,
         -- The agent knows what it reported itself; what the webhook saw first is news to it.
         desired_xid = case when p_source = 'webhook' then pg_current_xact_id() else p.desired_xid end
   where p.session_id = p_session.id and p.user_id = p_user;
  if p_user <> p_session.creator_id and was.first_joined_at is null then
    update public.live_sessions s set total_viewers = s.total_viewers + 1 where s.id = p_session.id;
  end if;
end;
$$;
comment on function live.refresh_person is
  'Works out a person''s presence from their visits. The caller holds the session''s lock, and calls refresh_session next.';
revoke execute on function live.refresh_person(public.live_sessions, uuid, text) from public, anon, authenticated;

create function live.refresh_session(p_session public.live_sessions, p_changed_from timestamptz, p_at timestamptz)
returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s
     set viewer_count = here.viewers,
         peak_viewers = case
           -- In order of time the count itself shows the peak; what changes the past makes it count anew.
           when p_changed_from > s.presence_at is not false then greatest(s.peak_viewers, here.viewers)
           else live.peak_viewers(s.id, s.creator_id) end,
         presence_at = greatest(s.presence_at, p_at),
         host_left_at = case
           when s.status <> 'live' then s.host_left_at
           when here.hosts > 0 then null
           else coalesce((select max(p.left_at) from public.live_participants p
                           where p.session_id = s.id and p.role = 'host'), s.started_at) end
    from (select count(*) filter (where p.user_id <> p_session.creator_id) as viewers,
                 count(*) filter (where p.role = 'host') as hosts
            from public.live_participants p where p.session_id = p_session.id and p.is_online) here
   where s.id = p_session.id;
end;
$$;
comment on function live.refresh_session is
  'Works out a session''s viewers, their peak, and since when it is without a host. p_changed_from: the earliest moment '
  'of which the visits tell something else than before; p_at: the latest of which they tell anything.';
revoke execute on function live.refresh_session(public.live_sessions, timestamptz, timestamptz) from public, anon, authenticated;

create function live.write_visit(
  p_source text, p_session uuid, p_call uuid, p_event text, p_sid text, p_user uuid, p_at timestamptz, p_reason text,
  p_permission jsonb
) returns timestamptz
language plpgsql set search_path = '' as $$
declare
  was public.live_visits;
  became public.live_visits;
  agent_left timestamptz := case when p_event = 'left' and p_source = 'agent' then p_at end;
  webhook_left timestamptz := case when p_event = 'left' and p_source = 'webhook' then p_at end;
begin
  select * into was from public.live_visits v where v.participant_sid = p_sid for update;
  insert into public.live_visits as v (
    participant_sid, session_id, call_id, user_id, joined_at, join_reported_at,
    agent_left_at, agent_leave_reason, webhook_left_at, webhook_leave_reason, join_permission)
  values (
    p_sid, p_session, p_call, p_user, p_at, case when p_event = 'joined' then p_at end,
    agent_left, case when agent_left is not null then coalesce(p_reason, 'unknown') end,
    webhook_left, case when webhook_left is not null then coalesce(p_reason, 'unknown') end, p_permission)
  on conflict (participant_sid) do update set
    join_reported_at = least(v.join_reported_at, excluded.join_reported_at),
    agent_left_at = least(v.agent_left_at, excluded.agent_left_at),
    agent_leave_reason = case when agent_left is not null and (v.agent_left_at is null
        or (excluded.agent_left_at, excluded.agent_leave_reason) < (v.agent_left_at, v.agent_leave_reason))
      then excluded.agent_leave_reason else v.agent_leave_reason end,
    webhook_left_at = least(v.webhook_left_at, excluded.webhook_left_at),
    webhook_leave_reason = case when webhook_left is not null and (v.webhook_left_at is null
        or (excluded.webhook_left_at, excluded.webhook_leave_reason) < (v.webhook_left_at, v.webhook_leave_reason))
      then excluded.webhook_leave_reason else v.webhook_leave_reason end,
    join_permission = coalesce(v.join_permission, excluded.join_permission)
    where v.user_id = excluded.user_id
  returning * into became;
  return case when became.user_id is not null then least(
    case when was.joined_at is distinct from became.joined_at then least(was.joined_at, became.joined_at) end,
    case when was.left_at is distinct from became.left_at then least(was.left_at, became.left_at) end) end;
end;
$$;
comment on function live.write_visit is 'Files one report under its connection; the earliest moment of which the visit tells something else now, null when it does not.';
revoke execute on function live.write_visit(text, uuid, uuid, text, text, uuid, timestamptz, text, jsonb)
  from public, anon, authenticated;

create function live.record_presence(
  p_source text, p_room text, p_event text, p_sid text, p_user text, p_at timestamptz, p_reason text,
  p_permission jsonb default null
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  call public.calls;
  person uuid;
  changed_from timestamptz;
begin
  if p_source not in ('agent', 'webhook') or p_event not in ('joined', 'left') or p_at is null or p_sid is null then
    return jsonb_build_object('ok', false, 'error', 'malformed');
  end if;
  if live.is_uuid(p_user) then
    person := p_user::uuid;
  end if;
  -- Somebody whose account is deleted while they are here leaves the room like anybody else.
  if person is null or not live.is_or_was_account(person) then
    return jsonb_build_object('ok', false, 'error', 'unknown_user');
  end if;
  select * into session from public.live_sessions s where s.livekit_room = p_room for no key update;
  if session.id is not null then
    changed_from := live.write_visit(p_source, session.id, null, p_event, p_sid, person, p_at, p_reason, p_permission);
    if changed_from is not null then
      perform live.refresh_person(session, person, p_source);
      perform live.refresh_session(session, changed_from, p_at);
    end if;
    return jsonb_build_object('ok', true, 'person', live.person_in_session(session.id, person));
  end if;
  select * into call from public.calls c where c.livekit_room = p_room for no key update;
  if call.id is null then
    return jsonb_build_object('ok', false, 'error', 'unknown_room');
  elsif person not in (call.caller_id, call.callee_id) then
    return jsonb_build_object('ok', false, 'error', 'not_a_party');
  end if;
  changed_from := live.write_visit(p_source, null, call.id, p_event, p_sid, person, p_at, p_reason, p_permission);
  if changed_from is not null and p_source = 'webhook' then
    update public.calls c set desired_xid = pg_current_xact_id() where c.id = call.id;
  end if;
  return jsonb_build_object('ok', true, 'person', live.person_in_call(call, person));
end;
$$;
comment on function live.record_presence is
  'The core of presence, for agents and webhooks alike: p_source agent or webhook, p_event joined or left, p_at LiveKit''s '
  'own joined_at for joined, p_permission its permission then. {"ok": true, "person": PERSON} or {"ok": false, "error": malformed, unknown_user, '
  'unknown_room or not_a_party}. Any order and repetition of the same reports ends in the same rows.';
revoke execute on function live.record_presence(text, text, text, text, text, timestamptz, text, jsonb)
  from public, anon, authenticated;

create function live.close_visits(p_session uuid, p_call uuid, p_at timestamptz, p_reason text) returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  person uuid;
  closed int := 0;
begin
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  for person in
    update public.live_visits v set closed_at = p_at, close_reason = p_reason
     where (v.session_id = p_session or v.call_id = p_call) and v.left_at is null
    returning v.user_id
  loop
    closed := closed + 1;
    if session.id is not null then
      perform live.refresh_person(session, person, 'agent');
    end if;
  end loop;
  if session.id is not null and closed > 0 then
    perform live.refresh_session(session, p_at, p_at);
  end if;
  return closed;
end;
$$;
comment on function live.close_visits is 'Closes every open visit of a session or call, for want of reports; how many there were.';
revoke execute on function live.close_visits(uuid, uuid, timestamptz, text) from public, anon, authenticated;
