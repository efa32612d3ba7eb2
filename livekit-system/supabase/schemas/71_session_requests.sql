-- Owns: what the edge functions ask about sessions: creating, starting and ending one. p_user is whom the edge
-- function has verified; each answers with all that a token needs.

create function live.require_creator(p_user uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if not (live.setting('live.enabled'))::boolean then
    perform live.refuse(403, 'live_disabled', 'Going live is switched off for now.');
  end if;
  perform live.require_account(p_user);
  if not exists (select from public.profiles p where p.id = p_user and p.is_creator) then
    perform live.refuse(403, 'not_a_creator', 'Only approved creators can go live.');
  end if;
end;
$$;
comment on function live.require_creator(uuid) is 'Refuses everyone but approved creators in good standing, and everyone while live is off.';

create function live.session_fault(
  p_type text, p_access_type text, p_title text, p_price_coins integer, p_scheduled_at timestamptz)
returns text
language sql stable set search_path = '' as $$
  select case
    when p_type is null or p_type not in ('video_live', 'audio_room') then 'type must be video_live or audio_room.'
    when p_access_type is null or p_access_type not in ('public', 'subscribers', 'pay_per_view')
      then 'access_type must be public, subscribers or pay_per_view.'
    when live.text_fault(btrim(p_title), 200) is not null
      then format('title must have 1 to 200 characters: it %s.', live.text_fault(btrim(p_title), 200))
    when p_access_type = 'pay_per_view' and (p_price_coins is null or p_price_coins not between 1 and 1000000)
      then 'price_coins must be 1 to 1,000,000 for pay_per_view.'
    when p_access_type <> 'pay_per_view' and p_price_coins is not null
      then 'Only pay_per_view has price_coins.'
    when p_scheduled_at <= clock_timestamp() then 'scheduled_at must be in the future; leave it out to go live now.'
    when p_scheduled_at > clock_timestamp() + interval '1 year' then 'scheduled_at must be within a year.'
  end
$$;
comment on function live.session_fault(text, text, text, integer, timestamptz) is
  'What is wrong with a session that is to be created, in words; null when nothing is.';

create function live.session_json(p_session public.live_sessions) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return to_jsonb(p_session) - '{desired_xid,moderation,mute_all_rank}'::text[];
end;
$$;
comment on function live.session_json(public.live_sessions) is 'A session as its people are told about it: the row without its machinery.';

create function live.session_join(p_session public.live_sessions, p_user uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when p_session.status <> 'scheduled' then live.token_grant(p_user, p_session, null) end;
end;
$$;
comment on function live.session_join(public.live_sessions, uuid) is 'The grant to enter a session; null while it is scheduled.';

create function live.require_not_live(p_creator uuid, p_but uuid default null) returns void
language plpgsql set search_path = '' as $$
begin
  if exists (select from public.live_sessions s
              where s.creator_id = p_creator and s.status = 'live' and s.id is distinct from p_but) then
    perform live.refuse(409, 'already_live', 'You are live already. End that session first.');
  end if;
end;
$$;
comment on function live.require_not_live(uuid, uuid) is 'Refuses a creator who is live in another session.';

create function live.require_slot(p_creator uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if (select count(*) from public.live_sessions s
       where s.creator_id = p_creator and s.scheduled_at is not null
         and s.created_at > clock_timestamp() - interval '1 day') >= live.limit_of('scheduled_per_day') then
    perform live.refuse(429, 'too_many_scheduled', 'You have announced as many sessions as is possible in one day.');
  end if;
end;
$$;
comment on function live.require_slot(uuid) is 'Refuses a creator who has announced limits.scheduled_per_day sessions within a day, held or not.';

create function public.session_create(
  p_user uuid, p_type text, p_access_type text, p_title text,
  p_price_coins integer default null, p_scheduled_at timestamptz default null, p_planned_minutes integer default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  fault text;
  session public.live_sessions;
begin
  perform live.require_creator(p_user);
  fault := live.session_fault(p_type, p_access_type, p_title, p_price_coins, p_scheduled_at);
  if fault is not null then
    perform live.refuse(400, 'invalid_session', fault);
  elsif p_planned_minutes not between 1 and 1440 then
    perform live.refuse(400, 'invalid_session', 'Plan 1 to 1,440 minutes (planned_minutes).');
  end if;
  perform live.one_at_a_time('session', p_user);
  if p_scheduled_at is null then
    perform live.require_not_live(p_user);
  else
    perform live.require_slot(p_user);
  end if;
  insert into public.live_sessions (creator_id, type, access_type, title, price_coins, scheduled_at, planned_minutes, status)
    values (p_user, p_type, p_access_type, btrim(p_title), p_price_coins, p_scheduled_at, p_planned_minutes,
            case when p_scheduled_at is null then 'live' else 'scheduled' end)
    returning * into session;
  return jsonb_build_object('session', live.session_json(session),
                            'join', live.session_join(session, p_user));
end;
$$;
comment on function public.session_create(uuid, text, text, text, integer, timestamptz, integer) is
  'An approved creator goes live, or announces it for scheduled_at: {session, join}; join is null while scheduled. '
  'p_planned_minutes: how long it is to be; a ticket of a short show is earned sooner.';

create function public.session_start(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_creator(p_user);
  perform live.one_at_a_time('session', p_user);
  select * into session from public.live_sessions s where s.id = p_session and s.creator_id = p_user for no key update;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  if session.status = 'ended' then
    perform live.refuse(409, 'session_ended', 'This session is over.');
  end if;
  if session.status = 'scheduled' then
    perform live.require_not_live(p_user);
    update public.live_sessions set status = 'live' where id = session.id returning * into session;
  end if;
  -- A refusal from here on takes the start back as well.
  if (select p.role from public.live_participants p where p.session_id = session.id and p.user_id = p_user)
     is distinct from 'host' then
    perform live.refuse(403, 'not_the_host', 'You are not the host of this session any more.');
  end if;
  return jsonb_build_object('session', live.session_json(session),
                            'join', live.session_join(session, p_user));
end;
$$;
comment on function public.session_start(uuid, uuid) is
  'A scheduled session goes live: {session, join}. Starting a live one again answers the same.';

create function public.session_token(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_entry(p_session, p_user);
  select * into session from public.live_sessions s where s.id = p_session;
  -- Anyone who can be in the room is known before they are in it: a moderator may be faster than the news of the join.
  perform live.ensure_participant(session, p_user);
  return jsonb_build_object('join', live.session_join(session, p_user));
end;
$$;
comment on function public.session_token(uuid, uuid) is 'Anyone who can_join admits enters a live session: {join}; the role is in it.';

create table live.ingresses (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  asked_at timestamptz not null default clock_timestamp()
);
comment on table live.ingresses is 'Sessions that LiveKit has an ingress for: a way in for OBS, which is to be deleted when the session is over.';
comment on column live.ingresses.session_id is 'The session.';
comment on column live.ingresses.asked_at is 'When its host first asked for it.';
alter table live.ingresses enable row level security;

create function live.ingress_is_over(p_room text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from live.ingresses i join public.live_sessions s on s.id = i.session_id
                  where s.livekit_room = p_room and s.status = 'ended');
end;
$$;
comment on function live.ingress_is_over(text) is 'Whether LiveKit has an ingress into the room of a session that has ended.';

create function public.session_ingress(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  entry constant jsonb := public.session_token(p_user, p_session) -> 'join';
begin
  -- A token names sources for hosts alone, without those that a moderator took.
  if entry -> 'can_publish_sources' = '[]' then
    perform live.refuse(403, 'not_the_host', 'Only the host of a session, who may send picture or sound, streams into it.');
  end if;
  insert into live.ingresses (session_id) values (p_session) on conflict do nothing;
  return jsonb_build_object('ingress', jsonb_build_object('room', entry -> 'room', 'name', entry -> 'name'),
    'over', (select coalesce(jsonb_agg(s.livekit_room), '[]')
               from public.live_sessions s join live.ingresses i on i.session_id = s.id
              where s.creator_id = p_user and s.status = 'ended'));
end;
$$;
comment on function public.session_ingress(uuid, uuid) is
  'A host wants to stream from OBS beside their app: {ingress: {room, name}, over}. over: rooms of their ended sessions whose ingress is '
  'still to be deleted. Refused as session_token refuses, and to anyone else.';

create function public.ingress_deleted(p_room text) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  delete from live.ingresses i using public.live_sessions s where s.id = i.session_id and s.livekit_room = p_room;
  return jsonb_build_object('known', found);
end;
$$;
comment on function public.ingress_deleted(text) is 'LiveKit has no ingress into this room any more: {known}, whether it was on record.';

create function public.session_end(p_user uuid, p_session uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  if not found or (session.creator_id <> p_user and not live.is_ops(p_user)) then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  if session.status <> 'ended' then
    update public.live_sessions
       set status = 'ended', end_reason = case p_user when session.creator_id then 'host' else 'ops' end
     where id = session.id;
    -- Read again: saying goodbye took another seq.
    select * into session from public.live_sessions s where s.id = p_session;
  end if;
  return jsonb_build_object('session', live.session_json(session), 'ingress', live.ingress_is_over(session.livekit_room));
end;
$$;
comment on function public.session_end(uuid, uuid) is
  'Its host or ops end a session: {session, ingress}. ingress: whether one is to be deleted. Ending an ended one changes nothing.';

grant execute on function
  public.session_create(uuid, text, text, text, integer, timestamptz, integer),
  public.session_start(uuid, uuid), public.session_token(uuid, uuid), public.session_ingress(uuid, uuid), public.ingress_deleted(text),
  public.session_end(uuid, uuid)
  to service_role;
