-- Owns: presence. Reports go into live_visits; everything else about presence (who is online, watch time, counts) follows from
-- the visits, so that neither order nor repetition of reports makes a difference. What a report changes is worked out from the
-- visits of that person which end after it: nothing is counted anew, however many are in the room or have been.

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
create trigger derive_visit before insert or update on public.live_visits
  for each row execute function live.derive_visit();

create function live.presence_change(
  p_session uuid, p_was public.live_visits, p_became public.live_visits, p_from timestamptz, p_others_open boolean,
  out watched interval, out steps jsonb)
language plpgsql stable set search_path = '' as $$
declare
  -- A visit that closes counts as watched from its start.
  since constant timestamptz := case when (p_was.left_at is null) = (p_became.left_at is null) then p_from
                                     else least(p_was.joined_at, p_became.joined_at) end;
begin
  -- Only visits that end later can overlap what has changed: all others make the same difference before and after.
  with visits as (
    select tstzrange(v.joined_at, v.left_at) as stay, array[false, true] as now
      from public.live_visits v
     where v.session_id = p_session and v.user_id = p_became.user_id and v.participant_sid <> p_became.participant_sid
       and v.left_at > since
    union all
    select tstzrange(v.joined_at, null), array[false, true]
      from public.live_visits v
     where v.session_id = p_session and v.user_id = p_became.user_id and v.participant_sid <> p_became.participant_sid
       and v.left_at is null and p_others_open
    union all
    select tstzrange(p_was.joined_at, p_was.left_at), array[false] where p_was.participant_sid is not null
    union all
    select tstzrange(p_became.joined_at, p_became.left_at), array[true]
  ), stays as (
    select n.now, unnest(range_agg(v.stay)) as stay from visits v, unnest(v.now) as n (now) group by n.now
  ), moments as (
    select lower(s.stay) as at, case when s.now then 1 else -1 end as step from stays s
    union all
    select upper(s.stay), case when s.now then -1 else 1 end from stays s where not upper_inf(s.stay)
  )
  select jsonb_agg(jsonb_build_object('at', m.at, 'step', m.step)) into steps
    from (select x.at, sum(x.step) as step from moments x group by x.at having sum(x.step) <> 0) m;
  with visits as (
    select tstzrange(v.joined_at, v.left_at) as stay, array[false, true] as now
      from public.live_visits v
     where v.session_id = p_session and v.user_id = p_became.user_id and v.participant_sid <> p_became.participant_sid
       and v.left_at > since
    union all
    select tstzrange(p_was.joined_at, p_was.left_at), array[false] where p_was.left_at is not null
    union all
    select tstzrange(p_became.joined_at, p_became.left_at), array[true] where p_became.left_at is not null
  ), stays as (
    select n.now, unnest(range_agg(v.stay)) as stay from visits v, unnest(v.now) as n (now) group by n.now
  )
  select coalesce(sum((upper(s.stay) - lower(s.stay)) * case when s.now then 1 else -1 end), '0') into watched
    from stays s;
end;
$$;
comment on function live.presence_change is
  'What the change of one visit (null before its first report) makes of its person''s presence: watched, the time in closed '
  'visits more or less, and steps [{at, step}], when one more or one less is there; two devices at once count once. '
  'p_from: the earliest moment of which the visit tells something else now; p_others_open: whether others of theirs are open.';

create function live.refresh_person(
  p_session public.live_sessions, p_was public.live_participants, p_opened int, p_watched interval, p_source text
) returns int
language plpgsql set search_path = '' as $$
declare
  here constant boolean := p_was.open_visits + p_opened > 0;
  renewed constant boolean := p_was.access_ends_at is not null and live.access_fault(p_session, p_was.user_id) is null;
begin
  update public.live_participants p
     set open_visits = greatest(p.open_visits + p_opened, 0),  -- below only for visits that nobody reported
         is_online = here,
         first_joined_at = (select v.joined_at from public.live_visits v
                             where v.session_id = p_session.id and v.user_id = p_was.user_id
                             order by v.joined_at limit 1),
         last_joined_at = (select v.joined_at from public.live_visits v
                            where v.session_id = p_session.id and v.user_id = p_was.user_id
                            order by v.joined_at desc limit 1),
         left_at = case when not here then (
           select v.left_at from public.live_visits v
            where v.session_id = p_session.id and v.user_id = p_was.user_id and v.left_at is not null
            order by v.left_at desc limit 1) end,
         watched = p.watched + p_watched,
         watch_seconds = round(extract(epoch from p.watched + p_watched)),
         -- Anyone who pays again and comes back is not put out once more by the old lapse.
         access_ends_at = case when renewed then null else p.access_ends_at end,
         access_removed = p.access_removed and not renewed,
         -- The agent knows what it reported itself; what the webhook saw first is news to it.
         desired_xid = case when p_source = 'webhook' then pg_current_xact_id() else p.desired_xid end
   where p.session_id = p_session.id and p.user_id = p_was.user_id;
  if p_was.user_id = p_session.creator_id then
    return 0;
  elsif p_was.first_joined_at is null then
    update public.live_sessions s set total_viewers = s.total_viewers + 1 where s.id = p_session.id;
  end if;
  return here::int - p_was.is_online::int;
end;
$$;
comment on function live.refresh_person is
  'Brings a person''s presence up to their visits; by how much the session''s viewers change. p_opened: connections more or '
  'less; p_watched: time in closed visits more or less. The caller holds the session''s lock, and calls refresh_session next.';

create function live.refresh_session(p_session uuid, p_viewers int) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s
     set viewer_count = greatest(s.viewer_count + p_viewers, 0),
         -- A day after the end its steps are forgotten, and its peak is what it was.
         peak_viewers = case when s.ended_at < clock_timestamp() - interval '1 day' then s.peak_viewers
                             else live.peak_viewers(s.id) end,
         host_left_at = case
           when s.status <> 'live' then s.host_left_at
           when exists (select from public.live_participants p
                         where p.session_id = s.id and p.role = 'host' and p.is_online) then null
           -- By our own clock: their leave is told by LiveKit's, and the grace ends by ours.
           else coalesce(s.host_left_at, clock_timestamp()) end
   where s.id = p_session;
end;
$$;
comment on function live.refresh_session is
  'Brings a session''s viewers (so many more or less), their peak, and since when it is without a host up to date.';

create function live.visit_changed_from(p_was public.live_visits, p_became public.live_visits) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return least(
    case when p_was.joined_at is distinct from p_became.joined_at then least(p_was.joined_at, p_became.joined_at) end,
    case when p_was.left_at is distinct from p_became.left_at then least(p_was.left_at, p_became.left_at) end);
end;
$$;
comment on function live.visit_changed_from is 'The earliest moment of which a visit tells something else than before; null when of none.';
create function live.apply_visit(
  p_session public.live_sessions, p_was public.live_visits, p_became public.live_visits, p_source text
) returns int
language plpgsql set search_path = '' as $$
declare
  changed_from constant timestamptz := live.visit_changed_from(p_was, p_became);
  was_open constant int := (p_was.participant_sid is not null and p_was.left_at is null)::int;
  person public.live_participants;
  change record;
begin
  if changed_from is null then
    return null;
  end if;
  perform live.ensure_participant(p_session, p_became.user_id);
  select * into person from public.live_participants p
   where p.session_id = p_session.id and p.user_id = p_became.user_id for update;
  if p_was.participant_sid is null then
    perform live.fold_when_many(p_session.id, null, p_became.user_id);
  end if;
  change := live.presence_change(p_session.id, p_was, p_became, changed_from, person.open_visits > was_open);
  if p_became.user_id <> p_session.creator_id then
    perform live.add_step(p_session.id, (x ->> 'at')::timestamptz, (x ->> 'step')::int)
       from jsonb_array_elements(change.steps) x;
  end if;
  return live.refresh_person(p_session, person, (p_became.left_at is null)::int - was_open, change.watched, p_source);
end;
$$;
comment on function live.apply_visit is
  'What follows for person and session from a visit that changed: by how much the session''s viewers change; null when it did not.';

create function live.write_visit(
  p_source text, p_session uuid, p_call uuid, p_event text, p_sid text, p_user uuid, p_at timestamptz, p_reason text,
  p_permission jsonb, p_beside boolean, out was public.live_visits, out became public.live_visits)
language plpgsql set search_path = '' as $$
declare
  agent_left timestamptz := case when p_event = 'left' and p_source = 'agent' then p_at end;
  webhook_left timestamptz := case when p_event = 'left' and p_source = 'webhook' then p_at end;
begin
  select * into was from public.live_visits v where v.participant_sid = p_sid for update;
  insert into public.live_visits as v (
    participant_sid, session_id, call_id, user_id, joined_at, join_reported_at,
    agent_left_at, agent_leave_reason, webhook_left_at, webhook_leave_reason, join_permission, beside)
  values (
    p_sid, p_session, p_call, p_user, p_at, case when p_event = 'joined' then p_at end,
    agent_left, case when agent_left is not null then coalesce(p_reason, 'unknown') end,
    webhook_left, case when webhook_left is not null then coalesce(p_reason, 'unknown') end, p_permission, p_beside)
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
    join_permission = coalesce(v.join_permission, excluded.join_permission),
    beside = v.beside or excluded.beside
    where v.user_id = excluded.user_id
  returning * into became;
end;
$$;
comment on function live.write_visit is 'Files one report under its connection: the visit before and after; no after when the connection is somebody else''s.';
