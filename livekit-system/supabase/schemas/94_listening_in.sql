-- Owns: listening in: somebody of ops hears a room that they judge, hidden, for ten minutes, with a reason on record. In
-- sessions alone, never in calls. The record is an action, listen, that nobody but ops reads.

insert into public.live_actions (action, aspect, scope, needs_target, in_calls, needs_agent, params_schema, min_rank, undone_by, automatic,
                                 after_end, expires_after, columns, place, description)
select 'listen', null, 'session', false, false, false,
       live.object_schema(jsonb_build_object('case_id', '{"type": "string", "format": "uuid"}'::jsonb)), live.rank_of_ops(), null, false, false,
       null, '{}', max(a.place) + 1, 'somebody of ops hears the room, hidden, for ten minutes; only ops see the row'
  from public.live_actions a;

create function live.do_listen(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return '{}';
end;
$$;
comment on function live.do_listen(public.moderation_actions) is 'Changes nothing in the session: the row is the record.';

create table live.listens (
  action_id uuid primary key references public.moderation_actions (id) on delete cascade,
  user_id uuid not null,
  room text not null,
  identity text not null unique,
  ends_at timestamptz not null
);
comment on table live.listens is 'Who of ops may be in a room, hidden, until when: past that the sweep has them removed.';
comment on column live.listens.action_id is 'The action listen that is its record.';
comment on column live.listens.user_id is 'Who of ops.';
comment on column live.listens.room is 'LiveKit''s room.';
comment on column live.listens.identity is 'Their identity there, ops-<uuid>: nobody''s in the app, so that it makes no visit and no figure.';
comment on column live.listens.ends_at is 'When they must be out.';
create index listens_of_user on live.listens (user_id);
create index listens_by_end on live.listens (ends_at);
alter table live.listens enable row level security;
insert into live.personal_data (table_name, others, why) values
  ('live.listens', '{user_id}',
   'Who of ops is in a room until when: deleted by the sweep a minute after it is over. Not exported: the action is the record.');

create function public.ops_listen(p_user uuid, p_session uuid, p_reason text, p_case uuid default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
  made public.moderation_actions;
  listen live.listens;
begin
  perform live.refuse_deleted(p_user);
  if not live.is_ops(p_user) or live.ops_rank(p_user) <= 0 then
    perform live.refuse_others_than_ops();
  end if;
  select * into session from public.live_sessions s where s.id = p_session;
  if session.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif session.status <> 'live' then
    perform live.refuse(409, 'session_not_live', 'The session is not live.');
  elsif btrim(coalesce(p_reason, '')) = '' and p_case is null then
    perform live.refuse(400, 'reason_needed', 'Say why, or name the case: listening in is on record.');
  elsif p_case is not null and not exists (select from public.moderation_cases c where c.id = p_case) then
    perform live.refuse(404, 'unknown_case', 'There is no such case.');
  end if;
  insert into public.moderation_actions (session_id, action, params, reason, requested_by, requested_via)
  values (session.id, 'listen', jsonb_strip_nulls(jsonb_build_object('case_id', p_case)), p_reason, p_user, 'ops')
  returning * into made;
  -- One room at a time: the one before is over.
  update live.listens l set ends_at = clock_timestamp() where l.user_id = p_user and l.ends_at > clock_timestamp();
  insert into live.listens (action_id, user_id, room, identity, ends_at)
  values (made.id, p_user, session.livekit_room, 'ops-' || gen_random_uuid(), clock_timestamp() + interval '10 minutes')
  returning * into listen;
  return jsonb_build_object('action_id', made.id, 'room', listen.room, 'identity', listen.identity, 'ends_at', listen.ends_at);
end;
$$;
comment on function public.ops_listen(uuid, uuid, text, uuid) is
  'Lets somebody of ops listen in to a live session, and puts that on record: {action_id, room, identity, ends_at}. For the edge function ops-listen. '
  'Refuses ops_only, reason_needed, unknown_session, session_not_live, unknown_case.';
grant execute on function public.ops_listen(uuid, uuid, text, uuid) to service_role;

create function public.stop_listening() returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  ended int;
begin
  perform live.require_ops();
  update live.listens l set ends_at = clock_timestamp() where l.user_id = auth.uid() and l.ends_at > clock_timestamp();
  get diagnostics ended = row_count;
  return jsonb_build_object('ended', ended);
end;
$$;
comment on function public.stop_listening() is 'Somebody of ops is done with listening in: {ended}. The sweep sees to it that they are out.';

create function public.listening_digest(since timestamptz default now() - interval '7 days') returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(d) order by d.times desc, d.user_id), '[]') from (
      select a.requested_by as user_id, live.shown_name(a.requested_by) as name, count(*) as times, count(distinct a.session_id) as sessions,
             count(*) filter (where a.params ? 'case_id') as with_case, max(a.created_at) as latest
        from public.moderation_actions a
       where a.action = 'listen' and a.created_at >= listening_digest.since and (a.requested_by = me or live.am_lead())
       group by a.requested_by) d);
end;
$$;
comment on function public.listening_digest(timestamptz) is
  'For ops: who has listened in how often since a time (who does not lead sees themselves): [{user_id, name, times, sessions, with_case, latest}].';
grant execute on function public.stop_listening(), public.listening_digest(timestamptz) to authenticated;

create function live.listens_over() returns jsonb
language plpgsql set search_path = '' as $$
begin
  delete from live.listens l where l.ends_at < clock_timestamp() - interval '1 minute';
  -- Again and again for a minute: somebody who is out is removed from nothing.
  return (select coalesce(jsonb_agg(jsonb_build_object('room', l.room, 'identity', l.identity) order by l.ends_at), '[]')
            from live.listens l where l.ends_at < clock_timestamp());
end;
$$;
comment on function live.listens_over() is 'Whom of ops the agent has to remove from which room, because their time is over: [{room, identity}].';
