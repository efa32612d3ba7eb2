-- Owns: the lists of the console, each one page of what the database sorts: the live rooms (console_rooms) and the people of a
-- room (console_people). What is not on the page is counted, never guessed.

create index live_audio_stats_recent on public.live_audio_stats (session_id, minute desc);

create function live.page_of(p_limit int) returns int
language plpgsql immutable set search_path = '' as $$
begin
  return least(greatest(coalesce(p_limit, 60), 1), 200);
end;
$$;
comment on function live.page_of(int) is 'How many rows a page of the console has: 60 unless asked, 200 at most.';

create function live.room_facts(p_session public.live_sessions, p_leases boolean,
  out incidents int, out worst text, out loud_user uuid, out loud_lufs double precision, out hands int, out worker text,
  out claimed_at timestamptz, out trouble text[])
language plpgsql stable set search_path = '' as $$
begin
  select count(*), max(case i.severity when 'critical' then '3critical' when 'warning' then '2warning' else '1info' end) into incidents, worst
    from public.moderation_incidents i
   where i.session_id = p_session.id and i.started_at > clock_timestamp() - interval '10 minutes';
  worst := substr(worst, 2);
  select a.user_id, a.loudness_lufs into loud_user, loud_lufs
    from public.live_audio_stats a
   where a.session_id = p_session.id and a.minute > clock_timestamp() - interval '3 minutes' and a.loudness_lufs is not null
   order by a.loudness_lufs desc limit 1;
  select count(*) into hands
    from public.live_participants p where p.session_id = p_session.id and p.hand_raised_at is not null;
  select r.worker_id, r.claimed_at into worker, claimed_at
    from public.agent_rooms r where p_leases and r.room = p_session.livekit_room and r.lease_expires_at > clock_timestamp();
  trouble := array_remove(array[
    -- A room without an agent is given this long: dispatch and take-over need seconds.
    case when p_leases and worker is null and p_session.started_at < clock_timestamp() - interval '10 seconds' then 'no_agent' end,
    case when worst in ('warning', 'critical') then 'incidents' end,
    case when p_session.host_left_at is not null then 'host_gone' end], null);
end;
$$;
comment on function live.room_facts(public.live_sessions, boolean) is
  'What a list shows of a live room beside its own row: incidents of ten minutes, the loudest of three, raised hands, the lease, and what is trouble.';

create function live.livekit_away() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  -- A worker that does not see LiveKit offers its rooms at each look; another that sees it takes them at once.
  return exists (select from public.agent_rooms r
                  where r.lease_expires_at > clock_timestamp() and r.offered_at > clock_timestamp() - interval '20 seconds');
end;
$$;
comment on function live.livekit_away() is 'Whether workers hold rooms and do not see LiveKit: what is known of who is there is old.';

create function live.workers_away() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  -- As long as a room without an agent is given: dispatch and take-over need seconds.
  return exists (select from public.live_sessions s where s.status = 'live' and s.started_at < clock_timestamp() - interval '10 seconds')
     and not exists (select from public.agent_rooms r where r.lease_expires_at > clock_timestamp());
end;
$$;
comment on function live.workers_away() is 'Whether there are live rooms and no worker holds any: nothing is measured or enforced.';

create function public.console_rooms(search text default '', type text default null, trouble_only boolean default false,
                                     sort text default 'trouble', "limit" int default 60, skip int default 0) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  is_ops constant boolean := live.am_ops();
  wanted constant text := live.searchable(console_rooms.search);
  answer jsonb;
begin
  perform live.refuse_deleted(me);
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  with mine as (
    select s as session, f.*
      from public.live_sessions s
      left join live.names n on wanted <> '' and n.user_id = s.creator_id
      cross join lateral live.room_facts(s, is_ops) f
     where s.status = 'live'
       and (is_ops or s.id in (select live.my_staffed_sessions()))
       and (console_rooms.type is null or s.type = console_rooms.type)
       and (wanted = '' or position(wanted in live.searchable(s.title)) > 0 or position(wanted in n.folded) > 0
            or left(s.id::text, length(wanted)) = wanted)
  ), shown as (
    select m.*, row_number() over (order by
             case console_rooms.sort
               when 'people' then (m.session).viewer_count
               when 'peak' then (m.session).peak_viewers
               when 'gifts' then (m.session).total_gift_coins
               when 'loudness' then coalesce(m.loud_lufs, -1000)
               when 'hands' then m.hands
               when 'seconds' then extract(epoch from clock_timestamp() - (m.session).started_at)
               when 'title' then null
               else 1000 * cardinality(m.trouble) + m.incidents end desc nulls last,
             case when console_rooms.sort = 'title' then live.searchable((m.session).title) end,
             (m.session).viewer_count desc, (m.session).started_at, (m.session).id) as place
      from mine m
     where not console_rooms.trouble_only or m.trouble <> '{}'
  )
  select jsonb_build_object(
           'total', (select count(*) from mine), 'matched', (select count(*) from shown),
           'troubled', (select count(*) from mine m where m.trouble <> '{}'),
           'livekit_away', live.livekit_away(), 'workers_away', is_ops and live.workers_away(),
           'rooms', (
             select coalesce(jsonb_agg(jsonb_build_object(
                      'session', live.columns_of(to_jsonb(s.session), array[
                        'id', 'creator_id', 'type', 'access_type', 'title', 'livekit_room', 'status', 'started_at', 'ended_at', 'host_left_at',
                        'viewer_count', 'peak_viewers', 'total_gift_coins', 'mute_all_rank']),
                      'creator', live.console_card((s.session).creator_id), 'incidents', s.incidents, 'worst', s.worst, 'hands', s.hands,
                      'loudest', case when s.loud_user is not null
                                      then live.console_card(s.loud_user) || jsonb_build_object('lufs', s.loud_lufs) end,
                      'agent', case when not is_ops then null
                                    else jsonb_build_object('worker', s.worker, 'claimed_at', s.claimed_at) end,
                      'trouble', s.trouble) order by s.place), '[]')
               from (select * from shown order by place limit live.page_of(console_rooms."limit") offset greatest(coalesce(console_rooms.skip, 0), 0)) s))
    into answer;
  return answer;
end;
$$;
comment on function public.console_rooms(text, text, boolean, text, int, int) is
  'A page of the live rooms that the caller moderates (ops: all): {total, troubled, matched, livekit_away, workers_away, rooms: [{session, creator, incidents, worst, loudest, hands, '
  'agent, trouble}]}. search: part of the title or of the creator''s name, or the beginning of the id; sort: trouble, people, peak, seconds, gifts, loudness, hands, title.';

create function live.console_card(p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return live.card(p_user) || jsonb_build_object('username', (select f.username from public.profiles f where f.id = p_user));
end;
$$;
comment on function live.console_card(uuid) is 'live.card with the username, which tells people of one name apart.';

create function live.seat_facts(p_seat public.live_participants, p_limit double precision, out lufs double precision, out incidents int, out trouble int)
language plpgsql stable set search_path = '' as $$
begin
  select a.loudness_lufs into lufs
    from public.live_audio_stats a
   where a.session_id = p_seat.session_id and a.user_id = p_seat.user_id and a.minute > clock_timestamp() - interval '3 minutes'
     and a.loudness_lufs is not null
   order by a.minute desc limit 1;
  select count(*) into incidents
    from public.moderation_incidents i
   where i.session_id = p_seat.session_id and i.user_id = p_seat.user_id and i.started_at > clock_timestamp() - interval '10 minutes';
  trouble := incidents + case when lufs > p_limit then 1 else 0 end;
end;
$$;
comment on function live.seat_facts(public.live_participants, double precision) is
  'Loudness of somebody''s latest minute, incidents of ten minutes, and how much of that is trouble. p_limit: the policy''s, LUFS.';

create function public.console_people(session_id uuid, search text default '', sort text default 'trouble', "limit" int default 60,
                                      skip int default 0, heard uuid[] default '{}') returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := live.require_moderator(console_people.session_id);
  wanted constant text := live.searchable(console_people.search);
  loud constant double precision := coalesce((public.session_policy(console_people.session_id) #>> '{too_loud,threshold_lufs}')::double precision, 0);
  answer jsonb;
begin
  with troubled as (
    -- Only those of whom something was measured or written can be trouble: few, of whatever number is there.
    select p.user_id, f.*
      from public.live_participants p cross join lateral live.seat_facts(p, loud) f
     where p.session_id = console_people.session_id and p.user_id in (
       select a.user_id from public.live_audio_stats a
        where a.session_id = console_people.session_id and a.minute > clock_timestamp() - interval '3 minutes'
       union
       select i.user_id from public.moderation_incidents i
        where i.session_id = console_people.session_id and i.started_at > clock_timestamp() - interval '10 minutes')
  ), found as (
    select p as seat, t.lufs, coalesce(t.incidents, 0) as incidents, coalesce(t.trouble, 0) as trouble,
           live.rank_of_role(p.role) as rank
      from public.live_participants p
      left join troubled t on t.user_id = p.user_id
      left join live.names n on wanted <> '' and n.user_id = p.user_id
     where p.session_id = console_people.session_id
       and (wanted = '' or position(wanted in n.folded) > 0 or left(p.user_id::text, length(wanted)) = wanted)
  ), placed as (
    select f.*, row_number() over (order by
             (f.seat).is_online desc,
             (f.seat).user_id = any(coalesce(console_people.heard, '{}')) desc,
             case console_people.sort
               when 'loudness' then coalesce(f.lufs, -1000)
               when 'hands' then extract(epoch from clock_timestamp() - (f.seat).hand_raised_at)
               when 'role' then null
               else f.trouble end desc nulls last,
             f.rank desc, (f.seat).mic_muted desc, (f.seat).hand_raised_at nulls last, (f.seat).last_joined_at, (f.seat).user_id) as place
      from found f
  )
  select jsonb_build_object(
           'total', (select count(*) from public.live_participants p where p.session_id = console_people.session_id),
           'online', (select count(*) from public.live_participants p where p.session_id = console_people.session_id and p.is_online),
           'matched', (select count(*) from found),
           'me', (select to_jsonb(x) from (select p.role, p.user_id from public.live_participants p
                                            where p.session_id = console_people.session_id and p.user_id = me) x),
           'hands', (select coalesce(jsonb_agg(live.console_seat(h) order by h.hand_raised_at), '[]')
                       from (select * from public.live_participants p
                              where p.session_id = console_people.session_id and p.hand_raised_at is not null
                              order by p.hand_raised_at limit 50) h),
           'people', (select coalesce(jsonb_agg(live.console_seat(p.seat) || jsonb_build_object(
                               'lufs', p.lufs, 'incidents', p.incidents, 'trouble', p.trouble) order by p.place), '[]')
                        from (select * from placed order by place
                               limit live.page_of(console_people."limit") offset greatest(coalesce(console_people.skip, 0), 0)) p))
    into answer;
  return answer;
end;
$$;
comment on function public.console_people(uuid, text, text, int, int, uuid[]) is
  'A page of the people of a session, for its staff and ops: {total, online, matched, me, hands, people}. search: part of a name, or the beginning of the id; '
  'sort: trouble, loudness, hands, role. heard: who is heard just now and must not be missing, before everybody else who is there.';

create function live.rank_of_role(p_role text) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select max(r.rank) from public.live_roles r where r.role = p_role);
end;
$$;
comment on function live.rank_of_role(text) is 'The rank of a role, whatever the session''s type.';

create function live.console_seat(p_seat public.live_participants) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return live.columns_of(to_jsonb(p_seat), array['session_id', 'user_id', 'role', 'mic_muted', 'mic_muted_until', 'camera_off', 'chat_muted_until',
                                                 'hand_raised_at', 'invited_role', 'is_online', 'last_joined_at', 'left_at', 'watch_seconds'])
    || jsonb_build_object('card', live.console_card(p_seat.user_id));
end;
$$;
comment on function live.console_seat(public.live_participants) is 'A person''s place in a session as the console shows it, with their card.';

grant execute on function public.console_rooms(text, text, boolean, text, int, int),
  public.console_people(uuid, text, text, int, int, uuid[]) to authenticated;
