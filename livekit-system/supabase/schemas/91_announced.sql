-- Owns: what becomes of an announced session before it starts: moving it, cancelling it with a reason, and reminding those
-- who hold a ticket. They are told on their own topic and by push.

create table live.reminders (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  at timestamptz not null default clock_timestamp()
);
comment on table live.reminders is 'Announced sessions of which ticket holders were reminded; a session that is moved is reminded of again.';
comment on column live.reminders.session_id is 'The session.';
comment on column live.reminders.at is 'When they were reminded.';
alter table live.reminders enable row level security;

create function live.ticket_holders(p_session uuid) returns uuid[]
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((
    select array_agg(distinct t.user_id) from public.live_tickets t
     where t.session_id = p_session and t.recording_id is null and t.refunded_at is null), '{}');
end;
$$;
comment on function live.ticket_holders(uuid) is 'Who holds a ticket of a session that is not paid back yet.';

create function live.tell_holders(p_session public.live_sessions, p_happened text, p_expires_at timestamptz) returns void
language plpgsql security definer set search_path = '' as $$
declare
  holders constant uuid[] := live.ticket_holders(p_session.id);
begin
  perform live.tell_user(h, 'session', jsonb_build_object(
      'happened', p_happened, 'session_id', p_session.id, 'title', p_session.title,
      'scheduled_at', live.instant(p_session.scheduled_at), 'reason', p_session.cancel_reason))
     from unnest(holders) as h;
  perform live.push(holders, 'session_' || p_happened, p_session.id, p_expires_at);
end;
$$;
comment on function live.tell_holders(public.live_sessions, text, timestamptz) is
  'Tells ticket holders what happens to a session: moved, cancelled or soon; on their topics and by push.';

create function live.require_announced(p_session uuid) returns public.live_sessions
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_account(auth.uid());
  select * into session from public.live_sessions s where s.id = p_session and s.creator_id = auth.uid() for no key update;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  elsif session.status <> 'scheduled' then
    perform live.refuse(409, 'not_scheduled', 'This session has begun, or is over.');
  end if;
  return session;
end;
$$;
comment on function live.require_announced(uuid) is 'The caller''s own session that has not begun, locked; refuses any other.';

create function public.move_session(session_id uuid, scheduled_at timestamptz) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions := live.require_announced(move_session.session_id);
begin
  if move_session.scheduled_at is null
     or move_session.scheduled_at not between clock_timestamp() and clock_timestamp() + interval '1 year' then
    perform live.refuse(400, 'invalid_session', 'A session is announced for a time within the coming year.');
  end if;
  if session.scheduled_at <> move_session.scheduled_at then
    perform live.spend(session.creator_id, 'moves_per_minute');
    update public.live_sessions s set scheduled_at = move_session.scheduled_at where s.id = session.id returning * into session;
    delete from live.reminders r where r.session_id = session.id;
    perform live.tell_holders(session, 'moved', session.scheduled_at);
  end if;
  return jsonb_build_object('session', live.session_json(session));
end;
$$;
comment on function public.move_session(uuid, timestamptz) is
  'Its host announces a session that has not begun for another time: {session}. Ticket holders are told; the same time again changes nothing.';
grant execute on function public.move_session(uuid, timestamptz) to authenticated;

create function public.cancel_session(session_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions := live.require_announced(cancel_session.session_id);
begin
  update public.live_sessions s
     set status = 'ended', end_reason = 'cancelled', cancel_reason = live.clean_text(cancel_session.reason, 'reason', 500)
   where s.id = session.id returning * into session;
  perform live.tell_holders(session, 'cancelled', clock_timestamp() + interval '1 day');
  return jsonb_build_object('session', live.session_json(session));
end;
$$;
comment on function public.cancel_session(uuid, text) is
  'Its host cancels a session that has not begun, and says why: {session}. Ticket holders are told, see it, and are paid back by the sweep.';
grant execute on function public.cancel_session(uuid, text) to authenticated;

create function live.remind_holders() returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  reminded int := 0;
begin
  for session in
    select s.* from public.live_sessions s
     where s.status = 'scheduled' and s.scheduled_at between clock_timestamp() and clock_timestamp() + interval '10 minutes'
       and not exists (select from live.reminders r where r.session_id = s.id)
     order by s.scheduled_at limit 20
  loop
    insert into live.reminders (session_id) values (session.id) on conflict do nothing;
    if found then
      perform live.tell_holders(session, 'soon', session.scheduled_at + interval '10 minutes');
      reminded := reminded + 1;
    end if;
  end loop;
  return reminded;
end;
$$;
comment on function live.remind_holders() is 'Reminds the ticket holders of sessions that start within ten minutes, once; of how many sessions.';
